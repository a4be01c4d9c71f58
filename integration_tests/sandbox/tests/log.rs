//! The request log.

use std::time::Duration;

use hubspot_sandbox::{Endpoint, Fault, Sandbox, When};
use serde_json::json;

use crate::support::{Client, UPSERT, by_email, inputs};

#[test]
fn requests_are_noted_with_what_became_of_them() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    client.post(UPSERT, &inputs(vec![by_email(0, "a@b.io", json!({})), by_email(1, "c@d.io", json!({}))]));
    client.get("/crm/v3/properties/contacts?archived=true");
    client.post(UPSERT, &inputs(vec![json!({ "id": "x", "properties": {} })]));
    let requests = sandbox.requests();
    let first = &requests[0];
    assert_eq!((first.arrival, first.completion, first.status, first.inputs), (1, Some(1), Some(200), 2));
    assert_eq!(
        (first.endpoint, first.object.as_deref(), first.rate_remaining),
        (Endpoint::Upsert, Some("contacts"), Some(189))
    );
    assert_eq!(first.body().unwrap()["inputs"][1]["id"], "c@d.io");
    assert!(first.answered_at.unwrap() >= first.arrived_at);
    assert_eq!((requests[1].method.as_str(), requests[1].query.as_deref()), ("GET", Some("archived=true")));
    assert_eq!((requests[2].status, requests[2].inputs), (Some(400), 1));
    let totals = sandbox.totals();
    assert_eq!(
        (totals.calls(Endpoint::Upsert), totals.inputs[&Endpoint::Upsert], totals.with_status(400)),
        (2, 3, 1)
    );
    let events = sandbox.history();
    assert!(events.iter().all(|event| event.request == 1) && events.len() == 2);
}

#[test]
fn concurrency_is_measured() {
    let sandbox = Sandbox::builder().start();
    let fault = sandbox.add_fault(Fault::on(Endpoint::OwnerList).hold(When::BeforeEffect));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| Client::new(&sandbox).get("/crm/v3/owners"));
        }
        assert!(sandbox.wait_held(fault, 4, Duration::from_secs(10)));
        sandbox.release(fault);
    });
    Client::new(&sandbox).get("/crm/v3/owners");
    assert_eq!((sandbox.max_concurrency(), sandbox.totals().in_flight), (4, 0));
}

#[test]
fn a_light_sandbox_keeps_numbers_only() {
    let sandbox = Sandbox::builder().light().start();
    Client::new(&sandbox).post(UPSERT, &inputs(vec![by_email(0, "a@b.io", json!({}))]));
    assert!(sandbox.requests().is_empty() && sandbox.history().is_empty());
    assert_eq!(
        (sandbox.writes(), sandbox.totals().calls(Endpoint::Upsert), sandbox.count("contacts")),
        (1, 1, 1)
    );
}

#[test]
fn room_for_bodies_is_bounded() {
    let sandbox = Sandbox::builder().keep_bodies(150).start();
    let mut client = Client::new(&sandbox);
    for number in 0..3 {
        client.post(
            "/crm/v3/objects/contacts",
            &json!({ "properties": { "firstname": format!("{number:060}") } }),
        );
    }
    let kept: Vec<bool> = sandbox.requests().iter().map(|request| request.body().is_some()).collect();
    assert_eq!(kept, [true, false, false]);
}
