//! What a sync tells at its end, and what it shows a person who watches.

use std::fs::File;
use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use hubspot_sandbox::{Endpoint, Fault, RateLimit};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::{Value, json};

use crate::support::connector::{Finished, PATIENCE, ended};
use crate::support::delivery::{
    account, contact, contacts, email, for_contacts, for_streams, keyed, keyed_record, people,
};
use crate::support::messages::{record, stream_state};

/// The report for programs: exactly one, after everything else that the sync says.
fn report(run: &Finished) -> Value {
    let reports: Vec<Value> = run
        .logs()
        .into_iter()
        .filter(|text| text.starts_with(r#"{"sync_report":"#))
        .map(|text| serde_json::from_str(text).expect("JSON"))
        .collect();
    assert_eq!(reports.len(), 1, "{:?}", run.logs());
    reports[0]["sync_report"].clone()
}

fn sentence<'a>(run: &'a Finished, begin: &str) -> &'a str {
    let logs = run.logs();
    logs.into_iter().find(|text| text.starts_with(begin)).expect("a line that begins so")
}

#[test]
fn every_stream_is_summed_up_for_people_and_for_programs() {
    let sandbox = account().start();
    sandbox.insert("contacts", &[("email", &email(1))]);
    let city = |number: usize, city: &str| record("contacts", json!({"email": email(number), "city": city}));
    let input = [
        city(1, "private one"),
        city(2, "Rome"),
        city(2, "Oslo"),
        record("contacts", json!({"email": "private two"})),
        record("contacts", json!({"email": "private three"})),
        record("contacts", json!({"email": null})),
        keyed_record("cars", "a", "b"),
        record("elsewhere", json!({"a": 1})),
        stream_state("contacts", 1),
    ];
    let run = for_streams(&sandbox, &[contacts(), keyed("cars")]).write(&input).succeeded();
    let report = report(&run);
    assert_eq!((&report["version"], &report["outcome"]), (&json!(1), &json!("succeeded")));
    assert_eq!(report["failure_type"], Value::Null);
    assert_eq!(report["rate_limit"], json!({"calls": 1_000_000, "seconds": 0.1}));
    let streams = report["streams"].as_array().expect("streams");
    let names: Vec<&str> = streams.iter().filter_map(|stream| stream["stream"].as_str()).collect();
    assert_eq!(names, ["contacts", "cars", "elsewhere"]);
    let counts = |stream: usize, keys: &[&str]| -> Vec<u64> {
        keys.iter().map(|key| streams[stream][*key].as_u64().expect("a count")).collect()
    };
    let of_records = ["received", "accepted", "created", "updated", "merged", "rejected", "unsettled"];
    assert_eq!(counts(0, &of_records), [6, 3, 1, 1, 1, 3, 0]);
    assert_eq!(counts(1, &of_records), [1, 1, 1, 0, 0, 0, 0]);
    assert_eq!(counts(2, &of_records), [1, 0, 0, 0, 0, 1, 0]);
    assert_eq!(counts(0, &["calls", "repeated_calls", "rate_limited_calls"]), [1, 0, 0]);
    assert_eq!(
        streams[0]["rejections"],
        json!([
            {"code": "INVALID_EMAIL", "property": "email", "count": 2},
            {"code": "MISSING_MATCHING_KEY", "property": "email", "count": 1},
        ])
    );
    assert!(streams[0]["records_per_second"].as_f64().is_some_and(|rate| rate > 0.0), "{report}");
    let line = sentence(&run, "Stream \"contacts\"");
    assert!(
        line.starts_with(
            "Stream \"contacts\": received 6, accepted 3 (created 1, updated 1, archived 0, merged into another \
             record's write 1), rejected 3 (INVALID_EMAIL on email 2, MISSING_MATCHING_KEY on email 1); 1 call; "
        ) && line.contains(" records/s in "),
        "{line}"
    );
    assert!(
        sentence(&run, "All streams")
            .starts_with("All streams: received 8, accepted 4, rejected 4; 2 calls in ")
    );
    assert!(run.logs().iter().all(|text| !text.contains("private")), "{:?}", run.logs());
}

