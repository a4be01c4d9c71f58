//! The ledger of a sync: which records are still unsettled, and which states may go out.
//!
//! **Invariant (one settlement).** A record is entered once and handed a [`Ticket`], which is neither `Copy`
//! nor `Clone`; settling consumes it. `received = accepted + rejected + unsettled` holds at every step.
//!
//! **Invariant (no early state).** A state leaves only through [`Ledger::release`], and only when every
//! record entered before it (of its stream; of all streams for a state that covers everything) has settled
//! and the rejections among them are durable.
//!
//! **Invariant (order).** States of one stream leave in the order they came, those that cover everything
//! included.
//!
//! A state that can never leave is not kept.
//!
//! Memory: one counter block per pending state, whatever the number of records.

use std::collections::VecDeque;

use crate::protocol::state::DestinationStats;

/// A stream of the sync, by its place in the engine's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamIndex(pub u32);

/// The claim of one unsettled record; the only way to settle it.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a record whose ticket is dropped never settles and holds back every later state"]
pub struct Ticket {
    stream: StreamIndex,
    own: u64,
    shared: u64,
}

/// Keeps states back for a reason other than records; see [`Ledger::hold_back`].
#[derive(Debug)]
pub struct Hold {
    stream: StreamIndex,
    own: u64,
    shared: u64,
}

impl Ticket {
    /// The stream the record belongs to.
    #[must_use]
    pub fn stream(&self) -> StreamIndex {
        self.stream
    }
}

/// A state that may be printed now.
#[derive(Debug, PartialEq, Eq)]
pub struct ReleasedState {
    /// The `state` object as received.
    pub raw: Box<str>,
    /// What became of the records since the previous state of the same coverage.
    pub stats: DestinationStats,
}

/// Counts of one stream, or of a whole sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Records that arrived.
    pub received: u64,
    /// Records HubSpot confirmed.
    pub accepted: u64,
    /// Records rejected with a reason.
    pub rejected: u64,
}

impl Totals {
    /// Records that have arrived and not settled.
    #[must_use]
    pub fn unsettled(&self) -> u64 {
        self.received - self.accepted - self.rejected
    }
}

/// The records between two states of one chain, and the state that ends them.
#[derive(Debug, Default)]
struct Interval {
    unsettled: u64,
    stats: DestinationStats,
    /// Number of the latest rejection in here; 0 when there is none.
    last_rejection: u64,
    state: Option<HeldState>,
}

#[derive(Debug)]
struct HeldState {
    raw: Box<str>,
    /// How many states that cover everything came before it.
    shared_before: u64,
}

/// Intervals in order; the last one is open: no state has ended it yet.
#[derive(Debug)]
struct Chain {
    first: u64,
    intervals: VecDeque<Interval>,
}

impl Default for Chain {
    fn default() -> Self {
        Self { first: 0, intervals: VecDeque::from([Interval::default()]) }
    }
}

impl Chain {
    fn open_number(&self) -> u64 {
        self.first + self.intervals.len() as u64 - 1
    }

    fn interval(&mut self, number: u64) -> &mut Interval {
        // An interval with unsettled records is never removed, so a live ticket's interval is always here.
        let place = usize::try_from(number - self.first).unwrap_or(usize::MAX);
        &mut self.intervals[place]
    }

    fn enter(&mut self) -> u64 {
        let number = self.open_number();
        self.interval(number).unsettled += 1;
        number
    }

    fn close(&mut self, state: HeldState) {
        let number = self.open_number();
        self.interval(number).state = Some(state);
        self.intervals.push_back(Interval::default());
    }

    /// Takes the front state when its records have settled durably and `may_leave` agrees.
    fn release(&mut self, durable: u64, may_leave: impl Fn(&HeldState) -> bool) -> Option<ReleasedState> {
        let front = self.intervals.front()?;
        let state = front.state.as_ref()?;
        if front.unsettled > 0 || front.last_rejection > durable || !may_leave(state) {
            return None;
        }
        let Interval { state, stats, .. } = self.intervals.pop_front()?;
        self.first += 1;
        state.map(|state| ReleasedState { raw: state.raw, stats })
    }

