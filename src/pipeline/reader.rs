//! Stdin to shaped records, on a thread of its own.
//!
//! What one read returns is handed on at once, in one piece, before the next read: nothing waits here for
//! more input. The channel is bounded, so stdin is read no faster than the engine takes.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, Read};
use std::sync::Arc;

use tokio::sync::mpsc::Sender;

use super::making::{MissedProperties, Order, Orders};
use super::whose::{Streams, Whose};
use crate::engine::ledger::StreamIndex;
use crate::engine::record::Body;
use crate::engine::rejection::Rejection;
use crate::error::{Failure, Kind};
use crate::json::Index;
use crate::plan::Shaping;
use crate::plan::deleted::{DeletedRowsOf, Row};
use crate::plan::notices::Notice;
use crate::plan::shape::{Shaped, Unshaped, of_unknown_stream};
use crate::protocol::line::{Line, LineSplitter, MAX_LINE_BYTES};
use crate::protocol::message::{self, Message, NotAMessage, RecordMessage, StreamStatus};
use crate::protocol::state::Coverage;
use crate::protocol::{StreamDescriptor, abridged};

/// Something the input said, in its order.
#[derive(Debug)]
pub enum Event {
    /// A record to send.
    Record(StreamIndex, Body),
    /// A record with which nothing is to be done.
    Skipped(StreamIndex),
    /// A record that the connector refuses.
    Unsendable(StreamIndex, Body, Box<Rejection>),
    /// The next stream that the catalog does not have; the engine numbers it in this order.
    UnknownStream(StreamDescriptor),
    /// Records came that may have been meant for these streams: they cannot be acknowledged any more.
    Mistaken(Vec<StreamIndex>, Failure),
    /// A state of one stream.
    StreamState(StreamIndex, Box<str>),
    /// A state of all streams.
    SharedState(Box<str>),
    /// A stream cannot go on.
    StreamFailed(StreamIndex, Failure),
    /// The input is over; the failure says why that is not as it should be.
    Ended(Option<Failure>),
}

/// Reads everything there is, in pieces.
#[derive(Debug)]
pub struct Reader {
    streams: Streams,
    shapers: Vec<RowShaper>,
    /// Where properties are asked for that records need and HubSpot does not have, and lists that they name.
    orders: Orders,
    /// Properties that HubSpot says it does not know any more.
    missed: MissedProperties,
    /// Streams whose end has to be announced, and has not been yet.
    unfinished: BTreeSet<StreamIndex>,
    /// Streams of which the source said that they are not complete, and the first such outside the catalog.
    incomplete: BTreeSet<StreamIndex>,
    incomplete_stranger: Option<String>,
    failed: HashSet<StreamIndex>,
    /// Streams of the catalog for which others were mistaken.
    mistaken: HashSet<StreamIndex>,
    noise: u64,
    events: Vec<Event>,
    /// Where the members of the record at hand are.
    index: Index,
    broken: Option<Failure>,
    last: Option<Last>,
}

/// The stream of the record before: rows of one stream come together.
#[derive(Debug)]
struct Last {
    /// As the record named it.
    named: Arc<StreamDescriptor>,
    stream: StreamIndex,
    /// Whether that is not what the stream is called.
    is_renamed: bool,
}

/// A stream of the catalog, as the reader needs it.
#[derive(Debug)]
pub struct ReaderStream {
    /// Shapes its records.
    pub shaping: Shaping,
    /// Tells those that the source has deleted.
    pub deleted: DeletedRowsOf,
    /// Its identity.
    pub descriptor: StreamDescriptor,
    /// Whether the platform announces its end (`generation_id` is set).
    pub announces_end: bool,
}

/// Shapes the rows of a stream.
#[derive(Debug)]
struct RowShaper {
    shaping: Shaping,
    deleted: DeletedRowsOf,
}

const READ_BYTES: usize = 256 * 1024;
/// Lines that are no messages, after which they are counted but no longer told one by one.
const NOISE_TOLD: u64 = 20;
/// Streams outside the catalog that are told one by one.
const STRANGERS_TOLD: usize = 20;

