//! Objects inside a record, and the mapping that reaches into them.
//!
//! A name with a dot in `property_mapping` (`company.name`) means a member of an object. Such an object is taken apart:
//! each member is a column of its own that has its path as its name, and becomes what any column of that name would. An
//! object that no name reaches into is one value, sent as JSON text. What is no object keeps the meaning of its column,
//! so that a column which is really called `company.name` can stand beside one called `company`.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::json;
use crate::protocol::catalog::ConfiguredStream;

/// The user's pairs of column and property.
type Mapping = [(String, String)];

/// Whether the mapping names something inside the values of a column.
#[must_use]
pub fn reaches_into(mapping: &Mapping, column: &str) -> bool {
    mapping.iter().any(|(path, _)| is_inside(path, column))
}

/// Whether a path leads into the values of a column.
#[must_use]
pub fn is_inside(path: &str, column: &str) -> bool {
    path.strip_prefix(column).is_some_and(|rest| rest.starts_with('.'))
}

/// The text of the object that a raw value is. Warehouses that have no objects send them as text: that counts too.
#[must_use]
pub fn object_in(value: &str) -> Option<Cow<'_, str>> {
    match json::type_name(value) {
        "object" => Some(Cow::Borrowed(value)),
        "string" => {
            let text: Cow<'_, str> = json_text(value)?;
            let is_object =
                json::type_name(&text) == "object" && serde_json::from_str::<IgnoredAny>(&text).is_ok();
            is_object.then_some(text)
        }
        _ => None,
    }
}

fn json_text(value: &str) -> Option<Cow<'_, str>> {
    #[derive(serde::Deserialize)]
    struct Text<'t>(#[serde(borrow)] Cow<'t, str>);
    serde_json::from_str::<Text<'_>>(value).ok().map(|text| text.0)
}

/// The stream with the columns it really has: in the place of a declared one that is taken apart stand its declared
/// members, and what the mapping names inside it.
#[must_use]
pub fn taken_apart(stream: &ConfiguredStream, mapping: &Mapping) -> ConfiguredStream {
    let mut columns = Map::new();
    for (name, schema) in &stream.columns {
        put(&mut columns, name.clone(), schema, &stream.columns, mapping);
    }
    ConfiguredStream { columns, ..stream.clone() }
}

fn put(
    columns: &mut Map<String, Value>,
    name: String,
    schema: &Value,
    declared: &Map<String, Value>,
    mapping: &Mapping,
) {
    // What is declared as a column of that very name is one, and no reason to look for it anywhere else.
    let below: Vec<&String> = mapping
        .iter()
        .map(|(path, _)| path)
        .filter(|path| is_inside(path, &name) && !declared.contains_key(*path))
        .collect();
    if below.is_empty() {
        columns.insert(name, schema.clone());
        return;
    }
    if let Some(Value::Object(members)) = schema.get("properties") {
        for (member, schema) in members {
            put(columns, format!("{name}.{member}"), schema, declared, mapping);
        }
    }
    for path in below {
        let is_there = columns.keys().any(|column| column == path || is_inside(column, path));
        if !is_there {
            columns.insert(path.clone(), Value::Null);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::catalog::ConfiguredCatalog;

    fn mapping(paths: &[&str]) -> Vec<(String, String)> {
        paths.iter().map(|path| ((*path).to_owned(), "x".to_owned())).collect()
    }

    #[test]
    fn a_path_leads_into_what_stands_before_its_dots() {
        let mapping = mapping(&["company.address.city", "first.name"]);
        for column in ["company", "company.address", "first"] {
            assert!(reaches_into(&mapping, column), "{column}");
        }
        for column in ["company.address.city", "comp", "companya", "city", "", "address"] {
            assert!(!reaches_into(&mapping, column), "{column}");
        }
    }

    #[test]
    fn objects_are_recognised_as_such_and_as_text() {
        assert_eq!(object_in(r#"{"a":1}"#).as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(object_in(r#"" {\"a\":\"\\u00e9\"} ""#).as_deref(), Some(r#" {"a":"\u00e9"} "#));
        assert_eq!(object_in(r#""{}""#).as_deref(), Some("{}"));
        for value in ["null", "1", "[{}]", r#""""#, r#""{""#, r#""{a}""#, r#""{} {}""#, r#""[1]""#, "true"] {
            assert_eq!(object_in(value), None, "{value}");
        }
    }

    #[test]
    fn declared_members_stand_in_the_place_of_their_column() {
        let schema = json!({"properties": {
            "email": {"type": "string"},
            "company": {"type": "object", "properties": {"name": {"type": "string"}, "size": {"type": "integer"},
                "address": {"type": "object", "properties": {"city": {"type": "string"}}}}},
            "extra": {"type": "string"},
            "flat": {"type": "string"},
            "flat.name": {"type": "string"},
            "other": {"type": "object", "properties": {"a": {}}},
        }});
        let catalog = json!({"streams": [{"stream": {"name": "s", "json_schema": schema}}]});
        let catalog = ConfiguredCatalog::from_json(&catalog.to_string()).unwrap();
        let mapping = mapping(&["company.name", "company.address.zip", "extra.tier", "flat.name"]);
        let stream = taken_apart(&catalog.streams[0], &mapping);
        let mut names: Vec<&str> = stream.columns.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "company.address.city",
                "company.address.zip",
                "company.name",
                "company.size",
                "email",
                "extra.tier",
                "flat",
                "flat.name",
                "other"
            ]
        );
        assert_eq!(stream.columns["company.size"], json!({"type": "integer"}));
    }
}
