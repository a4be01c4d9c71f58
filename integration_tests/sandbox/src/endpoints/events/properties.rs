//! Properties of events.

use serde::Deserialize;

use super::definitions::named;
use crate::catalog::{FieldType, PropertyDef, PropertyJson, PropertyOption, PropertyType};
use crate::endpoints::Call;
use crate::error::Refusal;
use crate::events::{MAX_NAME, is_property_name};
use crate::http::Answer;
use crate::world::World;

/// Body of a new property of an event.
#[derive(Debug, Deserialize)]
pub(super) struct NewEventProperty {
    label: String,
    r#type: PropertyType,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    options: Vec<PropertyOption>,
}

impl NewEventProperty {
    /// The definition it asks for, if HubSpot takes it.
    pub(super) fn into_definition(self) -> Result<PropertyDef, Refusal> {
        let name = self.name.unwrap_or_else(|| self.label.to_lowercase().replace(' ', "_"));
        if !is_property_name(&name) || self.label.chars().count() > MAX_NAME {
            return Err(Refusal::invalid(format!(
                "{name} is not a valid property name: it must start with a letter and have at most {MAX_NAME} lower \
                 case letters, digits and underscores."
            )));
        }
        let field = match self.r#type {
            PropertyType::Bool => FieldType::Booleancheckbox,
            PropertyType::Enumeration => FieldType::Select,
            PropertyType::Date | PropertyType::Datetime => FieldType::Date,
            PropertyType::Number => FieldType::Number,
            PropertyType::String => FieldType::Text,
            PropertyType::PhoneNumber | PropertyType::ObjectCoordinates | PropertyType::Json => {
                return Err(Refusal::invalid(format!("The type of {name} is not one an event can have.")));
            }
        };
        if self.r#type == PropertyType::Enumeration && self.options.is_empty() {
            return Err(Refusal::invalid(format!("Enumeration property {name} needs at least one option.")));
        }
        let mut property = PropertyDef::new(&name, self.r#type, field).label(&self.label);
        property.description = self.description.unwrap_or_default();
        property.options = self.options;
        Ok(property)
    }
}

/// `POST .../event-definitions/{eventName}/property`.
pub(super) fn create(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let new: NewEventProperty =
        serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    let property = new.into_definition()?;
    let now = world.clock.now();
    let definition = named(world, call)?;
    if definition.property(&property.name).is_some() {
        let message = format!("A property named '{}' already exists.", property.name);
        return Err(Refusal::new(409, "OBJECT_ALREADY_EXISTS", message));
    }
    let answer = Answer::json(201, &PropertyJson::from(&property));
    definition.parts.properties.retain(|known| known.name != property.name);
    definition.parts.properties.push(property);
    definition.updated = now;
    Ok(answer)
}

#[derive(Debug, Deserialize)]
struct Changes {
    label: Option<String>,
    description: Option<String>,
    options: Option<Vec<PropertyOption>>,
}

/// `PATCH .../event-definitions/{eventName}/property/{propertyName}`.
pub(super) fn update(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let changes: Changes = serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    let property = property(world, call)?;
    changes.label.into_iter().for_each(|label| property.label = label);
    changes.description.into_iter().for_each(|text| property.description = text);
    changes.options.into_iter().for_each(|options| property.options = options);
    Ok(Answer::json(200, &PropertyJson::from(&*property)))
}

/// `DELETE .../event-definitions/{eventName}/property/{propertyName}`.
pub(super) fn delete(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let now = world.clock.now();
    property(world, call)?.archived = Some(now);
    Ok(Answer::empty(204))
}

fn property<'w>(world: &'w mut World, call: &Call<'_>) -> Result<&'w mut PropertyDef, Refusal> {
    let name = call.route.target.item.as_deref().unwrap_or_default();
    let definition = named(world, call)?;
    let found = definition.property_mut(name).filter(|known| known.archived.is_none());
    found.ok_or_else(|| Refusal::new(404, "OBJECT_NOT_FOUND", format!("Property {name} does not exist")))
}
