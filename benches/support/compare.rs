//! The connector beside the floor and HubSpot's own clients, all of them doing the same job in one run.
//!
//! The programs take turns, so that whatever else the machine does meets all of them. HubSpot's clients are given fewer
//! records, which is why no figure has a program's start in it (`measure`).

use std::io::{Result, Write};
use std::path::Path;
use std::time::Duration;

use super::contender::{Contender, Programs};
use super::job::Job;
use super::measure::{Sample, measure};
use super::shape::Shape;
use super::sink_process::SinkProcess;
use super::table::{Number, Samples, Table};

/// Records between two states.
const STATE_EVERY: u64 = 1_000;

/// A job that several programs do.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// What is compared, as a heading.
    pub(crate) title: &'static str,
    /// What the records look like.
    pub(crate) shape: Shape,
    /// After how long the sink answers.
    pub(crate) latency: Duration,
    /// Records of the connector and the floor.
    pub(crate) records: u64,
    /// Records of HubSpot's clients.
    pub(crate) peer_records: u64,
    /// Who does it.
    pub(crate) contenders: Vec<Contender>,
}

/// The runs of one program.
type Runs = (Contender, Vec<Sample>);

/// Runs every program so many times and prints what they took.
///
/// # Errors
/// When a program fails, or the sink did not get every record of it.
pub(crate) fn compare(
    comparison: &Comparison,
    programs: &Programs,
    repetitions: usize,
    folder: &Path,
    mut out: impl Write,
) -> Result<()> {
    let job =
        |records| Job { shape: comparison.shape.clone(), records, streams: 1, state_every: STATE_EVERY };
    let mut sink = SinkProcess::start(comparison.latency)?;
    let ours = job(comparison.records).prepare(folder)?;
    let peers = job(comparison.peer_records).prepare(folder)?;
    let mut runs: Vec<Runs> = comparison
        .contenders
        .iter()
        .filter(|contender| programs.have(**contender))
        .map(|contender| (*contender, Vec::new()))
        .collect();
    for _ in 0..repetitions {
        for (contender, samples) in &mut runs {
            let job = if contender.is_peer() { &peers } else { &ours };
            samples.push(measure(*contender, job, programs, &mut sink)?);
        }
    }
    ours.remove()?;
    if comparison.records != comparison.peer_records {
        peers.remove()?;
    }
    writeln!(out, "### {}\n", comparison.title)?;
    write!(out, "{}", table(comparison, &runs))?;
    for line in ratios(&runs) {
        writeln!(out, "\n{line}")?;
    }
    writeln!(out)
}

fn table(comparison: &Comparison, runs: &[Runs]) -> Table {
    let mut table = Table::new(&[
        "",
        "records",
        "records/s",
        "CPU s a million",
        "peak MiB",
        "calls in flight",
        "batches filled",
        "sink's CPU s a million",
    ]);
    for (contender, samples) in runs {
        let of = |field: fn(&Sample) -> f64| samples.iter().map(field).collect::<Samples>();
        let records = if contender.is_peer() { comparison.peer_records } else { comparison.records };
        table.row(&[
            contender.name(),
            Number(records as f64, 0).to_string(),
            of(|sample| sample.per_second).cell(0),
            of(|sample| sample.cpu_per_million).cell(2),
            format!("{:.1}", of(|sample| sample.peak_mib).median()),
            format!("{:.0}", of(|sample| sample.in_flight as f64).median()),
            format!("{:.2}%", 100.0 * of(|sample| sample.fill).median()),
            format!("{:.2}", of(|sample| sample.sink_cpu_per_million).median()),
        ]);
    }
    table
}

/// The connector against the others, repetition by repetition.
fn ratios(runs: &[Runs]) -> Vec<String> {
    let Some((_, ours)) = runs.iter().find(|(contender, _)| *contender == Contender::Connector) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    let median = |samples: &[Sample], field: fn(&Sample) -> f64| -> f64 {
        samples.iter().map(field).collect::<Samples>().median()
    };
    let peers = || runs.iter().filter(|(contender, _)| contender.is_peer());
    let fastest = peers().max_by(|(_, one), (_, other)| {
        median(one, |sample| sample.per_second).total_cmp(&median(other, |sample| sample.per_second))
    });
    if let Some((contender, theirs)) = fastest {
        let ratio: Samples =
            ours.iter().zip(theirs).map(|(our, their)| our.per_second / their.per_second).collect();
        lines.push(format!("- Records/s against the fastest peer, {}: {}×", contender.name(), ratio.cell(1)));
    }
    let frugal = peers().min_by(|(_, one), (_, other)| {
        median(one, |sample| sample.cpu_per_million)
            .total_cmp(&median(other, |sample| sample.cpu_per_million))
    });
    if let Some((contender, theirs)) = frugal {
        let ratio: Samples =
            ours.iter().zip(theirs).map(|(our, their)| their.cpu_per_million / our.cpu_per_million).collect();
        lines.push(format!(
            "- CPU of the peer that uses least, {}, against ours: {}×",
            contender.name(),
            ratio.cell(1)
        ));
    }
    if let Some((_, floor)) = runs.iter().find(|(contender, _)| matches!(contender, Contender::Floor(_))) {
        let ratio: Samples =
            ours.iter().zip(floor).map(|(our, floor)| our.cpu_per_million / floor.cpu_per_million).collect();
        lines.push(format!("- Our CPU against the floor's: {}×", ratio.cell(1)));
    }
    lines
}
