//! How many calls a sync takes, in virtual time: HubSpot answers after a while, and admits so many calls in a window.

use std::collections::VecDeque;
use std::time::Duration;

use super::super::batch::Input;
use super::super::record::BodyParts;
use super::super::retry::Setback;
use super::*;
use crate::api::{BatchAnswer, RatePolicy, Stored};

/// HubSpot's side: how long it takes to answer, and how many calls it admits in how long.
#[derive(Clone, Copy)]
struct Service {
    latency: Duration,
    window: Option<(usize, Duration)>,
}

const NEAR: Service = Service { latency: Duration::from_millis(100), window: None };
const NARROW: Service = Service { window: Some((19, Duration::from_secs(1))), ..NEAR };
const WIDE: Service = Service { window: Some((190, Duration::from_secs(10))), ..NEAR };

const PATIENT: Settings = Settings {
    buffer_bytes: 64 << 20,
    flush_interval: Duration::from_secs(5),
    retry_budget: Duration::from_secs(1800),
    rate_limit_share: 100,
    daily_reserve_percent: 0,
    seed: 7,
    durability: Durability::Printed,
    rejection_limit: None,
    began_at: 0,
};

/// A sync, its HubSpot, and what there is to be seen of them.
struct Run {
    sync: Sync,
    now: Moment,
    service: Service,
    /// Calls under way, and when they are answered; in the order of sending, which is that of the answers.
    under_way: VecDeque<(Moment, SendId)>,
    /// When calls were admitted.
    admitted: VecDeque<Moment>,
    /// Inputs of each call that was admitted.
    calls: Vec<usize>,
    /// The states that were printed, and when.
    states: Vec<(String, Moment)>,
}

impl Run {
    fn new(service: Service, operations: &[Operation]) -> Self {
        let mut sync = Sync::new(PATIENT);
        for operation in operations {
            sync.add_stream(*operation, operation.batch_limits(), operation.merging());
        }
        let (under_way, admitted) = (VecDeque::new(), VecDeque::new());
        let now = Moment::ZERO;
        Self { sync, now, service, under_way, admitted, calls: Vec::new(), states: Vec::new() }
    }

    /// Feeds what the iterator gives as fast as it is taken, then lets the sync end.
    fn play(&mut self, records: impl Iterator<Item = (u32, String)>) {
        let mut records = records.peekable();
        loop {
            while records.peek().is_some() && self.sync.wants_input() {
                for (stream, key) in records.by_ref().take(50) {
                    self.push(stream, &key);
                }
            }
            if records.peek().is_none() && self.sync.phase == Phase::Reading {
                self.sync.input_ended(None);
            }
            if !self.step() {
                return;
            }
        }
    }

    fn push(&mut self, stream: u32, key: &str) {
        let hash = |key: &[u8]| key.iter().fold(7, |hash: u64, byte| hash * 31 + u64::from(*byte));
        let parts =
            BodyParts { key: Some(key), properties: b"\"p\":\"1\"", data: key, ..BodyParts::default() };
        self.sync.received(self.now, StreamIndex(stream), Body::new(parts, hash));
    }

    /// Starts the calls that may go, then lets the next thing happen; says whether the sync goes on.
    fn step(&mut self) -> bool {
        let wake = loop {
            match self.sync.next(self.now) {
                Next::Call(id) => self.under_way.push_back((self.now + self.service.latency, id)),
                Next::Wait(moment) => break moment,
                Next::Finished => return false,
            }
        };
        let answer = self.under_way.front().map(|(moment, _)| *moment);
        let next = earliest(answer, wake).expect("something happens");
        self.now = self.now.max(next);
        if answer == Some(next)
            && let Some((_, id)) = self.under_way.pop_front()
        {
            self.answer(id);
        }
        for effect in self.sync.take_effects() {
            if let Effect::State(state) = effect {
                self.states.push((state.raw.into(), self.now));
            }
        }
        true
    }

