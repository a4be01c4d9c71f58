//! What each column of a stream becomes: names, policies, what is never sent.

use hubspot_sandbox::{PropertyDef, Sandbox};
use serde_json::{Value, json};

use crate::support::connector::Finished;
use crate::support::crm;
use crate::support::delivery;
use crate::support::messages::{activation_stream, elt_stream, record, stream_state};
use crate::support::sent::{assert_nothing_written, inputs_of, properties, writes};

/// Writes contacts under these settings of the stream; each of `rows` has its own key.
fn written(sandbox: &Sandbox, settings: &Value, rows: &[Value]) -> Finished {
    let mut entry = settings.clone();
    entry["name"] = json!("contacts");
    let mut input: Vec<Value> = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let mut data = row.clone();
        data["email"] = json!(delivery::email(number));
        input.push(record("contacts", data));
    }
    input.push(stream_state("contacts", 1));
    let stream = elt_stream("contacts", &[]);
    delivery::for_streams(sandbox, &[stream]).with(&json!({"streams": [entry]})).write(&input)
}

/// The properties that are sent for one row.
fn sent(settings: &Value, row: &Value) -> Value {
    let sandbox = crm::account().start();
    let run = written(&sandbox, settings, std::slice::from_ref(row)).succeeded();
    assert_eq!(run.stats(), (1.0, 0.0), "{run:#?}");
    properties(&sandbox).remove(0)
}

fn warnings<'a>(run: &'a Finished, word: &str) -> Vec<&'a str> {
    run.of_type("LOG")
        .into_iter()
        .filter(|message| message["log"]["level"] == "WARN")
        .filter_map(|message| message["log"]["message"].as_str())
        .filter(|text| text.contains(word))
        .collect()
}

#[test]
fn columns_are_mapped_as_the_user_says() {
    let mapping =
        json!({"property_mapping": {"town": "city", "firstname": "lastname", "given": "firstname"}});
    let row = json!({"town": "Oslo", "firstname": "Lee", "given": "Ann", "phone": "1"});
    let expected = json!({"city": "Oslo", "lastname": "Lee", "firstname": "Ann", "phone": "1"});
    assert_eq!(sent(&mapping, &row), expected);
}

#[test]
fn the_key_may_be_mapped_too() {
    let sandbox = crm::account().start();
    let settings = json!({"streams": [{"name": "contacts", "property_mapping": {"mail": "email"}}]});
    let run = delivery::for_streams(&sandbox, &[elt_stream("contacts", &["mail", "city"])])
        .with(&settings)
        .write(&[
            record("contacts", json!({"mail": "a@example.com", "city": "Oslo"})),
            stream_state("contacts", 1),
        ])
        .succeeded();
    assert_eq!(run.stats(), (1.0, 0.0));
    assert_eq!(sandbox.find("contacts", "email", "a@example.com").len(), 1);
}

#[test]
fn common_spellings_are_recognised_unless_switched_off() {
    let row = json!({"firstName": "Ann", "Last Name": "Lee", "position": "CEO", "city": "Oslo"});
    let recognised = json!({"firstname": "Ann", "lastname": "Lee", "jobtitle": "CEO", "city": "Oslo"});
    assert_eq!(sent(&json!({}), &row), recognised);
    assert_eq!(sent(&json!({"name_aliases": false}), &row), json!({"city": "Oslo"}));
}

#[test]
fn where_the_user_chose_the_object_spellings_are_taken_literally_unless_switched_on() {
    for (aliases, expected) in
        [(Value::Null, json!({"city": "Oslo"})), (json!(true), json!({"city": "Oslo", "firstname": "Ann"}))]
    {
        let sandbox = crm::account().start();
        let mut stream = activation_stream("people", "CONTACT", "email", &["email", "firstName", "city"]);
        stream["generation_id"] = Value::Null;
        let settings = json!({"streams": [{"name": "people", "name_aliases": aliases}]});
        let data = json!({"email": "a@example.com", "firstName": "Ann", "city": "Oslo"});
        delivery::for_streams(&sandbox, &[stream])
            .with(&settings)
            .write(&[record("people", data)])
            .succeeded();
        assert_eq!(properties(&sandbox), [expected], "{aliases}");
    }
}

