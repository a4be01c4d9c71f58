//! Property definitions, groups, schemas.

use hubspot_sandbox::{CustomObject, PropertyDef, Sandbox};
use serde_json::{Value, json};

use crate::support::{Client, UPSERT, by_email, inputs};

const PROPERTIES: &str = "/crm/v3/properties/contacts";

fn definition(name: &str) -> Value {
    json!({ "name": name, "label": name, "type": "string", "fieldType": "text", "groupName": "contactinformation" })
}

#[test]
fn a_property_can_be_made_used_changed_and_deleted() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let mut plan = definition("plan");
    plan["type"] = json!("enumeration");
    plan["fieldType"] = json!("checkbox");
    plan["options"] = json!([{ "label": "Free", "value": "free", "hidden": false }]);
    let made = client.post(PROPERTIES, &plan);
    assert_eq!((made.status, &made.json()["options"][0]["value"]), (201, &json!("free")));
    let mut write = |value: &str| {
        client.post(UPSERT, &inputs(vec![by_email(0, "a@b.io", json!({ "plan": value }))])).status
    };
    assert_eq!((write("free"), write("paid")), (200, 207));
    let path = format!("{PROPERTIES}/plan");
    let options = json!({ "options": [{ "label": "Paid", "value": "paid", "hidden": false }] });
    assert_eq!(client.call("PATCH", &path, &options).status, 200);
    let mut write = |value: &str| {
        client.post(UPSERT, &inputs(vec![by_email(0, "a@b.io", json!({ "plan": value }))])).status
    };
    assert_eq!((write("free"), write("paid")), (207, 200), "options are replaced");
    let again = client.post(PROPERTIES, &plan);
    assert_eq!(
        (again.status, &again.json()["subCategory"]),
        (409, &json!("Properties.PROPERTY_WITH_NAME_EXISTS"))
    );
    assert_eq!(client.call("DELETE", &path, &json!({})).status, 204);
    assert_eq!(client.get(&path).status, 404);
    assert!(client.get(&format!("{PROPERTIES}?archived=true")).json().to_string().contains("\"plan\""));
    let reply = client.post(UPSERT, &inputs(vec![by_email(0, "a@b.io", json!({ "plan": "paid" }))]));
    assert!(reply.json()["errors"][0]["message"].as_str().unwrap().contains("PROPERTY_DOESNT_EXIST"));
    assert_eq!(client.post(PROPERTIES, &plan).status, 201, "making it again restores it");
}

#[test]
fn bad_definitions_are_refused() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    for (key, value) in [
        ("name", json!("Bad Name")),
        ("type", json!("text")),
        ("type", json!("number")),
        ("groupName", json!("nowhere")),
        ("label", Value::Null),
    ] {
        let mut body = definition("fine");
        body[key] = value;
        assert_eq!(client.post(PROPERTIES, &body).status, 400, "{key}");
    }
    let built_in = format!("{PROPERTIES}/firstname");
    assert_eq!(client.call("DELETE", &built_in, &json!({})).status, 400);
}

#[test]
fn batches_of_definitions() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let batch = inputs(vec![definition("one"), definition("email"), definition("two")]);
    let reply = client.post(&format!("{PROPERTIES}/batch/create"), &batch);
    assert_eq!((reply.status, &reply.json()["numErrors"]), (207, &json!(1)));
    assert_eq!(reply.json()["errors"][0]["context"]["name"], json!(["email"]));
    let read = json!({ "archived": false, "inputs": [{ "name": "one" }, { "name": "none" }] });
    let reply = client.post(&format!("{PROPERTIES}/batch/read"), &read);
    assert_eq!((reply.status, reply.json()["results"].as_array().unwrap().len()), (207, 1));
    assert_eq!(
        client.post(&format!("{PROPERTIES}/batch/archive"), &inputs(vec![json!({ "name": "one" })])).status,
        204
    );
    assert_eq!(client.get(&format!("{PROPERTIES}/one")).status, 404);
}

#[test]
fn groups() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let path = format!("{PROPERTIES}/groups");
    let group = json!({ "name": "warehouse", "label": "Warehouse" });
    assert_eq!(client.post(&path, &group).status, 201);
    assert_eq!(client.post(&path, &group).status, 409);
    assert_eq!(client.get(&format!("{path}/warehouse")).json()["label"], "Warehouse");
    let mut body = definition("in_group");
    body["groupName"] = json!("warehouse");
    assert_eq!(client.post(PROPERTIES, &body).status, 201);
}

