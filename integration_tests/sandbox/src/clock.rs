//! The account's clock: wall time for what HubSpot stamps, running time for windows and the log.
//!
//! Both can be moved forward together, so that a test sees a token expire or a day end without waiting; wall time can
//! be set.

use std::borrow::Cow;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.iso())
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Number(i64),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(millis) => Ok(Self(millis)),
            Written::Text(text) => match text.parse::<Timestamp>() {
                Ok(instant) => Ok(Self(instant.as_millisecond())),
                Err(_) => {
                    Err(de::Error::custom(format!("{text:?} is no instant like 2026-06-24T19:07:24.143Z")))
                }
            },
        }
    }
}

impl JsonSchema for Millis {
    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An instant: ISO 8601, or milliseconds since 1970 where it is read.",
            "type": ["string", "integer"],
        })
    }
}

/// Durations as whole milliseconds.
pub(crate) mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }

    /// Durations that may be absent.
    pub(crate) mod optional {
        use std::time::Duration;

        use serde::{Deserialize, Deserializer, Serializer};

        pub(crate) fn serialize<S: Serializer>(
            duration: &Option<Duration>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            match duration {
                Some(duration) => super::serialize(duration, serializer),
                None => serializer.serialize_none(),
            }
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Duration>, D::Error> {
            Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
        }
    }
}

/// Source of time of one sandbox.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    started: Instant,
    ahead: Duration,
    /// Milliseconds that wall time was set forward or back by.
    shifted: i64,
}

impl Clock {
    /// A clock that shows the machine's time.
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), ahead: Duration::ZERO, shifted: 0 }
    }

    /// Wall time.
    pub(crate) fn now(&self) -> Millis {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + self.ahead;
        Millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX).saturating_add(self.shifted))
    }

    /// Time since the sandbox started.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed() + self.ahead
    }

    /// Sets wall time; running time goes on as it did.
    pub(crate) fn set(&mut self, to: Millis) {
        self.shifted = self.shifted.saturating_add(to.0.saturating_sub(self.now().0));
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
    fn instants_are_read_as_texts_and_as_numbers() {
        let text: Millis = serde_json::from_str("\"2026-06-24T19:07:24.143Z\"").unwrap();
        let number: Millis = serde_json::from_str("1782328044143").unwrap();
        assert_eq!((text, number), (Millis(1_782_328_044_143), text));
        assert!(serde_json::from_str::<Millis>("\"yesterday\"").is_err());
    }

    #[test]
    fn setting_moves_wall_time_only() {
        let mut clock = Clock::new();
        let running = clock.elapsed();
        clock.set(Millis(1_000_000));
        assert!((1_000_000..1_060_000).contains(&clock.now().0));
        assert!(clock.elapsed() < running + Duration::from_secs(60));
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
