//! One sync: ties lanes, ledger, pace and retries together and says what to do next.
//!
//! **Invariant (bounded).** [`Sync::wants_input`] turns false when the records and states held exceed the
//! buffer; then whatever is gathered is sent, so that the bound cannot become a standstill.
//!
//! **Invariant (ends well).** However a sync ends, every state that leaves covers settled records only;
//! records that had not settled are simply not acknowledged, and come again in the next sync.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use super::Moment;
use super::batch::{Input, Send, SendId, Stage};
use super::lane::{BatchLimits, Lane, Merging};
use super::ledger::{Ledger, ReleasedState, StreamIndex, Totals};
use super::pace::{Pace, Permit};
use super::record::{Body, Record};
use super::rejection::Rejection;
use super::resolve::{self, Group, Resolution, Silence};
use super::retry::{self, Setback};
use crate::api::{ApiError, BatchAnswer, RateHeaders};
use crate::error::{Failure, Kind};

/// What a sync may use and how patient it is.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Bytes of records and states that may be held before input is left waiting.
    pub buffer_bytes: usize,
    /// Age at which a partial batch is sent although more input may come.
    pub flush_interval: Duration,
    /// Time without any complete answer before the sync gives up.
    pub retry_budget: Duration,
    /// Percent of the rate window this sync may use.
    pub rate_limit_share: u8,
    /// Percent of the daily quota that is left to others: the sync ends when less remains.
    pub daily_reserve_percent: u8,
    /// Seed of the jitter.
    pub seed: u64,
    /// When a rejected record counts as durable.
    pub durability: Durability,
}

/// When a rejected record counts as durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Once it is printed: stdout keeps the order, so it is out before any state that covers it.
    Printed,
    /// Once storage has it; the shell says so with [`Sync::rejections_stored`].
    Stored,
}

/// Something to print, in order.
#[derive(Debug)]
pub enum Effect {
    /// A record was rejected.
    Rejected(StreamIndex, Body, Rejection),
    /// A state may go out.
    State(ReleasedState),
    /// Something worth a line in the log.
    Note(Note),
}

/// What happened around the records, told once per episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// Calls have begun to fail for a reason outside the records; the first wait is given.
    Waiting(Setback, Option<u16>, Duration),
    /// A call has gone through again after so many failed ones.
    Recovered(u32),
}

/// What to do next.
#[derive(Debug)]
pub enum Next {
    /// Make the call for this send; [`Sync::call`] has its inputs.
    Call(SendId),
    /// Nothing before this moment, or before something happens when there is none.
    Wait(Option<Moment>),
    /// The sync is over: everything that can settle has settled.
    Finished,
}

/// What came of one call.
#[derive(Debug)]
pub enum Outcome {
    /// A 2xx answer with a body that was read.
    Itemised(BatchAnswer, Option<String>),
    /// A 204.
    Confirmed,
    /// A complete answer that refuses the request because of what is in it.
    Refused(ApiError),
    /// A 413.
    TooLarge(ApiError),
    /// A reason outside the records.
    Setback(Setback, Option<ApiError>, Option<Duration>),
    /// The stream cannot go on; the others settle what they hold.
    StreamFailed(Failure),
    /// Nothing can go on.
    SyncFailed(Failure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Input may come.
    Reading,
    /// No more input; what is held is sent.
    Draining,
    /// Nothing is sent any more; calls under way are awaited.
    Stopping,
}

/// Counts beyond the ledger's, for the summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records HubSpot made anew.
    pub created: u64,
    /// Records HubSpot changed.
    pub updated: u64,
    /// Records that were merged into an earlier one's call.
    pub merged: u64,
    /// Calls that were sent.
    pub calls: u64,
    /// Inputs in those calls.
    pub inputs: u64,
}

#[derive(Debug)]
struct Stream {
    lane: Lane,
    counts: Counts,
    failed: bool,
}

/// Consecutive batches met with silence, whole and repeated, that end the sync.
const MOST_SILENT_BATCHES: u32 = 3;
/// Server errors after which a batch is taken apart although nothing says that a record is at fault.
const FAILURES_BEFORE_HALVING: u32 = 4;
/// Server errors of a record sent alone, with other calls going through in between, that reject it.
const FAILURES_BEFORE_REJECTION: u32 = 5;

