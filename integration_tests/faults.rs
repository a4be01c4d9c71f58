//! Trouble that is not the records' fault is waited out: everything is stored once, nobody is rejected.

use std::sync::atomic::{AtomicUsize, Ordering};

use hubspot_sandbox::{Endpoint, Fault, FaultAnswer, FaultBody, InputMatch, LimitPolicy, When};
use serde_json::json;

use super::account;
use crate::support::delivery::{
    contact, email, for_contacts, for_streams, is_state, keyed, keyed_record, people, state_numbers, stats,
    stored,
};
use crate::support::messages::stream_state;

type Strike = Box<dyn Fn(Fault) -> Fault + Send + Sync>;

/// A fault with a name for messages.
struct Case {
    name: String,
    strike: Strike,
}

fn case(name: impl Into<String>, strike: impl Fn(Fault) -> Fault + Send + Sync + 'static) -> Case {
    Case { name: name.into(), strike: Box::new(strike) }
}

fn answered(status: u16, body: FaultBody, when: When) -> Case {
    let name = format!("{status} {body:?} {when:?}");
    case(name, move |fault| fault.answer(FaultAnswer::new(status).body(body.clone()), when))
}

/// Everything that can go wrong for a moment, before and after the write took effect.
fn passing_troubles() -> Vec<Case> {
    let mut cases = Vec::new();
    for when in [When::BeforeEffect, When::AfterEffect] {
        for status in [408, 423, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 530] {
            cases.push(answered(status, FaultBody::Usual, when));
        }
        cases.push(answered(500, FaultBody::Html, when));
        cases.push(answered(503, FaultBody::Empty, when));
        cases.push(answered(200, FaultBody::Html, when));
        cases.push(case(format!("477 {when:?}"), move |fault| {
            fault.answer(FaultAnswer::new(477).header("Retry-After", "1"), when)
        }));
        cases.push(case(format!("reset {when:?}"), move |fault| fault.close(when)));
        cases.push(case(format!("hang {when:?}"), move |fault| fault.hang(when)));
    }
    cases.push(case("truncated", Fault::truncate));
    for policy in [LimitPolicy::Secondly, LimitPolicy::TenSecondlyRolling] {
        cases.push(case(format!("429 {policy:?}"), move |fault| fault.rate_limited(policy)));
    }
    let other = json!({"status": "error", "message": "Slow down.", "policyName": "CONCURRENT_REQUESTS"});
    cases.push(answered(429, FaultBody::Json(other), When::BeforeEffect));
    cases.push(answered(429, FaultBody::Html, When::BeforeEffect));
    cases
}

/// Strikes the second of three calls.
fn is_waited_out(case: &Case) {
    let name = &case.name;
    let fault = (case.strike)(Fault::on(Endpoint::Upsert).nth(2));
    let sandbox = account().fault(fault).start();
    let mut input = people(0..100);
    input.push(stream_state("contacts", 1));
    input.extend(people(100..250));
    input.push(stream_state("contacts", 2));
    let connector = for_contacts(&sandbox).with(&json!({"request_timeout_seconds": 1}));
    let run = connector.write(&input).succeeded();
    assert!(run.rejected().is_empty(), "{name}");
    assert_eq!(state_numbers(&run)["contacts"], [1, 2], "{name}");
    assert_eq!(stats(&run), [(100.0, 0.0), (150.0, 0.0)], "{name}");
    assert_eq!(stored(&sandbox, "contacts", "email", "city").len(), 250, "{name}");
    assert_eq!(sandbox.counts("contacts").created, 250, "{name}");
    let requests = sandbox.requests();
    let calls = requests.iter().filter(|request| request.path.ends_with("/upsert")).count();
    assert_eq!(calls, 4, "{name}: the struck call is repeated, and no other");
    let told = |text: &str| run.logs().iter().filter(|log| log.contains(text)).count();
    assert_eq!((told("calls are failing"), told("go through again")), (1, 1), "{name}: {:?}", run.logs());
}

#[test]
fn passing_trouble_is_waited_out_and_stores_everything_once() {
    let cases = passing_troubles();
    let next = AtomicUsize::new(0);
    // The waits are the connector's own; several at a time keep the test short.
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    is_waited_out(case);
                }
            });
        }
    });
}

#[test]
fn an_episode_of_trouble_is_told_once() {
    let sandbox = account().fault(Fault::on(Endpoint::Upsert).first(3).status(503)).start();
    let run = for_contacts(&sandbox).write(&[contact(1), stream_state("contacts", 1)]).succeeded();
    let told = |text: &str| run.logs().iter().filter(|log| log.contains(text)).count();
    assert_eq!((told("calls are failing with status 503"), told("go through again after 3 failed")), (1, 1));
    assert_eq!(sandbox.totals().calls(Endpoint::Upsert), 4);
}

#[test]
fn a_record_that_fails_alone_for_ever_is_rejected_while_others_go_through() {
    let sandbox = account()
        .fault(Fault::on(Endpoint::Upsert).containing(InputMatch::id(&email(2))).status(500))
        .start();
    let connector = for_streams(&sandbox, &[crate::support::delivery::contacts(), keyed("cars")]);
    let mut running = connector.start_write();
    running.send(&people(0..4));
    running.send(&[stream_state("contacts", 1)]);
    let mut number = 0;
    let mut rejected = false;
    while !rejected {
        number += 1;
        running.send(&[keyed_record("cars", "a car", &number.to_string()), stream_state("cars", number)]);
        let met = running.wait_for("another record's state", |message| {
            is_state(message, "cars", number) || message["type"] == "RECORD"
        });
        rejected = met["type"] == "RECORD";
    }
    let run = running.finish().succeeded();
    assert_eq!(run.codes(), ["SERVER_ERROR"]);
    assert_eq!(run.rejected()[0]["data"]["email"], email(2));
    assert_eq!(state_numbers(&run)["contacts"], [1]);
    assert_eq!(sandbox.count("contacts"), 3, "the batch was taken apart");
    let alone = sandbox
        .requests()
        .iter()
        .filter(|request| {
            request.object.as_deref().is_some_and(|object| object != "cars") && request.inputs == 1
        })
        .filter(|request| request.status == Some(500))
        .count();
    assert!(alone >= 5, "it failed alone {alone} times only");
}

#[test]
fn a_record_that_fails_while_nothing_goes_through_is_not_rejected() {
    let sandbox = account().fault(Fault::on(Endpoint::Upsert).status(500)).start();
    let connector = for_contacts(&sandbox).with(&json!({"retry_budget_seconds": 2}));
    let run = connector.write(&[contact(1), stream_state("contacts", 1)]).failed_with("transient_error");
    assert!(run.rejected().is_empty() && run.states().is_empty());
}

#[test]
fn refused_connections_are_waited_out() {
    let builder = || account().default_token("pat-na1-fixed");
    let sandbox = builder().start();
    let connector = for_contacts(&sandbox);
    let mut running = connector.start_write();
    running.send(&[contact(1), stream_state("contacts", 1)]);
    running.wait_for("the first state", |message| is_state(message, "contacts", 1));
    let port = sandbox.url().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    // Nothing listens on the port for a while.
    drop(sandbox);
    running.send(&[contact(2), stream_state("contacts", 2)]);
    running.wait_for("a word about it", |message| {
        message["log"]["message"].as_str().is_some_and(|text| text.contains("calls are failing"))
    });
    let sandbox = builder().port(port).start();
    let run = running.finish().succeeded();
    assert_eq!(state_numbers(&run)["contacts"], [1, 2]);
    assert_eq!(stored(&sandbox, "contacts", "email", "city").len(), 1);
}
