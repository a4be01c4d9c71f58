//! `/crm/v3/properties/{objectType}/...`.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide>.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Call;
use crate::auth::scopes::{self, Access};
use crate::catalog::{
    FieldType, ObjectType, PropertyDef, PropertyGroup, PropertyJson, PropertyOption, PropertyType,
    Sensitivity, TypeIndex,
};
use crate::error::Refusal;
use crate::http::{Answer, Endpoint, Known, documented, recorded};
use crate::objects::envelope::Envelope;
use crate::objects::keys;
use crate::rules::definitions;
use crate::world::World;

/// The calls of the family.
pub(super) const CALLS: &[Known] = &[
    recorded("GET", "/crm/v3/properties/{object}", Endpoint::PropertyList),
    recorded("POST", "/crm/v3/properties/{object}", Endpoint::PropertyCreate),
    documented("POST", "/crm/v3/properties/{object}/batch/create", Endpoint::PropertyBatchCreate),
    documented("POST", "/crm/v3/properties/{object}/batch/read", Endpoint::PropertyBatchRead),
    documented("POST", "/crm/v3/properties/{object}/batch/archive", Endpoint::PropertyBatchArchive),
    documented("GET", "/crm/v3/properties/{object}/groups", Endpoint::GroupList),
    documented("POST", "/crm/v3/properties/{object}/groups", Endpoint::GroupCreate),
    documented("GET", "/crm/v3/properties/{object}/groups/{item}", Endpoint::GroupRead),
    documented("GET", "/crm/v3/properties/{object}/{item}", Endpoint::PropertyRead),
    documented("PATCH", "/crm/v3/properties/{object}/{item}", Endpoint::PropertyUpdate),
    documented("DELETE", "/crm/v3/properties/{object}/{item}", Endpoint::PropertyArchive),
];

/// Answers a call of the family.
pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let index = world.resolve(call.route.object.as_deref().unwrap_or_default())?;
    let endpoint = call.route.endpoint;
    let access = match endpoint {
        Endpoint::PropertyList
        | Endpoint::PropertyRead
        | Endpoint::PropertyBatchRead
        | Endpoint::GroupList
        | Endpoint::GroupRead => Access::Read,
        _ => Access::Write,
    };
    call.need(scopes::definitions(world.catalog.get(index), access))?;
    let name = call.route.item.as_deref().unwrap_or_default();
    let kind = world.catalog.get(index);
    match endpoint {
        Endpoint::PropertyList => Ok(list(world, kind, call)),
        Endpoint::PropertyRead => {
            let (_, property) = kind.property(name).ok_or_else(|| unknown(kind, name))?;
            Ok(Answer::json(200, &PropertyJson::of(kind, property, world.switches)))
        }
        Endpoint::PropertyCreate => create(world, call, index),
        Endpoint::PropertyUpdate => update(world, call, index, name),
        Endpoint::PropertyArchive => {
            archive(world, index, name)?;
            Ok(Answer::empty(204))
        }
        Endpoint::PropertyBatchCreate => batch_create(world, call, index),
        Endpoint::PropertyBatchRead => batch_read(world, call, index),
        Endpoint::PropertyBatchArchive => {
            let batch: NameBatch = read_body(call)?;
            for input in &batch.inputs {
                // As with records, what is not there counts as archived.
                let _ = archive(world, index, &input.name);
            }
            Ok(Answer::empty(204).with_inputs(batch.inputs.len()))
        }
        Endpoint::GroupList => {
            let groups: Vec<Value> = kind.groups.iter().map(group_json).collect();
            Ok(Answer::json(200, &json!({ "results": groups })))
        }
        Endpoint::GroupRead => kind
            .groups
            .iter()
            .find(|group| group.name == name)
            .map(|group| Answer::json(200, &group_json(group)))
            .ok_or_else(|| Refusal::new(404, "OBJECT_NOT_FOUND", format!("Group {name} does not exist"))),
        Endpoint::GroupCreate => create_group(world, call, index),
        _ => Err(Refusal::not_found()),
    }
}

fn read_body<'a, T: Deserialize<'a>>(call: &Call<'a>) -> Result<T, Refusal> {
    serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))
}

