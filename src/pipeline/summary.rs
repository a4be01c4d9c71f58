//! What a sync did: counts by stream, told at its end in a sentence a stream and as one JSON object.
//!
//! Counts, codes and names of properties; never a value of a record.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::engine::Moment;
use crate::engine::ledger::{StreamIndex, Totals};
use crate::engine::rejection::Rejection;
use crate::engine::sync::{Counts, Sync};
use crate::error::Kind;
use crate::protocol::{StreamDescriptor, abridged};

pub mod json;
pub mod sentence;

/// Kinds of rejections that are counted each on its own: their number must not grow with the input.
const MOST_KINDS: usize = 10_000;

/// The same for categories of HubSpot's remarks, and what stands for those beyond.
const MOST_WARNINGS: usize = 100;
const OTHER_WARNINGS: &str = "OTHER";

/// What the lines are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Performance {
    /// A sync: records are written, states are echoed.
    #[default]
    Real,
    /// A dry run: nothing is written, and no state is echoed, since it would skip the records later.
    Rehearsed,
}

/// How a sync ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All of the input was settled.
    Succeeded,
    /// It ended early, for this kind of reason.
    Failed(Kind),
    /// A signal asked it to end.
    Asked,
}

/// What the records of one stream came to.
#[derive(Clone, Debug)]
pub struct StreamSummary<'a> {
    /// The stream.
    pub descriptor: &'a StreamDescriptor,
    /// Records received, accepted and rejected.
    pub totals: Totals,
    /// What became of the accepted ones, and which calls that took.
    pub counts: Counts,
    /// Associations that its records asked for beside what they write: made ones are accepted.
    pub pairs: Totals,
    /// Rejections by code and property, the most frequent first.
    pub rejections: Vec<RejectionKind<'a>>,
    /// HubSpot's remarks on records that it stored, by category, the most frequent first.
    pub warnings: Vec<(&'a str, u64)>,
    /// From the stream's first record until the last of its calls was answered.
    pub span: Duration,
}

impl StreamSummary<'_> {
    /// Settled records a second; `None` where there was no time to speak of.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        let settled = self.totals.accepted + self.totals.rejected;
        (!self.span.is_zero() && settled > 0).then(|| settled as f64 / self.span.as_secs_f64())
    }
}

/// What a whole sync came to.
#[derive(Clone, Debug)]
pub struct SyncSummary<'a> {
    /// Whether anything was written.
    pub performance: Performance,
    /// How it ended.
    pub ending: Ending,
    /// From the first look at the input to the end.
    pub elapsed: Duration,
    /// For how long the rate limit held back calls that were ready.
    pub held_back: Duration,
    /// Calls that no stream's records needed: those about the account, object types, properties.
    pub calls_beside: u64,
    /// The rate window that HubSpot announced last: so many calls in so long.
    pub window: Option<(u64, Duration)>,
    /// Every stream that was met.
    pub streams: Vec<StreamSummary<'a>>,
}

impl SyncSummary<'_> {
    /// All calls of the sync.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls_beside + self.streams.iter().map(|stream| stream.counts.calls).sum::<u64>()
    }
}

/// Rejections of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RejectionKind<'a> {
    /// The code.
    pub code: &'a str,
    /// The property at fault, where there is one.
    pub property: Option<&'a str>,
    /// How many there were.
    pub count: u64,
}

/// What the dispatcher notes on the way, for the summary.
#[derive(Debug, Default)]
pub struct Notes {
    rejections: BTreeMap<(StreamIndex, String, Option<String>), u64>,
    warnings: BTreeMap<(StreamIndex, String), u64>,
    spans: Vec<Option<(Moment, Moment)>>,
}

impl Notes {
    /// Something of a stream happened at this moment: a record came, a call was answered.
    pub fn active(&mut self, stream: StreamIndex, now: Moment) {
        let place = stream.0 as usize;
        if self.spans.len() <= place {
            self.spans.resize(place + 1, None);
        }
        let (first, _) = self.spans[place].unwrap_or((now, now));
        self.spans[place] = Some((first, now));
    }

    /// Counts a rejection.
    pub fn rejected(&mut self, stream: StreamIndex, rejection: &Rejection) {
        let property = rejection.property.as_deref().map(|property| abridged(property).into_owned());
        let mut key = (stream, rejection.code.clone().into_owned(), property);
        if self.rejections.len() >= MOST_KINDS && !self.rejections.contains_key(&key) {
            key.2 = None;
        }
        *self.rejections.entry(key).or_default() += 1;
    }

    /// Counts a remark of HubSpot's on a record that it stored; says whether it is the first of its category.
    pub fn warned(&mut self, stream: StreamIndex, category: &str) -> bool {
        let of_others = self.warnings.len() >= MOST_WARNINGS;
        let mut key = (stream, category.to_owned());
        if of_others && !self.warnings.contains_key(&key) {
            key.1 = OTHER_WARNINGS.to_owned();
        }
        let count = self.warnings.entry(key).or_default();
        *count += 1;
        *count == 1
    }

    /// The summary of one stream.
    #[must_use]
    pub fn stream<'a>(
        &'a self,
        sync: &Sync,
        stream: StreamIndex,
        descriptor: &'a StreamDescriptor,
    ) -> StreamSummary<'a> {
        let mut rejections: Vec<RejectionKind<'_>> = self
            .rejections
            .range((stream, String::new(), None)..)
            .take_while(|((of, ..), _)| *of == stream)
            .map(|((_, code, property), count)| RejectionKind {
                code,
                property: property.as_deref(),
                count: *count,
            })
            .collect();
        // Stable: kinds that are equally frequent stay in the order of their names.
        rejections.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        let of_stream =
            self.warnings.range((stream, String::new())..).take_while(|((of, _), _)| *of == stream);
        let mut warnings: Vec<(&str, u64)> =
            of_stream.map(|((_, category), count)| (category.as_str(), *count)).collect();
        warnings.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let span = self.spans.get(stream.0 as usize).copied().flatten();
        StreamSummary {
            descriptor,
            totals: sync.totals(stream),
            counts: sync.counts(stream),
            pairs: sync.pairs(stream),
            rejections,
            warnings,
            span: span.map_or(Duration::ZERO, |(first, last)| last.saturating_sub(first)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(code: &'static str, property: &str) -> Rejection {
        Rejection::by_connector(code, Some(property), "words")
    }

    #[test]
    fn categories_of_remarks_are_told_once_and_bounded() {
        let mut notes = Notes::default();
        assert!(notes.warned(StreamIndex(0), "A") && !notes.warned(StreamIndex(0), "A"));
        assert!(notes.warned(StreamIndex(1), "A"));
        let told =
            (0..MOST_WARNINGS + 500).filter(|number| notes.warned(StreamIndex(0), &format!("w{number}")));
        assert_eq!(told.count(), MOST_WARNINGS - 1);
        assert_eq!(notes.warnings.len(), MOST_WARNINGS + 1);
        assert_eq!(notes.warnings[&(StreamIndex(0), "OTHER".to_owned())], 502);
    }

    #[test]
    fn kinds_of_rejections_are_bounded_and_no_rejection_is_lost() {
        let mut notes = Notes::default();
        for number in 0..MOST_KINDS + 500 {
            notes.rejected(StreamIndex(0), &rejection("A", &format!("p{number}")));
        }
        assert_eq!(notes.rejections.len(), MOST_KINDS + 1);
        assert_eq!(notes.rejections.values().sum::<u64>(), MOST_KINDS as u64 + 500);
        assert_eq!(notes.rejections[&(StreamIndex(0), "A".to_owned(), None)], 500);
    }
}
