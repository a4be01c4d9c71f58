//! `unknown_properties: create`: which properties are made in HubSpot, how, when, and what keeps them from it.

use std::time::Duration;

use hubspot_sandbox::{
    CustomObject, Endpoint, Fault, FaultAnswer, FaultBody, FieldType, Millis, PropertyDef, PropertyType,
    RequestRecord, Sandbox, Scopes, Sensitivity, When,
};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished};
use crate::support::crm;
use crate::support::delivery;
use crate::support::messages::{activation_stream, complete, elt_stream, record, stream_state};
use crate::support::sent::{assert_nothing_written, inputs_of, writes};

/// A stream of contacts with typed columns.
fn typed(columns: &Value) -> Value {
    let mut stream = elt_stream("contacts", &["email"]);
    for (name, schema) in columns.as_object().expect("columns") {
        stream["stream"]["json_schema"]["properties"][name] = schema.clone();
    }
    stream
}

fn making(sandbox: &Sandbox, streams: &[Value]) -> Connector {
    delivery::for_streams(sandbox, streams).with(&json!({"unknown_properties": "create"}))
}

fn contact(number: usize, mut data: Value) -> Value {
    data["email"] = json!(delivery::email(number));
    record("contacts", data)
}

/// Writes contacts and a state.
fn written(connector: &Connector, rows: &[Value]) -> Finished {
    let mut input: Vec<Value> =
        rows.iter().enumerate().map(|(number, row)| contact(number, row.clone())).collect();
    input.push(stream_state("contacts", 1));
    connector.write(&input)
}

fn defined(sandbox: &Sandbox, object: &str, name: &str) -> Option<PropertyDef> {
    sandbox.properties(object).into_iter().find(|property| property.name == name)
}

/// The properties of every record sent, in order.
fn sent(sandbox: &Sandbox) -> Vec<Value> {
    let mut calls = writes(sandbox);
    calls.retain(|call| call.endpoint == Endpoint::Upsert);
    inputs_of(&calls).into_iter().map(|mut input| input["properties"].take()).collect()
}

fn creations(sandbox: &Sandbox) -> Vec<RequestRecord> {
    let mut requests = sandbox.requests();
    requests.retain(|request| request.endpoint == Endpoint::PropertyCreate);
    requests
}

