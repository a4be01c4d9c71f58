//! What arrived, what became of it, and hence what may have been printed.
//!
//! Everything is one list in the order of arrival; every question is a loop over it.

use super::super::ledger::Totals;
use super::super::operation::Operation;
use super::super::sync::Durability;
use super::script::Nature;
use crate::protocol::state::DestinationStats;

/// Place of an arrival in the list; a record carries it as its data, a state as its text.
pub(super) type Id = usize;

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Not settled.
    Open,
    /// Not settled, and never will be: its stream was given up.
    Lost,
    Accepted,
    /// Rejected, as the record of this number, counted from 1 over the whole sync.
    Rejected(u64),
}

impl Fate {
    pub(super) fn is_settled(self) -> bool {
        matches!(self, Self::Accepted | Self::Rejected(_))
    }
}

/// A record.
#[derive(Clone, Debug)]
pub(super) struct RecordFacts {
    pub stream: usize,
    /// `None` for records that have none, and for those that are never sent.
    pub key: Option<String>,
    /// What is to be done with it.
    pub operation: Operation,
    pub nature: Nature,
    /// Whether it carries any property.
    pub has_properties: bool,
    /// Whether it takes two writes.
    pub sequel: bool,
    /// What HubSpot calls the record it is about; `None` where HubSpot has none.
    pub record_id: Option<String>,
    /// Bytes it holds; 0 for those that are never held.
    pub size: usize,
    pub fate: Fate,
    /// Whether it was one rejection too many.
    pub excess: bool,
}

/// A state.
#[derive(Clone, Debug)]
pub(super) struct StateFacts {
    /// The stream it covers; `None` for all.
    pub stream: Option<usize>,
    pub size: usize,
    pub out: bool,
    /// Whether it can never go out, and need not be kept.
    pub lost: bool,
}

/// Something that arrived.
#[derive(Clone, Debug)]
pub(super) enum Arrival {
    Record(RecordFacts),
    State(StateFacts),
    /// A stream was given up. What it sent from here on may be missing.
    Gone {
        stream: usize,
    },
}

/// The list.
#[derive(Debug)]
pub(super) struct Oracle {
    durability: Durability,
    arrivals: Vec<Arrival>,
    rejections: u64,
    stored: u64,
}

impl Oracle {
    pub(super) fn new(durability: Durability) -> Self {
        Self { durability, arrivals: Vec::new(), rejections: 0, stored: 0 }
    }

    /// The number the next arrival will have.
    pub(super) fn next_id(&self) -> Id {
        self.arrivals.len()
    }

    pub(super) fn arrive(&mut self, arrival: Arrival) {
        self.arrivals.push(arrival);
    }

    pub(super) fn record(&self, id: Id) -> &RecordFacts {
        match &self.arrivals[id] {
            Arrival::Record(record) => record,
            other => panic!("{id} is no record but {other:?}"),
        }
    }

    fn record_mut(&mut self, id: Id) -> &mut RecordFacts {
        match &mut self.arrivals[id] {
            Arrival::Record(record) => record,
            other => panic!("{id} is no record but {other:?}"),
        }
    }

    pub(super) fn records(&self) -> impl Iterator<Item = (Id, &RecordFacts)> {
        self.arrivals.iter().enumerate().filter_map(|(id, arrival)| match arrival {
            Arrival::Record(record) => Some((id, record)),
            Arrival::State(_) | Arrival::Gone { .. } => None,
        })
    }

