//! batch/create, batch/update, batch/archive, merges and the single calls.

use hubspot_sandbox::{CustomObject, Demand, PropertyDef, Required, Sandbox, UpdateByEmail};
use serde_json::{Value, json};

use crate::support::{Client, inputs};

const CONTACTS: &str = "/crm/v3/objects/contacts";

fn traced(trace: &str, properties: Value) -> Value {
    json!({ "objectWriteTraceId": trace, "properties": properties })
}

fn update(trace: &str, id: &str, properties: Value) -> Value {
    json!({ "objectWriteTraceId": trace, "id": id, "properties": properties })
}

#[test]
fn creating_what_exists_is_a_conflict_that_names_it() {
    let sandbox = Sandbox::builder().start();
    let id = sandbox.insert("contacts", &[("email", "a@b.io")]);
    let other = sandbox.insert("contacts", &[("email", "c@d.io")]);
    let mut client = Client::new(&sandbox);
    let batch = vec![traced("0", json!({ "email": "A@B.io" })), traced("1", json!({ "email": "new@b.io" }))];
    let reply = client.post(&format!("{CONTACTS}/batch/create"), &inputs(batch));
    assert_eq!(reply.status, 207);
    let error = &reply.json()["errors"][0];
    assert_eq!(error["message"], format!("Contact already exists. Existing ID: {id}"));
    assert_eq!(error["context"], json!({ "objectWriteTraceId": ["0"], "existingId": [id] }));

    let untraced =
        vec![json!({ "properties": { "email": "a@b.io" } }), json!({ "properties": { "email": "c@d.io" } })];
    let reply = client.post(&format!("{CONTACTS}/batch/create"), &inputs(untraced));
    assert_eq!(reply.status, 409);
    let text = reply.json().to_string();
    assert!(text.contains(&id) && !text.contains(&other), "only the first conflict is named");
    let reply = client.post(CONTACTS, &json!({ "properties": { "email": "c@d.io" } }));
    assert_eq!((reply.status, &reply.json()["category"]), (409, &json!("CONFLICT")));
    assert_eq!(sandbox.count("contacts"), 3);
}

#[test]
fn two_new_records_of_one_batch_cannot_share_a_unique_value() {
    let sandbox = Sandbox::builder().start();
    let batch = vec![traced("0", json!({ "email": "a@b.io" })), traced("1", json!({ "email": "a@b.io" }))];
    let reply = Client::new(&sandbox).post(&format!("{CONTACTS}/batch/create"), &inputs(batch));
    assert_eq!(reply.status, 207);
    assert_eq!(sandbox.count("contacts"), 1);
}

#[test]
fn required_properties_are_required_of_new_records_only() {
    let object = CustomObject::new("pet").property(PropertyDef::string("name")).required("name");
    let sandbox = Sandbox::builder().custom_object(object).start();
    let mut client = Client::new(&sandbox);
    for (path, properties, missing) in [
        ("/crm/v3/objects/deals", json!({ "dealname": "x", "pipeline": "default" }), json!(["dealstage"])),
        ("/crm/v3/objects/pet", json!({}), json!(["name"])),
        ("/crm/v3/objects/companies", json!({ "city": "x" }), json!(["domain", "name"])),
    ] {
        let reply = client.post(path, &json!({ "properties": properties }));
        assert_eq!((reply.status, &reply.json()["context"]["properties"]), (400, &missing), "{path}");
        assert!(
            reply.json()["message"].as_str().unwrap().ends_with("Some required properties were not set.")
        );
        let reply = client.post(&format!("{path}/batch/create"), &inputs(vec![traced("0", properties)]));
        assert_eq!((reply.status, &reply.json()["errors"][0]["context"]["properties"]), (207, &missing));
    }
    let id = sandbox.insert("deals", &[("dealname", "x")]);
    let reply = client.call(
        "PATCH",
        &format!("/crm/v3/objects/deals/{id}"),
        &json!({ "properties": { "amount": 5 } }),
    );
    assert_eq!(reply.status, 200);
}

