//! A property that does not exist yet: what HubSpot is asked for.

use serde_json::{Value, json};

use super::object::ObjectType;
use super::property::{Property, PropertyOption, PropertyType};
use crate::error::Failure;
use crate::json;

/// A property to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProperty {
    /// Internal name, as HubSpot takes it: lower-case letters, digits and underscores, a letter first.
    pub name: String,
    /// Name shown to people.
    pub label: String,
    /// Kind of value.
    pub kind: NewKind,
    /// Whether two records may have the same one.
    pub values: Values,
    /// The group it is put into.
    pub group: Group,
}

/// Whether two records may have the same value of a property. It is settled when the property is made.
///
/// Source: HubSpot's properties API guide, "Create unique identifier properties": at most ten on an object type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// They may.
    Any,
    /// HubSpot refuses a second record with the same value: the property can be a matching key.
    Unique,
}

/// Kinds of properties that are made from data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewKind {
    /// One line of text; whatever is nothing else.
    Text,
    /// A number.
    Number,
    /// A single checkbox.
    Truth,
    /// A day.
    Date,
    /// An instant.
    Datetime,
}

/// The property group a new property is put into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Group {
    /// One the object has.
    Own(String),
    /// One the user asked for, by the name given: it is made when it is missing.
    Asked(String),
}

/// What came of asking for a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// It is there now, or was there already.
    There(Box<Property>),
    /// One of that name is in HubSpot's recycling bin: making it would bring it back, with its old values.
    Archived,
    /// HubSpot does not make it, for this reason. Names can come from records: that is no reason to end a sync.
    Refused(Box<Failure>),
}

impl NewProperty {
    /// The body of the call that makes it. All five texts are required; a checkbox has its two options.
    ///
    /// Source: HubSpot's properties API guide, "Create a property".
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (kind, field_type) = self.kind.words();
        let mut body = json!({
            "name": self.name,
            "label": self.label,
            "type": kind,
            "fieldType": field_type,
            "groupName": self.group.name(),
        });
        if self.values == Values::Unique {
            body["hasUniqueValue"] = json!(true);
        }
        let options = self.kind.options();
        if !options.is_empty() {
            let option = |(place, option): (usize, &PropertyOption)| json!({"label": option.label, "value": option.value, "hidden": false, "displayOrder": place});
            body["options"] = options.iter().enumerate().map(option).collect();
        }
        body
    }

    /// The definition it will have once it is made.
    #[must_use]
    pub fn definition(&self) -> Property {
        let (_, field_type) = self.kind.words();
        Property {
            name: self.name.clone(),
            label: self.label.clone(),
            kind: self.kind.property_type(),
            field_type: field_type.to_owned(),
            group_name: self.group.name().to_owned(),
            options: self.kind.options(),
            external_options: false,
            referenced_object_type: None,
            has_unique_value: self.values == Values::Unique,
            calculated: false,
            hubspot_defined: false,
            modification_metadata: super::property::ModificationMetadata::default(),
        }
    }
}

impl NewKind {
    /// What a column's JSON schema says its values are; text where it says nothing, or several things.
    ///
    /// Source: Airbyte's data types (`type`, `format`, `airbyte_type`, `oneOf`, references to
    /// `WellKnownTypes.json`).
    #[must_use]
    pub fn of_schema(schema: &Value) -> Self {
        let mut kinds = Vec::new();
        collect_kinds(schema, &mut kinds);
        kinds.dedup();
        match kinds.as_slice() {
            [only] => *only,
            // Some values have a time of day.
            [Self::Date, Self::Datetime] | [Self::Datetime, Self::Date] => Self::Datetime,
            _ => Self::Text,
        }
    }

    /// What a value of a column that nobody declared is, by its JSON type alone; `None` where it says nothing: null
    /// and blank text.
    #[must_use]
    pub fn of_value(raw: &str) -> Option<Self> {
        match json::type_name(raw) {
            "boolean" => Some(Self::Truth),
            "number" => Some(Self::Number),
            "null" | "nothing" => None,
            "string" if raw.trim().trim_matches('"').trim().is_empty() => None,
            _ => Some(Self::Text),
        }
    }

