//! Single records through the shaper of object streams.

use proptest::prelude::*;
use serde_json::json;

use super::super::stream::Groundwork;
use super::*;
use crate::config::Config;
use crate::crm::property::Property;
use crate::json::{Cursor, Index};
use crate::protocol::catalog::ConfiguredCatalog;

/// A shaper of contacts matched by e-mail, under these settings of the stream.
fn shaper(settings: &serde_json::Value, required: &[&str]) -> Shaper {
    let mut entry = settings.clone();
    entry["name"] = json!("contacts");
    let credentials = json!({"type": "AccessToken", "access_token": "t"});
    let config = json!({"credentials": credentials, "streams": [entry]});
    let config = Config::from_json(config.to_string()).unwrap();
    let catalog = ConfiguredCatalog::from_json(r#"{"streams":[{"stream":{"name":"contacts"}}]}"#).unwrap();
    let property = |name: &str| -> Property {
        serde_json::from_value(json!({"name": name, "type": "string", "groupName": "contactinformation"}))
            .unwrap()
    };
    let properties = ["email", "city", "lifecyclestage", "dealname"].map(property);
    let object = ObjectType::by_type_id("0-1");
    let mut plan = StreamPlan::new(Groundwork {
        config: &config,
        stream: &catalog.streams[0],
        object: &object,
        properties: &properties,
        owners: None,
        required: &[],
        associations: &[],
    })
    .unwrap();
    plan.required = required.iter().map(|name| (*name).to_owned()).collect();
    Shaper::new(plan)
}

fn shape(shaper: &mut Shaper, data: &str) -> Result<Shaped, Unshaped> {
    shape_object(shaper, Object::of(data), None)
}

fn shape_object(shaper: &mut Shaper, data: Object<'_>, meta: Option<&str>) -> Result<Shaped, Unshaped> {
    shaper.shape(&RecordMessage { stream: "contacts".into(), namespace: None, data, meta, emitted_at: None })
}

/// Rows of two streams with some of these columns, a few of them with a field nulled on the way.
fn rows() -> impl Strategy<Value = Vec<(bool, String, bool)>> {
    let member = prop::sample::select(vec![
        r#""email":"a@example.com""#,
        r#""email":"nobody""#,
        r#""city":"Oslo""#,
        r#""c\u0069ty":"Bergen""#,
        r#""city":null"#,
        r#""dealname":"x""#,
        r#""hat":{"size":"41","dealname":7}"#,
        r#""hat":41"#,
        r#""unknown":1"#,
        r#""\ud800":1"#,
    ]);
    let usual = Just(vec![r#""email":"a@example.com""#, r#""city":"Oslo""#, r#""dealname":"x""#]);
    let row = prop_oneof![3 => usual.boxed(), 2 => prop::collection::vec(member, 0..5).boxed()];
    let row = row.prop_map(|members| format!("{{{}}}", members.join(",")));
    prop::collection::vec((any::<bool>(), row, prop::bool::weighted(0.1)), 1..12)
}

proptest! {
    #[test]
    fn what_is_remembered_of_the_rows_before_changes_nothing(rows in rows()) {
        let settings = json!({"property_mapping": {"hat.size": "city"}});
        let pair = || [shaper(&json!({}), &[]), shaper(&settings, &[])];
        let (mut remembering, mut forgetful) = (pair(), pair());
        let mut index = Index::default();
        for (second, row, is_nulled) in &rows {
            let meta = is_nulled.then_some(r#"{"changes":[{"field":"city","change":"NULLED"}]}"#);
            let read = index.read(&mut Cursor::new(row)).unwrap();
            let known = shape_object(&mut remembering[usize::from(*second)], read, meta);
            let new = shape_object(&mut forgetful[usize::from(*second)], Object::of(row), meta);
            match (known, new) {
                (Ok(known), Ok(new)) => {
                    prop_assert_eq!(known.body, new.body, "{}", row);
                    prop_assert_eq!(known.rejection, new.rejection, "{}", row);
                }
                (known, new) => prop_assert_eq!(format!("{known:?}"), format!("{new:?}")),
            }
        }
    }
}

fn missing(shaper: &mut Shaper, data: &str) -> Vec<(String, NewKind)> {
    match shape(shaper, data) {
        Err(Unshaped::Missing(_, new)) => new.into_iter().map(|new| (new.name, new.kind)).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_record_waits_for_its_properties_and_is_shaped_again() {
    let mut shaper = shaper(&json!({"unknown_properties": "create"}), &[]);
    assert!(shape(&mut shaper, r#"{"email":"a@example.com","hat":null,"Shoe Size":""}"#).is_ok());
    let data = r#"{"email":"a@example.com","hat":true,"Shoe Size":41,"old":"x"}"#;
    let kinds = [("hat", NewKind::Truth), ("shoe_size", NewKind::Number), ("old", NewKind::Text)];
    assert_eq!(missing(&mut shaper, data), kinds.map(|(name, kind)| (name.to_owned(), kind)));
    let Err(Unshaped::Missing(_, new)) = shape(&mut shaper, data) else { panic!("shaped too early") };
    shaper.learn("hat", Made::There(Box::new(new[0].definition())));
    shaper.learn("old", Made::Archived);
    assert_eq!(missing(&mut shaper, data).len(), 1);
    shaper.learn("shoe_size", Made::There(Box::new(new[1].definition())));
    let shaped = shape(&mut shaper, data).unwrap();
    assert_eq!(shaped.body.properties(), br#""hat":"true","shoe_size":"41""#);
    let warned = shaper.take_notices().into_iter().filter(|notice| matches!(notice, Notice::Warned(_)));
    assert_eq!(warned.count(), 1, "the archived one is told");
}

#[test]
fn a_record_that_is_refused_asks_for_nothing() {
    let mut shaper = shaper(&json!({"unknown_properties": "create"}), &["dealname"]);
    for (data, code) in [
        (r#"{"hat":"x","dealname":"y"}"#, "MISSING_MATCHING_KEY"),
        (r#"{"hat":"x","email":"nobody"}"#, "INVALID_EMAIL"),
        (r#"{"hat":"x","email":"a@example.com","dealname":""}"#, "MISSING_REQUIRED_PROPERTY"),
    ] {
        let shaped = shape(&mut shaper, data).unwrap();
        assert_eq!(shaped.rejection.unwrap().code, code, "{data}");
        assert!(shaped.body.properties().is_empty() && shaped.body.sequel().is_empty());
    }
    let mut shaper = self::shaper(&json!({}), &["email", "dealname"]);
    assert!(shape(&mut shaper, r#"{"email":"a@example.com","dealname":"x"}"#).unwrap().rejection.is_none());
}

#[test]
fn a_stage_that_may_move_back_is_split_off() {
    let data = r#"{"email":"a@example.com","lifecyclestage":"lead","city":"Oslo"}"#;
    let mut forward = shaper(&json!({}), &[]);
    let body = shape(&mut forward, data).unwrap().body;
    assert_eq!(body.properties(), br#""lifecyclestage":"lead","city":"Oslo""#);
    assert!(!body.takes_two_writes());
    let mut either_way = shaper(&json!({"lifecycle_backwards": true}), &[]);
    let body = shape(&mut either_way, data).unwrap().body;
    assert_eq!(body.properties(), br#""lifecyclestage":"","city":"Oslo""#);
    assert_eq!(body.sequel(), br#""lifecyclestage":"lead""#);
    let cleared = shape(&mut either_way, r#"{"email":"a@example.com","lifecyclestage":""}"#).unwrap().body;
    assert_eq!((cleared.properties(), cleared.takes_two_writes()), (&br#""lifecyclestage":"""#[..], false));
}

fn sent(shaper: &mut Shaper, data: &str) -> String {
    let shaped = shape(shaper, data).unwrap();
    assert!(shaped.rejection.is_none(), "{:?}", shaped.rejection);
    String::from_utf8(shaped.body.properties().to_vec()).unwrap()
}

#[test]
fn an_object_that_the_mapping_reaches_into_is_taken_apart() {
    let mapping = json!({"work.place.town": "city", "work.name": "dealname", "person.mail": "email"});
    let mut shaper = shaper(&json!({ "property_mapping": mapping }), &[]);
    let data =
        r#"{"person":{"mail":" A@x.io ","age":1},"work":{"name":"W","place":{"town":"Oslo","zip":[1]}}}"#;
    assert_eq!(sent(&mut shaper, data), r#""dealname":"W","city":"Oslo""#);
    assert_eq!(shape(&mut shaper, data).unwrap().body.key(), Some("a@x.io"));
    let unknown: Vec<Notice> = shaper.take_notices();
    let texts = format!("{unknown:?}");
    assert!(texts.contains("person.age") && texts.contains("work.place.zip"), "{texts}");
    assert_eq!(unknown.len(), 2, "nothing is said of objects that are taken apart: {texts}");
    // Objects as text, in another order, and fields that were nulled on the way.
    let data = r#"{"work":"{\"place\":{\"town\":\"\\u00c5\"}}","person":"{\"mail\":\"b@x.io\"}"}"#;
    assert_eq!(sent(&mut shaper, data), r#""city":"\u00c5""#);
    assert_eq!(shape(&mut shaper, data).unwrap().body.key(), Some("b@x.io"));
    assert!(shaper.take_notices().is_empty());
}

#[test]
fn what_is_no_object_keeps_the_meaning_of_its_column() {
    let mut shaper = shaper(&json!({"property_mapping": {"city.name": "city", "hat.size": "dealname"}}), &[]);
    for (value, expected) in
        [(r#""Oslo""#, "Oslo"), (r#"{"name":"Rome"}"#, "Rome"), ("[1]", "[1]"), (r#""{no""#, "{no")]
    {
        let data = format!(r#"{{"email":"a@x.io","city":{value},"hat":null}}"#);
        assert_eq!(sent(&mut shaper, &data), format!(r#""city":"{expected}""#), "{value}");
    }
    assert!(shaper.take_notices().is_empty());
    for _ in 0..2 {
        assert_eq!(sent(&mut shaper, r#"{"email":"a@x.io","hat":"big"}"#), "");
    }
    assert_eq!(shaper.take_notices().len(), 1, "a value that leads nowhere is told, once");
    let flat = r#"{"email":"a@x.io","city":"Oslo","city.name":"Rome"}"#;
    let mut other = self::shaper(&json!({"property_mapping": {"city.name": "city"}}), &[]);
    let rejection = shape(&mut other, flat).unwrap().rejection.unwrap();
    assert_eq!(rejection.code, "CONFLICT", "two columns for one property");
}

#[test]
fn values_inside_objects_are_judged_like_any_other() {
    let settings = json!({"property_mapping": {"a.mail": "email"}, "unknown_properties": "reject"});
    let mut strict = shaper(&settings, &[]);
    for (data, code, property) in [
        (r#"{"a":{"mail":"nobody"}}"#, "INVALID_EMAIL", "email"),
        (r#"{"a":"{\"mail\":\"nobody\"}"}"#, "INVALID_EMAIL", "email"),
        (r#"{"a":{"mail":"a@x.io","b":{"c":1}}}"#, "PROPERTY_DOESNT_EXIST", "a.b"),
        (r#"{"a":{}}"#, "MISSING_MATCHING_KEY", "email"),
    ] {
        let rejection = shape(&mut strict, data).unwrap().rejection.unwrap();
        assert_eq!(
            (rejection.code.as_ref(), rejection.property.as_deref()),
            (code, Some(property)),
            "{data}"
        );
    }
    let settings = json!({"property_mapping": {"a.hat": "hat"}, "unknown_properties": "create"});
    let data = r#"{"email":"a@x.io","a":{"hat":true,"shoe":41}}"#;
    let kinds = [("hat", NewKind::Truth), ("a_shoe", NewKind::Number)];
    assert_eq!(missing(&mut shaper(&settings, &[]), data), kinds.map(|(name, kind)| (name.to_owned(), kind)));
    let mut plain = shaper(&json!({}), &[]);
    assert_eq!(
        sent(&mut plain, r#"{"email":"a@x.io","city":{"a":"b"}}"#),
        r#""city":"{\"a\":\"b\"}""#,
        "an object nobody reaches into is one value"
    );
}