#[test]
fn updates_find_records_by_id_or_by_a_unique_property() {
    let sandbox =
        Sandbox::builder().property("contacts", PropertyDef::string("external_id").unique()).start();
    let id = sandbox.insert("contacts", &[("email", "a@b.io"), ("external_id", "E1")]);
    let mut client = Client::new(&sandbox);
    let path = format!("{CONTACTS}/batch/update");
    let batch = vec![update("0", &id, json!({ "city": "X" })), update("1", "404404", json!({ "city": "X" }))];
    let reply = client.post(&path, &inputs(batch));
    assert_eq!(reply.status, 207);
    assert_eq!(reply.json()["errors"][0]["category"], "OBJECT_NOT_FOUND");
    assert_eq!(reply.json()["errors"][0]["context"], json!({ "ids": ["404404"] }));
    assert!(reply.json()["results"][0].get("new").is_none());

    let by = |property: &str, value: &str| json!({ "id": value, "idProperty": property, "properties": { "city": "Y" } });
    assert_eq!(client.post(&path, &inputs(vec![by("external_id", "E1")])).status, 200);
    assert_eq!(sandbox.record("contacts", &id).unwrap().get("city"), Some("Y"));
    for (property, value) in [("email", "a@b.io"), ("hs_object_id", id.as_str())] {
        assert_eq!(client.post(&path, &inputs(vec![by(property, value)])).status, 400, "{property}");
    }
    let lenient = Sandbox::builder().update_by_email(UpdateByEmail::Accepted).start();
    lenient.insert("contacts", &[("email", "a@b.io")]);
    assert_eq!(Client::new(&lenient).post(&path, &inputs(vec![by("email", "a@b.io")])).status, 200);
}

#[test]
fn a_merged_id_works_alone_and_is_passed_over_in_a_batch() {
    let sandbox = Sandbox::builder().start();
    let kept = sandbox.insert("contacts", &[("email", "kept@b.io")]);
    let away = sandbox.insert("contacts", &[("email", "away@b.io"), ("city", "X")]);
    let mut client = Client::new(&sandbox);
    let merge = json!({ "primaryObjectId": kept, "objectIdToMerge": away });
    assert_eq!(client.post(&format!("{CONTACTS}/merge"), &merge).status, 200);
    assert_eq!(sandbox.follow("contacts", &away), Some(kept.clone()));

    let reply = client
        .post(&format!("{CONTACTS}/batch/update"), &inputs(vec![update("0", &away, json!({ "zip": "1" }))]));
    assert_eq!(reply.status, 200);
    assert_eq!((&reply.json()["results"], reply.json().get("errors")), (&json!([]), None));
    let path = format!("{CONTACTS}/{away}");
    let reply = client.call("PATCH", &path, &json!({ "properties": { "zip": "2" } }));
    assert_eq!((reply.status, &reply.json()["id"]), (200, &json!(kept)));
    assert_eq!(client.get(&path).json()["id"], json!(kept));
    for query in ["", "?archived=true"] {
        let read = json!({ "inputs": [{ "id": away }], "properties": [], "propertiesWithHistory": [] });
        let reply = client.post(&format!("{CONTACTS}/batch/read{query}"), &read);
        assert_eq!(
            (reply.status, &reply.json()["results"]),
            (207, &json!([])),
            "batches do not follow merges"
        );
    }

    let record = sandbox.record("contacts", &kept).unwrap();
    assert_eq!(record.get("hs_additional_emails"), Some("away@b.io"));
    assert_eq!((record.get("city"), record.get("zip")), (Some("X"), Some("2")));
    let input = crate::support::by_email(0, "away@b.io", json!({ "zip": "3" }));
    let reply = client.post(crate::support::UPSERT, &inputs(vec![input]));
    assert_eq!(reply.json()["results"][0]["id"], json!(kept));
}

