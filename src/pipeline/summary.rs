//! What a sync did, in one line per stream.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::engine::ledger::{StreamIndex, Totals};
use crate::engine::rejection::Rejection;
use crate::engine::sync::Counts;
use crate::protocol::StreamDescriptor;

/// Rejections by stream, code and property.
#[derive(Debug, Default)]
pub struct RejectionCounts {
    counts: BTreeMap<(StreamIndex, String, Option<String>), u64>,
}

impl RejectionCounts {
    /// Counts one.
    pub fn add(&mut self, stream: StreamIndex, rejection: &Rejection) {
        let key = (stream, rejection.code.clone().into_owned(), rejection.property.clone());
        *self.counts.entry(key).or_default() += 1;
    }

    fn of(&self, stream: StreamIndex) -> impl Iterator<Item = (&str, Option<&str>, u64)> {
        let mine = self.counts.iter().filter(move |((of, ..), _)| *of == stream);
        mine.map(|((_, code, property), count)| (code.as_str(), property.as_deref(), *count))
    }
}

/// The line for one stream.
#[must_use]
pub fn line(
    name: &StreamDescriptor,
    stream: StreamIndex,
    totals: Totals,
    counts: Counts,
    rejections: &RejectionCounts,
) -> String {
    let mut line = format!(
        "Stream \"{name}\": received {}, accepted {} (created {}, updated {}, archived {}, merged into another record's \
         write {}), rejected {}",
        totals.received,
        totals.accepted,
        counts.created,
        counts.updated,
        counts.archived,
        counts.merged,
        totals.rejected
    );
    let mut separator = " (";
    for (code, property, count) in rejections.of(stream) {
        let property = property.map(|property| format!(" on {property}")).unwrap_or_default();
        // Writing to a string cannot fail.
        let _infallible = write!(line, "{separator}{code}{property} {count}");
        separator = ", ";
    }
    if separator == ", " {
        line.push(')');
    }
    if totals.unsettled() > 0 {
        let _infallible = write!(line, ", not settled {}", totals.unsettled());
    }
    let _infallible = write!(line, "; {} call{}", counts.calls, if counts.calls == 1 { "" } else { "s" });
    line
}
