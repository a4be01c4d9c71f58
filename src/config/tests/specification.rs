//! What the specification says, and that it says the same as the types.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{complete, minimal, read, reference, storages, with};
use crate::config::spec::specification;

fn schema() -> Value {
    specification()["connectionSpecification"].clone()
}

/// Calls `visit` with every object anywhere in `value`, with its path.
fn walk(value: &Value, path: &str, visit: &mut impl FnMut(&str, &serde_json::Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            visit(path, members);
            for (key, member) in members {
                walk(member, &format!("{path}/{key}"), visit);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                walk(element, &format!("{path}/{index}"), visit);
            }
        }
        _ => {}
    }
}

/// Calls `visit` with the name and schema of every declared property.
fn properties(schema: &Value, visit: &mut impl FnMut(&str, &str, &Value)) {
    walk(schema, "", &mut |path, object| {
        for (name, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
            visit(path, name, property);
        }
    });
}

#[test]
fn the_schema_is_valid_draft_7_without_anything_the_form_cannot_show() {
    let schema = schema();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert!(jsonschema::draft7::meta::is_valid(&schema));
    assert_eq!((&schema["type"], &schema["required"]), (&json!("object"), &json!(["credentials"])));
    walk(&schema, "", &mut |path, object| {
        for key in ["$ref", "definitions", "$defs", "anyOf", "allOf", "format"] {
            let is_property_name = path.ends_with("/properties");
            assert!(!object.contains_key(key) || is_property_name, "{path}/{key}");
        }
        assert!(!object.values().any(Value::is_null), "{path}");
        if object.contains_key("properties") && !path.ends_with("/properties") {
            assert_eq!(object["type"], "object", "{path}");
            assert_eq!(object["additionalProperties"], true, "{path}");
        }
        assert!(!matches!(object.get("type"), Some(Value::Array(_))), "{path}");
    });
}

#[test]
fn texts_are_plain_ascii_on_one_line() {
    let text = serde_json::to_string(&specification()).unwrap();
    assert!(text.is_ascii());
    assert!(!text.contains(r"\n") && !text.contains('`'), "{text}");
}

#[test]
fn every_property_is_explained_and_has_its_place() {
    properties(&schema(), &mut |path, name, property| {
        if property.get("const").is_some() {
            return;
        }
        for key in ["title", "description"] {
            assert!(property[key].as_str().is_some_and(|text| !text.is_empty()), "{path}/{name}/{key}");
        }
    });
    walk(&schema(), "", &mut |path, object| {
        let Some(properties) = object.get("properties").and_then(Value::as_object) else { return };
        let orders: Vec<_> = properties.values().filter_map(|property| property["order"].as_u64()).collect();
        assert!(orders.is_sorted(), "{path}: {orders:?}");
        assert_eq!(orders.iter().collect::<BTreeSet<_>>().len(), orders.len(), "{path}: {orders:?}");
    });
}

#[test]
fn choices_are_told_apart_by_one_required_constant() {
    let mut seen = 0;
    walk(&schema(), "", &mut |path, object| {
        let Some(branches) = object.get("oneOf").and_then(Value::as_array) else { return };
        seen += 1;
        assert_eq!(object["type"], "object", "{path}");
        let mut discriminators = BTreeSet::new();
        let mut values = BTreeSet::new();
        for branch in branches {
            assert!(branch["title"].is_string(), "{path}");
            let constants: Vec<_> = branch["properties"]
                .as_object()
                .unwrap()
                .iter()
                .filter(|(_, property)| property.get("const").is_some())
                .collect();
            let [(name, property)] = constants.as_slice() else { panic!("{path}: {constants:?}") };
            assert_eq!(property["type"], "string");
            assert!(branch["required"].as_array().unwrap().contains(&json!(name)), "{path}");
            discriminators.insert(name.to_string());
            assert!(values.insert(property["const"].to_string()), "{path}");
        }
        assert_eq!(discriminators.len(), 1, "{path}: {discriminators:?}");
    });
    assert_eq!(seen, 2 + 2 * 4, "credentials, storage, and format and compression of each of four storages");
}

