//! Rows that their source has deleted, as sources that follow a database's log announce them.

use hubspot_sandbox::{EventDef, ListDef, PropertyDef, RateLimit, Sandbox};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished};
use crate::support::delivery::{self, KEY, VALUE, account, email, for_streams};
use crate::support::messages::{activation_stream, complete, elt_stream, record, stream_state};

const WHEN: &str = "2026-11-01T10:00:00Z";

/// A row, and the last one of its kind: the key, nulls, the moment.
fn row(number: usize, city: &str) -> Value {
    json!({"email": email(number), "city": city, "_ab_cdc_lsn": 7, "_ab_cdc_deleted_at": null})
}

fn gone(number: usize) -> Value {
    json!({"email": email(number), "city": null, "_ab_cdc_lsn": 9, "_ab_cdc_deleted_at": WHEN})
}

fn contacts(sandbox: &Sandbox, more: &Value) -> Connector {
    let columns = ["email", "city", "firstname", "_ab_cdc_lsn", "_ab_cdc_deleted_at"];
    for_streams(sandbox, &[elt_stream("contacts", &columns)]).with(more)
}

fn write(connector: &Connector, stream: &str, rows: &[Value]) -> Finished {
    let mut messages: Vec<Value> = rows.iter().map(|row| record(stream, row.clone())).collect();
    messages.push(stream_state(stream, 1));
    messages.push(complete(stream));
    let run = connector.write(&messages).succeeded();
    let (accepted, rejected) = run.stats();
    assert_eq!(accepted + rejected, rows.len() as f64, "{run:#?}");
    run
}

fn cities(sandbox: &Sandbox) -> Vec<(String, String)> {
    delivery::stored(sandbox, "contacts", "email", "city").into_iter().collect()
}

