//! `discover`: the objects and operations the account offers.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::footing::Footing;
use super::prepare::Knowledge;
use super::{associations, audiences, events, lists};
use crate::crm::object::{self, ObjectType};
use crate::crm::property::{Property, PropertyType};
use crate::error::{Failure, Kind};
use crate::hubspot::client::Client;
use crate::output::emitter::Emitter;
use crate::output::lines;
use crate::output::rotation::TokenRotation;
use crate::plan::key::{RECORD_ID, unique_properties};

/// Prints the DESTINATION_CATALOG line.
///
/// # Errors
/// When the account cannot be read.
pub fn run(config: &Path, emitter: &Emitter) -> Result<(), Failure> {
    let (text, config) = super::read_config(config, emitter.secrets())?;
    let client = Client::new(&config, emitter.secrets())?;
    let rotation = TokenRotation::new(&text);
    let operations = super::block_on(async {
        let operations = operations(&mut Knowledge::new(&client, super::somebody_waits(&config))).await;
        rotation.publish(&client, emitter).await;
        // Nothing is known of the account's time zone here.
        operations.map_err(|failure| Footing::default().naming_the_reset(failure))
    })??;
    emitter.line(&lines::destination_catalog(&Value::Array(operations)));
    Ok(())
}

async fn operations(knowledge: &mut Knowledge<'_>) -> Result<Vec<Value>, Failure> {
    let custom = knowledge.schemas().await?.iter().map(|schema| schema.object_type());
    let objects: Vec<ObjectType> = object::offered().into_iter().chain(custom.collect::<Vec<_>>()).collect();
    let mut operations = Vec::new();
    let mut refused = Vec::new();
    for object in &objects {
        match knowledge.properties(object).await {
            Ok(_) => {}
            Err(failure) if failure.kind == Kind::Configuration => {
                tracing::warn!("{} is not offered: {failure}", object.name);
                refused.push(failure);
                continue;
            }
            Err(failure) => return Err(failure),
        }
        knowledge.add_sensitive(object).await?;
        let properties = knowledge.properties(object).await?;
        operations.extend(of_object(object, properties));
        if object.is_contact() {
            operations.extend(audiences::operations(object, properties));
        }
    }
    operations.extend(associations::operations(&objects, knowledge).await?);
    operations.extend(lists::operations(knowledge).await?);
    operations.extend(events::operations(knowledge).await?);
    match refused.into_iter().next() {
        Some(failure) if operations.is_empty() => Err(failure),
        _ => Ok(operations),
    }
}

/// What can be done with an object: inserts need no key, updates and archives go by record id or any unique property,
/// upserts by a unique property only, so that an object without one still shows up.
fn of_object(object: &ObjectType, properties: &[Property]) -> Vec<Value> {
    let unique = unique_properties(object, properties);
    let any: Vec<&str> = std::iter::once(RECORD_ID).chain(unique.iter().copied()).collect();
    let writable: Vec<&Property> = properties.iter().filter(|property| property.is_offered()).collect();
    let keys: Vec<&Property> =
        properties.iter().filter(|property| unique.contains(&property.name.as_str())).collect();
    let mut operations = Vec::new();
    if !writable.is_empty() {
        // Without matching keys nobody has to choose one.
        operations.push(operation(object, "append", &writable, None));
    }
    if unique.is_empty() {
        let name = &object.name;
        tracing::info!(
            "{name} is not offered for upsert: it has no unique property to match by. Create one in HubSpot \
             (Settings, Properties, \"require unique values\")."
        );
    } else {
        operations.push(operation(object, "append_dedup", &writable, Some(&unique)));
    }
    operations.push(operation(object, "update", &writable, Some(&any)));
    operations.push(operation(object, "soft_delete", &keys, Some(&any)));
    operations
}

/// One operation. Where there are matching keys, Airbyte asks the user to choose one of them.
fn operation(object: &ObjectType, sync_mode: &str, properties: &[&Property], keys: Option<&[&str]>) -> Value {
    let mut columns = Map::new();
    for property in properties {
        columns.insert(property.name.clone(), json_schema(property.kind));
    }
    for key in keys.unwrap_or_default() {
        columns.entry(*key).or_insert_with(|| json!({"type": "string"}));
    }
    let mut operation = json!({
        "object_name": object.name,
        "sync_mode": sync_mode,
        "json_schema": {"type": "object", "properties": columns, "additionalProperties": false},
    });
    if let Some(keys) = keys {
        let matching_keys: Vec<[&str; 1]> = keys.iter().map(|key| [*key]).collect();
        operation["matching_keys"] = json!(matching_keys);
    }
    operation
}

/// Types as Airbyte's destination catalogs write them (protocol well-known types, without null unions).
pub(super) fn json_schema(kind: PropertyType) -> Value {
    match kind {
        PropertyType::String
        | PropertyType::Enumeration
        | PropertyType::PhoneNumber
        | PropertyType::ObjectCoordinates
        | PropertyType::Json
        | PropertyType::Other => {
            json!({"type": "string"})
        }
        PropertyType::Number => json!({"type": "number"}),
        PropertyType::Bool => json!({"type": "boolean"}),
        PropertyType::Date => json!({"type": "string", "format": "date"}),
        PropertyType::Datetime => {
            json!({"type": "string", "format": "date-time", "airbyte_type": "timestamp_with_timezone"})
        }
    }
}
