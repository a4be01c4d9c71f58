//! Lines of stdin with what they mean: a case is a few of them, made from its number.

use fastrand::Rng;

use super::spelling::{Tree, any, number, spelled, wild, words};
use crate::support::delivery::{KEY, VALUE};

/// What a line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A record of a stream of the catalog, with its key and what is to be stored of it, where that is known.
    Record { stream: &'static str, key: Option<String>, value: Option<String> },
    /// A record of another stream.
    Foreign,
    /// A state: of one stream, or of all. Its number is in it.
    State { stream: Option<&'static str>, number: u64 },
    /// The end of a stream; whether it is as it should be.
    Status { complete: bool },
    /// Nothing that matters.
    Nothing,
    /// It may have been a record: nothing after it is acknowledged.
    Broken,
}

/// A line without its end.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) bytes: Vec<u8>,
    pub(super) meaning: Meaning,
}

/// Streams of the catalog; the end of the second one is announced.
pub(super) const STREAMS: [&str; 2] = ["cars", "boats"];

/// The lines of a case. Only now and then is one of them broken, and then it is the last.
pub(super) fn case(seed: u64) -> Vec<Line> {
    let mut dice = Rng::with_seed(seed);
    let dice = &mut dice;
    let mut lines: Vec<Line> = (0..dice.u64(1..8)).map(|place| line(seed * 8 + place, dice)).collect();
    if dice.u8(..40) == 0 {
        lines.push(broken(seed, dice));
    }
    lines
}

/// A state that covers everything so far, and the end of the stream that announces it.
pub(super) fn end(number: u64) -> [Line; 2] {
    let mut dice = Rng::with_seed(number);
    [state(None, number, &mut dice), status(true, &mut dice)]
}

fn line(number: u64, dice: &mut Rng) -> Line {
    match dice.u8(..20) {
        0..=11 => record(number, dice),
        12 => foreign(dice),
        13..=15 => {
            let stream = if dice.bool() { Some(STREAMS[dice.usize(..2)]) } else { None };
            state(stream, number, dice)
        }
        16 => status(dice.u8(..100) > 0, dice),
        17 => under_way(dice),
        _ => noise(dice),
    }
}

fn of(tree: &Tree, meaning: Meaning, dice: &mut Rng) -> Line {
    let mut bytes = spelled(tree, dice).into_bytes();
    if dice.u8(..30) == 0 {
        bytes.splice(0..0, *b"\xEF\xBB\xBF").for_each(drop);
    }
    if dice.u8(..20) == 0 {
        bytes.push(b'\r');
    }
    Line { bytes, meaning }
}

/// A message with members that nobody knows, in any order.
fn message(kind: &str, about: &str, body: Tree, dice: &mut Rng) -> Tree {
    let mut members = vec![("type".to_owned(), Tree::text(kind)), (about.to_owned(), body)];
    for _ in 0..dice.usize(..3) {
        members.push((format!("x-{}", words(dice)), wild(dice)));
    }
    if dice.u8(..6) == 0 {
        // Null is the same as nothing.
        let other = ["record", "state", "trace"][dice.usize(..3)];
        if other != about {
            members.push((other.to_owned(), Tree::Raw("null".to_owned())));
        }
    }
    dice.shuffle(&mut members);
    Tree::Members(members)
}

fn record(number: u64, dice: &mut Rng) -> Line {
    let stream = STREAMS[dice.usize(..2)];
    let (data, key, value) = data(number, dice);
    let tree = message("RECORD", "record", envelope(stream, data, dice), dice);
    of(&tree, Meaning::Record { stream, key, value }, dice)
}

fn foreign(dice: &mut Rng) -> Line {
    let name = match dice.u8(..3) {
        0 => "n".repeat(dice.usize(1..100_000)),
        _ => format!("nowhere {}", words(dice)),
    };
    let data = any(dice, 2);
    let tree = message("RECORD", "record", envelope(&name, data, dice), dice);
    of(&tree, Meaning::Foreign, dice)
}

