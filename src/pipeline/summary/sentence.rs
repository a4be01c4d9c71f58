//! The summary in words, a line a stream, for the log.

use std::fmt::Write;
use std::time::Duration;

use super::{Performance, RejectionKind, StreamSummary, SyncSummary};
use crate::engine::ledger::Totals;
use crate::engine::sync::Counts;

/// Kinds of rejections that a line names before it stops.
const KINDS_NAMED: usize = 20;

/// The line of one stream.
#[must_use]
pub fn of_stream(stream: &StreamSummary<'_>) -> String {
    let StreamSummary { descriptor, totals, counts, pairs, rejections, warnings, .. } = stream;
    let mut line = format!(
        "Stream \"{descriptor}\": received {}, accepted {} (created {}, updated {}, archived {}, merged into another \
         record's write {}{}), rejected {}",
        totals.received,
        totals.accepted,
        counts.created,
        counts.updated,
        counts.archived,
        counts.merged,
        skipped(counts),
        totals.rejected
    );
    push_rejections(&mut line, rejections);
    if totals.unsettled() > 0 {
        let _infallible = write!(line, ", not settled {}", totals.unsettled());
    }
    if !warnings.is_empty() {
        let all: u64 = warnings.iter().map(|(_, count)| count).sum();
        let _infallible = write!(line, "; {all} remark{} of HubSpot's on accepted records", plural(all));
    }
    if pairs.received > 0 {
        let _infallible = write!(line, "; associations made {}, refused {}", pairs.accepted, pairs.rejected);
    }
    let _infallible = write!(line, "; {} call{}", counts.calls, plural(counts.calls));
    if counts.repeats > 0 {
        let waited = seconds(counts.waited);
        let _infallible =
            write!(line, " ({} to be repeated, after waits of {waited} in all)", counts.repeats);
    }
    if let Some(rate) = stream.rate() {
        let _infallible = write!(line, "; {} in {}", per_second(rate), seconds(stream.span));
    }
    line
}

/// The line of one stream of a dry run.
#[must_use]
pub fn of_rehearsed(stream: &StreamSummary<'_>) -> String {
    let StreamSummary { descriptor, totals, counts, rejections, .. } = stream;
    let mut line = format!(
        "Dry run of stream \"{descriptor}\": received {}, would be sent {} (in {} call{}){}, would be rejected {}",
        totals.received,
        totals.accepted - counts.skipped,
        counts.calls,
        plural(counts.calls),
        skipped(counts),
        totals.rejected
    );
    push_rejections(&mut line, rejections);
    line
}

/// Of most streams nothing is skipped.
fn skipped(counts: &Counts) -> String {
    if counts.skipped > 0 { format!(", skipped {}", counts.skipped) } else { String::new() }
}

