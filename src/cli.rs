//! The command line: what Airbyte calls, and what people type.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};
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
    /// Tell an Airbyte platform of this connector, so that it offers the mapping form.
    #[command(subcommand)]
    Registry(RegistryCommand),
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

/// What a platform's registry is told.
#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// Print the connector's registry entry as JSON.
    #[command(after_help = "Example:\n  destination-hubspot registry entry --repository \
                            ghcr.io/owner/destination-hubspot --tag 1.2.3 --custom")]
    Entry {
        /// What stands in the entry in place of the connector's own metadata.
        #[command(flatten)]
        entry: EntryOptions,
    },
    /// Write the files that a platform asks a registry for.
    #[command(
        after_help = "Writes registries/v0/oss_registry.json (where it is there already, the entry is put into \
                            it), and oss.json and doc.md below metadata/REPOSITORY/TAG and \
                            metadata/REPOSITORY/latest. Any web server can serve the folder."
    )]
    Files {
        /// Folder that the registry's address leads to; created when missing.
        folder: PathBuf,
        /// What stands in the entry in place of the connector's own metadata.
        #[command(flatten)]
        entry: EntryOptions,
    },
    /// Put the connector's entry into a registry file, in place of the one with its id.
    #[command(after_help = "The file's other entries stay as they are.")]
    Merge {
        /// An oss_registry.json.
        file: PathBuf,
        /// What stands in the entry in place of the connector's own metadata.
        #[command(flatten)]
        entry: EntryOptions,
    },
}

/// What stands in an entry in place of the connector's own metadata.
#[derive(Args, Debug)]
pub struct EntryOptions {
    /// The image's name, without a tag [default: that of metadata.yaml]
    #[arg(long, value_name = "IMAGE")]
    pub repository: Option<String>,
    /// The image's tag, x.y.z [default: this program's version]
    #[arg(long, value_name = "VERSION")]
    pub tag: Option<String>,
    /// The definition's id; that of the custom connector, where you added one already
    #[arg(long, value_name = "UUID")]
    pub id: Option<String>,
    /// Mark the definition as custom: its tag can be changed by API, and no update is offered
    #[arg(long)]
    pub custom: bool,
    /// Address of an icon, https, at most 256 characters
    #[arg(long, value_name = "URL")]
    pub icon_url: Option<String>,
    /// Address of the page that the platform links to
    #[arg(long, value_name = "URL")]
    pub documentation_url: Option<String>,
}
