//! A refused batch costs few calls and only the records at fault.

use hubspot_sandbox::{
    BatchRefusal, Endpoint, Fault, FaultAnswer, FaultBody, InputMatch, PropertyDef, Sandbox, When,
};
use serde_json::{Value, json};

use crate::support::connector::Finished;
use crate::support::delivery::{
    KEY, VALUE, account, contact_in, contacts, email, for_contacts, for_streams, is_state, keyed,
    keyed_record, people, state_numbers, stats, stored,
};
use crate::support::messages::{record, stream_state};

fn upserts(sandbox: &Sandbox) -> u64 {
    sandbox.totals().calls(Endpoint::Upsert)
}

/// The most calls that `bad` refused records of `all` may cost.
fn allowed(bad: usize, all: usize) -> u64 {
    let (bad, all) = (bad as f64, all as f64);
    (2.0 * bad * (all / bad).log2() + 2.0 * bad + 20.0).floor() as u64
}

/// Addresses of the rejected records, sorted.
fn rejected(run: &Finished) -> Vec<String> {
    let address = |record: &&Value| record["data"]["email"].as_str().expect("an address").to_owned();
    let mut all: Vec<String> = run.rejected().iter().map(address).collect();
    all.sort();
    all
}

/// Writes 100 contacts of which those at `places` make HubSpot refuse every batch they are in.
fn isolate(places: &[usize], refusal: BatchRefusal) -> (Sandbox, Finished) {
    let bad = InputMatch::Ids(places.iter().map(|place| email(*place)).collect());
    let sandbox = account().fault(Fault::on(Endpoint::Upsert).containing(bad).refuse_batch(refusal)).start();
    let run = for_contacts(&sandbox)
        .write(&[people(0..100), vec![stream_state("contacts", 1)]].concat())
        .succeeded();
    (sandbox, run)
}

#[test]
fn exactly_the_bad_records_of_a_refused_batch_are_rejected() {
    let scattered = [3, 24, 41, 67, 98];
    let everything: Vec<usize> = (0..100).collect();
    let cases: [&[usize]; 7] = [&[0], &[57], &[99], &[0, 99], &[50, 51], &scattered, &everything];
    for refusal in [BatchRefusal::Conflict, BatchRefusal::Invalid] {
        for places in cases {
            let (sandbox, run) = isolate(places, refusal);
            let expected: Vec<String> = places.iter().map(|place| email(*place)).collect();
            assert_eq!(rejected(&run), expected);
            let code = if refusal == BatchRefusal::Conflict { "CONFLICT" } else { "VALIDATION_ERROR" };
            assert!(run.codes().iter().all(|found| *found == code), "{:?}", run.codes());
            let good = (100 - places.len()) as f64;
            assert_eq!(stats(&run), [(good, places.len() as f64)]);
            assert_eq!(sandbox.count("contacts"), 100 - places.len());
            let (calls, most) = (upserts(&sandbox), allowed(places.len(), 100));
            assert!(calls <= most, "{} bad records cost {calls} calls, more than {most}", places.len());
        }
    }
}

#[test]
fn records_that_a_refusal_names_are_separated_at_once() {
    let bad = [12, 44, 80].map(email);
    let body = json!({"status": "error", "message": "Invalid input", "category": "VALIDATION_ERROR", "context": {"ids": bad}});
    let answer = FaultAnswer::new(400).body(FaultBody::Json(body));
    let fault = Fault::on(Endpoint::Upsert)
        .containing(InputMatch::Ids(bad.to_vec()))
        .answer(answer, When::BeforeEffect);
    let sandbox = account().fault(fault).start();
    let run = for_contacts(&sandbox)
        .write(&[people(0..100), vec![stream_state("contacts", 1)]].concat())
        .succeeded();
    assert_eq!(rejected(&run), bad);
    assert_eq!(sandbox.count("contacts"), 97);
    let calls = upserts(&sandbox);
    assert!(calls <= 1 + 1 + 5, "the batch, the good part, the three taken apart: not {calls} calls");
}

