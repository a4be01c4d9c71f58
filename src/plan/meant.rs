//! Names in a stream's settings: which of HubSpot's properties they mean, and which mean nothing.
//!
//! They are read as columns are: exactly, or by spelling as far as that is on for the stream. What means nothing has no
//! effect, which is told once, before the first record.

use std::collections::HashSet;

use super::columns::{ColumnRules, KeyPlace, Written};
use super::lifecycle;
use super::making::Making;
use crate::coerce::{Aliases, NameMatch, ObjectKind, resolve};
use crate::config::{Config, StreamSettings, UnknownProperties};
use crate::crm::object::ObjectType;
use crate::crm::property::Property;
use crate::protocol::StreamDescriptor;
use crate::protocol::catalog::ConfiguredStream;

/// The properties of an object that names in settings are looked for among, with what is known of the stream.
#[derive(Clone, Copy, Debug)]
pub struct Meant<'a> {
    /// How columns are read.
    pub rules: &'a ColumnRules,
    /// Name of the object, for messages.
    pub object: &'a str,
    /// The stream, where it is known: `check` has none.
    pub stream: Option<&'a ConfiguredStream>,
}

impl Meant<'_> {
    /// Everything in the settings that means nothing, in words that follow the stream's name.
    #[must_use]
    pub fn nothing(&self, settings: Option<&StreamSettings>) -> Vec<String> {
        let Some(settings) = settings else { return Vec::new() };
        let mapping = &self.rules.mapping;
        let mut lines: Vec<String> =
            mapping.iter().filter_map(|(column, to)| self.no_target(column, to)).collect();
        lines.extend(self.stream.into_iter().flat_map(|stream| undeclared(stream, mapping)));
        lines.extend(settings.append_options.iter().filter_map(|name| self.no_options(name)));
        let has_stage = self.rules.properties.iter().any(|known| known.name == lifecycle::PROPERTY);
        if settings.lifecycle_backwards && !has_stage {
            let (setting, object) = ("lifecycle_backwards", self.object);
            lines.push(format!(
                "{setting} has no effect, since {object} records have no lifecycle stage: leave it out."
            ));
        }
        if settings.property_group.is_some() && self.rules.making.is_none() && !settings.create_matching_key {
            let why =
                "since no properties are created: set unknown_properties to \"create\", or leave it out.";
            lines.push(format!("property_group has no effect, {why}"));
        }
        lines
    }

    fn no_target(&self, column: &str, to: &str) -> Option<String> {
        let is_there = self.rules.property_meant(to).is_some();
        (!is_there && self.rules.making.is_none()).then(|| {
            format!(
                "\"property_mapping\" sends \"{column}\" to \"{to}\", which is no property of {}: correct the property's name, \
                 or create it in HubSpot.",
                self.object
            )
        })
    }

    fn no_options(&self, name: &str) -> Option<String> {
        let property = self.rules.option_property_meant(name);
        let known = property.and_then(|name| self.rules.properties.iter().find(|known| known.name == name));
        match known {
            Some(known) if known.is_multiple() => None,
            Some(known) => Some(format!(
                "\"append_options\" names \"{name}\", and the property {} of {} does not hold several options: it has no \
                 effect.",
                known.name, self.object
            )),
            None if self.stream.is_some_and(|stream| stream.columns.contains_key(name)) => None,
            None => Some(format!(
                "\"append_options\" names \"{name}\", which is no property of {}: it has no effect. Correct the name.",
                self.object
            )),
        }
    }
}

impl ColumnRules {
    /// The rules as far as the configuration alone tells them: spellings count unless they are switched off.
    #[must_use]
    pub fn of_settings(
        config: &Config,
        settings: &StreamSettings,
        object: &ObjectType,
        properties: &[Property],
    ) -> Self {
        let policies = config.value_policies(Some(settings));
        Self {
            properties: properties.to_vec(),
            object: ObjectKind::of_type_id(&object.type_id),
            mapping: settings.property_mapping.pairs().to_vec(),
            aliases: if settings.name_aliases == Some(false) { Aliases::Off } else { Aliases::On },
            append_options: Vec::new(),
            policies,
            making: (policies.unknown_properties == UnknownProperties::Create)
                .then(|| Making::new(object, properties, Some(settings))),
            key: None,
            key_place: KeyPlace::Apart,
            written: Written::Everything,
            owners: None,
            associated: Vec::new(),
            yielding: HashSet::new(),
            numbers: HashSet::new(),
            day_zone: None,
            names: properties.iter().map(|property| property.name.clone()).collect(),
        }
    }

    /// The property that a name in the settings means.
    #[must_use]
    pub fn property_meant(&self, name: &str) -> Option<String> {
        let name = name.trim();
        let exists = |property: &str| self.properties.iter().any(|known| known.name == property);
        match resolve(name, &[], self.aliases, &exists, &self.properties, self.object) {
            NameMatch::Exact => Some(name.to_owned()),
            NameMatch::Mapped { to }
            | NameMatch::Normalised { to }
            | NameMatch::Alias { to }
            | NameMatch::LastResort { to } => Some(to),
            NameMatch::Unknown | NameMatch::Internal => None,
        }
    }

    /// The same for one under `append_options`, which may also be a column that is mapped to the property.
    #[must_use]
    pub fn option_property_meant(&self, name: &str) -> Option<String> {
        let mapped = || self.mapping.iter().find(|(column, _)| column == name);
        self.property_meant(name).or_else(|| self.property_meant(&mapped()?.1))
    }
}

/// Mapped columns that the stream does not declare, where it declares any, in words that follow the stream's name.
#[must_use]
pub fn undeclared(stream: &ConfiguredStream, mapping: &[(String, String)]) -> Vec<String> {
    let is_undeclared =
        |column: &&String| !stream.columns.is_empty() && !stream.columns.contains_key(column.as_str());
    let columns = mapping.iter().map(|(column, _)| column).filter(is_undeclared);
    let line = |column: &String| {
        format!(
            "\"property_mapping\" names the column \"{column}\", which the stream does not declare: correct the name, as the \
             source spells it."
        )
    };
    columns.map(line).collect()
}

/// The line with the name of its stream.
#[must_use]
pub fn of_stream(stream: &StreamDescriptor, line: &str) -> String {
    format!("Stream \"{stream}\": {line}")
}
