//! Days and instants as HubSpot takes and answers them.
//!
//! A day is `YYYY-MM-DD` or milliseconds at midnight UTC; an instant is ISO 8601 with a zone, a day, or
//! milliseconds. Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide>.

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

use crate::clock::Millis;

const DAY: i64 = 86_400_000;

/// Why text is no day or instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DateError {
    /// Neither a date nor milliseconds.
    #[error("not a valid long")]
    Unreadable,
    /// Milliseconds that are not at midnight UTC; the text is the time of day as HubSpot words it.
    #[error("at {0} UTC, not midnight")]
    NotMidnight(String),
}

/// A day, answered as `YYYY-MM-DD`.
pub(crate) fn day(text: &str) -> Result<String, DateError> {
    if let Some(date) = plain_date(text) {
        return Ok(date.to_string());
    }
    let millis = milliseconds(text).ok_or(DateError::Unreadable)?;
    let rest = millis.0.rem_euclid(DAY);
    if rest != 0 {
        let (hours, minutes, seconds) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60);
        return Err(DateError::NotMidnight(format!("{hours}:{minutes}:{seconds}.{}", rest % 1000)));
    }
    let instant = Timestamp::from_millisecond(millis.0).map_err(|_| DateError::Unreadable)?;
    Ok(instant.to_zoned(TimeZone::UTC).date().to_string())
}

/// An instant, answered as `YYYY-MM-DDThh:mm:ss.sssZ`.
pub(crate) fn instant(text: &str) -> Result<String, DateError> {
    if let Some(date) = plain_date(text) {
        return Ok(format!("{date}T00:00:00.000Z"));
    }
    if let Some(millis) = milliseconds(text) {
        return Ok(millis.iso());
    }
    // jiff also reads a space instead of the T and lower-case letters, which HubSpot's documentation does not have.
    let shaped = text.as_bytes().get(10) == Some(&b'T') && !text.ends_with('z') && !text.contains('[');
    let instant: Timestamp = text.parse().ok().filter(|_| shaped).ok_or(DateError::Unreadable)?;
    Ok(Millis(instant.as_millisecond()).iso())
}

/// Exactly `YYYY-MM-DD`.
fn plain_date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shaped.then(|| text.parse().ok()).flatten()
}

/// Milliseconds within the years HubSpot can show.
fn milliseconds(text: &str) -> Option<Millis> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let millis: i64 = text.parse().ok()?;
    Timestamp::from_millisecond(millis).ok().map(|_| Millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days() {
        assert_eq!(day("2024-02-29").unwrap(), "2024-02-29");
        assert_eq!(day("1786320000000").unwrap(), "2026-08-10");
        assert_eq!(day("-86400000").unwrap(), "1969-12-31");
        assert_eq!(day("1786334400000"), Err(DateError::NotMidnight("4:0:0.0".to_owned())));
        for bad in
            ["2023-02-29", "2024-2-9", "02/09/2024", "invalid-date-format", "2024-01-08T00:00:00Z", "1e12"]
        {
            assert_eq!(day(bad), Err(DateError::Unreadable), "{bad}");
        }
    }

    #[test]
    fn instants() {
        assert_eq!(instant("2024-01-08T13:52:50.212Z").unwrap(), "2024-01-08T13:52:50.212Z");
        assert_eq!(instant("2024-01-08T13:52:50+02:00").unwrap(), "2024-01-08T11:52:50.000Z");
        assert_eq!(instant("2024-01-08").unwrap(), "2024-01-08T00:00:00.000Z");
        assert_eq!(instant("1705312800000").unwrap(), "2024-01-15T10:00:00.000Z");
        for bad in ["2024-01-08 13:52:50Z", "2024-01-08T13:52:50", "yesterday", "", "12.5"] {
            assert_eq!(instant(bad), Err(DateError::Unreadable), "{bad}");
        }
    }
}
