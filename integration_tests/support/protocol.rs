//! Holds every line the program prints against Airbyte's protocol, where its schema is at hand.

use std::path::Path;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::{Value, json};

/// Parses a line of stdout; panics where it is no Airbyte message.
pub fn checked(line: &str) -> Value {
    let message: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON on stdout: {error}: {line}"));
    if let Some(schema) = schema() {
        let mut message = message.clone();
        // Rejected records name their namespace even where there is none; a null is an absent field to every
        // reader of the protocol, though its schema does not say so.
        if let Some(record) = message.get_mut("record").and_then(Value::as_object_mut) {
            if record.get("namespace").is_some_and(Value::is_null) {
                record.remove("namespace");
            }
        }
        if let Err(error) = schema.validate(&message) {
            panic!("not an Airbyte message: {error}: {line}");
        }
    }
    message
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
            let schema = json!({"$ref": "#/definitions/AirbyteMessage", "definitions": protocol["definitions"]});
            Some(jsonschema::validator_for(&schema).expect("the protocol is a schema"))
        })
        .as_ref()
}
