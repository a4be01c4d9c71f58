//! A send as the bytes of a request body.
//!
//! The properties of a record were rendered when it was read; here they are only spliced together.

use std::borrow::Cow;
use std::collections::HashMap;

use super::batch::{Input, Send};
use super::resolve::trace_id;
use crate::coerce::merge_lists;
use crate::json;

/// Body of a batch upsert: `{"inputs":[{"id","idProperty","objectWriteTraceId","properties"}]}`.
///
/// One `idProperty` for the whole batch, and a trace id for each input: without them HubSpot refuses the whole
/// batch for one bad record (HubSpot's error-handling page documents them for create; answers to upserts with
/// them were recorded).
///
/// The matching key is not repeated among the properties: sent as `email` it could make a contact's secondary
/// address its primary one. Only an input with nothing else to say carries it, since HubSpot refuses updates
/// without any property. `is_list` tells which properties hold several options.
#[must_use]
pub fn upsert(send: &Send, key_property: &str, is_list: impl Fn(&str) -> bool) -> Vec<u8> {
    let mut body = Vec::with_capacity(send.size() + send.inputs.len() * 96);
    body.extend_from_slice(br#"{"inputs":["#);
    for (place, input) in send.inputs.iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        let key = input.key().unwrap_or_default();
        body.extend_from_slice(br#"{"id":"#);
        push_string(&mut body, key);
        body.extend_from_slice(br#","idProperty":"#);
        push_string(&mut body, key_property);
        body.extend_from_slice(br#","objectWriteTraceId":""#);
        body.extend_from_slice(trace_id(send.id, place).as_bytes());
        body.extend_from_slice(br#"","properties":{"#);
        let before = body.len();
        push_properties(&mut body, input, &is_list);
        if body.len() == before {
            push_string(&mut body, key_property);
            body.push(b':');
            push_string(&mut body, key);
        }
        body.extend_from_slice(b"}}");
    }
    body.extend_from_slice(b"]}");
    body
}

/// Members of the `properties` object; of a merged input the later value of each property, or both where the later
/// one only adds to a list of options.
fn push_properties(body: &mut Vec<u8>, input: &Input, is_list: &impl Fn(&str) -> bool) {
    if input.merged.is_empty() {
        body.extend_from_slice(input.head.body.properties());
        return;
    }
    let mut places: HashMap<Cow<'_, str>, usize> = HashMap::new();
    let mut members: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
    let texts: Vec<String> = input
        .parts()
        .map(|part| format!("{{{}}}", String::from_utf8_lossy(part.body.properties())))
        .collect();
    for text in &texts {
        // Rendered by `plan::shape`, so always an object.
        let _rendered_by_us = json::members(text, |name, value| match places.get(&name) {
            Some(place) if is_list(&name) => {
                let mut both = Vec::new();
                merge_lists(members[*place].1.as_bytes(), value.as_bytes(), &mut both);
                members[*place].1 = Cow::Owned(String::from_utf8_lossy(&both).into_owned());
            }
            Some(place) => members[*place].1 = Cow::Borrowed(value),
            None => {
                places.insert(name.clone(), members.len());
                members.push((name, Cow::Borrowed(value)));
            }
        });
    }
    for (place, (name, value)) in members.into_iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        push_string(body, &name);
        body.push(b':');
        body.extend_from_slice(value.as_bytes());
    }
}

fn push_string(body: &mut Vec<u8>, text: &str) {
    // Writing into memory cannot fail.
    let _infallible = serde_json::to_writer(body, text);
}

#[cfg(test)]
mod tests {
    use super::super::batch::{SendId, Stage};
    use super::super::ledger::{Ledger, StreamIndex};
    use super::super::record::{Body, BodyParts, Record};
    use super::*;

    fn input(ledger: &mut Ledger, key: &str, parts: &[&str]) -> Input {
        let mut records = parts.iter().map(|properties| {
            let parts = BodyParts {
                key: Some(key),
                properties: properties.as_bytes(),
                data: "{}",
                ..BodyParts::default()
            };
            Record { ticket: ledger.enter(StreamIndex(0)), body: Body::new(parts, |_| 0) }
        });
        let mut input = Input::new(records.next().unwrap());
        input.merged = records.collect();
        input
    }

    #[test]
    fn properties_are_spliced_and_later_values_win() {
        let mut ledger = Ledger::default();
        ledger.add_stream();
        let inputs = vec![
            input(&mut ledger, "a\"b", &[r#""x":"1","y":"\"q\"""#]),
            input(&mut ledger, "b", &[r#""x":"1","y":"2","l":"a;b""#, "", r#""y":"","z":"3","l":";b;c""#]),
            input(&mut ledger, "c", &[""]),
        ];
        let send = Send {
            id: SendId(7),
            stream: StreamIndex(0),
            inputs,
            stage: Stage::First,
            failures: 0,
            setbacks_amid_success: 0,
            successes_seen: 0,
            named_before: false,
            silent_before: false,
        };
        let body: serde_json::Value =
            serde_json::from_slice(&upsert(&send, "email", |name| name == "l")).unwrap();
        let expected = serde_json::json!({"inputs": [
            {"id": "a\"b", "idProperty": "email", "objectWriteTraceId": "7-0", "properties": {"x": "1", "y": "\"q\""}},
            {"id": "b", "idProperty": "email", "objectWriteTraceId": "7-1", "properties": {"x": "1", "y": "", "l": "a;b;c", "z": "3"}},
            {"id": "c", "idProperty": "email", "objectWriteTraceId": "7-2", "properties": {"email": "c"}},
        ]});
        assert_eq!(body, expected);
    }
}
