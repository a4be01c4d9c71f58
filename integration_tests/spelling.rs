//! Which spellings of a value are one: in looking up, searching, comparing and writing alike.

use hubspot_sandbox::{Endpoint, Fault, PropertyDef, Sandbox, When};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished};
use crate::support::crm;
use crate::support::delivery::{for_streams, stored};
use crate::support::messages::{activation_stream, elt_stream, stream_state};
use crate::support::sent::inputs;

const KEY: &str = "company_ext_id";

/// A stream whose columns are declared with these JSON types.
fn declared(name: &str, columns: &[(&str, &str)]) -> Value {
    let mut stream = elt_stream(name, &[]);
    for (column, kind) in columns {
        stream["stream"]["json_schema"]["properties"][column] = json!({"type": ["null", kind]});
    }
    stream
}

/// A RECORD whose data is this very text.
fn row(stream: &str, data: &str) -> String {
    format!(
        r#"{{"type":"RECORD","record":{{"stream":"{stream}","emitted_at":1795290302000,"data":{data}}}}}"#
    )
}

fn write(connector: &Connector, lines: &[String]) -> Finished {
    connector.write_text(&(lines.join("\n") + "\n")).succeeded()
}

fn companies(account: &Sandbox, property: &str) -> Vec<(Option<String>, Option<String>)> {
    let text = |value: Option<&str>| value.map(str::to_owned);
    let all = account.records("companies");
    all.iter().map(|company| (text(company.get(property)), text(company.get("name")))).collect()
}

fn entry(stream: &str, settings: Value) -> Value {
    let mut entry = settings;
    entry["name"] = json!(stream);
    entry["object"] = json!("COMPANY");
    entry
}

