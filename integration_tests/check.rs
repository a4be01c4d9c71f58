//! `check`: what it reads, what it says, and that it ends.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use hubspot_sandbox::{Endpoint, EventDef, Fault, ListDef, PropertyDef, Sandbox, Scopes, When};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished};
use crate::support::crm;
use crate::support::messages::{catalog, elt_stream, record};
use crate::support::sent::assert_nothing_written;

fn told(run: &Finished) -> (&str, &str) {
    assert!(run.status.success(), "check ends with 0 whatever it finds: {run:#?}");
    assert_eq!(
        run.messages.iter().filter(|message| message["type"] == "CONNECTION_STATUS").count(),
        1,
        "{run:#?}"
    );
    assert!(run.of_type("TRACE").is_empty(), "{run:#?}");
    let status = &run.of_type("CONNECTION_STATUS")[0]["connectionStatus"];
    (status["status"].as_str().expect("a status"), status["message"].as_str().expect("a message"))
}

fn succeeded(run: &Finished) -> &str {
    let (status, message) = told(run);
    assert_eq!(status, "SUCCEEDED", "{run:#?}");
    message
}

fn failed(run: &Finished) -> &str {
    let (status, message) = told(run);
    assert_eq!(status, "FAILED", "{run:#?}");
    message
}

fn checked(sandbox: &Sandbox, streams: &Value) -> Finished {
    Connector::new(&sandbox.url(), sandbox.default_token()).with(&json!({"streams": streams})).check()
}

#[test]
fn success_names_the_account_and_where_its_data_is() {
    let sandbox = Sandbox::builder().portal_id(7_654_321).region("eu1").start();
    let run = checked(&sandbox, &json!([]));
    let message = succeeded(&run);
    assert!(message.contains("7654321") && message.contains("eu1"), "{message}");
    assert_nothing_written(&sandbox);
}

#[test]
fn an_unknown_token_is_not_valid_although_hubspot_calls_it_expired() {
    let sandbox = Sandbox::builder().start();
    let run = Connector::new(&sandbox.url(), "pat-na1-11111111-2222").check();
    let message = failed(&run);
    assert!(message.contains("not valid") && !message.contains("expired"), "{message}");
    assert!(!message.contains("pat-na1-11111111-2222"), "{message}");
    let calls = sandbox.totals().arrived;
    assert_eq!(calls, 1, "a refused token is not tried again");
}

#[test]
fn a_token_that_expired_seconds_ago_is_called_expired() {
    let sandbox = Sandbox::builder().fault(Fault::anywhere().status(401)).start();
    let run = checked(&sandbox, &json!([]));
    let message = failed(&run);
    assert!(message.contains("expired"), "{message}");
}

#[test]
fn missing_scopes_are_named() {
    let scopes = Scopes::only(&["crm.objects.contacts.read", "crm.objects.contacts.write"]);
    let sandbox = crm::account().token("pat-na1-narrow", scopes).start();
    let connector = Connector::new(&sandbox.url(), "pat-na1-narrow");
    let streams =
        json!([{"name": "contacts"}, {"name": "orders", "object": "deals", "matching_key": "warehouse_id"}]);
    let run = connector.with(&json!({"streams": streams})).check();
    let message = failed(&run);
    assert!(message.contains("crm.schemas.deals.read") && message.contains("orders"), "{message}");
    assert!(!message.contains("crm.objects.contacts"), "{message}");
}

#[test]
fn what_no_stream_needs_may_be_forbidden() {
    let sandbox = Sandbox::builder().fault(Fault::on(Endpoint::AccountDetails).status(403)).start();
    let without_streams = checked(&sandbox, &json!([]));
    assert!(succeeded(&without_streams).contains("account"), "{without_streams:#?}");
    let streams = json!([{"name": "contacts", "matching_key": "email"}]);
    succeeded(&checked(&sandbox, &streams));

    let contacts_only = Scopes::only(&["crm.objects.contacts.read", "crm.objects.contacts.write"]);
    sandbox.add_token("pat-na1-contacts", contacts_only);
    let run = Connector::new(&sandbox.url(), "pat-na1-contacts").check();
    assert!(succeeded(&run).contains("COMPANY"), "the objects the token may not use are named: {run:#?}");
}

#[test]
fn a_token_without_any_scope_does_not_pass() {
    let sandbox = Sandbox::builder().token("pat-na1-none", Scopes::only(&[])).start();
    failed(&Connector::new(&sandbox.url(), "pat-na1-none").check());
}

