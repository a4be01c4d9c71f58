//! Which properties a new record needs: HubSpot is asked, and believed.

use hubspot_sandbox::{
    Builder, CustomObject, Demand, Endpoint, Fault, FaultAnswer, FaultBody, InputMatch, PropertyDef,
    Required, Sandbox, When,
};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished};
use crate::support::delivery;
use crate::support::messages::{elt_stream, record, stream_state};

const MISSING: &str = "MISSING_REQUIRED_PROPERTY";

fn account() -> Builder {
    delivery::account().property("deals", PropertyDef::string("deal_ext_id").unique())
}

fn connector(sandbox: &Sandbox, operation: &str) -> Connector {
    let entry =
        json!({"name": "deals", "object": "DEAL", "operation": operation, "matching_key": "deal_ext_id"});
    let columns = ["deal_ext_id", "dealname", "dealstage", "amount"];
    delivery::for_streams(sandbox, &[elt_stream("deals", &columns)])
        .with(&json!({"streams": [entry], "flush_interval_seconds": 60}))
}

fn messages(rows: &[Value], state: u64) -> Vec<Value> {
    let records = rows.iter().map(|row| record("deals", row.clone()));
    records.chain([stream_state("deals", state)]).collect()
}

/// Writes deals by an operation.
fn written(sandbox: &Sandbox, operation: &str, rows: &[Value]) -> Finished {
    connector(sandbox, operation).write(&messages(rows, 1))
}

/// The same in two turns: what is answered about the first batch is known before there is a second.
fn written_in_turn(sandbox: &Sandbox, operation: &str, rows: &[Value]) -> Finished {
    let (first, rest) = rows.split_at(100);
    let connector = connector(sandbox, operation);
    let mut running = connector.start_write();
    running.send(&messages(first, 1));
    running.wait_for("the first state", |message| delivery::is_state(message, "deals", 1));
    running.send(&messages(rest, 2));
    running.finish()
}

fn deal(number: usize, more: &Value) -> Value {
    let mut row = json!({"deal_ext_id": format!("d{number}"), "dealname": format!("Deal {number}")});
    for (name, value) in more.as_object().into_iter().flatten() {
        row[name] = value.clone();
    }
    row
}

/// Who refused each record.
fn origins(run: &Finished) -> (usize, usize) {
    let by = |origin: &str| {
        let is_by = |record: &&&Value| record["meta"]["rejection"]["origin"] == origin;
        run.rejected().iter().filter(is_by).count()
    };
    (by("hubspot"), by("connector"))
}

fn calls(sandbox: &Sandbox) -> usize {
    let writes = [Endpoint::Create, Endpoint::Upsert];
    sandbox.requests().iter().filter(|request| writes.contains(&request.endpoint)).count()
}

#[test]
fn records_below_the_minimum_are_written_where_hubspot_takes_them_by_insert_and_upsert_alike() {
    for operation in ["insert", "upsert"] {
        let sandbox = account().required(Required::Lenient).start();
        let rows = [deal(1, &json!({"amount": 10})), deal(2, &json!({"dealstage": "closedwon"}))];
        let run = written(&sandbox, operation, &rows).succeeded();
        assert_eq!((run.stats(), sandbox.count("deals")), ((2.0, 0.0), 2), "{operation}");
    }
    let sandbox = account().required(Required::Lenient).start();
    let entry = json!({"name": "companies", "object": "COMPANY", "operation": "insert"});
    let run = delivery::for_streams(&sandbox, &[elt_stream("companies", &["city"])])
        .with(&json!({"streams": [entry]}))
        .write(&[record("companies", json!({"city": "Oslo"}))])
        .succeeded();
    assert_eq!((run.codes().len(), sandbox.count("companies")), (0, 1));
}

#[test]
fn where_hubspot_does_not_take_them_it_says_so_itself() {
    for operation in ["insert", "upsert"] {
        let sandbox = account().start();
        let rows = [
            deal(1, &json!({"amount": 10})),
            deal(2, &json!({"dealstage": "closedwon", "pipeline": "default"})),
        ];
        let run = written(&sandbox, operation, &rows).succeeded();
        assert_eq!((run.codes(), sandbox.count("deals")), (vec![MISSING], 1), "{operation}");
        assert_eq!(origins(&run), (1, 0), "{operation}");
        assert_eq!(run.rejected()[0]["data"]["deal_ext_id"], "d1");
    }
}

