//! `cargo bench --bench memory`: resident memory of the release binary over syncs of different shapes.
//!
//! The sandbox answers in this process; only the connector's own process is measured, by the peak the
//! kernel keeps for it (`VmHWM`). Prints the table that stands in the README.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hubspot_sandbox::{Endpoint, PropertyDef, Sandbox};
use serde_json::{Value, json};

/// Records, streams, records between two states.
const SHAPES: [(usize, usize, usize); 5] = [
    (100_000, 4, 1_000),
    (1_000_000, 4, 1_000),
    (1_000_000, 1, 1_000),
    (1_000_000, 64, 1_000),
    (1_000_000, 4, 100),
];

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo test` runs benches without this flag, to see that they start; `cargo bench` passes it.
    let shapes =
        if std::env::args().any(|argument| argument == "--bench") { &SHAPES[..] } else { &[(2_000, 4, 100)] };
    let mut out = std::io::stdout().lock();
    writeln!(out, "| records | streams | a state every | peak resident | records/s | calls |")?;
    writeln!(out, "|---:|---:|---:|---:|---:|---:|")?;
    for (records, streams, every) in shapes {
        let run = run(*records, *streams, *every)?;
        writeln!(
            out,
            "| {records} | {streams} | {every} | {:.1} MiB | {:.0} | {} |",
            run.peak_kib as f64 / 1024.0,
            *records as f64 / run.took.as_secs_f64(),
            run.calls
        )?;
        out.flush()?;
    }
    Ok(())
}

struct Run {
    peak_kib: u64,
    took: Duration,
    calls: u64,
}

fn run(records: usize, streams: usize, every: usize) -> Result<Run, Box<dyn Error>> {
    let builder = (0..20).fold(Sandbox::builder().light().no_rate_limit(), |builder, number| {
        builder.property("contacts", PropertyDef::string(&format!("field_{number}")))
    });
    let sandbox = builder.start();
    let folder = tempfile::tempdir()?;
    let (config, catalog) = (folder.path().join("config.json"), folder.path().join("catalog.json"));
    let settings: Vec<Value> = (0..streams)
        .map(|stream| json!({"name": format!("stream_{stream}"), "object": "contacts"}))
        .collect();
    let credentials = json!({"type": "AccessToken", "access_token": sandbox.default_token()});
    std::fs::write(
        &config,
        json!({"credentials": credentials, "api_base_url": sandbox.url(), "streams": settings}).to_string(),
    )?;
    std::fs::write(&catalog, catalog_of(streams).to_string())?;
    let began = Instant::now();
    let mut connector = Command::new(env!("CARGO_BIN_EXE_destination-hubspot"))
        .arg("write")
        .arg("--config")
        .arg(&config)
        .arg("--catalog")
        .arg(&catalog)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let stdin = connector.stdin.take().ok_or("no stdin")?;
    let writer = std::thread::spawn(move || write_records(stdin, records, streams, every));
    let peak_kib = watch(&mut connector)?;
    let took = began.elapsed();
    writer.join().map_err(|_| "the writer failed")??;
    if !connector.wait()?.success() {
        return Err("the sync failed".into());
    }
    Ok(Run { peak_kib, took, calls: sandbox.totals().calls(Endpoint::Upsert) })
}

fn catalog_of(streams: usize) -> Value {
    let streams: Vec<Value> = (0..streams)
        .map(|stream| {
            json!({
                "stream": {"name": format!("stream_{stream}"), "json_schema": {"properties": {"email": {}}}},
                "sync_mode": "incremental", "destination_sync_mode": "append_dedup", "primary_key": [["email"]],
            })
        })
        .collect();
    json!({ "streams": streams })
}

/// Contacts of 20 properties, about 400 bytes each.
fn write_records(stdin: impl Write, records: usize, streams: usize, every: usize) -> std::io::Result<()> {
    let mut stdin = BufWriter::with_capacity(1 << 16, stdin);
    let mut line = String::new();
    for record in 0..records {
        let stream = record % streams;
        line.clear();
        // Writing to a string cannot fail.
        let _infallible = write!(
            line,
            r#"{{"type":"RECORD","record":{{"stream":"stream_{stream}","data":{{"email":"user{record}@example.com""#
        );
        for field in 0..19 {
            let _infallible = write!(line, r#","field_{field}":"v{}""#, (record * 31 + field) % 10_000);
        }
        line.push_str("},\"emitted_at\":1795290302755}}\n");
        stdin.write_all(line.as_bytes())?;
        if record % every == every - 1 {
            let state = format!(
                r#"{{"type":"STATE","state":{{"type":"STREAM","stream":{{"stream_descriptor":{{"name":"stream_{stream}"}},"stream_state":{{"n":{record}}}}}}}}}"#
            );
            writeln!(stdin, "{state}")?;
        }
    }
    stdin.flush()
}

/// The peak of the process's resident memory in KiB, read until it ends.
fn watch(connector: &mut Child) -> std::io::Result<u64> {
    let path = format!("/proc/{}/status", connector.id());
    let mut peak = 0;
    while connector.try_wait()?.is_none() {
        if let Ok(status) = std::fs::read_to_string(&path) {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib = line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse().ok());
            peak = peak.max(kib.unwrap_or(0));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(peak)
}
