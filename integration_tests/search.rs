//! Matching by search: a property that is not unique, such as a company's domain.

use std::time::{Duration, Instant};

use hubspot_sandbox::{Builder, Endpoint, Fault, PropertyDef, RateLimit, Sandbox, When};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished};
use crate::support::delivery::{account, for_streams, is_state};
use crate::support::messages::{elt_stream, record, stream_state};
use crate::support::sent;

/// An account whose searches no test waits for, as far as HubSpot is concerned.
fn quick() -> Builder {
    account().search_limit(RateLimit { max: 1_000, interval: Duration::from_millis(100), enforced: false })
}

/// Companies by domain.
fn by_domain(sandbox: &Sandbox, operation: &str) -> Connector {
    by(sandbox, operation, "domain")
}

fn by(sandbox: &Sandbox, operation: &str, key: &str) -> Connector {
    let settings =
        json!({"name": "companies", "operation": operation, "matching_key": key, "match": "search"});
    for_streams(sandbox, &[elt_stream("companies", &["domain", "name", "city"])])
        .with(&json!({"streams": [settings]}))
}

fn company(domain: &str, name: &str) -> Value {
    record("companies", json!({"domain": domain, "name": name}))
}

fn write(connector: &Connector, rows: &[Value]) -> Finished {
    let messages = [rows, &[stream_state("companies", 1)]].concat();
    let run = connector.write(&messages).succeeded();
    let (accepted, rejected) = run.stats();
    assert_eq!(accepted + rejected, rows.len() as f64, "{run:#?}");
    run
}

fn calls(sandbox: &Sandbox) -> Vec<Endpoint> {
    sent::but_gets(sandbox).iter().map(|request| request.endpoint).collect()
}

fn name_of(sandbox: &Sandbox, id: &str) -> Option<String> {
    sandbox.record("companies", id).and_then(|company| company.get("name").map(str::to_owned))
}

#[test]
fn what_is_found_is_updated_what_is_not_is_made_and_what_is_ambiguous_is_refused() {
    let sandbox = quick().start();
    let acme = sandbox.insert("companies", &[("domain", "acme.example"), ("name", "Old")]);
    for _ in 0..3 {
        sandbox.insert("companies", &[("domain", "many.example"), ("name", "One of many")]);
    }
    let rows = [
        company("https://www.Acme.example/contact", "Acme"),
        company("new.example", "New"),
        company("many.example", "Which?"),
    ];
    let run = write(&by_domain(&sandbox, "upsert"), &rows);
    assert_eq!(run.codes(), ["AMBIGUOUS_MATCH"]);
    let rejection = &run.rejected()[0]["meta"]["rejection"];
    let message = rejection["message"].as_str().expect("a message");
    assert!(message.contains('3') && message.contains("domain"), "{message}");
    assert!(!message.contains("many.example"), "no value: {message}");
    assert_eq!((&rejection["property"], &rejection["origin"]), (&json!("domain"), &json!("connector")));
    assert_eq!(name_of(&sandbox, &acme).as_deref(), Some("Acme"));
    let new = sandbox.find("companies", "domain", "new.example");
    assert_eq!((new.len(), new[0].get("name")), (1, Some("New")));
    let mut made = calls(&sandbox);
    assert_eq!(made.remove(0), Endpoint::Search);
    made.sort_by_key(|endpoint| *endpoint != Endpoint::Update);
    assert_eq!(made, [Endpoint::Update, Endpoint::Create]);
    assert_eq!(sandbox.count("companies"), 5);
}

