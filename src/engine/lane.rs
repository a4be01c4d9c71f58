//! The lane of one stream: gathers records into batches and keeps records of one key in order.
//!
//! **Invariant (order per key).** Of the records of one key, at most one input is outside the lane's care at
//! any time: gathered, waiting to be sent, or sent. A later record of that key merges into the gathered
//! input or is *parked* until the earlier one has settled. Only that record waits; the stream goes on. A record that
//! takes two writes is merged with none, and a record that is to be archived only with others that are.
//!
//! Keys find each other by a hash. Two keys with one hash are treated as if they were in each other's way: they never
//! share a call, and take effect in the order they came. That costs a moment of waiting, and is as it should be where keys
//! differ in letter case only, which have one hash: HubSpot may take them for one.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use super::Moment;
use super::batch::Input;
use super::record::Record;

/// Limits of one batch.
#[derive(Clone, Copy, Debug)]
pub struct BatchLimits {
    /// Inputs in one call; HubSpot's limit for the operation (100 for objects).
    pub inputs: usize,
    /// Records in one batch, merged ones included: bounds what has to be taken apart when a merged input is
    /// refused.
    pub records: usize,
    /// Bytes of the records in one batch.
    pub bytes: usize,
}

/// Whether records of one key may be merged into one input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merging {
    /// Later values win per property.
    Allowed,
    /// Each record is an input of its own.
    Never,
}

/// Gathers one stream's records. See the module's invariant.
#[derive(Debug)]
pub struct Lane {
    limits: BatchLimits,
    merging: Merging,
    gathered: Gathered,
    ready: VecDeque<Vec<Input>>,
    slots: HashMap<u64, Slot, BuildHasherDefault<KeyHash>>,
    parked_records: usize,
    /// Slots with parked inputs whose own input waits to be sent or is sent: the next of each joins what is gathered.
    followed: usize,
}

/// Inputs that most batches have: room is made for them at once.
const USUAL_BATCH: usize = 100;

/// The batch that is being filled.
#[derive(Debug, Default)]
struct Gathered {
    /// Tells slots of this batch from those of earlier ones without visiting them.
    number: u64,
    inputs: Vec<Input>,
    records: usize,
    bytes: usize,
    since: Option<Moment>,
    /// Slots with parked inputs whose own input is in here.
    followed: usize,
}

/// What is known of the unsettled records whose keys share one hash.
#[derive(Debug)]
struct Slot {
    /// The batch that holds, or held, the input.
    batch: u64,
    /// Its place in that batch while it is being filled.
    place: usize,
    /// Inputs that wait for it, oldest first.
    parked: VecDeque<Input>,
}

/// The hash is already a hash: passes it through.
#[derive(Debug, Default)]
struct KeyHash(u64);

impl Hasher for KeyHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

impl Lane {
    /// An empty lane.
    #[must_use]
    pub fn new(limits: BatchLimits, merging: Merging) -> Self {
        Self {
            limits,
            merging,
            gathered: Gathered::default(),
            ready: VecDeque::new(),
            slots: HashMap::default(),
            parked_records: 0,
            followed: 0,
        }
    }

    /// Takes a record in: into the batch being filled, into an input of the same key, or aside.
    pub fn push(&mut self, now: Moment, record: Record) {
        let hash = record.body.key_hash();
        if !record.body.has_key() {
            self.gather(now, Input::new(record));
            return;
        }
        let Some(slot) = self.slots.get_mut(&hash) else {
            self.insert_slot(hash, VecDeque::new());
            self.gather(now, Input::new(record));
            return;
        };
        let may_merge = |input: &Input| {
            self.merging == Merging::Allowed
                && input.key() == record.body.key()
                && input.may_be_merged_with(&record)
        };
        // Whatever is parked is younger than what the slot holds: with the youngest of it alone a record may be merged.
        if let Some(parked) = slot.parked.back_mut() {
            self.parked_records += 1;
            if may_merge(parked) && parked.records() < self.limits.records {
                parked.merged.push(record);
            } else {
                slot.parked.push_back(Input::new(record));
            }
            return;
        }
        if slot.batch == self.gathered.number {
            let input = &mut self.gathered.inputs[slot.place];
            if may_merge(input) {
                self.gathered.records += 1;
                self.gathered.bytes += record.body.size();
                input.merged.push(record);
                self.close_if_full();
                return;
            }
        }
        self.parked_records += 1;
        if slot.parked.is_empty() {
            let is_gathered = slot.batch == self.gathered.number;
            *(if is_gathered { &mut self.gathered.followed } else { &mut self.followed }) += 1;
        }
        slot.parked.push_back(Input::new(record));
    }

