//! Configurations that cannot work, and the exact words that say why.

use serde_json::{Value, json};

use super::{minimal, read, with};
use crate::config::{Config, ConfigError};

fn refusal(config: &Value) -> String {
    match read(config) {
        Ok(config) => panic!("accepted: {config:?}"),
        Err(error) => {
            let text = error.to_string();
            assert_eq!(error.problems().is_empty(), !text.contains("not valid:"), "{text}");
            text.trim_start_matches("the configuration is not valid: ").to_owned()
        }
    }
}

fn refused(table: &[(Value, &str)]) {
    for (config, expected) in table {
        assert_eq!(refusal(config), *expected, "{config}");
    }
}

fn credentials(credentials: Value) -> Value {
    json!({ "credentials": credentials })
}

fn storage(storage: Value) -> Value {
    with(&json!({ "object_storage_config": storage }))
}

fn stream(stream: Value) -> Value {
    with(&json!({ "streams": [{"name": "first"}, stream] }))
}

#[test]
fn text_that_is_no_json() {
    for (text, expected) in [
        ("", "the configuration is not valid JSON (line 1, column 0)"),
        ("{\n  \"credentials\": zq", "the configuration is not valid JSON (line 2, column 18)"),
        ("{\"a\": \"zq\u{1}\"}", "the configuration is not valid JSON (line 1, column 10)"),
    ] {
        let error = Config::from_json(text).unwrap_err();
        assert!(matches!(error, ConfigError::NotJson { .. }));
        assert_eq!(error.to_string(), expected);
    }
    assert!(matches!(Config::from_json(b"{\"a\": \"\xff\"}"), Err(ConfigError::NotJson { .. })));
}

