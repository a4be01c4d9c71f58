//! Records that are associated as they are written: a contact with its company, found by domain, key or id.

use std::time::Duration;

use hubspot_sandbox::{
    AssociationErrors, AssociationLabel, Builder, Endpoint, Fault, FaultAnswer, LimitPolicy, PropertyDef,
    RateLimit, Sandbox, StoredAssociation, When,
};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished, PATIENCE};
use crate::support::delivery::{self, email, for_streams, is_state, stats};
use crate::support::messages::{elt_stream, global_state, record, stream_state};
use crate::support::sent::{self, assert_nothing_written};

fn account() -> Builder {
    let limit = RateLimit { max: 1_000, interval: Duration::from_millis(100), enforced: false };
    delivery::account()
        .search_limit(limit)
        .property("companies", PropertyDef::string("account_no").unique())
        .association_label(AssociationLabel::new("contacts", "companies", "Boss"))
        .association_label(AssociationLabel::new("contacts", "companies", "Advisor"))
}

/// The stream of contacts, with columns that name companies.
fn contacts() -> Value {
    elt_stream("contacts", &["email", "city", "company_domain", "accounts", "friend"])
}

fn settings(associations: Value) -> Value {
    json!({"streams": [{"name": "contacts", "associations": associations}]})
}

fn by_domain() -> Value {
    json!({"column": "company_domain", "object": "COMPANY", "key": "domain"})
}

fn by_account() -> Value {
    json!({"column": "accounts", "object": "companies", "key": "account_no"})
}

fn connector(sandbox: &Sandbox, associations: Value) -> Connector {
    for_streams(sandbox, &[contacts()]).with(&settings(associations))
}

fn write(connector: &Connector, rows: &[Value]) -> Finished {
    let mut messages: Vec<Value> = rows.iter().map(|row| record("contacts", row.clone())).collect();
    messages.push(stream_state("contacts", 1));
    let run = connector.write(&messages).succeeded();
    let (accepted, rejected) = run.stats();
    assert_eq!(accepted + rejected, rows.len() as f64, "{run:#?}");
    run
}

fn company(sandbox: &Sandbox, name: &str) -> String {
    sandbox.insert(
        "companies",
        &[("name", name), ("domain", &format!("{name}.example")), ("account_no", &format!("A-{name}"))],
    )
}

/// Addresses of contacts, names of companies, labels: in order.
fn pairs(sandbox: &Sandbox) -> Vec<(String, String, String)> {
    let text = |object: &str, id: &str, property: &str| {
        let record = sandbox.record(object, id).expect("ends of associations exist");
        record.get(property).unwrap_or_default().to_owned()
    };
    let pair = |StoredAssociation { from, to, labels }: StoredAssociation| {
        (text("contacts", &from, "email"), text("companies", &to, "name"), labels.join("+"))
    };
    let mut pairs: Vec<_> = sandbox.associations("contacts", "companies").into_iter().map(pair).collect();
    pairs.sort();
    pairs
}

fn pair(number: usize, company: &str, labels: &str) -> (String, String, String) {
    (email(number), company.to_owned(), labels.to_owned())
}

fn calls(sandbox: &Sandbox, endpoint: Endpoint) -> usize {
    sandbox.requests().iter().filter(|request| request.endpoint == endpoint).count()
}

#[test]
fn contacts_are_associated_with_their_company_by_domain() {
    let sandbox = account().start();
    company(&sandbox, "acme");
    company(&sandbox, "other");
    let domain = |number: usize| match number % 3 {
        0 => json!("https://www.Acme.example/about"),
        1 => json!("other.example"),
        _ => Value::Null,
    };
    let rows: Vec<Value> =
        (0..250).map(|number| json!({"email": email(number), "company_domain": domain(number)})).collect();
    // Nothing is sent for its age alone, however slow the machine.
    let connector = connector(&sandbox, json!([by_domain()])).with(&json!({"flush_interval_seconds": 60}));
    let run = write(&connector, &rows);
    assert_eq!(run.codes(), [""; 0]);
    let expected: Vec<_> = (0..250)
        .filter(|number| number % 3 != 2)
        .map(|number| pair(number, if number % 3 == 0 { "acme" } else { "other" }, ""))
        .collect();
    assert_eq!(pairs(&sandbox), expected);
    assert_eq!(calls(&sandbox, Endpoint::Upsert), 3);
    assert_eq!(calls(&sandbox, Endpoint::AssociateDefault), 1, "all pairs share a call");
    assert!(calls(&sandbox, Endpoint::Search) <= 2, "both domains share a search");
    let sent = sandbox.find("contacts", "email", &email(0));
    assert_eq!(sent[0].get("company_domain"), None);
}

