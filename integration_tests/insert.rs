//! Inserting: every record is made once, whatever happens to the call that makes it.

use std::sync::atomic::{AtomicUsize, Ordering};

use hubspot_sandbox::{
    BatchRefusal, Endpoint, Fault, FaultAnswer, FaultBody, InputMatch, PropertyDef, Sandbox, When, Writing,
};
use serde_json::{Value, json};

use super::account;
use crate::support::connector::{Finished, PATIENCE};
use crate::support::delivery::for_streams;
use crate::support::messages::{activation_stream, complete, elt_stream, record, stream_state};
use crate::support::sent;

/// A stream that inserts, as data activation has it: no matching key is chosen.
fn inserting(object: &str, columns: &[&str]) -> Value {
    let mut stream = activation_stream("s", object, "unused", columns);
    stream["destination_sync_mode"] = json!("append");
    stream["primary_key"] = json!([]);
    stream
}

fn contacts() -> Value {
    inserting("CONTACT", &["email", "firstname"])
}

/// Companies are told from each other by nothing: their names are not unique.
fn companies() -> Value {
    inserting("COMPANY", &["name", "city"])
}

fn person(number: usize) -> Value {
    json!({"email": format!("person{number}@example.com"), "firstname": "Ann"})
}

fn company(number: usize) -> Value {
    json!({"name": format!("Company {number}")})
}

fn messages(rows: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let rows = rows.into_iter().map(|row| record("s", row));
    rows.chain([stream_state("s", 1), complete("s")]).collect()
}

/// Inserts the rows and checks that each of them settles.
fn run(sandbox: &Sandbox, stream: &Value, rows: Vec<Value>) -> Finished {
    let count = rows.len() as f64;
    let connector =
        for_streams(sandbox, std::slice::from_ref(stream)).with(&json!({"request_timeout_seconds": 1}));
    let run = connector.write(&messages(rows)).succeeded();
    let (accepted, rejected) = run.stats();
    assert_eq!(accepted + rejected, count, "{run:#?}");
    run
}

/// The calls about records, by the last word of their paths: whatever became of them.
fn calls(sandbox: &Sandbox) -> Vec<String> {
    let requests = sent::but_gets(sandbox).into_iter();
    requests.filter_map(|request| request.path.rsplit('/').next().map(str::to_owned)).collect()
}

fn may_exist(run: &Finished) -> usize {
    run.logs().iter().filter(|log| log.contains("may have made")).count()
}

#[test]
fn records_are_made_and_a_conflict_names_the_record_in_the_way() {
    let sandbox = account().start();
    let there = sandbox.insert("contacts", &[("email", "person1@example.com"), ("firstname", "Old")]);
    let run = run(&sandbox, &contacts(), (0..3).map(person).collect());
    assert_eq!(run.codes(), ["CONFLICT"]);
    let rejection = &run.rejected()[0]["meta"]["rejection"];
    assert_eq!((&rejection["existing_id"], &rejection["origin"]), (&json!(there), &json!("hubspot")));
    assert_eq!(sandbox.count("contacts"), 3);
    assert_eq!(sandbox.record("contacts", &there).unwrap().get("firstname"), Some("Old"));
    assert_eq!(calls(&sandbox), ["create"], "one answer says it of each");
}

#[test]
fn inserting_is_configured_for_streams_without_a_mapping_too() {
    let sandbox = account().start();
    let connector = for_streams(&sandbox, &[elt_stream("companies", &["name"])])
        .with(&json!({"streams": [{"name": "companies", "operation": "insert"}]}));
    let rows = ["Acme", "Acme"].map(|name| record("companies", json!({ "name": name })));
    let run = connector.write(&rows).succeeded();
    assert!(run.rejected().is_empty(), "{run:#?}");
    assert_eq!(sandbox.count("companies"), 2, "two records are two companies");
    let created = "created 2";
    assert!(run.logs().iter().any(|log| log.contains(created)), "{:#?}", run.logs());
}

#[test]
fn the_second_record_of_a_unique_value_is_a_conflict_with_the_first() {
    let sandbox = account().start();
    let run = run(&sandbox, &contacts(), vec![person(1), person(2), person(1)]);
    assert_eq!(run.codes(), ["CONFLICT"]);
    let first = &sandbox.find("contacts", "email", "person1@example.com")[0];
    assert_eq!(run.rejected()[0]["meta"]["rejection"]["existing_id"], json!(first.id));
    assert_eq!(sandbox.count("contacts"), 2);
}

