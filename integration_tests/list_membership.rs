//! Members of the lists that records name: found, made once, changed with few calls, in order.

use std::time::Duration;

use hubspot_sandbox::{
    Endpoint, Fault, FaultAnswer, ListDef, ListNames, Membership, RateLimit, RequestRecord, Sandbox, Scopes,
    When,
};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished};
use crate::support::delivery::{self, email};
use crate::support::messages::{activation_stream, complete, record, stream_state};
use crate::support::sent::writes;

const COLUMNS: [&str; 4] = ["email", "list_id", "list_name", "action"];

fn stream(mode: &str) -> Value {
    let mut stream = activation_stream("s", "LIST_MEMBERSHIP", "email", &COLUMNS);
    stream["destination_sync_mode"] = json!(mode);
    stream
}

/// A connector that sends what it has when the input ends, not before.
fn connector(sandbox: &Sandbox, mode: &str) -> Connector {
    delivery::for_streams(sandbox, &[stream(mode)]).with(&json!({"flush_interval_seconds": 60}))
}

fn messages(rows: &[Value]) -> Vec<Value> {
    let mut messages: Vec<Value> = rows.iter().map(|row| record("s", row.clone())).collect();
    messages.extend([stream_state("s", 1), complete("s")]);
    messages
}

fn run(connector: &Connector, rows: &[Value]) -> Finished {
    let run = connector.write(&messages(rows)).succeeded();
    let (accepted, rejected) = run.stats();
    assert_eq!(accepted + rejected, rows.len() as f64, "{run:#?}");
    run
}

fn people(sandbox: &Sandbox, count: usize) -> Vec<String> {
    (0..count).map(|number| sandbox.insert("contacts", &[("email", &email(number))])).collect()
}

fn members(sandbox: &Sandbox, list: &str) -> Vec<String> {
    sandbox.list(list).expect("the list is there").members
}

fn sorted(ids: &[String]) -> Vec<String> {
    let mut ids: Vec<String> = ids.to_vec();
    ids.sort_by_key(|id| id.parse::<u64>().expect("a number"));
    ids
}

fn calls(sandbox: &Sandbox, endpoint: Endpoint) -> Vec<Value> {
    let requests = sandbox.requests();
    let calls = requests.iter().filter(|request| request.endpoint == endpoint);
    calls.map(|request| RequestRecord::body(request).unwrap_or_default()).collect()
}

#[test]
fn two_lists_are_changed_with_one_call_each() {
    let sandbox = delivery::account()
        .list(ListDef::manual("VIP", "contacts").id(7))
        .list(ListDef::manual("Press", "contacts").id(8))
        .start();
    let ids = people(&sandbox, 40);
    let old: Vec<&str> = ids[..20].iter().map(String::as_str).collect();
    sandbox.set_list_members("7", &old);
    sandbox.set_list_members("8", &old);
    let rows: Vec<Value> = (0..40)
        .flat_map(|number| {
            let action = if number < 20 { "Remove" } else { "ADD" };
            [
                json!({"email": email(number), "list_id": "7", "list_name": "no matter", "action": action}),
                json!({"email": email(number), "list_id": null, "list_name": "press", "action": action}),
            ]
        })
        .collect();
    let run = run(&connector(&sandbox, "append_dedup"), &rows);
    assert_eq!(run.codes(), [""; 0]);
    for list in ["7", "8"] {
        assert_eq!(members(&sandbox, list), sorted(&ids[20..]));
    }
    assert_eq!(calls(&sandbox, Endpoint::MembersAddAndRemove).len(), 2);
    assert_eq!(calls(&sandbox, Endpoint::ListRead).len(), 1, "each list is looked up once");
    assert_eq!(calls(&sandbox, Endpoint::ListByName).len(), 1);
    assert_eq!(calls(&sandbox, Endpoint::Read).len(), 1, "forty addresses are asked for once");
}

#[test]
fn the_changes_of_one_member_take_effect_in_their_order() {
    let sandbox = delivery::account()
        .list(ListDef::manual("VIP", "contacts").id(7))
        .list(ListDef::manual("Press", "contacts").id(8))
        .start();
    let ids = people(&sandbox, 2);
    let turns = |person: usize, list: u64, last: &str| {
        let other = if last == "add" { "remove" } else { "add" };
        let row = move |action: &str| json!({"email": email(person), "list_id": list, "action": action});
        [row(last), row(other), row(last)]
    };
    let mut rows: Vec<Value> = Vec::new();
    rows.extend(turns(0, 7, "add"));
    rows.extend(turns(1, 7, "remove"));
    rows.extend(turns(0, 8, "remove"));
    rows.extend(turns(1, 8, "add"));
    let run = run(&connector(&sandbox, "append"), &rows);
    assert_eq!(run.codes(), [""; 0]);
    assert_eq!(
        (members(&sandbox, "7"), members(&sandbox, "8")),
        (vec![ids[0].clone()], vec![ids[1].clone()])
    );
    let changes: Vec<Membership> = sandbox
        .member_changes("7")
        .into_iter()
        .filter(|change| change.record == ids[0])
        .map(|c| c.membership)
        .collect();
    assert_eq!(changes, [Membership::Joined, Membership::Left, Membership::Joined]);
}

