//! Trouble on demand.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use hubspot_sandbox::{
    BatchRefusal, Endpoint, EndpointFamily, Fault, FaultAnswer, FaultBody, InputMatch, LimitPolicy, Sandbox,
    When, Writing,
};
use serde_json::{Value, json};

use crate::support::{Client, UPSERT, by_email, inputs};

const SOON: Duration = Duration::from_secs(10);

fn batch(emails: &[&str]) -> Value {
    inputs(emails.iter().enumerate().map(|(n, email)| by_email(n, email, json!({ "city": "X" }))).collect())
}

#[test]
fn statuses_and_bodies() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let mut with = |fault: Fault| {
        let id = sandbox.add_fault(fault);
        let reply = client.post(UPSERT, &batch(&["a@b.io"]));
        assert_eq!(sandbox.fault_fired(id), 1);
        sandbox.remove_fault(id);
        reply
    };
    let upsert = || Fault::on(Endpoint::Upsert);
    for (status, html) in
        [(400, false), (423, false), (500, false), (502, true), (503, true), (522, true), (530, true)]
    {
        let reply = with(upsert().status(status));
        assert_eq!(
            (reply.status, reply.header("content-type").unwrap().starts_with("text/html")),
            (status, html)
        );
    }
    let reply = with(upsert().status(477));
    assert_eq!((reply.status, reply.header("retry-after")), (477, Some("3600")));
    for (policy, name) in [
        (LimitPolicy::Secondly, "SECONDLY"),
        (LimitPolicy::TenSecondlyRolling, "TEN_SECONDLY_ROLLING"),
        (LimitPolicy::Daily, "DAILY"),
    ] {
        let reply = with(upsert().rate_limited(policy));
        assert_eq!((reply.status, &reply.json()["policyName"]), (429, &json!(name)));
    }
    let answer = FaultAnswer::new(503).header("Retry-After", "2").body(FaultBody::Empty);
    let reply = with(upsert().answer(answer, When::BeforeEffect));
    assert_eq!((reply.status, reply.header("retry-after"), reply.body.len()), (503, Some("2"), 0));
    assert_eq!(sandbox.writes(), 0, "nothing of it took effect");
    let answer = FaultAnswer::new(504);
    assert_eq!(with(upsert().answer(answer, When::AfterEffect)).status, 504);
    assert_eq!(sandbox.writes(), 1, "this one did");
}

#[test]
fn faults_pick_their_calls() {
    let sandbox = Sandbox::builder().start();
    let fault = sandbox.add_fault(Fault::on(EndpointFamily::Objects).object("CONTACT").nth(2).status(500));
    let poison =
        sandbox.add_fault(Fault::on(Endpoint::Upsert).containing(InputMatch::id("bad@b.io")).status(400));
    let mut client = Client::new(&sandbox);
    let companies = client.post("/crm/v3/objects/companies", &json!({ "properties": { "name": "x" } }));
    assert_eq!(companies.status, 201);
    assert_eq!(client.get("/crm/v3/objects/0-1").status, 200);
    assert_eq!(client.post(UPSERT, &batch(&["a@b.io"])).status, 500);
    assert_eq!(client.post(UPSERT, &batch(&["a@b.io"])).status, 200);
    assert_eq!(client.post(UPSERT, &batch(&["c@b.io", "bad@b.io"])).status, 400);
    assert_eq!(sandbox.count("contacts"), 1);
    assert_eq!((sandbox.fault_fired(fault), sandbox.fault_fired(poison)), (1, 1));
    assert_eq!(sandbox.requests()[2].fault, Some(fault));
}

#[test]
fn connections_can_break() {
    let sandbox = Sandbox::builder().start();
    let call = |client: &mut Client, email: &str| {
        client.try_call("POST", UPSERT, &batch(&[email])).unwrap_err().kind()
    };
    let mut client = Client::new(&sandbox);
    for (when, email, there) in [(When::BeforeEffect, "a@b.io", 0), (When::AfterEffect, "b@b.io", 1)] {
        let fault = sandbox.add_fault(Fault::on(Endpoint::Upsert).close(when));
        assert_eq!(call(&mut client, email), ErrorKind::ConnectionReset);
        sandbox.remove_fault(fault);
        assert_eq!(sandbox.find("contacts", "email", email).len(), there);
    }
    let fault = sandbox.add_fault(Fault::on(Endpoint::Upsert).truncate());
    let kind = call(&mut client, "c@b.io");
    assert!(matches!(kind, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset), "{kind:?}");
    sandbox.remove_fault(fault);
    assert_eq!(sandbox.find("contacts", "email", "c@b.io").len(), 1);
    assert_eq!(sandbox.requests()[0].status, None);
    assert_eq!(client.post(UPSERT, &batch(&["d@b.io"])).status, 200, "a new connection works");
}

#[test]
fn a_hanging_request_ends_with_the_sandbox() {
    let sandbox = Sandbox::builder().fault(Fault::on(Endpoint::Upsert).hang(When::AfterEffect)).start();
    let mut client = Client::new(&sandbox);
    std::thread::scope(|scope| {
        let hanging = scope.spawn(move || client.try_call("POST", UPSERT, &batch(&["a@b.io"])).is_err());
        assert!(sandbox.wait_until(SOON, |totals| totals.in_flight == 1));
        assert_eq!(Client::new(&sandbox).get("/crm/v3/owners").status, 200, "others are served");
        while sandbox.count("contacts") == 0 {
            std::thread::yield_now();
        }
        assert_eq!(sandbox.totals().in_flight, 1);
        drop(sandbox);
        assert!(hanging.join().unwrap());
    });
}

