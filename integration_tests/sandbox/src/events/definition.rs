//! What kinds of events the account has.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalog::PropertyDef;
use crate::clock::Millis;

/// The event property that finds the record, and the record's property it is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MatchingId {
    pub(crate) event_property: String,
    pub(crate) target_property: String,
}

/// An event definition to be made by a test or a demonstration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventDef {
    /// Its name without the account's prefix.
    pub(crate) name: String,
    /// What people see.
    #[serde(default)]
    pub(crate) label: String,
    /// Help text.
    #[serde(default)]
    pub(crate) description: String,
    /// Whose event it is; `CONTACT` unless given.
    #[serde(default = "contact")]
    pub(crate) primary_object: String,
    /// Its properties.
    #[serde(default)]
    pub(crate) properties: Vec<PropertyDef>,
    /// The property that finds the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) matching: Option<MatchingId>,
}

fn contact() -> String {
    "CONTACT".to_owned()
}

impl EventDef {
    /// An event of contacts. Its fully qualified name will be `pe{portal id}_{name}`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            label: name.to_owned(),
            description: String::new(),
            primary_object: contact(),
            properties: Vec::new(),
            matching: None,
        }
    }

    /// Adds a property.
    #[must_use]
    pub fn property(mut self, property: PropertyDef) -> Self {
        self.properties.push(property);
        self
    }

    /// Adds the properties that HubSpot offers for every event.
    #[must_use]
    pub fn default_properties(mut self) -> Self {
        self.properties.extend(DEFAULT_PROPERTIES.iter().map(|name| PropertyDef::string(name)));
        self
    }

    /// Whose event it is: `CONTACT` unless set.
    #[must_use]
    pub fn primary_object(mut self, object: &str) -> Self {
        object.clone_into(&mut self.primary_object);
        self
    }

    /// Finds the record by comparing an event property with one of the record's.
    #[must_use]
    pub fn matching_id(mut self, event_property: &str, target_property: &str) -> Self {
        self.matching = Some(MatchingId {
            event_property: event_property.to_owned(),
            target_property: target_property.to_owned(),
        });
        self
    }
}

/// Properties HubSpot adds to an event that asks for them.
const DEFAULT_PROPERTIES: &[&str] = &[
    "hs_asset_description",
    "hs_asset_type",
    "hs_browser",
    "hs_campaign_id",
    "hs_city",
    "hs_country",
    "hs_device_name",
    "hs_device_type",
    "hs_element_class",
    "hs_element_id",
    "hs_element_text",
    "hs_language",
    "hs_link_href",
    "hs_operating_system",
    "hs_operating_version",
    "hs_page_content_type",
    "hs_page_id",
    "hs_page_title",
    "hs_page_url",
    "hs_referrer",
    "hs_region",
    "hs_screen_height",
    "hs_screen_width",
    "hs_touchpoint_source",
    "hs_tracking_name",
    "hs_user_agent",
    "hs_utm_campaign",
    "hs_utm_content",
    "hs_utm_medium",
    "hs_utm_source",
    "hs_utm_term",
];

/// A definition of the account.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    /// Number of its `objectTypeId`, `6-<number>`.
    pub(crate) number: u64,
    pub(crate) qualified: String,
    pub(crate) parts: EventDef,
    pub(crate) created: Millis,
    pub(crate) updated: Millis,
    /// Deleted definitions stay, since their names cannot be used again.
    pub(crate) archived: bool,
}

impl Definition {
    /// The live property of that name.
    pub(crate) fn property(&self, name: &str) -> Option<&PropertyDef> {
        self.parts.properties.iter().find(|known| known.name == name && known.archived.is_none())
    }

    /// The property of that name, deleted or not.
    pub(crate) fn property_mut(&mut self, name: &str) -> Option<&mut PropertyDef> {
        self.parts.properties.iter_mut().find(|known| known.name == name)
    }
}

/// The name of a new definition belongs to another, deleted or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken;

/// All definitions, deleted ones too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Definitions(Vec<Definition>);

impl Definitions {
    /// Adds a definition.
    pub(crate) fn add(
        &mut self,
        mut parts: EventDef,
        portal_id: u64,
        number: u64,
        now: Millis,
    ) -> Result<&Definition, Taken> {
        if self.0.iter().any(|known| known.parts.name == parts.name) {
            return Err(Taken);
        }
        if parts.label.is_empty() {
            parts.label.clone_from(&parts.name);
        }
        let qualified = format!("pe{portal_id}_{}", parts.name);
        let made = Definition { number, qualified, parts, created: now, updated: now, archived: false };
        self.0.push(made);
        self.0.last().ok_or(Taken)
    }

    /// The live definitions in the order in which they were made.
    pub(crate) fn live(&self) -> impl Iterator<Item = &Definition> {
        self.0.iter().filter(|known| !known.archived)
    }

    /// The live definition with that fully qualified name.
    pub(crate) fn qualified(&self, name: &str) -> Option<&Definition> {
        self.live().find(|known| known.qualified == name)
    }

    /// The live definition that a path names, with or without the account's prefix.
    pub(crate) fn named(&mut self, name: &str) -> Option<&mut Definition> {
        self.0
            .iter_mut()
            .find(|known| !known.archived && (known.qualified == name || known.parts.name == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deleted_name_cannot_be_used_again() {
        let mut definitions = Definitions::default();
        let made = definitions.add(EventDef::new("signed_up"), 42, 7, Millis(0)).unwrap();
        assert_eq!(made.qualified, "pe42_signed_up");
        assert!(definitions.qualified("signed_up").is_none() && definitions.named("signed_up").is_some());
        definitions.named("pe42_signed_up").unwrap().archived = true;
        assert!(definitions.named("signed_up").is_none());
        assert_eq!(definitions.add(EventDef::new("signed_up"), 42, 8, Millis(0)).unwrap_err(), Taken);
    }
}
