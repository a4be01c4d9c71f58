//! One line of stdin to one message, borrowed: the record's `data` stays the sender's own bytes.
//!
//! One pass over the line checks it and cuts it: the record's data is walked again only to be shaped.

use std::borrow::Cow;

use serde::Deserialize;

use super::StreamDescriptor;
use super::state::State;
use crate::json::{self, Cursor, Index, Malformed, Object};

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
    /// `record.data` exactly as sent; without text when it is missing.
    pub data: Object<'a>,
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

/// What a line holds; `null` is the same as nothing.
#[derive(Default)]
struct Envelope<'a> {
    kind: Option<Cow<'a, str>>,
    record: Option<RecordParts<'a>>,
    state: Option<&'a str>,
    trace: Option<&'a str>,
}

#[derive(Default)]
struct RecordParts<'a> {
    stream: Option<Cow<'a, str>>,
    namespace: Option<Cow<'a, str>>,
    data: Option<Object<'a>>,
    meta: Option<&'a str>,
    emitted_at: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    fn read(text: &'a str, index: &'a mut Index) -> Result<Self, Malformed> {
        let mut index = Some(index);
        let mut read = Self::default();
        let mut cursor = Cursor::new(text);
        cursor.object(|cursor, name| match &*name {
            "type" => last(&mut read.kind, cursor, Cursor::text),
            "record" => last(&mut read.record, cursor, |cursor| RecordParts::read(cursor, &mut index)),
            "state" => last(&mut read.state, cursor, Cursor::value),
            "trace" => last(&mut read.trace, cursor, Cursor::value),
            _ => cursor.value().map(|_of_no_use| ()),
        })?;
        cursor.end()?;
        Ok(read)
    }
}

impl<'a> RecordParts<'a> {
    /// The index is taken by the first data there is.
    fn read(cursor: &mut Cursor<'a>, index: &mut Option<&'a mut Index>) -> Result<Self, Malformed> {
        let mut read = Self::default();
        cursor.object(|cursor, name| match &*name {
            "stream" => last(&mut read.stream, cursor, Cursor::text),
            "namespace" => last(&mut read.namespace, cursor, Cursor::text),
            "data" => last(&mut read.data, cursor, |cursor| match index.take() {
                Some(index) => index.read(cursor),
                // Data that stands there once more is looked into when its members are wanted.
                None => cursor.value().map(Object::of),
            }),
            "meta" => last(&mut read.meta, cursor, Cursor::value),
            "emitted_at" => last(&mut read.emitted_at, cursor, Cursor::value),
            _ => cursor.value().map(|_of_no_use| ()),
        })?;
        Ok(read)
    }
}

/// Reads a member; `null` is nothing. Of one that stands there twice the last counts, as in a record's data.
fn last<'a, T>(
    slot: &mut Option<T>,
    cursor: &mut Cursor<'a>,
    read: impl FnOnce(&mut Cursor<'a>) -> Result<T, Malformed>,
) -> Result<(), Malformed> {
    *slot = if cursor.null()? { None } else { Some(read(cursor)?) };
    Ok(())
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

/// Reads one line; `index` is where the members of a record's data are noted.
///
/// # Errors
/// [`NotAMessage`] says what the line is instead.
pub fn parse<'a>(line: &'a [u8], index: &'a mut Index) -> Result<Message<'a>, NotAMessage> {
    // A byte order mark comes from files that were saved by an editor; it is no part of the message.
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line).trim_ascii();
    match line.first() {
        None => return Err(NotAMessage::Blank),
        Some(b'{') => {}
        Some(_) => return Err(NotAMessage::Noise),
    }
    let text = std::str::from_utf8(line).map_err(|_| NotAMessage::Broken)?;
    let envelope = Envelope::read(text, index).map_err(|_| kind_of_failure(text))?;
    let Some(kind) = envelope.kind else { return Err(NotAMessage::Noise) };
    match kind.as_ref() {
        "RECORD" => record(envelope.record.ok_or(NotAMessage::Broken)?).map(Message::Record),
        "STATE" => {
            let state = envelope.state.ok_or(NotAMessage::Noise)?;
            State::parse(state).map(Message::State).ok_or(NotAMessage::Broken)
        }
        "TRACE" => Ok(envelope.trace.map_or(Message::Irrelevant, status)),
        other if OTHER_TYPES.contains(&other) => Ok(Message::Irrelevant),
        _ => Err(NotAMessage::Noise),
    }
}

/// A line that begins with `{` and does not fit the envelope: either no JSON at all (it may have been a
/// record that was cut), or JSON of another shape. Only the latter, and only when it does not claim to be a
/// record or a state, is noise.
fn kind_of_failure(text: &str) -> NotAMessage {
    let mut kind = None;
    let walked = json::members(text, |name, value| {
        if name == "type" {
            kind = serde_json::from_str::<String>(value).ok();
        }
    });
    match (walked, kind.as_deref()) {
        (Err(_), _) | (Ok(()), Some("RECORD" | "STATE")) => NotAMessage::Broken,
        (Ok(()), _) => NotAMessage::Noise,
    }
}

