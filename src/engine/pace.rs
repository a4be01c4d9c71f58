//! When the next call may go: HubSpot's rate window, and how many calls may be under way.
//!
//! A state machine over moments: it neither waits nor reads a clock. Source of the rules: HubSpot's API
//! usage guidelines (`X-HubSpot-RateLimit-*` headers, rolling window of ten seconds per app).
//!
//! A call takes a place in the window until one interval after its *answer*: HubSpot counts the call when
//! it arrives, which lies somewhere between sending and answer, so a place counted from the sending could
//! be used again too early.

use std::collections::VecDeque;
use std::time::Duration;

use super::Moment;
use crate::api::RateHeaders;

/// Calls under way before the first answer has told the account's limits.
const SAFE_START: usize = 4;
/// Calls under way at most: enough to use a budget of 250 calls per 10 s at 2 s latency.
const MOST_IN_FLIGHT: usize = 64;

/// HubSpot's rate window, until an answer names it.
const USUAL_INTERVAL: Duration = Duration::from_secs(10);

/// Whether a call may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Now.
    Granted,
    /// Not before this moment.
    At(Moment),
    /// Not before a call under way has been answered.
    AfterAnswer,
}

/// Paces the calls of one budget.
#[derive(Debug)]
pub struct Pace {
    share_percent: u64,
    limit: Limit,
    /// Moments at which the places of answered calls become free again, ascending.
    places: VecDeque<Moment>,
    in_flight: usize,
    others: OtherApps,
    paused_until: Option<Moment>,
    concurrency: Concurrency,
}

/// What is known of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    /// No answer yet.
    Unknown,
    /// Answers carry no rate headers: only push-back tells.
    Unannounced,
    /// So many calls in so long.
    Window { max: u64, interval: Duration },
}

/// Calls of the account's other apps in the window, as far as the remaining count shows them.
#[derive(Clone, Copy, Debug, Default)]
struct OtherApps {
    calls: u64,
    until: Moment,
}

/// Additive increase, multiplicative decrease; doubles a round trip until the first push-back.
#[derive(Debug)]
struct Concurrency {
    limit: f64,
    pushed_back: bool,
}

impl Concurrency {
    fn calls(&self) -> usize {
        // The limit stays between 1 and MOST_IN_FLIGHT.
        self.limit as usize
    }

    fn answered(&mut self, was_full: bool) {
        if was_full {
            let step = if self.pushed_back { 1.0 / self.limit } else { 1.0 };
            self.limit = (self.limit + step).min(MOST_IN_FLIGHT as f64);
        }
    }

    fn push_back(&mut self) {
        self.pushed_back = true;
        self.limit = (self.limit / 2.0).max(1.0);
    }
}

impl Pace {
    /// A budget of which `share_percent` (1 to 100) of the window may be used.
    #[must_use]
    pub fn new(share_percent: u8) -> Self {
        Self {
            share_percent: u64::from(share_percent.clamp(1, 100)),
            limit: Limit::Unknown,
            places: VecDeque::new(),
            in_flight: 0,
            others: OtherApps::default(),
            paused_until: None,
            concurrency: Concurrency { limit: SAFE_START as f64, pushed_back: false },
        }
    }

    /// Whether a call may go now.
    pub fn permit(&mut self, now: Moment) -> Permit {
        if let Some(until) = self.paused_until.filter(|until| *until > now) {
            return Permit::At(until);
        }
        if self.in_flight >= self.concurrency.calls() {
            return Permit::AfterAnswer;
        }
        let Limit::Window { max, .. } = self.limit else { return Permit::Granted };
        while self.places.front().is_some_and(|free| *free <= now) {
            self.places.pop_front();
        }
        let own = (self.places.len() + self.in_flight) as u64;
        let others = if self.others.until > now { self.others.calls } else { 0 };
        let allowed = (max * self.share_percent / 100).max(1).min(max.saturating_sub(others).max(1));
        if own < allowed {
            return Permit::Granted;
        }
        let next = self.places.front().copied();
        let others_gone = (others > 0).then_some(self.others.until);
        match (next, others_gone) {
            (Some(place), Some(gone)) => Permit::At(place.min(gone)),
            (Some(at), None) | (None, Some(at)) => Permit::At(at),
            (None, None) => Permit::AfterAnswer,
        }
    }

    /// Notes that a call has gone.
    pub fn sent(&mut self) {
        self.in_flight += 1;
    }

    /// Notes the answer to a call, or that there was none (`headers` is `None`).
    pub fn answered(&mut self, now: Moment, headers: Option<&RateHeaders>) {
        let was_full = self.in_flight >= self.concurrency.calls();
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(headers) = headers {
            self.learn(now, headers);
        }
        if let Limit::Window { interval, .. } = self.limit {
            self.places.push_back(now + interval);
        }
        self.concurrency.answered(was_full);
    }

    /// HubSpot wants fewer calls at once (423, 429, 5xx).
    pub fn push_back(&mut self) {
        self.concurrency.push_back();
    }

