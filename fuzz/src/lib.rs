//! What must hold for any input: of the message parser and of the coercions. A check that does not hold panics.
//!
//! Used by the fuzz targets, and by the test suite, which runs it over mutated inputs of its own.

use std::sync::{Arc, LazyLock};

use destination_hubspot::coerce::{
    Append, Coerced, KeyRule, MAX_CHARACTERS, ObjectKind, Owners, RuleOptions, ValueRule, coerce, key_text,
};
use destination_hubspot::crm::property::Property;
use destination_hubspot::json::{Index, Object};
use destination_hubspot::protocol::line::LineSplitter;
use destination_hubspot::protocol::message::{self, Message, NotAMessage};
use destination_hubspot::protocol::state::{self, DestinationStats};
use serde_json::value::RawValue;
use serde_json::{Value, json as value};

/// Stdin as it may come: the bytes are cut into reads of a length that the first byte gives, then into lines, then read
/// as messages.
pub fn message(input: &[u8]) {
    let (length, bytes) = input.split_first().map_or((1, input), |(first, rest)| (1 + *first as usize, rest));
    let mut splitter = LineSplitter::default();
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for read in bytes.chunks(length) {
        splitter.feed(read, |line| lines.push(line.bytes.to_vec())).expect("no line is that long");
    }
    lines.extend(splitter.unterminated().map(|line| line.bytes.to_vec()));
    let mut expected: Vec<&[u8]> =
        bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
    // What follows the last line end is a line only where there is something.
    if expected.last().is_some_and(|line| line.is_empty()) {
        expected.pop();
    }
    assert_eq!(lines, expected, "lines do not depend on the reads");
    for line in &lines {
        one_line(line);
    }
}

fn one_line(line: &[u8]) {
    let mut index = Index::default();
    let parsed = message::parse(line, &mut index);
    let text = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line).trim_ascii();
    let json = std::str::from_utf8(text).ok().and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
    match &parsed {
        Err(NotAMessage::Blank) => assert!(text.is_empty()),
        Err(NotAMessage::Noise) if text.first() != Some(&b'{') => assert!(!text.is_empty()),
        Err(NotAMessage::Noise) | Ok(_) => {
            assert!(json.is_some(), "what may have been a record is passed over")
        }
        Err(NotAMessage::Broken) => assert_eq!(text.first(), Some(&b'{')),
    }
    match &parsed {
        Ok(Message::Record(record)) => {
            assert!(!record.stream.is_empty() && record.namespace.as_deref() != Some(""));
            let data = Some(record.data.text()).filter(|data| !data.is_empty());
            for part in [data, record.meta, record.emitted_at].into_iter().flatten() {
                assert!(text.as_ptr_range().contains(&part.as_ptr()), "parts are the sender's own bytes");
                let _raw: &RawValue = serde_json::from_str(part).expect("parts are JSON");
            }
            if data.is_some() {
                members(record.data);
            }
        }
        Ok(Message::State(state)) => echoed(state.raw),
        _ => {}
    }
    // A tree of the same line has each name once, and nothing that only some readers take.
    if let Some(tree) = json.and_then(|json| serde_json::from_str::<Value>(json.get()).ok()) {
        agrees_with_a_tree(&tree);
    }
}

/// The members of an object are those that a tree of it has.
fn members(data: Object<'_>) {
    let listed = |data: Object<'_>| {
        let mut found: Vec<(String, String)> = Vec::new();
        let walked = data.members(|name, raw| found.push((name.into_owned(), raw.text().to_owned())));
        (found, walked)
    };
    let (found, walked) = listed(data);
    assert!(listed(Object::of(data.text())) == (found.clone(), walked), "an index changes nothing");
    let Ok(tree) = serde_json::from_str::<Value>(data.text()) else { return };
    assert_eq!(walked.is_ok(), tree.is_object());
    let Some(tree) = tree.as_object().filter(|tree| tree.len() == found.len()) else { return };
    for (name, raw) in found {
        assert_eq!(serde_json::from_str::<Value>(&raw).ok().as_ref(), tree.get(&name));
    }
}

/// An echoed state is the same state with the counts in it, on one line.
fn echoed(raw: &str) {
    let line = state::echo(raw, DestinationStats { accepted: 9, rejected: 1 });
    assert!(!line.contains('\n'), "an echoed state is one line");
    let (Ok(mut echoed), Ok(mut sent)) =
        (serde_json::from_str::<Value>(&line), serde_json::from_str::<Value>(raw))
    else {
        // Too deep for a tree: that the echo is JSON is all that can be told.
        let _raw: &RawValue = serde_json::from_str(&line).expect("an echoed state is JSON");
        return;
    };
    assert_eq!(echoed["type"], "STATE");
    let stats = echoed["state"]["destinationStats"].take();
    assert_eq!((&stats["recordCount"], &stats["rejectedRecordCount"]), (&value!(9.0), &value!(1.0)));
    for state in [&mut echoed["state"], &mut sent] {
        state.as_object_mut().expect("a state is an object").remove("destinationStats");
    }
    assert_eq!(echoed["state"], sent);
}

