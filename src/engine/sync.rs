//! One sync: ties lanes, ledger, pace and retries together and says what to do next.
//!
//! **Invariant (bounded).** [`Sync::wants_input`] turns false when the records and states held exceed the
//! buffer; then whatever is gathered is sent, so that the bound cannot become a standstill. It also is while more full
//! batches wait than the next calls can take.
//!
//! **Invariant (ends well).** However a sync ends, every state that leaves covers settled records only;
//! records that had not settled are simply not acknowledged, and come again in the next sync.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use super::Moment;
use super::association::{self, Awaited};
use super::batch::{LinkIndex, Send, SendId, Source};
use super::demanded::Demanded;
pub use super::exchange::{Counts, Durability, Effect, Next, Note, Outcome, Settings};
use super::gone::Gone;
use super::lane::{BatchLimits, Lane, Merging};
use super::ledger::{Ledger, StreamIndex, Totals};
use super::made::Made;
use super::mirror::Mirror;
use super::operation::{Operation, Step};
use super::pace::Budgets;
use super::record::{Body, Record};
use super::rejection::Rejection;
use super::resolve::{self, Group};
use super::tolerance::Tolerance;
use crate::api::{Endless, RateHeaders};
use crate::bound::Bound;
use crate::error::Failure;
use linking::{Link, Linking};
use postponed::Postponed;

mod beside;
mod choosing;
mod chores;
mod closing;
#[cfg(test)]
mod economy;
mod failing;
mod linking;
mod making;
mod missed;
mod postponed;
mod setbacks;
mod settlement;
mod sifting;
#[cfg(test)]
mod tests;

/// Full batches that may wait. More of them only take memory.
const READY: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Input may come.
    Reading,
    /// No more input; what is held is sent.
    Draining,
    /// Nothing is sent any more; calls under way are awaited.
    Stopping,
}

#[derive(Debug)]
struct Stream {
    operation: Operation,
    lane: Lane,
    counts: Counts,
    tolerance: Tolerance,
    failed: bool,
    mirror: Option<Mirror>,
    /// What HubSpot demands of its new records.
    demanded: Demanded,
    /// Most inputs of one call about pairs or members, as refusals told.
    largest: usize,
    /// Associations that are made with its records.
    links: Vec<Link>,
    /// Which ends of its pairs may still come, where it is a stream of associations.
    awaited: Awaited,
}

impl Stream {
    fn lane_of_mut(&mut self, link: Option<LinkIndex>) -> Option<&mut Lane> {
        match link {
            None => Some(&mut self.lane),
            Some(link) => self.links.get_mut(usize::from(link.0)).map(|link| &mut link.lane),
        }
    }

    /// Its own lane and those of its pairs.
    fn lanes_mut(&mut self) -> impl Iterator<Item = &mut Lane> {
        std::iter::once(&mut self.lane).chain(self.links.iter_mut().map(|link| &mut link.lane))
    }

    fn has_ready(&self) -> bool {
        self.ready() > 0
    }

    /// Full batches that wait.
    fn ready(&self) -> usize {
        self.lane.ready() + self.links.iter().map(|link| link.lane.ready()).sum::<usize>()
    }
}

