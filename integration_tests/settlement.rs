//! Each answer is read per record: what it confirms, refuses, or leaves out.

use hubspot_sandbox::{
    EchoTraceIds, Endpoint, Fault, FaultAnswer, FaultBody, InputMatch, PropertyDef, When, Writing,
};
use serde_json::{Value, json};

use super::account;
use crate::support::connector::PATIENCE;
use crate::support::delivery::{
    KEY, contact, contact_in, email, for_contacts, for_streams, is_state, keyed, keyed_record, people,
    state_numbers, stats, stored,
};
use crate::support::messages::{elt_stream, record, stream_state};

fn upserts(sandbox: &hubspot_sandbox::Sandbox) -> u64 {
    sandbox.totals().calls(Endpoint::Upsert)
}

fn emails(numbers: std::ops::Range<usize>) -> InputMatch {
    InputMatch::Ids(numbers.map(email).collect())
}

/// Inputs of each upsert, in the order the calls arrived.
fn sizes(sandbox: &hubspot_sandbox::Sandbox) -> Vec<usize> {
    let all = sandbox.requests();
    all.iter().filter(|request| request.endpoint == Endpoint::Upsert).map(|request| request.inputs).collect()
}

#[test]
fn a_207_rejects_the_records_it_names_and_no_other() {
    let sandbox = account().property("cars", PropertyDef::string("tax_id").unique()).start();
    let taken = sandbox.insert("cars", &[(KEY, "other"), ("tax_id", "T1")]);
    let mut stream = elt_stream("cars", &[KEY, "tax_id"]);
    stream["destination_object_name"] = json!("cars");
    stream["destination_sync_mode"] = json!("append_dedup");
    stream["primary_key"] = json!([[KEY]]);
    let mut input: Vec<Value> = (0..50)
        .map(|number| {
            let tax_id = if number % 10 == 3 { "T1".to_owned() } else { format!("own {number}") };
            record("cars", json!({KEY: format!("c{number}"), "tax_id": tax_id}))
        })
        .collect();
    input.push(stream_state("cars", 1));
    let run = for_streams(&sandbox, &[stream]).write(&input).succeeded();
    let mut rejected: Vec<&str> =
        run.rejected().iter().map(|record| record["data"][KEY].as_str().expect("a key")).collect();
    rejected.sort_unstable();
    assert_eq!(rejected, ["c13", "c23", "c3", "c33", "c43"]);
    let reason = &run.rejected()[0]["meta"]["rejection"];
    assert_eq!(
        (reason["origin"].as_str(), reason["property"].as_str()),
        (Some("hubspot"), Some("tax_id")),
        "{reason}"
    );
    assert_eq!(reason["existing_id"].as_str(), Some(taken.as_str()), "{reason}");
    assert!(reason["correlation_id"].is_string(), "{reason}");
    assert_eq!(stats(&run), [(45.0, 5.0)]);
    assert_eq!((sandbox.count("cars"), upserts(&sandbox)), (46, 1));
}

#[test]
fn answers_without_trace_ids_are_tied_to_records_by_their_keys() {
    let sandbox = account().echo_trace_ids(EchoTraceIds::Never).start();
    let mut input: Vec<Value> = (0..40)
        .map(|number| {
            record("contacts", json!({"email": format!(" Person{number}@Example.COM "), "city": "x"}))
        })
        .collect();
    input.extend((0..40).map(|number| keyed_record("cars", &format!("Mixed{number}"), "x")));
    input.extend([stream_state("contacts", 1), stream_state("cars", 1)]);
    let streams = [crate::support::delivery::contacts(), keyed("cars")];
    let run = for_streams(&sandbox, &streams).write(&input).succeeded();
    assert!(run.rejected().is_empty());
    assert_eq!(upserts(&sandbox), 2, "every result was recognised");
    assert_eq!(sandbox.find("contacts", "email", "person7@example.com").len(), 1);
    assert_eq!(sandbox.find("cars", KEY, "Mixed7").len(), 1);
}

