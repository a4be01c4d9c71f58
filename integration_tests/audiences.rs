//! Audiences: contacts enter and leave them by a property that is made when it is missing.

use hubspot_sandbox::{
    Builder, Endpoint, Fault, FaultAnswer, FaultBody, PropertyDef, RequestRecord, Sandbox, Scopes, When,
};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished};
use crate::support::delivery;
use crate::support::messages::{activation_stream, complete, elt_stream, record, stream_state};
use crate::support::sent::assert_nothing_written;

fn account() -> Builder {
    delivery::account().property("contacts", PropertyDef::string("tier"))
}

fn stream() -> Value {
    let mut stream = activation_stream("s", "AUDIENCE", "email", &["email", "audience", "status"]);
    stream["stream"]["json_schema"]["properties"]["status"] = json!({"type": "boolean"});
    stream
}

fn connector(sandbox: &Sandbox) -> Connector {
    delivery::for_streams(sandbox, &[stream()])
}

fn row(number: usize, audience: &str, status: Value) -> Value {
    json!({"email": delivery::email(number), "audience": audience, "status": status})
}

fn write(connector: &Connector, rows: impl IntoIterator<Item = Value>) -> Finished {
    let mut messages: Vec<Value> = rows.into_iter().map(|row| record("s", row)).collect();
    messages.extend([stream_state("s", 1), complete("s")]);
    connector.write(&messages)
}

fn value(sandbox: &Sandbox, number: usize, property: &str) -> Option<String> {
    let contacts = sandbox.find("contacts", "email", &delivery::email(number));
    contacts.first().and_then(|contact| contact.get(property).map(str::to_owned))
}

fn calls(sandbox: &Sandbox, endpoint: Endpoint) -> Vec<Value> {
    let requests = sandbox.requests();
    requests.iter().filter(|request| request.endpoint == endpoint).filter_map(RequestRecord::body).collect()
}

#[test]
fn a_property_is_made_for_a_new_audience_and_set_for_each_contact() {
    let sandbox = account().start();
    let connector = connector(&sandbox).with(&json!({"flush_interval_seconds": 60}));
    let rows = (0..60).flat_map(|number| {
        [row(number, "Spring Sale", json!(number % 2 == 0)), row(number, "tier", json!("gold"))]
    });
    let run = write(&connector, rows).succeeded();
    assert_eq!((run.stats(), run.codes()), ((120.0, 0.0), vec![]));
    let created = calls(&sandbox, Endpoint::PropertyCreate);
    assert_eq!(created.len(), 1);
    let body = &created[0];
    assert_eq!((&body["name"], &body["label"]), (&json!("spring_sale"), &json!("Spring Sale")));
    assert_eq!((&body["type"], &body["fieldType"]), (&json!("bool"), &json!("booleancheckbox")));
    assert_eq!(body["groupName"], "contactinformation");
    for (number, expected) in [(0, "true"), (1, "false"), (59, "false")] {
        assert_eq!(value(&sandbox, number, "spring_sale").as_deref(), Some(expected));
        assert_eq!(value(&sandbox, number, "tier").as_deref(), Some("gold"));
    }
    let upserts = calls(&sandbox, Endpoint::Upsert);
    assert_eq!(upserts.len(), 1, "the audiences of a contact go out as one input");
    assert_eq!(upserts[0]["inputs"][0]["properties"], json!({"spring_sale": "true", "tier": "gold"}));
}

#[test]
fn the_last_status_of_an_audience_is_in_effect_and_the_next_sync_finds_the_property() {
    let sandbox = account().start();
    let connector = connector(&sandbox);
    let changes = (0..40).map(|turn| row(1, "beta", json!(turn % 2 == 0)));
    write(&connector, changes).succeeded();
    assert_eq!(value(&sandbox, 1, "beta").as_deref(), Some("false"));
    let run = write(&connector, [row(1, "BETA", json!("yes")), row(1, "beta", json!("no idea"))]).succeeded();
    assert_eq!(run.codes(), ["INVALID_OPTION"], "an existing property keeps its type");
    assert_eq!(value(&sandbox, 1, "beta").as_deref(), Some("true"));
    assert_eq!(calls(&sandbox, Endpoint::PropertyCreate).len(), 1);
}

