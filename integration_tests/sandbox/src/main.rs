//! `hubspot-sandbox`: the stand-in as a program, for demonstrations and for trying a client by hand.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use hubspot_sandbox::{Builder, Certificate, RateLimit, Sandbox};

/// A HubSpot stand-in: real HTTP on 127.0.0.1, state in memory, gone when it stops.
///
/// It prints one line with its URL and a private token that has every scope, then runs until Ctrl-C. Point a client
/// at the URL instead of https://api.hubapi.com, and a browser at it to watch: records, lists, events, every request
/// and the rate-limit window. It knows the CRM objects, search, properties, schemas, lists, associations, custom
/// events, owners, account and OAuth calls of v3 (v4 for associations), 2026-03 and 2026-09, validates values as
/// HubSpot does, and limits the rate as HubSpot does.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Options {
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// Requests that each token has in any interval; 0 for no limit. A private token has 190 per 10 s in HubSpot's
    /// Professional and Enterprise plans, 100 in the others.
    #[arg(long, value_name = "N", default_value_t = 190)]
    rate_limit: u32,

    /// Length of the interval in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    interval_ms: u64,

    /// Time every request takes, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency_ms: u64,

    /// At most so many milliseconds on top, drawn anew for every request.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    jitter_ms: u64,

    /// Seed of record ids, shuffled results and the token: the same seed gives the same answers.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// The private token; made from the seed unless given.
    #[arg(long)]
    token: Option<String>,

    /// Speak TLS, and HTTP/2 to clients that can, with the certificate in this file (PEM); a client has to trust it.
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,

    /// The certificate's key (PEM).
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,

    /// Keep neither a log of requests nor a history of writes, for runs of millions of records.
    #[arg(long)]
    light: bool,
}

const EXAMPLES: &str = "\
Examples:
  hubspot-sandbox --port 8090 --token pat-na1-demo
  curl -H 'authorization: Bearer pat-na1-demo' http://127.0.0.1:8090/crm/v3/properties/contacts
  hubspot-sandbox --rate-limit 20 --interval-ms 1000 --latency-ms 150 --jitter-ms 300";

fn main() -> ExitCode {
    let options = Options::parse();
    let limit = match options.rate_limit {
        0 => RateLimit::none(),
        max => RateLimit::new(max, Duration::from_millis(options.interval_ms)),
    };
    let mut builder = Sandbox::builder()
        .port(options.port)
        .seed(options.seed)
        .rate_limit(limit)
        .latency(Duration::from_millis(options.latency_ms))
        .jitter(Duration::from_millis(options.jitter_ms));
    if let Some(token) = &options.token {
        builder = builder.default_token(token);
    }
    if options.light {
        builder = builder.light();
    }
    match certificate(&options) {
        Ok(None) => run(builder),
        Ok(Some(certificate)) => run(builder.tls(certificate)),
        Err(error) => give_up("cannot read its certificate", &error),
    }
}

fn certificate(options: &Options) -> io::Result<Option<Certificate>> {
    let (Some(certificate), Some(key)) = (&options.certificate, &options.key) else { return Ok(None) };
    Ok(Some(Certificate::new(&std::fs::read_to_string(certificate)?, &std::fs::read_to_string(key)?)))
}

#[expect(clippy::print_stderr, reason = "the program talks to the person who started it")]
fn give_up(what: &str, error: &io::Error) -> ExitCode {
    eprintln!("hubspot-sandbox {what}: {error}");
    ExitCode::FAILURE
}

#[expect(clippy::print_stdout, reason = "the program talks to the person who started it")]
fn run(builder: Builder) -> ExitCode {
    let sandbox = match builder.try_start() {
        Ok(sandbox) => sandbox,
        Err(error) => return give_up("could not listen", &error),
    };
    let announce = || println!("hubspot-sandbox {} token {}", sandbox.url(), sandbox.default_token());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(until_stopped(announce))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => give_up("cannot wait for Ctrl-C", &error),
    }
}

/// Announces the sandbox and waits for Ctrl-C, which is listened for before anybody knows of the sandbox.
async fn until_stopped(announce: impl FnOnce()) -> io::Result<()> {
    let stopped = tokio::signal::ctrl_c();
    tokio::pin!(stopped);
    tokio::select! {
        biased;
        result = &mut stopped => return result,
        () = std::future::ready(()) => {}
    }
    announce();
    stopped.await
}
