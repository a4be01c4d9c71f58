//! Records of audiences to contacts: what is set, made, refused, left alone.

use serde_json::{Value, json};

use super::*;
use crate::config::Config;
use crate::crm::object::ObjectType;
use crate::error::Failure;
use crate::json::Object;
use crate::plan::first_names::FirstNames;
use crate::protocol::catalog::ConfiguredCatalog;

fn properties() -> Vec<Property> {
    let texts = json!([
        {"name": "email", "type": "string", "fieldType": "text", "groupName": "contactinformation"},
        {"name": "code", "type": "string", "hasUniqueValue": true},
        {"name": "vip", "type": "bool", "fieldType": "booleancheckbox"},
        {"name": "plan", "type": "string"},
        {"name": "score", "type": "number", "calculated": true},
        {"name": "company", "label": "Company name", "type": "string", "hubspotDefined": true},
        {"name": "c_users", "label": "C++ users", "type": "string"},
        {"name": "beta", "label": "Early adopters", "type": "string"},
        {"name": "n2nd_wave", "label": " 2nd  WAVE", "type": "string"},
    ]);
    serde_json::from_value(texts).unwrap()
}

fn plan(stream: Value, settings: Value) -> Result<AudiencePlan, Failure> {
    let mut config = json!({"credentials": {"type": "AccessToken", "access_token": "t"}});
    config["streams"] = json!([settings]);
    config["streams"][0]["name"] = json!("s");
    let config = Config::from_json(config.to_string()).unwrap();
    let mut catalog = json!({"streams": [stream]});
    catalog["streams"][0]["stream"]["name"] = json!("s");
    let catalog = ConfiguredCatalog::from_json(&catalog.to_string()).unwrap();
    let contact = ObjectType::standard("0-1").unwrap();
    AudiencePlan::new(&config, &catalog.streams[0], &contact, &properties(), &FirstNames::of_audiences())
}

fn shaper(settings: Value) -> AudienceShaper {
    AudienceShaper::new(plan(json!({"stream": {}}), settings).unwrap())
}

/// The key and the properties sent, or the code of the rejection.
type Outcome = Result<(String, Value), String>;