#[test]
fn unknown_columns_are_dropped_with_one_warning_a_name() {
    let sandbox = crm::account().start();
    let rows = [
        json!({"shoe_size": 41, "city": "a"}),
        json!({"shoe_size": 42, "city": "b", "hat": "x"}),
        json!({"shoe_size": 43, "city": "c"}),
    ];
    let run = written(&sandbox, &json!({}), &rows).succeeded();
    assert_eq!(run.stats(), (3.0, 0.0));
    for column in ["shoe_size", "hat"] {
        assert_eq!(warnings(&run, column).len(), 1, "{column}: {:#?}", run.logs());
    }
    assert!(properties(&sandbox).iter().all(|sent| sent.as_object().is_some_and(|sent| sent.len() == 1)));
}

#[test]
fn unknown_and_read_only_columns_reject_their_records_where_asked_to() {
    let sandbox = crm::account().start();
    let rows = [
        json!({"shoe_size": 41}),
        json!({"hubspotscore": 5}),
        json!({"city": "Oslo"}),
        json!({"city": "Rome", "shoe_size": null, "hubspotscore": null}),
    ];
    let run = written(&sandbox, &json!({"unknown_properties": "reject"}), &rows).succeeded();
    assert_eq!(run.codes(), ["PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"]);
    let named: Vec<&Value> =
        run.rejected().iter().map(|record| &record["meta"]["rejection"]["property"]).collect();
    assert_eq!(named, ["shoe_size", "hubspotscore"]);
    assert_eq!(run.stats(), (2.0, 2.0));
    assert_eq!(sandbox.count("contacts"), 2);
}

#[test]
fn read_only_and_calculated_columns_are_left_out_with_one_warning() {
    let sandbox = crm::account().property("contacts", PropertyDef::number("made_up").calculated()).start();
    let rows =
        [json!({"hubspotscore": 5, "made_up": 1, "city": "a"}), json!({"hubspotscore": 6, "city": "b"})];
    let run = written(&sandbox, &json!({}), &rows).succeeded();
    assert_eq!(run.stats(), (2.0, 0.0));
    assert_eq!((warnings(&run, "hubspotscore").len(), warnings(&run, "made_up").len()), (1, 1));
    assert_eq!(properties(&sandbox), [json!({"city": "a"}), json!({"city": "b"})]);
}

#[test]
fn airbytes_own_columns_and_hubspots_record_id_are_never_sent() {
    let row = json!({"_airbyte_raw_id": "r", "_AIRBYTE_EXTRACTED_AT": 1, "_ab_cdc_lsn": 7, "_ab_source_file_url": "u",
        "hs_object_id": "101", "city": "Oslo"});
    for settings in [json!({}), json!({"unknown_properties": "reject"})] {
        assert_eq!(sent(&settings, &row), json!({"city": "Oslo"}), "{settings}");
    }
}

#[test]
fn a_settings_of_the_whole_connection_is_overridden_by_the_streams() {
    let sandbox = crm::account().start();
    let streams = [elt_stream("contacts", &["email"]), elt_stream("Contact", &["email"])];
    let settings = json!({"unknown_properties": "reject", "streams": [{"name": "Contact", "unknown_properties": "drop"}]});
    let row =
        |stream: &str, number| record(stream, json!({"email": delivery::email(number), "shoe_size": 41}));
    let run = delivery::for_streams(&sandbox, &streams)
        .with(&settings)
        .write(&[row("contacts", 1), row("Contact", 2)])
        .succeeded();
    assert_eq!(run.codes(), ["PROPERTY_DOESNT_EXIST"]);
    assert_eq!(run.rejected()[0]["stream"], "contacts");
}

#[test]
fn nulls_are_ignored_or_clear_as_asked() {
    let row = json!({"city": null, "closedate": null, "numemployees": null, "phone": "1"});
    assert_eq!(sent(&json!({}), &row), json!({"phone": "1"}));
    let cleared = json!({"city": "", "closedate": "", "numemployees": "", "phone": "1"});
    assert_eq!(sent(&json!({"null_values": "clear"}), &row), cleared);
}

#[test]
fn empty_strings_clear_or_are_ignored_as_asked() {
    let row = json!({"city": "", "phone": "1"});
    assert_eq!(sent(&json!({}), &row), json!({"city": "", "phone": "1"}));
    assert_eq!(sent(&json!({"empty_strings": "ignore"}), &row), json!({"phone": "1"}));
    assert_eq!(
        sent(&json!({"empty_strings": "ignore", "null_values": "clear"}), &row),
        json!({"phone": "1"})
    );
}

