//! How soon a command is done that has nothing to do, and how large the program is.

use std::io::Result;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::contender::{Contender, Programs};
use super::job::Job;
use super::process::time;
use super::shape::Shape;
use super::sink_process::SinkProcess;
use super::table::{Samples, Table};

/// Runs each command so many times and tells how long they took.
///
/// An empty `write` makes the calls with which every sync begins, and the sink has the sandbox answer them.
///
/// # Errors
/// When a command fails.
pub(crate) fn startup(programs: &Programs, repetitions: usize, folder: &Path) -> Result<String> {
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
    let mut table = Table::new(&["", "median (least–most)", "at most", "aim"]);
    for (name, times, most, aim) in
        [("`spec`, ms", specs, "10", "3"), ("`write` of nothing, ms", writes, "50", "10")]
    {
        let times: Samples = times.iter().map(|time| time.as_secs_f64() * 1e3).collect();
        table.row(&[name.to_owned(), times.cell(2), most.to_owned(), aim.to_owned()]);
    }
    let size = std::fs::metadata(programs.connector())?.len();
    table.row(&[
        "program, MB".to_owned(),
        format!("{:.1}", size as f64 / 1e6),
        "18".to_owned(),
        "12".to_owned(),
    ]);
    Ok(table.to_string())
}
