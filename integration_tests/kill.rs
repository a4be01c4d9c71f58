//! Killed at any point and resumed from the states it printed, a sync of upserts, updates and archives ends with
//! everything in place.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hubspot_sandbox::{Builder, Endpoint, Fault, LimitPolicy, Sandbox, When};
use serde_json::{Value, json};

use crate::support::connector::{Finished, PATIENCE};
use crate::support::delivery::{
    KEY, VALUE, account, contacts, for_streams, keyed, keyed_record, number_of, stored,
};
use crate::support::messages::{global_state, record, stream_state};
use crate::support::random::Random;

const SEEDS: u64 = 50;
const RECORDS: u64 = 400;
/// Runs that are killed, at most, before one is left alone.
const MOST_KILLS: u64 = 3;

/// What the source's states are about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Checkpoints {
    PerStream,
    Global,
}

/// Boats are updated and planes archived; so many of each are there before the first sync.
const FLEET: u64 = 60;

/// One record of the source, at its place in the source's one order.
struct Row {
    place: u64,
    stream: &'static str,
    key: String,
}

impl Row {
    fn message(&self) -> Value {
        let value = self.place.to_string();
        match self.stream {
            "contacts" => record("contacts", json!({"email": self.key, "city": value})),
            stream => keyed_record(stream, &self.key, &value),
        }
    }
}

/// A source that can go on from any of its states.
struct Source {
    checkpoints: Checkpoints,
    rows: Vec<Row>,
}

impl Source {
    fn new(random: &mut Random, checkpoints: Checkpoints) -> Self {
        let rows = (1..=RECORDS)
            .map(|place| {
                let who = random.below(90);
                match random.below(4) {
                    0 => Row { place, stream: "contacts", key: format!("p{who}@example.com") },
                    1 => Row { place, stream: "cars", key: format!("k{who}") },
                    2 => Row { place, stream: "boats", key: format!("k{}", who % FLEET) },
                    _ => Row { place, stream: "planes", key: format!("k{who}") },
                }
            })
            .collect();
        Self { checkpoints, rows }
    }

    /// Everything after the places it has got to, as a source sends it: a state every ten records.
    fn from(&self, reached: &BTreeMap<String, u64>) -> Vec<Value> {
        let after = |stream: &str| match self.checkpoints {
            Checkpoints::Global => reached.get("").copied(),
            Checkpoints::PerStream => reached.get(stream).copied(),
        };
        let mut messages = Vec::new();
        for row in &self.rows {
            if row.place <= after(row.stream).unwrap_or(0) {
                continue;
            }
            messages.push(row.message());
            if row.place % 10 == 0 || row.place > RECORDS - 10 {
                messages.push(match self.checkpoints {
                    Checkpoints::Global => global_state(row.place),
                    Checkpoints::PerStream => stream_state(row.stream, row.place),
                });
            }
        }
        messages
    }

    fn expected(&self, stream: &str) -> BTreeMap<String, String> {
        let rows = self.rows.iter().filter(|row| row.stream == stream);
        rows.map(|row| (row.key.clone(), row.place.to_string())).collect()
    }
}

/// An account with a fleet to be updated and archived.
fn with_fleet(builder: Builder) -> Sandbox {
    let sandbox = builder.start();
    for object in ["boats", "planes"] {
        for number in 0..FLEET {
            sandbox.insert(object, &[(KEY, &format!("k{number}")), (VALUE, "before")]);
        }
    }
    sandbox
}

fn troubled(seed: u64) -> Builder {
    let calm = account().seed(seed).latency(Duration::from_millis(1)).jitter(Duration::from_millis(6));
    let endpoints = [Endpoint::Upsert, Endpoint::Update, Endpoint::Read, Endpoint::Archive];
    let troubles = endpoints.into_iter().flat_map(|endpoint| {
        let now_and_then = || Fault::on(endpoint).with_probability(0.03);
        [
            now_and_then().status(500),
            now_and_then().close(When::AfterEffect),
            now_and_then().close(When::BeforeEffect),
            now_and_then().truncate(),
            now_and_then().rate_limited(LimitPolicy::Secondly),
        ]
    });
    troubles.fold(calm, Builder::fault)
}

/// Notes the states a run printed; they never go back.
fn note(reached: &mut BTreeMap<String, u64>, run: &Finished) {
    for state in run.states() {
        let (stream, place) = number_of(state);
        let before = reached.insert(stream, place);
        assert!(before.is_none_or(|before| before <= place), "a state went back");
    }
}

/// Starts the sync again and again and kills it once HubSpot has got so many more calls; the last run may end.
fn survives(seed: u64, checkpoints: Checkpoints) {
    let mut random = Random::new(seed);
    let source = Source::new(&mut random, checkpoints);
    let sandbox = with_fleet(troubled(seed));
    let streams = [contacts(), keyed("cars"), keyed("boats"), keyed("planes")];
    let operations =
        json!([{"name": "boats", "operation": "update"}, {"name": "planes", "operation": "archive"}]);
    let connector =
        for_streams(&sandbox, &streams).with(&json!({"flush_interval_seconds": 0.01, "streams": operations}));
    let mut reached = BTreeMap::new();
    for _ in 0..=random.below(MOST_KILLS) {
        let mut running = connector.start_write();
        let kill_at = sandbox.totals().arrived + 1 + random.below(12);
        // In pieces, so that there are more and smaller batches.
        for piece in source.from(&reached).chunks(40) {
            running.send(piece);
        }
        // Where so many calls are not needed any more, the sync is killed while it waits for input.
        let _calls_were_made =
            sandbox.wait_until(Duration::from_millis(300), |totals| totals.arrived >= kill_at);
        running.kill();
        note(&mut reached, &running.wait());
        // What HubSpot was doing for the killed run, it ends long before a platform starts the next one.
        assert!(sandbox.wait_until(PATIENCE, |totals| totals.in_flight == 0));
    }
    let last = connector.write(&source.from(&reached)).succeeded();
    note(&mut reached, &last);
    assert_everything_is_there(&sandbox, &source, seed);
}

fn assert_everything_is_there(sandbox: &Sandbox, source: &Source, seed: u64) {
    assert_eq!(stored(sandbox, "contacts", "email", "city"), source.expected("contacts"), "seed {seed}");
    assert_eq!(stored(sandbox, "cars", KEY, VALUE), source.expected("cars"), "seed {seed}");
    let before = || (0..FLEET).map(|number| (format!("k{number}"), "before".to_owned()));
    let updated: BTreeMap<String, String> = before().chain(source.expected("boats")).collect();
    assert_eq!(stored(sandbox, "boats", KEY, VALUE), updated, "seed {seed}");
    let archived = source.expected("planes");
    let left: BTreeMap<String, String> = before().filter(|(key, _)| !archived.contains_key(key)).collect();
    assert_eq!(stored(sandbox, "planes", KEY, VALUE), left, "seed {seed}");
}

#[test]
fn a_sync_killed_at_any_point_resumes_without_loss() {
    let next = AtomicU64::new(1);
    // Runs wait for retries most of the time; several at a time keep the test short.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(seed) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed <= SEEDS)
                {
                    survives(seed, if seed % 2 == 0 { Checkpoints::Global } else { Checkpoints::PerStream });
                }
            });
        }
    });
}