fn push_rejections(line: &mut String, rejections: &[RejectionKind<'_>]) {
    let mut named: Vec<String> = rejections
        .iter()
        .take(KINDS_NAMED)
        .map(|kind| match kind.property {
            Some(property) => format!("{} on {property} {}", kind.code, kind.count),
            None => format!("{} {}", kind.code, kind.count),
        })
        .collect();
    let others: u64 = rejections.iter().skip(KINDS_NAMED).map(|kind| kind.count).sum();
    if others > 0 {
        named.push(format!("for other reasons {others}"));
    }
    // Writing to a string cannot fail.
    if !named.is_empty() {
        let _infallible = write!(line, " ({})", named.join(", "));
    }
}

/// The line of the whole sync.
#[must_use]
pub fn of_sync(sync: &SyncSummary<'_>) -> String {
    let total = |count: fn(&StreamSummary<'_>) -> u64| sync.streams.iter().map(count).sum::<u64>();
    let calls = total(|stream| stream.counts.calls);
    let whole = match sync.performance {
        Performance::Real => "All streams",
        Performance::Rehearsed => "Dry run of all streams",
    };
    let mut line = format!(
        "{whole}: received {}, accepted {}, rejected {}; {calls} call{} in {}",
        total(|stream| stream.totals.received),
        total(|stream| stream.totals.accepted),
        total(|stream| stream.totals.rejected),
        plural(calls),
        seconds(sync.elapsed)
    );
    if !sync.held_back.is_zero() {
        let _infallible = write!(line, ", {} of it held back by the rate limit", seconds(sync.held_back));
    }
    if let Some((calls, interval)) = sync.window {
        let interval = seconds(interval);
        let _infallible = write!(line, "; HubSpot allows {calls} call{} in {interval}", plural(calls));
    }
    line
}

/// What a person who watches wants to know while it runs, in well under a line.
#[must_use]
pub fn under_way(totals: Totals, elapsed: Duration, is_held_back: bool) -> String {
    let settled = totals.accepted + totals.rejected;
    let rate = if elapsed.is_zero() { 0.0 } else { settled as f64 / elapsed.as_secs_f64() };
    let held = if is_held_back { ", waiting for the rate limit" } else { "" };
    format!(
        "{} s: received {}, accepted {}, rejected {}, {}{held}",
        elapsed.as_secs(),
        totals.received,
        totals.accepted,
        totals.rejected,
        per_second(rate)
    )
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn per_second(rate: f64) -> String {
    if rate < 10.0 { format!("{rate:.1} records/s") } else { format!("{rate:.0} records/s") }
}

#[cfg(test)]
mod tests {
    use super::super::Ending;
    use super::*;
    use crate::protocol::StreamDescriptor;

    fn names() -> Vec<String> {
        (0..22).map(|number| format!("p{number}")).collect()
    }

    #[test]
    fn a_stream_is_told_in_one_line() {
        let (descriptor, names) = (StreamDescriptor::new("users", Some("shop")), names());
        let kinds = names.iter().enumerate().map(|(place, name)| RejectionKind {
            code: "INVALID_DATE",
            property: (place > 0).then_some(name.as_str()),
            count: if place == 0 { 7 } else { 1 },
        });
        let stream = StreamSummary {
            descriptor: &descriptor,
            totals: Totals { received: 60, accepted: 20, rejected: 28 },
            counts: Counts {
                created: 12,
                updated: 5,
                merged: 3,
                skipped: 2,
                calls: 4,
                repeats: 1,
                waited: Duration::from_millis(2_340),
                ..Counts::default()
            },
            pairs: Totals { received: 9, accepted: 6, rejected: 1 },
            rejections: kinds.collect(),
            warnings: Vec::new(),
            span: Duration::from_secs(4),
        };
        let line = of_stream(&stream);
        assert!(
            line.starts_with(
                "Stream \"shop.users\": received 60, accepted 20 (created 12, updated 5, archived 0, merged into \
                 another record's write 3, skipped 2), rejected 28 (INVALID_DATE 7, INVALID_DATE on p1 1,"
            ),
            "{line}"
        );
        assert!(
            line.ends_with(
                "p19 1, for other reasons 2), not settled 12; associations made 6, refused 1; 4 calls (1 to be repeated, after waits of 2.3 s in all); \
                 12 records/s in 4.0 s"
            ),
            "{line}"
        );
    }

    #[test]
    fn nothing_is_said_of_what_was_not() {
        let descriptor = StreamDescriptor::new("users", None);
        let stream = StreamSummary {
            descriptor: &descriptor,
            totals: Totals::default(),
            counts: Counts::default(),
            pairs: Totals::default(),
            rejections: Vec::new(),
            warnings: vec![],
            span: Duration::ZERO,
        };
        assert!(of_stream(&stream).ends_with("rejected 0; 0 calls"));
        let sync = SyncSummary {
            performance: Performance::Real,
            ending: Ending::Succeeded,
            elapsed: Duration::from_millis(40),
            held_back: Duration::ZERO,
            calls_beside: 4,
            window: None,
            streams: vec![stream],
        };
        assert_eq!(of_sync(&sync), "All streams: received 0, accepted 0, rejected 0; 0 calls in 0.0 s");
        let busy = SyncSummary {
            held_back: Duration::from_secs(3),
            window: Some((190, Duration::from_secs(10))),
            ..sync
        };
        assert!(
            of_sync(&busy)
                .ends_with("3.0 s of it held back by the rate limit; HubSpot allows 190 calls in 10.0 s")
        );
    }

    #[test]
    fn progress_fits_a_line_of_a_terminal() {
        let totals = Totals { received: 12_345_678, accepted: 12_000_000, rejected: 345_000 };
        assert_eq!(
            under_way(totals, Duration::from_secs(100_000), false),
            "100000 s: received 12345678, accepted 12000000, rejected 345000, 123 records/s"
        );
        assert!(under_way(Totals::default(), Duration::ZERO, true).ends_with("waiting for the rate limit"));
    }
}
