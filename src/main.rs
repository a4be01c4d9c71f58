//! The program: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use destination_hubspot::cli::{Action, Cli, print_completions};
use destination_hubspot::commands;

/// The static program's. musl's own has one lock and returns memory eagerly: with it a million records took 12 to 14 s
/// of processor time instead of 5 to 6. They peaked at 36 MiB then, and at 20 to 50 MiB now.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::parse().action {
        Action::Airbyte(command) => commands::run(&command),
        Action::Registry(command) => commands::registry::run(command),
        Action::Completions { shell } => match print_completions(shell) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
    }
}
