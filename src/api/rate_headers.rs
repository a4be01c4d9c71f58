//! What HubSpot's rate-limit headers announce.
//!
//! `X-HubSpot-RateLimit-{Max, Remaining, Interval-Milliseconds, Daily, Daily-Remaining}`, and the deprecated
//! `-Secondly` and `-Secondly-Remaining`. OAuth tokens get no daily ones, search answers none at all. Source:
//! developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines.

/// The announced limits; a field is `None` where the header is absent or not a usable number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateHeaders {
    /// Calls allowed in one interval; never 0.
    pub max: Option<u64>,
    /// Calls left in the current interval.
    pub remaining: Option<u64>,
    /// Length of the interval in milliseconds; never 0.
    pub interval_ms: Option<u64>,
    /// Calls allowed in one day of the account's time zone; never 0.
    pub daily: Option<u64>,
    /// Calls left today.
    pub daily_remaining: Option<u64>,
    /// Calls allowed in one second (deprecated); never 0.
    pub secondly: Option<u64>,
    /// Calls left in the current second (deprecated).
    pub secondly_remaining: Option<u64>,
}

const PREFIX: &str = "x-hubspot-ratelimit-";

/// No limit of HubSpot's is near this (its daily ones are millions); more is taken for garbage.
const LARGEST_PLAUSIBLE: u64 = 1_000_000_000_000;

impl RateHeaders {
    /// Reads the limits out of all headers of an answer. Names are compared without regard to case, other
    /// headers are passed over, the first usable value of a name counts.
    pub fn parse<N, V>(headers: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: AsRef<str>,
        V: AsRef<[u8]>,
    {
        let mut limits = Self::default();
        for (name, value) in headers {
            let Some(rest) = after_prefix(name.as_ref()) else { continue };
            let Some(number) = number(value.as_ref()) else { continue };
            limits.note(&rest.to_ascii_lowercase(), number);
        }
        limits
    }

    /// Whether the answer announced nothing, as search answers do.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn note(&mut self, what: &str, number: u64) {
        let (field, smallest) = match what {
            "max" => (&mut self.max, 1),
            "remaining" => (&mut self.remaining, 0),
            "interval-milliseconds" => (&mut self.interval_ms, 1),
            "daily" => (&mut self.daily, 1),
            "daily-remaining" => (&mut self.daily_remaining, 0),
            "secondly" => (&mut self.secondly, 1),
            "secondly-remaining" => (&mut self.secondly_remaining, 0),
            _ => return,
        };
        if number >= smallest {
            field.get_or_insert(number);
        }
    }
}

fn after_prefix(name: &str) -> Option<&str> {
    let (head, rest) = name.split_at_checked(PREFIX.len())?;
    head.eq_ignore_ascii_case(PREFIX).then_some(rest)
}

/// A plausible whole number: digits only, so no sign, no decimals.
fn number(value: &[u8]) -> Option<u64> {
    let text = value.trim_ascii();
    let plain = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let number = plain.then(|| str::from_utf8(text).ok()?.parse().ok()).flatten()?;
    (number <= LARGEST_PLAUSIBLE).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::RateHeaders;

    #[test]
    fn all_seven_are_read_whatever_their_case() {
        let headers = [
            ("X-HubSpot-RateLimit-Max", "190"),
            ("x-hubspot-ratelimit-remaining", " 0 "),
            ("X-HUBSPOT-RATELIMIT-INTERVAL-MILLISECONDS", "10000"),
            ("X-HubSpot-RateLimit-Daily", "625000"),
            ("X-HubSpot-RateLimit-Daily-Remaining", "624999"),
            ("X-HubSpot-RateLimit-Secondly", "19"),
            ("X-HubSpot-RateLimit-Secondly-Remaining", "18"),
            ("content-type", "application/json"),
        ];
        assert_eq!(
            RateHeaders::parse(headers),
            RateHeaders {
                max: Some(190),
                remaining: Some(0),
                interval_ms: Some(10_000),
                daily: Some(625_000),
                daily_remaining: Some(624_999),
                secondly: Some(19),
                secondly_remaining: Some(18),
            }
        );
    }

    #[test]
    fn garbage_counts_as_absent() {
        for value in
            ["", "-1", "+5", "1.5", "ten", "100, 100", "0x10", "9999999999999", "99999999999999999999999"]
        {
            assert!(RateHeaders::parse([("x-hubspot-ratelimit-max", value)]).is_empty(), "{value:?}");
        }
        assert!(RateHeaders::parse([("x-hubspot-ratelimit-max", &b"\xff\xfe"[..])]).is_empty());
    }

    #[test]
    fn a_limit_of_nothing_is_garbage_but_nothing_left_is_not() {
        for name in ["max", "interval-milliseconds", "daily", "secondly"] {
            assert!(RateHeaders::parse([(format!("x-hubspot-ratelimit-{name}"), "0")]).is_empty(), "{name}");
        }
        assert_eq!(RateHeaders::parse([("x-hubspot-ratelimit-remaining", "0")]).remaining, Some(0));
        assert_eq!(
            RateHeaders::parse([("x-hubspot-ratelimit-daily-remaining", "0")]).daily_remaining,
            Some(0)
        );
    }

    #[test]
    fn the_first_usable_value_counts() {
        let headers = [
            ("x-hubspot-ratelimit-max", "?"),
            ("x-hubspot-ratelimit-max", "7"),
            ("x-hubspot-ratelimit-max", "9"),
        ];
        assert_eq!(RateHeaders::parse(headers).max, Some(7));
    }

    #[test]
    fn other_headers_are_passed_over() {
        let headers = [
            ("x-hubspot-ratelimit", "5"),
            ("x-hubspot-ratelimit-", "5"),
            ("é-x-hubspot-ratelimit-max", "5"),
            ("", "5"),
        ];
        assert!(RateHeaders::parse(headers).is_empty());
    }
}
