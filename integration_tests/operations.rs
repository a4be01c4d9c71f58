//! Updating and archiving: what exists changes, what does not is told, and nothing is lost on the way.

use hubspot_sandbox::{Endpoint, Fault, PropertyDef, Sandbox};
use serde_json::{Value, json};

use crate::support::connector::Finished;
use crate::support::delivery;
use crate::support::messages::{activation_stream, complete, record, stream_state};
use crate::support::sent;

fn stream(mode: &str, key: &str) -> Value {
    let mut stream = activation_stream("s", "CONTACT", key, &[key, "firstname"]);
    stream["destination_sync_mode"] = json!(mode);
    stream
}

fn run(sandbox: &Sandbox, mode: &str, key: &str, rows: &[Value]) -> Finished {
    let mut messages: Vec<Value> = rows.iter().map(|row| record("s", row.clone())).collect();
    messages.push(stream_state("s", 1));
    messages.push(complete("s"));
    let run = delivery::for_streams(sandbox, &[stream(mode, key)]).write(&messages).succeeded();
    let (accepted, rejected) = run.stats();
    assert_eq!(accepted + rejected, rows.len() as f64, "{run:#?}");
    run
}

fn calls(sandbox: &Sandbox) -> Vec<Endpoint> {
    sent::but_gets(sandbox).iter().map(|request| request.endpoint).collect()
}

fn first_name(sandbox: &Sandbox, id: &str) -> Option<String> {
    sandbox.record("contacts", id).and_then(|contact| contact.get("firstname").map(str::to_owned))
}

#[test]
fn an_update_by_record_id_changes_what_exists_and_names_what_does_not() {
    let sandbox = Sandbox::builder().start();
    let id = sandbox.insert("contacts", &[("email", "a@example.com"), ("firstname", "Old")]);
    let rows = [
        json!({"hs_object_id": id, "firstname": "New"}),
        json!({"hs_object_id": 4711, "firstname": "Nobody"}),
    ];
    let run = run(&sandbox, "update", "hs_object_id", &rows);
    assert_eq!(run.codes(), ["NOT_FOUND"]);
    assert_eq!(run.rejected()[0]["meta"]["rejection"]["origin"], "hubspot");
    assert_eq!(first_name(&sandbox, &id).as_deref(), Some("New"));
    assert_eq!(sandbox.count("contacts"), 1, "an update creates nothing");
}

#[test]
fn an_update_of_a_merged_away_record_follows_the_merge() {
    let sandbox = Sandbox::builder().start();
    let kept = sandbox.insert("contacts", &[("email", "kept@example.com")]);
    let away = sandbox.insert("contacts", &[("email", "away@example.com")]);
    let other = sandbox.insert("contacts", &[("email", "other@example.com")]);
    sandbox.merge("contacts", &kept, &away);
    let rows = [
        json!({"hs_object_id": away, "firstname": "Through"}),
        json!({"hs_object_id": other, "firstname": "Other"}),
    ];
    let run = run(&sandbox, "update", "hs_object_id", &rows);
    assert_eq!(run.codes(), [""; 0]);
    assert_eq!(first_name(&sandbox, &kept).as_deref(), Some("Through"));
    assert_eq!(first_name(&sandbox, &other).as_deref(), Some("Other"));
    let expected = [Endpoint::Update, Endpoint::Update, Endpoint::UpdateOne];
    assert_eq!(
        calls(&sandbox),
        expected,
        "together once more, then through the endpoint that follows merges"
    );
}

#[test]
fn contacts_are_updated_by_any_of_their_addresses() {
    let sandbox = Sandbox::builder().start();
    let ann = sandbox.insert("contacts", &[("email", "ann@example.com")]);
    sandbox.add_secondary_email(&ann, "ann@old.example");
    let bob = sandbox.insert("contacts", &[("email", "bob@example.com")]);
    let rows = [
        json!({"email": "Ann@Old.example", "firstname": "Ann"}),
        json!({"email": "bob@example.com", "firstname": "Bob"}),
        json!({"email": "nobody@example.com", "firstname": "Nobody"}),
    ];
    let run = run(&sandbox, "update", "email", &rows);
    assert_eq!(run.codes(), ["NOT_FOUND"]);
    assert_eq!(run.rejected()[0]["data"]["email"], "nobody@example.com");
    assert_eq!(first_name(&sandbox, &ann).as_deref(), Some("Ann"));
    assert_eq!(first_name(&sandbox, &bob).as_deref(), Some("Bob"));
    assert_eq!(sandbox.record("contacts", &ann).unwrap().get("email"), Some("ann@example.com"));
}

