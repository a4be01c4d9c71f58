//! What a sync remembers of what only its input names: keys, columns, streams, states, lists, audiences, pairs. Each in two
//! sizes; memory is bounded where the second takes no more than the first.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::time::Duration;

use hubspot_sandbox::{Builder, Endpoint, Fault, RateLimit, Sandbox};
use serde_json::{Value, json};

use super::connector::{Ended, Job, run};

/// Ten times as many.
const SIZES: [usize; 2] = [100_000, 1_000_000];
/// Searches are five a second, of a hundred keys: a million keys would take half an hour.
const SEARCHED: [usize; 2] = [5_000, 50_000];
/// For seeing that it runs.
const SMALL: [usize; 2] = [200, 400];
/// What is asked: growth between the two sizes, in MiB, beside three times the longest line.
const MOST_GROWTH_MIB: f64 = 5.0;

/// Something that there can be any number of.
struct Case {
    name: &'static str,
    sizes: [usize; 2],
    streams: fn() -> Value,
    settings: fn() -> Value,
    account: fn(Builder) -> Builder,
    /// Appends the lines for a number; the second argument is how many there are in all.
    lines: fn(&mut String, usize, usize),
}

/// Prints the table; only the cases whose names hold `wanted`.
///
/// # Errors
/// When a sync cannot be run.
pub(super) fn tell(out: &mut impl Write, wanted: &str, whole: bool) -> Result<(), Box<dyn Error>> {
    writeln!(out, "| of these | so many | ten times as many | growth | longest line | how it ends |")?;
    writeln!(out, "|---|---:|---:|---:|---:|---|")?;
    for case in cases().iter().filter(|case| case.name.contains(wanted)) {
        let [few, many] = if whole { case.sizes } else { SMALL };
        let (less, _) = measure(case, few)?;
        let (more, longest) = measure(case, many)?;
        let mib = |ended: &Ended| ended.peak_kib as f64 / 1024.0;
        let growth = mib(&more) - mib(&less);
        let line = longest as f64 / f64::from(1 << 20);
        let beyond = growth - 3.0 * line > MOST_GROWTH_MIB;
        writeln!(
            out,
            "| {} | {few}: {:.1} MiB | {many}: {:.1} MiB | {growth:.1} MiB{} | {line:.1} MiB | {} |",
            case.name,
            mib(&less),
            mib(&more),
            if beyond { " (too much)" } else { "" },
            more.how
        )?;
        out.flush()?;
    }
    Ok(())
}

/// What a sync of so many took, and the length of its longest line.
fn measure(case: &Case, many: usize) -> Result<(Ended, usize), Box<dyn Error>> {
    let builder = Sandbox::builder().light().no_rate_limit();
    let searches = RateLimit { max: 1_000, interval: Duration::from_millis(100), enforced: false };
    let sandbox = (case.account)(builder.search_limit(searches)).start();
    let job = Job { streams: (case.streams)(), settings: (case.settings)() };
    let lines = case.lines;
    let mut longest = 0;
    for number in [0, many - 1] {
        let mut text = String::new();
        lines(&mut text, number, many);
        longest = longest.max(text.lines().map(str::len).max().unwrap_or(0));
    }
    let ended = run(&sandbox, &job, move |stdin| {
        let mut stdin = BufWriter::with_capacity(1 << 16, stdin);
        let mut text = String::new();
        for number in 0..many {
            text.clear();
            lines(&mut text, number, many);
            stdin.write_all(text.as_bytes())?;
        }
        stdin.flush()
    })?;
    Ok((ended, longest))
}

fn stream(name: &str, object: &str, columns: &[&str], key: Option<&str>) -> Value {
    let columns: serde_json::Map<String, Value> =
        columns.iter().map(|column| ((*column).to_owned(), json!({"type": "string"}))).collect();
    let mut stream = json!({
        "stream": {"name": name, "json_schema": {"properties": columns}},
        "sync_mode": "incremental", "destination_sync_mode": "append_dedup", "destination_object_name": object,
    });
    if let Some(key) = key {
        stream["primary_key"] = json!([[key]]);
    }
    stream
}

fn contacts() -> Value {
    json!([stream("s", "CONTACT", &["email"], Some("email"))])
}