    /// In words, for messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Truth => "checkbox",
            Self::Date => "date",
            Self::Datetime => "date and time",
        }
    }

    /// HubSpot's `type` and `fieldType`.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("string", "text"),
            Self::Number => ("number", "number"),
            Self::Truth => ("bool", "booleancheckbox"),
            Self::Date => ("date", "date"),
            Self::Datetime => ("datetime", "date"),
        }
    }

    fn property_type(self) -> PropertyType {
        match self {
            Self::Text => PropertyType::String,
            Self::Number => PropertyType::Number,
            Self::Truth => PropertyType::Bool,
            Self::Date => PropertyType::Date,
            Self::Datetime => PropertyType::Datetime,
        }
    }

    fn options(self) -> Vec<PropertyOption> {
        let option = |label: &str, value: &str| PropertyOption {
            label: label.to_owned(),
            value: value.to_owned(),
            hidden: false,
        };
        match self {
            Self::Truth => vec![option("Yes", "true"), option("No", "false")],
            Self::Text | Self::Number | Self::Date | Self::Datetime => Vec::new(),
        }
    }
}

impl Group {
    /// Its internal name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Own(name) | Self::Asked(name) => name,
        }
    }
}

/// The group that an object's new properties go to unless the user chose one: HubSpot's own where the object has it,
/// else the one most of its properties that can be written are in.
#[must_use]
pub fn own_group(object: &ObjectType, properties: &[Property]) -> String {
    // Source: HubSpot's properties guide; each object's standard information group.
    let standard = match object.type_id.as_str() {
        "0-1" => "contactinformation",
        "0-2" => "companyinformation",
        "0-3" => "dealinformation",
        "0-5" => "ticketinformation",
        "0-7" => "productinformation",
        "0-8" => "lineiteminformation",
        _ => "",
    };
    let in_use = |group: &str| properties.iter().any(|property| property.group_name == group);
    if !standard.is_empty() && in_use(standard) {
        return standard.to_owned();
    }
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for property in properties.iter().filter(|property| !property.group_name.is_empty()) {
        let weight = if property.is_writable() { properties.len() } else { 1 };
        match counts.iter_mut().find(|(group, _)| *group == property.group_name) {
            Some((_, count)) => *count += weight,
            None => counts.push((&property.group_name, weight)),
        }
    }
    // Of equals the first in the account's order.
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    most.map_or_else(
        || format!("{}_information", object.name.to_lowercase()),
        |(group, _)| (*group).to_owned(),
    )
}

fn collect_kinds(schema: &Value, kinds: &mut Vec<NewKind>) {
    let text = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default();
    for branches in ["oneOf", "anyOf", "allOf"] {
        let branches = schema.get(branches).and_then(Value::as_array).into_iter().flatten();
        branches.for_each(|branch| collect_kinds(branch, kinds));
    }
    if let Some(name) = text("$ref").rsplit('/').next().filter(|name| !name.is_empty()) {
        kinds.push(well_known(name));
    }
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    for name in types {
        kinds.extend(match (name, text("airbyte_type"), text("format")) {
            ("null", ..) => None,
            ("boolean", ..) => Some(NewKind::Truth),
            ("number" | "integer", ..) | ("string", "big_number" | "big_integer", _) => Some(NewKind::Number),
            ("string", "timestamp_with_timezone" | "timestamp_without_timezone", _) => {
                Some(NewKind::Datetime)
            }
            ("string", _, "date-time") => Some(NewKind::Datetime),
            ("string", _, "date") => Some(NewKind::Date),
            _ => Some(NewKind::Text),
        });
    }
    kinds.sort_by_key(|kind| *kind as u8);
}

