//! `/communication-preferences/...`: subscription types, statuses of addresses, opting out of everything.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/communication-preferences/guide>. No refusal of these
//! calls is known; they are those of other calls.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Call;
use crate::clock::Millis;
use crate::consent::{ConsentStatus, Subscription, SubscriptionStatus};
use crate::error::Refusal;
use crate::http::{Answer, Endpoint, Known, documented, inferred};
use crate::objects::input::Optional;
use crate::switches::{LegalBases, OptOuts};
use crate::world::World;

/// The calls of the family.
pub(super) const CALLS: &[Known] = &[
    documented("GET", "/communication-preferences/v4/definitions", Endpoint::SubscriptionList),
    inferred("POST", "/communication-preferences/v4/statuses/batch/read", Endpoint::StatusBatchRead),
    inferred("POST", "/communication-preferences/v4/statuses/batch/write", Endpoint::StatusBatchWrite),
    inferred("POST", "/communication-preferences/v4/statuses/batch/unsubscribe-all", Endpoint::OptOutBatch),
    inferred(
        "POST",
        "/communication-preferences/v4/statuses/batch/unsubscribe-all/read",
        Endpoint::OptOutBatchRead,
    ),
    documented("GET", "/communication-preferences/v4/statuses/{item}", Endpoint::StatusRead),
    documented("POST", "/communication-preferences/v4/statuses/{item}", Endpoint::StatusWrite),
    documented("GET", "/communication-preferences/v4/statuses/{item}/unsubscribe-all", Endpoint::OptOutRead),
    documented("POST", "/communication-preferences/v4/statuses/{item}/unsubscribe-all", Endpoint::OptOut),
];

/// Legal bases that HubSpot knows.
const LEGAL_BASES: &[&str] = &[
    "LEGITIMATE_INTEREST_PQL",
    "LEGITIMATE_INTEREST_CLIENT",
    "LEGITIMATE_INTEREST_OTHER",
    "PERFORMANCE_OF_CONTRACT",
    "CONSENT_WITH_NOTICE",
    "NON_GDPR",
    "PROCESS_AND_STORE",
];

/// Answers a call of the family. The batches need scopes of their own, which only some plans can grant.
pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let endpoint = call.route.endpoint;
    let scopes: &[&str] = match endpoint {
        Endpoint::SubscriptionList | Endpoint::StatusRead | Endpoint::OptOutRead => {
            &["communication_preferences.read", "communication_preferences.read_write"]
        }
        Endpoint::StatusBatchRead | Endpoint::OptOutBatchRead => {
            &["communication_preferences.statuses.batch.read"]
        }
        Endpoint::StatusBatchWrite | Endpoint::OptOutBatch => {
            &["communication_preferences.statuses.batch.write"]
        }
        _ => &["communication_preferences.write", "communication_preferences.read_write"],
    };
    call.need(scopes.iter().map(|scope| (*scope).to_owned()).collect())?;
    let started = world.clock.now();
    let email = call.route.item.as_deref().unwrap_or_default();
    let (results, errors, inputs) = match endpoint {
        Endpoint::SubscriptionList => {
            let shown = world.consent.subscriptions.iter().map(definition).collect();
            (shown, Vec::new(), 0)
        }
        Endpoint::StatusRead => {
            need_channel(call)?;
            (statuses(world, email), Vec::new(), 0)
        }
        Endpoint::StatusWrite => {
            let wanted: Wanted<'_> = read_body(call)?;
            (vec![write(world, email, &wanted)?], Vec::new(), 1)
        }
        Endpoint::OptOutRead => {
            need_channel(call)?;
            (wide(world, email).into_iter().collect(), Vec::new(), 0)
        }
        Endpoint::OptOut => {
            need_channel(call)?;
            world.consent.opt_out(email, started);
            let shown = if call.query.flag("verbose") { statuses(world, email) } else { Vec::new() };
            (shown, Vec::new(), 1)
        }
        Endpoint::StatusBatchWrite => batch_write(world, call)?,
        _ => batch(world, call)?,
    };
    Ok(envelope(world, started, results, &errors).with_inputs(inputs))
}

/// Errors are within an answer of success.
fn envelope(world: &World, started: Millis, results: Vec<Value>, errors: &[Value]) -> Answer {
    let mut body = json!({
        "status": "COMPLETE",
        "results": results,
        "startedAt": started.iso(),
        "completedAt": world.clock.now().iso(),
    });
    if !errors.is_empty() {
        body["numErrors"] = json!(errors.len());
        body["errors"] = json!(errors);
    }
    Answer::json(200, &body)
}

fn definition(subscription: &Subscription) -> Value {
    json!({
        "id": subscription.id.to_string(),
        "name": subscription.name,
        "description": subscription.description,
        "purpose": "Marketing",
        "communicationMethod": "Email",
        "isActive": subscription.active,
        "isDefault": false,
        "isInternal": false,
        "businessUnitId": subscription.business_unit_id,
        "createdAt": "2020-01-01T00:00:00.000Z",
        "updatedAt": "2020-01-01T00:00:00.000Z",
    })
}

fn need_channel(call: &Call<'_>) -> Result<(), Refusal> {
    match call.query.get("channel") {
        Some("EMAIL") => Ok(()),
        _ => Err(Refusal::invalid("channel has to be EMAIL")),
    }
}

fn read_body<'a, T: Deserialize<'a>>(call: &Call<'a>) -> Result<T, Refusal> {
    serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))
}

