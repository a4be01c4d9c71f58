//! Pairs of records: associated, labelled, dissociated, found by any key, and errors that name nobody.

use hubspot_sandbox::{
    AssociationErrors, AssociationLabel, Builder, Endpoint, Fault, FaultAnswer, Oversize, PrimaryLabels,
    PropertyDef, Sandbox, StoredAssociation, When,
};
use serde_json::{Value, json};

use crate::support::connector::Finished;
use crate::support::delivery;
use crate::support::messages::{activation_stream, complete, record, stream_state};

fn account() -> Builder {
    let key = PropertyDef::string("account_no").unique();
    delivery::account()
        .property("companies", key)
        .association_label(AssociationLabel::new("contacts", "companies", "Boss"))
        .association_label(AssociationLabel::new("contacts", "companies", "Advisor"))
}

fn person(sandbox: &Sandbox, number: usize) -> String {
    sandbox.insert("contacts", &[("email", &delivery::email(number))])
}

fn company(sandbox: &Sandbox, number: usize) -> String {
    sandbox.insert("companies", &[("account_no", &format!("A{number}")), ("name", "x")])
}

fn stream(mode: &str, columns: &[&str]) -> Value {
    let mut stream = activation_stream("s", "ASSOCIATION:CONTACT:COMPANY", "x", columns);
    stream["destination_sync_mode"] = json!(mode);
    stream
}

fn run(sandbox: &Sandbox, mode: &str, rows: &[Value]) -> Finished {
    let columns: Vec<&str> =
        rows[0].as_object().expect("a row is an object").keys().map(String::as_str).collect();
    let mut messages: Vec<Value> = rows.iter().map(|row| record("s", row.clone())).collect();
    messages.push(stream_state("s", 1));
    messages.push(complete("s"));
    let run = delivery::for_streams(sandbox, &[stream(mode, &columns)]).write(&messages).succeeded();
    let (accepted, rejected) = run.stats();
    assert_eq!(accepted + rejected, rows.len() as f64, "{run:#?}");
    run
}

fn pairs(sandbox: &Sandbox) -> Vec<(String, String, String)> {
    let text = |StoredAssociation { from, to, labels }| (from, to, labels.join("+"));
    sandbox.associations("contacts", "companies").into_iter().map(text).collect()
}

fn calls(sandbox: &Sandbox, endpoint: Endpoint) -> usize {
    sandbox.requests().iter().filter(|request| request.endpoint == endpoint).count()
}

#[test]
fn pairs_by_record_id_take_one_call() {
    let sandbox = account().start();
    let company = company(&sandbox, 1);
    let rows: Vec<Value> = (0..300)
        .map(|number| json!({"from_hs_object_id": person(&sandbox, number), "to_hs_object_id": company}))
        .collect();
    let run = run(&sandbox, "append_dedup", &rows);
    assert_eq!(run.codes(), [""; 0]);
    assert_eq!(pairs(&sandbox).len(), 300);
    assert_eq!(calls(&sandbox, Endpoint::AssociateDefault), 1);
    assert_eq!(calls(&sandbox, Endpoint::Read), 0);
}

#[test]
fn both_ends_are_found_by_their_keys_and_each_is_asked_for_once() {
    let sandbox = account().start();
    let people: Vec<String> = (0..250).map(|number| person(&sandbox, number)).collect();
    let companies: Vec<String> = (0..3).map(|number| company(&sandbox, number)).collect();
    let mut rows: Vec<Value> = (0..250)
        .map(|number| json!({"from_email": delivery::email(number), "to_account_no": format!("A{}", number % 3)}))
        .collect();
    rows.push(json!({"from_email": "nobody@example.com", "to_account_no": "A1"}));
    rows.push(json!({"from_email": delivery::email(1), "to_account_no": "A99"}));
    rows.push(json!({"from_email": delivery::email(1), "to_account_no": null}));
    let run = run(&sandbox, "append", &rows);
    let mut codes = run.codes();
    codes.sort_unstable();
    assert_eq!(codes, ["MISSING_MATCHING_KEY", "NOT_FOUND", "NOT_FOUND"]);
    let expected: Vec<(String, String, String)> = people
        .iter()
        .enumerate()
        .map(|(number, id)| (id.clone(), companies[number % 3].clone(), String::new()))
        .collect();
    let mut found = pairs(&sandbox);
    found.sort();
    let mut expected = expected;
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(calls(&sandbox, Endpoint::AssociateDefault), 1);
    assert_eq!(calls(&sandbox, Endpoint::Read), 3 + 1, "251 people and four companies");
}