#[test]
fn what_an_answer_leaves_out_is_sent_together_once_more() {
    for writing in [Writing::Written, Writing::NotWritten] {
        let fault = Fault::on(Endpoint::Upsert).first(1).unmention(emails(10..15), writing);
        let sandbox = account().fault(fault).start();
        let mut input = people(0..50);
        input.push(stream_state("contacts", 1));
        let run = for_contacts(&sandbox).write(&input).succeeded();
        assert!(run.rejected().is_empty());
        assert_eq!(stats(&run), [(50.0, 0.0)]);
        assert_eq!(sizes(&sandbox), [50, 5]);
        assert_eq!(stored(&sandbox, "contacts", "email", "city").len(), 50);
    }
}

#[test]
fn what_stays_left_out_is_sent_alone_and_then_not_confirmed() {
    for writing in [Writing::Written, Writing::NotWritten] {
        let sandbox = account().fault(Fault::on(Endpoint::Upsert).unmention(emails(10..13), writing)).start();
        let mut input = people(0..50);
        input.push(stream_state("contacts", 1));
        let run = for_contacts(&sandbox).write(&input).succeeded();
        assert_eq!(run.codes(), ["NOT_CONFIRMED"; 3]);
        assert_eq!(run.rejected()[0]["meta"]["rejection"]["origin"], "connector");
        assert_eq!(stats(&run), [(47.0, 3.0)]);
        assert_eq!(sizes(&sandbox), [50, 3, 1, 1, 1]);
    }
}

#[test]
fn an_answer_that_mentions_nothing_is_no_success() {
    let sandbox = account().fault(Fault::on(Endpoint::Upsert).first(1).empty_results()).start();
    let mut input = people(0..30);
    input.push(stream_state("contacts", 1));
    let run = for_contacts(&sandbox).write(&input).succeeded();
    assert_eq!((sizes(&sandbox), sandbox.count("contacts")), (vec![30, 30], 30));
    assert_eq!(stats(&run), [(30.0, 0.0)]);
}

#[test]
fn a_success_without_a_readable_body_is_no_success() {
    for body in [FaultBody::Empty, FaultBody::Html] {
        let fault =
            Fault::on(Endpoint::Upsert).first(1).answer(FaultAnswer::new(200).body(body), When::BeforeEffect);
        let sandbox = account().fault(fault).start();
        let mut input = people(0..30);
        input.push(stream_state("contacts", 1));
        let run = for_contacts(&sandbox).write(&input).succeeded();
        assert_eq!((sizes(&sandbox), sandbox.count("contacts")), (vec![30, 30], 30));
        assert_eq!(stats(&run), [(30.0, 0.0)]);
    }
}

#[test]
fn lasting_silence_ends_the_sync_and_acknowledges_nothing() {
    let sandbox = account().start();
    let connector = for_contacts(&sandbox);
    let mut running = connector.start_write();
    running.send(&people(0..100));
    running.send(&[stream_state("contacts", 1)]);
    running.wait_for("what settled before", |message| is_state(message, "contacts", 1));
    sandbox.add_fault(Fault::on(Endpoint::Upsert).empty_results());
    for batch in 1..=6 {
        for number in batch * 100..(batch + 1) * 100 {
            running.send(&[contact(number), stream_state("contacts", number as u64)]);
        }
    }
    let run = running.finish().failed_with("transient_error");
    assert_eq!(state_numbers(&run)["contacts"], [1], "a prefix, and nothing that was met with silence");
    assert!(run.rejected().is_empty(), "no record is rejected for what is no fault of its own");
}

#[test]
fn a_207_without_errors_is_a_success() {
    let results: Vec<Value> = (0..5)
        .map(|number| json!({"id": format!("{}", 900 + number), "properties": {"email": email(number)}, "new": true}))
        .collect();
    let body = FaultBody::Json(json!({"status": "COMPLETE", "results": results}));
    let answer =
        Fault::on(Endpoint::Upsert).first(1).answer(FaultAnswer::new(207).body(body), When::AfterEffect);
    let sandbox = account().fault(answer).start();
    let mut input = people(0..5);
    input.push(stream_state("contacts", 1));
    let run = for_contacts(&sandbox).write(&input).succeeded();
    assert_eq!((upserts(&sandbox), stats(&run)), (1, vec![(5.0, 0.0)]));
}

