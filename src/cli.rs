//! The command line: what Airbyte calls, and what people type.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

/// Airbyte destination that writes warehouse records into HubSpot, each one confirmed or rejected with a reason.
///
/// Every line on stdout is one Airbyte message. Exit codes: 0 done; 1 failed, with one TRACE ERROR on stdout; 2 not
/// called as described here.
#[derive(Debug, Parser)]
#[command(name = "destination-hubspot", version, propagate_version = true, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

const AFTER_HELP: &str = "\
First steps:
  echo '{\"credentials\": {\"type\": \"AccessToken\", \"access_token\": \"pat-na1-...\"}}' > config.json
  destination-hubspot check --config config.json
  destination-hubspot discover --config config.json

Environment:
  LOG_LEVEL                            error, warn, info (default), debug or trace
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY    the proxy to HubSpot and to storage, and what is asked without one";

/// What the program can be asked for.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// What Airbyte asks for.
    #[command(flatten)]
    Airbyte(Command),
    /// Print completions for a shell.
    #[command(after_help = "Example:\n  destination-hubspot completions bash > \
                            ~/.local/share/bash-completion/completions/destination-hubspot")]
    Completions {
        /// The shell they are for.
        shell: Shell,
    },
}

/// Writes the completions of a shell to stdout.
///
/// # Errors
///
/// Whatever stdout says, such as a reader that is gone.
pub fn print_completions(shell: Shell) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "destination-hubspot", &mut script);
    io::stdout().write_all(&script)
}

/// The four commands of an Airbyte destination.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the specification of the configuration.
    #[command(
        after_help = "Prints one SPEC message: the configuration as JSON Schema, with every key described."
    )]
    Spec,
    /// Try the configuration against HubSpot, without writing anything.
    #[command(
        after_help = "Prints one CONNECTION_STATUS: SUCCEEDED, with what the token can see, or FAILED, with what to \
                            change. The exit code is 0 either way.\n\nExample:\n  destination-hubspot check --config \
                            config.json"
    )]
    Check {
        /// File with the configuration (JSON).
        #[arg(long)]
        config: PathBuf,
        /// Accepted and ignored: some launchers pass it.
        #[arg(long, hide = true)]
        catalog: Option<String>,
    },
    /// Print the objects and operations the account offers, with their properties and matching keys.
    #[command(
        after_help = "Prints one DESTINATION_CATALOG. Only properties that can be written are in it.\n\nExample:\n  \
                            destination-hubspot discover --config config.json | jq '.destination_catalog.operations[] | \
                            [.object_name, .sync_mode, .matching_keys]'"
    )]
    Discover {
        /// File with the configuration (JSON).
        #[arg(long)]
        config: PathBuf,
    },
    /// Read Airbyte messages from stdin and write their records to HubSpot.
    #[command(
        after_help = "Prints a STATE once everything before it is settled, and each rejected record with the \
                            reason.\n\nExample:\n  source-x read ... | destination-hubspot write --config config.json \
                            --catalog catalog.json"
    )]
    Write {
        /// File with the configuration (JSON).
        #[arg(long)]
        config: PathBuf,
        /// File with the configured catalog (JSON).
        #[arg(long)]
        catalog: PathBuf,
    },
}