fn agrees_with_a_tree(tree: &Value) {
    let record = &tree["record"];
    let plain = |name: &str| record[name].is_null() || record[name].is_string();
    let envelope = ["state", "trace"].iter().all(|name| tree[*name].is_null());
    let is_record = tree["type"] == "RECORD"
        && envelope
        && plain("namespace")
        && record["stream"].as_str().is_some_and(|stream| !stream.is_empty());
    if is_record {
        let text = tree.to_string();
        let mut index = Index::default();
        let Ok(Message::Record(found)) = message::parse(text.as_bytes(), &mut index) else {
            panic!("a record is not read")
        };
        assert_eq!(Some(&*found.stream), record["stream"].as_str());
        // Texts, since reading a number may change its last digit.
        let data = Some(found.data.text().to_owned()).filter(|data| !data.is_empty());
        assert_eq!(data, record.get("data").filter(|data| !data.is_null()).map(Value::to_string));
    }
}

/// One rule of each kind, and the variants that take other paths.
static RULES: LazyLock<Vec<ValueRule>> = LazyLock::new(rules);

/// One rule for keys of each kind.
static KEYS: LazyLock<Vec<KeyRule>> = LazyLock::new(|| {
    let key = |name: &str, kind: &str, object| KeyRule::new(&property(name, kind, "text", &[]), object);
    vec![
        key("code", "string", ObjectKind::Other),
        key("email", "string", ObjectKind::Contact),
        key("domain", "string", ObjectKind::Company),
        key("number", "number", ObjectKind::Other),
        KeyRule::record_id(),
    ]
});

fn property(name: &str, kind: &str, field_type: &str, options: &[(&str, &str)]) -> Property {
    let options: Vec<Value> = options
        .iter()
        .map(|(label, option)| value!({"label": label, "value": option, "hidden": false}))
        .collect();
    let definition = value!({"name": name, "type": kind, "fieldType": field_type, "options": options});
    serde_json::from_value(definition).expect("a property definition")
}

fn rules() -> Vec<ValueRule> {
    let options =
        [("A label", "a"), ("B, b", "B"), ("c", "C"), ("x", "true"), ("Z", "1"), ("a", "@"), (";", "n;m")];
    let owners = Arc::new(Owners::new([("a@b.co", "1"), ("b@b.co", "2"), ("B@b.co", "3")]));
    let owner = |field_type| Property {
        external_options: true,
        referenced_object_type: Some("OWNER".to_owned()),
        ..property("owner", "enumeration", field_type, &[])
    };
    let of = |object| RuleOptions { object, ..RuleOptions::default() };
    let adding = RuleOptions { append: Append::Add, ..RuleOptions::default() };
    let owned = RuleOptions { owners: Some(owners), ..RuleOptions::default() };
    let plain =
        |kind, field_type, options: &[_]| (property("p", kind, field_type, options), RuleOptions::default());
    let cases = [
        plain("string", "text", &[]),
        (property("email", "string", "text", &[]), of(ObjectKind::Contact)),
        (property("domain", "string", "text", &[]), of(ObjectKind::Company)),
        plain("number", "number", &[]),
        plain("bool", "booleancheckbox", &[]),
        plain("date", "date", &[]),
        plain("datetime", "date", &[]),
        plain("enumeration", "select", &options),
        plain("enumeration", "checkbox", &options),
        (property("p", "enumeration", "checkbox", &options), adding),
        plain("enumeration", "checkbox", &[]),
        (owner("select"), owned.clone()),
        (owner("checkbox"), owned),
    ];
    cases.into_iter().map(|(property, options)| ValueRule::new(&property, options)).collect()
}

/// A value for a property: the first byte says of which kind, the rest is the value.
pub fn coercion(input: &[u8]) {
    let Some((kind, raw)) = input.split_first() else { return };
    let raw = String::from_utf8_lossy(raw);
    let is_json = serde_json::from_str::<&RawValue>(&raw).is_ok();
    value_of(&RULES[*kind as usize % RULES.len()], &raw, is_json);
    key_of(&KEYS[*kind as usize % KEYS.len()], &raw, is_json);
}

fn value_of(rule: &ValueRule, raw: &str, is_json: bool) {
    let mut out = b"kept".to_vec();
    let outcome = coerce(rule, raw, &mut out);
    let written = out.strip_prefix(b"kept").expect("what was there stays");
    if let Err(invalid) = outcome {
        assert!(!rule.explain(invalid).is_empty());
    }
    if outcome != Ok(Coerced::Written) {
        assert!(written.is_empty(), "{rule:?} leaves text behind: {outcome:?}");
        return;
    }
    // Of text that is no JSON value nothing is promised but that it is survived.
    if !is_json {
        return;
    }
    let text: String = serde_json::from_slice(written).expect("a JSON string");
    assert!(!text.is_empty() && text.chars().count() <= MAX_CHARACTERS);
    let mut again = Vec::new();
    let outcome = coerce(rule, std::str::from_utf8(written).expect("text"), &mut again);
    assert_eq!(outcome, Ok(Coerced::Written), "{rule:?} refuses what it wrote");
    assert_eq!(
        serde_json::from_slice::<String>(&again).expect("a JSON string"),
        text,
        "{rule:?} changes what it wrote"
    );
}

fn key_of(rule: &KeyRule, raw: &str, is_json: bool) {
    let Ok(key) = key_text(rule, raw) else { return };
    if is_json {
        assert!(!key.trim().is_empty());
        let again = Value::from(&*key).to_string();
        assert_eq!(key_text(rule, &*again).as_deref(), Ok(&*key), "{rule:?} changes a key");
    }
}
