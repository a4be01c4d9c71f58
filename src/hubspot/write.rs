//! Makes the call for a send and says what came of it, in the engine's words.

use std::collections::HashSet;

use super::auth::NoToken;
use super::client::{Answer, CallError, Client, Unreachable};
use super::explain;
use crate::api::{BatchAnswer, RateHeaders, RatePolicy};
use crate::engine::retry::{self, Disposition, Setback};
use crate::engine::sync::Outcome;

/// What a call needs to know of its stream.
#[derive(Clone, Debug)]
pub struct Target {
    /// Path of the batch endpoint.
    pub path: String,
    /// The property by which answers without trace ids are tied to inputs.
    pub key_property: String,
    /// Properties that hold several options: their values are united where records are merged.
    pub lists: HashSet<String>,
    /// What the call does, for messages: "write contacts".
    pub doing: String,
}

/// Sends a request body and reads the answer.
pub async fn write(client: &Client, target: &Target, body: Vec<u8>) -> (Outcome, Option<RateHeaders>) {
    match client.post(&target.path, body).await {
        Ok(answer) => (outcome(target, &answer), Some(answer.rate)),
        Err(CallError::Unreachable(_)) => (Outcome::Setback(Setback::Unreachable, None, None), None),
        Err(CallError::NoToken(NoToken::Refused(failure))) => (Outcome::SyncFailed(failure), None),
        Err(CallError::NoToken(NoToken::Passing(error))) => {
            let setback = match retry::disposition(&error) {
                Disposition::Setback(setback) => setback,
                _ => Setback::Server,
            };
            (Outcome::Setback(setback, Some(error), None), None)
        }
        Err(CallError::NoToken(NoToken::Unreachable(
            Unreachable::Connect | Unreachable::TimedOut | Unreachable::Broken,
        ))) => (Outcome::Setback(Setback::Unreachable, None, None), None),
    }
}

fn outcome(target: &Target, answer: &Answer) -> Outcome {
    if answer.status == 204 {
        return Outcome::Confirmed;
    }
    if answer.is_success() {
        return match BatchAnswer::parse(&answer.body, Some(&target.key_property)) {
            Ok(batch) => Outcome::Itemised(batch, answer.correlation_id.clone()),
            // A success whose body is cut off or no JSON says nothing about any record.
            Err(_) => Outcome::Setback(Setback::Unreachable, None, answer.retry_after),
        };
    }
    let error = answer.error();
    match retry::disposition(&error) {
        Disposition::Refused => Outcome::Refused(error),
        Disposition::TooLarge => Outcome::TooLarge(error),
        Disposition::Setback(Setback::RateLimited(RatePolicy::Daily)) => {
            Outcome::SyncFailed(explain::daily_quota_spent(&error))
        }
        Disposition::Setback(setback) => Outcome::Setback(setback, Some(error), answer.retry_after),
        Disposition::Unauthorised => Outcome::SyncFailed(explain::refusal(&error, &target.doing)),
        // `Read` is a success, handled above.
        Disposition::Fatal | Disposition::Read => {
            Outcome::StreamFailed(explain::refusal(&error, &target.doing))
        }
    }
}
