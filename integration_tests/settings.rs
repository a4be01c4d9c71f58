//! What the settings of streams meet: entries and the names in them, and what is told of those that meet nothing.

use hubspot_sandbox::{PropertyDef, Sandbox};
use serde_json::{Value, json};

use crate::support::connector::Finished;
use crate::support::crm;
use crate::support::delivery;
use crate::support::messages::{activation_stream, elt_stream, record, stream_state};
use crate::support::sent::{assert_nothing_written, properties};

/// The lines of the log of one level.
fn told<'a>(run: &'a Finished, level: &str) -> Vec<&'a str> {
    run.of_type("LOG")
        .into_iter()
        .filter(|message| message["log"]["level"] == level)
        .filter_map(|message| message["log"]["message"].as_str())
        .collect()
}

/// The only line of a level that holds all of these words.
fn line<'a>(run: &'a Finished, level: &str, words: &[&str]) -> &'a str {
    let lines = told(run, level);
    let found: Vec<&str> =
        lines.into_iter().filter(|line| words.iter().all(|word| line.contains(word))).collect();
    assert_eq!(found.len(), 1, "{words:?}: {run:#?}");
    found[0]
}

fn account() -> Sandbox {
    crm::account()
        .property("contacts", PropertyDef::checkboxes("interests", &["red", "green", "blue"]))
        .start()
}

fn written(sandbox: &Sandbox, entries: &Value, rows: &[Value]) -> Finished {
    let columns = ["email", "interests", "plan_name", "tier", "company_domain"];
    let mut messages: Vec<Value> = rows.iter().map(|row| record("contacts", row.clone())).collect();
    messages.push(stream_state("contacts", 1));
    delivery::for_streams(sandbox, &[elt_stream("contacts", &columns)])
        .with(&json!({ "streams": entries }))
        .write(&messages)
}

fn row() -> Value {
    json!({"email": "ap@example.com", "interests": ["green"], "plan_name": "gold", "tier": "A",
        "company_domain": "acme.example"})
}

#[test]
fn names_in_settings_that_meet_nothing_are_told_once_each_at_the_start() {
    let sandbox = account();
    let entries = json!([{
        "name": "contacts",
        "append_options": ["interets"],
        "property_mapping": {"plan_nmae": "jobtitle", "tier": "jobtitel"},
        "associations": [{"column": "company_domian", "object": "COMPANY", "key": "domain"}],
    }]);
    let run = written(&sandbox, &entries, &[row(), row()]).succeeded();
    for words in [["append_options", "interets"], ["\"plan_nmae\"", "declare"], ["\"tier\"", "jobtitel"]] {
        line(&run, "WARN", &words);
    }
    line(&run, "WARN", &["company_domian"]);
    let of_tier = told(&run, "WARN").into_iter().filter(|line| line.contains("tier")).count();
    assert_eq!(of_tier, 1, "not once more with the first record: {run:#?}");
}

#[test]
fn names_in_settings_are_spelled_as_freely_as_columns() {
    let sandbox = account();
    sandbox.insert("contacts", &[("email", "ap@example.com"), ("interests", "red")]);
    for (append_options, mapping) in [
        (json!(["Interests"]), json!({"plan_name": "Job Title", "tier": "Last Name"})),
        (json!(["INTERESTS"]), json!({"plan_name": "position", "tier": "lastname"})),
    ] {
        let entries =
            json!([{"name": "contacts", "append_options": append_options, "property_mapping": mapping}]);
        let run = written(&sandbox, &entries, &[row()]).succeeded();
        let held = &sandbox.find("contacts", "email", "ap@example.com")[0];
        assert_eq!(held.get("interests"), Some("red;green"), "{entries}");
        assert_eq!((held.get("jobtitle"), held.get("lastname")), (Some("gold"), Some("A")));
        assert!(told(&run, "WARN").iter().all(|line| line.contains("company_domain")), "{run:#?}");
    }
    // A column that is mapped to it may be named, too, and a property of one value has nothing to add to.
    let entries = json!([{"name": "contacts", "append_options": ["tier", "city"], "property_mapping":
        {"tier": "interests", "interests": "city"}}]);
    let mut row = row();
    row["tier"] = json!("blue");
    let run = written(&sandbox, &entries, &[row]).succeeded();
    assert_eq!(
        sandbox.find("contacts", "email", "ap@example.com")[0].get("interests"),
        Some("red;green;blue")
    );
    line(&run, "WARN", &["append_options", "city", "several options"]);
}

