//! Calls that fail for reasons outside the records: how long to wait, when to take a batch apart, when to give up.

use std::time::Duration;

use super::super::Moment;
use super::super::batch::Send;
use super::super::exchange::Note;
use super::super::rejection::Rejection;
use super::super::resolve::{self, Resolution, Silence};
use super::super::retry::{self, Setback};
use super::{Effect, Sync};
use crate::api::{ApiError, RateHeaders};
use crate::error::{Failure, Kind};

/// Server errors after which a batch is taken apart although nothing says that a record is at fault.
const FAILURES_BEFORE_HALVING: u32 = 4;
/// Server errors of a record sent alone, with other calls going through in between, that reject it.
const FAILURES_BEFORE_REJECTION: u32 = 5;

impl Sync {
    /// Ends the sync when less of the daily quota is left than the user keeps for others.
    pub(super) fn keep_daily_reserve(&mut self, headers: Option<&RateHeaders>) {
        let Some((daily, remaining)) =
            headers.and_then(|headers| Some((headers.daily?, headers.daily_remaining?)))
        else {
            return;
        };
        let reserve = u64::from(self.settings.daily_reserve_percent);
        if remaining.saturating_mul(100) < daily.saturating_mul(reserve) {
            let message = format!(
                "Of HubSpot's {daily} API calls a day, {remaining} are left: less than the {reserve}% that this \
                 destination leaves to other apps (daily_reserve_percent). The limit resets at midnight in the time \
                 zone of the HubSpot account; the next sync after that goes on from where this one stopped."
            );
            self.stop(Some(Failure::new(Kind::QuotaSpent, message)));
        }
    }

    /// Notes that a call has gone through.
    pub(super) fn recovered(&mut self) {
        if self.stalled_since.take().is_some() {
            self.effects.push_back(Effect::Note(Note::Recovered(self.failures_in_episode)));
            self.failures_in_episode = 0;
        }
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
        self.failures_in_episode += 1;
        self.pace.push_back();
        let status = error.as_ref().map(|error| error.status);
        let window = self.pace.until_window_moves(now);
        let wait = retry::delay(setback, send.failures, retry_after, window, self.chance.f64());
        if matches!(setback, Setback::RateLimited(_) | Setback::Migrating) {
            self.pace.pause(now + wait);
        }
        if self.stalled_since.is_none() {
            self.effects.push_back(Effect::Note(Note::Waiting(setback, status, wait)));
        }
        let stalled_since = *self.stalled_since.get_or_insert(now);
        if now + wait > stalled_since + self.settings.retry_budget {
            let mut failure = retry::out_of_patience(setback, status, wait, now - stalled_since);
            failure.message.push_str(" What was written is acknowledged; the next sync goes on from there.");
            let correlation_id = error.as_ref().and_then(|error| error.correlation_id.as_deref());
            self.again.push_back(send);
            self.stop(Some(failure.correlated(correlation_id)));
            return;
        }
        if setback == Setback::Server {
            let others_succeed = self.successes > send.successes_seen;
            send.successes_seen = self.successes;
            if others_succeed {
                send.setbacks_amid_success += 1;
            }
            let stream = send.stream;
            let operation = self.streams[stream.0 as usize].operation;
            if send.inputs.len() > 1 {
                let nothing_else =
                    self.in_flight.is_empty() && self.again.is_empty() && self.delayed.is_empty();
                if send.failures >= FAILURES_BEFORE_HALVING
                    && (send.setbacks_amid_success > 0 || nothing_else)
                {
                    self.resolved(now, stream, resolve::halved(send));
                    return;
                }
            } else if send.setbacks_amid_success >= FAILURES_BEFORE_REJECTION {
                let mut resolution = Resolution { silence: Silence::Kept, ..Resolution::default() };
                if let Some(input) = send.inputs.pop() {
                    let rejection = Rejection::server_error(error.as_ref());
                    resolve::refuse(&mut resolution, operation, input, rejection);
                }
                self.resolved(now, stream, resolution);
                return;
            }
        }
        self.delayed.insert((now + wait, send.id), send);
    }
}
