//! How the cost grows: with records, with streams, with properties, with states.
//!
//! CPU is the mean of the runs, since the kernel tells it in steps of 10 ms; the rest are medians.

use std::io::Result;
use std::path::Path;
use std::time::Duration;

use super::chart::{Axis, Panel};
use super::contender::{Contender, Programs};
use super::job::Job;
use super::measure::measure;
use super::shape::Shape;
use super::sink_process::SinkProcess;
use super::table::{Number, Samples, Table};

/// Runs of one point.
const RUNS: u64 = 3;
/// Records that the runs of one point have together at least: where they are few, there are more runs.
const RECORDS_OF_A_POINT: u64 = 200_000;

/// A series of jobs that differ in one thing.
#[derive(Debug)]
pub(crate) struct Curve {
    /// Its name in a report.
    pub(crate) name: &'static str,
    /// What differs, as the heading of a column.
    pub(crate) axis: &'static str,
    /// How it is placed in a picture.
    pub(crate) scale: Axis,
    /// Records that the runs of one point have together at least.
    pub(crate) records_of_a_point: u64,
    /// The jobs, with what differs.
    pub(crate) points: Vec<(u64, Job)>,
}

/// The curves, each with so many percent of the usual records, and the longest with these numbers of records.
pub(crate) fn curves(percent: u64, lengths: &[u64]) -> Vec<Curve> {
    let records_of_a_point = RECORDS_OF_A_POINT * percent / 100;
    let share = |records: u64| (records * percent / 100).max(500);
    let contacts =
        |records, streams, state_every| Job { shape: Shape::contacts(), records, streams, state_every };
    let points = |values: &[u64], job: &dyn Fn(u64) -> Job| {
        values.iter().map(|value| (*value, job(*value))).collect::<Vec<_>>()
    };
    vec![
        Curve {
            name: "curve-records",
            axis: "records",
            records_of_a_point,
            scale: Axis::Multiples,
            points: points(lengths, &|records| contacts(share(records), 4, 1_000)),
        },
        Curve {
            name: "curve-streams",
            axis: "streams",
            records_of_a_point,
            scale: Axis::Multiples,
            points: points(&[1, 4, 16, 64], &|streams| contacts(share(400_000), streams, 1_000)),
        },
        Curve {
            name: "curve-properties",
            axis: "properties",
            records_of_a_point,
            scale: Axis::Even,
            points: points(&[3, 10, 20, 50, 100, 150], &|properties| Job {
                shape: Shape::wide(properties as usize),
                ..contacts(share(200_000), 1, 1_000)
            }),
        },
        Curve {
            name: "curve-states",
            axis: "a state every",
            records_of_a_point,
            scale: Axis::Multiples,
            points: points(&[10, 100, 1_000, 10_000], &|every| contacts(share(400_000), 1, every)),
        },
    ]
}

/// Runs the connector at every point of the curve and tells what it took, as a table and for a picture.
///
/// # Errors
/// When a run fails.
pub(crate) fn run(curve: Curve, programs: &Programs, folder: &Path) -> Result<(String, Panel)> {
    let mut points = Vec::new();
    let mut sink = SinkProcess::start(Duration::ZERO)?;
    let mut table =
        Table::new(&[curve.axis, "records/s", "input MB/s", "CPU s a million", "peak MiB", "batches filled"]);
    for (value, job) in curve.points {
        let job = job.prepare(folder)?;
        let bytes = (std::fs::metadata(&job.messages)?.len() * job.times) as f64;
        let runs = RUNS.max(curve.records_of_a_point / job.job.records);
        let samples: Vec<_> = (0..runs)
            .map(|_| measure(Contender::Connector, &job, programs, &mut sink))
            .collect::<Result<_>>()?;
        let rate: Samples = samples.iter().map(|sample| sample.per_second).collect();
        let cpu = samples.iter().map(|sample| sample.cpu_per_million).sum::<f64>() / samples.len() as f64;
        let peak: Samples = samples.iter().map(|sample| sample.peak_mib).collect();
        let fill: Samples = samples.iter().map(|sample| 100.0 * sample.fill).collect();
        table.row(&[
            Number(value as f64, 0).to_string(),
            rate.cell(0),
            Number(rate.median() * bytes / job.job.records as f64 / 1e6, 0).to_string(),
            format!("{cpu:.2}"),
            format!("{:.1}", peak.median()),
            format!("{:.2}%", fill.median()),
        ]);
        points.push((value, cpu, peak.median()));
        job.remove()?;
    }
    Ok((table.to_string(), Panel { title: curve.axis, axis: curve.scale, points }))
}
