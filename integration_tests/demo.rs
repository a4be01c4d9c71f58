//! `cargo run --example demo`: builds the connector, starts the sandbox, syncs the sample data through the real
//! `write` over HTTP, and shows what the CRM holds, what was rejected and why, and the states.

#[path = "support/demo_account.rs"]
mod demo_account;

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hubspot_sandbox::Sandbox;
use serde_json::{Value, json};

/// Properties worth showing, by object.
const SHOWN: [(&str, &[&str]); 4] = [
    ("companies", &["warehouse_id", "name", "city", "annualrevenue"]),
    ("contacts", &["email", "firstname", "lastname", "lifecyclestage"]),
    ("deals", &["warehouse_id", "dealname", "dealstage", "amount"]),
    ("cars", &["vin", "model", "year", "electric"]),
];

fn main() -> Result<(), Box<dyn Error>> {
    let program = build()?;
    let sandbox = demo_account::builder().start();
    let mut out = std::io::stdout().lock();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("integration_tests/sample");
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("config.json");
    let settings = json!({
        "credentials": {"type": "AccessToken", "access_token": sandbox.default_token()},
        "api_base_url": sandbox.url(),
    });
    std::fs::write(&config, settings.to_string())?;

    writeln!(out, "\nA HubSpot stand-in listens at {}.", sandbox.url())?;
    let check = Command::new(&program).arg("check").arg("--config").arg(&config).output()?;
    for message in messages(&check.stdout) {
        writeln!(out, "check: {}", text(&message["connectionStatus"]["message"]))?;
    }

    writeln!(out, "\ndestination-hubspot write < integration_tests/sample/messages.jsonl\n")?;
    out.flush()?;
    let write = Command::new(&program)
        .arg("write")
        .arg("--config")
        .arg(&config)
        .arg("--catalog")
        .arg(sample.join("catalog.json"))
        .stdin(Stdio::from(File::open(sample.join("messages.jsonl"))?))
        .output()?;
    show_run(&mut out, &messages(&write.stdout))?;
    show_crm(&mut out, &sandbox)?;
    writeln!(out, "\nThe connector ended with {}.", write.status)?;
    if write.status.success() { Ok(()) } else { Err("the sync failed".into()) }
}

/// Builds the connector the way cargo built this demo, and tells where it is.
fn build() -> Result<PathBuf, Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args([
            "build",
            "--bin",
            "destination-hubspot",
            "--message-format",
            "json-render-diagnostics",
            "--manifest-path",
        ])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .stderr(Stdio::inherit())
        .output()?;
    messages(&built.stdout)
        .iter()
        .filter(|artifact| artifact["target"]["name"] == "destination-hubspot")
        .find_map(|artifact| artifact["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| "the connector could not be built".into())
}

fn messages(stdout: &[u8]) -> Vec<Value> {
    stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

fn show_run(out: &mut impl Write, messages: &[Value]) -> std::io::Result<()> {
    let of_type = |kind: &'static str| messages.iter().filter(move |message| message["type"] == kind);
    writeln!(out, "States that came back, with what became of the records since the one before:")?;
    for state in of_type("STATE").map(|message| &message["state"]) {
        let stats = &state["destinationStats"];
        let (accepted, rejected) = (&stats["recordCount"], &stats["rejectedRecordCount"]);
        let (name, cursor) =
            (&state["stream"]["stream_descriptor"]["name"], &state["stream"]["stream_state"]["cursor"]);
        writeln!(
            out,
            "  {:10} cursor {cursor}   accepted {accepted:>6}   rejected {rejected:>4}",
            text(name)
        )?;
    }
    writeln!(out, "\nRejected records, as they are printed:")?;
    for record in of_type("RECORD").map(|message| &message["record"]) {
        let reason = &record["meta"]["rejection"];
        let (stream, code, by) = (text(&record["stream"]), text(&reason["code"]), text(&reason["origin"]));
        writeln!(out, "  {stream:10} {code:22} by {by}: {}", text(&reason["message"]))?;
        writeln!(out, "             {}", record["data"])?;
    }
    writeln!(out, "\nWhat the connector says:")?;
    for log in of_type("LOG").map(|message| &message["log"]) {
        writeln!(out, "  {:5} {}", text(&log["level"]), text(&log["message"]))?;
    }
    for error in of_type("TRACE").map(|message| &message["trace"]["error"]) {
        writeln!(out, "  ERROR {}", text(&error["message"]))?;
    }
    Ok(())
}

fn show_crm(out: &mut impl Write, sandbox: &Sandbox) -> std::io::Result<()> {
    writeln!(out, "\nWhat the CRM holds now:")?;
    for (object, properties) in SHOWN {
        let records = sandbox.records(object);
        writeln!(out, "\n  {} {object}, the first three of them:", records.len())?;
        for record in records.iter().take(3) {
            let values: Vec<String> =
                properties.iter().map(|name| format!("{name}={}", record.get(name).unwrap_or("-"))).collect();
            writeln!(out, "    {} {}", record.id, values.join("  "))?;
        }
    }
    writeln!(out, "\n{} requests reached the stand-in.", sandbox.requests().len())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
