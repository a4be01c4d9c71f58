//! Definition of a custom object for the builder and for `POST /crm-object-schemas/v3/schemas`.

use super::defaults;
use super::object_type::{Family, ObjectType, PropertyGroup};
use super::property::PropertyDef;
use crate::clock::Millis;

/// A custom object to be made.
#[derive(Clone, Debug)]
pub struct CustomObject {
    pub(crate) name: String,
    pub(crate) singular: String,
    pub(crate) plural: String,
    pub(crate) number: Option<u64>,
    pub(crate) required: Vec<String>,
    pub(crate) searchable: Vec<String>,
    pub(crate) primary: Option<String>,
    pub(crate) secondary: Vec<String>,
    pub(crate) properties: Vec<PropertyDef>,
}

impl CustomObject {
    /// A custom object with the given schema name and nothing but HubSpot's own properties.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            singular: name.to_owned(),
            plural: format!("{name}s"),
            number: None,
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
        singular.clone_into(&mut self.singular);
        plural.clone_into(&mut self.plural);
        self
    }

    /// Makes its type id `2-<number>`; without it the number comes from the seed.
    #[must_use]
    pub fn type_number(mut self, number: u64) -> Self {
        self.number = Some(number);
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
        let number = self.number.unwrap_or(number);
        let mut kind = ObjectType::built_in(&format!("2-{number}"), &self.name, &self.name, Family::Other);
        kind.custom = true;
        kind.fully_qualified_name = format!("p{portal_id}_{}", self.name);
        kind.label_singular = self.singular;
        kind.label_plural = self.plural;
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