#[test]
fn every_spelling_of_a_text_is_the_same_key() {
    let sandbox = quick().start();
    let there = sandbox.insert("companies", &[("name", "Acme Inc"), ("city", "Rome")]);
    let row = |name: &str, city: &str| record("companies", json!({"name": name, "city": city}));
    let rows = [
        row("ACME INC", "Lisbon"),
        row(" acme inc", "Porto"),
        row("Other", "Bonn"),
        row("OTHER", "Köln"),
        // Commas, quotes and line breaks are part of a value.
        row("A, \"B\"\nC", "Ulm"),
    ];
    let run = write(&by(&sandbox, "upsert", "name"), &rows);
    assert!(run.rejected().is_empty(), "{run:#?}");
    let city = |id: &str| sandbox.record("companies", id).unwrap().get("city").map(str::to_owned);
    assert_eq!(city(&there).as_deref(), Some("Porto"));
    assert_eq!(sandbox.count("companies"), 3);
    let other = sandbox.find("companies", "name", "OTHER");
    assert_eq!((other.len(), other[0].get("city")), (1, Some("Köln")), "later values win, spelling included");
}

fn company_with(sandbox: &Sandbox, domain: &str, others: &str) -> String {
    sandbox.insert("companies", &[("domain", domain), ("hs_additional_domains", others), ("name", "Old")])
}

/// HubSpot shows the further domains as options; in an account where they were text, only a single one could be found.
fn as_text() -> Builder {
    quick().property("companies", PropertyDef::string("hs_additional_domains"))
}

#[test]
fn companies_are_found_by_their_further_domains_and_keep_their_own() {
    let sandbox = quick().start();
    let acme = company_with(&sandbox, "acme.example", "acme.test;old-acme.example");
    let best = company_with(&sandbox, "best.example", "shared.example");
    let own = company_with(&sandbox, "shared.example", "");
    for round in ["1", "2"] {
        let rows = [
            company("https://www.Old-Acme.example/x", &format!("Acme {round}")),
            company("acme.test", &format!("Acme! {round}")),
            company("shared.example", &format!("Own {round}")),
            company("new.example", &format!("New {round}")),
            record("companies", json!({"domain": "old-acme.example"})),
        ];
        assert!(write(&by_domain(&sandbox, "upsert"), &rows).rejected().is_empty());
        assert_eq!(sandbox.count("companies"), 4);
        let held = |id: &str, property: &str| {
            sandbox.record("companies", id).unwrap().get(property).map(str::to_owned)
        };
        assert!(held(&acme, "name").is_some_and(|name| name.starts_with("Acme") && name.ends_with(round)));
        assert_eq!(held(&acme, "domain").as_deref(), Some("acme.example"));
        assert_eq!(held(&best, "name").as_deref(), Some("Old"), "another company has the domain for its own");
        assert_eq!(held(&own, "name"), Some(format!("Own {round}")));
    }
    let searches = sandbox.requests().into_iter().filter(|request| request.endpoint == Endpoint::Search);
    assert_eq!(searches.count(), 2, "one search a sync");
    let archived = write(&by_domain(&sandbox, "archive"), &[company("old-acme.example", "x")]);
    assert!(archived.rejected().is_empty());
    assert_eq!(sandbox.count("companies"), 4, "nobody asked to archive a company of another domain");
}

#[test]
fn what_a_search_of_further_domains_cannot_find_is_made() {
    let sandbox = as_text().start();
    let one = company_with(&sandbox, "one.example", "single.example");
    company_with(&sandbox, "two.example", "a.example;b.example");
    let rows = [company("single.example", "Found"), company("b.example", "Made")];
    assert!(write(&by_domain(&sandbox, "upsert"), &rows).rejected().is_empty());
    assert_eq!((name_of(&sandbox, &one).as_deref(), sandbox.count("companies")), (Some("Found"), 3));
}

#[test]
fn a_domain_has_two_spellings_and_a_placeholder_is_none() {
    let sandbox = quick().start();
    let unicode = company_with(&sandbox, "münchen.example", "");
    let ascii = company_with(&sandbox, "xn--kln-sna.example", "");
    let rows = [
        company("xn--mnchen-3ya.example", "München"),
        company("köln.example", "Köln"),
        company("http://münchen.example/", "München 2"),
        company("n/a", "Nobody"),
        company("None", "Nobody"),
        company("-", "Nobody"),
    ];
    let run = write(&by_domain(&sandbox, "upsert"), &rows);
    assert_eq!(run.codes(), ["MISSING_MATCHING_KEY"; 3]);
    let message = run.rejected()[0]["meta"]["rejection"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("no domain"), "{message}");
    assert_eq!(name_of(&sandbox, &unicode).as_deref(), Some("München 2"));
    assert_eq!((name_of(&sandbox, &ascii).as_deref(), sandbox.count("companies")), (Some("Köln"), 2));
}

