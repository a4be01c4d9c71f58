//! The program: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use destination_hubspot::cli::Cli;
use destination_hubspot::commands;

fn main() -> ExitCode {
    commands::run(&Cli::parse().command)
}
