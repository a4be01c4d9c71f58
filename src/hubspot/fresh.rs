//! Properties that were made a moment ago: HubSpot may not know them everywhere yet.
//!
//! A new property can be read after a fraction of a second, and a write sent right after that may still be told that
//! it does not exist. For a while such an answer is no refusal.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::api::{ApiError, BatchAnswer, Refusal};

/// How long an answer that does not know a new property is put down to its newness; the calls repeated meanwhile are
/// a handful, since their waits grow.
const NEW_FOR: Duration = Duration::from_secs(20);

/// HubSpot's code for a property it does not know.
const UNKNOWN_PROPERTY: &str = "PROPERTY_DOESNT_EXIST";

/// The new properties of one sync; clones share them.
#[derive(Clone, Debug, Default)]
pub struct FreshProperties {
    since: Arc<Mutex<HashMap<(String, String), Instant>>>,
}

impl FreshProperties {
    /// Notes that a property of an object (by the object's path) is there from now on.
    pub fn add(&self, object: &str, property: &str) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.insert((object.to_owned(), property.to_owned()), Instant::now());
    }

    /// Whether an error says nothing but that new properties are not known yet, or not yet known to be unique.
    #[must_use]
    pub fn explain(&self, object: &str, error: &ApiError) -> bool {
        let is_new = |code: Option<&str>, property: Option<&str>| {
            code == Some(UNKNOWN_PROPERTY) && property.is_some_and(|property| self.is_fresh(object, property))
        };
        if let Refusal::NonUniqueKey { property: Some(key) } = error.refusal() {
            return self.is_fresh(object, key);
        }
        match error.faults.as_slice() {
            [] => is_new(Some(error.code()), error.property.as_deref()),
            faults => faults.iter().all(|fault| is_new(fault.code.as_deref(), fault.property.as_deref())),
        }
    }

    /// Sets the errors of an answer aside that say nothing but that.
    pub fn set_aside(&self, object: &str, answer: &mut BatchAnswer) {
        let errors = std::mem::take(&mut answer.errors);
        let (passing, errors) = errors.into_iter().partition(|error| self.explain(object, error));
        answer.errors = errors;
        answer.passing = passing;
    }

    fn is_fresh(&self, object: &str, property: &str) -> bool {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let since = since.get(&(object.to_owned(), property.to_owned()));
        since.is_some_and(|since| since.elapsed() < NEW_FOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(faults: &[(&str, &str)]) -> ApiError {
        let errors: Vec<_> = faults
            .iter()
            .map(
                |(code, property)| serde_json::json!({"code": code, "context": {"propertyName": [property]}}),
            )
            .collect();
        let body = serde_json::json!({"category": "VALIDATION_ERROR", "message": "m", "errors": errors});
        ApiError::parse(400, body.to_string().as_bytes(), None)
    }

    #[tokio::test(start_paused = true)]
    async fn only_new_properties_are_excused_and_only_for_a_while() {
        let fresh = FreshProperties::default();
        fresh.add("contacts", "shoe_size");
        let unknown = refusal(&[(UNKNOWN_PROPERTY, "shoe_size")]);
        assert!(fresh.explain("contacts", &unknown));
        assert!(!fresh.explain("companies", &unknown));
        let not_unique = |property: &str| {
            let text = format!(
                "Unable to perform update/upsert by non-unique 0-1 property {property} in portal ID 1"
            );
            let body = serde_json::json!({"category": "VALIDATION_ERROR", "message": text});
            ApiError::parse(400, body.to_string().as_bytes(), None)
        };
        assert!(fresh.explain("contacts", &not_unique("shoe_size")));
        assert!(!fresh.explain("contacts", &not_unique("domain")));
        assert!(!fresh.explain("contacts", &refusal(&[(UNKNOWN_PROPERTY, "hat")])));
        assert!(!fresh.explain("contacts", &refusal(&[("INVALID_OPTION", "shoe_size")])));
        let mixed = refusal(&[(UNKNOWN_PROPERTY, "shoe_size"), ("INVALID_EMAIL", "email")]);
        assert!(!fresh.explain("contacts", &mixed));
        tokio::time::advance(NEW_FOR).await;
        assert!(!fresh.explain("contacts", &unknown));
    }

    #[tokio::test(start_paused = true)]
    async fn errors_of_single_records_are_told_apart() {
        let fresh = FreshProperties::default();
        fresh.add("contacts", "shoe_size");
        let mut answer = BatchAnswer {
            errors: vec![refusal(&[(UNKNOWN_PROPERTY, "shoe_size")]), refusal(&[("INVALID_EMAIL", "email")])],
            ..BatchAnswer::default()
        };
        fresh.set_aside("contacts", &mut answer);
        assert_eq!((answer.errors.len(), answer.passing.len()), (1, 1));
        assert_eq!(answer.passing[0].property.as_deref(), Some("shoe_size"));
    }
}
