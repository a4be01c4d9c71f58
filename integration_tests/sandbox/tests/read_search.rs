//! batch/read, lists and search.

use std::time::Duration;

use hubspot_sandbox::{RateLimit, Sandbox, SearchQuotes};
use serde_json::{Value, json};

use crate::support::Client;

const READ: &str = "/crm/v3/objects/contacts/batch/read";
const SEARCH: &str = "/crm/v3/objects/contacts/search";

fn read(ids: &[&str], by: Option<&str>) -> Value {
    let inputs: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
    json!({ "inputs": inputs, "idProperty": by, "properties": ["city", "nothing"], "propertiesWithHistory": [] })
}

#[test]
fn reads_say_what_is_missing() {
    let sandbox = Sandbox::builder().start();
    let id = sandbox.insert("contacts", &[("email", "a@b.io"), ("city", "X")]);
    let other = sandbox.insert("contacts", &[("email", "c@d.io")]);
    let mut client = Client::new(&sandbox);
    let reply = client.post(READ, &read(&[&id, &other, "77", "78"], None));
    assert_eq!(reply.status, 207);
    let body = reply.json();
    assert_eq!((body["results"].as_array().unwrap().len(), &body["numErrors"]), (2, &json!(1)));
    assert_eq!(body["errors"][0]["context"]["ids"], json!(["77", "78"]));
    let reply = client.post(READ, &read(&["A@b.io"], Some("email")));
    assert_eq!(reply.status, 200);
    let properties = &reply.json()["results"][0]["properties"];
    assert_eq!((&properties["city"], properties.get("nothing")), (&json!("X"), None));
    assert_eq!(client.post(READ, &read(&[&id], Some("hs_object_id"))).status, 200);
    assert_eq!(client.post(READ, &read(&[&id], Some("firstname"))).status, 400);
}