#[test]
fn a_label_is_given_beside_those_there_are_and_taken_off_alone() {
    let sandbox = account().start();
    let (person, company) = (person(&sandbox, 1), company(&sandbox, 1));
    let row = |label: Value| json!({"from_email": delivery::email(1), "to_account_no": "A1", "label": label});
    let labels = |sandbox: &Sandbox| pairs(sandbox)[0].2.clone();
    assert_eq!(run(&sandbox, "append", &[row(json!("boss "))]).codes(), [""; 0]);
    assert_eq!(labels(&sandbox), "Boss");
    assert_eq!(run(&sandbox, "append", &[row(json!("Advisor"))]).codes(), [""; 0]);
    assert_eq!(labels(&sandbox), "Advisor+Boss", "the first label is kept");
    assert_eq!(run(&sandbox, "append", &[row(json!("Nephew"))]).codes(), ["INVALID_OPTION"]);
    assert_eq!(run(&sandbox, "soft_delete", &[row(json!("Boss"))]).codes(), [""; 0]);
    assert_eq!(pairs(&sandbox), [(person, company, "Advisor".to_owned())]);
    assert_eq!(run(&sandbox, "soft_delete", &[row(Value::Null)]).codes(), [""; 0]);
    assert!(pairs(&sandbox).is_empty());
}

#[test]
fn dissociating_what_is_not_there_is_done() {
    let sandbox = account().start();
    person(&sandbox, 1);
    company(&sandbox, 1);
    let rows = [
        json!({"from_email": delivery::email(1), "to_account_no": "A1"}),
        json!({"from_email": "nobody@example.com", "to_account_no": "A1"}),
    ];
    assert_eq!(run(&sandbox, "soft_delete", &rows).codes(), [""; 0]);
}

#[test]
fn what_is_done_with_one_pair_is_done_in_order() {
    let sandbox = account().start();
    person(&sandbox, 1);
    company(&sandbox, 1);
    let row = |label: &str| json!({"from_email": delivery::email(1), "to_account_no": "A1", "label": label});
    let run = run(&sandbox, "append", &[row("Boss"), row("Advisor"), row("Boss")]);
    assert_eq!(run.codes(), [""; 0]);
    assert_eq!(pairs(&sandbox)[0].2, "Advisor+Boss");
}

#[test]
fn errors_that_name_nobody_reject_only_the_pairs_at_fault() {
    for errors in
        [AssociationErrors::Usual, AssociationErrors::WithoutContext, AssociationErrors::AmongSuccess]
    {
        let sandbox = account().association_errors(errors).start();
        let company = company(&sandbox, 1);
        let mut rows: Vec<Value> = (0..40)
            .map(|number| json!({"from_hs_object_id": person(&sandbox, number), "to_hs_object_id": company}))
            .collect();
        rows.insert(7, json!({"from_hs_object_id": "4711", "to_hs_object_id": company}));
        rows.insert(
            20,
            json!({"from_hs_object_id": rows[3]["from_hs_object_id"], "to_hs_object_id": "4712"}),
        );
        let run = run(&sandbox, "append", &rows);
        assert_eq!(run.rejected().len(), 2, "{errors:?} {:?}", run.codes());
        assert_eq!(pairs(&sandbox).len(), 40, "{errors:?}");
    }
}

#[test]
fn calls_that_fail_before_or_after_they_took_effect_are_repeated() {
    for fault in [
        Fault::on(Endpoint::AssociateDefault).first(2).status(503),
        Fault::on(Endpoint::AssociateDefault).first(1).answer(FaultAnswer::new(502), When::AfterEffect),
        Fault::on(Endpoint::AssociateDefault).first(1).close(When::AfterEffect),
        Fault::on(Endpoint::AssociateDefault).first(1).truncate(),
        Fault::on(Endpoint::Read).first(1).status(500),
    ] {
        let sandbox = account().fault(fault).start();
        person(&sandbox, 1);
        company(&sandbox, 1);
        let run =
            run(&sandbox, "append", &[json!({"from_email": delivery::email(1), "to_account_no": "A1"})]);
        assert_eq!(run.codes(), [""; 0]);
        assert_eq!(pairs(&sandbox).len(), 1);
    }
}

#[test]
fn what_associations_do_not_have_is_refused_before_anything_is_written() {
    let sandbox = account().start();
    for stream in
        [stream("update", &["from_email", "to_account_no"]), stream("append", &["from_email", "label"])]
    {
        let run = delivery::for_streams(&sandbox, &[stream]).write(&[]).failed_with("config_error");
        assert!(run.states().is_empty());
    }
}

