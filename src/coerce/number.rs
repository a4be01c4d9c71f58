//! Numbers: any spelling of a decimal number to plain digits, by string arithmetic, without loss.
//!
//! HubSpot takes digits with at most one decimal point (properties guide, "number" values). Warehouses
//! also send exponents (`1E+21`), signs, leading zeros and numbers as text; none of them passes through
//! a float here, so every digit survives. Zeros behind the point of a fraction are kept, as the sender wrote them, unless
//! numbers are told apart by their text; a fraction of nothing but zeros is none.

use std::borrow::Cow;

use super::Coerced;
use super::blanks::trim;
use super::invalid::Reason;
use super::json_text::Json;

/// The largest exponent, either way, that is written out: beyond a double's range, short of absurd.
const MAX_EXPONENT: i64 = 400;

/// Writes `value` for a number property.
///
/// # Errors
/// [`Reason::NotANumber`] for anything but a number or the text of one.
pub(super) fn write(value: Json<'_>, out: &mut Vec<u8>) -> Result<Coerced, Reason> {
    out.push(b'"');
    match value {
        Json::Number(number) => write_integral(number, out)?,
        Json::String(text) => {
            let text = text.decode()?;
            let text = trim(&text);
            if text.is_empty() {
                return Ok(Coerced::Empty);
            }
            write_integral(text, out)?;
        }
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => return Err(Reason::NotANumber),
    }
    out.push(b'"');
    Ok(Coerced::Written)
}

/// Appends `number` as plain digits, without a fraction where that is all zeros.
fn write_integral(number: &str, out: &mut Vec<u8>) -> Result<(), Reason> {
    let start = out.len();
    write_plain(number, out)?;
    let kept = without_idle_fraction(&out[start..]);
    out.truncate(start + kept);
    Ok(())
}

/// How many of these plain digits are left without a fraction that is all zeros.
fn without_idle_fraction(plain: &[u8]) -> usize {
    if plain.last() != Some(&b'0') {
        return plain.len();
    }
    let end = plain.iter().rposition(|digit| *digit != b'0');
    end.filter(|end| plain[*end] == b'.').unwrap_or(plain.len())
}

/// Appends `number` as plain digits: no exponent, no plus sign, no leading zeros, no negative zero.
///
/// Accepts JSON numbers and, beyond them, `+5`, `007`, `.5` and `5.`.
pub(super) fn write_plain(number: &str, out: &mut Vec<u8>) -> Result<(), Reason> {
    if is_plain(number) {
        out.extend_from_slice(number.as_bytes());
        return Ok(());
    }
    Decimal::parse(number)?.write(out);
    Ok(())
}

/// `number` as plain digits, without a fraction where that is all zeros (`12345.0` is `12345`).
pub(super) fn integral(number: &str) -> Result<Cow<'_, str>, Reason> {
    if is_plain_integer(number) {
        return Ok(Cow::Borrowed(number));
    }
    let mut plain = plain(number)?;
    plain.truncate(without_idle_fraction(plain.as_bytes()));
    if plain == number { Ok(Cow::Borrowed(number)) } else { Ok(Cow::Owned(plain)) }
}

/// `number` as the shortest plain digits: equal numbers are equal text.
pub(super) fn shortest(number: &str) -> Result<Cow<'_, str>, Reason> {
    if is_plain_integer(number) {
        return Ok(Cow::Borrowed(number));
    }
    let mut plain = plain(number)?;
    if plain.contains('.') {
        plain.truncate(plain.trim_end_matches('0').trim_end_matches('.').len());
    }
    Ok(Cow::Owned(plain))
}

/// `number` as plain digits in text of its own.
pub(super) fn plain(number: &str) -> Result<String, Reason> {
    let mut out = Vec::with_capacity(number.len());
    write_plain(number, &mut out)?;
    String::from_utf8(out).map_err(|_| Reason::NotANumber)
}

/// The common case, which needs no rewriting.
fn is_plain(number: &str) -> bool {
    let Some(point) = number.bytes().position(|byte| byte == b'.') else { return is_plain_integer(number) };
    let (whole, fraction) = (&number[..point], &number.as_bytes()[point + 1..]);
    is_plain_integer(whole) && !fraction.is_empty() && fraction.iter().all(u8::is_ascii_digit)
}

/// Digits, perhaps with a sign before them.
fn is_plain_integer(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number).as_bytes();
    digits.iter().all(u8::is_ascii_digit)
        && match digits {
            [] => false,
            [b'0', rest @ ..] => rest.is_empty() && digits.len() == number.len(),
            _ => true,
        }
}

