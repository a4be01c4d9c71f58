//! Calls that fail for reasons outside the records: how long to wait, when to take a batch apart, when to give up.

use std::time::Duration;

use super::super::Moment;
use super::super::batch::Send;
use super::super::exchange::{Note, Outcome};
use super::super::operation::Step;
use super::super::pace::Reception;
use super::super::rejection::Rejection;
use super::super::reserve;
use super::super::resolve::{self, PutOff, Resolution, Silence};
use super::super::retry::{self, Setback};
use super::making::is_in_doubt;
use super::{Effect, Stream, Sync};
use crate::api::{ApiError, RateHeaders};

/// Server errors after which a batch is taken apart although nothing says that a record is at fault.
const FAILURES_BEFORE_HALVING: u32 = 4;
/// The same for a part of such a batch.
const FAILURES_BEFORE_HALVING_AGAIN: u32 = 2;
/// Server errors of a record sent alone, with other calls going through in between, that reject it.
const FAILURES_BEFORE_REJECTION: u32 = 5;
/// Longest that calls wait because others, which cannot be repeated, have failed.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Server errors in a row of a record sent alone that reject it when there is nothing else left to send.
const FAILURES_BEFORE_REJECTION_AT_LAST: u32 = 7;

/// What a server error says about the records of a call.
enum Suspicion {
    /// Nothing.
    None,
    /// One of them may be at fault: the call is taken apart.
    SomeRecord,
    /// The only one is at fault.
    ThisRecord,
}

/// How HubSpot received a call, as the pace needs to know it.
pub(super) fn reception(outcome: &Outcome) -> Reception {
    match outcome {
        Outcome::Setback(setback, ..) => setback.reception(),
        _ => Reception::TakenUp,
    }
}

impl Sync {
    /// Ends the sync when less of the daily quota is left than the user keeps for others.
    pub(super) fn keep_daily_reserve(&mut self, headers: Option<&RateHeaders>) {
        let percent = self.settings.daily_reserve_percent;
        if let Some(failure) = headers.and_then(|headers| reserve::touched(headers, percent)) {
            self.stop(Some(failure));
        }
    }

    /// Notes that a call has gone through.
    pub(super) fn recovered(&mut self) {
        if self.stalled_since.take().is_some() {
            self.effects.push_back(Effect::Note(Note::Recovered(self.failures_in_episode)));
            self.failures_in_episode = 0;
        }
    }

    /// Sends what an answer put off again after a while, or gives up.
    pub(super) fn put_off(&mut self, now: Moment, put_off: PutOff) {
        let PutOff { mut send, whole, setback, error } = put_off;
        if !whole {
            // It is another call from here on.
            send.server_errors = 0;
            send.setbacks_amid_success = 0;
            send.successes_seen = self.successes;
            send.silent_before = false;
        }
        self.set_back(now, send, setback, Some(error), None);
    }

