//! STATE messages: what they cover, and how they are echoed value for value.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::StreamDescriptor;
use crate::json;

/// A checkpoint as it came, with what it covers.
#[derive(Debug)]
pub struct State<'a> {
    /// The records that must have settled before it may go out.
    pub coverage: Coverage,
    /// The `state` object exactly as sent.
    pub raw: &'a str,
}

/// Which records a state vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Those of one stream (`STREAM`).
    Stream(StreamDescriptor),
    /// Those of every stream (`GLOBAL`, `LEGACY`, no type, and any type this version does not know: waiting
    /// for everything is right under every reading).
    Everything,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Kind<'a>>,
    #[serde(borrow, default)]
    stream: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Kind<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct StreamPart {
    stream_descriptor: StreamDescriptor,
}

impl<'a> State<'a> {
    /// Reads the `state` object of a STATE message; `None` when it is no JSON object.
    #[must_use]
    pub fn parse(raw: &'a str) -> Option<Self> {
        // A derived struct would also accept an array, field by field.
        let head: Head<'_> = raw.starts_with('{').then(|| serde_json::from_str(raw).ok())??;
        let is_stream = head.kind.is_some_and(|kind| kind.0 == "STREAM");
        let descriptor = head
            .stream
            .filter(|_| is_stream)
            .and_then(|stream| serde_json::from_str::<StreamPart>(stream.get()).ok())
            .map(|part| part.stream_descriptor);
        let coverage = descriptor.map_or(Coverage::Everything, Coverage::Stream);
        Some(Self { coverage, raw })
    }
}

/// What became of the records since the previous state of the same coverage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DestinationStats {
    /// Records that HubSpot confirmed.
    pub accepted: u64,
    /// Records that were rejected.
    pub rejected: u64,
}

/// The STATE line for a state, with `destinationStats` added (or replaced) and everything else as received.
///
/// The counts are doubles (`9.0`), as the protocol types them.
#[must_use]
pub fn echo(raw: &str, stats: DestinationStats) -> String {
    let mut line = String::with_capacity(raw.len() + 120);
    line.push_str(r#"{"type":"STATE","state":{"#);
    // A state is an object: `State::parse` saw to that.
    let _parsed_before = json::members(raw, |key, value| {
        if key != "destinationStats" {
            push_json_string(&mut line, &key);
            line.push(':');
            line.push_str(value);
            line.push(',');
        }
    });
    line.push_str(&format!(
        r#""destinationStats":{{"recordCount":{}.0,"rejectedRecordCount":{}.0}}}}}}"#,
        stats.accepted, stats.rejected
    ));
    line
}

fn push_json_string(line: &mut String, text: &str) {
    // A string always has a JSON form.
    line.push_str(&serde_json::to_string(text).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_follows_the_type() {
        let of = |raw| State::parse(raw).map(|state| state.coverage);
        let stream = r#"{"type":"STREAM","stream":{"stream_descriptor":{"name":"s","namespace":""},"stream_state":{}}}"#;
        assert_eq!(of(stream), Some(Coverage::Stream(StreamDescriptor::new("s", None))));
        assert_eq!(of(r#"{"type":"GLOBAL","global_":{"x":1},"stream":null}"#), Some(Coverage::Everything));
        assert_eq!(of(r#"{"data":{"cursor":1}}"#), Some(Coverage::Everything));
        assert_eq!(of(r#"{"type":"STREAM","stream":{}}"#), Some(Coverage::Everything));
        assert_eq!(of("[]"), None);
    }

    #[test]
    fn a_state_is_echoed_value_for_value() {
        let raw = r#"{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"},"stream_state":{"z":1,"a":12345678901234567890123,"f":1.10}},"id":7,"destinationStats":null,"sourceStats":{"recordCount":9.0},"odd \" key":[]}"#;
        let line = echo(raw, DestinationStats { accepted: 8, rejected: 1 });
        assert_eq!(
            line,
            r#"{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"},"stream_state":{"z":1,"a":12345678901234567890123,"f":1.10}},"id":7,"sourceStats":{"recordCount":9.0},"odd \" key":[],"destinationStats":{"recordCount":8.0,"rejectedRecordCount":1.0}}}"#
        );
    }
}
