//! `create_matching_key`: a unique property is made in HubSpot to match records by, before anything is written.

use hubspot_sandbox::{Builder, Endpoint, Millis, PropertyDef, RequestRecord, Sandbox, Scopes};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished};
use crate::support::delivery;
use crate::support::messages::{elt_stream, record, stream_state};
use crate::support::sent::{assert_nothing_written, writes};

const KEY: &str = "warehouse_id";

fn settings(more: &Value) -> Value {
    let mut entry =
        json!({"name": "accounts", "object": "COMPANY", "matching_key": KEY, "create_matching_key": true});
    for (name, value) in more.as_object().expect("settings") {
        entry[name] = value.clone();
    }
    json!({ "streams": [entry] })
}

/// A stream of companies under these settings.
fn connector(sandbox: &Sandbox, more: &Value) -> Connector {
    delivery::for_streams(sandbox, &[elt_stream("accounts", &[KEY, "name"])]).with(&settings(more))
}

fn rows(numbers: std::ops::Range<usize>, name: &str) -> Vec<Value> {
    let rows = numbers.map(|number| json!({KEY: format!("{number:03}"), "name": name}));
    rows.map(|row| record("accounts", row)).chain([stream_state("accounts", 1)]).collect()
}

fn key(sandbox: &Sandbox) -> Option<PropertyDef> {
    sandbox.properties("companies").into_iter().find(|property| property.name == KEY)
}

fn creations(sandbox: &Sandbox) -> Vec<Value> {
    let requests = sandbox.requests();
    let made = requests.iter().filter(|request| request.endpoint == Endpoint::PropertyCreate);
    made.filter_map(RequestRecord::body).collect()
}

fn message(run: &Finished) -> &str {
    run.error()["message"].as_str().expect("a message")
}

fn status(run: &Finished) -> &Value {
    &run.of_type("CONNECTION_STATUS")[0]["connectionStatus"]
}

#[test]
fn a_key_is_made_before_the_first_write_and_the_next_sync_finds_by_it() {
    let sandbox = delivery::account().start();
    let run = connector(&sandbox, &json!({})).write(&rows(0..150, "old")).succeeded();
    assert_eq!(run.stats(), (150.0, 0.0));
    let made = key(&sandbox).expect("made");
    assert!(made.unique && made.group == "companyinformation" && made.label == "Warehouse id", "{made:?}");
    assert_eq!(writes(&sandbox)[0].endpoint, Endpoint::PropertyCreate);
    assert!(run.logs().iter().any(|log| log.contains(KEY) && log.contains("new")), "{run:#?}");

    let run = connector(&sandbox, &json!({})).write(&rows(100..200, "new")).succeeded();
    assert_eq!(run.stats(), (100.0, 0.0));
    assert_eq!((creations(&sandbox).len(), sandbox.count("companies")), (1, 200));
    assert_eq!(sandbox.find("companies", KEY, "149")[0].get("name"), Some("new"));
    assert_eq!(sandbox.find("companies", KEY, "007")[0].get("name"), Some("old"), "zeros are kept");
}

#[test]
fn a_key_that_writes_do_not_know_yet_is_waited_for() {
    let sandbox = delivery::account().property_lag(3).start();
    let run = connector(&sandbox, &json!({})).write(&rows(0..20, "x")).succeeded();
    assert_eq!((run.stats(), sandbox.count("companies")), ((20.0, 0.0), 20));
}

#[test]
fn inserts_may_have_a_key_made_too() {
    let sandbox = delivery::account().start();
    let run = connector(&sandbox, &json!({"operation": "insert"})).write(&rows(0..3, "x")).succeeded();
    assert_eq!(run.stats(), (3.0, 0.0));
    assert_eq!(sandbox.find("companies", KEY, "002").len(), 1);
}

