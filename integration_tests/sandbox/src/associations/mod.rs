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

use crate::lists::CallLimit;

/// The account's associations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Associations {
    pub(crate) types: AssociationTypes,
    pub(crate) links: Links,
    pub(crate) call_limit: Option<CallLimit>,
}
