//! Makes the call for a send and says what came of it, in the engine's words.

use super::auth::NoToken;
use super::client::{Answer, CallError, Client, Unreachable};
use super::explain;
use super::fresh::FreshProperties;
use crate::api::{
    AssociationAnswer, AssociationVerb, AssociationsRead, BatchAnswer, MembersPage, MembershipAnswer,
    MembershipVerb, Paths, RateHeaders, RatePolicy, Refusal, SearchAnswer, Verb,
};
use crate::engine::request::{Endpoint, Request};
use crate::engine::retry::{self, Disposition, Setback};
use crate::engine::sync::Outcome;

/// What a stream's calls are for.
#[derive(Clone, Debug)]
pub struct Destination {
    /// What the calls do, for messages: `upsert CONTACT records`.
    pub doing: String,
    /// Properties HubSpot may not know everywhere yet.
    pub fresh: FreshProperties,
}

/// What HubSpot may not say when it refuses events. Source: HubSpot's custom events guide, "Requirements".
const EVENTS_NEED: &str = " Sending events needs the scope analytics.behavioral_events.send, and a HubSpot subscription \
                           with custom events (Marketing Hub Enterprise).";

/// Makes a call and reads the answer.
pub async fn write(
    client: &Client,
    to: &Destination,
    mut request: Request,
) -> (Outcome, Option<RateHeaders>) {
    let body = std::mem::take(&mut request.body);
    let path = path_of(client.paths(), &request.endpoint);
    let answered = match &request.endpoint {
        Endpoint::Batch(..) | Endpoint::Search(_) | Endpoint::Associations(..) | Endpoint::Events => {
            client.post(&path, body).await
        }
        Endpoint::One(..) => client.patch(&path, body).await,
        Endpoint::Members(_) => client.put(&path, body).await,
        Endpoint::MembersPage(..) => client.get(&path).await,
    };
    match answered {
        Ok(answer) if client.elsewhere(&path, &answer).is_some() => (Outcome::Moved, Some(answer.rate)),
        Ok(answer) => (outcome(to, &request, &answer), Some(answer.rate)),
        Err(CallError::Unreachable(how)) => {
            let setback = match how {
                Unreachable::Connect(_) => Setback::Unconnected,
                Unreachable::TimedOut | Unreachable::Broken(_) => Setback::Unreachable,
            };
            (Outcome::Setback(setback, None, None), None)
        }
        Err(CallError::NoToken(NoToken::Refused(failure))) => (Outcome::SyncFailed(failure), None),
        // Without a token the call itself was never made, whatever became of the one for the token.
        Err(CallError::NoToken(NoToken::Passing(error))) => {
            let setback = match Setback::of(&error) {
                Some(setback) if !setback.may_have_taken_effect() => setback,
                _ => Setback::Unavailable,
            };
            (Outcome::Setback(setback, Some(*error), None), None)
        }
        Err(CallError::NoToken(NoToken::Unreachable(
            Unreachable::Connect(_) | Unreachable::TimedOut | Unreachable::Broken(_),
        ))) => (Outcome::Setback(Setback::Unconnected, None, None), None),
    }
}

fn path_of(paths: Paths, endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Batch(object, verb) => paths.objects_batch(object, *verb),
        Endpoint::Search(object) => paths.search(object),
        Endpoint::One(object, id) => paths.object(object, id),
        Endpoint::Members(list) => paths.memberships_change(list, MembershipVerb::AddAndRemove),
        Endpoint::MembersPage(list, after) => paths.members_page(list, after.as_deref()),
        Endpoint::Associations(from, to, verb) => paths.associations_batch(from, to, *verb),
        Endpoint::Events => paths.event_send_batch(),
    }
}

fn outcome(to: &Destination, request: &Request, answer: &Answer) -> Outcome {
    let endpoint = &request.endpoint;
    if answer.status == 204
        && let Some(outcome) = without_a_body(endpoint, answer)
    {
        outcome
    } else if answer.is_success() {
        // A success whose body is cut off or no JSON says nothing about any record.
        told(to, endpoint, &request.answers_by, answer).unwrap_or(Outcome::Setback(
            Setback::Unreachable,
            None,
            answer.retry_after,
        ))
    } else {
        refused(to, request, answer)
    }
}

