//! What the delivery tests share: accounts without waits, streams, records, and what is expected of them.

use std::collections::BTreeMap;
use std::time::Duration;

use hubspot_sandbox::{Builder, CustomObject, PropertyDef, RateLimit, Sandbox};
use serde_json::{Value, json};

use super::connector::{Connector, Finished};
use super::messages::{catalog, elt_stream, record};

/// Custom objects of the tests' account, each with a unique [`KEY`] and a free [`VALUE`].
pub(crate) const OBJECTS: [&str; 3] = ["cars", "boats", "planes"];
/// The unique property that records of [`OBJECTS`] are matched by.
pub(crate) const KEY: &str = "code";
/// The property of [`OBJECTS`] that holds whatever a test writes.
pub(crate) const VALUE: &str = "content";

/// An account whose rate window is so short and so wide that no test waits for it.
pub(crate) fn account() -> Builder {
    let window = RateLimit { max: 1_000_000, interval: Duration::from_millis(100), enforced: false };
    OBJECTS.into_iter().fold(Sandbox::builder().rate_limit(window), |builder, name| {
        let properties = [PropertyDef::string(KEY).unique(), PropertyDef::string(VALUE)];
        builder.custom_object(properties.into_iter().fold(CustomObject::new(name), CustomObject::property))
    })
}

/// A connector for contacts, with a short flush interval.
pub(crate) fn for_contacts(sandbox: &Sandbox) -> Connector {
    for_streams(sandbox, &[contacts()])
}

/// A connector for these streams, with a short flush interval.
pub(crate) fn for_streams(sandbox: &Sandbox, streams: &[Value]) -> Connector {
    let connector = Connector::new(&sandbox.url(), sandbox.default_token())
        .with(&json!({"flush_interval_seconds": 0.1}))
        .catalog(&catalog(streams));
    match sandbox.certificate() {
        Some(certificate) => connector.trusting(certificate),
        None => connector,
    }
}

/// The stream `contacts`, matched by e-mail.
pub(crate) fn contacts() -> Value {
    elt_stream("contacts", &["email", "city", "firstname"])
}

/// The stream of an object that is matched by [`KEY`].
pub(crate) fn keyed(object: &str) -> Value {
    elt_stream(object, &[KEY, VALUE])
}

/// A contact by its number.
pub(crate) fn contact(number: usize) -> Value {
    contact_in(number, "Lisbon")
}

/// A contact by its number, with a value.
pub(crate) fn contact_in(number: usize, city: &str) -> Value {
    record("contacts", json!({"email": email(number), "city": city}))
}

/// The address of a contact.
pub(crate) fn email(number: usize) -> String {
    format!("person{number:06}@example.com")
}

/// Contacts by their numbers.
pub(crate) fn people(numbers: impl IntoIterator<Item = usize>) -> Vec<Value> {
    numbers.into_iter().map(contact).collect()
}

/// A record of a keyed stream, with a value.
pub(crate) fn keyed_record(object: &str, key: &str, value: &str) -> Value {
    record(object, json!({KEY: key, VALUE: value}))
}

/// The value of one property of every live record, by the value of another. Panics where two records share a key.
pub(crate) fn stored(sandbox: &Sandbox, object: &str, key: &str, property: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for record in sandbox.records(object) {
        let text = |name: &str| record.get(name).unwrap_or_default().to_owned();
        let twice = found.insert(text(key), text(property));
        assert!(twice.is_none(), "two {object} records share {key} {:?}", text(key));
    }
    found
}

/// The numbers of the states printed, by stream; GLOBAL and LEGACY states count as the stream "".
pub(crate) fn state_numbers(run: &Finished) -> BTreeMap<String, Vec<u64>> {
    let mut numbers: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for state in run.states() {
        let (stream, number) = number_of(state);
        numbers.entry(stream).or_default().push(number);
    }
    numbers
}

/// The stream and the number of one of the states that `messages` makes.
pub(crate) fn number_of(state: &Value) -> (String, u64) {
    let stream = state["stream"]["stream_descriptor"]["name"].as_str().unwrap_or_default();
    let number = [&state["stream"]["stream_state"], &state["global"]["shared_state"], &state["data"]]
        .into_iter()
        .find_map(|blob| blob["number"].as_u64());
    (stream.to_owned(), number.expect("every state of these tests has a number"))
}

/// Accepted and rejected counts of each state, in order.
pub(crate) fn stats(run: &Finished) -> Vec<(f64, f64)> {
    run.states()
        .into_iter()
        .map(|state| {
            let count = |key: &str| state["destinationStats"][key].as_f64().expect("counts are numbers");
            (count("recordCount"), count("rejectedRecordCount"))
        })
        .collect()
}

/// Whether a message is the state of a stream with this number.
pub(crate) fn is_state(message: &Value, stream: &str, number: u64) -> bool {
    message["type"] == "STATE" && number_of(&message["state"]) == (stream.to_owned(), number)
}