fn shape(shaper: &mut AudienceShaper, data: &Value) -> Result<Outcome, Unshaped> {
    let data = data.to_string();
    let record = RecordMessage {
        stream: "s".into(),
        namespace: None,
        data: Object::of(&data),
        meta: Some(r#"{"changes":[{"field":"Audience","change":"NULLED"}]}"#),
        emitted_at: None,
    };
    let shaped = shaper.shape(&record)?;
    Ok(match shaped.rejection {
        Some(rejection) => Err(rejection.code.into_owned()),
        None => {
            let members = [b"{", shaped.body.properties(), b"}"].concat();
            Ok((shaped.body.key().unwrap().to_owned(), serde_json::from_slice(&members).unwrap()))
        }
    })
}

fn settled(shaper: &mut AudienceShaper, data: Value) -> Outcome {
    shape(shaper, &data).unwrap()
}

fn sent(properties: Value) -> Outcome {
    Ok(("a@example.com".to_owned(), properties))
}

fn refused(code: &str) -> Outcome {
    Err(code.to_owned())
}

/// The property that a record asks for.
fn asked(shaper: &mut AudienceShaper, data: Value) -> NewProperty {
    match shape(shaper, &data) {
        Err(Unshaped::Missing(object, mut missing)) => {
            assert_eq!((object.name.as_str(), missing.len()), ("CONTACT", 1));
            missing.remove(0)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_audience_is_a_property_and_the_status_its_value() {
    let shaper = &mut shaper(json!({}));
    let row = |audience: &str, status: Value| json!({"email": " A@example.com", "audience": audience, "status": status});
    assert_eq!(settled(shaper, row("VIP", json!(true))), sent(json!({"vip": "true"})));
    assert_eq!(settled(shaper, row(" vip ", json!("no"))), sent(json!({"vip": "false"})));
    assert_eq!(settled(shaper, row("plan", json!(7))), sent(json!({"plan": "7"})));
    assert_eq!(settled(shaper, row("vip", json!("perhaps"))), refused("INVALID_OPTION"));
    assert_eq!(settled(shaper, row("score", json!(1))), refused("READ_ONLY_VALUE"));
    assert_eq!(
        settled(shaper, row("e-mail", Value::Null)),
        sent(json!({})),
        "nothing to say, nothing to make"
    );
    assert_eq!(settled(shaper, row("Email", json!("x"))), refused("CONFLICT"), "it would change who it is");
    assert_eq!(settled(shaper, row("\u{540d}\u{524d}", json!(true))), refused("INVALID_RECORD"));
}

#[test]
fn a_property_that_is_there_is_the_audiences_unless_it_is_somebody_elses() {
    let shaper = &mut shaper(json!({}));
    for (audience, property) in [
        ("C++ users", Some("c_users")),
        ("c++ USERS ", Some("c_users")),
        ("C# users", None),
        ("c_users", None),
        ("Company", None),
        ("company!", None),
        ("Beta", Some("beta")),
        ("(Beta)", None),
        ("beta", Some("beta")),
        ("2nd wave", Some("n2nd_wave")),
        ("2nd-wave", None),
    ] {
        let row = json!({"email": "a@example.com", "audience": audience, "status": "in"});
        let expected = property.map_or(refused("CONFLICT"), |property| sent(json!({property: "in"})));
        assert_eq!(settled(shaper, row), expected, "{audience}");
    }
}

#[test]
fn of_two_new_audiences_of_one_property_the_first_has_it_in_every_stream() {
    let (mut one, mut other) = (shaper(json!({})), shaper(json!({})));
    other.plan.names = one.plan.names.clone();
    let row = |audience: &str, status: Value| json!({"email": "a@example.com", "audience": audience, "status": status});
    assert_eq!(settled(&mut one, row("VIP (K\u{e4}ln)", Value::Null)), sent(json!({})), "it has none yet");
    let new = asked(&mut one, row("VIP (K\u{f6}ln)", json!(true)));
    one.learn(&new.name, Made::There(Box::new(new.definition())));
    for shaper in [&mut one, &mut other] {
        assert_eq!(settled(shaper, row("VIP (K\u{e4}ln)", json!(true))), refused("CONFLICT"));
    }
    assert_eq!(asked(&mut other, row("vip (k\u{f6}ln)", json!(true))).name, new.name, "the same one");
}

#[test]
fn both_audiences_are_named() {
    let shaper = &mut shaper(json!({}));
    let data = json!({"email": "a@example.com", "audience": "C# users", "status": "in"}).to_string();
    let record = RecordMessage {
        stream: "s".into(),
        namespace: None,
        data: Object::of(&data),
        meta: None,
        emitted_at: None,
    };
    let rejection = shaper.shape(&record).unwrap().rejection.unwrap();
    assert_eq!(rejection.property.as_deref(), Some("c_users"));
    assert!(rejection.message.contains("\"C++ users\" and \"C# users\""), "{}", rejection.message);
    assert!(!rejection.redacted_message().contains("C#"), "{}", rejection.redacted_message());
}

#[test]
fn a_new_audience_asks_for_a_property_named_after_it() {
    let shaper = &mut shaper(json!({"property_group": "audiences"}));
    let row =
        |status: Value| json!({"email": "a@example.com", "audience": "Spring Sale '26", "status": status});
    assert_eq!(settled(shaper, row(json!(""))), sent(json!({})));
    let new = asked(shaper, row(json!(true)));
    assert_eq!((new.name.as_str(), new.label.as_str()), ("spring_sale_26", "Spring Sale '26"));
    assert_eq!((new.kind, new.group.name()), (NewKind::Truth, "audiences"));
    assert_eq!(asked(shaper, row(json!("entered"))).kind, NewKind::Text);
    assert_eq!(asked(shaper, row(json!(5))).kind, NewKind::Text);
    shaper.learn(&new.name, Made::There(Box::new(new.definition())));
    assert_eq!(settled(shaper, row(json!(false))), sent(json!({"spring_sale_26": "false"})));

    let other = json!({"email": "a@example.com", "audience": "Gone", "status": true});
    assert_eq!(asked(shaper, other.clone()).name, "gone");
    shaper.learn("gone", Made::Archived);
    assert_eq!(settled(shaper, other), refused("PROPERTY_DOESNT_EXIST"));
}

#[test]
fn a_declared_truth_value_makes_a_checkbox_whatever_comes_first() {
    let schema = json!({"stream": {"json_schema": {"properties": {
        "email": {}, "audience": {}, "Status": {"type": ["null", "boolean"]}}}}});
    let mut shaper = AudienceShaper::new(plan(schema, json!({})).unwrap());
    let new = asked(&mut shaper, json!({"email": "a@example.com", "audience": "x", "Status": "true"}));
    assert_eq!(new.kind, NewKind::Truth);
    assert!(shaper.plan.notices.is_empty());
}

#[test]
fn every_record_names_a_contact_and_an_audience() {
    let shaper = &mut shaper(json!({}));
    for (data, code) in [
        (json!({"audience": "vip", "status": true}), "MISSING_MATCHING_KEY"),
        (json!({"email": null, "audience": "vip", "status": true}), "MISSING_MATCHING_KEY"),
        (json!({"email": "nobody", "audience": "vip", "status": true}), "INVALID_EMAIL"),
        (json!({"email": "a@example.com", "status": true}), "MISSING_REQUIRED_PROPERTY"),
        (json!({"email": "a@example.com", "audience": " ", "status": true}), "MISSING_REQUIRED_PROPERTY"),
        (json!({"email": "a@example.com", "audience": ["vip"], "status": true}), "INVALID_RECORD"),
        (json!([1]), "INVALID_RECORD"),
    ] {
        assert_eq!(settled(shaper, data.clone()), refused(code), "{data}");
    }
    let twice = json!({"email": "a@example.com", "audience": "vip", "AUDIENCE": "plan"});
    assert_eq!(settled(shaper, twice), refused("CONFLICT"), "two audiences");
}

#[test]
fn nulls_empty_texts_and_bad_statuses_follow_the_policies() {
    let row = |audience: &str, status: Value| json!({"email": "a@example.com", "audience": audience, "status": status});
    let mut keeping = shaper(json!({"empty_strings": "ignore"}));
    for status in [Value::Null, json!("")] {
        assert_eq!(settled(&mut keeping, row("plan", status)), sent(json!({})));
    }
    assert_eq!(settled(&mut keeping, json!({"email": "a@example.com", "audience": "plan"})), sent(json!({})));
    let mut clearing = shaper(json!({"null_values": "clear", "invalid_values": "drop_property"}));
    for status in [Value::Null, json!("")] {
        assert_eq!(settled(&mut clearing, row("plan", status)), sent(json!({"plan": ""})));
    }
    for _ in 0..2 {
        assert_eq!(settled(&mut clearing, row("vip", json!("perhaps"))), sent(json!({})));
    }
    assert_eq!(clearing.take_notices().len(), 1);
}

#[test]
fn contacts_may_be_named_otherwise() {
    let mut by_code = shaper(json!({"matching_key": "code", "property_mapping": {"segment": "audience"}}));
    let row = json!({"code": "c1", "segment": "vip", "status": true});
    assert_eq!(settled(&mut by_code, row), Ok(("c1".to_owned(), json!({"vip": "true"}))));
    assert_eq!(by_code.plan.operation, crate::engine::operation::Operation::Upsert);
    let by_id = plan(json!({"stream": {}}), json!({"matching_key": "hs_object_id"})).unwrap();
    assert!(matches!(by_id.operation, crate::engine::operation::Operation::Update(_)));
    let nobody = json!({"stream": {"json_schema": {"properties": {"audience": {}, "status": {}}}}});
    assert!(plan(nobody, json!({})).unwrap().notices[0].contains("declares no column \"email\""));
}

#[test]
fn a_status_can_only_be_set() {
    let to = |mode: &str, object: Option<&str>, settings: Value| {
        let stream = json!({"stream": {}, "destination_sync_mode": mode, "destination_object_name": object});
        plan(stream, settings)
    };
    for mode in ["append", "append_dedup"] {
        assert!(to(mode, Some("AUDIENCE"), json!({})).unwrap().notices.is_empty());
    }
    for mode in ["update", "soft_delete", "overwrite"] {
        assert!(to(mode, Some("AUDIENCE"), json!({})).is_err());
        assert_eq!(to(mode, None, json!({})).unwrap().notices.len(), 1, "{mode}");
    }
    assert!(to("append", None, json!({"operation": "archive"})).is_err());
}

#[test]
fn statuses_are_written_as_the_user_listed_them() {
    let row = |audience: &str, status: Value| json!({"email": "a@example.com", "audience": audience, "status": status});
    let statuses = json!({"audience_statuses": {"realized": "Member", "exited": "", "true": "Yes"}});
    let shaper = &mut shaper(statuses);
    for (status, written) in [
        (json!(" realized "), json!({"plan": "Member"})),
        (json!("existing"), json!({"plan": "existing"})),
        (json!("Realized"), json!({"plan": "Realized"})),
        (json!("exited"), json!({"plan": ""})),
        (json!(true), json!({"plan": "Yes"})),
        (json!(null), json!({})),
    ] {
        assert_eq!(settled(shaper, row("plan", status.clone())), sent(written), "{status}");
    }
    assert_eq!(
        settled(shaper, row("vip", json!(true))),
        sent(json!({"vip": "true"})),
        "by the option's label"
    );
    assert_eq!(settled(shaper, row("vip", json!("realized"))), refused("INVALID_OPTION"));
    assert_eq!(asked(shaper, row("new", json!(true))).kind, NewKind::Text);
}

#[test]
fn statuses_that_are_all_true_or_false_make_a_checkbox() {
    let statuses = json!({"audience_statuses": {"realized": "true", "exited": "false"}});
    let shaper = &mut shaper(statuses);
    let row = json!({"email": "a@example.com", "audience": "new", "status": "realized"});
    let new = asked(shaper, row.clone());
    assert_eq!(new.kind, NewKind::Truth);
    shaper.learn("new", Made::There(Box::new(new.definition())));
    assert_eq!(settled(shaper, row), sent(json!({"new": "true"})));
}
