//! One line of stdin to one message, borrowed: the record's `data` stays the sender's own bytes.
//!
//! The envelope is one flat struct on purpose: serde's tagged, untagged and flattened enums cannot hold
//! raw JSON, and buffer everything they read.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::StreamDescriptor;
use super::state::State;

/// What a line of stdin turned out to be.
#[derive(Debug)]
pub enum Message<'a> {
    /// A record of a stream.
    Record(RecordMessage<'a>),
    /// A checkpoint of the source.
    State(State<'a>),
    /// The source says how a stream ended (or that it is under way).
    StreamStatus(StreamDescriptor, StreamStatus),
    /// A known message that a destination has no use for (LOG, other TRACE, CONTROL ...).
    Irrelevant,
}

/// A RECORD message; every part is a slice of the line.
#[derive(Debug)]
pub struct RecordMessage<'a> {
    /// Stream name.
    pub stream: Cow<'a, str>,
    /// Namespace; an empty one is `None`.
    pub namespace: Option<Cow<'a, str>>,
    /// `record.data` exactly as sent; `None` when it is missing.
    pub data: Option<&'a str>,
    /// `record.meta` exactly as sent; `None` when missing or `null`.
    pub meta: Option<&'a str>,
    /// `record.emitted_at` exactly as sent; `None` when missing or `null`.
    pub emitted_at: Option<&'a str>,
}

/// Terminal and other statuses of a stream (`TRACE STREAM_STATUS`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStatus {
    /// The source read the stream to its end.
    Complete,
    /// The source gave up on the stream.
    Incomplete,
    /// `STARTED`, `RUNNING` or one this version does not know.
    UnderWay,
}

/// Why a line is not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAMessage {
    /// Nothing but white space.
    Blank,
    /// Text that is no JSON object, or JSON that is no Airbyte message: it cannot have been a record.
    Noise,
    /// Begins like a message and cannot be read, or is a RECORD that names no stream: it may have been a
    /// record, so nothing after it may be acknowledged.
    Broken,
}

/// Text that borrows from the line unless it holds escapes.
///
/// A type of its own, because serde never borrows inside `Option<Cow<str>>`.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    record: Option<RecordBody<'a>>,
    #[serde(borrow, default)]
    state: Option<&'a RawValue>,
    #[serde(borrow, default)]
    trace: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RecordBody<'a> {
    #[serde(borrow, default)]
    stream: Option<Text<'a>>,
    #[serde(borrow, default)]
    namespace: Option<Text<'a>>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    meta: Option<&'a RawValue>,
    #[serde(borrow, default)]
    emitted_at: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct TraceBody {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    stream_status: Option<StreamStatusBody>,
}

#[derive(Deserialize)]
struct StreamStatusBody {
    stream_descriptor: StreamDescriptor,
    status: String,
}

/// Types of the protocol that reach a destination and mean nothing to it.
const OTHER_TYPES: [&str; 6] =
    ["LOG", "SPEC", "CONNECTION_STATUS", "CATALOG", "CONTROL", "DESTINATION_CATALOG"];

/// Reads one line.
///
/// # Errors
/// [`NotAMessage`] says what the line is instead.
pub fn parse(line: &[u8]) -> Result<Message<'_>, NotAMessage> {
    // A byte order mark comes from files that were saved by an editor; it is no part of the message.
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line).trim_ascii();
    match line.first() {
        None => return Err(NotAMessage::Blank),
        Some(b'{') => {}
        Some(_) => return Err(NotAMessage::Noise),
    }
    let text = std::str::from_utf8(line).map_err(|_| NotAMessage::Broken)?;
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|_| kind_of_failure(text))?;
    let Some(Text(kind)) = envelope.kind else { return Err(NotAMessage::Noise) };
    match kind.as_ref() {
        "RECORD" => record(envelope.record.ok_or(NotAMessage::Broken)?).map(Message::Record),
        "STATE" => {
            let state = envelope.state.ok_or(NotAMessage::Noise)?;
            State::parse(state.get()).map(Message::State).ok_or(NotAMessage::Broken)
        }
        "TRACE" => Ok(envelope.trace.map_or(Message::Irrelevant, |trace| status(trace.get()))),
        other if OTHER_TYPES.contains(&other) => Ok(Message::Irrelevant),
        _ => Err(NotAMessage::Noise),
    }
}

/// A line that begins with `{` and does not fit the envelope: either no JSON at all (it may have been a
/// record that was cut), or JSON of another shape. Only the latter, and only when it does not claim to be a
/// record or a state, is noise.
fn kind_of_failure(text: &str) -> NotAMessage {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(borrow, default, rename = "type")]
        kind: Option<&'a RawValue>,
    }
    match serde_json::from_str::<Kind<'_>>(text) {
        Ok(Kind { kind: Some(kind) }) if matches!(kind.get(), "\"RECORD\"" | "\"STATE\"") => {
            NotAMessage::Broken
        }
        Ok(_) => NotAMessage::Noise,
        Err(_) => NotAMessage::Broken,
    }
}

