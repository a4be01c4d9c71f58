//! States: echoed value for value, in order, with true counts, once everything before them has settled.

use hubspot_sandbox::{Endpoint, Fault, When};
use serde_json::json;

use crate::support::connector::PATIENCE;
use crate::support::delivery::{
    account, contact, contacts, for_contacts, for_streams, is_state, keyed, keyed_record, people,
    state_numbers, stats,
};
use crate::support::messages::{global_state, legacy_state, record, stream_state};

/// A blob whose key order, digits and escapes a tree of values would lose.
const BLOB: &str =
    r#"{"zz":1,"aa":123456789012345678901234567890,"mm":1.0e5,"nn":0.10,"text":"\u00e9\"\\","at":null}"#;

fn cars(range: std::ops::Range<usize>) -> Vec<serde_json::Value> {
    range.map(|number| keyed_record("cars", &format!("c{number}"), "x")).collect()
}

#[test]
fn a_stream_state_comes_back_value_for_value_with_its_stats() {
    let sandbox = account().start();
    let state = format!(
        r#"{{"type":"STATE","state":{{"type":"STREAM","stream":{{"stream_descriptor":{{"name":"contacts","namespace":null}},"stream_state":{BLOB}}},"destinationStats":null,"sourceStats":{{"recordCount":2.0}},"id":12345678901234567890,"later":{{"b":[1,2.50,null]}}}}}}"#
    );
    let input = format!("{}\n{}\n{state}\n", contact(1), contact(2));
    let run = for_contacts(&sandbox).write_text(&input).succeeded();
    let line = run.lines.iter().find(|line| line.contains(r#""type":"STATE""#)).expect("a state");
    for part in [
        &format!(r#""stream_state":{BLOB}"#),
        r#""id":12345678901234567890"#,
        r#""later":{"b":[1,2.50,null]}"#,
        r#""sourceStats":{"recordCount":2.0}"#,
        r#""destinationStats":{"recordCount":2.0,"rejectedRecordCount":0.0}"#,
    ] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    assert_eq!(line.matches("destinationStats").count(), 1, "{line}");
}

#[test]
fn global_and_legacy_states_come_back_value_for_value() {
    let sandbox = account().start();
    let global = format!(
        r#"{{"type":"STATE","state":{{"type":"GLOBAL","global":{{"shared_state":{BLOB},"stream_states":[{{"stream_descriptor":{{"name":"contacts"}},"stream_state":{BLOB}}}]}},"destinationStats":{{"recordCount":77.0,"extra":1}}}}}}"#
    );
    let legacy = format!(r#"{{"type":"STATE","state":{{"data":{BLOB}}}}}"#);
    let named = format!(r#"{{"state":{{"data":{BLOB},"type":"LEGACY"}},"type":"STATE"}}"#);
    let input = format!("{}\n{global}\n{}\n{legacy}\n{named}\n", contact(1), contact(2));
    let run = for_contacts(&sandbox).write_text(&input).succeeded();
    assert_eq!(stats(&run), [(1.0, 0.0), (1.0, 0.0), (0.0, 0.0)]);
    let lines: Vec<&String> = run.lines.iter().filter(|line| line.contains(r#""type":"STATE""#)).collect();
    assert!(lines[0].contains(&format!(r#""shared_state":{BLOB}"#)), "{}", lines[0]);
    assert!(lines[0].contains(&format!(r#""stream_state":{BLOB}"#)), "{}", lines[0]);
    for (line, kind) in lines[1..].iter().zip([None, Some("LEGACY")]) {
        assert!(line.contains(&format!(r#""data":{BLOB}"#)), "{line}");
        let state: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(state["state"]["type"].as_str(), kind, "a type is neither added nor lost");
    }
}

#[test]
fn counts_are_those_since_the_previous_state_and_sum_up() {
    let sandbox = account().start();
    let bad = |stream: &str| record(stream, json!({"email": null, "code": null}));
    let mut input = people(0..4);
    input.extend([bad("contacts"), contact(0), stream_state("contacts", 1)]);
    input.extend(cars(0..3));
    input.extend([bad("cars"), bad("cars"), bad("cars"), stream_state("contacts", 2)]);
    input.extend([stream_state("cars", 1), contact(9), stream_state("contacts", 3)]);
    let run = for_streams(&sandbox, &[contacts(), keyed("cars")]).write(&input).succeeded();
    let of = |stream: &str| -> Vec<(f64, f64)> {
        let all = stats(&run);
        let states = run.states().into_iter().zip(all);
        states
            .filter(|(state, _)| state["stream"]["stream_descriptor"]["name"] == stream)
            .map(|(_, stats)| stats)
            .collect()
    };
    assert_eq!(of("contacts"), [(5.0, 1.0), (0.0, 0.0), (1.0, 0.0)], "a merged record counts as a record");
    assert_eq!(of("cars"), [(3.0, 3.0)]);
    assert_eq!(run.rejected().len(), 4);
}

#[test]
fn a_rejected_record_is_out_before_the_state_that_covers_it() {
    let sandbox = account().start();
    let mut input = Vec::new();
    for number in 0..20 {
        input.extend([
            contact(number),
            record("contacts", json!({"email": null})),
            stream_state("contacts", number as u64),
        ]);
    }
    let run = for_contacts(&sandbox).write(&input).succeeded();
    let mut rejected = 0.0;
    let mut covered = 0.0;
    for message in &run.messages {
        if message["type"] == "RECORD" {
            rejected += 1.0;
        } else if message["type"] == "STATE" {
            covered += message["state"]["destinationStats"]["rejectedRecordCount"].as_f64().expect("a count");
            assert!(covered <= rejected, "{message}");
        }
    }
    assert_eq!((rejected, covered), (20.0, 20.0));
}

#[test]
fn only_states_of_settled_records_are_out_while_an_answer_is_kept_back() {
    for when in [When::BeforeEffect, When::AfterEffect] {
        let sandbox = account().start();
        let connector = for_streams(&sandbox, &[contacts(), keyed("cars")]);
        let mut running = connector.start_write();
        running.send(&people(0..100));
        running.send(&[stream_state("contacts", 1)]);
        running.wait_for("the first state", |message| is_state(message, "contacts", 1));

        let kept_back = sandbox.add_fault(Fault::on(Endpoint::Upsert).object("contacts").first(1).hold(when));
        running.send(&people(100..200));
        running.send(&[stream_state("contacts", 2)]);
        assert!(sandbox.wait_held(kept_back, 1, PATIENCE));
        running.send(&people(200..300));
        running.send(&[stream_state("contacts", 3)]);
        assert!(
            sandbox.wait_until(PATIENCE, |totals| totals.calls(Endpoint::Upsert) == 2),
            "the third batch went through"
        );
        for number in 1..=3 {
            running.send(&cars(0..100));
            running.send(&[stream_state("cars", number)]);
            running.wait_for("a state of the other stream", |message| is_state(message, "cars", number));
        }
        let early = running
            .so_far()
            .iter()
            .any(|message| is_state(message, "contacts", 2) || is_state(message, "contacts", 3));
        assert!(!early, "{:#?}", running.so_far());

        sandbox.release(kept_back);
        let run = running.finish().succeeded();
        assert_eq!(state_numbers(&run)["contacts"], [1, 2, 3]);
        assert_eq!(sandbox.count("contacts"), 300);
    }
}

#[test]
fn a_global_or_legacy_state_waits_for_every_stream() {
    for shared in [global_state(7), legacy_state(7)] {
        let sandbox = account().start();
        let kept_back =
            sandbox.add_fault(Fault::on(Endpoint::Upsert).object("cars").first(1).hold(When::AfterEffect));
        let connector = for_streams(&sandbox, &[contacts(), keyed("cars")]);
        let mut running = connector.start_write();
        running.send(&cars(0..1));
        assert!(sandbox.wait_held(kept_back, 1, PATIENCE));
        running.send(&[
            contact(1),
            stream_state("contacts", 1),
            shared,
            contact(2),
            stream_state("contacts", 2),
        ]);
        running.wait_for("what does not depend on cars", |message| is_state(message, "contacts", 1));
        assert!(sandbox.wait_until(PATIENCE, |totals| totals.calls(Endpoint::Upsert) >= 1));
        running.send(&[record("contacts", json!({"email": null}))]);
        running.wait_for("a later event", |message| message["type"] == "RECORD");
        assert!(!running.so_far().iter().any(|message| is_state(message, "", 7)));
        sandbox.release(kept_back);
        let run = running.finish().succeeded();
        let order: Vec<u64> =
            run.states().into_iter().map(|state| crate::support::delivery::number_of(state).1).collect();
        assert_eq!(order, [1, 7, 2], "a stream's states keep their order across shared ones");
        assert_eq!(run.states()[1]["destinationStats"]["recordCount"], 2.0);
    }
}

#[test]
fn states_that_cover_no_records_come_back_at_once() {
    let sandbox = account().start();
    let connector = for_contacts(&sandbox);
    let mut running = connector.start_write();
    for number in 1..=3 {
        running.send(&[stream_state("contacts", number)]);
        running.wait_for("a state without records", |message| is_state(message, "contacts", number));
    }
    running.send(&[global_state(4), legacy_state(5)]);
    running.wait_for("a shared state without records", |message| is_state(message, "", 5));
    let run = running.finish().succeeded();
    assert!(stats(&run).iter().all(|stats| *stats == (0.0, 0.0)));
    assert_eq!(run.states().len(), 5);
    assert_eq!(sandbox.totals().calls(Endpoint::Upsert), 0);
}

#[test]
fn a_stream_the_catalog_lacks_is_rejected_counted_and_its_states_are_echoed() {
    let sandbox = account().start();
    let stray = || record("stray", json!({"secret": 1}));
    let input = [
        contact(1),
        stray(),
        stream_state("stray", 1),
        global_state(1),
        stray(),
        stray(),
        legacy_state(2),
        stream_state("stray", 2),
        stream_state("contacts", 1),
    ];
    let run = for_contacts(&sandbox).write(&input).succeeded();
    assert_eq!(run.codes(), ["UNKNOWN_STREAM"; 3]);
    let numbers = state_numbers(&run);
    assert_eq!((&numbers["stray"], &numbers[""], &numbers["contacts"]), (&vec![1, 2], &vec![1, 2], &vec![1]));
    let shared = |number: u64| {
        let state =
            run.messages.iter().find(|message| is_state(message, "", number)).expect("a shared state");
        state["state"]["destinationStats"].clone()
    };
    assert_eq!(shared(1), json!({"recordCount": 1.0, "rejectedRecordCount": 1.0}));
    assert_eq!(shared(2), json!({"recordCount": 0.0, "rejectedRecordCount": 2.0}));
}

#[test]
fn frequent_states_do_not_cost_calls() {
    let sandbox = account().start();
    let mut input = Vec::new();
    for number in 0..20_000 {
        input.push(contact(number));
        if number % 100 == 49 {
            input.push(stream_state("contacts", number as u64));
        }
    }
    let connector = for_contacts(&sandbox).with(&json!({"flush_interval_seconds": 60}));
    let run = connector.write(&input).succeeded();
    assert_eq!(run.states().len(), 200);
    assert_eq!(run.stats(), (19_950.0, 0.0));
    assert_eq!(sandbox.totals().calls(Endpoint::Upsert), 200, "every batch is full");
    assert_eq!(sandbox.counts("contacts").created, 20_000);
}

#[test]
fn a_partial_batch_is_sent_when_it_is_old_enough() {
    let sandbox = account().start();
    let connector = for_contacts(&sandbox);
    let mut running = connector.start_write();
    running.send(&[contact(1), contact(2), stream_state("contacts", 1)]);
    running.wait_for("the state of a partial batch", |message| is_state(message, "contacts", 1));
    assert_eq!(sandbox.count("contacts"), 2);
    running.finish().succeeded();
}

#[test]
fn a_partial_batch_waits_for_more_until_then() {
    let sandbox = account().start();
    let connector =
        for_streams(&sandbox, &[contacts(), keyed("cars")]).with(&json!({"flush_interval_seconds": 600}));
    let mut running = connector.start_write();
    running.send(&[contact(1), contact(2), stream_state("contacts", 1)]);
    running.send(&cars(0..100));
    running.send(&[stream_state("cars", 1)]);
    running.wait_for("the state of a full batch", |message| is_state(message, "cars", 1));
    assert_eq!(sandbox.count("contacts"), 0);
    let run = running.finish().succeeded();
    assert_eq!(
        (sandbox.count("contacts"), run.states().len()),
        (2, 2),
        "the end of the input sends what is left"
    );
}