#[test]
fn held_requests_wait_for_the_test() {
    for when in [When::BeforeEffect, When::AfterEffect] {
        let sandbox = Sandbox::builder().start();
        let fault = sandbox.add_fault(Fault::on(Endpoint::Upsert).nth(1).hold(when));
        std::thread::scope(|scope| {
            let held = scope.spawn(|| Client::new(&sandbox).post(UPSERT, &batch(&["a@b.io"])).status);
            assert!(sandbox.wait_held(fault, 1, SOON));
            assert_eq!(sandbox.count("contacts"), usize::from(when == When::AfterEffect));
            assert_eq!(Client::new(&sandbox).post(UPSERT, &batch(&["b@b.io"])).status, 200);
            sandbox.release(fault);
            assert_eq!(held.join().unwrap(), 200);
        });
        assert_eq!((sandbox.count("contacts"), sandbox.held(fault)), (2, 0));
        let order: Vec<Option<u64>> = sandbox.requests().iter().map(|request| request.completion).collect();
        assert_eq!(order, [Some(2), Some(1)]);
    }
}

#[test]
fn a_client_that_goes_away_does_not_undo_its_request() {
    let sandbox = Sandbox::builder().start();
    let fault = sandbox.add_fault(Fault::on(Endpoint::Upsert).hold(When::BeforeEffect));
    let connection = Client::new(&sandbox).send_only(UPSERT, &batch(&["a@b.io"]));
    assert!(sandbox.wait_held(fault, 1, SOON));
    drop(connection);
    sandbox.release(fault);
    assert!(sandbox.wait_until(SOON, |totals| totals.completed == 1));
    assert_eq!(sandbox.count("contacts"), 1);
}

#[test]
fn latency_passes_before_every_effect() {
    let sandbox = Sandbox::builder().latency(Duration::from_millis(60)).start();
    let started = Instant::now();
    assert_eq!(Client::new(&sandbox).get("/crm/v3/owners").status, 200);
    assert!(started.elapsed() >= Duration::from_millis(60));
    sandbox.set_latency(Duration::ZERO, Duration::from_millis(1));
    assert_eq!(Client::new(&sandbox).get("/crm/v3/owners").status, 200);
}

#[test]
fn delays_are_waited_out() {
    let sandbox = Sandbox::builder().fault(Fault::anywhere().delay(Duration::from_millis(60))).start();
    let started = Instant::now();
    assert_eq!(Client::new(&sandbox).get("/crm/v3/owners").status, 200);
    assert!(started.elapsed() >= Duration::from_millis(60));
}

#[test]
fn batches_can_be_answered_without_saying_anything() {
    let sandbox = Sandbox::builder().fault(Fault::on(Endpoint::Upsert).first(1).empty_results()).start();
    let mut client = Client::new(&sandbox);
    let reply = client.post(UPSERT, &batch(&["a@b.io"]));
    assert_eq!((reply.status, &reply.json()["results"], reply.json().get("errors")), (200, &json!([]), None));
    assert_eq!(sandbox.count("contacts"), 0);
    assert_eq!(client.post(UPSERT, &batch(&["a@b.io"])).json()["results"].as_array().unwrap().len(), 1);
}

#[test]
fn inputs_can_go_unmentioned_written_or_not() {
    for (writing, there) in [(Writing::Written, 3), (Writing::NotWritten, 2)] {
        let silent = Fault::on(Endpoint::Upsert).unmention(InputMatch::ids(&["b@b.io"]), writing);
        let sandbox = Sandbox::builder().fault(silent).start();
        let reply = Client::new(&sandbox).post(UPSERT, &batch(&["a@b.io", "b@b.io", "c@b.io"]));
        assert_eq!((reply.status, reply.json().get("errors")), (200, None));
        let text = reply.json()["results"].to_string();
        assert!(text.contains("a@b.io") && text.contains("c@b.io") && !text.contains("b@b.io\""), "{text}");
        assert_eq!(sandbox.count("contacts"), there);
        assert_eq!(sandbox.requests()[0].inputs, 3);
    }
}

#[test]
fn one_record_can_refuse_its_batch() {
    let poison = || Fault::on(Endpoint::Upsert).containing(InputMatch::property("city", "X"));
    for (refusal, status) in [(BatchRefusal::Conflict, 409), (BatchRefusal::Invalid, 400)] {
        let sandbox = Sandbox::builder().fault(poison().refuse_batch(refusal)).start();
        let reply = Client::new(&sandbox).post(UPSERT, &batch(&["a@b.io", "b@b.io"]));
        assert_eq!((reply.status, reply.json().get("errors")), (status, None));
        assert!(!reply.json().to_string().contains("b.io"), "it names nothing");
        assert_eq!(sandbox.count("contacts"), 0);
    }
}

#[test]
fn chances_repeat_with_the_seed() {
    let run = |seed| {
        let sandbox =
            Sandbox::builder().seed(seed).fault(Fault::anywhere().with_probability(0.5).status(503)).start();
        let mut client = Client::new(&sandbox);
        (0..40).map(|_| client.get("/crm/v3/owners").status).collect::<Vec<u16>>()
    };
    assert_eq!(run(9), run(9));
    assert_ne!(run(9), run(10));
}

#[test]
fn remarks_can_stand_on_every_result() {
    let sandbox = Sandbox::builder().fault(Fault::on(EndpointFamily::Objects).warn("A_B")).start();
    let mut client = Client::new(&sandbox);
    let batch = inputs(vec![json!({"properties": {"email": "a@b.io"}})]);
    let made = client.post("/crm/v3/objects/contacts/batch/create", &batch).json();
    assert_eq!(made["results"][0]["warnings"][0]["category"], "A_B");
    let one = client.get(&format!("/crm/v3/objects/contacts/{}", made["results"][0]["id"].as_str().unwrap()));
    assert_eq!(one.json()["warnings"][0]["category"], "A_B");
}
