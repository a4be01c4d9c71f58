//! The answer a fault gives instead of the real one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::effect::When;
use crate::error::Refusal;
use crate::http::Answer;
use crate::limits::LimitPolicy;

/// Body of a fault's answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FaultBody {
    /// What HubSpot sends with the status: its JSON error, or a page for the statuses its edge gives (52x).
    #[default]
    Usual,
    /// A page.
    Html,
    /// Nothing.
    Empty,
    /// This JSON; a `correlationId` is added where it has none.
    Json(Value),
    /// The 429 of a rate-limit policy.
    RateLimit(LimitPolicy),
}

/// An answer that a fault gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultAnswer {
    /// Its status.
    #[schemars(range(min = 200, max = 599))]
    pub(crate) status: u16,
    /// Its body; the usual one of the status unless given.
    #[serde(default)]
    pub(crate) body: FaultBody,
    /// Headers such as `retry-after`, in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, String>,
    /// Whether the request takes effect; it does not unless said otherwise.
    #[serde(default)]
    pub(crate) when: When,
}

impl FaultAnswer {
    /// The usual answer with that status.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, body: FaultBody::Usual, headers: BTreeMap::new(), when: When::BeforeEffect }
    }

    /// Gives it another body.
    #[must_use]
    pub fn body(mut self, body: FaultBody) -> Self {
        self.body = body;
        self
    }

    /// Adds a header, such as `retry-after`.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_ascii_lowercase(), value.to_owned());
        self
    }

    /// The answer with the given correlation id.
    pub(crate) fn render(&self, correlation_id: String) -> Answer {
        let mut answer = match &self.body {
            FaultBody::Usual => usual(self.status, correlation_id),
            FaultBody::Html => Answer::html(self.status, title(self.status), ""),
            FaultBody::Empty => Answer::empty(self.status),
            FaultBody::RateLimit(policy) => Answer::refusal(policy.refusal(), correlation_id),
            FaultBody::Json(body) => {
                let mut body = body.clone();
                if let Some(map) = body.as_object_mut().filter(|_| self.status >= 400) {
                    map.entry("correlationId").or_insert_with(|| json!(correlation_id));
                }
                Answer { correlation_id: Some(correlation_id), ..Answer::json(self.status, &body) }
            }
        };
        answer.status = self.status;
        if self.status == 477 && !self.headers.contains_key("retry-after") {
            // HubSpot documents this header for this status and no other.
            answer.headers.push(("retry-after".to_owned(), "3600".to_owned()));
        }
        let given = self.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        answer.headers.extend(given);
        answer
    }
}

fn usual(status: u16, correlation_id: String) -> Answer {
    let refusal = match status {
        401 => Refusal::new(
            401,
            "EXPIRED_AUTHENTICATION",
            "The OAuth token used to make this call expired 7 second(s) ago.",
        ),
        403 => Refusal::missing_scopes(vec!["crm.objects.contacts.write".to_owned()]),
        404 => Refusal::not_found(),
        409 => Refusal::new(409, "CONFLICT", "Conflict"),
        429 => LimitPolicy::TenSecondlyRolling.refusal(),
        500 => Refusal::new(500, "INTERNAL_ERROR", title(500)),
        502..=504 | 520..=530 => return Answer::html(status, title(status), ""),
        400..=499 if title(status).is_empty() => Refusal::invalid("Invalid input"),
        other => Refusal::plain(other, title(other)),
    };
    Answer::refusal(refusal, correlation_id)
}

fn title(status: u16) -> &'static str {
    match status {
        408 => "Request Timeout",
        413 => "Request Entity Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        423 => "This resource is locked. Try again after 2 seconds.",
        477 => "Migration in Progress",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        520 => "Web server is returning an unknown error",
        521 => "Web server is down",
        522 => "Connection timed out",
        523 => "Origin is unreachable",
        524 => "A timeout occurred",
        525 => "SSL handshake failed",
        526 => "Invalid SSL certificate",
        530 => "Origin DNS error",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::AnswerBody;

    fn body(answer: &Answer) -> Value {
        match &answer.body {
            AnswerBody::Json(text) => serde_json::from_slice(text).unwrap(),
            _ => Value::Null,
        }
    }

    #[test]
    fn every_status_has_its_usual_body() {
        let usual = |status| FaultAnswer::new(status).render("c".to_owned());
        assert_eq!(body(&usual(401))["category"], "EXPIRED_AUTHENTICATION");
        assert_eq!(body(&usual(429))["policyName"], "TEN_SECONDLY_ROLLING");
        assert_eq!(body(&usual(400))["category"], "VALIDATION_ERROR");
        assert_eq!(body(&usual(423))["correlationId"], "c");
        assert!(matches!(usual(522).body, AnswerBody::Html(_)));
        assert_eq!(usual(477).headers, [("retry-after".to_owned(), "3600".to_owned())]);
    }

    #[test]
    fn given_bodies_and_headers_are_kept() {
        let answer = FaultAnswer::new(477)
            .header("Retry-After", "5")
            .body(FaultBody::Json(json!({ "a": 1 })))
            .render("c".to_owned());
        assert_eq!(answer.headers, [("retry-after".to_owned(), "5".to_owned())]);
        assert_eq!(body(&answer), json!({ "a": 1, "correlationId": "c" }));
        let daily =
            FaultAnswer::new(429).body(FaultBody::RateLimit(LimitPolicy::Daily)).render("c".to_owned());
        assert_eq!(body(&daily)["policyName"], "DAILY");
    }
}
