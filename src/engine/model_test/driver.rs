//! Plays one script to the engine and to the model, and compares them after every event.

use std::collections::VecDeque;
use std::time::Duration;

use super::super::Moment;
use super::super::batch::SendId;
use super::super::lane::Merging;
use super::super::ledger::StreamIndex;
use super::super::operation::Operation;
use super::super::record::{Body, BodyParts};
use super::super::rejection::Rejection;
use super::super::sync::{Counts, Durability, Effect, Next, Note, Sync};
use super::conversation::Conversation;
use super::errors;
use super::hubspot::{self, Hubspot};
use super::oracle::{Arrival, Fate, Id, Oracle, RecordFacts, StateFacts};
use super::script::{Headers, How, Item, Nature, Properties, Setup, Step, StreamSetup};
use super::words::{End, Notice, Said, Scene, Verdict, Why};
use crate::api::RateHeaders;
use crate::bound::Bound;
use crate::error::{Failure, Kind};

/// Both sides of the comparison.
pub(super) struct Driver<'a> {
    pub setup: &'a Setup,
    pub sync: Sync,
    pub now: Moment,
    pub oracle: Oracle,
    pub conversation: Conversation,
    pub hubspot: Hubspot,
    pub streams: Vec<StreamSetup>,
    /// Streams that were given up.
    given_up: Vec<bool>,
    /// What the script has said and the engine has not taken yet.
    pub waiting: VecDeque<(Item, bool)>,
    pub phase: Phase,
    /// Whether the sync was told to stop.
    stopped: bool,
    /// Why the sync ends early, as far as the model can tell it beforehand.
    failure: Option<Expected>,
    /// What must be printed as rejected before the next comparison.
    due: Vec<(Id, Why)>,
    /// What may be rejected after server errors.
    perhaps_due: Option<Id>,
    notices: VecDeque<Notice>,
    /// Streams of which one record too many was rejected.
    exceeded: Vec<usize>,
}

/// How far the sync is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Reading,
    Draining,
    Stopping,
    Finished,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Expected {
    Exactly(Failure),
    OfKind(Kind),
}

impl<'a> Driver<'a> {
    pub(super) fn new(setup: &'a Setup) -> Self {
        let mut driver = Self {
            setup,
            sync: Sync::new(setup.settings),
            now: Duration::ZERO,
            oracle: Oracle::new(setup.settings.durability),
            conversation: Conversation::default(),
            hubspot: Hubspot::new(setup.seed),
            streams: Vec::new(),
            given_up: Vec::new(),
            waiting: VecDeque::new(),
            phase: Phase::Reading,
            stopped: false,
            failure: None,
            due: Vec::new(),
            perhaps_due: None,
            notices: VecDeque::new(),
            exceeded: Vec::new(),
        };
        for stream in &setup.streams {
            driver.add_stream(*stream);
        }
        driver
    }