#[test]
fn declared_columns_become_properties_of_their_type_before_the_first_write() {
    let sandbox = crm::account().start();
    let stream = typed(&json!({
        "shoe_size": {"type": ["null", "integer"]},
        "Is VIP": {"type": "boolean"},
        "bornOn": {"type": "string", "format": "date"},
        "seen_at": {"type": "string", "format": "date-time", "airbyte_type": "timestamp_with_timezone"},
        "2nd note": {"type": "string"},
        "tags": {"type": "array"},
    }));
    let row = json!({"shoe_size": 41.5, "Is VIP": true, "bornOn": "1990-02-03", "seen_at": "2026-01-02T03:04:05Z",
        "2nd note": "x", "tags": ["a"], "city": "Oslo"});
    let run = written(&making(&sandbox, &[stream]), &[row]).succeeded();
    assert_eq!(run.stats(), (1.0, 0.0));
    for (name, label, kind, field) in [
        ("shoe_size", "Shoe size", PropertyType::Number, FieldType::Number),
        ("is_vip", "Is VIP", PropertyType::Bool, FieldType::Booleancheckbox),
        ("bornon", "Born on", PropertyType::Date, FieldType::Date),
        ("seen_at", "Seen at", PropertyType::Datetime, FieldType::Date),
        ("n2nd_note", "2nd note", PropertyType::String, FieldType::Text),
        ("tags", "Tags", PropertyType::String, FieldType::Text),
    ] {
        let made = defined(&sandbox, "contacts", name).unwrap_or_else(|| panic!("{name}: {run:#?}"));
        assert_eq!((made.label.as_str(), made.kind, made.field), (label, kind, field), "{name}");
        assert_eq!(made.group, "contactinformation", "{name}");
    }
    let vip = defined(&sandbox, "contacts", "is_vip").expect("made");
    assert_eq!(vip.options.iter().map(|option| option.value.as_str()).collect::<Vec<_>>(), ["true", "false"]);
    let stored = &sandbox.records("contacts")[0];
    assert_eq!((stored.get("shoe_size"), stored.get("is_vip")), (Some("41.5"), Some("true")));
    assert_eq!((stored.get("n2nd_note"), stored.get("tags")), (Some("x"), Some(r#"["a"]"#)));
    let calls = writes(&sandbox);
    assert!(calls[..6].iter().all(|call| call.endpoint == Endpoint::PropertyCreate), "{calls:?}");
    assert_eq!(calls.len(), 7, "each property is made once, then one batch: {calls:?}");
}

#[test]
fn the_next_sync_makes_nothing() {
    let sandbox = crm::account().start();
    let stream = activation_stream("contacts", "CONTACT", "email", &["email", "Shoe Size"]);
    for size in ["41", "42"] {
        let input =
            [contact(1, json!({"Shoe Size": size})), stream_state("contacts", 1), complete("contacts")];
        making(&sandbox, std::slice::from_ref(&stream)).write(&input).succeeded();
    }
    assert_eq!(creations(&sandbox).len(), 1);
    assert_eq!(sandbox.records("contacts")[0].get("shoe_size"), Some("42"));
}

#[test]
fn columns_nobody_declared_are_made_when_a_record_has_a_value_for_them() {
    let sandbox = crm::account().start();
    let rows = [
        json!({"shoe_size": null, "hat": "", "city": "a"}),
        json!({"shoe_size": 41, "vip": false, "hat": " ", "city": "b"}),
        json!({"shoe_size": 42, "vip": true, "since": "2026-01-01", "city": "c"}),
        json!({"shoe_size": 43, "never": null, "city": "d"}),
    ];
    let run = written(&making(&sandbox, &[elt_stream("contacts", &[])]), &rows).succeeded();
    assert_eq!(run.stats(), (4.0, 0.0));
    let kind = |name: &str| defined(&sandbox, "contacts", name).map(|made| made.kind);
    assert_eq!(kind("shoe_size"), Some(PropertyType::Number));
    assert_eq!(kind("vip"), Some(PropertyType::Bool));
    assert_eq!(kind("since"), Some(PropertyType::String), "text may be anything");
    assert_eq!((kind("hat"), kind("never")), (None, None));
    assert_eq!(
        sent(&sandbox)[..3],
        [
            json!({"city": "a"}),
            json!({"shoe_size": "41", "vip": "false", "city": "b"}),
            json!({"shoe_size": "42", "vip": "true", "since": "2026-01-01", "city": "c"}),
        ]
    );
}

#[test]
fn a_property_is_made_once_for_all_streams() {
    let sandbox = crm::account().start();
    let declared = typed(&json!({"shoe_size": {"type": "number"}, "hat": {"type": "string"}}));
    let mut twin = declared.clone();
    twin["stream"]["name"] = json!("Contact");
    let open = elt_stream("CONTACTS", &["email"]);
    let row = |stream: &str, number| {
        record(stream, json!({"email": delivery::email(number), "shoe_size": 41, "hat": "x", "extra": true}))
    };
    let run = making(&sandbox, &[declared, twin, open])
        .write(&[row("contacts", 1), row("Contact", 2), row("CONTACTS", 3), row("contacts", 4)])
        .succeeded();
    assert!(run.codes().is_empty(), "{run:#?}");
    assert_eq!(creations(&sandbox).len(), 3);
    assert_eq!(sandbox.records("contacts").iter().filter(|one| one.get("extra") == Some("true")).count(), 4);
}

#[test]
fn custom_objects_keep_their_own_group_and_a_chosen_one_is_made() {
    let cars = CustomObject::new("cars").property(PropertyDef::string("code").unique());
    let sandbox = crm::account().custom_object(cars).start();
    let stream = elt_stream("cars", &["code", "wheels"]);
    let row = record("cars", json!({"code": "a", "wheels": "4"}));
    making(&sandbox, std::slice::from_ref(&stream)).write(std::slice::from_ref(&row)).succeeded();
    assert_eq!(defined(&sandbox, "cars", "wheels").expect("made").group, "cars_information");

    let settings = json!({"streams": [{"name": "cars", "property_group": "From the Warehouse"}]});
    let stream = elt_stream("cars", &["code", "doors", "seats"]);
    let row = record("cars", json!({"code": "a", "doors": "5", "seats": "4"}));
    making(&sandbox, &[stream]).with(&settings).write(&[row]).succeeded();
    for name in ["doors", "seats"] {
        assert_eq!(defined(&sandbox, "cars", name).expect("made").group, "from_the_warehouse");
    }
    let groups: Vec<Value> = sandbox
        .requests()
        .iter()
        .filter(|request| request.endpoint == Endpoint::GroupCreate)
        .filter_map(RequestRecord::body)
        .collect();
    assert_eq!(groups, [json!({"name": "from_the_warehouse", "label": "From the Warehouse"})]);
}

#[test]
fn what_is_there_read_only_or_archived_is_not_made() {
    let archived = PropertyDef { archived: Some(Millis(1)), ..PropertyDef::string("old_hat") };
    let sandbox = crm::account().property("contacts", archived).start();
    let run = written(
        &making(&sandbox, &[elt_stream("contacts", &["email", "old_hat", "hubspotscore", "firstName"])]),
        &[json!({"old_hat": "x", "hubspotscore": 5, "firstName": "Ann"}), json!({"old_hat": "y"})],
    )
    .succeeded();
    assert_eq!(run.stats(), (2.0, 0.0));
    assert_eq!(sent(&sandbox)[0], json!({"firstname": "Ann"}));
    assert!(creations(&sandbox).is_empty());
    let told = run.logs().iter().filter(|log| log.contains("old_hat") && log.contains("archived")).count();
    assert_eq!(told, 1, "{run:#?}");
}

#[test]
fn a_property_somebody_else_made_meanwhile_is_used_as_it_is() {
    // Sensitive properties are not in the list that is read at the start, where no column that is declared calls for them.
    let known = PropertyDef::select("blood_type", &["A", "B"]).sensitivity(Sensitivity::Sensitive);
    let sandbox = crm::account().property("contacts", known).start();
    let rows = [json!({"blood_type": "a"}), json!({"blood_type": "C"})];
    let run = written(&making(&sandbox, &[elt_stream("contacts", &["email"])]), &rows).succeeded();
    assert_eq!(run.codes(), ["INVALID_OPTION"]);
    assert_eq!(creations(&sandbox).iter().map(|call| call.status).collect::<Vec<_>>(), [Some(409)]);
    assert_eq!(sandbox.records("contacts")[0].get("blood_type"), Some("A"));
}

#[test]
fn two_syncs_that_need_the_same_property_at_once_both_get_it() {
    let sandbox = crm::account().start();
    let both = sandbox.add_fault(Fault::on(Endpoint::PropertyCreate).hold(When::BeforeEffect));
    let connector = making(&sandbox, &[elt_stream("contacts", &["email", "hat"])]);
    let (mut one, mut other) = (connector.start_write(), connector.start_write());
    one.send(&[contact(1, json!({"hat": "x"}))]);
    other.send(&[contact(2, json!({"hat": "y"}))]);
    one.close_input();
    other.close_input();
    assert!(sandbox.wait_held(both, 2, Duration::from_secs(20)));
    sandbox.release(both);
    one.wait().succeeded();
    other.wait().succeeded();
    let mut statuses: Vec<Option<u16>> = creations(&sandbox).iter().map(|call| call.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [Some(201), Some(409)]);
    assert_eq!(sandbox.records("contacts").iter().filter(|one| one.get("hat").is_some()).count(), 2);
}

#[test]
fn a_missing_scope_is_a_config_error_before_any_write() {
    let sandbox =
        crm::account().token("pat-na1-narrow", Scopes::all_but(&["crm.schemas.contacts.write"])).start();
    for columns in [vec!["email", "hat"], vec![]] {
        let stream = elt_stream("contacts", &columns);
        let connector =
            Connector::new(&sandbox.url(), "pat-na1-narrow").with(&json!({"unknown_properties": "create"}));
        let run = written(
            &connector.catalog(&json!({ "streams": [stream] })),
            &[json!({"hat": "x"}), json!({"city": "a"})],
        )
        .failed_with("config_error");
        let message = run.error()["message"].as_str().expect("a message");
        assert!(message.contains("crm.schemas.contacts.write") && message.contains("hat"), "{message}");
        assert!(run.states().is_empty());
        assert_eq!(sandbox.count("contacts"), 0);
    }
}

#[test]
fn more_declared_columns_than_the_limit_make_none() {
    let sandbox = crm::account().start();
    let connector = making(&sandbox, &[elt_stream("contacts", &["email", "a1", "a2", "a3", "city"])]);
    let run = written(&connector.with(&json!({"create_limit": 2})), &[json!({"a1": "x"})]);
    let run = run.failed_with("config_error");
    assert!(run.error()["message"].as_str().is_some_and(|text| text.contains("create_limit")), "{run:#?}");
    assert_nothing_written(&sandbox);
}

#[test]
fn columns_that_keep_coming_end_the_sync_at_the_limit() {
    let sandbox = crm::account().start();
    let connector = making(&sandbox, &[elt_stream("contacts", &[])]).with(&json!({"create_limit": 2}));
    let mut input = Vec::new();
    for number in 0..4 {
        input.push(contact(number, json!({format!("column_{number}"): "x"})));
        input.push(stream_state("contacts", number as u64));
    }
    let run = connector.write(&input).failed_with("config_error");
    assert!(run.error()["message"].as_str().is_some_and(|text| text.contains("create_limit")), "{run:#?}");
    assert_eq!(creations(&sandbox).len(), 2);
    assert!(run.states().len() <= 2, "no state behind the record that could not be written: {run:#?}");
}

#[test]
fn a_new_property_that_writes_do_not_know_yet_is_waited_for() {
    let unknown = json!({"status": "error", "category": "VALIDATION_ERROR",
        "message": "Property values were not valid: [{\"isValid\":false,\"message\":\"Property \\\"hat\\\" does not exist\",\"error\":\"PROPERTY_DOESNT_EXIST\",\"name\":\"hat\"}]",
        "errors": [{"message": "Property \"hat\" does not exist", "code": "PROPERTY_DOESNT_EXIST", "context": {"propertyName": ["hat"]}}]});
    let too_early = FaultAnswer::new(400).body(FaultBody::Json(unknown));
    let fault = Fault::on(Endpoint::Upsert).first(2).answer(too_early, When::BeforeEffect);
    let sandbox = crm::account().fault(fault).start();
    let rows: Vec<Value> = (0..20).map(|_| json!({"hat": "x"})).collect();
    let run = written(&making(&sandbox, &[elt_stream("contacts", &["email", "hat"])]), &rows).succeeded();
    assert_eq!(run.stats(), (20.0, 0.0));
    assert_eq!(sandbox.totals().calls(Endpoint::Upsert), 3, "repeated whole, not taken apart");
}

#[test]
fn records_are_put_off_until_writes_know_their_new_property() {
    let sandbox = crm::account().property_lag(3).start();
    let rows: Vec<Value> = (0..150)
        .map(|number| if number % 3 == 0 { json!({"hat": "x", "city": "a"}) } else { json!({"city": "b"}) })
        .collect();
    let run = written(&making(&sandbox, &[elt_stream("contacts", &["email", "hat"])]), &rows).succeeded();
    assert_eq!(run.stats(), (150.0, 0.0), "{run:#?}");
    assert_eq!(sandbox.records("contacts").iter().filter(|one| one.get("hat") == Some("x")).count(), 50);
    assert!(sandbox.totals().calls(Endpoint::Upsert) <= 8, "{:?}", sandbox.totals());
}

#[test]
fn a_record_that_is_refused_makes_no_property() {
    let sandbox = crm::account().start();
    let rows = [json!({"hat": "x", "numemployees": "many"}), json!({"city": "a"})];
    let connector = making(&sandbox, &[elt_stream("contacts", &[])]);
    let mut input: Vec<Value> = rows.iter().enumerate().map(|(n, row)| contact(n, row.clone())).collect();
    input.push(record("contacts", json!({"hat": "x"})));
    let run = connector.write(&input).succeeded();
    assert_eq!(run.codes(), ["INVALID_INTEGER", "MISSING_MATCHING_KEY"]);
    assert!(creations(&sandbox).is_empty());
}

#[test]
fn columns_that_would_become_one_property_are_a_config_error_before_anything_is_made() {
    let sandbox = crm::account().start();
    let connector = making(&sandbox, &[elt_stream("contacts", &["email", "Shoe Size", "shoe-size"])]);
    let run = written(&connector, &[json!({"Shoe Size": "1"})]).failed_with("config_error");
    assert!(run.error()["message"].as_str().is_some_and(|text| text.contains("shoe_size")), "{run:#?}");
    assert_nothing_written(&sandbox);
}

#[test]
fn names_the_user_gave_are_made_as_given_and_names_without_letters_are_left_out() {
    let sandbox = crm::account().start();
    let settings = json!({"streams": [{"name": "contacts", "property_mapping": {"hat": "head_gear"}}]});
    let connector = making(&sandbox, &[elt_stream("contacts", &["email", "hat", "名前"])]).with(&settings);
    let run = written(&connector, &[json!({"hat": "x", "名前": "y"})]).succeeded();
    assert_eq!(sent(&sandbox)[0], json!({"head_gear": "x"}));
    assert_eq!(defined(&sandbox, "contacts", "head_gear").expect("made").label, "Head gear");
    assert!(run.logs().iter().any(|log| log.contains("名前")), "{run:#?}");
}

#[test]
fn check_and_discover_make_nothing() {
    let sandbox = crm::account().start();
    let connector = making(&sandbox, &[elt_stream("contacts", &["email", "hat"])])
        .with(&json!({"streams": [{"name": "contacts", "unknown_properties": "create"}]}));
    let check = connector.check().succeeded();
    assert_eq!(check.of_type("CONNECTION_STATUS")[0]["connectionStatus"]["status"], "SUCCEEDED");
    connector.discover().succeeded();
    assert_nothing_written(&sandbox);
}

#[test]
fn a_column_whose_property_hubspot_refuses_to_make_is_left_out_where_nobody_declared_it() {
    let body = json!({"status": "error", "category": "VALIDATION_ERROR", "message": "The name is reserved."});
    let refusal = FaultAnswer::new(400).body(FaultBody::Json(body));
    let account = || {
        let fault = Fault::on(Endpoint::PropertyCreate).first(1).answer(refusal.clone(), When::BeforeEffect);
        crm::account().fault(fault).start()
    };
    let rows = [json!({"reserved": "x", "city": "a"}), json!({"reserved": "y", "city": "b"})];
    let sandbox = account();
    let run = written(&making(&sandbox, &[elt_stream("contacts", &[])]), &rows).succeeded();
    assert_eq!(run.stats(), (2.0, 0.0));
    assert_eq!(sent(&sandbox), [json!({"city": "a"}), json!({"city": "b"})]);
    assert_eq!(run.logs().into_iter().filter(|line| line.contains("\"reserved\"")).count(), 1, "{run:#?}");
    let sandbox = account();
    let declared = elt_stream("contacts", &["email", "reserved", "city"]);
    written(&making(&sandbox, &[declared]), &rows).failed_with("config_error");
    assert!(sent(&sandbox).is_empty());
}
