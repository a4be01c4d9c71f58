//! Rejected records in storage servers of somebody else's: what our own stand-in takes for granted, they check.

use serde_json::{Value, json};

use crate::storage::{check_message, csv_rows, refused};
use crate::support::delivery::{account, for_contacts, stats};
use crate::support::emulator::Emulator;
use crate::support::messages::{record, stream_state};

/// `check` and two syncs against a server: every record is there, read by another client, nothing is written over.
fn takes_lists_and_gives_back(mut server: Emulator, storage: &Value, place: &str) {
    let sandbox = account().start();
    let connector = for_contacts(&sandbox).with(&json!({"object_storage_config": storage}));
    let message = check_message(&connector, "SUCCEEDED");
    assert!(message.contains(&format!("Rejected records go to {place}")), "{message}");
    assert!(server.objects().is_empty());
    let odd = record("st re/am", json!({"a": 1, "b": "\u{e9} \u{1f600}"}));
    for sync in 1..=2 {
        let run = connector.write(&[refused(1), odd.clone(), stream_state("contacts", 1)]).succeeded();
        assert_eq!(stats(&run), [(0.0, 1.0)]);
        assert_eq!(server.objects().len(), 2 * sync, "{:?}", server.objects().keys());
    }
    let objects = server.objects();
    for (name, expected) in
        [("contacts", refused(1)["record"]["data"].clone()), ("st%20re%2Fam", odd["record"]["data"].clone())]
    {
        let folder = format!("hub/spot/0/{name}/");
        let found: Vec<&String> =
            objects.iter().filter(|(key, _)| key.starts_with(&folder)).map(|(_, content)| content).collect();
        assert_eq!(found.len(), 2, "{:?}", objects.keys());
        for content in found {
            let rows = csv_rows(content.as_bytes());
            assert_eq!(rows.len(), 1);
            assert_eq!(serde_json::from_str::<Value>(&rows[0]["_airbyte_data"]).expect("JSON"), expected);
        }
    }
}

/// `write` against a bucket that is not there: refused before anything is written.
fn is_missing(storage: &Value, word: &str) {
    let sandbox = account().start();
    let connector = for_contacts(&sandbox).with(&json!({"object_storage_config": storage}));
    let message = check_message(&connector, "FAILED");
    assert!(message.contains(word), "{message}");
    let run = connector.write(&[record("contacts", json!({"email": "a@example.com"}))]);
    let run = run.failed_with("config_error");
    assert!(run.error()["message"].as_str().is_some_and(|message| message.contains(word)), "{run:#?}");
    assert_eq!(sandbox.writes(), 0);
}

#[test]
fn s3_by_moto() {
    let Some(server) = Emulator::s3() else { return };
    let storage = |bucket: &str| {
        json!({"storage_type": "S3", "access_key_id": "AKIAEXAMPLE", "secret_access_key": "zq-secret-key",
            "s3_bucket_name": bucket, "s3_bucket_region": "eu-west-1", "bucket_path": "hub/spot",
            "s3_endpoint": server.url()})
    };
    is_missing(&storage("no-such-bucket"), "NoSuchBucket");
    let rejects = storage("rejects");
    takes_lists_and_gives_back(server, &rejects, "the S3 bucket \"rejects\"");
}

#[test]
fn azure_blob_storage_by_azurite() {
    let Some(server) = Emulator::azure() else { return };
    // Azurite's own account and key, which it documents; it checks the signature of every request.
    let storage = |container: &str, key: &str| {
        json!({"storage_type": "AzureBlob", "azure_blob_storage_account_name": "devstoreaccount1",
            "azure_blob_storage_container_name": container, "azure_blob_storage_account_key": key,
            "azure_blob_storage_endpoint": format!("{}/devstoreaccount1", server.url()), "bucket_path": "hub/spot"})
    };
    let key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    is_missing(&storage("no-such-container", key), "ContainerNotFound");
    is_missing(&storage("rejects", "bm90IHRoZSBrZXk="), "access is refused");
    let rejects = storage("rejects", key);
    takes_lists_and_gives_back(server, &rejects, "the Azure container \"rejects\"");
}

#[test]
fn google_cloud_storage_by_fake_gcs_server() {
    let Some(server) = Emulator::gcs() else { return };
    let storage = |bucket: &str| {
        let account = json!({"disable_oauth": true, "client_email": "a@b", "private_key": "", "private_key_id": "",
            "gcs_base_url": server.url()});
        json!({"storage_type": "GCS", "gcs_bucket_name": bucket, "bucket_path": "hub/spot",
            "gcs_endpoint": server.url(), "service_account_json": account.to_string()})
    };
    is_missing(&storage("no-such-bucket"), "it does not exist");
    let rejects = storage("rejects");
    takes_lists_and_gives_back(server, &rejects, "the Google Cloud Storage bucket \"rejects\"");
}