#[test]
fn a_column_names_one_several_or_none() {
    let sandbox = account().start();
    let ids: Vec<String> = ["a", "b", "c"].map(|name| company(&sandbox, name)).into();
    let by_id = json!({"column": "friend", "object": "0-2"});
    let rows = [
        json!({"email": email(1), "accounts": ["A-a", "A-b", null, "A-a"]}),
        json!({"email": email(2), "accounts": "A-c", "friend": ids[0].parse::<u64>().expect("a number")}),
        json!({"email": email(3), "accounts": [], "friend": ""}),
        json!({"email": email(4)}),
        json!({"email": email(5), "accounts": {"no": "A-a"}}),
    ];
    let run = write(&connector(&sandbox, json!([by_account(), by_id])), &rows);
    assert_eq!(run.codes(), ["INVALID_RECORD"]);
    assert_eq!(run.rejected()[0]["meta"]["rejection"]["property"], json!("accounts"));
    assert_eq!(pairs(&sandbox), [pair(1, "a", ""), pair(1, "b", ""), pair(2, "a", ""), pair(2, "c", "")]);
    assert_eq!(sandbox.count("contacts"), 4, "what names no record in any way is not written");
}

#[test]
fn a_far_end_that_is_missing_or_ambiguous_rejects_a_record_that_is_written() {
    let sandbox = account().start();
    company(&sandbox, "good");
    company(&sandbox, "twice");
    company(&sandbox, "twice2");
    let twin = sandbox.find("companies", "name", "twice2")[0].id.clone();
    sandbox.insert("companies", &[("name", "twin"), ("domain", "twice.example")]);
    let rows = [
        json!({"email": email(1), "city": "Oslo", "company_domain": "missing.example", "accounts": "A-good"}),
        json!({"email": email(2), "company_domain": "twice.example"}),
        json!({"email": email(3), "company_domain": "good.example"}),
        json!({"email": email(4), "accounts": ["A-none", "A-good"], "friend": twin}),
        json!({"email": email(5), "friend": "4711"}),
    ];
    let by_id = json!({"column": "friend", "object": "COMPANY"});
    let run = write(&connector(&sandbox, json!([by_domain(), by_account(), by_id])), &rows);
    let mut told: Vec<(String, String)> = run
        .rejected()
        .iter()
        .map(|rejected| {
            let rejection = &rejected["meta"]["rejection"];
            let message = rejection["message"].as_str().expect("a message");
            assert!(message.contains("the record itself was written"), "{message}");
            let text = |name: &str| rejection[name].as_str().unwrap_or_default().to_owned();
            (text("property"), text("code"))
        })
        .collect();
    told.sort();
    let own = |column: &str, code: &str| (column.to_owned(), code.to_owned());
    assert_eq!(
        told,
        [
            own("accounts", "NOT_FOUND"),
            own("company_domain", "AMBIGUOUS_MATCH"),
            own("company_domain", "NOT_FOUND"),
            own("friend", "NOT_FOUND")
        ]
    );
    assert_eq!(
        pairs(&sandbox),
        [pair(1, "good", ""), pair(3, "good", ""), pair(4, "good", ""), pair(4, "twice2", "")],
        "the other associations of a rejected record are made"
    );
    assert_eq!(sandbox.count("contacts"), 5);
    let log = run.logs().into_iter().find(|log| log.starts_with("Stream \"contacts\"")).expect("a line");
    assert!(log.contains("associations made 4, refused 4"), "{log}");
}

