//! Custom events: what is sent, to whom, when, under which id, and what comes of trouble on the way.

use std::collections::{BTreeMap, BTreeSet};

use hubspot_sandbox::{
    Builder, Endpoint, EventDef, EventUuids, Fault, FaultAnswer, LimitPolicy, PropertyDef, RequestRecord,
    Sandbox, Scopes, When,
};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished};
use crate::support::delivery;
use crate::support::messages::{catalog, elt_stream, record, stream_state};
use crate::support::sent::assert_nothing_written;

/// A token that may do everything but what concerns event definitions, one that may not send events.
const BLIND: &str = "pat-na1-blind";
const MUTE: &str = "pat-na1-mute";
const DEFINITIONS: &str = "behavioral_events.event_definitions.read_write";
const SENDING: &str = "analytics.behavioral_events.send";

fn account() -> Builder {
    let bought = EventDef::new("bought")
        .property(PropertyDef::string("plan"))
        .property(PropertyDef::number("amount"))
        .property(PropertyDef::string("page_url"));
    delivery::account()
        .portal_id(77)
        .event_definition(bought)
        .token(BLIND, Scopes::all_but(&[DEFINITIONS]))
        .token(MUTE, Scopes::all_but(&[SENDING]))
}

/// A stream `s` that goes to `object`, as plain ELT connections have it.
fn connector(sandbox: &Sandbox, object: &str, columns: &[&str]) -> Connector {
    with_settings(sandbox, json!({"object": object}), columns)
}

fn with_settings(sandbox: &Sandbox, mut settings: Value, columns: &[&str]) -> Connector {
    settings["name"] = json!("s");
    delivery::for_streams(sandbox, &[elt_stream("s", columns)]).with(&json!({"streams": [settings]}))
}

fn as_token(connector: Connector, token: &str) -> Connector {
    connector.with(&json!({"credentials": {"type": "AccessToken", "access_token": token}}))
}

fn purchase(number: usize) -> Value {
    json!({"email": delivery::email(number), "occurred_at": "2026-03-01T10:00:00Z", "plan": "gold", "amount": number})
}

fn messages(rows: impl IntoIterator<Item = Value>) -> Vec<Value> {
    rows.into_iter().map(|row| record("s", row)).chain([stream_state("s", 1)]).collect()
}

fn sends(sandbox: &Sandbox) -> Vec<RequestRecord> {
    let mut requests = sandbox.requests();
    requests.retain(|request| request.endpoint == Endpoint::EventSendBatch);
    requests
}

fn uuids(sandbox: &Sandbox, event: &str) -> Vec<String> {
    sandbox.events(event).into_iter().filter_map(|event| event.uuid).collect()
}

#[test]
fn events_are_sent_by_five_hundreds_with_everything_the_rows_say() {
    let sandbox = account().start();
    let run = connector(&sandbox, "EVENT:bought", &["email", "occurred_at", "plan", "amount"])
        .with(&json!({"flush_interval_seconds": 60}))
        .write(&messages((0..1200).map(purchase)))
        .succeeded();
    assert_eq!((run.stats(), run.codes()), ((1200.0, 0.0), vec![]));
    let mut sizes: Vec<usize> =
        sends(&sandbox).iter().map(|call| call.body().unwrap()["inputs"].as_array().unwrap().len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [200, 500, 500]);
    let events = sandbox.events("bought");
    assert_eq!(events.len(), 1200);
    let first = events.iter().find(|event| event.email == Some(delivery::email(0))).unwrap();
    assert_eq!(first.name, "pe77_bought");
    assert_eq!(first.occurred_at.as_deref(), Some("2026-03-01T10:00:00.000Z"));
    let expected = BTreeMap::from([("plan".into(), "gold".into()), ("amount".into(), "0".into())]);
    assert_eq!(first.properties, expected);
    let different: BTreeSet<String> = uuids(&sandbox, "bought").into_iter().collect();
    assert_eq!(different.len(), 1200);
}