#[test]
fn a_batch_that_is_refused_whole_is_halved_down_to_the_record_at_fault() {
    for refusal in [BatchRefusal::Conflict, BatchRefusal::Invalid] {
        let bad = InputMatch::property("email", "person3@example.com");
        let sandbox =
            account().fault(Fault::on(Endpoint::Create).containing(bad).refuse_batch(refusal)).start();
        let run = run(&sandbox, &contacts(), (0..8).map(person).collect());
        assert_eq!(run.rejected().len(), 1, "{refusal:?}");
        assert_eq!(run.rejected()[0]["data"]["email"], "person3@example.com");
        assert_eq!((sandbox.count("contacts"), sandbox.counts("contacts").created), (7, 7), "{refusal:?}");
        assert_eq!(calls(&sandbox), ["create"; 7], "{refusal:?}");
    }
}

#[test]
fn a_record_with_nothing_in_it_is_not_made() {
    let sandbox = account().start();
    let nothing = json!({"name": null, "firstname": null, "unknown": 1});
    let of_contacts = run(&sandbox, &contacts(), vec![nothing.clone(), person(1)]);
    assert_eq!(of_contacts.codes(), ["INVALID_RECORD"]);
    let of_companies = run(&sandbox, &companies(), vec![nothing, company(1)]);
    assert_eq!(of_companies.codes(), ["INVALID_RECORD"]);
    assert_eq!((sandbox.count("contacts"), sandbox.count("companies")), (1, 1));
}

type Strike = Box<dyn Fn(Fault) -> Fault + Send + Sync>;

/// Answers after which nothing was done, and calls that nobody answers: with the name for messages.
fn harmless() -> Vec<(String, Strike)> {
    let answered = |status: u16| -> (String, Strike) {
        let strike = move |fault: Fault| {
            let answer = FaultAnswer::new(status).header("Retry-After", "0");
            fault.answer(answer, When::BeforeEffect)
        };
        (status.to_string(), Box::new(strike))
    };
    [423, 429, 477, 503].map(answered).into()
}

/// Trouble that leaves open whether anything was done, with and without effect.
fn doubtful() -> Vec<(String, When, Strike)> {
    let mut cases: Vec<(String, When, Strike)> = Vec::new();
    for when in [When::BeforeEffect, When::AfterEffect] {
        for (status, body) in [
            (408, FaultBody::Usual),
            (500, FaultBody::Usual),
            (502, FaultBody::Html),
            (504, FaultBody::Empty),
            (524, FaultBody::Usual),
            (201, FaultBody::Html),
        ] {
            let answer = FaultAnswer::new(status).body(body);
            let strike = move |fault: Fault| fault.answer(answer.clone(), when);
            cases.push((format!("{status} {when:?}"), when, Box::new(strike)));
        }
        cases.push((format!("reset {when:?}"), when, Box::new(move |fault| fault.close(when))));
        cases.push((format!("hang {when:?}"), when, Box::new(move |fault| fault.hang(when))));
    }
    cases.push(("truncated".into(), When::AfterEffect, Box::new(Fault::truncate)));
    cases
}

/// Runs cases several at a time: the waits are the connector's own.
fn each<T: Sync>(cases: &[T], try_out: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    try_out(case);
                }
            });
        }
    });
}

#[test]
fn a_call_that_did_nothing_is_made_again() {
    each(&harmless(), |(name, strike)| {
        for (object, stream, row) in
            [("contacts", contacts(), person as fn(usize) -> Value), ("companies", companies(), company)]
        {
            let sandbox = account().fault(strike(Fault::on(Endpoint::Create).first(1))).start();
            let run = run(&sandbox, &stream, (0..3).map(row).collect());
            assert!(run.rejected().is_empty(), "{name}: {run:#?}");
            assert_eq!(sandbox.counts(object).created, 3, "{name}");
            assert_eq!(calls(&sandbox), ["create"; 2], "{name}: nothing needs to be looked for");
        }
    });
}

#[test]
fn what_may_have_been_made_is_looked_for_before_it_is_made_again() {
    each(&doubtful(), |(name, when, strike)| {
        let sandbox = account().fault(strike(Fault::on(Endpoint::Create).first(1))).start();
        let run = run(&sandbox, &contacts(), (0..3).map(person).collect());
        assert!(run.rejected().is_empty(), "{name}: {run:#?}");
        assert_eq!((sandbox.count("contacts"), sandbox.counts("contacts").created), (3, 3), "{name}");
        let expected: &[&str] = match when {
            When::BeforeEffect => &["create", "read", "create"],
            When::AfterEffect => &["create", "read"],
        };
        assert_eq!(calls(&sandbox), expected, "{name}");
        assert!(run.logs().iter().any(|log| log.contains("created 3")), "{name}: {:#?}", run.logs());
    });
}