    fn waits_for_durability(&self, durable: u64) -> bool {
        self.intervals.front().is_some_and(|front| {
            front.state.is_some() && front.unsettled == 0 && front.last_rejection > durable
        })
    }
}

#[derive(Debug, Default)]
struct StreamAccount {
    chain: Chain,
    totals: Totals,
    /// No state of it that comes from here on leaves.
    is_given_up: bool,
}

/// Who has settled, and which states may go out. See the module's invariants.
#[derive(Debug, Default)]
pub struct Ledger {
    streams: Vec<StreamAccount>,
    shared: Chain,
    shared_received: u64,
    shared_released: u64,
    /// No state that covers every stream leaves that comes from here on.
    is_shared_given_up: bool,
    /// Such a state has come: what comes after it, of any stream, never leaves before it.
    is_shared_lost: bool,
    rejections: u64,
    durable: u64,
    held_bytes: usize,
    /// Streams whose front state may have become free since the last release.
    suspects: Vec<StreamIndex>,
}

impl Ledger {
    /// Adds a stream; streams are numbered in the order they are added.
    pub fn add_stream(&mut self) -> StreamIndex {
        let index = StreamIndex(u32::try_from(self.streams.len()).unwrap_or(u32::MAX));
        self.streams.push(StreamAccount::default());
        index
    }

    /// Enters a record.
    pub fn enter(&mut self, stream: StreamIndex) -> Ticket {
        let account = &mut self.streams[stream.0 as usize];
        account.totals.received += 1;
        Ticket { stream, own: account.chain.enter(), shared: self.shared.enter() }
    }

    /// Settles a record that HubSpot confirmed.
    pub fn accept(&mut self, ticket: Ticket) {
        let account = &mut self.streams[ticket.stream.0 as usize];
        account.totals.accepted += 1;
        for interval in [account.chain.interval(ticket.own), self.shared.interval(ticket.shared)] {
            interval.unsettled -= 1;
            interval.stats.accepted += 1;
        }
        self.suspect(ticket.stream);
    }

    /// Settles a record that is rejected; returns the number of the rejection, counted from 1.
    ///
    /// No state that covers it leaves before [`Ledger::durable`] has named this number or a later one.
    pub fn reject(&mut self, ticket: Ticket) -> u64 {
        self.rejections += 1;
        let account = &mut self.streams[ticket.stream.0 as usize];
        account.totals.rejected += 1;
        for interval in [account.chain.interval(ticket.own), self.shared.interval(ticket.shared)] {
            interval.unsettled -= 1;
            interval.stats.rejected += 1;
            interval.last_rejection = self.rejections;
        }
        self.suspect(ticket.stream);
        self.rejections
    }

    /// Keeps the states of a stream back, and those that cover every stream, until the hold is given back.
    pub fn hold_back(&mut self, stream: StreamIndex) -> Hold {
        // Like a record that has not settled, without being counted as one.
        Hold { stream, own: self.streams[stream.0 as usize].chain.enter(), shared: self.shared.enter() }
    }

    /// Gives a hold back: the states may go when their records have settled.
    pub fn let_go(&mut self, hold: Hold) {
        self.streams[hold.stream.0 as usize].chain.interval(hold.own).unsettled -= 1;
        self.shared.interval(hold.shared).unsettled -= 1;
        self.suspects.push(hold.stream);
    }

    /// Keeps every state back, for good, that covers a record.
    pub fn keep_back(&mut self, ticket: &Ticket) {
        // Like another record that came with it and never settles.
        self.streams[ticket.stream.0 as usize].chain.interval(ticket.own).unsettled += 1;
        self.shared.interval(ticket.shared).unsettled += 1;
    }

    /// Gives a stream up: records of it may be missing from here on, so no later state that covers it leaves.
    pub fn give_up(&mut self, stream: StreamIndex) {
        self.streams[stream.0 as usize].is_given_up = true;
        self.is_shared_given_up = true;
    }

    /// Every rejection up to this number is where a crash cannot lose it.
    pub fn durable(&mut self, number: u64) {
        self.durable = self.durable.max(number.min(self.rejections));
        self.suspect_all();
    }

