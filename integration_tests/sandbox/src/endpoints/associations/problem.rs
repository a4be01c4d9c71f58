//! What can be wrong with one association, and how HubSpot says so.

use serde::Serialize;

use crate::catalog::ObjectType;
use crate::error::{Context, Refusal};
use crate::switches::AssociationErrors;

/// What is wrong with one association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// An id that is no number.
    InvalidId(String),
    /// A record with itself.
    Itself(u64),
    /// The record at the near end does not exist.
    NoFrom(String),
    /// The record at the far end does not exist.
    NoTo(String),
    /// The type is not one between the two object types; as `0-5`, which is category and number.
    WrongType(String),
    /// A read of a record without associations.
    None(u64),
}

/// One entry of `errors` in a batch answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AssociationError {
    status: &'static str,
    category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_category: Option<&'static str>,
    message: String,
    #[serde(skip_serializing_if = "Context::is_empty")]
    context: Context,
}

impl Problem {
    fn category(&self) -> &'static str {
        match self {
            Self::NoFrom(_) | Self::NoTo(_) | Self::None(_) => "OBJECT_NOT_FOUND",
            Self::InvalidId(_) | Self::Itself(_) | Self::WrongType(_) => "VALIDATION_ERROR",
        }
    }

    fn sub_category(&self) -> Option<&'static str> {
        match self {
            Self::InvalidId(_) => Some("crm.associations.INVALID_IDENTIFIER"),
            Self::Itself(_) => None,
            Self::NoFrom(_) => Some("crm.associations.FROM_OBJECT_NOT_FOUND"),
            Self::NoTo(_) => Some("crm.associations.TO_OBJECT_NOT_FOUND"),
            Self::WrongType(_) => Some("crm.associations.INVALID_ASSOCIATION_TYPE"),
            Self::None(_) => Some("crm.associations.NO_ASSOCIATIONS_FOUND"),
        }
    }

    fn message(&self, from: &ObjectType, to: &ObjectType) -> String {
        match self {
            Self::InvalidId(id) => format!("{id} is not a valid ID"),
            Self::Itself(id) => format!("Object {id} cannot be associated to itself ({id})"),
            Self::NoFrom(id) => format!("No {} with ID {id} exists", word(from)),
            Self::NoTo(id) => format!("No {} with ID {id} exists", word(to)),
            Self::WrongType(kind) => {
                format!("{kind} is not a valid association type between {} and {}", from.name, to.name)
            }
            Self::None(id) => format!("No {} is associated with {} {id}.", word(to), word(from)),
        }
    }

    /// Everything but an association of a record with itself names what it is about.
    fn context(&self, from: &ObjectType, to: &ObjectType) -> Context {
        let missing = |kind: &ObjectType, id: &String| {
            Context::from([("objectType", vec![word(kind)]), ("id", vec![id.clone()])])
        };
        match self {
            Self::InvalidId(id) => Context::from([("id", vec![id.clone()])]),
            Self::Itself(_) => Context::new(),
            Self::NoFrom(id) => missing(from, id),
            Self::NoTo(id) => missing(to, id),
            Self::WrongType(kind) => Context::from([
                ("type", vec![kind.clone()]),
                ("fromObjectType", vec![from.name.clone()]),
                ("toObjectType", vec![to.name.clone()]),
            ]),
            Self::None(id) => Context::from([
                ("fromObjectId", vec![id.to_string()]),
                ("fromObjectType", vec![word(from)]),
                ("toObjectType", vec![word(to)]),
            ]),
        }
    }

    /// The entry of a batch answer.
    pub(super) fn as_error(
        &self,
        from: &ObjectType,
        to: &ObjectType,
        errors: AssociationErrors,
    ) -> AssociationError {
        let context = match errors {
            AssociationErrors::WithoutContext => Context::new(),
            AssociationErrors::Usual | AssociationErrors::AmongSuccess => self.context(from, to),
        };
        AssociationError {
            status: "error",
            category: self.category(),
            sub_category: self.sub_category(),
            message: self.message(from, to),
            context,
        }
    }

    /// The refusal of a call about one association.
    pub(super) fn as_refusal(&self, from: &ObjectType, to: &ObjectType) -> Refusal {
        let status = if self.category() == "OBJECT_NOT_FOUND" { 404 } else { 400 };
        let mut refusal = Refusal::new(status, self.category(), self.message(from, to));
        refusal.body.sub_category = self.sub_category();
        refusal.body.context = self.context(from, to);
        refusal
    }
}

/// The object type as the texts name it.
fn word(kind: &ObjectType) -> String {
    kind.name.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn only_an_association_with_itself_names_no_record() {
        let catalog = Catalog::new();
        let contact = catalog.types().first().unwrap();
        let error = |problem: Problem, errors| {
            serde_json::to_value(problem.as_error(contact, contact, errors)).unwrap()
        };
        let usual = error(Problem::InvalidId("x".to_owned()), AssociationErrors::Usual);
        assert_eq!(usual["context"]["id"][0], "x");
        let itself = error(Problem::Itself(5), AssociationErrors::Usual);
        assert!(itself.get("context").is_none() && itself.get("subCategory").is_none());
        assert_eq!(itself["message"], "Object 5 cannot be associated to itself (5)");
        let bare = error(Problem::NoTo("7".to_owned()), AssociationErrors::WithoutContext);
        assert_eq!((bare.get("context"), &bare["message"]), (None, &"No contact with ID 7 exists".into()));
        assert_eq!(Problem::NoTo("7".to_owned()).as_refusal(contact, contact).status, 404);
    }
}
