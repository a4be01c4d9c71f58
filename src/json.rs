//! The members of a JSON object, one after the other, values as raw text.
//!
//! A leaf used wherever an object's text is taken apart without building a tree of it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The text is no JSON object, or a member's name is broken text (half of a UTF-16 pair).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnObject;

/// Calls `each` with the name and the raw value of every member, in the order of the text. Names that occur
/// twice are given twice.
///
/// # Errors
/// [`NotAnObject`]; members before the fault have been given.
pub fn members<'a>(text: &'a str, each: impl FnMut(Cow<'a, str>, &'a str)) -> Result<(), NotAnObject> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Each(each).deserialize(&mut deserializer).map_err(|_| NotAnObject)
}

/// The JSON type a raw value has, by its first character.
#[must_use]
pub fn type_name(raw: &str) -> &'static str {
    match raw.trim_ascii_start().as_bytes().first() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "null",
        Some(_) => "number",
        None => "nothing",
    }
}

struct Each<F>(F);

struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a member name")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl<'de, F: FnMut(Cow<'de, str>, &'de str)> DeserializeSeed<'de> for Each<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(Cow<'de, str>, &'de str)> Visitor<'de> for Each<F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Name<'de>>()? {
            let value: &'de RawValue = map.next_value()?;
            (self.0)(name.0, value.get());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_in_order_with_raw_values() {
        let mut found = Vec::new();
        let text = r#" {"a":1.10,"b\n":{"c":[1e400]},"a":"\u0041"} "#;
        members(text, |name, value| found.push((name.into_owned(), value))).unwrap();
        let expected = [("a", "1.10"), ("b\n", r#"{"c":[1e400]}"#), ("a", r#""\u0041""#)];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value)));
        for text in ["[]", "", "1", r#"{"a":}"#] {
            assert_eq!(members(text, |_, _| ()), Err(NotAnObject), "{text}");
        }
    }
}
