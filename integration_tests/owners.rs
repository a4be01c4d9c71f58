//! Owner properties: by id, by e-mail address, and what becomes of an address nobody has.

use hubspot_sandbox::{Endpoint, Owner, Sandbox, Scopes};
use serde_json::{Value, json};

use crate::support::delivery;
use crate::support::messages::{elt_stream, record, stream_state};

fn account() -> hubspot_sandbox::Builder {
    Sandbox::builder().owner(Owner {
        id: 77,
        user_id: 9001,
        email: "Ann.Seller@example.com".into(),
        first_name: "Ann".into(),
        last_name: "Seller".into(),
    })
}

fn rows() -> Vec<Value> {
    let owned = |number: u32, owner: &str| {
        record("contacts", json!({"email": format!("c{number}@example.com"), "hubspot_owner_id": owner}))
    };
    vec![
        owned(1, "77"),
        owned(2, "ann.seller@EXAMPLE.com"),
        owned(3, "nobody@example.com"),
        stream_state("contacts", 1),
    ]
}

fn owner_of(sandbox: &Sandbox, email: &str) -> Option<String> {
    sandbox
        .find("contacts", "email", email)
        .first()
        .and_then(|contact| contact.get("hubspot_owner_id").map(str::to_owned))
}

#[test]
fn owners_are_found_by_id_and_by_address() {
    let sandbox = account().start();
    let stream = elt_stream("contacts", &["email", "hubspot_owner_id"]);
    let run = delivery::for_streams(&sandbox, &[stream]).write(&rows()).succeeded();
    assert_eq!(run.codes(), ["INVALID_OPTION"]);
    for email in ["c1@example.com", "c2@example.com"] {
        assert_eq!(owner_of(&sandbox, email).as_deref(), Some("77"), "{email}");
    }
}

fn owner_calls(sandbox: &Sandbox) -> usize {
    sandbox.requests().iter().filter(|request| request.endpoint == Endpoint::OwnerList).count()
}

#[test]
fn owners_are_found_in_columns_that_nobody_declared() {
    let sandbox = account().start();
    let declaring = [elt_stream("contacts", &["email", "city"]), elt_stream("companies", &[])];
    let mut streams = declaring.to_vec();
    streams[1]["destination_object_name"] = json!("COMPANY");
    streams[1]["destination_sync_mode"] = json!("update");
    streams[1]["primary_key"] = json!([["hs_object_id"]]);
    let company = sandbox.insert("companies", &[("name", "One")]);
    let mut input = rows();
    let data = json!({"hs_object_id": company, "hubspot_owner_id": "Ann.Seller@example.com"});
    input.push(record("companies", data));
    let run = delivery::for_streams(&sandbox, &streams).write(&input).succeeded();
    assert_eq!(run.codes(), ["INVALID_OPTION"]);
    for email in ["c1@example.com", "c2@example.com"] {
        assert_eq!(owner_of(&sandbox, email).as_deref(), Some("77"), "{email}");
    }
    assert_eq!(sandbox.records("companies")[0].get("hubspot_owner_id"), Some("77"));
    assert_eq!(owner_calls(&sandbox), 1, "once for all streams");
}

#[test]
fn owners_are_not_read_where_no_record_can_name_one() {
    let sandbox = account().start();
    let id = sandbox.insert("contacts", &[("email", "a@example.com")]);
    let stream = elt_stream("contacts", &["hs_object_id", "hubspot_owner_id"]);
    let settings =
        json!({"streams": [{"name": "contacts", "operation": "archive", "matching_key": "hs_object_id"}]});
    let run = delivery::for_streams(&sandbox, &[stream])
        .with(&settings)
        .write(&[record(
            "contacts",
            json!({"hs_object_id": id, "hubspot_owner_id": "ann.seller@example.com"}),
        )])
        .succeeded();
    assert!(run.codes().is_empty());
    assert_eq!(owner_calls(&sandbox), 0);
}

#[test]
fn a_token_without_the_scope_takes_ids_and_is_told_of_only_where_that_matters() {
    for (columns, warned) in [(&["email", "hubspot_owner_id"][..], true), (&["email"], false)] {
        let sandbox = account().start();
        sandbox.set_scopes(sandbox.default_token(), Scopes::all_but(&["crm.objects.owners.read"]));
        let run =
            delivery::for_streams(&sandbox, &[elt_stream("contacts", columns)]).write(&rows()).succeeded();
        assert_eq!(run.codes(), ["INVALID_OPTION", "INVALID_OPTION"]);
        let rejection = &run.rejected()[0]["meta"]["rejection"];
        assert!(rejection["message"].as_str().is_some_and(|text| text.contains("crm.objects.owners.read")));
        assert_eq!(owner_of(&sandbox, "c1@example.com").as_deref(), Some("77"));
        let is_told = run.logs().iter().any(|text| text.contains("crm.objects.owners.read"));
        assert_eq!(is_told, warned, "{:?}", run.logs());
    }
}
