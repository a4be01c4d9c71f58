//! Days and instants: what HubSpot takes for `date` and `datetime` properties.
//!
//! `date` is sent as `YYYY-MM-DD`, `datetime` as `YYYY-MM-DDThh:mm:ss.sssZ` (properties guide, value
//! formats); HubSpot refuses a `date` given as an instant that is not midnight UTC.
//!
//! Which day a timestamp means for a `date` property: **the day that is written in it**. The writer of
//! `2024-03-10T00:00:00+02:00` means the 10th, although it is still the 9th in UTC; converting first would
//! put the whole of Europe a day early and would make one sender's `23:30-05:00` a day late. An epoch
//! carries no zone, so its day is the one in UTC.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

use super::Coerced;
use super::blanks::{seen, trim};
use super::epoch;
use super::invalid::Reason;
use super::json_text::Json;
use super::moment::{self, Moment, Zone};

/// Writes `value` for a day.
///
/// # Errors
/// [`Reason::NotADate`] and the other reasons for times.
pub(super) fn write_date(value: Json<'_>, out: &mut Vec<u8>) -> Result<Coerced, Reason> {
    let Some(moment) = read(value)? else { return Ok(Coerced::Empty) };
    out.push(b'"');
    push_date(moment.wall.date(), out);
    out.push(b'"');
    Ok(Coerced::Written)
}

/// Writes `value` for an instant: without an offset it is taken as UTC, a day alone as its midnight, in the zone given or
/// else in UTC.
///
/// # Errors
/// [`Reason::NotADate`] and the other reasons for times.
pub(super) fn write_datetime(
    day_zone: Option<&TimeZone>,
    value: Json<'_>,
    out: &mut Vec<u8>,
) -> Result<Coerced, Reason> {
    let Some(moment) = read(value)? else { return Ok(Coerced::Empty) };
    let utc = match day_zone {
        Some(zone) if moment.zone == Zone::OfADay => moment.day_in(zone)?,
        _ => moment.in_utc()?,
    };
    out.push(b'"');
    push_date(utc.date(), out);
    push_time(utc, out);
    out.push(b'"');
    Ok(Coerced::Written)
}

/// The instant so many milliseconds after 1970 began in UTC, as HubSpot takes it; `None` outside the years 1 to 9999.
#[must_use]
pub fn instant(milliseconds: i64) -> Option<String> {
    let moment = Timestamp::from_millisecond(milliseconds).ok()?;
    let utc = moment::in_years(Some(Offset::UTC.to_datetime(moment))).ok()?;
    let mut text = Vec::with_capacity(24);
    push_date(utc.date(), &mut text);
    push_time(utc, &mut text);
    String::from_utf8(text).ok()
}

/// Whether a text in quotes is a day as HubSpot takes it.
pub(super) fn is_a_day(quoted: &str) -> bool {
    match quoted.as_bytes() {
        [b'"', day @ .., b'"'] => moment::is_a_day(day),
        _ => false,
    }
}

/// `None` for blank text.
fn read(value: Json<'_>) -> Result<Option<Moment>, Reason> {
    match value {
        Json::Number(number) => counted(number).map(Some),
        Json::String(text) => {
            let text = text.decode()?;
            let text = trim(&text);
            if text.is_empty() {
                return Ok(None);
            }
            // Spreadsheets put direction marks between the parts of a day.
            let text = seen(text);
            moment::parse(&text).unwrap_or_else(|| counted(&text)).map(Some)
        }
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => Err(Reason::NotADate),
    }
}

fn counted(number: &str) -> Result<Moment, Reason> {
    epoch::parse(number).map(|wall| Moment { wall, zone: Zone::Unwritten })
}

fn push_date(date: Date, out: &mut Vec<u8>) {
    let year = u16::try_from(date.year()).unwrap_or_default();
    let ([a, b], [c, d]) = (digits((year / 100) as u8), digits((year % 100) as u8));
    let ([e, f], [g, h]) = (digits(date.month().unsigned_abs()), digits(date.day().unsigned_abs()));
    out.extend_from_slice(&[a, b, c, d, b'-', e, f, b'-', g, h]);
}

