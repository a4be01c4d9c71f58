//! `discover`: the objects and operations an account offers.

use std::collections::BTreeMap;

use hubspot_sandbox::{
    Builder, CustomObject, Endpoint, Fault, FieldType, PropertyDef, PropertyType, Sandbox, Scopes,
    Sensitivity,
};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished};
use crate::support::crm;
use crate::support::sent::assert_nothing_written;

fn discovered(sandbox: &Sandbox) -> Finished {
    Connector::new(&sandbox.url(), sandbox.default_token()).discover()
}

fn operations(run: &Finished) -> &Vec<Value> {
    let catalogs = run.of_type("DESTINATION_CATALOG");
    assert!(run.status.success() && catalogs.len() == 1, "{run:#?}");
    catalogs[0]["destination_catalog"]["operations"].as_array().expect("operations")
}

/// The upserts of records offered, by object; panics where an object is offered twice.
fn upserts(run: &Finished) -> BTreeMap<&str, &Value> {
    let mut found = BTreeMap::new();
    let is_upsert = |operation: &&Value| {
        let is_other = |name: &str| name == "AUDIENCE" || name.contains(':') || name == "LIST_MEMBERSHIP";
        operation["sync_mode"] == "append_dedup" && !operation["object_name"].as_str().is_some_and(is_other)
    };
    for operation in operations(run).iter().filter(is_upsert) {
        let twice = found.insert(operation["object_name"].as_str().expect("a name"), operation);
        assert!(twice.is_none(), "{operation}");
    }
    found
}

fn columns(operation: &Value) -> &serde_json::Map<String, Value> {
    operation["json_schema"]["properties"].as_object().expect("columns")
}

fn boats() -> CustomObject {
    CustomObject::new("boats")
        .labels("Boat", "Boats")
        .property(PropertyDef::string("hull_number").unique())
        .property(PropertyDef::number("length"))
}

fn account() -> Builder {
    crm::account().custom_object(boats())
}

#[test]
fn the_crm_objects_and_custom_objects_are_offered_by_their_names() {
    let sandbox = account().start();
    let run = discovered(&sandbox);
    let names: Vec<&str> = upserts(&run).into_keys().collect();
    assert_eq!(names, ["COMPANY", "CONTACT", "DEAL", "LINE_ITEM", "PRODUCT", "TICKET", "boats"]);
    assert_nothing_written(&sandbox);
}

#[test]
fn matching_keys_are_what_hubspot_matches_by_and_stand_in_the_schema() {
    let sandbox = account().property("contacts", PropertyDef::string("customer_id").unique()).start();
    let run = discovered(&sandbox);
    let upserts = upserts(&run);
    let keys = |object: &str| &upserts[object]["matching_keys"];
    assert_eq!(
        keys("CONTACT"),
        &json!([["email"], ["customer_id"]]),
        "email, although HubSpot does not mark it"
    );
    assert_eq!(keys("COMPANY"), &json!([["warehouse_id"]]), "domain is not unique");
    assert_eq!(keys("PRODUCT"), &json!([["hs_sku"]]));
    assert_eq!(keys("LINE_ITEM"), &json!([["hs_external_id"]]));
    assert_eq!(keys("boats"), &json!([["hull_number"]]));
    for operation in operations(&run) {
        for key in operation["matching_keys"].as_array().into_iter().flatten() {
            let path = key.as_array().expect("a path");
            assert_eq!(path.len(), 1, "{operation}");
            assert!(columns(operation).contains_key(path[0].as_str().expect("a name")), "{operation}");
        }
    }
}

#[test]
fn only_writable_properties_are_offered_with_their_types() {
    let sandbox = account()
        .property("contacts", PropertyDef::string("made_up").calculated())
        .property("contacts", PropertyDef::string("frozen").read_only())
        .property("contacts", PropertyDef::date("birthday_party"))
        .property("contacts", PropertyDef::bool("vip"))
        .start();
    let run = discovered(&sandbox);
    let contact = upserts(&run)["CONTACT"];
    assert_eq!(contact["json_schema"]["type"], "object");
    assert_eq!(contact["json_schema"]["additionalProperties"], false);
    let columns = columns(contact);
    for (name, schema) in [
        ("firstname", json!({"type": "string"})),
        ("phone", json!({"type": "string"})),
        ("lifecyclestage", json!({"type": "string"})),
        ("hs_buying_role", json!({"type": "string"})),
        ("numemployees", json!({"type": "number"})),
        ("vip", json!({"type": "boolean"})),
        ("birthday_party", json!({"type": "string", "format": "date"})),
        (
            "closedate",
            json!({"type": "string", "format": "date-time", "airbyte_type": "timestamp_with_timezone"}),
        ),
    ] {
        assert_eq!(columns.get(name), Some(&schema), "{name}");
    }
    let writable: Vec<String> = sandbox
        .properties("contacts")
        .into_iter()
        .filter(|property| !property.read_only && !property.calculated)
        .map(|property| property.name)
        .collect();
    let mut offered: Vec<&String> = columns.keys().collect();
    offered.sort();
    let mut expected: Vec<&String> = writable.iter().collect();
    expected.sort();
    assert_eq!(offered, expected);
    for read_only in ["made_up", "frozen", "hubspotscore", "createdate"] {
        assert!(!columns.contains_key(read_only), "{read_only}");
    }
}

