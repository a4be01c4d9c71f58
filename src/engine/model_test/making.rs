//! Making records: whatever happens to the calls, none is made twice of one input.
//!
//! Random syncs of streams that insert, or upsert by search, against a HubSpot that fails before, after and long after
//! a call took effect, leaves inputs out, puts them off, refuses whole batches, and whose search sees records late. It
//! remembers which input every record was made of, and panics when a call could make a second one.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use proptest::prelude::*;

use super::super::Moment;
use super::super::batch::{Input, Send, SendId};
use super::super::lane::BatchLimits;
use super::super::ledger::StreamIndex;
use super::super::operation::{Operation, Step};
use super::super::record::{Body, BodyParts};
use super::super::retry::Setback;
use super::super::sync::{Durability, Effect, Next, Outcome, Settings, Sync};
use super::config;
use super::errors::{about, trace_of};
use super::script::chance;
use crate::api::{ApiError, BatchAnswer, RatePolicy, SearchAnswer, Stored};

type Id = usize;

const BEGAN_AT: i64 = 1_000_000_000_000;
const DAY: i64 = 86_400_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nature {
    Good,
    /// Refused whenever it is written.
    Poison,
    /// Made or not, and never mentioned.
    Mute,
    /// Every call that would write it fails.
    Crashing,
}

/// A record of the input.
#[derive(Debug)]
struct Row {
    stream: usize,
    key: Option<String>,
    nature: Nature,
    rejected: Option<String>,
}

/// A record in HubSpot.
#[derive(Debug)]
struct Made {
    id: String,
    stream: usize,
    key: Option<String>,
    /// The input it was made of; `None` for those that were there before.
    by: Option<Id>,
    created_at: i64,
    /// Searches that will not see it yet.
    hidden_for: u32,
}

#[derive(Debug)]
struct World {
    rng: fastrand::Rng,
    operations: Vec<Operation>,
    rows: Vec<Row>,
    made: Vec<Made>,
    /// Calls that take effect although nobody waits for them any more.
    late: Vec<(usize, Vec<Id>)>,
    /// Inputs that may have been made and were not looked for since.
    in_doubt: HashSet<Id>,
    was_in_doubt: HashSet<Id>,
    failed: HashMap<Id, u32>,
    /// How far HubSpot's clock is ahead, in milliseconds.
    skew: i64,
    lag: u32,
    kind: bool,
}

fn ids(input: &Input) -> Vec<Id> {
    input.parts().map(|part| part.body.data().parse().expect("data is the row's number")).collect()
}

fn error(status: u16, body: &str) -> ApiError {
    ApiError::parse(status, body.as_bytes(), None)
}

impl World {
    fn row(&self, id: Id) -> &Row {
        &self.rows[id]
    }

    fn holder(&self, stream: usize, key: &str) -> Option<&Made> {
        self.made.iter().find(|made| made.stream == stream && made.key.as_deref() == Some(key))
    }

    fn is_unique(&self, stream: usize) -> bool {
        self.operations[stream] == Operation::Insert
    }

    fn is(&self, input: &Input, nature: Nature) -> bool {
        ids(input).iter().any(|id| self.row(*id).nature == nature)
    }

    /// Makes a record of an input, unless its key is taken.
    fn make(&mut self, stream: usize, ids: &[Id], now: Moment) -> Result<String, String> {
        let key = self.row(ids[0]).key.clone();
        let taken =
            key.as_deref().filter(|_| self.is_unique(stream)).and_then(|key| self.holder(stream, key));
        if let Some(holder) = taken {
            return Err(holder.id.clone());
        }
        let by = Some(ids[0]);
        assert!(self.made.iter().all(|made| made.by != by), "two records of input {}", ids[0]);
        let id = format!("id {}", self.made.len());
        let created_at = BEGAN_AT + i64::try_from(now.as_millis()).expect("soon") + self.skew;
        self.made.push(Made { id: id.clone(), stream, key, by, created_at, hidden_for: self.lag });
        Ok(id)
    }