#[test]
fn ends_of_associations_are_found_by_further_domains_too() {
    let sandbox = quick().start();
    let acme = company_with(&sandbox, "acme.example", "acme.test;old-acme.example");
    let settings = json!([{"name": "contacts",
        "associations": [{"column": "company_domain", "object": "COMPANY", "key": "domain"}]}]);
    let connector = for_streams(&sandbox, &[elt_stream("contacts", &["email", "company_domain"])])
        .with(&json!({ "streams": settings }));
    let row = |number: usize, domain: &str| {
        record("contacts", json!({"email": format!("p{number}@example.com"), "company_domain": domain}))
    };
    let run = connector.write(&[row(1, "old-acme.example"), row(2, "acme.test"), row(3, "n/a")]).succeeded();
    assert!(run.rejected().is_empty(), "{run:#?}");
    let pairs = sandbox.associations("contacts", "companies");
    assert_eq!(pairs.iter().map(|pair| pair.to.as_str()).collect::<Vec<_>>(), [&*acme, &*acme]);
}

#[test]
fn telephone_numbers_are_no_keys_of_what_may_be_created() {
    let sandbox = quick().start();
    let stream = elt_stream("companies", &["phone", "name"]);
    let settings = |operation: &str| {
        let entry = json!({"name": "companies", "object": "COMPANY", "operation": operation, "matching_key": "phone", "match": "search"});
        json!({ "streams": [entry] })
    };
    let refused = for_streams(&sandbox, std::slice::from_ref(&stream)).with(&settings("upsert"));
    let run = refused.write(&[stream_state("companies", 1)]).failed_with("config_error");
    let check = refused.check();
    let status = &check.of_type("CONNECTION_STATUS")[0]["connectionStatus"];
    assert_eq!(status["status"], "FAILED");
    for message in [&run.error()["message"], &status["message"]] {
        assert!(message.as_str().is_some_and(|message| message.contains("telephone number")), "{message}");
    }
    let there = sandbox.insert("companies", &[("phone", "+49 30 1"), ("name", "Old")]);
    let update = for_streams(&sandbox, &[stream]).with(&settings("update"));
    let run = write(&update, &[record("companies", json!({"phone": "+49 30 1", "name": "New"}))]);
    assert!(run.rejected().is_empty(), "{run:#?}");
    assert_eq!(name_of(&sandbox, &there).as_deref(), Some("New"));
}

#[test]
fn what_this_sync_has_made_is_known_although_search_does_not_see_it_yet() {
    let sandbox = quick().search_index_lag(1_000).start();
    let connector = by_domain(&sandbox, "upsert");
    let mut running = connector.start_write();
    for round in 1..=3 {
        running.send(&[company("new.example", &format!("Name {round}")), stream_state("companies", round)]);
        running.wait_for("the round's state", |message| is_state(message, "companies", round));
    }
    let run = running.finish().succeeded();
    assert!(run.rejected().is_empty(), "{run:#?}");
    assert_eq!(sandbox.count("companies"), 1);
    assert_eq!(sandbox.records("companies")[0].get("name"), Some("Name 3"));
    assert_eq!(calls(&sandbox), [Endpoint::Search, Endpoint::Create, Endpoint::Update, Endpoint::Update]);
}

