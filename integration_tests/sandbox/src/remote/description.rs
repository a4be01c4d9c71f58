//! The control, described for programs: OpenAPI, made from the operations and the types that they read and write.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::operation::{Operation, ProblemBody, Shape, shape};
use super::operations;
use crate::http::Answer;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "health",
        method: "GET",
        path: "/_sandbox/health",
        about: "Whether the sandbox is well. It answers where there is no control, too.",
        query: &[],
        takes: None,
        gives: &[(200, "It is.", Some(shape::<Health>))],
        run: |_, _| Ok(Answer::json(200, &Health { status: "ok", version: env!("CARGO_PKG_VERSION") })),
    },
    Operation {
        name: "openapi",
        method: "GET",
        path: "/_sandbox/openapi.json",
        about: "This description.",
        query: &[],
        takes: None,
        gives: &[(200, "OpenAPI 3.1.", Some(shape::<Map<String, Value>>))],
        run: |_, _| Ok(Answer::json(200, &openapi())),
    },
];

#[derive(Serialize, JsonSchema)]
struct Health {
    status: &'static str,
    /// The sandbox's own.
    version: &'static str,
}

/// The OpenAPI description of the control over HTTP.
#[must_use]
pub fn openapi() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = SchemaGenerator::new(settings);
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations() {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.to_lowercase()] = described(operation, &mut generator);
    }
    let problem = content(&mut generator, shape::<ProblemBody>);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "hubspot-sandbox: control",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Changes and looks at the account that the sandbox plays. Needs no token; there if the \
                            sandbox was started with --control.",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "http://127.0.0.1:8090" }],
        "security": [],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "responses": { "Problem": { "description": "It was not done.", "content": problem } },
        },
    })
}

fn content(generator: &mut SchemaGenerator, shape: Shape) -> Value {
    json!({ "application/json": { "schema": shape(generator) } })
}

fn described(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let text = json!({ "type": "string" });
    let in_path =
        operation.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let in_path = in_path.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": text }));
    let number = json!({ "type": "integer", "minimum": 0 });
    let in_query = operation.query.iter().map(|(name, about)| {
        json!({ "name": name, "in": "query", "required": false, "description": about, "schema": number })
    });
    let parameters: Vec<Value> = in_path.chain(in_query).collect();
    let mut responses = Map::new();
    for (status, about, shape) in operation.gives {
        let mut response = json!({ "description": about });
        if let Some(shape) = shape {
            response["content"] = content(generator, *shape);
        }
        responses.insert(status.to_string(), response);
    }
    responses.insert("4XX".to_owned(), json!({ "$ref": "#/components/responses/Problem" }));
    let mut described = json!({
        "operationId": operation.name,
        "summary": operation.about,
        "parameters": parameters,
        "responses": responses,
    });
    if let Some(shape) = operation.takes {
        described["requestBody"] = json!({ "required": true, "content": content(generator, shape) });
    }
    described
}
