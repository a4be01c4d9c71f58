//! The specification the connector publishes: the `spec` object of the SPEC message.
//!
//! Source: `ConnectorSpecification` in Airbyte's protocol,
//! <https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol>.

use serde_json::{Value, json};

use super::{advanced_auth, schema};

/// Where users read about the connector.
const DOCUMENTATION_URL: &str =
    "https://github.com/destination-hubspot/destination-hubspot/blob/main/docs/airbyte.md";
/// Where they read what has changed.
const CHANGELOG_URL: &str =
    "https://github.com/destination-hubspot/destination-hubspot/blob/main/CHANGELOG.md";

/// The version platforms assume where a connector names none, so that none of them refuses this one.
const PROTOCOL_VERSION: &str = "0.2.0";

/// The specification: documentation links, the schema of the configuration, sync modes and OAuth.
///
/// Built anew by each call, in well under a millisecond, since a process needs it once or twice.
#[must_use]
pub fn specification() -> Value {
    json!({
        "documentationUrl": DOCUMENTATION_URL,
        "changelogUrl": CHANGELOG_URL,
        "connectionSpecification": schema::connection_specification(),
        "supportsIncremental": true,
        "supportsNormalization": false,
        "supportsDBT": false,
        "supported_destination_sync_modes": ["append", "append_dedup", "overwrite"],
        "advanced_auth": advanced_auth::advanced_auth(),
        "protocol_version": PROTOCOL_VERSION,
    })
}
