//! What kind of "no" a whole answer is.
//!
//! The status decides where it can; a 400 is told apart by its category and, where HubSpot has no field for it, by
//! its words. What to do about each kind is for others to say. Sources: developers.hubspot.com/docs/api-reference/
//! error-handling and .../developer-tooling/platform/usage-guidelines.

use super::error_body::ApiError;
use super::prose::Said;

/// The kind of an error answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal<'a> {
    /// The token is not accepted.
    Unauthorised(AuthProblem),
    /// The token lacks one or more of these scopes; empty where HubSpot does not name them.
    MissingScopes {
        /// HubSpot's names of the scopes, in its order.
        scopes: &'a [String],
    },
    /// A 403 that is not about scopes: a feature the account's plan lacks.
    Forbidden,
    /// A limit of calls is reached.
    RateLimited(RatePolicy),
    /// 423: too many writes at once; locks last about two seconds.
    Locked,
    /// 477: the account moves between data centres; `Retry-After` tells how long, up to about a day.
    Migrating,
    /// 408 or any 5xx: HubSpot, or a proxy in front of it, could not answer. A write may have happened.
    Unavailable,
    /// 413, or a 400 that says so: fewer records at once may do.
    TooLarge,
    /// The property the batch matches by is not unique in the account. True of every record.
    NonUniqueKey {
        /// Its name, where HubSpot gives it.
        property: Option<&'a str>,
    },
    /// The account has no such object type, or the endpoint does not serve it. True of every record.
    UnknownObjectType,
    /// The account has no event of the name that is sent. True of every occurrence.
    UnknownEvent,
    /// The same id stands twice in one batch; [`ApiError::ids`] has the ids where HubSpot gives them. They can be
    /// record values, so they are not repeated here, where `Debug` would show them.
    DuplicateIds,
    /// The request is built wrongly: a fault of the connector, not of any record.
    MalformedRequest,
    /// A 404 that is not HubSpot's own: nothing is at this address, so base URL or API version is wrong.
    UnknownPath,
    /// A record in the batch (or the one sent) collides with an existing one.
    Conflict,
    /// What the request names does not exist.
    NotFound,
    /// Properties of one or more records are refused; [`ApiError::faults`] names them.
    NamedProperties,
    /// Any other refusal of the content.
    Validation,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthProblem {
    /// It has expired; a fresh one will do.
    Expired,
    /// It is unknown, unreadable or revoked. HubSpot calls an unreadable token expired since 1970, so an expiry
    /// counted in days is this.
    Invalid,
    /// The OAuth endpoint refused the refresh token or the app's credentials.
    GrantRefused,
}

/// Which limit of calls is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RatePolicy {
    /// The account's calls of a day; back at midnight in the account's time zone.
    Daily,
    /// The token's calls of ten seconds.
    TenSecondly,
    /// The calls of one second, search above all.
    Secondly,
    /// Not said, or not known here.
    Other,
}

impl RatePolicy {
    /// The policy of HubSpot's `policyName`, or of the word it uses for it in a message; case does not matter.
    pub fn named(name: &str) -> Self {
        let name = name.to_ascii_uppercase();
        if name.contains("DAILY") {
            Self::Daily
        } else if name.contains("TEN_SECONDLY") {
            Self::TenSecondly
        } else if name.contains("SECONDLY") {
            Self::Secondly
        } else {
            Self::Other
        }
    }
}

impl ApiError {
    /// Whether it says something that is true of every record, if it is true: that the key is not unique, that the
    /// object type or the event does not exist, that a scope is missing.
    pub fn speaks_of_all(&self) -> bool {
        matches!(
            self.refusal(),
            Refusal::NonUniqueKey { .. }
                | Refusal::UnknownObjectType
                | Refusal::UnknownEvent
                | Refusal::MissingScopes { .. }
        )
    }