#[test]
fn a_property_that_is_gone_separates_the_records_that_carry_it() {
    let sandbox = account().start();
    let connector = for_contacts(&sandbox);
    let mut running = connector.start_write();
    running.send(&[contact_in(900, "Lisbon"), stream_state("contacts", 1)]);
    running.wait_for("the first state", |message| is_state(message, "contacts", 1));
    sandbox.delete_property("contacts", "firstname");
    let mut input: Vec<Value> = (0..100)
        .map(|number| match number {
            7 | 70 => record("contacts", json!({"email": email(number), "city": "x", "firstname": "Ada"})),
            _ => contact_in(number, "x"),
        })
        .collect();
    input.push(stream_state("contacts", 2));
    running.send(&input);
    let run = running.finish().succeeded();
    assert_eq!(rejected(&run), [email(7), email(70)]);
    assert_eq!(run.codes(), ["PROPERTY_DOESNT_EXIST"; 2]);
    assert!(upserts(&sandbox) <= 8, "{}", upserts(&sandbox));
}

#[test]
fn a_property_that_is_gone_for_good_is_unknown_after_three_batches() {
    const ROWS: usize = 12;
    let sandbox = account().start();
    let connector = for_contacts(&sandbox);
    let mut running = connector.start_write();
    let mut batch = |number: usize| {
        let rows = (number * ROWS..(number + 1) * ROWS)
            .map(|row| record("contacts", json!({"email": email(row), "city": "x", "firstname": "Ada"})));
        let mut input: Vec<Value> = rows.collect();
        input.push(stream_state("contacts", number as u64));
        running.send(&input);
        running.wait_for("the batch's state", |message| is_state(message, "contacts", number as u64));
        if number == 0 {
            sandbox.delete_property("contacts", "firstname");
        }
    };
    (0..7).for_each(&mut batch);
    let run = running.finish().succeeded();
    let rows = ROWS as f64;
    let expected =
        [(rows, 0.0), (0.0, rows), (0.0, rows), (0.0, rows), (rows, 0.0), (rows, 0.0), (rows, 0.0)];
    assert_eq!(stats(&run), expected);
    let told = run.logs().into_iter().filter(|log| log.starts_with("Column \"firstname\"")).count();
    assert_eq!(told, 1, "{:?}", run.logs());
    assert_eq!(stored(&sandbox, "contacts", "email", "city").len(), 4 * ROWS);
}

#[test]
fn a_key_that_stops_being_unique_ends_the_sync_and_is_never_bisected() {
    let sandbox = account().start();
    let connector =
        for_streams(&sandbox, &[contacts(), keyed("cars")]).with(&json!({"flush_interval_seconds": 600}));
    let mut running = connector.start_write();
    let cars = |range: std::ops::Range<usize>| -> Vec<Value> {
        range.map(|number| keyed_record("cars", &format!("c{number}"), "x")).collect()
    };
    running.send(&cars(0..100));
    running.send(&[stream_state("cars", 1)]);
    running.wait_for("the first state", |message| is_state(message, "cars", 1));
    sandbox.put_property("cars", PropertyDef::string(KEY));
    running.send(&people(0..10));
    running.send(&[stream_state("contacts", 1)]);
    running.send(&cars(100..200));
    running.send(&[stream_state("cars", 2)]);
    // The input stays open: the failure alone ends the sync.
    let run = running.wait().failed_with("config_error");
    assert!(run.error()["message"].as_str().expect("a message").contains(KEY), "{}", run.error());
    assert!(run.rejected().is_empty());
    assert_eq!(upserts(&sandbox), 4, "one for each good batch, one that was refused, one record of it alone");
    let numbers = state_numbers(&run);
    assert_eq!(
        (&numbers["cars"], &numbers["contacts"]),
        (&vec![1], &vec![1]),
        "the other stream settled what it held"
    );
}