#[test]
fn an_error_may_name_several_records() {
    let sandbox = account().start();
    let never_answered = sandbox.add_fault(Fault::on(Endpoint::Upsert).first(1).hold(When::AfterEffect));
    let connector = for_contacts(&sandbox).with(&json!({"request_timeout_seconds": 1}));
    let mut running = connector.start_write();
    running.send(&people(0..4));
    running.send(&[stream_state("contacts", 1)]);
    assert!(sandbox.wait_held(never_answered, 1, PATIENCE));
    // The call that is never answered tells the trace ids; the same call, repeated after its timeout, is answered with them.
    let requests = sandbox.requests();
    let sent = requests.iter().filter_map(|request| request.body()).find(|body| body["inputs"].is_array());
    let inputs = sent.expect("the batch")["inputs"].as_array().expect("inputs").clone();
    let trace = |place: usize| inputs[place]["objectWriteTraceId"].clone();
    let result = |place: usize| json!({"id": "1", "properties": {}, "objectWriteTraceId": trace(place)});
    let error = json!({
        "status": "error", "category": "VALIDATION_ERROR", "message": "Property values were not valid",
        "context": {"objectWriteTraceId": [trace(1), trace(2)]},
    });
    let body =
        json!({"status": "COMPLETE", "results": [result(3), result(0)], "numErrors": 1, "errors": [error]});
    let answer = FaultAnswer::new(207).body(FaultBody::Json(body));
    sandbox.add_fault(Fault::on(Endpoint::Upsert).answer(answer, When::BeforeEffect));
    let run = running.finish().succeeded();
    let mut rejected: Vec<&Value> = run.rejected().iter().map(|record| &record["data"]["email"]).collect();
    rejected.sort_by_key(|email| email.to_string());
    assert_eq!(rejected, [&inputs[1]["id"], &inputs[2]["id"]]);
    assert_eq!(stats(&run), [(2.0, 2.0)]);
}

#[test]
fn a_record_is_stored_once_however_often_it_comes() {
    let sandbox = account().start();
    let input: Vec<Value> = (0..900).map(|number| contact_in(number % 30, &format!("v{number}"))).collect();
    let run =
        for_contacts(&sandbox).write(&[&input[..], &[stream_state("contacts", 1)]].concat()).succeeded();
    assert_eq!(stats(&run), [(900.0, 0.0)]);
    let cities = stored(&sandbox, "contacts", "email", "city");
    assert_eq!(cities.len(), 30);
    assert!((0..30).all(|number| cities[&email(number)] == format!("v{}", 870 + number)), "{cities:?}");
}

#[test]
fn a_silent_batch_among_answered_ones_is_not_confirmed_record_by_record() {
    let sandbox =
        account().fault(Fault::on(Endpoint::Upsert).unmention(emails(0..10), Writing::NotWritten)).start();
    let connector = for_contacts(&sandbox);
    let mut running = connector.start_write();
    running.send(&people(0..10));
    running.send(&[stream_state("contacts", 1)]);
    assert!(
        sandbox.wait_until(PATIENCE, |totals| totals.calls(Endpoint::Upsert) == 2),
        "the batch came twice"
    );
    running.send(&people(10..20));
    running.send(&[stream_state("contacts", 2)]);
    running.wait_for("the state of the silent batch", |message| is_state(message, "contacts", 1));
    let run = running.finish().succeeded();
    assert_eq!(run.codes(), ["NOT_CONFIRMED"; 10]);
    assert_eq!(stats(&run), [(0.0, 10.0), (10.0, 0.0)]);
    assert_eq!(upserts(&sandbox), 2 + 1 + 10);
}

#[test]
fn a_sync_of_one_silent_batch_is_not_confirmed_record_by_record() {
    let sandbox = account().fault(Fault::on(Endpoint::Upsert).empty_results()).start();
    let run = for_contacts(&sandbox)
        .write(&[&people(0..10)[..], &[stream_state("contacts", 1)]].concat())
        .succeeded();
    assert_eq!(run.codes(), ["NOT_CONFIRMED"; 10]);
    assert_eq!((stats(&run), upserts(&sandbox)), (vec![(0.0, 10.0)], 2 + 10));
}
