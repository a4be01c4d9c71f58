//! batch/upsert.

use hubspot_sandbox::{EchoTraceIds, PropertyDef, Sandbox, WriteKind};
use serde_json::{Value, json};

use crate::support::{Client, UPSERT, by_email, inputs};

fn emails(count: usize) -> Vec<Value> {
    (0..count)
        .map(|n| by_email(n, &format!("c{n}@example.com"), json!({ "firstname": format!("N{n}") })))
        .collect()
}

fn traces(results: &Value) -> Vec<&str> {
    results.as_array().unwrap().iter().map(|result| result["objectWriteTraceId"].as_str().unwrap()).collect()
}

#[test]
fn makes_and_changes_records_and_says_which() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let first = client.post(UPSERT, &inputs(emails(3)));
    assert_eq!(first.status, 200);
    assert!(first.json()["results"].as_array().unwrap().iter().all(|result| result["new"] == true));
    let second = client.post(UPSERT, &inputs(emails(4)));
    let new: Vec<bool> = second.json()["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["new"].as_bool().unwrap())
        .collect();
    assert_eq!(new.iter().filter(|new| **new).count(), 1);
    let counts = sandbox.counts("contacts");
    assert_eq!((counts.created, counts.updated, counts.unchanged), (4, 0, 3));
    assert!(second.json().get("errors").is_none() && second.json().get("numErrors").is_none());
}

#[test]
fn results_are_shuffled_by_the_seed() {
    let order = |seed| {
        let sandbox = Sandbox::builder().seed(seed).start();
        let reply = Client::new(&sandbox).post(UPSERT, &inputs(emails(50)));
        traces(&reply.json()["results"]).into_iter().map(str::to_owned).collect::<Vec<String>>()
    };
    let sent: Vec<String> = (0..50).map(|n: usize| n.to_string()).collect();
    assert_eq!(order(3), order(3));
    assert_ne!(order(3), order(4));
    assert_ne!(order(3), sent);
}

#[test]
fn ids_come_from_the_seed() {
    let ids = || {
        let sandbox = Sandbox::builder().seed(11).start();
        Client::new(&sandbox).post(UPSERT, &inputs(emails(5)));
        sandbox.records("contacts").into_iter().map(|record| record.id).collect::<Vec<String>>()
    };
    assert_eq!(ids(), ids());
}

#[test]
fn with_trace_ids_one_bad_record_is_one_error() {
    let sandbox = Sandbox::builder().start();
    let mut batch = emails(5);
    batch[2]["properties"]["numemployees"] = json!("many");
    let reply = Client::new(&sandbox).post(UPSERT, &inputs(batch));
    assert_eq!(reply.status, 207);
    let body = reply.json();
    assert_eq!((body["results"].as_array().unwrap().len(), &body["numErrors"]), (4, &json!(1)));
    let error = &body["errors"][0];
    assert_eq!(error["context"]["objectWriteTraceId"], json!(["2"]));
    let text = error["message"].as_str().unwrap().strip_prefix("Property values were not valid: ").unwrap();
    let embedded: Value = serde_json::from_str(text).unwrap();
    assert_eq!(embedded[0]["error"], "INVALID_INTEGER");
    assert_eq!(sandbox.count("contacts"), 4);
}

#[test]
fn without_trace_ids_of_its_own_one_bad_record_refuses_all() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    for spoil in [
        |input: &mut Value, _: usize| {
            input.as_object_mut().unwrap().remove("objectWriteTraceId");
        },
        |input: &mut Value, number: usize| {
            if number == 0 {
                input.as_object_mut().unwrap().remove("objectWriteTraceId");
            }
        },
        |input: &mut Value, _: usize| input["objectWriteTraceId"] = json!("same"),
    ] {
        let mut batch = emails(4);
        batch[2]["properties"]["nothing"] = json!("x");
        batch[3]["properties"]["numemployees"] = json!("many");
        batch.iter_mut().enumerate().for_each(|(number, input)| spoil(input, number));
        let reply = client.post(UPSERT, &inputs(batch));
        assert_eq!(reply.status, 400);
        let codes: Vec<Value> =
            reply.json()["errors"].as_array().unwrap().iter().map(|error| error["code"].clone()).collect();
        assert_eq!(codes, ["PROPERTY_DOESNT_EXIST", "INVALID_INTEGER"]);
        assert_eq!(sandbox.count("contacts"), 0);
    }
}