#[test]
fn updates_and_archives_find_their_records_by_search_too() {
    let sandbox = quick().start();
    let acme = sandbox.insert("companies", &[("domain", "acme.example"), ("name", "Old")]);
    let rows = [company("acme.example", "New"), company("nobody.example", "Nobody")];
    let updated = write(&by_domain(&sandbox, "update"), &rows);
    assert_eq!(updated.codes(), ["NOT_FOUND"]);
    assert_eq!((name_of(&sandbox, &acme).as_deref(), sandbox.count("companies")), (Some("New"), 1));
    let only_key = [record("companies", json!({"domain": "acme.example"}))];
    assert!(write(&by_domain(&sandbox, "update"), &only_key).rejected().is_empty());
    let archived = write(&by_domain(&sandbox, "archive"), &rows);
    assert!(archived.rejected().is_empty(), "gone or never there: {archived:#?}");
    assert_eq!(sandbox.count("companies"), 0);
}

#[test]
fn searches_are_cut_to_what_hubspot_takes() {
    let sandbox = quick().start();
    let domain = |number: usize| format!("{}{number}.example", "long-".repeat(number % 12));
    let rows: Vec<Value> = (0..150).map(|number| company(&domain(number), "Name")).collect();
    let run = write(&by_domain(&sandbox, "upsert"), &rows);
    assert!(run.rejected().is_empty(), "{run:#?}");
    assert_eq!(sandbox.count("companies"), 150);
    let searches: Vec<_> =
        sandbox.requests().into_iter().filter(|request| request.endpoint == Endpoint::Search).collect();
    assert!(searches.len() > 2 && searches.iter().all(|search| search.status == Some(200)), "{searches:#?}");
    let longest = searches.iter().filter_map(|search| search.body_bytes().map(<[u8]>::len)).max();
    assert!(longest.is_some_and(|longest| (2_000..=3_000).contains(&longest)), "{longest:?}");
    let again = write(&by_domain(&sandbox, "upsert"), &rows);
    assert!(again.rejected().is_empty() && sandbox.count("companies") == 150, "all are found");
}

#[test]
fn more_records_than_a_page_holds_harm_nobody_else() {
    let sandbox = quick().start();
    for _ in 0..201 {
        sandbox.insert("companies", &[("domain", "many.example")]);
    }
    let rows = ["a.example", "b.example", "many.example", "c.example"].map(|domain| company(domain, "Name"));
    let run = write(&by_domain(&sandbox, "upsert"), &rows);
    assert_eq!(run.codes(), ["AMBIGUOUS_MATCH"]);
    assert_eq!(sandbox.count("companies"), 204);
}

