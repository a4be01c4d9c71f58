//! Records that name lists: what is asked for, remembered, refused.

use serde_json::{Value, json};

use super::*;
use crate::config::Config;
use crate::crm::list::ProcessingType;
use crate::crm::object::ObjectType;
use crate::engine::membership::Action::{Add, Remove};
use crate::error::Failure;
use crate::json::Object;
use crate::plan::first_names::FirstNames;
use crate::protocol::catalog::ConfiguredCatalog;

fn plan(mut stream: Value, mut settings: Value) -> Result<NamedListPlan, Failure> {
    settings["name"] = json!("s");
    let config = json!({"credentials": {"type": "AccessToken", "access_token": "t"}, "streams": [settings]});
    let config = Config::from_json(config.to_string()).unwrap();
    stream["stream"]["name"] = json!("s");
    let catalog = ConfiguredCatalog::from_json(&json!({"streams": [stream]}).to_string()).unwrap();
    let properties = json!([{"name": "email", "type": "string"}, {"name": "code", "type": "string", "hasUniqueValue": true}]);
    let properties: Vec<Property> = serde_json::from_value(properties).unwrap();
    let contact = ObjectType::standard("0-1").unwrap();
    let names = FirstNames::of_lists();
    NamedListPlan::new(&catalog.streams[0], config.stream(None, "s"), &contact, &properties, &names)
}

fn shaper(settings: Value) -> NamedListShaper {
    NamedListShaper::new(plan(json!({"stream": {}}), settings).unwrap())
}

/// The key, the list and the action; or code and property of the rejection.
type Outcome = Result<(String, String, Action), (String, String)>;