#[test]
fn two_addresses_of_one_contact_never_break_a_batch() {
    let sandbox = Sandbox::builder().start();
    let ann = sandbox.insert("contacts", &[("email", "ann@example.com")]);
    sandbox.add_secondary_email(&ann, "ann@old.example");
    let rows = [
        json!({"email": "ann@example.com", "firstname": "Ann"}),
        json!({"email": "ann@old.example", "lastname": "Old"}),
    ];
    let run = run(&sandbox, "update", "email", &rows);
    assert_eq!(run.codes(), [""; 0]);
    assert_eq!(first_name(&sandbox, &ann).as_deref(), Some("Ann"));
}

#[test]
fn an_update_by_unique_property_takes_one_call() {
    let sandbox =
        Sandbox::builder().property("contacts", PropertyDef::string("customer_id").unique()).start();
    let id = sandbox.insert("contacts", &[("customer_id", "C1")]);
    let rows = [
        json!({"customer_id": "C1", "firstname": "New"}),
        json!({"customer_id": "C2", "firstname": "Nobody"}),
    ];
    let run = run(&sandbox, "update", "customer_id", &rows);
    assert_eq!(run.codes(), ["NOT_FOUND"]);
    assert_eq!(first_name(&sandbox, &id).as_deref(), Some("New"));
    assert_eq!(sandbox.count("contacts"), 1);
}

#[test]
fn an_update_with_nothing_to_change_confirms_that_the_record_exists() {
    let sandbox = Sandbox::builder().start();
    let id = sandbox.insert("contacts", &[("email", "a@example.com"), ("firstname", "Same")]);
    let rows = [
        json!({"hs_object_id": id}),
        json!({"hs_object_id": "4711", "firstname": null}),
        json!({"hs_object_id": "4712", "firstname": "Nobody"}),
    ];
    let run = run(&sandbox, "update", "hs_object_id", &rows);
    assert_eq!(run.codes(), ["NOT_FOUND", "NOT_FOUND"]);
    assert_eq!(first_name(&sandbox, &id).as_deref(), Some("Same"));
}

#[test]
fn to_upsert_by_record_id_means_to_update_that_record() {
    let sandbox = Sandbox::builder().start();
    let id = sandbox.insert("contacts", &[("email", "a@example.com")]);
    let rows = [
        json!({"hs_object_id": id, "firstname": "New"}),
        json!({"hs_object_id": "4711", "firstname": "Nobody"}),
    ];
    let run = run(&sandbox, "append_dedup", "hs_object_id", &rows);
    assert_eq!(run.codes(), ["NOT_FOUND"]);
    assert_eq!(first_name(&sandbox, &id).as_deref(), Some("New"));
}

#[test]
fn archiving_what_is_gone_or_never_was_is_accepted() {
    let sandbox = Sandbox::builder().start();
    let here = sandbox.insert("contacts", &[("email", "here@example.com")]);
    let gone = sandbox.insert("contacts", &[("email", "gone@example.com")]);
    sandbox.archive("contacts", &gone);
    let rows = [&here, &gone, "4711"].map(|id| json!({"hs_object_id": id, "firstname": "left alone"}));
    let run = run(&sandbox, "soft_delete", "hs_object_id", &rows);
    assert_eq!(run.codes(), [""; 0]);
    assert_eq!(sandbox.count("contacts"), 0);
    assert_eq!(calls(&sandbox), [Endpoint::Archive]);
}

#[test]
fn archiving_by_address_looks_the_records_up_first() {
    let sandbox = Sandbox::builder().start();
    let ann = sandbox.insert("contacts", &[("email", "ann@example.com")]);
    sandbox.add_secondary_email(&ann, "ann@old.example");
    sandbox.insert("contacts", &[("email", "bob@example.com")]);
    sandbox.insert("contacts", &[("email", "stays@example.com")]);
    let rows = ["ann@old.example", "ann@example.com", "bob@example.com", "nobody@example.com"]
        .map(|email| json!({ "email": email }));
    let run = run(&sandbox, "soft_delete", "email", &rows);
    assert_eq!(run.codes(), [""; 0]);
    let left: Vec<String> = sandbox
        .records("contacts")
        .iter()
        .filter_map(|contact| contact.get("email").map(str::to_owned))
        .collect();
    assert_eq!(left, ["stays@example.com"]);
}

#[test]
fn look_ups_and_archives_are_repeated_like_any_other_call() {
    let sandbox = Sandbox::builder()
        .fault(Fault::on(Endpoint::Read).first(2).status(503))
        .fault(Fault::on(Endpoint::Archive).first(2).status(502))
        .start();
    sandbox.insert("contacts", &[("email", "a@example.com")]);
    let run = run(&sandbox, "soft_delete", "email", &[json!({"email": "a@example.com"})]);
    assert_eq!(run.codes(), [""; 0]);
    assert_eq!(sandbox.count("contacts"), 0);
}
