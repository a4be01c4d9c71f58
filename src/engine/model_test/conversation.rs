//! Which calls may be made, by what HubSpot has said before. What it says is judged in
//! [`judgement`](super::judgement).

use std::collections::HashMap;
use std::time::Duration;

use super::super::Moment;
use super::super::batch::{Send, SendId, Turn};
use super::super::lane::Merging;
use super::super::sync::Counts;
use super::oracle::{Fate, Id, Oracle};
use super::script::StreamSetup;
use super::words::{Call, CallInput, step_for};

/// Where a record is on its way.
#[derive(Clone, Debug, Default)]
pub(super) struct Journey {
    /// Answers in a row that left it out.
    pub silences: u8,
    /// The answer that left it out first, as a number of [`Conversation::left_out`].
    pub left_out: Option<usize>,
    /// Whether it was merged, refused, and must go alone.
    pub apart: Apart,
    /// HubSpot's id, once it was looked up.
    pub found: Option<String>,
    /// Which of its writes is next.
    pub turn: Turn,
    /// Whether the first write made it, where HubSpot said.
    pub created: Option<bool>,
}

/// Whether records that were sent merged go one by one from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Apart {
    #[default]
    No,
    /// They may, because of server errors.
    Perhaps,
    Yes,
}

/// The inputs an answer left out, by their oldest records.
#[derive(Clone, Debug)]
pub(super) struct LeftOut {
    pub inputs: Vec<Id>,
    /// Whether the answer settled nothing else either.
    pub whole_call: bool,
    /// Whether the call that repeats them may have been taken apart.
    pub split: bool,
}

/// What is known of a send over its repetitions.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub inputs: Vec<CallInput>,
    /// Server errors since then.
    pub server_errors: u32,
}

/// All calls of a sync.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    pub under_way: Vec<Call>,
    pub counts: Vec<Counts>,
    pub(super) journeys: HashMap<Id, Journey>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) tallies: HashMap<SendId, Tally>,
    pub(super) silent_batches: u32,
    pub(super) stalled_since: Option<Moment>,
    pub(super) failures: u32,
    /// The longest wait that HubSpot has asked for.
    pub(super) longest_wait: Duration,
}

impl Conversation {
    /// A call starts: checks that it may, and remembers it.
    pub(super) fn started(&mut self, send: &Send, setup: &StreamSetup, oracle: &Oracle) {
        let call = Call::of(send);
        self.notice_parts(&call);
        assert!((1..=setup.limits.inputs).contains(&call.inputs.len()), "inputs of {call:?}");
        assert!(call.records().count() < 2 * setup.limits.records.max(1), "records of {call:?}");
        let key = |input: &CallInput| oracle.record(input.head()).key.clone();
        assert_distinct(call.inputs.iter().filter_map(key), &call);
        assert_distinct(call.inputs.iter().filter_map(|input| input.target.clone()), &call);
        let operations: Vec<_> = call.inputs.iter().map(|input| input.operation(oracle)).collect();
        assert!(operations.windows(2).all(|pair| pair[0] == pair[1]), "two operations in {call:?}");
        for input in &call.inputs {
            self.check_records(&call, input, setup, oracle);
            self.check_step(&call, input, oracle);
        }
        self.check_repetition(&call);
        let counts = &mut self.counts[call.stream];
        counts.calls += 1;
        counts.inputs += call.inputs.len() as u64;
        self.under_way.push(call);
    }

    /// An input that may have been taken apart was, when some of its records follow later.
    fn notice_parts(&mut self, call: &Call) {
        for input in call.inputs.iter().filter(|input| !input.then.is_empty()) {
            if self.journey(input.head()).apart == Apart::Perhaps {
                for id in input.records() {
                    let found = self.journey(id).found;
                    self.journeys.insert(id, Journey { apart: Apart::Yes, found, ..Journey::default() });
                }
            }
        }
    }

