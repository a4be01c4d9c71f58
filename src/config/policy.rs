//! What to do with names and values that HubSpot would not take as they are.
//!
//! Each choice can be made for the whole connection and again for a single stream.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A field of the stream that HubSpot has no writable property for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnknownProperties {
    /// Left out, with one warning a name.
    #[default]
    Drop,
    /// Every record that carries one is rejected.
    Reject,
    /// The property is made in HubSpot, within `create_limit`.
    Create,
}

/// A value that does not fit the type of its property.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvalidValues {
    /// The record is rejected.
    #[default]
    RejectRecord,
    /// The record is written without that property.
    DropProperty,
}

/// A JSON null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NullValues {
    /// HubSpot's value stays as it is.
    #[default]
    Ignore,
    /// HubSpot's value is cleared by sending an empty string.
    Clear,
}

/// An explicit empty string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EmptyStrings {
    /// HubSpot's value is cleared, as HubSpot itself reads an empty string.
    #[default]
    Clear,
    /// HubSpot's value stays as it is.
    Ignore,
}

/// A row that its source has deleted, as one that follows a database's log tells by `_ab_cdc_deleted_at`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeletedRows {
    /// Accepted, and nothing is done.
    #[default]
    Skip,
    /// The HubSpot record with its matching key is archived.
    Archive,
    /// The row is rejected.
    Reject,
    /// Written like any other.
    Write,
}

/// The four choices as they hold for one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValuePolicies {
    /// Fields without a writable property.
    pub unknown_properties: UnknownProperties,
    /// Values that do not fit.
    pub invalid_values: InvalidValues,
    /// JSON nulls.
    pub null_values: NullValues,
    /// Explicit empty strings.
    pub empty_strings: EmptyStrings,
}
