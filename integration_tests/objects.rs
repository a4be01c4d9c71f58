//! Which object a stream goes to, what is done with its records, and that nothing is written where that is unclear.

use hubspot_sandbox::{Builder, CustomObject, PropertyDef, Sandbox, Scopes};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished};
use crate::support::crm::{self, KEY};
use crate::support::delivery;
use crate::support::messages::{activation_stream, catalog, elt_stream, record, stream_state};
use crate::support::sent::{assert_nothing_written, inputs, writes};

fn account() -> Builder {
    let boats = CustomObject::new("boats")
        .labels("Vessel", "Fleet")
        .type_number(4711)
        .property(PropertyDef::string("hull_number").unique());
    crm::account().portal_id(12_345).custom_object(boats)
}

fn message(run: &Finished) -> &str {
    run.error()["message"].as_str().expect("a message")
}

/// Runs streams that cannot be planned: a config_error, no state, and nothing written.
fn refused(sandbox: &Sandbox, connector: &Connector, input: &[Value]) -> Finished {
    let run = connector.write(input).failed_with("config_error");
    assert!(run.states().is_empty(), "{run:#?}");
    assert_nothing_written(sandbox);
    run
}

#[test]
fn a_stream_named_like_an_object_goes_there() {
    let sandbox = account().start();
    let names = [
        ("contact", "email"),
        ("Contacts", "email"),
        ("CONTACTS", "email"),
        ("company", KEY),
        ("Companies", KEY),
        ("DEAL", KEY),
        ("deals", KEY),
        ("Ticket", KEY),
        ("tickets", KEY),
        ("product", "hs_sku"),
        ("Products", "hs_sku"),
        ("line item", "hs_external_id"),
        ("LINE_ITEMS", "hs_external_id"),
        ("Boats", "hull_number"),
        ("p12345_boats", "hull_number"),
        ("2-4711", "hull_number"),
    ];
    let required = |stream: &str| match stream.to_lowercase() {
        name if name.starts_with("ticket") => {
            json!({"subject": "s", "hs_pipeline": "0", "hs_pipeline_stage": "1"})
        }
        name if name.starts_with("deal") => {
            json!({"dealname": "d", "dealstage": "appointmentscheduled", "pipeline": "default"})
        }
        name if name.starts_with("compan") => json!({"name": "n"}),
        name if name.starts_with("product") => json!({"name": "n"}),
        _ => json!({}),
    };
    let mut streams = Vec::new();
    let mut input = Vec::new();
    for (number, (stream, key)) in names.into_iter().enumerate() {
        streams.push(elt_stream(stream, &[key]));
        let mut data = required(stream);
        data[key] = json!(if key == "email" { delivery::email(number) } else { format!("K{number}") });
        input.extend([record(stream, data), stream_state(stream, 1)]);
    }
    let run = delivery::for_streams(&sandbox, &streams).write(&input).succeeded();
    assert_eq!(run.codes(), Vec::<&str>::new(), "{run:#?}");
    assert_eq!((run.states().len(), run.stats()), (names.len(), (16.0, 0.0)));
    let stored = ["contacts", "companies", "deals", "tickets", "products", "line_items", "boats"]
        .map(|object| sandbox.count(object));
    assert_eq!(stored, [3, 2, 2, 2, 2, 2, 3]);
}

#[test]
fn an_object_named_on_purpose_wins_over_the_streams_name() {
    let sandbox = account().property("orders", PropertyDef::string("order_number").unique()).start();
    let mut destination_wins = elt_stream("contacts", &[KEY]);
    destination_wins["destination_object_name"] = json!("COMPANY");
    destination_wins["destination_sync_mode"] = json!("append_dedup");
    let mut setting_wins = activation_stream("deals", "COMPANY", "hs_sku", &["hs_sku", "name"]);
    setting_wins["generation_id"] = Value::Null;
    let by_type_id = elt_stream("shop", &["order_number", "hs_order_name"]);
    let streams = [destination_wins, setting_wins, by_type_id];
    let settings = json!({"streams": [
        {"name": "deals", "object": "PRODUCT"},
        {"name": "shop", "object": "0-123"},
    ]});
    let run = delivery::for_streams(&sandbox, &streams).with(&settings).write(&[
        record("contacts", json!({KEY: "W1", "name": "Firm"})),
        record("deals", json!({"hs_sku": "S1", "name": "Chair"})),
        record("shop", json!({"order_number": "O1", "hs_order_name": "First"})),
    ]);
    assert_eq!(run.succeeded().codes(), Vec::<&str>::new());
    let stored = ["contacts", "companies", "deals", "products", "orders"].map(|object| sandbox.count(object));
    assert_eq!(stored, [0, 1, 0, 1, 1]);
}

#[test]
fn custom_objects_go_by_every_name_they_have() {
    let sandbox = account().start();
    for (number, name) in ["boats", "BOATS", "p12345_boats", "2-4711"].into_iter().enumerate() {
        let mut stream = activation_stream("fleet", name, "hull_number", &["hull_number"]);
        stream["generation_id"] = Value::Null;
        let run = delivery::for_streams(&sandbox, &[stream]).write(&[
            record("fleet", json!({"hull_number": format!("H{number}")})),
            stream_state("fleet", 1),
        ]);
        assert_eq!(run.succeeded().stats(), (1.0, 0.0), "{name}");
    }
    assert_eq!(sandbox.count("boats"), 4);
}