#[test]
fn roots_and_credentials() {
    refused(&[
        (json!([]), "the configuration must be an object"),
        (json!(null), "the configuration must be an object"),
        (json!({}), "credentials is required"),
        (json!({"credentials": null}), "credentials is required"),
        (credentials(json!("zq")), "credentials must be an object"),
        (
            credentials(json!({"access_token": "zq"})),
            r#"credentials.type is required: set it to "OAuth" or "AccessToken""#,
        ),
        (credentials(json!({"type": "oauth"})), r#"credentials.type must be "OAuth" or "AccessToken""#),
        (credentials(json!({"type": 42})), r#"credentials.type must be "OAuth" or "AccessToken""#),
        (credentials(json!({"type": "AccessToken"})), "credentials.access_token is required"),
        (
            credentials(json!({"type": "AccessToken", "access_token": null})),
            "credentials.access_token is required",
        ),
        (
            credentials(json!({"type": "AccessToken", "access_token": 42})),
            "credentials.access_token must be text",
        ),
        (
            credentials(json!({"type": "AccessToken", "access_token": " \n"})),
            "credentials.access_token must not be blank",
        ),
        (
            credentials(json!({"type": "AccessToken", "access_token": "Bearer pat-na1-zq"})),
            "credentials.access_token must be the token alone, without the word \"Bearer\": copy it again from HubSpot, the \
             whole of it",
        ),
        (
            credentials(json!({"type": "AccessToken", "access_token": "pat-na1\nzq"})),
            "credentials.access_token must be the token alone, on one line and without blanks: copy it again from HubSpot, \
             the whole of it",
        ),
        (
            credentials(json!({"type": "AccessToken", "access_token": "\"pat-na1-zq\""})),
            "credentials.access_token must be the token alone, without quotation marks: copy it again from HubSpot, the \
             whole of it",
        ),
        (
            credentials(json!({"type": "AccessToken", "access_token": "pat-na1-z\u{200b}q"})),
            "credentials.access_token must be the token alone, without characters that no token has (accents, invisible \
             ones): copy it again from HubSpot, the whole of it",
        ),
        (
            credentials(json!({"type": "OAuth", "client_id": ["zq"], "refresh_token": ""})),
            "credentials.client_id must be text; credentials.client_secret is required",
        ),
        (
            credentials(json!({"type": "OAuth", "client_id": "", "client_secret": " ", "refresh_token": ""})),
            "credentials.client_id must not be blank; credentials.client_secret must not be blank; \
             credentials.refresh_token must not be blank",
        ),
    ]);
}

#[test]
fn storages() {
    let s3 = |more: Value| {
        let mut config = json!({
            "storage_type": "S3", "s3_bucket_name": "b", "s3_bucket_region": "r", "bucket_path": "p",
        });
        for (key, value) in more.as_object().unwrap() {
            config[key] = value.clone();
        }
        storage(config)
    };
    refused(&[
        (
            storage(json!({})),
            "object_storage_config.storage_type is required: \
             set it to \"None\", \"S3\", \"GCS\", \"AzureBlob\" or \"Local\"",
        ),
        (
            storage(json!({"storage_type": "FTP"})),
            r#"object_storage_config.storage_type must be "None", "S3", "GCS", "AzureBlob" or "Local""#,
        ),
        (
            storage(json!({"storage_type": "S3", "s3_bucket_name": 5})),
            "object_storage_config.bucket_path is required; \
             object_storage_config.s3_bucket_name must be text; \
             object_storage_config.s3_bucket_region is required",
        ),
        (s3(json!({"s3_bucket_name": " "})), "object_storage_config.s3_bucket_name must not be blank"),
        (
            s3(json!({"access_key_id": "zq"})),
            "object_storage_config.secret_access_key is required when access_key_id is set",
        ),
        (
            s3(json!({"access_key_id": "", "secret_access_key": "zq"})),
            "object_storage_config.access_key_id must not be blank",
        ),
        (
            s3(json!({"format": {"format_type": "PARQUET"}})),
            r#"object_storage_config.format.format_type must be "CSV" or "JSONL""#,
        ),
        (
            s3(json!({"format": {"format_type": "JSONL", "stringify": "zq", "flattening": 1}})),
            "object_storage_config.format.flattening must be \"No flattening\" or \"Root level flattening\"; \
             object_storage_config.format.stringify must be \"Default\" or \"Stringify\"",
        ),
        (s3(json!({"format": "CSV"})), "object_storage_config.format must be an object"),
        (
            s3(json!({"compression": {}})),
            "object_storage_config.compression.compression_type is required: \
             set it to \"No Compression\" or \"GZIP\"",
        ),
        (storage(json!({"storage_type": "Local"})), "object_storage_config.path is required"),
        (
            storage(json!({"storage_type": "Local", "path": ""})),
            "object_storage_config.path must not be blank",
        ),
        (
            storage(json!({
                "storage_type": "GCS", "gcs_bucket_name": "", "bucket_path": "", "service_account_json": "",
            })),
            "object_storage_config.service_account_json must not be blank; \
             object_storage_config.gcs_bucket_name must not be blank",
        ),
        (
            storage(json!({
                "storage_type": "AzureBlob",
                "azure_blob_storage_account_name": "a",
                "azure_blob_storage_container_name": "",
                "bucket_path": "",
                "azure_blob_storage_account_key": "zq",
                "shared_access_signature": "zq",
            })),
            "object_storage_config.azure_blob_storage_container_name must not be blank; \
             object_storage_config.shared_access_signature must not be set together with \
             azure_blob_storage_account_key: remove one of the two",
        ),
    ]);
}

#[test]
fn streams() {
    refused(&[
        (with(&json!({"streams": {"name": "a"}})), "streams must be a list"),
        (
            with(&json!({"streams": ["zq", null]})),
            "streams[0] must be an object; streams[1] must be an object",
        ),
        (stream(json!({})), "streams[1].name is required"),
        (stream(json!({"name": " "})), "streams[1].name must not be blank"),
        (
            stream(json!({"name": "a", "operation": "delete"})),
            r#"streams[1].operation must be "upsert", "insert", "update", "archive" or "mirror""#,
        ),
        (stream(json!({"name": "a", "match": "fuzzy"})), r#"streams[1].match must be "unique" or "search""#),
        (
            stream(json!({"name": "a", "matching_key": "", "object": " ", "property_group": ""})),
            "streams[1].object must not be blank; streams[1].matching_key must not be blank; \
             streams[1].property_group must not be blank",
        ),
        (stream(json!({"name": "a", "matching_key": ["email"]})), "streams[1].matching_key must be text"),
        (
            stream(json!({"name": "a", "property_mapping": {"first name": 5}})),
            r#"streams[1].property_mapping["first name"] must be text"#,
        ),
        (
            stream(json!({"name": "a", "property_mapping": {"0": ""}})),
            "streams[1].property_mapping.0 must not be blank",
        ),
        (
            stream(json!({"name": "a", "append_options": ["tags", 5]})),
            "streams[1].append_options[1] must be text",
        ),
        (
            stream(json!({"name": "a", "append_options": ["tags", " "]})),
            "streams[1].append_options[1] must not be blank",
        ),
        (
            stream(json!({"name": "a", "date_time_zone": "Mars/Olympus"})),
            "streams[1].date_time_zone must be the IANA name of a time zone, such as \"America/New_York\", \
             \"Europe/Berlin\" or \"UTC\"",
        ),
        (
            stream(json!({"name": "a", "associations": [{"object": "COMPANY"}, {"column": "c"}]})),
            "streams[1].associations[0].column is required; streams[1].associations[1].object is required",
        ),
        (
            stream(
                json!({"name": "a", "associations": [{"column": "", "object": "", "key": "", "label": ""}]}),
            ),
            "streams[1].associations[0].column must not be blank; \
             streams[1].associations[0].object must not be blank; \
             streams[1].associations[0].key must not be blank; \
             streams[1].associations[0].label must not be blank",
        ),
        (
            stream(json!({"name": "a", "name_aliases": "yes"})),
            "streams[1].name_aliases must be true or false",
        ),
        (
            stream(json!({"name": "a", "null_values": "zq"})),
            r#"streams[1].null_values must be "ignore" or "clear""#,
        ),
        (
            stream(json!({"name": "first"})),
            "streams[1] configures the same stream as streams[0]: keep one entry for each namespace and name",
        ),
        (
            stream(json!({"name": "first", "namespace": null})),
            "streams[1] configures the same stream as streams[0]: keep one entry for each namespace and name",
        ),
    ]);
}

#[test]
fn choices_and_numbers() {
    let url = "api_base_url must be an absolute URL such as https://host or http://host:8080/path, \
               without user name, query or fragment";
    refused(&[
        (
            with(&json!({"unknown_properties": "keep"})),
            r#"unknown_properties must be "drop", "reject" or "create""#,
        ),
        (
            with(&json!({"invalid_values": true})),
            r#"invalid_values must be "reject_record" or "drop_property""#,
        ),
        (with(&json!({"empty_strings": "zq"})), r#"empty_strings must be "clear" or "ignore""#),
        (
            with(&json!({"rejected_records_output": "zq"})),
            r#"rejected_records_output must be "full", "redacted" or "none""#,
        ),
        (
            with(
                &json!({"rejection_limit": "5 in a hundred", "streams": [{"name": "a", "mirror_max_archive": -1}]}),
            ),
            "streams[0].mirror_max_archive must be a whole number such as \"100\", or a percentage such as \"5%\"; \
             rejection_limit must be a whole number such as \"100\", or a percentage such as \"5%\"",
        ),
        (with(&json!({"rejection_limit": 2.5})), "rejection_limit must be text"),
        (with(&json!({"api_version": "v4"})), r#"api_version must be "v3", "2026-03" or "2026-09""#),
        (with(&json!({"rate_limit_share": 0})), "rate_limit_share must be between 1 and 100"),
        (with(&json!({"rate_limit_share": 50.5})), "rate_limit_share must be a whole number"),
        (with(&json!({"rate_limit_share": "50"})), "rate_limit_share must be a whole number"),
        (with(&json!({"daily_reserve_percent": 101})), "daily_reserve_percent must be between 0 and 100"),
        (with(&json!({"create_limit": -1})), "create_limit must be between 0 and 1000000"),
        (with(&json!({"create_limit": 5_000_000_000_u64})), "create_limit must be between 0 and 1000000"),
        (with(&json!({"dry_run": "true"})), "dry_run must be true or false"),
        (
            with(&json!({"request_timeout_seconds": 0})),
            "request_timeout_seconds must be between 0.01 and 3600",
        ),
        (with(&json!({"retry_budget_seconds": 1e300})), "retry_budget_seconds must be between 0 and 86400"),
        (with(&json!({"flush_interval_seconds": "5s"})), "flush_interval_seconds must be a number"),
        (with(&json!({"api_base_url": 5})), "api_base_url must be text"),
        (with(&json!({"api_base_url": ""})), url),
        (with(&json!({"api_base_url": "api.hubapi.com"})), url),
        (with(&json!({"api_base_url": "https://zq:zq@api.hubapi.com"})), url),
    ]);
}

#[test]
fn several_mistakes_are_told_at_once() {
    let mut config = minimal();
    config["credentials"]["access_token"] = json!(1);
    config["streams"] = json!([{"name": "a", "operation": "zq"}]);
    config["rate_limit_share"] = json!(1000);
    assert_eq!(
        refusal(&config),
        "credentials.access_token must be text; rate_limit_share must be between 1 and 100; \
         streams[0].operation must be \"upsert\", \"insert\", \"update\", \"archive\" or \"mirror\""
    );
}