    /// No call may go before this moment.
    pub fn pause(&mut self, until: Moment) {
        self.paused_until = Some(self.paused_until.map_or(until, |paused| paused.max(until)));
    }

    /// How long it takes until the oldest of our answered calls leaves the rate window; a whole window when
    /// none is known, since then it is full of somebody else's.
    #[must_use]
    pub fn until_window_moves(&self, now: Moment) -> Duration {
        let interval = match self.limit {
            Limit::Window { interval, .. } => interval,
            Limit::Unknown | Limit::Unannounced => USUAL_INTERVAL,
        };
        let oldest = self.places.iter().find(|free| **free > now);
        oldest.map_or(interval, |free| free.saturating_sub(now)).min(interval)
    }

    /// Calls under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    fn learn(&mut self, now: Moment, headers: &RateHeaders) {
        let (Some(max), Some(interval)) = (headers.max, headers.interval_ms) else {
            if self.limit == Limit::Unknown {
                self.limit = Limit::Unannounced;
            }
            return;
        };
        let interval = Duration::from_millis(interval);
        self.limit = Limit::Window { max, interval };
        if let Some(remaining) = headers.remaining {
            while self.places.front().is_some_and(|free| *free <= now) {
                self.places.pop_front();
            }
            // This call and those under way may or may not be in HubSpot's count: all of them are taken
            // off, so that our own calls are never mistaken for somebody else's.
            let own = (self.places.len() + self.in_flight + 1) as u64;
            let used = max.saturating_sub(remaining);
            self.others = OtherApps { calls: used.saturating_sub(own), until: now + interval };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Moment {
        Duration::from_millis(milliseconds)
    }

    fn headers(max: u64, remaining: u64) -> RateHeaders {
        RateHeaders {
            max: Some(max),
            remaining: Some(remaining),
            interval_ms: Some(10_000),
            ..RateHeaders::default()
        }
    }

    #[test]
    fn starts_safely_and_fills_the_window_once_it_is_known() {
        let mut pace = Pace::new(100);
        for _ in 0..SAFE_START {
            assert_eq!(pace.permit(at(0)), Permit::Granted);
            pace.sent();
        }
        assert_eq!(pace.permit(at(0)), Permit::AfterAnswer);
        for sent in 1..=SAFE_START as u64 {
            pace.answered(at(100), Some(&headers(10, 10 - sent)));
        }
        for sent in SAFE_START as u64 + 1..=10 {
            assert_eq!(pace.permit(at(200)), Permit::Granted);
            pace.sent();
            pace.answered(at(300), Some(&headers(10, 10 - sent)));
        }
        assert_eq!(pace.permit(at(400)), Permit::At(at(10_100)));
        assert_eq!(pace.permit(at(10_100)), Permit::Granted);
    }

    #[test]
    fn leaves_the_share_of_others_and_sees_their_calls() {
        let mut pace = Pace::new(50);
        pace.sent();
        pace.answered(at(0), Some(&headers(10, 9)));
        for _ in 0..4 {
            assert_eq!(pace.permit(at(1)), Permit::Granted);
            pace.sent();
            pace.answered(at(1), Some(&headers(10, 5)));
        }
        assert!(matches!(pace.permit(at(2)), Permit::At(_)), "half of ten is five");

        let mut pace = Pace::new(100);
        pace.sent();
        pace.answered(at(0), Some(&headers(10, 1)));
        assert_eq!(
            pace.permit(at(1)),
            Permit::Granted,
            "eight are somebody else's, one is ours, one is left"
        );
        pace.sent();
        pace.answered(at(1), Some(&headers(10, 0)));
        assert_eq!(pace.permit(at(2)), Permit::At(at(10_000)));
    }

    #[test]
    fn a_raised_limit_is_used_at_once() {
        let mut pace = Pace::new(100);
        pace.sent();
        pace.answered(at(0), Some(&headers(1, 0)));
        assert!(matches!(pace.permit(at(1)), Permit::At(_)));
        pace.sent();
        pace.answered(at(2), Some(&headers(100, 98)));
        assert_eq!(pace.permit(at(3)), Permit::Granted);
    }

    #[test]
    fn push_back_halves_and_recovers_slowly() {
        let mut pace = Pace::new(100);
        let grant = |pace: &mut Pace| {
            let mut granted = 0;
            while pace.permit(at(0)) == Permit::Granted {
                pace.sent();
                granted += 1;
            }
            granted
        };
        let mut limits = Vec::new();
        for _ in 0..6 {
            let granted = grant(&mut pace);
            limits.push(granted);
            for _ in 0..granted {
                pace.answered(at(0), Some(&RateHeaders::default()));
            }
        }
        assert!(limits.windows(2).all(|pair| pair[0] <= pair[1]) && *limits.last().unwrap() > SAFE_START);
        pace.push_back();
        assert!(grant(&mut pace) <= *limits.last().unwrap() / 2 + 1);
    }
}
