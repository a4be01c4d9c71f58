//! The one loop that owns the engine: settles what was answered, sends what may go, then takes more input.
//!
//! That order is the back-pressure. Calls are tasks that share nothing; what they come to is told to the
//! engine here and nowhere else.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, UnboundedReceiver};
use tokio::sync::oneshot;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::calls::{Answered, Calls, Route};
use super::keeping::{self, Demand, Keeping};
use super::making::MissedProperties;
use super::reader::Event;
use super::signals::{Ask, Signals};
use super::summary::{self, Ending, Notes, Performance, SyncSummary};
use crate::config::RejectedRecordsOutput;
use crate::engine::association::Awaited;
use crate::engine::batch::{LinkIndex, SendId};
use crate::engine::inline::InlineLink;
use crate::engine::ledger::StreamIndex;
use crate::engine::mirror::Spared;
use crate::engine::operation::Operation;
use crate::engine::pace::Reception;
use crate::engine::request;
use crate::engine::sync::{Effect, Next, Note, Outcome, Sync};
use crate::error::{Failure, Kind};
use crate::hubspot::toll::{self, Noted};
use crate::output::emitter::Emitter;
use crate::output::progress::Progress;
use crate::plan::membership::MirroredList;
use crate::protocol::StreamDescriptor;
use crate::protocol::state;
use crate::rejected;

/// What calls under way get to finish after a signal, or after stdout has gone; with what the last lines get, 8 s.
const GRACE: Duration = Duration::from_secs(7);
/// Unwritten output beyond which no more input is taken.
const MOST_BACKLOG: usize = 1 << 20;

/// A stream of the sync, as the dispatcher needs it.
#[derive(Clone, Debug)]
pub struct DispatchedStream {
    /// Its identity.
    pub descriptor: StreamDescriptor,
    /// What its calls are and where they go; `None` for streams the catalog does not have.
    pub route: Option<Arc<Route>>,
    /// The list that is to hold nobody but the stream's members in the end, if there is one.
    pub mirrors: Option<MirroredList>,
    /// Associations that are made with its records.
    pub links: Vec<DispatchedLink>,
    /// Which ends of its pairs may still be written in this sync, where it is a stream of associations.
    pub awaited: Awaited,
}

/// An association that is made with the records of a stream.
#[derive(Clone, Debug)]
pub struct DispatchedLink {
    /// What the engine does.
    pub link: InlineLink,
    /// Which far ends may still be written in this sync.
    pub awaited: Awaited,
    /// What its calls are and where they go.
    pub route: Arc<Route>,
}

impl DispatchedStream {
    /// What the calls for a source are and where they go.
    fn route(&self, link: Option<LinkIndex>) -> Option<Arc<Route>> {
        match link {
            None => self.route.clone(),
            Some(link) => self.links.get(usize::from(link.0)).map(|link| Arc::clone(&link.route)),
        }
    }
}

/// Makes a sync happen.
#[derive(Debug)]
pub struct Dispatcher<C> {
    sync: Sync,
    calls: C,
    streams: Vec<DispatchedStream>,
    emitter: Emitter,
    shown: RejectedRecordsOutput,
    notes: Notes,
    performance: Performance,
    /// Where rejected records are stored, if they are.
    keeping: Option<Keeping>,
    /// What a person sees of it, where somebody watches.
    progress: Option<Progress>,
    under_way: JoinSet<Answered>,
    call_of: HashMap<Id, SendId>,
    /// Properties that the reader is to look at again.
    missed: MissedProperties,
    /// Where calls ask that are not the engine's own, and those that wait to go.
    asks: Option<UnboundedReceiver<toll::Ask>>,
    asking: VecDeque<(Option<StreamIndex>, oneshot::Sender<SendId>)>,
    began: Instant,
}

/// How a sync ended.
#[derive(Debug)]
pub struct Ended {
    /// Why it ended early, if it did.
    pub failure: Option<Failure>,
    /// The signal that asked for the end, if one did.
    pub asked: Option<Ask>,
}