#[test]
fn the_list_tells_what_cannot_be_written() {
    let sandbox = Sandbox::builder().start();
    let reply = Client::new(&sandbox).get(PROPERTIES).json();
    let all = reply["results"].as_array().unwrap();
    let of = |name: &str| all.iter().find(|property| property["name"] == name).unwrap();
    assert_eq!(of("email")["hasUniqueValue"], false);
    assert_eq!(of("hs_object_id")["modificationMetadata"]["readOnlyValue"], true);
    let rollup = of("hs_num_associated_open_deals");
    assert_eq!((&rollup["fieldType"], &rollup["calculated"]), (&json!("calculation_rollup"), &json!(false)));
    let owner = of("hubspot_owner_id");
    assert_eq!((&owner["externalOptions"], &owner["referencedObjectType"]), (&json!(true), &json!("OWNER")));
    assert_eq!(of("hs_unique_creation_key")["hasUniqueValue"], true);
}

#[test]
fn custom_objects_go_by_all_their_names() {
    let pet = CustomObject::new("pet")
        .type_number(77)
        .property(PropertyDef::string("tag").unique())
        .required("tag");
    let sandbox = Sandbox::builder().portal_id(5).custom_object(pet).start();
    let mut client = Client::new(&sandbox);
    for (number, name) in ["2-77", "p5_pet", "pet", "PET"].iter().enumerate() {
        let input = json!({ "id": "T1", "idProperty": "tag", "properties": {} });
        let reply = client.post(&format!("/crm/v3/objects/{name}/batch/upsert"), &inputs(vec![input]));
        assert_eq!((reply.status, &reply.json()["results"][0]["new"]), (200, &json!(number == 0)), "{name}");
    }
    let schemas = client.get("/crm-object-schemas/2026-03/schemas").json();
    assert_eq!(schemas["results"][0]["requiredProperties"], json!(["tag"]));
    assert_eq!(client.get("/crm/v3/schemas/contacts").json()["objectTypeId"], "0-1");
}

#[test]
fn a_schema_can_be_made() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let body = json!({
        "name": "car",
        "labels": { "singular": "Car", "plural": "Cars" },
        "primaryDisplayProperty": "vin",
        "requiredProperties": ["vin"],
        "properties": [{ "name": "vin", "label": "VIN", "type": "string", "fieldType": "text", "hasUniqueValue": true }],
        "associatedObjects": ["CONTACT"],
    });
    let reply = client.post("/crm-object-schemas/v3/schemas", &body);
    assert_eq!(reply.status, 201, "{}", reply.json());
    let id = reply.json()["objectTypeId"].as_str().unwrap().to_owned();
    assert_eq!(client.post("/crm-object-schemas/v3/schemas", &body).status, 409);
    let input = json!({ "id": "V1", "idProperty": "vin", "properties": {} });
    assert_eq!(client.post(&format!("/crm/v3/objects/{id}/batch/upsert"), &inputs(vec![input])).status, 200);
    assert_eq!(sandbox.count("car"), 1);
}

#[test]
fn the_account_can_change_while_a_client_runs() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let mut write =
        |properties: Value| client.post(UPSERT, &inputs(vec![by_email(0, "a@b.io", properties)])).status;
    assert_eq!(write(json!({ "city": "X" })), 200);
    sandbox.delete_property("contacts", "city");
    assert_eq!(write(json!({ "city": "Y" })), 207);
    assert_eq!(write(json!({ "hs_persona": "persona_9" })), 207);
    sandbox.add_option("contacts", "hs_persona", "persona_9");
    assert_eq!(write(json!({ "hs_persona": "persona_9" })), 200);
}

#[test]
fn a_property_just_made_may_not_be_seen_by_writes_yet() {
    let sandbox = Sandbox::builder().property_lag(2).start();
    let mut client = Client::new(&sandbox);
    let new = json!({ "name": "score", "label": "Score", "type": "number", "fieldType": "number", "groupName": "contactinformation" });
    assert_eq!(client.post("/crm/v3/properties/contacts", &new).status, 201);
    assert_eq!(client.get("/crm/v3/properties/contacts/score").status, 200);
    let mut write = |email: &str| {
        let body = json!({ "properties": { "email": email, "score": 5 } });
        let reply = client.post("/crm/v3/objects/contacts", &body);
        (reply.status, reply.json()["errors"][0]["code"].clone())
    };
    assert_eq!(write("a@b.io"), (400, json!("PROPERTY_DOESNT_EXIST")));
    assert_eq!(write("b@b.io").0, 400);
    assert_eq!(write("c@b.io").0, 201);
}