/// What a 204 says: that everything is done, where the endpoint names what failed only. Where it answers record by record,
/// nothing is said of any; where it was asked something, it is no answer (`None`).
fn without_a_body(endpoint: &Endpoint, answer: &Answer) -> Option<Outcome> {
    let correlation_id = || answer.correlation_id.clone();
    match endpoint {
        Endpoint::Batch(_, Verb::Read)
        | Endpoint::Search(_)
        | Endpoint::MembersPage(..)
        | Endpoint::Associations(_, _, AssociationVerb::Read) => None,
        Endpoint::Batch(_, Verb::Create | Verb::Update | Verb::Upsert) | Endpoint::One(..) => {
            Some(Outcome::Itemised(BatchAnswer::default(), correlation_id()))
        }
        Endpoint::Associations(_, _, AssociationVerb::AssociateDefault | AssociationVerb::Create) => {
            Some(Outcome::Linked(AssociationAnswer::default(), correlation_id()))
        }
        Endpoint::Batch(_, Verb::Archive)
        | Endpoint::Members(_)
        | Endpoint::Associations(_, _, AssociationVerb::Archive | AssociationVerb::ArchiveLabels)
        | Endpoint::Events => Some(Outcome::Confirmed),
    }
}

/// What a success says; `None` where its body cannot be read.
fn told(to: &Destination, endpoint: &Endpoint, answers_by: &str, answer: &Answer) -> Option<Outcome> {
    let correlation_id = answer.correlation_id.clone();
    match endpoint {
        // The record itself is the answer; after a merge it carries another id.
        Endpoint::One(..) => {
            let batch = BatchAnswer::of_one(&answer.body).ok()?;
            (!batch.results.is_empty()).then_some(Outcome::Itemised(batch, correlation_id))
        }
        Endpoint::Members(_) => MembershipAnswer::parse(&answer.body)
            .ok()
            .map(|members| Outcome::Members(members, correlation_id)),
        Endpoint::Associations(_, _, AssociationVerb::Read) => {
            let read = AssociationsRead::parse(&answer.body).ok()?;
            Some(Outcome::LabelsRead(read, correlation_id))
        }
        // HubSpot answers these without a body, by some accounts with 200.
        Endpoint::Associations(_, _, AssociationVerb::Archive | AssociationVerb::ArchiveLabels)
            if answer.body.is_empty() =>
        {
            Some(Outcome::Confirmed)
        }
        Endpoint::Associations(..) => {
            AssociationAnswer::parse(&answer.body).ok().map(|linked| Outcome::Linked(linked, correlation_id))
        }
        // A 204 as a rule. Events are named nowhere in an answer: one that is no refusal is about all of them.
        Endpoint::Events => {
            let batch = BatchAnswer::parse(&answer.body, None).ok()?;
            let confirmed = batch.errors.is_empty();
            Some(if confirmed { Outcome::Confirmed } else { Outcome::Itemised(batch, correlation_id) })
        }
        Endpoint::MembersPage(..) => MembersPage::parse(&answer.body).ok().map(Outcome::MembersPage),
        Endpoint::Search(_) => SearchAnswer::parse(&answer.body, answers_by).ok().map(Outcome::Searched),
        Endpoint::Batch(object, _) => {
            let mut batch = BatchAnswer::parse(&answer.body, Some(answers_by)).ok()?;
            to.fresh.set_aside(object, &mut batch);
            Some(Outcome::Itemised(batch, correlation_id))
        }
    }
}

fn refused(to: &Destination, request: &Request, answer: &Answer) -> Outcome {
    let error = answer.error();
    let endpoint = &request.endpoint;
    match endpoint {
        Endpoint::Batch(object, _) | Endpoint::One(object, _)
            if answer.status == 400 && to.fresh.explain(object, &error) =>
        {
            return Outcome::Setback(Setback::NewProperty, Some(error), answer.retry_after);
        }
        Endpoint::One(..) if answer.status == 404 && error.structured => return Outcome::Refused(error),
        // A record at one of the ends is not there, which is no fault of the others.
        Endpoint::Associations(..) if answer.status == 404 && error.refusal() == Refusal::NotFound => {
            return Outcome::Refused(error);
        }
        _ => {}
    }
    let disposition = match endpoint {
        Endpoint::MembersPage(..) => retry::disposition(&error),
        _ => retry::disposition_of_records(&error, request.alone),
    };
    match disposition {
        Disposition::Refused => Outcome::Refused(error),
        Disposition::TooLarge => Outcome::TooLarge(error),
        Disposition::Setback(Setback::RateLimited(RatePolicy::Daily)) => {
            Outcome::SyncFailed(explain::daily_quota_spent(&error))
        }
        Disposition::Setback(setback) => Outcome::Setback(setback, Some(error), answer.retry_after),
        Disposition::Unauthorised => Outcome::SyncFailed(explain::refusal(&error, &to.doing)),
        // `Read` is a success, handled elsewhere.
        Disposition::Fatal | Disposition::Read => {
            let mut failure = explain::refusal(&error, &to.doing);
            if answer.status == 403 && *endpoint == Endpoint::Events {
                failure.message.push_str(EVENTS_NEED);
            }
            Outcome::StreamFailed(failure)
        }
    }
}