#[test]
fn clearing_reaches_hubspot() {
    let sandbox = crm::account().start();
    let id = sandbox.insert("contacts", &[("email", &delivery::email(0)), ("city", "Oslo"), ("phone", "1")]);
    written(&sandbox, &json!({"null_values": "clear"}), &[json!({"city": null, "phone": ""})]).succeeded();
    let contact = sandbox.record("contacts", &id).expect("the contact");
    assert_eq!((contact.get("city"), contact.get("phone")), (None, None));
}

#[test]
fn a_field_that_was_nulled_on_the_way_is_left_out_under_every_policy() {
    for policy in ["ignore", "clear"] {
        let sandbox = crm::account().start();
        let mut message = delivery::contact_in(1, "x");
        message["record"]["data"] =
            json!({"email": delivery::email(1), "city": null, "phone": null, "zip": "1"});
        message["record"]["meta"] = json!({"changes": [
            {"field": "city", "change": "NULLED", "reason": "SOURCE_FIELD_SIZE_LIMITATION"},
            {"field": "zip", "change": "TRUNCATED", "reason": "SOURCE_FIELD_SIZE_LIMITATION"},
        ]});
        let connector = delivery::for_contacts(&sandbox).with(&json!({"null_values": policy}));
        connector.write(&[message]).succeeded();
        let expected = if policy == "clear" { json!({"phone": "", "zip": "1"}) } else { json!({"zip": "1"}) };
        assert_eq!(properties(&sandbox), [expected], "{policy}");
    }
}

#[test]
fn a_key_that_was_nulled_on_the_way_is_missing() {
    let sandbox = crm::account().start();
    let mut message = delivery::contact(1);
    message["record"]["data"]["email"] = Value::Null;
    message["record"]["meta"] = json!({"changes": [{"field": "email", "change": "NULLED", "reason": "PLATFORM_SERIALIZATION_ERROR"}]});
    let run = delivery::for_contacts(&sandbox).write(&[message]).succeeded();
    assert_eq!(run.codes(), ["MISSING_MATCHING_KEY"]);
}

#[test]
fn invalid_values_reject_the_record_or_only_the_property() {
    let rows = [
        json!({"numemployees": "many", "city": "a"}),
        json!({"closedate": "yesterday", "city": "b"}),
        json!({"hs_lead_status": "LUKEWARM", "city": "c"}),
        json!({"numemployees": 7, "city": "d"}),
    ];
    let sandbox = crm::account().start();
    let run = written(&sandbox, &json!({}), &rows).succeeded();
    assert_eq!(run.codes(), ["INVALID_INTEGER", "INVALID_DATE", "INVALID_OPTION"]);
    assert_eq!(run.stats(), (1.0, 3.0));
    assert_eq!(sandbox.count("contacts"), 1);

    let sandbox = crm::account().start();
    let run = written(&sandbox, &json!({"invalid_values": "drop_property"}), &rows).succeeded();
    assert_eq!((run.codes().len(), run.stats()), (0, (4.0, 0.0)));
    let told =
        run.logs().iter().filter(|log| log.contains("numemployees") && log.contains("left out")).count();
    assert_eq!(told, 1, "once a column: {run:#?}");
    let sent = properties(&sandbox);
    assert_eq!(
        sent,
        [
            json!({"city": "a"}),
            json!({"city": "b"}),
            json!({"city": "c"}),
            json!({"numemployees": "7", "city": "d"})
        ]
    );
}

#[test]
fn two_columns_for_one_property_are_a_config_error_before_any_write() {
    let mapped = json!({"property_mapping": {"town": "city"}});
    for (columns, settings) in [
        (["email", "firstName", "firstname"], json!({})),
        (["email", "town", "city"], mapped),
        (["email", "Email Address", "city"], json!({})),
    ] {
        let sandbox = crm::account().start();
        let mut entry = settings.clone();
        entry["name"] = json!("contacts");
        let run = delivery::for_streams(&sandbox, &[elt_stream("contacts", &columns)])
            .with(&json!({"streams": [entry]}))
            .write(&[delivery::contact(1), stream_state("contacts", 1)])
            .failed_with("config_error");
        let message = run.error()["message"].as_str().expect("a message");
        assert!(columns.iter().filter(|column| message.contains(*column)).count() >= 2, "{message}");
        assert!(run.states().is_empty());
        assert_nothing_written(&sandbox);
    }
}