    /// Takes an input in that needs no order: nobody says when it has settled.
    pub fn push_unordered(&mut self, now: Moment, input: Input) {
        self.gather(now, input);
    }

    /// Says that an input has settled whole, so that the next one with its key may go.
    ///
    /// `hash` is the key hash of the input; inputs without a key need no word.
    pub fn settled(&mut self, now: Moment, hash: u64) {
        let Some(slot) = self.slots.get_mut(&hash) else { return };
        match slot.parked.pop_front() {
            None => {
                self.slots.remove(&hash);
            }
            Some(next) => {
                let parked = std::mem::take(&mut slot.parked);
                self.parked_records -= next.records();
                self.followed -= 1;
                self.gathered.followed += usize::from(!parked.is_empty());
                self.insert_slot(hash, parked);
                self.gather(now, next);
            }
        }
    }

    /// Takes the next full batch.
    pub fn take_ready(&mut self) -> Option<Vec<Input>> {
        self.ready.pop_front()
    }

    /// The first input of the next full batch.
    #[must_use]
    pub fn next_ready(&self) -> Option<&Input> {
        self.ready.front().and_then(|inputs| inputs.first())
    }

    /// The inputs of the next full batch, to be told what is known of them by now.
    pub fn next_ready_mut(&mut self) -> Option<&mut [Input]> {
        self.ready.front_mut().map(Vec::as_mut_slice)
    }

    /// Whether a full batch waits.
    #[must_use]
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// How many full batches wait.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Closes the batch being filled, however small, if it holds anything.
    pub fn flush(&mut self) {
        if !self.gathered.inputs.is_empty() {
            let number = self.gathered.number + 1;
            let closed = std::mem::replace(&mut self.gathered, Gathered { number, ..Gathered::default() });
            self.followed += closed.followed;
            self.ready.push_back(closed.inputs);
        }
    }

    /// Drops everything the lane holds: the stream is given up and its records never settle.
    pub fn discard(&mut self) {
        *self = Self::new(self.limits, self.merging);
    }

    /// When the batch being filled got its first record.
    #[must_use]
    pub fn gathering_since(&self) -> Option<Moment> {
        self.gathered.since
    }

    /// Whether parked records are still to come into the batch being filled: once the inputs before them have settled,
    /// which are in batches before it.
    #[must_use]
    pub fn expects_more(&self) -> bool {
        self.followed > 0
    }

    /// Bytes in the batch being filled.
    #[must_use]
    pub fn gathered_bytes(&self) -> usize {
        self.gathered.bytes
    }

