//! Custom events and their definitions.

use hubspot_sandbox::{
    Endpoint, EndpointFamily, EventDef, EventUuids, Fault, InputMatch, PropertyDef, RateLimit, Sandbox,
    Scopes, When,
};
use serde_json::{Value, json};

use crate::support::{Client, inputs};

const DEFINITIONS: &str = "/events/v3/event-definitions";

fn signed_up() -> EventDef {
    EventDef::new("signed_up").property(PropertyDef::string("plan")).property(PropertyDef::number("seats"))
}

fn event(email: &str, properties: Value) -> Value {
    json!({ "eventName": "pe42_signed_up", "email": email, "properties": properties })
}

#[test]
fn events_are_taken_on_every_path_and_kept_in_order() {
    let sandbox = Sandbox::builder().portal_id(42).event_definition(signed_up()).start();
    let mut client = Client::new(&sandbox);
    let mut one = event("a@b.io", json!({ "plan": "pro", "seats": 5, "plan": "pro" }));
    one["occurredAt"] = json!("2026-03-01T10:00:00Z");
    let paths = ["/events/v3/send", "/events/2026-03/send", "/events/custom/2026-03/send"];
    for (number, path) in paths.into_iter().enumerate() {
        one["uuid"] = json!(format!("u{number}"));
        let reply = client.post(path, &one);
        assert_eq!((reply.status, reply.body.len()), (204, 0), "{path}");
        assert_eq!(reply.header("x-hubspot-ratelimit-max"), None);
    }
    let two = inputs(vec![event("c@d.io", json!({})), event("e@f.io", json!({ "plan": null }))]);
    assert_eq!(client.post("/events/v3/send/batch", &two).status, 204);
    let events = sandbox.events("signed_up");
    assert_eq!((events.len(), sandbox.event_count("pe42_signed_up")), (5, 5));
    assert_eq!(
        events[0].properties.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>(),
        ["plan=pro", "seats=5"]
    );
    assert_eq!(
        (events[0].uuid.as_deref(), events[0].occurred_at.as_deref()),
        (Some("u0"), Some("2026-03-01T10:00:00Z"))
    );
    assert_eq!(
        (events[4].email.as_deref(), events[4].request, events[4].properties.len()),
        (Some("e@f.io"), 4, 0)
    );
    assert_eq!(sandbox.totals().inputs[&Endpoint::EventSendBatch], 2);
    assert_eq!(sandbox.daily_usage(), 0, "they count against no quota");
}

#[test]
fn one_bad_event_keeps_its_batch_out() {
    let sandbox = Sandbox::builder().portal_id(42).event_definition(signed_up()).start();
    let mut client = Client::new(&sandbox);
    let mut nobody = event("", json!({}));
    nobody["utk"] = json!("");
    let mut unknown = event("a@b.io", json!({}));
    unknown["eventName"] = json!("signed_up");
    let mut when = event("a@b.io", json!({}));
    when["occurredAt"] = json!("yesterday");
    for (bad, word) in [
        (nobody, "objectId"),
        (unknown, "Event with fully qualified name signed_up does not exist."),
        (when, "occurredAt"),
        (event("a@b.io", json!({ "color": "red" })), "color"),
        (event("a@b.io", json!({ "plan": "x".repeat(257) })), "256"),
        (event("a@b.io", json!({ "plan": ["x"] })), "java.lang.String"),
        (json!({ "properties": {}, "email": "a@b.io" }), "[eventName]"),
    ] {
        let reply =
            client.post("/events/v3/send/batch", &inputs(vec![event("a@b.io", json!({})), bad.clone()]));
        assert_eq!(reply.status, 400, "{bad}");
        assert!(reply.json()["message"].as_str().unwrap().contains(word), "{}", reply.json());
    }
    let many = |count: usize| inputs(vec![event("a@b.io", json!({})); count]);
    assert_eq!(client.post("/events/v3/send/batch", &many(501)).status, 400);
    assert_eq!(client.post("/events/v3/send/batch", &many(0)).status, 400);
    assert!(sandbox.events("signed_up").is_empty());
    assert_eq!(client.post("/events/v3/send/batch", &many(500)).status, 204);
    assert_eq!(sandbox.event_count("signed_up"), 500);
}

