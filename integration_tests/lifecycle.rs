//! `lifecycle_backwards`: a stage is cleared and set, in two ordered writes, and never at the cost of the stage.

use hubspot_sandbox::{Endpoint, Fault, PropertyDef, Sandbox, When};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished};
use crate::support::crm;
use crate::support::delivery::{self, email};
use crate::support::messages::{elt_stream, record, stream_state};
use crate::support::sent::{inputs_of, writes};

fn connector(sandbox: &Sandbox, settings: &Value) -> Connector {
    let mut entry = json!({"name": "contacts", "lifecycle_backwards": true});
    for (key, value) in settings.as_object().expect("settings") {
        entry[key] = value.clone();
    }
    delivery::for_streams(sandbox, &[elt_stream("contacts", &[])]).with(&json!({"streams": [entry]}))
}

fn contact(number: usize, mut data: Value) -> Value {
    data["email"] = json!(email(number));
    record("contacts", data)
}

fn written(connector: &Connector, records: &[Value]) -> Finished {
    let mut input = records.to_vec();
    input.push(stream_state("contacts", 1));
    connector.write(&input)
}

fn customer(sandbox: &Sandbox, number: usize) -> String {
    sandbox.insert("contacts", &[("email", &email(number)), ("lifecyclestage", "customer")])
}

/// The properties of each input of each call, in order.
fn sent(sandbox: &Sandbox) -> Vec<Vec<Value>> {
    let calls = writes(sandbox);
    let properties = |call: &_| -> Vec<Value> {
        inputs_of(std::slice::from_ref(call))
            .into_iter()
            .map(|mut input| input["properties"].take())
            .collect()
    };
    calls.iter().map(properties).collect()
}

fn stage(sandbox: &Sandbox, number: usize) -> Option<String> {
    let found = sandbox.find("contacts", "email", &email(number));
    found[0].get("lifecyclestage").map(str::to_owned)
}

#[test]
fn a_stage_moves_back_where_the_user_allows_it() {
    for (allowed, expected) in [(true, "lead"), (false, "customer")] {
        let sandbox = crm::account().start();
        customer(&sandbox, 1);
        let row = contact(1, json!({"lifecyclestage": "Lead", "city": "Oslo"}));
        let run = written(&connector(&sandbox, &json!({"lifecycle_backwards": allowed})), &[row]).succeeded();
        assert_eq!(run.stats(), (1.0, 0.0));
        assert_eq!(stage(&sandbox, 1).as_deref(), Some(expected));
    }
}

#[test]
fn the_first_write_clears_and_brings_the_rest_the_second_sets() {
    let sandbox = crm::account().start();
    for number in 0..3 {
        customer(&sandbox, number);
    }
    let rows = [
        contact(0, json!({"lifecyclestage": "lead", "city": "Oslo"})),
        contact(1, json!({"city": "Rome"})),
        contact(2, json!({"lifecyclestage": "subscriber"})),
        contact(3, json!({"lifecyclestage": ""})),
    ];
    let run = written(&connector(&sandbox, &json!({})), &rows).succeeded();
    assert_eq!(run.stats(), (4.0, 0.0));
    assert_eq!(
        sent(&sandbox),
        [
            vec![
                json!({"lifecyclestage": "", "city": "Oslo"}),
                json!({"city": "Rome"}),
                json!({"lifecyclestage": ""}),
                json!({"lifecyclestage": ""}),
            ],
            vec![json!({"lifecyclestage": "lead"}), json!({"lifecyclestage": "subscriber"})],
        ]
    );
    let line = run.logs().into_iter().find(|log| log.starts_with("Stream")).expect("a summary");
    assert!(line.contains("created 1, updated 3"), "{line}");
}

#[test]
fn a_new_contact_gets_its_stage_although_hubspot_fills_one_in() {
    let sandbox = crm::account().start();
    let row = contact(1, json!({"lifecyclestage": "subscriber", "city": "Oslo"}));
    let run = written(&connector(&sandbox, &json!({})), &[row]).succeeded();
    assert_eq!(stage(&sandbox, 1).as_deref(), Some("subscriber"));
    let line = run.logs().into_iter().find(|log| log.starts_with("Stream")).expect("a summary");
    assert!(line.contains("created 1, updated 0"), "{line}");
}

#[test]
fn records_of_one_contact_are_not_merged_and_keep_their_order() {
    let sandbox = crm::account().start();
    let id = customer(&sandbox, 1);
    let rows = [
        contact(1, json!({"city": "a"})),
        contact(1, json!({"lifecyclestage": "opportunity", "city": "b"})),
        contact(1, json!({"city": "c"})),
        contact(1, json!({"lifecyclestage": "lead"})),
        contact(1, json!({"lifecyclestage": "subscriber", "city": "d"})),
        contact(2, json!({"city": "x"})),
    ];
    let run = written(&connector(&sandbox, &json!({})), &rows).succeeded();
    assert_eq!(run.stats(), (6.0, 0.0));
    let values = |property| -> Vec<String> {
        sandbox.value_history("contacts", &id, property).into_iter().map(|(_, value)| value).collect()
    };
    assert_eq!(values("lifecyclestage"), ["customer", "", "opportunity", "", "lead", "", "subscriber"]);
    assert_eq!(values("city"), ["a", "b", "c", "d"]);
}

#[test]
fn a_record_that_hubspot_refuses_keeps_its_stage() {
    let sandbox = crm::account().property("contacts", PropertyDef::string("badge").unique()).start();
    sandbox.insert("contacts", &[("email", &email(9)), ("badge", "7")]);
    customer(&sandbox, 1);
    customer(&sandbox, 2);
    let rows = [
        contact(1, json!({"lifecyclestage": "lead", "badge": "7"})),
        contact(2, json!({"lifecyclestage": "lead", "badge": "8"})),
    ];
    let run = written(&connector(&sandbox, &json!({})), &rows).succeeded();
    assert_eq!(run.stats(), (1.0, 1.0));
    assert_eq!(stage(&sandbox, 1).as_deref(), Some("customer"));
    assert_eq!(stage(&sandbox, 2).as_deref(), Some("lead"));
}

#[test]
fn updates_move_stages_back_too() {
    for key in ["email", "hs_object_id"] {
        let sandbox = crm::account().start();
        let id = customer(&sandbox, 1);
        let row =
            record("contacts", json!({"hs_object_id": id, "email": email(1), "lifecyclestage": "lead"}));
        let settings = json!({"operation": "update", "matching_key": key});
        let run = written(&connector(&sandbox, &settings), &[row]).succeeded();
        assert_eq!(
            (run.stats(), stage(&sandbox, 1).as_deref()),
            ((1.0, 0.0), Some("lead")),
            "{key}: {run:#?}"
        );
    }
}

#[test]
fn an_answer_lost_between_the_writes_loses_nothing() {
    for nth in [1, 2] {
        let lost = Fault::on(Endpoint::Upsert).nth(nth).close(When::AfterEffect);
        let sandbox = crm::account().fault(lost).start();
        customer(&sandbox, 1);
        let row = contact(1, json!({"lifecyclestage": "lead", "city": "Oslo"}));
        let run = written(&connector(&sandbox, &json!({})), &[row]).succeeded();
        assert_eq!((run.stats(), stage(&sandbox, 1).as_deref()), ((1.0, 0.0), Some("lead")), "{nth}");
    }
}