    /// Number of the latest rejection; what a flush that begins now will make durable.
    #[must_use]
    pub fn rejections(&self) -> u64 {
        self.rejections
    }

    /// Whether a state is held back by nothing but rejections that are not durable yet.
    #[must_use]
    pub fn waits_for_durability(&self) -> bool {
        self.shared.waits_for_durability(self.durable)
            || self.streams.iter().any(|account| account.chain.waits_for_durability(self.durable))
    }

    /// Enters a state that covers one stream.
    pub fn hold_stream_state(&mut self, stream: StreamIndex, raw: Box<str>) {
        if self.is_shared_lost || self.streams[stream.0 as usize].is_given_up {
            return;
        }
        self.held_bytes += raw.len();
        let state = HeldState { raw, shared_before: self.shared_received };
        self.streams[stream.0 as usize].chain.close(state);
        self.suspects.push(stream);
    }

    /// Enters a state that covers every stream.
    pub fn hold_shared_state(&mut self, raw: Box<str>) {
        if self.is_shared_given_up {
            self.is_shared_lost = true;
            return;
        }
        self.held_bytes += raw.len();
        let state = HeldState { raw, shared_before: self.shared_received };
        self.shared_received += 1;
        self.shared.close(state);
    }

    /// Takes every state that may go out now, in an order that is right for each stream.
    pub fn release(&mut self) -> Vec<ReleasedState> {
        let mut released = Vec::new();
        loop {
            while let Some(stream) = self.suspects.pop() {
                let chain = &mut self.streams[stream.0 as usize].chain;
                let shared_released = self.shared_released;
                while let Some(state) =
                    chain.release(self.durable, |state| state.shared_before <= shared_released)
                {
                    released.push(state);
                }
            }
            // The stream states before it are out: their records came before it, so they settled first.
            let Some(state) = self.shared.release(self.durable, |_| true) else { break };
            released.push(state);
            self.shared_released += 1;
            self.suspect_all();
        }
        for state in &released {
            self.held_bytes -= state.raw.len();
        }
        released
    }

    /// Bytes of the states that wait.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Counts of one stream.
    #[must_use]
    pub fn totals(&self, stream: StreamIndex) -> Totals {
        self.streams[stream.0 as usize].totals
    }

    /// Counts over all streams.
    #[must_use]
    pub fn grand_totals(&self) -> Totals {
        self.streams.iter().fold(Totals::default(), |sum, account| Totals {
            received: sum.received + account.totals.received,
            accepted: sum.accepted + account.totals.accepted,
            rejected: sum.rejected + account.totals.rejected,
        })
    }

    fn suspect_all(&mut self) {
        self.suspects.clear();
        for (index, account) in self.streams.iter().enumerate() {
            if account.chain.intervals.len() > 1 {
                self.suspects.push(StreamIndex(u32::try_from(index).unwrap_or(u32::MAX)));
            }
        }
    }