#[test]
fn what_cannot_be_looked_for_is_never_made_again() {
    each(&doubtful(), |(name, when, strike)| {
        let sandbox = account().fault(strike(Fault::on(Endpoint::Create).first(1))).start();
        let run = run(&sandbox, &companies(), (0..3).map(company).collect());
        assert_eq!(run.codes(), ["NOT_CONFIRMED"; 3], "{name}");
        let made = if *when == When::AfterEffect { 3 } else { 0 };
        assert_eq!(sandbox.count("companies"), made, "{name}");
        assert_eq!(calls(&sandbox), ["create"], "{name}");
        assert_eq!(may_exist(&run), 1, "{name}: {:#?}", run.logs());
        let message = run.rejected()[0]["meta"]["rejection"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("may have made"), "{name}: {message}");
    });
}

#[test]
fn an_answer_that_leaves_a_record_out_is_looked_into() {
    let left_out = || InputMatch::property("email", "person1@example.com");
    for (writing, more) in [(Writing::Written, &[][..]), (Writing::NotWritten, &["create"][..])] {
        let fault = Fault::on(Endpoint::Create).first(1).unmention(left_out(), writing);
        let sandbox = account().fault(fault).start();
        let run = run(&sandbox, &contacts(), (0..3).map(person).collect());
        assert!(run.rejected().is_empty(), "{writing:?}: {run:#?}");
        assert_eq!((sandbox.count("contacts"), sandbox.counts("contacts").created), (3, 3), "{writing:?}");
        let expected = [&["create", "read"], more].concat();
        assert_eq!(calls(&sandbox), expected, "{writing:?}");
    }
    let fault = Fault::on(Endpoint::Create).unmention(left_out(), Writing::NotWritten);
    let sandbox = account().fault(fault).start();
    let run = run(&sandbox, &contacts(), (0..3).map(person).collect());
    assert_eq!(run.codes(), ["NOT_CONFIRMED"], "it is never mentioned, and never there");
    assert_eq!(sandbox.count("contacts"), 2);
}

#[test]
fn a_company_that_is_left_out_may_exist() {
    for writing in [Writing::Written, Writing::NotWritten] {
        let left_out = InputMatch::property("name", "Company 1");
        let sandbox = account().fault(Fault::on(Endpoint::Create).unmention(left_out, writing)).start();
        let run = run(&sandbox, &companies(), (0..3).map(company).collect());
        assert_eq!((run.codes(), may_exist(&run)), (vec!["NOT_CONFIRMED"], 1), "{writing:?}");
        assert_eq!(calls(&sandbox), ["create"], "{writing:?}");
    }
}

#[test]
fn look_ups_are_repeated_until_they_tell() {
    let sandbox = account()
        .fault(Fault::on(Endpoint::Create).first(1).close(When::AfterEffect))
        .fault(Fault::on(Endpoint::Read).first(1).status(502))
        .start();
    let run = run(&sandbox, &contacts(), (0..3).map(person).collect());
    assert!(run.rejected().is_empty(), "{run:#?}");
    assert_eq!(calls(&sandbox), ["create", "read", "read"]);
    assert_eq!(sandbox.counts("contacts").created, 3);
}

#[test]
fn records_are_recognised_by_any_unique_property_they_carry() {
    let sandbox = account()
        .property("companies", PropertyDef::string("warehouse_id").unique())
        .fault(Fault::on(Endpoint::Create).first(1).close(When::AfterEffect))
        .start();
    let rows = vec![json!({"name": "A", "warehouse_id": "W1"}), json!({"name": "B"})];
    let run = run(&sandbox, &inserting("COMPANY", &["name", "warehouse_id"]), rows);
    assert_eq!(run.codes(), ["NOT_CONFIRMED"]);
    assert_eq!(run.rejected()[0]["data"]["name"], "B", "it carries none");
    assert_eq!(sandbox.count("companies"), 2);
}