#[test]
fn without_being_asked_and_where_it_would_match_nothing_no_key_is_made() {
    let sandbox = delivery::account().start();
    for (more, word) in [
        (json!({"create_matching_key": false}), "\"create_matching_key\""),
        (json!({"create_matching_key": false, "unknown_properties": "create"}), "\"create_matching_key\""),
        (json!({"operation": "update"}), "would match nothing"),
        (json!({"operation": "archive"}), "would match nothing"),
        (json!({"matching_key": null}), "needs a \"matching_key\""),
        (json!({"matching_key": "Warehouse Id"}), "cannot be created"),
        (json!({"match": "search"}), "no property"),
    ] {
        let run = connector(&sandbox, &more).write(&rows(0..2, "x")).failed_with("config_error");
        assert!(message(&run).contains(word), "{more}: {run:#?}");
        let check = connector(&sandbox, &more).check();
        let checked = status(&check);
        // Which columns there are is not known to a check; a stream without a configured key is the sync's to judge.
        if more["matching_key"] != Value::Null || more.get("matching_key").is_none() {
            assert_eq!(checked["status"], "FAILED", "{more}: {checked}");
        }
    }
    assert_nothing_written(&sandbox);
}

#[test]
fn a_dry_run_and_a_check_make_none_and_say_so() {
    let sandbox = delivery::account().start();
    let connector = connector(&sandbox, &json!({}));
    let check = connector.check().succeeded();
    let text = status(&check)["message"].as_str().expect("a message").to_owned();
    assert!(status(&check)["status"] == "SUCCEEDED" && text.contains("will be created"), "{text}");
    let run = connector.with(&json!({"dry_run": true})).write(&rows(0..2, "x")).succeeded();
    assert!(run.logs().iter().any(|log| log.contains("would be created") && log.contains(KEY)), "{run:#?}");
    assert_nothing_written(&sandbox);
}

fn with_token(sandbox: &Sandbox, token: &str) -> Connector {
    let credentials = json!({"type": "AccessToken", "access_token": token});
    connector(sandbox, &json!({})).with(&json!({ "credentials": credentials }))
}

#[test]
fn what_keeps_a_key_from_being_made_is_told_before_any_write() {
    let ten = (0..10).fold(delivery::account(), |account: Builder, number| {
        account.property("companies", PropertyDef::string(&format!("key_{number}")).unique())
    });
    let sandbox = ten.start();
    let run = connector(&sandbox, &json!({})).write(&rows(0..2, "x")).failed_with("config_error");
    assert!(message(&run).contains("ten properties with unique values"), "{run:#?}");
    assert!(key(&sandbox).is_none() && sandbox.count("companies") == 0);

    let archived = PropertyDef { archived: Some(Millis(1)), ..PropertyDef::string(KEY) };
    let sandbox = delivery::account().property("companies", archived).start();
    let run = connector(&sandbox, &json!({})).write(&rows(0..2, "x")).failed_with("config_error");
    assert!(message(&run).contains("archived"), "{run:#?}");
    assert_nothing_written(&sandbox);

    let token = "pat-na1-no-schemas";
    let sandbox = delivery::account().token(token, Scopes::all_but(&["crm.schemas.companies.write"])).start();
    let run = with_token(&sandbox, token).write(&rows(0..2, "x")).failed_with("config_error");
    assert!(message(&run).contains("crm.schemas.companies.write"), "{run:#?}");
    let check = with_token(&sandbox, token).check();
    assert_eq!(status(&check)["status"], "FAILED", "{check:#?}");
    assert!(status(&check).to_string().contains("crm.schemas.companies.write"), "{check:#?}");
    assert_eq!(sandbox.count("companies"), 0);
}

#[test]
fn a_property_that_another_stream_needs_is_made_as_the_key() {
    let sandbox = delivery::account().start();
    let other = json!({"name": "others", "object": "COMPANY", "matching_key": "other_id",
        "create_matching_key": true, "unknown_properties": "create"});
    let mut both = settings(&json!({}));
    both["streams"].as_array_mut().expect("streams").insert(0, other);
    let streams = [elt_stream("others", &["other_id", KEY, "name"]), elt_stream("accounts", &[KEY, "name"])];
    let run = delivery::for_streams(&sandbox, &streams)
        .with(&both)
        .write(&[
            record("others", json!({"other_id": "a", KEY: "1", "name": "y"})),
            record("accounts", json!({KEY: "2", "name": "x"})),
        ])
        .succeeded();
    assert!(run.codes().is_empty(), "{run:#?}");
    let made: Vec<_> = creations(&sandbox).iter().map(|body| body["hasUniqueValue"].clone()).collect();
    assert_eq!(made, [json!(true), json!(true)]);
    assert_eq!(sandbox.count("companies"), 2);
}
