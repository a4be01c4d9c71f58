//! The configuration as a whole: what is accepted, what is refused and how, and what the specification says.

use serde_json::{Value, json};

use super::{Config, ConfigError};

mod accepted;
mod leaks;
mod refused;
mod specification;

fn read(config: &Value) -> Result<Config, ConfigError> {
    Config::from_json(config.to_string())
}

/// The least a configuration needs.
fn minimal() -> Value {
    json!({"credentials": {"type": "AccessToken", "access_token": "zq-access-token"}})
}

/// [`minimal`] with some keys more.
fn with(more: &Value) -> Value {
    let mut config = minimal();
    for (key, value) in more.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    config
}

/// One configuration that works with the reference connector: its OAuth keys and every key of its S3 storage.
fn reference() -> Value {
    json!({
        "credentials": {
            "type": "OAuth",
            "client_id": "zq-client-id",
            "client_secret": "zq-client-secret",
            "refresh_token": "zq-refresh-token",
        },
        "object_storage_config": {
            "storage_type": "S3",
            "access_key_id": "zq-access-key-id",
            "secret_access_key": "zq-secret-access-key",
            "role_arn": "arn:aws:iam::1:role/r",
            "s3_bucket_name": "bucket",
            "s3_bucket_region": "eu-central-1",
            "s3_endpoint": "http://localhost:9000",
            "bucket_path": "prefix/",
            "format": {
                "format_type": "JSONL", "flattening": "Root level flattening", "stringify": "Stringify",
            },
            "compression": {"compression_type": "GZIP"},
            "path_format": "{sync_id}/{stream_name}/",
            "file_name_format": "{timestamp}",
        },
    })
}

/// Every storage with only what it requires, and one with every secret it knows.
fn storages() -> Vec<Value> {
    vec![
        json!({"storage_type": "None"}),
        json!({"storage_type": "S3", "s3_bucket_name": "b", "s3_bucket_region": "", "bucket_path": ""}),
        json!({"storage_type": "GCS", "gcs_bucket_name": "b", "bucket_path": "p"}),
        json!({
            "storage_type": "GCS", "gcs_bucket_name": "b", "bucket_path": "p", "service_account_json": "zq",
        }),
        json!({
            "storage_type": "AzureBlob",
            "azure_blob_storage_account_name": "a",
            "azure_blob_storage_container_name": "c",
            "bucket_path": "p",
        }),
        json!({
            "storage_type": "AzureBlob",
            "azure_blob_storage_account_name": "a",
            "azure_blob_storage_container_name": "c",
            "azure_blob_storage_account_key": "zq-account-key",
            "bucket_path": "p",
        }),
        json!({
            "storage_type": "AzureBlob",
            "azure_blob_storage_account_name": "a",
            "azure_blob_storage_container_name": "c",
            "shared_access_signature": "zq-signature",
            "bucket_path": "p",
        }),
        json!({"storage_type": "Local", "path": "/local/rejected"}),
    ]
}

/// Every key of the configuration and of a stream, each with something other than its default.
fn complete() -> Value {
    let mut config = reference();
    let more = json!({
        "streams": [{
            "name": "contacts",
            "namespace": "public",
            "object": "CONTACT",
            "operation": "update",
            "matching_key": "email",
            "match": "search",
            "property_mapping": {"zeta": "firstname", "alpha": "lastname", "middle name": "middlename"},
            "name_aliases": false,
            "append_options": ["tags"],
            "lifecycle_backwards": true,
            "property_group": "imported",
            "associations": [{"column": "domain", "object": "COMPANY", "key": "domain", "label": "Employer"}],
            "create_event_definition": true,
            "create_matching_key": true,
            "date_time_zone": "America/New_York",
            "audience_statuses": {"realized": "Member"},
            "unknown_properties": "create",
            "invalid_values": "drop_property",
            "null_values": "clear",
            "empty_strings": "ignore",
        }],
        "unknown_properties": "reject",
        "invalid_values": "drop_property",
        "null_values": "clear",
        "empty_strings": "ignore",
        "rejected_records_output": "none",
        "rate_limit_share": 40,
        "daily_reserve_percent": 0,
        "create_limit": 7,
        "dry_run": true,
        "api_version": "2026-09",
        "api_base_url": "http://127.0.0.1:4010/",
        "request_timeout_seconds": 0.5,
        "retry_budget_seconds": 2.5,
        "flush_interval_seconds": 0,
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    config
}
