//! JSON values as raw text: what a value is, what a string says, how text is written as a string.
//!
//! Values stay text from standard input to the request body, so digits, escapes and big numbers
//! survive exactly. These helpers look at that text without building a tree of values.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::json::{Form, Raw};

/// One JSON value, told apart by its first character; the text inside is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, exactly as written.
    Number(&'a str),
    /// A string, still escaped.
    String(RawText<'a>),
    /// An array, brackets included.
    Array(&'a str),
    /// An object, braces included.
    Object(&'a str),
}

impl<'a> Json<'a> {
    /// Tells what `raw` is. `None` where it cannot be JSON; well-formed text is never refused.
    #[inline]
    pub(crate) fn of(raw: impl Into<Raw<'a>>) -> Option<Self> {
        let raw = raw.into();
        let text = raw.text();
        match raw.form() {
            Form::Plain => Some(Json::String(RawText { quoted: text, is_plain: true })),
            Form::Escaped => Some(Json::String(RawText { quoted: text, is_plain: false })),
            Form::Bare => Self::read(text),
            Form::Unseen => Self::read(text.trim_ascii()),
        }
    }

    fn read(raw: &'a str) -> Option<Self> {
        match raw.as_bytes().first()? {
            b'"' => RawText::of(raw).map(Json::String),
            b'-' | b'0'..=b'9' => Some(Json::Number(raw)),
            b'[' => Some(Json::Array(raw)),
            b'{' => Some(Json::Object(raw)),
            _ => match raw {
                "null" => Some(Json::Null),
                "true" => Some(Json::Bool(true)),
                "false" => Some(Json::Bool(false)),
                _ => None,
            },
        }
    }
}

/// A JSON string as written, quotes and escapes included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawText<'a> {
    quoted: &'a str,
    /// Whether it holds no escape.
    is_plain: bool,
}

impl<'a> RawText<'a> {
    /// `None` where the quotes are missing.
    pub(crate) fn of(quoted: &'a str) -> Option<Self> {
        let long_enough = quoted.len() >= 2;
        let is_plain = memchr::memchr(b'\\', quoted.as_bytes()).is_none();
        (long_enough && quoted.starts_with('"') && quoted.ends_with('"')).then_some(Self { quoted, is_plain })
    }

    /// The string with its quotes.
    pub(crate) fn quoted(self) -> &'a str {
        self.quoted
    }

    /// What stands between the quotes, still escaped.
    pub(crate) fn body(self) -> &'a str {
        &self.quoted[1..self.quoted.len() - 1]
    }

    /// The body where it holds no escape, so that it already is the text meant.
    pub(crate) fn plain(self) -> Option<&'a str> {
        self.is_plain.then(|| self.body())
    }

    /// The text meant; borrowed where there is nothing to decode.
    ///
    /// # Errors
    /// [`BrokenText`] where an escape names half a character.
    pub(crate) fn decode(self) -> Result<Cow<'a, str>, BrokenText> {
        match self.plain() {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => serde_json::from_str::<String>(self.quoted).map(Cow::Owned).map_err(|_| BrokenText),
        }
    }

    /// Whether [`Self::decode`] would succeed, found out without decoding.
    pub(crate) fn is_whole(self) -> bool {
        let mut rest = self.body().as_bytes();
        while let Some(at) = memchr::memchr(b'\\', rest) {
            rest = &rest[at + 1..];
            match rest.first() {
                None => return false,
                Some(b'u') => match code_unit(rest) {
                    Some(0xD800..=0xDBFF) => match rest.get(5..).and_then(|next| next.strip_prefix(b"\\")) {
                        Some(next) if matches!(code_unit(next), Some(0xDC00..=0xDFFF)) => rest = &next[5..],
                        _ => return false,
                    },
                    Some(0xDC00..=0xDFFF) | None => return false,
                    Some(_) => rest = &rest[5..],
                },
                Some(_) => rest = &rest[1..],
            }
        }
        true
    }
}

/// The UTF-16 unit of `uXXXX` at the start of `escape`.
fn code_unit(escape: &[u8]) -> Option<u16> {
    let digits = std::str::from_utf8(escape.get(1..5)?).ok()?;
    if escape[0] != b'u' || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u16::from_str_radix(digits, 16).ok()
}

/// A string that names half of a UTF-16 pair: it stands for no text, so it cannot be sent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text holds half of a UTF-16 pair")]
pub(crate) struct BrokenText;