#[test]
fn an_unknown_object_names_the_candidates_and_stops_every_stream() {
    let sandbox = account().start();
    let input = [delivery::contact(1), stream_state("contacts", 1), stream_state("invoices_2024", 1)];
    let stream = elt_stream("invoices_2024", &["email"]);
    let run = refused(&sandbox, &delivery::for_streams(&sandbox, &[delivery::contacts(), stream]), &input);
    for word in ["invoices_2024", "CONTACT", "COMPANY", "LINE_ITEM", "boats"] {
        assert!(message(&run).contains(word), "{word}: {}", message(&run));
    }
    assert_eq!(run.error()["stream_descriptor"]["name"], "invoices_2024");

    let stream = activation_stream("people", "PERSON", "email", &["email"]);
    let run = refused(&sandbox, &delivery::for_streams(&sandbox, &[stream]), &input);
    assert!(message(&run).contains("PERSON") && message(&run).contains("CONTACT"), "{}", message(&run));
}

#[test]
fn a_stream_called_like_another_standard_object_is_not_guessed() {
    let sandbox = account().start();
    for name in ["orders", "users", "leads", "tasks"] {
        let connector = delivery::for_streams(&sandbox, &[elt_stream(name, &["email"])]);
        refused(&sandbox, &connector, &[record(name, json!({"email": "a@example.com"}))]);
    }
}

#[test]
fn a_type_id_that_does_not_exist_is_a_config_error() {
    let sandbox = account().start();
    let connector = delivery::for_streams(&sandbox, &[activation_stream("a", "2-999", "email", &["email"])]);
    refused(&sandbox, &connector, &[record("a", json!({"email": "a@example.com"}))]);
}

#[test]
fn every_wrong_stream_is_named_at_once() {
    let sandbox = account().start();
    let streams = [elt_stream("apples", &["email"]), delivery::contacts(), elt_stream("pears", &["email"])];
    let run = refused(&sandbox, &delivery::for_streams(&sandbox, &streams), &[delivery::contact(1)]);
    assert!(message(&run).contains("apples") && message(&run).contains("pears"), "{}", message(&run));
}

#[test]
fn without_an_object_chosen_every_sync_mode_upserts() {
    let sandbox = account().start();
    sandbox.insert("contacts", &[("email", &delivery::email(1)), ("city", "Paris")]);
    for mode in ["append", "append_dedup", "overwrite", "update", "soft_delete"] {
        let mut stream = delivery::contacts();
        stream["destination_sync_mode"] = json!(mode);
        let run = delivery::for_streams(&sandbox, &[stream])
            .write(&[delivery::contact_in(1, mode), stream_state("contacts", 1)])
            .succeeded();
        let warned = run.of_type("LOG").iter().any(|log| {
            let text = log["log"]["message"].as_str().unwrap_or_default();
            log["log"]["level"] == "WARN" && text.contains("upserted") && text.contains("contacts")
        });
        assert_eq!(warned, !mode.starts_with("append"), "{run:#?}");
        assert_eq!(sandbox.records("contacts")[0].get("city"), Some(mode));
    }
    assert_eq!(sandbox.count("contacts"), 1);
    assert!(writes(&sandbox).iter().all(|call| call.path.ends_with("/batch/upsert")));
}

#[test]
fn overwriting_a_chosen_object_is_a_config_error() {
    let sandbox = account().start();
    for mode in ["overwrite", "overwrite_dedup"] {
        let mut stream = activation_stream("people", "CONTACT", "email", &["email"]);
        stream["destination_sync_mode"] = json!(mode);
        let connector = delivery::for_streams(&sandbox, &[stream]);
        let run = refused(&sandbox, &connector, &[record("people", json!({"email": "a@example.com"}))]);
        assert!(message(&run).contains("overwrite"), "{}", message(&run));
        assert_eq!(run.error()["stream_descriptor"]["name"], "people");
    }
}

#[test]
fn a_configured_operation_wins_over_the_sync_mode() {
    let sandbox = account().start();
    for mode in ["append", "overwrite", "update", "soft_delete"] {
        let mut stream = activation_stream("people", "CONTACT", "email", &["email", "city"]);
        stream["destination_sync_mode"] = json!(mode);
        stream["generation_id"] = Value::Null;
        let settings = json!({"streams": [{"name": "people", "operation": "upsert"}]});
        let row = record("people", json!({"email": "a@example.com", "city": mode}));
        let run = delivery::for_streams(&sandbox, &[stream]).with(&settings).write(&[row]).succeeded();
        assert!(run.codes().is_empty(), "{run:#?}");
        assert_eq!(sandbox.records("contacts")[0].get("city"), Some(mode));
    }
    assert_eq!(sandbox.count("contacts"), 1);
}

