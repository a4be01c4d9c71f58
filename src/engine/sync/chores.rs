//! Calls that are about a list as a whole: they begin when every record has settled.

use super::super::Moment;
use super::super::batch::{Send, Stage};
use super::super::exchange::{Note, Outcome};
use super::super::ledger::StreamIndex;
use super::super::mirror::{Chore, Halted};
use super::super::operation::Step;
use super::super::resolve::Group;
use super::{Effect, Sync};
use crate::error::{Failure, Kind};

impl Sync {
    /// Begins what is left to do when every record has settled; says whether anything is.
    pub(super) fn begin_chores(&mut self) -> bool {
        for place in 0..self.streams.len() {
            let stream = StreamIndex(u32::try_from(place).unwrap_or(u32::MAX));
            let Some(mirror) = self.streams[place].mirror.as_mut().filter(|mirror| !mirror.is_done()) else {
                continue;
            };
            if self.failure.is_some() {
                // Whoever was to be named may not have been.
                mirror.give_up();
                continue;
            }
            match mirror.begin() {
                Ok(chore) => self.do_chores(stream, vec![chore]),
                Err(spared) => {
                    self.effects.push_back(Effect::Note(Note::Spared(stream, spared)));
                    self.let_go(stream);
                }
            }
        }
        self.release();
        !self.again.is_empty()
    }

    /// Does what follows from the answer to a chore.
    pub(super) fn chore_answered(&mut self, now: Moment, send: Send, chore: Chore, outcome: Outcome) {
        let stream = send.stream;
        let Some(mirror) = self.streams[stream.0 as usize].mirror.as_mut() else { return };
        match outcome {
            Outcome::MembersPage(page) => {
                let read = mirror.read(&page);
                if read.is_err() {
                    mirror.give_up();
                }
                self.recovered();
                match read {
                    Ok(chores) => self.do_chores(stream, chores),
                    Err(halted) => self.stream_failed(stream, why(&halted)),
                }
            }
            Outcome::Members(..)
            | Outcome::Confirmed
            | Outcome::Itemised(..)
            | Outcome::Searched(_)
            | Outcome::Linked(..)
            | Outcome::LabelsRead(..) => {
                mirror.removed();
            }
            Outcome::Moved => {
                self.again.push_front(send);
                return;
            }
            Outcome::Setback(setback, error, retry_after) => {
                self.set_back(now, send, setback, error, retry_after);
                return;
            }
            Outcome::Refused(error) | Outcome::TooLarge(error) => match chore.halves() {
                Some(halves) => {
                    mirror.split_into(halves.len());
                    self.do_chores(stream, halves.into());
                }
                None => {
                    mirror.give_up();
                    let message = "HubSpot refuses to take members off the list. Those that were named are on it; \
                                   nothing of this stream is acknowledged.";
                    let failure = Failure::new(Kind::Surprise, message);
                    self.stream_failed(stream, failure.correlated(error.correlation_id.as_deref()));
                }
            },
            Outcome::StreamFailed(failure) => {
                mirror.give_up();
                self.stream_failed(stream, failure);
            }
            Outcome::SyncFailed(failure) => self.stop(Some(failure)),
        }
        self.let_go(stream);
    }

    fn do_chores(&mut self, stream: StreamIndex, chores: Vec<Chore>) {
        for chore in chores {
            let send = self.send_of(stream.into(), Group::new(Vec::new(), Stage::First, Step::Chore));
            self.again.push_back(Send { chore: Some(chore), ..send });
        }
    }

    /// Lets the states of a stream go when its list is as it should be.
    fn let_go(&mut self, stream: StreamIndex) {
        let stream = &mut self.streams[stream.0 as usize];
        let Some(mirror) = stream.mirror.as_mut().filter(|mirror| mirror.is_done()) else { return };
        if stream.failed {
            return;
        }
        if let Some(hold) = mirror.take_hold() {
            self.ledger.let_go(hold);
        }
    }
}

/// Why the stream of a mirrored list fails of which nobody may be removed.
fn why(halted: &Halted) -> Failure {
    match halted {
        Halted::Endless => {
            let message = "HubSpot does not come to an end when asked who is on the list, so nobody is taken off it; nothing \
                           of this stream is acknowledged. Run the sync again later.";
            Failure::new(Kind::Unavailable, message)
        }
        Halted::TooMany { list, leaving, members, most } => {
            let message = format!(
                "Mirroring list {list} would take {leaving} of its {members} members off it, more than \
                 \"mirror_max_archive\" ({most}) allows. Nobody was; those that were named are on it, and nothing of this \
                 stream is acknowledged. Look whether the source sent everybody who belongs to the list; if so, raise the \
                 limit."
            );
            Failure::new(Kind::Configuration, message)
        }
    }
}