/// A decimal number taken apart; the digits are still where the sender wrote them.
struct Decimal<'a> {
    negative: bool,
    whole: &'a [u8],
    /// `None` without a decimal point.
    fraction: Option<&'a [u8]>,
    /// `None` without an exponent.
    exponent: Option<i64>,
}

impl<'a> Decimal<'a> {
    fn parse(number: &'a str) -> Result<Self, Reason> {
        let (negative, rest) = match number.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (whole, rest) = digits(rest);
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => {
                let (fraction, rest) = digits(rest);
                (Some(fraction), rest)
            }
            _ => (None, rest),
        };
        let exponent = match rest {
            [] => None,
            [b'e' | b'E', rest @ ..] => Some(exponent(rest).ok_or(Reason::NotANumber)?),
            _ => return Err(Reason::NotANumber),
        };
        if whole.is_empty() && fraction.is_none_or(<[u8]>::is_empty) {
            return Err(Reason::NotANumber);
        }
        let decimal =
            Self { negative, whole, fraction: fraction.filter(|digits| !digits.is_empty()), exponent };
        if decimal.exponent.is_some_and(|exponent| exponent.abs() > MAX_EXPONENT) && !decimal.is_zero() {
            return Err(Reason::NumberOutOfRange);
        }
        Ok(decimal)
    }

    fn is_zero(&self) -> bool {
        self.whole.iter().chain(self.fraction.unwrap_or_default()).all(|&digit| digit == b'0')
    }

    fn write(&self, out: &mut Vec<u8>) {
        let zero = self.is_zero();
        if self.negative && !zero {
            out.push(b'-');
        }
        match self.exponent {
            // `0E-9` means nothing but zero; its zeros would only be noise.
            Some(_) if zero => out.push(b'0'),
            Some(exponent) => self.write_shifted(exponent, out),
            None => {
                write_whole(self.whole.iter().copied(), out);
                if let Some(fraction) = self.fraction {
                    out.push(b'.');
                    out.extend_from_slice(fraction);
                }
            }
        }
    }

    /// Writes the digits with the decimal point moved `exponent` places to the right.
    fn write_shifted(&self, exponent: i64, out: &mut Vec<u8>) {
        let fraction = self.fraction.unwrap_or_default();
        let digits = || self.whole.iter().chain(fraction).copied();
        let count = self.whole.len() + fraction.len();
        // Both are small: the exponent was checked, and no text is longer than memory.
        let shift = usize::try_from(exponent.unsigned_abs()).unwrap_or_default();
        let zeros = |count: usize| std::iter::repeat_n(b'0', count);
        if exponent >= 0 {
            let point = self.whole.len() + shift;
            write_whole(digits().chain(zeros(point.saturating_sub(count))).take(point), out);
            if point < count {
                out.push(b'.');
                out.extend(digits().skip(point));
            }
        } else {
            let point = self.whole.len().saturating_sub(shift);
            write_whole(digits().take(point), out);
            out.push(b'.');
            out.extend(zeros(shift.saturating_sub(self.whole.len())));
            out.extend(digits().skip(point));
        }
    }
}

/// Appends the whole part, without leading zeros but with at least one digit.
fn write_whole(digits: impl Iterator<Item = u8>, out: &mut Vec<u8>) {
    let before = out.len();
    out.extend(digits.skip_while(|&digit| digit == b'0'));
    if out.len() == before {
        out.push(b'0');
    }
}

