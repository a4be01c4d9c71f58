//! Associations made with the records of a stream: a record that is written waits here until its pairs are made.
//!
//! **Invariant (one settlement).** A written record keeps its ticket, and settles once, when the last of its pairs has:
//! accepted when all are made, else rejected. Its pairs have tickets of their own, in a ledger that no state hangs on.
//!
//! The next record of its key need not wait for the pairs: associating adds to what is there, so that its order does
//! not matter. Of records that were merged, each association goes by the youngest that names a far end for it.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::super::Moment;
use super::super::association::{Awaited, Pair};
use super::super::batch::{Input, LinkIndex, PartOf, Source};
use super::super::inline::{self, InlineLink};
use super::super::lane::Lane;
use super::super::ledger::{Ledger, StreamIndex, Totals};
use super::super::operation::{MatchedBy, Operation};
use super::super::record::{Body, BodyParts, Record};
use super::super::rejection::Rejection;
use super::super::resolve::Stored;
use super::Sync;

/// One of the associations that are made with the records of a stream.
#[derive(Debug)]
pub(super) struct Link {
    what: InlineLink,
    /// Pairs that are gathered into calls.
    pub(super) lane: Lane,
    /// Whether the far ends may still be written in this sync.
    pub(super) awaited: Awaited,
}

impl Link {
    pub(super) fn operation(&self) -> Operation {
        self.what.operation()
    }
}

/// Written records that wait for their pairs.
#[derive(Debug, Default)]
pub(super) struct Linking {
    ledger: Ledger,
    waiting: HashMap<u64, Written>,
    next: u64,
}

/// A written input whose pairs are being made.
#[derive(Debug)]
struct Written {
    stream: StreamIndex,
    /// Its records, each with why a pair of it is refused.
    parts: Vec<(Record, Option<Rejection>)>,
    /// Whether HubSpot made it anew, where that is known.
    created: Option<bool>,
    /// HubSpot's record id.
    id: Box<str>,
    /// Pairs under way.
    under_way: usize,
    /// Pairs of later rounds, in order.
    later: VecDeque<Wanted>,
}

#[derive(Debug)]
struct Wanted {
    round: u16,
    link: LinkIndex,
    part: usize,
    key: Box<str>,
}

impl Linking {
    pub(super) fn add_stream(&mut self) {
        let _same_number = self.ledger.add_stream();
    }

    pub(super) fn totals(&self, stream: StreamIndex) -> Totals {
        self.ledger.totals(stream)
    }

    /// Forgets the records of a stream that is given up: they never settle.
    pub(super) fn give_up(&mut self, stream: StreamIndex) {
        self.waiting.retain(|_, written| written.stream != stream);
    }
}

impl Sync {
    /// Each record of the stream is to be associated with the records that it names.
    ///
    /// # Panics
    /// Where there is no such stream.
    pub fn link(&mut self, stream: StreamIndex, link: InlineLink, awaited: Awaited) {
        let operation = link.operation();
        let lane = Lane::new(operation.batch_limits(), operation.merging());
        self.streams[stream.0 as usize].links.push(Link { what: link, lane, awaited });
    }

    /// Pairs that records of a stream asked for: made ones count as accepted.
    #[must_use]
    pub fn pairs(&self, stream: StreamIndex) -> Totals {
        self.linking.totals(stream)
    }

    /// What follows when a write of a stream's own record is confirmed and pairs are to be made of it.
    pub(super) fn begin_pairs(&mut self, now: Moment, stream: StreamIndex, stored: Stored) {
        if self.streams[stream.0 as usize].failed {
            // Given up while the call was under way: what is written is not acknowledged.
            return;
        }
        let Stored { input, created, id } = stored;
        let operation = self.streams[stream.0 as usize].operation;
        let known = id.or_else(|| input.record_id.clone());
        let by_key =
            || matches!(operation, Operation::Update(MatchedBy::RecordId)).then(|| input.key()).flatten();
        let id = known.or_else(|| by_key().map(Into::into));
        let later = self.wanted(stream, &input);
        let Input { head, merged, then, record_id, .. } = input;
        let hash = head.body.has_key().then(|| head.body.key_hash());
        let parts = std::iter::once(head).chain(merged).map(|record| (record, None)).collect();
        let mut written =
            Written { stream, parts, created, id: id.clone().unwrap_or_default(), under_way: 0, later };
        if id.is_none() {
            let links = &self.streams[stream.0 as usize].links;
            for Wanted { link, part, .. } in written.later.drain(..) {
                let column = &links[usize::from(link.0)].what.column;
                written.parts[part]
                    .1
                    .get_or_insert_with(|| Rejection::not_confirmed(None).of_association(column));
            }
        }
        if written.later.is_empty() {
            self.settle_written(written);
        } else {
            self.linking.next += 1;
            let number = self.linking.next;
            self.linking.waiting.insert(number, written);
            self.begin_round(now, number);
        }
        self.let_next_go(now, stream, then, record_id, hash);
    }