#[test]
fn of_two_columns_for_one_property_that_nobody_declared_the_later_ones_records_are_rejected() {
    let sandbox = crm::account().start();
    let rows = [
        json!({"city": "a"}),
        json!({"firstName": "A", "firstname": "B"}),
        json!({"firstName": "C"}),
        json!({"firstname": "D"}),
        json!({"firstName": "E", "firstname": null}),
    ];
    let run = written(&sandbox, &json!({}), &rows).succeeded();
    assert_eq!((run.stats(), run.codes()), ((3.0, 2.0), vec!["CONFLICT", "CONFLICT"]));
    let rejection = &run.rejected()[0]["meta"]["rejection"];
    assert_eq!(rejection["property"], "firstname");
    let message = rejection["message"].as_str().expect("a message");
    assert!(message.contains("\"firstName\"") && message.contains("\"firstname\""), "{message}");
    let sent = properties(&sandbox);
    assert_eq!(sent, [json!({"city": "a"}), json!({"firstname": "C"}), json!({"firstname": "E"})]);
}

#[test]
fn what_one_sync_makes_for_a_column_the_next_finds_without_making_anything() {
    let sandbox = crm::account().start();
    let row = json!({"2nd Address": "x", "__tier": "gold", "city": "Oslo"});
    written(&sandbox, &json!({"unknown_properties": "create"}), std::slice::from_ref(&row)).succeeded();
    let run = written(&sandbox, &json!({}), std::slice::from_ref(&row)).succeeded();
    let sent = || {
        let mut calls = writes(&sandbox);
        calls.retain(|call| call.endpoint == hubspot_sandbox::Endpoint::Upsert);
        inputs_of(&calls).into_iter().map(|mut input| input["properties"].take()).collect::<Vec<_>>()
    };
    let expected = json!({"n2nd_address": "x", "tier": "gold", "city": "Oslo"});
    assert_eq!(sent(), [expected.clone(), expected]);
    assert!(warnings(&run, "").is_empty(), "{run:#?}");
    written(&sandbox, &json!({"name_aliases": false}), &[row]).succeeded();
    assert_eq!(sent()[2], json!({"city": "Oslo"}));
}

#[test]
fn labels_are_known_last_of_all_and_never_clash() {
    let account = || {
        crm::account()
            .property("contacts", PropertyDef::string("customer_class").label("Customer Segment"))
            .property("contacts", PropertyDef::string("one").label("Twice"))
            .property("contacts", PropertyDef::string("two").label("twice"))
    };
    let row = json!({"customer segment": "a", "Twice": "b", "city": "Oslo"});
    let sandbox = account().start();
    let run = written(&sandbox, &json!({}), std::slice::from_ref(&row)).succeeded();
    assert_eq!(properties(&sandbox), [json!({"customer_class": "a", "city": "Oslo"})]);
    assert_eq!((warnings(&run, "segment").len(), warnings(&run, "Twice").len()), (0, 1), "{run:#?}");
    let sandbox = account().start();
    written(&sandbox, &json!({"name_aliases": false}), &[row]).succeeded();
    assert_eq!(properties(&sandbox), [json!({"city": "Oslo"})]);

    // Declared or not, in whichever order: another column is the property already.
    for declared in [&["email", "Customer Segment", "customer_class"][..], &[]] {
        let sandbox = account().start();
        let row = |number: usize, data: Value| {
            let mut data = data;
            data["email"] = json!(delivery::email(number));
            record("contacts", data)
        };
        let rows = [
            row(0, json!({"Customer Segment": "a", "customer_class": "b"})),
            row(1, json!({"customer_class": "c", "Customer Segment": "d"})),
            row(2, json!({"Customer Segment": "e"})),
        ];
        let run =
            delivery::for_streams(&sandbox, &[elt_stream("contacts", declared)]).write(&rows).succeeded();
        assert_eq!(warnings(&run, "Customer Segment").len(), 1, "{declared:?}: {run:#?}");
        let sent = properties(&sandbox);
        let email = json!({"email": delivery::email(2)});
        assert_eq!(sent, [json!({"customer_class": "b"}), json!({"customer_class": "c"}), email]);
    }
}

