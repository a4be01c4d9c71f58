//! `/crm-object-schemas/v3/schemas` and its shorter twin `/crm/v3/schemas`.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/objects/schemas/guide>.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Call;
use super::properties::NewProperty;
use crate::auth::scopes::{self, Access};
use crate::catalog::{CustomObject, ObjectType, PropertyJson};
use crate::error::Refusal;
use crate::http::{Answer, Endpoint, Known, documented, recorded};
use crate::world::World;

/// The calls of the family.
pub(super) const CALLS: &[Known] = &[
    recorded("GET", "/crm-object-schemas/v3/schemas", Endpoint::SchemaList),
    documented("POST", "/crm-object-schemas/v3/schemas", Endpoint::SchemaCreate),
    recorded("GET", "/crm-object-schemas/v3/schemas/{object}", Endpoint::SchemaRead),
    recorded("GET", "/crm/v3/schemas", Endpoint::SchemaList),
    documented("POST", "/crm/v3/schemas", Endpoint::SchemaCreate),
    recorded("GET", "/crm/v3/schemas/{object}", Endpoint::SchemaRead),
];

/// Answers a call of the family.
pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    match call.route.endpoint {
        Endpoint::SchemaList => {
            call.need(scopes::schemas(Access::Read))?;
            let archived = call.query.flag("archived");
            let results: Vec<Value> = world
                .catalog
                .types()
                .iter()
                .filter(|kind| kind.custom && !archived)
                .map(|kind| schema(world, kind))
                .collect();
            Ok(Answer::json(200, &json!({ "results": results })))
        }
        Endpoint::SchemaRead => {
            let index = world.resolve(call.route.object.as_deref().unwrap_or_default())?;
            let kind = world.catalog.get(index);
            let scopes = if kind.custom {
                scopes::schemas(Access::Read)
            } else {
                scopes::definitions(kind, Access::Read)
            };
            call.need(scopes)?;
            Ok(Answer::json(200, &schema(world, kind)))
        }
        _ => create(world, call),
    }
}

fn schema(world: &World, kind: &ObjectType) -> Value {
    let properties: Vec<PropertyJson<'_>> = kind
        .all_properties()
        .iter()
        .filter(|property| property.archived.is_none())
        .map(|property| PropertyJson::of(kind, property, world.switches))
        .collect();
    // A choice of several is HubSpot's rule for a built-in type and not in its schema.
    let required: Vec<&String> =
        kind.required_on_create.iter().filter(|_| kind.custom).filter_map(|names| names.first()).collect();
    json!({
        "id": kind.id.split_once('-').map_or(kind.id.as_str(), |(_, number)| number),
        "objectTypeId": kind.id,
        "name": kind.name,
        "fullyQualifiedName": kind.fully_qualified_name,
        "labels": { "singular": kind.label_singular, "plural": kind.label_plural },
        "metaType": if kind.custom { "PORTAL_SPECIFIC" } else { "HUBSPOT" },
        "primaryDisplayProperty": kind.primary_display,
        "secondaryDisplayProperties": kind.secondary_display,
        "requiredProperties": required,
        "searchableProperties": kind.searchable,
        "properties": properties,
        "associations": associations(world, kind),
        "archived": false,
        "restorable": true,
        "createdAt": kind.created.iso(),
        "updatedAt": kind.created.iso(),
    })
}

/// Every type can be associated with the four standard ones, in both directions.
fn associations(world: &World, kind: &ObjectType) -> Vec<Value> {
    let others = world.catalog.types().iter().filter(|other| {
        !other.custom && other.id != kind.id && ["0-1", "0-2", "0-3", "0-5"].contains(&other.id.as_str())
    });
    let pairs = others.flat_map(|other| [(kind, other), (other, kind)]);
    pairs
        .zip(11..)
        .map(|((from, to), number)| {
            json!({
                "fromObjectTypeId": from.id,
                "toObjectTypeId": to.id,
                "name": format!("{}_to_{}", from.name, to.name).to_lowercase(),
                "cardinality": "ONE_TO_MANY",
                "inverseCardinality": "ONE_TO_MANY",
                "id": number.to_string(),
                "createdAt": null,
                "updatedAt": null,
            })
        })
        .collect()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewSchema {
    name: String,
    labels: Labels,
    #[serde(default)]
    primary_display_property: Option<String>,
    #[serde(default)]
    secondary_display_properties: Vec<String>,
    required_properties: Vec<String>,
    #[serde(default)]
    searchable_properties: Vec<String>,
    properties: Vec<NewProperty>,
    #[serde(default, rename = "associatedObjects")]
    _associated_objects: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Labels {
    singular: String,
    plural: String,
}

fn create(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    call.need(scopes::schemas(Access::Write))?;
    let new: NewSchema = serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    if world.catalog.types().iter().any(|kind| kind.answers_to(&new.name)) {
        let message = format!("An object schema named '{}' already exists.", new.name);
        return Err(Refusal::new(409, "OBJECT_ALREADY_EXISTS", message));
    }
    let mut object = CustomObject::new(&new.name).labels(&new.labels.singular, &new.labels.plural);
    object.primary = new.primary_display_property;
    object.secondary = new.secondary_display_properties;
    object.required = new.required_properties;
    object.searchable = new.searchable_properties;
    object.properties = new.properties.into_iter().map(NewProperty::into_definition).collect();
    for name in &object.required {
        if !object.properties.iter().any(|property| property.name == *name) {
            return Err(Refusal::invalid(format!("Required property {name} is not defined.")));
        }
    }
    let index = world.add_custom(object);
    Ok(Answer::json(201, &schema(world, world.catalog.get(index))))
}
