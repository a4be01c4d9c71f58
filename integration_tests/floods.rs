//! Names and members without end: what only records bring is bounded, told in sum, and handled in linear time.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::crm;
use crate::support::delivery::{self, account, for_contacts, for_streams};
use crate::support::messages::{elt_stream, record, stream_state};
use crate::support::sent::properties;

/// A RECORD whose data is this very text.
fn row(data: &str) -> String {
    format!(
        r#"{{"type":"RECORD","record":{{"stream":"contacts","emitted_at":1795290302000,"data":{data}}}}}"#
    ) + "\n"
}

#[test]
fn of_a_member_that_comes_twice_the_last_one_counts_and_goes_out_once() {
    let sandbox = crm::account().start();
    let rows = [
        row(r#"{"email":null,"email":"A@example.com","city":"Rome","city":"Oslo"}"#),
        row(r#"{"email":"no address","\u0065mail":"b@example.com","city":"x","c\u0069ty":null}"#),
        row(r#"{"email":"c@example.com","annualrevenue":"no number","annualrevenue":7,"city":"Ulm"}"#),
        row(r#"{"email":"d@example.com","email":""}"#),
        row(r#"{"email":"e@example.com","city":"Bonn","city":"Köln","city":"Ulm"}"#)
            .replace("\"RECORD\"", "\"LOG\",\"type\":\"\\u0052ECORD\""),
    ];
    let input = rows.concat() + &stream_state("contacts", 1).to_string() + "\n";
    let run = for_streams(&sandbox, &[elt_stream("contacts", &[])]).write_text(&input).succeeded();
    assert_eq!((run.codes(), run.stats()), (vec!["MISSING_MATCHING_KEY"], (4.0, 1.0)), "{run:#?}");
    let mut sent = properties(&sandbox);
    sent.sort_by_key(Value::to_string);
    let expected = [
        json!({"annualrevenue": "7", "city": "Ulm"}),
        json!({"city": "Oslo"}),
        json!({"city": "Ulm"}),
        json!({"email": "b@example.com"}),
    ];
    assert_eq!(sent, expected);
    let bodies = sandbox.requests().into_iter().filter_map(|call| call.body_bytes().map(<[u8]>::to_vec));
    let once = bodies.filter(|body| String::from_utf8_lossy(body).contains("inputs"));
    assert!(once.into_iter().all(|body| String::from_utf8_lossy(&body).matches("Rome").count() == 0));
}

#[test]
fn names_that_only_records_bring_are_bounded_and_told_in_sum() {
    let sandbox = account().light().start();
    let lines: String = (0..3_000)
        .map(|number| {
            row(&format!(r#"{{"email":"{}","city":"Oslo","name {number}":1}}"#, delivery::email(number)))
        })
        .collect();
    let run = for_contacts(&sandbox).write_text(&lines).succeeded();
    assert!(run.rejected().is_empty());
    assert_eq!(sandbox.count("contacts"), 3_000);
    let of_columns = run.logs().into_iter().filter(|log| log.starts_with("Column"));
    assert_eq!(of_columns.count(), 103, "those beside the three declared ones");
    let sums = run.logs().into_iter().filter(|log| log.contains("told one by one"));
    assert_eq!(sums.count(), 1);
}

#[test]
fn a_row_of_many_columns_is_a_matter_of_seconds() {
    let wide: Vec<String> = (0..10_000).map(|number| format!("\"n{number}\":null")).collect();
    let wide = wide.join(",");
    let fields: Vec<Value> =
        (0..4_000).map(|number| json!({"field": format!("n{number}"), "change": "NULLED"})).collect();
    for policy in ["drop", "reject", "create"] {
        let sandbox = account().start();
        let connector = for_contacts(&sandbox).with(&json!({ "unknown_properties": policy }));
        let nulled = record("contacts", json!({"email": "b@example.com"})).to_string();
        let nulled = nulled
            .replace("\"data\":{", &format!("\"meta\":{},\"data\":{{{wide},", json!({ "changes": fields })));
        let input = row(&format!(r#"{{{wide},"email":"a@example.com"}}"#)) + &nulled + "\n";
        let began = Instant::now();
        let run = connector.write_text(&input).succeeded();
        assert!(began.elapsed() < Duration::from_secs(60), "{policy}: {:?}", began.elapsed());
        assert!(run.rejected().is_empty(), "{policy}");
        assert_eq!(sandbox.count("contacts"), 2);
        assert!(run.logs().len() < 300, "{}", run.logs().len());
    }
}

#[test]
fn a_column_beyond_what_is_remembered_is_handled_like_any_other() {
    let wide: Vec<String> = (0..3_000).map(|number| format!("\"n{number}\":null")).collect();
    let wide = wide.join(",");
    let rows = |last: &str| {
        row(&format!(r#"{{{wide},"email":"a@example.com"}}"#))
            + &row(&format!(r#"{{"email":"b@example.com",{last}}}"#))
    };
    let run = |policy: &str, last: &str| {
        let sandbox = account().start();
        let connector = for_contacts(&sandbox).with(&json!({ "unknown_properties": policy }));
        (connector.write_text(&rows(last)), sandbox)
    };
    let (finished, sandbox) = run("drop", r#""n2999":1,"First Name":"Ada""#);
    assert!(finished.succeeded().rejected().is_empty());
    assert_eq!(sandbox.find("contacts", "email", "b@example.com")[0].get("firstname"), Some("Ada"));
    let (finished, _) = run("reject", r#""n2999":1"#);
    assert_eq!(finished.succeeded().codes(), ["PROPERTY_DOESNT_EXIST"]);
    let (finished, sandbox) = run("create", r#""n2999":1"#);
    assert!(finished.succeeded().rejected().is_empty());
    assert_eq!(sandbox.find("contacts", "email", "b@example.com")[0].get("n2999"), Some("1"));
    let (finished, _) = run("drop", r#""firstname":"A","First Name":"B""#);
    assert_eq!(finished.succeeded().codes(), ["CONFLICT"]);
    let (finished, sandbox) = run("create", r#""A B":1,"A-B":2"#);
    assert_eq!(finished.succeeded().codes(), ["CONFLICT"]);
    assert!(
        !sandbox.properties("contacts").iter().any(|property| property.name == "a_b"),
        "nothing is made for it"
    );
}