    /// The input is made of consecutive open records of one key, and nothing older of that key is open.
    fn check_records(&self, call: &Call, input: &CallInput, setup: &StreamSetup, oracle: &Oracle) {
        let all: Vec<Id> = input.records().collect();
        assert!(input.parts.len() <= setup.limits.records, "too many records in {input:?}");
        let merges = setup.merging == Merging::Allowed && !setup.keyless;
        assert!(merges || all.len() == 1, "{input:?} is merged");
        for id in &all {
            let record = oracle.record(*id);
            assert_eq!((record.fate, record.stream), (Fate::Open, call.stream), "{id} is sent");
            let elsewhere = self.under_way.iter().any(|other| other.records().any(|sent| sent == *id));
            assert!(!elsewhere, "{id} is sent twice at once");
            let apart = self.journey(*id).apart == Apart::Yes;
            assert!(!record.sequel || all.len() == 1, "{id} takes two writes and is merged");
            let same = record.operation == input.operation(oracle);
            assert!(same, "{id} is merged with what is treated otherwise");
            assert!(!apart || input.parts.len() == 1, "{id} was refused merged and is sent merged again");
            assert!(apart || input.then.is_empty(), "{input:?} was taken apart without a reason");
        }
        let head = oracle.record(input.head());
        if head.key.is_some() {
            let mut after = all.as_slice();
            for (id, sibling) in oracle.siblings(head) {
                if id < input.head() {
                    assert!(sibling.fate.is_settled(), "{id} is older than {all:?} and open");
                } else if let Some((next, rest)) = after.split_first() {
                    assert_eq!(id, *next, "{all:?} are not consecutive");
                    after = rest;
                }
            }
            assert!(after.is_empty(), "{all:?} are not of one key");
        }
    }

    /// The call is the one the input needs, and names it by what HubSpot knows it by.
    fn check_step(&self, call: &Call, input: &CallInput, oracle: &Oracle) {
        let journey = self.journey(input.head());
        let (has_properties, left_out_twice) = (input.has_properties(oracle), journey.silences == 2);
        let step = step_for(input.operation(oracle), has_properties, journey.found.is_some(), left_out_twice);
        assert_eq!(call.step, step, "step of {input:?} in {call:?}");
        assert_eq!(input.turn, journey.turn, "write of {input:?} in {call:?}");
        let target = journey.found.or_else(|| oracle.record(input.head()).key.clone());
        assert_eq!(input.target, target, "target of {input:?} in {call:?}");
    }

    /// A repeated call is the same; what was left out goes together once, then alone.
    fn check_repetition(&mut self, call: &Call) {
        if let Some(before) = self.tallies.get(&call.id) {
            assert_eq!(before.inputs, call.inputs, "a repeated call is another");
        }
        let heads = call.heads();
        let first = self.journey(heads[0]);
        for head in &heads {
            let journey = self.journey(*head);
            assert_eq!(journey.silences, first.silences, "differently silent inputs in {call:?}");
            assert_eq!(journey.left_out, first.left_out, "inputs of different answers in {call:?}");
        }
        assert!(first.silences < 2 || heads.len() == 1, "left out twice and not alone: {call:?}");
        if let Some(group) = first.left_out {
            let group = &self.left_out[group];
            assert!(group.split || same_set(&group.inputs, &heads), "not all that was left out: {call:?}");
        }
        let fresh = Tally { inputs: call.inputs.clone(), server_errors: 0 };
        self.tallies.entry(call.id).or_insert(fresh);
    }

    /// Whether answers have left an open record out twice.
    pub(super) fn doubts(&self, oracle: &Oracle) -> bool {
        oracle.records().any(|(id, record)| record.fate == Fate::Open && self.journey(id).silences == 2)
    }

    pub(super) fn journey(&self, id: Id) -> Journey {
        self.journeys.get(&id).cloned().unwrap_or_default()
    }
}

fn assert_distinct(names: impl Iterator<Item = String>, call: &Call) {
    let mut names: Vec<String> = names.collect();
    names.sort();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "one name twice in {call:?}");
}

pub(super) fn same_set(left: &[Id], right: &[Id]) -> bool {
    left.len() == right.len() && left.iter().all(|id| right.contains(id))
}