    fn answer(&mut self, id: SendId) {
        let sent = self.now - self.service.latency / 2;
        let mut headers = RateHeaders::default();
        if let Some((most, interval)) = self.service.window {
            while self.admitted.front().is_some_and(|before| *before + interval <= sent) {
                self.admitted.pop_front();
            }
            let left = most - self.admitted.len();
            let interval_ms = u64::try_from(interval.as_millis()).ok();
            let remaining = Some(left.saturating_sub(1) as u64);
            headers = RateHeaders { max: Some(most as u64), remaining, interval_ms, ..headers };
            if left == 0 {
                let setback = Setback::RateLimited(RatePolicy::TenSecondly);
                self.sync.answered(self.now, id, Outcome::Setback(setback, None, None), Some(&headers));
                return;
            }
            self.admitted.push_back(sent);
        }
        let send = self.sync.call(id).expect("a call under way");
        self.calls.push(send.inputs.len());
        let outcome = stored(&send.inputs);
        self.sync.answered(self.now, id, outcome, Some(&headers));
    }
}

fn stored(inputs: &[Input]) -> Outcome {
    let stored = |input: &Input| Stored {
        id: input.key().unwrap_or_default().into(),
        trace_id: None,
        new: None,
        created_at: None,
        key: input.key().map(str::to_owned),
        other_keys: Vec::new(),
        warnings: Vec::new(),
    };
    let results = inputs.iter().map(stored).collect();
    Outcome::Itemised(BatchAnswer { results, ..BatchAnswer::default() }, None)
}

/// Records of the first stream, of which one in fifty has the key of a recent one.
fn with_repeats(records: usize) -> impl Iterator<Item = (u32, String)> {
    let mut chance = fastrand::Rng::with_seed(2);
    (0..records).map(move |number| {
        let back = if chance.u8(..50) == 0 { chance.usize(1..2_000) } else { 0 };
        (0, number.saturating_sub(back).to_string())
    })
}

#[test]
fn the_rate_window_is_spent_on_full_batches() {
    for service in [NARROW, WIDE] {
        let mut run = Run::new(service, &[Operation::Upsert]);
        run.play(with_repeats(10_000));
        assert!(run.calls.len() <= 101, "{} calls: {:?}", run.calls.len(), run.calls);
    }
}

#[test]
fn what_is_left_at_the_end_goes_together() {
    let mut run = Run::new(NEAR, &[Operation::Upsert]);
    run.play(with_repeats(30_000));
    assert!(run.calls.len() <= 301, "{} calls: {:?}", run.calls.len(), run.calls);

    let mut run = Run::new(NEAR, &[Operation::Upsert; 8]);
    let streams = (0..8).flat_map(|stream| with_repeats(1_000).map(move |(_, key)| (stream, key)));
    run.play(streams);
    assert!(run.calls.len() <= 8 * 11, "{} calls: {:?}", run.calls.len(), run.calls);
}

#[test]
fn a_batch_that_nothing_can_join_goes_beside_the_others() {
    let mut run = Run::new(NEAR, &[Operation::Upsert]);
    run.play((0..250).map(|number| (0, number.to_string())));
    assert_eq!(run.calls, [100, 100, 50]);
    assert_eq!(run.now, NEAR.latency, "one round trip is all it takes");
}

#[test]
fn what_waits_to_be_joined_grows_no_older_than_any_batch() {
    let slow = Service { latency: Duration::from_secs(60), ..NEAR };
    let mut run = Run::new(slow, &[Operation::Upsert]);
    for number in 0..100 {
        run.push(0, &number.to_string());
    }
    run.push(0, "0");
    run.push(0, "new");
    run.sync.received_stream_state(StreamIndex(0), "before".into());
    run.play(std::iter::empty());
    assert_eq!(run.calls, [100, 1, 1]);
    assert_eq!(run.states, [("before".to_owned(), slow.latency * 2)]);
    assert_eq!(run.now, slow.latency * 2, "the second call did not wait for the first");
}

#[test]
fn an_old_batch_fills_while_others_wait_before_it() {
    let slow = Service { latency: Duration::from_secs(10), ..NEAR };
    let mut run = Run::new(slow, &[Operation::Upsert]);
    // Three calls may go before the first answer.
    for number in 0..450 {
        run.push(0, &number.to_string());
    }
    while run.now < PATIENT.flush_interval {
        assert!(run.step());
    }
    assert!(matches!(run.sync.next(run.now), Next::Wait(_)));
    for number in 450..500 {
        run.push(0, &number.to_string());
    }
    run.play(std::iter::empty());
    assert_eq!(run.calls, [100; 5]);
}
