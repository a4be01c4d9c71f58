//! Calls beside the records' own, about properties, lists or the account: they take places in the rate window like all
//! others, and are counted. And what the window does to the sync.

use std::time::Duration;

use super::super::Moment;
use super::super::batch::SendId;
use super::super::ledger::StreamIndex;
use super::super::pace::{Budget, Permit, Reception};
use super::{Phase, Sync};
use crate::api::RateHeaders;

impl Sync {
    /// So many calls were made before the sync began, in the window that is now; `headers` are those of the last answer.
    pub fn preceded_by(&mut self, calls: u64, headers: Option<&RateHeaders>) {
        for _ in 0..calls {
            self.next_send += 1;
            self.pace.of_mut(Budget::General).preceded_by(Moment::ZERO, self.next_send, headers);
        }
        self.calls_beside += calls;
    }

    /// Lets a call go now that is not about records, for a stream where one needs it. A granted one counts as sent.
    ///
    /// # Errors
    /// When to ask again; `None` for after the next answer.
    pub fn admit(&mut self, now: Moment, stream: Option<StreamIndex>) -> Result<SendId, Option<Moment>> {
        let pace = self.pace.of_mut(Budget::General);
        match pace.permit(now) {
            Permit::Granted => {
                self.next_send += 1;
                pace.sent(now, self.next_send);
                match stream.and_then(|stream| self.streams.get_mut(stream.0 as usize)) {
                    Some(stream) => stream.counts.calls += 1,
                    None => self.calls_beside += 1,
                }
                Ok(SendId(self.next_send))
            }
            Permit::At(moment) => Err(Some(moment)),
            Permit::AfterAnswer => Err(None),
        }
    }

    /// Whether such calls may still go.
    #[must_use]
    pub fn admits_calls(&self) -> bool {
        self.phase != Phase::Stopping
    }

    /// Such a call is over.
    pub fn call_is_over(
        &mut self,
        now: Moment,
        id: SendId,
        reception: Reception,
        headers: Option<&RateHeaders>,
    ) {
        self.pace.of_mut(Budget::General).answered(now, id.0, reception, headers);
        self.keep_daily_reserve(headers);
    }

    /// Calls that no stream's records needed.
    #[must_use]
    pub fn calls_beside(&self) -> u64 {
        self.calls_beside
    }

    /// For how long, so far, the rate limit held back calls that were ready.
    #[must_use]
    pub fn held_back(&self) -> Duration {
        self.held_back
    }

    /// Whether the rate limit holds back calls that are ready now.
    #[must_use]
    pub fn is_held_back(&self) -> bool {
        self.held_back_since.is_some()
    }

    /// The rate window that HubSpot announced last: so many calls in so long.
    #[must_use]
    pub fn rate_window(&self) -> Option<(u64, Duration)> {
        self.pace.of(Budget::General).window()
    }
}
