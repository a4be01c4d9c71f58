//! The commands, one file each, and what the four of Airbyte share.

pub mod announce;
pub mod associations;
pub mod audiences;
pub mod check;
pub mod discover;
pub mod events;
pub mod findings;
pub mod footing;
pub mod inline;
pub mod lists;
pub mod prepare;
pub mod quota;
pub mod registry;
pub mod spec;
pub mod write;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::time::Instant;

use crate::cli::Command;
use crate::config::Config;
use crate::error::{Failure, Kind};
use crate::hubspot::patient::Patience;
use crate::output::emitter::{Emitter, Writer};
use crate::output::lines;
use crate::output::{clock, logging};
use crate::secrets::Secrets;
use crate::stdio::Ready;

/// Exit code of a failed command.
const FAILED: u8 = 1;
/// What the reader of stdout gets to take the last lines after a signal.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Runs a command to its exit code; everything it has to say is on stdout by then.
#[must_use]
pub fn run(command: &Command) -> ExitCode {
    let (emitter, writer) = Emitter::start(Ready(std::io::stdout()));
    logging::install(emitter.clone());
    // What has been emitted before a panic still goes out, and so does the word that it happened.
    let result =
        catch_unwind(AssertUnwindSafe(|| dispatch(command, &emitter))).unwrap_or_else(|_| Err(panicked()));
    finish(result, &emitter, writer)
}

fn panicked() -> Failure {
    let message = "The connector failed inside. This is a fault of the connector; please report it.";
    Failure::new(Kind::Internal, message).internal("panic; its text is on stderr")
}

fn dispatch(command: &Command, emitter: &Emitter) -> Result<write::Completed, Failure> {
    match command {
        Command::Spec => spec::run(emitter),
        Command::Check { config, .. } => check::run(config, emitter),
        Command::Discover { config } => discover::run(config, emitter)?,
        Command::Write { config, catalog } => return write::run(config, catalog, emitter),
    }
    Ok(write::Completed::Whole)
}

fn finish(result: Result<write::Completed, Failure>, emitter: &Emitter, writer: Writer) -> ExitCode {
    if let Err(failure) = &result {
        emitter.line(&lines::trace_error(failure, clock::now_ms()));
    }
    if let Ok(write::Completed::Asked(ask)) = result {
        writer.finish_within(LAST_WORDS);
        return ask.die();
    }
    match (result, writer.finish()) {
        (Ok(_), Ok(())) => ExitCode::SUCCESS,
        (Ok(_), Err(_)) | (Err(_), _) => ExitCode::from(FAILED),
    }
}

/// Longest that check and discover go on trying: the platform gives them minutes, people seconds.
const SOMEBODY_WAITS: Duration = Duration::from_secs(60);

/// The patience of a command whose answer somebody waits for; counted from now.
fn somebody_waits(config: &Config) -> Patience {
    Patience::Until(Instant::now() + config.retry_budget_seconds.duration().min(SOMEBODY_WAITS))
}

/// The text of a file the user named, and the configuration in it, whose secrets are known from then on.
fn read_config(path: &Path, secrets: &Secrets) -> Result<(String, Config), Failure> {
    let text = read(path, "configuration")?;
    let config = Config::from_json(&text)
        .map_err(|error| Failure::new(Kind::Configuration, sentence(&error.to_string())))?;
    secrets.add(config.secret_texts().iter().map(ExposeSecret::expose_secret));
    for key in &config.unknown_keys {
        tracing::warn!("The configuration key {key} is not known and has no effect.");
    }
    Ok((text, config))
}

fn read(path: &Path, what: &str) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("The {what} file {} cannot be read: {}.", path.display(), error.kind());
        Failure::new(Kind::Configuration, message)
    })?;
    // A byte order mark comes from files that were saved by an editor; it is no part of the JSON.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// A lower-case error text as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// Does a command's work: one thread makes the calls, the reader has its own. What hangs on a thread that the runtime has
/// lent (a name that is looked up, for storage) does not keep the command from its end.
fn block_on<F: Future>(work: F) -> Result<F::Output, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(Kind::Internal, "The asynchronous runtime could not be started.")
            .internal(error.to_string())
    })?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(done)
}
