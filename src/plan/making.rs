//! Properties that are made for columns HubSpot has none for (`unknown_properties: create`).
//!
//! Here is only decided which, and what they are to be; making them is the shell's. A property that is there but
//! cannot be written, or that was archived, is never made.

use std::collections::HashSet;

use super::columns::{ColumnRules, ColumnUse, WhyLeftOut};
use crate::coerce::{property_label, property_name};
use crate::config::StreamSettings;
use crate::crm::new_property::{Group, Made, NewKind, NewProperty, own_group};
use crate::crm::object::ObjectType;
use crate::crm::property::Property;

/// How one stream's missing properties are made.
#[derive(Clone, Debug)]
pub struct Making {
    group: Group,
    archived: HashSet<String>,
}

impl Making {
    /// Into the group the user asked for, else into the object's own.
    #[must_use]
    pub fn new(object: &ObjectType, properties: &[Property], settings: Option<&StreamSettings>) -> Self {
        Self { group: group(object, properties, settings), archived: HashSet::new() }
    }

    /// What becomes of a column whose property is not there.
    #[must_use]
    pub fn becomes(&self, property: &str) -> ColumnUse {
        if self.archived.contains(property) {
            ColumnUse::LeftOut(WhyLeftOut::Archived)
        } else {
            ColumnUse::Missing
        }
    }
}

/// The group that new properties are put into: the one the user asked for, else the object's own.
#[must_use]
pub fn group(object: &ObjectType, properties: &[Property], settings: Option<&StreamSettings>) -> Group {
    let asked = settings.and_then(|settings| settings.property_group.as_deref());
    match asked.map(str::trim).filter(|name| !name.is_empty()) {
        None => Group::Own(own_group(object, properties)),
        Some(name) if properties.iter().any(|property| property.group_name == name) => {
            Group::Own(name.to_owned())
        }
        Some(name) => Group::Asked(name.to_owned()),
    }
}

impl ColumnRules {
    /// The property to be made for a column that becomes [`ColumnUse::Missing`]; `None` for all others, and where the
    /// user did not ask for any.
    #[must_use]
    pub fn new_property(&self, column: &str, kind: NewKind) -> Option<NewProperty> {
        let making = self.making.as_ref()?;
        let found = self.column(column);
        let name = found.property.filter(|_| matches!(found.becomes, ColumnUse::Missing))?;
        // Where the user chose the property's name, the label follows it.
        let label = if property_name(column).as_ref() == Some(&name) {
            property_label(column)
        } else {
            property_label(&name)
        };
        Some(NewProperty { name, label, kind, group: making.group.clone() })
    }

    /// Notes what came of a property that was to be made.
    pub fn learn(&mut self, name: &str, made: Made) {
        match made {
            Made::There(property) => {
                self.properties.retain(|known| known.name != property.name);
                self.properties.push(*property);
            }
            Made::Archived => {
                if let Some(making) = &mut self.making {
                    making.archived.insert(name.to_owned());
                }
            }
        }
    }
}