#[test]
fn every_configured_stream_is_checked() {
    let sandbox =
        Sandbox::builder().property("companies", PropertyDef::string("warehouse_id").unique()).start();
    for (stream, named) in [
        (json!({"name": "people", "object": "CONTACT", "matching_key": "firstname"}), ["firstname", "email"]),
        (json!({"name": "people", "object": "contacts", "matching_key": "no_such"}), ["no_such", "email"]),
        (json!({"name": "firms", "object": "COMPANY", "matching_key": "domain"}), ["domain", "warehouse_id"]),
        (json!({"name": "boats", "object": "boats"}), ["boats", "CONTACT"]),
    ] {
        let run = checked(&sandbox, &json!([{"name": "contacts"}, stream]));
        let message = failed(&run);
        for word in named.iter().chain([&stream["name"].as_str().expect("a name")]) {
            assert!(message.contains(word), "{word}: {message}");
        }
    }
    let good = json!([
        {"name": "people", "object": "CONTACT", "matching_key": "email"},
        {"name": "firms", "object": "companies", "matching_key": "warehouse_id"},
        {"name": "products", "matching_key": "hs_sku"},
    ]);
    succeeded(&checked(&sandbox, &good));
    assert_nothing_written(&sandbox);
}

#[test]
fn passing_trouble_is_waited_out() {
    let sandbox = Sandbox::builder().fault(Fault::anywhere().first(1).status(503)).start();
    succeeded(&checked(&sandbox, &json!([{"name": "contacts"}])));
    assert_eq!(sandbox.totals().with_status(503), 1);
}