impl<C: Calls> Dispatcher<C> {
    /// A dispatcher for streams in the order of the reader's numbers; `sync` has none yet.
    pub fn new(
        mut sync: Sync,
        calls: C,
        streams: Vec<DispatchedStream>,
        emitter: Emitter,
        shown: RejectedRecordsOutput,
    ) -> Self {
        for stream in &streams {
            let operation = stream.route.as_ref().map_or(Operation::Upsert, |route| route.target.operation);
            let index = sync.add_stream(operation, operation.batch_limits(), operation.merging());
            if let Some(list) = &stream.mirrors {
                sync.mirror(index, list.id.as_str().into(), list.most_removed);
            }
            sync.await_ends(index, stream.awaited);
            for DispatchedLink { link, awaited, .. } in &stream.links {
                sync.link(index, link.clone(), *awaited);
            }
        }
        Self {
            sync,
            calls,
            streams,
            emitter,
            shown,
            notes: Notes::default(),
            performance: Performance::Real,
            keeping: None,
            progress: None,
            under_way: JoinSet::new(),
            call_of: HashMap::new(),
            missed: MissedProperties::default(),
            asks: None,
            asking: VecDeque::new(),
            began: Instant::now(),
        }
    }

    /// The same, storing rejected records; `keeping` knows the same streams, and `sync` waits for storage.
    #[must_use]
    pub fn keeping(self, keeping: Option<Keeping>) -> Self {
        Self { keeping, ..self }
    }

    /// The same, telling the reader of properties that HubSpot does not know any more.
    #[must_use]
    pub fn telling_of(self, missed: MissedProperties) -> Self {
        Self { missed, ..self }
    }

    /// The same, letting calls beside the records' own go, in one pace with them; `noted` are those made before.
    #[must_use]
    pub fn admitting(mut self, (asks, noted): (UnboundedReceiver<toll::Ask>, Noted)) -> Self {
        self.sync.preceded_by(noted.calls, noted.rate.as_ref());
        Self { asks: Some(asks), ..self }
    }

    /// The same, showing how far it is.
    #[must_use]
    pub fn showing(self, progress: Option<Progress>) -> Self {
        Self { progress, ..self }
    }

    /// The same, as a dry run or not; the calls of a dry run write nothing.
    #[must_use]
    pub fn performing(self, performance: Performance) -> Self {
        Self { performance, ..self }
    }

    /// Runs the sync to its end.
    pub async fn run(mut self, mut events: Receiver<Vec<Event>>, signals: &mut Signals) -> Ended {
        let mut asked = None;
        let mut grace_ends = None;
        let mut input_open = true;
        loop {
            // Calls make rejections: none is made while those there are wait for a place to go.
            let is_behind = self.keeping.as_ref().is_some_and(Keeping::is_behind);
            // What the reader waits for goes first.
            let admit_at = self.admit();
            let step = if is_behind { Some(None) } else { self.start_calls() };
            self.emit();
            let show_at = self.show();
            let store_at = self.store(step.is_none());
            let wait = match step {
                Some(wait) => wait,
                None if self.keeping.as_ref().is_none_or(Keeping::is_idle) => break,
                None => None,
            };
            if self.emitter.is_closed() {
                // Nobody hears any more what a call that hangs comes to in the end.
                grace_ends.get_or_insert_with(|| Instant::now() + GRACE);
                self.sync
                    .stop(Some(Failure::new(Kind::Internal, "Standard output was closed by its reader.")));
            }
            let wake = wait.map(|moment| self.began + moment);
            let takes_input =
                input_open && !is_behind && self.sync.wants_input() && self.emitter.backlog() < MOST_BACKLOG;
            tokio::select! {
                biased;
                Some(joined) = self.under_way.join_next_with_id(), if !self.under_way.is_empty() => {
                    self.joined(joined);
                }
                ask = signals.next(), if asked.is_none() => {
                    tracing::warn!("Asked to end: calls under way are awaited, nothing new is sent.");
                    asked = Some(ask);
                    grace_ends = Some(Instant::now() + GRACE);
                    self.sync.stop(None);
                }
                () = until(grace_ends) => break,
                stored = keeping::stored(&mut self.keeping) => self.stored(stored),
                () = until(wake) => {}
                () = until(store_at) => {}
                () = until(show_at) => {}
                () = until(admit_at) => {}
                Some(ask) = next_ask(&mut self.asks) => self.asked(ask),
                () = self.emitter.progress() => {}
                received = events.recv(), if takes_input => {
                    match received {
                        Some(events) => events.into_iter().for_each(|event| self.take(event)),
                        // The reader always says that it has ended, unless it could not.
                        None => {
                            input_open = false;
                            let message = "Reading the input failed. This is a fault of the connector; please report it.";
                            self.sync.input_ended(Some(Failure::new(Kind::Internal, message)));
                        }
                    }
                }
            }
        }
        self.emit();
        let ended = Ended { failure: self.failure(), asked };
        self.summarise(&ended);
        ended
    }