    /// Notes a stream whose front state has just lost its last unsettled record.
    fn suspect(&mut self, stream: StreamIndex) {
        let front = self.streams[stream.0 as usize].chain.intervals.front();
        if front.is_some_and(|front| front.unsettled == 0 && front.state.is_some()) {
            self.suspects.push(stream);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(accepted: u64, rejected: u64) -> DestinationStats {
        DestinationStats { accepted, rejected }
    }

    fn released(ledger: &mut Ledger) -> Vec<(String, DestinationStats)> {
        ledger.release().into_iter().map(|state| (state.raw.into(), state.stats)).collect()
    }

    #[test]
    fn a_state_waits_for_the_records_before_it_and_not_for_those_after() {
        let mut ledger = Ledger::default();
        let stream = ledger.add_stream();
        let (first, second) = (ledger.enter(stream), ledger.enter(stream));
        ledger.hold_stream_state(stream, "s1".into());
        let third = ledger.enter(stream);
        ledger.accept(second);
        assert_eq!(released(&mut ledger), []);
        ledger.accept(first);
        assert_eq!(released(&mut ledger), [("s1".into(), stats(2, 0))]);
        ledger.hold_stream_state(stream, "s2".into());
        assert_eq!(released(&mut ledger), []);
        let number = ledger.reject(third);
        assert!(ledger.waits_for_durability());
        assert_eq!(released(&mut ledger), []);
        ledger.durable(number);
        assert_eq!(released(&mut ledger), [("s2".into(), stats(0, 1))]);
        assert_eq!(ledger.held_bytes(), 0);
        assert_eq!(ledger.totals(stream), Totals { received: 3, accepted: 2, rejected: 1 });
    }

    #[test]
    fn a_state_of_one_stream_does_not_wait_for_another() {
        let mut ledger = Ledger::default();
        let (left, right) = (ledger.add_stream(), ledger.add_stream());
        let slow = ledger.enter(left);
        let quick = ledger.enter(right);
        ledger.hold_stream_state(left, "left".into());
        ledger.hold_stream_state(right, "right".into());
        ledger.accept(quick);
        assert_eq!(released(&mut ledger), [("right".into(), stats(1, 0))]);
        ledger.accept(slow);
        assert_eq!(released(&mut ledger), [("left".into(), stats(1, 0))]);
    }

    #[test]
    fn a_state_that_covers_everything_waits_for_every_stream_and_keeps_its_place() {
        let mut ledger = Ledger::default();
        let (left, right) = (ledger.add_stream(), ledger.add_stream());
        let a = ledger.enter(left);
        ledger.hold_stream_state(left, "left 1".into());
        let b = ledger.enter(right);
        ledger.hold_shared_state("all 1".into());
        let c = ledger.enter(left);
        ledger.hold_stream_state(left, "left 2".into());
        ledger.hold_shared_state("all 2".into());
        ledger.accept(c);
        ledger.accept(a);
        assert_eq!(released(&mut ledger), [("left 1".into(), stats(1, 0))]);
        ledger.accept(b);
        assert_eq!(
            released(&mut ledger),
            [("all 1".into(), stats(2, 0)), ("left 2".into(), stats(1, 0)), ("all 2".into(), stats(1, 0))]
        );
    }

    #[test]
    fn a_stream_that_is_given_up_holds_back_its_later_states_and_the_shared_ones() {
        let mut ledger = Ledger::default();
        let (left, right) = (ledger.add_stream(), ledger.add_stream());
        let before = ledger.enter(left);
        ledger.hold_stream_state(left, "left 1".into());
        ledger.give_up(left);
        ledger.hold_stream_state(left, "left 2".into());
        ledger.hold_stream_state(right, "right 1".into());
        ledger.hold_shared_state("all".into());
        ledger.hold_stream_state(right, "right 2".into());
        ledger.accept(before);
        assert_eq!(released(&mut ledger), [("left 1".into(), stats(1, 0)), ("right 1".into(), stats(0, 0))]);
        assert!(!ledger.waits_for_durability());
        assert_eq!(ledger.totals(left), Totals { received: 1, accepted: 1, rejected: 0 });
    }

    #[test]
    fn rejections_become_durable_in_the_order_of_their_numbers() {
        let mut ledger = Ledger::default();
        let (left, right) = (ledger.add_stream(), ledger.add_stream());
        let (a, b) = (ledger.enter(left), ledger.enter(right));
        ledger.hold_stream_state(left, "left".into());
        ledger.hold_stream_state(right, "right".into());
        ledger.hold_shared_state("all".into());
        assert_eq!((ledger.reject(b), ledger.reject(a), ledger.rejections()), (1, 2, 2));
        assert_eq!(released(&mut ledger), []);
        ledger.durable(1);
        assert_eq!(released(&mut ledger), [("right".into(), stats(0, 1))]);
        assert!(ledger.waits_for_durability());
        // Nothing is durable before it has happened, however far storage claims to be.
        ledger.durable(u64::MAX);
        assert_eq!(released(&mut ledger), [("left".into(), stats(0, 1)), ("all".into(), stats(0, 2))]);
        let c = ledger.enter(left);
        ledger.hold_stream_state(left, "left 2".into());
        assert_eq!(ledger.reject(c), 3);
        assert_eq!(released(&mut ledger), []);
    }
}
