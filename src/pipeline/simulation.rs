//! The dispatcher against calls that need no network, in virtual time: nothing here waits for a clock.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::calls::{Answered, Calls, Route};
use super::dispatcher::{DispatchedStream, Dispatcher, Ended};
use super::reader::Event;
use super::signals::Signals;
use crate::api::BatchAnswer;
use crate::config::RejectedRecordsOutput;
use crate::engine::ledger::StreamIndex;
use crate::engine::operation::Operation;
use crate::engine::record::{Body, BodyParts};
use crate::engine::request::{Request, Target};
use crate::engine::retry::Setback;
use crate::engine::sync::{Durability, Outcome, Settings, Sync};
use crate::error::Kind;
use crate::hubspot::fresh::FreshProperties;
use crate::hubspot::write::Destination;
use crate::output::emitter::Emitter;
use crate::protocol::StreamDescriptor;

/// What the pretended HubSpot does with a call, by the keys in it.
type Behaviour = fn(&mut Pretended, &[String]) -> Reaction;

#[derive(Debug)]
enum Reaction {
    Store,
    Panic,
    Fail,
    /// Never answers, and stdout is gone from then on.
    Hang,
}

#[derive(Debug)]
struct Pretended {
    chance: fastrand::Rng,
    calls: usize,
    /// Values in the order they took effect, by key.
    stored: HashMap<String, Vec<String>>,
}

#[derive(Clone)]
struct PretendedCalls {
    state: Arc<Mutex<Pretended>>,
    behaviour: Behaviour,
    emitter: Emitter,
}