#[test]
fn a_batch_that_is_wrong_as_a_whole_is_refused_as_a_whole() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let mut refused = |path: &str, body: Value| {
        let reply = client.post(path, &body);
        assert_eq!(reply.status, 400, "{}", reply.json());
        assert_eq!(reply.json()["correlationId"], json!(reply.header("x-hubspot-correlation-id")));
        reply.json()["message"].as_str().unwrap().to_owned()
    };
    assert!(refused(UPSERT, inputs(emails(101))).contains("100"));
    assert!(refused(UPSERT, inputs(vec![])).contains("at least one"));
    assert!(refused(UPSERT, json!({})).contains("[inputs]"));
    let mut without = emails(1);
    without[0].as_object_mut().unwrap().remove("idProperty");
    assert!(refused(UPSERT, inputs(without)).ends_with("must specify its unique property using idProperty"));
    let mut mixed = emails(2);
    mixed[0]["idProperty"] = json!("hs_object_id");
    refused(UPSERT, inputs(mixed));
    let twice = vec![by_email(0, "a@b.io", json!({})), by_email(1, " A@b.IO ", json!({}))];
    assert_eq!(
        refused(UPSERT, inputs(twice)),
        "Duplicate IDs found in batch input: [a@b.io]. IDs must be unique"
    );
    let companies = "/crm/v3/objects/companies/batch/upsert";
    for name in ["domain", "name", "hs_object_id"] {
        let input = json!({ "id": "1", "idProperty": name, "objectWriteTraceId": "0", "properties": {} });
        let message = refused(companies, inputs(vec![input]));
        assert!(
            message.starts_with(&format!(
                "Unable to perform update/upsert by non-unique 0-2 property {name} in"
            ))
        );
    }
    assert!(
        refused("/crm/v3/objects/butterflies/batch/upsert", inputs(emails(1)))
            .ends_with("type from: butterflies")
    );
    assert_eq!(sandbox.writes(), 0);
}

#[test]
fn the_largest_batch_is_taken() {
    let sandbox = Sandbox::builder().start();
    assert_eq!(Client::new(&sandbox).post(UPSERT, &inputs(emails(100))).status, 200);
    assert_eq!(sandbox.count("contacts"), 100);
}

#[test]
fn two_inputs_that_reach_one_contact_refuse_the_batch() {
    let sandbox = Sandbox::builder().start();
    let id = sandbox.insert("contacts", &[("email", "first@example.com")]);
    sandbox.add_secondary_email(&id, "second@example.com");
    let batch = vec![
        by_email(0, "first@example.com", json!({ "firstname": "A" })),
        by_email(1, "second@example.com", json!({ "firstname": "B" })),
        by_email(2, "third@example.com", json!({ "firstname": "C" })),
    ];
    let mut client = Client::new(&sandbox);
    let reply = client.post(UPSERT, &inputs(batch.clone()));
    assert_eq!((reply.status, &reply.json()["category"]), (409, &json!("CONFLICT")));
    assert_eq!(sandbox.count("contacts"), 1);
    let reply = client.post(UPSERT, &inputs(batch[1..].to_vec()));
    assert_eq!(reply.status, 200);
    let record = sandbox.record("contacts", &id).unwrap();
    assert_eq!((record.get("firstname"), record.get("email")), (Some("B"), Some("first@example.com")));
}

