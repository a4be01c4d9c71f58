//! What a fault does to a request.

use std::time::Duration;

use super::answer::FaultAnswer;
use super::inputs::Silence;
use super::next_page::NextPage;

/// Whether a fault strikes before or after the request took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Nothing is written.
    BeforeEffect,
    /// Everything is written, and the client does not learn of it.
    AfterEffect,
}

/// Whether inputs that an answer does not mention were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// They were.
    Written,
    /// They were not.
    NotWritten,
}

/// How a whole batch is refused because of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchRefusal {
    /// 409 that names nothing, as reported for batch/upsert.
    Conflict,
    /// 400 that names nothing.
    Invalid,
}

/// What a fault does.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    Answer(FaultAnswer, When),
    Hang(When),
    Hold(When),
    Close(When),
    Cut(When),
    Refuse,
    Leave,
    Delay(Duration),
    Truncate,
    EmptyResults,
    Unmention(Silence),
    RefuseBatch(BatchRefusal),
    LeadOn(NextPage),
    Warn(String),
}