#[test]
fn archiving_always_succeeds() {
    let sandbox = Sandbox::builder().start();
    let id = sandbox.insert("contacts", &[("email", "a@b.io")]);
    let mut client = Client::new(&sandbox);
    let path = format!("{CONTACTS}/batch/archive");
    for _ in 0..2 {
        let reply = client.post(&path, &inputs(vec![json!({ "id": id }), json!({ "id": "999" })]));
        assert_eq!((reply.status, reply.body.len()), (204, 0));
    }
    assert_eq!(sandbox.count("contacts"), 0);
    assert_eq!(client.get(&format!("{CONTACTS}/{id}")).status, 404);
    assert_eq!(client.get(&format!("{CONTACTS}/{id}?archived=true")).json()["archived"], true);
    let reply = client.post(CONTACTS, &json!({ "properties": { "email": "a@b.io" } }));
    assert_eq!(reply.status, 201, "the address is free again");
}

#[test]
fn single_records() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let reply = client.post(CONTACTS, &json!({ "properties": { "email": "A@b.io", "firstname": 5 } }));
    assert_eq!(reply.status, 201);
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    assert!(reply.header("location").unwrap().ends_with(&id));
    let by_email = format!("{CONTACTS}/a%40b.io?idProperty=email&properties=firstname,city");
    let read = client.get(&by_email).json();
    assert_eq!(
        (&read["id"], &read["properties"]["firstname"], &read["properties"]["city"]),
        (&json!(id), &json!("5"), &Value::Null)
    );
    assert_eq!(client.call("PATCH", &by_email, &json!({ "properties": {} })).status, 400);
    assert_eq!(client.call("PATCH", &by_email, &json!({ "properties": { "city": "X" } })).status, 200);
    assert_eq!(
        client.call("PATCH", &format!("{CONTACTS}/12"), &json!({ "properties": { "city": "X" } })).status,
        404
    );
    assert_eq!(client.call("DELETE", &format!("{CONTACTS}/{id}"), &json!({})).status, 204);
    assert_eq!(client.get(&by_email).status, 404);
}

#[test]
fn an_inline_association_must_lead_somewhere() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let company = sandbox.insert("companies", &[("name", "x")]);
    let contact = |to: &str| {
        let types = json!([{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279 }]);
        json!({ "properties": { "email": "a@b.io" }, "associations": [{ "to": { "id": to }, "types": types }] })
    };
    let reply = client.post(CONTACTS, &contact("1"));
    assert_eq!(
        (reply.status, &reply.json()["errors"][0]["message"]),
        (400, &json!("0-2=1 is not a valid object"))
    );
    assert_eq!(sandbox.count("contacts"), 0);
    assert_eq!(client.post(CONTACTS, &contact(&company)).status, 201);
    let made = &sandbox.inline_associations()[0];
    assert_eq!(
        (made.to_type.as_deref(), made.to_id.as_str(), made.type_id),
        (Some("0-2"), company.as_str(), 279)
    );
}

#[test]
fn what_a_new_record_needs_is_as_strict_as_the_account() {
    let deal = || json!({ "properties": { "dealname": "x", "pipeline": "default" } });
    let created = |sandbox: &Sandbox| Client::new(sandbox).post("/crm/v3/objects/deals", &deal());
    let reply = created(&Sandbox::builder().start());
    assert_eq!((reply.status, &reply.json()["context"]["properties"]), (400, &json!(["dealstage"])));
    assert_eq!(created(&Sandbox::builder().required(Required::Lenient).start()).status, 201);
    let on_pipeline = Demand::When { property: "pipeline".to_owned(), value: "default".to_owned() };
    for (demand, code) in [
        (Demand::Always, "MISSING_REQUIRED_PROPERTY"),
        (on_pipeline, "MISSING_CONDITIONAL_REQUIRED_PROPERTY"),
    ] {
        let sandbox =
            Sandbox::builder().required(Required::Lenient).demand("deals", "amount", demand).start();
        let reply = created(&sandbox);
        assert_eq!((reply.status, &reply.json()["errors"][0]["code"]), (400, &json!(code)));
        assert_eq!(reply.json()["errors"][0]["context"]["propertyName"], json!(["amount"]));
    }
}
