//! Which stream a message belongs to that names it otherwise than the catalog, and what becomes of strangers.

use hubspot_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::memory::assert_bounded;
use crate::support::connector::{Connector, Finished};
use crate::support::delivery::{account, contact, email, for_streams, state_numbers};
use crate::support::messages::{
    complete, elt_stream, global_state, legacy_state, record, status, stream_state,
};

/// A stream `contacts` in a namespace, whose end is announced.
fn stream(namespace: Option<&str>) -> Value {
    let mut stream = elt_stream("contacts", &["email", "city"]);
    stream["stream"]["namespace"] = json!(namespace);
    for (key, value) in [("generation_id", 1), ("minimum_generation_id", 1), ("sync_id", 1)] {
        stream[key] = json!(value);
    }
    stream
}

fn connector(sandbox: &Sandbox, namespaces: &[Option<&str>]) -> Connector {
    let streams: Vec<Value> = namespaces.iter().map(|namespace| stream(*namespace)).collect();
    for_streams(sandbox, &streams)
}

/// A message that names its stream with this namespace; with none at all where it is `absent`.
fn named(mut message: Value, namespace: &Value) -> Value {
    let kind = message["type"].as_str().expect("a type").to_owned();
    let descriptor = match kind.as_str() {
        "RECORD" => &mut message["record"],
        "STATE" => &mut message["state"]["stream"]["stream_descriptor"],
        _ => &mut message["trace"]["stream_status"]["stream_descriptor"],
    };
    if namespace == "absent" {
        descriptor.as_object_mut().expect("an object").remove("namespace");
    } else {
        descriptor["namespace"] = namespace.clone();
    }
    message
}

fn bad(number: usize) -> Value {
    record("contacts", json!({"email": format!("bad {number}")}))
}

fn message_of(run: &Finished) -> &str {
    run.error()["message"].as_str().expect("a message")
}

#[test]
fn what_comes_without_a_namespace_belongs_to_the_only_stream_of_its_name() {
    let sandbox = account().start();
    for nothing in [json!(null), json!(""), json!("absent")] {
        for (of_records, of_states) in
            [(&nothing, &json!("sales")), (&json!("sales"), &nothing), (&nothing, &nothing)]
        {
            let input = [
                named(contact(1), of_records),
                named(bad(2), of_records),
                named(stream_state("contacts", 1), of_states),
                named(contact(3), &json!("sales")),
                named(stream_state("contacts", 2), &json!("sales")),
                named(complete("contacts"), &nothing),
            ];
            let run = connector(&sandbox, &[Some("sales")]).write(&input).succeeded();
            assert_eq!(run.codes(), ["INVALID_EMAIL"], "{nothing}");
            let counts: Vec<&Value> = run.states().iter().map(|state| &state["destinationStats"]).collect();
            assert_eq!(counts[0], &json!({"recordCount": 1.0, "rejectedRecordCount": 1.0}));
            assert_eq!(counts[1], &json!({"recordCount": 1.0, "rejectedRecordCount": 0.0}));
            // The record is shown as it came.
            let expected = if of_records == "sales" { json!("sales") } else { json!(null) };
            assert_eq!(run.rejected()[0]["namespace"], expected);
        }
    }
    assert_eq!(sandbox.count("contacts"), 2);
}

#[test]
fn a_stream_without_a_namespace_comes_before_its_namesakes() {
    let sandbox = account().start();
    let both = [None, Some("sales")];
    let input = [
        contact(1),
        stream_state("contacts", 1),
        named(contact(2), &json!("sales")),
        named(stream_state("contacts", 2), &json!("sales")),
        complete("contacts"),
        named(complete("contacts"), &json!("sales")),
    ];
    let run = connector(&sandbox, &both).write(&input).succeeded();
    let counts: Vec<f64> =
        run.states().iter().filter_map(|state| state["destinationStats"]["recordCount"].as_f64()).collect();
    assert_eq!((run.codes(), counts), (vec![], vec![1.0, 1.0]));
}

