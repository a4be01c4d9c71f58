//! Associations between records: their types and labels, and which records are associated.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>.

mod hubspot_defined;
mod links;
mod types;

pub(crate) use hubspot_defined::target_of;
pub(crate) use links::Links;
pub use types::{AssociationCategory, AssociationLabel};
pub(crate) use types::{AssociationType, AssociationTypes, End, MAX_LABELS, TypeDef};

/// How a batch about associations tells of inputs it refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssociationErrors {
    /// 207, with a `context` that names the record, except for an association of a record with itself.
    #[default]
    Usual,
    /// 207, and only the text names the record.
    WithoutContext,
    /// The status of success, with the same errors.
    AmongSuccess,
}

/// The account's associations.
#[derive(Debug, Default)]
pub(crate) struct Associations {
    pub(crate) types: AssociationTypes,
    pub(crate) links: Links,
    pub(crate) errors: AssociationErrors,
}
