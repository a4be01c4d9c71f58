//! Which one property a stream's records are matched by.

use hubspot_sandbox::{PropertyDef, Sandbox};
use serde_json::{Value, json};

use crate::support::connector::Finished;
use crate::support::crm::{self, KEY};
use crate::support::delivery;
use crate::support::messages::{activation_stream, elt_stream, record, stream_state};
use crate::support::sent::{assert_nothing_written, inputs, properties};

/// Contacts and companies with two unique properties each, besides the address.
fn account() -> Sandbox {
    crm::account()
        .property("contacts", PropertyDef::string("customer_id").unique())
        .property("contacts", PropertyDef::string("loyalty_id").unique())
        .property("companies", PropertyDef::string("vat_id").unique())
        .start()
}

const CONTACT: &[&str] = &["email", "customer_id", "loyalty_id", "city"];

fn row(stream: &str) -> Value {
    let data = json!({"email": "a@example.com", "customer_id": "C1", "loyalty_id": "L1", "city": "Oslo", KEY: "W1",
        "vat_id": "V1", "domain": "example.com", "name": "Example"});
    record(stream, data)
}

fn with_primary_key(mut stream: Value, key: &Value) -> Value {
    stream["primary_key"] = key.clone();
    stream
}

/// A stream whose user chose the object, without a generation.
fn chosen(object: &str, columns: &[&str]) -> Value {
    let mut stream = activation_stream("s", object, "email", columns);
    stream["generation_id"] = Value::Null;
    stream
}

/// The key that is sent for a stream `s` with these settings.
fn key_of(stream: &Value, settings: &Value) -> String {
    let sandbox = account();
    let mut entry = settings.clone();
    entry["name"] = json!("s");
    let connector =
        delivery::for_streams(&sandbox, std::slice::from_ref(stream)).with(&json!({"streams": [entry]}));
    let run = connector.write(&[row("s"), stream_state("s", 1)]).succeeded();
    assert_eq!(run.stats(), (1.0, 0.0), "{run:#?}");
    let inputs = inputs(&sandbox);
    inputs[0]["idProperty"].as_str().expect("a key").to_owned()
}

/// Runs a stream `s` that has no usable key.
fn refused(stream: &Value, settings: &Value) -> Finished {
    let sandbox = account();
    let mut entry = settings.clone();
    entry["name"] = json!("s");
    let connector =
        delivery::for_streams(&sandbox, std::slice::from_ref(stream)).with(&json!({"streams": [entry]}));
    let run = connector.write(&[row("s"), stream_state("s", 1)]).failed_with("config_error");
    assert!(run.states().is_empty());
    assert_nothing_written(&sandbox);
    assert_eq!(run.error()["stream_descriptor"]["name"], "s");
    run
}

fn message(run: &Finished) -> &str {
    run.error()["message"].as_str().expect("a message")
}

#[test]
fn the_setting_wins_over_everything() {
    let settings = json!({"object": "CONTACT", "matching_key": "loyalty_id"});
    assert_eq!(key_of(&elt_stream("s", CONTACT), &settings), "loyalty_id");
    let stream = with_primary_key(chosen("CONTACT", CONTACT), &json!([["customer_id"]]));
    assert_eq!(key_of(&stream, &json!({"matching_key": "loyalty_id"})), "loyalty_id");
}

#[test]
fn the_primary_key_of_a_chosen_object_is_the_users_choice() {
    let stream = with_primary_key(chosen("CONTACT", CONTACT), &json!([["customer_id"]]));
    assert_eq!(key_of(&stream, &json!({})), "customer_id");
    let mapped =
        json!({"property_mapping": {"customer_id": "loyalty_id", "loyalty_id": "city", "city": "state"}});
    assert_eq!(key_of(&stream, &mapped), "loyalty_id");
}

#[test]
fn a_primary_key_that_hubspot_cannot_match_by_is_refused_where_the_user_chose_it() {
    for key in [json!([["city"]]), json!([["domain"]])] {
        let run = refused(&with_primary_key(chosen("CONTACT", CONTACT), &key), &json!({}));
        for word in ["email", "customer_id", "loyalty_id"] {
            assert!(message(&run).contains(word), "{word}: {}", message(&run));
        }
    }
}

#[test]
fn a_composite_or_nested_primary_key_is_refused_where_the_user_chose_it() {
    for key in [json!([["email"], ["customer_id"]]), json!([["contact", "email"]]), json!([[]])] {
        let run = refused(&with_primary_key(chosen("CONTACT", CONTACT), &key), &json!({}));
        assert!(message(&run).contains("email"), "{}", message(&run));
    }
}

#[test]
fn in_plain_elt_use_the_primary_key_counts_only_where_hubspot_can_match_by_it() {
    let contact = |key: Value| with_primary_key(elt_stream("s", CONTACT), &key);
    let settings = json!({"object": "CONTACT"});
    assert_eq!(key_of(&contact(json!([["customer_id"]])), &settings), "customer_id");
    assert_eq!(key_of(&contact(json!([["city"]])), &settings), "email");
    assert_eq!(key_of(&contact(json!([["id"]])), &settings), "email");
    assert_eq!(key_of(&contact(json!([["customer_id"], ["email"]])), &settings), "email");
    assert_eq!(key_of(&contact(json!([["meta", "customer_id"]])), &settings), "email");
    assert_eq!(key_of(&contact(json!([])), &settings), "email");
    assert_eq!(key_of(&contact(Value::Null), &settings), "email");
}

