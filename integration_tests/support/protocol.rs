//! Holds every line the program prints against Airbyte's protocol, where its schema is at hand.

use std::path::Path;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::{Value, json};

/// Parses a line of stdout; panics where it is no Airbyte message.
pub fn checked(line: &str) -> Value {
    read(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// Parses a line of stdout; says why it is no Airbyte message.
pub fn read(line: &str) -> Result<Value, String> {
    let message: Value = serde_json::from_str(line)
        .or_else(|_| serde_json::from_str(&with_whole_characters(line)))
        .map_err(|error| format!("no JSON on stdout: {error}"))?;
    if let Some(schema) = schema() {
        let mut message = message.clone();
        drop_nulls(&mut message, &|name| name == "namespace");
        if let Some(state) = message.get_mut("state") {
            drop_nulls(state, &|_| true);
        }
        schema.validate(&message).map_err(|error| format!("not an Airbyte message: {error}"))?;
    }
    Ok(message)
}

/// Rejected records name their namespace even where there is none, and states come back as sources sent them; a
/// null is an absent field to every reader of the protocol, though its schema does not say so.
fn drop_nulls(value: &mut Value, which: &dyn Fn(&str) -> bool) {
    match value {
        Value::Object(members) => {
            members.retain(|name, value| !value.is_null() || !which(name));
            members.values_mut().for_each(|value| drop_nulls(value, which));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| drop_nulls(value, which)),
        _ => {}
    }
}

/// The protocol's schema of a message; `None`, with a word, where the reference folder is not there.
fn schema() -> Option<&'static Validator> {
    static SCHEMA: OnceLock<Option<Validator>> = OnceLock::new();
    SCHEMA
        .get_or_init(|| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/protocol/airbyte_protocol.yaml");
            let Ok(text) = std::fs::read_to_string(&path) else {
                println!("skipped: no airbyte_protocol.yaml to hold the output against");
                return None;
            };
            let protocol: Value = serde_norway::from_str(&text).expect("the protocol is YAML");
            let schema =
                json!({"$ref": "#/definitions/AirbyteMessage", "definitions": protocol["definitions"]});
            Some(jsonschema::validator_for(&schema).expect("the protocol is a schema"))
        })
        .as_ref()
}

/// The line with a replacement character for each half of a UTF-16 pair: such an escape is valid JSON, and a rejected
/// record is printed as it came, but no text can hold it.
fn with_whole_characters(line: &str) -> String {
    let unit = |at: usize| {
        let digits = line.get(at..at + 6).and_then(|escape| escape.strip_prefix("\\u"));
        digits.and_then(|digits| u16::from_str_radix(digits, 16).ok())
    };
    let mut whole = String::with_capacity(line.len());
    let mut at = 0;
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let (length, replacement) = match (unit(at), unit(at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (12, None),
            (Some(0xD800..=0xDFFF), _) => (6, Some("\\ufffd")),
            _ if rest.starts_with('\\') => (2, None),
            _ => (rest.chars().next().map_or(1, char::len_utf8), None),
        };
        whole.push_str(replacement.unwrap_or(&line[at..at + length]));
        at += length;
    }
    whole
}
