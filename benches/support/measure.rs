//! One run of one program: how fast it went and what it took.
//!
//! Records a second are counted by the sink; CPU is what a program uses beyond a run of it with nothing to do. A
//! program's start is in neither: it is measured by itself.

use std::io::{Error, Result};
use std::time::Duration;

use super::contender::{Contender, Programs};
use super::job::Prepared;
use super::process::{Input, run};
use super::sink_process::SinkProcess;

/// One run of one program, its start aside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Records a second, from the arrival of the first call to the answer of the last.
    pub(crate) per_second: f64,
    /// Seconds of CPU for a million records, beyond what a run without records takes.
    pub(crate) cpu_per_million: f64,
    /// What the sink used meanwhile.
    pub(crate) sink_cpu_per_million: f64,
    /// Most memory that was resident, in MiB.
    pub(crate) peak_mib: f64,
    /// Most calls that were under way at once.
    pub(crate) in_flight: u64,
    /// Inputs a call as a part of those of a full one.
    pub(crate) fill: f64,
}

/// Runs a program with nothing to do, then with the job.
///
/// # Errors
/// When it fails, or the sink did not get every record.
pub(crate) fn measure(
    contender: Contender,
    job: &Prepared,
    programs: &Programs,
    sink: &mut SinkProcess,
) -> Result<Sample> {
    let idle = run(programs.command(contender, job, sink)?, Input::Empty)?;
    let before = sink.cpu()?;
    sink.take_tally()?;
    let cost = run(programs.command(contender, job, sink)?, Input::File(&job.messages, job.times))?;
    let tally = sink.take_tally()?;
    if tally.inputs != job.job.records {
        let (name, records) = (contender.name(), job.job.records);
        return Err(Error::other(format!("{name} sent {} of {records} records", tally.inputs)));
    }
    let per_million = |cpu: Duration| cpu.as_secs_f64() * 1e6 / job.job.records as f64;
    Ok(Sample {
        per_second: tally.inputs_per_second(),
        cpu_per_million: per_million(cost.cpu.saturating_sub(idle.cpu)),
        sink_cpu_per_million: per_million(sink.cpu()?.saturating_sub(before)),
        peak_mib: cost.peak_kib as f64 / 1024.0,
        in_flight: tally.most_in_flight,
        fill: tally.fill(),
    })
}