fn record(body: RecordBody<'_>) -> Result<RecordMessage<'_>, NotAMessage> {
    let stream = body.stream.map(|text| text.0).filter(|name| !name.is_empty()).ok_or(NotAMessage::Broken)?;
    Ok(RecordMessage {
        stream,
        namespace: body.namespace.map(|text| text.0).filter(|name| !name.is_empty()),
        data: body.data.map(RawValue::get),
        meta: body.meta.map(RawValue::get),
        emitted_at: body.emitted_at.map(RawValue::get),
    })
}

fn status(trace: &str) -> Message<'static> {
    let Ok(trace) = serde_json::from_str::<TraceBody>(trace) else { return Message::Irrelevant };
    match (trace.kind.as_deref(), trace.stream_status) {
        (Some("STREAM_STATUS"), Some(body)) => {
            let status = match body.status.as_str() {
                "COMPLETE" => StreamStatus::Complete,
                "INCOMPLETE" => StreamStatus::Incomplete,
                _ => StreamStatus::UnderWay,
            };
            Message::StreamStatus(body.stream_descriptor, status)
        }
        _ => Message::Irrelevant,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_borrowed_and_its_data_untouched() {
        let line = br#"{"type":"RECORD","record":{"stream":"s","namespace":"","data":{"n": 1.10,"n2":12345678901234567890123},"emitted_at":1795290302755,"meta":null}}"#;
        let Ok(Message::Record(record)) = parse(line) else { panic!("not a record") };
        assert_eq!(record.data, Some(r#"{"n": 1.10,"n2":12345678901234567890123}"#));
        assert_eq!((record.emitted_at, record.meta, record.namespace), (Some("1795290302755"), None, None));
        assert!(matches!(record.stream, Cow::Borrowed("s")));
    }

    #[test]
    fn every_optional_field_may_be_null() {
        let line = br#"{"type":"RECORD","log":null,"spec":null,"record":{"namespace":null,"stream":"s","data":{},"emitted_at":1.5,"meta":null,"file_reference":null},"state":null,"trace":null}"#;
        assert!(matches!(parse(line), Ok(Message::Record(_))));
        let line = br#"{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.79e12,"error":null,"stream_status":{"stream_descriptor":{"name":"s","namespace":null},"status":"COMPLETE"}},"record":null}"#;
        let Ok(Message::StreamStatus(descriptor, StreamStatus::Complete)) = parse(line) else {
            panic!("no status")
        };
        assert_eq!(descriptor, StreamDescriptor::new("s", None));
    }

    #[test]
    fn what_cannot_have_been_a_record_is_noise_and_what_may_have_been_is_broken() {
        for (line, expected) in [
            ("", NotAMessage::Blank),
            ("  \t", NotAMessage::Blank),
            ("Starting source...", NotAMessage::Noise),
            ("[1,2]", NotAMessage::Noise),
            ("null", NotAMessage::Noise),
            (r#"{"level":"INFO"}"#, NotAMessage::Noise),
            (r#"{"type":"NEWS"}"#, NotAMessage::Noise),
            (r#"{"type":7}"#, NotAMessage::Noise),
            (r#"{"type":"RECORD","record":{"stream":"s","data":{"a":1"#, NotAMessage::Broken),
            (r#"{"type":"RECORD"}"#, NotAMessage::Broken),
            (r#"{"type":"RECORD","record":{"data":{}}}"#, NotAMessage::Broken),
            (r#"{"type":"RECORD","record":{"stream":"","data":{}}}"#, NotAMessage::Broken),
            (r#"{"type":"RECORD","record":{"stream":7,"data":{}}}"#, NotAMessage::Broken),
            ("{oops", NotAMessage::Broken),
        ] {
            match parse(line.as_bytes()) {
                Err(found) => assert_eq!(found, expected, "{line}"),
                Ok(message) => panic!("{line}: {message:?}"),
            }
        }
        assert!(matches!(parse(b"{\"type\":\"RECORD\xff\"}"), Err(NotAMessage::Broken)));
        assert!(matches!(
            parse(br#"{"type":"LOG","log":{"level":"INFO","message":"x"}}"#),
            Ok(Message::Irrelevant)
        ));
    }

    #[test]
    fn data_that_is_no_object_still_makes_a_record() {
        let line = br#"{"type":"RECORD","record":{"stream":"s","data":[1],"emitted_at":1}}"#;
        assert!(matches!(parse(line), Ok(Message::Record(RecordMessage { data: Some("[1]"), .. }))));
    }
}
