//! What goes over the connection in the end: bytes, when they go, and what becomes of the connection.

use std::time::Duration;

use super::http::Answer;

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The next request is awaited.
    Open,
    /// It is closed.
    Over,
    /// It is reset.
    Reset,
    /// Nothing more is said.
    Silence,
    /// So many mebibytes of one byte, or as many as are taken; then it is closed.
    Flood(u8, usize),
}

/// Bytes to be sent.
#[derive(Debug)]
pub(super) struct Reply {
    /// Each after a wait.
    pub(super) pieces: Vec<(Duration, Vec<u8>)>,
    pub(super) ending: Ending,
}

impl Reply {
    /// These bytes at once.
    pub(super) fn of(bytes: Vec<u8>, ending: Ending) -> Self {
        Self { pieces: vec![(Duration::ZERO, bytes)], ending }
    }

    /// Nothing but an ending.
    pub(super) fn nothing(ending: Ending) -> Self {
        Self { pieces: Vec::new(), ending }
    }

    /// A well-formed answer.
    pub(super) fn whole(answer: &Answer) -> Self {
        Self::of(answer.bytes(), Ending::Open)
    }

    /// A well-formed answer, slowly: in pieces, over at most `time`.
    pub(super) fn dripped(answer: &Answer, pieces: usize, time: Duration) -> Self {
        let bytes = answer.bytes();
        let length = bytes.len().div_ceil(pieces.max(1)).max(1);
        let wait = time / u32::try_from(pieces.max(1)).unwrap_or(1);
        Self {
            pieces: bytes.chunks(length).map(|piece| (wait, piece.to_vec())).collect(),
            ending: Ending::Open,
        }
    }
}