fn shape(shaper: &mut NamedListShaper, data: &Value) -> Result<(Outcome, u64), Unshaped> {
    let data = data.to_string();
    let record = RecordMessage {
        stream: "s".into(),
        namespace: None,
        data: Object::of(&data),
        meta: Some(r#"{"changes":[{"field":"List Name","change":"NULLED"}]}"#),
        emitted_at: None,
    };
    let shaped = shaper.shape(&record)?;
    let outcome = match shaped.rejection {
        Some(rejection) => Err((rejection.code.into_owned(), rejection.property.unwrap_or_default())),
        None => {
            let members = [b"{", shaped.body.properties(), b"}"].concat();
            let asked: Membership<'_> = serde_json::from_slice(&members).unwrap();
            Ok((shaped.body.key().unwrap().to_owned(), asked.list.into_owned(), asked.action))
        }
    };
    Ok((outcome, shaped.body.key_hash()))
}

fn settled(shaper: &mut NamedListShaper, data: Value) -> Outcome {
    shape(shaper, &data).unwrap().0
}

fn asked(shaper: &mut NamedListShaper, data: Value) -> ListRequest {
    match shape(shaper, &data) {
        Err(Unshaped::UnknownList(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn list(id: &str) -> List {
    serde_json::from_value(json!({"listId": id, "objectTypeId": "0-1", "processingType": "MANUAL"})).unwrap()
}

fn done(list: &str, action: Action) -> Outcome {
    Ok(("a@x.com".to_owned(), list.to_owned(), action))
}

fn refused(code: &str, property: &str) -> Outcome {
    Err((code.to_owned(), property.to_owned()))
}

#[test]
fn a_list_is_asked_for_once_whoever_names_it() {
    let shaper = &mut shaper(json!({}));
    let by_id = |action: Value| json!({"email": " A@x.com", "listId": 7.0, "action": action});
    let request = asked(shaper, by_id(json!("add")));
    assert_eq!(request.name, ListName::Id("7".to_owned()));
    shaper.learn(&request, FoundList::There(list("7")));
    for (action, expected) in
        [(json!(null), Add), (json!(" Add "), Add), (json!("REMOVE"), Remove), (json!("remove"), Remove)]
    {
        assert_eq!(settled(shaper, by_id(action.clone())), done("7", expected), "{action}");
    }
    for action in [json!(""), json!("delete"), json!(1), json!(true), json!(["add"])] {
        assert_eq!(settled(shaper, by_id(action.clone())), refused("INVALID_OPTION", "action"), "{action}");
    }
    let by_name = json!({"email": "a@x.com", "list_name": " VIP ", "listId": ""});
    let request = asked(shaper, by_name.clone());
    assert_eq!((&request.name, request.if_missing), (&ListName::Name("VIP".to_owned()), IfMissing::Create));
    shaper.learn(&request, FoundList::There(list("8")));
    assert_eq!(settled(shaper, by_name), done("8", Add));
    let both = json!({"email": "a@x.com", "list_name": "VIP", "listId": "7"});
    assert_eq!(settled(shaper, both), done("7", Add), "the id counts");
}

#[test]
fn a_name_nobody_has_is_made_for_those_who_join_only() {
    let shaper = &mut shaper(json!({}));
    let row = |action: &str| json!({"email": "a@x.com", "list_name": "New", "action": action});
    let leaving = asked(shaper, row("remove"));
    assert_eq!(leaving.if_missing, IfMissing::Tell);
    shaper.learn(&leaving, FoundList::Missing);
    assert_eq!(settled(shaper, row("remove")), refused("NOT_FOUND", "list_name"));
    let joining = asked(shaper, row("add"));
    assert_eq!(joining.if_missing, IfMissing::Create);
    shaper.learn(&joining, FoundList::There(list("9")));
    assert_eq!(settled(shaper, row("remove")), done("9", Remove));
}

#[test]
fn lists_that_cannot_be_changed_refuse_every_record_that_names_them() {
    let shaper = &mut shaper(json!({}));
    let dynamic = List { processing_type: ProcessingType::Dynamic, ..list("1") };
    let companies = List { object_type_id: "0-2".to_owned(), ..list("2") };
    let outcomes = [
        (FoundList::There(dynamic), "INVALID_OPTION"),
        (FoundList::There(companies), "INVALID_OPTION"),
        (FoundList::Missing, "NOT_FOUND"),
        (FoundList::NameTaken, "INVALID_OPTION"),
        (FoundList::Refused, "INVALID_OPTION"),
    ];
    for (number, (found, code)) in outcomes.into_iter().enumerate() {
        for (column, value) in [("list_id", json!(number + 100)), ("list_name", json!(format!("n{number}")))]
        {
            let row = json!({"email": "a@x.com", column: value});
            let request = asked(shaper, row.clone());
            shaper.learn(&request, found.clone());
            assert_eq!(settled(shaper, row), refused(code, column), "{found:?}");
        }
    }
}

#[test]
fn records_without_member_or_list_are_refused() {
    let shaper = &mut shaper(json!({}));
    for (row, code, property) in [
        (json!({"list_id": 1}), "MISSING_MATCHING_KEY", "email"),
        (json!({"email": null, "list_id": 1}), "MISSING_MATCHING_KEY", "email"),
        (json!({"email": "nobody", "list_id": 1}), "INVALID_EMAIL", "email"),
        (json!({"email": "a@x.com"}), "MISSING_REQUIRED_PROPERTY", "list_id"),
        (
            json!({"email": "a@x.com", "list_id": null, "list_name": " "}),
            "MISSING_REQUIRED_PROPERTY",
            "list_id",
        ),
        (json!({"email": "a@x.com", "list_id": "VIP"}), "INVALID_INTEGER", "list_id"),
        (json!({"email": "a@x.com", "list_name": ["a"]}), "INVALID_RECORD", "list_name"),
        (json!({"email": "a@x.com", "list_name": "x".repeat(1_001)}), "VALUE_TOO_LONG", "list_name"),
    ] {
        assert_eq!(settled(shaper, row.clone()), refused(code, property), "{row}");
    }
    let twice = json!({"email": "a@x.com", "listName": "VIP"});
    assert_eq!(settled(shaper, twice), refused("CONFLICT", "list_name"), "two columns for one thing");
    let nulled = json!({"email": "a@x.com", "List Name": "VIP"});
    let other = &mut self::shaper(json!({}));
    assert_eq!(
        settled(other, nulled),
        refused("MISSING_REQUIRED_PROPERTY", "list_id"),
        "a nulled value is none"
    );
}

#[test]
fn of_names_that_are_one_to_hubspot_the_first_counts_in_every_stream() {
    let (mut one, mut other) = (shaper(json!({})), shaper(json!({})));
    other.plan.names = one.plan.names.clone();
    let row = |name: &str| json!({"email": "a@x.com", "list_name": name});
    let request = asked(&mut one, row("VIP"));
    one.learn(&request, FoundList::There(list("8")));
    assert_eq!(settled(&mut one, row("VIP")), done("8", Add));
    for name in ["vip", " VIP", "Vip\t"] {
        for shaper in [&mut one, &mut other] {
            assert_eq!(settled(shaper, row(name)), refused("CONFLICT", "list_name"), "{name:?}");
        }
    }
    assert_eq!(asked(&mut other, row("VIP")), request);
    let by_id = json!({"email": "a@x.com", "list_name": "vip", "list_id": 8});
    assert_eq!(asked(&mut other, by_id).name, ListName::Id("8".to_owned()), "the id counts");
}

#[test]
fn a_stream_that_removes_does_so_whatever_its_records_say() {
    let shaper = &mut shaper(json!({"operation": "archive"}));
    for action in [json!("add"), json!("whatever"), json!(null)] {
        let row = json!({"email": "a@x.com", "list_id": 1, "action": action});
        if let Err(Unshaped::UnknownList(request)) = shape(shaper, &row) {
            assert_eq!(request.if_missing, IfMissing::Tell);
            shaper.learn(&request, FoundList::There(list("1")));
        }
        assert_eq!(settled(shaper, row), done("1", Remove));
    }
}

#[test]
fn order_is_kept_for_a_member_of_one_list_and_no_further() {
    let shaper = &mut shaper(json!({}));
    let mut hash = |list_id: u64, email: &str| {
        let row = json!({"email": email, "list_id": list_id});
        if let Err(Unshaped::UnknownList(request)) = shape(shaper, &row) {
            shaper.learn(&request, FoundList::There(list(&list_id.to_string())));
        }
        shape(shaper, &row).unwrap().1
    };
    assert_eq!(hash(1, "a@x.com"), hash(1, "A@x.com"));
    assert_ne!(hash(1, "a@x.com"), hash(2, "a@x.com"));
    assert_ne!(hash(1, "a@x.com"), hash(1, "b@x.com"));
}

#[test]
fn what_is_remembered_of_lists_is_bounded() {
    let shaper = &mut shaper(json!({}));
    for number in 0..40_000_u64 {
        let name = ListName::Name(format!("{number:0>100}"));
        let request = ListRequest { name, object_type_id: "0-1".to_owned(), if_missing: IfMissing::Tell };
        shaper.learn(&request, FoundList::Missing);
    }
    assert!(shaper.remembered <= MOST_REMEMBERED && shaper.by_name.len() < 10_000);
    let last = json!({"email": "a@x.com", "list_name": format!("{:0>100}", 39_999), "action": "remove"});
    assert_eq!(settled(shaper, last), refused("NOT_FOUND", "list_name"), "the newest are known");
}

#[test]
fn only_adding_and_removing_are_possible() {
    for operation in ["update", "mirror"] {
        let failure = plan(json!({"stream": {}}), json!({"operation": operation})).unwrap_err();
        assert_eq!(failure.kind, crate::error::Kind::Configuration, "{operation}");
    }
    for mode in ["overwrite", "update"] {
        let stream = json!({
            "stream": {}, "destination_object_name": "LIST_MEMBERSHIP", "destination_sync_mode": mode
        });
        assert!(plan(stream, json!({})).is_err(), "{mode}");
    }
    let plain = plan(json!({"stream": {}, "destination_sync_mode": "overwrite"}), json!({})).unwrap();
    assert_eq!(plain.notices.len(), 1, "told that nobody else leaves");
}