#[test]
fn statuses_become_the_options_that_the_user_listed_for_them() {
    let standing = PropertyDef::select("standing", &["member", "former"]);
    let sandbox = account().property("contacts", standing).start();
    let statuses = json!({"realized": "member", "existing": "member", "exited": "former"});
    let settings = json!([{"name": "s", "audience_statuses": statuses}]);
    let connector = connector(&sandbox).with(&json!({"streams": settings}));
    let rows = ["realized", "existing", "exited", "member", "unheard of"];
    let rows = rows.iter().enumerate().map(|(number, status)| row(number, "Standing", Value::from(*status)));
    let run = write(&connector, rows).succeeded();
    assert_eq!((run.stats(), run.codes()), ((4.0, 1.0), vec!["INVALID_OPTION"]));
    let held: Vec<_> = (0..4).map(|number| value(&sandbox, number, "standing").unwrap()).collect();
    assert_eq!(held, ["member", "member", "former", "member"]);
    assert_eq!(run.rejected()[0]["data"]["status"], "unheard of", "as received");
}

#[test]
fn records_without_a_contact_or_an_audience_are_rejected() {
    let sandbox = account().start();
    let rows =
        [row(1, " ", json!(true)), json!({"audience": "vip", "status": true}), row(2, "tier", json!("x"))];
    let run = write(&connector(&sandbox), rows).succeeded();
    assert_eq!(run.codes(), ["MISSING_REQUIRED_PROPERTY", "MISSING_MATCHING_KEY"]);
    assert_eq!(run.rejected()[0]["meta"]["rejection"]["property"], "audience");
    assert_eq!(run.stats(), (1.0, 2.0));
}

#[test]
fn properties_go_into_the_group_asked_for_and_within_the_limit() {
    let sandbox = account().start();
    let settings = json!([{"name": "s", "property_group": "Audiences"}]);
    let connector = connector(&sandbox).with(&json!({"streams": settings, "create_limit": 2}));
    let rows = ["one", "two", "three"].map(|audience| row(1, audience, json!(true)));
    let run = write(&connector, rows).failed_with("config_error");
    assert!(run.error()["message"].as_str().unwrap().contains("create_limit"), "{run:#?}");
    let created = calls(&sandbox, Endpoint::PropertyCreate);
    let groups: Vec<_> = created.iter().map(|body| body["groupName"].as_str().unwrap()).collect();
    assert_eq!(groups, ["audiences", "audiences"]);
}

#[test]
fn a_token_that_may_not_create_properties_is_told_the_scope() {
    let token = "pat-na1-no-schemas";
    let sandbox = account().token(token, Scopes::all_but(&["crm.schemas.contacts.write"])).start();
    let connector =
        connector(&sandbox).with(&json!({"credentials": {"type": "AccessToken", "access_token": token}}));
    let run = write(&connector, [row(1, "new", json!(true))]).failed_with("config_error");
    assert!(run.error()["message"].as_str().unwrap().contains("crm.schemas.contacts.write"));
    write(&connector, [row(1, "tier", json!("gold"))]).succeeded();
}

#[test]
fn an_audience_is_left_alone_by_a_sync_mode_it_does_not_have() {
    let sandbox = account().start();
    let mut stream = stream();
    for mode in ["update", "soft_delete", "overwrite"] {
        stream["destination_sync_mode"] = json!(mode);
        let connector = delivery::for_streams(&sandbox, &[stream.clone()]);
        write(&connector, [row(1, "tier", json!("x"))]).failed_with("config_error");
    }
    assert_nothing_written(&sandbox);
}