    /// The kind of this error. Of a record's error inside a partial answer it tells the kind as well, so that a
    /// limit reached halfway through a batch is not taken for bad data.
    pub fn refusal(&self) -> Refusal<'_> {
        match self.status {
            401 => Refusal::Unauthorised(self.auth_problem()),
            404 if !self.structured => Refusal::UnknownPath,
            405 | 415 => Refusal::MalformedRequest,
            408 | 500..=599 => Refusal::Unavailable,
            413 => Refusal::TooLarge,
            423 => Refusal::Locked,
            429 => Refusal::RateLimited(self.rate_policy()),
            477 => Refusal::Migrating,
            _ => self.refusal_by_category().unwrap_or_else(|| self.refusal_by_content()),
        }
    }

    fn refusal_by_category(&self) -> Option<Refusal<'_>> {
        match self.category.as_deref() {
            Some("EXPIRED_AUTHENTICATION" | "INVALID_AUTHENTICATION") => {
                Some(Refusal::Unauthorised(self.auth_problem()))
            }
            Some("RATE_LIMIT" | "RATE_LIMITS") => Some(Refusal::RateLimited(self.rate_policy())),
            Some("MISSING_SCOPES") => Some(Refusal::MissingScopes { scopes: &self.scopes }),
            _ if !self.scopes.is_empty() => Some(Refusal::MissingScopes { scopes: &self.scopes }),
            _ if self.status == 403 => Some(Refusal::Forbidden),
            _ if self.is_refused_grant() => Some(Refusal::Unauthorised(AuthProblem::GrantRefused)),
            _ => None,
        }
    }

    fn refusal_by_content(&self) -> Refusal<'_> {
        match &self.said {
            Some(Said::NonUniqueKey { property }) => Refusal::NonUniqueKey { property: property.as_deref() },
            Some(Said::UnknownObjectType) => Refusal::UnknownObjectType,
            Some(Said::UnknownEvent) => Refusal::UnknownEvent,
            Some(Said::DuplicateIds { .. }) => Refusal::DuplicateIds,
            Some(Said::MalformedRequest) => Refusal::MalformedRequest,
            Some(Said::TooMany) => Refusal::TooLarge,
            _ if self.sub_category.as_deref() == Some("ListError.INVALID_OBJECT_TYPE_FOR_LIST") => {
                Refusal::UnknownObjectType
            }
            _ if self.is_conflict() => Refusal::Conflict,
            _ if self.code() == "NOT_FOUND" => Refusal::NotFound,
            _ if self.faults.iter().any(|fault| fault.property.is_some()) => Refusal::NamedProperties,
            _ => Refusal::Validation,
        }
    }

    /// A property's own code counts only if no other property is refused for another reason.
    fn is_conflict(&self) -> bool {
        let mut codes = self.faults.iter().filter_map(|fault| fault.code.as_deref()).peekable();
        let all_taken = codes.peek().is_some() && codes.all(|code| code == "CONFLICTING_UNIQUE_VALUE");
        self.status == 409 || all_taken || self.code() == "CONFLICT"
    }

    fn auth_problem(&self) -> AuthProblem {
        let expired = self.category.as_deref() == Some("EXPIRED_AUTHENTICATION");
        match self.said {
            Some(Said::TokenExpired { in_days: true }) => AuthProblem::Invalid,
            Some(Said::TokenExpired { in_days: false }) => AuthProblem::Expired,
            _ if expired => AuthProblem::Expired,
            _ if self.is_refused_grant() => AuthProblem::GrantRefused,
            _ => AuthProblem::Invalid,
        }
    }

    fn rate_policy(&self) -> RatePolicy {
        match (&self.policy_name, &self.said) {
            (Some(name), _) => RatePolicy::named(name),
            (None, Some(Said::RateLimit(policy))) => *policy,
            _ => RatePolicy::Other,
        }
    }

    /// The OAuth endpoint's codes: HubSpot's own and those of RFC 6749 (developers.hubspot.com/docs/api-reference/
    /// legacy/authentication/manage-oauth-tokens).
    fn is_refused_grant(&self) -> bool {
        matches!(
            self.stated_code.as_deref(),
            Some(
                "BAD_REFRESH_TOKEN"
                    | "BAD_AUTH_CODE"
                    | "BAD_CLIENT_ID"
                    | "BAD_CLIENT_SECRET"
                    | "BAD_REDIRECT_URI"
                    | "BAD_GRANT_TYPE"
                    | "BAD_HUB"
                    | "BAD_CODE_VERIFIER"
                    | "BAD_SCOPES"
                    | "invalid_grant"
                    | "invalid_client"
                    | "unauthorized_client"
                    | "unsupported_grant_type"
                    | "access_denied"
            )
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{ApiError, AuthProblem, RatePolicy, Refusal};

    fn error(status: u16, body: &Value) -> ApiError {
        ApiError::parse(status, body.to_string().as_bytes(), None)
    }

    /// Asserts the kind of an answer that consists of a message.
    fn assert_said(status: u16, message: &str, expected: Refusal<'_>) {
        assert_eq!(error(status, &json!({"message": message})).refusal(), expected, "{message}");
    }

    #[test]
    fn statuses_decide_where_they_can() {
        for (status, expected) in [
            (408, Refusal::Unavailable),
            (413, Refusal::TooLarge),
            (415, Refusal::MalformedRequest),
            (423, Refusal::Locked),
            (429, Refusal::RateLimited(RatePolicy::Other)),
            (477, Refusal::Migrating),
            (500, Refusal::Unavailable),
            (524, Refusal::Unavailable),
            (401, Refusal::Unauthorised(AuthProblem::Invalid)),
            (403, Refusal::Forbidden),
            (404, Refusal::UnknownPath),
            (400, Refusal::Validation),
            (409, Refusal::Conflict),
        ] {
            assert_eq!(ApiError::parse(status, b"<html></html>", None).refusal(), expected, "{status}");
        }
    }

    #[test]
    fn refusals_of_the_request_are_told_from_refusals_of_records() {
        let key = "Unable to perform update/upsert by non-unique 0-2 property code in portal ID 5";
        assert_said(400, key, Refusal::NonUniqueKey { property: Some("code") });
        assert_said(400, "Unable to infer object type from: x", Refusal::UnknownObjectType);
        assert_said(400, "Event with fully qualified name pe1_x does not exist.", Refusal::UnknownEvent);
        assert_said(400, "Invalid input JSON on line 1, column 2: what", Refusal::MalformedRequest);
        assert_said(404, "resource not found", Refusal::NotFound);
        let many = "The maximum number of inputs supported in a batch request is 1000, but 2000 were sent.";
        assert_said(400, many, Refusal::TooLarge);
        assert_said(400, "At most 500 record ids can be changed in one call.", Refusal::TooLarge);
        assert_said(400, "At most one of the two is allowed.", Refusal::Validation);
        assert_said(400, "List does not exist with name x", Refusal::NotFound);
        assert_said(400, "No properties found to update, please provide at least one.", Refusal::Validation);
        let list = json!({"message": "m", "subCategory": "ListError.INVALID_OBJECT_TYPE_FOR_LIST"});
        assert_eq!(error(400, &list).refusal(), Refusal::UnknownObjectType);
    }

    #[test]
    fn duplicate_ids_come_from_the_context_or_the_words() {
        let message = "Duplicate IDs found in batch input: [4, 5]. IDs must be unique";
        let ids = ["4".to_owned(), "5".to_owned()];
        for body in [json!({"message": message, "context": {"ids": ids}}), json!({"message": message})] {
            let error = error(400, &body);
            assert_eq!((error.refusal(), &error.ids[..]), (Refusal::DuplicateIds, &ids[..]));
        }
    }

    #[test]
    fn tokens_that_expired_days_ago_were_never_valid() {
        let at = |age: &str| {
            let message = format!("The OAuth token used to make this call expired {age} ago.");
            error(401, &json!({"message": message, "category": "EXPIRED_AUTHENTICATION"}))
        };
        let unauthorised = |problem| Refusal::Unauthorised(problem);
        assert_eq!(at("75 second(s)").refusal(), unauthorised(AuthProblem::Expired));
        assert_eq!(at("20336 day(s)").refusal(), unauthorised(AuthProblem::Invalid));
        let bare = error(401, &json!({"category": "EXPIRED_AUTHENTICATION"}));
        assert_eq!(bare.refusal(), unauthorised(AuthProblem::Expired));
        let unknown = error(
            401,
            &json!({"category": "INVALID_AUTHENTICATION", "message": "Authentication credentials not found."}),
        );
        assert_eq!(unknown.refusal(), unauthorised(AuthProblem::Invalid));
        for body in [json!({"status": "BAD_REFRESH_TOKEN"}), json!({"error": "invalid_grant"})] {
            assert_eq!(error(400, &body).refusal(), unauthorised(AuthProblem::GrantRefused), "{body}");
        }
    }

    #[test]
    fn scopes_are_passed_on() {
        let scopes = ["crm.objects.deals.write".to_owned()];
        let body = json!({"category": "MISSING_SCOPES", "errors": [{"context": {"requiredGranularScopes": scopes}}]});
        assert_eq!(error(403, &body).refusal(), Refusal::MissingScopes { scopes: &scopes });
        assert_eq!(
            error(403, &json!({"category": "MISSING_SCOPES"})).refusal(),
            Refusal::MissingScopes { scopes: &[] }
        );
    }

    #[test]
    fn scopes_mean_missing_scopes_even_without_the_category() {
        let scopes = ["crm.lists.write".to_owned()];
        let body = json!({"message": "m", "requiredScopes": scopes});
        assert_eq!(error(400, &body).refusal(), Refusal::MissingScopes { scopes: &scopes });
    }

    #[test]
    fn rate_policies_come_from_the_name_or_the_words() {
        for (body, policy) in [
            (json!({"policyName": "DAILY"}), RatePolicy::Daily),
            (json!({"policyName": "TEN_SECONDLY_ROLLING"}), RatePolicy::TenSecondly),
            (json!({"message": "You have reached your secondly limit."}), RatePolicy::Secondly),
            (
                json!({"policyName": "NEW_ONE", "message": "You have reached your daily limit."}),
                RatePolicy::Other,
            ),
            (json!({"message": "Slow down."}), RatePolicy::Other),
        ] {
            assert_eq!(error(429, &body).refusal(), Refusal::RateLimited(policy), "{body}");
        }
    }

    #[test]
    fn a_limit_reached_inside_a_batch_is_no_bad_data() {
        assert_eq!(
            error(207, &json!({"category": "RATE_LIMITS"})).refusal(),
            Refusal::RateLimited(RatePolicy::Other)
        );
        assert_eq!(error(207, &json!({"status": 503, "message": "m"})).refusal(), Refusal::Unavailable);
    }

    #[test]
    fn conflicts_and_named_properties_are_told_apart() {
        let detail =
            |code: &str, property: &str| json!({"code": code, "context": {"propertyName": [property]}});
        let with = |details: Value| error(400, &json!({"category": "VALIDATION_ERROR", "errors": details}));
        let taken = detail("CONFLICTING_UNIQUE_VALUE", "sku");
        let bad = detail("INVALID_DATE", "born");
        assert_eq!(with(json!([taken])).refusal(), Refusal::Conflict);
        assert_eq!(with(json!([bad])).refusal(), Refusal::NamedProperties);
        assert_eq!(with(json!([taken, bad])).refusal(), Refusal::NamedProperties);
    }
}