#[test]
fn what_hubspot_has_refused_for_lack_of_one_property_is_refused_unsent_from_then_on() {
    for operation in ["insert", "upsert"] {
        let sandbox = account().required(Required::Lenient).demand("deals", "amount", Demand::Always).start();
        let rows: Vec<Value> = (0..350).map(|number| deal(number, &json!({}))).collect();
        let run = written_in_turn(&sandbox, operation, &rows).succeeded();
        assert_eq!(run.stats(), (0.0, 350.0), "{operation}");
        assert!(run.codes().iter().all(|code| *code == MISSING));
        assert_eq!(origins(&run), (100, 250), "{operation}");
        let unsent =
            run.rejected().into_iter().find(|record| record["meta"]["rejection"]["origin"] == "connector");
        assert_eq!(unsent.unwrap()["meta"]["rejection"]["property"], "amount");
        assert_eq!(calls(&sandbox), 1, "{operation}");
    }
}

#[test]
fn what_is_demanded_on_a_condition_is_left_to_hubspot() {
    let on_size = || Demand::When { property: "dealstage".to_owned(), value: "closedwon".to_owned() };
    for (demand, code) in [(on_size(), "MISSING_CONDITIONAL_REQUIRED_PROPERTY"), (Demand::Always, MISSING)] {
        let is_conditional = demand != Demand::Always;
        let sandbox = account().required(Required::Lenient).demand("deals", "amount", demand).start();
        let lacking = (0..250).map(|number| deal(number, &json!({"dealstage": "closedwon"})));
        let rows: Vec<Value> =
            lacking.chain([deal(900, &json!({"amount": 1})), deal(901, &json!({"amount": 2}))]).collect();
        let run = written_in_turn(&sandbox, "insert", &rows).succeeded();
        assert_eq!(run.stats(), (2.0, 250.0), "{code}");
        assert!(run.codes().iter().all(|found| *found == code));
        let expected = if is_conditional { (250, 0) } else { (100, 150) };
        assert_eq!(origins(&run), expected, "{code}: a condition proves nothing about others");
    }
}

#[test]
fn the_schema_of_a_custom_object_is_believed_before_the_first_call() {
    let car = CustomObject::new("trucks")
        .property(PropertyDef::string("plate").unique())
        .property(PropertyDef::string("model"))
        .required("model");
    let sandbox = delivery::account().custom_object(car).start();
    let entry = json!({"name": "trucks", "operation": "insert"});
    let run = delivery::for_streams(&sandbox, &[elt_stream("trucks", &["plate", "model"])])
        .with(&json!({"streams": [entry]}))
        .write(&[
            record("trucks", json!({"plate": "A"})),
            record("trucks", json!({"plate": "B", "model": "x"})),
        ])
        .succeeded();
    assert_eq!((run.codes(), origins(&run)), (vec![MISSING], (0, 1)));
    assert_eq!(sandbox.count("trucks"), 1);
}

#[test]
fn one_record_that_was_taken_without_it_is_enough_to_go_on_sending() {
    let on_size = Demand::When { property: "dealstage".to_owned(), value: "closedwon".to_owned() };
    let sandbox = account().required(Required::Lenient).demand("deals", "amount", on_size).start();
    // In the words of a demand that is always made.
    let body = json!({"status": "error", "category": "VALIDATION_ERROR", "message": "Error creating DEAL. Some required properties were not set.",
        "context": {"properties": ["amount"]}});
    sandbox.add_fault(
        Fault::on(Endpoint::Create)
            .containing(InputMatch::property("dealstage", "closedlost"))
            .answer(FaultAnswer::new(400).body(FaultBody::Json(body)), When::BeforeEffect),
    );
    let kinds = ["closedlost", "appointmentscheduled"];
    let rows: Vec<Value> =
        (0..200).map(|number| deal(number, &json!({"dealstage": kinds[number % 2]}))).collect();
    let run = written_in_turn(&sandbox, "insert", &rows).succeeded();
    assert_eq!((run.stats(), origins(&run)), ((100.0, 100.0), (100, 0)));
}

#[test]
fn a_deletion_is_not_refused_for_what_a_new_record_needs() {
    let sandbox = account().required(Required::Lenient).demand("deals", "amount", Demand::Always).start();
    sandbox.insert("deals", &[("deal_ext_id", "there"), ("dealname", "There"), ("amount", "1")]);
    let connector = connector(&sandbox, "upsert").with(&json!({"deleted_rows": "archive"}));
    let mut running = connector.start_write();
    let lacking: Vec<Value> = (0..100).map(|number| deal(number, &json!({}))).collect();
    running.send(&messages(&lacking, 1));
    running.wait_for("the first state", |message| delivery::is_state(message, "deals", 1));
    let gone = json!({"deal_ext_id": "there", "amount": null, "_ab_cdc_deleted_at": "2026-11-01T10:00:00Z"});
    running.send(&messages(&[gone], 2));
    let run = running.finish().succeeded();
    assert_eq!((origins(&run), sandbox.count("deals")), ((100, 0), 0));
}