    /// Why the sync ends early; the failure of one stream says which.
    fn failure(&self) -> Option<Failure> {
        let failure = self.sync.failure()?.clone();
        match self.sync.failed_stream().filter(|_| failure.stream.is_none()) {
            None => Some(failure),
            Some(stream) => {
                let descriptor = &self.streams[stream.0 as usize].descriptor;
                let message = format!("Stream \"{}\": {}", descriptor.abridged(), failure.message);
                Some(Failure { message, ..failure }.of_stream(descriptor))
            }
        }
    }

    /// Starts every call that may go now. `None` when the sync is over, else when to look again.
    fn start_calls(&mut self) -> Option<Option<Duration>> {
        loop {
            match self.sync.next(self.began.elapsed()) {
                Next::Call(id) => self.start(id),
                Next::Wait(moment) => return Some(moment),
                Next::Finished => return None,
            }
        }
    }

    /// Lets calls go that are not the engine's own, as far as the pace does; says when to look again.
    fn admit(&mut self) -> Option<Instant> {
        if !self.sync.admits_calls() {
            // Whoever asks is told so by the dropped sender.
            self.asking.clear();
            return None;
        }
        let now = self.began.elapsed();
        while let Some((stream, _)) = self.asking.front() {
            match self.sync.admit(now, *stream) {
                Ok(id) => {
                    let (_, granted) = self.asking.pop_front()?;
                    if granted.send(id).is_err() {
                        // Nobody makes it any more.
                        self.sync.call_is_over(now, id, Reception::TakenUp, None);
                    }
                }
                Err(moment) => return moment.map(|moment| self.began + moment),
            }
        }
        None
    }

    fn asked(&mut self, ask: toll::Ask) {
        match ask {
            toll::Ask::MayGo(stream, granted) => self.asking.push_back((stream, granted)),
            toll::Ask::Over(id, reception, headers) => {
                self.sync.call_is_over(self.began.elapsed(), id, reception, headers.as_ref());
            }
        }
    }

    /// Sends rejected records to storage where that is due, all of them when the sync is over otherwise. Says when it
    /// will be due.
    fn store(&mut self, is_over: bool) -> Option<Instant> {
        let keeping = self.keeping.as_mut()?;
        let demand = Demand {
            wanted: self.sync.wants_storage_flushed().is_some(),
            at_once: is_over || !self.sync.has_room(),
            everything: is_over,
            latest: self.sync.rejections(),
        };
        keeping.advance(demand, Instant::now())
    }

    fn stored(&mut self, stored: Result<u64, Failure>) {
        match stored {
            Ok(number) => self.sync.rejections_stored(number),
            // What it did not take is not durable: no state that covers it leaves any more.
            Err(failure) => self.sync.stop(Some(failure)),
        }
    }