/// The list shows one level of sensitivity at a time, and archived properties only when asked for them.
fn list(world: &World, kind: &ObjectType, call: &Call<'_>) -> Answer {
    let level = match call.query.get("dataSensitivity") {
        Some("sensitive") => Sensitivity::Sensitive,
        Some("highly_sensitive") => Sensitivity::HighlySensitive,
        _ => Sensitivity::NonSensitive,
    };
    let archived = call.query.flag("archived");
    let results: Vec<PropertyJson<'_>> = kind
        .all_properties()
        .iter()
        .filter(|property| property.sensitivity == level && property.archived.is_some() == archived)
        .map(|property| PropertyJson::of(kind, property, world.switches))
        .collect();
    Answer::json(200, &json!({ "results": results }))
}

/// Body of a new definition.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewProperty {
    name: String,
    label: String,
    r#type: PropertyType,
    field_type: FieldType,
    #[serde(default)]
    group_name: Option<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    options: Vec<PropertyOption>,
    #[serde(default)]
    has_unique_value: bool,
    #[serde(default)]
    display_order: Option<i32>,
    #[serde(default)]
    hidden: bool,
    #[serde(default)]
    form_field: bool,
    #[serde(default)]
    referenced_object_type: Option<String>,
    #[serde(default)]
    calculation_formula: Option<String>,
    #[serde(default)]
    data_sensitivity: Sensitivity,
}

impl NewProperty {
    /// The definition it asks for.
    pub(super) fn into_definition(self) -> PropertyDef {
        let mut property = PropertyDef::new(&self.name, self.r#type, self.field_type)
            .label(&self.label)
            .sensitivity(self.data_sensitivity);
        if self.r#type == PropertyType::Bool {
            property = property.options(&["true", "false"]);
        }
        if !self.options.is_empty() {
            property.options = self.options;
        }
        property.group = self.group_name.unwrap_or_default();
        property.description = self.description;
        property.unique = self.has_unique_value;
        property.hidden = self.hidden;
        property.form_field = self.form_field;
        property.display_order = self.display_order.unwrap_or(-1);
        property.external = self.referenced_object_type.is_some();
        property.references = self.referenced_object_type;
        if self.calculation_formula.is_some() {
            property = property.calculated();
        }
        property
    }
}

/// Makes a property; a name that was archived comes back to life.
fn define(world: &mut World, index: TypeIndex, new: NewProperty) -> Result<PropertyDef, Refusal> {
    let mut property = new.into_definition();
    let (now, lag) = (world.clock.now(), world.property_lag);
    let kind = world.catalog.get_mut(index);
    definitions::check(kind, &property)?;
    if kind.property(&property.name).is_some() {
        return Err(definitions::exists(&property.name));
    }
    property.created = Some(now);
    property.updated = Some(now);
    let slot = kind.put_property(property.clone());
    kind.keep_from_writes(slot, lag);
    Ok(property)
}

fn create(world: &mut World, call: &Call<'_>, index: TypeIndex) -> Result<Answer, Refusal> {
    let new: NewProperty = read_body(call)?;
    call.need(scopes::values(world.catalog.get(index), new.data_sensitivity))?;
    let property = define(world, index, new)?;
    Ok(Answer::json(201, &PropertyJson::from(&property)))
}

#[derive(Debug, Deserialize)]
struct NewProperties {
    inputs: Vec<NewProperty>,
}

fn batch_create(world: &mut World, call: &Call<'_>, index: TypeIndex) -> Result<Answer, Refusal> {
    let started = world.clock.now();
    let batch: NewProperties = read_body(call)?;
    let inputs = batch.inputs.len();
    keys::check_size(inputs)?;
    let mut made = Vec::new();
    let mut errors = Vec::new();
    for new in batch.inputs {
        let name = new.name.clone();
        match define(world, index, new) {
            Ok(property) => made.push(property),
            Err(refusal) => errors.push(json!({
                "status": "error",
                "category": refusal.body.category,
                "subCategory": refusal.body.sub_category,
                "message": refusal.body.message,
                "context": { "name": [name] },
            })),
        }
    }
    let results: Vec<PropertyJson<'_>> = made.iter().map(PropertyJson::from).collect();
    Ok(Envelope::new(started, world.clock.now(), results, errors).answer(201).with_inputs(inputs))
}

#[derive(Debug, Deserialize)]
struct Name {
    name: String,
}

#[derive(Debug, Deserialize)]
struct NameBatch {
    inputs: Vec<Name>,
    #[serde(default)]
    archived: bool,
}