#[test]
fn a_mirror_of_a_crm_object_is_refused_before_any_write() {
    let sandbox = account().start();
    let settings = json!({"streams": [{"name": "contacts", "operation": "mirror"}]});
    let connector = delivery::for_contacts(&sandbox).with(&settings);
    let run = refused(&sandbox, &connector, &[delivery::contact(1), stream_state("contacts", 1)]);
    assert!(message(&run).contains("operation") && message(&run).contains("contacts"), "{}", message(&run));
}

#[test]
fn a_token_that_may_not_write_is_told_which_scope_it_lacks() {
    let readers = Scopes::only(&["crm.objects.contacts.read"]);
    let sandbox = account().token("pat-na1-reader", readers).start();
    let connector =
        Connector::new(&sandbox.url(), "pat-na1-reader").catalog(&catalog(&[delivery::contacts()]));
    let run =
        connector.write(&[delivery::contact(1), stream_state("contacts", 1)]).failed_with("config_error");
    assert!(message(&run).contains("crm.objects.contacts.write"), "{}", message(&run));
    assert!(run.states().is_empty() && sandbox.writes() == 0);
    let error = run.error();
    assert_eq!(error["stream_descriptor"]["name"], "contacts", "{error}");
    assert!(
        message(&run).contains("correlation id"),
        "HubSpot's number for the call is told: {}",
        message(&run)
    );
    assert!(error["internal_message"].as_str().is_some_and(|text| !text.is_empty()));
}

#[test]
fn several_streams_may_write_one_object() {
    let sandbox = account().start();
    let streams =
        [elt_stream("Contact", &["email", "city"]), elt_stream("contacts", &["email", "firstname"])];
    let run = delivery::for_streams(&sandbox, &streams)
        .write(&[
            record("Contact", json!({"email": "a@example.com", "city": "Oslo"})),
            record("contacts", json!({"email": "a@example.com", "firstname": "Ann"})),
            stream_state("Contact", 1),
            stream_state("contacts", 1),
        ])
        .succeeded();
    assert_eq!((run.states().len(), sandbox.count("contacts")), (2, 1));
    let contact = &sandbox.records("contacts")[0];
    assert_eq!((contact.get("city"), contact.get("firstname")), (Some("Oslo"), Some("Ann")));
    let definitions = sandbox.requests().iter().filter(|call| call.path.contains("/properties/")).count();
    assert_eq!(definitions, 1, "an object's properties are read once");
}

fn namespaced(stream: &Value, namespace: &Value) -> Value {
    let mut stream = stream.clone();
    stream["stream"]["namespace"] = namespace.clone();
    stream
}

fn in_namespace(mut record: Value, namespace: &Value) -> Value {
    record["record"]["namespace"] = namespace.clone();
    record
}

#[test]
fn an_empty_namespace_is_none() {
    let sandbox = account().start();
    for (in_catalog, in_record) in
        [(json!(null), json!("")), (json!(""), json!(null)), (json!(""), json!(""))]
    {
        let connector = delivery::for_streams(&sandbox, &[namespaced(&delivery::contacts(), &in_catalog)]);
        let run = connector
            .write(&[in_namespace(delivery::contact(1), &in_record), stream_state("contacts", 1)])
            .succeeded();
        assert_eq!(run.stats(), (1.0, 0.0), "{in_catalog} {in_record}");
    }
}

#[test]
fn one_name_in_two_namespaces_is_two_streams() {
    let sandbox = account().start();
    let (eu, us) = (json!("eu"), json!("us"));
    let streams = [namespaced(&delivery::contacts(), &eu), namespaced(&delivery::contacts(), &us)];
    let settings = json!({"streams": [
        {"name": "contacts", "namespace": "us", "property_mapping": {"city": "state"}},
        {"name": "contacts", "property_mapping": {"city": "country"}},
    ]});
    let state = |namespace: &Value| {
        let mut state = stream_state("contacts", 1);
        state["state"]["stream"]["stream_descriptor"]["namespace"] = namespace.clone();
        state
    };
    let run = delivery::for_streams(&sandbox, &streams)
        .with(&settings)
        .write(&[
            in_namespace(delivery::contact_in(1, "Hesse"), &eu),
            in_namespace(delivery::contact_in(2, "Ohio"), &us),
            in_namespace(delivery::contact_in(3, "Nowhere"), &json!("apac")),
            delivery::contact_in(4, "Nowhere"),
            state(&eu),
            state(&us),
        ])
        .succeeded();
    assert_eq!(run.codes(), ["UNKNOWN_STREAM", "UNKNOWN_STREAM"]);
    assert_eq!(
        run.rejected().iter().map(|record| &record["namespace"]).collect::<Vec<_>>(),
        [&json!("apac"), &json!(null)]
    );
    assert_eq!(run.stats(), (2.0, 0.0));
    let found = |number: usize, property: &str| {
        let contacts = sandbox.find("contacts", "email", &delivery::email(number));
        contacts[0].get(property).map(str::to_owned)
    };
    assert_eq!(
        found(1, "country").as_deref(),
        Some("Hesse"),
        "an entry without a namespace is for all others"
    );
    assert_eq!(found(2, "state").as_deref(), Some("Ohio"));
    assert_eq!(inputs(&sandbox).len(), 2);
}