    fn start(&mut self, id: SendId) {
        let Some(send) = self.sync.call(id) else { return };
        let Some(route) = self.streams[send.stream.0 as usize].route(send.link) else { return };
        let request = request::of(send, &route.target);
        let calls = self.calls.clone();
        let task = self.under_way.spawn(async move { calls.make(route, request).await });
        self.call_of.insert(task.id(), id);
    }

    fn joined(&mut self, joined: Result<(Id, Answered), JoinError>) {
        let now = self.began.elapsed();
        let (task, outcome, headers) = match joined {
            Ok((task, (outcome, headers))) => (task, outcome, headers),
            Err(error) => {
                let message =
                    "A call failed inside the connector. This is a fault of the connector; please report it.";
                let failure = Failure::new(Kind::Internal, message).internal("a call's task panicked");
                (error.id(), Outcome::SyncFailed(failure), None)
            }
        };
        if let Some(id) = self.call_of.remove(&task) {
            if let Some(send) = self.sync.call(id) {
                self.notes.active(send.stream, now);
            }
            let outcome = self.naming_its_stream(id, outcome);
            self.sync.answered(now, id, outcome, headers.as_ref());
        }
    }

    /// A failure that concerns one stream says which.
    fn naming_its_stream(&self, id: SendId, outcome: Outcome) -> Outcome {
        match (outcome, self.sync.call(id)) {
            (Outcome::StreamFailed(failure), Some(send)) => {
                Outcome::StreamFailed(failure.of_stream(&self.streams[send.stream.0 as usize].descriptor))
            }
            (outcome, _) => outcome,
        }
    }

    fn take(&mut self, event: Event) {
        let now = self.began.elapsed();
        match event {
            Event::Record(stream, body) => {
                self.notes.active(stream, now);
                self.sync.received(now, stream, body);
            }
            Event::Skipped(stream) => {
                self.notes.active(stream, now);
                self.sync.received_skipped(stream);
            }
            Event::Unsendable(stream, body, rejection) => {
                self.notes.active(stream, now);
                self.sync.received_unsendable(stream, body, *rejection)
            }
            Event::UnknownStream(descriptor) => {
                // Its records are rejected on arrival: nothing is ever sent for it.
                let operation = Operation::Upsert;
                self.sync.add_stream(operation, operation.batch_limits(), operation.merging());
                if let Some(keeping) = &mut self.keeping {
                    keeping.add_stream(descriptor.clone(), None, std::iter::empty());
                }
                let (links, awaited) = (Vec::new(), Awaited::default());
                self.streams.push(DispatchedStream {
                    descriptor,
                    route: None,
                    mirrors: None,
                    links,
                    awaited,
                });
            }
            Event::Mistaken(streams, failure) => self.sync.withhold(&streams, failure),
            Event::StreamState(stream, raw) => self.sync.received_stream_state(stream, raw),
            Event::SharedState(raw) => self.sync.received_shared_state(raw),
            Event::StreamFailed(stream, failure) => self.sync.stream_failed(stream, failure),
            Event::Ended(failure) => self.sync.input_ended(failure),
        }
    }

    fn emit(&mut self) {
        let (streams, shown, noted) = (&self.streams, self.shown, &mut self.notes);
        let (keeping, performance, missed) = (&mut self.keeping, self.performance, &self.missed);
        let mut effects = self.sync.take_effects().peekable();
        if effects.peek().is_none() {
            return;
        }
        let (mut notes, mut remarks) = (Vec::new(), Vec::new());
        let secrets = self.emitter.secrets();
        self.emitter.lines(|lines| {
            for effect in effects {
                match effect {
                    Effect::Rejected(stream, body, rejection) => {
                        noted.rejected(stream, &rejection);
                        let descriptor = &streams[stream.0 as usize].descriptor;
                        let start = lines.len();
                        rejected::line::append(lines, descriptor, &body, &rejection, shown);
                        secrets.mask_from(lines, start);
                        if let Some(keeping) = keeping {
                            keeping.append(stream, &body, &rejection);
                        }
                    }
                    Effect::State(_) if performance == Performance::Rehearsed => {}
                    Effect::State(released) => {
                        lines.extend_from_slice(state::echo(&released.raw, released.stats).as_bytes());
                        lines.push(b'\n');
                    }
                    Effect::Note(note) => notes.push(note),
                    Effect::Missed(stream, property) => missed.add(stream, property),
                    Effect::Warned(stream, category) => {
                        if noted.warned(stream, &category) {
                            remarks.push((stream, category));
                        }
                    }
                }
            }
        });
        notes.into_iter().for_each(|note| tell(note, streams));
        for (stream, category) in remarks {
            let stream = &streams[stream.0 as usize].descriptor;
            tracing::warn!(
                "Stream \"{stream}\": HubSpot stored a record and remarks on it: {category}. Such records count as \
                 accepted; the report counts them by category."
            );
        }
    }