fn record(body: RecordParts<'_>) -> Result<RecordMessage<'_>, NotAMessage> {
    let stream = body.stream.filter(|name| !name.is_empty()).ok_or(NotAMessage::Broken)?;
    Ok(RecordMessage {
        stream,
        namespace: body.namespace.filter(|name| !name.is_empty()),
        data: body.data.unwrap_or_default(),
        meta: body.meta,
        emitted_at: body.emitted_at,
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
        let mut index = Index::default();
        let Ok(Message::Record(record)) = parse(line, &mut index) else { panic!("not a record") };
        assert_eq!(record.data.text(), r#"{"n": 1.10,"n2":12345678901234567890123}"#);
        assert_eq!((record.emitted_at, record.meta, record.namespace), (Some("1795290302755"), None, None));
        assert!(matches!(record.stream, Cow::Borrowed("s")));
    }

    #[test]
    fn every_optional_field_may_be_null() {
        let line = br#"{"type":"RECORD","log":null,"spec":null,"record":{"namespace":null,"stream":"s","data":{},"emitted_at":1.5,"meta":null,"file_reference":null},"state":null,"trace":null}"#;
        assert!(matches!(parse(line, &mut Index::default()), Ok(Message::Record(_))));
        let line = br#"{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.79e12,"error":null,"stream_status":{"stream_descriptor":{"name":"s","namespace":null},"status":"COMPLETE"}},"record":null}"#;
        let Ok(Message::StreamStatus(descriptor, StreamStatus::Complete)) =
            parse(line, &mut Index::default())
        else {
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
            (r#"{"type":"RECORD","record":{"stream":"s","data":{}},"record":{}}"#, NotAMessage::Broken),
            (r#"{"type":"\u0052ECORD","record":[]}"#, NotAMessage::Broken),
            (r#"{"ty\u0070e":"STATE","state":[]}"#, NotAMessage::Broken),
            (r#"{"type":"LOG","type":"RECORD","record":[]}"#, NotAMessage::Broken),
            (r#"{"type":"RECORD","record":{"stream":"s","data":{}}}}"#, NotAMessage::Broken),
            (r#"{"type":"RECORD","record":[]}"#, NotAMessage::Broken),
            ("{oops", NotAMessage::Broken),
        ] {
            match parse(line.as_bytes(), &mut Index::default()) {
                Err(found) => assert_eq!(found, expected, "{line}"),
                Ok(message) => panic!("{line}: {message:?}"),
            }
        }
        assert!(matches!(
            parse(b"{\"type\":\"RECORD\xff\"}", &mut Index::default()),
            Err(NotAMessage::Broken)
        ));
        assert!(matches!(
            parse(br#"{"type":"LOG","log":{"level":"INFO","message":"x"}}"#, &mut Index::default()),
            Ok(Message::Irrelevant)
        ));
    }

    #[test]
    fn of_a_member_that_comes_twice_the_last_counts_and_escapes_are_read() {
        for line in [
            r#"{"type":"LOG","type":"RECORD","record":{"stream":"s","data":{"a":1}}}"#,
            r#"{"type":"\u0052ECORD","r\u0065cord":{"stre\u0061m":"\u0073","data":{"a":1}}}"#,
            r#"{"type":"RECORD","record":{"stream":"t","stream":"s","data":{"b":2,"b":3},"data":{"a":1}}}"#,
            r#"{"type":"RECORD","record":{"stream":"t","data":[]},"record":{"stream":"s","data":{"a":1}}}"#,
            r#"{"type":"RECORD","record":{"stream":"s","data":null,"data":{"a":0,"a":1}}}"#,
            r#"{"type":"RECORD","record":null,"record":{"stream":"s","namespace":"n","namespace":null,"data":{"a":1}}}"#,
        ] {
            let mut index = Index::default();
            let Ok(Message::Record(record)) = parse(line.as_bytes(), &mut index) else { panic!("{line}") };
            assert_eq!((&*record.stream, record.namespace), ("s", None), "{line}");
            let mut members = Vec::new();
            record.data.members(|name, value| members.push((name.into_owned(), value.text()))).unwrap();
            assert_eq!(members, [("a".to_owned(), "1")], "{line}");
        }
        let taken_back = br#"{"type":"RECORD","record":{"stream":"s","data":{}},"record":null}"#;
        assert!(matches!(parse(taken_back, &mut Index::default()), Err(NotAMessage::Broken)));
    }

    #[test]
    fn data_that_is_no_object_still_makes_a_record() {
        let line = br#"{"type":"RECORD","record":{"stream":"s","data":[1],"emitted_at":1}}"#;
        let mut index = Index::default();
        let Ok(Message::Record(record)) = parse(line, &mut index) else { panic!("not a record") };
        assert_eq!(record.data.text(), "[1]");
    }
}
