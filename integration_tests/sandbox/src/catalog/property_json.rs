//! A property definition as the properties and schemas calls answer it.

use serde::Serialize;

use super::object_type::ObjectType;
use super::property::{FieldType, PropertyDef, PropertyOption, PropertyType, Sensitivity};
use crate::clock::Millis;
use crate::switches::{PipelineOptions, Switches};

/// The user who made the account's own properties.
const USER: &str = "1000000";

/// JSON of one definition.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PropertyJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<String>,
    name: &'a str,
    label: &'a str,
    r#type: PropertyType,
    field_type: FieldType,
    description: &'a str,
    group_name: &'a str,
    options: &'a [PropertyOption],
    #[serde(skip_serializing_if = "Option::is_none")]
    created_user_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_user_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referenced_object_type: Option<&'a str>,
    display_order: i32,
    calculated: bool,
    external_options: bool,
    archived: bool,
    has_unique_value: bool,
    hidden: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    hubspot_defined: Option<bool>,
    modification_metadata: Modification,
    form_field: bool,
    data_sensitivity: Sensitivity,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Modification {
    archivable: bool,
    read_only_definition: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_only_options: Option<bool>,
    read_only_value: bool,
}

impl<'a> PropertyJson<'a> {
    /// A definition of an object type as an answer shows it. What properties of pipelines take is kept elsewhere.
    pub(crate) fn of(kind: &ObjectType, property: &'a PropertyDef, switches: Switches) -> Self {
        let mut shown = Self::from(property);
        if kind.is_of_pipelines(property) {
            shown.external_options = switches.pipeline_options == PipelineOptions::Elsewhere;
            if shown.external_options {
                shown.options = &[];
            }
        }
        shown
    }
}

impl<'a> From<&'a PropertyDef> for PropertyJson<'a> {
    fn from(property: &'a PropertyDef) -> Self {
        let user = (!property.built_in).then_some(USER);
        Self {
            updated_at: property.updated.map(Millis::iso),
            created_at: property.created.map(Millis::iso),
            archived_at: property.archived.map(Millis::iso),
            name: &property.name,
            label: &property.label,
            r#type: property.kind,
            field_type: property.field,
            description: &property.description,
            group_name: &property.group,
            options: &property.options,
            created_user_id: user,
            updated_user_id: user,
            referenced_object_type: property.references.as_deref(),
            display_order: property.display_order,
            calculated: property.calculated,
            external_options: property.external,
            archived: property.archived.is_some(),
            has_unique_value: property.unique,
            hidden: property.hidden,
            hubspot_defined: property.built_in.then_some(true),
            modification_metadata: Modification {
                archivable: true,
                read_only_definition: property.built_in,
                read_only_options: (property.built_in && !property.options.is_empty())
                    .then_some(property.read_only),
                read_only_value: property.read_only,
            },
            form_field: property.form_field,
            data_sensitivity: property.sensitivity,
        }
    }
}
