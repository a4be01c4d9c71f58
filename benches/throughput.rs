//! `cargo bench --bench throughput`: whole processes, measured from outside.
//!
//! The program is also the sink and the floor, which have to be processes of their own:
//! `... -- sink --latency-ms 100`, `... -- floor --url http://127.0.0.1:4711 < messages`.

mod support;

use std::error::Error;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use support::compare::{Comparison, compare};
use support::contender::{Contender, Programs};
use support::curves::{curves, draw};
use support::floor::Floor;
use support::shape::Shape;
use support::sink_process::be_the_sink;
use support::startup::startup;

/// How often each program runs, unless told otherwise.
const REPETITIONS: usize = 5;
/// How often each command is started.
const STARTS: usize = 40;
/// Records of the longest syncs.
const LENGTHS: [u64; 4] = [10_000, 100_000, 1_000_000, 10_000_000];

/// Whole processes, measured from outside.
#[derive(Debug, Parser)]
struct Options {
    /// Given by `cargo bench`. Without it, as in `cargo test`, everything is run once with next to nothing to do, to see
    /// that it runs.
    #[arg(long, global = true)]
    bench: bool,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// The connector, the floor and HubSpot's own clients beside each other.
    Compare(Shares),
    /// How soon a command is done that has nothing to do, and the size of the program.
    Startup,
    /// How the cost grows.
    Curves {
        /// Percent of the records that are usual.
        #[arg(long, default_value_t = 100)]
        percent: u64,
        /// Up to 10 million records, too, which takes some minutes more.
        #[arg(long)]
        long: bool,
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

/// How much is measured.
#[derive(Args, Clone, Copy, Debug)]
struct Shares {
    /// How often each program runs.
    #[arg(long, default_value_t = REPETITIONS)]
    repetitions: usize,
    /// Percent of the records that are usual.
    #[arg(long, default_value_t = 100)]
    percent: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let folder = tempfile::tempdir()?;
    let mut out = std::io::stdout().lock();
    match options.task {
        Some(Task::Sink { latency_ms }) => {
            drop(out);
            be_the_sink(Duration::from_millis(latency_ms))?;
        }
        Some(Task::Floor { url, connections }) => {
            Floor::connect(&url, connections)?.run(std::io::stdin().lock())?;
        }
        Some(Task::Compare(shares)) => {
            let programs = Programs::of_a_release()?;
            for comparison in comparisons(shares.percent) {
                compare(&comparison, &programs, shares.repetitions, folder.path(), &mut out)?;
            }
        }
        Some(Task::Startup) => startup(&Programs::of_a_release()?, STARTS, folder.path(), &mut out)?,
        Some(Task::Curves { percent, long }) => {
            let programs = Programs::of_a_release()?;
            let lengths = if long { &LENGTHS[..] } else { &LENGTHS[..3] };
            for curve in curves(percent, lengths) {
                draw(curve, &programs, folder.path(), &mut out)?;
            }
        }
        None if options.bench => {
            let programs = Programs::of_a_release()?;
            for comparison in comparisons(100) {
                compare(&comparison, &programs, REPETITIONS, folder.path(), &mut out)?;
            }
            startup(&programs, STARTS, folder.path(), &mut out)?;
            for curve in curves(100, &LENGTHS[..3]) {
                draw(curve, &programs, folder.path(), &mut out)?;
            }
        }
        None => {
            support::shape::check_sizes();
            let programs = Programs::of_this_build();
            for comparison in comparisons(0) {
                compare(&comparison, &programs, 1, folder.path(), &mut out)?;
            }
            startup(&programs, 1, folder.path(), &mut out)?;
        }
    }
    Ok(())
}

fn comparisons(percent: u64) -> [Comparison; 3] {
    let share = |records: u64| (records * percent / 100).max(500);
    [
        Comparison {
            title: "Contacts of 20 properties, answers at once",
            shape: Shape::contacts(),
            latency: Duration::ZERO,
            records: share(1_000_000),
            peer_records: share(50_000),
            contenders: vec![
                Contender::Connector,
                Contender::Floor(8),
                Contender::Python(8),
                Contender::RawPython(8),
                Contender::Node(8),
            ],
        },
        Comparison {
            title: "Contacts of 150 properties, answers at once",
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
        },
        Comparison {
            title: "Contacts of 20 properties, answers after 100 ms",
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
        },
    ]
}
