//! Inputs and sends: what goes into one call, and why it is being sent.

use std::collections::VecDeque;

use super::Moment;
use super::association::FarEnd;
use super::ledger::StreamIndex;
use super::mirror::Chore;
use super::operation::{Operation, Step};
use super::record::Record;
use super::rejection::Rejection;
use crate::json;

/// One input of a batch: a record, or several of one key whose values are merged (later values win per
/// property).
///
/// Never empty: `head` is always there.
#[derive(Debug)]
pub struct Input {
    /// The oldest record.
    pub head: Record,
    /// Later records of the same key that are sent merged with it, oldest first.
    pub merged: Vec<Record>,
    /// Later records of the same key that are sent after it has settled, one by one; the parts of a merged
    /// input that HubSpot refused.
    pub then: VecDeque<Record>,
    /// HubSpot's record id, once it has been looked up.
    pub record_id: Option<Box<str>>,
    /// What led to that id.
    pub found_by: FoundBy,
    /// What is known of the record at the far end, where pairs are associated.
    pub far: FarEnd,
    /// Which of its writes is next.
    pub turn: Turn,
    /// Whether the first write made a new record, once that is known.
    pub created: Option<bool>,
    /// Set once a call may have made the record without telling; it is not made again before it has been looked for.
    pub doubt: Option<Box<Doubt>>,
    /// The record that a pair was asked for by, where it is made as that is written.
    pub part_of: Option<Box<PartOf>>,
}

/// One of the associations that are made with the records of a stream, by its place among those configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkIndex(pub u16);

/// Whose inputs a call is about: a stream's own records, or pairs that its written records ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// The stream.
    pub stream: StreamIndex,
    /// Which of its associations; none for its own records.
    pub link: Option<LinkIndex>,
}

impl From<StreamIndex> for Source {
    /// The stream's own records.
    fn from(stream: StreamIndex) -> Self {
        Self { stream, link: None }
    }
}

/// What a record was found by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FoundBy {
    /// Its value of the matching key.
    #[default]
    Key,
    /// Another name it has, such as a further domain of a company: its own value of the key stays.
    Another,
}

/// The record that asked for a pair, among those that are written and wait for their pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartOf {
    /// Number of the written input.
    pub written: u64,
    /// Place of the record among those that the input was merged of.
    pub part: usize,
}

/// Which write of a record is next, where it takes two ([`Body::sequel`](super::record::Body::sequel)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    /// The first, or the only one.
    #[default]
    First,
    /// The first once more: it made the record, and HubSpot fills in defaults when it makes one.
    Repeated,
    /// The second.
    Second,
}

/// What is known of an input that HubSpot may have made a record of.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// When the first call was made that may have done it.
    pub since: Moment,
    /// Why it is rejected if it turns out not to exist; `None`: then it is made again.
    pub otherwise: Option<Rejection>,
    /// How often a search for it was put off because the search index is behind.
    pub waits: usize,
}

impl Input {
    /// An input of one record.
    #[must_use]
    pub fn new(head: Record) -> Self {
        Self {
            head,
            merged: Vec::new(),
            then: VecDeque::new(),
            record_id: None,
            found_by: FoundBy::Key,
            far: FarEnd::default(),
            turn: Turn::First,
            created: None,
            doubt: None,
            part_of: None,
        }
    }

