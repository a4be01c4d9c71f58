//! Definition of a custom object for the builder and for `POST /crm-object-schemas/v3/schemas`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::defaults;
use super::object_type::{Family, ObjectType, PropertyGroup};
use super::property::PropertyDef;
use crate::clock::Millis;

/// A custom object to be made; in JSON as HubSpot's schemas write it, with a name that is enough.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomObject {
    /// Its schema name.
    pub(crate) name: String,
    /// `2-` and a number; the number comes from the seed of what is random unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) object_type_id: Option<String>,
    /// What people see; made from the name unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) labels: Option<Labels>,
    /// Properties that a new record needs.
    #[serde(rename = "requiredProperties", default)]
    pub(crate) required: Vec<String>,
    /// Properties that search looks into.
    #[serde(rename = "searchableProperties", default)]
    pub(crate) searchable: Vec<String>,
    /// The property that names a record to people; the first one unless given.
    #[serde(rename = "primaryDisplayProperty", default, skip_serializing_if = "Option::is_none")]
    pub(crate) primary: Option<String>,
    /// Properties shown beside it.
    #[serde(rename = "secondaryDisplayProperties", default)]
    pub(crate) secondary: Vec<String>,
    /// Its properties beside those of every type.
    #[serde(default)]
    pub(crate) properties: Vec<PropertyDef>,
}

/// What people call records of a type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Labels {
    /// One of them.
    pub(crate) singular: String,
    /// Many of them.
    pub(crate) plural: String,
}

impl CustomObject {
    /// A custom object with the given schema name and nothing but HubSpot's own properties.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            object_type_id: None,
            labels: None,
            required: Vec::new(),
            searchable: Vec::new(),
            primary: None,
            secondary: Vec::new(),
            properties: Vec::new(),
        }
    }

    /// Sets the labels people see.
    #[must_use]
    pub fn labels(mut self, singular: &str, plural: &str) -> Self {
        self.labels = Some(Labels { singular: singular.to_owned(), plural: plural.to_owned() });
        self
    }

    /// Makes its type id `2-<number>`; without it the number comes from the seed.
    #[must_use]
    pub fn type_number(mut self, number: u64) -> Self {
        self.object_type_id = Some(format!("2-{number}"));
        self
    }

    /// Adds a property.
    #[must_use]
    pub fn property(mut self, property: PropertyDef) -> Self {
        self.properties.push(property);
        self
    }

    /// Demands a property when a record is created.
    #[must_use]
    pub fn required(mut self, property: &str) -> Self {
        self.required.push(property.to_owned());
        self
    }

    pub(crate) fn into_type(self, portal_id: u64, number: u64, now: Millis) -> ObjectType {
        let id = self.object_type_id.unwrap_or_else(|| format!("2-{number}"));
        let mut kind = ObjectType::built_in(&id, &self.name, &self.name, Family::Other);
        kind.custom = true;
        kind.fully_qualified_name = format!("p{portal_id}_{}", self.name);
        let usual = || Labels { singular: self.name.clone(), plural: format!("{}s", self.name) };
        let labels = self.labels.unwrap_or_else(usual);
        kind.label_singular = labels.singular;
        kind.label_plural = labels.plural;
        kind.created = now;
        kind.groups = vec![PropertyGroup {
            name: format!("{}_information", self.name),
            label: format!("{} information", self.name),
            display_order: 0,
        }];
        let first = self.properties.first().map(|property| property.name.clone());
        kind.primary_display = self.primary.or(first).unwrap_or_else(|| "hs_object_id".to_owned());
        kind.secondary_display = self.secondary;
        kind.searchable =
            if self.searchable.is_empty() { vec![kind.primary_display.clone()] } else { self.searchable };
        kind.required_on_create = self.required.into_iter().map(|name| vec![name]).collect();
        for property in defaults::everywhere(Family::Other) {
            kind.put_property(property);
        }
        for mut property in self.properties {
            property.created.get_or_insert(now);
            property.updated.get_or_insert(now);
            kind.put_property(property);
        }
        kind
    }
}