fn envelope(stream: &str, data: Tree, dice: &mut Rng) -> Tree {
    let mut members = vec![("stream".to_owned(), Tree::text(stream)), ("data".to_owned(), data)];
    match dice.u8(..4) {
        0 => members.push(("namespace".to_owned(), Tree::Raw("null".to_owned()))),
        1 => members.push(("namespace".to_owned(), Tree::text(""))),
        _ => {}
    }
    if dice.u8(..5) > 0 {
        members.push((
            "emitted_at".to_owned(),
            Tree::Raw((1_795_290_302_755 + u64::from(dice.u32(..))).to_string()),
        ));
    }
    if dice.u8(..5) == 0 {
        members.push(("meta".to_owned(), any(dice, 3)));
    }
    if dice.u8(..8) == 0 {
        members.push((words(dice) + "?", any(dice, 3)));
    }
    dice.shuffle(&mut members);
    Tree::Members(members)
}

/// A record's data, with its key and its value where they are sure to be stored.
fn data(number: u64, dice: &mut Rng) -> (Tree, Option<String>, Option<String>) {
    if dice.u8(..25) == 0 {
        // No object: the record is refused.
        return (Tree::List(vec![any(dice, 2)]), None, None);
    }
    let (key, content) = (format!("k{number}"), format!("value {number}"));
    let mut members = Vec::new();
    let (mut stored_key, mut stored_value) = (Some(key.clone()), None);
    let known = |name: &str, value: Tree| (name.to_owned(), value);
    if dice.u8(..12) == 0 {
        // One that came before says nothing.
        members.push(known(KEY, Tree::text("earlier")));
    }
    match dice.u8(..14) {
        0 => {
            members.push(known(KEY, Tree::Raw("null".to_owned())));
            stored_key = None;
        }
        1 => stored_key = None,
        _ => members.push(known(KEY, Tree::text(&key))),
    }
    if stored_key.is_none() {
        members.retain(|(name, value)| name != KEY || matches!(value, Tree::Raw(raw) if raw == "null"));
    }
    for _ in 0..dice.usize(..2) {
        members.push(known(VALUE, Tree::text("earlier")));
    }
    if dice.bool() {
        members.push(known(VALUE, Tree::text(&content)));
        stored_value = Some(content);
    } else if dice.u8(..4) == 0 {
        members.push(known(VALUE, any(dice, 2)));
        // Whatever it is: the record may be refused for it.
        stored_key = None;
    } else {
        members.retain(|(name, _)| name != VALUE);
    }
    for _ in 0..dice.usize(..4) {
        let place = dice.usize(..=members.len());
        members.insert(place, (format!("_airbyte_{}", words(dice)), any(dice, 3)));
    }
    if dice.u8(..40) == 0 {
        members.push(("n".repeat(dice.usize(1..60_000)), any(dice, 2)));
    }
    (Tree::Members(members), stored_key, stored_value)
}

fn state(stream: Option<&'static str>, number: u64, dice: &mut Rng) -> Line {
    let blob = |dice: &mut Rng| {
        let mut members = vec![("number".to_owned(), Tree::Raw(number.to_string()))];
        for _ in 0..dice.usize(..3) {
            members.push((format!("more {}", words(dice)), any(dice, 3)));
        }
        Tree::Members(members)
    };
    let body = match stream {
        Some(name) => Tree::members([
            ("type", Tree::text("STREAM")),
            (
                "stream",
                Tree::members([
                    ("stream_descriptor", Tree::members([("name", Tree::text(name))])),
                    ("stream_state", blob(dice)),
                ]),
            ),
        ]),
        None if dice.bool() => Tree::members([
            ("type", Tree::text("GLOBAL")),
            (
                "global",
                Tree::members([("shared_state", blob(dice)), ("stream_states", Tree::List(Vec::new()))]),
            ),
        ]),
        None => Tree::members([("data", blob(dice))]),
    };
    let tree = message("STATE", "state", body, dice);
    of(&tree, Meaning::State { stream, number }, dice)
}