/// Kinds of `WellKnownTypes.json`, Airbyte's second version of data types.
fn well_known(name: &str) -> NewKind {
    match name {
        "Boolean" => NewKind::Truth,
        "Number" | "Integer" => NewKind::Number,
        "Date" => NewKind::Date,
        "TimestampWithTimezone" | "TimestampWithoutTimezone" => NewKind::Datetime,
        _ => NewKind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_say_what_values_are() {
        use NewKind::{Date, Datetime, Number, Text, Truth};
        for (schema, expected) in [
            (json!({"type": "string"}), Text),
            (json!({"type": ["null", "boolean"]}), Truth),
            (json!({"type": ["integer", "number", "null"]}), Number),
            (json!({"type": "string", "format": "date"}), Date),
            (json!({"type": ["string"], "format": "date-time"}), Datetime),
            (
                json!({"type": "string", "format": "date-time", "airbyte_type": "timestamp_without_timezone"}),
                Datetime,
            ),
            (json!({"type": "string", "airbyte_type": "timestamp_with_timezone"}), Datetime),
            (json!({"type": "string", "airbyte_type": "big_integer"}), Number),
            (json!({"type": "number", "airbyte_type": "integer"}), Number),
            (json!({"type": "string", "format": "time"}), Text),
            (json!({"type": ["boolean", "string"]}), Text),
            (json!({"type": "object"}), Text),
            (json!({"type": ["array", "null"]}), Text),
            (json!({}), Text),
            (json!(true), Text),
            (json!({"oneOf": [{"type": "integer"}, {"type": "null"}]}), Number),
            (
                json!({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]}),
                Datetime,
            ),
            (json!({"oneOf": [{"type": "integer"}, {"type": "string"}]}), Text),
            (json!({"$ref": "WellKnownTypes.json#/definitions/Boolean"}), Truth),
            (json!({"$ref": "WellKnownTypes.json#/definitions/BinaryData"}), Text),
        ] {
            assert_eq!(NewKind::of_schema(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn single_values_are_taken_by_their_json_type_alone() {
        for (raw, expected) in [
            ("true", Some(NewKind::Truth)),
            ("-1.5", Some(NewKind::Number)),
            (r#""2026-01-01""#, Some(NewKind::Text)),
            (r#""7""#, Some(NewKind::Text)),
            ("[1]", Some(NewKind::Text)),
            ("null", None),
            (r#""""#, None),
            (r#""  ""#, None),
        ] {
            assert_eq!(NewKind::of_value(raw), expected, "{raw}");
        }
    }

    #[test]
    fn what_is_asked_for_and_what_it_becomes_agree() {
        let any = [NewKind::Text, NewKind::Number, NewKind::Truth, NewKind::Date, NewKind::Datetime]
            .map(|kind| (kind, Values::Any));
        for (kind, values) in any.into_iter().chain([(NewKind::Text, Values::Unique)]) {
            let new = NewProperty {
                name: "shoe_size".into(),
                label: "Shoe size".into(),
                kind,
                values,
                group: Group::Own("contactinformation".into()),
            };
            let read: Property = serde_json::from_value(new.to_json()).unwrap();
            assert_eq!(read, new.definition());
            assert!(read.is_writable());
            assert_eq!(read.has_unique_value, values == Values::Unique);
        }
    }

    #[test]
    fn the_group_is_the_objects_own() {
        let property = |name: &str, group: &str, read_only: bool| -> Property {
            serde_json::from_value(json!({"name": name, "groupName": group,
                "modificationMetadata": {"readOnlyValue": read_only}}))
            .unwrap()
        };
        let cars = ObjectType { path: "2-1".into(), type_id: "2-1".into(), name: "Cars".into() };
        let listed = [
            property("hs_a", "system", true),
            property("hs_b", "system", true),
            property("hs_c", "system", true),
            property("code", "cars_information", false),
        ];
        assert_eq!(own_group(&cars, &listed), "cars_information");
        assert_eq!(own_group(&cars, &[]), "cars_information");
        let contact = ObjectType::by_type_id("0-1");
        let listed = [property("a", "social", false), property("b", "social", false)];
        assert_eq!(own_group(&contact, &listed), "social");
        let listed = [listed[0].clone(), listed[1].clone(), property("c", "contactinformation", true)];
        assert_eq!(own_group(&contact, &listed), "contactinformation");
    }
}
