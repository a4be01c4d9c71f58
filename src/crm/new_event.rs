//! An event definition that does not exist yet, and event properties: what HubSpot is asked for.

use serde_json::{Value, json};

use super::event::{EventDefinition, Labels};
use super::new_property::{NewKind, NewProperty};
use super::property::Property;

/// A definition to be made: an event of contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Name within the account, as HubSpot takes it.
    pub name: String,
    /// Name shown to people.
    pub label: String,
    /// What is to be told of it, besides HubSpot's own properties. Groups mean nothing here.
    pub properties: Vec<NewProperty>,
}

/// Characters of the name, and of the label, of an event or of one of its properties.
///
/// Source: HubSpot's custom event definitions guide, limits.
pub const LONGEST_EVENT_NAME: usize = 50;

impl NewEvent {
    /// The body of the call that makes it.
    ///
    /// Source: HubSpot's custom event definitions guide, "Create an event definition".
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "label": shortened(&self.label),
            "primaryObject": "CONTACT",
            "includeDefaultProperties": true,
            "propertyDefinitions": self.properties.iter().map(event_property_json).collect::<Vec<_>>(),
        })
    }

    /// The definition it will have once it is made, HubSpot's own properties aside.
    #[must_use]
    pub fn definition(&self) -> EventDefinition {
        EventDefinition {
            fully_qualified_name: self.name.clone(),
            name: self.name.clone(),
            labels: Labels { singular: Some(self.label.clone()) },
            archived: false,
            primary_object: Some("CONTACT".to_owned()),
            primary_object_id: None,
            properties: self.properties.iter().map(event_property).collect(),
            custom_matching_id: None,
        }
    }
}

/// The body of the call that makes an event property.
///
/// HubSpot's guide names more types than its SDK; those both name are used: a truth value becomes one of two options,
/// a day the instant at which it begins.
#[must_use]
pub fn event_property_json(new: &NewProperty) -> Value {
    let kind = match new.kind {
        NewKind::Text => "string",
        NewKind::Number => "number",
        NewKind::Truth => "enumeration",
        NewKind::Date | NewKind::Datetime => "datetime",
    };
    let mut body = json!({"name": new.name, "label": shortened(&new.label), "type": kind});
    if new.kind == NewKind::Truth {
        let option =
            |(place, value)| json!({"label": value, "value": value, "hidden": false, "displayOrder": place});
        body["options"] = ["true", "false"].into_iter().enumerate().map(option).collect();
    }
    body
}

/// The definition an event property will have once it is made.
#[must_use]
pub fn event_property(new: &NewProperty) -> Property {
    let property = serde_json::from_value(event_property_json(new)).ok();
    property.unwrap_or_else(|| Property::new(&new.name, super::property::PropertyType::String))
}

/// As much of a label as HubSpot keeps.
#[must_use]
pub fn shortened(label: &str) -> String {
    label.chars().take(LONGEST_EVENT_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::super::new_property::{Group, Values};
    use super::super::property::PropertyType;
    use super::*;

    fn new(kind: NewKind) -> NewProperty {
        NewProperty {
            name: "p".into(),
            label: "P".into(),
            kind,
            values: Values::Any,
            group: Group::Own(String::new()),
        }
    }

    #[test]
    fn a_property_is_what_was_asked_for() {
        for (kind, expected) in [
            (NewKind::Text, PropertyType::String),
            (NewKind::Number, PropertyType::Number),
            (NewKind::Truth, PropertyType::Enumeration),
            (NewKind::Date, PropertyType::Datetime),
            (NewKind::Datetime, PropertyType::Datetime),
        ] {
            let property = event_property(&new(kind));
            assert_eq!((property.name.as_str(), property.kind), ("p", expected));
            assert_eq!(property.options.len(), if kind == NewKind::Truth { 2 } else { 0 });
        }
    }

    #[test]
    fn a_definition_is_asked_for_with_its_properties_and_hubspots_own() {
        let event =
            NewEvent { name: "bought".into(), label: "B".repeat(60), properties: vec![new(NewKind::Text)] };
        let body = event.to_json();
        assert_eq!(body["label"].as_str().map(str::len), Some(50));
        assert_eq!(body["propertyDefinitions"], json!([{"name": "p", "label": "P", "type": "string"}]));
        assert_eq!((&body["name"], &body["includeDefaultProperties"]), (&json!("bought"), &json!(true)));
        assert!(event.definition().is_of_contacts());
    }
}
