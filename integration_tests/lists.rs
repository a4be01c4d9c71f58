//! Members of one list: added, removed, mirrored, and nobody lost or removed by mistake.

use hubspot_sandbox::{
    Endpoint, Fault, FaultAnswer, ListDef, Oversize, ProcessingType, Sandbox, Scopes, When,
};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished};
use crate::support::delivery;
use crate::support::messages::{activation_stream, complete, record, status, stream_state};
use crate::support::sent::assert_nothing_written;

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

fn operations(run: &Finished) -> Vec<&Value> {
    let catalog = run.of_type("DESTINATION_CATALOG");
    let operations = catalog[0]["destination_catalog"]["operations"].as_array().expect("operations");
    let is_of_lists = |name: &str| name.starts_with("LIST:") || name == "LIST_MEMBERSHIP";
    operations.iter().filter(|one| one["object_name"].as_str().is_some_and(is_of_lists)).collect()
}

#[test]
fn discover_offers_each_list_that_takes_members() {
    let sandbox = delivery::account()
        .list(ListDef::manual("VIP", "contacts").id(77))
        .list(ListDef::dynamic("Rule", "contacts").id(78))
        .list(ListDef::new("Once", "cars", ProcessingType::Snapshot).id(79))
        .start();
    let run = Connector::new(&sandbox.url(), sandbox.default_token()).discover().succeeded();
    let found: Vec<(&str, &str)> = operations(&run)
        .iter()
        .map(|one| (one["object_name"].as_str().unwrap(), one["sync_mode"].as_str().unwrap()))
        .collect();
    let modes = ["append_dedup", "soft_delete", "overwrite"];
    let mut expected: Vec<(&str, &str)> =
        ["LIST:77", "LIST:79"].iter().flat_map(|list| modes.map(|mode| (*list, mode))).collect();
    expected.extend([("LIST_MEMBERSHIP", "append_dedup"), ("LIST_MEMBERSHIP", "soft_delete")]);
    assert_eq!(found, expected);
    for operation in operations(&run) {
        let columns = operation["json_schema"]["properties"].as_object().expect("columns");
        assert!(columns.contains_key("hs_object_id"), "{operation}");
        assert_eq!(columns.contains_key("email"), operation["object_name"] != "LIST:79", "{operation}");
        assert!(operation.get("matching_keys").is_none(), "nobody has to choose one: {operation}");
        if operation["object_name"] == "LIST_MEMBERSHIP" {
            assert!(columns.contains_key("list_id") && columns.contains_key("list_name"), "{operation}");
            assert_eq!(columns.contains_key("action"), operation["sync_mode"] == "append_dedup");
        }
    }
    assert_nothing_written(&sandbox);
}

#[test]
fn discover_offers_so_many_lists_and_says_that_there_are_more() {
    let sandbox = delivery::account().start();
    for number in 0..510 {
        sandbox.insert_list(&ListDef::manual(&format!("L{number}"), "contacts"));
    }
    let run = Connector::new(&sandbox.url(), sandbox.default_token()).discover().succeeded();
    assert_eq!(operations(&run).len(), 500 * 3 + 2);
    assert!(run.logs().iter().any(|log| log.contains("more than 500 lists")), "{:#?}", run.logs());
    assert_eq!(calls(&sandbox, Endpoint::ListSearch), 2);
}

#[test]
fn without_their_scope_lists_are_not_offered_and_the_rest_is() {
    let sandbox = account();
    sandbox.add_token("pat-na1-listless", Scopes::all_but(&["crm.lists.read", "crm.lists.write"]));
    let run = Connector::new(&sandbox.url(), "pat-na1-listless").discover().succeeded();
    assert!(operations(&run).is_empty());
    assert!(run.of_type("DESTINATION_CATALOG")[0].to_string().contains("\"CONTACT\""));
    assert!(run.logs().iter().any(|log| log.contains("crm.lists.read")), "{:#?}", run.logs());
}

