//! One record on its way: its bytes in one allocation, its ticket beside them.

use std::sync::Arc;

use super::inline;
use super::ledger::Ticket;
use super::operation::Operation;
use crate::protocol::StreamDescriptor;
use crate::protocol::message::RecordMessage;

/// What a record is made of, cut from one buffer so that a record costs one allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    bytes: Box<[u8]>,
    ends: [u32; 6],
    key_hash: u64,
    operation: Option<Operation>,
    received_as: Option<Arc<StreamDescriptor>>,
}

/// The parts of a record, as the planner produced them; empty slices where there is nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct BodyParts<'a> {
    /// Text of the matching key as it is sent; `None` for operations without one.
    pub key: Option<&'a str>,
    /// Members of the `properties` object as JSON, without its braces: `"a":"1","b":""`.
    pub properties: &'a [u8],
    /// Members to be written in a second call, once the first is confirmed; empty where one call is enough.
    pub sequel: &'a [u8],
    /// Associations to be made once it is written, by [`inline::append`]; empty where it asks for none.
    pub links: &'a [u8],
    /// `record.data` as received.
    pub data: &'a str,
    /// `record.meta` as received, or empty.
    pub meta: &'a str,
    /// `record.emitted_at` as received, or empty.
    pub emitted_at: &'a str,
    /// What is done with it, where that is something else than with the records of its stream.
    pub operation: Option<Operation>,
}

impl<'a> BodyParts<'a> {
    /// What was received, with nothing to be sent.
    #[must_use]
    pub fn received(record: &RecordMessage<'a>) -> Self {
        Self {
            data: record.data.text(),
            meta: record.meta.unwrap_or_default(),
            emitted_at: record.emitted_at.unwrap_or_default(),
            ..Self::default()
        }
    }
}

/// About what a held record takes beside its bytes: the allocation's head, the input, the slot of its key, the event
/// that brought it. Of small records it is the greater part.
const BESIDE: usize = 320;

/// Marks a body without a matching key in `ends[0]`; a real key is never that long.
const NO_KEY: u32 = u32::MAX;

impl Body {
    /// Copies the parts into one buffer. `hash` makes the number by which equal keys find each other;
    /// a poor one costs time, never correctness.
    #[must_use]
    pub fn new(parts: BodyParts<'_>, hash: impl FnOnce(&[u8]) -> u64) -> Self {
        let key = parts.key.unwrap_or_default().as_bytes();
        let slices = [
            key,
            parts.properties,
            parts.sequel,
            parts.links,
            parts.data.as_bytes(),
            parts.meta.as_bytes(),
            parts.emitted_at.as_bytes(),
        ];
        let mut bytes = Vec::with_capacity(slices.iter().map(|slice| slice.len()).sum());
        let mut ends = [0; 6];
        for (place, slice) in slices.into_iter().enumerate() {
            bytes.extend_from_slice(slice);
            if let Some(end) = ends.get_mut(place) {
                // A line is at most 64 MiB and grows at most sixfold by escaping.
                *end = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            }
        }
        let key_hash = if parts.key.is_some() { hash(key) } else { u64::from(NO_KEY) };
        if parts.key.is_none() {
            ends[0] = NO_KEY;
        }
        let (bytes, operation) = (bytes.into_boxed_slice(), parts.operation);
        Self { bytes, ends, key_hash, operation, received_as: None }
    }

    /// The same, received under a name that is not its stream's.
    #[must_use]
    pub fn received_as(self, named: Option<Arc<StreamDescriptor>>) -> Self {
        Self { received_as: named, ..self }
    }

    /// What it calls its stream, given what that is called.
    #[must_use]
    pub fn stream<'a>(&'a self, stream: &'a StreamDescriptor) -> &'a StreamDescriptor {
        self.received_as.as_deref().unwrap_or(stream)
    }