#[test]
fn check_and_discover_know_audiences_and_make_nothing() {
    let sandbox = account().start();
    let settings = json!([{"name": "s", "object": "audience", "matching_key": "email"}]);
    let connector = connector(&sandbox).with(&json!({"streams": settings}));
    let run = connector.check();
    assert_eq!(run.of_type("CONNECTION_STATUS")[0]["connectionStatus"]["status"], "SUCCEEDED", "{run:#?}");
    let run = connector.discover().succeeded();
    let operations =
        run.of_type("DESTINATION_CATALOG")[0]["destination_catalog"]["operations"].as_array().unwrap();
    let audiences: Vec<&Value> =
        operations.iter().filter(|operation| operation["object_name"] == "AUDIENCE").collect();
    let modes: Vec<&Value> = audiences.iter().map(|operation| &operation["sync_mode"]).collect();
    assert_eq!(modes, ["append", "append_dedup"]);
    let columns = audiences[0]["json_schema"]["properties"].as_object().unwrap();
    assert!(["email", "audience", "status"].iter().all(|name| columns.contains_key(*name)), "{columns:?}");
    assert_nothing_written(&sandbox);

    let token = "pat-na1-no-contacts";
    let scopes = Scopes::all_but(&["crm.objects.contacts.read", "crm.schemas.contacts.read"]);
    let blind = account().token(token, scopes).start();
    let run = Connector::new(&blind.url(), token).discover().succeeded();
    let text = run.of_type("DESTINATION_CATALOG")[0].to_string();
    assert!(!text.contains("\"CONTACT\"") && !text.contains("AUDIENCE"), "{text}");
}

#[test]
fn truth_values_of_a_wide_table_make_audiences_too() {
    let sandbox = account().start();
    let mut contacts = elt_stream("contacts", &["email", "is_vip"]);
    contacts["stream"]["json_schema"]["properties"]["is_vip"] = json!({"type": ["null", "boolean"]});
    let connector =
        delivery::for_streams(&sandbox, &[contacts]).with(&json!({"unknown_properties": "create"}));
    let row = |number: usize, column: &str, truth: bool| {
        record("contacts", json!({"email": delivery::email(number), column: truth}))
    };
    connector.write(&[row(1, "is_vip", true), row(2, "in_trial", false)]).succeeded();
    for body in calls(&sandbox, Endpoint::PropertyCreate) {
        assert_eq!(body["fieldType"], "booleancheckbox", "{body}");
    }
    assert_eq!(value(&sandbox, 1, "is_vip").as_deref(), Some("true"));
    assert_eq!(value(&sandbox, 2, "in_trial").as_deref(), Some("false"));
}

/// The same stream with statuses that are words.
fn stream_of_words(name: &str) -> Value {
    let mut stream = stream();
    stream["stream"]["name"] = json!(name);
    stream["stream"]["json_schema"]["properties"]["status"] = json!({"type": "string"});
    stream
}

/// The messages of the rejections, in order.
fn reasons(run: &Finished) -> Vec<String> {
    let message = |record: &&Value| record["meta"]["rejection"]["message"].as_str().map(str::to_owned);
    run.rejected().iter().filter_map(message).collect()
}