#[test]
fn all_events_of_one_contact_may_be_in_one_call() {
    let sandbox = account().start();
    let rows = (0..300).map(|number| json!({"email": "a@example.com", "uuid": format!("u{number}")}));
    let run = connector(&sandbox, "EVENT:bought", &["email", "uuid"]).write(&messages(rows)).succeeded();
    assert_eq!((run.stats().0, sends(&sandbox).len()), (300.0, 1));
}

#[test]
fn one_bad_event_among_five_hundred_is_found_and_the_others_are_stored() {
    let sandbox = account().start();
    let mut rows: Vec<Value> = (0..500).map(purchase).collect();
    // HubSpot refuses the whole call for it; without the definition the connector cannot know.
    rows[321]["nope"] = json!("x");
    let columns = ["email", "occurred_at", "plan", "amount"];
    let connector = as_token(connector(&sandbox, "EVENT:pe77_bought", &columns), BLIND);
    let run = connector.write(&messages(rows)).succeeded();
    assert_eq!(run.stats(), (499.0, 1.0));
    let rejected = run.rejected();
    assert_eq!(rejected[0]["data"]["email"], delivery::email(321));
    assert_eq!(rejected[0]["meta"]["rejection"]["origin"], "hubspot");
    assert_eq!(sandbox.events("bought").len(), 499, "each once");
    assert!(sends(&sandbox).len() <= 24, "{} calls", sends(&sandbox).len());
}

#[test]
fn what_is_sent_again_is_the_same_occurrence() {
    // The sandbox notes a call that hangs when it is over, long after the test.
    type Strike = fn(Fault) -> Fault;
    let strikes: [(usize, Strike); 5] = [
        (2, |fault| fault.close(When::BeforeEffect)),
        (2, |fault| fault.close(When::AfterEffect)),
        (2, |fault| fault.answer(FaultAnswer::new(504), When::AfterEffect)),
        (2, |fault| fault.rate_limited(LimitPolicy::Secondly)),
        (1, |fault| fault.hang(When::AfterEffect)),
    ];
    for (number, (noted, strike)) in strikes.into_iter().enumerate() {
        let fault = strike(Fault::on(Endpoint::EventSendBatch).nth(1));
        let sandbox = account().fault(fault).start();
        let connector = connector(&sandbox, "EVENT:bought", &["email", "occurred_at", "plan", "amount"])
            .with(&json!({"request_timeout_seconds": 1}));
        let run = connector.write(&messages((0..20).map(purchase))).succeeded();
        assert_eq!(run.stats(), (20.0, 0.0), "{number}");
        let calls = sends(&sandbox);
        assert_eq!(calls.len(), noted, "{number}");
        assert!(calls.iter().all(|call| call.body() == calls[0].body()), "{number}");
        assert_eq!(sandbox.events("bought").len(), 20, "{number}: no occurrence counts twice");
        // Another sync emits the rows at another time.
        let later = (0..20).map(|number| {
            let mut message = record("s", purchase(number));
            message["record"]["emitted_at"] = json!(1_795_999_999_999_u64);
            message
        });
        connector.write(&later.collect::<Vec<_>>()).succeeded();
        assert_eq!(sandbox.events("bought").len(), 20, "{number}: nor in another sync");
    }
}

#[test]
fn one_that_hubspot_has_counts_as_accepted_whether_it_says_so_or_not() {
    for uuids in [EventUuids::Deduplicate, EventUuids::Refuse] {
        let sandbox = account().event_uuids(uuids).start();
        let columns = ["email", "occurred_at", "plan", "amount", "uuid"];
        let with = |number: usize, uuid: &str| {
            let mut row = purchase(number);
            row["uuid"] = json!(uuid);
            row
        };
        // Two of one batch are one; one that came before is there.
        let connector = connector(&sandbox, "EVENT:bought", &columns);
        let first = connector.write(&messages([with(1, "u-1"), with(2, "u-2"), with(1, "u-1")])).succeeded();
        assert_eq!((first.stats(), sandbox.events("bought").len()), ((3.0, 0.0), 2), "{uuids:?}");
        assert_eq!(sends(&sandbox).len(), 1, "{uuids:?}: equal ones go out once");
        let again = (0..20).map(|number| with(number, &format!("u-{number}"))).collect::<Vec<_>>();
        let second = connector.write(&messages(again)).succeeded();
        assert_eq!(
            (second.stats(), sandbox.events("bought").len()),
            ((20.0, 0.0), 20),
            "{uuids:?}: {second:#?}"
        );
        assert!(sends(&sandbox).len() <= 16, "{uuids:?}: {} calls", sends(&sandbox).len());
    }
}