fn status_json(
    subscription: &Subscription,
    email: &str,
    known: Option<&ConsentStatus>,
    reason: Value,
) -> Value {
    json!({
        "subscriberIdString": email,
        "subscriptionId": subscription.id,
        "subscriptionName": subscription.name,
        "businessUnitId": subscription.business_unit_id,
        "channel": "EMAIL",
        "status": known.map_or(SubscriptionStatus::NotSpecified, |known| known.status),
        "source": if known.is_some() { "API" } else { "" },
        "legalBasis": known.and_then(|known| known.legal_basis.as_deref()),
        "legalBasisExplanation": known.and_then(|known| known.legal_basis_explanation.as_deref()),
        "setStatusSuccessReason": reason,
        "timestamp": known.and_then(|known| known.at).unwrap_or_default(),
    })
}

fn statuses(world: &World, email: &str) -> Vec<Value> {
    let known = world.consent.subscriptions.iter();
    known.map(|known| status_json(known, email, world.consent.status(email, known.id), Value::Null)).collect()
}

/// That an address opted out of everything; nothing if it did not.
fn wide(world: &World, email: &str) -> Option<Value> {
    let at = world.consent.opted_out(email)?;
    Some(json!({
        "subscriberIdString": email,
        "wideStatusType": "PORTAL_WIDE",
        "channel": "EMAIL",
        "status": SubscriptionStatus::Unsubscribed,
        "timestamp": at,
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted<'a> {
    #[serde(borrow)]
    subscription_id: Optional<'a>,
    status_state: SubscriptionStatus,
    channel: String,
    #[serde(borrow, default)]
    legal_basis: Optional<'a>,
    #[serde(borrow, default)]
    legal_basis_explanation: Optional<'a>,
}

/// Sets a status, and says what that did.
fn write(world: &mut World, email: &str, wanted: &Wanted<'_>) -> Result<Value, Refusal> {
    let now = world.clock.now();
    let id = wanted.subscription_id.text().unwrap_or_default();
    let subscription = id.parse().ok().and_then(|id| world.consent.subscription(id)).cloned();
    let subscription = subscription
        .ok_or_else(|| Refusal::invalid(format!("Subscription {id} does not exist for this account.")))?;
    if wanted.channel != "EMAIL" {
        return Err(Refusal::invalid("channel has to be EMAIL"));
    }
    let bases = (wanted.legal_basis.text(), wanted.legal_basis_explanation.text());
    if bases.0.is_some_and(|basis| !LEGAL_BASES.contains(&basis)) {
        return Err(Refusal::invalid("legalBasis is none of those that HubSpot knows"));
    }
    if world.switches.legal_bases == LegalBases::Required && (bases.0.is_none() || bases.1.is_none()) {
        return Err(Refusal::invalid("legalBasis and legalBasisExplanation are required"));
    }
    let refuses = world.switches.opt_outs == OptOuts::Final && world.consent.opted_out(email).is_some();
    if refuses && wanted.status_state != SubscriptionStatus::Unsubscribed {
        return Err(Refusal::invalid(format!("{email} has opted out of all emails.")));
    }
    let before = world.consent.status(email, subscription.id).map(|known| known.status);
    let reason = match (before, wanted.status_state) {
        (Some(before), after) if before == after => "NO_STATUS_CHANGE",
        (Some(SubscriptionStatus::Unsubscribed), SubscriptionStatus::Subscribed) => "RESUBSCRIBE_OCCURRED",
        _ => "REQUESTED_CHANGE_OCCURRED",
    };
    let status = ConsentStatus {
        email: email.to_owned(),
        subscription: subscription.id,
        status: wanted.status_state,
        legal_basis: bases.0.map(str::to_owned),
        legal_basis_explanation: bases.1.map(str::to_owned),
        at: Some(now),
    };
    world.consent.set(status.clone());
    Ok(status_json(&subscription, email, Some(&status), json!(reason)))
}

type Batch = (Vec<Value>, Vec<Value>, usize);

fn batch_write(world: &mut World, call: &Call<'_>) -> Result<Batch, Refusal> {
    #[derive(Deserialize)]
    struct Inputs {
        inputs: Vec<Value>,
    }
    let Inputs { inputs } = read_body(call)?;
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for input in &inputs {
        let email = input["subscriberIdString"].as_str().unwrap_or_default();
        let text = input.to_string();
        let done = serde_json::from_str::<Wanted<'_>>(&text)
            .map_err(|error| Refusal::bad_json(&error))
            .and_then(|wanted| write(world, email, &wanted));
        match done {
            Ok(result) => results.push(result),
            Err(refusal) => errors.push(json!({
                "status": "error",
                "category": refusal.body.category.unwrap_or("VALIDATION_ERROR"),
                "message": refusal.body.message,
                "context": { "subscriberIdString": [email], "subscriptionId": [input["subscriptionId"].to_string()] },
            })),
        }
    }
    Ok((results, errors, inputs.len()))
}

/// The batches of addresses alone.
fn batch(world: &mut World, call: &Call<'_>) -> Result<Batch, Refusal> {
    #[derive(Deserialize)]
    struct Addresses {
        inputs: Vec<String>,
    }
    need_channel(call)?;
    let now = world.clock.now();
    let Addresses { inputs } = read_body(call)?;
    let mut results = Vec::new();
    for email in &inputs {
        match call.route.endpoint {
            Endpoint::OptOutBatch => {
                world.consent.opt_out(email, now);
                if call.query.flag("verbose") {
                    results.push(json!({ "subscriberIdString": email, "statuses": statuses(world, email) }));
                }
            }
            Endpoint::OptOutBatchRead => {
                let wide: Vec<Value> = wide(world, email).into_iter().collect();
                results.push(json!({ "subscriberIdString": email, "wideStatuses": wide }));
            }
            _ => results.push(json!({ "subscriberIdString": email, "statuses": statuses(world, email) })),
        }
    }
    Ok((results, Vec::new(), inputs.len()))
}