    /// Text of the matching key; `None` for operations without one.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.has_key().then(|| text(&self.bytes[..self.ends[0] as usize]))
    }

    /// Whether there is a matching key.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.ends[0] != NO_KEY
    }

    /// Number by which equal keys find each other.
    #[must_use]
    pub fn key_hash(&self) -> u64 {
        self.key_hash
    }

    /// What is done with it, given what is done with the records of its stream.
    #[must_use]
    pub fn operation(&self, of_stream: Operation) -> Operation {
        self.operation.unwrap_or(of_stream)
    }

    /// Whether another record of its key may be sent merged with it: neither takes two writes, and both are to be treated
    /// alike.
    #[must_use]
    pub fn may_be_merged_with(&self, other: &Self) -> bool {
        !self.takes_two_writes() && !other.takes_two_writes() && self.operation == other.operation
    }

    /// Members of the `properties` object as JSON, without its braces.
    #[must_use]
    pub fn properties(&self) -> &[u8] {
        let start = if self.ends[0] == NO_KEY { 0 } else { self.ends[0] };
        &self.bytes[start as usize..self.ends[1] as usize]
    }

    /// Members to be written in a second call, once the first is confirmed; empty where one call is enough.
    #[must_use]
    pub fn sequel(&self) -> &[u8] {
        &self.bytes[self.ends[1] as usize..self.ends[2] as usize]
    }

    /// Whether the record takes two writes, one after the other: then it is never merged with another.
    #[must_use]
    pub fn takes_two_writes(&self) -> bool {
        !self.sequel().is_empty()
    }

    /// Associations to be made once it is written, as [`inline::read`] takes them; empty where it asks for none.
    #[must_use]
    pub fn links(&self) -> &[u8] {
        &self.bytes[self.ends[2] as usize..self.ends[3] as usize]
    }

    /// `record.data` as received.
    #[must_use]
    pub fn data(&self) -> &str {
        text(&self.bytes[self.ends[3] as usize..self.ends[4] as usize])
    }

    /// `record.meta` as received; `None` when there was none.
    #[must_use]
    pub fn meta(&self) -> Option<&str> {
        Some(text(&self.bytes[self.ends[4] as usize..self.ends[5] as usize])).filter(|meta| !meta.is_empty())
    }

    /// `record.emitted_at` as received; `None` when there was none.
    #[must_use]
    pub fn emitted_at(&self) -> Option<&str> {
        Some(text(&self.bytes[self.ends[5] as usize..])).filter(|at| !at.is_empty())
    }

    /// Bytes it takes to hold this record: its own, what stands beside them, and the pairs that it is to become.
    #[must_use]
    pub fn size(&self) -> usize {
        let named = self.received_as.as_ref().map_or(0, |named| named.name.len());
        self.bytes.len() + BESIDE + named + inline::size(self.links())
    }
}

/// The slices were cut from `str`s at their ends, so they are valid text.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// An unsettled record: a body and the claim to settle it.
#[derive(Debug)]
pub struct Record {
    /// The claim; consumed when the record settles.
    pub ticket: Ticket,
    /// What was received and what is to be sent.
    pub body: Body,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_as_they_went_in() {
        let parts = BodyParts {
            key: Some("k\u{e9}y"),
            properties: b"\"a\":\"1\"",
            sequel: b"\"b\":\"2\"",
            links: b"l",
            data: "{\"a\":1}",
            meta: "",
            emitted_at: "17",
            operation: None,
        };
        let body = Body::new(parts, |key| key.len() as u64);
        assert_eq!(body.key(), Some("k\u{e9}y"));
        assert_eq!(body.key_hash(), 4);
        assert_eq!(body.properties(), b"\"a\":\"1\"");
        assert_eq!((body.sequel(), body.takes_two_writes()), (&b"\"b\":\"2\""[..], true));
        assert_eq!(body.links(), b"l");
        assert_eq!((body.data(), body.meta(), body.emitted_at()), ("{\"a\":1}", None, Some("17")));
        let keyless = Body::new(BodyParts { key: None, ..parts }, |_| 0);
        assert_eq!((keyless.key(), keyless.properties()), (None, &b"\"a\":\"1\""[..]));
        let empty_key = Body::new(BodyParts { key: Some(""), ..parts }, |_| 0);
        assert_eq!((empty_key.key(), empty_key.data()), (Some(""), "{\"a\":1}"));
    }
}