#[test]
fn associations_are_offered_and_checked() {
    let sandbox = account().start();
    let connector = delivery::for_streams(&sandbox, &[stream("append", &["from_email", "to_account_no"])]);
    let discovered = connector.discover();
    let operations =
        discovered.of_type("DESTINATION_CATALOG")[0]["destination_catalog"]["operations"].clone();
    let of_pair: Vec<&Value> = operations
        .as_array()
        .expect("a catalog has operations")
        .iter()
        .filter(|operation| operation["object_name"] == "ASSOCIATION:CONTACT:COMPANY")
        .collect();
    assert_eq!(of_pair.len(), 3, "append, append_dedup, soft_delete");
    let columns = of_pair[0]["json_schema"]["properties"].as_object().expect("columns");
    for column in ["from_hs_object_id", "from_email", "to_hs_object_id", "to_account_no", "label"] {
        assert!(columns.contains_key(column), "{column}: {columns:?}");
    }
    let check = |object: &str| {
        let run = connector_with(&sandbox, object).check();
        let status = &run.of_type("CONNECTION_STATUS")[0]["connectionStatus"];
        (
            status["status"].as_str() == Some("SUCCEEDED"),
            status["message"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let (good, message) = check("ASSOCIATION:CONTACT:COMPANY");
    assert!(good && message.contains("Boss"), "{message}");
    assert!(!check("ASSOCIATION:CONTACT:SHIPS").0);
}

fn connector_with(sandbox: &Sandbox, object: &str) -> crate::support::connector::Connector {
    delivery::for_streams(sandbox, &[]).with(&json!({"streams": [{"name": "s", "object": object}]}))
}

#[test]
fn every_api_version_associates() {
    for version in ["v3", "2026-03", "2026-09"] {
        let sandbox = account().start();
        let (person, company) = (person(&sandbox, 1), company(&sandbox, 1));
        let columns = ["from_email", "to_account_no", "label"];
        let connector = delivery::for_streams(&sandbox, &[stream("append", &columns)])
            .with(&json!({"api_version": version}));
        let row = json!({"from_email": delivery::email(1), "to_account_no": "A1", "label": "Boss"});
        let run = connector.write(&[record("s", row), stream_state("s", 1), complete("s")]).succeeded();
        assert_eq!(run.codes(), [""; 0], "{version}");
        assert_eq!(pairs(&sandbox), [(person, company, "Boss".to_owned())], "{version}");
    }
}

#[test]
fn primary_is_a_label_in_both_directions_however_hubspot_lists_it() {
    for shown in [PrimaryLabels::Named, PrimaryLabels::Unnamed, PrimaryLabels::Unlisted] {
        for (object, swapped) in
            [("ASSOCIATION:CONTACT:COMPANY", false), ("ASSOCIATION:COMPANY:CONTACT", true)]
        {
            let sandbox = account().primary_labels(shown).start();
            let (person, company) = (person(&sandbox, 1), company(&sandbox, 1));
            let (from, to) = if swapped { (&company, &person) } else { (&person, &company) };
            let row = json!({"from_hs_object_id": from, "to_hs_object_id": to, "label": "primary"});
            let write = |mode: &str| {
                let mut stream = stream(mode, &["from_hs_object_id", "to_hs_object_id", "label"]);
                stream["destination_object_name"] = json!(object);
                let messages = [record("s", row.clone()), stream_state("s", 1), complete("s")];
                delivery::for_streams(&sandbox, &[stream]).write(&messages).succeeded()
            };
            let run = write("append");
            assert_eq!(run.codes(), [""; 0], "{object} {shown:?}");
            let associated = |label: &str| vec![(person.clone(), company.clone(), label.to_owned())];
            assert_eq!(pairs(&sandbox), associated("Primary"), "{object} {shown:?}");
            write("soft_delete");
            assert_eq!(pairs(&sandbox), associated(""), "{object} {shown:?}: the plain association stays");
        }
    }
}

#[test]
fn plain_pairs_go_by_a_thousand_and_a_size_that_was_refused_is_not_tried_again() {
    for limit in [None, Some(Oversize::TooLarge), Some(Oversize::BadRequest)] {
        let account = match limit {
            None => account(),
            Some(refusal) => account().pairs_per_call(300, refusal),
        };
        let sandbox = account.start();
        let company = company(&sandbox, 1);
        let rows: Vec<Value> = (0..4_500)
            .map(|number| json!({"from_hs_object_id": person(&sandbox, number), "to_hs_object_id": company}))
            .collect();
        for (mode, endpoint, left) in [
            ("append", Endpoint::AssociateDefault, rows.len()),
            ("soft_delete", Endpoint::AssociationArchive, 0),
        ] {
            let run = run(&sandbox, mode, &rows);
            assert_eq!((run.codes(), pairs(&sandbox).len()), (vec![], left), "{limit:?} {mode}");
            let requests = sandbox.requests();
            let calls = requests.iter().filter(|request| request.endpoint == endpoint);
            let sizes: Vec<(usize, bool)> = calls
                .map(|call| {
                    (
                        call.body().unwrap()["inputs"].as_array().unwrap().len(),
                        call.status.is_some_and(|status| status < 300),
                    )
                })
                .collect();
            assert!(sizes.iter().all(|(size, _)| *size <= 1_000), "{mode}: {sizes:?}");
            let refused = sizes.iter().filter(|(_, was_taken)| !was_taken).count();
            // Those that were under way when the first was refused, and their halves.
            assert!(refused <= if limit.is_some() { 15 } else { 0 }, "{limit:?} {mode}: {sizes:?}");
        }
    }
}
