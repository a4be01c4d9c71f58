//! A sync of the built program against a sandbox in this process, and the most memory that it had resident.

use std::error::Error;
use std::io::{Read, Seek};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use hubspot_sandbox::Sandbox;
use serde_json::{Value, json};

/// How often the peak is looked at; the kernel keeps it, so that only its last growth can be missed.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What a sync is configured by.
#[derive(Debug)]
pub(super) struct Job {
    /// The catalog's.
    pub(super) streams: Value,
    /// The configuration's.
    pub(super) settings: Value,
}

/// How a sync ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// The peak of its resident memory (`VmHWM`).
    pub(super) peak_kib: u64,
    pub(super) took: Duration,
    /// `success`, or the type of its failure.
    pub(super) how: String,
}

/// Runs a sync of what `feed` writes.
///
/// # Errors
/// When it cannot be run.
pub(super) fn run(
    sandbox: &Sandbox,
    job: &Job,
    feed: impl FnOnce(ChildStdin) -> std::io::Result<()> + Send + 'static,
) -> Result<Ended, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let (config, catalog) = (folder.path().join("config.json"), folder.path().join("catalog.json"));
    let settings = json!({
        "credentials": {"type": "AccessToken", "access_token": sandbox.default_token()},
        "api_base_url": sandbox.url(),
        "streams": job.settings,
        // What is told of them is another matter than what is remembered.
        "rejected_records_output": "none",
    });
    std::fs::write(&config, settings.to_string())?;
    std::fs::write(&catalog, json!({"streams": job.streams}).to_string())?;
    let mut stdout = tempfile::tempfile()?;
    let began = Instant::now();
    let mut connector = Command::new(env!("CARGO_BIN_EXE_destination-hubspot"))
        .args(["write", "--config"])
        .arg(&config)
        .arg("--catalog")
        .arg(&catalog)
        .stdin(Stdio::piped())
        .stdout(stdout.try_clone()?)
        .spawn()?;
    let stdin = connector.stdin.take().ok_or("no stdin")?;
    let feeding = std::thread::spawn(move || feed(stdin));
    let peak_kib = watch(&mut connector)?;
    let took = began.elapsed();
    // A sync that fails takes no more input.
    let _broken_pipe = feeding.join().map_err(|_| "the writer failed")?;
    let mut printed = String::new();
    stdout.rewind()?;
    stdout.read_to_string(&mut printed)?;
    let failure = printed.split(r#""failure_type":""#).nth(1).and_then(|rest| rest.split('"').next());
    let how = match failure {
        Some(kind) => kind,
        None if connector.wait()?.success() => "success",
        None => "without a word",
    };
    Ok(Ended { peak_kib, took, how: how.to_owned() })
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
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(peak)
}