impl Reader {
    /// A reader for these streams, which are numbered in their order.
    #[must_use]
    pub fn new(streams: Vec<ReaderStream>, orders: Orders, missed: MissedProperties) -> Self {
        let catalog = Streams::new(streams.iter().map(|stream| stream.descriptor.clone()).collect());
        let unfinished = streams.iter().filter(|stream| stream.announces_end);
        Self {
            unfinished: unfinished.filter_map(|stream| catalog.of_catalog(&stream.descriptor)).collect(),
            streams: catalog,
            shapers: streams
                .into_iter()
                .map(|ReaderStream { shaping, deleted, .. }| RowShaper { shaping, deleted })
                .collect(),
            orders,
            missed,
            incomplete: BTreeSet::new(),
            incomplete_stranger: None,
            failed: HashSet::new(),
            mistaken: HashSet::new(),
            noise: 0,
            events: Vec::new(),
            index: Index::default(),
            broken: None,
            last: None,
        }
    }

    /// Reads `input` to its end, or to what cannot be read; the last event is always [`Event::Ended`], unless
    /// nobody listens any more.
    pub fn run(mut self, mut input: impl Read, events: &Sender<Vec<Event>>) {
        let mut lines = LineSplitter::default();
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let length = match input.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let failure =
                        Failure::new(Kind::SourceIncomplete, "Standard input could not be read to its end.");
                    self.broken = Some(failure.internal(error.to_string()));
                    break;
                }
            };
            let fed = lines.feed(&buffer[..length], |line| {
                if self.broken.is_none() {
                    self.line(line);
                }
            });
            if let Err(too_long) = fed {
                let message = format!(
                    "Line {} of the input is longer than {} MiB. Nothing after it is acknowledged; leave the oversized \
                     field out of the stream.",
                    too_long.number,
                    MAX_LINE_BYTES >> 20
                );
                self.broken.get_or_insert(Failure::new(Kind::UnreadableInput, message));
            }
            if self.broken.is_some() {
                break;
            }
            if !self.events.is_empty() {
                // The next read brings about as many.
                let room = Vec::with_capacity(self.events.len());
                if events.blocking_send(std::mem::replace(&mut self.events, room)).is_err() {
                    return;
                }
            }
        }
        if self.broken.is_none()
            && let Some(line) = lines.unterminated()
        {
            self.last_line(line);
        }
        let ending = self.ending();
        self.events.push(Event::Ended(ending));
        // Nobody listens when the sync has ended before its input.
        let _nobody_listens = events.blocking_send(self.events);
    }

    /// The input may end without a line end; a last line that cannot be read was cut off.
    fn last_line(&mut self, line: Line<'_>) {
        self.line(line);
        if let Some(failure) = self.broken.take() {
            let message = format!(
                "The input ends in the middle of line {}: the source, or the way here, broke off. Run the sync again.",
                line.number
            );
            let failure = Failure { kind: Kind::SourceIncomplete, message, ..failure };
            self.broken = Some(failure);
        }
    }

    fn line(&mut self, line: Line<'_>) {
        let mut index = std::mem::take(&mut self.index);
        self.message(line, message::parse(line.bytes, &mut index));
        self.index = index;
    }

    fn message(&mut self, line: Line<'_>, message: Result<Message<'_>, NotAMessage>) {
        match message {
            Ok(Message::Record(record)) => self.record(&record),
            Ok(Message::State(state)) => {
                let raw: Box<str> = state.raw.into();
                match state.coverage {
                    Coverage::Everything => self.events.push(Event::SharedState(raw)),
                    Coverage::Stream(descriptor) => {
                        let stream = self.whose(&descriptor);
                        self.events.push(Event::StreamState(stream, raw));
                    }
                }
            }
            Ok(Message::StreamStatus(stream, StreamStatus::Complete)) => {
                if let Some(stream) = self.streams.of_catalog(&stream) {
                    self.unfinished.remove(&stream);
                }
            }
            Ok(Message::StreamStatus(stream, StreamStatus::Incomplete)) => {
                match self.streams.of_catalog(&stream) {
                    Some(stream) => {
                        self.incomplete.insert(stream);
                    }
                    None => {
                        self.incomplete_stranger.get_or_insert_with(|| stream.abridged());
                    }
                }
            }
            Ok(Message::StreamStatus(_, StreamStatus::UnderWay) | Message::Irrelevant)
            | Err(NotAMessage::Blank) => {}
            Err(NotAMessage::Noise) => {
                self.noise += 1;
                if self.noise <= NOISE_TOLD {
                    let (number, length) = (line.number, line.bytes.len());
                    tracing::warn!(
                        "Line {number} of the input is no Airbyte message and is ignored ({length} bytes)."
                    );
                }
            }
            Err(NotAMessage::Broken) => {
                let message = format!(
                    "Line {} of the input begins like a message and cannot be read ({} bytes). It may have been a \
                     record, so nothing after it is acknowledged.",
                    line.number,
                    line.bytes.len()
                );
                self.broken = Some(Failure::new(Kind::UnreadableInput, message));
            }
        }
    }

    /// Looks again at properties for which HubSpot refuses batch after batch; those that are gone are unknown from here on.
    fn look_again(&mut self) {
        for (stream, property) in self.missed.take() {
            let Some(shaper) = self.shapers.get_mut(stream.0 as usize) else { continue };
            let shaping = &mut shaper.shaping;
            let Some(object) = shaping.object() else { continue };
            match self.orders.is_there(stream, object, &property) {
                Ok(true) => {}
                Ok(false) => shaping.forget(&property),
                Err(failure) => tracing::warn!("Whether {property} is still there is not known: {failure}"),
            }
        }
    }

    fn record(&mut self, record: &RecordMessage<'_>) {
        self.look_again();
        let (stream, received_as) = self.stream_of(record);
        let shaped = match self.shapers.get_mut(stream.0 as usize) {
            None => Ok(Some(of_unknown_stream(record))),
            Some(shaper) => shaper.shape(record, stream, &self.orders),
        };
        let shaped = match shaped {
            Ok(Some(shaped)) => shaped,
            Ok(None) => {
                self.events.push(Event::Skipped(stream));
                return;
            }
            Err(failure) => {
                if self.failed.insert(stream) {
                    let failure = match self.streams.descriptor(stream) {
                        Some(descriptor) => failure.of_stream(descriptor),
                        None => failure,
                    };
                    self.events.push(Event::StreamFailed(stream, failure));
                }
                return;
            }
        };
        let body = shaped.body.received_as(received_as);
        self.events.push(match shaped.rejection {
            None => Event::Record(stream, body),
            Some(rejection) => Event::Unsendable(stream, body, rejection),
        });
    }

    /// The stream of a record, and what the record calls it where that is something else.
    fn stream_of(&mut self, record: &RecordMessage<'_>) -> (StreamIndex, Option<Arc<StreamDescriptor>>) {
        if !self.last.as_ref().is_some_and(|last| is_of(record, &last.named)) {
            let named = Arc::new(StreamDescriptor::new(&record.stream, record.namespace.as_deref()));
            let stream = self.whose(&named);
            self.streams.has_record(stream);
            let is_renamed = self.streams.name(stream, &named) != *named;
            self.last = Some(Last { named, stream, is_renamed });
        }
        // Just put there where it was another.
        let Some(last) = &self.last else { return (StreamIndex(u32::MAX), None) };
        let (stream, named) = (last.stream, Arc::clone(&last.named));
        if !self.streams.is_in_catalog(stream) {
            self.is_mistaken(&named);
        }
        let is_renamed = self.last.as_ref().is_some_and(|last| last.is_renamed);
        (stream, is_renamed.then_some(named))
    }

    /// The number of the stream that a message names; one that the catalog does not have is numbered when it is met.
    fn whose(&mut self, named: &StreamDescriptor) -> StreamIndex {
        let Whose { stream, is_met } = self.streams.find(named);
        if is_met {
            let (strangers, _) = self.streams.strangers();
            if strangers <= STRANGERS_TOLD {
                let named = named.abridged();
                tracing::warn!("The input holds the stream \"{named}\", which the catalog does not have.");
            }
            self.events.push(Event::UnknownStream(self.streams.name(stream, named)));
        }
        stream
    }

    /// Looks for streams that a record of a stranger was meant for: what it calls one that has no records of its own but
    /// for its namespace. Their states would acknowledge what was rejected.
    fn is_mistaken(&mut self, stranger: &StreamDescriptor) {
        let meant = self.streams.meant(stranger);
        let meant: Vec<StreamIndex> =
            meant.into_iter().filter(|stream| self.mistaken.insert(*stream)).collect();
        let Some(first) = meant.first().and_then(|stream| self.streams.descriptor(*stream)) else { return };
        let names = meant.iter().filter_map(|stream| self.streams.descriptor(*stream));
        let names: Vec<String> = names.map(|name| format!("\"{}\"", name.abridged())).collect();
        let namespace = match &stranger.namespace {
            Some(namespace) => format!("in the namespace \"{}\"", abridged(namespace)),
            None => "without a namespace".to_owned(),
        };
        let message = format!(
            "Records came of the stream \"{}\" {namespace}, which the catalog does not have; it has {}, of which none had \
             come. They are rejected, and no state is acknowledged from there on. Refresh the connection's schema, or have \
             the source send the namespace that the catalog has.",
            abridged(&stranger.name),
            names.join(" and ")
        );
        let failure = Failure::new(Kind::Configuration, message).of_stream(first);
        self.events.push(Event::Mistaken(meant, failure));
    }

    fn ending(&mut self) -> Option<Failure> {
        if self.noise > NOISE_TOLD {
            tracing::warn!("{} lines of the input were no Airbyte messages and were ignored.", self.noise);
        }
        let (strangers, are_more) = self.streams.strangers();
        if are_more || strangers > STRANGERS_TOLD {
            let more = if are_more { "more than " } else { "" };
            tracing::warn!(
                "The input holds {more}{strangers} streams that the catalog does not have; the first \
                 {STRANGERS_TOLD} are told by name."
            );
        }
        if let Some(failure) = self.broken.take() {
            return Some(failure);
        }
        let unfinished: BTreeSet<StreamIndex> = self.unfinished.union(&self.incomplete).copied().collect();
        let names = unfinished.iter().filter_map(|stream| self.streams.descriptor(*stream));
        let mut streams: Vec<String> =
            names.map(ToString::to_string).chain(self.incomplete_stranger.take()).collect();
        if streams.is_empty() {
            return None;
        }
        streams.sort();
        let message = format!(
            "The source ended without completing every stream ({}). What it sent is written and acknowledged; look \
             for the source's own error, then run the sync again.",
            streams.join(", ")
        );
        Some(Failure::new(Kind::SourceIncomplete, message))
    }
}

