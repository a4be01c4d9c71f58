//! The command line: what Airbyte calls, and what people type.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Airbyte destination that writes warehouse records into HubSpot, each one confirmed or rejected with a reason.
///
/// Every line on stdout is one Airbyte message. Exit codes: 0 done; 1 failed, with one TRACE ERROR on stdout; 2 not
/// called as described here.
#[derive(Debug, Parser)]
#[command(name = "destination-hubspot", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The four commands of an Airbyte destination.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the specification of the configuration.
    Spec,
    /// Try the configuration against HubSpot, without writing anything.
    Check {
        /// File with the configuration (JSON).
        #[arg(long)]
        config: PathBuf,
        /// Accepted and ignored: some launchers pass it.
        #[arg(long, hide = true)]
        catalog: Option<String>,
    },
    /// Print the objects and operations the account offers, with their properties and matching keys.
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