#[test]
fn events_find_the_path_that_their_version_has() {
    // HubSpot's specification of March 2026 has one dated path, its guide another, and v3 ends some day.
    let ended: [&[&str]; 3] =
        [&["/events/v3"], &["/events/v3", "/events/custom"], &["/events/v3", "/events/2026-03"]];
    for (number, ended) in ended.into_iter().enumerate() {
        let sandbox = ended.iter().fold(account(), |account, prefix| account.without_path(prefix)).start();
        let connector = connector(&sandbox, "EVENT:bought", &["email", "occurred_at", "plan", "amount"])
            .with(&json!({"api_version": "2026-03"}));
        let run = connector.write(&messages((0..3).map(purchase))).succeeded();
        assert_eq!((run.stats(), sandbox.events("bought").len()), ((3.0, 0.0), 3), "{number}: {run:#?}");
    }
}

#[test]
fn what_is_over_hubspots_limits_never_reaches_it() {
    let sandbox = account().start();
    let rows = [
        json!({"email": "a@example.com", "plan": "x".repeat(257)}),
        json!({"email": "a@example.com", "page_url": "x".repeat(1024)}),
        json!({"plan": "nobody's"}),
        json!({"email": "a@example.com", "occurred_at": "yesterday"}),
        json!({"email": "no address"}),
        json!({"hs_object_id": 51, "email": "no address"}),
    ];
    let run = connector(&sandbox, "EVENT:bought", &["email"]).write(&messages(rows)).succeeded();
    assert_eq!(run.codes(), ["VALUE_TOO_LONG", "MISSING_MATCHING_KEY", "INVALID_DATE", "INVALID_EMAIL"]);
    assert_eq!((sends(&sandbox).len(), sandbox.events("bought").len()), (1, 2));

    let many =
        (0..60).fold(EventDef::new("wide"), |event, n| event.property(PropertyDef::string(&format!("p{n}"))));
    sandbox.insert_event_definition(&many);
    let wide = |count: usize| {
        let mut row = json!({"email": "a@example.com"});
        (0..count).for_each(|n| row[format!("p{n}")] = json!("v"));
        row
    };
    let run =
        connector(&sandbox, "EVENT:wide", &["email"]).write(&messages([wide(50), wide(51)])).succeeded();
    assert_eq!((run.codes(), sandbox.events("wide").len()), (vec!["LIMIT_EXCEEDED"], 1));
}

#[test]
fn a_token_that_may_not_send_is_told_so() {
    let sandbox = account().start();
    let connector = as_token(connector(&sandbox, "EVENT:bought", &["email"]), MUTE);
    let run = connector.write(&messages([purchase(1)])).failed_with("config_error");
    assert!(run.states().is_empty() && run.rejected().is_empty());
    let message = run.error()["message"].as_str().unwrap();
    assert!(message.contains(SENDING), "{message}");
}

#[test]
fn an_event_that_does_not_exist_ends_the_sync_before_anything_is_written() {
    let sandbox = account().start();
    let streams = [delivery::contacts(), elt_stream("s", &["email"])];
    let connector = delivery::for_streams(&sandbox, &streams)
        .with(&json!({"streams": [{"name": "s", "object": "EVENT:sold"}]}));
    let mut input = delivery::people(0..3);
    input.extend(messages([purchase(1)]));
    let run = connector.write(&input).failed_with("config_error");
    let message = run.error()["message"].as_str().unwrap();
    assert!(message.contains("sold") && message.contains("EVENT:bought"), "{message}");
    assert_eq!(run.error()["stream_descriptor"]["name"], "s");
    assert_nothing_written(&sandbox);
}