#[test]
fn a_missing_list_is_made_once_and_told_by_its_id() {
    let sandbox = delivery::account().start();
    let ids = people(&sandbox, 5);
    let rows: Vec<Value> =
        (0..5).map(|number| json!({"email": email(number), "list_name": " Spring / Ünï "})).collect();
    let connector = connector(&sandbox, "append_dedup");
    let first = run(&connector, &rows);
    assert_eq!(first.codes(), [""; 0]);
    let list = sandbox.list("Spring / Ünï").expect("the list was made");
    assert_eq!((list.object_type.as_str(), list.members), ("0-1", sorted(&ids)));
    let created = calls(&sandbox, Endpoint::ListCreate);
    assert_eq!(created, [json!({"name": "Spring / Ünï", "objectTypeId": "0-1", "processingType": "MANUAL"})]);
    assert!(first.logs().iter().any(|log| log.contains(&format!("the list {}", list.id))), "{first:#?}");
    assert!(first.logs().iter().all(|log| !log.contains("Spring")), "no record value in the log: {first:#?}");
    run(&connector, &rows[..1]);
    assert_eq!(calls(&sandbox, Endpoint::ListCreate).len(), 1, "the next sync finds it");
}

#[test]
fn a_list_that_somebody_makes_meanwhile_or_whose_answer_is_lost_is_found() {
    for fault in [
        Fault::on(Endpoint::ListCreate).first(1).answer(FaultAnswer::new(502), When::AfterEffect),
        Fault::on(Endpoint::ListCreate).first(1).close(When::AfterEffect),
        Fault::on(Endpoint::ListCreate).first(1).status(503),
        Fault::on(Endpoint::ListByName).first(1).status(500),
        // Nobody has the name when it is asked for; then somebody does.
        Fault::on(Endpoint::ListByName).first(1).status(404),
    ] {
        let is_there = format!("{fault:?}").contains("404");
        let sandbox = delivery::account().fault(fault).start();
        if is_there {
            sandbox.insert_list(&ListDef::manual("VIP", "contacts"));
        }
        let ids = people(&sandbox, 3);
        let rows: Vec<Value> =
            (0..3).map(|number| json!({"email": email(number), "list_name": "VIP"})).collect();
        let run = run(&connector(&sandbox, "append"), &rows);
        assert_eq!(run.codes(), [""; 0]);
        assert_eq!(sandbox.lists().len(), 1);
        assert_eq!(members(&sandbox, "VIP"), sorted(&ids));
    }
}

#[test]
fn lists_that_cannot_be_changed_reject_the_records_that_name_them() {
    let sandbox = delivery::account()
        .list(ListDef::manual("VIP", "contacts").id(7))
        .list(ListDef::dynamic("Rule", "contacts").id(8))
        .list(ListDef::manual("Firms", "companies").id(9))
        .list(ListDef::manual("Gone", "contacts").id(10))
        .start();
    sandbox.delete_list("10");
    let ids = people(&sandbox, 1);
    let cases = [
        (json!({"list_id": "7"}), "", ""),
        (json!({"list_id": "8"}), "INVALID_OPTION", "list_id"),
        (json!({"list_name": "Rule"}), "INVALID_OPTION", "list_name"),
        (json!({"list_id": 9}), "INVALID_OPTION", "list_id"),
        (json!({"list_name": "Firms"}), "INVALID_OPTION", "list_name"),
        (json!({"list_id": "10"}), "NOT_FOUND", "list_id"),
        (json!({"list_id": "4711"}), "NOT_FOUND", "list_id"),
        (json!({"list_name": "Nowhere", "action": "remove"}), "NOT_FOUND", "list_name"),
        (json!({"list_id": "7", "action": "drop"}), "INVALID_OPTION", "action"),
        (json!({}), "MISSING_REQUIRED_PROPERTY", "list_id"),
    ];
    let mut rows: Vec<Value> = cases.iter().map(|(row, ..)| row.clone()).collect();
    for row in &mut rows {
        row["email"] = json!(email(0));
    }
    let run = run(&connector(&sandbox, "append_dedup"), &rows);
    let told: Vec<(&str, &str)> = run
        .rejected()
        .into_iter()
        .map(|record| {
            let rejection = &record["meta"]["rejection"];
            (rejection["code"].as_str().expect("a code"), rejection["property"].as_str().unwrap_or_default())
        })
        .collect();
    let expected: Vec<(&str, &str)> = cases
        .iter()
        .filter(|(_, code, _)| !code.is_empty())
        .map(|(_, code, property)| (*code, *property))
        .collect();
    assert_eq!(told, expected);
    assert_eq!(members(&sandbox, "7"), ids);
    assert_eq!(sandbox.lists().len(), 3, "nothing was made for a removal, or beside a taken name");
}