#[test]
fn labels_are_given_beside_those_there_are_and_one_after_the_other() {
    let sandbox = account().start();
    company(&sandbox, "a");
    let labelled = |column: &str, label: &str| json!({"column": column, "object": "COMPANY", "key": "account_no", "label": label});
    let connector = connector(&sandbox, json!([labelled("accounts", "boss"), labelled("friend", "Advisor")]));
    let row = json!({"email": email(1), "accounts": "A-a", "friend": "A-a"});
    assert_eq!(write(&connector, std::slice::from_ref(&row)).codes(), [""; 0]);
    assert_eq!(pairs(&sandbox), [pair(1, "a", "Advisor+Boss")]);
    let before = calls(&sandbox, Endpoint::AssociationCreate);
    assert_eq!(write(&connector, &[row]).codes(), [""; 0]);
    assert_eq!(calls(&sandbox, Endpoint::AssociationCreate), before, "what has its label needs no call");
}

#[test]
fn every_operation_that_writes_associates() {
    let sandbox = account().start();
    company(&sandbox, "a");
    for (number, operation, matching) in [
        (1, "insert", json!({})),
        (2, "update", json!({})),
        (3, "update", json!({"matching_key": "hs_object_id"})),
    ] {
        let id = (operation == "update").then(|| sandbox.insert("contacts", &[("email", &email(number))]));
        let mut entry =
            json!({"name": "contacts", "operation": operation, "associations": [by_account(), by_domain()]});
        for (key, value) in matching.as_object().expect("settings") {
            entry[key] = value.clone();
        }
        let connector =
            for_streams(&sandbox, &[elt_stream("contacts", &[])]).with(&json!({"streams": [entry]}));
        let row = match (number, id) {
            (3, Some(id)) => json!({"hs_object_id": id, "accounts": "A-a", "company_domain": "a.example"}),
            _ => json!({"email": email(number), "accounts": ["A-a"]}),
        };
        assert_eq!(write(&connector, &[row]).codes(), [""; 0], "{operation}");
    }
    assert_eq!(pairs(&sandbox), [pair(1, "a", ""), pair(2, "a", ""), pair(3, "a", "")]);
}

#[test]
fn of_rows_with_one_key_the_last_that_names_a_company_counts() {
    let sandbox = account().start();
    for name in ["a", "b"] {
        company(&sandbox, name);
    }
    let row = |account: Value, city: &str| json!({"email": email(1), "accounts": account, "city": city});
    let rows = [row(json!("A-a"), "x"), row(json!("A-b"), "y"), row(Value::Null, "z")];
    let run = write(&connector(&sandbox, json!([by_account()])), &rows);
    assert_eq!(run.codes(), [""; 0]);
    assert_eq!(pairs(&sandbox), [pair(1, "b", "")]);
    let rows = [row(json!("A-a"), "x"), row(json!("A-none"), "y")];
    let run = write(&connector(&sandbox, json!([by_account()])), &rows);
    assert_eq!(run.codes(), ["NOT_FOUND"], "only the row that names what is missing is rejected");
    assert_eq!(run.rejected()[0]["data"]["city"], json!("y"));
    assert_eq!(sandbox.find("contacts", "email", &email(1))[0].get("city"), Some("y"));
}

