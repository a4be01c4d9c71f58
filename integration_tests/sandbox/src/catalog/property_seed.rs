//! A property definition as a seed writes it: HubSpot's own JSON, of which a name is enough, so that what an account
//! answered can be given to the sandbox as it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::property::{FieldType, PropertyDef, PropertyOption, PropertyType, Sensitivity};
use super::property_json::PropertyJson;
use crate::clock::Millis;

/// One definition; parts of HubSpot's JSON that are not named here are passed over.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PropertySeed {
    name: String,
    /// What people see; made from the name unless given.
    label: Option<String>,
    /// `string` unless given.
    r#type: Option<PropertyType>,
    /// The usual one of the type unless given.
    field_type: Option<FieldType>,
    #[serde(default)]
    description: String,
    /// The object type's first group unless given.
    #[serde(default)]
    group_name: String,
    #[serde(default)]
    options: Vec<PropertyOption>,
    #[serde(default)]
    has_unique_value: bool,
    #[serde(default)]
    calculated: bool,
    #[serde(default)]
    hidden: bool,
    #[serde(default)]
    hubspot_defined: bool,
    /// Whether the options are kept elsewhere: owners, pipelines.
    #[serde(default)]
    external_options: bool,
    referenced_object_type: Option<String>,
    display_order: Option<i32>,
    form_field: Option<bool>,
    #[serde(default)]
    data_sensitivity: Sensitivity,
    #[serde(default)]
    modification_metadata: Metadata,
    created_at: Option<Millis>,
    updated_at: Option<Millis>,
    /// Since when it is deleted.
    archived_at: Option<Millis>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    read_only_value: bool,
}

/// The field a form shows a type with unless told otherwise.
fn usual_field(kind: PropertyType) -> FieldType {
    match kind {
        PropertyType::String | PropertyType::ObjectCoordinates | PropertyType::Json => FieldType::Text,
        PropertyType::PhoneNumber => FieldType::Phonenumber,
        PropertyType::Number => FieldType::Number,
        PropertyType::Date | PropertyType::Datetime => FieldType::Date,
        PropertyType::Enumeration => FieldType::Select,
        PropertyType::Bool => FieldType::Booleancheckbox,
    }
}

impl From<PropertySeed> for PropertyDef {
    fn from(seed: PropertySeed) -> Self {
        let kind = seed.r#type.unwrap_or(PropertyType::String);
        let mut property = Self::new(&seed.name, kind, seed.field_type.unwrap_or_else(|| usual_field(kind)));
        if kind == PropertyType::Bool && seed.options.is_empty() {
            property = property.options(&["true", "false"]);
        } else {
            property.options = seed.options;
        }
        if let Some(label) = seed.label {
            property.label = label;
        }
        property.description = seed.description;
        property.group = seed.group_name;
        property.unique = seed.has_unique_value;
        property.read_only = seed.modification_metadata.read_only_value;
        property.calculated = seed.calculated;
        property.hidden = seed.hidden;
        property.built_in = seed.hubspot_defined;
        property.external = seed.external_options || seed.referenced_object_type.is_some();
        property.references = seed.referenced_object_type;
        property.sensitivity = seed.data_sensitivity;
        property.display_order = seed.display_order.unwrap_or(-1);
        property.form_field = seed.form_field.unwrap_or(true);
        property.created = seed.created_at;
        property.updated = seed.updated_at;
        property.archived = seed.archived_at;
        property
    }
}

impl Serialize for PropertyDef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        PropertyJson::from(self).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn a_name_is_enough() {
        let property: PropertyDef = serde_json::from_str(r#"{"name":"score"}"#).unwrap();
        assert_eq!(property, PropertyDef::string("score"));
        let flag: PropertyDef = serde_json::from_str(r#"{"name":"vip","type":"bool"}"#).unwrap();
        assert_eq!(flag, PropertyDef::bool("vip"));
    }

    #[test]
    fn every_built_in_definition_is_read_back_as_it_was() {
        for kind in Catalog::new().types() {
            for property in kind.all_properties() {
                let text = serde_json::to_string(property).unwrap();
                let back: PropertyDef = serde_json::from_str(&text).unwrap();
                assert_eq!(&back, property, "{}", kind.name);
            }
        }
    }
}
