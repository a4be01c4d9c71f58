//! An error of HubSpot's, whatever its shape.
//!
//! HubSpot documents one error body (developers.hubspot.com/docs/api-reference/error-handling) and says that all
//! its fields are optional; real answers come in many more shapes, and from the proxies in front of it as HTML or
//! nothing at all. [`ApiError::parse`] reads them all and never fails: what cannot be read is absent.

use std::error::Error;
use std::fmt;

use serde_json::Value;

use super::error_reader;
use super::faults::{MAX_TEXT, PropertyFault};
use super::lenient::capped;
use super::prose::Said;

/// The response header that carries the id HubSpot's support asks for; bodies repeat it as `correlationId`.
pub const CORRELATION_ID_HEADER: &str = "x-hubspot-correlation-id";

/// The status given to an error inside an answer that succeeded in part.
const PARTIAL: u16 = 207;

/// An error answer, or one record's error inside an answer that succeeded in part.
///
/// `message`, `faults`, `ids`, `names` and `missing` can hold record values. Neither `Debug` nor `Display`
/// shows them; `code`-like fields are identifiers by construction (anything else was dropped while reading).
#[derive(Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The answer's HTTP status; for a record's error inside a partial answer 207, unless the error has its own.
    pub status: u16,
    /// `category`, or the `errorType` of services that answer with that instead.
    pub category: Option<String>,
    /// `subCategory`, such as `crm.associations.TO_OBJECT_NOT_FOUND`.
    pub sub_category: Option<String>,
    /// A code for the error as a whole: `code`, `error`, or the OAuth endpoints' `status`. What to show is
    /// [`ApiError::code`].
    pub stated_code: Option<String>,
    /// The property the error is about, the first one where there are several.
    pub property: Option<String>,
    /// HubSpot's message, at most 500 characters; our own words where it gave none.
    pub message: String,
    /// The id HubSpot's support asks for, from the body, else from the header.
    pub correlation_id: Option<String>,
    /// `policyName` of a 429, such as `TEN_SECONDLY_ROLLING`.
    pub policy_name: Option<String>,
    /// The record id of the record in the way, where the error is a conflict and names it.
    pub existing_id: Option<String>,
    /// Scopes the token lacks; HubSpot asks for one or more of them.
    pub scopes: Vec<String>,
    /// Faults of single properties, in HubSpot's order.
    pub faults: Vec<PropertyFault>,
    /// Ids of the inputs the error is about (`context.ids`, `context.id`).
    pub ids: Vec<String>,
    /// Ids of the near ends of the associations that the error is about (`context.fromObjectId`).
    pub near_ids: Vec<String>,
    /// Names the error is about (`context.name`), such as properties that could not be created.
    pub names: Vec<String>,
    /// Trace ids of the inputs the error is about.
    pub trace_ids: Vec<String>,
    /// `context.missingObjectPropertyValueCoordinates`; see [`ApiError::says_missing`].
    pub missing: Vec<String>,
    /// Whether the body was an error as HubSpot writes them. A 404 without one comes from an address HubSpot does not
    /// have; a 400, 403 or 409 without one from something in between.
    pub structured: bool,
    /// What the message said that no field says.
    pub(super) said: Option<Said>,
}

impl ApiError {
    /// Reads an answer's body. `correlation_header` is the value of [`CORRELATION_ID_HEADER`].
    pub fn parse(status: u16, body: &[u8], correlation_header: Option<&str>) -> Self {
        error_reader::read_answer(status, body, correlation_header)
    }

    /// Reads one entry of the `errors` of an answer that succeeded in part.
    pub(super) fn of_record(entry: &str) -> Self {
        let entry = serde_json::from_str(entry).unwrap_or(Value::Null);
        error_reader::read_entry(PARTIAL, &entry)
    }

    /// An error of which nothing but the status is known yet.
    pub(super) fn blank(status: u16) -> Self {
        Self {
            status,
            category: None,
            sub_category: None,
            stated_code: None,
            property: None,
            message: String::new(),
            correlation_id: None,
            policy_name: None,
            existing_id: None,
            scopes: Vec::new(),
            faults: Vec::new(),
            ids: Vec::new(),
            near_ids: Vec::new(),
            names: Vec::new(),
            trace_ids: Vec::new(),
            missing: Vec::new(),
            structured: false,
            said: None,
        }
    }