    /// The pairs an input asks for, by round.
    fn wanted(&self, stream: StreamIndex, input: &Input) -> VecDeque<Wanted> {
        let mut by_link: BTreeMap<LinkIndex, (usize, Vec<&str>)> = BTreeMap::new();
        for (place, part) in input.parts().enumerate() {
            for (link, key) in inline::read(part.body.links()) {
                let entry = by_link.entry(link).or_insert((place, Vec::new()));
                if entry.0 != place {
                    *entry = (place, Vec::new());
                }
                entry.1.push(key);
            }
        }
        let links = &self.streams[stream.0 as usize].links;
        let mut wanted: Vec<Wanted> = Vec::new();
        for (link, (part, keys)) in by_link {
            let Some(Link { what, .. }) = links.get(usize::from(link.0)) else { continue };
            wanted.extend(keys.into_iter().map(|key| Wanted {
                round: what.round,
                link,
                part,
                key: key.into(),
            }));
        }
        wanted.sort_by_key(|wanted| wanted.round);
        wanted.into()
    }

    /// Gathers the pairs of a written record's next round.
    fn begin_round(&mut self, now: Moment, number: u64) {
        let Some(written) = self.linking.waiting.get_mut(&number) else { return };
        let Some(round) = written.later.front().map(|wanted| wanted.round) else { return };
        let links = &mut self.streams[written.stream.0 as usize].links;
        while written.later.front().is_some_and(|wanted| wanted.round == round) {
            let Some(Wanted { link, part, key, .. }) = written.later.pop_front() else { return };
            let Some(link) = links.get_mut(usize::from(link.0)) else { return };
            let mut properties = Vec::new();
            Pair { to: key.as_ref().into(), label: link.what.label.clone() }.append(&mut properties);
            let parts = BodyParts { key: Some(&written.id), properties: &properties, ..BodyParts::default() };
            let body = Body::new(parts, |_| 0);
            let ticket = self.linking.ledger.enter(written.stream);
            let part_of = Some(Box::new(PartOf { written: number, part }));
            link.lane.push_unordered(now, Input { part_of, ..Input::new(Record { ticket, body }) });
            written.under_way += 1;
        }
    }

    /// Settles a pair; with the last one the record that asked for it settles too.
    pub(super) fn settle_pair(
        &mut self,
        now: Moment,
        source: Source,
        input: Input,
        rejection: Option<Rejection>,
    ) {
        let Input { head, part_of, .. } = input;
        match &rejection {
            None => self.linking.ledger.accept(head.ticket),
            Some(_) => {
                self.linking.ledger.reject(head.ticket);
            }
        }
        let Some(part_of) = part_of else { return };
        let Some(written) = self.linking.waiting.get_mut(&part_of.written) else { return };
        let links = &self.streams[source.stream.0 as usize].links;
        let link = source.link.and_then(|link| links.get(usize::from(link.0)));
        if let (Some(rejection), Some(link)) = (rejection, link) {
            // The first one is told; the others are made as far as they can be.
            let refused = &mut written.parts[part_of.part].1;
            refused.get_or_insert_with(|| rejection.of_association(&link.what.column));
        }
        written.under_way -= 1;
        if written.under_way > 0 {
            return;
        }
        if !written.later.is_empty() {
            self.begin_round(now, part_of.written);
        } else if let Some(written) = self.linking.waiting.remove(&part_of.written) {
            self.settle_written(written);
        }
    }

    /// Settles the records of a written input: those of which a pair is refused are rejected.
    fn settle_written(&mut self, written: Written) {
        let Written { stream, parts, created, .. } = written;
        let accepted = parts.iter().filter(|(_, refused)| refused.is_none()).count();
        if accepted > 0 {
            let operation = self.streams[stream.0 as usize].operation;
            self.count(stream, operation, created, accepted - 1);
        }
        for (record, refused) in parts {
            self.held_bytes -= record.body.size();
            match refused {
                None => self.accept(record.ticket),
                Some(rejection) => self.reject(record, rejection),
            }
        }
    }

    /// Whether no call with a stream's own records is under way or to be made: no pairs will come that could share a
    /// call with those gathered.
    pub(super) fn has_written_all(&self, stream: StreamIndex) -> bool {
        let own = Source::from(stream);
        let mut sends =
            self.in_flight.values().chain(&self.again).chain(self.delayed.values()).chain(&self.doubted);
        !self.streams[stream.0 as usize].lane.has_ready() && sends.all(|send| send.source() != own)
    }
}
