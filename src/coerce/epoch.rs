//! Epochs: numbers that count seconds or milliseconds since 1970 in UTC, told apart by size.
//!
//! HubSpot itself speaks milliseconds (properties guide, "date" and "datetime" values); warehouses send
//! both. The ranges, by the size of the whole number `n`:
//!
//! | `n` | taken as |
//! |---|---|
//! | 0 | 1970-01-01, whatever it counts |
//! | from 10,000,000,000, either sign | milliseconds: to 1969-09-07 and from 1970-04-26 |
//! | -2,208,988,800 to 4,102,444,799 | seconds: 1900 to 2099 |
//! | 1 to 100,000, either sign | refused: a year, a day count or a spreadsheet's serial number |
//! | 18000101 to 22001231 | refused: a day spelled `YYYYMMDD` |
//! | anything between | refused: far off as seconds, unlikely as milliseconds |
//!
//! What this cannot tell: milliseconds in the ten weeks around New Year 1970 look like seconds of other
//! years. No sender of today's times can meet it; birthdays should be sent as `YYYY-MM-DD`.

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};

use super::invalid::Reason;
use super::moment::{in_years, milliseconds};
use super::number;

/// Smallest size of a number that counts milliseconds.
const MILLISECONDS_FROM: u64 = 10_000_000_000;
/// 1900-01-01 to the end of 2099, in seconds.
const SECONDS: std::ops::Range<i64> = -2_208_988_800..4_102_444_800;
/// Largest size of a number that may be a year, a day count or a spreadsheet's serial number.
const DAY_COUNTS_TO: u64 = 100_000;
/// Numbers that may spell a day.
const SPELLED_DAYS: std::ops::RangeInclusive<i64> = 18_000_101..=22_001_231;

/// The moment that `number` counts to, on a clock in UTC, cut to the millisecond before it.
///
/// # Errors
/// [`Reason::NotADate`] for what is no number, [`Reason::AmbiguousTime`] for one of the refused ranges,
/// [`Reason::TimeOutOfRange`] outside the years 1 to 9999.
pub(super) fn parse(number: &str) -> Result<DateTime, Reason> {
    let plain = number::shortest(number).map_err(|reason| match reason {
        Reason::NumberOutOfRange => Reason::TimeOutOfRange,
        _ => Reason::NotADate,
    })?;
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let count: i64 = whole.parse().map_err(|_| Reason::TimeOutOfRange)?;
    let negative = whole.starts_with('-');
    let milliseconds = match count {
        0 if fraction.is_empty() => 0,
        _ if count.unsigned_abs() >= MILLISECONDS_FROM => floor(count, !fraction.is_empty(), negative),
        _ if count.unsigned_abs() <= DAY_COUNTS_TO || SPELLED_DAYS.contains(&count) => {
            return Err(Reason::AmbiguousTime);
        }
        _ if SECONDS.contains(&count) => {
            let within = i64::from(milliseconds(fraction.as_bytes()));
            let cut_off = fraction.len() > 3;
            floor(count * 1000 + if negative { -within } else { within }, cut_off, negative)
        }
        _ => return Err(Reason::AmbiguousTime),
    };
    in_years(date(1970, 1, 1).at(0, 0, 0, 0).checked_add(SignedDuration::from_millis(milliseconds)).ok())
}

/// Cutting off digits moves a negative number up; the moment before it is one lower.
fn floor(count: i64, digits_were_cut: bool, negative: bool) -> i64 {
    if digits_were_cut && negative { count.saturating_sub(1) } else { count }
}

#[cfg(test)]
mod tests {
    use jiff::civil::datetime;
    use proptest::prelude::*;

    use super::*;
    use crate::coerce::testing;

