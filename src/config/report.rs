//! How much of a rejected record the connector shows on its standard output.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is printed of a rejected record. Storage, where one is configured, always gets all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RejectedRecordsOutput {
    /// The whole record and HubSpot's own text.
    Full,
    /// The reason, without any value of the record.
    Redacted,
    /// Nothing.
    None,
}
