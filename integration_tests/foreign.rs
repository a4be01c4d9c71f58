//! Answers that are not HubSpot's, that speak of others, or say less than they should: nobody settles by them.

use std::sync::atomic::{AtomicUsize, Ordering};

use hubspot_sandbox::{
    AssociationLabel, Endpoint, Fault, FaultAnswer, FaultBody, InputMatch, PropertyDef, Sandbox, When,
};
use serde_json::{Value, json};

use crate::support::connector::Finished;
use crate::support::delivery::{account, contact, email, for_contacts, for_streams, people, stats, stored};
use crate::support::messages::{activation_stream, complete, elt_stream, record, stream_state};

/// Bodies that no error of HubSpot's has.
fn bodies() -> [FaultBody; 4] {
    [FaultBody::Html, FaultBody::Empty, FaultBody::Json(json!("blocked")), FaultBody::Json(json!([1, 2]))]
}

fn sizes(sandbox: &Sandbox, endpoint: Endpoint) -> Vec<usize> {
    let all = sandbox.requests();
    all.iter().filter(|request| request.endpoint == endpoint).map(|request| request.inputs).collect()
}

#[test]
fn a_refusal_that_is_no_error_of_hubspots_is_waited_out() {
    let cases: Vec<(u16, FaultBody, When)> = [400, 403, 409]
        .into_iter()
        .flat_map(|status| bodies().map(|body| (status, body)))
        .zip([When::BeforeEffect, When::AfterEffect].into_iter().cycle())
        .map(|((status, body), when)| (status, body, when))
        .collect();
    let next = AtomicUsize::new(0);
    // The waits are the connector's own; several at a time keep the test short.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((status, body, when)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = format!("{status} {body:?} {when:?}");
                    let answer = FaultAnswer::new(*status).body(body.clone());
                    let sandbox =
                        account().fault(Fault::on(Endpoint::Upsert).first(2).answer(answer, *when)).start();
                    let input = [people(0..30), vec![stream_state("contacts", 1)]].concat();
                    let run = for_contacts(&sandbox).write(&input).succeeded();
                    assert!(run.rejected().is_empty(), "{name}: {:?}", run.codes());
                    assert_eq!(stats(&run), [(30.0, 0.0)], "{name}");
                    assert_eq!(stored(&sandbox, "contacts", "email", "city").len(), 30, "{name}");
                    assert_eq!(sizes(&sandbox, Endpoint::Upsert), [30, 30, 30], "{name}");
                }
            });
        }
    });
}

#[test]
fn one_that_lasts_ends_the_sync_and_rejects_nobody() {
    let answer = FaultAnswer::new(403).body(FaultBody::Html);
    let sandbox = account().fault(Fault::on(Endpoint::Upsert).answer(answer, When::BeforeEffect)).start();
    let input = [people(0..300), vec![stream_state("contacts", 1)]].concat();
    let connector = for_contacts(&sandbox).with(&json!({"retry_budget_seconds": 2}));
    let run = connector.write(&input).failed_with("transient_error");
    assert!(run.rejected().is_empty() && run.states().is_empty());
    let message = run.error()["message"].as_str().expect("a message");
    assert!(message.contains("403") && message.contains("not HubSpot"), "{message}");
    let calls = sandbox.totals().calls(Endpoint::Upsert);
    assert!(calls <= 30, "{calls} calls");
}

#[test]
fn an_insert_that_something_else_refused_is_looked_for_before_it_is_made_again() {
    for when in [When::BeforeEffect, When::AfterEffect] {
        let answer = FaultAnswer::new(409).body(FaultBody::Empty);
        let fault = Fault::on(Endpoint::Create).first(1).answer(answer, when);
        let sandbox =
            account().property("companies", PropertyDef::string("account_no").unique()).fault(fault).start();
        let rows = (0..5)
            .map(|number| record("companies", json!({"account_no": format!("A{number}"), "name": "x"})));
        let input: Vec<Value> = rows.chain([stream_state("companies", 1)]).collect();
        let settings = json!({"streams": [{"name": "companies", "operation": "insert"}]});
        let connector =
            for_streams(&sandbox, &[elt_stream("companies", &["account_no", "name"])]).with(&settings);
        let run = connector.write(&input).succeeded();
        assert_eq!((run.stats(), sandbox.count("companies")), ((5.0, 0.0), 5), "{when:?}: {run:#?}");
    }
}