/// The state of a sync. See the module's invariants.
#[derive(Debug)]
pub struct Sync {
    settings: Settings,
    ledger: Ledger,
    streams: Vec<Stream>,
    turn: usize,
    pace: Pace,
    chance: fastrand::Rng,
    phase: Phase,
    failure: Option<Failure>,
    in_flight: HashMap<SendId, Send>,
    again: VecDeque<Send>,
    delayed: BTreeMap<(Moment, SendId), Send>,
    next_send: u64,
    held_bytes: usize,
    silent_batches: u32,
    successes: u64,
    stalled_since: Option<Moment>,
    failures_in_episode: u32,
    effects: VecDeque<Effect>,
}

impl Sync {
    /// A sync without streams.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            ledger: Ledger::default(),
            streams: Vec::new(),
            turn: 0,
            pace: Pace::new(settings.rate_limit_share),
            chance: fastrand::Rng::with_seed(settings.seed),
            phase: Phase::Reading,
            failure: None,
            in_flight: HashMap::new(),
            again: VecDeque::new(),
            delayed: BTreeMap::new(),
            next_send: 0,
            held_bytes: 0,
            silent_batches: 0,
            successes: 0,
            stalled_since: None,
            failures_in_episode: 0,
            effects: VecDeque::new(),
        }
    }

    /// Adds a stream; streams are numbered in the order they are added.
    pub fn add_stream(&mut self, limits: BatchLimits, merging: Merging) -> StreamIndex {
        self.streams.push(Stream {
            lane: Lane::new(limits, merging),
            counts: Counts::default(),
            failed: false,
        });
        self.ledger.add_stream()
    }

    // What happens.

    /// A record arrived.
    pub fn received(&mut self, now: Moment, stream: StreamIndex, body: Body) {
        let ticket = self.ledger.enter(stream);
        let target = &mut self.streams[stream.0 as usize];
        if target.failed || self.phase == Phase::Stopping {
            // Never settles, so no state that covers it can leave.
            return;
        }
        self.held_bytes += body.size();
        target.lane.push(now, Record { ticket, body });
    }

    /// A record arrived that cannot be sent.
    pub fn received_unsendable(&mut self, stream: StreamIndex, body: Body, rejection: Rejection) {
        let ticket = self.ledger.enter(stream);
        self.reject(Record { ticket, body }, rejection);
        self.release();
    }

    /// A state of one stream arrived.
    pub fn received_stream_state(&mut self, stream: StreamIndex, raw: Box<str>) {
        self.ledger.hold_stream_state(stream, raw);
        self.release();
    }

    /// A state of all streams arrived.
    pub fn received_shared_state(&mut self, raw: Box<str>) {
        self.ledger.hold_shared_state(raw);
        self.release();
    }

    /// The input is over; `failure` says why that is not as it should be.
    pub fn input_ended(&mut self, failure: Option<Failure>) {
        if let Some(failure) = failure {
            self.failure.get_or_insert(failure);
        }
        if self.phase == Phase::Reading {
            self.phase = Phase::Draining;
        }
        for stream in &mut self.streams {
            stream.lane.flush();
        }
    }

    /// Nothing more may be sent: a signal, a closed stdout, a failure outside HubSpot.
    pub fn stop(&mut self, failure: Option<Failure>) {
        if let Some(failure) = failure {
            self.failure.get_or_insert(failure);
        }
        self.phase = Phase::Stopping;
    }

    /// Storage has every rejection up to this number.
    pub fn rejections_stored(&mut self, number: u64) {
        self.ledger.durable(number);
        self.release();
    }

    /// A call was answered, or will not be.
    pub fn answered(&mut self, now: Moment, id: SendId, outcome: Outcome, headers: Option<&RateHeaders>) {
        self.pace.answered(now, headers);
        self.keep_daily_reserve(headers);
        let Some(send) = self.in_flight.remove(&id) else { return };
        if !matches!(outcome, Outcome::Setback(..)) {
            self.recovered();
        }
        match outcome {
            Outcome::Itemised(answer, correlation_id) => {
                let resolution = resolve::itemised(send, &answer, correlation_id.as_deref());
                self.resolved(now, id, resolution);
            }
            Outcome::Confirmed => self.resolved(now, id, resolve::confirmed(send)),
            Outcome::Refused(error) => self.resolved(now, id, resolve::refused(send, &error)),
            Outcome::TooLarge(error) if send.inputs.len() == 1 => {
                self.resolved(now, id, resolve::refused(send, &error));
            }
            Outcome::TooLarge(_) => self.resolved(now, id, resolve::halved(send)),
            Outcome::Setback(setback, error, retry_after) => {
                self.set_back(now, send, setback, error, retry_after);
            }
            Outcome::StreamFailed(failure) => self.stream_failed(send.stream, failure),
            Outcome::SyncFailed(failure) => self.stop(Some(failure)),
        }
        self.release();
    }

    // What to do.

    /// Whether more input may be taken.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        self.phase == Phase::Reading && !self.is_full()
    }

    /// Says what to do next. A granted call counts as sent.
    pub fn next(&mut self, now: Moment) -> Next {
        if self.phase == Phase::Stopping {
            return if self.in_flight.is_empty() { Next::Finished } else { Next::Wait(None) };
        }
        let flush_at = self.flush_aged(now);
        if self.is_full() {
            self.relieve();
        }
        let delayed_until = self.wake_delayed(now);
        if self.again.is_empty() && !self.streams.iter().any(|stream| stream.lane.has_ready()) {
            if self.phase == Phase::Draining && self.delayed.is_empty() && self.in_flight.is_empty() {
                return Next::Finished;
            }
            return Next::Wait(earliest(flush_at, delayed_until));
        }
        match self.pace.permit(now) {
            Permit::Granted => match self.take_send() {
                Some(send) => Next::Call(self.start(send)),
                None => Next::Wait(earliest(flush_at, delayed_until)),
            },
            Permit::At(moment) => Next::Wait(earliest(Some(moment), earliest(flush_at, delayed_until))),
            Permit::AfterAnswer => Next::Wait(earliest(flush_at, delayed_until)),
        }
    }

    /// The inputs of a call under way.
    #[must_use]
    pub fn call(&self, id: SendId) -> Option<&Send> {
        self.in_flight.get(&id)
    }

    /// Takes what is to be printed, in order.
    pub fn take_effects(&mut self) -> std::collections::vec_deque::Drain<'_, Effect> {
        self.effects.drain(..)
    }

    /// Whether a state waits for nothing but storage, and up to which rejection it has to reach.
    #[must_use]
    pub fn wants_storage_flushed(&self) -> Option<u64> {
        self.ledger.waits_for_durability().then(|| self.ledger.rejections())
    }

    /// Number of the latest rejection.
    #[must_use]
    pub fn rejections(&self) -> u64 {
        self.ledger.rejections()
    }

    /// Why the sync ends early, if it does.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Records of one stream.
    #[must_use]
    pub fn totals(&self, stream: StreamIndex) -> Totals {
        self.ledger.totals(stream)
    }

    /// Records of all streams.
    #[must_use]
    pub fn grand_totals(&self) -> Totals {
        self.ledger.grand_totals()
    }

    /// Counts of one stream beyond the ledger's.
    #[must_use]
    pub fn counts(&self, stream: StreamIndex) -> Counts {
        self.streams[stream.0 as usize].counts
    }

    /// Calls under way.
    #[must_use]
    pub fn calls_under_way(&self) -> usize {
        self.in_flight.len()
    }

    // How.

    fn is_full(&self) -> bool {
        self.held_bytes + self.ledger.held_bytes() >= self.settings.buffer_bytes
    }

    /// Sends what is gathered when the buffer is full and nothing else would make room.
    fn relieve(&mut self) {
        let under_way = !self.in_flight.is_empty() || !self.again.is_empty() || !self.delayed.is_empty();
        if under_way || self.streams.iter().any(|stream| stream.lane.has_ready()) {
            return;
        }
        for stream in &mut self.streams {
            stream.lane.flush();
        }
    }

    /// Closes partial batches that are old enough; returns when the next one will be.
    fn flush_aged(&mut self, now: Moment) -> Option<Moment> {
        let mut next = None;
        for stream in &mut self.streams {
            let Some(since) = stream.lane.gathering_since() else { continue };
            let due = since + self.settings.flush_interval;
            if due <= now || self.phase == Phase::Draining {
                stream.lane.flush();
            } else {
                next = earliest(next, Some(due));
            }
        }
        next
    }

    /// Moves sends whose wait is over to the front; returns when the next one's is.
    fn wake_delayed(&mut self, now: Moment) -> Option<Moment> {
        while let Some(entry) = self.delayed.first_entry() {
            if entry.key().0 > now {
                return Some(entry.key().0);
            }
            self.again.push_back(entry.remove());
        }
        None
    }

    /// Parts of earlier calls first, then the streams' full batches in turn.
    fn take_send(&mut self) -> Option<Send> {
        if let Some(send) = self.again.pop_front() {
            return Some(send);
        }
        for step in 0..self.streams.len() {
            let index = (self.turn + step) % self.streams.len();
            if let Some(inputs) = self.streams[index].lane.take_ready() {
                self.turn = index + 1;
                let stream = StreamIndex(u32::try_from(index).unwrap_or(u32::MAX));
                let group = Group { inputs, stage: Stage::First, named_before: false, silent_before: false };
                return Some(self.send_of(stream, group));
            }
        }
        None
    }

    fn start(&mut self, send: Send) -> SendId {
        let id = send.id;
        let counts = &mut self.streams[send.stream.0 as usize].counts;
        counts.calls += 1;
        counts.inputs += send.inputs.len() as u64;
        self.pace.sent();
        self.in_flight.insert(id, send);
        id
    }

    fn send_of(&mut self, stream: StreamIndex, group: Group) -> Send {
        self.next_send += 1;
        Send {
            id: SendId(self.next_send),
            stream,
            inputs: group.inputs,
            stage: group.stage,
            failures: 0,
            setbacks_amid_success: 0,
            successes_seen: self.successes,
            named_before: group.named_before,
            silent_before: group.silent_before,
        }
    }

    fn resolved(&mut self, now: Moment, id: SendId, resolution: Resolution) {
        let Resolution { stored, rejected, again, silence } = resolution;
        match silence {
            Silence::Broken => {
                self.silent_batches = 0;
                self.successes += 1;
            }
            Silence::Kept => {}
            Silence::KeptAgain => self.silent_batches += 1,
        }
        let stream = stored
            .first()
            .map(|stored| stored.input.head.ticket.stream())
            .or_else(|| rejected.first().map(|(input, _)| input.head.ticket.stream()))
            .or_else(|| {
                again.first().and_then(|group| group.inputs.first()).map(|input| input.head.ticket.stream())
            });
        let Some(stream) = stream else { return };
        for stored in stored {
            let counts = &mut self.streams[stream.0 as usize].counts;
            match stored.created {
                Some(true) => counts.created += 1,
                _ => counts.updated += 1,
            }
            counts.merged += stored.input.merged.len() as u64;
            self.settle(now, stream, stored.input, None);
        }
        for (input, rejection) in rejected {
            self.settle(now, stream, input, Some(rejection));
        }
        if !self.streams[stream.0 as usize].failed {
            for group in again {
                let send = self.send_of(stream, group);
                self.again.push_back(send);
            }
        }
        if self.silent_batches >= MOST_SILENT_BATCHES {
            let message = format!(
                "HubSpot answered {MOST_SILENT_BATCHES} batches in a row without saying what became of any record, \
                 also when they were sent again. Nothing of them counts as written. Run the sync again later; if it \
                 happens again, give HubSpot's support the time of this sync."
            );
            self.stop(Some(
                Failure::new(Kind::Unavailable, message).internal(format!("silent call {}", id.0)),
            ));
        }
    }

    /// Settles the records an input was made of; those that wait behind it go next.
    fn settle(&mut self, now: Moment, stream: StreamIndex, input: Input, rejection: Option<Rejection>) {
        let Input { head, merged, mut then } = input;
        let hash = head.body.key().is_some().then(|| head.body.key_hash());
        for record in std::iter::once(head).chain(merged) {
            match &rejection {
                None => {
                    self.held_bytes -= record.body.size();
                    self.ledger.accept(record.ticket);
                }
                Some(rejection) => {
                    self.held_bytes -= record.body.size();
                    self.reject(record, rejection.clone());
                }
            }
        }
        if self.streams[stream.0 as usize].failed {
            return;
        }
        if let Some(next) = then.pop_front() {
            let input = Input { head: next, merged: Vec::new(), then };
            let group =
                Group { inputs: vec![input], stage: Stage::First, named_before: true, silent_before: false };
            let send = self.send_of(stream, group);
            self.again.push_back(send);
        } else if let Some(hash) = hash {
            self.streams[stream.0 as usize].lane.settled(now, hash);
        }
    }

    fn reject(&mut self, record: Record, rejection: Rejection) {
        let stream = record.ticket.stream();
        self.effects.push_back(Effect::Rejected(stream, record.body, rejection));
        let number = self.ledger.reject(record.ticket);
        if self.settings.durability == Durability::Printed {
            self.ledger.durable(number);
        }
    }

    fn release(&mut self) {
        self.effects.extend(self.ledger.release().into_iter().map(Effect::State));
    }

    fn keep_daily_reserve(&mut self, headers: Option<&RateHeaders>) {
        let Some((daily, remaining)) =
            headers.and_then(|headers| Some((headers.daily?, headers.daily_remaining?)))
        else {
            return;
        };
        let reserve = u64::from(self.settings.daily_reserve_percent);
        if remaining.saturating_mul(100) < daily.saturating_mul(reserve) {
            let message = format!(
                "Of HubSpot's {daily} API calls a day, {remaining} are left: less than the {reserve}% that this \
                 destination leaves to other apps (daily_reserve_percent). The limit resets at midnight in the time \
                 zone of the HubSpot account; the next sync after that goes on from where this one stopped."
            );
            self.stop(Some(Failure::new(Kind::QuotaSpent, message)));
        }
    }

    fn recovered(&mut self) {
        if self.stalled_since.take().is_some() {
            self.effects.push_back(Effect::Note(Note::Recovered(self.failures_in_episode)));
            self.failures_in_episode = 0;
        }
    }

    fn set_back(
        &mut self,
        now: Moment,
        mut send: Send,
        setback: Setback,
        error: Option<ApiError>,
        retry_after: Option<Duration>,
    ) {
        send.failures += 1;
        self.failures_in_episode += 1;
        self.pace.push_back();
        let status = error.as_ref().map(|error| error.status);
        let window = self.pace.until_window_moves(now);
        let wait = retry::delay(setback, send.failures, retry_after, window, self.chance.f64());
        if matches!(setback, Setback::RateLimited(_) | Setback::Migrating) {
            self.pace.pause(now + wait);
        }
        if self.stalled_since.is_none() {
            self.effects.push_back(Effect::Note(Note::Waiting(setback, status, wait)));
        }
        let stalled_since = *self.stalled_since.get_or_insert(now);
        if now + wait > stalled_since + self.settings.retry_budget {
            let failure = retry::out_of_patience(setback, status, wait, now - stalled_since);
            let correlation_id = error.as_ref().and_then(|error| error.correlation_id.as_deref());
            self.again.push_back(send);
            self.stop(Some(failure.correlated(correlation_id)));
            return;
        }
        if setback == Setback::Server {
            let others_succeed = self.successes > send.successes_seen;
            send.successes_seen = self.successes;
            if others_succeed {
                send.setbacks_amid_success += 1;
            }
            let id = send.id;
            if send.inputs.len() > 1 {
                let nothing_else =
                    self.in_flight.is_empty() && self.again.is_empty() && self.delayed.is_empty();
                if send.failures >= FAILURES_BEFORE_HALVING
                    && (send.setbacks_amid_success > 0 || nothing_else)
                {
                    self.resolved(now, id, resolve::halved(send));
                    return;
                }
            } else if send.setbacks_amid_success >= FAILURES_BEFORE_REJECTION {
                let mut resolution = Resolution { silence: Silence::Kept, ..Resolution::default() };
                if let Some(input) = send.inputs.pop() {
                    let rejection = Rejection::server_error(error.as_ref());
                    resolve::refuse(&mut resolution, input, rejection);
                }
                self.resolved(now, id, resolution);
                return;
            }
        }
        self.delayed.insert((now + wait, send.id), send);
    }

    /// Gives a stream up: what it still holds never settles. The other streams settle what they hold.
    pub fn stream_failed(&mut self, stream: StreamIndex, failure: Failure) {
        self.streams[stream.0 as usize].failed = true;
        self.streams[stream.0 as usize].lane.discard();
        self.again.retain(|send| send.stream != stream);
        self.delayed.retain(|_, send| send.stream != stream);
        self.input_ended(Some(failure));
    }
}

fn earliest(left: Option<Moment>, right: Option<Moment>) -> Option<Moment> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}