#[test]
fn companies_that_come_later_in_the_same_sync_are_waited_for() {
    for (associations, delay, missing) in [(json!([by_domain()]), 300, 0), (json!([by_account()]), 0, 1)] {
        let sandbox = account().search_index_delay(Duration::from_millis(delay)).start();
        let streams = [contacts(), elt_stream("companies", &["account_no", "domain", "name"])];
        let mut config = settings(associations);
        config["streams"].as_array_mut().expect("a list").push(json!({
            "name": "companies", "matching_key": "account_no"}));
        let connector = for_streams(&sandbox, &streams).with(&config);
        let person = |number: usize, company: &str| json!({"email": email(number), "company_domain": format!("{company}.example"), "accounts": format!("A-{company}")});
        let mut run = connector.start_write();
        let people = (0..150).map(|number| record("contacts", person(number, ["a", "b"][number % 2])));
        run.send(&people.collect::<Vec<_>>());
        run.send(&[stream_state("contacts", 1)]);
        // What never comes is looked for a little longer.
        let never = (0..missing).map(|number| record("contacts", person(500 + number, "never")));
        run.send(&never.collect::<Vec<_>>());
        run.send(&[stream_state("contacts", 2)]);
        for name in ["a", "b"] {
            let row =
                json!({"account_no": format!("A-{name}"), "domain": format!("{name}.example"), "name": name});
            run.send(&[record("companies", row)]);
        }
        run.send(&[stream_state("companies", 1)]);
        run.wait_for("the companies' state", |message| is_state(message, "companies", 1));
        assert!(
            !run.so_far().iter().any(|message| is_state(message, "contacts", 1)),
            "the contacts wait for the end of the input"
        );
        run.close_input();
        let run = run.finish().succeeded();
        assert_eq!(run.codes(), vec!["NOT_FOUND"; missing]);
        let expected: Vec<_> = (0..150).map(|number| pair(number, ["a", "b"][number % 2], "")).collect();
        assert_eq!(pairs(&sandbox), expected);
        assert_eq!(sandbox.count("contacts"), 150 + missing);
    }
}

#[test]
fn streams_of_associations_wait_for_both_ends_and_find_them_by_search() {
    let sandbox = account().start();
    let mut pairs_stream = elt_stream("links", &["from_email", "to_domain"]);
    pairs_stream["destination_sync_mode"] = json!("append");
    let streams = [pairs_stream, contacts(), elt_stream("companies", &["account_no", "domain", "name"])];
    let connector = for_streams(&sandbox, &streams).with(&json!({"streams": [
        {"name": "links", "object": "ASSOCIATION:CONTACT:COMPANY", "match": "search"},
        {"name": "companies", "matching_key": "account_no"},
    ]}));
    let link = |number: usize, domain: &str| {
        record("links", json!({"from_email": email(number), "to_domain": domain}))
    };
    sandbox.insert("companies", &[("name", "one"), ("domain", "two.example")]);
    sandbox.insert("companies", &[("name", "two"), ("domain", "two.example")]);
    let messages = [
        link(1, "https://www.A.example/"),
        link(2, "two.example"),
        link(9, "a.example"),
        stream_state("links", 1),
        record("contacts", json!({"email": email(1)})),
        record("contacts", json!({"email": email(2)})),
        record("companies", json!({"account_no": "A-a", "domain": "a.example", "name": "a"})),
        stream_state("links", 2),
    ];
    let run = connector.write(&messages).succeeded();
    let mut codes = run.codes();
    codes.sort_unstable();
    assert_eq!(codes, ["AMBIGUOUS_MATCH", "NOT_FOUND"]);
    assert_eq!(pairs(&sandbox), [pair(1, "a", "")]);
    assert_eq!(stats(&run)[0], (1.0, 2.0));
}

#[test]
fn what_nobody_brings_is_refused_at_once() {
    let sandbox = account().start();
    let connector = connector(&sandbox, json!([by_domain()]));
    let mut run = connector.start_write();
    run.send(&[record("contacts", json!({"email": email(1), "company_domain": "none.example"}))]);
    run.send(&[stream_state("contacts", 1)]);
    // The input stays open.
    run.wait_for("the state", |message| is_state(message, "contacts", 1));
    run.close_input();
    assert_eq!(run.finish().succeeded().codes(), ["NOT_FOUND"]);
}