#[test]
fn definitions_are_made_read_changed_and_deleted() {
    let sandbox = Sandbox::builder().portal_id(42).start();
    let mut client = Client::new(&sandbox);
    let missing = client.get(&format!("{DEFINITIONS}/signed_up/?includeProperties=true"));
    let text = "StandardError{status=error, category=VALIDATION_ERROR, message=Event with fully qualified name \
                signed_up does not exist., errors=[], context={}, links={}}";
    assert_eq!((missing.status, &missing.json()["message"]), (400, &json!(text)));
    let new = json!({
        "label": "Signed up", "name": "signed_up", "description": "d", "primaryObject": "CONTACT", "includeDefaultProperties": true,
        "propertyDefinitions": [{ "label": "Plan", "name": "plan", "type": "string" }],
        "customMatchingId": { "primaryObjectRule": { "targetObjectPropertyName": "email", "eventPropertyName": "plan" } },
    });
    let made = client.post(DEFINITIONS, &new);
    assert_eq!((made.status, &made.json()["fullyQualifiedName"]), (201, &json!("pe42_signed_up")));
    assert!(made.json()["properties"].as_array().unwrap().iter().any(|known| known["name"] == "hs_page_url"));
    assert_eq!(client.post(DEFINITIONS, &new).status, 409);
    let path = format!("/events/2026-03/event-definitions/{}", "pe42_signed_up");
    let property = json!({ "label": "Tier", "name": "tier", "type": "enumeration", "options": [{ "label": "A", "value": "a", "hidden": false, "displayOrder": 0 }] });
    assert_eq!(client.post(&format!("{path}/property"), &property).status, 201);
    assert_eq!(client.post(&format!("{path}/property"), &property).status, 409);
    let renamed = client.call("PATCH", &format!("{path}/property/tier"), &json!({ "label": "Level" })).json();
    assert_eq!((&renamed["label"], &renamed["type"]), (&json!("Level"), &json!("enumeration")));
    let matched = json!({ "eventName": "pe42_signed_up", "properties": { "plan": "a@b.io", "tier": "a" } });
    assert_eq!(
        client.post("/events/v3/send", &matched).status,
        204,
        "the custom matching id names the contact"
    );
    assert_eq!(client.call("DELETE", &format!("{path}/property/tier"), &json!({})).status, 204);
    assert_eq!(client.post("/events/v3/send", &matched).status, 400);
    assert_eq!(
        client.call("PATCH", &path, &json!({ "label": "Joined" })).json()["labels"]["singular"],
        "Joined"
    );

    sandbox.insert_event_definition(&EventDef::new("left"));
    let page = client.get(&format!("{DEFINITIONS}?limit=1")).json();
    assert_eq!(
        (page["results"].as_array().unwrap().len(), &page["paging"]["next"]["after"]),
        (1, &json!("1"))
    );
    let found = client.get(&format!("{DEFINITIONS}?searchString=lef")).json();
    assert_eq!(found["results"][0]["name"], "left");
    assert_eq!(client.call("DELETE", &path, &json!({})).status, 204);
    assert_eq!(client.get(&path).status, 400);
    assert_eq!(client.post(DEFINITIONS, &new).status, 409, "a deleted name cannot be used again");
    assert_eq!(sandbox.event_definitions(), ["pe42_left"]);
    for bad in [
        json!({ "label": "x".repeat(51) }),
        json!({ "label": "Fine", "name": "Not fine" }),
        json!({ "label": "Fine", "propertyDefinitions": [{ "label": "1st", "type": "string" }] }),
        json!({ "label": "Fine", "propertyDefinitions": [{ "label": "x", "type": "enumeration" }] }),
    ] {
        assert_eq!(client.post(DEFINITIONS, &bad).status, 400, "{bad}");
    }
}

