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

/// How the list of labels shows the types that HubSpot defines as primary. Recorded answers label them "Primary"; that both
/// directions do, in every language, is told nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrimaryLabels {
    /// As "Primary".
    #[default]
    Named,
    /// Without a label.
    Unnamed,
    /// Not at all.
    Unlisted,
}

/// The account's associations.
#[derive(Debug, Default)]
pub(crate) struct Associations {
    pub(crate) types: AssociationTypes,
    pub(crate) links: Links,
    pub(crate) errors: AssociationErrors,
    pub(crate) primary_labels: PrimaryLabels,
    pub(crate) call_limit: Option<CallLimit>,
}
