//! Account details, usage, owners.

use hubspot_sandbox::{AccountType, CustomObject, Owner, PropertyDef, Sandbox};
use serde_json::json;

use crate::support::Client;

#[test]
fn details_say_who_and_where() {
    let sandbox = Sandbox::builder()
        .portal_id(42)
        .region("eu1")
        .time_zone("Europe/Berlin", 60)
        .account_type(AccountType::Standard)
        .start();
    assert!(sandbox.default_token().starts_with("pat-eu1-"));
    for version in ["v3", "2026-03", "2026-09"] {
        let details = Client::new(&sandbox).get(&format!("/account-info/{version}/details")).json();
        assert_eq!((&details["portalId"], &details["dataHostingLocation"]), (&json!(42), &json!("eu1")));
        assert_eq!((&details["utcOffset"], &details["accountType"]), (&json!("+01:00"), &json!("STANDARD")));
        assert_eq!(details["uiDomain"], "app-eu1.hubspot.com");
    }
}

#[test]
fn usage_says_what_is_left_of_the_day() {
    let sandbox = Sandbox::builder().daily_limit(1000).start();
    sandbox.set_daily_usage(990);
    let usage = Client::new(&sandbox).get("/account-info/2026-03/api-usage/daily/private-apps").json();
    let usage = &usage["results"][0];
    assert_eq!((&usage["usageLimit"], &usage["currentUsage"]), (&json!(1000), &json!(991)));
    assert!(usage["resetsAt"].as_str().unwrap() > usage["collectedAt"].as_str().unwrap());
    assert!(usage["resetsAt"].as_str().unwrap().ends_with("T05:00:00.000Z"));
}

#[test]
fn owners_are_listed_and_their_ids_accepted() {
    let third = Owner {
        id: 77,
        user_id: 88,
        email: "cy@example.com".to_owned(),
        first_name: "Cy".to_owned(),
        last_name: "Owner".to_owned(),
    };
    let sandbox = Sandbox::builder().owner(third).start();
    let mut client = Client::new(&sandbox);
    let page = client.get("/crm/v3/owners?limit=2").json();
    assert_eq!(page["results"].as_array().unwrap().len(), 2);
    assert!(page["paging"]["next"]["after"].is_string());
    assert_eq!(client.get("/crm/v3/owners?email=cy@example.com").json()["results"][0]["id"], "77");
    assert_eq!(client.get("/crm/v3/owners/88?idProperty=userId").json()["id"], "77");
    let mut write = |owner: &str| {
        let body = json!({ "properties": { "email": format!("{owner}@b.io"), "hubspot_owner_id": owner } });
        client.post("/crm/v3/objects/contacts", &body).status
    };
    assert_eq!((write("77"), write("88")), (201, 400));
}

#[test]
fn limits_say_how_full_the_account_is() {
    let sandbox = Sandbox::builder()
        .record_limit("contacts", 4)
        .custom_object(CustomObject::new("pet").property(PropertyDef::string("breed")))
        .start();
    sandbox.insert("contacts", &[]);
    sandbox.insert("pet", &[]);
    let mut client = Client::new(&sandbox);
    for path in ["/crm/v3/limits/records", "/crm/limits/2026-03/records"] {
        let body = client.get(path).json();
        let contacts = &body["hubspotDefinedObjectTypes"][0];
        assert_eq!((&contacts["objectTypeId"], &contacts["usage"]), (&json!("0-1"), &json!(1)));
        assert_eq!((&contacts["limit"], &contacts["percentage"]), (&json!(4), &json!(25.0)));
        assert_eq!(body["customObjectTypes"]["overallUsage"], 1);
    }
    let body = client.get("/crm/v3/limits/custom-properties").json();
    assert_eq!((&body["overallUsage"], &body["overallLimit"]), (&json!(1), &json!(10_000)));
    let body = client.get("/crm/limits/2026-09/custom-object-types").json();
    assert_eq!((&body["usage"], &body["limit"]), (&json!(1), &json!(10)));
}
