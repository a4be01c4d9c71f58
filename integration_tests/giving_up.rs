//! Trouble that lasts ends the sync: with the right kind of error, and with everything settled acknowledged.

use hubspot_sandbox::{Endpoint, Fault, FaultAnswer, FaultBody, LimitPolicy, Sandbox, Scopes, When};
use serde_json::json;

use crate::support::connector::{Connector, Finished, PATIENCE, Running};
use crate::support::delivery::{
    account, contacts, for_streams, is_state, keyed, keyed_record, people, state_numbers,
};
use crate::support::messages::stream_state;

/// A sync of two streams whose first batch of contacts has been acknowledged. The flush interval is too long to
/// send anything but full batches.
fn under_way(sandbox: &Sandbox, more: &serde_json::Value) -> (Connector, Running) {
    let connector = for_streams(sandbox, &[contacts(), keyed("cars")])
        .with(&json!({"flush_interval_seconds": 600}))
        .with(more);
    let mut running = connector.start_write();
    running.send(&people(0..100));
    running.send(&[stream_state("contacts", 1)]);
    running.wait_for("the first state", |message| is_state(message, "contacts", 1));
    (connector, running)
}

/// Sends another batch of contacts, and lets the sync end with its input open.
fn fails_on_contacts(running: &mut Running, kind: &str) -> Finished {
    running.send(&people(100..200));
    running.send(&[stream_state("contacts", 2)]);
    let run = running.wait().failed_with(kind);
    assert_eq!(state_numbers(&run)["contacts"], [1], "what settled is acknowledged and nothing else");
    assert!(run.rejected().is_empty());
    run
}

fn upserts(sandbox: &Sandbox) -> u64 {
    sandbox.totals().calls(Endpoint::Upsert)
}

#[test]
fn a_spent_daily_quota_ends_the_sync_at_once_and_says_when_it_resets() {
    let sandbox = account().start();
    let (_connector, mut running) = under_way(&sandbox, &json!({}));
    sandbox.add_fault(Fault::on(Endpoint::Upsert).rate_limited(LimitPolicy::Daily));
    let run = fails_on_contacts(&mut running, "transient_error");
    assert!(run.error()["message"].as_str().expect("a message").contains("resets at"), "{}", run.error());
    assert_eq!(upserts(&sandbox), 2, "no call is repeated");
}

#[test]
fn calls_under_way_settle_when_the_quota_is_spent() {
    let sandbox = account().start();
    let (_connector, mut running) = under_way(&sandbox, &json!({}));
    let kept_back = sandbox.add_fault(Fault::on(Endpoint::Upsert).object("cars").hold(When::AfterEffect));
    let spent =
        sandbox.add_fault(Fault::on(Endpoint::Upsert).object("contacts").rate_limited(LimitPolicy::Daily));
    let cars: Vec<_> = (0..100).map(|number| keyed_record("cars", &format!("c{number}"), "x")).collect();
    running.send(&cars);
    running.send(&[stream_state("cars", 1)]);
    assert!(sandbox.wait_held(kept_back, 1, PATIENCE));
    running.send(&people(100..200));
    assert!(sandbox.wait_until(PATIENCE, |totals| totals.with_status(429) == 1));
    sandbox.release(kept_back);
    let run = running.wait().failed_with("transient_error");
    assert_eq!(sandbox.fault_fired(spent), 1);
    assert_eq!(state_numbers(&run)["cars"], [1], "its answer came after the failure and counts");
}

#[test]
fn the_reserve_of_the_daily_quota_is_left_to_others() {
    let sandbox = account().daily_limit(1_000).start();
    let (_connector, mut running) = under_way(&sandbox, &json!({"daily_reserve_percent": 10}));
    sandbox.set_daily_usage(905);
    running.send(&people(100..200));
    running.send(&[stream_state("contacts", 2)]);
    let run = running.wait().failed_with("transient_error");
    assert_eq!(state_numbers(&run)["contacts"], [1, 2], "the call that told of it has settled");
    assert!(run.error()["message"].as_str().expect("a message").contains("resets at"), "{}", run.error());
}

#[test]
fn a_migration_that_takes_hours_ends_the_sync_at_once() {
    let sandbox = account().start();
    let (_connector, mut running) = under_way(&sandbox, &json!({}));
    sandbox.add_fault(
        Fault::on(Endpoint::Upsert)
            .answer(FaultAnswer::new(477).header("Retry-After", "7200"), When::BeforeEffect),
    );
    fails_on_contacts(&mut running, "transient_error");
    assert_eq!(upserts(&sandbox), 2);
}

#[test]
fn a_long_outage_ends_the_sync_when_the_budget_is_spent() {
    for lasting in [
        Fault::on(Endpoint::Upsert).status(503),
        Fault::on(Endpoint::Upsert).status(502),
        Fault::on(Endpoint::Upsert).close(When::BeforeEffect),
        Fault::on(Endpoint::Upsert).status(429),
    ] {
        let sandbox = account().start();
        let (_connector, mut running) = under_way(&sandbox, &json!({"retry_budget_seconds": 1}));
        sandbox.add_fault(lasting);
        fails_on_contacts(&mut running, "transient_error");
        assert!(upserts(&sandbox) > 2, "the call was repeated before");
    }
}

#[test]
fn a_token_that_is_revoked_is_a_configuration_error() {
    let sandbox = account().start();
    let (_connector, mut running) = under_way(&sandbox, &json!({}));
    sandbox.revoke_token(sandbox.default_token());
    let run = fails_on_contacts(&mut running, "config_error");
    assert!(run.error()["message"].as_str().expect("a message").contains("token"), "{}", run.error());
}

/// Loses contacts while cars are gathered: cars settle.
fn loses_contacts(lose: impl FnOnce(&Sandbox)) -> Finished {
    let sandbox = account().start();
    let (_connector, mut running) = under_way(&sandbox, &json!({}));
    lose(&sandbox);
    running.send(&[keyed_record("cars", "a", "1"), keyed_record("cars", "b", "2"), stream_state("cars", 1)]);
    let run = fails_on_contacts(&mut running, "config_error");
    assert_eq!(state_numbers(&run)["cars"], [1], "the other stream settles what it holds");
    assert_eq!((sandbox.count("cars"), sandbox.count("contacts"), upserts(&sandbox)), (2, 100, 3));
    run
}

#[test]
fn a_scope_that_is_withdrawn_is_named_and_the_other_streams_settle() {
    let run = loses_contacts(|sandbox| {
        sandbox.set_scopes(sandbox.default_token(), Scopes::all_but(&["crm.objects.contacts.write"]));
    });
    let message = run.error()["message"].as_str().expect("a message");
    assert!(message.contains("crm.objects.contacts.write"), "{message}");
}

#[test]
fn an_object_that_is_gone_is_a_configuration_error_and_the_other_streams_settle() {
    let body = json!({"status": "error", "message": "resource not found"});
    let answer = FaultAnswer::new(404).body(FaultBody::Json(body));
    loses_contacts(|sandbox| {
        sandbox.add_fault(Fault::on(Endpoint::Upsert).object("contacts").answer(answer, When::BeforeEffect));
    });
}
