//! The summary for programs: one JSON object under the key `sync_report`. README.md lists its members; members are
//! only ever added.

use std::time::Duration;

use serde::Serialize;

use super::{Ending, Performance, StreamSummary, SyncSummary};

/// Kinds of rejections that a stream lists before the rest becomes one number.
const KINDS_LISTED: usize = 200;

#[derive(Serialize)]
struct Envelope<'a> {
    sync_report: Report<'a>,
}

#[derive(Serialize)]
struct Report<'a> {
    version: u8,
    dry_run: bool,
    outcome: &'static str,
    failure_type: Option<&'static str>,
    seconds: f64,
    held_back_seconds: f64,
    rate_limit: Option<RateLimit>,
    calls: u64,
    streams: Vec<Stream<'a>>,
}

#[derive(Serialize)]
struct RateLimit {
    calls: u64,
    seconds: f64,
}

#[derive(Serialize)]
struct Stream<'a> {
    stream: &'a str,
    namespace: Option<&'a str>,
    received: u64,
    accepted: u64,
    created: u64,
    updated: u64,
    archived: u64,
    merged: u64,
    skipped: u64,
    rejected: u64,
    unsettled: u64,
    associations_made: u64,
    associations_refused: u64,
    rejections: Vec<Rejections<'a>>,
    other_rejections: u64,
    warnings: Vec<Warnings<'a>>,
    calls: u64,
    repeated_calls: u64,
    rate_limited_calls: u64,
    repeat_wait_seconds: f64,
    seconds: f64,
    records_per_second: Option<f64>,
}

#[derive(Serialize)]
struct Rejections<'a> {
    code: &'a str,
    property: Option<&'a str>,
    count: u64,
}

#[derive(Serialize)]
struct Warnings<'a> {
    category: &'a str,
    count: u64,
}

/// The object, on one line.
///
/// # Errors
/// Never for a summary: its numbers are finite and its keys are texts.
pub fn object(sync: &SyncSummary<'_>) -> Result<String, serde_json::Error> {
    let (outcome, failure_type) = match sync.ending {
        Ending::Succeeded => ("succeeded", None),
        Ending::Failed(kind) => ("failed", Some(kind.failure_type())),
        Ending::Asked => ("asked_to_end", None),
    };
    let report = Report {
        version: 1,
        dry_run: sync.performance == Performance::Rehearsed,
        outcome,
        failure_type,
        seconds: seconds(sync.elapsed),
        held_back_seconds: seconds(sync.held_back),
        rate_limit: sync.window.map(|(calls, interval)| RateLimit { calls, seconds: seconds(interval) }),
        calls: sync.calls(),
        streams: sync.streams.iter().map(of_stream).collect(),
    };
    serde_json::to_string(&Envelope { sync_report: report })
}

fn of_stream<'a>(stream: &StreamSummary<'a>) -> Stream<'a> {
    let StreamSummary { descriptor, totals, counts, pairs, rejections, warnings, span } = stream;
    let listed = rejections.iter().take(KINDS_LISTED);
    Stream {
        stream: &descriptor.name,
        namespace: descriptor.namespace.as_deref(),
        received: totals.received,
        accepted: totals.accepted,
        created: counts.created,
        updated: counts.updated,
        archived: counts.archived,
        merged: counts.merged,
        skipped: counts.skipped,
        rejected: totals.rejected,
        unsettled: totals.unsettled(),
        associations_made: pairs.accepted,
        associations_refused: pairs.rejected,
        rejections: listed
            .map(|kind| Rejections { code: kind.code, property: kind.property, count: kind.count })
            .collect(),
        other_rejections: rejections.iter().skip(KINDS_LISTED).map(|kind| kind.count).sum(),
        warnings: warnings.iter().map(|(category, count)| Warnings { category, count: *count }).collect(),
        calls: counts.calls,
        repeated_calls: counts.repeats,
        rate_limited_calls: counts.turned_away,
        repeat_wait_seconds: seconds(counts.waited),
        seconds: seconds(*span),
        records_per_second: stream.rate().map(|rate| rounded(rate, 10.0)),
    }
}

fn seconds(duration: Duration) -> f64 {
    rounded(duration.as_secs_f64(), 1000.0)
}

fn rounded(number: f64, places: f64) -> f64 {
    (number * places).round() / places
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::RejectionKind;
    use super::*;
    use crate::engine::ledger::Totals;
    use crate::engine::sync::Counts;
    use crate::error::Kind;
    use crate::protocol::StreamDescriptor;

    #[test]
    fn every_number_is_in_the_object() {
        let descriptor = StreamDescriptor::new("users", Some("shop"));
        let names: Vec<String> = (0..202).map(|number| format!("p{number}")).collect();
        let rejections =
            names.iter().map(|name| RejectionKind { code: "INVALID_DATE", property: Some(name), count: 2 });
        let counts = Counts {
            created: 4,
            updated: 3,
            archived: 2,
            merged: 1,
            skipped: 5,
            calls: 8,
            inputs: 9,
            repeats: 2,
            turned_away: 1,
            waited: Duration::from_millis(1_500),
        };
        let stream = StreamSummary {
            descriptor: &descriptor,
            totals: Totals { received: 500, accepted: 10, rejected: 404 },
            counts,
            pairs: Totals { received: 9, accepted: 6, rejected: 1 },
            rejections: rejections.collect(),
            warnings: vec![("A_B", 3)],
            span: Duration::from_secs(20),
        };
        let sync = SyncSummary {
            performance: Performance::Real,
            ending: Ending::Failed(Kind::Unavailable),
            elapsed: Duration::from_micros(21_500_400),
            held_back: Duration::from_millis(250),
            calls_beside: 5,
            window: Some((190, Duration::from_secs(10))),
            streams: vec![stream],
        };
        let mut object: Value = serde_json::from_str(&object(&sync).unwrap()).unwrap();
        let kinds = object["sync_report"]["streams"][0]["rejections"].take();
        assert_eq!(kinds.as_array().map(Vec::len), Some(200));
        assert_eq!(kinds[0], json!({"code": "INVALID_DATE", "property": "p0", "count": 2}));
        let expected = json!({"sync_report": {
            "version": 1, "dry_run": false, "outcome": "failed", "failure_type": "transient_error", "seconds": 21.5,
            "held_back_seconds": 0.25, "rate_limit": {"calls": 190, "seconds": 10.0}, "calls": 13,
            "streams": [{
                "stream": "users", "namespace": "shop", "received": 500, "accepted": 10, "created": 4, "updated": 3,
                "archived": 2, "merged": 1, "skipped": 5, "rejected": 404, "unsettled": 86,
                "associations_made": 6, "associations_refused": 1, "rejections": null,
                "other_rejections": 4, "warnings": [{"category": "A_B", "count": 3}], "calls": 8, "repeated_calls": 2, "rate_limited_calls": 1,
                "repeat_wait_seconds": 1.5, "seconds": 20.0, "records_per_second": 20.7
            }]
        }});
        assert_eq!(object, expected);
    }
}