/// Two records of one key, one of which HubSpot refuses, among others in one batch.
fn merged(older: (&str, &str), newer: (&str, &str), bad: &str) -> (Sandbox, Finished) {
    let bad = InputMatch::property("city", bad);
    let fault = Fault::on(Endpoint::Upsert).containing(bad).refuse_batch(BatchRefusal::Invalid);
    let sandbox = account().fault(fault).start();
    let mut input = people(0..20);
    for (property, value) in [older, newer] {
        let mut data = json!({"email": email(500)});
        data[property] = json!(value);
        input.push(record("contacts", data));
    }
    input.extend(people(20..40));
    input.push(stream_state("contacts", 1));
    let run = for_contacts(&sandbox).write(&input).succeeded();
    assert_eq!(stats(&run), [(41.0, 1.0)]);
    (sandbox, run)
}

#[test]
fn of_merged_records_a_bad_newer_one_does_not_take_the_older_with_it() {
    let (sandbox, run) = merged(("city", "good"), ("city", "bad"), "bad");
    assert_eq!(run.rejected()[0]["data"]["city"], "bad");
    assert_eq!(stored(&sandbox, "contacts", "email", "city")[&email(500)], "good");
}

#[test]
fn of_merged_records_a_bad_older_one_does_not_take_the_newer_with_it() {
    let (sandbox, run) = merged(("city", "bad"), ("firstname", "Ada"), "bad");
    assert_eq!(run.rejected()[0]["data"]["city"], "bad");
    assert_eq!(stored(&sandbox, "contacts", "email", "firstname")[&email(500)], "Ada");
}

#[test]
fn parts_of_a_merged_record_are_written_in_order() {
    let bad = InputMatch::property("firstname", "bad");
    let fault = Fault::on(Endpoint::Upsert).containing(bad).refuse_batch(BatchRefusal::Invalid);
    let sandbox = account().fault(fault).start();
    let of = |city: &str, name: &str| {
        record("contacts", json!({"email": email(1), "city": city, "firstname": name}))
    };
    let input = [
        of("1", "a"),
        of("2", "bad"),
        of("3", "b"),
        of("4", "bad"),
        of("5", "c"),
        stream_state("contacts", 1),
    ];
    let run = for_contacts(&sandbox).write(&input).succeeded();
    let refused: Vec<&Value> = run.rejected().iter().map(|record| &record["data"]["city"]).collect();
    // "c" hides "bad" where later values win, so nothing of the merged record is refused at all.
    assert!(refused.is_empty(), "{refused:?}");
    assert_eq!(stats(&run), [(5.0, 0.0)]);

    let input = [of("1", "a"), of("2", "bad"), of("3", "b"), of("4", "bad"), stream_state("contacts", 1)];
    let run = for_contacts(&sandbox).write(&input).succeeded();
    let refused: Vec<&Value> = run.rejected().iter().map(|record| &record["data"]["city"]).collect();
    assert_eq!(refused, ["2", "4"]);
    let id = sandbox.find("contacts", "email", &email(1))[0].id.clone();
    let cities: Vec<String> =
        sandbox.value_history("contacts", &id, "city").into_iter().map(|(_, city)| city).collect();
    assert_eq!(cities, ["5", "1", "3"]);
}

#[test]
fn a_request_that_is_too_large_is_halved() {
    let sandbox = account().body_limit(4_000).start();
    let long = "x".repeat(300);
    let mut input: Vec<Value> =
        (0..100).map(|number| keyed_record("cars", &format!("c{number}"), &long)).collect();
    input.push(keyed_record("cars", "huge", &"y".repeat(5_000)));
    input.push(stream_state("cars", 1));
    let run = for_streams(&sandbox, &[keyed("cars")]).write(&input).succeeded();
    assert_eq!(run.rejected().len(), 1, "only what alone is too large");
    assert_eq!(run.rejected()[0]["data"][KEY], "huge");
    assert_eq!(stats(&run), [(100.0, 1.0)]);
    assert_eq!(stored(&sandbox, "cars", KEY, VALUE).len(), 100);
    // 16 parts of 6 or 7 records fit; the 15 halvings above them do not; then the huge one.
    assert!(upserts(&sandbox) <= 32, "{}", upserts(&sandbox));
}
