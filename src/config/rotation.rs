//! A configuration with a new refresh token in it, everything else as the user wrote it.
//!
//! The text is edited rather than parsed and printed again, so that no number, key order or unknown key can
//! change.

use std::borrow::Cow;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::{ConfigError, Expected, Problem};
use super::path::FieldPath;

/// See [`super::Config::to_json_with_refresh_token`].
pub(super) fn replace_refresh_token(original: &str, token: &SecretString) -> Result<String, ConfigError> {
    let credentials = member(original, "credentials")?;
    let old = credentials.map(|credentials| member(credentials, "refresh_token")).transpose()?.flatten();
    // A null counts as absent, and both texts borrow from the original, so the distance between them is an
    // offset.
    let start = old
        .filter(|old| *old != "null")
        .and_then(|old| old.as_ptr().addr().checked_sub(original.as_ptr().addr()));
    let (Some(old), Some(start)) = (old, start) else {
        let path = FieldPath::root().key("credentials").key("refresh_token");
        return Err(ConfigError::Invalid(vec![Problem { path, expected: Expected::Present(Vec::new()) }]));
    };
    let new = Value::from(token.expose_secret()).to_string();
    Ok([on_one_line(&original[..start]), new, on_one_line(&original[start + old.len()..])].concat())
}

/// The text of the object's member `key` (the last one of that name), borrowed from `object`.
///
/// Anything but an object has no members.
fn member<'a>(object: &'a str, key: &str) -> Result<Option<&'a str>, ConfigError> {
    if !object.trim_start().starts_with('{') {
        return serde_json::from_str::<IgnoredAny>(object).map(|_| None).map_err(|error| (&error).into());
    }
    let mut reader = serde_json::Deserializer::from_str(object);
    Member { key }
        .deserialize(&mut reader)
        .and_then(|found| reader.end().map(|()| found.map(RawValue::get)))
        .map_err(|error| (&error).into())
}

struct Member<'k> {
    key: &'k str,
}

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some((key, value)) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
            if key == self.key {
                found = Some(value);
            }
        }
        Ok(found)
    }
}

/// JSON text without the white space between its tokens. Works on a part of a text that begins outside a
/// string.
fn on_one_line(json: &str) -> String {
    let mut in_string = false;
    let mut escaped = false;
    json.chars()
        .filter(|&character| {
            let kept = in_string || !matches!(character, ' ' | '\t' | '\n' | '\r');
            if escaped {
                escaped = false;
            } else if in_string && character == '\\' {
                escaped = true;
            } else if character == '"' {
                in_string = !in_string;
            }
            kept
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(original: &str) -> Result<String, ConfigError> {
        replace_refresh_token(original, &SecretString::from("new\"token"))
    }

    #[test]
    fn only_the_token_changes_and_the_text_becomes_one_line() {
        let original = "\n{ \"z\": 1.50, \"big\": 123456789012345678901234567890,\n\
            \"refresh_token\": \"top level\",\r\n\
            \t\"credentials\": { \"a \\\" b\": [1, 2],\n \"refresh_token\" : \"old token\",\
            \"client_id\": \"x \\\\\" },\n \"a\": null }\n";
        assert_eq!(
            replaced(original).unwrap(),
            [
                r#"{"z":1.50,"big":123456789012345678901234567890,"refresh_token":"top level","#,
                r#""credentials":{"a \" b":[1,2],"refresh_token":"new\"token","client_id":"x \\"},"a":null}"#,
            ]
            .concat()
        );
    }

    #[test]
    fn keys_may_be_escaped_and_the_last_of_a_name_counts_as_when_reading() {
        let before = r#"{"credentials":{"refresh_token":"a"},"cred\u0065ntials":{"refresh_token":"b","#;
        let original = format!(r#"{before}"refresh\u005ftoken":"c"}}}}"#);
        let expected = format!(r#"{before}"refresh\u005ftoken":"new\"token"}}}}"#);
        assert_eq!(replaced(&original).unwrap(), expected);
    }

    #[test]
    fn a_configuration_without_a_refresh_token_is_refused() {
        for original in [
            "{}",
            "[]",
            "3",
            r#"{"credentials":null}"#,
            r#"{"credentials":"text"}"#,
            r#"{"credentials":{"type":"AccessToken","access_token":"x"}}"#,
            r#"{"credentials":{"refresh_token":null}}"#,
        ] {
            let error = replaced(original).unwrap_err().to_string();
            assert_eq!(
                error, "the configuration is not valid: credentials.refresh_token is required",
                "{original}"
            );
        }
    }

    #[test]
    fn what_is_not_json_is_refused_by_position() {
        for original in ["", "{", r#"{"credentials":{"refresh_token":"a"}} x"#, "nul"] {
            assert!(matches!(replaced(original), Err(ConfigError::NotJson { .. })), "{original}");
        }
    }
}