    fn answer(&mut self, send: &Send, now: Moment) -> Outcome {
        if self.rng.u8(..4) == 0 {
            for (stream, ids) in std::mem::take(&mut self.late) {
                let _too_late_for_some = self.make(stream, &ids, now);
            }
        }
        if send.step == Step::Create {
            self.check_may_be_made(send);
        }
        let writes = !matches!(send.step, Step::Lookup | Step::Search);
        let crashes = writes && send.inputs.iter().any(|input| self.is(input, Nature::Crashing));
        if crashes || (!self.kind && chance(&mut self.rng, 25)) {
            return self.set_back(send, crashes, now);
        }
        let has_poison = send.inputs.iter().any(|input| self.is(input, Nature::Poison));
        if writes && has_poison && !self.kind && chance(&mut self.rng, 30) {
            return Outcome::Refused(error(
                400,
                r#"{"category":"VALIDATION_ERROR","code":"POISON","message":"No."}"#,
            ));
        }
        if !self.kind && send.inputs.len() > 1 && chance(&mut self.rng, 5) {
            return Outcome::TooLarge(error(413, r#"{"code":"POISON","message":"No."}"#));
        }
        match send.step {
            Step::Search => self.search(send),
            Step::Lookup => self.look_up(send),
            _ => self.write(send, now),
        }
    }

    /// What may have been made is looked for first; search never finds out that it was not.
    fn check_may_be_made(&self, send: &Send) {
        for input in &send.inputs {
            for id in ids(input) {
                assert!(!self.in_doubt.contains(&id), "{id} is made again without being looked for");
                let is_searched = self.operations[self.row(id).stream] == Operation::UpsertFound;
                assert!(!(is_searched && self.was_in_doubt.contains(&id)), "{id} is made again");
                assert!(self.row(id).rejected.is_none());
            }
        }
    }

    fn doubt(&mut self, input: &Input) {
        for id in ids(input) {
            self.in_doubt.insert(id);
            self.was_in_doubt.insert(id);
        }
    }

    fn set_back(&mut self, send: &Send, crashes: bool, now: Moment) -> Outcome {
        let setbacks = [
            Setback::Server,
            Setback::Unreachable,
            Setback::Unavailable,
            Setback::Unconnected,
            Setback::Locked,
            Setback::RateLimited(RatePolicy::Other),
        ];
        let setback = if crashes { Setback::Server } else { setbacks[self.rng.usize(..setbacks.len())] };
        let leaves_doubt = matches!(setback, Setback::Server | Setback::Unreachable);
        for input in &send.inputs {
            if matches!(setback, Setback::Server | Setback::Unavailable) {
                for id in ids(input) {
                    *self.failed.entry(id).or_default() += 1;
                }
            }
            if send.step != Step::Create || !leaves_doubt {
                continue;
            }
            self.doubt(input);
            let stream = send.stream.0 as usize;
            let goes_in = !self.is(input, Nature::Poison) && !self.is(input, Nature::Crashing);
            match self.rng.u8(..3) {
                0 if goes_in => {
                    let _conflicts_are_not_told = self.make(stream, &ids(input), now);
                }
                1 if goes_in => self.late.push((stream, ids(input))),
                _ => {}
            }
        }
        let error = matches!(setback, Setback::Server).then(|| error(502, ""));
        Outcome::Setback(setback, error, None)
    }

    fn search(&mut self, send: &Send) -> Outcome {
        let stream = send.stream.0 as usize;
        let asked = |key: &str| send.inputs.iter().any(|input| input.key() == Some(key));
        let mut found = Vec::new();
        for made in self.made.iter_mut().filter(|made| made.stream == stream) {
            let Some(key) = made.key.clone().filter(|key| asked(key)) else { continue };
            if made.hidden_for > 0 {
                made.hidden_for -= 1;
                continue;
            }
            found.push(Stored { key: Some(key.to_uppercase()), ..stored(&made.id) });
        }
        for input in &send.inputs {
            for id in ids(input) {
                self.in_doubt.remove(&id);
            }
        }
        let has_more = !self.kind && send.inputs.len() > 1 && chance(&mut self.rng, 5);
        Outcome::Searched(SearchAnswer { property: "p".to_owned(), found, has_more })
    }

    fn look_up(&mut self, send: &Send) -> Outcome {
        let stream = send.stream.0 as usize;
        let mut answer = BatchAnswer::default();
        let mut missing = Vec::new();
        for input in &send.inputs {
            if !self.kind && chance(&mut self.rng, 10) {
                continue;
            }
            let key = input.key().expect("what has no key is not looked up");
            for id in ids(input) {
                self.in_doubt.remove(&id);
            }
            match self.holder(stream, key) {
                Some(made) => answer.results.push(Stored {
                    key: Some(key.to_owned()),
                    created_at: Some(made.created_at),
                    ..stored(&made.id)
                }),
                None => missing.push(key.to_owned()),
            }
        }
        if !missing.is_empty() {
            let body = r#"{"category":"OBJECT_NOT_FOUND","message":"Could not get some."}"#;
            answer.errors.push(about(&error(207, body), Vec::new(), missing));
        }
        Outcome::Itemised(answer, None)
    }

    fn write(&mut self, send: &Send, now: Moment) -> Outcome {
        let stream = send.stream.0 as usize;
        let mut answer = BatchAnswer::default();
        for (place, input) in send.inputs.iter().enumerate() {
            let trace = trace_of(send.id, place);
            let refused = |body: &str| about(&error(207, body), vec![trace.clone()], Vec::new());
            if !self.kind && chance(&mut self.rng, 8) {
                let server = self.rng.bool();
                let status = if server { 502 } else { 503 };
                if server && send.step == Step::Create {
                    self.doubt(input);
                }
                for id in ids(input) {
                    *self.failed.entry(id).or_default() += 1;
                }
                answer.errors.push(refused(&format!(r#"{{"status":{status},"message":"Later."}}"#)));
                continue;
            }
            if self.is(input, Nature::Poison) {
                answer
                    .errors
                    .push(refused(r#"{"category":"VALIDATION_ERROR","code":"POISON","message":"No."}"#));
                continue;
            }
            let is_left_out = self.is(input, Nature::Mute) || (!self.kind && chance(&mut self.rng, 15));
            if is_left_out {
                if send.step == Step::Create {
                    self.doubt(input);
                    if self.rng.bool() {
                        let _not_told = self.make(stream, &ids(input), now);
                    }
                }
                continue;
            }
            let id = match send.step {
                Step::Create => self.make(stream, &ids(input), now),
                _ => Ok(input.target().expect("a record id").to_owned()),
            };
            match id {
                Ok(id) => answer.results.push(Stored { trace_id: Some(trace), ..stored(&id) }),
                Err(holder) => {
                    let mut conflict =
                        refused(r#"{"category":"CONFLICT","message":"Contact already exists."}"#);
                    conflict.existing_id = Some(holder);
                    answer.errors.push(conflict);
                }
            }
        }
        Outcome::Itemised(answer, None)
    }

    /// What the outcome of each record says is true.
    fn check(&self, all_settled: bool) {
        for (id, row) in self.rows.iter().enumerate() {
            let made = self.made.iter().filter(|made| made.by == Some(id)).count();
            let inserts = self.operations[row.stream] == Operation::Insert;
            let could_be_late = self.late.iter().any(|(_, ids)| ids.contains(&id));
            match row.rejected.as_deref() {
                Some("POISON") => assert_eq!((row.nature, made), (Nature::Poison, 0), "{id}"),
                Some("CONFLICT") => {
                    let key = row.key.as_deref().expect("only a key conflicts");
                    assert!(made == 0 && self.holder(row.stream, key).is_some(), "{id}: {row:?}");
                }
                Some("NOT_CONFIRMED") => {
                    let is_silent = row.nature == Nature::Mute || !inserts;
                    assert!(self.was_in_doubt.contains(&id) || is_silent, "{id}: {row:?}");
                }
                Some("SERVER_ERROR") => {
                    let failures = self.failed.get(&id).copied().unwrap_or_default();
                    assert!(failures >= 5, "{id} failed {failures} times");
                    assert!(made == 0 || !inserts || could_be_late || !self.was_in_doubt.is_empty(), "{id}");
                }
                Some(code) => panic!("{id} is rejected as {code}"),
                None if all_settled && inserts => assert_eq!(made, 1, "{id} is accepted: {row:?}"),
                None if all_settled => {
                    let key = row.key.as_deref().expect("an upsert has a key");
                    assert!(self.holder(row.stream, key).is_some(), "{id} is accepted: {row:?}");
                }
                None => {}
            }
        }
    }
}

fn stored(id: &str) -> Stored {
    Stored {
        id: id.to_owned(),
        trace_id: None,
        new: None,
        created_at: None,
        key: None,
        other_keys: Vec::new(),
    }
}

struct Play {
    sync: Sync,
    world: World,
    now: Moment,
    under_way: Vec<SendId>,
}

impl Play {
    fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut sync = Sync::new(Settings {
            buffer_bytes: 1 << 20,
            flush_interval: Duration::from_millis(rng.u64(1..6_000)),
            retry_budget: Duration::from_secs(rng.u64(200..100_000)),
            rate_limit_share: 100,
            daily_reserve_percent: 0,
            seed,
            durability: Durability::Printed,
            began_at: BEGAN_AT,
        });
        let mut operations = Vec::new();
        let mut made = Vec::new();
        for stream in 0..rng.usize(1..=3) {
            let operation = if chance(&mut rng, 65) { Operation::Insert } else { Operation::UpsertFound };
            let limits = BatchLimits { inputs: rng.usize(1..=6), records: 1_000, bytes: 1 << 20 };
            sync.add_stream(operation, limits, operation.merging());
            operations.push(operation);
            // The first key was there before.
            let (key, id) = (Some("key 0".to_owned()), format!("old {stream}"));
            made.push(Made { id, stream, key, by: None, created_at: BEGAN_AT - DAY, hidden_for: 0 });
        }
        let skew = rng.i64(-30_000..30_000);
        let lag = rng.u32(..4);
        let world = World {
            rng,
            operations,
            rows: Vec::new(),
            made,
            late: Vec::new(),
            in_doubt: HashSet::new(),
            was_in_doubt: HashSet::new(),
            failed: HashMap::new(),
            skew,
            lag,
            kind: false,
        };
        Self { sync, world, now: Duration::ZERO, under_way: Vec::new() }
    }

    fn play(mut self) {
        for _ in 0..self.world.rng.usize(1..80) {
            match self.world.rng.u8(..10) {
                0..5 => self.push(),
                5 => self.now += Duration::from_millis(self.world.rng.u64(..9_000)),
                6..8 => self.start(),
                _ => self.answer(),
            }
        }
        self.sync.input_ended(None);
        let mut unkind = self.world.rng.u32(..60);
        for step in 0.. {
            assert!(step < 20_000, "the sync does not end");
            self.world.kind = unkind == 0;
            unkind = unkind.saturating_sub(1);
            match self.sync.next(self.now) {
                Next::Call(id) => self.under_way.push(id),
                Next::Finished => break,
                Next::Wait(moment) if self.under_way.is_empty() => {
                    self.now = moment.expect("something happens some time");
                }
                Next::Wait(_) => self.answer(),
            }
            self.take_effects();
        }
        self.take_effects();
        let settled = self.sync.grand_totals().unsettled() == 0;
        assert!(settled || self.sync.failure().is_some(), "unsettled although nothing failed");
        let rejected = self.world.rows.iter().filter(|row| row.rejected.is_some()).count() as u64;
        assert_eq!(self.sync.grand_totals().rejected, rejected);
        self.world.check(settled);
    }

    fn push(&mut self) {
        let rng = &mut self.world.rng;
        let stream = rng.usize(..self.world.operations.len());
        let inserts = self.world.operations[stream] == Operation::Insert;
        let key = (!inserts || chance(rng, 65)).then(|| format!("key {}", rng.usize(..7)));
        let nature = match rng.u8(..100) {
            0..12 => Nature::Poison,
            12..18 => Nature::Mute,
            18..20 => Nature::Crashing,
            _ => Nature::Good,
        };
        let data = self.world.rows.len().to_string();
        self.world.rows.push(Row { stream, key: key.clone(), nature, rejected: None });
        let parts =
            BodyParts { key: key.as_deref(), properties: br#""p":"1""#, data: &data, ..BodyParts::default() };
        let body = Body::new(parts, |key| key.iter().fold(7, |hash: u64, byte| hash * 31 + u64::from(*byte)));
        self.sync.received(self.now, StreamIndex(u32::try_from(stream).expect("few")), body);
    }

    fn start(&mut self) {
        while let Next::Call(id) = self.sync.next(self.now) {
            self.under_way.push(id);
        }
    }

    fn answer(&mut self) {
        if self.under_way.is_empty() {
            return;
        }
        let place = self.world.rng.usize(..self.under_way.len());
        let id = self.under_way.swap_remove(place);
        let send = self.sync.call(id).expect("a call under way");
        let outcome = self.world.answer(send, self.now);
        self.sync.answered(self.now, id, outcome, None);
        self.take_effects();
    }

    fn take_effects(&mut self) {
        for effect in self.sync.take_effects() {
            if let Effect::Rejected(_, body, rejection) = effect {
                let id: Id = body.data().parse().expect("data is the row's number");
                let before = self.world.rows[id].rejected.replace(rejection.code.into_owned());
                assert_eq!(before, None, "{id} is rejected twice");
            }
        }
    }
}

proptest! {
    #![proptest_config(config(4_000))]

    /// No input makes two records, none is made again before it is looked for, and every outcome is true.
    #[test]
    fn no_record_is_made_twice(seed in any::<u64>().no_shrink()) {
        Play::new(seed).play();
    }
}
