//! Text: strings copied as they are, everything else as the text it was written with.
//!
//! Serves `string` and kinds this version does not know. Nothing is trimmed or changed:
//! the sender's text is the value. Only `""` counts as empty. A whole JSON number goes without the `.0` that databases
//! add, and the text of a number is one where the catalog declares the column so ([`super::spelling`]).

use std::borrow::Cow;

use super::Coerced;
use super::blanks::trim;
use super::invalid::{MAX_CHARACTERS, Reason};
use super::json_text::{Json, RawText, escape_into};
use super::number;
use super::spelling::Figures;

/// Writes `value` for a text property.
///
/// # Errors
/// [`Reason::TooLong`], [`Reason::BrokenText`].
pub(super) fn write(figures: Figures, value: Json<'_>, out: &mut Vec<u8>) -> Result<Coerced, Reason> {
    match value {
        Json::String(text) if text.body().is_empty() => return Ok(Coerced::Empty),
        Json::String(text) => match figure(figures, text)? {
            Some(number) => write_digits(&number, out),
            None => write_string(text, out)?,
        },
        Json::Number(number) => {
            check_length(number)?;
            let digits = match figures {
                Figures::AsText => number::integral(number),
                Figures::AsNumbers => number::shortest(number),
            };
            // What has too many digits to be written out is text all the same.
            write_digits(&digits.unwrap_or(Cow::Borrowed(number)), out);
        }
        Json::Bool(truth) => out.extend_from_slice(if truth { b"\"true\"" } else { b"\"false\"" }),
        Json::Array(nested) | Json::Object(nested) => {
            check_length(nested)?;
            escape_into(nested, out);
        }
        Json::Null => return Ok(Coerced::Null),
    }
    Ok(Coerced::Written)
}

/// The number that a text stands for, where it may stand for one.
fn figure(figures: Figures, text: RawText<'_>) -> Result<Option<String>, Reason> {
    match figures {
        Figures::AsText => Ok(None),
        Figures::AsNumbers => Ok(number::shortest(trim(&text.decode()?)).ok().map(Cow::into_owned)),
    }
}

fn write_digits(digits: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(digits.as_bytes());
    out.push(b'"');
}

/// Copies a string verbatim, escapes included, once it is known to be text of an accepted length.
fn write_string(text: RawText<'_>, out: &mut Vec<u8>) -> Result<(), Reason> {
    if text.plain().is_none() && !text.is_whole() {
        return Err(Reason::BrokenText);
    }
    // An escape never is shorter than its character, so a short body needs no counting.
    if text.body().len() > MAX_CHARACTERS {
        check_length(&text.decode()?)?;
    }
    out.extend_from_slice(text.quoted().as_bytes());
    Ok(())
}

/// Refuses more than [`MAX_CHARACTERS`] characters.
pub(super) fn check_length(text: &str) -> Result<(), Reason> {
    if text.len() > MAX_CHARACTERS && text.chars().count() > MAX_CHARACTERS {
        return Err(Reason::TooLong);
    }
    Ok(())
}

/// `text` in lower case; borrowed where it already is.
pub(super) fn lower_case(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use crate::coerce::testing::{property, rule, sent};
    use crate::coerce::{Figures, MAX_CHARACTERS, RuleOptions, ValueRule, coerce};

    #[test]
    fn text_is_the_text_that_was_written() {
        for kind in ["string", "json", "some_future_kind"] {
            let rule = rule(&property("note", kind, "text"));
            for (raw, expected) in [
                (r#""plain""#, "plain"),
                (r#""  kept  ""#, "  kept  "),
                (r#""   ""#, "   "),
                (r#""a\"b\\c\n\u00e9\ud83d\ude00""#, "a\"b\\c\né😀"),
                ("12345678901234567890.10", "12345678901234567890.10"),
                ("1e21", "1000000000000000000000"),
                ("4930123456.0", "4930123456"),
                ("-0", "0"),
                ("-0.00", "0"),
                ("1.5e-3", "0.0015"),
                ("1e999", "1e999"),
                (r#""12345.0""#, "12345.0"),
                ("true", "true"),
                (r#"["a", 1]"#, r#"["a", 1]"#),
                (r#"{"k":"\"\n"}"#, r#"{"k":"\"\n"}"#),
                ("null", "<null>"),
                (r#""""#, "<empty>"),
                (r#""\ud800""#, "INVALID_RECORD"),
            ] {
                assert_eq!(sent(&rule, raw), expected, "{kind}: {raw}");
            }
        }
    }

    #[test]
    fn decimal_text_is_a_number_where_the_catalog_declares_one() {
        for kind in ["string", "json"] {
            let options = RuleOptions { figures: Figures::AsNumbers, ..RuleOptions::default() };
            let rule = ValueRule::new(&property("note", kind, "text"), options);
            for (raw, expected) in [
                (r#""7000.000000000""#, "7000"),
                (r#"" 7000.500000000\u200b""#, "7000.5"),
                ("7000.0", "7000"),
                ("7000.50", "7000.5"),
                (r#""1E+3""#, "1000"),
                (r#""-0.000""#, "0"),
                (r#""12345678901234567890123.0""#, "12345678901234567890123"),
                (r#""1e999""#, "1e999"),
                (r#"" seven ""#, " seven "),
                (r#""1,000.0""#, "1,000.0"),
                (r#""""#, "<empty>"),
                (r#"" ""#, " "),
                ("true", "true"),
            ] {
                assert_eq!(sent(&rule, raw), expected, "{kind}: {raw}");
            }
        }
    }

    #[test]
    fn strings_are_copied_byte_for_byte() {
        let rule = rule(&property("note", "string", "text"));
        for raw in [r#""a\u00e9\/b""#, r#""Ünïcödé""#] {
            let mut out = Vec::new();
            coerce(&rule, raw, &mut out).unwrap();
            assert_eq!(out, raw.as_bytes());
        }
    }

    #[test]
    fn the_limit_counts_characters_not_bytes() {
        let rule = rule(&property("note", "string", "text"));
        for character in ["x", "é", "😀", r"\n", r"\u00e9", r"\ud83d\ude00"] {
            let most = format!("\"{}\"", character.repeat(MAX_CHARACTERS));
            assert_ne!(sent(&rule, &most), "VALUE_TOO_LONG", "{character}");
            let more = format!("\"{}\"", character.repeat(MAX_CHARACTERS + 1));
            assert_eq!(sent(&rule, &more), "VALUE_TOO_LONG", "{character}");
        }
        let list = format!("[{}1]", "1,".repeat(MAX_CHARACTERS / 2));
        assert_eq!(sent(&rule, &list), "VALUE_TOO_LONG");
        assert_eq!(sent(&rule, &"9".repeat(MAX_CHARACTERS + 1)), "VALUE_TOO_LONG");
    }
}