#[test]
fn lists_are_paged() {
    let sandbox = Sandbox::builder().start();
    for number in 0..25 {
        sandbox.insert("contacts", &[("email", &format!("c{number}@b.io"))]);
    }
    let mut client = Client::new(&sandbox);
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let reply = client.get(&format!("/crm/v3/objects/contacts?limit=10&after={after}"));
        let body = reply.json();
        seen.extend(body["results"].as_array().unwrap().iter().map(|record| record["id"].clone()));
        match body["paging"]["next"]["after"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    assert_eq!(seen.len(), 25);
    seen.dedup();
    assert_eq!(seen.len(), 25);
    assert_eq!(client.get("/crm/v3/objects/contacts?limit=101").status, 400);
}

fn people() -> Sandbox {
    let sandbox = Sandbox::builder().search_limit(RateLimit::none()).start();
    for (email, city, staff) in [
        ("ann@one.io", "Bonn", "9"),
        ("bob@one.io", "bonn", "10"),
        ("cid@two.io", "Rome", "200"),
        ("dee@two.io", "", ""),
    ] {
        sandbox.insert("contacts", &[("email", email), ("city", city), ("numemployees", staff)]);
    }
    sandbox
}

fn found(client: &mut Client, filter: Value) -> Vec<String> {
    let reply =
        client.post(SEARCH, &json!({ "filterGroups": [{ "filters": [filter] }], "sorts": ["email"] }));
    assert_eq!(reply.status, 200, "{}", reply.json());
    let results = reply.json()["results"].as_array().unwrap().clone();
    results.iter().map(|record| record["properties"]["email"].as_str().unwrap()[..3].to_owned()).collect()
}

#[test]
fn filters() {
    let sandbox = people();
    let mut client = Client::new(&sandbox);
    for (filter, wanted) in [
        (json!({ "propertyName": "city", "operator": "EQ", "value": "Bonn" }), vec!["ann", "bob"]),
        (json!({ "propertyName": "city", "operator": "NEQ", "value": "bonn" }), vec!["cid"]),
        (json!({ "propertyName": "city", "operator": "IN", "values": ["rome", "paris"] }), vec!["cid"]),
        (json!({ "propertyName": "city", "operator": "IN", "values": ["Rome"] }), vec![]),
        (
            json!({ "propertyName": "email", "operator": "IN", "values": ["dee@two.io", "ann@one.io", "x@y.io"] }),
            vec!["ann", "dee"],
        ),
        (json!({ "propertyName": "city", "operator": "HAS_PROPERTY" }), vec!["ann", "bob", "cid"]),
        (json!({ "propertyName": "city", "operator": "NOT_HAS_PROPERTY" }), vec!["dee"]),
        (json!({ "propertyName": "numemployees", "operator": "GT", "value": "9" }), vec!["bob", "cid"]),
        (json!({ "propertyName": "numemployees", "operator": "LT", "value": 200 }), vec!["ann", "bob"]),
        (
            json!({ "propertyName": "numemployees", "operator": "BETWEEN", "value": "9", "highValue": "10" }),
            vec!["ann", "bob"],
        ),
        (
            json!({ "propertyName": "email", "operator": "CONTAINS_TOKEN", "value": "*@two.io" }),
            vec!["cid", "dee"],
        ),
        (json!({ "propertyName": "email", "operator": "EQ", "value": "Ann@one.io" }), vec!["ann"]),
        (
            json!({ "propertyName": "email", "operator": "NEQ", "value": "ann@one.io" }),
            vec!["bob", "cid", "dee"],
        ),
        (
            json!({ "propertyName": "createdate", "operator": "GT", "value": "2020-01-01" }),
            vec!["ann", "bob", "cid", "dee"],
        ),
    ] {
        assert_eq!(found(&mut client, filter.clone()), wanted, "{filter}");
    }
}

#[test]
fn groups_are_alternatives_and_pages_are_numbered() {
    let sandbox = people();
    let mut client = Client::new(&sandbox);
    let group =
        |city: &str| json!({ "filters": [{ "propertyName": "city", "operator": "EQ", "value": city }] });
    let mut body = json!({ "filterGroups": [group("bonn"), group("rome")], "limit": 2, "sorts": [{ "propertyName": "numemployees", "direction": "DESCENDING" }] });
    let reply = client.post(SEARCH, &body).json();
    assert_eq!((&reply["total"], &reply["paging"]["next"]["after"]), (&json!(3), &json!("2")));
    assert_eq!(reply["results"][0]["properties"]["email"], "cid@two.io");
    body["after"] = json!("2");
    let reply = client.post(SEARCH, &body).json();
    assert_eq!((reply["results"].as_array().unwrap().len(), reply.get("paging")), (1, None));
}

#[test]
fn ill_formed_searches_are_refused_without_a_reason() {
    let sandbox = people();
    let mut client = Client::new(&sandbox);
    let filter = json!({ "propertyName": "city", "operator": "HAS_PROPERTY" });
    let group = |filters: usize| json!({ "filters": vec![filter.clone(); filters] });
    for body in [
        json!({ "filterGroups": [{ "filters": [{ "propertyName": "nothing", "operator": "EQ", "value": "x" }] }] }),
        json!({ "filterGroups": [{ "filters": [{ "propertyName": "city", "operator": "LIKE", "value": "x" }] }] }),
        json!({ "filterGroups": [{ "filters": [{ "propertyName": "city", "operator": "EQ" }] }] }),
        json!({ "filterGroups": vec![group(1); 6] }),
        json!({ "filterGroups": [group(7)] }),
        json!({ "filterGroups": vec![group(5); 4] }),
        json!({ "limit": 201 }),
        json!({ "after": "9950", "limit": 100 }),
        json!({ "query": "x".repeat(3001) }),
    ] {
        let reply = client.post(SEARCH, &body);
        assert_eq!(reply.status, 400, "{body:.100}");
        assert_eq!(reply.json()["message"], "There was a problem with the request.");
    }
}

#[test]
fn new_records_appear_after_a_while() {
    let sandbox = Sandbox::builder().search_index_delay(Duration::from_secs(5)).start();
    sandbox.insert("contacts", &[("email", "a@b.io")]);
    let mut client = Client::new(&sandbox);
    assert_eq!(client.post(SEARCH, &json!({})).json()["total"], 0);
    sandbox.advance_clock(Duration::from_secs(6));
    assert_eq!(client.post(SEARCH, &json!({})).json()["total"], 1);
}

#[test]
fn a_new_record_is_missed_by_the_searches_right_after() {
    let sandbox = Sandbox::builder().search_index_lag(2).search_limit(RateLimit::none()).start();
    let mut client = Client::new(&sandbox);
    let made = client.post("/crm/v3/objects/contacts", &json!({ "properties": { "email": "a@b.io" } }));
    assert_eq!(made.status, 201);
    let totals: Vec<Value> =
        (0..4).map(|_| client.post(SEARCH, &json!({})).json()["total"].clone()).collect();
    assert_eq!(totals, [0, 0, 1, 1]);
    sandbox.set_search_index_lag(0);
    sandbox.insert("contacts", &[("email", "c@d.io")]);
    assert_eq!(client.post(SEARCH, &json!({})).json()["total"], 2);
}

#[test]
fn contacts_are_found_by_their_additional_addresses() {
    let sandbox = people();
    let id = sandbox.find("contacts", "email", "ann@one.io")[0].id.clone();
    sandbox.add_secondary_email(&id, "ann@home.io");
    sandbox.add_secondary_email(&id, "ann@work.io");
    let mut client = Client::new(&sandbox);
    let additional = "hs_additional_emails";
    for filter in [
        json!({ "propertyName": additional, "operator": "IN", "values": ["ann@work.io", "no@where.io"] }),
        json!({ "propertyName": additional, "operator": "EQ", "value": "ann@home.io" }),
        json!({ "propertyName": additional, "operator": "CONTAINS_TOKEN", "value": "ann@work.io" }),
    ] {
        assert_eq!(found(&mut client, filter.clone()), ["ann"], "{filter}");
    }
    let other = json!({ "propertyName": "email", "operator": "IN", "values": ["ann@work.io"] });
    assert!(found(&mut client, other).is_empty(), "the primary address is another property");
}

#[test]
fn searches_share_five_a_second_whatever_the_token() {
    let sandbox = Sandbox::builder().token("other", hubspot_sandbox::Scopes::all()).start();
    let (mut one, mut other) = (Client::new(&sandbox), Client::with_token(&sandbox, "other"));
    let mut statuses: Vec<u16> = (0..3).map(|_| one.post(SEARCH, &json!({})).status).collect();
    statuses.extend((0..3).map(|_| other.post(SEARCH, &json!({})).status));
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429]);
    sandbox.advance_clock(Duration::from_secs(1));
    assert_eq!(other.post(SEARCH, &json!({})).status, 200);
}

#[test]
fn a_value_with_an_odd_quote_can_be_refused() {
    let sandbox = Sandbox::builder().search_quotes(SearchQuotes::Refused).start();
    let mut client = Client::new(&sandbox);
    let mut ask = |values: Value| {
        let filter = json!({"propertyName": "firstname", "operator": "IN", "values": values});
        let body = json!({"filterGroups": [{"filters": [filter]}], "limit": 10});
        client.post("/crm/v3/objects/contacts/search", &body).status
    };
    assert_eq!(ask(json!(["plain", "\"both\""])), 200);
    assert_eq!(ask(json!(["plain", "one\""])), 400);
}
