//! A JSON value of which only a scalar's text is of interest, borrowed where it can be.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::json::{Cursor, Malformed};

/// The text of a string, a number or a boolean; empty for null, an array or an object.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Scalar<'a>(Option<Cow<'a, str>>);

impl<'a> Scalar<'a> {
    /// Reads any value.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Self, Malformed> {
        if cursor.is_text()? {
            return cursor.text().map(|text| Self(Some(text)));
        }
        Ok(match cursor.value()? {
            "null" => Self(None),
            nested if nested.starts_with(['{', '[']) => Self(None),
            number_or_flag => Self(Some(Cow::Borrowed(number_or_flag))),
        })
    }

    /// The text, unless it is empty.
    pub(super) fn into_text(self) -> Option<String> {
        self.0.filter(|text| !text.is_empty()).map(Cow::into_owned)
    }

    /// The text, borrowed, unless it is empty.
    pub(super) fn text(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }

    /// The text as a boolean.
    pub(super) fn flag(&self) -> Option<bool> {
        self.0.as_ref()?.parse().ok()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Scalar(Some(Cow::Borrowed(if flag { "true" } else { "false" }))))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Scalar(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Scalar(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Scalar(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Scalar(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar(None))
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Scalar};

    fn text(json: &str) -> Option<String> {
        let by_serde = serde_json::from_str::<Scalar<'_>>(json).expect("any JSON is taken").into_text();
        let by_cursor = Scalar::read(&mut Cursor::new(json)).expect("any JSON is taken").into_text();
        assert_eq!(by_serde, by_cursor);
        by_cursor
    }

    #[test]
    fn scalars_have_a_text() {
        assert_eq!(text(r#""a\n""#).as_deref(), Some("a\n"));
        assert_eq!(text("12345678901234").as_deref(), Some("12345678901234"));
        assert_eq!(text("-1").as_deref(), Some("-1"));
        assert_eq!(text("1.5").as_deref(), Some("1.5"));
        assert_eq!(text("true").as_deref(), Some("true"));
    }

    #[test]
    fn everything_else_has_none() {
        for json in ["null", "[1,[2]]", r#"{"a":{"b":1}}"#, r#""""#] {
            assert_eq!(text(json), None, "{json}");
        }
    }

    #[test]
    fn flags_may_be_written_as_text() {
        let flag = |json| serde_json::from_str::<Scalar<'_>>(json).expect("any JSON is taken").flag();
        assert_eq!(
            [flag("true"), flag(r#""false""#), flag("null"), flag("1")],
            [Some(true), Some(false), None, None]
        );
    }
}