#[test]
fn no_more_than_five_searches_a_second_are_made() {
    let sandbox = account().start();
    let rows: Vec<Value> =
        (0..11).map(|number| company("a.example", &format!("{number}{}", "x".repeat(2_000)))).collect();
    let began = Instant::now();
    let run = write(&by(&sandbox, "update", "name"), &rows);
    assert_eq!(run.codes(), ["NOT_FOUND"; 11]);
    // HubSpot's second and ours do not begin at the same moment: one call may come too early.
    assert!(sandbox.totals().with_status(429) <= 1, "{:?}", sandbox.totals());
    assert!(sandbox.totals().calls(Endpoint::Search) <= 12);
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn keys_too_long_to_be_searched_for_are_refused() {
    let sandbox = quick().start();
    let run = write(&by(&sandbox, "upsert", "name"), &[company("a.example", &"x".repeat(3_000))]);
    assert_eq!(run.codes(), ["VALUE_TOO_LONG"]);
    assert!(calls(&sandbox).is_empty());
}

#[test]
fn what_may_have_been_made_is_searched_for_and_never_made_again() {
    let sandbox = quick().fault(Fault::on(Endpoint::Create).first(1).close(When::AfterEffect)).start();
    let rows = [company("a.example", "A"), company("b.example", "B")];
    let run = write(&by_domain(&sandbox, "upsert"), &rows);
    assert!(run.rejected().is_empty(), "{run:#?}");
    assert_eq!((sandbox.count("companies"), sandbox.counts("companies").created), (2, 2));
    let expected = [Endpoint::Search, Endpoint::Create, Endpoint::Search, Endpoint::Update];
    assert_eq!(calls(&sandbox), expected);
}

#[test]
fn passing_trouble_of_searches_is_waited_out() {
    for status in [429, 500, 502, 503] {
        let sandbox = quick().fault(Fault::on(Endpoint::Search).first(1).status(status)).start();
        let run = write(&by_domain(&sandbox, "upsert"), &[company("a.example", "A")]);
        assert!(run.rejected().is_empty(), "{status}: {run:#?}");
        assert_eq!(calls(&sandbox), [Endpoint::Search, Endpoint::Search, Endpoint::Create], "{status}");
    }
}

#[test]
fn records_without_the_key_are_refused() {
    let sandbox = quick().start();
    let rows = [json!({"name": "No domain"}), json!({"domain": " ", "name": "Blank"})];
    let rows = rows.map(|row| record("companies", row));
    let run = write(&by_domain(&sandbox, "upsert"), &rows);
    assert_eq!(run.codes(), ["MISSING_MATCHING_KEY"; 2]);
}

#[test]
fn keys_that_cannot_be_searched_by_are_refused_by_check_and_write() {
    let sandbox = quick()
        .property("companies", PropertyDef::date("founded_on"))
        .property("companies", PropertyDef::string("computed").calculated())
        .start();
    for (key, word) in [
        ("no_such", "no property"),
        ("founded_on", "neither text nor a number"),
        ("hs_object_id", "needs no search"),
    ] {
        let connector = by(&sandbox, "upsert", key);
        let run = connector.write(&[company("a.example", "A")]).failed_with("config_error");
        assert!(run.error()["message"].as_str().is_some_and(|text| text.contains(word)), "{key}: {run:#?}");
        let check = connector.check();
        let status = &check.of_type("CONNECTION_STATUS")[0]["connectionStatus"];
        assert_eq!(status["status"], "FAILED", "{key}");
        assert!(status["message"].as_str().is_some_and(|text| text.contains(word)), "{key}: {status}");
    }
    by(&sandbox, "upsert", "computed").write(&[company("a.example", "A")]).failed_with("config_error");
    by(&sandbox, "insert", "domain").write(&[company("a.example", "A")]).failed_with("config_error");
    let check = by_domain(&sandbox, "upsert").check();
    assert_eq!(
        check.of_type("CONNECTION_STATUS")[0]["connectionStatus"]["status"],
        "SUCCEEDED",
        "{check:#?}"
    );
    assert_eq!(sandbox.totals().calls(Endpoint::Search), 0);
}

#[test]
fn lifecycle_stages_move_back_of_what_is_found_and_stay_of_what_is_made() {
    let sandbox = quick().start();
    let there = sandbox.insert("companies", &[("domain", "a.example"), ("lifecyclestage", "customer")]);
    let settings = json!({"name": "companies", "matching_key": "domain", "match": "search",
        "lifecycle_backwards": true});
    let connector = for_streams(&sandbox, &[elt_stream("companies", &["domain", "lifecyclestage"])])
        .with(&json!({"streams": [settings]}));
    let rows = ["a.example", "b.example"]
        .map(|domain| record("companies", json!({"domain": domain, "lifecyclestage": "lead"})));
    let run = write(&connector, &rows);
    assert!(run.rejected().is_empty(), "{run:#?}");
    let stage = |id: &str| sandbox.record("companies", id).unwrap().get("lifecyclestage").map(str::to_owned);
    assert_eq!(stage(&there).as_deref(), Some("lead"));
    let made = sandbox.find("companies", "domain", "b.example");
    assert_eq!((made.len(), stage(&made[0].id).as_deref()), (1, Some("lead")));
    assert!(run.logs().iter().any(|log| log.contains("created 1")), "{:#?}", run.logs());
}

#[test]
fn a_dry_run_searches_and_writes_nothing() {
    let sandbox = quick().start();
    sandbox.insert("companies", &[("domain", "a.example")]);
    let rows = [company("a.example", "A"), company("b.example", "B")];
    let connector = by_domain(&sandbox, "update").with(&json!({"dry_run": true}));
    let run = connector.write(&rows).succeeded();
    assert_eq!(run.codes(), ["NOT_FOUND"], "what is missing shows");
    assert_eq!(calls(&sandbox), [Endpoint::Search]);
}
