//! The labels of associations between two object types.
//!
//! Source: HubSpot's association schema guide (`GET .../labels`).

use serde::Deserialize;

/// A kind of association, in one direction; the plain one has no label.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssociationLabel {
    /// `HUBSPOT_DEFINED`, `USER_DEFINED` or `INTEGRATOR_DEFINED`.
    pub category: String,
    /// Number of the type.
    pub type_id: u64,
    /// As people see it.
    #[serde(default)]
    pub label: Option<String>,
}

impl AssociationLabel {
    /// Whether it is called so: in any case, or by its number.
    #[must_use]
    pub fn answers_to(&self, name: &str) -> bool {
        let Some(label) = &self.label else { return false };
        label.trim().to_lowercase() == name.trim().to_lowercase() || self.type_id.to_string() == name.trim()
    }
}
