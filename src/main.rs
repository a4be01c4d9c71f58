//! The program: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use destination_hubspot::cli::{Action, Cli, print_completions};
use destination_hubspot::commands;

fn main() -> ExitCode {
    match Cli::parse().action {
        Action::Airbyte(command) => commands::run(&command),
        Action::Completions { shell } => match print_completions(shell) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
    }
}