#[test]
fn errors_that_name_nobody_and_failing_calls_reject_nobody_else() {
    let faults = [
        Fault::on(Endpoint::AssociateDefault).first(2).status(503),
        Fault::on(Endpoint::AssociateDefault).first(1).answer(FaultAnswer::new(502), When::AfterEffect),
        Fault::on(Endpoint::AssociateDefault).first(1).close(When::AfterEffect),
        Fault::on(Endpoint::AssociateDefault).first(1).truncate(),
        Fault::on(Endpoint::Search).first(1).status(500),
        Fault::on(Endpoint::Upsert).first(1).close(When::AfterEffect),
    ];
    for (place, fault) in faults.into_iter().enumerate() {
        let errors =
            [AssociationErrors::Usual, AssociationErrors::WithoutContext, AssociationErrors::AmongSuccess];
        let sandbox = account().association_errors(errors[place % 3]).fault(fault).start();
        company(&sandbox, "a");
        let id = company(&sandbox, "b");
        let by_id = json!({"column": "friend", "object": "COMPANY"});
        let friend = |number: usize| if number == 7 { "4711".to_owned() } else { id.clone() };
        let rows: Vec<Value> = (0..30)
            .map(|number| {
                json!({"email": email(number), "company_domain": "a.example", "friend": friend(number)})
            })
            .collect();
        let run = write(&connector(&sandbox, json!([by_domain(), by_id])), &rows);
        assert_eq!(run.rejected().len(), 1, "{place}: {:?}", run.codes());
        assert_eq!(pairs(&sandbox).len(), 59, "{place}");
    }
}

#[test]
fn killed_and_resumed_all_are_associated() {
    for seed in 0..3 {
        let troubles = [Endpoint::Upsert, Endpoint::Read, Endpoint::Search, Endpoint::AssociateDefault]
            .into_iter()
            .flat_map(|endpoint| {
                let now_and_then = || Fault::on(endpoint).with_probability(0.05);
                [
                    now_and_then().close(When::AfterEffect),
                    now_and_then().status(500),
                    now_and_then().rate_limited(LimitPolicy::Secondly),
                ]
            });
        let sandbox = troubles.fold(account().seed(seed), Builder::fault).start();
        company(&sandbox, "a");
        let streams = [contacts(), elt_stream("companies", &["account_no", "domain", "name"])];
        let mut config = settings(json!([by_domain(), by_account()]));
        config["streams"].as_array_mut().expect("a list").push(json!({
            "name": "companies", "matching_key": "account_no"}));
        let connector = for_streams(&sandbox, &streams).with(&config);
        let row = |number: usize| {
            let (domain, account) =
                if number.is_multiple_of(2) { ("a.example", "A-b") } else { ("b.example", "A-a") };
            json!({"email": email(number), "company_domain": domain, "accounts": account})
        };
        let from = |reached: u64| {
            let mut messages = Vec::new();
            for number in (0..120_u64).filter(|number| *number >= reached) {
                messages.push(record("contacts", row(number as usize)));
                if number % 10 == 9 {
                    messages.push(global_state(number + 1));
                }
            }
            let last = json!({"account_no": "A-b", "domain": "b.example", "name": "b"});
            messages.extend([record("companies", last), global_state(121)]);
            messages
        };
        let mut reached = 0;
        for calls_before_the_kill in [4 + seed as usize, 9 + seed as usize] {
            let before = sandbox.requests().len();
            let mut run = connector.start_write();
            run.send(&from(reached));
            let enough = || sandbox.requests().len() >= before + calls_before_the_kill + 4;
            let until = std::time::Instant::now() + PATIENCE;
            while !enough() {
                assert!(std::time::Instant::now() < until, "seed {seed}: no calls");
                std::thread::yield_now();
            }
            run.kill();
            let run = run.wait();
            reached = run.states().iter().map(|state| delivery::number_of(state).1).max().unwrap_or(reached);
        }
        let run = connector.write(&from(reached)).succeeded();
        assert_eq!(run.codes(), [""; 0], "seed {seed}");
        let expected: Vec<_> =
            (0..120).flat_map(|number| [pair(number, "a", ""), pair(number, "b", "")]).collect();
        assert_eq!(pairs(&sandbox), expected, "seed {seed}");
    }
}