/// Splits leading ASCII digits off.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// The digits of an exponent with an optional sign; one too large to matter is cut to a large number.
fn exponent(text: &[u8]) -> Option<i64> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let (digits, rest) = digits(rest);
    if digits.is_empty() || !rest.is_empty() {
        return None;
    }
    let size = digits.iter().fold(0_i64, |size, &digit| {
        size.saturating_mul(10).saturating_add(i64::from(digit - b'0')).min(MAX_EXPONENT + 1)
    });
    Some(if negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::coerce::testing::{self, property, sent};

    #[test]
    fn spellings_of_numbers() {
        let rule = testing::rule(&property("amount", "number", "number"));
        for (raw, expected) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.00", "0"),
            ("12345.0", "12345"),
            (r#""7000.000000000""#, "7000"),
            ("100", "100"),
            ("42", "42"),
            ("-42", "-42"),
            ("123456.780", "123456.780"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("1e21", "1000000000000000000000"),
            ("1E+2", "100"),
            ("1.5E3", "1500"),
            ("1.2345e2", "123.45"),
            ("1.50e1", "15"),
            ("-1.5e-3", "-0.0015"),
            ("125e-2", "1.25"),
            ("0.001e2", "0.1"),
            ("0.012e3", "12"),
            ("0E-9", "0"),
            ("0e99999999999999999999", "0"),
            ("-0.0e5", "0"),
            (r#""0E-9""#, "0"),
            (r#""100.500000000""#, "100.500000000"),
            (r#"" 42\n""#, "42"),
            (r#""+5""#, "5"),
            (r#""-007.50""#, "-7.50"),
            (r#""000""#, "0"),
            (r#"".5""#, "0.5"),
            (r#""-.5""#, "-0.5"),
            (r#""5.""#, "5"),
            (r#""5.e1""#, "50"),
            (r#""1e0003""#, "1000"),
            (r#""\u0031\u0032""#, "12"),
            (r#""""#, "<empty>"),
            (r#"" \t ""#, "<empty>"),
            ("null", "<null>"),
        ] {
            assert_eq!(sent(&rule, raw), expected, "{raw}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let rule = testing::rule(&property("amount", "number", "number"));
        for raw in [
            r#""1,000""#,
            r#""1.000,5""#,
            r#""1 000""#,
            r#""1_000""#,
            r#""1.2.3""#,
            r#""$5""#,
            r#""5%""#,
            r#""NaN""#,
            r#""Infinity""#,
            r#""-inf""#,
            r#""0x10""#,
            r#""1e""#,
            r#""1e+""#,
            r#""1e2.5""#,
            r#""e5""#,
            r#""+""#,
            r#"".""#,
            r#""-.""#,
            r#""--5""#,
            r#""+-5""#,
            r#""\u0665""#,
            r#""not-a-number""#,
            "1e401",
            "1e-401",
            "1e99999999999999999999",
            "true",
            "[1]",
            "{}",
        ] {
            assert_eq!(sent(&rule, raw), "INVALID_INTEGER", "{raw}");
        }
        assert_eq!(sent(&rule, r#""\ud800""#), "INVALID_RECORD");
    }

    #[test]
    fn the_largest_exponents_are_written_out() {
        assert_eq!(plain("1e400").unwrap(), format!("1{}", "0".repeat(400)));
        assert_eq!(plain("1e-400").unwrap(), format!("0.{}1", "0".repeat(399)));
    }

    #[test]
    fn fractions_of_zeros_go_where_asked() {
        for (number, as_integral, as_shortest) in [
            ("12345", "12345", "12345"),
            ("12345.0", "12345", "12345"),
            ("12345.000000000", "12345", "12345"),
            ("1.2345E4", "12345", "12345"),
            ("1.50", "1.50", "1.5"),
            ("100", "100", "100"),
            ("100.", "100", "100"),
            ("-0.0", "0", "0"),
            ("007", "7", "7"),
        ] {
            assert_eq!(integral(number).unwrap(), as_integral, "{number}");
            assert_eq!(shortest(number).unwrap(), as_shortest, "{number}");
        }
        assert!(integral("abc").is_err() && shortest("1,5").is_err());
    }

    /// What a number is worth, worked out the slow way: sign, digits without outer zeros, power of ten.
    fn worth(number: &str) -> (bool, String, i64) {
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let negative = whole.starts_with('-');
        let mut digits = format!("{}{fraction}", whole.trim_start_matches(['-', '+']));
        let mut power = exponent.parse::<i64>().unwrap() - fraction.len() as i64;
        while digits.starts_with('0') {
            digits.remove(0);
        }
        while digits.ends_with('0') {
            digits.pop();
            power += 1;
        }
        if digits.is_empty() { (false, digits, 0) } else { (negative, digits, power) }
    }

    proptest! {
        #![proptest_config(testing::config())]

        #[test]
        fn plain_digits_are_worth_the_same(
            number in "[-+]?[0-9]{1,30}(\\.[0-9]{0,20})?([eE][-+]?[0-9]{1,2})?",
        ) {
            let plain = plain(&number).unwrap();
            prop_assert_eq!(worth(&plain), worth(&number));
            prop_assert!(plain.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b'.'), "{}", plain);
            prop_assert!(serde_json::from_str::<serde_json::Number>(&plain).is_ok(), "{}", plain);
            let (integral, shortest) = (integral(&number).unwrap(), shortest(&number).unwrap());
            prop_assert_eq!(worth(&integral), worth(&number));
            prop_assert_eq!(worth(&shortest), worth(&number));
        }

        #[test]
        fn equal_numbers_have_one_shortest_spelling(
            digits in 1..1_000_000_u64, places in 0..6_i64, pad in 0..5_usize,
        ) {
            let plainly = format!("{digits}e-{places}");
            let padded = format!("00{digits}{}e-{}", "0".repeat(pad), places + pad as i64);
            prop_assert_eq!(shortest(&plainly).unwrap(), shortest(&padded).unwrap());
        }

        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            let _ = plain(&text);
        }
    }
}
