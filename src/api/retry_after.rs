//! `Retry-After`: how long HubSpot asks to wait.
//!
//! Documented for 477 (seconds, up to about a day), not for 429 (developers.hubspot.com/docs/api-reference/
//! error-handling); honoured wherever it is present and plausible. RFC 9110 section 10.2.3 also allows a date.

use std::time::Duration;

/// The longest wait that is believed: two days. A larger number is more likely milliseconds or nonsense.
pub const LONGEST_PLAUSIBLE: Duration = Duration::from_secs(2 * SECONDS_A_DAY as u64);

const SECONDS_A_DAY: i64 = 86_400;

/// The wait that a `Retry-After` value asks for, or `None` where it is unreadable or implausible.
///
/// `value` is whole or decimal seconds, or an HTTP date (`Sun, 06 Nov 1994 08:49:37 GMT`). A date needs
/// `now_unix`, the present in seconds since 1970, and is `None` without it; a date that has passed is no wait.
pub fn retry_after(value: &str, now_unix: Option<i64>) -> Option<Duration> {
    let value = value.trim();
    let wait = seconds(value).or_else(|| {
        let until = http_date(value)?.saturating_sub(now_unix?);
        Some(Duration::from_secs(u64::try_from(until).unwrap_or(0)))
    })?;
    (wait <= LONGEST_PLAUSIBLE).then_some(wait)
}

/// Digits with at most one point among them. `f64`'s own parser would also take `inf`, `1e9` and signs.
fn seconds(value: &str) -> Option<Duration> {
    let plain = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !plain || !value.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    Duration::try_from_secs_f64(value.parse().ok()?).ok()
}

/// The IMF-fixdate form of an HTTP date, in seconds since 1970; the two obsolete forms are not read.
fn http_date(value: &str) -> Option<i64> {
    let (weekday, rest) = value.split_once(", ")?;
    let mut parts = rest.split(' ');
    let day: i64 = digits(parts.next()?, 2)?;
    let month_name = parts.next()?;
    let year: i64 = digits(parts.next()?, 4)?;
    let mut clock = parts.next()?.split(':');
    let (hour, minute, second) =
        (digits(clock.next()?, 2)?, digits(clock.next()?, 2)?, digits(clock.next()?, 2)?);
    let complete = parts.next() == Some("GMT") && parts.next().is_none() && clock.next().is_none();
    let month = 1 + i64::try_from(MONTHS.iter().position(|name| *name == month_name)?).ok()?;
    // A leap second is written 60.
    let possible = weekday.len() == 3 && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    (complete && possible)
        .then(|| days_since_1970(year, month, day) * SECONDS_A_DAY + hour * 3_600 + minute * 60 + second)
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A number of exactly `width` ASCII digits.
fn digits(text: &str, width: usize) -> Option<i64> {
    let plain = text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, with years counted from March so that the leap day
/// comes last (the "days from civil" algorithm).
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::retry_after;

    const RFC_EXAMPLE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const RFC_EXAMPLE_UNIX: i64 = 784_111_777;

    #[test]
    fn seconds_are_read() {
        assert_eq!(retry_after("0", None), Some(Duration::ZERO));
        assert_eq!(retry_after(" 12 ", None), Some(Duration::from_secs(12)));
        assert_eq!(retry_after("1.5", None), Some(Duration::from_millis(1_500)));
        assert_eq!(retry_after("86400", None), Some(Duration::from_secs(86_400)));
    }

    #[test]
    fn nonsense_and_implausible_waits_are_ignored() {
        for value in [
            "",
            "soon",
            "-1",
            "+1",
            "1e3",
            "inf",
            "NaN",
            ".5",
            "1.2.3",
            "999999999",
            "99999999999999999999999",
            "0x10",
            "12s",
        ] {
            assert_eq!(retry_after(value, Some(0)), None, "{value:?}");
        }
    }

    #[test]
    fn dates_are_read_against_the_clock_given() {
        let at = |now| retry_after(RFC_EXAMPLE, Some(now));
        assert_eq!(at(RFC_EXAMPLE_UNIX), Some(Duration::ZERO));
        assert_eq!(at(RFC_EXAMPLE_UNIX - 90), Some(Duration::from_secs(90)));
        assert_eq!(at(RFC_EXAMPLE_UNIX + 90), Some(Duration::ZERO));
        assert_eq!(at(RFC_EXAMPLE_UNIX - 1_000_000), None);
        assert_eq!(retry_after(RFC_EXAMPLE, None), None);
    }

    #[test]
    fn the_calendar_is_right_around_leap_days() {
        let day = |date: &str, now: i64| retry_after(&format!("Mon, {date} 00:00:00 GMT"), Some(now));
        assert_eq!(day("29 Feb 2024", 1_709_164_800), Some(Duration::ZERO));
        assert_eq!(day("01 Mar 2024", 1_709_164_800), Some(Duration::from_secs(86_400)));
        assert_eq!(day("01 Mar 2100", 4_107_456_000), Some(Duration::from_secs(86_400)));
        assert_eq!(day("01 Jan 1970", -60), Some(Duration::from_secs(60)));
    }

    #[test]
    fn broken_dates_are_ignored() {
        for value in [
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 GMT more",
            "Sun, 06 Nov 1994 25:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Foo 1994 08:49:37 GMT",
        ] {
            assert_eq!(retry_after(value, Some(RFC_EXAMPLE_UNIX - 1)), None, "{value:?}");
        }
    }
}
