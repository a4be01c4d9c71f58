//! Configurations that work, and what they become.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{complete, minimal, read, reference, storages, with};
use crate::config::storage::{
    AzureAccess, Compression, FileFormat, Flattening, ObjectStorage, S3Access, S3Storage, Stringify,
};
use crate::config::{
    ApiVersion, Config, Credentials, EmptyStrings, InvalidValues, Match, NullValues, Operation,
    RejectedRecordsOutput, UnknownProperties,
};

#[test]
fn the_least_configuration_has_every_default() {
    let config = read(&minimal()).unwrap();
    let Credentials::AccessToken(credentials) = &config.credentials else { panic!("{config:?}") };
    assert_eq!(credentials.access_token.expose_secret(), "zq-access-token");
    assert!(matches!(config.object_storage_config, ObjectStorage::None));
    assert!(config.object_storage_config.files().is_none());
    assert!(config.streams.is_empty());
    assert_eq!(config.unknown_properties, UnknownProperties::Drop);
    assert_eq!(config.invalid_values, InvalidValues::RejectRecord);
    assert_eq!(config.null_values, NullValues::Ignore);
    assert_eq!(config.empty_strings, EmptyStrings::Clear);
    assert_eq!(config.rejected_records_output(true), RejectedRecordsOutput::Redacted);
    assert_eq!(config.rejected_records_output(false), RejectedRecordsOutput::Full);
    assert_eq!((config.rate_limit_share, config.daily_reserve_percent, config.create_limit), (100, 5, 50));
    assert!(!config.dry_run);
    assert_eq!(config.api_version, ApiVersion::V3);
    assert_eq!(config.api_base_url.as_str(), "https://api.hubapi.com");
    assert_eq!(config.request_timeout_seconds.duration(), Duration::from_secs(120));
    assert_eq!(config.retry_budget_seconds.duration(), Duration::from_secs(1800));
    assert_eq!(config.flush_interval_seconds.duration(), Duration::from_secs(5));
    assert_eq!(config.unknown_keys, []);
}