#[test]
fn check_looks_for_the_lists_that_are_configured() {
    let sandbox = delivery::account()
        .list(ListDef::manual("VIP", "contacts").id(77))
        .list(ListDef::dynamic("Rule", "contacts").id(78))
        .list(ListDef::manual("Gone", "contacts").id(80))
        .start();
    sandbox.delete_list("80");
    sandbox.add_token("pat-na1-listless", Scopes::all_but(&["crm.lists.read", "crm.lists.write"]));
    let default = sandbox.default_token().to_owned();
    let cases = [
        (&*default, json!({"object": "LIST:77"}), true, "VIP"),
        (
            &*default,
            json!({"object": "LIST:77", "operation": "mirror", "matching_key": "email"}),
            true,
            "email",
        ),
        (
            &*default,
            json!({"object": "LIST_MEMBERSHIP", "matching_key": "hs_object_id"}),
            true,
            "hs_object_id",
        ),
        (&*default, json!({"object": "LIST:78"}), false, "dynamic"),
        (&*default, json!({"object": "LIST:79"}), false, "79"),
        (&*default, json!({"object": "LIST:80"}), false, "deleted"),
        (&*default, json!({"object": "LIST:77", "matching_key": "city"}), false, "hs_object_id"),
        (&*default, json!({"object": "LIST:77", "operation": "update"}), false, "operation"),
        (&*default, json!({"object": "LIST_MEMBERSHIP", "operation": "mirror"}), false, "operation"),
        (&*default, json!({"object": "LIST_MEMBERSHIP", "matching_key": "city"}), false, "email"),
        ("pat-na1-listless", json!({"object": "LIST:77"}), false, "crm.lists.read"),
        ("pat-na1-listless", json!({"object": "LIST_MEMBERSHIP"}), false, "crm.lists.read"),
    ];
    for (token, mut settings, is_right, word) in cases {
        settings["name"] = json!("s");
        let connector = Connector::new(&sandbox.url(), token).with(&json!({"streams": [settings]}));
        let run = connector.check();
        let status = &run.of_type("CONNECTION_STATUS")[0]["connectionStatus"];
        assert_eq!(status["status"] == "SUCCEEDED", is_right, "{settings} {run:#?}");
        assert!(status["message"].as_str().is_some_and(|text| text.contains(word)), "{word}: {status}");
    }
    assert_nothing_written(&sandbox);
}

#[test]
fn a_mirror_may_be_chosen_in_the_settings() {
    let sandbox = account();
    let ids: Vec<String> = (0..3).map(|number| person(&sandbox, number)).collect();
    sandbox.set_list_members(LIST, &refs(&ids[..2]));
    let mut plain = stream("append", "email");
    plain["sync_mode"] = json!("full_refresh");
    let settings = json!({"streams": [{"name": "s", "operation": "mirror"}]});
    let connector = delivery::for_streams(&sandbox, &[plain]).with(&settings);
    connector.write(&messages(&[json!({"email": delivery::email(2)})])).succeeded();
    assert_eq!(members(&sandbox), [ids[2].clone()]);
}

#[test]
fn every_api_version_mirrors() {
    for version in ["v3", "2026-03", "2026-09"] {
        let sandbox = account();
        let ids: Vec<String> = (0..3).map(|number| person(&sandbox, number)).collect();
        sandbox.set_list_members(LIST, &refs(&ids[..2]));
        let connector = delivery::for_streams(&sandbox, &[stream("overwrite", "email")])
            .with(&json!({"api_version": version}));
        let run = connector.write(&messages(&[json!({"email": delivery::email(2)})])).succeeded();
        assert_eq!(run.codes(), [""; 0], "{version}");
        assert_eq!(members(&sandbox), ids[2..], "{version}");
    }
}

/// A list that the catalog names, of a full-refresh stream, with these generations.
fn generations(mode: &str, generation: u64, minimum: u64) -> Value {
    let mut stream = stream(mode, "email");
    stream["sync_mode"] = json!("full_refresh");
    stream["generation_id"] = json!(generation);
    stream["minimum_generation_id"] = json!(minimum);
    stream
}

