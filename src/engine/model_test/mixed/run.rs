//! One sync: streams of random kinds, what arrives on them, and when what happens.

use std::collections::HashSet;
use std::time::Duration;

use super::super::super::Moment;
use super::super::super::batch::{Input, Send, SendId};
use super::super::super::ledger::StreamIndex;
use super::super::super::mirror::Chore;
use super::super::super::operation::Operation;
use super::super::super::rejection::Rejection;
use super::super::super::request;
use super::super::super::sync::{Durability, Effect, Next, Note, Outcome, Settings, Sync};
use super::super::driver::rate_headers;
use super::super::errors;
use super::super::script::{Headers, chance};
use super::account::{Account, BEGAN_AT, Call};
use super::kinds::{KINDS, Kind, LINKING, Labelled, MAKING, Stream};
use super::rows::{Asks, Id, Natures, Row};
use crate::error::{Failure, Kind as FailureKind};
use crate::protocol::state::DestinationStats;

/// Steps after which a sync that has not ended is taken to stand still.
const MOST_STEPS: usize = 50_000;

/// A state of the input.
#[derive(Debug)]
pub(super) struct State {
    /// The stream it covers; none for all.
    pub(super) stream: Option<usize>,
    /// How many records came before it.
    pub(super) rows: usize,
    pub(super) size: usize,
    pub(super) is_out: bool,
    /// How many streams there were.
    pub(super) streams: usize,
    /// Streams that were given up before it came.
    pub(super) given_up: Vec<usize>,
}

/// A sync, its account, and all that arrived.
pub(super) struct Run {
    pub(super) rng: fastrand::Rng,
    pub(super) sync: Sync,
    pub(super) settings: Settings,
    pub(super) now: Moment,
    pub(super) account: Account,
    pub(super) streams: Vec<Stream>,
    pub(super) rows: Vec<Row>,
    pub(super) states: Vec<State>,
    pub(super) natures: Natures,
    /// The kinds of its streams.
    focus: &'static [Kind],
    /// Whether streams of pairs wait for their ends.
    pub(super) awaits: bool,
    under_way: Vec<SendId>,
    /// Records and states that are still to come.
    left: usize,
    pub(super) input_is_over: bool,
    pub(super) given_up: HashSet<usize>,
    /// Whether nothing may be sent any more, as far as can be known.
    pub(super) is_stopped: bool,
    /// Reasons to fail that were given.
    pub(super) reasons: Vec<FailureKind>,
    /// Records of each stream that came and that were rejected.
    pub(super) counts: Vec<(u64, u64)>,
    /// Bytes of the smallest record that is held until it settles, and of the largest; of the states that wait.
    pub(super) sizes: (usize, usize),
    pub(super) kept: usize,
    pub(super) rejections: u64,
    pub(super) stored: u64,
    /// Streams whose lists were left as they are.
    pub(super) spared: HashSet<usize>,
}

pub(super) fn index(stream: usize) -> StreamIndex {
    StreamIndex(u32::try_from(stream).expect("few streams"))
}

/// The records that an input is made of; none where it is a pair that another record asked for.
fn rows_of(input: &Input) -> Vec<Id> {
    if input.part_of.is_some() {
        return Vec::new();
    }
    input.parts().map(|part| part.body.data().parse().expect("data is the row's number")).collect()
}

