//! `cargo bench --bench throughput`: whole processes, measured from outside.
//!
//! Everything, with the tables put where `docs/performance.md` shows them:
//! `cargo bench --bench throughput -- --document docs/performance.md`. A part: `... -- compare`, `... -- startup`,
//! `... -- curves`; less of it: `... -- compare --percent 20 --repetitions 2`.
//!
//! The program is also the sink and the floor, which have to be processes of their own:
//! `... -- sink --latency-ms 100`, `... -- floor --url http://127.0.0.1:4711 < messages`.

mod support;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, Subcommand};

use support::chart;
use support::compare::{Comparison, Goals, compare};
use support::contender::{Contender, Programs};
use support::curves::{Curve, curves, run};
use support::floor::Floor;
use support::report::{Report, machine};
use support::shape::{Shape, check_sizes};
use support::sink_process::be_the_sink;
use support::startup::startup;

/// How often each program runs, unless told otherwise.
const REPETITIONS: usize = 5;
/// How often each command is started.
const STARTS: usize = 40;
/// Records of syncs of different lengths.
const LENGTHS: [u64; 4] = [10_000, 100_000, 1_000_000, 10_000_000];

/// Whole processes, measured from outside.
#[derive(Debug, Parser)]
struct Options {
    /// Given by `cargo bench`. Without it, as in `cargo test`, everything is run once with next to nothing to do, to see
    /// that it runs.
    #[arg(long, global = true)]
    bench: bool,
    /// A document whose tables become those that are measured now.
    #[arg(long, global = true)]
    document: Option<PathBuf>,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// The connector, the floor and HubSpot's own clients beside each other.
    Compare {
        /// How often each program runs.
        #[arg(long, default_value_t = REPETITIONS)]
        repetitions: usize,
        /// Percent of the records that are usual.
        #[arg(long, default_value_t = 100)]
        percent: u64,
    },
    /// How soon a command is done that has nothing to do, and the size of the program.
    Startup,
    /// How the cost grows.
    Curves {
        /// Percent of the records that are usual.
        #[arg(long, default_value_t = 100)]
        percent: u64,
    },
    /// Be the sink until stdin ends; every line of stdin asks for what was counted.
    Sink {
        /// After how long it answers.
        #[arg(long, default_value_t = 0)]
        latency_ms: u64,
    },
    /// Be the floor: send what stdin holds.
    Floor {
        /// Where the sink listens.
        #[arg(long)]
        url: String,
        /// How many calls are under way.
        #[arg(long, default_value_t = 8)]
        connections: usize,
    },
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let (folder, report) = (tempfile::tempdir()?, Report::new(options.document));
    match options.task {
        Some(Task::Sink { latency_ms }) => be_the_sink(Duration::from_millis(latency_ms))?,
        Some(Task::Floor { url, connections }) => {
            Floor::connect(&url, connections)?.run(std::io::stdin().lock())?;
        }
        Some(Task::Compare { repetitions, percent }) => {
            let programs = Programs::of_a_release()?;
            for comparison in comparisons(percent) {
                let text = compare(&comparison, &programs, repetitions, folder.path())?;
                report.take(comparison.name, &text)?;
            }
        }
        Some(Task::Startup) => {
            report.take("startup", &startup(&Programs::of_a_release()?, STARTS, folder.path())?)?;
        }
        Some(Task::Curves { percent }) => {
            tell_curves(&Programs::of_a_release()?, curves(percent, &LENGTHS), folder.path(), &report)?;
        }
        None if options.bench => {
            let programs = Programs::of_a_release()?;
            report.take("machine", &machine())?;
            for comparison in comparisons(100) {
                let text = compare(&comparison, &programs, REPETITIONS, folder.path())?;
                report.take(comparison.name, &text)?;
            }
            report.take("startup", &startup(&programs, STARTS, folder.path())?)?;
            tell_curves(&programs, curves(100, &LENGTHS), folder.path(), &report)?;
        }
        None => {
            check_sizes();
            let programs = Programs::of_this_build();
            for comparison in comparisons(0) {
                report.take(comparison.name, &compare(&comparison, &programs, 1, folder.path())?)?;
            }
            report.take("startup", &startup(&programs, 1, folder.path())?)?;
            let shortest = curves(0, &LENGTHS[..1]).into_iter().take(1).collect();
            tell_curves(&programs, shortest, folder.path(), &report)?;
        }
    }
    Ok(())
}

fn tell_curves(
    programs: &Programs,
    curves: Vec<Curve>,
    folder: &Path,
    report: &Report,
) -> Result<(), Box<dyn Error>> {
    let mut panels = Vec::new();
    for curve in curves {
        let name = curve.name;
        let (table, panel) = run(curve, programs, folder)?;
        report.take(name, &table)?;
        panels.push(panel);
    }
    report.take_picture(&chart::draw(&panels))?;
    Ok(())
}

fn comparisons(percent: u64) -> [Comparison; 3] {
    let share = |records: u64| (records * percent / 100).max(500);
    [
        Comparison {
            name: "contacts",
            shape: Shape::contacts(),
            latency: Duration::ZERO,
            records: share(1_000_000),
            peer_records: share(50_000),
            contenders: vec![
                Contender::Connector,
                Contender::SecureConnector,
                Contender::Floor(8),
                Contender::Python(8),
                Contender::RawPython(8),
                Contender::Node(8),
            ],
            goals: Goals {
                records_per_second: "at least 8, aim 15",
                cpu: Some("at least 10, aim 20"),
                floor: Some("aim 2 at most"),
            },
        },
        Comparison {
            name: "wide",
            shape: Shape::wide(150),
            latency: Duration::ZERO,
            records: share(200_000),
            peer_records: share(20_000),
            contenders: vec![
                Contender::Connector,
                Contender::Floor(8),
                Contender::RawPython(8),
                Contender::Node(8),
            ],
            goals: Goals { records_per_second: "at least 6, aim 12", cpu: None, floor: None },
        },
        Comparison {
            name: "latency",
            shape: Shape::contacts(),
            latency: Duration::from_millis(100),
            records: share(500_000),
            peer_records: share(50_000),
            contenders: vec![
                Contender::Connector,
                Contender::Floor(64),
                Contender::RawPython(16),
                Contender::RawPython(64),
                Contender::Node(16),
                Contender::Node(64),
            ],
            goals: Goals { records_per_second: "at least 2, aim 4", cpu: None, floor: None },
        },
    ]
}