#[test]
fn an_additional_address_reaches_its_contact_and_stays_additional() {
    let sandbox = Sandbox::builder().start();
    let id = sandbox.insert("contacts", &[("email", "first@example.com")]);
    sandbox.add_secondary_email(&id, "second@example.com");
    let input = by_email(0, "second@example.com", json!({ "email": "second@example.com", "city": "X" }));
    let reply = Client::new(&sandbox).post(UPSERT, &inputs(vec![input]));
    let result = &reply.json()["results"][0];
    assert_eq!((&result["id"], &result["new"]), (&json!(id), &json!(false)));
    assert_eq!(result["properties"]["email"], "first@example.com");
}

#[test]
fn a_value_that_belongs_to_another_record_is_that_records_error() {
    let sandbox = Sandbox::builder()
        .property("contacts", PropertyDef::string("external_id").unique())
        .property("contacts", PropertyDef::string("card").unique())
        .start();
    let other =
        sandbox.insert("contacts", &[("email", "taken@example.com"), ("card", "C1"), ("external_id", "E1")]);
    let by_key = |trace: &str, id: &str, properties: Value| json!({ "id": id, "idProperty": "external_id", "objectWriteTraceId": trace, "properties": properties });
    let batch = vec![
        by_key("a", "E2", json!({ "email": "Taken@example.com" })),
        by_key("b", "E3", json!({ "card": "C1" })),
        by_key("c", "E4", json!({ "card": "C4" })),
        by_key("d", "E5", json!({ "card": "C4" })),
    ];
    let mut client = Client::new(&sandbox);
    let reply = client.post(UPSERT, &inputs(batch.clone()));
    assert_eq!(reply.status, 207);
    let body = reply.json();
    assert_eq!(traces(&body["results"]), ["c"]);
    let error = |trace: &str| {
        let all = body["errors"].as_array().unwrap();
        all.iter().find(|error| error["context"]["objectWriteTraceId"] == json!([trace])).unwrap().clone()
    };
    assert_eq!(error("a")["category"], "CONFLICT");
    assert_eq!(error("a")["context"]["existingId"], json!([other]));
    assert!(error("b")["message"].as_str().unwrap().ends_with(&format!("{other} already has that value.")));
    assert_eq!(error("d")["category"], "VALIDATION_ERROR");
    assert!(sandbox.find("contacts", "external_id", "E5").is_empty());

    let mut untraced = batch[0].clone();
    untraced.as_object_mut().unwrap().remove("objectWriteTraceId");
    assert_eq!(client.post(UPSERT, &inputs(vec![untraced])).status, 409);
}

#[test]
fn values_come_back_as_text_and_addresses_in_lower_case() {
    let sandbox = Sandbox::builder().start();
    let properties =
        json!({ "numemployees": 12.50, "hs_facebook_ad_clicked": true, "closedate": 1705312800000_i64 });
    let reply =
        Client::new(&sandbox).post(UPSERT, &inputs(vec![by_email(0, "Mixed.Case@Example.COM", properties)]));
    let result = &reply.json()["results"][0];
    assert_eq!(result["properties"]["email"], "mixed.case@example.com");
    assert_eq!(result["properties"]["numemployees"], "12.5");
    assert_eq!(result["properties"]["hs_facebook_ad_clicked"], "true");
    assert_eq!(result["properties"]["closedate"], "2024-01-15T10:00:00.000Z");
    assert_eq!(result["properties"]["hs_object_id"], result["id"]);
    assert!(
        result["url"].as_str().unwrap().ends_with(&format!("/record/0-1/{}", result["id"].as_str().unwrap()))
    );
}

#[test]
fn null_does_nothing_and_empty_text_clears() {
    let sandbox = Sandbox::builder().start();
    let id = sandbox.insert("contacts", &[("email", "a@b.io"), ("firstname", "A"), ("lastname", "B")]);
    let input = by_email(0, "a@b.io", json!({ "firstname": null, "lastname": "" }));
    let reply = Client::new(&sandbox).post(UPSERT, &inputs(vec![input]));
    assert_eq!(reply.json()["results"][0]["properties"]["lastname"], "");
    let record = sandbox.record("contacts", &id).unwrap();
    assert_eq!((record.get("firstname"), record.get("lastname")), (Some("A"), None));
}

