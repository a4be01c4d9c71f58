//! The connector beside the floor and HubSpot's own clients, all of them doing the same job in one run.
//!
//! The programs take turns, so that whatever else the machine does meets all of them. HubSpot's clients are given fewer
//! records, which is why no figure has a program's start in it (`measure`).

use std::io::Result;
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
    /// Its name in a report.
    pub(crate) name: &'static str,
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
    /// What is asked of the connector.
    pub(crate) goals: Goals,
}

/// What is asked of the connector, in words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goals {
    /// Of its records a second, as a multiple of those of the fastest peer.
    pub(crate) records_per_second: &'static str,
    /// Of its CPU, as so many times less than that of the peer that uses least.
    pub(crate) cpu: Option<&'static str>,
    /// Of its CPU, as a multiple of the floor's.
    pub(crate) floor: Option<&'static str>,
}

/// The runs of one program.
type Runs = (Contender, Vec<Sample>);

/// Runs every program so many times and tells what they took.
///
/// # Errors
/// When a program fails, or the sink did not get every record of it.
pub(crate) fn compare(
    comparison: &Comparison,
    programs: &Programs,
    repetitions: usize,
    folder: &Path,
) -> Result<String> {
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
    let ratios: String = ratios(comparison, &runs).iter().map(|line| format!("- {line}\n")).collect();
    Ok(format!("{}\n{ratios}", table(comparison, &runs)))
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
fn ratios(comparison: &Comparison, runs: &[Runs]) -> Vec<String> {
    let Some((_, ours)) = runs.iter().find(|(contender, _)| *contender == Contender::Connector) else {
        return Vec::new();
    };
    let secure = runs.iter().find(|(contender, _)| *contender == Contender::SecureConnector);
    let peers = || runs.iter().filter(|(contender, _)| contender.is_peer());
    let mut lines = Vec::new();
    if let Some((contender, theirs)) = peers().max_by(|one, other| {
        median(one, |run| run.per_second).total_cmp(&median(other, |run| run.per_second))
    }) {
        let ratio: Samples =
            ours.iter().zip(theirs).map(|(our, their)| our.per_second / their.per_second).collect();
        let goal = comparison.goals.records_per_second;
        lines.push(format!(
            "Records/s against the fastest peer ({}): {}; {goal}",
            contender.name(),
            ratio.cell_in(1, "×")
        ));
    }
    if let Some((contender, theirs)) = peers().min_by(|one, other| {
        median(one, |run| run.cpu_per_million).total_cmp(&median(other, |run| run.cpu_per_million))
    }) {
        let ratio: Samples =
            ours.iter().zip(theirs).map(|(our, their)| their.cpu_per_million / our.cpu_per_million).collect();
        let goal = comparison.goals.cpu.map(|goal| format!("; {goal}")).unwrap_or_default();
        lines.push(format!(
            "CPU, so many times less than the peer that uses least ({}): {}{goal}",
            contender.name(),
            ratio.cell_in(1, "×")
        ));
    }
    if let Some((_, floor)) = runs.iter().find(|(contender, _)| matches!(contender, Contender::Floor(_))) {
        let ratio: Samples =
            ours.iter().zip(floor).map(|(our, floor)| our.cpu_per_million / floor.cpu_per_million).collect();
        let goal = comparison.goals.floor.map(|goal| format!("; {goal}")).unwrap_or_default();
        lines.push(format!("CPU against the floor: {}{goal}", ratio.cell_in(1, "×")));
    }
    if let Some((_, secure)) = secure {
        let ratio: Samples = secure
            .iter()
            .zip(ours)
            .map(|(secure, our)| secure.cpu_per_million / our.cpu_per_million)
            .collect();
        lines.push(format!("CPU over TLS and HTTP/2 against in the clear: {}", ratio.cell_in(1, "×")));
    }
    lines
}

fn median((_, samples): &Runs, field: fn(&Sample) -> f64) -> f64 {
    samples.iter().map(field).collect::<Samples>().median()
}