#[test]
fn contacts_go_by_email_where_the_stream_declares_it_or_nothing() {
    let settings = json!({"object": "CONTACT"});
    assert_eq!(key_of(&elt_stream("s", CONTACT), &settings), "email");
    assert_eq!(key_of(&elt_stream("s", &[]), &settings), "email");
    assert_eq!(key_of(&elt_stream("s", &["Email Address", "customer_id", "loyalty_id"]), &settings), "email");
}

#[test]
fn else_the_only_unique_property_of_the_schema_counts() {
    assert_eq!(
        key_of(&elt_stream("s", &["loyalty_id", "city"]), &json!({"object": "CONTACT"})),
        "loyalty_id"
    );
    assert_eq!(key_of(&elt_stream("s", &["vat_id", "name"]), &json!({"object": "COMPANY"})), "vat_id");
}

#[test]
fn no_key_or_several_is_a_config_error_that_names_the_unique_properties() {
    for columns in [&["name", "domain"][..], &[KEY, "vat_id"], &[]] {
        let run = refused(&elt_stream("s", columns), &json!({"object": "COMPANY"}));
        assert!(
            message(&run).contains(KEY) && message(&run).contains("vat_id"),
            "{columns:?}: {}",
            message(&run)
        );
    }
}

#[test]
fn an_object_without_unique_properties_says_how_to_get_one() {
    let sandbox = Sandbox::builder().start();
    let connector = delivery::for_streams(&sandbox, &[elt_stream("companies", &["name", "domain"])]);
    let run =
        connector.write(&[record("companies", json!({"domain": "example.com"}))]).failed_with("config_error");
    assert!(message(&run).contains("unique"), "{}", message(&run));
    assert!(message(&run).contains("create_matching_key"), "{}", message(&run));
    assert_nothing_written(&sandbox);
}

#[test]
fn a_configured_key_that_is_not_unique_is_found_before_the_first_write() {
    for (object, key) in [("CONTACT", "firstname"), ("COMPANY", "domain"), ("COMPANY", "no_such_property")] {
        let run = refused(&elt_stream("s", CONTACT), &json!({"object": object, "matching_key": key}));
        assert!(message(&run).contains(key), "{}", message(&run));
        assert!(
            message(&run).contains(if object == "CONTACT" { "customer_id" } else { "vat_id" }),
            "{}",
            message(&run)
        );
    }
}

#[test]
fn addresses_are_trimmed_and_lower_cased_so_that_two_spellings_are_one_key() {
    let sandbox = account();
    let spelled = |email: &str, property: &str| record("contacts", json!({"email": email, property: "x"}));
    let run = delivery::for_contacts(&sandbox)
        .write(&[
            spelled("  Ann.LEE@Example.com ", "city"),
            spelled("ann.lee@EXAMPLE.com", "firstname"),
            stream_state("contacts", 1),
        ])
        .succeeded();
    assert_eq!(run.stats(), (2.0, 0.0));
    let contacts = sandbox.records("contacts");
    assert_eq!(contacts.len(), 1);
    assert_eq!((contacts[0].get("city"), contacts[0].get("firstname")), (Some("x"), Some("x")));
    assert!(inputs(&sandbox).iter().all(|input| input["id"] == "ann.lee@example.com"));
}

#[test]
fn numbers_are_keys_by_their_digits() {
    let sandbox = account();
    let stream = elt_stream("contacts", &["customer_id", "city"]);
    let lines = [
        r#"{"type":"RECORD","record":{"stream":"contacts","emitted_at":1,"data":{"customer_id":12345678901234567890123}}}"#,
        r#"{"type":"RECORD","record":{"stream":"contacts","emitted_at":1,"data":{"customer_id":77.0}}}"#,
    ];
    delivery::for_streams(&sandbox, &[stream]).write_text(&(lines.join("\n") + "\n")).succeeded();
    let keys: Vec<Value> = inputs(&sandbox).into_iter().map(|mut input| input["id"].take()).collect();
    assert_eq!(keys, [json!("12345678901234567890123"), json!("77")]);
}

#[test]
fn a_record_with_nothing_but_its_key_is_created() {
    let sandbox = account();
    let data = json!({"email": "alone@example.com", "city": null, "_airbyte_raw_id": "x"});
    let run =
        delivery::for_contacts(&sandbox).write(&[record("contacts", data), stream_state("contacts", 1)]);
    assert_eq!(run.succeeded().stats(), (1.0, 0.0));
    assert_eq!(sandbox.find("contacts", "email", "alone@example.com").len(), 1);
    assert_eq!(properties(&sandbox), [json!({"email": "alone@example.com"})]);
}

#[test]
fn a_missing_null_or_blank_key_rejects_the_record() {
    let sandbox = account();
    let rows = [json!({"city": "a"}), json!({"email": null}), json!({"email": ""}), json!({"email": " \t"})];
    let mut input: Vec<Value> = rows.into_iter().map(|data| record("contacts", data)).collect();
    input.extend([delivery::contact(1), stream_state("contacts", 1)]);
    let run = delivery::for_contacts(&sandbox).write(&input).succeeded();
    assert_eq!(run.codes(), ["MISSING_MATCHING_KEY"; 4]);
    assert_eq!(run.stats(), (1.0, 4.0));
    for record in run.rejected() {
        let rejection = &record["meta"]["rejection"];
        assert_eq!((&rejection["property"], &rejection["origin"]), (&json!("email"), &json!("connector")));
    }
}