    /// Members of `properties` that one of its records has in the next write.
    #[must_use]
    pub fn members<'a>(&self, part: &'a Record) -> &'a [u8] {
        match self.turn {
            Turn::First | Turn::Repeated => part.body.properties(),
            Turn::Second => part.body.sequel(),
        }
    }

    /// Whether a later record of its key may be sent merged with it.
    #[must_use]
    pub fn may_be_merged_with(&self, later: &Record) -> bool {
        self.head.body.may_be_merged_with(&later.body)
    }

    /// What is done with it, given what is done with the records of its stream.
    #[must_use]
    pub fn operation(&self, of_stream: Operation) -> Operation {
        self.head.body.operation(of_stream)
    }

    /// Notes that a write is confirmed, and says whether another has to follow.
    pub fn written(&mut self, created: Option<bool>) -> bool {
        self.created = self.created.or(created);
        let follows = self.head.body.takes_two_writes() && self.turn != Turn::Second;
        if follows {
            let made_it = self.turn == Turn::First && self.created == Some(true);
            self.turn = if made_it { Turn::Repeated } else { Turn::Second };
        }
        follows
    }

    /// What names the record in a call: its record id where it was looked up, else its matching key.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.record_id.as_deref().or_else(|| self.key())
    }

    /// Notes that a call made at `since` may have made the record, and what follows if it has not.
    pub fn put_in_doubt(&mut self, since: Moment, otherwise: Option<Rejection>) {
        // The first call that may have made it counts: its effect can show late.
        let fresh = || Box::new(Doubt { since, otherwise: None, waits: 0 });
        let doubt = self.doubt.get_or_insert_with(fresh);
        doubt.otherwise = otherwise.or_else(|| doubt.otherwise.take());
    }

    /// Whether there is any property to write.
    #[must_use]
    pub fn has_properties(&self) -> bool {
        self.parts().any(|part| !part.body.properties().is_empty())
    }

    /// Whether there is any property to write once its own value of the key stays what it is, if it is to stay.
    #[must_use]
    pub fn has_more_than(&self, key: &str) -> bool {
        let has_another = |part: &Record| {
            let mut has_another = false;
            let members = format!("{{{}}}", String::from_utf8_lossy(self.members(part)));
            // Rendered by `plan::shape`, so always an object.
            let _rendered_by_us = json::members(&members, |name, _| has_another |= name != key);
            has_another
        };
        self.found_by == FoundBy::Key || self.parts().any(has_another)
    }

    /// Whether any of its records asks for associations.
    #[must_use]
    pub fn asks_for_links(&self) -> bool {
        self.parts().any(|part| !part.body.links().is_empty())
    }

    /// Text of the matching key.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.head.body.key()
    }

    /// Records of this input, merged and following ones included.
    #[must_use]
    pub fn records(&self) -> usize {
        1 + self.merged.len() + self.then.len()
    }

    /// The records whose values go into the call, oldest first.
    pub fn parts(&self) -> impl Iterator<Item = &Record> {
        std::iter::once(&self.head).chain(&self.merged)
    }

    /// Takes a merged input apart: its oldest record alone, the others after it in order.
    #[must_use]
    pub fn into_parts(mut self) -> Self {
        for record in self.merged.drain(..).rev() {
            self.then.push_front(record);
        }
        self
    }

    /// Bytes the records hold.
    #[must_use]
    pub fn size(&self) -> usize {
        self.parts().chain(&self.then).map(|record| record.body.size()).sum()
    }
}

/// Number of a send, unique within a sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SendId(pub u64);

/// Why inputs are being sent; decides what happens to those an answer does not mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// As they were gathered, or a part of a batch that was refused.
    First,
    /// The inputs an answer left unmentioned, together.
    Unconfirmed,
    /// An input that was left unmentioned twice, alone.
    Alone,
}

/// One call to be made: inputs of one stream with distinct keys, with all of which the same is done.
#[derive(Debug)]
pub struct Send {
    /// Its number; a repeated call keeps it.
    pub id: SendId,
    /// The stream the inputs belong to.
    pub stream: StreamIndex,
    /// Which of the stream's associations, where the inputs are pairs that its records ask for.
    pub link: Option<LinkIndex>,
    /// At least one input, at most the operation's batch limit; none where the call is a chore.
    pub inputs: Vec<Input>,
    /// What is done beside the records; then there are no inputs.
    pub chore: Option<Chore>,
    /// Why they are sent.
    pub stage: Stage,
    /// Which of the operation's calls it is.
    pub step: Step,
    /// When it was last made.
    pub sent_at: Moment,
    /// Attempts that failed for reasons outside the records, in a row.
    pub failures: u32,
    /// Those among them that were server errors: the others say nothing about the records.
    pub server_errors: u32,
    /// Server errors before which, since the one before, another call had gone through.
    pub setbacks_amid_success: u32,
    /// How many calls of the sync had gone through when these inputs first met a server error.
    pub suspected_since: Option<u64>,
    /// Whether they are a part of a call that was taken apart for its server errors.
    pub is_part: bool,
    /// How many calls of the sync had gone through when this one was made, or last failed.
    pub successes_seen: u64,
    /// Whether an answer to the whole batch has named the culprits once already.
    pub named_before: bool,
    /// Whether the same inputs, whole, were met with silence before.
    pub silent_before: bool,
}

impl Send {
    /// Whose inputs it is about.
    #[must_use]
    pub fn source(&self) -> Source {
        Source { stream: self.stream, link: self.link }
    }

    /// What is done with its inputs, given what is done with the records of their stream: the same with all of them.
    #[must_use]
    pub fn operation(&self, of_stream: Operation) -> Operation {
        self.inputs.first().map_or(of_stream, |input| input.operation(of_stream))
    }

    /// Whether the call only finds out what an earlier one has made: that it is answered says nothing about how
    /// writing goes.
    #[must_use]
    pub fn clears_doubt(&self) -> bool {
        matches!(self.step, Step::Lookup | Step::Search)
            && self.inputs.iter().any(|input| input.doubt.is_some())
    }
}
