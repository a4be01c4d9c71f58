//! The account's clock: wall time for what HubSpot stamps, running time for windows and the log.
//!
//! Both can be moved forward together, so that a test sees a token expire or a day end without waiting.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// An instant in milliseconds since 1970-01-01T00:00:00Z, the resolution HubSpot stamps records with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub i64);

impl Millis {
    /// The instant as HubSpot writes it: `2026-06-24T19:07:24.143Z`.
    #[must_use]
    pub fn iso(self) -> String {
        let instant = Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH);
        instant.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }

    /// The instant `duration` later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// Source of time of one sandbox.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    ahead: Duration,
}

impl Clock {
    /// A clock that shows the machine's time.
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), ahead: Duration::ZERO }
    }

    /// Wall time.
    pub(crate) fn now(&self) -> Millis {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + self.ahead;
        Millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    /// Time since the sandbox started.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed() + self.ahead
    }

    /// Moves both times forward.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.ahead += by;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_instants_as_hubspot_does() {
        assert_eq!(Millis(1_782_328_044_143).iso(), "2026-06-24T19:07:24.143Z");
        assert_eq!(Millis(0).iso(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn advancing_moves_both_times() {
        let mut clock = Clock::new();
        let (wall, running) = (clock.now(), clock.elapsed());
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now() >= wall.plus(Duration::from_secs(3600)));
        assert!(clock.elapsed() >= running + Duration::from_secs(3600));
    }
}