#[test]
fn where_definitions_cannot_be_read_a_name_is_completed_and_a_wrong_one_rejects_nobody() {
    let sandbox = account().start();
    let to = |object: &str| as_token(connector(&sandbox, object, &["email"]), BLIND);
    for (number, object) in ["EVENT:bought", "EVENT:pe77_bought"].into_iter().enumerate() {
        let run = to(object).write(&messages([purchase(number)])).succeeded();
        assert!(run.logs().iter().any(|log| log.contains(DEFINITIONS)), "{:?}", run.logs());
    }
    assert_eq!(sandbox.events("bought").len(), 2);
    let run = to("EVENT:sold").write(&messages((0..10).map(purchase))).failed_with("config_error");
    assert!(run.rejected().is_empty() && run.states().is_empty(), "{run:#?}");
    assert_eq!(sends(&sandbox).len(), 4, "it is believed once it is said of one occurrence alone");
}

#[test]
fn events_can_only_be_sent() {
    let sandbox = account().start();
    let mut activated = elt_stream("s", &["email"]);
    activated["destination_object_name"] = json!("EVENT:bought");
    for (mode, works) in
        [("append", true), ("append_dedup", false), ("update", false), ("soft_delete", false)]
    {
        activated["destination_sync_mode"] = json!(mode);
        let run = delivery::for_streams(&sandbox, &[activated.clone()]).write(&messages([purchase(1)]));
        if works {
            run.succeeded();
        } else {
            let run = run.failed_with("config_error");
            assert!(run.error()["message"].as_str().unwrap().contains("append"), "{mode}");
        }
    }
    for mode in ["append", "append_dedup", "overwrite", "update"] {
        let mut stream = elt_stream("s", &["email"]);
        stream["destination_sync_mode"] = json!(mode);
        stream["primary_key"] = json!([["id"], ["email"]]);
        connector(&sandbox, "EVENT:bought", &[])
            .catalog(&catalog(&[stream]))
            .write(&messages([purchase(1)]))
            .succeeded();
    }
    assert_eq!(sends(&sandbox).len(), 5);
    assert_eq!(sandbox.events("bought").len(), 1, "they are one occurrence");
    for operation in ["update", "archive"] {
        let settings = json!({"object": "EVENT:bought", "operation": operation});
        with_settings(&sandbox, settings, &["email"]).write(&[]).failed_with("config_error");
    }
}

fn checked(connector: &Connector) -> (String, String) {
    let run = connector.check();
    let status = &run.of_type("CONNECTION_STATUS")[0]["connectionStatus"];
    let text = |key: &str| status[key].as_str().unwrap_or_default().to_owned();
    (text("status"), text("message"))
}

#[test]
fn check_finds_the_event_and_writes_nothing() {
    let sandbox = account().start();
    let (status, message) = checked(&connector(&sandbox, "EVENT:Bought", &[]));
    assert!(status == "SUCCEEDED" && message.contains("EVENT:bought: 3 properties"), "{message}");
    let (status, message) = checked(&connector(&sandbox, "EVENT:sold", &[]));
    assert!(status == "FAILED" && message.contains("Candidates: EVENT:bought"), "{message}");
    let (status, message) = checked(&as_token(connector(&sandbox, "EVENT:sold", &[]), BLIND));
    assert!(status == "SUCCEEDED" && message.contains("cannot be told"), "{message}");
    assert_nothing_written(&sandbox);
}

fn offered(run: &Finished) -> Vec<&Value> {
    let operations = run.of_type("DESTINATION_CATALOG")[0]["destination_catalog"]["operations"].as_array();
    let is_event =
        |operation: &&Value| operation["object_name"].as_str().is_some_and(|name| name.starts_with("EVENT:"));
    operations.expect("a catalog has operations").iter().filter(is_event).collect()
}