/// Airbyte's own rule for names that must be marked as secrets, as its standard tests apply it.
fn sounds_secret(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "access_token",
        "api_token",
        "certificate",
        "client_secret",
        "client_token",
        "credentials",
        "jwt",
        "key",
        "password",
        "refresh_token",
        "secret",
        "service_account",
        "service_account_info",
        "token",
    ];
    const ENDINGS: &[&str] =
        &["_token", "_secret", "password", "api_key", "apikey", "secret_key", "private_key", "access_key"];
    NAMES.contains(&name) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[test]
fn names_that_sound_secret_are_marked_one_way_or_the_other() {
    let mut secrets = BTreeSet::new();
    properties(&schema(), &mut |path, name, property| {
        assert_eq!(name, name.to_ascii_lowercase(), "the rule is for snake case");
        let marked = property.get("airbyte_secret");
        assert!(marked.is_none_or(Value::is_boolean), "{path}/{name}");
        let is_scalar = ["string", "integer", "number"].iter().any(|kind| property["type"] == *kind);
        if is_scalar && property.get("const").is_none() && sounds_secret(name) {
            assert!(marked.is_some(), "{path}/{name}");
        }
        if marked == Some(&json!(true)) {
            assert!(property.get("default").is_none() && property.get("examples").is_none(), "{path}/{name}");
            secrets.insert(name.to_owned());
        }
    });
    let expected = [
        "access_key_id",
        "access_token",
        "azure_blob_storage_account_key",
        "client_id",
        "client_secret",
        "refresh_token",
        "secret_access_key",
        "service_account_json",
        "shared_access_signature",
    ];
    assert_eq!(secrets.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

fn names(schema: &Value) -> Vec<&str> {
    schema["properties"].as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn every_key_of_the_contract_is_there() {
    let schema = schema();
    assert_eq!(
        names(&schema),
        [
            "credentials",
            "object_storage_config",
            "streams",
            "unknown_properties",
            "invalid_values",
            "null_values",
            "empty_strings",
            "deleted_rows",
            "rejected_records_output",
            "rate_limit_share",
            "daily_reserve_percent",
            "create_limit",
            "rejection_limit",
            "dry_run",
            "api_version",
            "api_base_url",
            "request_timeout_seconds",
            "retry_budget_seconds",
            "flush_interval_seconds",
        ]
    );
    let stream = &schema["properties"]["streams"]["items"];
    assert_eq!(
        names(stream),
        [
            "name",
            "namespace",
            "object",
            "operation",
            "matching_key",
            "match",
            "property_mapping",
            "name_aliases",
            "append_options",
            "lifecycle_backwards",
            "property_group",
            "associations",
            "create_event_definition",
            "create_matching_key",
            "date_time_zone",
            "audience_statuses",
            "mirror_max_archive",
            "unknown_properties",
            "invalid_values",
            "null_values",
            "empty_strings",
            "deleted_rows",
        ]
    );
    assert_eq!(names(&stream["properties"]["associations"]["items"]), ["column", "object", "key", "label"]);
    let hidden: Vec<_> = names(&schema)
        .into_iter()
        .filter(|name| schema["properties"][name]["airbyte_hidden"] == json!(true))
        .collect();
    assert_eq!(
        hidden,
        ["api_base_url", "request_timeout_seconds", "retry_budget_seconds", "flush_interval_seconds",]
    );
    let defaults: Vec<_> =
        names(&schema).into_iter().map(|name| &schema["properties"][name]["default"]).collect();
    assert_eq!(
        json!(defaults),
        json!([
            null, {"storage_type": "None"}, [], "drop", "reject_record", "ignore", "clear", "skip", null, 100, 5, 50, null,
            false, "v3", "https://api.hubapi.com", 120, 1800, 5,
        ])
    );
}

/// `value` with every absent key that has a default in `schema` set to it.
fn filled(schema: &Value, value: &Value) -> Value {
    let schema = match schema["oneOf"].as_array() {
        Some(branches) => branches
            .iter()
            .find(|branch| {
                let mut properties = branch["properties"].as_object().unwrap().iter();
                properties.any(|(name, property)| property.get("const").is_some_and(|it| *it == value[name]))
            })
            .unwrap(),
        None => schema,
    };
    match value {
        Value::Object(members) => {
            let mut members = members.clone();
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                if let Some(default) = property.get("default") {
                    members.entry(name).or_insert_with(|| default.clone());
                }
                if let Some(member) = members.get_mut(name) {
                    *member = filled(property, member);
                }
            }
            Value::Object(members)
        }
        Value::Array(elements) => elements.iter().map(|element| filled(&schema["items"], element)).collect(),
        other => other.clone(),
    }
}

#[test]
fn a_default_in_the_specification_is_what_absence_means() {
    let schema = schema();
    let streams = json!({"streams": [{"name": "a", "associations": [{"column": "c", "object": "COMPANY"}]}]});
    let mut configs = vec![minimal(), reference(), with(&streams)];
    configs.extend(storages().into_iter().map(|storage| with(&json!({"object_storage_config": storage}))));
    for format in ["CSV", "JSONL"] {
        let storage = json!({"storage_type": "Local", "path": "p", "format": {"format_type": format}});
        configs.push(with(&json!({"object_storage_config": storage})));
    }
    for config in configs {
        let explicit = filled(&schema, &config);
        assert_ne!(explicit, config);
        assert_eq!(
            format!("{:?}", read(&explicit).unwrap()),
            format!("{:?}", read(&config).unwrap()),
            "{config}"
        );
    }
}

#[test]
fn examples_are_accepted() {
    let schema = schema();
    let stream = &schema["properties"]["streams"]["items"]["properties"];
    for (name, property) in stream.as_object().unwrap() {
        for example in property["examples"].as_array().into_iter().flatten() {
            let mut config = complete();
            config["streams"][0][name] = example.clone();
            read(&config).unwrap();
        }
    }
}

#[test]
fn the_rest_of_the_message_is_what_the_platform_reads() {
    let specification = specification();
    assert_eq!(
        specification["supported_destination_sync_modes"],
        json!(["append", "append_dedup", "overwrite"])
    );
    assert_eq!(specification["supportsIncremental"], true);
    assert_eq!(specification["supportsNormalization"], false);
    assert_eq!(specification["supportsDBT"], false);
    assert_eq!(
        specification["documentationUrl"],
        "https://github.com/destination-hubspot/destination-hubspot/blob/main/docs/airbyte.md"
    );
}

#[test]
fn signing_in_by_button_fills_fields_that_exist() {
    let specification = specification();
    let auth = &specification["advanced_auth"];
    let oauth = &specification["connectionSpecification"]["properties"]["credentials"]["oneOf"][0];
    assert_eq!(auth["predicate_key"], json!(["credentials", "type"]));
    assert_eq!(auth["predicate_value"], oauth["properties"]["type"]["const"]);
    let config = &auth["oauth_config_specification"];
    let mut filled = BTreeSet::new();
    for part in ["complete_oauth_output_specification", "complete_oauth_server_output_specification"] {
        for (_, property) in config[part]["properties"].as_object().unwrap() {
            let path = property["path_in_connector_config"].as_array().unwrap();
            assert_eq!((path.len(), &path[0]), (2, &json!("credentials")));
            filled.insert(path[1].as_str().unwrap());
        }
    }
    let declared: BTreeSet<_> = names(oauth).into_iter().filter(|name| *name != "type").collect();
    assert_eq!(filled, declared);

    let input = &config["oauth_connector_input_specification"];
    let consent = input["consent_url"].as_str().unwrap();
    assert!(consent.starts_with("https://app.hubspot.com/oauth/authorize?{{ client_id_key }}="), "{consent}");
    assert!(!consent.contains("  "), "no blanks from the source text: {consent}");
    assert_eq!(input["access_token_url"], "https://api.hubapi.com/oauth/v3/token");
    let scopes =
        |name: &str| -> Vec<String> { input[name].as_str().unwrap().split(' ').map(str::to_owned).collect() };
    let all = [scopes("scope"), scopes("optional_scope")].concat();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "no scope is asked for twice");
    assert!(scopes("optional_scope").is_sorted());
}