#[test]
fn an_entry_that_nearly_has_a_stream_ends_the_sync_before_anything_is_written() {
    let sandbox = account();
    for (near, other) in [
        (json!({"name": "CONTACTS", "operation": "update"}), "contacts"),
        (json!({"name": " contacts", "operation": "update"}), "contacts"),
        (json!({"name": "contacts", "namespace": "crm", "operation": "update"}), "crm.contacts"),
    ] {
        let unknown = json!({"name": "contacts_of_somebody_else", "append_options": ["interets"]});
        let run = written(&sandbox, &json!([near, unknown]), &[row()]).failed_with("config_error");
        let message = run.error()["message"].as_str().unwrap();
        let name = near["name"].as_str().unwrap();
        assert!(message.contains(name) && message.contains(&format!("\"{other}\"")), "{message}");
        assert!(message.contains("streams[0]") && !message.contains("somebody"), "{message}");
    }
    // The entry that was meant may be there beside it: what else is wrong is told all the same.
    let entries = json!([{"name": "contacts", "append_options": ["interets"]}, {"name": "CONTACTS"}]);
    let run = written(&sandbox, &entries, &[row()]).failed_with("config_error");
    line(&run, "WARN", &["interets"]);
    assert_nothing_written(&sandbox);
}

#[test]
fn entries_for_other_connections_are_told_in_one_line_and_where_each_stream_goes_in_another() {
    let sandbox = account();
    let mut scores = elt_stream("scores", &["email", "tier"]);
    scores["stream"]["namespace"] = json!("crm");
    let streams = [
        scores,
        elt_stream("contacts", &["email"]),
        activation_stream("people", "CONTACT", "email", &["email"]),
        elt_stream("pairs", &["from_email", "to_domain"]),
    ];
    let entries = json!([
        {"name": "a"},
        {"name": "scores", "object": "CONTACT", "operation": "update", "matching_key": "email"},
        {"name": "b", "namespace": "x"},
        {"name": "pairs", "object": "ASSOCIATION:CONTACT:COMPANY", "match": "search", "matching_key": "email"},
    ]);
    let run = delivery::for_streams(&sandbox, &streams).with(&json!({ "streams": entries })).write(&[]);
    let unmet = line(&run, "INFO", &["\"a\" (streams[0])", "\"x.b\" (streams[2])"]);
    assert!(!unmet.contains("scores"), "{unmet}");
    for course in [
        "crm.scores -> update CONTACT by email (streams[1])",
        "contacts -> upsert CONTACT by email (by its name)",
        "people -> upsert CONTACT by email (by the connection)",
        "pairs -> associate CONTACT by email with COMPANY by domain (streams[3])",
    ] {
        assert_eq!(line(&run, "INFO", &[course]), course);
    }
    line(&run, "WARN", &["\"pairs\"", "matching_key has no effect"]);
}

#[test]
fn check_says_the_same_words_as_write() {
    let sandbox = account();
    let entries = json!([
        {"name": "contacts", "append_options": ["interets"], "property_mapping": {"tier": "jobtitel"}},
        {"name": "pairs", "object": "ASSOCIATION:CONTACT:COMPANY", "match": "search", "matching_key": "email"},
    ]);
    let columns = ["email", "interests", "plan_name", "tier"];
    let streams = [elt_stream("contacts", &columns), elt_stream("pairs", &["from_email", "to_domain"])];
    let connector = delivery::for_streams(&sandbox, &streams).with(&json!({ "streams": entries }));
    let run = connector.write(&[]).succeeded();
    let checked = connector.check();
    let status = &checked.of_type("CONNECTION_STATUS")[0]["connectionStatus"];
    assert_eq!(status["status"], "SUCCEEDED", "{status}");
    let message = status["message"].as_str().unwrap();
    for words in [["interets", "append_options"], ["jobtitel", "tier"], ["matching_key", "pairs"]] {
        let warned = line(&run, "WARN", &words);
        assert!(message.contains(warned), "{warned}: {message}");
    }
    assert!(properties(&sandbox).is_empty());
}