impl Run {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut account = Account::new(rng.u64(..));
        account.trouble = [0, 10, 25, 60][rng.usize(..4)];
        account.patience = rng.u32(..60);
        account.ends_early = chance(&mut rng, 20);
        let settings = Settings {
            buffer_bytes: if chance(&mut rng, 25) { rng.usize(1..9_000) } else { 1 << 22 },
            flush_interval: Duration::from_millis(rng.u64(1..6_000)),
            retry_budget: Duration::from_secs(rng.u64(200..20_000)),
            rate_limit_share: if chance(&mut rng, 80) { 100 } else { rng.u8(1..=100) },
            daily_reserve_percent: 5,
            seed,
            durability: if chance(&mut rng, 30) { Durability::Stored } else { Durability::Printed },
            rejection_limit: None,
            began_at: BEGAN_AT,
        };
        let mut natures = Natures::default();
        if chance(&mut rng, 50) {
            natures = Natures { poison: 12, mute: rng.u8(..6), crashing: rng.u8(..3) };
        }
        // Some have more of what depends on each other.
        let focus = [&KINDS[..], &KINDS, &KINDS, &MAKING, &LINKING][rng.usize(..5)];
        let mut run = Self {
            focus,
            sync: Sync::new(settings),
            settings,
            now: Duration::ZERO,
            account,
            streams: Vec::new(),
            rows: Vec::new(),
            states: Vec::new(),
            natures,
            awaits: rng.bool(),
            under_way: Vec::new(),
            left: rng.usize(1..70),
            input_is_over: false,
            given_up: HashSet::new(),
            is_stopped: false,
            reasons: Vec::new(),
            counts: Vec::new(),
            sizes: (usize::MAX, 0),
            kept: 0,
            rejections: 0,
            stored: 0,
            spared: HashSet::new(),
            rng,
        };
        for _ in 0..run.rng.usize(1..=5) {
            let kind = run.kind();
            run.add_stream(kind);
            // What pairs and lists need comes in the same sync as often as not.
            if matches!(kind, Kind::Associate(..) | Kind::Members(_) | Kind::Mirror) && run.rng.bool() {
                run.add_stream(Kind::Contacts);
                run.add_stream(Kind::Companies);
            }
        }
        run
    }

    /// The kind of a further stream.
    fn kind(&mut self) -> Kind {
        let kinds = self.focus;
        let kind = kinds[self.rng.usize(..kinds.len())];
        // HubSpot has no way to add a label to those a pair has: of two streams at once one may lose the other's.
        let clash = |one: Kind, other: Kind| {
            one == Kind::Linked && matches!(other, Kind::Associate(_, Labelled::Yes))
        };
        let clashes = |stream: &Stream| clash(stream.kind, kind) || clash(kind, stream.kind);
        if self.streams.iter().any(clashes) { Kind::Contacts } else { kind }
    }

    fn add_stream(&mut self, kind: Kind) {
        let stream = Stream::new(kind, self.streams.len(), self.awaits, &mut self.rng);
        self.account.prepare(self.streams.len(), &stream);
        let operation = kind.operation();
        let number = self.sync.add_stream(operation, stream.limits, operation.merging());
        assert_eq!(number, index(self.streams.len()));
        if let Some(list) = &stream.mirrors {
            self.sync.mirror(number, list.as_str().into(), None);
        }
        self.sync.await_ends(number, stream.awaited);
        for (link, _) in &stream.links {
            self.sync.link(number, link.clone(), stream.awaited);
        }
        self.streams.push(stream);
        self.counts.push((0, 0));
    }

    /// Plays it to its end.
    pub(super) fn play(mut self) {
        for step in 0.. {
            assert!(step < MOST_STEPS, "no end: {:?}", self.sync);
            if self.left > 0 && chance(&mut self.rng, 50) && self.sync.wants_input() {
                self.read();
            } else if self.left == 0
                && !self.input_is_over
                && chance(&mut self.rng, 20)
                && self.sync.wants_input()
            {
                self.end_input();
            } else if self.account.ends_early && self.rng.u16(..400) == 0 {
                self.stop();
            } else if !self.under_way.is_empty() && chance(&mut self.rng, 30) {
                self.answer();
            } else {
                match self.sync.next(self.now) {
                    Next::Call(id) => self.started(id),
                    Next::Wait(moment) => self.wait(moment),
                    Next::Finished => break,
                }
            }
            self.look();
        }
        self.look();
        self.store(self.rejections);
        self.look();
        self.conclude();
    }

    /// Takes what came in one read, asked for once.
    fn read(&mut self) {
        for _ in 0..self.rng.usize(1..=4).min(self.left) {
            self.left -= 1;
            self.take();
        }
    }

    fn take(&mut self) {
        let stream = self.rng.usize(..self.streams.len());
        match self.rng.u8(..100) {
            0..14 => {
                let raw = self.arrives(Some(stream));
                self.sync.received_stream_state(index(stream), raw);
            }
            14..20 => {
                let raw = self.arrives(None);
                self.sync.received_shared_state(raw);
            }
            20 => {
                self.arrived(Row { stream, ..Row::unsent(Asks::Skipped) });
                self.sync.received_skipped(index(stream));
            }
            21..23 => {
                let row = Row { stream, ..Row::unsent(Asks::Unsendable) };
                let body = row.body(self.streams[stream].kind, self.rows.len());
                self.arrived(row);
                let rejection = Rejection::by_connector("UNSENDABLE", None, "");
                self.sync.received_unsendable(index(stream), body, rejection);
            }
            23 => {
                let kind = self.kind();
                self.add_stream(kind);
            }
            24 if self.account.ends_early && self.rng.bool() => {
                self.give_up(stream);
                self.sync.stream_failed(index(stream), errors::stream_gone());
            }
            _ => {
                let row = Row::drawn(&self.streams[stream], self.natures, &mut self.rng);
                let body = row.body(self.streams[stream].kind, self.rows.len());
                let size = body.size();
                self.sizes = (self.sizes.0.min(size), self.sizes.1.max(size));
                self.arrived(Row { stream, ..row });
                self.sync.received(self.now, index(stream), body);
            }
        }
    }

    fn arrived(&mut self, row: Row) {
        self.counts[row.stream].0 += 1;
        self.rows.push(row);
    }

    fn arrives(&mut self, stream: Option<usize>) -> Box<str> {
        let padding = if chance(&mut self.rng, 10) { self.rng.usize(..600) } else { 0 };
        let raw = format!("{:>padding$}", self.states.len());
        let given_up = self.given_up.iter().copied().collect();
        let (rows, size) = (self.rows.len(), raw.len());
        let streams = self.streams.len();
        self.kept += size;
        self.states.push(State { stream, rows, size, is_out: false, streams, given_up });
        raw.into()
    }

    /// Nothing is to be done before this moment, or before something happens.
    fn wait(&mut self, moment: Option<Moment>) {
        assert!(moment.is_none_or(|moment| moment > self.now), "waits for the past");
        let storage = self.sync.wants_storage_flushed();
        if !self.under_way.is_empty() && (moment.is_none() || chance(&mut self.rng, 80)) {
            self.answer();
        } else if let Some(number) = storage.filter(|_| chance(&mut self.rng, 50)) {
            self.store(number);
        } else if let Some(moment) = moment {
            self.now = moment;
        } else if self.left > 0 && self.sync.wants_input() {
            self.read();
        } else if !self.input_is_over && self.sync.wants_input() {
            self.end_input();
        } else {
            self.store(storage.expect("the sync waits for nothing"));
        }
    }

    fn end_input(&mut self) {
        let fails = self.account.ends_early && chance(&mut self.rng, 20);
        let failure = fails.then(|| Failure::new(FailureKind::SourceIncomplete, "cut off"));
        self.reasons.extend(failure.as_ref().map(|failure| failure.kind));
        self.input_is_over = true;
        self.sync.input_ended(failure);
    }

    fn store(&mut self, number: u64) {
        self.stored = self.stored.max(number);
        self.sync.rejections_stored(number);
    }

    fn stop(&mut self) {
        let failure = self.rng.bool().then(|| Failure::new(FailureKind::Internal, "stopped"));
        self.reasons.extend(failure.as_ref().map(|failure| failure.kind));
        self.is_stopped = true;
        self.sync.stop(failure);
    }

    fn give_up(&mut self, stream: usize) {
        self.given_up.insert(stream);
        self.reasons.push(FailureKind::Configuration);
        self.input_is_over = true;
    }

    fn started(&mut self, id: SendId) {
        let send = self.sync.call(id).expect("a call that starts has inputs");
        let stream = send.stream.0 as usize;
        assert!(!self.is_stopped, "a call starts although the sync stops");
        assert!(!self.given_up.contains(&stream), "a call starts for a stream that was given up");
        if send.chore.is_none() {
            let makes_pairs = matches!(self.streams[stream].kind.operation(), Operation::Association(..));
            // Pairs that waited for an end are gathered anew.
            let is_gathered_anew = send.link.is_some() || makes_pairs;
            let most = if is_gathered_anew { 2_000 } else { self.streams[stream].limits.inputs };
            assert!((1..=most).contains(&send.inputs.len()), "{} inputs", send.inputs.len());
        }
        if let Some(Chore::Remove { ids, .. }) = &send.chore {
            self.assert_may_leave(stream, ids);
        }
        self.under_way.push(id);
    }

    /// A call under way is answered.
    fn answer(&mut self) {
        if self.under_way.is_empty() {
            return;
        }
        let place = self.rng.usize(..self.under_way.len());
        let id = self.under_way.swap_remove(place);
        let send = self.sync.call(id).expect("a call under way");
        let number = send.stream.0 as usize;
        let outcome = self.account.answer(&call(send, &self.streams[number], &self.rows, self.now));
        match &outcome {
            Outcome::StreamFailed(_) => self.give_up(number),
            Outcome::SyncFailed(failure) => {
                self.reasons.push(failure.kind);
                self.is_stopped = true;
            }
            _ => {}
        }
        let headers = Headers::drawn(self.account.ends_early, &mut self.rng);
        if let Headers::DailyNearlySpent = headers {
            self.reasons.push(FailureKind::QuotaSpent);
            self.is_stopped = true;
        }
        self.sync.answered(self.now, id, outcome, rate_headers(headers).as_ref());
    }

    /// Takes what is printed, and holds it against what HubSpot has.
    fn look(&mut self) {
        let effects: Vec<Effect> = self.sync.take_effects().collect();
        for effect in effects {
            match effect {
                Effect::Rejected(stream, body, rejection) => {
                    let id: Id = body.data().parse().expect("data is the row's number");
                    self.rejections += 1;
                    self.counts[stream.0 as usize].1 += 1;
                    let row = &mut self.rows[id];
                    assert_eq!(index(row.stream), stream);
                    let before = row.rejected.replace((rejection.code.into_owned(), self.rejections));
                    assert_eq!(before, None, "{id} settles twice");
                }
                Effect::State(state) => {
                    let number = state.raw.trim().parse().expect("a state's text is its number");
                    let DestinationStats { accepted, rejected } = state.stats;
                    self.state_is_out(number, (accepted, rejected));
                }
                Effect::Note(Note::Spared(stream, _)) => {
                    self.spared.insert(stream.0 as usize);
                }
                Effect::Note(_) | Effect::Warned(..) | Effect::Missed(..) => {}
            }
        }
        self.check_counts();
        self.check_room();
    }
}

/// A call as the account gets it.
fn call<'a>(send: &'a Send, stream: &'a Stream, rows: &'a [Row], now: Moment) -> Call<'a> {
    let target = send.link.map_or(&stream.target, |link| &stream.links[usize::from(link.0)].1);
    let request = request::of(send, target);
    let body = if request.body.is_empty() {
        serde_json::Value::Null
    } else {
        serde_json::from_slice(&request.body).expect("a request is JSON")
    };
    let inputs = send.inputs.iter().map(rows_of).collect();
    Call { request, body, send, stream, inputs, rows, now }
}