    /// Whether the lane holds nothing to be sent: all that is left of the stream is under way or settled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gathered.inputs.is_empty() && self.ready.is_empty() && self.parked_records == 0
    }

    fn insert_slot(&mut self, hash: u64, parked: VecDeque<Input>) {
        let place = self.gathered.inputs.len();
        self.slots.insert(hash, Slot { batch: self.gathered.number, place, parked });
    }

    fn gather(&mut self, now: Moment, input: Input) {
        self.gathered.since.get_or_insert(now);
        if self.gathered.inputs.is_empty() {
            self.gathered.inputs.reserve_exact(self.limits.inputs.min(USUAL_BATCH));
        }
        self.gathered.records += input.records();
        self.gathered.bytes += input.size();
        self.gathered.inputs.push(input);
        self.close_if_full();
    }

    fn close_if_full(&mut self) {
        if self.gathered.inputs.len() >= self.limits.inputs
            || self.gathered.records >= self.limits.records
            || self.gathered.bytes >= self.limits.bytes
        {
            self.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::ledger::Ledger;
    use super::super::record::{Body, BodyParts};
    use super::*;

    const NOW: Moment = Duration::ZERO;

    struct Bench {
        ledger: Ledger,
        lane: Lane,
        hash: fn(&[u8]) -> u64,
        sent: u32,
    }

    impl Bench {
        fn new(inputs: usize, merging: Merging, hash: fn(&[u8]) -> u64) -> Self {
            let mut ledger = Ledger::default();
            let _only_stream = ledger.add_stream();
            let limits = BatchLimits { inputs, records: 1000, bytes: 1 << 20 };
            Self { ledger, lane: Lane::new(limits, merging), hash, sent: 0 }
        }

        /// Pushes a record whose data is its running number.
        fn push(&mut self, key: &str) {
            let ticket = self.ledger.enter(super::super::ledger::StreamIndex(0));
            let data = self.sent.to_string();
            self.sent += 1;
            let body =
                Body::new(BodyParts { key: Some(key), data: &data, ..BodyParts::default() }, self.hash);
            self.lane.push(NOW, Record { ticket, body });
        }

        fn batch(&mut self) -> Vec<(String, Vec<String>)> {
            self.lane.flush();
            let inputs = self.lane.take_ready().unwrap_or_default();
            inputs
                .iter()
                .map(|input| {
                    let key = input.key().unwrap_or_default().to_owned();
                    (key, input.parts().map(|part| part.body.data().to_owned()).collect())
                })
                .collect()
        }
    }

    fn by_length(key: &[u8]) -> u64 {
        key.len() as u64
    }

    fn by_bytes(key: &[u8]) -> u64 {
        key.iter().fold(7, |hash, byte| hash * 31 + u64::from(*byte))
    }

    fn own(list: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
        list.iter()
            .map(|(key, parts)| ((*key).into(), parts.iter().map(|part| (*part).into()).collect()))
            .collect()
    }

    #[test]
    fn equal_keys_merge_while_gathered_and_wait_once_sent() {
        let mut bench = Bench::new(100, Merging::Allowed, by_bytes);
        for key in ["a", "b", "a"] {
            bench.push(key);
        }
        assert_eq!(bench.batch(), own(&[("a", &["0", "2"]), ("b", &["1"])]));
        for key in ["a", "c", "a"] {
            bench.push(key);
        }
        assert_eq!(bench.batch(), own(&[("c", &["4"])]), "both records of a wait, nothing else does");
        assert!(!bench.lane.is_empty());
        bench.lane.settled(NOW, by_bytes(b"a"));
        assert_eq!(bench.batch(), own(&[("a", &["3", "5"])]));
        for key in [b"a", b"b", b"c"] {
            bench.lane.settled(NOW, by_bytes(key));
        }
        assert!(bench.lane.is_empty() && bench.lane.slots.is_empty());
    }

    #[test]
    fn keys_that_share_a_hash_take_effect_in_the_order_they_came() {
        for merging in [Merging::Allowed, Merging::Never] {
            let mut bench = Bench::new(100, merging, by_length);
            for key in ["a", "b", "a", "b", "b", "a", "a"] {
                bench.push(key);
            }
            let mut order = Vec::new();
            loop {
                let batch = bench.batch();
                let [(key, parts)] = &batch[..] else { break };
                assert!(merging == Merging::Allowed || parts.len() == 1);
                order.extend(parts.iter().map(|part| format!("{key}{part}")));
                bench.lane.settled(NOW, 1);
            }
            assert_eq!(order, ["a0", "b1", "a2", "b3", "b4", "a5", "a6"]);
            assert!(bench.lane.is_empty() && bench.lane.slots.is_empty());
        }
    }

    #[test]
    fn records_that_may_not_merge_go_one_after_the_other() {
        let mut bench = Bench::new(100, Merging::Never, by_bytes);
        for key in ["a", "a", "a"] {
            bench.push(key);
        }
        for expected in ["0", "1", "2"] {
            assert_eq!(bench.batch(), own(&[("a", &[expected])]));
            bench.lane.settled(NOW, by_bytes(b"a"));
        }
        assert!(bench.lane.is_empty());
    }

    #[test]
    fn a_full_batch_closes_by_itself() {
        let mut bench = Bench::new(2, Merging::Allowed, by_bytes);
        bench.push("a");
        assert!(!bench.lane.has_ready() && bench.lane.gathering_since() == Some(NOW));
        bench.push("b");
        assert!(bench.lane.has_ready() && bench.lane.gathering_since().is_none());
    }

    #[test]
    fn records_and_bytes_close_a_batch_too() {
        let limits = BatchLimits { inputs: 100, records: 3, bytes: 1 << 20 };
        let mut bench = Bench::new(100, Merging::Allowed, by_bytes);
        bench.lane = Lane::new(limits, Merging::Allowed);
        for key in ["a", "a", "a", "a", "a"] {
            bench.push(key);
        }
        assert_eq!(bench.batch(), own(&[("a", &["0", "1", "2"])]));
        bench.lane.settled(NOW, by_bytes(b"a"));
        assert_eq!(bench.batch(), own(&[("a", &["3", "4"])]));

        bench.lane = Lane::new(BatchLimits { inputs: 100, records: 1000, bytes: 1 }, Merging::Allowed);
        bench.push("a");
        assert!(bench.lane.has_ready());
    }

    #[test]
    fn what_waits_merges_up_to_the_limit_and_goes_in_order() {
        let mut bench = Bench::new(100, Merging::Allowed, by_bytes);
        bench.lane = Lane::new(BatchLimits { inputs: 1, records: 2, bytes: 1 << 20 }, Merging::Allowed);
        for _ in 0..6 {
            bench.push("a");
        }
        for expected in [&["0"][..], &["1", "2"], &["3", "4"], &["5"]] {
            assert_eq!(bench.batch(), own(&[("a", expected)]));
            bench.lane.settled(NOW, by_bytes(b"a"));
        }
        assert!(bench.lane.is_empty() && bench.lane.slots.is_empty());
    }

    #[test]
    fn more_is_expected_while_what_is_parked_waits_for_an_earlier_batch() {
        let mut bench = Bench::new(100, Merging::Never, by_bytes);
        for key in ["a", "a", "a"] {
            bench.push(key);
        }
        assert!(!bench.lane.expects_more(), "what waits for this very batch will not be in it");
        bench.batch();
        bench.push("b");
        assert!(bench.lane.expects_more());
        bench.lane.settled(NOW, by_bytes(b"a"));
        assert!(!bench.lane.expects_more(), "the third waits for the second");
        assert_eq!(bench.batch(), own(&[("b", &["3"]), ("a", &["1"])]));
        assert!(bench.lane.expects_more());
        for _ in 0..2 {
            bench.lane.settled(NOW, by_bytes(b"a"));
            bench.batch();
        }
        assert!(!bench.lane.expects_more() && bench.lane.followed == 0);
    }

    #[test]
    fn what_waited_ages_from_the_moment_it_is_gathered() {
        let mut bench = Bench::new(100, Merging::Allowed, by_bytes);
        bench.push("a");
        bench.batch();
        bench.push("a");
        assert_eq!(bench.lane.gathering_since(), None);
        bench.lane.settled(Duration::from_secs(9), by_bytes(b"a"));
        assert_eq!(bench.lane.gathering_since(), Some(Duration::from_secs(9)));
    }

    #[test]
    fn records_without_a_key_are_inputs_of_their_own_whatever_their_hash() {
        let mut bench = Bench::new(100, Merging::Allowed, by_length);
        for _ in 0..3 {
            let ticket = bench.ledger.enter(super::super::ledger::StreamIndex(0));
            let body = Body::new(BodyParts { data: "x", ..BodyParts::default() }, by_length);
            bench.lane.push(NOW, Record { ticket, body });
        }
        assert_eq!(bench.batch(), own(&[("", &["x"]), ("", &["x"]), ("", &["x"])]));
        assert!(bench.lane.is_empty() && bench.lane.slots.is_empty());
    }

    #[test]
    fn a_lane_that_is_discarded_begins_anew() {
        let mut bench = Bench::new(1, Merging::Allowed, by_bytes);
        for key in ["a", "a", "b"] {
            bench.push(key);
        }
        bench.lane.discard();
        assert!(bench.lane.is_empty() && !bench.lane.has_ready());
        bench.push("a");
        assert_eq!(bench.batch(), own(&[("a", &["3"])]));
    }
}