/// The elements of a JSON array, each as raw text. `None` where `array` is not one.
///
/// Nesting of any depth is walked without recursion.
pub(crate) fn elements(array: &str) -> Option<Vec<&str>> {
    let elements: Vec<&RawValue> = serde_json::from_str(array).ok()?;
    Some(elements.into_iter().map(RawValue::get).collect())
}

/// Appends `text` to `out` as a JSON string, quotes included.
pub(crate) fn escape_into(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    escape_body_into(text, out);
    out.push(b'"');
}

/// Appends `text` to `out` escaped as in a JSON string, without quotes.
pub(crate) fn escape_body_into(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bytes = text.as_bytes();
    let mut copied = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[copied..at]);
        copied = at + 1;
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
        }
    }
    out.extend_from_slice(&bytes[copied..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::coerce::testing;

    fn raw(quoted: &str) -> RawText<'_> {
        RawText::of(quoted).unwrap()
    }

    #[test]
    fn values_are_told_apart() {
        assert_eq!(Json::of("null"), Some(Json::Null));
        assert_eq!(Json::of(" true\n"), Some(Json::Bool(true)));
        assert_eq!(Json::of("false"), Some(Json::Bool(false)));
        assert_eq!(Json::of("-0.5e3"), Some(Json::Number("-0.5e3")));
        assert_eq!(Json::of("[1]"), Some(Json::Array("[1]")));
        assert_eq!(Json::of("{}"), Some(Json::Object("{}")));
        assert!(matches!(Json::of(r#""a""#), Some(Json::String(_))));
        for broken in ["", " ", "\"", "\"a", "nul", "True", "NaN", "+1"] {
            assert_eq!(Json::of(broken), None, "{broken}");
        }
    }

    #[test]
    fn strings_decode_and_borrow_where_they_can() {
        assert!(matches!(raw(r#""Zoë""#).decode(), Ok(Cow::Borrowed("Zoë"))));
        assert_eq!(raw(r#""a\n\u00e9\ud83d\ude00\/""#).decode().unwrap(), "a\né😀/");
        assert_eq!(raw(r#""""#).body(), "");
    }

    #[test]
    fn half_a_pair_is_found_with_and_without_decoding() {
        for broken in [
            r#""\ud800""#,
            r#""\udc00""#,
            r#""\ud800x""#,
            r#""\ud800\n""#,
            r#""\ud800\u0041""#,
            r#""\ud800\ud800\udc00""#,
            r#""\udc00\ud800""#,
        ] {
            assert!(!raw(broken).is_whole(), "{broken}");
            assert_eq!(raw(broken).decode(), Err(BrokenText), "{broken}");
        }
        for whole in [r#""\\ud800""#, r#""\ud83d\ude00\ud83d\ude00""#, r#""\uD83D\uDE00""#, r#""\"\\""#] {
            assert!(raw(whole).is_whole(), "{whole}");
            assert!(raw(whole).decode().is_ok(), "{whole}");
        }
    }

    #[test]
    fn text_that_is_no_json_does_not_panic() {
        for broken in
            [r#""\""#, r#""\u""#, r#""\u12""#, r#""\ud800\""#, r#""\ud800\u""#, "\"\\uéé\"", "\"\\é\""]
        {
            let text = raw(broken);
            let _ = (text.is_whole(), text.decode());
        }
    }

    #[test]
    fn arrays_are_split_into_raw_elements() {
        assert_eq!(
            elements(r#"[1.50, "a;\ud800" ,null,[ {} ]]"#),
            Some(vec!["1.50", r#""a;\ud800""#, "null", "[ {} ]"])
        );
        assert_eq!(elements("[]"), Some(vec![]));
        assert_eq!(elements("[1"), None);
        let deep = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(elements(&deep).map(|all| all.len()), Some(1));
    }

    proptest! {
        #![proptest_config(testing::config())]

        #[test]
        fn escaping_is_what_a_json_reader_undoes(text in any::<String>()) {
            let mut out = Vec::new();
            escape_into(&text, &mut out);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }

        #[test]
        fn wholeness_agrees_with_the_decoder(units in prop::collection::vec(prop_oneof![
            Just(r"\ud83d".to_owned()), Just(r"\ude00".to_owned()), Just(r"\\".to_owned()),
            Just("u".to_owned()), any::<u16>().prop_map(|unit| format!("\\u{unit:04x}")),
        ], 0..12)) {
            let quoted = format!("\"{}\"", units.concat());
            prop_assert_eq!(raw(&quoted).is_whole(), raw(&quoted).decode().is_ok());
        }
    }
}
