//! `dry_run`: everything but the writes.

use hubspot_sandbox::{Endpoint, Sandbox};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished};
use crate::support::crm;
use crate::support::delivery::{self, email};
use crate::support::messages::{activation_stream, complete, elt_stream, global_state, record, stream_state};
use crate::support::sent::{assert_nothing_written, writes};

fn rehearsal(sandbox: &Sandbox, streams: &[Value]) -> Connector {
    delivery::for_streams(sandbox, streams).with(&json!({"dry_run": true}))
}

fn line<'a>(run: &'a Finished, start: &str) -> &'a str {
    let found = run.logs().into_iter().find(|log| log.starts_with(start));
    found.unwrap_or_else(|| panic!("no line {start:?}: {run:#?}"))
}

#[test]
fn nothing_is_written_no_state_is_printed_and_the_log_counts() {
    let sandbox = crm::account().start();
    let mut input: Vec<Value> = delivery::people(0..250);
    input.push(stream_state("contacts", 1));
    input.push(record("contacts", json!({"email": email(900), "lifecyclestage": "nearly"})));
    input.push(record("contacts", json!({"city": "Oslo"})));
    input.push(record("contacts", json!({"email": "nobody", "city": "Oslo"})));
    input.push(global_state(2));
    let run = rehearsal(&sandbox, &[elt_stream("contacts", &[])]).write(&input).succeeded();
    assert_nothing_written(&sandbox);
    assert!(run.states().is_empty(), "{run:#?}");
    assert_eq!(run.codes(), ["INVALID_OPTION", "MISSING_MATCHING_KEY", "INVALID_EMAIL"]);
    let line = line(&run, "Dry run of stream \"contacts\"");
    assert!(line.contains("received 253, would be sent 250 (in 3 calls), would be rejected 3"), "{line}");
    assert!(line.contains("INVALID_OPTION on lifecyclestage 1"), "{line}");
}

#[test]
fn properties_that_would_be_created_are_told_and_used_for_checking() {
    let sandbox = crm::account().start();
    let mut stream = elt_stream("contacts", &["email"]);
    stream["stream"]["json_schema"]["properties"]["shoe_size"] = json!({"type": "number"});
    let rows = [
        record("contacts", json!({"email": email(1), "shoe_size": 41, "hat": "x"})),
        record("contacts", json!({"email": email(2), "shoe_size": "big"})),
    ];
    let connector = rehearsal(&sandbox, &[stream]).with(&json!({"unknown_properties": "create"}));
    let run = connector.write(&rows).succeeded();
    assert_nothing_written(&sandbox);
    assert_eq!(run.codes(), ["INVALID_INTEGER"]);
    let line = line(&run, "Dry run: would be created in HubSpot");
    assert!(line.contains("2 (shoe_size of CONTACT, hat of CONTACT)"), "{line}");

    let run = connector.with(&json!({"create_limit": 1})).write(&rows).failed_with("config_error");
    assert!(run.error()["message"].as_str().is_some_and(|text| text.contains("create_limit")));
    assert_nothing_written(&sandbox);
}

#[test]
fn what_can_be_looked_up_is() {
    let sandbox = crm::account().start();
    sandbox.insert("contacts", &[("email", &email(1))]);
    let settings = json!({"streams": [{"name": "contacts", "operation": "update", "matching_key": "email"}]});
    let connector = rehearsal(&sandbox, &[delivery::contacts()]).with(&settings);
    let run = connector.write(&delivery::people(1..3)).succeeded();
    assert_eq!(run.codes(), ["NOT_FOUND"]);
    assert!(writes(&sandbox).is_empty());
    assert!(sandbox.totals().calls(Endpoint::Read) > 0);
}

#[test]
fn the_platforms_rules_hold() {
    let sandbox = crm::account().start();
    let stream = activation_stream("people", "CONTACT", "email", &["email", "city"]);
    let row = record("people", json!({"email": email(1), "city": "Oslo"}));
    let connector = rehearsal(&sandbox, &[stream]);
    connector.write(&[row.clone(), complete("people")]).succeeded();
    let run = connector.write(&[row, stream_state("people", 1)]).failed_with("transient_error");
    assert!(run.states().is_empty());
    assert_nothing_written(&sandbox);
}

#[test]
fn what_is_wrong_with_the_setup_is_found() {
    let sandbox = crm::account().start();
    let stream = activation_stream("people", "CONTACT", "city", &["email", "city"]);
    rehearsal(&sandbox, &[stream]).write(&[]).failed_with("config_error");
}

#[test]
fn rejected_records_are_not_stored() {
    let sandbox = crm::account().start();
    let folder = tempfile::tempdir().expect("a folder");
    let storage = json!({"object_storage_config": {"storage_type": "Local", "path": folder.path()}});
    let run = rehearsal(&sandbox, &[delivery::contacts()])
        .with(&storage)
        .write(&[record("contacts", json!({"city": "Oslo"}))])
        .succeeded();
    assert_eq!(run.codes(), ["MISSING_MATCHING_KEY"]);
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0);
}