fn batch_read(world: &World, call: &Call<'_>, index: TypeIndex) -> Result<Answer, Refusal> {
    let started = world.clock.now();
    let batch: NameBatch = read_body(call)?;
    keys::check_size(batch.inputs.len())?;
    let kind = world.catalog.get(index);
    let mut results = Vec::new();
    let mut errors = Vec::new();
    for Name { name } in &batch.inputs {
        let found = kind
            .all_properties()
            .iter()
            .find(|property| property.name == *name && property.archived.is_some() == batch.archived);
        match found {
            Some(property) => results.push(PropertyJson::of(kind, property, world.switches)),
            None => errors.push(json!({
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": format!("Property {name} does not exist"),
                "context": { "name": [name] },
            })),
        }
    }
    Ok(Envelope::new(started, world.clock.now(), results, errors).answer(200).with_inputs(batch.inputs.len()))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Changes {
    label: Option<String>,
    description: Option<String>,
    group_name: Option<String>,
    options: Option<Vec<PropertyOption>>,
    hidden: Option<bool>,
    display_order: Option<i32>,
    form_field: Option<bool>,
}

/// Changes a definition; `options` replaces the whole list.
fn update(world: &mut World, call: &Call<'_>, index: TypeIndex, name: &str) -> Result<Answer, Refusal> {
    let changes: Changes = read_body(call)?;
    let now = world.clock.now();
    let kind = world.catalog.get_mut(index);
    if let Some(group) = &changes.group_name
        && !kind.groups.iter().any(|known| known.name == *group)
    {
        return Err(Refusal::invalid(format!("Property group {group} does not exist.")));
    }
    if kind.property(name).is_none() {
        return Err(unknown(kind, name));
    }
    let property = kind.property_even_archived(name).ok_or_else(Refusal::not_found)?;
    let renames = changes.label.is_some() || changes.description.is_some() || changes.group_name.is_some();
    if property.built_in && renames {
        return Err(Refusal::invalid(format!("The definition of {name} is read only.")));
    }
    changes.label.into_iter().for_each(|label| property.label = label);
    changes.description.into_iter().for_each(|text| property.description = text);
    changes.group_name.into_iter().for_each(|group| property.group = group);
    changes.options.into_iter().for_each(|options| property.options = options);
    changes.hidden.into_iter().for_each(|hidden| property.hidden = hidden);
    changes.display_order.into_iter().for_each(|order| property.display_order = order);
    changes.form_field.into_iter().for_each(|form_field| property.form_field = form_field);
    property.updated = Some(now);
    Ok(Answer::json(200, &PropertyJson::from(&*property)))
}

fn archive(world: &mut World, index: TypeIndex, name: &str) -> Result<(), Refusal> {
    let now = world.clock.now();
    let kind = world.catalog.get_mut(index);
    match kind.property(name) {
        None => return Err(unknown(kind, name)),
        Some((_, property)) if property.built_in => {
            return Err(Refusal::invalid(format!(
                "{name} is a HubSpot-defined property and cannot be deleted."
            )));
        }
        Some(_) => {}
    }
    if let Some(property) = kind.property_even_archived(name) {
        property.archived = Some(now);
    }
    Ok(())
}

fn unknown(kind: &ObjectType, name: &str) -> Refusal {
    Refusal::new(404, "OBJECT_NOT_FOUND", format!("Property {name} of {} does not exist", kind.name))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewGroup {
    name: String,
    label: String,
    #[serde(default)]
    display_order: Option<i32>,
}

fn create_group(world: &mut World, call: &Call<'_>, index: TypeIndex) -> Result<Answer, Refusal> {
    let new: NewGroup = read_body(call)?;
    let kind = world.catalog.get_mut(index);
    if kind.groups.iter().any(|group| group.name == new.name) {
        let message = format!("A property group named '{}' already exists.", new.name);
        return Err(Refusal::new(409, "OBJECT_ALREADY_EXISTS", message));
    }
    let display_order = new.display_order.unwrap_or(-1);
    let group = PropertyGroup { name: new.name, label: new.label, display_order };
    let answer = Answer::json(201, &group_json(&group));
    kind.groups.push(group);
    Ok(answer)
}

fn group_json(group: &PropertyGroup) -> Value {
    json!({
        "name": group.name,
        "label": group.label,
        "displayOrder": group.display_order,
        "archived": false,
    })
}