#[test]
fn audiences_of_one_property_are_never_blended() {
    let sandbox = account().start();
    let connector = delivery::for_streams(&sandbox, &[stream_of_words("s")]);
    let rows = [
        row(1, "C++ users", json!("realized")),
        row(2, "C# users", json!("exited")),
        row(1, "C# users", json!("exited")),
        row(3, "VIP (K\u{f6}ln)", json!("realized")),
        row(3, "VIP (K\u{e4}ln)", json!("exited")),
        row(1, " c++  USERS", json!("existing")),
    ];
    let run = write(&connector, rows).succeeded();
    assert_eq!((run.stats(), run.codes()), ((3.0, 3.0), vec!["CONFLICT"; 3]));
    let reasons = reasons(&run);
    assert!(reasons[0].contains("C++ users") && reasons[0].contains("C# users"), "{reasons:?}");
    assert!(reasons[2].contains("K\u{f6}ln") && reasons[2].contains("K\u{e4}ln"), "{reasons:?}");
    assert_eq!(value(&sandbox, 1, "c_users").as_deref(), Some("existing"));
    assert_eq!(value(&sandbox, 3, "vip_k_ln").as_deref(), Some("realized"));
    assert!(sandbox.find("contacts", "email", &delivery::email(2)).is_empty());

    // The property remembers from one sync to the next whose it is.
    let run = write(&connector, [row(2, "C# users", json!("in")), row(2, "C++ users", json!("out"))]);
    assert_eq!((run.stats(), run.codes()), ((1.0, 1.0), vec!["CONFLICT"]));
    assert_eq!(value(&sandbox, 2, "c_users").as_deref(), Some("out"));

    let redacted = connector.with(&json!({"rejected_records_output": "redacted"}));
    let run = write(&redacted, [row(2, "C# users", json!("in"))]).succeeded();
    assert!(!run.rejected()[0].to_string().contains("C#"), "{run:#?}");
}

#[test]
fn two_streams_of_audiences_share_what_they_remember() {
    let sandbox = account().start();
    let row =
        |stream: &str, number: usize, audience: &str| record(stream, row(number, audience, json!("in")));
    let run = delivery::for_streams(&sandbox, &["s", "t"].map(stream_of_words))
        .write(&[
            row("s", 1, "C++ users"),
            row("t", 2, "C# users"),
            row("t", 3, "C++ users"),
            complete("s"),
            complete("t"),
        ])
        .succeeded();
    assert_eq!(run.codes(), ["CONFLICT"]);
    assert_eq!(run.rejected()[0]["stream"], "t");
    assert_eq!(value(&sandbox, 3, "c_users").as_deref(), Some("in"));
}

#[test]
fn hubspots_own_properties_are_no_audiences() {
    let sandbox = account().start();
    sandbox.insert("contacts", &[("email", &delivery::email(1)), ("company", "Acme"), ("phone", "1")]);
    let names = ["Company", "Phone!", "E-mail", "email", "HubSpotScore"];
    let connector = delivery::for_streams(&sandbox, &[stream_of_words("s")]);
    let run = write(&connector, names.map(|name| row(1, name, json!("in")))).succeeded();
    assert_eq!((run.codes(), run.stats()), (vec!["CONFLICT"; 4], (1.0, 4.0)), "{run:#?}");
    assert!(reasons(&run)[1].contains("\"Phone!\"") && reasons(&run)[1].contains("phone"));
    assert_eq!(value(&sandbox, 1, "company").as_deref(), Some("Acme"));
    assert_eq!(value(&sandbox, 1, "phone").as_deref(), Some("1"));
}

#[test]
fn an_audience_whose_property_hubspot_refuses_to_make_ends_nothing() {
    let body = json!({"status": "error", "category": "VALIDATION_ERROR", "message": "The name is reserved."});
    let refusal = FaultAnswer::new(400).body(FaultBody::Json(body));
    let sandbox = account()
        .fault(Fault::on(Endpoint::PropertyCreate).first(1).answer(refusal, When::BeforeEffect))
        .start();
    let connector = delivery::for_streams(&sandbox, &[stream_of_words("s")]);
    let rows =
        [row(1, "Reserved", json!("in")), row(2, "Reserved", json!("in")), row(3, "tier", json!("gold"))];
    let run = write(&connector, rows).succeeded();
    assert_eq!((run.stats(), run.codes()), ((1.0, 2.0), vec!["INVALID_RECORD"; 2]));
    let rejection = &run.rejected()[0]["meta"]["rejection"];
    assert_eq!(rejection["property"], "reserved");
    assert!(rejection["correlation_id"].is_string(), "{rejection}");
    assert_eq!(calls(&sandbox, Endpoint::PropertyCreate).len(), 1, "asked for once");
    assert_eq!(value(&sandbox, 3, "tier").as_deref(), Some("gold"));
}
