//! Timestamps as text: ISO 8601 in the spellings that warehouses use, to calendar fields and an offset.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use super::invalid::Reason;

/// A day and a time of day as written, with the offset that was written beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// What a clock on the wall showed, to the millisecond; later digits are cut off.
    pub(super) wall: DateTime,
    /// Where that clock hung.
    pub(super) zone: Zone,
}

/// What was written of the zone that a clock is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    /// So many seconds east of UTC.
    East(i32),
    /// Nothing, which is taken as UTC.
    Unwritten,
    /// Nothing, and no time of day either: the moment is a day's midnight.
    OfADay,
}

impl Moment {
    /// The same instant on a clock in UTC.
    ///
    /// # Errors
    /// [`Reason::TimeOutOfRange`] where the offset leads out of the years 1 to 9999.
    pub(super) fn in_utc(self) -> Result<DateTime, Reason> {
        match self.zone {
            Zone::Unwritten | Zone::OfADay | Zone::East(0) => Ok(self.wall),
            Zone::East(east) => {
                in_years(self.wall.checked_sub(SignedDuration::from_secs(i64::from(east))).ok())
            }
        }
    }

    /// When its day begins in a zone, on a clock in UTC. A day that has no midnight begins after the hour that is left out.
    ///
    /// # Errors
    /// [`Reason::TimeOutOfRange`] where that is not in the years 1 to 9999.
    pub(super) fn day_in(self, zone: &TimeZone) -> Result<DateTime, Reason> {
        let begins = self.wall.date().to_zoned(zone.clone()).ok();
        in_years(begins.map(|begins| Offset::UTC.to_datetime(begins.timestamp())))
    }
}

/// Passes what lies in the years 1 to 9999, the ones that four digits can write.
pub(super) fn in_years(moment: Option<DateTime>) -> Result<DateTime, Reason> {
    moment.filter(|moment| (1..=9999).contains(&moment.year())).ok_or(Reason::TimeOutOfRange)
}

/// Reads `YYYY-MM-DD`, optionally followed by `T` or a blank, `HH:MM[:SS[.fraction]]` and a zone: `Z`,
/// `UTC`, `GMT`, `+HH`, `+HHMM`, `+HH:MM` or `+HH:MM:SS`, after a blank or not.
///
/// `None` where `text` does not begin like a date at all.
///
/// # Errors
/// [`Reason::NotADate`] for any other spelling, [`Reason::NoSuchTime`] for the 30th of February, the year
/// 0 or 25 o'clock.
pub(super) fn parse(text: &str) -> Option<Result<Moment, Reason>> {
    let bytes = text.as_bytes();
    let begins_like_a_date = bytes.len() >= 10 && bytes[4] == b'-' && bytes[7] == b'-';
    begins_like_a_date.then(|| parse_moment(bytes))
}

/// Whether the text is a day, `YYYY-MM-DD` and nothing else.
pub(super) fn is_a_day(text: &[u8]) -> bool {
    text.len() == 10 && text[4] == b'-' && text[7] == b'-' && date(text).is_ok()
}

fn parse_moment(text: &[u8]) -> Result<Moment, Reason> {
    let date = date(&text[..10])?;
    let Some((separator, rest)) = text[10..].split_first() else {
        return Ok(Moment { wall: date.to_datetime(Time::midnight()), zone: Zone::OfADay });
    };
    if !matches!(separator, b'T' | b't' | b' ') {
        return Err(Reason::NotADate);
    }
    let (time, rest) = time(rest)?;
    let zone = zone(rest.trim_ascii_start())?;
    Ok(Moment { wall: date.to_datetime(time), zone })
}

fn date(text: &[u8]) -> Result<Date, Reason> {
    let (century, year) = (number(&text[..2])?, number(&text[2..4])?);
    let (month, day) = (number(&text[5..7])?, number(&text[8..10])?);
    let year = i16::from(century) * 100 + i16::from(year);
    if year == 0 {
        return Err(Reason::NoSuchTime);
    }
    Date::new(year, month, day).map_err(|_| Reason::NoSuchTime)
}

