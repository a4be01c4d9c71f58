//! Members of one list: added, removed, mirrored, and nobody lost or removed by mistake.

use hubspot_sandbox::{Endpoint, Fault, FaultAnswer, ListDef, Oversize, Sandbox, When};
use serde_json::{Value, json};

use crate::support::connector::Finished;
use crate::support::delivery;
use crate::support::messages::{activation_stream, complete, record, status, stream_state};

const LIST: &str = "77";

fn account() -> Sandbox {
    delivery::account().list(ListDef::manual("VIP", "contacts").id(77)).start()
}

fn person(sandbox: &Sandbox, number: usize) -> String {
    sandbox.insert("contacts", &[("email", &delivery::email(number))])
}

fn stream(mode: &str, key: &str) -> Value {
    let mut stream = activation_stream("s", &format!("LIST:{LIST}"), key, &[key]);
    stream["destination_sync_mode"] = json!(mode);
    if mode == "overwrite" {
        stream["sync_mode"] = json!("full_refresh");
    }
    stream
}

fn messages(rows: &[Value]) -> Vec<Value> {
    let mut messages: Vec<Value> = rows.iter().map(|row| record("s", row.clone())).collect();
    messages.push(stream_state("s", 1));
    messages.push(complete("s"));
    messages
}

fn run(sandbox: &Sandbox, mode: &str, key: &str, rows: &[Value]) -> Finished {
    let run = delivery::for_streams(sandbox, &[stream(mode, key)]).write(&messages(rows)).succeeded();
    let (accepted, rejected) = run.stats();
    assert_eq!(accepted + rejected, rows.len() as f64, "{run:#?}");
    run
}