#[test]
fn an_identical_write_leaves_the_time_of_change() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let first = client.post(UPSERT, &inputs(emails(1)));
    sandbox.advance_clock(std::time::Duration::from_secs(60));
    let same = client.post(UPSERT, &inputs(emails(1)));
    assert_eq!(same.json()["results"][0]["updatedAt"], first.json()["results"][0]["updatedAt"]);
    assert!(same.json()["startedAt"].as_str() > same.json()["results"][0]["updatedAt"].as_str());
    let kinds: Vec<WriteKind> = sandbox.history().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [WriteKind::Created, WriteKind::Unchanged]);
}

#[test]
fn the_history_shows_the_order_of_values() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    for name in ["A", "B", "A"] {
        client.post(UPSERT, &inputs(vec![by_email(0, "a@b.io", json!({ "firstname": name }))]));
    }
    let id = &sandbox.find("contacts", "email", "a@b.io")[0].id;
    let history = sandbox.value_history("contacts", id, "firstname");
    let values: Vec<&str> = history.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(values, ["A", "B", "A"]);
    assert!(history.is_sorted());
}

#[test]
fn the_life_cycle_goes_forward_only_unless_cleared() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let mut stage = |value: &str| {
        let input = by_email(0, "a@b.io", json!({ "lifecyclestage": value }));
        let reply = client.post(UPSERT, &inputs(vec![input]));
        assert_eq!(reply.status, 200);
        sandbox.find("contacts", "email", "a@b.io")[0].get("lifecyclestage").map(str::to_owned)
    };
    assert_eq!(stage("customer").as_deref(), Some("customer"));
    assert_eq!(stage("lead").as_deref(), Some("customer"));
    assert_eq!(stage(""), None);
    assert_eq!(stage("lead").as_deref(), Some("lead"));
}

#[test]
fn trace_ids_need_not_be_echoed() {
    let sandbox = Sandbox::builder().echo_trace_ids(EchoTraceIds::Never).start();
    let reply = Client::new(&sandbox).post(UPSERT, &inputs(emails(2)));
    let body = reply.json();
    assert!(
        body["results"].as_array().unwrap().iter().all(|result| result.get("objectWriteTraceId").is_none())
    );
}

#[test]
fn appended_options_join_those_that_are_there() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    for value in ["CHAMPION", ";BLOCKER;CHAMPION", ";BLOCKER"] {
        client.post(UPSERT, &inputs(vec![by_email(0, "a@b.io", json!({ "hs_buying_role": value }))]));
    }
    let record = &sandbox.find("contacts", "email", "a@b.io")[0];
    assert_eq!(record.get("hs_buying_role"), Some("CHAMPION;BLOCKER"));
}

#[test]
fn built_in_keys_of_other_objects_work_in_every_version() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let input = |key: &str, properties: Value| {
        inputs(vec![
            json!({ "id": "K1", "idProperty": key, "objectWriteTraceId": "0", "properties": properties }),
        ])
    };
    let ticket = json!({ "subject": "s", "hs_pipeline": "0", "hs_pipeline_stage": "1" });
    for (path, body) in [
        ("/crm/v3/objects/products/batch/upsert", input("hs_sku", json!({ "name": "p" }))),
        ("/crm/objects/2026-03/line_items/batch/upsert", input("hs_external_id", json!({ "quantity": 2 }))),
        ("/crm/objects/2026-09/0-5/batch/upsert", input("hs_external_object_ids", ticket)),
    ] {
        let reply = client.post(path, &body);
        assert_eq!(reply.status, 200, "{path} {}", reply.json());
    }
}