#[test]
fn records_of_another_namespace_acknowledge_nothing_of_the_stream_they_were_meant_for() {
    for (catalog, records) in [
        (vec![Some("sales")], json!("public")),
        (vec![None], json!("public")),
        (vec![Some("a"), Some("b")], json!(null)),
    ] {
        let sandbox = account().start();
        let of_catalog = json!(catalog[0]);
        let input = [
            named(stream_state("contacts", 1), &of_catalog),
            global_state(2),
            named(contact(1), &records),
            named(contact(2), &records),
            named(stream_state("contacts", 3), &of_catalog),
            global_state(4),
            legacy_state(5),
            named(contact(3), &of_catalog),
            named(stream_state("contacts", 6), &of_catalog),
            named(complete("contacts"), &of_catalog),
        ];
        let run = connector(&sandbox, &catalog).write(&input).failed_with("config_error");
        assert_eq!(run.codes(), ["UNKNOWN_STREAM"; 2], "{run:#?}");
        assert_eq!(run.rejected()[0]["namespace"], records);
        let numbers = state_numbers(&run);
        assert_eq!(
            (numbers["contacts"].as_slice(), numbers[""].as_slice()),
            (&[1][..], &[2][..]),
            "{run:#?}"
        );
        for namespace in catalog.iter().flatten().chain(records.as_str().iter()) {
            assert!(message_of(&run).contains(namespace), "{}", message_of(&run));
        }
    }
}

#[test]
fn a_stream_that_has_records_of_its_own_is_not_held_up_by_its_namesakes() {
    let sandbox = account().start();
    let sales = json!("sales");
    let input = [
        named(contact(1), &sales),
        named(contact(2), &json!("public")),
        named(stream_state("contacts", 1), &sales),
        global_state(2),
        named(complete("contacts"), &sales),
    ];
    let run = connector(&sandbox, &[Some("sales")]).write(&input).succeeded();
    assert_eq!((run.codes(), run.states().len()), (vec!["UNKNOWN_STREAM"], 2));
}

#[test]
fn other_streams_go_on_when_one_cannot_be_acknowledged() {
    let sandbox = account().start();
    let mut people = elt_stream("people", &["email"]);
    people["stream"]["namespace"] = json!("public");
    let connector = for_streams(&sandbox, &[stream(Some("sales")), people])
        .with(&json!({"streams": [{"name": "people", "object": "CONTACT"}]}));
    let mut person = record("people", json!({"email": email(9)}));
    person["record"]["namespace"] = json!("public");
    let input = [
        named(contact(1), &json!("public")),
        person,
        named(stream_state("people", 1), &json!("public")),
        named(stream_state("contacts", 2), &json!("sales")),
    ];
    let run = connector.write(&input).failed_with("config_error");
    let numbers = state_numbers(&run);
    assert_eq!((numbers.get("people"), numbers.get("contacts")), (Some(&vec![1]), None), "{run:#?}");
    assert_eq!(sandbox.count("contacts"), 1);
}

#[test]
fn strangers_without_number_and_with_long_names_are_rejected_within_bounds() {
    let sandbox = account().start();
    let connector = connector(&sandbox, &[None]);
    let mut running = connector.start_write();
    let mut names: Vec<String> = (0..1_500).map(|number| format!("stranger {number}")).collect();
    names.extend((0..60).map(|number| format!("{number} {}", "x".repeat(1 << 20))));
    for name in &names {
        running.send(&[record(name, json!({"a": 1})), stream_state(name, 7), status(name, "INCOMPLETE")]);
    }
    running.send(&[contact(1), stream_state("contacts", 8), complete("contacts")]);
    running.wait_for("the last state", |message| message["state"]["id"] == 8);
    assert_bounded(&running);
    let run = running.finish().failed_with("transient_error");
    assert_eq!(run.codes().len(), names.len());
    assert_eq!(run.states().len(), names.len() + 1);
    let shown: Vec<&str> = run.rejected().iter().filter_map(|record| record["stream"].as_str()).collect();
    assert!(shown.iter().eq(names.iter()), "each is shown under its own name");
    let longest = run.logs().iter().map(|text| text.len()).max();
    assert!(longest.is_some_and(|length| length < 1 << 20), "{longest:?}");
    assert!(message_of(&run).len() < 2_000 && run.logs().len() < 600);
}
