//! Deleted rows of single streams, and the columns that tell them.

use serde_json::json;

use super::*;
use crate::config::Config;
use crate::crm::object::ObjectType;
use crate::crm::property::Property;
use crate::engine::operation::{MatchedBy, Operation};
use crate::json::{Cursor, Index};
use crate::plan::StreamPlan;
use crate::plan::shape::Shaped;
use crate::plan::stream::Groundwork;
use crate::protocol::catalog::ConfiguredCatalog;
use crate::protocol::message::RecordMessage;

/// The plan of a stream of contacts with these settings, and what becomes of its deleted rows.
fn planned(settings: &serde_json::Value, of_all: DeletedRows) -> (Plan, Result<DeletedRowsOf, Failure>) {
    let mut entry = settings.clone();
    entry["name"] = json!("contacts");
    let credentials = json!({"type": "AccessToken", "access_token": "t"});
    let config =
        Config::from_json(json!({"credentials": credentials, "streams": [entry]}).to_string()).unwrap();
    let catalog = ConfiguredCatalog::from_json(r#"{"streams":[{"stream":{"name":"contacts"}}]}"#).unwrap();
    let property = |name: &str, unique: bool| -> Property {
        let definition = json!({"name": name, "type": "string", "groupName": "g", "hasUniqueValue": unique});
        serde_json::from_value(definition).unwrap()
    };
    let plan = StreamPlan::new(Groundwork {
        config: &config,
        stream: &catalog.streams[0],
        object: &ObjectType::by_type_id("0-1"),
        properties: &[property("email", false), property("city", false), property("number", true)],
        owners: None,
        required: &[],
        associations: &[],
    });
    let plan = Plan::from(plan.unwrap());
    let deleted = DeletedRowsOf::new(&plan, config.stream(None, "contacts"), of_all);
    (plan, deleted)
}

fn deleted(settings: &serde_json::Value, of_all: DeletedRows) -> DeletedRowsOf {
    planned(settings, of_all).1.unwrap()
}

fn shape(shaping: &mut Shaping, data: Object<'_>) -> Shaped {
    let record =
        RecordMessage { stream: "contacts".into(), namespace: None, data, meta: None, emitted_at: None };
    shaping.shape(&record).unwrap()
}

#[test]
fn a_row_is_deleted_where_its_column_says_so_last() {
    for (data, is_deleted) in [
        (r#"{"email":"a@x.yz"}"#, false),
        (r#"{"email":"a@x.yz","_ab_cdc_deleted_at":null}"#, false),
        (r#"{"_ab_cdc_deleted_at":"2026-11-01T10:00:00Z","email":"a@x.yz"}"#, true),
        (r#"{"\u005fab_cdc_deleted_at":1761991200}"#, true),
        (r#"{"_ab_cdc_deleted_at":"x","_ab_cdc_deleted_at":null}"#, false),
        (r#"{"_ab_cdc_deleted_at":null,"_ab_cdc_deleted_at":"x"}"#, true),
        (r#"{"inner":{"_ab_cdc_deleted_at":"x"}}"#, false),
        ("[]", false),
        ("", false),
    ] {
        let mut rows = deleted(&json!({}), DeletedRows::Skip);
        assert_eq!(matches!(rows.row(Object::of(data)), Row::Skipped), is_deleted, "{data}");
    }
}

#[test]
fn what_is_known_of_the_rows_before_changes_nothing() {
    let rows = [
        r#"{"email":"a","_ab_cdc_deleted_at":null,"city":"x"}"#,
        r#"{"email":"a","_ab_cdc_deleted_at":"x","city":"x"}"#,
        r#"{"email":"a"}"#,
        r#"{"email":"a","_ab_cdc_deleted_at":"x"}"#,
        r#"{"email":"a","city":"x"}"#,
        r#"{"email":"a","city":"x","_ab_cdc_deleted_at":"x"}"#,
        r#"{"email":"a","city":"x"}"#,
        r#"{"email":"a","city":"x","_ab_cdc_deleted_at":null}"#,
    ];
    let mut index = Index::default();
    let (mut one, mut other) = (DeletedRowsOf::default(), deleted(&json!({}), DeletedRows::Reject));
    one.becomes = Becomes::Skipped;
    // Two streams share one index, and so its layouts; each sees every other row, then each all of them.
    for number in 0..200_usize {
        let row = rows[(number * 7 + number / 8) % rows.len()];
        let expected = deleted(&json!({}), DeletedRows::Skip).is_deleted(Object::of(row));
        let data = index.read(&mut Cursor::new(row)).unwrap();
        let seen = if number % 3 == 0 { &mut one } else { &mut other };
        assert_eq!(seen.is_deleted(data), expected, "{row}");
    }
}

#[test]
fn deleted_rows_are_treated_as_chosen_for_the_stream_before_all() {
    let row = Object::of(r#"{"email":" A@x.yz ","city":7,"_ab_cdc_deleted_at":"2026-11-01"}"#);
    let mut rows = deleted(&json!({}), DeletedRows::Skip);
    assert!(matches!(rows.row(row), Row::Skipped));
    assert!(rows.take_notice().unwrap().contains("_ab_cdc_deleted_at"));
    assert_eq!(rows.take_notice(), None);
    let mut rows = deleted(&json!({"deleted_rows": "reject"}), DeletedRows::Skip);
    assert!(matches!(rows.row(row), Row::Rejected(rejection) if rejection.code == "DELETED_ROW"));
    let mut rows = deleted(&json!({"deleted_rows": "write"}), DeletedRows::Reject);
    assert!(matches!(rows.row(row), Row::Ordinary));
    let mut rows = deleted(&json!({"operation": "archive"}), DeletedRows::Reject);
    assert!(matches!(rows.row(row), Row::Ordinary));
}

#[test]
fn what_is_archived_is_its_key_alone_in_a_body_that_says_so() {
    let row = Object::of(r#"{"mail":" A@x.yz ","city":{"bad":1},"odd":1,"_ab_cdc_deleted_at":"x"}"#);
    let mapped = json!({"deleted_rows": "archive", "property_mapping": {"mail": "email", "_ab_cdc_deleted_at": "city"}});
    let by_number =
        json!({"matching_key": "number", "property_mapping": {"mail": "number"}, "operation": "update"});
    for (settings, matched_by) in [(mapped, MatchedBy::Email), (by_number, MatchedBy::UniqueProperty)] {
        let (mut plan, rows) = planned(&settings, DeletedRows::Archive);
        let mut rows = rows.unwrap();
        let Row::Archived(shaping) = rows.row(row) else { panic!("{settings}") };
        let Shaped { body, rejection } = shape(shaping, row);
        assert!(rejection.is_none(), "{rejection:?}");
        assert_eq!(body.properties(), b"");
        assert_eq!(body.operation(Operation::Upsert), Operation::Archive(matched_by));
        assert_eq!(body.data(), row.text());
        // Told from the others by nothing but that, the key is the key.
        let ordinary = shape(&mut plan.shaping, Object::of(r#"{"mail":" A@x.yz "}"#)).body;
        assert_eq!((body.key(), body.key_hash()), (ordinary.key(), ordinary.key_hash()));
        assert_eq!(ordinary.operation(Operation::Upsert), Operation::Upsert);
    }
    let mut rows = deleted(&json!({}), DeletedRows::Archive);
    let keyless = Object::of(r#"{"email":null,"_ab_cdc_deleted_at":"x"}"#);
    let Row::Archived(shaping) = rows.row(keyless) else { panic!("not archived") };
    assert_eq!(shape(shaping, keyless).rejection.unwrap().code, "MISSING_MATCHING_KEY");
}

#[test]
fn where_nothing_can_be_archived_it_means_skipped_unless_the_stream_asks_for_it() {
    let insert = json!({"operation": "insert"});
    assert!(matches!(deleted(&insert, DeletedRows::Archive).becomes, Becomes::Skipped));
    let insert = json!({"operation": "insert", "deleted_rows": "archive"});
    let failure = planned(&insert, DeletedRows::Skip).1.unwrap_err();
    assert_eq!(failure.kind, Kind::Configuration);
    let config = json!({
        "credentials": {"type": "AccessToken", "access_token": "t"},
        "streams": [
            {"name": "a", "deleted_rows": "archive"},
            {"name": "b", "deleted_rows": "archive", "operation": "insert"},
        ],
    });
    let config = Config::from_json(config.to_string()).unwrap();
    let object = crate::plan::object::ObjectName::Given("CONTACT");
    assert!(refuse_archiving(TargetName::of(object), &config.streams[0]).is_ok());
    for target in
        [TargetName::List("1"), TargetName::ListMembership, TargetName::Audience, TargetName::Event("e")]
    {
        assert_eq!(refuse_archiving(target, &config.streams[0]).unwrap_err().message, NOTHING_TO_ARCHIVE);
    }
    assert!(refuse_archiving(TargetName::of(object), &config.streams[1]).is_err());
}
