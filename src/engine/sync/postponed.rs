//! Pairs whose end was not found although the sync itself may bring it: they wait until it is there.
//!
//! | when | what follows |
//! |---|---|
//! | no other record of the sync may bring the end | rejected at once |
//! | it may | the pair waits until nothing else is left to be written, and is looked for again |
//! | found by search, whose index sees records late | looked for once more after each of the index's waits |
//! | the buffer is full | looked for once more, and decided |
//! | nothing was written since others were decided at the end | rejected: nothing can have come |
//!
//! States behind such a pair wait as well: its record is not settled.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::Moment;
use super::super::association::{Absence, Awaited};
use super::super::batch::{Input, Source, Stage};
use super::super::grouping;
use super::super::ledger::StreamIndex;
use super::super::operation::Step;
use super::super::rejection::Rejection;
use super::super::resolve::search::INDEX_WAITS;
use super::super::resolve::{Absent, Group};
use super::{Phase, Sync};

/// How long a look-up by a unique key is given to see what was written last.
const LOOKUP_WAITS: [Duration; 1] = [Duration::from_secs(1)];

/// Pairs that wait for an end. See the module's table.
#[derive(Debug, Default)]
pub(super) struct Postponed {
    inputs: Vec<(Source, Input)>,
    /// Records written so far.
    written: u64,
    /// As many had been written when the last looks began.
    began_at: u64,
    /// As many had been written before a look-up decided on a pair at the end.
    looked_up_at: Option<u64>,
    /// The same for a search, which waits longer: what it has not found, no look-up finds.
    searched_at: Option<u64>,
}

impl Postponed {
    pub(super) fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    pub(super) fn give_up(&mut self, stream: StreamIndex) {
        self.inputs.retain(|(source, _)| source.stream != stream);
    }

    /// Notes that so many records were written, each of which may be an end.
    pub(super) fn has_written(&mut self, records: usize) {
        self.written += records as u64;
    }
}

impl Postponed {
    /// Notes that a pair was decided on after all the waits that this call has.
    fn decided_by(&mut self, step: Step) {
        let when = if is_search(step) { &mut self.searched_at } else { &mut self.looked_up_at };
        *when = Some(self.began_at);
    }

    /// Whether nothing was written since this call, or a more patient one, was last waited for in vain.
    fn is_decided_for(&self, step: Step) -> bool {
        let now = Some(self.written);
        self.searched_at == now || !is_search(step) && self.looked_up_at == now
    }
}

fn is_search(step: Step) -> bool {
    matches!(step, Step::Search | Step::SearchFar)
}

/// Waits between two looks by the same call.
fn waits(step: Step) -> &'static [Duration] {
    if is_search(step) { &INDEX_WAITS } else { &LOOKUP_WAITS }
}

impl Sync {
    /// The ends of a stream's associations are written in the same sync: what is missing may come.
    ///
    /// # Panics
    /// Where there is no such stream.
    pub fn await_ends(&mut self, stream: StreamIndex, awaited: Awaited) {
        self.streams[stream.0 as usize].awaited = awaited;
    }

    /// Pairs of which an end was not found: those that are given up are handed back.
    pub(super) fn missing(
        &mut self,
        now: Moment,
        source: Source,
        absent: Vec<Absent>,
    ) -> Vec<(Input, Rejection)> {
        let awaited = self.awaited(source);
        let has_failed = self.streams[source.stream.0 as usize].failed;
        let mut given_up = Vec::new();
        let mut later: BTreeMap<(Duration, Step), Vec<Input>> = BTreeMap::new();
        for Absent { mut input, rejection, step } in absent {
            let all_was_written = self.phase != Phase::Reading && self.postponed.is_decided_for(step);
            match input.far.absence {
                _ if !awaited.includes(step) => given_up.push((input, rejection)),
                Absence::Unknown if all_was_written => given_up.push((input, rejection)),
                // Given up while the call was under way: it never settles.
                Absence::Unknown if has_failed => {}
                Absence::Unknown => self.postponed.inputs.push((source, input)),
                Absence::LastLook => given_up.push((input, rejection)),
                Absence::Looking(waited) => match waits(step).get(waited) {
                    Some(wait) => {
                        input.far.absence = Absence::Looking(waited + 1);
                        later.entry((*wait, step)).or_default().push(input);
                    }
                    None => {
                        self.postponed.decided_by(step);
                        given_up.push((input, rejection));
                    }
                },
            }
        }
        if !has_failed {
            for ((wait, step), inputs) in later {
                let send = self.send_of(source, Group::new(inputs, Stage::First, step));
                self.delayed.insert((now + wait, send.id), send);
            }
        }
        given_up
    }

    /// Looks for the missing ends again when nothing else is left that could bring them, or no room to wait.
    pub(super) fn send_postponed(&mut self) {
        if self.postponed.is_empty() || !self.is_idle() {
            return;
        }
        self.postponed.began_at = self.postponed.written;
        let absence = if self.phase == Phase::Draining { Absence::Looking(0) } else { Absence::LastLook };
        let mut by_source: BTreeMap<Source, Vec<Input>> = BTreeMap::new();
        for (source, mut input) in std::mem::take(&mut self.postponed.inputs) {
            input.far.absence = absence;
            by_source.entry(source).or_default().push(input);
        }
        for (source, mut inputs) in by_source {
            let operation = self.operation_of(source);
            let most = operation.batch_limits().inputs;
            while !inputs.is_empty() {
                let rest = inputs.split_off(most.min(inputs.len()));
                for group in grouping::groups(operation, inputs) {
                    let send = self.send_of(source, group);
                    self.again.push_back(send);
                }
                inputs = rest;
            }
        }
    }

    fn awaited(&self, source: Source) -> Awaited {
        let stream = &self.streams[source.stream.0 as usize];
        match source.link.and_then(|link| stream.links.get(usize::from(link.0))) {
            Some(link) => link.awaited,
            None => stream.awaited,
        }
    }
}