fn members(sandbox: &Sandbox) -> Vec<String> {
    let mut members = sandbox.list(LIST).expect("the list is there").members;
    members.sort();
    members
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

fn refs(ids: &[String]) -> Vec<&str> {
    ids.iter().map(String::as_str).collect()
}

fn message(run: &Finished) -> &str {
    run.error()["message"].as_str().expect("an error has a message")
}

fn calls(sandbox: &Sandbox, endpoint: Endpoint) -> usize {
    sandbox.requests().iter().filter(|request| request.endpoint == endpoint).count()
}

#[test]
fn members_are_added_by_record_id_with_one_call_and_those_that_do_not_exist_are_named() {
    let sandbox = account();
    let ids: Vec<String> = (0..250).map(|number| person(&sandbox, number)).collect();
    let mut rows: Vec<Value> = ids.iter().map(|id| json!({"hs_object_id": id})).collect();
    rows.push(json!({"hs_object_id": "4711"}));
    rows.push(json!({"hs_object_id": null}));
    let run = run(&sandbox, "append_dedup", "hs_object_id", &rows);
    assert_eq!(members(&sandbox), sorted(ids));
    let mut codes = run.codes();
    codes.sort_unstable();
    assert_eq!(codes, ["MISSING_MATCHING_KEY", "NOT_FOUND"]);
    assert_eq!(calls(&sandbox, Endpoint::MembersAddAndRemove), 1);
    assert_eq!(calls(&sandbox, Endpoint::Read), 0);
}

#[test]
fn members_are_found_by_any_of_their_addresses_a_hundred_a_call() {
    let sandbox = account();
    let ids: Vec<String> = (0..250).map(|number| person(&sandbox, number)).collect();
    sandbox.add_secondary_email(&ids[7], "seven@old.example");
    let mut rows: Vec<Value> =
        (0..250).filter(|number| *number != 7).map(|n| json!({"email": delivery::email(n)})).collect();
    rows.push(json!({"email": " Seven@Old.example "}));
    rows.push(json!({"email": "nobody@example.com"}));
    let run = run(&sandbox, "append", "email", &rows);
    assert_eq!(run.codes(), ["NOT_FOUND"]);
    assert_eq!(run.rejected()[0]["data"]["email"], "nobody@example.com");
    assert_eq!(members(&sandbox), sorted(ids));
    assert_eq!(calls(&sandbox, Endpoint::MembersAddAndRemove), 1);
    assert_eq!(calls(&sandbox, Endpoint::Read), 3);
}

#[test]
fn a_soft_delete_takes_members_off_the_list_and_leaves_the_records_alone() {
    let sandbox = account();
    let ids: Vec<String> = (0..3).map(|number| person(&sandbox, number)).collect();
    sandbox.set_list_members(LIST, &refs(&ids));
    let run = run(&sandbox, "soft_delete", "email", &[json!({"email": delivery::email(1)})]);
    assert_eq!(run.codes(), [""; 0]);
    assert_eq!(members(&sandbox), sorted(vec![ids[0].clone(), ids[2].clone()]));
    assert_eq!(sandbox.count("contacts"), 3);
}

#[test]
fn two_addresses_of_one_member_never_break_a_call() {
    let sandbox = account();
    let ann = person(&sandbox, 1);
    sandbox.add_secondary_email(&ann, "ann@old.example");
    let rows = [json!({"email": delivery::email(1)}), json!({"email": "ann@old.example"})];
    let run = run(&sandbox, "append", "email", &rows);
    assert_eq!(run.codes(), [""; 0]);
    assert_eq!(members(&sandbox), [ann]);
}

#[test]
fn calls_that_fail_before_or_after_they_took_effect_are_repeated() {
    for fault in [
        Fault::on(Endpoint::MembersAddAndRemove).first(2).status(503),
        Fault::on(Endpoint::MembersAddAndRemove).first(1).status(423),
        Fault::on(Endpoint::MembersAddAndRemove).first(1).answer(FaultAnswer::new(502), When::AfterEffect),
        Fault::on(Endpoint::MembersAddAndRemove).first(1).close(When::AfterEffect),
        Fault::on(Endpoint::MembersAddAndRemove).first(1).truncate(),
        Fault::on(Endpoint::Read).first(1).status(500),
    ] {
        let sandbox =
            delivery::account().list(ListDef::manual("VIP", "contacts").id(77)).fault(fault).start();
        let ids: Vec<String> = (0..5).map(|number| person(&sandbox, number)).collect();
        let rows: Vec<Value> = (0..5).map(|number| json!({"email": delivery::email(number)})).collect();
        let run = run(&sandbox, "append", "email", &rows);
        assert_eq!(run.codes(), [""; 0]);
        assert_eq!(members(&sandbox), sorted(ids));
    }
}

#[test]
fn a_batch_that_is_too_large_is_sent_in_parts() {
    for refusal in [Oversize::TooLarge, Oversize::BadRequest] {
        let list = ListDef::manual("VIP", "contacts").id(77);
        let sandbox = delivery::account().list(list).list_ids_per_call(100, refusal).start();
        let ids: Vec<String> = (0..300).map(|number| person(&sandbox, number)).collect();
        let rows: Vec<Value> = ids.iter().map(|id| json!({"hs_object_id": id})).collect();
        let run = run(&sandbox, "append", "hs_object_id", &rows);
        assert_eq!(run.codes(), [""; 0]);
        assert_eq!(members(&sandbox), sorted(ids));
    }
}

#[test]
fn a_mirrored_list_ends_up_with_exactly_the_members_named() {
    let sandbox = account();
    let ids: Vec<String> = (0..700).map(|number| person(&sandbox, number)).collect();
    sandbox.set_list_members(LIST, &refs(&ids[..600]));
    let mut rows: Vec<Value> = (300..700).map(|number| json!({"email": delivery::email(number)})).collect();
    rows.push(json!({"email": "nobody@example.com"}));
    let run = run(&sandbox, "overwrite", "email", &rows);
    assert_eq!(run.codes(), ["NOT_FOUND"]);
    assert_eq!(members(&sandbox), sorted(ids[300..].to_vec()));
    assert_eq!(run.states().len(), 1);
}

#[test]
fn a_state_of_a_mirrored_list_waits_until_the_others_are_off_it() {
    let fault = Fault::on(Endpoint::MembersRead).every(1).status(500);
    let sandbox = delivery::account().list(ListDef::manual("VIP", "contacts").id(77)).fault(fault).start();
    let ids: Vec<String> = (0..3).map(|number| person(&sandbox, number)).collect();
    sandbox.set_list_members(LIST, &refs(&ids[..2]));
    let connector = delivery::for_streams(&sandbox, &[stream("overwrite", "email")])
        .with(&json!({"retry_budget_seconds": 1}));
    let run =
        connector.write(&messages(&[json!({"email": delivery::email(2)})])).failed_with("transient_error");
    assert!(run.states().is_empty(), "{run:#?}");
    assert_eq!(members(&sandbox), sorted(ids), "nobody has left");
}

#[test]
fn nobody_is_removed_where_a_member_may_not_have_been_named() {
    let sandbox = account();
    let ids: Vec<String> = (0..3).map(|number| person(&sandbox, number)).collect();
    sandbox.set_list_members(LIST, &refs(&ids[..2]));
    let spared = |rows: &[Value]| {
        let run = run(&sandbox, "overwrite", "email", rows);
        assert!(run.logs().iter().any(|text| text.contains("Nobody is removed")), "{run:#?}");
        assert_eq!(run.states().len(), 1);
    };
    spared(&[]);
    assert_eq!(members(&sandbox).len(), 2);
    spared(&[json!({"email": delivery::email(2)}), json!({"email": "no address"})]);
    assert_eq!(members(&sandbox), sorted(ids.clone()));
    let mut broken_off = messages(&[json!({"email": delivery::email(0)})]);
    broken_off.pop();
    broken_off.push(status("s", "INCOMPLETE"));
    let connector = delivery::for_streams(&sandbox, &[stream("overwrite", "email")]);
    let run = connector.write(&broken_off).failed_with("transient_error");
    assert!(run.states().is_empty());
    assert_eq!(members(&sandbox), sorted(ids));
}

#[test]
fn what_could_not_be_mirrored_is_refused_before_anything_is_written() {
    let sandbox = account();
    let mut incremental = stream("overwrite", "email");
    incremental["sync_mode"] = json!("incremental");
    let mut unannounced = stream("overwrite", "email");
    unannounced.as_object_mut().unwrap().remove("generation_id");
    for stream in [incremental, unannounced, stream("update", "email")] {
        let run =
            delivery::for_streams(&sandbox, &[stream]).write(&messages(&[])).failed_with("config_error");
        assert!(run.states().is_empty());
    }
    assert_eq!(calls(&sandbox, Endpoint::MembersAddAndRemove), 0);
}

#[test]
fn lists_that_take_no_members_are_refused_by_name() {
    let sandbox = delivery::account().list(ListDef::dynamic("Rule", "contacts").id(77)).start();
    let run = delivery::for_streams(&sandbox, &[stream("append", "email")])
        .write(&messages(&[json!({"email": "a@example.com"})]));
    let run = run.failed_with("config_error");
    assert!(message(&run).contains("dynamic") && message(&run).contains("Rule"), "{run:#?}");

    let sandbox = delivery::account().start();
    let run = delivery::for_streams(&sandbox, &[stream("append", "email")]).write(&messages(&[]));
    let run = run.failed_with("config_error");
    assert!(message(&run).contains("77"), "{run:#?}");
}