/// Reads a time of day from the front; returns it with what follows.
fn time(text: &[u8]) -> Result<(Time, &[u8]), Reason> {
    let (hour, rest) = two_digits(text)?;
    let (minute, mut rest) = two_digits(rest.strip_prefix(b":").ok_or(Reason::NotADate)?)?;
    let (mut second, mut millisecond) = (0, 0);
    if let Some(after) = rest.strip_prefix(b":") {
        (second, rest) = two_digits(after)?;
        if let [b'.' | b',', after @ ..] = rest {
            let end = after.iter().position(|b| !b.is_ascii_digit()).unwrap_or(after.len());
            if end == 0 {
                return Err(Reason::NotADate);
            }
            millisecond = milliseconds(&after[..end]);
            rest = &after[end..];
        }
    }
    // A leap second has no place of its own in HubSpot; it falls into the second before it.
    let time = Time::new(hour, minute, if second == 60 { 59 } else { second }, millisecond * 1_000_000);
    Ok((time.map_err(|_| Reason::NoSuchTime)?, rest))
}

/// The first three digits of a fraction of a second, as milliseconds.
pub(super) fn milliseconds(fraction: &[u8]) -> i32 {
    let digit = |at: usize| fraction.get(at).map_or(0, |digit| i32::from(digit - b'0'));
    digit(0) * 100 + digit(1) * 10 + digit(2)
}

fn zone(text: &[u8]) -> Result<Zone, Reason> {
    if text.is_empty() {
        return Ok(Zone::Unwritten);
    }
    if [&b"Z"[..], b"UTC", b"GMT"].iter().any(|name| name.eq_ignore_ascii_case(text)) {
        return Ok(Zone::East(0));
    }
    let (east, rest) = match text {
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return Err(Reason::NotADate),
    };
    let (hours, rest) = two_digits(rest)?;
    let (minutes, rest) = optional_two_digits(rest)?;
    let (seconds, rest) = optional_two_digits(rest)?;
    if !rest.is_empty() {
        return Err(Reason::NotADate);
    }
    if hours > 23 || minutes > 59 || seconds > 59 {
        return Err(Reason::NoSuchTime);
    }
    Ok(Zone::East(east * (i32::from(hours) * 3600 + i32::from(minutes) * 60 + i32::from(seconds))))
}

fn optional_two_digits(text: &[u8]) -> Result<(i8, &[u8]), Reason> {
    match text {
        [] => Ok((0, text)),
        [b':', rest @ ..] | rest => two_digits(rest),
    }
}

fn two_digits(text: &[u8]) -> Result<(i8, &[u8]), Reason> {
    let (digits, rest) = text.split_at_checked(2).ok_or(Reason::NotADate)?;
    Ok((number(digits)?, rest))
}