    #[test]
    fn seconds_and_milliseconds() {
        for (number, expected) in [
            ("0", datetime(1970, 1, 1, 0, 0, 0, 0)),
            ("-0.0", datetime(1970, 1, 1, 0, 0, 0, 0)),
            ("1710028800", datetime(2024, 3, 10, 0, 0, 0, 0)),
            ("1710028800.0", datetime(2024, 3, 10, 0, 0, 0, 0)),
            ("1710028800.1239", datetime(2024, 3, 10, 0, 0, 0, 123_000_000)),
            ("1710028800000", datetime(2024, 3, 10, 0, 0, 0, 0)),
            ("1.7100288E9", datetime(2024, 3, 10, 0, 0, 0, 0)),
            ("1.7100288E12", datetime(2024, 3, 10, 0, 0, 0, 0)),
            ("1786334400000", datetime(2026, 8, 10, 4, 0, 0, 0)),
            ("-86400000000", datetime(1967, 4, 7, 0, 0, 0, 0)),
            ("-1000000000", datetime(1938, 4, 24, 22, 13, 20, 0)),
            ("-1000000000.0001", datetime(1938, 4, 24, 22, 13, 19, 999_000_000)),
            ("-1000000000.5", datetime(1938, 4, 24, 22, 13, 19, 500_000_000)),
            ("-2208988800", datetime(1900, 1, 1, 0, 0, 0, 0)),
            ("4102444799", datetime(2099, 12, 31, 23, 59, 59, 0)),
            ("-2208988800000", datetime(1900, 1, 1, 0, 0, 0, 0)),
            ("253402214400000", datetime(9999, 12, 31, 0, 0, 0, 0)),
            ("-62135596800000", datetime(1, 1, 1, 0, 0, 0, 0)),
            ("100000000", datetime(1973, 3, 3, 9, 46, 40, 0)),
        ] {
            assert_eq!(parse(number), Ok(expected), "{number}");
        }
    }

    #[test]
    fn numbers_that_could_be_something_else() {
        for number in [
            "1",
            "-1",
            "0.5",
            "-0.5",
            "2024",
            "19792",
            "45361",
            "100000",
            "20240310",
            "19000101",
            "22001231",
            "4102444800",
            "-2208988801",
            "9999999999",
            "-9999999999",
        ] {
            assert_eq!(parse(number), Err(Reason::AmbiguousTime), "{number}");
        }
    }

    #[test]
    fn what_lies_outside_the_calendar() {
        for number in [
            "253402300800000",
            "-62135596800001",
            "1710028800000000",
            "9223372036854775807",
            "1e300",
            "1e999",
        ] {
            assert_eq!(parse(number), Err(Reason::TimeOutOfRange), "{number}");
        }
        for text in ["", "abc", "1,710,028,800", "0x65ec"] {
            assert_eq!(parse(text), Err(Reason::NotADate), "{text}");
        }
    }

    /// Days since 1970 of a day, counted one year and one month at a time.
    fn days_since_1970(year: i64, month: usize, day: i64) -> i64 {
        let leap = |y: i64| (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
        let length = |y| if leap(y) { 366 } else { 365 };
        let years: i64 = if year >= 1970 {
            (1970..year).map(length).sum()
        } else {
            -(year..1970).map(length).sum::<i64>()
        };
        let february = if leap(year) { 29 } else { 28 };
        let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        years + months[..month - 1].iter().sum::<i64>() + day - 1
    }

    proptest! {
        #![proptest_config(testing::config())]

        #[test]
        fn counted_by_hand(
            year in 1901..2099_i64, month in 1..13_usize, day in 1..29_i64,
            second in 0..86_400_i64, milli in 0..1000_i64,
        ) {
            let seconds = days_since_1970(year, month, day) * 86_400 + second;
            let expected = datetime(
                year as i16, month as i8, day as i8,
                (second / 3600) as i8, (second / 60 % 60) as i8, (second % 60) as i8,
                (milli * 1_000_000) as i32,
            );
            let millis = seconds * 1000 + milli;
            if millis.unsigned_abs() >= MILLISECONDS_FROM {
                prop_assert_eq!(parse(&millis.to_string()), Ok(expected));
                prop_assert_eq!(parse(&format!("{millis}.000")), Ok(expected));
            }
            if seconds.unsigned_abs() > 25_000_000 {
                let whole = expected.with().subsec_nanosecond(0).build().unwrap();
                prop_assert_eq!(parse(&seconds.to_string()), Ok(whole));
                let sign = if millis < 0 { "-" } else { "" };
                let size = millis.unsigned_abs();
                prop_assert_eq!(parse(&format!("{sign}{}.{:03}", size / 1000, size % 1000)), Ok(expected));
            }
        }
    }
}
