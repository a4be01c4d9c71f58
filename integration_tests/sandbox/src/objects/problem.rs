//! What can be wrong with one input of a write, and how HubSpot says so: as one error among results, or as the
//! refusal of the whole request.

use serde::Serialize;

use crate::catalog::ObjectType;
use crate::error::{Context, ErrorDetail, Refusal};
use crate::rules::create;
use crate::rules::violation::{self, Violation};

/// What is wrong with one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Values the properties do not take.
    Invalid(Vec<Violation>),
    /// A new record without properties it needs.
    Incomplete(Vec<String>),
    /// The address belongs to another contact.
    ContactExists { existing: u64 },
    /// The unique value belongs to another record.
    ValueTaken { property: String, value: String, on: Option<u64>, holder: u64 },
    /// An inline association leads nowhere; the text names type and id as `0-3=999`.
    BadAssociation(String),
    /// There is no such record.
    NotFound,
    /// The id was merged away; batches skip it without a word.
    MergedAway,
}

/// One entry of `errors` in a batch answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BatchError {
    status: &'static str,
    category: &'static str,
    message: String,
    context: Context,
}

impl BatchError {
    /// The one error for all the ids that were not found.
    pub(crate) fn not_found(kind: &ObjectType, ids: Vec<String>) -> Self {
        Self {
            status: "error",
            category: "OBJECT_NOT_FOUND",
            message: format!(
                "Could not get some {} objects, they may be deleted or not exist. Check that ids are valid.",
                kind.name
            ),
            context: Context::from([("ids", ids)]),
        }
    }
}

impl Problem {
    /// The error that stands for an input with this trace id.
    pub(crate) fn as_error(&self, kind: &ObjectType, portal_id: u64, trace: &str) -> BatchError {
        let mut context = Context::from([("objectWriteTraceId", vec![trace.to_owned()])]);
        let (category, message) = match self {
            Self::Invalid(violations) => ("VALIDATION_ERROR", violation::message(violations, portal_id)),
            Self::Incomplete(names) => {
                context.insert("properties", names.clone());
                ("VALIDATION_ERROR", create::message(kind))
            }
            Self::ContactExists { existing } => {
                context.insert("existingId", vec![existing.to_string()]);
                ("CONFLICT", contact_exists(*existing))
            }
            Self::ValueTaken { .. } => ("VALIDATION_ERROR", self.value_taken(kind, portal_id)),
            Self::BadAssociation(place) => ("BAD_REQUEST", format!("{place} is not a valid object")),
            Self::NotFound | Self::MergedAway => ("OBJECT_NOT_FOUND", "resource not found".to_owned()),
        };
        BatchError { status: "error", category, message, context }
    }

    /// The refusal of a whole request because of this problem.
    pub(crate) fn as_refusal(&self, kind: &ObjectType, portal_id: u64) -> Refusal {
        match self {
            Self::Invalid(violations) => violation::refusal(violations, portal_id),
            Self::Incomplete(names) => create::refusal(kind, names.clone()),
            Self::ContactExists { existing } => Refusal::new(409, "CONFLICT", contact_exists(*existing)),
            Self::ValueTaken { .. } => Refusal::invalid(self.value_taken(kind, portal_id)),
            Self::BadAssociation(place) => Refusal::new(
                400,
                "BAD_REQUEST",
                "one or more associations are not valid",
            )
            .with_detail(ErrorDetail {
                message: format!("{place} is not a valid object"),
                context: Context::from([("validationResult", vec!["INVALID_FROM_OBJECT".to_owned()])]),
                ..ErrorDetail::default()
            }),
            Self::NotFound | Self::MergedAway => Refusal::not_found(),
        }
    }

    fn value_taken(&self, kind: &ObjectType, portal_id: u64) -> String {
        let Self::ValueTaken { property, value, on, holder } = self else { return String::new() };
        let on = on.map_or_else(|| "new object".to_owned(), |id| id.to_string());
        format!(
            "Cannot set PropertyValueCoordinates{{portalId={portal_id}, objectTypeId=ObjectTypeId{{legacyObjectType={}}}, \
             propertyName={property}, value={value}}} on {on}. {holder} already has that value.",
            kind.name
        )
    }
}

fn contact_exists(existing: u64) -> String {
    format!("Contact already exists. Existing ID: {existing}")
}

/// The refusal of a request without trace ids: values first, all of them together; then what stands in the way of
/// one record, of which HubSpot names the first only.
pub(crate) fn whole_refusal(kind: &ObjectType, portal_id: u64, problems: &[Problem]) -> Option<Refusal> {
    let invalid: Vec<Violation> = problems
        .iter()
        .filter_map(|problem| match problem {
            Problem::Invalid(violations) => Some(violations.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    if !invalid.is_empty() {
        return Some(violation::refusal(&invalid, portal_id));
    }
    problems
        .iter()
        .find(|problem| !matches!(problem, Problem::NotFound | Problem::MergedAway))
        .map(|problem| problem.as_refusal(kind, portal_id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn a_whole_refusal_names_all_bad_values_before_any_conflict() {
        let catalog = Catalog::new();
        let contact = catalog.types().first().unwrap();
        let problems = [
            Problem::ContactExists { existing: 9 },
            Problem::Invalid(vec![Violation::unknown_property("a")]),
            Problem::Invalid(vec![Violation::unknown_property("b")]),
        ];
        let refusal = whole_refusal(contact, 1, &problems).unwrap();
        assert_eq!((refusal.status, refusal.body.errors.len()), (400, 2));
        let refusal = whole_refusal(contact, 1, &problems[..1]).unwrap();
        assert_eq!((refusal.status, refusal.body.category), (409, Some("CONFLICT")));
        assert!(whole_refusal(contact, 1, &[Problem::NotFound]).is_none());
    }
}
