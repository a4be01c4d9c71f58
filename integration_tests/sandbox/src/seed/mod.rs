//! The one description of an account: what it holds, who may call, its limits, its readings, its trouble.
//!
//! The [`Builder`](crate::Builder) fills it, `--seed FILE` reads it, `/_sandbox/seed` takes it and gives the present
//! state as it, and `hubspot-sandbox` is started from it again.

mod export;
mod file;
mod limits;
mod parts;
mod plant;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::associations::AssociationLabel;
use crate::catalog::{CustomObject, Pipeline, PropertyDef};
use crate::consent::ConsentSeed;
use crate::events::{EventDef, StoredEvent};
use crate::faults::Fault;
use crate::lists::ListDef;
use crate::switches::Readings;
use crate::world::Owner;

pub use file::SeedFileError;
pub(crate) use file::from_yaml;
pub use limits::{Delays, Limits};
pub use parts::{AppSeed, AssociationSeed, DemandSeed, EndSeed, RecordSeed, TokenSeed};
pub use plant::SeedError;
pub(crate) use plant::record_id;

/// What an account holds beside HubSpot's own object types and properties, and how it behaves.
///
/// Every part may be left out. What is named here is added to the account, or takes the place of what goes by the same
/// name or id. Object types go by any name that HubSpot takes in a path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Seed {
    /// The account's settings; parts left out have their usual values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    /// Which readings of HubSpot's texts it follows.
    #[serde(skip_serializing_if = "is_default")]
    pub switches: Readings,
    /// What it takes.
    #[serde(skip_serializing_if = "is_default")]
    pub limits: Limits,
    /// How long things take.
    #[serde(skip_serializing_if = "is_default")]
    pub delays: Delays,
    /// Private tokens beside the one that every sandbox has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<TokenSeed>,
    /// OAuth apps that are installed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub apps: Vec<AppSeed>,
    /// Owners beside the two that every sandbox has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<Owner>,
    /// Custom object types.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<CustomObject>,
    /// Property definitions by object type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Vec<PropertyDef>>,
    /// Pipelines with their stages by object type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pipelines: BTreeMap<String, Vec<Pipeline>>,
    /// What the account demands of new records beside HubSpot's table of required properties.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub demands: Vec<DemandSeed>,
    /// Families of paths that have ended, by their prefix.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<String>,
    /// Association labels of the account's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<AssociationLabel>,
    /// Event definitions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventDef>,
    /// Records by object type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub records: BTreeMap<String, Vec<RecordSeed>>,
    /// Associations between records.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub associations: Vec<AssociationSeed>,
    /// Lists with their members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<ListDef>,
    /// Occurrences of events.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub occurrences: Vec<StoredEvent>,
    /// Who wants which mails.
    #[serde(skip_serializing_if = "is_default")]
    pub consent: ConsentSeed,
    /// Trouble.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
}

/// Whether a part says nothing, so that it need not be written.
fn is_default<T: Default + PartialEq>(part: &T) -> bool {
    *part == T::default()
}