#[test]
fn a_soft_delete_removes_whatever_the_action_says() {
    let sandbox = delivery::account().list(ListDef::manual("VIP", "contacts").id(7)).start();
    let ids = people(&sandbox, 3);
    sandbox.set_list_members("7", &ids.iter().map(String::as_str).collect::<Vec<_>>());
    let rows = [
        json!({"email": email(0), "list_id": "7", "action": "add"}),
        json!({"email": email(1), "list_name": "VIP", "action": "whatever"}),
    ];
    let run = run(&connector(&sandbox, "soft_delete"), &rows);
    assert_eq!(run.codes(), [""; 0]);
    assert_eq!(members(&sandbox, "7"), [ids[2].clone()]);
}

#[test]
fn what_lists_do_not_have_and_tokens_may_not_do_is_refused_before_anything_is_written() {
    let contacts = "crm.objects.contacts.read";
    let sandbox = delivery::account()
        .token("pat-na1-listless", Scopes::only(&[contacts, "crm.schemas.contacts.read"]))
        .start();
    people(&sandbox, 1);
    let rows = [json!({"email": email(0), "list_name": "VIP"})];
    for mode in ["overwrite", "update"] {
        connector(&sandbox, mode).write(&messages(&rows)).failed_with("config_error");
    }
    let token = json!({"credentials": {"type": "AccessToken", "access_token": "pat-na1-listless"}});
    let listless = connector(&sandbox, "append").with(&token);
    let run = listless.write(&messages(&rows)).failed_with("config_error");
    assert!(run.error()["message"].as_str().is_some_and(|text| text.contains("crm.lists.read")), "{run:#?}");
    assert!(writes(&sandbox).is_empty());
}

#[test]
fn no_more_lists_are_made_than_allowed() {
    let sandbox = delivery::account().start();
    people(&sandbox, 3);
    let rows: Vec<Value> = (0..3)
        .map(|number| json!({"email": email(number), "list_name": format!("Segment {number}")}))
        .collect();
    let connector = connector(&sandbox, "append").with(&json!({"create_limit": 2}));
    let run = connector.write(&messages(&rows)).failed_with("config_error");
    assert!(run.error()["message"].as_str().is_some_and(|text| text.contains("create_limit")), "{run:#?}");
    assert_eq!(sandbox.lists().len(), 2);
    assert!(run.states().is_empty(), "the third record has not settled: {run:#?}");
}

#[test]
fn a_dry_run_counts_the_lists_it_would_make_and_makes_none() {
    let sandbox = delivery::account().list(ListDef::manual("VIP", "contacts").id(7)).start();
    people(&sandbox, 2);
    let rows = [
        json!({"email": email(0), "list_name": "New"}),
        json!({"email": email(1), "list_name": "New", "action": "remove"}),
        json!({"email": email(1), "list_id": "7"}),
        json!({"email": "nobody@example.com", "list_id": "7"}),
    ];
    let connector = connector(&sandbox, "append").with(&json!({"dry_run": true}));
    let run = connector.write(&messages(&rows)).succeeded();
    assert_eq!(run.codes(), ["NOT_FOUND"]);
    let made = run.logs().into_iter().find(|log| log.starts_with("Dry run: would be created in HubSpot"));
    assert!(made.is_some_and(|log| log.contains(": 1 (")), "{run:#?}");
    assert!(writes(&sandbox).is_empty());
    assert_eq!(sandbox.lists().len(), 1);
}

