//! What a fault does to a request.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::FaultAnswer;
use super::inputs::Silence;
use super::next_page::NextPage;
use crate::clock::millis;

/// Whether a fault strikes before or after the request took effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum When {
    /// Nothing is written.
    #[default]
    BeforeEffect,
    /// Everything is written, and the client does not learn of it.
    AfterEffect,
}

/// Whether inputs that an answer does not mention were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Writing {
    /// They were.
    #[default]
    Written,
    /// They were not.
    NotWritten,
}

/// How a whole batch is refused because of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BatchRefusal {
    /// 409 that names nothing, as reported for batch/upsert.
    Conflict,
    /// 400 that names nothing.
    Invalid,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Effect {
    /// It is answered with this.
    Answer(FaultAnswer),
    /// It is never answered.
    Hang(When),
    /// It, or its answer, is withheld until the fault is released.
    Hold(When),
    /// The connection is reset.
    Close(When),
    /// The connection is reset, in HTTP/2 too, with every request on it.
    Cut(When),
    /// The request's stream is refused; in HTTP/1.1 the connection is reset.
    #[serde(rename = "refuseStream")]
    Refuse,
    /// It is answered, and no further request is taken over the connection.
    #[serde(rename = "goAway")]
    Leave,
    /// It takes so many milliseconds longer.
    #[serde(rename = "delayMs", with = "millis")]
    #[schemars(with = "u64")]
    Delay(Duration),
    /// It takes effect, and the answer breaks off in the middle of its body.
    Truncate,
    /// A batch is answered with success and neither results nor errors; nothing is written.
    EmptyResults,
    /// Inputs are left out of results and errors.
    Unmention(Silence),
    /// The whole batch is refused without naming a record.
    RefuseBatch(BatchRefusal),
    /// It is answered with the first page, which says that another one follows.
    LeadOn(NextPage),
    Warn(String),
}

impl Default for Effect {
    /// 500, and nothing is written.
    fn default() -> Self {
        Self::Answer(FaultAnswer::new(500))
    }
}