impl RowShaper {
    /// Shapes a row and says what is to be told; nothing comes of one that is skipped.
    fn shape(
        &mut self,
        record: &RecordMessage<'_>,
        stream: StreamIndex,
        orders: &Orders,
    ) -> Result<Option<Shaped>, Failure> {
        let shaping = match self.deleted.row(record.data) {
            Row::Ordinary => &mut self.shaping,
            Row::Archived(shaping) => shaping,
            Row::Rejected(rejection) => return Ok(Some(Shaped::as_received(record, rejection))),
            Row::Skipped => {
                if let Some(notice) = self.deleted.take_notice() {
                    tracing::warn!("{notice}");
                }
                return Ok(None);
            }
        };
        let shaped = shape(shaping, record, stream, orders);
        for notice in shaping.take_notices() {
            match notice {
                Notice::Told(text) => tracing::info!("{text}"),
                Notice::Warned(text) => tracing::warn!("{text}"),
            }
        }
        shaped.map(Some)
    }
}

/// Shapes a record; properties it needs and HubSpot does not have are made first, lists it names are looked up.
fn shape(
    shaping: &mut Shaping,
    record: &RecordMessage<'_>,
    stream: StreamIndex,
    orders: &Orders,
) -> Result<Shaped, Failure> {
    loop {
        match shaping.shape(record) {
            Ok(shaped) => return Ok(shaped),
            Err(Unshaped::Failed(failure)) => return Err(failure),
            Err(Unshaped::Missing(object, missing)) => {
                for new in missing {
                    let name = new.name.clone();
                    shaping.learn(&name, orders.place(stream, Order::Property(object.clone(), new))?);
                }
            }
            Err(Unshaped::MissingOfEvent(event, missing)) => {
                for new in missing {
                    let name = new.name.clone();
                    shaping.learn(&name, orders.place(stream, Order::EventProperty(event.clone(), new))?);
                }
            }
            Err(Unshaped::OwnersUnread) => orders.read_owners()?,
            Err(Unshaped::UnknownList(request)) => {
                let found = orders.find_list(stream, request.clone())?;
                shaping.learn_list(&request, found);
            }
        }
    }
}

fn is_of(record: &RecordMessage<'_>, descriptor: &StreamDescriptor) -> bool {
    record.stream == descriptor.name && record.namespace.as_deref() == descriptor.namespace.as_deref()
}