fn push_time(moment: DateTime, out: &mut Vec<u8>) {
    let ([a, b], [c, d]) = (digits(moment.hour().unsigned_abs()), digits(moment.minute().unsigned_abs()));
    let [e, f] = digits(moment.second().unsigned_abs());
    let millisecond = moment.millisecond().unsigned_abs();
    let ([_, g], [h, i]) = (digits((millisecond / 100) as u8), digits((millisecond % 100) as u8));
    out.extend_from_slice(&[b'T', a, b, b':', c, d, b':', e, f, b'.', g, h, i, b'Z']);
}

/// A number below 100 as two digits.
fn digits(number: u8) -> [u8; 2] {
    [b'0' + number / 10 % 10, b'0' + number % 10]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use jiff::tz::TimeZoneDatabase;

    use crate::coerce::testing::{self, property, rule, sent};
    use crate::coerce::{RuleOptions, ValueRule};

    #[test]
    fn an_instant_is_counted_from_1970() {
        assert_eq!(super::instant(1_795_290_302_755).as_deref(), Some("2026-11-21T19:45:02.755Z"));
        assert_eq!(super::instant(-1).as_deref(), Some("1969-12-31T23:59:59.999Z"));
        assert_eq!(super::instant(i64::MAX), None);
    }

    #[test]
    fn the_day_is_the_one_that_is_written() {
        let rule = rule(&property("birthday", "date", "date"));
        for (raw, expected) in [
            (r#""2024-03-10""#, "2024-03-10"),
            (r#"" 2024-03-10 ""#, "2024-03-10"),
            (r#""\ufeff2024-03-10\u200b""#, "2024-03-10"),
            (r#""\u200e2024\u200e-\u200e03\u200e-\u200e10""#, "2024-03-10"),
            (r#""2024 -03-10""#, "INVALID_DATE"),
            (r#""2024-02-29""#, "2024-02-29"),
            (r#""0001-01-01""#, "0001-01-01"),
            (r#""9999-12-31""#, "9999-12-31"),
            (r#""2024-03-10T00:00:00Z""#, "2024-03-10"),
            (r#""2024-03-10T00:00:00+02:00""#, "2024-03-10"),
            (r#""2024-03-10T23:30:00-05:00""#, "2024-03-10"),
            (r#""2024-01-01T00:00:00+14:00""#, "2024-01-01"),
            (r#""2023-12-31T23:59:59.999-12:00""#, "2023-12-31"),
            // The nights in which Berlin and New York change their clocks.
            (r#""2024-03-31T00:00:00+01:00""#, "2024-03-31"),
            (r#""2024-03-31T03:00:00+02:00""#, "2024-03-31"),
            (r#""2024-10-27T00:00:00+02:00""#, "2024-10-27"),
            (r#""2024-03-10T00:00:00-05:00""#, "2024-03-10"),
            (r#""2024-11-03T00:00:00-04:00""#, "2024-11-03"),
            (r#""2024-03-10 00:00:00 UTC""#, "2024-03-10"),
            (r#""2024-03-10 23:59:59.999999""#, "2024-03-10"),
            ("1710028800", "2024-03-10"),
            ("1710115199.999", "2024-03-10"),
            ("1710028800000", "2024-03-10"),
            (r#""1710028800000""#, "2024-03-10"),
            ("-1", "INVALID_DATE"),
            ("-1000000000", "1938-04-24"),
            ("-86400000001", "1967-04-06"),
            ("0", "1970-01-01"),
            ("null", "<null>"),
            (r#""""#, "<empty>"),
            (r#"" ""#, "<empty>"),
            ("20240310", "INVALID_DATE"),
            (r#""20240310""#, "INVALID_DATE"),
            (r#""2023-02-29""#, "INVALID_DATE"),
            (r#""0000-00-00""#, "INVALID_DATE"),
            (r#""03/10/2024""#, "INVALID_DATE"),
            (r#""invalid-date-format""#, "INVALID_DATE"),
            ("true", "INVALID_DATE"),
            ("[]", "INVALID_DATE"),
            ("{}", "INVALID_DATE"),
        ] {
            assert_eq!(sent(&rule, raw), expected, "{raw}");
        }
    }

    #[test]
    fn an_instant_is_moved_to_utc() {
        let rule = rule(&property("closedate", "datetime", "date"));
        for (raw, expected) in [
            (r#""2024-03-10""#, "2024-03-10T00:00:00.000Z"),
            (r#""2024-03-10T00:00:00+02:00""#, "2024-03-09T22:00:00.000Z"),
            (r#""2024-12-31T23:30:00-05:00""#, "2025-01-01T04:30:00.000Z"),
            (r#""2024-02-28T23:00:00-01:00""#, "2024-02-29T00:00:00.000Z"),
            (r#""2024-03-10T08:30:15.123999Z""#, "2024-03-10T08:30:15.123Z"),
            (r#""2024-03-10 08:30:15.5""#, "2024-03-10T08:30:15.500Z"),
            (r#""2024-03-10 08:30:15.000 +0530""#, "2024-03-10T03:00:15.000Z"),
            ("1710028800", "2024-03-10T00:00:00.000Z"),
            ("1710028800.25", "2024-03-10T00:00:00.250Z"),
            ("1710028800123", "2024-03-10T00:00:00.123Z"),
            (r#""1710028800123.9""#, "2024-03-10T00:00:00.123Z"),
            ("-86400000001", "1967-04-06T23:59:59.999Z"),
            (r#""0001-01-01T00:00:00+01:00""#, "INVALID_DATE"),
            ("1710028800000000", "INVALID_DATE"),
            ("2024", "INVALID_DATE"),
            (r#""soon""#, "INVALID_DATE"),
            ("null", "<null>"),
            (r#"" ""#, "<empty>"),
        ] {
            assert_eq!(sent(&rule, raw), expected, "{raw}");
        }
    }

    fn in_zone(name: &str) -> ValueRule {
        let day_zone = Some(TimeZoneDatabase::bundled().get(name).unwrap());
        ValueRule::new(
            &property("closedate", "datetime", "date"),
            RuleOptions { day_zone, ..RuleOptions::default() },
        )
    }

    #[test]
    fn a_day_alone_begins_where_the_stream_has_its_midnight() {
        for (zone, raw, expected) in [
            ("America/New_York", r#""2024-03-10""#, "2024-03-10T05:00:00.000Z"),
            ("America/New_York", r#""2024-07-04\u200b""#, "2024-07-04T04:00:00.000Z"),
            ("Europe/Berlin", r#""2024-03-10""#, "2024-03-09T23:00:00.000Z"),
            // Clocks went from midnight to one o'clock, and from one o'clock to midnight once more.
            ("America/Sao_Paulo", r#""2018-11-04""#, "2018-11-04T03:00:00.000Z"),
            ("America/Havana", r#""2024-11-03""#, "2024-11-03T04:00:00.000Z"),
            ("America/New_York", r#""2024-03-10T00:00:00""#, "2024-03-10T00:00:00.000Z"),
            ("America/New_York", r#""2024-03-10T00:00:00+02:00""#, "2024-03-09T22:00:00.000Z"),
            ("America/New_York", "1710028800", "2024-03-10T00:00:00.000Z"),
            ("Asia/Tokyo", r#""0001-01-01""#, "INVALID_DATE"),
        ] {
            assert_eq!(sent(&in_zone(zone), raw), expected, "{zone}: {raw}");
        }
    }

    proptest! {
        #![proptest_config(testing::config())]

        #[test]
        fn a_written_day_is_never_a_day_off(
            days in -700_000..2_900_000_i32, second in 0..86_400_i32, offset in -840..841_i32,
        ) {
            let day = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            let (hour, minute) = (second / 3600, second / 60 % 60);
            let (sign, size) = (if offset < 0 { '-' } else { '+' }, offset.abs());
            let time = format!("{hour:02}:{minute:02}:{:02}", second % 60);
            let raw = format!("\"{day}T{time}{sign}{:02}:{:02}\"", size / 60, size % 60);
            let rule = rule(&property("birthday", "date", "date"));
            prop_assert_eq!(sent(&rule, &raw), day.to_string());
        }

        #[test]
        fn instants_agree_with_the_calendar_library(
            seconds in -62_000_000_000_i64..253_000_000_000, milli in 0..1000_i32, offset in -840..841_i32,
        ) {
            let instant = jiff::Timestamp::new(seconds, milli * 1_000_000).unwrap();
            let offset = jiff::tz::Offset::from_seconds(offset * 60).unwrap();
            let rule = rule(&property("closedate", "datetime", "date"));
            let sent = sent(&rule, &format!("\"{}\"", instant.display_with_offset(offset)));
            prop_assert_eq!(&sent, &format!("{instant:.3}"));
        }
    }
}
