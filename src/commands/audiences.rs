//! What the commands do about streams of audiences.

use serde_json::{Map, Value, json};

use super::discover::json_schema;
use super::prepare::{Knowledge, check_scopes};
use crate::config::Config;
use crate::crm::object::ObjectType;
use crate::crm::property::{Property, PropertyType};
use crate::error::{Failure, Kind};
use crate::plan::Plan;
use crate::plan::audience::{AUDIENCE, AudiencePlan, STATUS};
use crate::plan::key::{RECORD_ID, unique_properties};
use crate::protocol::catalog::ConfiguredStream;

/// The object whose records belong to audiences.
///
/// # Errors
/// An internal failure where the connector does not know contacts.
pub fn contacts() -> Result<ObjectType, Failure> {
    ObjectType::standard("0-1")
        .ok_or_else(|| Failure::new(Kind::Internal, "The contact object is not known."))
}

/// The plan of a stream of audiences.
///
/// # Errors
/// A configuration failure: contacts cannot be read, the stream names none, or asks for more than setting a status.
pub async fn plan(
    config: &Config,
    stream: &ConfiguredStream,
    knowledge: &mut Knowledge<'_>,
) -> Result<Plan, Failure> {
    let of_stream = |failure: Failure| failure.of_stream(&stream.descriptor);
    let object = contacts().map_err(of_stream)?;
    knowledge.properties(&object).await.map_err(of_stream)?;
    check_scopes(config, stream, &object, knowledge.footing())?;
    let names = knowledge.names().audiences.clone();
    let properties = knowledge.properties(&object).await.map_err(of_stream)?;
    AudiencePlan::new(config, stream, &object, properties, &names).map(Plan::from)
}

/// What discover offers of audiences, where it offers contacts.
#[must_use]
pub fn operations(contact: &ObjectType, properties: &[Property]) -> Vec<Value> {
    let mut columns = Map::new();
    for key in unique_properties(contact, properties).into_iter().chain([RECORD_ID, AUDIENCE]) {
        columns.insert(key.to_owned(), json_schema(PropertyType::String));
    }
    let status = [json_schema(PropertyType::Bool), json_schema(PropertyType::String)];
    columns.insert(STATUS.to_owned(), json!({ "oneOf": status }));
    let operation = |sync_mode| {
        json!({
            "object_name": "AUDIENCE",
            "sync_mode": sync_mode,
            "json_schema": {
                "type": "object",
                "properties": columns,
                "required": [AUDIENCE, STATUS],
                "additionalProperties": false,
            },
        })
    };
    vec![operation("append"), operation("append_dedup")]
}