/// The value of two ASCII digits.
fn number(digits: &[u8]) -> Result<i8, Reason> {
    match digits {
        &[tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            i8::try_from((tens - b'0') * 10 + (ones - b'0')).map_err(|_| Reason::NotADate)
        }
        _ => Err(Reason::NotADate),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::datetime;
    use proptest::prelude::*;

    use super::*;
    use crate::coerce::testing;

    #[test]
    fn spellings_of_one_instant() {
        let wall = datetime(2024, 3, 10, 8, 30, 15, 120_000_000);
        for (text, offset) in [
            ("2024-03-10T08:30:15.12", None),
            ("2024-03-10 08:30:15,120", None),
            ("2024-03-10t08:30:15.1209999999Z", Some(0)),
            ("2024-03-10T08:30:15.120z", Some(0)),
            ("2024-03-10 08:30:15.120 UTC", Some(0)),
            ("2024-03-10 08:30:15.120 gmt", Some(0)),
            ("2024-03-10 08:30:15.120+00", Some(0)),
            ("2024-03-10 08:30:15.120-00:00", Some(0)),
            ("2024-03-10 08:30:15.120 -0800", Some(-8 * 3600)),
            ("2024-03-10T08:30:15.120+05:30", Some(5 * 3600 + 1800)),
            ("2024-03-10T08:30:15.120+00:53:28", Some(3208)),
            ("2024-03-10T08:30:15.120+005328", Some(3208)),
        ] {
            let zone = offset.map_or(Zone::Unwritten, Zone::East);
            assert_eq!(parse(text), Some(Ok(Moment { wall, zone })), "{text}");
        }
        let day = Moment { wall: datetime(2024, 3, 10, 0, 0, 0, 0), zone: Zone::OfADay };
        assert_eq!(parse("2024-03-10"), Some(Ok(day)));
        let minute = Moment { wall: datetime(2024, 3, 10, 8, 30, 0, 0), zone: Zone::East(0) };
        assert_eq!(parse("2024-03-10T08:30Z"), Some(Ok(minute)));
        let leap_second =
            Moment { wall: datetime(2016, 12, 31, 23, 59, 59, 500_000_000), zone: Zone::East(0) };
        assert_eq!(parse("2016-12-31T23:59:60.5Z"), Some(Ok(leap_second)));
    }

    #[test]
    fn times_that_do_not_exist() {
        for text in [
            "0000-00-00",
            "0000-01-01",
            "2023-02-29",
            "1900-02-29",
            "2024-04-31",
            "2024-13-01",
            "2024-00-10",
            "2024-01-00",
            "2024-01-01T24:00:00Z",
            "2024-01-01T12:60",
            "2024-01-01T12:00:61",
            "2024-01-01T12:00:00+24:00",
            "2024-01-01T12:00:00+01:60",
        ] {
            assert_eq!(parse(text), Some(Err(Reason::NoSuchTime)), "{text}");
        }
        for leap_day in ["2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"] {
            assert!(matches!(parse(leap_day), Some(Ok(_))), "{leap_day}");
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "2024-03-10T",
            "2024-03-10x",
            "2024-03-10 ",
            "2024-03-10T8:30",
            "2024-03-10T08",
            "2024-03-10T0830",
            "2024-03-10T08:30:",
            "2024-03-10T08:30:15.",
            "2024-03-10T08:30:15 CET",
            "2024-03-10T08:30:15+1",
            "2024-03-10T08:30:15+01:",
            "2024-03-10T08:30:15+01:00:00:00",
            "2024-03-10T08:30:15Zx",
            "2024-03-10T08:30:15+01:00[Europe/Berlin]",
            "20a4-03-10",
            "2024-0a-10",
        ] {
            assert_eq!(parse(text), Some(Err(Reason::NotADate)), "{text}");
        }
        for text in
            ["", "2024", "2024-3-1", "20240310", "03/10/2024", "10.03.2024", "March 10, 2024", "24-03-10T00"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        // Bytes in the middle of a character must not be cut apart.
        for text in ["éé-é-éé", "2024-03-1é", "2024-03-10é", "2024-03-10T08:3é"] {
            let _ = parse(text);
        }
    }

    #[test]
    fn an_offset_may_lead_out_of_the_calendar() {
        let at = |text| parse(text).unwrap().unwrap().in_utc();
        assert_eq!(at("0001-01-01T00:00:00+00:01"), Err(Reason::TimeOutOfRange));
        assert_eq!(at("9999-12-31T23:59:59-00:01"), Err(Reason::TimeOutOfRange));
        assert_eq!(at("0001-01-01T00:01:00+00:01"), Ok(datetime(1, 1, 1, 0, 0, 0, 0)));
    }

    proptest! {
        #![proptest_config(testing::config())]

        #[test]
        fn what_the_calendar_library_prints_is_read_back(
            seconds in -62_000_000_000_i64..253_000_000_000,
            nanoseconds in 0..1_000_000_000_i32,
            offset in -1439..1440_i32,
        ) {
            let instant = jiff::Timestamp::new(seconds, nanoseconds).unwrap();
            let offset = Offset::from_seconds(offset * 60).unwrap();
            let printed = instant.display_with_offset(offset).to_string();
            let moment = parse(&printed).unwrap().unwrap();
            prop_assert_eq!(moment.zone, Zone::East(offset.seconds()));
            let utc = Offset::UTC.to_timestamp(moment.in_utc().unwrap()).unwrap();
            prop_assert_eq!(utc.as_millisecond(), instant.as_nanosecond().div_euclid(1_000_000) as i64);
        }

        #[test]
        fn agrees_with_the_calendar_library_on_what_exists(
            text in "[0-2][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-5][0-9]Z"
        ) {
            let theirs = text.parse::<jiff::Timestamp>().ok();
            let year_zero = text.starts_with("0000");
            let ours = parse(&text).unwrap().ok();
            prop_assert_eq!(ours.is_some(), theirs.is_some() && !year_zero);
            if let Some(ours) = ours {
                prop_assert_eq!(Offset::UTC.to_timestamp(ours.wall).ok(), theirs);
            }
        }

        #[test]
        fn arbitrary_text_never_panics(text in any::<String>(), tail in "[0-9T:.,Z +-]{0,20}") {
            let _ = parse(&text);
            let _ = parse(&format!("2024-03-10{tail}"));
        }
    }
}
