//! What goes wrong with a call, and what it does all the same.

use std::time::Duration;

use super::super::super::operation::Step;
use super::super::super::request::Endpoint;
use super::super::super::retry::Setback;
use super::super::super::sync::Outcome;
use super::super::errors;
use super::super::script::chance;
use super::account::{Account, Call};
use super::rows::Nature;
use crate::api::{AssociationVerb, RatePolicy, Verb};

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The call did nothing.
    Setback(Setback),
    /// Nobody knows what it did.
    Lost(Setback),
    TooLarge,
    /// It is refused whole, where a record in it is bad.
    Refused,
    /// It is answered without a body.
    Bare,
    /// The answer does not say everything.
    Vague,
    StreamGone,
    SyncGone,
}

/// How much an answer keeps to itself, in percent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Vagueness {
    /// Inputs that it leaves out.
    pub(super) left_out: u8,
    /// Inputs that it puts off.
    pub(super) put_off: u8,
}

const CLEAR: Vagueness = Vagueness { left_out: 0, put_off: 0 };

impl Account {
    /// Answers a call, truly or not at all.
    pub(super) fn answer(&mut self, call: &Call<'_>) -> Outcome {
        self.catch_up(call.now);
        if call.send.step == Step::Create {
            self.check_may_be_made(call);
        }
        if call.writes() && call.has(Nature::Crashing) {
            return self.lost(call, Setback::Server);
        }
        match self.fault(call) {
            None => self.told(call, CLEAR),
            Some(Fault::Setback(setback)) => self.setback(call, setback),
            Some(Fault::Lost(setback)) => self.lost(call, setback),
            Some(Fault::TooLarge) => Outcome::TooLarge(errors::TOO_LARGE.clone()),
            Some(Fault::Refused) => Outcome::Refused(self.refusal(call)),
            Some(Fault::Bare) => {
                let _unsaid = self.told(call, CLEAR);
                Outcome::Confirmed
            }
            Some(Fault::Vague) => {
                let vagueness = Vagueness {
                    left_out: [0, 30, 100][self.rng.usize(..3)],
                    put_off: [0, 20, 40][self.rng.usize(..3)],
                };
                self.told(call, vagueness)
            }
            Some(Fault::StreamGone) => Outcome::StreamFailed(errors::stream_gone()),
            Some(Fault::SyncGone) => Outcome::SyncFailed(errors::sync_gone()),
        }
    }

    fn fault(&mut self, call: &Call<'_>) -> Option<Fault> {
        if self.patience == 0 || !chance(&mut self.rng, self.trouble) {
            return None;
        }
        self.patience -= 1;
        let has_several = call.send.inputs.len() > 1;
        Some(match self.rng.u8(..32) {
            0..6 => Fault::Setback(self.harmless()),
            6..12 => Fault::Lost(if self.rng.bool() { Setback::Server } else { Setback::Unreachable }),
            12..14 if has_several => Fault::TooLarge,
            14..18 if call.has(Nature::Poison) && call.writes() => Fault::Refused,
            18..20 if may_be_bare(call) => Fault::Bare,
            31 if self.ends_early && chance(&mut self.rng, 30) => {
                if self.rng.bool() {
                    Fault::StreamGone
                } else {
                    Fault::SyncGone
                }
            }
            _ => Fault::Vague,
        })
    }

    fn harmless(&mut self) -> Setback {
        let setbacks = [
            Setback::Unavailable,
            Setback::Unconnected,
            Setback::Locked,
            Setback::Migrating,
            Setback::NewProperty,
            Setback::RateLimited(RatePolicy::TenSecondly),
            Setback::RateLimited(RatePolicy::Secondly),
            Setback::RateLimited(RatePolicy::Other),
        ];
        setbacks[self.rng.usize(..setbacks.len())]
    }

    fn setback(&mut self, call: &Call<'_>, setback: Setback) -> Outcome {
        if setback.is_server_error() {
            self.count_failures(call.ids());
        }
        let wait = chance(&mut self.rng, 30).then(|| Duration::from_millis(self.rng.u64(..9_000)));
        Outcome::Setback(setback, setback.is_server_error().then(|| errors::FAILURE.clone()), wait)
    }

    /// A call of which nothing is heard, or only that it failed: it did what it was to do, or a part, or nothing; a
    /// create may do it long after.
    fn lost(&mut self, call: &Call<'_>, setback: Setback) -> Outcome {
        if setback.is_server_error() {
            self.count_failures(call.ids());
        }
        if call.send.step == Step::Create {
            for input in &call.inputs {
                self.doubt(input);
                let goes_in = !call.is(input, Nature::Poison) && !call.is(input, Nature::Crashing);
                match self.rng.u8(..3) {
                    0 if goes_in => {
                        let _conflicts_are_not_told = self.make(call, input);
                    }
                    1 if goes_in => self.make_late(call, input),
                    _ => {}
                }
            }
        } else if !call.has(Nature::Crashing) && self.rng.bool() {
            let _unheard = self.told(call, CLEAR);
        }
        Outcome::Setback(setback, setback.is_server_error().then(|| errors::FAILURE.clone()), None)
    }

    /// What the account answers when nothing else is in the way.
    fn told(&mut self, call: &Call<'_>, vagueness: Vagueness) -> Outcome {
        match &call.request.endpoint {
            Endpoint::Batch(object, Verb::Read) => self.read(call, object, vagueness),
            Endpoint::Batch(object, Verb::Archive) => self.take_away(call, object),
            Endpoint::Batch(object, verb) => self.write(call, object, *verb, vagueness),
            Endpoint::One(object, id) => self.write_one(call, object, id),
            Endpoint::Search(object) => self.search(call, object, vagueness),
            Endpoint::Events => self.happened(call),
            Endpoint::Members(list) => self.change_list(call, list),
            Endpoint::MembersPage(list, after) => self.page(list, after.as_deref()),
            Endpoint::Associations(from, to, verb) => {
                assert_eq!((&**from, &**to), ("contacts", "companies"));
                match verb {
                    AssociationVerb::Read => self.labels(call),
                    AssociationVerb::AssociateDefault | AssociationVerb::Create => {
                        self.associate(call, vagueness)
                    }
                    AssociationVerb::Archive | AssociationVerb::ArchiveLabels => self.dissociate(call),
                }
            }
        }
    }
}

/// Whether no body would be no lie: nothing is asked for, and all that is written is good and there.
fn may_be_bare(call: &Call<'_>) -> bool {
    let is_write = match &call.request.endpoint {
        Endpoint::Batch(_, Verb::Upsert | Verb::Archive) | Endpoint::Events => true,
        Endpoint::Associations(_, _, verb) => {
            matches!(verb, AssociationVerb::Archive | AssociationVerb::ArchiveLabels)
        }
        _ => false,
    };
    is_write && call.ids().all(|id| call.rows[id].nature == Nature::Good)
}
