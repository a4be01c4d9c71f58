//! `cargo bench --bench budget`: how much of HubSpot's rate limit syncs use, and how often they are turned away.
//!
//! The release binary writes contacts to the sandbox, which answers after 100 ms and admits so many calls in any ten
//! seconds, as HubSpot does. Two numbers matter: the share of the calls allowed that was used, and the calls that were
//! answered 429. Prints the table that stands in the README.
//!
//! The share is taken from the end of the first interval on, when a start at full speed does not count any more. The
//! syncs have more to send than they can, and are ended by a signal.

use std::error::Error;
use std::io::{BufWriter, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hubspot_sandbox::{Endpoint, RateLimit, Sandbox};
use serde_json::json;

/// HubSpot's interval.
const INTERVAL: Duration = Duration::from_secs(10);
/// Time that HubSpot takes to answer.
const LATENCY: Duration = Duration::from_millis(100);
/// Records in a call.
const BATCH: usize = 100;

/// What happens to the limit, and how many share it.
#[derive(Clone, Copy)]
struct Scenario {
    name: &'static str,
    /// Calls in any interval at the start.
    limit: u32,
    /// Calls in any interval from the end of the second one on.
    later: u32,
    /// Syncs at once, with one token.
    syncs: usize,
}

const SCENARIOS: [Scenario; 6] = [
    Scenario { name: "OAuth app", limit: 110, later: 110, syncs: 1 },
    Scenario { name: "Professional", limit: 190, later: 190, syncs: 1 },
    Scenario { name: "API add-on", limit: 250, later: 250, syncs: 1 },
    Scenario { name: "two syncs at once", limit: 190, later: 190, syncs: 2 },
    Scenario { name: "shrinks in mid-sync", limit: 190, later: 110, syncs: 1 },
    Scenario { name: "grows in mid-sync", limit: 110, later: 250, syncs: 1 },
];

/// How long the scenarios run, in intervals: the first is not measured.
#[derive(Clone, Copy)]
struct Length {
    interval: Duration,
    intervals: u32,
}

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo test` runs benches without this flag, to see that they start; `cargo bench` passes it.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (scenarios, length) = if is_bench {
        (&SCENARIOS[..], Length { interval: INTERVAL, intervals: 4 })
    } else {
        (&SCENARIOS[..1], Length { interval: Duration::from_millis(200), intervals: 4 })
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "| | limit in 10 s | calls | of those allowed | answered 429 | records/s |")?;
    writeln!(out, "|---|---:|---:|---:|---:|---:|")?;
    for scenario in scenarios {
        let run = run(*scenario, length)?;
        let limit = match (scenario.limit, scenario.later) {
            (limit, later) if limit == later => limit.to_string(),
            (limit, later) => format!("{limit}, then {later}"),
        };
        writeln!(
            out,
            "| {} | {limit} | {} | {:.1}% | {} | {:.0} |",
            scenario.name,
            run.calls,
            100.0 * run.used,
            run.turned_away,
            run.records_per_second
        )?;
        out.flush()?;
    }
    Ok(())
}

struct Run {
    calls: usize,
    /// Of the calls allowed, from the end of the first interval on.
    used: f64,
    turned_away: u64,
    records_per_second: f64,
}

fn run(scenario: Scenario, length: Length) -> Result<Run, Box<dyn Error>> {
    let limit = |max| RateLimit::new(max, length.interval);
    let sandbox = Sandbox::builder().latency(LATENCY).rate_limit(limit(scenario.limit)).start();
    let most = scenario.limit.max(scenario.later) as usize;
    // More than can be sent: the syncs are ended when the time is over.
    let records = most * BATCH * (length.intervals as usize + 2) / scenario.syncs;
    let folder = tempfile::tempdir()?;
    let mut syncs = Vec::new();
    for number in 0..scenario.syncs {
        let (config, catalog) = (folder.path().join("config.json"), folder.path().join("catalog.json"));
        let credentials = json!({"type": "AccessToken", "access_token": sandbox.default_token()});
        std::fs::write(
            &config,
            json!({"credentials": credentials, "api_base_url": sandbox.url()}).to_string(),
        )?;
        std::fs::write(&catalog, catalog_of_contacts())?;
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
        // Ends with an error when the sync does: that is how it is ended.
        std::thread::spawn(move || write_records(stdin, number, records));
        syncs.push(connector);
    }
    // The limit changes two intervals after the first call.
    if !sandbox.wait_until(Duration::from_secs(30), |totals| totals.calls(Endpoint::Upsert) > 0) {
        return Err("nothing was sent".into());
    }
    std::thread::sleep(length.interval * 2);
    if scenario.later != scenario.limit {
        sandbox.set_rate_limit(limit(scenario.later));
    }
    std::thread::sleep(length.interval * (length.intervals - 2) + length.interval / 10);
    for connector in &mut syncs {
        end(connector)?;
    }
    Ok(measure(&sandbox, scenario, length))
}

/// Counts the calls that were admitted in whole intervals, from the end of the first one on. No more can be admitted in
/// an interval than the limit says: where it shrinks, calls of before take their places until they are old.
fn measure(sandbox: &Sandbox, scenario: Scenario, length: Length) -> Run {
    let requests = sandbox.requests();
    let upserts: Vec<_> = requests
        .iter()
        .filter(|call| call.endpoint == Endpoint::Upsert && call.status != Some(429))
        .collect();
    let first = upserts.first().map_or(Duration::ZERO, |call| call.arrived_at);
    let measured = first + length.interval..first + length.interval * length.intervals;
    let took = (measured.end - measured.start).as_secs_f64();
    let allowed = scenario.limit + scenario.later * (length.intervals - 2);
    let used: Vec<_> = upserts.iter().filter(|call| measured.contains(&call.arrived_at)).collect();
    let records: usize = used.iter().map(|call| call.inputs).sum();
    Run {
        calls: upserts.len(),
        used: used.len() as f64 / f64::from(allowed),
        turned_away: sandbox.totals().with_status(429),
        records_per_second: records as f64 / took,
    }
}

/// Asks a sync to end, and waits until it has.
fn end(connector: &mut Child) -> Result<(), Box<dyn Error>> {
    Command::new("kill").args(["-TERM", &connector.id().to_string()]).status()?;
    connector.wait()?;
    Ok(())
}

fn catalog_of_contacts() -> String {
    let stream = json!({
        "stream": {"name": "contacts", "json_schema": {"properties": {"email": {}, "city": {}}}},
        "sync_mode": "incremental", "destination_sync_mode": "append_dedup", "primary_key": [["email"]],
    });
    json!({"streams": [stream]}).to_string()
}

fn write_records(stdin: impl Write, sync: usize, records: usize) -> std::io::Result<()> {
    let mut stdin = BufWriter::with_capacity(1 << 16, stdin);
    for number in 0..records {
        writeln!(
            stdin,
            r#"{{"type":"RECORD","record":{{"stream":"contacts","data":{{"email":"user{number}@sync{sync}.example.com","city":"Oslo"}},"emitted_at":1795290302755}}}}"#
        )?;
    }
    stdin.flush()
}