    /// Sends a failed call again after a while, or gives up.
    pub(super) fn set_back(
        &mut self,
        now: Moment,
        mut send: Send,
        setback: Setback,
        error: Option<ApiError>,
        retry_after: Option<Duration>,
    ) {
        send.failures += 1;
        let rate_limited = matches!(setback, Setback::RateLimited(_));
        if rate_limited {
            self.streams[send.stream.0 as usize].counts.turned_away += 1;
        }
        let pace = self.pace.of_mut(send.step.budget());
        if !rate_limited && setback != Setback::NewProperty {
            pace.push_back(now);
        }
        let status = error.as_ref().map(|error| error.status);
        let window = pace.until_window_moves(now);
        // The pace knows better than any table when a window has room again; HubSpot's own word can only add to it.
        let paused = pace.paused_for(now).filter(|_| rate_limited);
        let wait = match paused {
            Some(paused) => paused.max(retry_after.unwrap_or_default()),
            None => retry::delay(setback, send.failures, retry_after, window, self.chance.f64()),
        };
        if matches!(setback, Setback::RateLimited(_) | Setback::Migrating) {
            pace.pause(now + wait);
        }
        if self.streams[send.stream.0 as usize].failed {
            // Given up while the call was under way: it is not repeated, and its records never settle.
            return;
        }
        self.failures_in_episode += 1;
        if self.stalled_since.is_none() {
            self.effects.push_back(Effect::Note(Note::Waiting(setback, status, wait)));
        }
        let stalled_since = *self.stalled_since.get_or_insert(now);
        let failed_step = send.step;
        if failed_step == Step::Create && setback.may_have_taken_effect() {
            // Also when the sync gives up: what may exist must not come again in the next one.
            let pause = wait.max((now - stalled_since) / 2).min(LONGEST_PAUSE);
            self.put_in_doubt(now, &mut send, pause, error.as_ref());
        }
        if now + wait > stalled_since + self.settings.retry_budget {
            let mut failure = retry::out_of_patience(setback, status, wait, now - stalled_since);
            failure.message.push_str(" What was written is acknowledged; the next sync goes on from there.");
            let correlation_id = error.as_ref().and_then(|error| error.correlation_id.as_deref());
            self.again.push_back(send);
            self.stop(Some(failure.correlated(correlation_id)));
            return;
        }
        if send.inputs.is_empty() && send.chore.is_none() {
            return;
        }
        if setback.is_server_error() {
            match self.suspicion(&mut send) {
                Suspicion::None => {}
                Suspicion::SomeRecord => {
                    self.resolved(now, send.source(), resolve::halved(send));
                    return;
                }
                // Whether one of the calls has made it after all is found out first.
                Suspicion::ThisRecord if failed_step == Step::Create && is_in_doubt(&send) => {
                    self.reject_unless_made(&mut send, Rejection::server_error(error.as_ref()));
                }
                Suspicion::ThisRecord => {
                    self.reject_as_server_error(now, send, error.as_ref());
                    return;
                }
            }
        }
        let counts = &mut self.streams[send.stream.0 as usize].counts;
        counts.repeats += 1;
        counts.waited += wait;
        self.delayed.insert((now + wait, send.id), send);
    }

    /// Whether a call that HubSpot answers with server errors fails because of a record in it.
    ///
    /// Only calls that go through beside it can tell: in an outage nothing does, and nobody is suspected. Where
    /// there is nothing else left to send, the parts of the same batch that did go through have to do, and more
    /// patience.
    fn suspicion(&self, send: &mut Send) -> Suspicion {
        if send.inputs.is_empty() {
            return Suspicion::None;
        }
        send.server_errors += 1;
        if self.successes > send.successes_seen {
            send.setbacks_amid_success += 1;
            send.successes_seen = self.successes;
        }
        let a_part_went_through = send.suspected_since.is_some_and(|since| self.successes > since);
        send.suspected_since.get_or_insert(self.successes);
        let nothing_else = self.nothing_but_suspects();
        if send.inputs.len() > 1 {
            let patience = if send.is_part { FAILURES_BEFORE_HALVING_AGAIN } else { FAILURES_BEFORE_HALVING };
            let others_tell = send.setbacks_amid_success > 0 || send.is_part || nothing_else;
            return if send.server_errors >= patience && others_tell {
                Suspicion::SomeRecord
            } else {
                Suspicion::None
            };
        }
        let amid_success = send.setbacks_amid_success >= FAILURES_BEFORE_REJECTION;
        let at_last =
            nothing_else && a_part_went_through && send.server_errors >= FAILURES_BEFORE_REJECTION_AT_LAST;
        if amid_success || at_last { Suspicion::ThisRecord } else { Suspicion::None }
    }

    /// Whether every call that is left has met server errors.
    fn nothing_but_suspects(&self) -> bool {
        let mut left = self.in_flight.values().chain(&self.again).chain(self.delayed.values());
        left.all(|send| send.suspected_since.is_some()) && !self.streams.iter().any(Stream::has_ready)
    }

    fn reject_as_server_error(&mut self, now: Moment, mut send: Send, error: Option<&ApiError>) {
        let operation = send.operation(self.operation_of(send.source()));
        let mut resolution = Resolution { silence: Silence::Kept, ..Resolution::default() };
        let looks_for_it = send.clears_doubt();
        if let Some(input) = send.inputs.pop() {
            if looks_for_it {
                let correlation_id = error.and_then(|error| error.correlation_id.as_deref());
                resolution.rejected.push((input, Rejection::may_exist(correlation_id)));
                self.resolved(now, send.source(), resolution);
                return;
            }
            resolve::refuse(&mut resolution, operation, input, Rejection::server_error(error));
        }
        self.resolved(now, send.source(), resolution);
    }
}
