//! Makes the call for a send and says what came of it, in the engine's words.

use serde_json::Value;

use super::auth::NoToken;
use super::client::{Answer, CallError, Client, Unreachable};
use super::explain;
use crate::api::{BatchAnswer, MembersPage, MembershipAnswer, MembershipVerb, RateHeaders, RatePolicy};
use crate::engine::request::{Endpoint, Request};
use crate::engine::retry::{self, Disposition, Setback};
use crate::engine::sync::Outcome;

/// Makes a call and reads the answer. `doing` is what the stream's calls do, for messages: "upsert CONTACT records".
pub async fn write(client: &Client, doing: &str, request: Request) -> (Outcome, Option<RateHeaders>) {
    let answered = match &request.endpoint {
        Endpoint::Batch(object, verb) => {
            client.post(&client.paths().objects_batch(object, *verb), request.body).await
        }
        Endpoint::One(object, id) => client.patch(&client.paths().object(object, id), request.body).await,
        Endpoint::Members(list) => {
            let path = client.paths().memberships_change(list, MembershipVerb::AddAndRemove);
            client.put(&path, request.body).await
        }
        Endpoint::MembersPage(list, after) => {
            client.get(&client.paths().members_page(list, after.as_deref())).await
        }
    };
    match answered {
        Ok(answer) => (outcome(doing, &request.endpoint, &request.answers_by, &answer), Some(answer.rate)),
        Err(CallError::Unreachable(_)) => (Outcome::Setback(Setback::Unreachable, None, None), None),
        Err(CallError::NoToken(NoToken::Refused(failure))) => (Outcome::SyncFailed(failure), None),
        Err(CallError::NoToken(NoToken::Passing(error))) => {
            let setback = match retry::disposition(&error) {
                Disposition::Setback(setback) => setback,
                _ => Setback::Server,
            };
            (Outcome::Setback(setback, Some(*error), None), None)
        }
        Err(CallError::NoToken(NoToken::Unreachable(
            Unreachable::Connect | Unreachable::TimedOut | Unreachable::Broken,
        ))) => (Outcome::Setback(Setback::Unreachable, None, None), None),
    }
}

fn outcome(doing: &str, endpoint: &Endpoint, answers_by: &str, answer: &Answer) -> Outcome {
    let is_one = matches!(endpoint, Endpoint::One(..));
    if answer.status == 204 {
        return Outcome::Confirmed;
    }
    if answer.is_success() && is_one {
        // The record itself is the answer; after a merge it carries another id.
        let names_a_record = |body: &Value| body.get("id").is_some();
        return match serde_json::from_slice(&answer.body) {
            Ok(body) if names_a_record(&body) => Outcome::Confirmed,
            _ => Outcome::Setback(Setback::Unreachable, None, answer.retry_after),
        };
    }
    if answer.is_success() && matches!(endpoint, Endpoint::MembersPage(..)) {
        return match MembersPage::parse(&answer.body) {
            Ok(page) => Outcome::MembersPage(page),
            Err(_) => Outcome::Setback(Setback::Unreachable, None, answer.retry_after),
        };
    }
    if answer.is_success() && matches!(endpoint, Endpoint::Members(_)) {
        return match MembershipAnswer::parse(&answer.body) {
            Ok(members) => Outcome::Members(members, answer.correlation_id.clone()),
            Err(_) => Outcome::Setback(Setback::Unreachable, None, answer.retry_after),
        };
    }
    if answer.is_success() {
        return match BatchAnswer::parse(&answer.body, Some(answers_by)) {
            Ok(batch) => Outcome::Itemised(batch, answer.correlation_id.clone()),
            // A success whose body is cut off or no JSON says nothing about any record.
            Err(_) => Outcome::Setback(Setback::Unreachable, None, answer.retry_after),
        };
    }
    let error = answer.error();
    if is_one && answer.status == 404 && error.structured {
        return Outcome::Refused(error);
    }
    match retry::disposition(&error) {
        Disposition::Refused => Outcome::Refused(error),
        Disposition::TooLarge => Outcome::TooLarge(error),
        Disposition::Setback(Setback::RateLimited(RatePolicy::Daily)) => {
            Outcome::SyncFailed(explain::daily_quota_spent(&error))
        }
        Disposition::Setback(setback) => Outcome::Setback(setback, Some(error), answer.retry_after),
        Disposition::Unauthorised => Outcome::SyncFailed(explain::refusal(&error, doing)),
        // `Read` is a success, handled above.
        Disposition::Fatal | Disposition::Read => Outcome::StreamFailed(explain::refusal(&error, doing)),
    }
}