    /// Plays the steps, then lets the sync end.
    pub(super) fn play(mut self, steps: &[Step]) {
        for step in steps {
            self.step(*step);
            if self.phase == Phase::Finished {
                break;
            }
        }
        self.end();
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Input { item, glued } => {
                self.waiting.push_back((item, glued));
                self.read();
            }
            Step::Start { most } => {
                for _ in 0..most {
                    if !matches!(self.next(), Next::Call(_)) {
                        break;
                    }
                }
            }
            Step::Advance(time) => self.now += time,
            Step::Answer { call, how, headers } => {
                if !self.conversation.under_way.is_empty() {
                    let call = call % self.conversation.under_way.len();
                    self.answer(call, how, headers);
                }
            }
            Step::Stored { percent } => self.stored(self.oracle.rejections() * percent / 100),
            Step::Stop { failure } => self.stop(failure.then(|| Failure::new(Kind::Internal, "stopped"))),
        }
    }

    /// Takes input the way the shell does: asks once, then takes everything that came in one read.
    pub(super) fn read(&mut self) {
        while let Some((item, _)) = self.waiting.front().copied().filter(|_| self.sync.wants_input()) {
            self.waiting.pop_front();
            self.take(item);
            while let Some((item, true)) = self.waiting.front().copied() {
                self.waiting.pop_front();
                self.take(item);
            }
        }
    }

    fn take(&mut self, item: Item) {
        match item {
            Item::Record { stream, .. } => {
                self.record(stream % self.streams.len(), item);
            }
            Item::Unsendable { stream } => {
                let stream = stream % self.streams.len();
                let body = self.body(BodyParts::default(), 0);
                self.due.push((self.oracle.next_id(), Why::Connector));
                self.oracle.arrive(Arrival::Record(RecordFacts {
                    stream,
                    key: None,
                    operation: self.streams[stream].operation,
                    nature: Nature::Poison,
                    has_properties: false,
                    sequel: false,
                    record_id: None,
                    size: 0,
                    fate: Fate::Open,
                    excess: false,
                }));
                let rejection = Rejection::by_connector("MODEL_UNSENDABLE", None, "");
                self.sync.received_unsendable(index(stream), body, rejection);
            }
            Item::StreamState { stream, padding } => {
                let stream = stream % self.streams.len();
                let raw = self.arrive_state(Some(stream), padding);
                self.sync.received_stream_state(index(stream), raw);
            }
            Item::SharedState { padding } => {
                let raw = self.arrive_state(None, padding);
                self.sync.received_shared_state(raw);
            }
            Item::Skipped { stream } => self.skipped(stream % self.streams.len()),
            Item::NewStream(stream) => self.add_stream(stream),
            Item::StreamFails { stream } => {
                let stream = stream % self.streams.len();
                self.give_up(stream);
                self.sync.stream_failed(index(stream), errors::stream_gone());
            }
        }
        self.compare();
    }

    fn record(&mut self, stream: usize, item: Item) {
        let Item::Record { key, nature, padding, properties, sequel, deleted, .. } = item else { return };
        let setup = self.streams[stream];
        let of_its_own = setup.deletion.filter(|_| deleted);
        let operation = of_its_own.unwrap_or(setup.operation);
        let properties = if of_its_own.is_some() { Properties::None } else { properties };
        let takes_two = matches!(operation, Operation::Upsert | Operation::Update(_));
        let sequel = sequel && takes_two && properties != Properties::None;
        let record_id = hubspot::record_id(&setup, key);
        let key = (!setup.keyless).then(|| hubspot::key_text(key));
        let parts = BodyParts {
            key: key.as_deref(),
            properties: hubspot::members(properties),
            sequel: if sequel { hubspot::SEQUEL } else { b"" },
            operation: of_its_own,
            ..BodyParts::default()
        };
        let body = self.body(parts, padding);
        let refused = self.given_up[stream] || self.phase == Phase::Stopping;
        self.oracle.arrive(Arrival::Record(RecordFacts {
            stream,
            key,
            operation,
            nature,
            has_properties: properties != Properties::None,
            sequel,
            record_id,
            size: body.size(),
            fate: if refused { Fate::Lost } else { Fate::Open },
            excess: false,
        }));
        self.sync.received(self.now, index(stream), body);
    }

    /// A record with which nothing is to be done: it settles as it arrives.
    fn skipped(&mut self, stream: usize) {
        let id = self.oracle.next_id();
        self.oracle.arrive(Arrival::Record(RecordFacts {
            stream,
            key: None,
            operation: self.streams[stream].operation,
            nature: Nature::Good,
            has_properties: false,
            sequel: false,
            record_id: Some("skipped".to_owned()),
            size: 0,
            fate: Fate::Open,
            excess: false,
        }));
        self.oracle.accept(id);
        self.conversation.counts[stream].skipped += 1;
        self.sync.received_skipped(index(stream));
    }

    fn body(&self, parts: BodyParts<'_>, padding: usize) -> Body {
        let (data, meta) = (self.oracle.next_id().to_string(), "m".repeat(padding));
        let hashes = self.setup.hashes;
        let parts = BodyParts { data: &data, meta: &meta, ..parts };
        Body::new(parts, |key| key.iter().fold(7, |hash: u64, byte| hash * 31 + u64::from(*byte)) % hashes)
    }

    fn arrive_state(&mut self, stream: Option<usize>, padding: usize) -> Box<str> {
        let raw = format!("{:>padding$}", self.oracle.next_id());
        let lost = self.oracle.loses(stream);
        self.oracle.arrive(Arrival::State(StateFacts { stream, size: raw.len(), out: false, lost }));
        raw.into()
    }

    fn add_stream(&mut self, stream: StreamSetup) {
        let merging = if stream.keyless { Merging::Never } else { stream.merging };
        let added = self.sync.add_stream(stream.operation, stream.limits, merging);
        assert_eq!(added, index(self.streams.len()));
        self.streams.push(stream);
        self.given_up.push(false);
        self.conversation.counts.push(Counts::default());
    }

    fn give_up(&mut self, stream: usize) {
        self.given_up[stream] = true;
        self.oracle.arrive(Arrival::Gone { stream });
        self.lose(stream);
        self.input_is_over(Some(errors::stream_gone()));
    }

    /// What a stream that was given up still holds never settles, but for calls under way.
    fn lose(&mut self, stream: usize) {
        let under_way: Vec<Id> = self.conversation.under_way.iter().flat_map(|call| call.parts()).collect();
        self.oracle.lose(stream, &under_way);
    }

    fn input_is_over(&mut self, failure: Option<Failure>) {
        self.fails(failure.map(Expected::Exactly));
        if self.phase == Phase::Reading {
            self.phase = Phase::Draining;
        }
    }

    fn stops(&mut self) {
        (self.phase, self.stopped) = (Phase::Stopping, true);
    }

    /// The first failure is the one that counts.
    fn fails(&mut self, failure: Option<Expected>) {
        self.failure = self.failure.take().or(failure);
    }

    /// The input ends.
    pub(super) fn end_input(&mut self, failure: Option<Failure>) {
        self.input_is_over(failure.clone());
        self.sync.input_ended(failure);
        self.compare();
    }

    fn stop(&mut self, failure: Option<Failure>) {
        self.fails(failure.clone().map(Expected::Exactly));
        self.stops();
        self.sync.stop(failure);
        self.compare();
    }

    /// Storage has the first so many rejections.
    pub(super) fn stored(&mut self, number: u64) {
        if self.setup.settings.durability == Durability::Stored {
            self.oracle.rejections_stored(number);
            self.sync.rejections_stored(number);
            self.compare();
        }
    }

    /// Asks what to do and checks that it may be done.
    pub(super) fn next(&mut self) -> Next {
        let next = self.sync.next(self.now);
        let idle = self.conversation.under_way.is_empty();
        let open = self.oracle.has_open_records();
        match &next {
            Next::Call(id) => {
                assert_ne!(self.phase, Phase::Stopping, "a call starts although the sync stops");
                let send = self.sync.call(*id).expect("a call that starts has inputs");
                let stream = send.stream.0 as usize;
                assert!(!self.given_up[stream], "a call starts for a stream that was given up");
                self.conversation.started(send, &self.streams[stream], &self.oracle);
            }
            Next::Wait(moment) => {
                assert!(moment.is_none_or(|moment| moment > self.now), "waits for the past");
                match self.phase {
                    Phase::Stopping => assert!(!idle && moment.is_none(), "nothing is left to wait for"),
                    Phase::Draining => assert!(!idle || (open && moment.is_some()), "nothing to wait for"),
                    // What was left out twice by whole answers may wait for another answer, or for the end.
                    Phase::Reading => assert!(
                        !idle || !open || moment.is_some() || self.conversation.doubts(&self.oracle),
                        "waits forever"
                    ),
                    Phase::Finished => panic!("waits after the end"),
                }
            }
            Next::Finished => {
                assert!(idle, "finished while calls are under way");
                assert!(
                    self.phase == Phase::Stopping || (self.phase == Phase::Draining && !open),
                    "finished early"
                );
                self.phase = Phase::Finished;
            }
        }
        self.compare();
        next
    }

    /// A call under way is answered.
    pub(super) fn answer(&mut self, call: usize, how: How, headers: Headers) {
        let call = self.conversation.under_way[call].clone();
        let (outcome, said) = self.hubspot.answer(&call, how, self.setup.impatient(), &self.oracle);
        let headers = rate_headers(headers);
        if headers.is_some_and(|headers| headers.daily_remaining == Some(9)) {
            self.fails(Some(Expected::OfKind(Kind::QuotaSpent)));
            self.stops();
        }
        self.sync.answered(self.now, call.id, outcome, headers.as_ref());
        self.judge(call.id, call.stream, &said);
        self.compare();
    }

    fn judge(&mut self, id: SendId, stream: usize, said: &Said) {
        let scene = Scene {
            now: self.now,
            budget: self.setup.settings.retry_budget,
            given_up: self.given_up[stream],
            lost_patience: self.phase != Phase::Stopping && !self.sync.admits_calls(),
            oracle: &self.oracle,
        };
        let Verdict { accepted, rejected, perhaps_rejected, notices, end } =
            self.conversation.answered(id, said, scene);
        for id in accepted {
            self.oracle.accept(id);
        }
        self.due.extend(rejected);
        self.perhaps_due = perhaps_rejected;
        self.notices.extend(notices);
        if let Some(End::Silence | End::Patience) = end {
            self.fails(Some(Expected::OfKind(Kind::Unavailable)));
            self.stops();
        }
        match said {
            Said::StreamGone => self.give_up(stream),
            Said::SyncGone => {
                self.fails(Some(Expected::Exactly(errors::sync_gone())));
                self.stops();
            }
            _ => {}
        }
    }

    /// Both sides agree on everything that can be seen.
    fn compare(&mut self) {
        let effects: Vec<Effect> = self.sync.take_effects().collect();
        for effect in effects {
            match effect {
                Effect::Rejected(stream, body, rejection) => self.rejected(stream, &body, &rejection),
                Effect::State(state) => {
                    let id = state.raw.trim().parse().expect("a state's text is its number");
                    self.oracle.state_is_out(id, state.stats);
                }
                Effect::Warned(..) | Effect::Missed(..) => {
                    panic!("no remark and no lost property in the model")
                }
                Effect::Note(note) => {
                    let told = match note {
                        Note::Waiting(..) => Notice::Waiting,
                        Note::Recovered(failures) => Notice::Recovered(failures),
                        Note::MayExist(..) => panic!("not yet"),
                        Note::Spared(..) => panic!("no stream of the model mirrors a list"),
                    };
                    assert_eq!(Some(told), self.notices.pop_front());
                }
            }
        }
        for stream in std::mem::take(&mut self.exceeded) {
            self.fails(Some(Expected::OfKind(Kind::Configuration)));
            self.give_up(stream);
        }
        self.perhaps_due = None;
        assert_eq!(self.due, [], "not rejected");
        assert_eq!(self.notices, [], "not told");
        for stream in 0..self.streams.len() {
            if self.given_up[stream] {
                self.lose(stream);
            }
        }
        self.oracle.check_nothing_is_kept(self.sync.wants_storage_flushed());
        for (stream, totals) in self.oracle.totals(self.streams.len()).into_iter().enumerate() {
            assert_eq!(self.sync.totals(index(stream)), totals, "totals of stream {stream}");
            let counts = self.sync.counts(index(stream));
            // How long the engine waits is not the model's to know.
            let Counts { repeats, waited, turned_away, .. } = counts;
            assert_eq!(counts, Counts { repeats, waited, turned_away, ..self.conversation.counts[stream] });
        }
        assert_eq!(self.sync.rejections(), self.oracle.rejections());
        assert_eq!(self.sync.calls_under_way(), self.conversation.under_way.len());
        let failed_as_expected = match (&self.failure, self.sync.failure()) {
            (None, None) => true,
            (Some(Expected::Exactly(expected)), Some(failure)) => expected == failure,
            (Some(Expected::OfKind(kind)), Some(failure)) => *kind == failure.kind,
            _ => false,
        };
        assert!(failed_as_expected, "{:?} instead of {:?}", self.sync.failure(), self.failure);
        let has_room = self.oracle.held_bytes() < self.setup.settings.buffer_bytes;
        assert_eq!(self.sync.has_room(), self.phase == Phase::Reading && has_room);
        assert!(self.sync.has_room() || !self.sync.wants_input());
    }

    fn rejected(&mut self, stream: StreamIndex, body: &Body, rejection: &Rejection) {
        let id: Id = body.data().parse().expect("data is the record's number");
        if self.perhaps_due == Some(id) {
            self.due.push((id, Why::ServerError));
        }
        let place = self.due.iter().position(|(due, _)| *due == id);
        let Some(place) = place else { panic!("{id} is rejected as {}", rejection.code) };
        let (_, why) = self.due.swap_remove(place);
        let code = match why {
            Why::Hubspot => "MODEL_POISON",
            Why::NotFound => "NOT_FOUND",
            Why::NotConfirmed => "NOT_CONFIRMED",
            Why::ServerError => "SERVER_ERROR",
            Why::Connector => "MODEL_UNSENDABLE",
        };
        assert_eq!((rejection.code.as_ref(), stream), (code, index(self.oracle.record(id).stream)), "{id}");
        self.oracle.reject(id);
        if let Some(Bound::Count(limit)) = self.setup.settings.rejection_limit
            && self.oracle.exceeds(id, limit)
        {
            self.exceeded.push(stream.0 as usize);
        }
    }

    /// Whether the sync ended as it should, so that nothing may be left.
    pub(super) fn ended_well(&self) -> bool {
        self.failure.is_none() && !self.stopped && self.given_up.iter().all(|given_up| !given_up)
    }
}

fn index(stream: usize) -> StreamIndex {
    StreamIndex(u32::try_from(stream).expect("few streams"))
}

/// The headers themselves.
pub(super) fn rate_headers(headers: Headers) -> Option<RateHeaders> {
    let window = |max| RateHeaders {
        max: Some(max),
        remaining: Some(max / 2),
        interval_ms: Some(10_000),
        daily: Some(1_000),
        daily_remaining: Some(900),
        ..RateHeaders::default()
    };
    match headers {
        Headers::None => None,
        Headers::Unannounced => Some(RateHeaders::default()),
        Headers::Wide => Some(window(200)),
        Headers::Narrow => Some(window(2)),
        Headers::DailyNearlySpent => Some(RateHeaders { daily_remaining: Some(9), ..window(200) }),
    }
}