#[test]
fn what_cannot_be_is_refused_by_check_and_before_anything_is_written() {
    let sandbox = account().start();
    let one = |association: Value| settings(json!([association]));
    let archive =
        json!({"streams": [{"name": "contacts", "operation": "archive", "associations": [by_domain()]}]});
    let list =
        json!({"streams": [{"name": "contacts", "object": "AUDIENCE", "associations": [by_domain()]}]});
    for (config, word) in [
        (one(json!({"column": "c", "object": "SHIPS"})), "SHIPS"),
        (one(json!({"column": "c", "object": "COMPANY", "key": "hat"})), "\"hat\""),
        (one(json!({"column": "c", "object": "COMPANY", "label": "Aunt"})), "Boss"),
        (archive, "associations"),
        (list, "associations"),
    ] {
        let connector = for_streams(&sandbox, &[contacts()]).with(&config);
        let run =
            connector.write(&[record("contacts", json!({"email": email(1)}))]).failed_with("config_error");
        let message = run.error()["message"].as_str().expect("a message").to_owned();
        assert!(message.contains(word) && message.contains("\"contacts\""), "{message}");
        assert_nothing_written(&sandbox);
        if config["streams"][0]["operation"] == "archive" {
            continue;
        }
        let run = connector.check();
        let status = &run.of_type("CONNECTION_STATUS")[0]["connectionStatus"];
        assert_eq!(status["status"], "FAILED", "{word}");
        assert!(status["message"].as_str().is_some_and(|text| text.contains(word)), "{status}");
    }
    let run = connector(&sandbox, json!([by_domain(), by_account()])).check();
    let status = &run.of_type("CONNECTION_STATUS")[0]["connectionStatus"];
    assert_eq!(status["status"], "SUCCEEDED");
    let told = format!("{status}{}", run.logs().join(" "));
    assert!(told.contains("company_domain") && told.contains("domain, found by search"), "{told}");
}

#[test]
fn a_dry_run_counts_and_associates_nothing() {
    let sandbox = account().start();
    let rows = [
        json!({"email": email(1), "company_domain": "none.example"}),
        json!({"email": email(2), "accounts": {}}),
    ];
    let connector = connector(&sandbox, json!([by_domain(), by_account()])).with(&json!({"dry_run": true}));
    let messages: Vec<Value> = rows.iter().map(|row| record("contacts", row.clone())).collect();
    let run = connector.write(&messages).succeeded();
    assert_eq!(run.codes(), ["INVALID_RECORD"]);
    assert_nothing_written(&sandbox);
    assert!(sent::but_gets(&sandbox).is_empty());
}

#[test]
fn a_field_inside_an_object_names_a_company() {
    let sandbox = account().start();
    company(&sandbox, "a");
    let inside = json!({"column": "company.site", "object": "COMPANY", "key": "domain"});
    let connector = for_streams(&sandbox, &[elt_stream("contacts", &["email", "company"])])
        .with(&settings(json!([inside])));
    let run = write(
        &connector,
        &[
            json!({"email": email(1), "company": {"site": "A.example", "size": 7}}),
            json!({"email": email(2), "company": null}),
            json!({"email": email(3), "company": r#"{"site":["a.example"]}"#}),
        ],
    );
    assert_eq!(run.codes(), [""; 0]);
    assert_eq!(pairs(&sandbox), [pair(1, "a", ""), pair(3, "a", "")]);
}

#[test]
fn a_column_that_is_mapped_is_sent_as_well() {
    let sandbox = account().property("contacts", PropertyDef::string("employer")).start();
    company(&sandbox, "a");
    let mut config = settings(json!([by_domain()]));
    config["streams"][0]["property_mapping"] = json!({"company_domain": "employer"});
    let connector = for_streams(&sandbox, &[contacts()]).with(&config);
    let run = write(&connector, &[json!({"email": email(1), "company_domain": "A.example"})]);
    assert_eq!(run.codes(), [""; 0]);
    assert_eq!(pairs(&sandbox), [pair(1, "a", "")]);
    assert_eq!(sandbox.find("contacts", "email", &email(1))[0].get("employer"), Some("A.example"));
}
