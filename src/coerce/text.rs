//! Text: strings copied as they are, everything else as the text it was written with.
//!
//! Serves `string`, `phone_number` and kinds this version does not know. Nothing is trimmed or changed:
//! the sender's text is the value. Only `""` counts as empty.

use std::borrow::Cow;

use super::Coerced;
use super::invalid::{MAX_CHARACTERS, Reason};
use super::json_text::{Json, RawText, escape_into};

/// Writes `value` for a text property.
///
/// # Errors
/// [`Reason::TooLong`], [`Reason::BrokenText`].
pub(super) fn write(value: Json<'_>, out: &mut Vec<u8>) -> Result<Coerced, Reason> {
    match value {
        Json::String(text) if text.body().is_empty() => return Ok(Coerced::Empty),
        Json::String(text) => write_string(text, out)?,
        Json::Number(number) => {
            check_length(number)?;
            out.push(b'"');
            out.extend_from_slice(number.as_bytes());
            out.push(b'"');
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

/// `text` without white space around it.
pub(super) fn trim(text: &str) -> &str {
    // Mostly there is none, which two bytes tell; looking for it character by character costs 80 instructions.
    let is_bare = |end: Option<&u8>| end.is_some_and(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    if is_bare(bytes.first()) && is_bare(bytes.last()) { text } else { text.trim() }
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
    use crate::coerce::{MAX_CHARACTERS, coerce};

    #[test]
    fn text_is_the_text_that_was_written() {
        for kind in ["string", "phone_number", "json", "some_future_kind"] {
            let rule = rule(&property("note", kind, "text"));
            for (raw, expected) in [
                (r#""plain""#, "plain"),
                (r#""  kept  ""#, "  kept  "),
                (r#""   ""#, "   "),
                (r#""a\"b\\c\n\u00e9\ud83d\ude00""#, "a\"b\\c\né😀"),
                ("12345678901234567890.10", "12345678901234567890.10"),
                ("1e21", "1e21"),
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
