//! When a source says that it emitted a record.
//!
//! The protocol has milliseconds since 1970; PyAirbyte's cached path sends whole seconds
//! (airbyte/_message_iterators.py), and other producers fractions of either.

/// From here on a number counts milliseconds: March 1973. As seconds it would be the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;
/// Beyond this no calendar reaches.
const MOST: f64 = 1e15;

/// Milliseconds since 1970, cut to a whole number; `None` for what is no number, for 0 and what is before 1970: no
/// source emitted anything then.
#[must_use]
pub fn milliseconds(emitted_at: &str) -> Option<i64> {
    let number: f64 = emitted_at.parse().ok()?;
    let is_time = number > 0.0 && number < MOST;
    is_time.then_some(if number < MILLISECONDS_FROM { (number * 1_000.0).round() } else { number } as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_told_from_milliseconds_by_their_size() {
        for (text, expected) in [
            ("1765387716", Some(1_765_387_716_000)),
            ("1765387716.5", Some(1_765_387_716_500)),
            ("1765387716.123", Some(1_765_387_716_123)),
            ("1.765387716e9", Some(1_765_387_716_000)),
            ("1795290302755", Some(1_795_290_302_755)),
            ("1795290302755.9", Some(1_795_290_302_755)),
            ("1.795290302755e12", Some(1_795_290_302_755)),
            ("99999999999", Some(99_999_999_999_000)),
            ("100000000000", Some(100_000_000_000)),
            ("17", Some(17_000)),
            ("0", None),
            ("-5", None),
            ("1795290302755000", None),
            ("\"1765387716\"", None),
            ("nan", None),
            ("", None),
        ] {
            assert_eq!(milliseconds(text), expected, "{text}");
        }
    }
}
