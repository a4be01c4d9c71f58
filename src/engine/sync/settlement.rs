//! What follows from an answer: records settle, what waits behind them goes, states leave.

use std::collections::VecDeque;

use super::super::Moment;
use super::super::batch::{Input, Source, Stage};
use super::super::ledger::{StreamIndex, Ticket};
use super::super::operation::Operation;
use super::super::record::Record;
use super::super::rejection::Rejection;
use super::super::resolve::{Group, Resolution, Silence, Stored};
use super::super::tolerance::Judgement;
use super::{Durability, Effect, Sync, making};
use crate::error::{Failure, Kind};

/// Consecutive batches met with silence, whole and repeated, that end the sync.
const MOST_SILENT_BATCHES: u32 = 3;

impl Sync {
    /// Does what follows from an answer: settles, sends again, gives up on a HubSpot that says nothing.
    pub(super) fn resolved(&mut self, now: Moment, source: Source, resolution: Resolution) {
        let Resolution { stored, rejected, absent, again, put_off, resumed, silence, warnings } = resolution;
        let stream = source.stream;
        self.effects.extend(warnings.into_iter().map(|category| Effect::Warned(stream, category)));
        match silence {
            Silence::Broken => {
                self.silent_batches = 0;
                self.successes += 1;
                self.again.append(&mut self.doubted);
            }
            Silence::Kept => {}
            Silence::KeptAgain => self.silent_batches += 1,
        }
        for stored in stored {
            self.learn_from_taken(source, &stored.input);
            self.stored(now, source, stored);
        }
        self.tell_what_may_exist(stream, &rejected);
        let absent = self.missing(now, source, absent);
        for (input, rejection) in rejected.into_iter().chain(absent) {
            self.learn_from_refused(source, &input, &rejection);
            self.settle(now, source, input, Some(rejection));
        }
        if !self.streams[stream.0 as usize].failed {
            for group in again {
                let wait = group.wait;
                let send = self.send_of(source, group);
                match silence {
                    Silence::KeptAgain => self.doubted.push_back(send),
                    Silence::Broken | Silence::Kept if wait.is_zero() => self.again.push_back(send),
                    Silence::Broken | Silence::Kept => {
                        self.delayed.insert((now + wait, send.id), send);
                    }
                }
            }
            self.again.extend(resumed);
        }
        if let Some(put_off) = put_off {
            self.put_off(now, put_off);
        }
        if self.silent_batches >= MOST_SILENT_BATCHES {
            let message = format!(
                "HubSpot answered {MOST_SILENT_BATCHES} batches in a row without saying what became of any record, \
                 also when they were sent again. Nothing of them counts as written. Run the sync again later; if it \
                 happens again, give HubSpot's support the time of this sync."
            );
            self.stop(Some(Failure::new(Kind::Unavailable, message)));
        }
    }

    /// What is confirmed settles, unless it has pairs to be made of it.
    fn stored(&mut self, now: Moment, source: Source, stored: Stored) {
        let stream = source.stream;
        if source.link.is_some() {
            self.settle(now, source, stored.input, None);
            return;
        }
        self.postponed.has_written(1);
        self.remember(stream, &stored);
        if !self.streams[stream.0 as usize].links.is_empty() && stored.input.asks_for_links() {
            self.begin_pairs(now, stream, stored);
        } else {
            let operation = stored.input.operation(self.streams[stream.0 as usize].operation);
            self.count(stream, operation, stored.created, stored.input.merged.len());
            self.settle(now, source, stored.input, None);
        }
    }

    /// Counts an input that is accepted, by what was done with it, with the records merged into it.
    pub(super) fn count(
        &mut self,
        stream: StreamIndex,
        operation: Operation,
        created: Option<bool>,
        merged: usize,
    ) {
        let counts = &mut self.streams[stream.0 as usize].counts;
        match (operation, created) {
            (Operation::Archive(_), _) => counts.archived += 1,
            (Operation::Event, _) => counts.created += 1,
            (_, Some(true)) => counts.created += 1,
            _ => counts.updated += 1,
        }
        counts.merged += merged as u64;
    }

    /// Settles the records an input was made of; those that wait behind it go next.
    pub(super) fn settle(&mut self, now: Moment, source: Source, input: Input, rejection: Option<Rejection>) {
        if source.link.is_some() {
            self.settle_pair(now, source, input, rejection);
            return;
        }
        let stream = source.stream;
        if let Some(mirror) = &mut self.streams[stream.0 as usize].mirror {
            match &rejection {
                None => mirror.is_member(input.target()),
                Some(rejection) => mirror.rejected(&rejection.code),
            }
        }
        let Input { head, merged, then, record_id, .. } = input;
        let hash = head.body.has_key().then(|| head.body.key_hash());
        for record in std::iter::once(head).chain(merged) {
            match &rejection {
                None => {
                    self.held_bytes -= record.body.size();
                    self.accept(record.ticket);
                }
                Some(rejection) => {
                    self.held_bytes -= record.body.size();
                    self.reject(record, rejection.clone());
                }
            }
        }
        self.let_next_go(now, stream, then, record_id, hash);
    }

    /// Lets the next record of a key go: the one that waits for this input, else the one that waits for the key.
    pub(super) fn let_next_go(
        &mut self,
        now: Moment,
        stream: StreamIndex,
        mut then: VecDeque<Record>,
        record_id: Option<Box<str>>,
        hash: Option<u64>,
    ) {
        if self.streams[stream.0 as usize].failed {
            return;
        }
        if let Some(next) = then.pop_front() {
            let mut input = [Input { then, record_id, ..Input::new(next) }];
            making::recall(&self.made, stream, &mut input);
            let [input] = input;
            let step = input.operation(self.streams[stream.0 as usize].operation).first_step(&input);
            let group = Group { named_before: true, ..Group::new(vec![input], Stage::First, step) };
            let send = self.send_of(stream.into(), group);
            self.again.push_back(send);
        } else if let Some(hash) = hash {
            self.streams[stream.0 as usize].lane.settled(now, hash);
        }
    }

    /// Settles a record that is accepted.
    pub(super) fn accept(&mut self, ticket: Ticket) {
        let judgement = self.streams[ticket.stream().0 as usize].tolerance.accepted();
        self.heed(judgement, &ticket);
        self.ledger.accept(ticket);
    }

    /// Keeps back what covers the record that was one too many; its stream is given up once the answer at hand is done with.
    fn heed(&mut self, judgement: Judgement, ticket: &Ticket) {
        match judgement {
            Judgement::GoOn => {}
            Judgement::Enough => {
                self.ledger.keep_back(ticket);
                self.overdue.push(ticket.stream());
            }
        }
    }

    /// Settles a record that is rejected.
    pub(super) fn reject(&mut self, record: Record, rejection: Rejection) {
        let stream = record.ticket.stream();
        let judgement = self.streams[stream.0 as usize].tolerance.rejected(&rejection);
        self.heed(judgement, &record.ticket);
        self.effects.push_back(Effect::Rejected(stream, record.body, rejection));
        let number = self.ledger.reject(record.ticket);
        if self.settings.durability == Durability::Printed {
            self.ledger.durable(number);
        }
    }

    /// Prints the states that may go out now, and gives up streams with too many rejections.
    pub(super) fn release(&mut self) {
        for stream in std::mem::take(&mut self.overdue) {
            if let Some(failure) = self.streams[stream.0 as usize].tolerance.failure() {
                self.stream_failed(stream, failure);
            }
        }
        self.effects.extend(self.ledger.release().into_iter().map(Effect::State));
    }
}