#[test]
fn a_204_to_a_write_of_records_confirms_nobody() {
    for when in [When::BeforeEffect, When::AfterEffect] {
        let answer = FaultAnswer::new(204).body(FaultBody::Empty);
        let sandbox = account().fault(Fault::on(Endpoint::Upsert).first(1).answer(answer, when)).start();
        let input = [people(0..30), vec![stream_state("contacts", 1)]].concat();
        let run = for_contacts(&sandbox).write(&input).succeeded();
        assert_eq!((sizes(&sandbox, Endpoint::Upsert), sandbox.count("contacts")), (vec![30, 30], 30));
        assert_eq!(stats(&run), [(30.0, 0.0)]);
    }
}

#[test]
fn lasting_204s_confirm_nobody_either() {
    let silence = || {
        Fault::on(Endpoint::Upsert).answer(FaultAnswer::new(204).body(FaultBody::Empty), When::BeforeEffect)
    };
    let sandbox = account().fault(silence()).start();
    let run = for_contacts(&sandbox).write(&[contact(1), stream_state("contacts", 1)]).succeeded();
    assert_eq!((run.codes(), stats(&run)), (vec!["NOT_CONFIRMED"], vec![(0.0, 1.0)]));
    let sandbox = account().fault(silence()).start();
    let input = [people(0..300), vec![stream_state("contacts", 1)]].concat();
    let run = for_contacts(&sandbox).write(&input).failed_with("transient_error");
    assert!(run.rejected().is_empty() && run.states().is_empty());
}

#[test]
fn what_speaks_of_another_input_settles_nobody() {
    let error = |context: Value| json!({"status": "error", "category": "VALIDATION_ERROR", "message": "No.", "context": context});
    let bodies = [
        json!({"results": [{"id": "1", "properties": {"email": "stranger@example.com"}, "objectWriteTraceId": "foreign"}]}),
        json!({"results": [{"id": "1", "properties": {"email": "stranger@example.com"}}]}),
        json!({"results": [], "errors": [error(json!({"objectWriteTraceId": ["foreign"]}))]}),
        json!({"results": [], "errors": [error(json!({"ids": ["stranger@example.com"]}))]}),
    ];
    for body in bodies {
        let answer = FaultAnswer::new(207).body(FaultBody::Json(body.clone()));
        let fault = Fault::on(Endpoint::Upsert).first(1).answer(answer, When::BeforeEffect);
        let sandbox = account().fault(fault).start();
        let run = for_contacts(&sandbox).write(&[contact(1), stream_state("contacts", 1)]).succeeded();
        assert_eq!((stats(&run), sandbox.count("contacts")), (vec![(1.0, 0.0)], 1), "{body}");
        assert_eq!(sizes(&sandbox, Endpoint::Upsert), [1, 1], "{body}");
    }
}

#[test]
fn a_wait_of_nothing_does_not_shorten_the_connectors_own() {
    for (status, usual) in [(503, FaultBody::Usual), (429, FaultBody::Usual), (423, FaultBody::Usual)] {
        let answer = FaultAnswer::new(status).body(usual).header("Retry-After", "0");
        let sandbox = account().fault(Fault::on(Endpoint::Upsert).answer(answer, When::BeforeEffect)).start();
        let connector = for_contacts(&sandbox).with(&json!({"retry_budget_seconds": 3}));
        let input = [people(0..500), vec![stream_state("contacts", 1)]].concat();
        let run = connector.write(&input).failed_with("transient_error");
        assert!(run.rejected().is_empty());
        let calls = sandbox.totals().calls(Endpoint::Upsert);
        // The account's window is a tenth of a second, by which a 429 is waited out; without any wait they are thousands.
        assert!(calls <= 150, "{status}: {calls} calls in three seconds");
    }
}

