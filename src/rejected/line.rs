//! A rejected record as a RECORD line on stdout.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::config::RejectedRecordsOutput;
use crate::engine::record::Body;
use crate::engine::rejection::Rejection;
use crate::json;
use crate::protocol::StreamDescriptor;

/// Appends the line, with its line end, or nothing where rejected records are not to be shown.
///
/// In full, `data` and the existing members of `meta` stand as received. Redacted, nothing of the record is
/// shown but the hash of its matching key, by which the owner of the data can find it; of `meta` only the list of
/// changed fields, which holds names and no values.
pub fn append(
    line: &mut Vec<u8>,
    stream: &StreamDescriptor,
    body: &Body,
    rejection: &Rejection,
    output: RejectedRecordsOutput,
) {
    let redacted = match output {
        RejectedRecordsOutput::None => return,
        RejectedRecordsOutput::Redacted => true,
        RejectedRecordsOutput::Full => false,
    };
    let is_object = json::type_name(body.data()) == "object";
    let stream = body.stream(stream);
    line.extend_from_slice(br#"{"type":"RECORD","record":{"namespace":"#);
    push(line, &json!(stream.namespace));
    line.extend_from_slice(br#","stream":"#);
    push(line, &json!(stream.name));
    line.extend_from_slice(br#","emitted_at":"#);
    line.extend_from_slice(whole_number(body.emitted_at()).as_bytes());
    line.extend_from_slice(br#","data":"#);
    line.extend_from_slice(if redacted || !is_object { "{}" } else { body.data() }.as_bytes());
    line.extend_from_slice(br#","meta":{"#);
    push_members(line, body.meta().unwrap_or("{}"), |name| !redacted || name == "changes");
    line.extend_from_slice(br#""rejection":"#);
    push(line, &reason(body, rejection, redacted));
    line.extend_from_slice(b"}}}\n");
}

/// As it came, but for a fraction: the protocol wants an integer, and some sources send one, or nothing at all.
pub(super) fn whole_number(emitted_at: Option<&str>) -> &str {
    match emitted_at {
        Some(number) if json::type_name(number) == "number" => match number.split_once('.') {
            Some((whole, fraction)) if !fraction.contains(['e', 'E']) => whole,
            _ => number,
        },
        _ => "0",
    }
}

/// The `rejection` object.
#[must_use]
pub fn reason(body: &Body, rejection: &Rejection, redacted: bool) -> Value {
    let message = if redacted { rejection.redacted_message() } else { rejection.message.clone() };
    let mut reason = json!({
        "code": rejection.code,
        "property": rejection.property,
        "message": message,
        "category": rejection.category,
        "correlation_id": rejection.correlation_id,
        "origin": rejection.origin.as_str(),
    });
    if let Some(id) = &rejection.existing_id {
        reason["existing_id"] = json!(id);
    }
    if redacted {
        reason["key_sha256"] = json!(body.key().map(|key| hex(&Sha256::digest(key.as_bytes()))));
    }
    reason
}

/// The existing members of `meta` that may be shown, each followed by a comma.
fn push_members(line: &mut Vec<u8>, meta: &str, may_show: impl Fn(&str) -> bool) {
    // A meta that is no object says nothing that could be kept beside the rejection.
    let _not_an_object = json::members(meta, |name, value| {
        if name != "rejection" && may_show(&name) {
            push(line, &json!(name));
            line.push(b':');
            line.extend_from_slice(value.as_bytes());
            line.push(b',');
        }
    });
}

fn push(line: &mut Vec<u8>, value: &Value) {
    // Writing into memory cannot fail.
    let _infallible = serde_json::to_writer(line, value);
}

/// Two digits a byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::record::BodyParts;

    fn shown(output: RejectedRecordsOutput, data: &str, key: Option<&str>) -> Value {
        let meta = r#"{"changes":[],"sync_id":12345678901234567890}"#;
        let body = Body::new(
            BodyParts {
                key,
                properties: b"",
                sequel: b"",
                links: b"",
                data,
                meta,
                emitted_at: "17",
                operation: None,
            },
            |_| 0,
        );
        let rejection = Rejection::by_connector("INVALID_EMAIL", Some("email"), "Email address x is invalid");
        let mut line = Vec::new();
        append(&mut line, &StreamDescriptor::new("s", None), &body, &rejection, output);
        assert!(line.is_empty() || line.ends_with(b"}\n"));
        let text = String::from_utf8(line).unwrap();
        assert!(output != RejectedRecordsOutput::Full || text.contains(r#""sync_id":12345678901234567890"#));
        serde_json::from_str(&text).unwrap_or_default()
    }

    #[test]
    fn in_full_the_record_stands_as_received() {
        let line = shown(RejectedRecordsOutput::Full, r#"{"a":1.10}"#, Some("x"));
        let record = &line["record"];
        assert_eq!((&record["data"], &record["emitted_at"]), (&json!({"a": 1.10}), &json!(17)));
        assert_eq!(record["namespace"], Value::Null);
        assert_eq!(record["meta"]["changes"], json!([]));
        let expected = json!({"code": "INVALID_EMAIL", "property": "email", "message": "Email address x is invalid",
            "category": null, "correlation_id": null, "origin": "connector"});
        assert_eq!(record["meta"]["rejection"], expected);
        assert_eq!(shown(RejectedRecordsOutput::Full, "[1]", None)["record"]["data"], json!({}));
    }

    #[test]
    fn redacted_it_holds_nothing_of_the_record_but_a_hash() {
        let line = shown(RejectedRecordsOutput::Redacted, r#"{"a":"secret"}"#, Some("abc"));
        assert!(!line.to_string().contains("secret") && !line.to_string().contains("address x"));
        let rejection = &line["record"]["meta"]["rejection"];
        let sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(rejection["key_sha256"], json!(sha));
        assert_eq!(
            line["record"]["meta"].as_object().unwrap().keys().collect::<Vec<_>>(),
            ["changes", "rejection"]
        );
        let keyless = shown(RejectedRecordsOutput::Redacted, "{}", None);
        assert_eq!(keyless["record"]["meta"]["rejection"]["key_sha256"], Value::Null);
        assert_eq!(shown(RejectedRecordsOutput::None, "{}", None), Value::Null);
    }
}