fn s3(config: &Config) -> &S3Storage {
    match &config.object_storage_config {
        ObjectStorage::S3(s3) => s3,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_configuration_of_the_reference_connector_is_read_unchanged() {
    let config = read(&reference()).unwrap();
    assert_eq!(config.unknown_keys, []);
    let Credentials::OAuth(credentials) = &config.credentials else { panic!("{config:?}") };
    assert_eq!(credentials.client_id.expose_secret(), "zq-client-id");
    assert_eq!(credentials.client_secret.expose_secret(), "zq-client-secret");
    assert_eq!(credentials.refresh_token.expose_secret(), "zq-refresh-token");
    let s3 = s3(&config);
    let S3Access::Keys { id, secret } = s3.access() else { panic!("{:?}", s3.access()) };
    assert_eq!(id.expose_secret(), "zq-access-key-id");
    assert_eq!(secret.expose_secret(), "zq-secret-access-key");
    assert_eq!((s3.s3_bucket_name.as_str(), s3.s3_bucket_region.as_str()), ("bucket", "eu-central-1"));
    assert_eq!(s3.endpoint_url().as_deref(), Some("http://localhost:9000"));
    assert_eq!(s3.bucket_path, "prefix/");
    let files = config.object_storage_config.files().unwrap();
    let format = FileFormat::JsonLines { flattening: Flattening::RootLevel, stringify: Stringify::Stringify };
    assert_eq!((files.format, files.compression), (&format, Compression::Gzip));
    assert_eq!((files.path_format, files.file_name_format), ("{sync_id}/{stream_name}/", "{timestamp}"));
}

#[test]
fn a_saved_configuration_may_be_as_short_as_the_reference_connectors_schema_allows() {
    let mut config = reference();
    config["object_storage_config"] = json!({
        "storage_type": "S3",
        "s3_bucket_name": "bucket",
        "s3_bucket_region": "",
        "bucket_path": "",
        "format": {"format_type": "CSV", "flattening": "No flattening"},
    });
    let config = read(&config).unwrap();
    assert!(matches!(s3(&config).access(), S3Access::Ambient));
    let files = config.object_storage_config.files().unwrap();
    assert_eq!(files.format, &FileFormat::Csv { flattening: Flattening::None });
    assert_eq!(files.compression, Compression::None);
    assert_eq!(files.path_format, "{sync_id}/{namespace}/{stream_name}/");
    assert_eq!(files.file_name_format, "{date}_{timestamp}_{part_number}{format_extension}");
}

#[test]
fn every_storage_is_read_with_its_defaults() {
    for storage in storages() {
        let config = read(&with(&json!({"object_storage_config": storage}))).unwrap();
        let format = config.object_storage_config.files().map(|files| files.format.clone());
        let expected = match storage["storage_type"].as_str().unwrap() {
            "None" => None,
            "Local" => {
                Some(FileFormat::JsonLines { flattening: Flattening::None, stringify: Stringify::Default })
            }
            _ => Some(FileFormat::Csv { flattening: Flattening::None }),
        };
        assert_eq!(format, expected, "{storage}");
        if let ObjectStorage::AzureBlob(azure) = &config.object_storage_config {
            let (key, signature) =
                (&storage["azure_blob_storage_account_key"], &storage["shared_access_signature"]);
            match azure.access() {
                AzureAccess::AccountKey(secret) => assert_eq!(secret.expose_secret(), key.as_str().unwrap()),
                AzureAccess::SharedAccessSignature(secret) => {
                    assert_eq!(secret.expose_secret(), signature.as_str().unwrap());
                }
                AzureAccess::Ambient => assert!(key.is_null() && signature.is_null()),
            }
        }
    }
}

#[test]
fn the_way_into_a_bucket_follows_what_is_given() {
    let access = |more: Value| {
        let mut storage = storages()[1].clone();
        for (key, value) in more.as_object().unwrap() {
            storage[key] = value.clone();
        }
        let config = read(&with(&json!({"object_storage_config": storage}))).unwrap();
        match s3(&config).access() {
            S3Access::Keys { .. } => "keys".to_owned(),
            S3Access::Role(role) => role.to_owned(),
            S3Access::Ambient => "ambient".to_owned(),
        }
    };
    assert_eq!(access(json!({"role_arn": " arn "})), "arn");
    assert_eq!(access(json!({"role_arn": ""})), "ambient");
    assert_eq!(access(json!({"secret_access_key": "x"})), "ambient");
    assert_eq!(access(json!({"access_key_id": "x", "secret_access_key": "y", "role_arn": "arn"})), "keys");
}

#[test]
fn an_endpoint_without_a_scheme_gets_https() {
    let mut config = reference();
    for (given, expected) in [
        (" storage.example.com ", Some("https://storage.example.com")),
        ("http://minio:9000", Some("http://minio:9000")),
        ("", None),
    ] {
        config["object_storage_config"]["s3_endpoint"] = json!(given);
        assert_eq!(s3(&read(&config).unwrap()).endpoint_url().as_deref(), expected, "{given}");
    }
}

#[test]
fn every_key_is_read() {
    let config = read(&complete()).unwrap();
    assert_eq!(config.unknown_keys, []);
    let stream = config.stream(Some("public"), "contacts").unwrap();
    assert_eq!(stream.object.as_deref(), Some("CONTACT"));
    assert_eq!(stream.operation, Some(Operation::Update));
    assert_eq!(stream.matching_key.as_deref(), Some("email"));
    assert_eq!(stream.match_by, Match::Search);
    let columns: Vec<_> = stream.property_mapping.pairs().iter().map(|(from, _)| from.as_str()).collect();
    assert_eq!(columns, ["zeta", "alpha", "middle name"], "in the user's order");
    assert_eq!(stream.property_mapping.get("middle name"), Some("middlename"));
    assert_eq!(stream.property_mapping.get("middlename"), None);
    assert_eq!(stream.name_aliases, Some(false));
    assert_eq!(stream.append_options, ["tags"]);
    assert!(stream.lifecycle_backwards && stream.create_event_definition && stream.create_matching_key);
    assert_eq!(stream.audience_statuses["realized"], "Member");
    assert_eq!(
        stream.day_zone().and_then(|zone| zone.iana_name().map(str::to_owned)).as_deref(),
        Some("America/New_York")
    );
    assert_eq!(stream.property_group.as_deref(), Some("imported"));
    let [association] = stream.associations.as_slice() else { panic!("{stream:?}") };
    assert_eq!((association.column.as_str(), association.object.as_str()), ("domain", "COMPANY"));
    assert_eq!(
        (association.key.as_deref(), association.label.as_deref()),
        (Some("domain"), Some("Employer"))
    );
    assert_eq!(config.rejected_records_output(true), RejectedRecordsOutput::None);
    assert_eq!((config.rate_limit_share, config.daily_reserve_percent, config.create_limit), (40, 0, 7));
    assert!(config.dry_run);
    assert_eq!(config.api_version, ApiVersion::V2026_09);
    assert_eq!(config.api_base_url.as_str(), "http://127.0.0.1:4010");
    assert_eq!(config.request_timeout_seconds.duration(), Duration::from_millis(500));
    assert_eq!(config.retry_budget_seconds.duration(), Duration::from_millis(2500));
    assert_eq!(config.flush_interval_seconds.duration(), Duration::ZERO);
}

/// Puts a null beside (and, where a default exists, in place of) everything.
fn sprinkle_nulls(value: &mut Value, required: &[&str]) {
    match value {
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                if required.contains(&key.as_str()) {
                    sprinkle_nulls(member, required);
                } else {
                    *member = Value::Null;
                }
            }
            members.insert("of_another_version".to_owned(), Value::Null);
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| sprinkle_nulls(element, required)),
        _ => {}
    }
}