    /// The error in words for whoever may see record values, at most 500 characters: what is wrong with each
    /// property, else the message (which repeats the faults as JSON where there are any).
    pub fn explanation(&self) -> String {
        let faults: Vec<_> =
            self.faults.iter().map(|fault| fault.message.as_str()).filter(|m| !m.is_empty()).collect();
        if faults.is_empty() { self.message.clone() } else { capped(&faults.join("; "), MAX_TEXT) }
    }

    /// Whether an older batch update lists the record with this value of this property as missing. Its entries
    /// end in `<property>:<value>`, and values may hold colons, so they cannot be taken apart without the key.
    pub fn says_missing(&self, property: &str, value: &str) -> bool {
        let named = |entry: &String| {
            let rest = entry.strip_suffix(value).and_then(|rest| rest.strip_suffix(':'));
            rest.and_then(|rest| rest.strip_suffix(property))
                .is_some_and(|rest| !rest.ends_with(|before: char| before.is_alphanumeric() || before == '_'))
        };
        self.missing.iter().any(named)
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError")
            .field("status", &self.status)
            .field("code", &self.code())
            .field("category", &self.category)
            .field("sub_category", &self.sub_category)
            .field("property", &self.property)
            .field("correlation_id", &self.correlation_id)
            .field("policy_name", &self.policy_name)
            .field("existing_id", &self.existing_id)
            .field("scopes", &self.scopes)
            .field("faults", &self.faults)
            .field("ids", &self.ids.len())
            .field("trace_ids", &self.trace_ids.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HubSpot answered {}: {}", self.status, self.code())?;
        if let Some(property) = &self.property {
            write!(f, " on property {property}")?;
        }
        if let Some(id) = &self.correlation_id {
            write!(f, " (correlationId {id})")?;
        }
        Ok(())
    }
}

impl Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::ApiError;

    const BODY: &str = r#"{"status":"error","category":"VALIDATION_ERROR","correlationId":"c-1",
        "message":"Property values were not valid: [{\"message\":\"hunter2 is bad\",\"error\":\"INVALID_INTEGER\",\"name\":\"age\",\"propertyValue\":\"hunter2\"}]",
        "context":{"ids":["hunter2"],"name":["hunter2"],"missingObjectPropertyValueCoordinates":["0-1:email:hunter2"]}}"#;

    #[test]
    fn neither_debug_nor_display_shows_what_a_record_may_hold() {
        let error = ApiError::parse(400, BODY.as_bytes(), None);
        assert_eq!(error.explanation(), "hunter2 is bad");
        assert_eq!(error.faults[0].value.as_deref(), Some("hunter2"));
        let (debug, display) = (format!("{error:?} {error:#?}"), error.to_string());
        assert!(!debug.contains("hunter2"), "{debug}");
        assert_eq!(display, "HubSpot answered 400: INVALID_INTEGER on property age (correlationId c-1)");
        assert!(debug.contains("INVALID_INTEGER") && debug.contains("c-1"), "{debug}");
    }

    #[test]
    fn missing_records_are_recognised_by_property_and_value() {
        let body =
            r#"{"context":{"missingObjectPropertyValueCoordinates":["1:0-1:site:https://a.example:80/"]}}"#;
        let error = ApiError::parse(400, body.as_bytes(), None);
        assert!(error.says_missing("site", "https://a.example:80/"));
        assert!(!error.says_missing("site", "80/"));
        assert!(!error.says_missing("ite", "https://a.example:80/"));
        assert!(!error.says_missing("site", "https://a.example"));
    }

    #[test]
    fn several_faults_are_explained_together_within_the_limit() {
        let list = serde_json::json!([
            {"message": "first", "error": "A", "name": "p"}, {"message": "x".repeat(600), "error": "B", "name": "q"},
        ]);
        let body =
            serde_json::json!({"message": format!("Property values were not valid: {list}")}).to_string();
        let explanation = ApiError::parse(400, body.as_bytes(), None).explanation();
        assert!(explanation.starts_with("first; xxx"), "{explanation}");
        assert_eq!(explanation.chars().count(), 500);
    }

    #[test]
    fn faults_without_words_leave_the_explanation_to_the_message() {
        let body = br#"{"message":"words","errors":[{"code":"A","context":{"propertyName":["p"]}}]}"#;
        assert_eq!(ApiError::parse(400, body, None).explanation(), "words");
    }
}
