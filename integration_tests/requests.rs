//! The requests that a sync makes: their shape, their paths, and that there are no others.

use std::collections::HashSet;

use hubspot_sandbox::{Endpoint, Fault, InputMatch};
use serde_json::{Value, json};

use crate::support::connector::Connector;
use crate::support::crm::{self, KEY};
use crate::support::delivery;
use crate::support::messages::{elt_stream, record, stream_state};
use crate::support::sent::{inputs, writes};

/// Asked once at the start of a sync, with a token that is not of OAuth. It has no version.
const TOKEN_INFO: &str = "/oauth/v2/private-apps/get/access-token-info";

fn company(number: usize) -> Value {
    record("companies", json!({KEY: format!("W{number}"), "name": "x"}))
}

#[test]
fn a_batch_holds_at_most_100_inputs_with_one_key_property_and_trace_ids_of_their_own() {
    let sandbox = crm::account().start();
    // One record that is refused makes the sync send parts of a batch again, under trace ids of their own.
    sandbox.add_fault(
        Fault::on(Endpoint::Upsert)
            .containing(InputMatch::id(&delivery::email(250)))
            .refuse_batch(hubspot_sandbox::BatchRefusal::Invalid),
    );
    let streams = [delivery::contacts(), elt_stream("companies", &[KEY, "name"])];
    let mut input = delivery::people(0..450);
    input.extend((0..150).map(company));
    input.extend([stream_state("contacts", 1), stream_state("companies", 1)]);
    let run = delivery::for_streams(&sandbox, &streams).write(&input).succeeded();
    assert_eq!((run.codes().len(), run.stats()), (1, (599.0, 1.0)));

    let mut traces = HashSet::new();
    for call in writes(&sandbox) {
        let body = call.body().expect("a body");
        let inputs = body["inputs"].as_array().expect("inputs");
        assert!((1..=100).contains(&inputs.len()), "{}", inputs.len());
        let key = if call.path.contains("contacts") { "email" } else { KEY };
        let mut keys = HashSet::new();
        for input in inputs {
            assert_eq!(input["idProperty"], key);
            assert!(keys.insert(input["id"].as_str().expect("text").to_owned()), "a key twice in one batch");
            let trace = input["objectWriteTraceId"].as_str().expect("text").to_owned();
            assert!(!trace.is_empty() && traces.insert(trace), "a trace id twice in one sync");
            for (name, value) in input["properties"].as_object().expect("properties") {
                assert!(value.is_string(), "values are sent as text: {name}");
            }
        }
        assert!(body.as_object().is_some_and(|body| body.len() == 1), "{body}");
    }
}

#[test]
fn a_simple_sync_reads_properties_once_an_object_and_sends_its_batches() {
    let sandbox = crm::account().start();
    let streams =
        [delivery::contacts(), elt_stream("companies", &[KEY, "name"]), elt_stream("Contact", &["email"])];
    let mut input = delivery::people(0..250);
    input.extend((0..120).map(company));
    input.push(record("Contact", json!({"email": "other@example.com"})));
    input.extend(["contacts", "companies", "Contact"].map(|stream| stream_state(stream, 1)));
    let connector = delivery::for_streams(&sandbox, &streams).with(&json!({"flush_interval_seconds": 30}));
    let run = connector.write(&input).succeeded();
    assert_eq!(run.stats(), (371.0, 0.0));

    let mut calls: Vec<String> =
        sandbox.requests().into_iter().map(|call| format!("{} {}", call.method, call.path)).collect();
    calls.sort();
    let expected = [
        "GET /account-info/v3/details",
        "GET /crm/v3/properties/companies",
        "GET /crm/v3/properties/contacts",
        "POST /crm/v3/objects/companies/batch/upsert",
        "POST /crm/v3/objects/companies/batch/upsert",
        "POST /crm/v3/objects/contacts/batch/upsert",
        "POST /crm/v3/objects/contacts/batch/upsert",
        "POST /crm/v3/objects/contacts/batch/upsert",
        "POST /crm/v3/objects/contacts/batch/upsert",
        "POST /oauth/v2/private-apps/get/access-token-info",
    ];
    assert_eq!(calls, expected);
    let mut sizes: Vec<usize> = writes(&sandbox).iter().map(|call| call.inputs).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 20, 50, 100, 100, 100]);
}

#[test]
fn paths_follow_the_api_version() {
    for (version, properties, upsert) in [
        ("v3", "/crm/v3/properties/contacts", "/crm/v3/objects/contacts/batch/upsert"),
        ("2026-03", "/crm/properties/2026-03/contacts", "/crm/objects/2026-03/contacts/batch/upsert"),
        ("2026-09", "/crm/properties/2026-09/contacts", "/crm/objects/2026-09/contacts/batch/upsert"),
    ] {
        let sandbox = crm::account().start();
        let connector = delivery::for_contacts(&sandbox).with(&json!({"api_version": version}));
        let run = connector.write(&[delivery::contact(1), stream_state("contacts", 1)]).succeeded();
        assert_eq!(run.stats(), (1.0, 0.0), "{version}");
        let paths: Vec<String> = sandbox.requests().into_iter().map(|call| call.path).collect();
        let details = format!("/account-info/{version}/details");
        assert_eq!(paths, [&details, TOKEN_INFO, properties, upsert]);
    }
}

#[test]
fn a_sync_without_records_writes_nothing() {
    let sandbox = crm::account().start();
    let run = delivery::for_contacts(&sandbox).write(&[stream_state("contacts", 1)]).succeeded();
    assert_eq!((run.states().len(), run.stats(), writes(&sandbox).len()), (1, (0.0, 0.0), 0));
}

#[test]
fn a_base_url_may_end_in_a_slash() {
    let sandbox = crm::account().start();
    let connector = Connector::new(&format!("{}/", sandbox.url()), sandbox.default_token());
    let catalog = json!({"streams": [delivery::contacts()]});
    connector.catalog(&catalog).write(&[delivery::contact(1)]).succeeded();
    assert_eq!(sandbox.count("contacts"), 1);
    assert!(sandbox.requests().iter().all(|call| !call.path.contains("//")));
}

#[test]
fn custom_objects_are_addressed_by_type_id() {
    let boats = hubspot_sandbox::CustomObject::new("boats")
        .type_number(4711)
        .property(hubspot_sandbox::PropertyDef::string("hull_number").unique());
    let sandbox = crm::account().custom_object(boats).start();
    let rows: Vec<Value> = (0..3).map(|n| record("boats", json!({"hull_number": format!("H{n}")}))).collect();
    delivery::for_streams(&sandbox, &[elt_stream("boats", &["hull_number"])]).write(&rows).succeeded();
    let calls: Vec<String> = sandbox.requests().into_iter().map(|call| call.path).collect();
    assert_eq!(
        calls,
        [
            "/account-info/v3/details",
            TOKEN_INFO,
            "/crm-object-schemas/v3/schemas",
            "/crm/v3/properties/2-4711",
            "/crm/v3/objects/2-4711/batch/upsert"
        ]
    );
    assert!(inputs(&sandbox).iter().all(|input| input["idProperty"] == "hull_number"));
}