#[test]
fn discover_offers_each_event_to_be_sent() {
    let shop =
        EventDef::new("opened").primary_object("COMPANY").property(PropertyDef::string("gone").read_only());
    let sandbox = account().event_definition(shop).start();
    let connector = connector(&sandbox, "EVENT:bought", &[]);
    let run = connector.discover().succeeded();
    let time = json!({"type": "string", "format": "date-time", "airbyte_type": "timestamp_with_timezone"});
    let text = json!({"type": "string"});
    let expected = [
        json!({"object_name": "EVENT:bought", "sync_mode": "append", "json_schema": {
            "type": "object", "additionalProperties": false, "properties": {
                "hs_object_id": text, "email": text, "utk": text, "occurred_at": time, "uuid": text,
                "plan": text, "amount": {"type": "number"}, "page_url": text}}}),
        json!({"object_name": "EVENT:opened", "sync_mode": "append", "json_schema": {
            "type": "object", "additionalProperties": false,
            "properties": {"hs_object_id": text, "occurred_at": time, "uuid": text}}}),
    ];
    assert_eq!(offered(&run), expected.iter().collect::<Vec<_>>());
    let blind = as_token(connector, BLIND).discover().succeeded();
    assert!(
        offered(&blind).is_empty() && !blind.logs().iter().any(|log| log.contains("event")),
        "{blind:#?}"
    );
    assert_nothing_written(&sandbox);
}

/// A stream `s` whose columns have types.
fn typed(columns: &Value) -> Value {
    let mut stream = elt_stream("s", &[]);
    stream["stream"]["json_schema"]["properties"] = columns.clone();
    stream
}

fn columns() -> Value {
    json!({
        "email": {"type": "string"},
        "occurred_at": {"type": "string", "format": "date-time"},
        "Plan Name": {"type": ["null", "string"]},
        "seats": {"type": "integer"},
        "trial": {"type": "boolean"},
        "ends_on": {"type": "string", "format": "date"},
    })
}

fn creating(sandbox: &Sandbox, object: &str) -> Connector {
    let settings = json!({"name": "s", "object": object, "create_event_definition": true});
    delivery::for_streams(sandbox, &[typed(&columns())]).with(&json!({"streams": [settings]}))
}

fn made(sandbox: &Sandbox, endpoint: Endpoint) -> Vec<Value> {
    let requests = sandbox.requests();
    requests.iter().filter(|request| request.endpoint == endpoint).filter_map(RequestRecord::body).collect()
}

fn signup() -> Value {
    json!({"email": "a@example.com", "Plan Name": "gold", "seats": 3, "trial": true, "ends_on": "2026-05-01"})
}

