//! Records to occurrences: what is sent, refused, left out, asked for.

use serde_json::{Value, json};

use super::*;
use crate::config::Config;
use crate::json::Object;
use crate::plan::event::KnownEvent;
use crate::protocol::catalog::ConfiguredCatalog;

/// A shaper for the event `pe7_bought`; `None` where its definition could not be read.
fn shaper(settings: Value, definition: Option<Value>) -> EventShaper {
    let mut config = json!({"credentials": {"type": "AccessToken", "access_token": "t"}});
    config["streams"] = json!([settings]);
    config["streams"][0]["name"] = json!("bought");
    let config = Config::from_json(config.to_string()).unwrap();
    let catalog = ConfiguredCatalog::from_json(r#"{"streams":[{"stream":{"name":"bought"}}]}"#).unwrap();
    let known = match definition {
        None => KnownEvent::NamedOnly("pe7_bought".into()),
        Some(mut definition) => {
            definition["name"] = json!("bought");
            definition["fullyQualifiedName"] = json!("pe7_bought");
            KnownEvent::Defined(serde_json::from_value(definition).unwrap())
        }
    };
    EventShaper::new(EventPlan::new(&config, &catalog.streams[0], known).unwrap())
}

fn of_contacts() -> EventShaper {
    shaper(json!({}), Some(definition()))
}

fn definition() -> Value {
    let property = |name: &str, kind: &str| json!({"name": name, "type": kind, "fieldType": ""});
    let mut properties: Vec<Value> = (0..60).map(|n| property(&format!("p{n}"), "string")).collect();
    properties.extend([
        property("plan", "string"),
        property("amount", "number"),
        property("page_url", "string"),
        property("paid_on", "datetime"),
        json!({"name": "hs_seen", "type": "number", "modificationMetadata": {"readOnlyValue": true}}),
    ]);
    json!({"properties": properties})
}

fn shape(shaper: &mut EventShaper, data: &Value, emitted_at: Option<&str>) -> Result<Value, Rejection> {
    let data = data.to_string();
    let record = RecordMessage {
        stream: "bought".into(),
        namespace: None,
        data: Object::of(&data),
        meta: None,
        emitted_at,
    };
    let shaped = shaper.shape(&record).unwrap();
    assert_eq!((shaped.body.key(), shaped.body.data()), (None, data.as_str()));
    match shaped.rejection {
        Some(rejection) => Err(*rejection),
        None => {
            let members = [b"{", shaped.body.properties(), b"}"].concat();
            Ok(serde_json::from_slice(&members).unwrap())
        }
    }
}

fn sent(shaper: &mut EventShaper, data: Value) -> Value {
    shape(shaper, &data, Some("1795290302755")).unwrap()
}

fn code(shaper: &mut EventShaper, data: Value) -> (String, Option<String>) {
    let rejection = shape(shaper, &data, Some("1795290302755")).unwrap_err();
    (rejection.code.into_owned(), rejection.property)
}

#[test]
fn everything_a_record_says_is_sent_as_hubspot_takes_it() {
    let event = sent(
        &mut of_contacts(),
        json!({"email": " Ann@Example.COM ", "occurred_at": "2026-03-01T10:00:00+02:00", "uuid": "u-1",
               "plan": "gold", "amount": 12.50, "paid_on": 1_772_352_000, "_airbyte_raw_id": "x"}),
    );
    assert_eq!(
        event,
        json!({"email": "ann@example.com", "occurredAt": "2026-03-01T08:00:00.000Z", "uuid": "u-1",
               "properties": {"plan": "gold", "amount": "12.5", "paid_on": "2026-03-01T08:00:00.000Z"}})
    );
}

#[test]
fn the_record_is_named_in_hubspots_order() {
    let shaper = &mut of_contacts();
    let all = json!({"utk": "t1", "email": "a@example.com", "hs_object_id": 51.0});
    let event = sent(shaper, all);
    assert_eq!((&event["objectId"], event.get("email"), event.get("utk")), (&json!("51"), None, None));
    let event = sent(shaper, json!({"utk": "t1", "email": "a@example.com", "hs_object_id": null}));
    assert_eq!((&event["email"], event.get("utk")), (&json!("a@example.com"), None));
    let event = sent(shaper, json!({"utk": "t1", "email": "  ", "hs_object_id": null}));
    assert_eq!(event["utk"], "t1");
    assert_eq!(code(shaper, json!({"utk": "", "plan": "x"})).0, "MISSING_MATCHING_KEY");
    let broken = json!({"hs_object_id": "x1", "email": "a@example.com"});
    assert_eq!(code(shaper, broken), ("INVALID_INTEGER".into(), Some("hs_object_id".into())));
    assert_eq!(code(shaper, json!({"email": "a@b"})), ("INVALID_EMAIL".into(), Some("email".into())));
}

#[test]
fn events_of_other_objects_go_by_record_id_or_by_their_own_property() {
    let mut definition = definition();
    definition["primaryObject"] = json!("COMPANY");
    let mut companies = shaper(json!({}), Some(definition.clone()));
    assert_eq!(code(&mut companies, json!({"email": "a@example.com"})).0, "MISSING_MATCHING_KEY");
    assert_eq!(sent(&mut companies, json!({"hs_object_id": 9}))["objectId"], "9");

    definition["customMatchingId"] = json!({"primaryObjectRule":
        {"targetObjectPropertyName": "tier", "eventPropertyName": "plan"}});
    let mut tiers = shaper(json!({}), Some(definition));
    assert_eq!(sent(&mut tiers, json!({"plan": "gold"}))["properties"], json!({"plan": "gold"}));
    let rejection = shape(&mut tiers, &json!({"plan": null}), None).unwrap_err();
    assert!(rejection.message.contains("plan or hs_object_id"), "{rejection:?}");
}

#[test]
fn without_a_time_of_its_own_an_event_happened_when_it_was_emitted() {
    let shaper = &mut of_contacts();
    let data = json!({"email": "a@example.com", "occurred_at": null});
    for (emitted, expected) in [
        (Some("1795290302755"), json!("2026-11-21T19:45:02.755Z")),
        (Some("1.795290302755e12"), json!("2026-11-21T19:45:02.755Z")),
        (Some("1795290302"), json!("2026-11-21T19:45:02.000Z")),
        (Some("1795290302.5"), json!("2026-11-21T19:45:02.500Z")),
        (Some("0"), Value::Null),
        (Some("\"soon\""), Value::Null),
        (None, Value::Null),
    ] {
        let event = shape(shaper, &data, emitted).unwrap();
        assert_eq!(event.get("occurredAt").cloned().unwrap_or_default(), expected, "{emitted:?}");
    }
    let wrong = json!({"email": "a@example.com", "occurred_at": "soon"});
    assert_eq!(code(shaper, wrong), ("INVALID_DATE".into(), Some("occurred_at".into())));
}

#[test]
fn the_id_depends_on_what_is_said_and_on_nothing_else() {
    let uuid = |data: &Value, emitted: &str| {
        let event = shape(&mut of_contacts(), data, Some(emitted)).unwrap();
        event["uuid"].as_str().unwrap().to_owned()
    };
    let data = json!({"email": "a@example.com", "plan": "gold", "amount": 1, "nobody": "x"});
    let same = uuid(&data, "1795290302755");
    assert_eq!(uuid(&data, "1795290399999"), same);
    let reordered = json!({"amount": 1, "uuid": null, "plan": "gold", "email": "A@example.com"});
    assert_eq!(uuid(&reordered, "1"), same);
    for other in [
        json!({"email": "b@example.com", "plan": "gold", "amount": 1}),
        json!({"utk": "a@example.com", "plan": "gold", "amount": 1}),
        json!({"email": "a@example.com", "plan": "gold", "amount": 2}),
        json!({"email": "a@example.com", "plan": "gold", "amount": 1, "occurred_at": "2026-01-01"}),
    ] {
        assert_ne!(uuid(&other, "1795290302755"), same, "{other}");
    }
    assert_eq!(code(&mut of_contacts(), json!({"email": "a@example.com", "uuid": [1]})).0, "INVALID_RECORD");
}

#[test]
fn limits_are_held_before_sending() {
    let shaper = &mut of_contacts();
    let with = |extra: Vec<(String, Value)>| {
        let mut data = json!({"email": "a@example.com"});
        data.as_object_mut().unwrap().extend(extra);
        data
    };
    let some = |count: usize| with((0..count).map(|n| (format!("p{n}"), json!("v"))).collect());
    assert_eq!(sent(shaper, some(50))["properties"].as_object().unwrap().len(), 50);
    assert_eq!(code(shaper, some(51)), ("LIMIT_EXCEEDED".into(), None));
    // Nulls take no place.
    let mut most = some(50);
    most["p50"] = Value::Null;
    assert_eq!(sent(shaper, most)["properties"].as_object().unwrap().len(), 50);

    let one = |name: &str, length: usize| with(vec![(name.to_owned(), json!("\u{e4}".repeat(length)))]);
    sent(shaper, one("plan", 256));
    assert_eq!(code(shaper, one("plan", 257)), ("VALUE_TOO_LONG".into(), Some("plan".into())));
    sent(shaper, one("page_url", 1024));
    assert_eq!(code(shaper, one("page_url", 1025)).0, "VALUE_TOO_LONG");
}

#[test]
fn values_that_do_not_fit_can_be_left_out() {
    let mut shaper = shaper(json!({"invalid_values": "drop_property"}), Some(definition()));
    for _ in 0..2 {
        let data = json!({"email": "a@example.com", "amount": "many", "plan": "x".repeat(300), "p1": "1"});
        assert_eq!(sent(&mut shaper, data)["properties"], json!({"p1": "1"}));
    }
    let notices = shaper.take_notices();
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(!format!("{notices:?}").contains("many"));
}

#[test]
fn unknown_and_read_only_columns_follow_the_policy() {
    let data = || json!({"email": "a@example.com", "nobody": "x", "hs_seen": 3, "Plan": "gold"});
    let mut dropping = of_contacts();
    assert_eq!(sent(&mut dropping, data())["properties"], json!({"plan": "gold"}));
    assert_eq!(dropping.take_notices().len(), 3);
    let mut rejecting = shaper(json!({"unknown_properties": "reject"}), Some(definition()));
    assert_eq!(code(&mut rejecting, data()).0, "PROPERTY_DOESNT_EXIST");
    let read_only = json!({"email": "a@example.com", "hs_seen": 3});
    assert_eq!(code(&mut rejecting, read_only).0, "READ_ONLY_VALUE");
    let null = json!({"email": "a@example.com", "nobody": null});
    assert_eq!(sent(&mut rejecting, null)["properties"], json!({}));
}

#[test]
fn where_the_definition_cannot_be_read_hubspot_judges() {
    let mut shaper = shaper(json!({"property_mapping": {"who": "email"}}), None);
    let data = json!({"who": "a@example.com", "Plan Name": "gold", "count": 3, "paid": true});
    let event = sent(&mut shaper, data);
    let expected = json!({"plan_name": "gold", "count": "3", "paid": "true"});
    assert_eq!((&event["email"], &event["properties"]), (&json!("a@example.com"), &expected));
}

#[test]
fn a_column_that_comes_twice_counts_once_and_two_for_one_property_are_refused() {
    let mut shaper = of_contacts();
    let data = r#"{"email":"a@example.com","plan":"old","plan":"new"}"#;
    let record = |data| RecordMessage {
        stream: "bought".into(),
        namespace: None,
        data: Object::of(data),
        meta: Some(r#"{"changes":[{"field":"amount","change":"NULLED","reason":"x"}]}"#),
        emitted_at: None,
    };
    let shaped = shaper.shape(&record(data)).unwrap();
    assert!(shaped.body.properties().ends_with(br#""properties":{"plan":"new"}"#));
    let clash = shaper.shape(&record(r#"{"email":"a@example.com","Plan":"x"}"#)).unwrap().rejection.unwrap();
    assert_eq!((clash.code.as_ref(), clash.property.as_deref()), ("CONFLICT", Some("plan")));
    assert!(clash.message.contains("\"plan\" and \"Plan\""), "{clash:?}");
    assert!(shaper.shape(&record(r#"{"email":"a@example.com","Plan":null}"#)).unwrap().rejection.is_none());
    let rejection = shaper.shape(&record("[1]")).unwrap().rejection.unwrap();
    assert_eq!(rejection.code, "INVALID_RECORD");
}

#[test]
fn a_column_that_is_only_guessed_gives_way() {
    let property = json!({"name": "tier", "label": "Customer class", "type": "string"});
    let definition = json!({ "properties": [property] });
    let guessed = json!({"email": "a@example.com", "Customer class": "a"});
    let both = json!({"email": "a@example.com", "Customer class": "a", "tier": "b"});
    let mut guessing = shaper(json!({}), Some(definition.clone()));
    assert_eq!(sent(&mut guessing, guessed.clone())["properties"], json!({"tier": "a"}));
    for expected in [json!({"tier": "b"}), json!({"tier": "b"})] {
        assert_eq!(sent(&mut guessing, both.clone())["properties"], expected);
    }
    assert_eq!(sent(&mut guessing, guessed)["properties"], json!({}));
    let warned = guessing.take_notices().into_iter().filter(|notice| matches!(notice, Notice::Warned(_)));
    assert_eq!(warned.count(), 1);
}

#[test]
fn properties_that_are_missing_are_asked_for_once_and_then_sent() {
    let mut shaper = shaper(json!({"unknown_properties": "create"}), Some(definition()));
    let data = r#"{"email":"a@example.com","Shoe Size":42,"vip":true,"nothing":null,"\u540d":"x"}"#;
    let record = RecordMessage {
        stream: "bought".into(),
        namespace: None,
        data: Object::of(data),
        meta: None,
        emitted_at: None,
    };
    let Err(Unshaped::MissingOfEvent(event, missing)) = shaper.shape(&record) else {
        panic!("nothing is missing")
    };
    assert_eq!(event, "pe7_bought");
    let asked: Vec<_> = missing.iter().map(|new| (new.name.as_str(), new.label.as_str(), new.kind)).collect();
    assert_eq!(asked, [("shoe_size", "Shoe Size", NewKind::Number), ("vip", "Vip", NewKind::Truth)]);
    for new in missing {
        shaper.learn(&new.name, Made::There(Box::new(crate::crm::new_event::event_property(&new))));
    }
    let shaped = shaper.shape(&record).unwrap();
    assert!(shaped.body.properties().ends_with(br#""properties":{"shoe_size":"42","vip":"true"}"#));
    let refused = shape(&mut shaper, &json!({"hat": "x"}), None);
    assert!(refused.is_err(), "a record that is refused anyway is no reason to make a property");
}

#[test]
fn a_new_event_has_a_property_for_every_declared_column() {
    let catalog = r#"{"streams":[{"stream":{"name":"bought","json_schema":{"properties":{
        "email":{"type":"string"},"occurredAt":{"type":"string"},"Paid":{"type":"boolean"},
        "amount":{"type":["null","number"]},"who":{"type":"string"},"_airbyte_id":{"type":"string"}}}},
        "destination_object_name":"EVENT:Order Paid"}]}"#;
    let config = r#"{"credentials":{"type":"AccessToken","access_token":"t"},
        "streams":[{"name":"bought","name_aliases":true,"property_mapping":{"who":"buyer_name"}}]}"#;
    let config = Config::from_json(config).unwrap();
    let catalog = ConfiguredCatalog::from_json(catalog).unwrap();
    let plan = |name: &str| EventPlan::new(&config, &catalog.streams[0], KnownEvent::ToBeMade(name.into()));
    let plan = plan("pe7_Order Paid").unwrap();
    let new = plan.new_event.clone().unwrap();
    assert_eq!((new.name.as_str(), new.label.as_str()), ("order_paid", "Order Paid"));
    let names: Vec<_> = new.properties.iter().map(|new| (new.name.as_str(), new.kind)).collect();
    let expected = [("paid", NewKind::Truth), ("amount", NewKind::Number), ("buyer_name", NewKind::Text)];
    assert_eq!(names, expected);

    let mut shaper = EventShaper::new(plan);
    let mut made = new.definition();
    made.fully_qualified_name = "pe7_order_paid".into();
    shaper.defined(made);
    let event =
        sent(&mut shaper, json!({"email": "a@example.com", "Paid": true, "who": "Ann", "amount": "1"}));
    assert_eq!(event["properties"], json!({"paid": "true", "buyer_name": "Ann", "amount": "1"}));
    assert_eq!(shaper.plan().doing(), "send pe7_order_paid events");
    assert!(EventPlan::new(&config, &catalog.streams[0], KnownEvent::ToBeMade("\u{540d}".into())).is_err());
}