impl Calls for PretendedCalls {
    async fn make(&self, _: Arc<Route>, request: Request) -> Answered {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let inputs = body["inputs"].as_array().unwrap().clone();
        let keys: Vec<String> = inputs.iter().map(|input| text(&input["id"])).collect();
        let (reaction, wait) = {
            let mut state = self.state.lock().unwrap();
            state.calls += 1;
            let reaction = (self.behaviour)(&mut state, &keys);
            (reaction, Duration::from_millis(state.chance.u64(1..400)))
        };
        sleep(wait).await;
        match reaction {
            Reaction::Panic => panic!("pretended"),
            Reaction::Hang => {
                self.emitter.line("lost");
                while !self.emitter.is_closed() {
                    std::thread::yield_now();
                }
                std::future::pending().await
            }
            Reaction::Fail => (Outcome::Setback(Setback::Unreachable, None, None), None),
            Reaction::Store => {
                let mut state = self.state.lock().unwrap();
                let results: Vec<Value> = inputs
                    .iter()
                    .map(|input| {
                        let value = text(&input["properties"]["v"]);
                        state.stored.entry(text(&input["id"])).or_default().push(value);
                        json!({"id": "1", "objectWriteTraceId": input["objectWriteTraceId"]})
                    })
                    .collect();
                let answer = json!({ "results": results }).to_string();
                (Outcome::Itemised(BatchAnswer::parse(answer.as_bytes(), None).unwrap(), None), None)
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Stdout that is kept.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A record of stream 0 with a key and a value.
fn record(key: &str, value: usize) -> Event {
    let (properties, data) = (format!(r#""v":"{value}""#), format!(r#"{{"k":"{key}","v":{value}}}"#));
    let parts =
        BodyParts { key: Some(key), properties: properties.as_bytes(), data: &data, ..BodyParts::default() };
    Event::Record(StreamIndex(0), Body::new(parts, |key| key.iter().map(|byte| u64::from(*byte)).sum()))
}

fn state(number: usize) -> Event {
    Event::StreamState(StreamIndex(0), format!(r#"{{"type":"STREAM","n":{number}}}"#).into())
}

struct Outcomes {
    ended: Ended,
    states: Vec<Value>,
    stored: HashMap<String, Vec<String>>,
}

/// Runs the dispatcher over these events; the channel closes behind them.
async fn run(seed: u64, behaviour: Behaviour, pieces: Vec<Vec<Event>>) -> Outcomes {
    let kept = Kept::default();
    let (emitter, writer) = Emitter::start(kept.clone());
    let (ended, stored) = dispatch(seed, behaviour, pieces, emitter).await;
    writer.finish().unwrap();
    let lines = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let states = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|message| message["type"] == "STATE")
        .map(|message| message["state"].clone())
        .collect();
    Outcomes { ended, states, stored }
}

/// Runs the dispatcher over these events, printing to `emitter`; gives its end and what was stored.
async fn dispatch(
    seed: u64,
    behaviour: Behaviour,
    pieces: Vec<Vec<Event>>,
    emitter: Emitter,
) -> (Ended, HashMap<String, Vec<String>>) {
    let pretended = Pretended { chance: fastrand::Rng::with_seed(seed), calls: 0, stored: HashMap::new() };
    let calls =
        PretendedCalls { state: Arc::new(Mutex::new(pretended)), behaviour, emitter: emitter.clone() };
    let settings = Settings {
        buffer_bytes: 64 << 10,
        flush_interval: Duration::from_secs(5),
        retry_budget: Duration::from_secs(60),
        rate_limit_share: 100,
        daily_reserve_percent: 0,
        seed,
        durability: Durability::Printed,
        rejection_limit: None,
        began_at: 0,
    };
    let target = Target {
        operation: Operation::Upsert,
        object: "contacts".into(),
        key_property: "email".into(),
        far: None,
        lists: std::collections::HashSet::new(),
    };
    let route = Route {
        target,
        destination: Destination {
            doing: "upsert CONTACT records".into(),
            fresh: FreshProperties::default(),
        },
    };
    let stream = DispatchedStream {
        descriptor: StreamDescriptor::new("s", None),
        route: Some(Arc::new(route)),
        mirrors: None,
        links: Vec::new(),
        awaited: Default::default(),
    };
    let dispatcher = Dispatcher::new(
        Sync::new(settings),
        calls.clone(),
        vec![stream],
        emitter,
        RejectedRecordsOutput::Full,
    );
    let (sender, events) = mpsc::channel(1);
    let feeding = tokio::spawn(async move {
        for piece in pieces {
            if sender.send(piece).await.is_err() {
                break;
            }
        }
    });
    let mut signals = Signals::install().unwrap();
    let ended = dispatcher.run(events, &mut signals).await;
    feeding.abort();
    let stored = std::mem::take(&mut calls.state.lock().unwrap().stored);
    (ended, stored)
}

fn numbers(states: &[Value]) -> Vec<u64> {
    states.iter().filter_map(|state| state["n"].as_u64()).collect()
}

#[tokio::test(start_paused = true)]
async fn calls_overtake_each_other_and_records_of_a_key_do_not() {
    for seed in 0..30 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut pieces = Vec::new();
        let mut expected: HashMap<String, Vec<usize>> = HashMap::new();
        for piece in 0..40 {
            let mut events = Vec::new();
            for place in 0..60 {
                let key = format!("k{}", chance.usize(0..300));
                expected.entry(key.clone()).or_default().push(piece * 60 + place);
                events.push(record(&key, piece * 60 + place));
            }
            events.push(state(piece));
            pieces.push(events);
        }
        pieces.push(vec![Event::Ended(None)]);
        let fails_now_and_then: Behaviour =
            |state, _| if state.chance.u8(..) < 40 { Reaction::Fail } else { Reaction::Store };
        let outcomes = run(seed, fails_now_and_then, pieces).await;
        assert!(outcomes.ended.failure.is_none(), "{:?}", outcomes.ended);
        assert_eq!(numbers(&outcomes.states), (0..40).collect::<Vec<u64>>());
        assert!(outcomes.states.iter().all(|state| state["destinationStats"]["recordCount"] == json!(60.0)));
        for (key, values) in expected {
            let stored: Vec<usize> =
                outcomes.stored[&key].iter().map(|value| value.parse().unwrap()).collect();
            assert!(
                stored.is_sorted(),
                "seed {seed}: an older value of {key} came after a newer one: {stored:?}"
            );
            assert_eq!(stored.last(), values.last(), "the last value of {key} is what stays");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_panicking_call_ends_the_sync_with_what_settled_acknowledged() {
    let mut pieces: Vec<Vec<Event>> = (0..5)
        .map(|piece| {
            let records = (0..100).map(|place| record(&format!("k{piece}-{place}"), place));
            records.chain([state(piece)]).collect()
        })
        .collect();
    pieces.push(vec![Event::Ended(None)]);
    let panics_at_the_third: Behaviour =
        |_, keys| if keys[0].starts_with("k2-") { Reaction::Panic } else { Reaction::Store };
    let outcomes = run(1, panics_at_the_third, pieces).await;
    assert_eq!(outcomes.ended.failure.map(|failure| failure.kind), Some(Kind::Internal));
    let released = numbers(&outcomes.states);
    assert!(released.len() <= 2 && released.iter().zip(0..).all(|(found, expected)| *found == expected));
    for piece in released {
        assert!((0..100).all(|place| outcomes.stored.contains_key(&format!("k{piece}-{place}"))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_gone_without_a_word_is_a_failure_that_loses_nothing() {
    let pieces = vec![vec![record("a", 1), state(0)], vec![record("b", 2), state(1)]];
    let outcomes = run(1, |_, _| Reaction::Store, pieces).await;
    assert_eq!(outcomes.ended.failure.map(|failure| failure.kind), Some(Kind::Internal));
    assert_eq!(numbers(&outcomes.states), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_hubspot_that_is_dead_ends_the_sync_after_the_retry_budget() {
    let pieces = vec![vec![record("a", 1), state(0), Event::Ended(None)]];
    let outcomes = run(1, |_, _| Reaction::Fail, pieces).await;
    assert_eq!(outcomes.ended.failure.map(|failure| failure.kind), Some(Kind::Unavailable));
    assert_eq!(numbers(&outcomes.states), [0; 0]);
}

/// Stdout that nobody reads any more.
struct Gone;

impl io::Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_does_not_keep_a_sync_alive_whose_stdout_is_gone() {
    let (emitter, writer) = Emitter::start(Gone);
    let records: Vec<Event> = (0..100).map(|number| record(&format!("k{number}"), number)).collect();
    let began = tokio::time::Instant::now();
    let behaviour: Behaviour = |_, _| Reaction::Hang;
    let dispatched = dispatch(1, behaviour, vec![records], emitter);
    let dispatched = tokio::time::timeout(Duration::from_secs(60), dispatched).await;
    let (ended, stored) = dispatched.expect("it ends although the call does not");
    assert!(writer.finish().is_err());
    assert_eq!(ended.failure.map(|failure| failure.kind), Some(Kind::Internal));
    assert!(stored.is_empty());
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}