#[test]
fn remarks_on_a_result_leave_it_accepted_and_are_told_once_by_category() {
    let sandbox = account().fault(Fault::on(Endpoint::Upsert).warn("PROPERTY_TRUNCATED")).start();
    let input = [people(0..250), vec![stream_state("contacts", 1)]].concat();
    let run = for_contacts(&sandbox).write(&input).succeeded();
    assert_eq!(stats(&run), [(250.0, 0.0)]);
    let told: Vec<&str> = run
        .logs()
        .into_iter()
        .filter(|log| log.contains("PROPERTY_TRUNCATED") && !log.starts_with('{'))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(!told[0].contains("Something to know"), "HubSpot's words may hold values: {told:?}");
    let report =
        run.logs().into_iter().find(|log| log.starts_with(r#"{"sync_report":"#)).expect("the report");
    let report: Value = serde_json::from_str(report).expect("JSON");
    let expected = json!([{"category": "PROPERTY_TRUNCATED", "count": 250}]);
    assert_eq!(report["sync_report"]["streams"][0]["warnings"], expected);
}

fn label(sandbox: &Sandbox, rows: &[Value]) -> Finished {
    let mut stream = activation_stream(
        "s",
        "ASSOCIATION:CONTACT:COMPANY",
        "x",
        &["from_hs_object_id", "to_hs_object_id", "label"],
    );
    stream["destination_sync_mode"] = json!("append");
    let mut messages: Vec<Value> = rows.iter().map(|row| record("s", row.clone())).collect();
    messages.extend([stream_state("s", 1), complete("s")]);
    for_streams(sandbox, &[stream]).write(&messages).succeeded()
}

#[test]
fn labels_are_not_lost_because_a_read_of_them_failed() {
    let none_but_unread = json!({"status": "COMPLETE", "results": [], "errors": [{"status": "error",
        "category": "VALIDATION_ERROR", "subCategory": "crm.associations.SOMETHING", "message": "No."}]});
    let answers: [FaultAnswer; 5] = [
        FaultAnswer::new(207).body(FaultBody::Json(none_but_unread)),
        FaultAnswer::new(200).body(FaultBody::Json(json!({"status": "COMPLETE", "results": []}))),
        FaultAnswer::new(204).body(FaultBody::Empty),
        FaultAnswer::new(400),
        FaultAnswer::new(200).body(FaultBody::Json(json!({"results": [{"from": {"id": "1"}}]}))),
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        let sandbox = account()
            .association_label(AssociationLabel::new("contacts", "companies", "Boss"))
            .association_label(AssociationLabel::new("contacts", "companies", "Advisor"))
            .start();
        let person = sandbox.insert("contacts", &[("email", &email(1))]);
        let company = sandbox.insert("companies", &[("name", "x")]);
        let row =
            |label: &str| json!({"from_hs_object_id": person, "to_hs_object_id": company, "label": label});
        label(&sandbox, &[row("Boss")]);
        let reads = Fault::on(Endpoint::AssociationRead).containing(InputMatch::id(&person)).first(1);
        sandbox.add_fault(reads.answer(answer, When::BeforeEffect));
        let run = label(&sandbox, &[row("Advisor")]);
        let labels = sandbox.associations("contacts", "companies")[0].labels.clone();
        assert!(labels.contains(&"Boss".to_owned()), "{number}: {labels:?}");
        let (accepted, rejected) = run.stats();
        assert_eq!(accepted + rejected, 1.0, "{number}");
        assert_eq!(labels.contains(&"Advisor".to_owned()), accepted == 1.0, "{number}: {labels:?}");
    }
}

#[test]
fn associations_whose_path_has_ended_are_found_at_the_dated_one() {
    let sandbox = account()
        .without_path("/crm/v4/associations")
        .association_label(AssociationLabel::new("contacts", "companies", "Boss"))
        .start();
    let rows: Vec<Value> = (0..3)
        .map(|number| {
            let person = sandbox.insert("contacts", &[("email", &email(number))]);
            let company = sandbox.insert("companies", &[("name", "x")]);
            json!({"from_hs_object_id": person, "to_hs_object_id": company, "label": "Boss"})
        })
        .collect();
    let run = label(&sandbox, &rows);
    assert_eq!((run.stats(), sandbox.associations("contacts", "companies").len()), ((3.0, 0.0), 3));
    let told = run.logs().into_iter().filter(|log| log.contains("/crm/v4/associations")).count();
    assert_eq!(told, 1, "{:?}", run.logs());
    let requests = sandbox.requests();
    let ended = requests.iter().filter(|request| request.path.starts_with("/crm/v4/associations")).count();
    assert_eq!(ended, 1, "the rest of the sync uses the other path");
}