#[test]
fn a_missing_event_is_created_from_the_declared_columns_when_asked_for() {
    let sandbox = account().start();
    let connector = creating(&sandbox, "EVENT:Signed Up");
    let (status, message) = checked(&connector);
    assert!(status == "SUCCEEDED" && message.contains("will be created"), "{message}");
    let rehearsal = connector.with(&json!({"dry_run": true})).write(&messages([signup()])).succeeded();
    assert!(
        rehearsal.logs().iter().any(|log| log.contains("signed_up would be created")),
        "{:?}",
        rehearsal.logs()
    );
    assert_nothing_written(&sandbox);

    let connector = creating(&sandbox, "EVENT:Signed Up");
    let run = connector.write(&messages([signup(), signup()])).succeeded();
    assert_eq!(run.stats(), (2.0, 0.0));
    let bodies = made(&sandbox, Endpoint::EventDefinitionCreate);
    let truth =
        |place, value| json!({"label": value, "value": value, "hidden": false, "displayOrder": place});
    let expected = json!({
        "name": "signed_up", "label": "Signed Up", "primaryObject": "CONTACT", "includeDefaultProperties": true,
        "propertyDefinitions": [
            {"name": "plan_name", "label": "Plan Name", "type": "string"},
            {"name": "seats", "label": "Seats", "type": "number"},
            {"name": "trial", "label": "Trial", "type": "enumeration", "options": [truth(0, "true"), truth(1, "false")]},
            {"name": "ends_on", "label": "Ends on", "type": "datetime"},
        ],
    });
    assert_eq!(bodies, [expected]);
    let properties = &sandbox.events("signed_up")[0].properties;
    let expected =
        [("ends_on", "2026-05-01T00:00:00.000Z"), ("plan_name", "gold"), ("seats", "3"), ("trial", "true")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(*properties, BTreeMap::from(expected));
    connector.write(&messages([signup()])).succeeded();
    assert_eq!(made(&sandbox, Endpoint::EventDefinitionCreate).len(), 1, "the next sync finds it");
}

#[test]
fn two_streams_create_their_event_once() {
    let sandbox = account().start();
    let streams = ["s", "t"].map(|name| elt_stream(name, &["email", "plan"]));
    let settings =
        ["s", "t"].map(|name| json!({"name": name, "object": "EVENT:met", "create_event_definition": true}));
    let connector =
        delivery::for_streams(&sandbox, &streams).with(&json!({"streams": settings, "create_limit": 1}));
    let row = |stream: &str| record(stream, json!({"email": "a@example.com", "plan": stream}));
    connector.write(&[row("s"), row("t")]).succeeded();
    assert_eq!(sandbox.events("met").len(), 2);
}

#[test]
fn an_event_that_cannot_be_created_ends_the_sync_before_anything_is_written() {
    let sandbox = account().event_definition(EventDef::new("left")).start();
    sandbox.delete_event_definition("left");
    for (object, token, limit, expected) in [
        ("EVENT:signed_up", BLIND, 50, DEFINITIONS),
        ("EVENT:signed_up", sandbox.default_token(), 0, "create_limit"),
        ("EVENT:left", sandbox.default_token(), 50, "deleted"),
        ("EVENT:pe78_signed_up", sandbox.default_token(), 50, "no event called"),
    ] {
        let connector = as_token(creating(&sandbox, object), token).with(&json!({"create_limit": limit}));
        let run = connector.write(&messages([signup()])).failed_with("config_error");
        let message = run.error()["message"].as_str().unwrap();
        assert!(message.contains(expected), "{object}: {message}");
        assert!(run.states().is_empty() && run.rejected().is_empty());
    }
    assert_eq!((sends(&sandbox).len(), sandbox.event_definitions()), (0, vec!["pe77_bought".to_owned()]));
}

#[test]
fn unknown_columns_become_event_properties_when_asked_for() {
    let sandbox = account().start();
    let settings = json!({"object": "EVENT:bought", "unknown_properties": "create"});
    let connector = with_settings(&sandbox, settings, &["email", "Coupon Code"]);
    let mut rows: Vec<Value> = (0..3).map(purchase).collect();
    rows[0]["Coupon Code"] = json!("X1");
    rows[1]["gift"] = json!(true);
    rows[2]["gift"] = json!("perhaps");
    let run = connector.write(&messages(rows.clone())).succeeded();
    assert_eq!(
        run.codes(),
        ["INVALID_OPTION"],
        "the first value of a column nobody declared says what it is"
    );
    let created = made(&sandbox, Endpoint::EventPropertyCreate);
    let names: Vec<_> =
        created.iter().map(|body| (body["name"].as_str().unwrap(), body["type"].as_str().unwrap())).collect();
    assert_eq!(names, [("coupon_code", "string"), ("gift", "enumeration")]);
    let events = sandbox.events("bought");
    assert_eq!(
        (events[0].properties["coupon_code"].as_str(), events[1].properties["gift"].as_str()),
        ("X1", "true")
    );

    let sandbox = account().start();
    let settings = json!({"object": "EVENT:bought", "unknown_properties": "create"});
    let connector =
        with_settings(&sandbox, settings, &["email", "Coupon Code"]).with(&json!({"create_limit": 1}));
    let run = connector.write(&messages(rows)).failed_with("config_error");
    assert!(run.error()["message"].as_str().unwrap().contains("create_limit"));
    assert_eq!(run.error()["stream_descriptor"]["name"], "s");
}

#[test]
fn contact_properties_ride_on_an_event_as_a_second_stream_of_the_same_rows() {
    let sandbox = account().start();
    let columns = ["email", "occurred_at", "plan", "amount", "city"];
    let streams = [elt_stream("s", &columns), elt_stream("s_contacts", &columns)];
    let settings = json!([
        {"name": "s", "object": "EVENT:bought"},
        {"name": "s_contacts", "object": "CONTACT", "matching_key": "email"},
    ]);
    let rows = (0..120).flat_map(|number| {
        let mut row = purchase(number % 60);
        row["city"] = json!(format!("City {number}"));
        row["amount"] = json!(number);
        [record("s_contacts", row.clone()), record("s", row)]
    });
    let run = delivery::for_streams(&sandbox, &streams)
        .with(&json!({ "streams": settings }))
        .write(&rows.chain([stream_state("s", 1), stream_state("s_contacts", 1)]).collect::<Vec<_>>())
        .succeeded();
    assert_eq!((run.stats(), run.codes()), ((240.0, 0.0), vec![]));
    let contact = &sandbox.find("contacts", "email", &delivery::email(7))[0];
    assert_eq!(contact.get("city"), Some("City 67"), "the later row's");
    assert!(contact.get("plan").is_none(), "the event's own columns stay on the event");
    let mut amounts: Vec<_> = sandbox
        .events("bought")
        .into_iter()
        .filter(|event| event.email.as_deref() == Some(&delivery::email(7)))
        .map(|event| {
            assert!(!event.properties.contains_key("city"), "{event:?}");
            event.properties["amount"].clone()
        })
        .collect();
    amounts.sort_unstable();
    assert_eq!(amounts, ["67", "7"], "every row is an occurrence of its own");
}

#[test]
fn events_whose_names_become_one_are_a_config_error_before_anything_is_made() {
    let sandbox = account().start();
    let streams = ["s", "t"].map(|name| elt_stream(name, &["email", "occurred_at"]));
    let run = |first: &str, second: &str| {
        let entry = |name: &str, event: &str| json!({"name": name, "object": format!("EVENT:{event}"), "create_event_definition": true});
        let settings = json!([entry("s", first), entry("t", second)]);
        delivery::for_streams(&sandbox, &streams).with(&json!({ "streams": settings })).write(&[])
    };
    for (first, second) in [("C++ used", "C# used"), ("Plan/changed", "plan_changed"), ("bought", "Bought!")]
    {
        let run = run(first, second).failed_with("config_error");
        let message = run.error()["message"].as_str().unwrap();
        assert!(message.contains(first) && message.contains(second), "{message}");
    }
    assert_nothing_written(&sandbox);
    for (first, second) in
        [("Plan changed", "plan  changed"), ("bought", "pe77_bought"), ("bought", "BOUGHT")]
    {
        run(first, second).succeeded();
    }
}

#[test]
fn an_event_that_was_emitted_in_seconds_happened_then() {
    let sandbox = account().start();
    let emitted = |number: usize, at: Value| {
        let mut message = record("s", json!({"email": delivery::email(number), "plan": "gold"}));
        message["record"]["emitted_at"] = at;
        message
    };
    let input = [
        emitted(1, json!(1_765_387_716)),
        emitted(2, json!(1_765_387_716.5)),
        emitted(3, json!(1_765_387_716_000_u64)),
        emitted(4, json!(0)),
    ];
    let run = connector(&sandbox, "EVENT:bought", &["email", "plan"]).write(&input).succeeded();
    assert_eq!(run.codes(), [""; 0]);
    let calls = sends(&sandbox);
    let sent = calls[0].body().expect("a body");
    let times: Vec<&Value> =
        sent["inputs"].as_array().expect("inputs").iter().map(|input| &input["occurredAt"]).collect();
    let whole = json!("2025-12-10T17:28:36.000Z");
    assert_eq!(times, [&whole, &json!("2025-12-10T17:28:36.500Z"), &whole, &Value::Null]);
}