#[test]
fn sensitive_properties_are_written_like_others() {
    use hubspot_sandbox::Sensitivity;
    let blood_type = PropertyDef::string("blood_type").sensitivity(Sensitivity::Sensitive);
    // Declared, or possible because nothing is declared.
    for columns in [&["email", "blood_type"][..], &[]] {
        let sandbox = crm::account().property("contacts", blood_type.clone()).start();
        let data = json!({"email": "a@example.com", "blood_type": "AB"});
        let run = delivery::for_streams(&sandbox, &[elt_stream("contacts", columns)])
            .write(&[record("contacts", data), stream_state("contacts", 1)])
            .succeeded();
        assert_eq!(run.stats(), (1.0, 0.0));
        assert_eq!(sandbox.records("contacts")[0].get("blood_type"), Some("AB"));
        assert_eq!(writes(&sandbox).len(), 1);
    }
}

#[test]
fn sensitive_properties_are_asked_for_once_an_object_and_a_missing_scope_is_named() {
    use hubspot_sandbox::{Endpoint, Scopes, Sensitivity};
    let blood_type = PropertyDef::string("blood_type").sensitivity(Sensitivity::HighlySensitive);
    let sandbox = crm::account().property("contacts", blood_type).start();
    let streams = ["contacts", "more contacts"].map(|name| {
        let mut stream = elt_stream(name, &["email", "blood_type"]);
        stream["destination_object_name"] = json!("CONTACT");
        stream["destination_sync_mode"] = json!("append_dedup");
        stream["primary_key"] = json!([["email"]]);
        stream
    });
    let row = record("contacts", json!({"email": "a@example.com", "blood_type": "AB"}));
    delivery::for_streams(&sandbox, &streams).write(std::slice::from_ref(&row)).succeeded();
    let lists =
        sandbox.requests().iter().filter(|request| request.endpoint == Endpoint::PropertyList).count();
    assert_eq!(lists, 3, "ordinary, sensitive, highly sensitive");
    // Definitions take no scope of their own, values do.
    let scope = "crm.objects.contacts.highly_sensitive.write.v2";
    sandbox.set_scopes(sandbox.default_token(), Scopes::all_but(&[scope]));
    let run = delivery::for_streams(&sandbox, &streams[..1]).write(&[row]).failed_with("config_error");
    assert!(run.error()["message"].as_str().is_some_and(|message| message.contains(scope)), "{run:#?}");
}

#[test]
fn objects_are_taken_apart_where_the_mapping_reaches_into_them() {
    let sandbox = crm::account().start();
    let mut stream = elt_stream("people", &["traits", "address", "id"]);
    stream["stream"]["json_schema"]["properties"]["traits"] = json!({"type": "object", "properties": {
        "email": {"type": "string"}, "name": {"type": "string"}, "company": {"type": "object"}}});
    let mapping = json!({"traits.email": "email", "traits.name": "firstname", "traits.company.name": "company",
        "address.line": "address"});
    let settings = json!([{"name": "people", "object": "CONTACT", "property_mapping": mapping}]);
    let connector = delivery::for_streams(&sandbox, &[stream]).with(&json!({ "streams": settings }));
    let traits = |number: usize, company: Value| json!({"email": delivery::email(number), "name": "Ann", "company": company, "age": 41});
    let acme = traits(1, json!({"name": "Acme", "industry": "x"}));
    let run = connector
        .write(&[
            record(
                "people",
                json!({"id": 1, "traits": acme, "address": {"line": "High St 1", "city": "Oslo"}}),
            ),
            record(
                "people",
                json!({"id": 2, "traits": traits(2, Value::Null).to_string(), "address": "Low St 2"}),
            ),
            record("people", json!({"id": 3, "traits": {"email": "nobody"}})),
            stream_state("people", 1),
        ])
        .succeeded();
    assert_eq!((run.stats(), run.codes()), ((2.0, 1.0), vec!["INVALID_EMAIL"]));
    let sent = properties(&sandbox);
    // `address.city` is one of the names that are recognised.
    let first = json!({"firstname": "Ann", "company": "Acme", "address": "High St 1", "city": "Oslo"});
    assert_eq!(sent, [first, json!({"firstname": "Ann", "address": "Low St 2"})]);
    assert_eq!(run.rejected()[0]["data"], json!({"id": 3, "traits": {"email": "nobody"}}), "as received");
    assert_eq!(warnings(&run, "traits.age").len(), 1, "{run:#?}");
}