/// The state of a sync. See the module's invariants.
#[derive(Debug)]
pub struct Sync {
    settings: Settings,
    ledger: Ledger,
    streams: Vec<Stream>,
    turn: usize,
    pace: Budgets,
    chance: fastrand::Rng,
    phase: Phase,
    failure: Option<Failure>,
    /// The stream that it was the failure of.
    failed_stream: Option<StreamIndex>,
    /// Streams with too many rejections, that have not been given up yet.
    overdue: Vec<StreamIndex>,
    in_flight: HashMap<SendId, Send>,
    again: VecDeque<Send>,
    delayed: BTreeMap<(Moment, SendId), Send>,
    /// Inputs of whole batches that were met with silence twice, to be sent alone. Whether the silence is theirs or
    /// HubSpot's is not known before another call is answered properly, or there is no other call to be made.
    doubted: VecDeque<Send>,
    made: Made,
    gone: Gone,
    linking: Linking,
    postponed: Postponed,
    next_send: u64,
    /// Calls that no stream's records needed.
    calls_beside: u64,
    held_bytes: usize,
    silent_batches: u32,
    missed: missed::Missed,
    successes: u64,
    stalled_since: Option<Moment>,
    failures_in_episode: u32,
    /// Since when calls that are ready are held back by the rate limit, and for how long they were before.
    held_back_since: Option<Moment>,
    held_back: Duration,
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
            pace: Budgets::new(settings.rate_limit_share),
            chance: fastrand::Rng::with_seed(settings.seed),
            phase: Phase::Reading,
            failure: None,
            failed_stream: None,
            overdue: Vec::new(),
            in_flight: HashMap::new(),
            again: VecDeque::new(),
            delayed: BTreeMap::new(),
            doubted: VecDeque::new(),
            made: Made::default(),
            gone: Gone::default(),
            linking: Linking::default(),
            postponed: Postponed::default(),
            next_send: 0,
            calls_beside: 0,
            held_bytes: 0,
            silent_batches: 0,
            missed: missed::Missed::default(),
            successes: 0,
            stalled_since: None,
            failures_in_episode: 0,
            held_back_since: None,
            held_back: Duration::ZERO,
            effects: VecDeque::new(),
        }
    }

    /// Adds a stream; streams are numbered in the order they are added.
    pub fn add_stream(&mut self, operation: Operation, limits: BatchLimits, merging: Merging) -> StreamIndex {
        let lane = Lane::new(limits, merging);
        self.streams.push(Stream {
            operation,
            lane,
            counts: Counts::default(),
            tolerance: Tolerance::new(self.settings.rejection_limit),
            failed: false,
            mirror: None,
            demanded: Demanded::default(),
            largest: usize::MAX,
            links: Vec::new(),
            awaited: Awaited::default(),
        });
        self.linking.add_stream();
        self.ledger.add_stream()
    }

    /// The stream's members are to be the only ones of this list in the end, of which no more may be removed.
    pub fn mirror(&mut self, stream: StreamIndex, list: Box<str>, most_removed: Option<Bound>) {
        let hold = self.ledger.hold_back(stream);
        self.streams[stream.0 as usize].mirror = Some(Mirror::new(list, most_removed, hold));
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
        if let Some(mirror) = &mut self.streams[stream.0 as usize].mirror {
            mirror.rejected(&rejection.code);
        }
        self.reject(Record { ticket, body }, rejection);
        self.release();
    }

    /// A record arrived with which nothing is to be done: it is accepted as it came.
    pub fn received_skipped(&mut self, stream: StreamIndex) {
        let ticket = self.ledger.enter(stream);
        self.accept(ticket);
        self.streams[stream.0 as usize].counts.skipped += 1;
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
        let Some(send) = self.in_flight.remove(&id) else { return };
        let budget = send.step.budget();
        self.pace.of_mut(budget).answered(now, id.0, setbacks::reception(&outcome), headers);
        self.keep_daily_reserve(headers);
        if !matches!(outcome, Outcome::Setback(..) | Outcome::Itemised(..) | Outcome::Searched(..)) {
            self.recovered();
        }
        let (stream, source) = (send.stream, send.source());
        if let Some(chore) = &send.chore {
            let chore = chore.clone();
            self.chore_answered(now, send, chore, outcome);
            self.release();
            return;
        }
        let operation = send.operation(self.operation_of(source));
        let is_whole = missed::is_whole_write(&send);
        let resolution = match outcome {
            Outcome::Itemised(answer, correlation_id) => {
                let clears_doubt = send.clears_doubt();
                let resolution = match send.step {
                    Step::Lookup if clears_doubt => {
                        self.looked_for(send, operation, &answer, correlation_id.as_deref())
                    }
                    Step::Lookup | Step::LookupFar => {
                        resolve::lookup::looked_up(send, operation, &answer, correlation_id.as_deref())
                    }
                    Step::Create
                    | Step::Search
                    | Step::SearchFar
                    | Step::Write
                    | Step::Single
                    | Step::Members
                    | Step::Chore
                    | Step::ReadLabels
                    | Step::Link
                    | Step::SendEvents => {
                        resolve::itemised(send, operation, &answer, correlation_id.as_deref())
                    }
                };
                self.batch_is_answered(is_whole, stream, &resolution);
                let goes_through = resolution.put_off.as_ref().is_none_or(|put_off| !put_off.whole);
                if if clears_doubt { resolution.settles() } else { goes_through } {
                    self.recovered();
                }
                resolution
            }
            Outcome::Searched(mut answer) => {
                self.gone.leave_out(stream, &mut answer);
                let clears_doubt = send.clears_doubt();
                let resolution = resolve::search::searched(send, operation, &answer);
                if !clears_doubt || resolution.settles() {
                    self.recovered();
                }
                resolution
            }
            Outcome::Members(answer, correlation_id) => {
                resolve::members(send, &answer, correlation_id.as_deref())
            }
            Outcome::Linked(answer, correlation_id) => {
                resolve::links::linked(send, operation, &answer, correlation_id.as_deref())
            }
            Outcome::LabelsRead(answer, correlation_id) => {
                match resolve::links::labels_read(send, operation, &answer, correlation_id.as_deref()) {
                    Ok(resolution) => resolution,
                    Err(Endless) => {
                        self.stream_failed(stream, association::endless());
                        return;
                    }
                }
            }
            Outcome::Confirmed | Outcome::MembersPage(_) => resolve::confirmed(send, operation),
            Outcome::Refused(error) => {
                self.batch_is_refused(&send, &error);
                resolve::refused(send, operation, &error)
            }
            Outcome::TooLarge(error) if send.inputs.len() == 1 => resolve::refused(send, operation, &error),
            Outcome::TooLarge(_) => {
                self.learn_size(&send);
                resolve::halved(send)
            }
            Outcome::Moved => {
                if !self.streams[stream.0 as usize].failed {
                    self.again.push_front(send);
                }
                return;
            }
            Outcome::Setback(setback, error, retry_after) => {
                self.set_back(now, send, setback, error, retry_after);
                self.release();
                return;
            }
            Outcome::StreamFailed(failure) => {
                self.stream_failed(stream, failure);
                return;
            }
            Outcome::SyncFailed(failure) => {
                self.stop(Some(failure));
                return;
            }
        };
        self.resolved(now, source, resolution);
        self.release();
    }

    // What to do.

    /// Whether more input may be taken, now.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        self.has_room() && !self.is_ahead()
    }

    /// Whether there is room for more input.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.phase == Phase::Reading && !self.is_full()
    }

    /// Says what to do next. A granted call counts as sent.
    pub fn next(&mut self, now: Moment) -> Next {
        loop {
            if let Some(next) = self.attempt(now) {
                return next;
            }
        }
    }

    /// What to do next; `None` where the call that came next settled unsent.
    fn attempt(&mut self, now: Moment) -> Option<Next> {
        if let Some(since) = self.held_back_since.take() {
            self.held_back += now.saturating_sub(since);
        }
        if self.phase == Phase::Stopping {
            return Some(if self.in_flight.is_empty() { Next::Finished } else { Next::Wait(None) });
        }
        let flush_at = self.close_partial(now);
        if self.is_full() {
            self.relieve();
        }
        let delayed_until = self.wake_delayed(now);
        if self.phase == Phase::Draining || self.is_full() {
            self.send_doubted();
            self.send_postponed();
        }
        if self.again.is_empty() && !self.streams.iter().any(Stream::has_ready) {
            let is_over =
                self.phase == Phase::Draining && self.delayed.is_empty() && self.in_flight.is_empty();
            if !is_over {
                return Some(Next::Wait(earliest(flush_at, delayed_until)));
            }
            if !self.begin_chores() {
                return Some(Next::Finished);
            }
        }
        match self.take_send(now) {
            Ok(send) => {
                let send = self.sifted(now, send)?;
                let send = self.fitted(send);
                Some(Next::Call(self.start(now, send)))
            }
            Err(permitted_at) => {
                if permitted_at.is_some() {
                    self.held_back_since = Some(now);
                }
                Some(Next::Wait(earliest(permitted_at, earliest(flush_at, delayed_until))))
            }
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

    /// The stream that the failure is of, if it is one stream's.
    #[must_use]
    pub fn failed_stream(&self) -> Option<StreamIndex> {
        self.failed_stream
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
        // States that wait for a mirrored list wait for the end of the input: they must not keep it from coming.
        let mirrors = self.streams.iter().any(|stream| stream.mirror.is_some());
        let states = if mirrors { 0 } else { self.ledger.held_bytes() };
        self.held_bytes + states >= self.settings.buffer_bytes
    }

    /// Whether enough full batches wait for those answers that may come before more input does.
    fn is_ahead(&self) -> bool {
        self.streams.iter().map(Stream::ready).sum::<usize>() >= READY
    }

    /// Whether no call is under way, waiting or ready to be made.
    fn is_idle(&self) -> bool {
        let ready = self.streams.iter().any(Stream::has_ready);
        self.in_flight.is_empty() && self.again.is_empty() && self.delayed.is_empty() && !ready
    }

    /// Sends what is doubted when nothing else is left to send: no other answer can tell any more.
    fn send_doubted(&mut self) {
        if self.is_idle() {
            self.again.append(&mut self.doubted);
        }
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

    fn start(&mut self, now: Moment, mut send: Send) -> SendId {
        let id = send.id;
        send.sent_at = now;
        let counts = &mut self.streams[send.stream.0 as usize].counts;
        counts.calls += 1;
        counts.inputs += send.inputs.len() as u64;
        self.pace.of_mut(send.step.budget()).sent(now, id.0);
        self.in_flight.insert(id, send);
        id
    }

    /// What is done with the inputs of a source that do not say otherwise.
    fn operation_of(&self, source: Source) -> Operation {
        let stream = &self.streams[source.stream.0 as usize];
        let link = source.link.and_then(|link| stream.links.get(usize::from(link.0)));
        link.map_or(stream.operation, Link::operation)
    }

    fn send_of(&mut self, source: Source, group: Group) -> Send {
        self.next_send += 1;
        Send {
            id: SendId(self.next_send),
            stream: source.stream,
            link: source.link,
            inputs: group.inputs,
            chore: None,
            stage: group.stage,
            step: group.step,
            sent_at: Moment::ZERO,
            failures: 0,
            server_errors: 0,
            setbacks_amid_success: 0,
            suspected_since: group.suspected_since,
            is_part: group.suspected_since.is_some(),
            successes_seen: self.successes,
            named_before: group.named_before,
            silent_before: group.silent_before,
        }
    }
}

fn earliest(left: Option<Moment>, right: Option<Moment>) -> Option<Moment> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}
