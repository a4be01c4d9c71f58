//! A configuration held against the specification: which fields are wrong, and what they should have been.
//!
//! Only paths and rules leave this module, never a value: the validator's own messages are not used.

use jsonschema::error::{TypeKind, ValidationError, ValidationErrorKind};
use serde_json::{Map, Number, Value};

use super::error::{ConfigError, Expected, Problem};
use super::path::FieldPath;

/// Every field of `config` that does not fit `schema`, sorted by path.
///
/// # Errors
///
/// [`ConfigError::Defect`] for a schema that is not one.
pub(super) fn problems(schema: &Value, config: &Value) -> Result<Vec<Problem>, ConfigError> {
    let validator = jsonschema::draft7::new(schema).map_err(|_| ConfigError::Defect)?;
    let mut problems = Vec::new();
    for error in validator.iter_errors(config) {
        explain(schema, config, &error, &mut problems);
    }
    // The validator's order depends on how many properties a schema has.
    problems.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(without_repetition(problems))
}

/// A field with a set of accepted values is named once, by that set: its JSON type says nothing more.
fn without_repetition(problems: Vec<Problem>) -> Vec<Problem> {
    let has_choices = |path: &FieldPath| {
        problems.iter().any(|other| other.path == *path && matches!(other.expected, Expected::OneOf(_)))
    };
    let is_needed = |problem: &&Problem| match problem.expected {
        Expected::Kind(_) => !has_choices(&problem.path),
        _ => true,
    };
    problems.iter().filter(is_needed).cloned().collect()
}

fn explain(schema: &Value, config: &Value, error: &ValidationError<'_>, problems: &mut Vec<Problem>) {
    let pointer = error.instance_path().as_str();
    let path = FieldPath::from_pointer(pointer, config);
    let rule = schema.pointer(error.schema_path().as_str());
    // The schema whose keyword this is.
    let around = error.schema_path().as_str().rsplit_once('/').and_then(|(parent, _)| schema.pointer(parent));
    let (path, expected) = match error.kind() {
        ValidationErrorKind::OneOfNotValid { context } => {
            let branches = rule.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            // What is no object is reported by the `type` that stands beside `oneOf`.
            let given = config.pointer(pointer).and_then(Value::as_object);
            let (Some(choice), Some(given)) = (Choice::new(branches), given) else { return };
            match choice.branch_of(given) {
                Some(chosen) => {
                    let inner = context.get(chosen).into_iter().flatten();
                    inner.for_each(|error| explain(schema, config, error, problems));
                }
                None => problems.push(choice.problem(&path, given)),
            }
            return;
        }
        ValidationErrorKind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            (path.key(key), Expected::Present(Vec::new()))
        }
        ValidationErrorKind::Type { kind } => (path, Expected::Kind(kind_name(kind))),
        ValidationErrorKind::Enum { options } => (path, Expected::OneOf(texts(options.as_array()))),
        ValidationErrorKind::Minimum { .. } | ValidationErrorKind::Maximum { .. } => {
            let bound =
                |name| around.and_then(|schema| schema.get(name)).and_then(Value::as_number).map(plain);
            (path, Expected::Within { minimum: bound("minimum"), maximum: bound("maximum") })
        }
        other => (path, Expected::Rule(other.keyword().to_owned())),
    };
    problems.push(Problem { path, expected });
}

/// The branches of a `oneOf` and the key that tells them apart: the one that is a constant in each of them.
struct Choice<'a> {
    branches: &'a [Value],
    discriminator: &'a str,
}

impl<'a> Choice<'a> {
    fn new(branches: &'a [Value]) -> Option<Self> {
        let constant = |branch: &Value, key: &str| branch["properties"][key]["const"].is_string();
        let keys = branches.first()?.get("properties")?.as_object()?.keys();
        let discriminator =
            keys.into_iter().find(|key| branches.iter().all(|branch| constant(branch, key)))?;
        Some(Self { branches, discriminator })
    }

    fn names(&self) -> impl Iterator<Item = &'a str> {
        let key = self.discriminator;
        self.branches
            .iter()
            .map(move |branch| branch["properties"][key]["const"].as_str().unwrap_or_default())
    }

    fn branch_of(&self, given: &Map<String, Value>) -> Option<usize> {
        let chosen = given.get(self.discriminator)?.as_str()?;
        self.names().position(|name| name == chosen)
    }

    fn problem(&self, at: &FieldPath, given: &Map<String, Value>) -> Problem {
        let names = self.names().map(str::to_owned).collect();
        let expected = if given.contains_key(self.discriminator) {
            Expected::OneOf(names)
        } else {
            Expected::Present(names)
        };
        Problem { path: at.key(self.discriminator), expected }
    }
}

fn kind_name(kind: &TypeKind) -> String {
    let TypeKind::Single(kind) = kind else { return "of another type".to_owned() };
    let name = match kind.to_string().as_str() {
        "array" => "a list",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "object" => "an object",
        "string" => "text",
        other => return format!("of type {other}"),
    };
    name.to_owned()
}

fn texts(options: Option<&Vec<Value>>) -> Vec<String> {
    options.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A bound without a needless `.0`.
fn plain(number: &Number) -> Number {
    match super::normal::form_of(Value::Number(number.clone())) {
        Value::Number(number) => number,
        _ => number.clone(),
    }
}

/// The paths of keys that the schema does not know, in the order they stand in `config`, which must be valid.
pub(super) fn unknown_keys(schema: &Value, config: &Value) -> Vec<FieldPath> {
    let mut unknown = Vec::new();
    collect_unknown(schema, config, &FieldPath::root(), &mut unknown);
    unknown
}

fn collect_unknown(schema: &Value, value: &Value, at: &FieldPath, unknown: &mut Vec<FieldPath>) {
    match value {
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                collect_unknown(&schema["items"], element, &at.index(index), unknown);
            }
        }
        Value::Object(members) => {
            let branches = schema["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
            let chosen = Choice::new(branches).and_then(|choice| choice.branch_of(members));
            let schema = chosen.map_or(schema, |index| &branches[index]);
            // An object without declared properties is free, such as a mapping of names.
            let Some(known) = schema["properties"].as_object() else { return };
            for (key, member) in members {
                match known.get(key) {
                    Some(schema) => collect_unknown(schema, member, &at.key(key), unknown),
                    None => unknown.push(at.key(key)),
                }
            }
        }
        _ => {}
    }
}
