//! Trouble that lasts ends the sync: with the right kind of error, and with everything settled acknowledged.

use hubspot_sandbox::{Endpoint, Fault, FaultAnswer, FaultBody, LimitPolicy, Sandbox, Scopes, When};
use serde_json::json;

use crate::support::connector::{Connector, Finished, PATIENCE, Running};
use crate::support::delivery::{
    account, contact, contacts, for_contacts, for_streams, is_state, keyed, keyed_record, people,
    state_numbers,
};
use crate::support::messages::stream_state;
use crate::support::sent::assert_nothing_written;

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
    assert!(names_the_reset(&run), "{}", run.error());
    assert_eq!(upserts(&sandbox), 2, "no call is repeated");
}

/// Whether the error names the next midnight of the tests' account, five hours behind UTC.
fn names_the_reset(run: &Finished) -> bool {
    let message = run.error()["message"].as_str().expect("a message").to_owned();
    message.contains("T00:00-05:00 (midnight in the account's time zone, in ")
}

#[test]
fn the_reset_is_midnight_where_the_account_is() {
    let sandbox = account().time_zone("Asia/Kolkata", 330).start();
    let (_connector, mut running) = under_way(&sandbox, &json!({}));
    sandbox.add_fault(Fault::on(Endpoint::Upsert).rate_limited(LimitPolicy::Daily));
    let run = fails_on_contacts(&mut running, "transient_error");
    let message = run.error()["message"].as_str().expect("a message");
    assert!(message.contains("resets at 2") && message.contains("T00:00+05:30"), "{message}");
}

#[test]
fn where_the_account_may_not_be_read_the_reset_is_midnight_without_a_date() {
    let sandbox = account().fault(Fault::on(Endpoint::AccountDetails).status(403)).start();
    let (_connector, mut running) = under_way(&sandbox, &json!({}));
    sandbox.add_fault(Fault::on(Endpoint::Upsert).rate_limited(LimitPolicy::Daily));
    let run = fails_on_contacts(&mut running, "transient_error");
    let message = run.error()["message"].as_str().expect("a message");
    assert!(message.contains("resets at midnight in the time zone of the HubSpot account"), "{message}");
}

#[test]
fn a_sync_that_begins_within_the_reserve_writes_nothing() {
    let sandbox = account().daily_limit(1_000).start();
    sandbox.set_daily_usage(960);
    let run = for_contacts(&sandbox).write(&[contact(1), stream_state("contacts", 1)]);
    let run = run.failed_with("transient_error");
    assert!(names_the_reset(&run), "{}", run.error());
    assert_eq!((upserts(&sandbox), run.states().len()), (0, 0));
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
    assert!(names_the_reset(&run), "{}", run.error());
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

#[test]
fn a_scope_that_is_known_to_be_missing_ends_the_sync_before_anything_is_written() {
    let lacking = ["crm.objects.contacts.write", "crm.objects.custom.write"];
    let sandbox = account().token("pat-na1-readers", Scopes::all_but(&lacking)).start();
    let streams = [contacts(), crate::support::messages::elt_stream("companies", &["name"]), keyed("cars")];
    let connector = Connector::new(&sandbox.url(), "pat-na1-readers");
    let connector = connector.catalog(&crate::support::messages::catalog(&streams));
    let input = [contact(1), stream_state("contacts", 1)];
    let run = connector.write(&input).failed_with("config_error");
    let message = run.error()["message"].as_str().expect("a message");
    for named in ["Stream \"contacts\"", "Stream \"cars\"", lacking[0], lacking[1]] {
        assert!(message.contains(named), "{named}: {message}");
    }
    assert!(run.states().is_empty());
    assert_nothing_written(&sandbox);

    // Where HubSpot does not tell the scopes, its refusal names them.
    sandbox.add_fault(Fault::on(Endpoint::PrivateTokenInfo).status(404));
    let streams = [contacts()];
    let connector = Connector::new(&sandbox.url(), "pat-na1-readers");
    let connector = connector.catalog(&crate::support::messages::catalog(&streams));
    let run = connector.write(&input).failed_with("config_error");
    assert!(run.error()["message"].as_str().expect("a message").contains(lacking[0]), "{}", run.error());
    assert_eq!(upserts(&sandbox), 1, "it has been tried");
}

#[test]
fn an_oauth_app_without_the_scope_writes_nothing_either() {
    let lacking = "crm.objects.contacts.write";
    let sandbox = account().oauth_app("app", "app-secret", "refresh", Scopes::all_but(&[lacking])).start();
    let credentials = json!({"type": "OAuth", "client_id": "app", "client_secret": "app-secret", "refresh_token": "refresh"});
    let connector = for_contacts(&sandbox).with(&json!({"credentials": credentials}));
    let run = connector.write(&[contact(1), stream_state("contacts", 1)]).failed_with("config_error");
    assert!(run.error()["message"].as_str().expect("a message").contains(lacking), "{}", run.error());
    assert_nothing_written(&sandbox);
}

#[test]
fn what_is_good_to_know_only_does_not_hold_a_sync_up() {
    let sandbox = account().start();
    for endpoint in [Endpoint::AccountDetails, Endpoint::PrivateTokenInfo] {
        sandbox.add_fault(Fault::on(endpoint).status(500));
    }
    let connector = for_contacts(&sandbox).with(&json!({"retry_budget_seconds": 2}));
    let run = connector.write(&[contact(1), stream_state("contacts", 1)]).succeeded();
    assert_eq!(state_numbers(&run)["contacts"], [1]);
}

#[test]
fn a_dry_run_needs_no_scope_to_write() {
    let lacking = "crm.objects.contacts.write";
    let sandbox = account().token("pat-na1-reader", Scopes::all_but(&[lacking])).start();
    let credentials = json!({"type": "AccessToken", "access_token": "pat-na1-reader"});
    let connector = for_contacts(&sandbox).with(&json!({"dry_run": true, "credentials": credentials}));
    let run = connector.write(&[contact(1)]).succeeded();
    assert_eq!(run.logs().iter().filter(|text| text.contains(lacking)).count(), 1, "{:?}", run.logs());
    assert_nothing_written(&sandbox);
}
