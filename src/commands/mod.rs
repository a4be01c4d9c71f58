//! The four commands, one file each, and what they share.

pub mod check;
pub mod discover;
pub mod prepare;
pub mod spec;
pub mod write;

use std::path::Path;
use std::process::ExitCode;

use crate::cli::Command;
use crate::config::Config;
use crate::error::{Failure, Kind};
use crate::output::emitter::{Emitter, Writer};
use crate::output::{clock, logging};
use crate::output::lines;

/// Exit code of a failed command.
const FAILED: u8 = 1;

/// Runs a command to its exit code; everything it has to say is on stdout by then.
#[must_use]
pub fn run(command: &Command) -> ExitCode {
    let (emitter, writer) = Emitter::start(std::io::stdout());
    logging::install(emitter.clone());
    let result = match command {
        Command::Spec => {
            spec::run(&emitter);
            Ok(write::Completed::Whole)
        }
        Command::Check { config, .. } => {
            check::run(config, &emitter);
            Ok(write::Completed::Whole)
        }
        Command::Discover { config } => discover::run(config, &emitter).map(|()| write::Completed::Whole),
        Command::Write { config, catalog } => write::run(config, catalog, &emitter),
    };
    finish(result, &emitter, writer)
}

fn finish(result: Result<write::Completed, Failure>, emitter: &Emitter, writer: Writer) -> ExitCode {
    if let Err(failure) = &result {
        emitter.line(&lines::trace_error(failure, clock::now_ms()));
    }
    let written = writer.finish();
    match (result, written) {
        (Ok(write::Completed::Asked(ask)), _) => ask.die(),
        (Ok(write::Completed::Whole), Ok(())) => ExitCode::SUCCESS,
        (Ok(write::Completed::Whole), Err(_)) | (Err(_), _) => ExitCode::from(FAILED),
    }
}

/// The text of a file the user named, and the configuration in it.
fn read_config(path: &Path) -> Result<(String, Config), Failure> {
    let text = read(path, "configuration")?;
    let config = Config::from_json(&text)
        .map_err(|error| Failure::new(Kind::Configuration, sentence(&error.to_string())))?;
    for key in &config.unknown_keys {
        tracing::warn!("The configuration key {key} is not known and has no effect.");
    }
    Ok((text, config))
}

fn read(path: &Path, what: &str) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        let message = format!("The {what} file {} cannot be read: {}.", path.display(), error.kind());
        Failure::new(Kind::Configuration, message)
    })
}

/// A lower-case error text as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// A runtime for one command: one thread makes the calls, the reader has its own.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(Kind::Internal, "The asynchronous runtime could not be started.")
            .internal(error.to_string())
    })
}
