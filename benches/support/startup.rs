//! How soon a command is done that has nothing to do, and how large the program is.

use std::io::{Result, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::contender::{Contender, Programs};
use super::job::Job;
use super::process::time;
use super::shape::Shape;
use super::sink_process::SinkProcess;
use super::table::{Samples, Table};

/// Runs each command so many times and prints how long they took.
///
/// An empty `write` makes the calls with which every sync begins, and the sink has the sandbox answer them.
///
/// # Errors
/// When a command fails.
pub(crate) fn startup(
    programs: &Programs,
    repetitions: usize,
    folder: &Path,
    mut out: impl Write,
) -> Result<()> {
    let sink = SinkProcess::start(Duration::ZERO)?;
    let job = Job { shape: Shape::contacts(), records: 0, streams: 1, state_every: 1 }.prepare(folder)?;
    let spec = || {
        let mut command = Command::new(programs.connector());
        command.arg("spec");
        command
    };
    let write = || programs.command(Contender::Connector, &job, &sink);
    let (mut specs, mut writes) = (Vec::new(), Vec::new());
    for _ in 0..repetitions {
        specs.push(time(spec())?);
        writes.push(time(write()?)?);
    }
    job.remove()?;
    let mut table = Table::new(&["", "runs", "ms (least–most)"]);
    for (name, times) in [("`spec`", specs), ("`write` of nothing", writes)] {
        let times: Samples = times.iter().map(|time| time.as_secs_f64() * 1e3).collect();
        table.row(&[name.to_owned(), repetitions.to_string(), times.cell(2)]);
    }
    let size = std::fs::metadata(programs.connector())?.len();
    writeln!(out, "### Start and size\n\n{table}\nThe program has {:.1} MB.\n", size as f64 / 1e6)
}