#[test]
fn events_have_a_limit_and_scopes_of_their_own() {
    let sandbox = Sandbox::builder()
        .portal_id(42)
        .event_definition(signed_up())
        .event_limit(RateLimit::new(2, std::time::Duration::from_secs(1)))
        .rate_limit(RateLimit::per_ten_seconds(1))
        .daily_limit(1)
        .token("sender", Scopes::only(&["analytics.behavioral_events.send"]))
        .token("other", Scopes::only(&["behavioral_events.event_definitions.read_write"]))
        .start();
    let mut sender = Client::with_token(&sandbox, "sender");
    let one = event("a@b.io", json!({}));
    let statuses: Vec<u16> = (0..3).map(|_| sender.post("/events/v3/send", &one).status).collect();
    assert_eq!(statuses, [204, 204, 429]);
    sandbox.advance_clock(std::time::Duration::from_secs(1));
    let reply = sender.post("/events/v3/send", &one);
    assert_eq!(reply.status, 204);
    let mut other = Client::with_token(&sandbox, "other");
    assert_eq!(other.get(DEFINITIONS).status, 200);
    assert_eq!(other.post("/events/v3/send", &one).status, 403);
    assert_eq!(sender.get(DEFINITIONS).status, 429, "definitions are calls like others: the day is used up");
}

#[test]
fn uuids_can_deduplicate_and_faults_find_events() {
    let sandbox = Sandbox::builder().portal_id(42).event_definition(signed_up()).start();
    let mut client = Client::new(&sandbox);
    let mut one = event("a@b.io", json!({}));
    one["uuid"] = json!("u1");
    let lost = Fault::on(EndpointFamily::Events).containing(InputMatch::id("a@b.io")).nth(1);
    let lost = sandbox.add_fault(lost.close(When::AfterEffect));
    assert!(client.try_call("POST", "/events/v3/send", &one).is_err());
    assert_eq!(Client::new(&sandbox).post("/events/v3/send", &one).status, 204);
    assert_eq!((sandbox.fault_fired(lost), sandbox.events("signed_up").len()), (1, 1));
}

#[test]
fn a_second_occurrence_of_a_uuid_can_be_refused_by_name() {
    let builder = Sandbox::builder().portal_id(42).event_definition(signed_up());
    let sandbox = builder.event_uuids(EventUuids::Refuse).start();
    let mut client = Client::new(&sandbox);
    let with = |uuid: &str| {
        let mut event = event("a@b.io", json!({}));
        event["uuid"] = json!(uuid);
        event
    };
    assert_eq!(client.post("/events/v3/send", &with("u1")).status, 204);
    for batch in [vec![with("u2"), with("u1")], vec![with("u3"), with("u3")]] {
        let reply = client.post("/events/v3/send/batch", &inputs(batch));
        assert_eq!(reply.status, 400);
        assert!(String::from_utf8_lossy(&reply.body).contains("exists already"));
    }
    assert_eq!(sandbox.events("signed_up").len(), 1, "the whole batch is kept out");
}

#[test]
fn a_path_that_has_ended_is_unknown() {
    let sandbox = Sandbox::builder().without_path("/events/v3").event_definition(signed_up()).start();
    let mut client = Client::new(&sandbox);
    let reply = client.get(DEFINITIONS);
    assert_eq!((reply.status, reply.body.first()), (404, Some(&b'<')));
    assert_eq!(client.get("/events/custom/2026-09/event-definitions").status, 200);
}

#[test]
fn a_light_sandbox_counts_events() {
    let sandbox = Sandbox::builder().portal_id(42).event_definition(signed_up()).light().start();
    assert_eq!(Client::new(&sandbox).post("/events/v3/send", &event("a@b.io", json!({}))).status, 204);
    assert_eq!((sandbox.event_count("signed_up"), sandbox.events("signed_up").len()), (1, 0));
}
