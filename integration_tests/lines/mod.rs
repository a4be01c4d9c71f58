//! Any line on stdin: made by a grammar that knows what each of them means, however it is spelled.
//!
//! A case is a few lines; a process gets many, up to one that may have been a record and cannot be read. `LINES_CASES` sets
//! how many cases there are, `LINES_SEED` runs the process that begins with that one, and tells what came of it.

mod grammar;
mod spelling;

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::Duration;

use hubspot_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::fuzz::checks;
use crate::support::connector::Connector;
use crate::support::delivery::{KEY, VALUE, account, for_streams, keyed};
use crate::support::messages::activation_stream;
use crate::support::soundness::{self, Verdict, holds};
use crate::support::watch::{Outcome, Terms, watch};
use grammar::{Line, Meaning, STREAMS};

/// Cases that are run where nobody asks for more.
const CASES: u64 = 400;
/// Cases that a process gets at most.
const A_PROCESS: u64 = 40;
const AT_ONCE: usize = 4;
const TERMS: Terms = Terms { patience: Duration::from_secs(60), terminated_after: None };
/// Resident bytes beside code: what any sync may take, and three times the largest line.
const BOUND: u64 = 64 << 20;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The input of a process: cases from this one on, up to a broken line. Gives the number of the case after the last.
fn input(first: u64, cases: u64) -> (Vec<Line>, u64) {
    let mut lines = Vec::new();
    let mut next = first;
    while next < cases && next < first + A_PROCESS {
        lines.extend(grammar::case(next));
        next += 1;
        if lines.last().is_some_and(|line| line.meaning == Meaning::Broken) {
            return (lines, next);
        }
    }
    lines.extend(grammar::end(next * 8 + 7));
    (lines, next)
}

fn connector(sandbox: &Sandbox) -> Connector {
    let boats = activation_stream("boats", "boats", KEY, &[KEY, VALUE]);
    for_streams(sandbox, &[keyed("cars"), boats]).with(&json!({"unknown_properties": "drop"}))
}

/// What the input means as a whole.
struct Expected {
    /// Records in all.
    records: usize,
    broken: bool,
    /// Whether every stream ended as it should.
    complete: bool,
}

fn expected(lines: &[Line]) -> Expected {
    let records =
        lines.iter().filter(|line| matches!(line.meaning, Meaning::Record { .. } | Meaning::Foreign)).count();
    let broken = lines.last().is_some_and(|line| line.meaning == Meaning::Broken);
    let complete = !lines.iter().any(|line| line.meaning == Meaning::Status { complete: false });
    Expected { records, broken, complete }
}

/// Runs the process that begins with a case; gives the case after its last.
fn hold(first: u64, cases: u64, sandbox: &Sandbox, tell: bool) -> Result<u64, String> {
    let (lines, next) = input(first, cases);
    let terminated = !first.is_multiple_of(3);
    let mut bytes: Vec<u8> = Vec::new();
    for line in &lines {
        bytes.extend_from_slice(&line.bytes);
        bytes.push(b'\n');
    }
    if !terminated {
        bytes.pop();
    }
    std::panic::catch_unwind(|| checks::message(&bytes))
        .map_err(|_| "the parser's own checks do not hold")?;
    let outcome = watch(connector(sandbox).spawn("write"), bytes, TERMS);
    if tell {
        for line in &lines {
            println!(
                "{:?}: {}",
                line.meaning,
                String::from_utf8_lossy(&line.bytes).chars().take(400).collect::<String>()
            );
        }
        println!("{}", String::from_utf8_lossy(&outcome.stdout));
    }
    let token = [sandbox.default_token().to_owned()];
    let messages = soundness::of_any(&outcome, &token)?;
    judge(&outcome, &messages, &lines, sandbox, terminated)?;
    holds(outcome.peak < BOUND, || format!("{} MiB were resident", outcome.peak >> 20))?;
    Ok(next)
}

fn judge(
    outcome: &Outcome,
    messages: &[Value],
    lines: &[Line],
    sandbox: &Sandbox,
    terminated: bool,
) -> Verdict {
    let Expected { records, broken, complete } = expected(lines);
    let success = outcome.status.is_some_and(|status| status.success());
    let error = messages.iter().find(|message| message["trace"]["type"] == "ERROR");
    let kind = error.map(|error| error["trace"]["error"]["failure_type"].as_str().unwrap_or_default());
    let wanted = match (broken, complete) {
        (true, _) if terminated => Some("system_error"),
        (false, true) => None,
        _ => Some("transient_error"),
    };
    holds(kind == wanted && success == wanted.is_none(), || {
        format!("{:?} with {error:?}, and not {wanted:?}", outcome.status)
    })?;
    let rejected = messages.iter().filter(|message| message["type"] == "RECORD").count();
    let states: Vec<&Value> = messages
        .iter()
        .filter(|message| message["type"] == "STATE")
        .map(|message| &message["state"])
        .collect();
    states_are_sent_ones_in_order(&states, lines, broken)?;
    nothing_stored_differs(lines, sandbox, messages, &states)?;
    if !broken {
        let count = |name: &str| -> f64 {
            let all = states.iter().filter(|state| state["stream"].is_null());
            all.map(|state| state["destinationStats"][name].as_f64().unwrap_or(f64::NAN)).sum()
        };
        let counted = (count("recordCount") + count("rejectedRecordCount"), count("rejectedRecordCount"));
        holds(counted == (records as f64, rejected as f64), || {
            format!("{counted:?} were counted of {records} records, {rejected} rejected")
        })?;
    }
    Ok(())
}