#[test]
fn many_lists_are_changed_through_trouble() {
    let sandbox = delivery::account()
        .fault(Fault::on(Endpoint::MembersAddAndRemove).every(3).status(503))
        .fault(Fault::on(Endpoint::ListRead).every(4).status(500))
        .start();
    let lists: Vec<String> = (0..8)
        .map(|number| sandbox.insert_list(&ListDef::manual(&format!("L{number}"), "contacts")))
        .collect();
    people(&sandbox, 16);
    // Everybody joins one list, again and again, and leaves it at last.
    let rows: Vec<Value> = (0..144)
        .map(|turn| {
            let action = if turn < 96 { "add" } else { "remove" };
            json!({"email": email(turn % 16), "list_id": lists[turn % 8], "action": action})
        })
        .collect();
    let run = run(&connector(&sandbox, "append_dedup"), &rows);
    assert_eq!(run.codes(), [""; 0]);
    for list in &lists {
        assert_eq!(members(&sandbox, list), [""; 0]);
        assert!(!sandbox.member_changes(list).is_empty());
    }
}

#[test]
fn names_that_hubspot_takes_for_one_list_are_never_blended() {
    let sandbox = delivery::account().start();
    people(&sandbox, 6);
    let names = ["VIP", "vip", " VIP", "Vip ", "VIP", "other"];
    let rows: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(number, name)| json!({"email": email(number), "list_name": name}))
        .collect();
    let run = run(&connector(&sandbox, "append_dedup"), &rows);
    assert_eq!((run.stats(), run.codes()), ((3.0, 3.0), vec!["CONFLICT"; 3]));
    let reason = run.rejected()[0]["meta"]["rejection"].clone();
    let message = reason["message"].as_str().unwrap();
    assert!(message.contains("\"VIP\"") && message.contains("\"vip\""), "{message}");
    assert_eq!(reason["property"], "list_name");
    assert_eq!((members(&sandbox, "VIP").len(), members(&sandbox, "other").len()), (2, 1));
    assert_eq!(calls(&sandbox, Endpoint::ListCreate).len(), 2);
}

#[test]
fn a_list_is_found_in_another_letter_case_whether_or_not_the_call_by_name_minds_it() {
    for (version, names) in
        [("v3", ListNames::InAnyCase), ("v3", ListNames::Exact), ("2026-03", ListNames::Exact)]
    {
        let sandbox = delivery::account()
            .list(ListDef::manual("Very Important People", "contacts").id(7))
            .list(ListDef::manual("very important", "contacts").id(8))
            .list(ListDef::manual("Companies", "companies").id(9))
            .list_names(names)
            .start();
        let ids = people(&sandbox, 2);
        let connector = connector(&sandbox, "append_dedup").with(&json!({ "api_version": version }));
        let row = |number: usize, name: &str| json!({"email": email(number), "list_name": name});
        let named = "VERY important people";
        let run = run(&connector, &[row(0, named), row(1, named), row(1, "companies")]);
        assert_eq!(run.codes(), ["INVALID_OPTION"], "{version} {names:?}: a list of other records");
        assert_eq!(members(&sandbox, "Very Important People"), sorted(&ids), "{version} {names:?}");
        assert_eq!(sandbox.lists().len(), 3, "none was made");
    }
}

#[test]
fn looking_for_lists_takes_its_places_in_the_window_and_is_counted() {
    let window = RateLimit { max: 20, interval: Duration::from_millis(500), enforced: true };
    let sandbox = delivery::account().rate_limit(window).start();
    people(&sandbox, 40);
    let rows: Vec<Value> = (0..40)
        .map(|number| json!({"email": email(number), "list_name": format!("List {number}")}))
        .collect();
    let connector = connector(&sandbox, "append").with(&json!({"rate_limit_share": 50}));
    let run = run(&connector, &rows);
    assert_eq!(run.stats(), (40.0, 0.0));
    let requests = sandbox.requests();
    let looked_for = |endpoint| requests.iter().filter(|request| request.endpoint == endpoint).count();
    assert!(looked_for(Endpoint::ListByName) >= 40 && looked_for(Endpoint::ListCreate) == 40);
    // From the first look on, no window holds more than the share; before it, nothing is held back.
    let first = requests.iter().position(|request| request.endpoint == Endpoint::ListByName).expect("a look");
    let moments: Vec<Duration> = requests[first..].iter().map(|request| request.arrived_at).collect();
    let most = moments.iter().map(|begin| {
        moments.iter().filter(|moment| **moment >= *begin && **moment < *begin + window.interval).count()
    });
    assert!(most.max().is_some_and(|most| most <= 10), "{moments:?}");
    assert!(requests.iter().all(|request| request.status != Some(429)));
    let report =
        run.logs().into_iter().find(|log| log.starts_with(r#"{"sync_report":"#)).expect("the report");
    let report: Value = serde_json::from_str(report).expect("JSON");
    let report = &report["sync_report"];
    assert_eq!(report["calls"], json!(requests.len()), "{report}");
    let of_stream = report["streams"][0]["calls"].as_u64().expect("a count");
    assert!(of_stream >= 120, "the looks and what they made are the stream's: {of_stream}");
}
