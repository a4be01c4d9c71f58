//! `registry`: what a platform has to be told of this connector, printed or written to files.
//!
//! For people who run a platform, not for the platform: what it prints are no Airbyte messages, and trouble is told on
//! stderr.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use thiserror::Error;

use super::FAILED;
use crate::cli::{EntryOptions, RegistryCommand};
use crate::config::spec::specification;
use crate::registry::layout::{self, File};
use crate::registry::merge::{self, NotARegistry};
use crate::registry::{Entry, Overrides, Unfit};

#[derive(Debug, Error)]
enum Trouble {
    #[error("{0}")]
    Unfit(#[from] Unfit),
    #[error("{0}: {1}")]
    NotARegistry(PathBuf, NotARegistry),
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    #[error("Standard output: {0}")]
    Output(io::Error),
}

/// Runs one of the registry's commands to its exit code.
#[must_use]
pub fn run(command: RegistryCommand) -> ExitCode {
    match done(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            // Where even stderr is gone, the exit code has to say it.
            let _nobody_reads = writeln!(io::stderr(), "error: {trouble}");
            ExitCode::from(FAILED)
        }
    }
}

fn done(command: RegistryCommand) -> Result<(), Trouble> {
    match command {
        RegistryCommand::Entry { entry } => {
            let text = own(entry)?.to_json();
            io::stdout().write_all(text.as_bytes()).map_err(Trouble::Output)
        }
        RegistryCommand::Files { folder, entry } => {
            let entry = own(entry)?;
            for File { path, text } in layout::files_of(&entry) {
                write(&folder.join(path), &text)?;
            }
            let registry = folder.join(layout::REGISTRY);
            let others = match fs::read_to_string(&registry) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => merge::EMPTY.to_owned(),
                read => read.map_err(|error| Trouble::File(registry.clone(), error))?,
            };
            put_in(&registry, &others, &entry)
        }
        RegistryCommand::Merge { file, entry } => {
            let entry = own(entry)?;
            let others = fs::read_to_string(&file).map_err(|error| Trouble::File(file.clone(), error))?;
            put_in(&file, &others, &entry)
        }
    }
}

fn own(options: EntryOptions) -> Result<Entry, Unfit> {
    let EntryOptions { repository, tag, id, custom, icon_url, documentation_url } = options;
    Entry::new(specification(), Overrides { repository, tag, id, custom, icon_url, documentation_url })
}

fn put_in(registry: &Path, others: &str, entry: &Entry) -> Result<(), Trouble> {
    let merged =
        merge::merged(others, entry).map_err(|reason| Trouble::NotARegistry(registry.to_owned(), reason))?;
    write(registry, &merged)
}

/// Puts a file in its place in one step: a platform that asks meanwhile gets the old one or the new one, whole.
fn write(path: &Path, text: &str) -> Result<(), Trouble> {
    let of_path = |error| Trouble::File(path.to_owned(), error);
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut beside = path.file_name().unwrap_or_default().to_owned();
    beside.push(".new");
    let beside = folder.join(beside);
    fs::create_dir_all(folder).map_err(of_path)?;
    fs::write(&beside, text).and_then(|()| fs::rename(&beside, path)).map_err(of_path)
}
