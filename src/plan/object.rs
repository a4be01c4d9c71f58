//! Which object type a stream goes to.

use crate::config::StreamSettings;
use crate::crm::object::{self, NoObject, ObjectSchema, ObjectType};
use crate::error::{Failure, Kind};
use crate::protocol::catalog::ConfiguredStream;

/// How a stream says what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectName<'a> {
    /// Named on purpose, in the configuration or in the catalog.
    Given(&'a str),
    /// Only by its own name.
    StreamName(&'a str),
}

/// Where the stream's object name comes from: `streams[].object`, else `destination_object_name`, else its own
/// name.
#[must_use]
pub fn name_of<'a>(stream: &'a ConfiguredStream, settings: Option<&'a StreamSettings>) -> ObjectName<'a> {
    settings
        .and_then(|settings| settings.object.as_deref())
        .or(stream.destination_object_name.as_deref())
        .map_or(ObjectName::StreamName(&stream.descriptor.name), ObjectName::Given)
}

/// Whether the account's custom objects have to be known to resolve the name.
#[must_use]
pub fn needs_schemas(name: ObjectName<'_>) -> bool {
    match name {
        ObjectName::Given(name) => !object::is_standard_name(name),
        ObjectName::StreamName(name) => !object::is_guessable_name(name),
    }
}

/// The object type a name stands for.
///
/// # Errors
/// A configuration failure that names the candidates.
pub fn resolve(name: ObjectName<'_>, schemas: &[ObjectSchema]) -> Result<ObjectType, Failure> {
    let (text, found) = match name {
        ObjectName::Given(name) => (name, object::named(name, schemas)),
        ObjectName::StreamName(name) => (name, object::guessed(name, schemas)),
    };
    found.map_err(|problem| {
        let candidates: Vec<String> = object::offered()
            .iter()
            .map(|object| object.name.clone())
            .chain(schemas.iter().map(|schema| schema.name.clone()))
            .collect();
        let candidates = candidates.join(", ");
        let message = match (problem, name) {
            (NoObject::Ambiguous(names), _) => format!(
                "Several custom objects are labelled \"{text}\": {}. Name one of them, or its object type id, in this \
                 stream's \"object\" setting.",
                names.join(", ")
            ),
            (NoObject::Unknown, ObjectName::Given(_)) => format!(
                "HubSpot has no object called \"{text}\" that this token can see. Candidates: {candidates}, or any \
                 object type id."
            ),
            (NoObject::Unknown, ObjectName::StreamName(_)) => format!(
                "The stream's name \"{text}\" is no HubSpot object, and no object is set for it. Add the stream under \
                 \"streams\" in this destination's settings with an \"object\". Candidates: {candidates}, or any \
                 object type id."
            ),
        };
        Failure::new(Kind::Configuration, message)
    })
}
