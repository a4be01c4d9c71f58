//! A refusal of HubSpot's as a failure a person can act on.

use crate::api::{ApiError, AuthProblem, RatePolicy, Refusal};
use crate::error::{Failure, Kind};

/// Explains why `doing` (such as "write contacts") is not possible.
///
/// HubSpot's own text is left out: it may hold record values. Its correlation id is kept.
#[must_use]
pub fn refusal(error: &ApiError, doing: &str) -> Failure {
    let (kind, message) = match error.refusal() {
        Refusal::Unauthorised(AuthProblem::Expired) => (
            Kind::Configuration,
            "HubSpot says that the access token has expired. Create a new token, or sign in again, and update this \
             destination's settings."
                .to_owned(),
        ),
        Refusal::Unauthorised(_) => (
            Kind::Configuration,
            "HubSpot does not accept the access token: it is not valid. Copy the token again from HubSpot (the whole \
             of it, beginning with \"pat-\" for private apps and service keys) and update this destination's \
             settings."
                .to_owned(),
        ),
        Refusal::MissingScopes { scopes } => (Kind::Configuration, missing_scopes(scopes, doing)),
        Refusal::Forbidden => (
            Kind::Configuration,
            format!(
                "HubSpot does not allow this token to {doing} (403). Check the scopes of the app or service key, and \
                 whether the account's subscription has the feature."
            ),
        ),
        Refusal::NonUniqueKey { property } => (
            Kind::Configuration,
            format!(
                "HubSpot cannot {doing} by the property {}: it is not unique in this account. Choose a property that \
                 HubSpot marks unique as matching key.",
                property.unwrap_or("that was chosen")
            ),
        ),
        Refusal::UnknownObjectType => (
            Kind::Configuration,
            format!("HubSpot does not know the object type: it cannot {doing}. Check the object's name or type id."),
        ),
        Refusal::UnknownEvent => (
            Kind::Configuration,
            format!(
                "HubSpot has no event of that name in this account: it cannot {doing}. Check the event's name, or create \
                 it in HubSpot."
            ),
        ),
        Refusal::NotFound => (
            Kind::Configuration,
            format!("HubSpot could not find what it needs to {doing} (404). Check that it exists in the account."),
        ),
        Refusal::UnknownPath => (
            Kind::Configuration,
            format!(
                "There is no HubSpot API at the address used to {doing} (404). Check api_base_url and api_version in \
                 this destination's settings."
            ),
        ),
        Refusal::RateLimited(RatePolicy::Daily) => return daily_quota_spent(error),
        Refusal::MalformedRequest => (
            Kind::Internal,
            format!("HubSpot could not read the request to {doing}. This is a fault of the connector; please report it."),
        ),
        _ => (Kind::Surprise, format!("HubSpot answered status {} to the request to {doing}.", error.status)),
    };
    let note = format!(
        "status {}, code {}, category {}",
        error.status,
        error.code(),
        or_none(error.category.as_deref())
    );
    Failure::new(kind, message).internal(note).correlated(error.correlation_id.as_deref())
}

/// The account has no calls left today. When they come back is for the command to add, which knows the account.
#[must_use]
pub fn daily_quota_spent(error: &ApiError) -> Failure {
    Failure::new(Kind::QuotaSpent, "HubSpot's daily limit of API calls is spent.")
        .internal(format!("status {}, policy {}", error.status, or_none(error.policy_name.as_deref())))
        .correlated(error.correlation_id.as_deref())
}

/// Says which scopes of the token's are missing, of which one is needed to do `doing`.
#[must_use]
pub fn missing_scopes(scopes: &[String], doing: &str) -> String {
    if scopes.is_empty() {
        return format!(
            "The token lacks a scope that is needed to {doing} (403). Add it to the app or service key in HubSpot."
        );
    }
    let one_of = if scopes.len() == 1 { "the scope" } else { "one of the scopes" };
    format!(
        "The token lacks {one_of} {} that {} needed to {doing}. Add it to the app or service key in HubSpot, then \
         update the token here if HubSpot issues a new one.",
        scopes.join(", "),
        if scopes.len() == 1 { "is" } else { "are" }
    )
}

fn or_none(text: Option<&str>) -> &str {
    text.unwrap_or("none")
}