    /// Records of the same stream and key, in order.
    pub(super) fn siblings<'a>(&'a self, of: &'a RecordFacts) -> impl Iterator<Item = (Id, &'a RecordFacts)> {
        self.records().filter(|(_, record)| record.stream == of.stream && record.key == of.key)
    }

    fn states(&self) -> impl Iterator<Item = (Id, &StateFacts)> {
        self.arrivals.iter().enumerate().filter_map(|(id, arrival)| match arrival {
            Arrival::State(state) => Some((id, state)),
            Arrival::Record(_) | Arrival::Gone { .. } => None,
        })
    }

    pub(super) fn accept(&mut self, id: Id) {
        let record = self.record_mut(id);
        assert_eq!(record.fate, Fate::Open, "{id} was accepted");
        record.fate = Fate::Accepted;
    }

    pub(super) fn reject(&mut self, id: Id) {
        self.rejections += 1;
        let number = self.rejections;
        let record = self.record_mut(id);
        assert_eq!(record.fate, Fate::Open, "{id} was rejected");
        record.fate = Fate::Rejected(number);
    }

    /// A record was one rejection too many, if it was: beyond `limit` of its stream, for the first time.
    pub(super) fn exceeds(&mut self, id: Id, limit: u64) -> bool {
        let stream = self.record(id).stream;
        let of_it = || self.records().filter(move |(_, record)| record.stream == stream);
        let rejected = of_it().filter(|(_, record)| matches!(record.fate, Fate::Rejected(_))).count();
        let is_first = of_it().all(|(_, record)| !record.excess);
        let exceeds = is_first && rejected as u64 > limit;
        self.record_mut(id).excess = exceeds;
        exceeds
    }

    /// Gives up every open record of a stream but those in `under_way`.
    pub(super) fn lose(&mut self, stream: usize, under_way: &[Id]) {
        for (id, arrival) in self.arrivals.iter_mut().enumerate() {
            let Arrival::Record(record) = arrival else { continue };
            if record.stream == stream && record.fate == Fate::Open && !under_way.contains(&id) {
                record.fate = Fate::Lost;
            }
        }
    }

    pub(super) fn rejections(&self) -> u64 {
        self.rejections
    }

    pub(super) fn rejections_stored(&mut self, number: u64) {
        self.stored = self.stored.max(number);
    }

    fn durable(&self) -> u64 {
        match self.durability {
            Durability::Printed => self.rejections,
            Durability::Stored => self.stored,
        }
    }

    /// Whether a state that arrives now can never go out: what it covers was given up, or what covers everything and never
    /// goes out came before it.
    pub(super) fn loses(&self, stream: Option<usize>) -> bool {
        self.arrivals.iter().any(|earlier| match earlier {
            Arrival::Gone { stream: gone } => stream.is_none_or(|covered| covered == *gone),
            Arrival::State(before) => before.stream.is_none() && before.lost,
            Arrival::Record(_) => false,
        })
    }

    /// Whether a state may be printed when the first so many rejections are durable.
    fn may_go(&self, id: Id, durable: u64) -> bool {
        let Arrival::State(state) = &self.arrivals[id] else { return false };
        let covers = |stream: usize| state.stream.is_none_or(|covered| covered == stream);
        !state.out
            && self.arrivals[..id].iter().all(|earlier| match earlier {
                Arrival::Record(record) if covers(record.stream) => match record.fate {
                    _ if record.excess => false,
                    Fate::Accepted => true,
                    Fate::Rejected(number) => number <= durable,
                    Fate::Open | Fate::Lost => false,
                },
                Arrival::State(before) if before.stream.is_none_or(covers) => before.out,
                Arrival::Gone { stream } => !covers(*stream),
                Arrival::Record(_) | Arrival::State(_) => true,
            })
    }

    /// A state was printed.
    pub(super) fn state_is_out(&mut self, id: Id, stats: DestinationStats) {
        assert!(self.may_go(id, self.durable()), "state {id} is out too early: {:#?}", self.arrivals);
        assert_eq!(stats, self.stats(id), "stats of state {id}");
        if let Arrival::State(state) = &mut self.arrivals[id] {
            state.out = true;
        }
    }

    /// What became of the records since the previous state of the same coverage.
    fn stats(&self, id: Id) -> DestinationStats {
        let Arrival::State(state) = &self.arrivals[id] else { panic!("{id} is no state") };
        let before =
            self.states().filter(|(other, facts)| *other < id && facts.stream == state.stream).last();
        let start = before.map_or(0, |(before, _)| before);
        let mut stats = DestinationStats::default();
        for (record_id, record) in self.records() {
            let counts = (start..id).contains(&record_id)
                && state.stream.is_none_or(|covered| covered == record.stream);
            match record.fate {
                Fate::Accepted if counts => stats.accepted += 1,
                Fate::Rejected(_) if counts => stats.rejected += 1,
                _ => {}
            }
        }
        stats
    }

    /// Nothing that may go is still here; of what waits for storage alone, the engine says so.
    pub(super) fn check_nothing_is_kept(&self, wants_storage: Option<u64>) {
        let late = self.states().find(|(id, _)| self.may_go(*id, self.durable()));
        assert!(late.is_none(), "state {late:?} is kept although it may go: {:#?}", self.arrivals);
        if self.states().any(|(id, _)| self.may_go(id, u64::MAX)) {
            assert_eq!(wants_storage, Some(self.rejections), "a state waits for storage alone");
        }
    }

    /// Every state is out.
    pub(super) fn check_everything_is_out(&self) {
        let kept = self.states().find(|(_, state)| !state.out);
        assert!(kept.is_none(), "state {kept:?} is kept at the end: {:#?}", self.arrivals);
    }

    pub(super) fn totals(&self, streams: usize) -> Vec<Totals> {
        let mut totals = vec![Totals::default(); streams];
        for (_, record) in self.records() {
            let total = &mut totals[record.stream];
            total.received += 1;
            match record.fate {
                Fate::Accepted => total.accepted += 1,
                Fate::Rejected(_) => total.rejected += 1,
                Fate::Open | Fate::Lost => {}
            }
        }
        totals
    }

    /// Bytes of records that have not settled and of states that are not out.
    pub(super) fn held_bytes(&self) -> usize {
        let of = |arrival: &Arrival| match arrival {
            Arrival::Record(record) if record.fate == Fate::Open => record.size,
            Arrival::State(state) if !state.out && !state.lost => state.size,
            _ => 0,
        };
        self.arrivals.iter().map(of).sum()
    }

    pub(super) fn has_open_records(&self) -> bool {
        self.records().any(|(_, record)| record.fate == Fate::Open)
    }
}