#[test]
fn a_sync_that_is_killed_and_resumed_inserts_at_least_once() {
    let sandbox = account().start();
    let hold = sandbox.add_fault(Fault::on(Endpoint::Create).first(1).hold(When::AfterEffect));
    let connector = for_streams(&sandbox, &[contacts()]);
    let mut running = connector.start_write();
    running.send(&messages((0..3).map(person)));
    assert!(sandbox.wait_held(hold, 1, PATIENCE), "the answer is withheld");
    running.kill();
    let killed = running.wait();
    assert!(killed.states().is_empty(), "nothing was acknowledged");
    sandbox.remove_fault(hold);
    let run = run(&sandbox, &contacts(), (0..3).map(person).collect());
    assert_eq!(run.codes(), ["CONFLICT"; 3], "a unique value is not made twice");
    assert_eq!(sandbox.count("contacts"), 3);
}

#[test]
fn keys_that_cannot_be_are_refused_before_anything_is_written() {
    let sandbox = account().start();
    for (key, word) in [("hs_object_id", "gives record ids itself"), ("firstname", "not unique")] {
        let connector = for_streams(&sandbox, &[contacts()])
            .with(&json!({"streams": [{"name": "s", "matching_key": key, "operation": "insert"}]}));
        let run = connector.write(&messages([person(1)])).failed_with("config_error");
        assert!(run.error()["message"].as_str().is_some_and(|text| text.contains(word)), "{run:#?}");
    }
    let mut by_id = contacts();
    by_id["primary_key"] = json!([["hs_object_id"]]);
    for_streams(&sandbox, &[by_id]).write(&messages([person(1)])).failed_with("config_error");
    assert_eq!(sandbox.writes(), 0);
}

#[test]
fn an_outage_does_not_cost_every_record_that_cannot_be_looked_for() {
    let sandbox = account().fault(Fault::on(Endpoint::Create).status(502)).start();
    let connector = for_streams(&sandbox, &[companies()]).with(&json!({"retry_budget_seconds": 2}));
    let run = connector.write(&messages((0..5_000).map(company))).failed_with("transient_error");
    let calls = sandbox.totals().calls(Endpoint::Create);
    assert_eq!(run.codes().len() as u64, calls * 100, "what was sent may exist");
    assert!(calls < 25, "{calls} calls in an outage of two seconds");
    assert!(run.states().is_empty());
}

#[test]
fn inserts_are_offered_without_a_matching_key() {
    let sandbox = account().start();
    let run = for_streams(&sandbox, &[contacts()]).discover();
    let catalogs = run.of_type("DESTINATION_CATALOG");
    let operations = catalogs[0]["destination_catalog"]["operations"].as_array().expect("operations");
    // Audiences are appended to as well, by keys of their own.
    let is_insert =
        |operation: &&Value| operation["sync_mode"] == "append" && operation["object_name"] != "AUDIENCE";
    let inserts: Vec<&Value> = operations.iter().filter(is_insert).collect();
    let names: Vec<&str> = inserts.iter().filter_map(|operation| operation["object_name"].as_str()).collect();
    for name in ["CONTACT", "COMPANY", "DEAL", "TICKET", "PRODUCT", "LINE_ITEM", "cars"] {
        assert_eq!(names.iter().filter(|offered| **offered == name).count(), 1, "{name}: {names:?}");
    }
    for insert in inserts {
        let columns = insert["json_schema"]["properties"].as_object().expect("columns");
        assert!(insert.get("matching_keys").is_none(), "nobody has to choose one: {insert}");
        assert!(!columns.contains_key("hs_object_id") && !columns.is_empty(), "{insert}");
    }
}

#[test]
fn check_knows_that_record_ids_are_not_inserted() {
    let sandbox = account().start();
    let streams = json!([{"name": "contacts", "operation": "insert", "matching_key": "hs_object_id"}]);
    let connector = for_streams(&sandbox, &[contacts()]).with(&json!({ "streams": streams }));
    let run = connector.check();
    assert_eq!(run.of_type("CONNECTION_STATUS")[0]["connectionStatus"]["status"], "FAILED", "{run:#?}");
}

#[test]
fn a_dry_run_makes_nothing() {
    let sandbox = account().start();
    let connector = for_streams(&sandbox, &[contacts()]).with(&json!({"dry_run": true}));
    let run = connector.write(&messages((0..3).map(person))).succeeded();
    assert!(run.rejected().is_empty() && calls(&sandbox).is_empty(), "{run:#?}");
    assert_eq!(sandbox.count("contacts"), 0);
}