#[test]
fn a_null_counts_as_absent_at_every_level() {
    let required = [
        "credentials",
        "type",
        "client_id",
        "client_secret",
        "refresh_token",
        "object_storage_config",
        "storage_type",
        "s3_bucket_name",
        "s3_bucket_region",
        "bucket_path",
        "streams",
        "name",
    ];
    let mut nulled = complete();
    sprinkle_nulls(&mut nulled, &required);
    let mut bare = reference();
    bare["object_storage_config"] = json!({
        "storage_type": "S3",
        "s3_bucket_name": "bucket",
        "s3_bucket_region": "eu-central-1",
        "bucket_path": "prefix/",
    });
    bare["streams"] = json!([{"name": "contacts"}]);
    assert_eq!(format!("{:?}", read(&nulled).unwrap()), format!("{:?}", read(&bare).unwrap()));
    let storage_null = with(&json!({"object_storage_config": null, "streams": null}));
    assert_eq!(format!("{:?}", read(&storage_null).unwrap()), format!("{:?}", read(&minimal()).unwrap()));
}

#[test]
fn the_nearest_entry_decides_for_a_stream() {
    let config = read(&with(&json!({"streams": [
        {"name": "orders", "object": "anywhere"},
        {"name": "orders", "namespace": "eu", "object": "eu"},
        {"name": "orders", "namespace": "", "object": "nowhere"},
        {"name": "people", "namespace": "eu", "null_values": "clear"},
    ]})))
    .unwrap();
    let object = |namespace, name| config.stream(namespace, name).and_then(|stream| stream.object.as_deref());
    assert_eq!(object(Some("eu"), "orders"), Some("eu"));
    assert_eq!(object(Some("us"), "orders"), Some("anywhere"));
    assert_eq!(object(None, "orders"), Some("nowhere"));
    assert_eq!(object(Some(""), "orders"), Some("nowhere"));
    assert!(config.stream(None, "people").is_none());
    assert!(config.stream(Some("eu"), "People").is_none());
    let people = config.stream(Some("eu"), "people");
    assert_eq!(config.value_policies(people).null_values, NullValues::Clear);
    assert_eq!(config.value_policies(people).empty_strings, EmptyStrings::Clear);
    assert_eq!(config.value_policies(None).null_values, NullValues::Ignore);
}

#[test]
fn a_whole_number_may_be_written_with_a_point() {
    let config = read(&with(&json!({"rate_limit_share": 50.0, "create_limit": 1e2}))).unwrap();
    assert_eq!((config.rate_limit_share, config.create_limit), (50, 100));
}

#[test]
fn white_space_around_a_secret_is_dropped() {
    let config =
        read(&json!({"credentials": {"type": "AccessToken", "access_token": " zq-token\r\n"}})).unwrap();
    let exposed: Vec<_> = config.secrets().into_iter().map(ExposeSecret::expose_secret).collect();
    assert_eq!(exposed, ["zq-token"]);
}

#[test]
fn unknown_keys_are_named_and_nothing_more() {
    let config = read(&with(&json!({
        "null_value": "clear",
        "object_storage_config": {"storage_type": "None", "bucket_path": "left over"},
        "streams": [{"name": "a", "property_mapping": {"any": "name"}, "associations": [
            {"column": "c", "object": "COMPANY", "labels": 1},
        ]}],
    })))
    .unwrap();
    let named: Vec<_> = config.unknown_keys.iter().map(ToString::to_string).collect();
    assert_eq!(
        named,
        ["null_value", "object_storage_config.bucket_path", "streams[0].associations[0].labels",]
    );
}

#[test]
fn a_rotated_token_is_read_back() {
    let original = serde_json::to_string_pretty(&complete()).unwrap();
    let rotated = Config::to_json_with_refresh_token(&original, &SecretString::from("zq-new")).unwrap();
    assert!(!rotated.contains('\n'));
    let mut expected = complete();
    expected["credentials"]["refresh_token"] = json!("zq-new");
    assert_eq!(rotated, expected.to_string(), "order and all other values kept");
    let Credentials::OAuth(credentials) = Config::from_json(&rotated).unwrap().credentials else { panic!() };
    assert_eq!(credentials.refresh_token.expose_secret(), "zq-new");
}