    /// Shows how far the sync is, if somebody watches; says when to do so again.
    fn show(&mut self) -> Option<Instant> {
        let (sync, elapsed) = (&self.sync, self.began.elapsed());
        let progress = self.progress.as_mut()?;
        progress.show(Instant::now(), || {
            summary::sentence::under_way(sync.grand_totals(), elapsed, sync.is_held_back())
        });
        Some(progress.due())
    }

    fn summarise(&mut self, ended: &Ended) {
        let ending = match (ended.asked, &ended.failure) {
            (Some(_), _) => Ending::Asked,
            (None, Some(failure)) => Ending::Failed(failure.kind),
            (None, None) => Ending::Succeeded,
        };
        let streams = self.streams.iter().enumerate().map(|(place, stream)| {
            let index = StreamIndex(u32::try_from(place).unwrap_or(u32::MAX));
            self.notes.stream(&self.sync, index, &stream.descriptor)
        });
        let summary = SyncSummary {
            performance: self.performance,
            ending,
            elapsed: self.began.elapsed(),
            held_back: self.sync.held_back(),
            calls_beside: self.sync.calls_beside(),
            window: self.sync.rate_window(),
            streams: streams.collect(),
        };
        for stream in &summary.streams {
            let sentence = match self.performance {
                Performance::Real => summary::sentence::of_stream,
                Performance::Rehearsed => summary::sentence::of_rehearsed,
            };
            tracing::info!("{}", sentence(stream));
        }
        let line = summary::sentence::of_sync(&summary);
        tracing::info!("{line}");
        match summary::json::object(&summary) {
            Ok(object) => tracing::info!("{object}"),
            Err(error) => tracing::warn!("The report for programs could not be written: {error}."),
        }
        if let Some(progress) = self.progress.take() {
            progress.finish(&line);
        }
    }
}

async fn next_ask(asks: &mut Option<UnboundedReceiver<toll::Ask>>) -> Option<toll::Ask> {
    match asks {
        Some(asks) => asks.recv().await,
        None => None,
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

fn tell(note: Note, streams: &[DispatchedStream]) {
    match note {
        Note::MayExist(stream, records) => {
            let stream = &streams[stream.0 as usize].descriptor;
            tracing::warn!(
                "Stream \"{stream}\": HubSpot gave no word of {records} records that it may have made, and nothing \
                 tells them from others. They are rejected as NOT_CONFIRMED: look for them in HubSpot before you insert \
                 them again."
            );
        }
        Note::Waiting(setback, status, wait) => {
            let status = status.map(|status| format!(" with status {status}")).unwrap_or_default();
            let wait = wait.as_millis();
            tracing::warn!(
                "HubSpot calls are failing{status}: {setback}; the first is repeated after {wait} ms."
            );
        }
        Note::Spared(stream, why) => {
            let stream = &streams[stream.0 as usize].descriptor;
            let why = match why {
                Spared::NoRecords => "the sync had no records of it",
                Spared::Rejections => "records of it were rejected that may have named members",
            };
            tracing::warn!("Nobody is removed from the list of stream \"{stream}\": {why}.");
        }
        Note::Recovered(failures) => {
            tracing::info!("HubSpot calls go through again after {failures} failed ones.")
        }
    }
}
