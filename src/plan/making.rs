//! Properties that are made for columns HubSpot has none for (`unknown_properties: create`), and the matching key that
//! is made where the user asked for it (`create_matching_key`).
//!
//! Here is only decided which, and what they are to be; making them is the shell's. A property that is there but
//! cannot be written, or that was archived, is never made.

use std::collections::HashSet;

use super::columns::{ColumnRules, ColumnUse, WhyLeftOut};
use super::key::RECORD_ID;
use crate::coerce::{property_label, property_name};
use crate::config::{Match, Operation, StreamSettings};
use crate::crm::new_property::{Group, Made, NewKind, NewProperty, Values, own_group};
use crate::crm::object::ObjectType;
use crate::crm::property::Property;
use crate::error::{Failure, Kind};

/// How one stream's missing properties are made.
#[derive(Clone, Debug)]
pub struct Making {
    group: Group,
    archived: HashSet<String>,
    /// Properties that HubSpot does not make. Each has a column, and what is known of columns is held anyway.
    refused: HashSet<String>,
}

impl Making {
    /// Into the group the user asked for, else into the object's own.
    #[must_use]
    pub fn new(object: &ObjectType, properties: &[Property], settings: Option<&StreamSettings>) -> Self {
        Self { group: group(object, properties, settings), archived: HashSet::new(), refused: HashSet::new() }
    }

    /// What becomes of a column whose property is not there.
    #[must_use]
    pub fn becomes(&self, property: &str) -> ColumnUse {
        if self.archived.contains(property) {
            ColumnUse::LeftOut(WhyLeftOut::Archived)
        } else if self.refused.contains(property) {
            ColumnUse::LeftOut(WhyLeftOut::NotMade)
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

/// The matching key that is to be made before the first write; `None` where it is there, or the user did not ask for it.
/// It is made for streams that make records: a property nobody has a value of would match nothing else.
///
/// # Errors
/// A configuration failure: no key was named, or it cannot be the name of a property.
pub fn missing_key(
    settings: Option<&StreamSettings>,
    object: &ObjectType,
    properties: &[Property],
    operation: Operation,
) -> Result<Option<NewProperty>, Failure> {
    let Some(asked) = settings.filter(|settings| settings.create_matching_key) else { return Ok(None) };
    let fail = |message: String| Err(Failure::new(Kind::Configuration, message));
    let Some(name) = asked.matching_key.as_deref().map(str::trim) else {
        return fail("\"create_matching_key\" needs a \"matching_key\": the property to create.".to_owned());
    };
    let makes_records = matches!(operation, Operation::Upsert | Operation::Insert);
    let is_there = name == RECORD_ID || properties.iter().any(|known| known.name == name);
    if is_there || !makes_records || asked.match_by == Match::Search {
        return Ok(None);
    }
    if property_name(name).as_deref() != Some(name) {
        return fail(format!(
            "The matching key \"{name}\" cannot be created: names of properties have lower-case letters, digits and \
             underscores, and begin with a letter."
        ));
    }
    Ok(Some(NewProperty {
        name: name.to_owned(),
        label: property_label(name),
        // Ids are texts: a number would lose leading zeros.
        kind: NewKind::Text,
        values: Values::Unique,
        group: group(object, properties, settings),
    }))
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
        Some(NewProperty { name, label, kind, values: Values::Any, group: making.group.clone() })
    }

    /// Notes what came of a property that was to be made.
    pub fn learn(&mut self, name: &str, made: Made) {
        match made {
            Made::There(property) => {
                if !self.names.insert(property.name.clone()) {
                    self.properties.retain(|known| known.name != property.name);
                }
                self.properties.push(*property);
            }
            Made::Archived => {
                if let Some(making) = &mut self.making {
                    making.archived.insert(name.to_owned());
                }
            }
            Made::Refused(_) => {
                if let Some(making) = &mut self.making {
                    making.refused.insert(name.to_owned());
                }
            }
        }
    }
}
