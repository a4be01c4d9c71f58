//! A rolling window: at most so many requests in any interval.

use std::collections::VecDeque;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LimitPolicy;
use crate::clock::millis;

/// At most `max` requests in any `interval`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimit {
    /// Requests.
    pub max: u32,
    /// Length of the window; in JSON in milliseconds, 10,000 unless given.
    #[serde(rename = "intervalMs", with = "millis", default = "ten_seconds")]
    #[schemars(with = "u64")]
    pub interval: Duration,
    /// Whether a request above `max` is refused, as it is unless said otherwise; when not, the numbers are only announced.
    #[serde(default = "yes")]
    pub enforced: bool,
}

fn ten_seconds() -> Duration {
    Duration::from_secs(10)
}

fn yes() -> bool {
    true
}

impl RateLimit {
    /// `max` requests in any `interval`, refused above.
    #[must_use]
    pub fn new(max: u32, interval: Duration) -> Self {
        Self { max, interval, enforced: true }
    }

    /// `max` requests in any ten seconds, HubSpot's interval.
    #[must_use]
    pub fn per_ten_seconds(max: u32) -> Self {
        Self::new(max, Duration::from_secs(10))
    }

    /// No refusals: announces a million requests per ten seconds.
    #[must_use]
    pub fn none() -> Self {
        Self { enforced: false, ..Self::per_ten_seconds(1_000_000) }
    }

    /// What a refusal calls the window: `SECONDLY` if it is exactly a second long, else `TEN_SECONDLY_ROLLING`, so
    /// that a shortened window stands for HubSpot's.
    pub(crate) fn policy(self) -> LimitPolicy {
        if self.interval == Duration::from_secs(1) {
            LimitPolicy::Secondly
        } else {
            LimitPolicy::TenSecondlyRolling
        }
    }

    /// The deprecated per-second number HubSpot derives from the window.
    pub(crate) fn secondly(self) -> u32 {
        let tenths = self.interval.as_secs_f64().max(0.001);
        // The limits in use are far below 2^32, so the quotient fits.
        (f64::from(self.max) / tenths).ceil() as u32
    }
}

/// The requests of the last interval.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) limit: RateLimit,
    accepted: VecDeque<Duration>,
}

impl Window {
    /// An empty window.
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self { limit, accepted: VecDeque::new() }
    }

    /// Counts a request at `now` (time since start) if there is room. A refused request takes no room.
    pub(crate) fn admit(&mut self, now: Duration) -> bool {
        if !self.limit.enforced {
            return true;
        }
        self.forget(now);
        if self.accepted.len() >= self.limit.max as usize {
            return false;
        }
        self.accepted.push_back(now);
        true
    }

    /// Room left in the interval that ends now.
    pub(crate) fn remaining(&mut self, now: Duration) -> u32 {
        if !self.limit.enforced {
            return self.limit.max.saturating_sub(1);
        }
        self.forget(now);
        self.limit.max.saturating_sub(u32::try_from(self.accepted.len()).unwrap_or(u32::MAX))
    }

    /// Room left in the second that ends now.
    pub(crate) fn secondly_remaining(&self, now: Duration) -> u32 {
        let since = now.saturating_sub(Duration::from_secs(1));
        let recent =
            self.accepted.iter().rev().take_while(|at| **at > since || now < Duration::from_secs(1)).count();
        self.limit.secondly().saturating_sub(u32::try_from(recent).unwrap_or(u32::MAX))
    }

    fn forget(&mut self, now: Duration) {
        while self.accepted.front().is_some_and(|at| *at + self.limit.interval <= now) {
            self.accepted.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_window_rolls() {
        let mut window = Window::new(RateLimit::new(2, at(1000)));
        assert!(window.admit(at(0)));
        assert!(window.admit(at(900)));
        assert!(!window.admit(at(999)));
        assert_eq!(window.remaining(at(999)), 0);
        assert!(window.admit(at(1000)), "the first one is a whole interval old");
        assert!(!window.admit(at(1800)));
        assert!(window.admit(at(1900)));
    }

    #[test]
    fn a_refused_request_takes_no_room() {
        let mut window = Window::new(RateLimit::new(1, at(1000)));
        assert!(window.admit(at(0)));
        for millis in 1..1000 {
            assert!(!window.admit(at(millis)));
        }
        assert!(window.admit(at(1000)));
    }

    #[test]
    fn only_a_window_of_a_second_is_called_so() {
        assert_eq!(RateLimit::new(5, at(1000)).policy(), LimitPolicy::Secondly);
        for millis in [100, 999, 10_000] {
            assert_eq!(RateLimit::new(5, at(millis)).policy(), LimitPolicy::TenSecondlyRolling);
        }
    }

    #[test]
    fn announces_the_secondly_number_hubspot_announces() {
        assert_eq!(RateLimit::per_ten_seconds(110).secondly(), 11);
        assert_eq!(RateLimit::per_ten_seconds(190).secondly(), 19);
    }

    #[test]
    fn no_limit_refuses_nothing_and_announces_plenty() {
        let mut window = Window::new(RateLimit::none());
        for _ in 0..10_000 {
            assert!(window.admit(at(5)));
        }
        assert!(window.remaining(at(5)) > 900_000);
    }
}
