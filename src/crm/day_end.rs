//! When the daily quota comes back: midnight in the account's time zone.
//!
//! Source: HubSpot's "API usage guidelines and limits". The zone is known by its present offset from UTC only, which
//! account details tell: on the two days a year that change it, the hour named may be the one beside it.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::Offset;

/// Milliseconds in a day.
const DAY: i64 = 86_400_000;

/// The moment at which an account's day ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayEnd {
    at: Timestamp,
    offset: Offset,
}

impl DayEnd {
    /// The midnight after `now_ms` (milliseconds since 1970) where clocks are `offset_ms` ahead of UTC. `None` for
    /// offsets that no place on Earth has.
    #[must_use]
    pub fn after(now_ms: i64, offset_ms: i64) -> Option<Self> {
        let offset = offset_of(offset_ms)?;
        let day = now_ms.checked_add(offset_ms)?.div_euclid(DAY);
        let midnight = day.checked_add(1)?.checked_mul(DAY)?.checked_sub(offset_ms)?;
        Some(Self { at: Timestamp::from_millisecond(midnight).ok()?, offset })
    }

    /// The moment that HubSpot names itself (`resetsAt`, ISO 8601), shown as clocks show it that are `offset_ms` ahead
    /// of UTC. `None` where it is no moment.
    #[must_use]
    pub fn told(resets_at: &str, offset_ms: i64) -> Option<Self> {
        Some(Self { at: resets_at.parse().ok()?, offset: offset_of(offset_ms)? })
    }

    /// What a person is told of it at `now_ms`: the moment, and how long until then.
    #[must_use]
    pub fn seen_from(self, now_ms: i64) -> String {
        let minutes = (self.at.as_millisecond().saturating_sub(now_ms)).max(0) / 60_000;
        format!("{self} (midnight in the account's time zone, in {} h {} min)", minutes / 60, minutes % 60)
    }
}

fn offset_of(offset_ms: i64) -> Option<Offset> {
    Offset::from_seconds(i32::try_from(offset_ms / 1000).ok()?).ok()
}

/// As in `2026-11-23T00:00-05:00`.
impl fmt::Display for DayEnd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = self.offset.to_datetime(self.at);
        let sign = if self.offset.seconds() < 0 { '-' } else { '+' };
        let minutes = self.offset.seconds().unsigned_abs() / 60;
        write!(
            formatter,
            "{}T{:02}:{:02}{sign}{:02}:{:02}",
            civil.date(),
            civil.hour(),
            civil.minute(),
            minutes / 60,
            minutes % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn the_day_ends_at_the_accounts_midnight() {
        for (now, offset, end, left) in [
            ("2026-11-22T21:48:00Z", -5 * HOUR, "2026-11-23T00:00-05:00", "7 h 12 min"),
            ("2026-11-22T04:59:59.999Z", -5 * HOUR, "2026-11-22T00:00-05:00", "0 h 0 min"),
            ("2026-11-22T05:00:00Z", -5 * HOUR, "2026-11-23T00:00-05:00", "24 h 0 min"),
            ("2026-12-31T18:29:00Z", 5 * HOUR + HOUR / 2, "2027-01-01T00:00+05:30", "0 h 1 min"),
            ("2026-02-28T23:00:00Z", 0, "2026-03-01T00:00+00:00", "1 h 0 min"),
            ("2026-11-22T10:00:00Z", 13 * HOUR, "2026-11-23T00:00+13:00", "1 h 0 min"),
            ("1969-12-31T12:00:00Z", 0, "1970-01-01T00:00+00:00", "12 h 0 min"),
        ] {
            let day_end = DayEnd::after(ms(now), offset).unwrap();
            assert_eq!(day_end.to_string(), end);
            let expected = format!("{end} (midnight in the account's time zone, in {left})");
            assert_eq!(day_end.seen_from(ms(now)), expected);
        }
    }

    #[test]
    fn offsets_of_no_place_are_no_offsets() {
        for offset in [i64::MAX, i64::MIN, 30 * HOUR, -30 * HOUR] {
            assert_eq!(DayEnd::after(ms("2026-11-22T00:00:00Z"), offset), None, "{offset}");
        }
        assert_eq!(DayEnd::after(i64::MAX, HOUR), None);
    }

    #[test]
    fn a_moment_told_by_hubspot_is_shown_in_the_accounts_time() {
        let told = DayEnd::told("2026-11-23T05:00:00.000Z", -5 * HOUR).unwrap();
        assert_eq!(told, DayEnd::after(ms("2026-11-22T21:48:00Z"), -5 * HOUR).unwrap());
        assert_eq!(DayEnd::told("tomorrow", 0), None);
        let past = told.seen_from(ms("2026-11-23T06:00:00Z"));
        assert!(past.ends_with("in 0 h 0 min)"), "{past}");
    }
}