#[test]
fn sensitive_properties_are_offered_where_hubspot_lists_them() {
    let blood_type = PropertyDef::string("blood_type").sensitivity(Sensitivity::Sensitive);
    let diagnosis = PropertyDef::string("diagnosis").sensitivity(Sensitivity::HighlySensitive);
    let sandbox = account().property("contacts", blood_type).property("contacts", diagnosis).start();
    let run = discovered(&sandbox);
    let contact = upserts(&run)["CONTACT"];
    assert!(
        columns(contact).contains_key("blood_type") && columns(contact).contains_key("diagnosis"),
        "{contact}"
    );
}

#[test]
fn an_object_without_a_unique_property_is_not_offered_for_upsert() {
    let sandbox = Sandbox::builder().custom_object(CustomObject::new("notes_of_old")).start();
    let run = discovered(&sandbox);
    let names: Vec<&str> = upserts(&run).into_keys().collect();
    assert_eq!(names, ["CONTACT", "LINE_ITEM", "PRODUCT", "TICKET"]);
    for object in ["COMPANY", "DEAL", "notes_of_old"] {
        assert!(run.logs().iter().any(|line| line.contains(object)), "{object}: {:#?}", run.logs());
    }
}

#[test]
fn what_the_token_may_not_see_is_left_out_and_the_rest_is_offered() {
    let no_custom = Scopes::all_but(&["crm.schemas.custom.read", "crm.objects.custom.read"]);
    let sandbox = account().token("pat-na1-nocustom", no_custom).start();
    let run = Connector::new(&sandbox.url(), "pat-na1-nocustom").discover();
    assert_eq!(upserts(&run).len(), 6, "{:#?}", run.logs());
    assert!(sandbox.totals().with_status(403) > 0);

    let no_deals = Scopes::all_but(&["crm.schemas.deals.read", "crm.objects.deals.read"]);
    sandbox.add_token("pat-na1-nodeals", no_deals);
    let run = Connector::new(&sandbox.url(), "pat-na1-nodeals").discover();
    let names: Vec<&str> = upserts(&run).into_keys().collect();
    assert_eq!(names, ["COMPANY", "CONTACT", "LINE_ITEM", "PRODUCT", "TICKET", "boats"]);
    assert!(
        run.logs().iter().any(|line| line.contains("DEAL") && line.contains("crm.schemas.deals.read")),
        "{run:#?}"
    );
}

#[test]
fn a_failure_is_one_trace_error_and_no_catalog() {
    let sandbox = account().token("pat-na1-none", Scopes::only(&[])).start();
    for (token, word) in [("pat-na1-unknown", "not valid"), ("pat-na1-none", "scope")] {
        let run = Connector::new(&sandbox.url(), token).discover().failed_with("config_error");
        assert!(run.of_type("DESTINATION_CATALOG").is_empty());
        assert!(run.error()["message"].as_str().is_some_and(|text| text.contains(word)), "{run:#?}");
    }
    sandbox.add_fault(Fault::on(Endpoint::PropertyList).object("deals").status(503));
    let connector = Connector::new(&sandbox.url(), sandbox.default_token());
    let run = connector.with(&json!({"retry_budget_seconds": 0.3})).discover().failed_with("transient_error");
    assert!(run.of_type("DESTINATION_CATALOG").is_empty());
}

#[test]
fn every_api_version_offers_the_same() {
    let sandbox = account().start();
    let offered = |version: &str| {
        let connector = Connector::new(&sandbox.url(), sandbox.default_token());
        let run = connector.with(&json!({"api_version": version})).discover();
        operations(&run).clone()
    };
    let v3 = offered("v3");
    assert_eq!(offered("2026-03"), v3);
    assert_eq!(offered("2026-09"), v3);
}

#[test]
fn what_cannot_be_written_whatever_its_definition_says_is_not_offered() {
    let place = PropertyDef::new("hs_place", PropertyType::ObjectCoordinates, FieldType::Text);
    let tree = PropertyDef::new("hs_tree", PropertyType::Json, FieldType::Text);
    let sandbox = account().property("contacts", place).property("contacts", tree).start();
    let run = discovered(&sandbox);
    let contacts: Vec<_> =
        operations(&run).iter().filter(|known| known["object_name"] == "CONTACT").collect();
    assert!(!contacts.is_empty());
    for operation in contacts {
        let columns = columns(operation);
        assert!(!columns.contains_key("hs_place") && !columns.contains_key("hs_tree"), "{operation}");
    }
}
