//! Storing against a storage in memory, and what errors are read as.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use object_store::memory::InMemory;

use super::*;
use crate::config::storage::{FileFormat, FileSettings, Flattening};

const FORMAT: FileFormat = FileFormat::Csv { flattening: Flattening::None };

fn place() -> Place {
    Place { name: "the bucket".to_owned(), folder: "base".to_owned(), advice: "Check it." }
}

fn store(objects: &Arc<InMemory>, compression: Compression, file_name_format: &str) -> RejectStore {
    let path_format = "{sync_id}/{namespace}/{stream_name}/";
    let files = FileSettings { format: &FORMAT, compression, path_format, file_name_format };
    let naming = Naming::new("base", files, &SyncId::new(Some(7), None), 1).unwrap();
    let objects: Arc<dyn ObjectStore> = Arc::<InMemory>::clone(objects);
    RejectStore::new(objects, place(), naming, compression, Duration::from_secs(5))
}

fn lot(name: &str, lines: &str) -> Lot {
    Lot { stream: StreamDescriptor::new(name, None), lines: lines.as_bytes().to_vec() }
}

async fn found(objects: &InMemory) -> BTreeMap<String, Bytes> {
    let mut found = BTreeMap::new();
    let mut folders = vec![Path::from("")];
    while let Some(folder) = folders.pop() {
        let listed = objects.list_with_delimiter(Some(&folder)).await.unwrap();
        folders.extend(listed.common_prefixes);
        for object in listed.objects {
            let content = objects.get(&object.location).await.unwrap().bytes().await.unwrap();
            found.insert(object.location.to_string(), content);
        }
    }
    found
}

#[tokio::test]
async fn every_lot_becomes_a_file_under_a_name_of_its_own() {
    let objects = Arc::new(InMemory::new());
    let store = store(&objects, Compression::None, "{part_number}{format_extension}");
    store.put(vec![lot("a", "1"), lot("b/c", "2")]).await.unwrap();
    store.put(vec![lot("a", "3")]).await.unwrap();
    let expected = [("base/7/a/0.csv", "1"), ("base/7/a/2.csv", "3"), ("base/7/b%2Fc/1.csv", "2")];
    let expected = expected.map(|(key, text)| (key.to_owned(), Bytes::from(text)));
    assert_eq!(found(&objects).await, BTreeMap::from(expected));
}

#[tokio::test]
async fn what_is_there_is_never_written_over() {
    let objects = Arc::new(InMemory::new());
    for text in ["first", "second", "third"] {
        // A sync of its own each time, whose format leaves out what would tell them apart.
        let store = store(&objects, Compression::None, "rejected{format_extension}");
        store.put(vec![lot("a", text)]).await.unwrap();
    }
    let texts: Vec<Bytes> = found(&objects).await.into_values().collect();
    assert_eq!(texts, ["first", "second", "third"]);
}

#[tokio::test]
async fn files_are_compressed_where_that_is_asked_for() {
    let objects = Arc::new(InMemory::new());
    let store = store(&objects, Compression::Gzip, "{part_number}{format_extension}");
    store.put(vec![lot("a", "some text, some text, some text")]).await.unwrap();
    let files = found(&objects).await;
    let mut text = String::new();
    GzDecoder::new(&*files["base/7/a/0.csv.gz"]).read_to_string(&mut text).unwrap();
    assert_eq!(text, "some text, some text, some text");
}

#[tokio::test]
async fn a_probe_leaves_nothing_behind() {
    let objects = Arc::new(InMemory::new());
    let store = store(&objects, Compression::None, "{part_number}");
    assert_eq!(store.probe().await.unwrap(), "Rejected records go to the bucket.");
    assert!(found(&objects).await.is_empty());
}

#[tokio::test]
async fn a_sync_is_admitted_beside_another_and_leaves_nothing_behind() {
    let objects = Arc::new(InMemory::new());
    let store = store(&objects, Compression::None, "{part_number}");
    // What a sync that begins at the same time, or one that may not remove files, has put there.
    objects.put(&Path::from("base/_check_test"), PutPayload::from_static(b"theirs")).await.unwrap();
    for _ in 0..2 {
        store.admit().await.unwrap();
        assert!(found(&objects).await.is_empty());
    }
}

#[test]
fn errors_are_read_without_their_words() {
    let said = |status: &str| {
        format!(
            "Server returned non-2xx status code: {status}: <Code>TheCode</Code><AWSAccessKeyId>AKIA</AWSAccessKeyId>"
        )
    };
    let generic = |text: String| Error::Generic { store: "S3", source: text.into() };
    let io = |kind: std::io::ErrorKind| Error::Generic {
        store: "Local",
        source: Box::new(std::io::Error::from(kind)),
    };
    let code = || Some("TheCode".to_owned());
    let denied = Error::PermissionDenied { path: "p".into(), source: said("403 Forbidden").into() };
    let missing = Error::NotFound { path: "p".into(), source: said("404 Not Found").into() };
    for (error, expected, kind) in [
        (denied, Trouble::Refused(code()), Kind::Configuration),
        (missing, Trouble::Missing(code()), Kind::Configuration),
        (generic(said("400 Bad Request")), Trouble::Misaddressed(code()), Kind::Configuration),
        (generic(said("503 Slow Down")), Trouble::Failing(503), Kind::Unavailable),
        (generic("something".to_owned()), Trouble::Unknown, Kind::Unavailable),
        (
            io(std::io::ErrorKind::ReadOnlyFilesystem),
            Trouble::Unwritable(std::io::ErrorKind::ReadOnlyFilesystem),
            Kind::Configuration,
        ),
        (
            io(std::io::ErrorKind::StorageFull),
            Trouble::Unwritable(std::io::ErrorKind::StorageFull),
            Kind::Unavailable,
        ),
    ] {
        let trouble = Trouble::of(&error);
        assert_eq!(trouble, expected);
        let failure = trouble.into_failure("write", &place());
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.message.contains("the bucket") && !failure.message.contains("AKIA"), "{failure}");
    }
}

fn opened(storage: serde_json::Value) -> Result<Option<open::Opened>, Failure> {
    let storage = serde_json::from_value(storage).unwrap();
    open::open(&storage, Duration::from_secs(5), Duration::from_secs(5))
}

#[test]
fn what_is_malformed_is_refused_without_being_quoted() {
    let gcs = |key: &str| serde_json::json!({"storage_type": "GCS", "gcs_bucket_name": "b", "bucket_path": "", "service_account_json": key});
    let azure = |name: &str, secret: &str| {
        let mut storage = serde_json::json!({"storage_type": "AzureBlob", "azure_blob_storage_account_name": "a",
            "azure_blob_storage_container_name": "b", "bucket_path": ""});
        storage[name] = serde_json::json!(secret);
        storage
    };
    for storage in [
        gcs("zq-no-json"),
        gcs(r#"{"client_email":"zq"}"#),
        azure("azure_blob_storage_account_key", "zq-no-base64!"),
        azure("shared_access_signature", "zq-no-pairs"),
        azure("azure_blob_storage_endpoint", "http://zq zq"),
    ] {
        let failure = opened(storage.clone()).unwrap_err();
        assert_eq!(failure.kind, Kind::Configuration, "{storage}");
        assert!(failure.message.contains("\"b\"") && !failure.message.contains("zq"), "{failure}");
        assert!(failure.internal.is_none());
    }
    let key = azure("azure_blob_storage_account_key", "enEta2V5LWtleQ==");
    assert!(opened(key).unwrap().is_some());
    assert!(opened(serde_json::json!({"storage_type": "None"})).unwrap().is_none());
}
