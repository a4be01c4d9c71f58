//! `cargo bench -p hubspot-sandbox`: how fast the sandbox is, and how much it holds.
//!
//! 100,000 upserts in batches of 100 have to take under 3 s on two cores, 1,000,000 records under 1.5 GiB; it fails
//! otherwise. The sandbox runs in this process with its log and its history, and the client does next to nothing: bodies
//! are made before, answers are read and dropped. `cargo test --bench upserts` runs it with next to nothing to do.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use hubspot_sandbox::Sandbox;

/// Inputs of a call, and connections.
const BATCH: usize = 100;
const CONNECTIONS: usize = 2;

/// What has to hold of the whole, where it is measured in earnest.
const MOST_TIME: Duration = Duration::from_secs(3);
const MOST_KIB: u64 = 3 * 512 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo test` runs benches without this flag, to see that they start; `cargo bench` passes it.
    let earnest = std::env::args().any(|argument| argument == "--bench");
    let (records, many) = if earnest { (100_000, 1_000_000) } else { (1_000, 2_000) };
    let mut out = io::stdout().lock();
    writeln!(out, "| records | took | records/s | peak resident |\n|---:|---:|---:|---:|")?;
    let took = upserts(records)?;
    row(&mut out, records, took)?;
    let long = upserts(many)?;
    let peak = row(&mut out, many, long)?;
    if earnest && (took > MOST_TIME || peak > MOST_KIB) {
        return Err(format!("{records} upserts may take {MOST_TIME:?}, {many} records {MOST_KIB} KiB").into());
    }
    Ok(())
}

fn row(out: &mut impl Write, records: usize, took: Duration) -> Result<u64, Box<dyn Error>> {
    let (peak, seconds) = (peak_kib()?, took.as_secs_f64());
    let rate = records as f64 / seconds;
    writeln!(out, "| {records} | {seconds:.2} s | {rate:.0} | {:.0} MiB |", peak as f64 / 1024.0)?;
    Ok(peak)
}

/// The most memory that this process ever had, as the kernel keeps it.
fn peak_kib() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// How long a fresh sandbox takes to answer so many upserts.
fn upserts(records: usize) -> io::Result<Duration> {
    let sandbox = Sandbox::builder().no_rate_limit().start();
    let (url, token) = (sandbox.url(), sandbox.default_token().to_owned());
    let host = url.trim_start_matches("http://");
    let calls = records / BATCH;
    // Bodies are made a while ahead, and not in the time that is measured.
    let mut took = Duration::ZERO;
    for first in (0..calls).step_by(1_000) {
        let requests: Vec<Vec<u8>> =
            (first..calls.min(first + 1_000)).map(|call| request(host, &token, call)).collect();
        let started = Instant::now();
        std::thread::scope(|scope| {
            let shares = requests.chunks(requests.len().div_ceil(CONNECTIONS));
            let threads: Vec<_> = shares.map(|share| scope.spawn(move || send(host, share))).collect();
            threads.into_iter().try_for_each(|thread| match thread.join() {
                Ok(sent) => sent,
                Err(_) => Err(io::Error::other("a client panicked")),
            })
        })?;
        took += started.elapsed();
    }
    match sandbox.count("contacts") {
        count if count == records => Ok(took),
        count => Err(io::Error::other(format!("{count} of {records} contacts are there"))),
    }
}

fn request(host: &str, token: &str, call: usize) -> Vec<u8> {
    let mut inputs = String::new();
    for number in call * BATCH..(call + 1) * BATCH {
        // Writing to a String cannot fail.
        let _ = write!(
            inputs,
            r#"{}{{"id":"person{number}@example.com","idProperty":"email","objectWriteTraceId":"{number}","properties":{{"firstname":"First {number}","lastname":"Last {number}","city":"Bonn","numemployees":"{number}"}}}}"#,
            if inputs.is_empty() { "" } else { "," }
        );
    }
    let body = format!(r#"{{"inputs":[{inputs}]}}"#);
    let head = format!(
        "POST /crm/v3/objects/contacts/batch/upsert HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body.into_bytes()].concat()
}

fn send(host: &str, requests: &[Vec<u8>]) -> io::Result<()> {
    let mut connection = BufReader::new(TcpStream::connect(host)?);
    connection.get_ref().set_nodelay(true)?;
    let mut rest = Vec::new();
    for request in requests {
        connection.get_mut().write_all(request)?;
        let (mut line, mut length) = (String::new(), 0);
        let mut status = None;
        loop {
            line.clear();
            connection.read_line(&mut line)?;
            status.get_or_insert_with(|| line.contains(" 200 "));
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().map_err(io::Error::other)?;
                }
                None if line.trim_end().is_empty() => break,
                _ => {}
            }
        }
        rest.resize(length, 0);
        connection.read_exact(&mut rest)?;
        if status != Some(true) {
            return Err(io::Error::other(String::from_utf8_lossy(&rest).into_owned()));
        }
    }
    Ok(())
}
