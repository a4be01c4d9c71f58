//! `hubspot-sandbox`: the stand-in as a program, for demonstrations and for trying a client by hand.

use std::error::Error;
use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use hubspot_sandbox::{
    Builder, Certificate, Control, RateLimit, Sandbox, Seed, coverage_table, openapi, switch_table,
};

/// A HubSpot stand-in: real HTTP on 127.0.0.1, state in memory, gone when it stops.
///
/// It prints one line with its URL and a private token that has every scope, then runs until Ctrl-C. Point a client
/// at the URL instead of https://api.hubapi.com, and a browser at it to watch: records, lists, events, every request
/// and the rate-limit window. It knows the CRM objects, search, properties, schemas, lists, associations, custom
/// events, owners, account and OAuth calls of v3 (v4 for associations), 2026-03 and 2026-09, validates values as
/// HubSpot does, and limits the rate as HubSpot does.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct Options {
    #[command(subcommand)]
    show: Option<Show>,

    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// Address to listen on. Anybody who reaches it may do with the account what they like.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    listen: IpAddr,

    /// Seed file, JSON or YAML: what the account holds and how it behaves.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,

    /// Let clients control the account over HTTP; /_sandbox/openapi.json describes how.
    #[arg(long)]
    control: bool,

    /// Requests that each token has in any interval; 0 for no limit. A private token has 190 per 10 s in HubSpot's
    /// Professional and Enterprise plans, 100 in the others; 190 unless set.
    #[arg(long, value_name = "N")]
    rate_limit: Option<u32>,

    /// Length of the interval in milliseconds, with --rate-limit.
    #[arg(long, value_name = "MS", default_value_t = 10_000, requires = "rate_limit")]
    interval_ms: u64,

    /// Time every request takes, in milliseconds.
    #[arg(long, value_name = "MS")]
    latency_ms: Option<u64>,

    /// At most so many milliseconds on top, drawn anew for every request.
    #[arg(long, value_name = "MS")]
    jitter_ms: Option<u64>,

    /// Seed of record ids, shuffled results and the token: the same one gives the same answers.
    #[arg(long, value_name = "N", default_value_t = 1)]
    random_seed: u64,

    /// The private token; made from the seed of what is random unless given.
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

/// What is printed instead of starting.
#[derive(Debug, Subcommand)]
enum Show {
    /// Print the calls of HubSpot's API that there are, in which versions, and what their answers rest on.
    Coverage,
    /// Print the switches: which reading of HubSpot's texts the account follows where they contradict each other.
    Switches,
    /// Print the OpenAPI description of the control over HTTP.
    Openapi,
}

const EXAMPLES: &str = "\
Examples:
  hubspot-sandbox --port 8090 --token pat-na1-demo
  curl -H 'authorization: Bearer pat-na1-demo' http://127.0.0.1:8090/crm/v3/properties/contacts
  hubspot-sandbox --rate-limit 20 --interval-ms 1000 --latency-ms 150 --jitter-ms 300
  hubspot-sandbox --port 8090 --seed account.yaml --control
  curl http://127.0.0.1:8090/_sandbox/seed";

fn main() -> ExitCode {
    let options = Options::parse();
    match &options.show {
        Some(Show::Coverage) => return print(&coverage_table()),
        Some(Show::Switches) => return print(&switch_table()),
        Some(Show::Openapi) => return print(&format_args!("{:#}\n", openapi())),
        None => {}
    }
    match builder(&options) {
        Ok(builder) => run(builder),
        Err(error) => fail(&error),
    }
}

fn certificate(options: &Options) -> io::Result<Option<Certificate>> {
    let (Some(certificate), Some(key)) = (&options.certificate, &options.key) else { return Ok(None) };
    Ok(Some(Certificate::new(&fs::read_to_string(certificate)?, &fs::read_to_string(key)?)))
}

/// Prints to somebody who may have gone away meanwhile.
fn print(text: &dyn Display) -> ExitCode {
    match write!(io::stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

#[expect(clippy::print_stderr, reason = "the program talks to the person who started it")]
fn fail(error: &dyn Display) -> ExitCode {
    eprintln!("hubspot-sandbox: {error}");
    ExitCode::FAILURE
}

fn builder(options: &Options) -> Result<Builder, Box<dyn Error>> {
    let seed = options.seed.as_deref().map(Seed::read).transpose()?;
    let mut builder = Sandbox::builder()
        .described(seed.unwrap_or_default())
        .listen(options.listen)
        .port(options.port)
        .seed(options.random_seed);
    if options.control {
        builder = builder.control(Control::On);
    }
    builder = match options.rate_limit {
        None => builder,
        Some(0) => builder.no_rate_limit(),
        Some(max) => builder.rate_limit(RateLimit::new(max, Duration::from_millis(options.interval_ms))),
    };
    if let Some(millis) = options.latency_ms {
        builder = builder.latency(Duration::from_millis(millis));
    }
    if let Some(millis) = options.jitter_ms {
        builder = builder.jitter(Duration::from_millis(millis));
    }
    let certificate = certificate(options);
    if let Some(certificate) =
        certificate.map_err(|error| format!("its certificate cannot be read: {error}"))?
    {
        builder = builder.tls(certificate);
    }
    if let Some(token) = &options.token {
        builder = builder.default_token(token);
    }
    Ok(if options.light { builder.light() } else { builder })
}

#[expect(clippy::print_stdout, reason = "the program talks to the person who started it")]
fn run(builder: Builder) -> ExitCode {
    let sandbox = match builder.try_start() {
        Ok(sandbox) => sandbox,
        Err(error) => return fail(&error),
    };
    let announce = || println!("hubspot-sandbox {} token {}", sandbox.url(), sandbox.default_token());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(until_stopped(announce))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format_args!("cannot wait for Ctrl-C: {error}")),
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
