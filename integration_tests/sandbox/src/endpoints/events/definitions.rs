//! Event definitions.

use serde::Deserialize;
use serde_json::{Value, json};

use super::properties::NewEventProperty;
use super::unknown;
use crate::catalog::PropertyJson;
use crate::endpoints::Call;
use crate::error::Refusal;
use crate::events::{Definition, EventDef, MAX_DEFINITIONS, MAX_NAME, Taken, is_property_name};
use crate::http::Answer;
use crate::world::World;

/// Definitions of a page.
const MAX_PAGE: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewDefinition {
    label: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    primary_object: Option<String>,
    #[serde(default)]
    property_definitions: Vec<NewEventProperty>,
    #[serde(default)]
    custom_matching_id: Option<Matching>,
    #[serde(default)]
    include_default_properties: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Matching {
    primary_object_rule: Rule,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    target_object_property_name: String,
    event_property_name: String,
}

/// `POST .../event-definitions`.
pub(super) fn create(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let new: NewDefinition = serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    let name = new.name.unwrap_or_else(|| name_from(&new.label));
    if !is_property_name(&name) || new.label.is_empty() || new.label.chars().count() > MAX_NAME {
        return Err(Refusal::invalid(format!(
            "Names and labels have at most {MAX_NAME} characters; names start with a letter and have lower case \
             letters, digits and underscores."
        )));
    }
    if world.events.definitions.live().count() >= MAX_DEFINITIONS {
        return Err(Refusal::invalid(format!("An account has at most {MAX_DEFINITIONS} event definitions.")));
    }
    let mut parts = EventDef::new(&name);
    parts.label = new.label;
    parts.description = new.description.unwrap_or_default();
    if let Some(object) = new.primary_object {
        world.resolve(&object)?;
        parts.primary_object = object;
    }
    for property in new.property_definitions {
        let property = property.into_definition()?;
        if parts.properties.iter().any(|known| known.name == property.name) {
            return Err(Refusal::invalid(format!("Property {} is defined twice.", property.name)));
        }
        parts.properties.push(property);
    }
    if let Some(Matching { primary_object_rule: rule }) = new.custom_matching_id {
        if !parts.properties.iter().any(|known| known.name == rule.event_property_name) {
            return Err(Refusal::invalid(format!("Property {} does not exist.", rule.event_property_name)));
        }
        parts = parts.matching_id(&rule.event_property_name, &rule.target_object_property_name);
    }
    if new.include_default_properties {
        parts = parts.default_properties();
    }
    let number = world.random.number(1_000_000..60_000_000);
    let (portal_id, now) = (world.account.portal_id, world.clock.now());
    let made = world.events.definitions.add(parts, portal_id, number, now);
    let made = made.map_err(|Taken| {
        Refusal::new(409, "OBJECT_ALREADY_EXISTS", format!("An event named '{name}' already exists."))
    })?;
    Ok(Answer::json(201, &definition_json(made)))
}

/// The name HubSpot makes of a label when none is given.
fn name_from(label: &str) -> String {
    let plain = label.trim().to_lowercase();
    plain.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// `GET .../event-definitions`: a page in the order in which they were made.
pub(super) fn list(world: &World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let number = |name: &str, usual: usize| match call.query.get(name) {
        None => Ok(usual),
        Some(text) => text.parse().map_err(|_| Refusal::invalid(format!("{name} is not valid."))),
    };
    let (after, limit) = (number("after", 0)?, number("limit", MAX_PAGE)?.min(MAX_PAGE));
    let wanted = call.query.get("searchString").unwrap_or_default().to_lowercase();
    let found: Vec<&Definition> = world
        .events
        .definitions
        .live()
        .filter(|known| {
            known.parts.name.contains(&wanted) || known.parts.label.to_lowercase().contains(&wanted)
        })
        .collect();
    let shown: Vec<Value> =
        found.iter().skip(after).take(limit).map(|definition| definition_json(definition)).collect();
    let next = after + shown.len();
    let mut body = json!({ "results": shown });
    if next < found.len() {
        body["paging"] = json!({ "next": { "after": next.to_string() } });
    }
    Ok(Answer::json(200, &body))
}

/// `GET .../event-definitions/{eventName}`.
pub(super) fn read(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(200, &definition_json(named(world, call)?)))
}

/// The definition a path names.
pub(super) fn named<'w>(world: &'w mut World, call: &Call<'_>) -> Result<&'w mut Definition, Refusal> {
    let name = call.route.item.as_deref().unwrap_or_default();
    world.events.definitions.named(name).ok_or_else(|| unknown(name))
}

#[derive(Debug, Deserialize)]
struct Changes {
    label: Option<String>,
    description: Option<String>,
}

/// `PATCH .../event-definitions/{eventName}`.
pub(super) fn update(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let changes: Changes = serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    let now = world.clock.now();
    let definition = named(world, call)?;
    changes.label.into_iter().for_each(|label| definition.parts.label = label);
    changes.description.into_iter().for_each(|text| definition.parts.description = text);
    definition.updated = now;
    Ok(Answer::json(200, &definition_json(definition)))
}

/// `DELETE .../event-definitions/{eventName}`.
pub(super) fn delete(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    named(world, call)?.archived = true;
    Ok(Answer::empty(204))
}

fn definition_json(definition: &Definition) -> Value {
    let parts = &definition.parts;
    let live = parts.properties.iter().filter(|property| property.archived.is_none());
    let mut json = json!({
        "id": definition.number.to_string(),
        "objectTypeId": format!("6-{}", definition.number),
        "name": parts.name,
        "fullyQualifiedName": definition.qualified,
        "labels": { "singular": parts.label, "plural": null },
        "description": parts.description,
        "primaryObject": parts.primary_object,
        "trackingType": "MANUAL",
        "archived": false,
        "properties": live.map(PropertyJson::from).collect::<Vec<_>>(),
        "associations": [],
        "createdAt": definition.created.iso(),
        "updatedAt": definition.updated.iso(),
        "createdUserId": 1_000_000,
    });
    if let Some(matching) = &parts.matching {
        json["customMatchingId"] = json!({ "primaryObjectRule": {
            "targetObjectPropertyName": matching.target_property,
            "eventPropertyName": matching.event_property,
        } });
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_labels() {
        assert_eq!(name_from(" Signed up (2026) "), "signed_up__2026_");
    }
}
