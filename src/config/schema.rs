//! The JSON Schema of a configuration, in the dialect Airbyte's form understands.
//!
//! schemars writes draft 7 from the types; the transforms here remove what the form cannot show (unions with
//! null, formats of Rust's number types, choices spelt as several schemas) and add what it needs. Source:
//! <https://docs.airbyte.com/platform/connector-development/connector-specification-reference>.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Map, Value, json};

use super::Config;

/// The `connectionSpecification` of the SPEC message: draft 7, self-contained, open to unknown keys.
pub(super) fn connection_specification() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let generator = settings.with_transform(RecursiveTransform(shape)).into_generator();
    let mut schema = generator.into_root_schema_for::<Config>();
    // The form shows the connector's own documentation instead.
    schema.remove("description");
    schema.to_value()
}

/// Gives one schema its final shape; applied to every schema from the outside in.
fn shape(schema: &mut Schema) {
    let Some(schema) = schema.as_object_mut() else { return };
    drop_null(schema);
    join_choices(schema);
    schema.remove("format");
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = first_paragraph(text);
    }
    if schema.contains_key("oneOf") {
        schema.insert("type".to_owned(), json!("object"));
    }
    if schema.contains_key("properties") && !schema.contains_key("additionalProperties") {
        schema.insert("additionalProperties".to_owned(), json!(true));
    }
}

/// An optional field is one that may be absent; a null is removed before a configuration is validated.
fn drop_null(schema: &mut Map<String, Value>) {
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            schema.insert("type".to_owned(), kind);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(mut options)) = schema.remove("anyOf") {
        options.retain(|option| option["type"] != "null");
        match options.as_mut_slice() {
            // What the field says of itself goes before what its type says.
            [Value::Object(only)] => {
                for (key, value) in std::mem::take(only) {
                    schema.entry(key).or_insert(value);
                }
            }
            _ => drop(schema.insert("anyOf".to_owned(), Value::Array(options))),
        }
    }
}

/// schemars documents each choice of an enumeration by a schema of its own; the form wants one list of
/// values.
fn join_choices(schema: &mut Map<String, Value>) {
    let Some(Value::Array(branches)) = schema.get("oneOf") else { return };
    let choice = |branch: &Value| match (&branch["type"], branch.get("const"), branch.get("enum")) {
        (Value::String(kind), Some(value), None) if kind == "string" => Some(vec![value.clone()]),
        (Value::String(kind), None, Some(Value::Array(values))) if kind == "string" => Some(values.clone()),
        _ => None,
    };
    if let Some(choices) = branches.iter().map(choice).collect::<Option<Vec<_>>>() {
        schema.remove("oneOf");
        schema.insert("type".to_owned(), json!("string"));
        schema.insert("enum".to_owned(), Value::Array(choices.concat()));
    }
}

/// What stands before the first empty line, on one line: the rest is for engineers.
fn first_paragraph(text: &str) -> String {
    text.split("\n\n").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_the_first_paragraph_on_one_line() {
        assert_eq!(first_paragraph("One\ntwo  three.\n\nFor engineers."), "One two three.");
        assert_eq!(first_paragraph(""), "");
    }
}