/// A record of a stream. Writing to a string cannot fail.
fn record(text: &mut String, stream: &str, data: std::fmt::Arguments<'_>) {
    let _infallible = writeln!(
        text,
        r#"{{"type":"RECORD","record":{{"stream":"{stream}","data":{{{data}}},"emitted_at":1795290302755}}}}"#
    );
}

fn state(text: &mut String, number: usize) {
    let _infallible = writeln!(
        text,
        r#"{{"type":"STATE","state":{{"type":"STREAM","stream":{{"stream_descriptor":{{"name":"s"}},"stream_state":{{"n":{number}}}}}}}}}"#
    );
}

fn nothing() -> Value {
    json!([])
}

fn as_it_is(builder: Builder) -> Builder {
    builder
}

fn cases() -> Vec<Case> {
    let mut cases = of_records();
    cases.extend(beside_records());
    cases
}

/// What records of one object name.
fn of_records() -> Vec<Case> {
    let plain = |name, lines| Case {
        name,
        sizes: SIZES,
        streams: contacts,
        settings: nothing,
        account: as_it_is,
        lines,
    };
    vec![
        plain("distinct keys", |text, number, _| {
            record(text, "s", format_args!(r#""email":"user{number}@example.com""#));
        }),
        plain("distinct columns", |text, number, _| {
            record(text, "s", format_args!(r#""email":"user@example.com","column_{number}":"x""#));
        }),
        plain("columns in one line", |text, number, many| {
            if number == 0 {
                let mut columns = String::new();
                for column in 0..many {
                    let _infallible = write!(columns, r#","column_{column}":"x""#);
                }
                record(text, "s", format_args!(r#""email":"user@example.com"{columns}"#));
            }
        }),
        plain("unknown streams", |text, number, _| {
            record(text, &format!("unknown_{number}"), format_args!(r#""email":"user@example.com""#));
        }),
        Case {
            account: |builder| {
                builder.fault(Fault::on(Endpoint::Upsert).nth(1).delay(Duration::from_secs(10)))
            },
            ..plain("states held", |text, number, _| {
                if number == 0 {
                    record(text, "s", format_args!(r#""email":"user@example.com""#));
                }
                state(text, number);
            })
        },
        Case {
            sizes: SEARCHED,
            streams: || json!([stream("s", "COMPANY", &["domain", "name"], None)]),
            settings: || json!([{"name": "s", "object": "companies", "matching_key": "domain", "match": "search"}]),
            ..plain("search keys", |text, number, _| {
                record(text, "s", format_args!(r#""domain":"d{number}.example","name":"x""#));
            })
        },
    ]
}

/// Lists, audiences, pairs.
fn beside_records() -> Vec<Case> {
    vec![
        Case {
            name: "list names",
            sizes: SIZES,
            streams: || json!([stream("s", "LIST_MEMBERSHIP", &["email", "list_id"], Some("email"))]),
            settings: nothing,
            account: as_it_is,
            lines: |text, number, _| {
                record(
                    text,
                    "s",
                    format_args!(r#""email":"user@example.com","list_id":"{}""#, number + 1_000),
                );
            },
        },
        Case {
            name: "audiences",
            sizes: SIZES,
            streams: || json!([stream("s", "AUDIENCE", &["email", "audience", "status"], Some("email"))]),
            settings: nothing,
            account: as_it_is,
            lines: |text, number, _| {
                record(
                    text,
                    "s",
                    format_args!(
                        r#""email":"user@example.com","audience":"Audience {number}","status":"in""#
                    ),
                );
            },
        },
        Case {
            name: "postponed pairs",
            sizes: SIZES,
            streams: || {
                json!([
                    stream("s", "CONTACT", &["email"], Some("email")),
                    stream("pairs", "ASSOCIATION:CONTACT:COMPANY", &["from_email", "to_hs_object_id"], None),
                ])
            },
            settings: nothing,
            account: as_it_is,
            lines: |text, number, _| {
                record(
                    text,
                    "pairs",
                    format_args!(r#""from_email":"user{number}@example.com","to_hs_object_id":"1""#),
                );
            },
        },
    ]
}
