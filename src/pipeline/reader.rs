//! Stdin to shaped records, on a thread of its own.
//!
//! What one read returns is handed on at once, in one piece, before the next read: nothing waits here for
//! more input. The channel is bounded, so stdin is read no faster than the engine takes.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read};

use tokio::sync::mpsc::Sender;

use super::making::{Order, Orders};
use crate::engine::ledger::StreamIndex;
use crate::engine::record::Body;
use crate::engine::rejection::Rejection;
use crate::error::{Failure, Kind};
use crate::json::Index;
use crate::plan::Shaping;
use crate::plan::deleted::{DeletedRowsOf, Row};
use crate::plan::shape::{Notice, Shaped, Unshaped, of_unknown_stream};
use crate::protocol::StreamDescriptor;
use crate::protocol::line::{Line, LineSplitter, MAX_LINE_BYTES};
use crate::protocol::message::{self, Message, NotAMessage, RecordMessage, StreamStatus};
use crate::protocol::state::Coverage;

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
    streams: HashMap<StreamDescriptor, StreamIndex>,
    shapers: Vec<RowShaper>,
    /// Where properties are asked for that records need and HubSpot does not have, and lists that they name.
    orders: Orders,
    /// Streams whose end has to be announced, and has not been yet.
    unfinished: HashSet<StreamDescriptor>,
    incomplete: Vec<StreamDescriptor>,
    failed: HashSet<StreamIndex>,
    noise: u64,
    events: Vec<Event>,
    /// Where the members of the record at hand are.
    index: Index,
    broken: Option<Failure>,
    last: Option<(StreamDescriptor, StreamIndex)>,
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
/// Streams outside the catalog, beyond which the input is taken to be broken: each costs memory.
const MOST_UNKNOWN_STREAMS: usize = 10_000;

impl Reader {
    /// A reader for these streams, which are numbered in their order.
    #[must_use]
    pub fn new(streams: Vec<ReaderStream>, orders: Orders) -> Self {
        let number = |place: usize| StreamIndex(u32::try_from(place).unwrap_or(u32::MAX));
        let unfinished = streams.iter().filter(|stream| stream.announces_end);
        Self {
            unfinished: unfinished.map(|stream| stream.descriptor.clone()).collect(),
            streams: streams
                .iter()
                .enumerate()
                .map(|(place, stream)| (stream.descriptor.clone(), number(place)))
                .collect(),
            shapers: streams
                .into_iter()
                .map(|ReaderStream { shaping, deleted, .. }| RowShaper { shaping, deleted })
                .collect(),
            orders,
            incomplete: Vec::new(),
            failed: HashSet::new(),
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
                        let stream = self.stream(&descriptor);
                        self.events.push(Event::StreamState(stream, raw));
                    }
                }
            }
            Ok(Message::StreamStatus(stream, StreamStatus::Complete)) => {
                self.unfinished.remove(&stream);
            }
            Ok(Message::StreamStatus(stream, StreamStatus::Incomplete)) => self.incomplete.push(stream),
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

    fn record(&mut self, record: &RecordMessage<'_>) {
        let stream = match &self.last {
            Some((descriptor, stream)) if is_of(record, descriptor) => *stream,
            _ => {
                let descriptor = StreamDescriptor::new(&record.stream, record.namespace.as_deref());
                let stream = self.stream(&descriptor);
                self.last = Some((descriptor, stream));
                stream
            }
        };
        let shaped = match self.shapers.get_mut(stream.0 as usize) {
            None => Ok(Some(of_unknown_stream(record))),
            Some(shaper) => shaper.shape(record, &self.orders),
        };
        let shaped = match shaped {
            Ok(Some(shaped)) => shaped,
            Ok(None) => {
                self.events.push(Event::Skipped(stream));
                return;
            }
            Err(failure) => {
                if self.failed.insert(stream) {
                    let descriptor = StreamDescriptor::new(&record.stream, record.namespace.as_deref());
                    let failure = failure.of_stream(&descriptor);
                    self.events.push(Event::StreamFailed(stream, failure));
                }
                return;
            }
        };
        self.events.push(match shaped.rejection {
            None => Event::Record(stream, shaped.body),
            Some(rejection) => Event::Unsendable(stream, shaped.body, rejection),
        });
    }

    /// The number of a stream; one that the catalog does not have is numbered when it is met.
    fn stream(&mut self, descriptor: &StreamDescriptor) -> StreamIndex {
        if let Some(stream) = self.streams.get(descriptor) {
            return *stream;
        }
        let stream = StreamIndex(u32::try_from(self.streams.len()).unwrap_or(u32::MAX));
        if self.streams.len() - self.shapers.len() >= MOST_UNKNOWN_STREAMS {
            let message =
                "The input holds records of more than 10,000 streams that the catalog does not have.";
            self.broken.get_or_insert(Failure::new(Kind::UnreadableInput, message));
        }
        self.streams.insert(descriptor.clone(), stream);
        tracing::warn!("The input holds the stream \"{descriptor}\", which the catalog does not have.");
        self.events.push(Event::UnknownStream(descriptor.clone()));
        stream
    }

    fn ending(&mut self) -> Option<Failure> {
        if self.noise > NOISE_TOLD {
            tracing::warn!("{} lines of the input were no Airbyte messages and were ignored.", self.noise);
        }
        if let Some(failure) = self.broken.take() {
            return Some(failure);
        }
        let mut streams: Vec<String> =
            self.unfinished.iter().chain(&self.incomplete).map(ToString::to_string).collect();
        if streams.is_empty() {
            return None;
        }
        streams.sort();
        streams.dedup();
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
    fn shape(&mut self, record: &RecordMessage<'_>, orders: &Orders) -> Result<Option<Shaped>, Failure> {
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
        let shaped = shape(shaping, record, orders);
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
fn shape(shaping: &mut Shaping, record: &RecordMessage<'_>, orders: &Orders) -> Result<Shaped, Failure> {
    loop {
        match shaping.shape(record) {
            Ok(shaped) => return Ok(shaped),
            Err(Unshaped::Failed(failure)) => return Err(failure),
            Err(Unshaped::Missing(object, missing)) => {
                for new in missing {
                    let name = new.name.clone();
                    shaping.learn(&name, orders.place(Order::Property(object.clone(), new))?);
                }
            }
            Err(Unshaped::MissingOfEvent(event, missing)) => {
                for new in missing {
                    let name = new.name.clone();
                    shaping.learn(&name, orders.place(Order::EventProperty(event.clone(), new))?);
                }
            }
            Err(Unshaped::OwnersUnread) => orders.read_owners()?,
            Err(Unshaped::UnknownList(request)) => {
                let found = orders.find_list(request.clone())?;
                shaping.learn_list(&request, found);
            }
        }
    }
}

fn is_of(record: &RecordMessage<'_>, descriptor: &StreamDescriptor) -> bool {
    record.stream == descriptor.name && record.namespace.as_deref() == descriptor.namespace.as_deref()
}
