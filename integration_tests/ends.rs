//! How a sync ends: the end of the input, a signal, a reader that has gone.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use hubspot_sandbox::{Endpoint, Fault, Sandbox, When};
use serde_json::{Value, json};

use crate::support::connector::{Connector, PATIENCE, Running};
use crate::support::delivery::{
    account, contact, for_contacts, for_streams, is_state, people, state_numbers, stats,
};
use crate::support::messages::{activation_stream, complete, global_state, record, status, stream_state};

const SIGNALS: [(&str, i32); 2] = [("TERM", 15), ("INT", 2)];
/// What calls under way get after a signal, and some time for a busy machine.
const GRACE: Duration = Duration::from_secs(8 + 3);

fn activation(sandbox: &Sandbox) -> Connector {
    let stream = |name: &str| activation_stream(name, "CONTACT", "email", &["email", "city"]);
    for_streams(sandbox, &[stream("people"), stream("others")])
}

fn person(stream: &str, number: usize) -> Value {
    record(stream, json!({"email": format!("{stream}{number}@example.com")}))
}

fn upserts(sandbox: &Sandbox) -> u64 {
    sandbox.totals().calls(Endpoint::Upsert)
}

#[test]
fn a_sync_whose_streams_are_all_complete_succeeds() {
    let sandbox = account().start();
    let input = [person("people", 1), stream_state("people", 1), complete("people"), complete("others")];
    let run = activation(&sandbox).write(&input).succeeded();
    assert_eq!((run.states().len(), sandbox.count("contacts")), (1, 1));
}

#[test]
fn a_stream_that_is_not_completed_fails_the_sync_after_everything_is_settled() {
    let endings: [&[Value]; 3] = [
        &[],
        &[complete("people")],
        &[complete("people"), status("others", "STARTED"), status("others", "INCOMPLETE")],
    ];
    for ending in endings {
        let sandbox = account().start();
        let mut input = vec![status("people", "STARTED"), person("people", 1), stream_state("people", 1)];
        input.extend([person("others", 1), person("others", 2), stream_state("others", 1)]);
        input.extend(ending.iter().cloned());
        let run = activation(&sandbox).write(&input).failed_with("transient_error");
        assert_eq!(sandbox.count("contacts"), 3);
        assert_eq!(state_numbers(&run).len(), 2, "states that cover settled records are acknowledged");
        let message = run.error()["message"].as_str().expect("a message");
        assert!(message.contains("others"), "{message}");
        assert_eq!(message.contains("people"), ending.is_empty(), "{message}");
    }
}

#[test]
fn an_incomplete_stream_fails_the_sync_whatever_else_is_complete() {
    let sandbox = account().start();
    let input = [contact(1), stream_state("contacts", 1), status("contacts", "INCOMPLETE")];
    let run = for_contacts(&sandbox).write(&input).failed_with("transient_error");
    assert_eq!(state_numbers(&run)["contacts"], [1], "INCOMPLETE counts without generation ids too");
}

#[test]
fn without_generation_ids_nothing_has_to_be_completed() {
    let sandbox = account().start();
    let run = for_contacts(&sandbox).write(&[contact(1), global_state(1)]).succeeded();
    assert_eq!(stats(&run), [(1.0, 0.0)]);
}

#[test]
fn a_sync_without_records_does_nothing() {
    let sandbox = account().start();
    let run = for_contacts(&sandbox).write(&[]).succeeded();
    assert!(run.states().is_empty());
    activation(&sandbox).write(&[complete("people"), complete("others")]).succeeded();
    activation(&sandbox).write(&[]).failed_with("transient_error");
    assert_eq!(upserts(&sandbox), 0);
}

fn asked_to_end(running: &mut Running, signal: &str) {
    running.signal(signal);
    running.wait_for("the word that a signal came", |message| {
        message["log"]["message"].as_str().is_some_and(|text| text.contains("Asked to end"))
    });
}

#[test]
fn after_a_signal_calls_under_way_settle_and_nothing_new_is_sent() {
    for (name, number) in SIGNALS {
        let sandbox = account().start();
        let kept_back = sandbox.add_fault(Fault::on(Endpoint::Upsert).first(1).hold(When::AfterEffect));
        let connector = for_contacts(&sandbox).with(&json!({"flush_interval_seconds": 600}));
        let mut running = connector.start_write();
        running.send(&people(0..100));
        running.send(&[stream_state("contacts", 1), contact(100), stream_state("contacts", 2)]);
        assert!(sandbox.wait_held(kept_back, 1, PATIENCE));
        asked_to_end(&mut running, name);
        running.send(&people(200..400));
        sandbox.release(kept_back);
        // The input stays open: the signal alone ends the sync.
        let run = running.wait();
        assert_eq!(run.status.signal(), Some(number), "{run:#?}");
        assert_eq!(state_numbers(&run)["contacts"], [1]);
        assert_eq!((upserts(&sandbox), sandbox.count("contacts")), (1, 100));
    }
}