fn number_of(state: &Value) -> u64 {
    let blobs = [&state["stream"]["stream_state"], &state["global"]["shared_state"], &state["data"]];
    blobs.into_iter().find_map(|blob| blob["number"].as_u64()).unwrap_or(u64::MAX)
}

/// States come back in the order in which they were sent, in each stream: all of them, or a first part.
fn states_are_sent_ones_in_order(states: &[&Value], lines: &[Line], broken: bool) -> Verdict {
    let mut sent: BTreeMap<Option<&str>, Vec<u64>> = BTreeMap::new();
    for line in lines {
        if let Meaning::State { stream, number } = &line.meaning {
            sent.entry(*stream).or_default().push(*number);
        }
    }
    let mut back: BTreeMap<Option<&str>, Vec<u64>> = BTreeMap::new();
    for state in states {
        back.entry(state["stream"]["stream_descriptor"]["name"].as_str()).or_default().push(number_of(state));
    }
    for (stream, sent) in sent {
        let back = back.remove(&stream).unwrap_or_default();
        let fits = if broken { sent.starts_with(&back) } else { sent == back };
        holds(fits, || format!("states of {stream:?}: {back:?} of {sent:?}"))?;
    }
    holds(back.is_empty(), || format!("states that nobody sent: {back:?}"))
}

/// Every record that a state covers is stored with its value or was rejected; what is stored has the last value.
fn nothing_stored_differs(
    lines: &[Line],
    sandbox: &Sandbox,
    messages: &[Value],
    states: &[&Value],
) -> Verdict {
    let stored: HashMap<&str, HashMap<String, Option<String>>> = STREAMS
        .into_iter()
        .map(|stream| {
            let records = sandbox.records(stream).into_iter();
            let records = records.filter_map(|record| {
                Some((record.get(KEY)?.to_owned(), record.get(VALUE).map(str::to_owned)))
            });
            (stream, records.collect())
        })
        .collect();
    let rejected: Vec<&Value> = messages
        .iter()
        .filter(|message| message["type"] == "RECORD")
        .map(|message| &message["record"]["data"][KEY])
        .collect();
    for state in states {
        let of = state["stream"]["stream_descriptor"]["name"].as_str();
        let number = number_of(state);
        for line in lines {
            match &line.meaning {
                Meaning::State { stream, number: sent } if *sent == number && *stream == of => break,
                Meaning::Record { stream, key: Some(key), value } if of.is_none_or(|of| of == *stream) => {
                    let found = stored[stream].get(key);
                    let fits = found.is_some_and(|found| value.is_none() || found == value);
                    holds(fits, || format!("{key} is acknowledged; {found:?} is stored, not {value:?}"))?;
                    holds(!rejected.contains(&&json!(key)), || format!("{key} is stored and rejected"))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

#[test]
fn however_a_line_is_spelled_it_means_what_it_says() {
    let cases = setting("LINES_CASES").unwrap_or(CASES);
    if let Some(seed) = setting("LINES_SEED") {
        assert!(hold(seed, seed + A_PROCESS, &account().start(), true).is_ok(), "LINES_SEED={seed}");
        return;
    }
    let broken: Mutex<Vec<String>> = Mutex::default();
    let shares = AT_ONCE as u64;
    std::thread::scope(|scope| {
        for share in 0..shares {
            let broken = &broken;
            scope.spawn(move || {
                let (mut next, last) = (cases * share / shares, cases * (share + 1) / shares);
                while next < last {
                    // What is stored is looked through after every process.
                    let sandbox = account().start();
                    let first = next;
                    while next < last && next < first + 20 * A_PROCESS {
                        match hold(next, last, &sandbox, false) {
                            Ok(after) => next = after,
                            Err(what) => {
                                broken
                                    .lock()
                                    .expect("no verdict panics")
                                    .push(format!("LINES_SEED={next}: {what}"));
                                next = input(next, last).1;
                            }
                        }
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().expect("no verdict panics");
    assert!(broken.is_empty(), "{} processes:\n{}", broken.len(), broken.join("\n"));
}