#[test]
fn an_unreachable_api_fails_within_the_budget() {
    // A port that was free a moment ago: nothing listens there.
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let began = Instant::now();
    let connector = Connector::new(&format!("http://127.0.0.1:{port}"), "pat-na1-unused");
    let run = connector.with(&json!({"retry_budget_seconds": 1})).check();
    assert!(failed(&run).contains("reached"), "{run:#?}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn an_api_that_never_answers_fails_within_the_budget() {
    let sandbox = Sandbox::builder().fault(Fault::anywhere().hang(When::BeforeEffect)).start();
    let began = Instant::now();
    let connector = Connector::new(&sandbox.url(), sandbox.default_token());
    failed(&connector.with(&json!({"retry_budget_seconds": 1})).check());
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn an_address_that_is_not_hubspot_fails() {
    let sandbox = Sandbox::builder().start();
    let run = Connector::new(&format!("{}/elsewhere", sandbox.url()), sandbox.default_token()).check();
    assert!(failed(&run).contains("api_base_url"), "{run:#?}");
}

#[test]
fn missing_write_scopes_are_found_although_nothing_is_written() {
    let scopes = Scopes::all_but(&["crm.objects.companies.write", "crm.schemas.contacts.write"]);
    let sandbox = Sandbox::builder().token("pat-na1-narrow", scopes).start();
    let connector = Connector::new(&sandbox.url(), "pat-na1-narrow");
    let without_streams = connector.check();
    let message = succeeded(&without_streams);
    assert!(message.contains("may not write: COMPANY"), "{message}");
    let streams = json!([
        {"name": "people", "object": "contacts", "unknown_properties": "create"},
        {"name": "firms", "object": "companies"},
    ]);
    let run = connector.with(&json!({"streams": streams})).check();
    let message = failed(&run);
    let (fatal, warning) = message.split_once("Warning:").expect("a warning behind what is fatal");
    assert!(fatal.contains("\"firms\"") && fatal.contains("crm.objects.companies.write"), "{message}");
    assert!(warning.contains("\"people\"") && warning.contains("crm.schemas.contacts.write"), "{message}");
    assert_nothing_written(&sandbox);
}

#[test]
fn scopes_of_lists_and_events_are_found_too_and_those_of_associations_warned_of() {
    let lacking = [
        "crm.lists.write",
        "crm.segments.write",
        "cms.membership.access_groups.write",
        "analytics.behavioral_events.send",
        "behavioral-events-ingestion",
        "crm.objects.companies.write",
    ];
    let token = "pat-na1-narrow";
    let sandbox = Sandbox::builder()
        .token(token, Scopes::all_but(&lacking))
        .list(ListDef::manual("VIP", "contacts").id(7))
        .event_definition(EventDef::new("bought"))
        .start();
    let pair = json!({"name": "jobs", "object": "ASSOCIATION:CONTACT:COMPANY"});
    let told =
        |streams: &Value| Connector::new(&sandbox.url(), token).with(&json!({"streams": streams})).check();
    let run = told(&json!([pair]));
    let message = succeeded(&run);
    let (_, warning) = message.split_once("Warning:").expect("a warning");
    assert!(warning.contains("\"jobs\"") && warning.contains("crm.objects.companies.write"), "{message}");
    for (object, scope) in [
        ("LIST:7", "crm.lists.write"),
        ("LIST_MEMBERSHIP", "crm.lists.write"),
        ("EVENT:bought", "analytics.behavioral_events.send"),
    ] {
        let run = told(&json!([pair, {"name": "narrow", "object": object}]));
        let message = failed(&run);
        assert!(message.contains("\"narrow\"") && message.contains(scope), "{object}: {message}");
    }
    let streams = [elt_stream("narrow", &["email"]), elt_stream("contacts", &["email"])];
    for object in ["LIST:7", "LIST_MEMBERSHIP", "EVENT:bought"] {
        let connector = Connector::new(&sandbox.url(), token)
            .catalog(&catalog(&streams))
            .with(&json!({"streams": [{"name": "narrow", "object": object}]}));
        let rows = [record("contacts", json!({"email": "a@example.com"}))];
        let run = connector.write(&rows).failed_with("config_error");
        assert_eq!(run.error()["stream_descriptor"]["name"], "narrow", "{object}: {run:#?}");
        connector.with(&json!({"dry_run": true})).write(&rows).succeeded();
    }
    assert_nothing_written(&sandbox);
}

#[test]
fn a_token_that_may_write_nothing_does_not_pass() {
    let scopes = Scopes::only(&["crm.objects.contacts.read", "crm.objects.companies.read"]);
    let sandbox = Sandbox::builder().token("pat-na1-reader", scopes).start();
    let run = Connector::new(&sandbox.url(), "pat-na1-reader").check();
    assert!(failed(&run).contains("crm.objects.contacts.write"), "{run:#?}");
}

#[test]
fn everything_found_is_told_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let in_the_way = folder.path().join("file");
    std::fs::write(&in_the_way, "").expect("a file");
    let sandbox = Sandbox::builder().daily_limit(1_000).start();
    sandbox.set_daily_usage(980);
    let run = Connector::new(&sandbox.url(), sandbox.default_token())
        .with(&json!({
            "streams": [
                {"name": "people", "object": "contacts", "matching_key": "firstname"},
                {"name": "boats", "object": "boats"},
            ],
            "object_storage_config": {"storage_type": "Local", "path": in_the_way.join("below")},
        }))
        .check();
    let message = failed(&run);
    for told in ["\"people\"", "firstname", "\"boats\"", "below", "daily_reserve_percent", "T00:00-05:00"] {
        assert!(message.contains(told), "{told}: {message}");
    }
    assert!(
        message.find("boats") < message.find("Warning:"),
        "what is fatal comes before what is not: {message}"
    );
    assert_nothing_written(&sandbox);
}

#[test]
fn the_daily_budget_is_told() {
    let sandbox = Sandbox::builder().daily_limit(250_000).start();
    let streams = json!([{"name": "contacts", "matching_key": "email"}]);
    let run = checked(&sandbox, &streams);
    // Details and properties have been read by then.
    assert!(succeeded(&run).contains("249998 of 250000 API calls are left today"), "{run:#?}");
    sandbox.set_daily_usage(249_000);
    let run = checked(&sandbox, &streams);
    let message = succeeded(&run);
    assert!(message.contains("Warning:") && message.contains("T00:00-05:00 (midnight"), "{message}");
}

#[test]
fn the_token_is_told_apart_as_far_as_hubspot_does() {
    let sandbox = Sandbox::builder().oauth_app("app", "app-secret", "refresh", Scopes::all()).start();
    let private = checked(&sandbox, &json!([]));
    assert!(succeeded(&private).contains("by a private app's token with"), "{private:#?}");
    sandbox.add_fault(Fault::on(Endpoint::PrivateTokenInfo).status(404));
    let untold = checked(&sandbox, &json!([]));
    assert!(succeeded(&untold).contains("by a private app's token or service key"), "{untold:#?}");
    let credentials = json!({"type": "OAuth", "client_id": "app", "client_secret": "app-secret", "refresh_token": "refresh"});
    let connector = Connector::new(&sandbox.url(), sandbox.default_token());
    let oauth = connector.with(&json!({"credentials": credentials})).check();
    assert!(succeeded(&oauth).contains("by an OAuth app with"), "{oauth:#?}");
}

#[test]
fn an_entry_whose_name_is_no_object_fails_nothing_since_the_connection_may_name_one() {
    let sandbox = Sandbox::builder().start();
    for entry in [
        json!({"name": "people_of_interest", "matching_key": "email"}),
        json!({"name": "scores", "create_event_definition": true}),
    ] {
        let name = entry["name"].as_str().unwrap();
        assert!(succeeded(&checked(&sandbox, &json!([entry]))).contains(&format!("\"{name}\"")), "{entry}");
    }
    assert_nothing_written(&sandbox);
}