#[test]
fn waits_and_repeated_calls_are_told() {
    let window = RateLimit { max: 2, interval: Duration::from_millis(300), enforced: true };
    let fault = Fault::on(Endpoint::Upsert).nth(1).status(503);
    let sandbox = account().rate_limit(window).fault(fault).start();
    let run = for_contacts(&sandbox).write(&people(0..350)).succeeded();
    let report = report(&run);
    let stream = &report["streams"][0];
    assert_eq!(stream["repeated_calls"].as_u64().map(|calls| calls > 0), Some(true), "{report}");
    assert!(stream["repeat_wait_seconds"].as_f64().is_some_and(|waited| waited > 0.0), "{report}");
    assert!(report["held_back_seconds"].as_f64().is_some_and(|held| held > 0.1), "{report}");
    let sent = sandbox.requests().iter().filter(|request| request.endpoint == Endpoint::Upsert).count();
    assert_eq!(stream["calls"], json!(sent));
    assert!(
        sentence(&run, "All streams")
            .contains("held back by the rate limit; HubSpot allows 2 calls in 0.3 s")
    );
}

#[test]
fn a_sync_that_fails_reports_what_it_did() {
    let fault = Fault::on(Endpoint::Upsert).from_call(2).status(401);
    let sandbox = account().fault(fault).start();
    let mut input = people(0..250);
    input.push(stream_state("contacts", 1));
    let run = for_contacts(&sandbox).write(&input).failed_with("config_error");
    let report = report(&run);
    assert_eq!((&report["outcome"], &report["failure_type"]), (&json!("failed"), &json!("config_error")));
    let stream = &report["streams"][0];
    let count = |key: &str| stream[key].as_u64().expect("a count");
    assert_eq!(count("received"), count("accepted") + count("rejected") + count("unsettled"));
    assert!(count("unsettled") > 0, "{report}");
}

/// A terminal: what is written to the first comes out of the second.
fn terminal() -> (File, File) {
    let shown = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&shown).expect("a terminal of ours");
    unlockpt(&shown).expect("an open terminal");
    let name = ptsname(&shown, Vec::new()).expect("a name").into_string().expect("text");
    (File::options().read(true).write(true).open(name).expect("the terminal"), shown.into())
}

/// Reads a terminal until the program has gone; that is an error there, not an end.
fn read_all(mut terminal: File) -> String {
    let mut text = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = terminal.read(&mut piece) {
        text.extend_from_slice(&piece[..length]);
    }
    String::from_utf8(text).expect("text")
}

#[test]
fn a_person_at_a_terminal_sees_one_line_that_changes() {
    let sandbox = account().latency(Duration::from_millis(400)).start();
    let (written, shown) = terminal();
    let connector = for_contacts(&sandbox);
    let began = Instant::now();
    let mut child = connector.spawn_write(Stdio::from(written));
    let shown = std::thread::spawn(move || read_all(shown));
    let mut stdout = child.stdout.take().expect("stdout");
    let printed = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).expect("text");
        text
    });
    let mut stdin = child.stdin.take().expect("stdin");
    writeln!(stdin, "{}\n{}", contact(1), record("contacts", json!({"email": "private"})))
        .expect("the input");
    drop(stdin);
    assert!(ended(&mut child, PATIENCE).is_some_and(|status| status.success()));
    let shown = shown.join().expect("what was shown");
    let seconds = began.elapsed().as_secs_f64();
    let frames = shown.matches("received ").count();
    assert!(frames >= 3 && frames as f64 <= seconds * 4.0 + 2.0, "{frames} in {seconds} s: {shown:?}");
    // One line at the end, the others were written over.
    assert_eq!(shown.matches('\n').count(), 1, "{shown:?}");
    assert!(shown.contains("All streams: received 2, accepted 1, rejected 1; 1 call in "), "{shown:?}");
    assert!(!shown.contains("private"), "{shown:?}");
    for line in printed.join().expect("what was printed").lines() {
        serde_json::from_str::<Value>(line).expect("stdout holds messages only");
    }
}

#[test]
fn nothing_is_shown_where_nobody_watches() {
    let sandbox = account().start();
    let run = for_contacts(&sandbox).write(&[contact(1)]).succeeded();
    assert_eq!(run.stderr, "");
    let (written, shown) = terminal();
    let connector = for_contacts(&sandbox).env("TERM", "dumb");
    let mut child = connector.spawn_write(Stdio::from(written));
    let shown = std::thread::spawn(move || read_all(shown));
    drop(child.stdin.take());
    assert!(ended(&mut child, PATIENCE).is_some_and(|status| status.success()));
    assert_eq!(shown.join().expect("what was shown"), "");
}