/// Spellings of the key `12345`, each with whether the catalog has to declare a number.
const SPELLINGS: [&str; 5] = ["12345.0", "1.2345e4", r#""12345.000000000""#, r#"" 12345.0\u200b""#, "12345"];

#[test]
fn what_is_searched_for_is_what_is_written_and_the_next_sync_finds_it() {
    let sandbox = crm::account().property("companies", PropertyDef::string("legacy_no")).start();
    for (number, name) in [("777", "Acme"), ("778", "Best"), ("A-1", "Blank behind")] {
        sandbox.insert("companies", &[("legacy_no", number), ("name", name)]);
    }
    let settings = entry("accounts", json!({"matching_key": "legacy_no", "match": "search"}));
    let connector =
        for_streams(&sandbox, &[declared("accounts", &[("legacy_no", "number"), ("name", "string")])])
            .with(&json!({ "streams": [settings] }));
    for round in 1..=3 {
        let lines = [
            row("accounts", &format!(r#"{{"legacy_no":777.0,"name":"Acme {round}"}}"#)),
            row("accounts", &format!(r#"{{"legacy_no":778,"name":"Best {round}"}}"#)),
            row("accounts", &format!(r#"{{"legacy_no":"A-1 ","name":"Blank {round}"}}"#)),
            row("accounts", &format!(r#"{{"legacy_no":"779.000000000","name":"New {round}"}}"#)),
        ];
        assert!(write(&connector, &lines).rejected().is_empty());
        let held = stored(&sandbox, "companies", "legacy_no", "name");
        let expected = [("777", "Acme"), ("778", "Best"), ("779", "New"), ("A-1", "Blank")];
        let expected = expected.map(|(number, name)| (number.to_owned(), format!("{name} {round}")));
        assert_eq!(held, expected.into());
    }
}

#[test]
fn a_key_that_is_filled_first_finds_its_records_afterwards() {
    for (place, spelling) in SPELLINGS.into_iter().enumerate() {
        let sandbox = crm::account().property("companies", PropertyDef::string(KEY).unique()).start();
        let id = sandbox.insert("companies", &[("name", "Acme")]);
        let streams = [
            declared("fill", &[(KEY, "number")]),
            declared("accounts", &[(KEY, "number"), ("name", "string")]),
        ];
        let settings = [
            entry("fill", json!({"operation": "update", "matching_key": "hs_object_id"})),
            entry("accounts", json!({ "matching_key": KEY })),
        ];
        let connector = for_streams(&sandbox, &streams).with(&json!({ "streams": settings }));
        let filled =
            write(&connector, &[row("fill", &format!(r#"{{"hs_object_id":{id}.0,"{KEY}":{spelling}}}"#))]);
        assert!(filled.rejected().is_empty(), "{filled:#?}");
        assert_eq!(
            companies(&sandbox, KEY),
            [(Some("12345".to_owned()), Some("Acme".to_owned()))],
            "{spelling}"
        );
        let other = SPELLINGS[(place + 1) % SPELLINGS.len()];
        write(&connector, &[row("accounts", &format!(r#"{{"{KEY}":{other},"name":"Acme Ltd"}}"#))]);
        assert_eq!(
            companies(&sandbox, KEY),
            [(Some("12345".to_owned()), Some("Acme Ltd".to_owned()))],
            "{other}"
        );
    }
}

#[test]
fn every_spelling_of_one_key_is_one_record_whatever_is_done() {
    let account = || crm::account().property("companies", PropertyDef::string(KEY).unique()).start();
    let columns = [(KEY, "number"), ("name", "string")];
    let lines: Vec<String> = SPELLINGS
        .iter()
        .enumerate()
        .map(|(place, spelling)| row("s", &format!(r#"{{"{KEY}":{spelling},"name":"Name {place}"}}"#)))
        .collect();
    let run = |sandbox: &Sandbox, operation: &str| {
        let settings = entry("s", json!({"operation": operation, "matching_key": KEY}));
        let connector =
            for_streams(sandbox, &[declared("s", &columns)]).with(&json!({ "streams": [settings] }));
        write(&connector, &lines)
    };
    let sandbox = account();
    assert!(run(&sandbox, "upsert").rejected().is_empty());
    let last = (Some("12345".to_owned()), Some("Name 4".to_owned()));
    assert_eq!(companies(&sandbox, KEY), std::slice::from_ref(&last));
    let ids: Vec<Value> = inputs(&sandbox).iter().map(|input| input["id"].clone()).collect();
    assert!(ids.iter().all(|id| id == "12345"), "{ids:?}");
    assert!(run(&sandbox, "update").rejected().is_empty());
    assert_eq!(companies(&sandbox, KEY), [last]);
    assert_eq!(run(&sandbox, "insert").codes(), ["CONFLICT"; 5]);
    assert!(run(&sandbox, "archive").rejected().is_empty());
    assert_eq!(sandbox.count("companies"), 0);
}

#[test]
fn an_insert_that_was_lost_is_known_by_its_one_spelling() {
    for spelling in SPELLINGS {
        let sandbox = crm::account()
            .property("companies", PropertyDef::string(KEY).unique())
            .fault(Fault::on(Endpoint::Create).first(1).close(When::AfterEffect))
            .start();
        let settings = entry("s", json!({"operation": "insert", "matching_key": KEY}));
        let connector = for_streams(&sandbox, &[declared("s", &[(KEY, "number"), ("name", "string")])])
            .with(&json!({ "streams": [settings] }));
        let run = write(&connector, &[row("s", &format!(r#"{{"{KEY}":{spelling},"name":"A"}}"#))]);
        assert!(run.rejected().is_empty(), "{spelling}: {run:#?}");
        assert_eq!(
            companies(&sandbox, KEY),
            [(Some("12345".to_owned()), Some("A".to_owned()))],
            "{spelling}"
        );
    }
}

#[test]
fn ends_of_associations_and_members_of_lists_are_found_by_every_spelling() {
    let sandbox = crm::account()
        .property("companies", PropertyDef::string(KEY).unique())
        .property("contacts", PropertyDef::string("person_no").unique())
        .start();
    let company = sandbox.insert("companies", &[(KEY, "12345"), ("name", "Acme")]);
    let contact = sandbox.insert("contacts", &[("person_no", "77")]);
    let columns = [("from_person_no", "number"), (&*format!("to_{KEY}"), "number")];
    let settings = json!([{"name": "pairs", "object": "ASSOCIATION:CONTACT:COMPANY"}]);
    let connector =
        for_streams(&sandbox, &[declared("pairs", &columns)]).with(&json!({ "streams": settings }));
    let lines = [row("pairs", &format!(r#"{{"from_person_no":"77.000","to_{KEY}":12345.0}}"#))];
    assert!(write(&connector, &lines).rejected().is_empty());
    let pairs = sandbox.associations("contacts", "companies");
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|pair| (&*pair.from, &*pair.to)).collect();
    assert_eq!(pairs, [(&*contact, &*company)]);
}

#[test]
fn without_a_declared_number_text_is_text() {
    let sandbox = crm::account().property("companies", PropertyDef::string(KEY).unique()).start();
    for kind in ["string", "boolean"] {
        let settings = entry("s", json!({ "matching_key": KEY }));
        let connector =
            for_streams(&sandbox, &[declared("s", &[(KEY, kind)])]).with(&json!({ "streams": [settings] }));
        write(&connector, &[row("s", &format!(r#"{{"{KEY}":" 007.0 ","name":"{kind}"}}"#))]);
    }
    assert_eq!(companies(&sandbox, KEY), [(Some("007.0".to_owned()), Some("boolean".to_owned()))]);
}

#[test]
fn whole_numbers_have_no_fraction_in_text_either() {
    let sandbox = crm::account().start();
    let data =
        r#"{"email":"a@example.com","phone":4930123456.0,"mobilephone":4.93012E5,"city":1.50,"zip":-0.0}"#;
    write(&for_streams(&sandbox, &[elt_stream("contacts", &[])]), &[row("contacts", data)]);
    let contact = &sandbox.records("contacts")[0];
    let held =
        ["phone", "mobilephone", "city", "zip"].map(|name| contact.get(name).unwrap_or_default().to_owned());
    assert_eq!(held, ["4930123456", "493012", "1.50", "0"]);
}

#[test]
fn what_cannot_be_seen_around_a_value_is_no_part_of_it() {
    let references = Some("TEAM".to_owned());
    let team = PropertyDef { references, ..PropertyDef::select("team", &[]) };
    let sandbox = [
        PropertyDef::string("external_id").unique(),
        PropertyDef::checkboxes("interests", &["red", "blue"]),
        PropertyDef::date("birthday"),
        PropertyDef::datetime("signup_at"),
        PropertyDef::bool("vip"),
        team,
    ]
    .into_iter()
    .fold(crm::account(), |account, property| account.property("contacts", property))
    .start();
    let plain = [
        ("annualrevenue", "1200"),
        ("interests", "red;blue"),
        ("lifecyclestage", "lead"),
        ("birthday", "1990-02-03"),
        ("signup_at", "2024-05-06T07:08:09.000Z"),
        ("vip", "true"),
        ("team", "7"),
    ];
    let around = ["", "\u{a0}", "\u{200b}", "\u{feff}", "\u{200e}", "\u{200d}", " \u{2060}\t"];
    let data = |place: usize, around: &str| {
        let mut data = json!({"external_id": format!("{around}u{place}{around}")});
        for (name, value) in plain {
            let value = value.replace(';', &format!("{around};{around}"));
            data[name] = json!(format!("{around}{value}{around}"));
        }
        data["email"] = json!(format!("{around}u{place}@example.com{around}"));
        data.to_string()
    };
    let mut lines: Vec<String> =
        around.iter().enumerate().map(|(place, around)| row("contacts", &data(place, around))).collect();
    lines.push(row(
        "contacts",
        r#"{"external_id":"u0","birthday":"\u200e1990\u200e-\u200e02\u200e-\u200e03"}"#,
    ));
    let settings = json!([{"name": "contacts", "matching_key": "external_id"}]);
    let connector =
        for_streams(&sandbox, &[elt_stream("contacts", &[])]).with(&json!({ "streams": settings }));
    let run = write(&connector, &lines);
    assert!(run.rejected().is_empty(), "{run:#?}");
    let contacts = sandbox.records("contacts");
    assert_eq!(contacts.len(), around.len());
    for contact in contacts {
        for (name, value) in plain {
            assert_eq!(contact.get(name), Some(value), "{name} of {:?}", contact.get("external_id"));
        }
    }
}

#[test]
fn a_day_alone_begins_at_the_streams_own_midnight() {
    for (zone, closed) in [
        (None, "2024-03-10T00:00:00.000Z"),
        (Some("America/New_York"), "2024-03-10T05:00:00.000Z"),
        (Some(" europe/berlin"), "2024-03-09T23:00:00.000Z"),
    ] {
        let sandbox = crm::account().property("deals", PropertyDef::datetime("signed_at")).start();
        let mut entry = json!({"name": "deals", "matching_key": crm::KEY});
        if let Some(zone) = zone {
            entry["date_time_zone"] = json!(zone);
        }
        let connector =
            for_streams(&sandbox, &[elt_stream("deals", &[])]).with(&json!({ "streams": [entry] }));
        let data = format!(
            r#"{{"{}":"D1","dealname":"D","pipeline":"default","dealstage":"appointmentscheduled","closedate":"2024-03-10","signed_at":"2024-03-10T00:00:00"}}"#,
            crm::KEY
        );
        let run = write(&connector, &[row("deals", &data)]);
        assert!(run.rejected().is_empty(), "{run:#?}");
        let deal = &sandbox.records("deals")[0];
        assert_eq!(deal.get("closedate"), Some(closed), "{zone:?}");
        assert_eq!(
            deal.get("signed_at"),
            Some("2024-03-10T00:00:00.000Z"),
            "it has a time of its own: {zone:?}"
        );
    }
}

#[test]
fn a_time_zone_that_there_is_not_is_refused_by_check_and_write_alike() {
    let sandbox = crm::account().start();
    for zone in ["Mars/Olympus", "+02:00", " "] {
        let settings = json!([{"name": "contacts", "date_time_zone": zone}]);
        let connector =
            for_streams(&sandbox, &[activation_stream("contacts", "CONTACT", "email", &["email"])])
                .with(&json!({ "streams": settings }));
        let check = connector.check();
        let status = &check.of_type("CONNECTION_STATUS")[0]["connectionStatus"];
        assert_eq!(status["status"], "FAILED");
        let told = status["message"].as_str().unwrap_or_default();
        assert!(told.contains("streams[0].date_time_zone") && told.contains("America/New_York"), "{told}");
        let run = connector.write(&[stream_state("contacts", 1)]).failed_with("config_error");
        assert!(
            run.error()["message"]
                .as_str()
                .is_some_and(|message| message.contains("streams[0].date_time_zone"))
        );
    }
}
