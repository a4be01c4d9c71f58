//! Records, streams and states in different proportions.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{BufWriter, Write};

use hubspot_sandbox::{Endpoint, PropertyDef, Sandbox};
use serde_json::{Value, json};

use super::connector::{Job, run};

/// Records, streams, records between two states.
const SHAPES: [(usize, usize, usize); 5] = [
    (100_000, 4, 1_000),
    (1_000_000, 4, 1_000),
    (1_000_000, 1, 1_000),
    (1_000_000, 64, 1_000),
    (1_000_000, 4, 100),
];

/// Prints the table.
///
/// # Errors
/// When a sync cannot be run, or fails.
pub(super) fn tell(out: &mut impl Write, whole: bool) -> Result<(), Box<dyn Error>> {
    let shapes = if whole { &SHAPES[..] } else { &[(2_000, 4, 100)] };
    writeln!(out, "| records | streams | a state every | peak resident | records/s | calls |")?;
    writeln!(out, "|---:|---:|---:|---:|---:|---:|")?;
    for (records, streams, every) in shapes {
        let properties = (0..20).map(|number| PropertyDef::string(&format!("field_{number}")));
        let builder = Sandbox::builder().light().no_rate_limit();
        let sandbox =
            properties.fold(builder, |builder, property| builder.property("contacts", property)).start();
        let (records, streams, every) = (*records, *streams, *every);
        let names =
            (0..streams).map(|stream| json!({"name": format!("stream_{stream}"), "object": "contacts"}));
        let job = Job { streams: streams_of(streams), settings: names.collect() };
        let ended = run(&sandbox, &job, move |stdin| write_records(stdin, records, streams, every))?;
        if ended.how != "success" {
            return Err(format!("the sync failed: {}", ended.how).into());
        }
        writeln!(
            out,
            "| {records} | {streams} | {every} | {:.1} MiB | {:.0} | {} |",
            ended.peak_kib as f64 / 1024.0,
            records as f64 / ended.took.as_secs_f64(),
            sandbox.totals().calls(Endpoint::Upsert)
        )?;
        out.flush()?;
    }
    Ok(())
}

fn streams_of(streams: usize) -> Value {
    (0..streams)
        .map(|stream| {
            json!({
                "stream": {"name": format!("stream_{stream}"), "json_schema": {"properties": {"email": {}}}},
                "sync_mode": "incremental", "destination_sync_mode": "append_dedup", "primary_key": [["email"]],
            })
        })
        .collect()
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