fn expected(rows: &[(usize, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(number, city)| (email(*number), (*city).to_owned())).collect()
}

/// How often rows were told to be skipped, and how many the report says there were.
fn skipped(run: &Finished) -> (usize, u64) {
    let told = run.logs().iter().filter(|text| text.contains("they are skipped")).count();
    let reports = run.logs().into_iter().filter_map(|text| serde_json::from_str::<Value>(text).ok());
    let streams = reports.flat_map(|report| report["sync_report"]["streams"].as_array().cloned());
    let counts = streams.flatten().filter_map(|stream| stream["skipped"].as_u64());
    (told, counts.sum())
}

#[test]
fn they_change_nothing_by_default_and_are_told_once() {
    let sandbox = account().start();
    sandbox.insert("contacts", &[("email", &email(1)), ("city", "Kept")]);
    let connector = contacts(&sandbox, &json!({"null_values": "clear"}));
    let run = write(&connector, "contacts", &[gone(1), gone(2), row(3, "Oslo"), gone(3)]);
    assert_eq!((run.stats(), skipped(&run)), ((4.0, 0.0), (1, 3)));
    assert_eq!(cities(&sandbox), expected(&[(1, "Kept"), (3, "Oslo")]));
}

#[test]
fn they_are_seen_undeclared_mapped_and_beside_fields_that_were_nulled_on_the_way() {
    let sandbox = account().start();
    let mapped = json!({"streams": [{"name": "s", "object": "CONTACT",
        "property_mapping": {"mail": "email", "_ab_cdc_deleted_at": "city"}}]});
    let connector = for_streams(&sandbox, &[elt_stream("s", &["mail"])]).with(&mapped);
    let mut nulled = record("s", json!({"mail": email(1), "phone": null, "_ab_cdc_deleted_at": WHEN}));
    nulled["record"]["meta"] = json!({"changes": [{"field": "phone", "change": "NULLED", "reason": "X"}]});
    let messages = [
        record("s", json!({"mail": email(2), "_ab_cdc_deleted_at": null})),
        nulled,
        record("s", json!({"_ab_cdc_deleted_at": WHEN, "mail": email(3)})),
    ];
    let run = connector.write(&messages).succeeded();
    assert_eq!(skipped(&run), (1, 2));
    assert_eq!(cities(&sandbox), expected(&[(2, "")]));
}

#[test]
fn archived_records_go_in_the_order_of_their_rows() {
    let sandbox = account().start();
    let before = sandbox.insert("contacts", &[("email", &email(0)), ("city", "Before")]);
    sandbox.add_secondary_email(&before, "other@example.com");
    let other = json!({"email": "Other@example.com", "_ab_cdc_deleted_at": WHEN});
    let mut rows = vec![other];
    for number in 1..250 {
        rows.push(row(number, "first"));
        if number % 2 == 0 {
            rows.push(gone(number));
        }
        if number % 4 == 0 {
            rows.push(row(number, "again"));
        }
        if number % 8 == 0 {
            rows.extend([gone(number), gone(number)]);
        }
    }
    rows.push(gone(999));
    for interval in [60.0, 0.0] {
        let more = json!({"deleted_rows": "archive", "flush_interval_seconds": interval});
        let run = write(&contacts(&sandbox, &more), "contacts", &rows);
        assert_eq!((run.codes(), skipped(&run)), (vec![], (0, 0)));
        let left: Vec<(usize, &str)> = (1..250)
            .filter_map(|number| match number {
                _ if number % 2 == 1 => Some((number, "first")),
                _ if number % 4 == 0 && number % 8 != 0 => Some((number, "again")),
                _ => None,
            })
            .collect();
        assert_eq!(cities(&sandbox), expected(&left), "flushed after {interval} s");
    }
}

#[test]
fn records_found_by_search_go_in_order_too_however_late_search_is() {
    let quick = RateLimit { max: 1_000, interval: std::time::Duration::from_millis(100), enforced: false };
    let sandbox = account().search_limit(quick).start();
    for domain in ["old.example", "back.example"] {
        sandbox.insert("companies", &[("domain", domain), ("name", "Old")]);
    }
    sandbox.set_search_index_lag(1_000);
    let settings = json!({"streams": [
        {"name": "companies", "matching_key": "domain", "match": "search", "deleted_rows": "archive"}]});
    let connector = for_streams(&sandbox, &[elt_stream("companies", &["domain", "name"])]).with(&settings);
    let named = |domain: &str, name: &str| json!({"domain": domain, "name": name});
    let gone = |domain: &str| json!({"domain": domain, "name": null, "_ab_cdc_deleted_at": WHEN});
    let rows = [
        named("new.example", "New"),
        gone("new.example"),
        gone("old.example"),
        gone("back.example"),
        named("back.example", "Back"),
        named("again.example", "One"),
        gone("again.example"),
        named("again.example", "Two"),
        gone("never.example"),
    ];
    let run = write(&connector, "companies", &rows);
    assert_eq!(run.codes(), [""; 0]);
    let left = delivery::stored(&sandbox, "companies", "domain", "name");
    let expected = [("again.example", "Two"), ("back.example", "Back")];
    assert_eq!(left, expected.map(|(domain, name)| (domain.to_owned(), name.to_owned())).into());
}

#[test]
fn what_is_only_updated_is_archived_by_the_key_it_is_updated_by() {
    let sandbox = account().start();
    let key = |code: &str| sandbox.insert("cars", &[(KEY, code), (VALUE, "Old")]);
    let ids = ["a", "b", "c"].map(key);
    let gone = |key: &str, value: &str| json!({key: value, VALUE: null, "_ab_cdc_deleted_at": WHEN});
    for (name, rows) in [
        (KEY, [json!({KEY: "a", VALUE: "New"}), gone(KEY, "b"), gone(KEY, "nobody")]),
        (
            "hs_object_id",
            [
                json!({"hs_object_id": ids[0], VALUE: "Newer"}),
                gone("hs_object_id", &ids[2]),
                gone("hs_object_id", "4711"),
            ],
        ),
    ] {
        let mut stream = activation_stream("cars", "cars", name, &[name, VALUE]);
        stream["destination_sync_mode"] = json!("update");
        let connector = for_streams(&sandbox, &[stream]).with(&json!({"deleted_rows": "archive"}));
        assert_eq!(write(&connector, "cars", &rows).codes(), [""; 0], "{name}");
    }
    let left = delivery::stored(&sandbox, "cars", KEY, VALUE);
    assert_eq!(left.into_iter().collect::<Vec<_>>(), [("a".to_owned(), "Newer".to_owned())]);
}

#[test]
fn they_are_rejected_or_written_where_that_is_chosen() {
    let sandbox = account().start();
    let rejecting = contacts(&sandbox, &json!({"deleted_rows": "reject"}));
    let run = write(&rejecting, "contacts", &[row(1, "Oslo"), gone(1), gone(2)]);
    assert_eq!((run.codes(), run.stats()), (vec!["DELETED_ROW"; 2], (1.0, 2.0)));
    assert_eq!(run.rejected()[0]["data"], gone(1));
    assert_eq!(cities(&sandbox), expected(&[(1, "Oslo")]));
    let writing = json!({"deleted_rows": "skip", "streams": [{"name": "contacts", "deleted_rows": "write"}]});
    let run = write(&contacts(&sandbox, &writing), "contacts", &[gone(2)]);
    assert_eq!((run.codes(), skipped(&run)), (vec![], (0, 0)));
    assert_eq!(cities(&sandbox), expected(&[(1, "Oslo"), (2, "")]));
}

#[test]
fn targets_with_nothing_to_archive_skip_them_and_refuse_to_be_asked_for_it() {
    let start = || {
        let bought = EventDef::new("bought").property(PropertyDef::string("city"));
        account()
            .portal_id(77)
            .event_definition(bought)
            .list(ListDef::manual("VIP", "contacts").id(77))
            .start()
    };
    for (object, member) in
        [("LIST:77", json!({})), ("LIST_MEMBERSHIP", json!({"list_id": "77"})), ("EVENT:bought", json!({}))]
    {
        let sandbox = start();
        sandbox.insert("contacts", &[("email", &email(1))]);
        let connector = |deleted: &Value| {
            let mut entry = deleted.clone();
            (entry["name"], entry["object"]) = (json!("s"), json!(object));
            for_streams(&sandbox, &[elt_stream("s", &["email", "list_id"])])
                .with(&json!({"deleted_rows": "archive", "streams": [entry]}))
        };
        let mut row = member.clone();
        (row["email"], row["_ab_cdc_deleted_at"]) = (json!(email(1)), json!(WHEN));
        let run = write(&connector(&json!({})), "s", &[row]);
        assert_eq!((run.stats(), skipped(&run)), ((1.0, 0.0), (1, 1)), "{object}");
        assert_eq!(sandbox.list("77").map(|list| list.members.len()), Some(0), "{object}");
        assert_eq!((sandbox.event_count("bought"), sandbox.count("contacts")), (0, 1), "{object}");

        let asked = connector(&json!({"deleted_rows": "archive"}));
        let refused = asked.write(&[]).failed_with("config_error");
        let message = refused.error()["message"].as_str().expect("a message").to_owned();
        assert!(message.contains("\"deleted_rows\""), "{object}: {message}");
        let check = asked.check();
        let status = &check.of_type("CONNECTION_STATUS")[0]["connectionStatus"];
        assert_eq!(status["status"], "FAILED", "{object}");
        let words = message.split_once(": ").map_or(message.as_str(), |(_, words)| words);
        assert!(status["message"].as_str().is_some_and(|text| text.contains(words)), "{object}: {status}");
    }
}

#[test]
fn operations_that_take_away_take_them_like_any_other() {
    let sandbox = account().list(ListDef::manual("VIP", "contacts").id(77)).start();
    let ids = [1, 2].map(|number| sandbox.insert("contacts", &[("email", &email(number))]));
    sandbox.set_list_members("77", &[&ids[0], &ids[1]]);
    let deleting = |object: &str| {
        let mut stream = activation_stream("s", object, "email", &["email"]);
        stream["destination_sync_mode"] = json!("soft_delete");
        for_streams(&sandbox, &[stream])
    };
    let run = write(&deleting("LIST:77"), "s", &[gone(1)]);
    assert_eq!((run.codes(), skipped(&run)), (vec![], (0, 0)));
    assert_eq!(sandbox.list("77").map(|list| list.members), Some(vec![ids[1].clone()]));
    write(&deleting("CONTACT"), "s", &[gone(2)]);
    assert_eq!(cities(&sandbox), expected(&[(1, "")]));
}