/// Who is on a list of three after a sync that names two others.
fn left_of(stream: &Value, more: &Value) -> (usize, Finished) {
    let sandbox = account();
    let ids: Vec<String> = (0..5).map(|number| person(&sandbox, number)).collect();
    sandbox.set_list_members(LIST, &refs(&ids[..3]));
    let rows: Vec<Value> = (3..5).map(|number| json!({"email": delivery::email(number)})).collect();
    let run =
        delivery::for_streams(&sandbox, std::slice::from_ref(stream)).with(more).write(&messages(&rows));
    let members = members(&sandbox);
    assert!(refs(&ids[3..]).iter().all(|id| members.iter().any(|member| member == id)), "{run:#?}");
    (members.len(), run)
}

#[test]
fn the_platform_says_by_two_numbers_that_a_list_is_to_be_mirrored() {
    let settings = |entry: Value| json!({"streams": [entry]});
    let none = json!({});
    let adds = settings(json!({"name": "s", "operation": "upsert"}));
    let inserts = settings(json!({"name": "s", "operation": "insert"}));
    let mirrors = settings(json!({"name": "s", "operation": "mirror"}));
    let elsewhere = settings(json!({"name": "s", "object": "LIST:77"}));
    let mut incremental = generations("append", 4, 4);
    incremental["sync_mode"] = json!("incremental");
    let mut unnamed = generations("append", 4, 4);
    unnamed["destination_object_name"] = Value::Null;
    let mut contacts = generations("append_dedup", 4, 4);
    contacts["destination_object_name"] = json!("CONTACT");
    for (stream, settings, left) in [
        (generations("append", 4, 4), &none, 2),
        (generations("append_dedup", 4, 4), &none, 2),
        (generations("overwrite", 4, 0), &none, 2),
        (generations("append", 4, 0), &mirrors, 2),
        (generations("append", 4, 0), &none, 5),
        (generations("append", 0, 0), &none, 5),
        (generations("append", 4, 4), &adds, 5),
        (generations("overwrite", 4, 4), &inserts, 5),
        (incremental, &none, 5),
        (unnamed, &elsewhere, 5),
        (contacts, &elsewhere, 5),
    ] {
        let (members, run) = left_of(&stream, settings);
        let run = run.succeeded();
        assert_eq!((members, run.states().len()), (left, 1), "{stream} {settings}");
    }
}

#[test]
fn the_same_numbers_change_nothing_elsewhere_and_a_clear_removes_nobody() {
    let sandbox = account();
    let id = person(&sandbox, 1);
    sandbox.set_list_members(LIST, &[&id]);
    let clear =
        delivery::for_streams(&sandbox, &[generations("append", 4, 4)]).write(&messages(&[])).succeeded();
    assert_eq!((clear.states().len(), members(&sandbox)), (1, vec![id]));
    let mut contacts = generations("append_dedup", 4, 4);
    contacts["destination_object_name"] = json!("CONTACT");
    let rows = [json!({"email": delivery::email(2)})];
    delivery::for_streams(&sandbox, &[contacts]).write(&messages(&rows)).succeeded();
    assert_eq!(sandbox.count("contacts"), 2);
}

#[test]
fn nobody_is_removed_where_more_would_be_than_the_limit_allows() {
    let limited = |limit: Value| json!({"streams": [{"name": "s", "mirror_max_archive": limit}]});
    for (limit, is_exceeded) in
        [(json!(3), false), (json!("2"), true), (json!("60%"), false), (json!("59%"), true), (json!(0), true)]
    {
        let (members, run) = left_of(&generations("overwrite", 4, 4), &limited(limit.clone()));
        if is_exceeded {
            let run = run.failed_with("config_error");
            let message = message(&run);
            assert!(
                message.contains("3 of its 5 members") && message.contains("mirror_max_archive"),
                "{message}"
            );
            assert_eq!((members, run.states().len()), (5, 0), "{limit}");
            assert_eq!(run.error()["stream_descriptor"]["name"], "s");
        } else {
            assert_eq!((members, run.succeeded().states().len()), (2, 1), "{limit}");
        }
    }
}