fn status(complete: bool, dice: &mut Rng) -> Line {
    let word = if complete { "COMPLETE" } else { "INCOMPLETE" };
    of(&stream_status(STREAMS[1], word, dice), Meaning::Status { complete }, dice)
}

fn under_way(dice: &mut Rng) -> Line {
    let word = ["STARTED", "RUNNING", "PAUSED", ""][dice.usize(..4)];
    of(&stream_status(STREAMS[dice.usize(..2)], word, dice), Meaning::Nothing, dice)
}

fn stream_status(stream: &str, word: &str, dice: &mut Rng) -> Tree {
    let status = Tree::members([
        ("stream_descriptor", Tree::members([("name", Tree::text(stream))])),
        ("status", Tree::text(word)),
    ]);
    let body = Tree::members([
        ("type", Tree::text("STREAM_STATUS")),
        ("emitted_at", number(dice)),
        ("stream_status", status),
    ]);
    message("TRACE", "trace", body, dice)
}

/// What is passed over: no JSON that begins like a message, or JSON that is none.
fn noise(dice: &mut Rng) -> Line {
    let bytes = match dice.u8(..9) {
        0 => Vec::new(),
        1 => b" \t ".to_vec(),
        2 => b"log4j: {not JSON}".to_vec(),
        3 => spelled(&Tree::List(vec![wild(dice)]), dice).into_bytes(),
        4 => b"null".to_vec(),
        5 => b"\xff\xfe\x00text".to_vec(),
        6 => "x".repeat(dice.usize(1..100_000)).into_bytes(),
        7 => {
            let kind = ["LOG", "SPEC", "CONTROL", "CATALOG", "record", "RECORDS", "", "☃"][dice.usize(..8)];
            return of(&message(kind, "log", any(dice, 3), dice), Meaning::Nothing, dice);
        }
        _ => spelled(&Tree::Members(vec![("any".to_owned(), any(dice, 3))]), dice).into_bytes(),
    };
    Line { bytes, meaning: Meaning::Nothing }
}

/// What begins like a message and cannot be read, or is a record of no stream.
fn broken(number: u64, dice: &mut Rng) -> Line {
    let Line { mut bytes, .. } = record(number, dice);
    bytes.retain(|byte| *byte != b'\r');
    let nameless =
        |record: Tree, dice: &mut Rng| spelled(&message("RECORD", "record", record, dice), dice).into_bytes();
    let data = Tree::members([("a", Tree::Raw("1".to_owned()))]);
    let bytes = match dice.u8(..11) {
        0 => {
            bytes.truncate(dice.usize(bytes.len() / 2..bytes.len()));
            let blanks = bytes.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
            bytes.truncate(bytes.len() - blanks);
            if bytes.ends_with(b"}") {
                bytes.pop();
            }
            bytes
        }
        1 => [bytes.as_slice(), b"}"].concat(),
        2 => [bytes.as_slice(), bytes.as_slice()].concat(),
        3 => b"{\"type\":\"RECORD\",\"record\":{\"stream\":\"cars\",\"data\":{\"code\":\"\xff\"}}}".to_vec(),
        4 => {
            b"{\"type\":\"RECORD\",\"record\":{\"stream\":\"cars\",\"data\":{\"code\":\"a\x01b\"}}}".to_vec()
        }
        5 => b"{\"type\":\"RECORD\",\"record\":{\"stream\":\"cars\",\"data\":{\"code\":01}}}".to_vec(),
        6 => b"{\"type\":\"RECORD\",\"record\":{\"stream\":\"cars\",\"data\":{\"code\":\"\\x\"},}}".to_vec(),
        7 => nameless(Tree::members([("data", data)]), dice),
        8 => nameless(Tree::members([("stream", Tree::text("")), ("data", data)]), dice),
        9 => nameless(Tree::members([("stream", number_of_no_use()), ("data", data)]), dice),
        _ => b"{".to_vec(),
    };
    Line { bytes, meaning: Meaning::Broken }
}

fn number_of_no_use() -> Tree {
    Tree::Raw("7".to_owned())
}
