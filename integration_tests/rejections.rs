//! Rejected records: what is printed of them, in full, redacted and not at all.

use hubspot_sandbox::{Endpoint, PropertyDef, Sandbox};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::connector::{Connector, Finished, PATIENCE};
use crate::support::crm;
use crate::support::delivery;
use crate::support::messages::{elt_stream, record, stream_state};

/// An address that looks like one, and that HubSpot refuses.
const REFUSED_ADDRESS: &str = "ann@under_score.example";

fn refused_by_hubspot() -> Value {
    record("contacts", json!({"email": REFUSED_ADDRESS, "city": "private-city"}))
}

fn refused_by_connector() -> Value {
    let data = json!({"email": delivery::email(7), "city": "private-city", "numemployees": "private-number"});
    record("contacts", data)
}

fn connector(sandbox: &Sandbox) -> Connector {
    delivery::for_streams(sandbox, &[elt_stream("contacts", &[])])
}

fn keys(value: &Value) -> Vec<&String> {
    value.as_object().expect("an object").keys().collect()
}

fn rejection(run: &Finished, place: usize) -> &Value {
    &run.rejected()[place]["meta"]["rejection"]
}

#[test]
fn a_rejected_record_is_printed_as_it_came_with_the_reason_in_its_meta() {
    let sandbox = crm::account().start();
    let data =
        r#"{"z":1.10,"email":"","a":[12345678901234567890123,1e5,{"k":null}],"t":"\u00e9é\/\"","0":-0.0}"#;
    let line = format!(
        r#"{{"type":"RECORD","record":{{"namespace":null,"stream":"contacts","emitted_at":1795290302755,"data":{data},"meta":{{"sync_id":98765432109876543210,"changes":[]}}}}}}"#
    );
    let run = connector(&sandbox).write_text(&format!("{line}\n")).succeeded();
    let printed =
        run.lines.iter().find(|line| line.contains(r#""type":"RECORD""#)).expect("a rejected record");
    assert!(printed.contains(&format!(r#""data":{data}"#)), "{printed}");
    assert!(
        printed.contains(r#""sync_id":98765432109876543210"#)
            && printed.contains(r#""emitted_at":1795290302755"#)
    );

    let message = run.of_type("RECORD")[0];
    assert_eq!(keys(message), ["type", "record"]);
    let record = &message["record"];
    assert_eq!((&record["namespace"], &record["stream"]), (&Value::Null, &json!("contacts")));
    assert_eq!(record["meta"]["changes"], json!([]));
    let reason = &record["meta"]["rejection"];
    let mut names = keys(reason);
    names.sort();
    assert_eq!(names, ["category", "code", "correlation_id", "message", "origin", "property"]);
    assert_eq!((&reason["code"], &reason["property"]), (&json!("MISSING_MATCHING_KEY"), &json!("email")));
    assert_eq!((&reason["category"], &reason["correlation_id"]), (&Value::Null, &Value::Null));
    assert_eq!(reason["origin"], "connector");
    assert!(reason["message"].as_str().is_some_and(|text| !text.is_empty()));
}

#[test]
fn the_namespace_and_a_reason_that_was_there_before_are_handled() {
    let sandbox = crm::account().start();
    let mut record = refused_by_connector();
    record["record"]["namespace"] = json!("eu");
    record["record"]["meta"] = json!({"rejection": {"code": "OLD"}, "other": 1});
    let mut stream = elt_stream("contacts", &[]);
    stream["stream"]["namespace"] = json!("eu");
    let run = delivery::for_streams(&sandbox, &[stream]).write(&[record]).succeeded();
    assert_eq!(run.codes(), ["INVALID_INTEGER"]);
    assert_eq!(
        (&run.rejected()[0]["namespace"], &run.rejected()[0]["meta"]["other"]),
        (&json!("eu"), &json!(1))
    );
}

#[test]
fn the_time_of_emission_is_whole_milliseconds_whatever_came() {
    let sandbox = crm::account().start();
    let line = |emitted_at: &str| {
        format!(r#"{{"type":"RECORD","record":{{"stream":"contacts",{emitted_at}"data":{{"email":null}}}}}}"#)
            + "\n"
    };
    let input =
        [r#""emitted_at":1795290302755.25,"#, r#""emitted_at":1795290302755,"#, r#""emitted_at":null,"#, ""]
            .map(line);
    let run = connector(&sandbox).write_text(&input.concat()).succeeded();
    let times: Vec<&Value> = run.rejected().into_iter().map(|record| &record["emitted_at"]).collect();
    assert_eq!(times, [1_795_290_302_755_u64, 1_795_290_302_755, 0, 0]);
}

#[test]
fn what_hubspot_refuses_carries_its_code_category_and_correlation_id() {
    let sandbox = crm::account().start();
    let run = connector(&sandbox)
        .write(&[
            delivery::contact(1),
            refused_by_hubspot(),
            delivery::contact(2),
            stream_state("contacts", 1),
        ])
        .succeeded();
    assert_eq!(run.codes(), ["INVALID_EMAIL"]);
    assert_eq!(run.stats(), (2.0, 1.0));
    let reason = rejection(&run, 0);
    assert_eq!((&reason["origin"], &reason["property"]), (&json!("hubspot"), &json!("email")));
    assert_eq!(reason["category"], "VALIDATION_ERROR");
    assert!(reason["correlation_id"].as_str().is_some_and(|id| id.len() >= 32), "{reason}");
    assert!(
        reason["message"].as_str().is_some_and(|text| text.contains(REFUSED_ADDRESS)),
        "HubSpot's own words: {reason}"
    );
    assert_eq!(run.rejected()[0]["data"], json!({"email": REFUSED_ADDRESS, "city": "private-city"}));
}

#[test]
fn what_changed_in_the_account_after_the_start_is_refused_by_hubspot() {
    let sandbox = crm::account().property("contacts", PropertyDef::select("tier", &["gold", "tin"])).start();
    let connector = connector(&sandbox);
    let mut running = connector.start_write();
    // Definitions are read once, before the first record.
    assert!(sandbox.wait_until(PATIENCE, |totals| totals.calls(Endpoint::PropertyList) == 1));
    sandbox.delete_property("contacts", "city");
    sandbox.put_property("contacts", PropertyDef::select("tier", &["gold"]));
    sandbox.put_property("contacts", PropertyDef::string("state").read_only());
    let row = |number: usize, property: &str, value: &str| {
        record("contacts", json!({"email": delivery::email(number), property: value}))
    };
    running.send(&[
        row(1, "city", "Oslo"),
        row(2, "tier", "tin"),
        row(3, "state", "Ohio"),
        row(4, "tier", "gold"),
        stream_state("contacts", 1),
    ]);
    let run = running.finish().succeeded();
    let mut refused: Vec<(&str, &str)> = run
        .rejected()
        .into_iter()
        .map(|record| &record["meta"]["rejection"])
        .inspect(|reason| assert_eq!(reason["origin"], "hubspot"))
        .map(|reason| {
            (reason["code"].as_str().unwrap_or_default(), reason["property"].as_str().unwrap_or_default())
        })
        .collect();
    refused.sort_unstable();
    assert_eq!(
        refused,
        [("INVALID_OPTION", "tier"), ("PROPERTY_DOESNT_EXIST", "city"), ("READ_ONLY_VALUE", "state")]
    );
    assert_eq!(run.stats(), (1.0, 3.0));
}

#[test]
fn a_record_that_lacks_a_required_property_is_refused_by_name() {
    let sandbox = crm::account().start();
    let rows = [
        record("products", json!({"hs_sku": "A", "name": "Chair"})),
        record("products", json!({"hs_sku": "B", "price": 5})),
        stream_state("products", 1),
    ];
    let run =
        delivery::for_streams(&sandbox, &[elt_stream("products", &["hs_sku"])]).write(&rows).succeeded();
    assert_eq!(run.codes(), ["MISSING_REQUIRED_PROPERTY"]);
    assert_eq!(run.stats(), (1.0, 1.0));
    assert_eq!(run.rejected()[0]["data"]["hs_sku"], "B");
}

#[test]
fn a_value_that_another_record_holds_is_a_conflict_that_names_the_record() {
    let sandbox = crm::account().property("contacts", PropertyDef::string("customer_id").unique()).start();
    let holder = sandbox.insert("contacts", &[("email", "taken@example.com")]);
    let settings = json!({"streams": [{"name": "contacts", "matching_key": "customer_id"}]});
    let run = connector(&sandbox)
        .with(&settings)
        .write(&[
            record("contacts", json!({"customer_id": "C1", "email": "taken@example.com"})),
            record("contacts", json!({"customer_id": "C2", "email": "free@example.com"})),
            stream_state("contacts", 1),
        ])
        .succeeded();
    assert_eq!((run.codes(), run.stats()), (vec!["CONFLICT"], (1.0, 1.0)));
    let reason = rejection(&run, 0);
    assert_eq!((&reason["existing_id"], &reason["origin"]), (&json!(holder), &json!("hubspot")), "{reason}");
}

#[test]
fn a_rejected_record_is_printed_before_the_state_that_covers_it() {
    let sandbox = crm::account().start();
    let run = connector(&sandbox)
        .write(&[
            refused_by_hubspot(),
            stream_state("contacts", 1),
            refused_by_connector(),
            stream_state("contacts", 2),
        ])
        .succeeded();
    let position = |kind: &str, nth: usize| {
        let mut places = run.messages.iter().enumerate().filter(|(_, message)| message["type"] == kind);
        places.nth(nth).map(|(place, _)| place).expect("a message")
    };
    let of = |code: &str| run.codes().iter().position(|found| *found == code).expect("a rejection");
    assert!(position("RECORD", of("INVALID_EMAIL")) < position("STATE", 0));
    assert!(position("RECORD", of("INVALID_INTEGER")) < position("STATE", 1));
    assert_eq!(delivery::stats(&run), [(0.0, 1.0), (0.0, 1.0)]);
}

/// Runs both kinds of rejection, and one record without a key, and checks that nothing of them is shown but hashes.
fn assert_redacted(connector: &Connector) {
    let keyless = record("contacts", json!({"email": null, "city": "private-city"}));
    let mut known = refused_by_connector();
    known["record"]["meta"] = json!({"changes": [{"field": "city", "change": "TRUNCATED", "reason": "SOURCE_FIELD_SIZE_LIMITATION"}], "note": "private-note"});
    let run =
        connector.write(&[refused_by_hubspot(), known, keyless, stream_state("contacts", 1)]).succeeded();
    assert_eq!(run.stats(), (0.0, 3.0));
    let mut codes = run.codes();
    codes.sort_unstable();
    assert_eq!(codes, ["INVALID_EMAIL", "INVALID_INTEGER", "MISSING_MATCHING_KEY"]);
    let address = delivery::email(7);
    for line in &run.lines {
        for value in
            ["private-city", "private-number", "private-note", REFUSED_ADDRESS, "under_score", &address]
        {
            assert!(!line.contains(value), "{value}: {line}");
        }
    }
    for record in run.rejected() {
        assert_eq!(record["data"], json!({}));
        let reason = &record["meta"]["rejection"];
        assert!(
            reason["message"]
                .as_str()
                .is_some_and(|text| text.contains(reason["code"].as_str().unwrap_or("?")))
        );
        let key = match reason["code"].as_str() {
            Some("INVALID_EMAIL") => json!(sha256(REFUSED_ADDRESS)),
            Some("INVALID_INTEGER") => json!(sha256(&address)),
            _ => Value::Null,
        };
        assert_eq!(reason["key_sha256"], key, "{reason}");
        assert!(reason.as_object().is_some_and(|reason| reason.contains_key("key_sha256")));
    }
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn redacted_output_holds_no_value_of_the_record() {
    let sandbox = crm::account().start();
    assert_redacted(&connector(&sandbox).with(&json!({"rejected_records_output": "redacted"})));
}

#[test]
fn on_the_platform_output_is_redacted_unless_configured_otherwise() {
    let sandbox = crm::account().start();
    assert_redacted(&connector(&sandbox).env("WORKER_JOB_ID", "42"));
    let full =
        connector(&sandbox).env("WORKER_JOB_ID", "42").with(&json!({"rejected_records_output": "full"}));
    let run = full.write(&[refused_by_connector()]).succeeded();
    assert_eq!(run.rejected()[0]["data"]["city"], "private-city");
    assert!(rejection(&run, 0).get("key_sha256").is_none());
}

#[test]
fn no_output_prints_no_record_and_counts_them_all_the_same() {
    let sandbox = crm::account().start();
    let run = connector(&sandbox)
        .with(&json!({"rejected_records_output": "none"}))
        .write(&[
            refused_by_hubspot(),
            refused_by_connector(),
            delivery::contact(1),
            stream_state("contacts", 1),
        ])
        .succeeded();
    assert!(run.rejected().is_empty());
    assert_eq!(run.stats(), (1.0, 2.0));
    let summary = run.logs().into_iter().find(|line| line.contains("rejected 2")).expect("a summary");
    assert!(summary.contains("INVALID_EMAIL") && summary.contains("INVALID_INTEGER"), "{summary}");
}

#[test]
fn a_record_of_an_unknown_stream_is_printed_like_any_other() {
    let sandbox = crm::account().start();
    let stray = record("people", json!({"email": "private@example.com"}));
    let run = connector(&sandbox).write(std::slice::from_ref(&stray)).succeeded();
    assert_eq!((run.codes(), &run.rejected()[0]["data"]), (vec!["UNKNOWN_STREAM"], &stray["record"]["data"]));
    let run = connector(&sandbox).env("WORKER_JOB_ID", "1").write(&[stray]).succeeded();
    assert_eq!((&run.rejected()[0]["data"], &rejection(&run, 0)["key_sha256"]), (&json!({}), &Value::Null));
}
