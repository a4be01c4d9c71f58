//! Memory is bounded whatever the input, and the input is not read faster than it can be settled.

use std::io::Write;
use std::process::ChildStdin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hubspot_sandbox::{Endpoint, Fault, PropertyDef, When};
use serde_json::json;

use crate::support::connector::{PATIENCE, Running};
use crate::support::delivery::{account, contacts, email, for_contacts, for_streams, is_state};
use crate::support::messages::{activation_stream, complete, elt_stream, stream_state};

/// Resident bytes that the program may need at most, without its code: an optimised build has 8 MiB of that, one for
/// debugging more.
const BOUND: u64 = (64 - 8) << 20;

/// The most memory a process has had resident, in bytes without its code; `None` where the system does not tell.
fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let field = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    };
    Some(field("VmHWM")?.saturating_sub(field("RssFile")?) << 10)
}

pub(crate) fn assert_bounded(running: &Running) {
    match peak_memory(running.id()) {
        Some(peak) => assert!(peak < BOUND, "{} MiB were resident", peak >> 20),
        None => println!("skipped: this system does not tell a process's memory"),
    }
}

/// A contact as text; building trees would take longer than the program does.
fn line(number: u64, filling: &str) -> String {
    let email = email(number as usize);
    format!(
        r#"{{"type":"RECORD","record":{{"stream":"contacts","data":{{"email":"{email}","city":"{filling}","firstname":"Ada {number}"}},"emitted_at":1795290302755}}}}"#
    ) + "\n"
}

#[test]
fn many_records_do_not_grow_memory() {
    const RECORDS: u64 = 16_000;
    let sandbox = account().light().latency(Duration::from_millis(20)).start();
    let connector = for_contacts(&sandbox);
    let mut running = connector.start_write();
    let filling = "x".repeat(3_000);
    for thousand in 0..RECORDS / 1_000 {
        let lines: String = (0..1_000).map(|number| line(thousand * 1_000 + number, &filling)).collect();
        running.send_text(&lines);
        running.send(&[stream_state("contacts", thousand)]);
    }
    running.wait_for("the last state", |message| is_state(message, "contacts", RECORDS / 1_000 - 1));
    assert_bounded(&running);
    let run = running.finish().succeeded();
    assert_eq!(run.stats(), (RECORDS as f64, 0.0));
    assert_eq!(sandbox.counts("contacts").created, RECORDS);
}

/// Writes records without end, until nobody reads them any more; counts the bytes that were taken.
fn feed_without_end(mut stdin: ChildStdin, filling: &str, taken: &AtomicU64) {
    for piece in 0.. {
        let text: String = (piece * 50..(piece + 1) * 50).map(|number| line(number, filling)).collect();
        if stdin.write_all(text.as_bytes()).is_err() {
            return;
        }
        taken.fetch_add(text.len() as u64, Ordering::SeqCst);
    }
}

/// Feeds records with a value of this length while HubSpot answers nothing, then lets it answer.
fn stall(length: usize) {
    let sandbox = account().light().start();
    let stalled = sandbox.add_fault(Fault::on(Endpoint::Upsert).hold(When::BeforeEffect));
    let connector = for_contacts(&sandbox);
    let taken = AtomicU64::new(0);
    std::thread::scope(|scope| {
        // In here, so that a failing test ends the program and with it the feeder.
        let mut running = connector.start_write();
        let stdin = running.take_input();
        scope.spawn(|| feed_without_end(stdin, &"x".repeat(length), &taken));
        assert!(sandbox.wait_held(stalled, 1, PATIENCE));
        // Nothing tells of input that is not taken: that its count stands still for a while has to do.
        let mut before = u64::MAX;
        let mut now = taken.load(Ordering::SeqCst);
        while now != before {
            assert!(now < BOUND, "the input is taken although nothing settles");
            std::thread::sleep(Duration::from_millis(300));
            before = now;
            now = taken.load(Ordering::SeqCst);
        }
        assert_bounded(&running);
        sandbox.release(stalled);
        let goes_on = sandbox.wait_until(PATIENCE, |_| taken.load(Ordering::SeqCst) > now + (1 << 18));
        assert!(goes_on, "the input goes on once HubSpot does");
        assert_bounded(&running);
    });
}

#[test]
fn input_is_left_waiting_while_hubspot_stalls() {
    for length in [1, 300, 5_000, 60_000] {
        stall(length);
    }
}

#[test]
fn records_of_one_key_and_states_without_records_are_bounded_too() {
    let sandbox = account().start();
    let stalled = sandbox.add_fault(Fault::on(Endpoint::Upsert).hold(When::BeforeEffect));
    let connector = for_contacts(&sandbox).with(&json!({"flush_interval_seconds": 0.05}));
    let mut running = connector.start_write();
    running.send_text(&line(1, "first"));
    assert!(sandbox.wait_held(stalled, 1, PATIENCE));
    let mut stdin = running.take_input();
    let feeder = std::thread::spawn(move || {
        let filling = "x".repeat(2_000);
        for number in 0..10_000 {
            // Every record has to wait for the first, and every state for the records.
            let text = format!("{}{}\n", line(1, &filling), stream_state("contacts", number));
            stdin.write_all(text.as_bytes()).expect("it takes its input");
        }
    });
    std::thread::sleep(Duration::from_millis(500));
    assert_bounded(&running);
    sandbox.release(stalled);
    feeder.join().expect("the feeder");
    let run = running.wait().succeeded();
    assert_eq!((run.states().len(), run.stats().0), (10_000, 10_001.0));
    assert_eq!(sandbox.count("contacts"), 1);
}

#[test]
fn pairs_whose_ends_do_not_come_are_bounded() {
    const PAIRS: u64 = 60_000;
    let key = PropertyDef::string("account_no").unique();
    let sandbox = account().property("companies", key).light().start();
    // Both ends may still come with the other streams, so that every pair waits for them.
    let pairs =
        activation_stream("pairs", "ASSOCIATION:CONTACT:COMPANY", "x", &["from_email", "to_account_no"]);
    let companies = elt_stream("companies", &["account_no"]);
    let connector = for_streams(&sandbox, &[contacts(), companies, pairs]);
    let mut running = connector.start_write();
    for thousand in 0..PAIRS / 1_000 {
        let lines: String = (thousand * 1_000..(thousand + 1) * 1_000)
            .map(|number| {
                let email = email(number as usize);
                format!(
                    r#"{{"type":"RECORD","record":{{"stream":"pairs","data":{{"from_email":"{email}","to_account_no":"A{number}"}},"emitted_at":1795290302755}}}}"#
                ) + "\n"
            })
            .collect();
        running.send_text(&lines);
    }
    running.send(&[complete("pairs"), stream_state("pairs", 1)]);
    running.close_input();
    running.wait_for("the state", |message| is_state(message, "pairs", 1));
    assert_bounded(&running);
    let run = running.finish().succeeded();
    assert_eq!(run.stats(), (0.0, PAIRS as f64));
}