#[test]
fn a_call_that_hangs_does_not_keep_a_signalled_sync_alive() {
    let sandbox = account().start();
    let connector = for_contacts(&sandbox);
    let mut running = connector.start_write();
    running.send(&[contact(1), stream_state("contacts", 1)]);
    running.wait_for("the first state", |message| is_state(message, "contacts", 1));
    let never_answered = sandbox.add_fault(Fault::on(Endpoint::Upsert).hold(When::AfterEffect));
    running.send(&[contact(2), stream_state("contacts", 2)]);
    assert!(sandbox.wait_held(never_answered, 1, PATIENCE));
    let asked = Instant::now();
    running.signal("TERM");
    let run = running.wait();
    assert!(asked.elapsed() < GRACE, "it took {:?}", asked.elapsed());
    assert_eq!(run.status.signal(), Some(15));
    assert_eq!(state_numbers(&run)["contacts"], [1]);
}

#[test]
fn a_sync_that_waits_for_input_ends_when_asked() {
    for (name, number) in SIGNALS {
        let sandbox = account().start();
        let connector = for_contacts(&sandbox);
        let mut running = connector.start_write();
        running.send(&[contact(1), stream_state("contacts", 1)]);
        running.wait_for("the first state", |message| is_state(message, "contacts", 1));
        let asked = Instant::now();
        running.signal(name);
        let run = running.wait();
        assert_eq!(run.status.signal(), Some(number));
        assert!(
            asked.elapsed() < Duration::from_secs(4),
            "there was nothing to wait for: {:?}",
            asked.elapsed()
        );
    }
}

#[test]
fn a_sync_that_waits_for_hubspot_to_recover_ends_when_asked() {
    let sandbox = account().fault(Fault::on(Endpoint::Upsert).status(503)).start();
    let connector = for_contacts(&sandbox);
    let mut running = connector.start_write();
    running.send(&[contact(1), stream_state("contacts", 1)]);
    assert!(sandbox.wait_until(PATIENCE, |totals| totals.calls(Endpoint::Upsert) >= 3));
    running.signal("TERM");
    let run = running.wait();
    assert_eq!((run.status.signal(), run.states().len()), (Some(15), 0));
}

#[test]
fn a_sync_that_is_still_preparing_ends_when_asked() {
    let sandbox = account().start();
    let kept_back = sandbox.add_fault(Fault::on(Endpoint::PropertyList).hold(When::BeforeEffect));
    let connector = for_contacts(&sandbox);
    let mut running = connector.start_write();
    assert!(sandbox.wait_held(kept_back, 1, PATIENCE));
    running.signal("INT");
    assert_eq!(running.wait().status.signal(), Some(2));
}

#[test]
fn a_closed_stdout_ends_the_sync() {
    let sandbox = account().start();
    let connector = for_contacts(&sandbox);
    let mut child = connector.spawn_write(Stdio::null());
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("stdin");
    let feeder = std::thread::spawn(move || {
        // Until nobody reads any more.
        let mut number = 0;
        let mut fed = Ok(());
        while fed.is_ok() {
            fed = writeln!(stdin, "{}\n{}", contact(number), stream_state("contacts", number as u64));
            number += 1;
        }
    });
    let status =
        crate::support::connector::ended(&mut child, PATIENCE).expect("it ends although its input goes on");
    assert!(!status.success());
    feeder.join().expect("the feeder");
}

#[test]
fn a_stdout_that_nobody_reads_does_not_keep_a_signalled_sync_alive() {
    let sandbox = account().start();
    let connector = for_contacts(&sandbox);
    let mut child = connector.spawn_write(Stdio::null());
    let mut stdin = child.stdin.take().expect("stdin");
    // More rejected records than a pipe holds, then one that is sent.
    let bad = record("contacts", json!({"email": null, "city": "x".repeat(1000)}));
    for _ in 0..500 {
        writeln!(stdin, "{bad}").expect("it reads its input");
    }
    writeln!(stdin, "{}", contact(1)).expect("it reads its input");
    assert!(sandbox.wait_until(PATIENCE, |totals| totals.calls(Endpoint::Upsert) == 1));
    let asked = Instant::now();
    let killed = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(killed.expect("kill runs").success());
    let status = crate::support::connector::ended(&mut child, GRACE).expect("it ends although nobody reads");
    assert_eq!(status.signal(), Some(15), "after {:?}", asked.elapsed());
}
