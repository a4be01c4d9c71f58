//! Rejected records in storage: what files hold and are called, and which states wait for them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::ChildStdin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flate2::read::GzDecoder;
use hubspot_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::memory::assert_bounded;
use crate::support::bucket::{Answer, Bucket};
use crate::support::connector::{Connector, Finished};
use crate::support::delivery::{
    account, contact, contacts, email, for_contacts, for_streams, is_state, keyed, keyed_record,
    state_numbers, stats,
};
use crate::support::messages::{activation_stream, complete, record, stream_state};

/// A record that the connector refuses: HubSpot has no such number.
pub(crate) fn refused(number: usize) -> Value {
    record("contacts", json!({"email": email(number), "numemployees": "private \"x\", y\r\nz"}))
}

/// Every file below a directory, by its path there.
pub(crate) fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
                found.insert(name, fs::read(path).expect("a file"));
            }
        }
    }
    found
}

/// The one file below a directory.
fn only_file(root: &Path) -> (String, Vec<u8>) {
    let found = files(root);
    assert_eq!(found.len(), 1, "{:?}", found.keys());
    found.into_iter().next().expect("one file")
}

pub(crate) fn local(root: &Path, more: &Value) -> Value {
    let mut storage = json!({"storage_type": "Local", "path": root});
    for (key, value) in more.as_object().expect("an object") {
        storage[key] = value.clone();
    }
    json!({"object_storage_config": storage})
}

pub(crate) fn json_lines(content: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(content).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

pub(crate) fn csv_rows(content: &[u8]) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(content).deserialize().map(|row| row.expect("a row")).collect()
}

fn s3(bucket: &Bucket, more: &Value) -> Value {
    let mut storage = json!({
        "storage_type": "S3", "access_key_id": "AKIAEXAMPLE", "secret_access_key": "zq-secret-key",
        "s3_bucket_name": "rejects", "s3_bucket_region": "eu-west-1", "bucket_path": "hub/spot",
        "s3_endpoint": bucket.url(),
    });
    for (key, value) in more.as_object().expect("an object") {
        storage[key] = value.clone();
    }
    json!({"object_storage_config": storage})
}

fn no_secret(run: &Finished) {
    let output = run.lines.concat() + &run.stderr;
    assert!(!output.contains("zq-secret-key") && !output.contains("AKIAEXAMPLE"), "{output}");
}

#[test]
fn a_local_file_holds_the_whole_record_whatever_stdout_shows() {
    let sandbox = account().start();
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("not/yet/there");
    let data = r#"{"email":null,"n":12345678901234567890.10,"z":{"a":[1]}}"#;
    let line = format!(
        r#"{{"type":"RECORD","record":{{"stream":"contacts","emitted_at":1795290302755,"data":{data},"meta":{{"changes":[]}}}}}}"#
    );
    let run = for_contacts(&sandbox)
        .with(&local(&root, &json!({})))
        .with(&json!({"rejected_records_output": "none"}))
        .env("WORKER_JOB_ID", "31")
        .write_text(&format!("{line}\n{}\n{}\n", contact(1), stream_state("contacts", 1)))
        .succeeded();
    assert_eq!(stats(&run), [(1.0, 1.0)]);
    assert!(run.rejected().is_empty());
    let (name, content) = only_file(&root);
    assert!(name.starts_with("31/contacts/2") && name.ends_with("_0.jsonl"), "{name}");
    let text = String::from_utf8(content.clone()).expect("text");
    assert!(text.contains(&format!(r#""_airbyte_data":{data}}}"#)), "{text}");
    let line = &json_lines(&content)[0];
    assert_eq!(line["_airbyte_extracted_at"], json!(1_795_290_302_755_u64));
    assert_eq!(line["_airbyte_generation_id"], json!(0));
    assert_eq!(line["_airbyte_raw_id"].as_str().map(str::len), Some(36));
    let meta = &line["_airbyte_meta"];
    assert_eq!((&meta["sync_id"], &meta["changes"]), (&json!(31), &json!([])));
    assert_eq!(meta["rejection"]["code"], "MISSING_MATCHING_KEY");
}

#[test]
fn csv_is_read_back_by_another_reader_and_hubspot_s_words_are_in_it() {
    let sandbox = account().start();
    let folder = tempfile::tempdir().expect("a folder");
    let by_hubspot = json!({"email": "ann@under_score.example", "city": "a,\"b\"\r\nc"});
    let mut stream = activation_stream("people", "CONTACT", "email", &["email", "city"]);
    stream["stream"]["namespace"] = json!("eu/west");
    stream["generation_id"] = json!(5);
    let mut message = record("people", by_hubspot.clone());
    message["record"]["namespace"] = json!("eu/west");
    let mut end = complete("people");
    end["trace"]["stream_status"]["stream_descriptor"]["namespace"] = json!("eu/west");
    let format = json!({"format": {"format_type": "CSV", "flattening": "Root level flattening"}});
    let run = for_streams(&sandbox, &[stream])
        .with(&local(folder.path(), &format))
        .with(&json!({"rejected_records_output": "redacted"}))
        .write(&[message, end])
        .succeeded();
    assert_eq!(run.codes(), ["INVALID_EMAIL"]);
    let (name, content) = only_file(folder.path());
    assert!(name.starts_with("7/eu%2Fwest/people/") && name.ends_with("_0.csv"), "{name}");
    let rows = csv_rows(&content);
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0]["email"].as_str(), rows[0]["city"].as_str()),
        ("ann@under_score.example", "a,\"b\"\r\nc")
    );
    assert_eq!(rows[0]["_airbyte_generation_id"], "5");
    assert_eq!(serde_json::from_str::<Value>(&rows[0]["_airbyte_data"]).expect("JSON"), by_hubspot);
    let meta: Value = serde_json::from_str(&rows[0]["_airbyte_meta"]).expect("JSON");
    let message = meta["rejection"]["message"].as_str().expect("a message");
    assert!(message.contains("under_score"), "HubSpot's own words are kept: {message}");
}

#[test]
fn compressed_and_stringified_lines_in_folders_of_the_user_s_choice() {
    let sandbox = account().start();
    let folder = tempfile::tempdir().expect("a folder");
    let more = json!({
        "format": {"format_type": "JSONL", "stringify": "Stringify"},
        "compression": {"compression_type": "GZIP"},
        "path_format": "${NAMESPACE}/${STREAM_NAME}/by_", "file_name_format": "{sync_id}{format_extension}",
    });
    let unknown = record("no such stream", json!({"a": 1}));
    for_contacts(&sandbox)
        .with(&local(folder.path(), &more))
        .write(&[refused(1), unknown, refused(2)])
        .succeeded();
    let found = files(folder.path());
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        ["contacts/by_0_0.jsonl.gz", "no%20such%20stream/by_0_1.jsonl.gz"]
    );
    let mut lines = Vec::new();
    for content in found.values() {
        let mut plain = Vec::new();
        GzDecoder::new(&content[..]).read_to_end(&mut plain).expect("gzip");
        lines.extend(json_lines(&plain));
    }
    let codes: Vec<String> = lines
        .iter()
        .map(|line| {
            let meta: Value =
                serde_json::from_str(line["_airbyte_meta"].as_str().expect("text")).expect("JSON");
            meta["rejection"]["code"].as_str().expect("a code").to_owned()
        })
        .collect();
    assert_eq!(codes, ["INVALID_INTEGER", "INVALID_INTEGER", "UNKNOWN_STREAM"]);
    assert_eq!(lines[0]["_airbyte_data"].as_str().expect("text"), refused(1)["record"]["data"].to_string());
}

#[test]
fn nothing_is_stored_where_nothing_is_rejected() {
    let sandbox = account().start();
    let folder = tempfile::tempdir().expect("a folder");
    let run = for_contacts(&sandbox)
        .with(&local(folder.path(), &json!({})))
        .write(&[contact(1), stream_state("contacts", 1)])
        .succeeded();
    assert_eq!((stats(&run), files(folder.path()).len()), (vec![(1.0, 0.0)], 0));
}

#[test]
fn a_state_waits_until_storage_has_the_records_before_it() {
    let sandbox = account().start();
    let bucket = Bucket::start();
    let connector = for_streams(&sandbox, &[contacts(), keyed("cars")]).with(&s3(&bucket, &json!({})));
    let held = bucket.hold();
    let mut running = connector.start_write();
    running.send(&[contact(1), stream_state("contacts", 1), refused(2), stream_state("contacts", 2)]);
    running.wait_for("the first state", |message| is_state(message, "contacts", 1));
    bucket.wait_for_puts(1);
    // Later records, calls and the states of other streams do not wait; this stream's states do.
    running.send(&[contact(3), refused(4), stream_state("contacts", 3)]);
    running.send(&[keyed_record("cars", "a", "b"), stream_state("cars", 1)]);
    running.wait_for("the other stream's state", |message| is_state(message, "cars", 1));
    assert!(running.so_far().iter().all(|message| !is_state(message, "contacts", 2)));
    drop(held);
    running.wait_for("the second state", |message| is_state(message, "contacts", 2));
    let run = running.finish().succeeded();
    assert_eq!(state_numbers(&run)["contacts"], [1, 2, 3]);
    let objects = bucket.objects();
    assert_eq!(objects.len(), 2, "{:?}", objects.keys());
    assert!(
        objects.keys().all(|key| key.starts_with("/rejects/hub/spot/0/contacts/2")),
        "{:?}",
        objects.keys()
    );
    let rows: usize = objects.values().map(|content| csv_rows(content).len()).sum();
    assert_eq!(rows, 2);
    no_secret(&run);
}

/// A sync whose storage fails it after its first state.
fn fails_later(answer: Answer) -> (Finished, Sandbox) {
    let sandbox = account().start();
    let bucket = Bucket::start();
    let connector =
        for_contacts(&sandbox).with(&s3(&bucket, &json!({}))).with(&json!({"retry_budget_seconds": 1}));
    let mut running = connector.start_write();
    running.send(&[contact(1), stream_state("contacts", 1)]);
    running.wait_for("the first state", |message| is_state(message, "contacts", 1));
    bucket.answer_with(answer);
    running.send(&[refused(2), stream_state("contacts", 2), contact(3)]);
    (running.finish(), sandbox)
}

#[test]
fn storage_that_stays_down_ends_the_sync_and_no_state_passes_what_it_lacks() {
    let (run, _) = fails_later(Answer::Status(503));
    let run = run.failed_with("transient_error");
    assert_eq!(state_numbers(&run)["contacts"], [1]);
    let message = run.error()["message"].as_str().expect("a message");
    assert!(message.contains("rejects") && message.contains("503"), "{message}");
    no_secret(&run);
}

#[test]
fn storage_that_comes_back_is_written_to() {
    for before in [contact(1), refused(1)] {
        let sandbox = account().start();
        let bucket = Bucket::start();
        bucket.answer_first(3, Answer::Status(503));
        let connector = for_contacts(&sandbox).with(&s3(&bucket, &json!({})));
        let mut running = connector.start_write();
        running.send(&[before, stream_state("contacts", 1)]);
        running.wait_for("the first state", |message| is_state(message, "contacts", 1));
        let stored = bucket.objects().len();
        bucket.answer_first(3, Answer::Status(503));
        running.send(&[refused(2), stream_state("contacts", 2)]);
        let run = running.finish().succeeded();
        assert_eq!(state_numbers(&run)["contacts"], [1, 2]);
        assert_eq!(bucket.objects().len(), stored + 1);
    }
}

#[test]
fn storage_that_refuses_is_a_config_error_before_anything_is_written() {
    let denied = Answer::Denied("AccessDenied");
    // An answer without end says as much as its beginning.
    let endless = Answer::Endless("SlowReader");
    for (answer, word) in
        [(denied, "AccessDenied"), (Answer::NoSuchBucket, "NoSuchBucket"), (endless, "SlowReader")]
    {
        let sandbox = account().start();
        let bucket = Bucket::start();
        bucket.answer_with(answer);
        let connector = for_contacts(&sandbox).with(&s3(&bucket, &json!({})));
        let run = connector.write(&[contact(1), stream_state("contacts", 1)]).failed_with("config_error");
        assert!(run.states().is_empty());
        assert_eq!(sandbox.writes(), 0);
        let message = run.error()["message"].as_str().expect("a message");
        assert!(message.contains(word) && message.contains("rejects"), "{message}");
        no_secret(&run);
    }
}

#[test]
fn storage_that_is_down_from_the_start_keeps_everything_unwritten() {
    let sandbox = account().start();
    let bucket = Bucket::start();
    bucket.answer_with(Answer::Status(503));
    let run = for_contacts(&sandbox)
        .with(&s3(&bucket, &json!({})))
        .with(&json!({"retry_budget_seconds": 1}))
        .write(&[contact(1), stream_state("contacts", 1)])
        .failed_with("transient_error");
    assert!(run.states().is_empty());
    assert_eq!(sandbox.writes(), 0);
}

#[test]
fn storage_that_refuses_later_is_a_config_error_too() {
    let (run, sandbox) = fails_later(Answer::Denied("AccessDenied"));
    let run = run.failed_with("config_error");
    assert_eq!(state_numbers(&run)["contacts"], [1]);
    assert!(sandbox.writes() >= 1);
}

#[test]
fn storage_that_does_not_let_files_be_removed_takes_records_all_the_same() {
    let sandbox = account().start();
    let bucket = Bucket::start();
    for method in ["DELETE", "GET"] {
        bucket.answer_to(method, Answer::Denied("AccessDenied"));
    }
    for number in [1, 2] {
        let run = for_contacts(&sandbox)
            .with(&s3(&bucket, &json!({})))
            .write(&[refused(number), stream_state("contacts", 1)])
            .succeeded();
        assert_eq!(stats(&run), [(0.0, 1.0)]);
    }
    assert_eq!(bucket.objects().keys().filter(|key| key.ends_with("_check_test")).count(), 1);
}

#[test]
fn a_directory_that_cannot_be_written_to_is_a_config_error() {
    let sandbox = account().start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("a file");
    // A file stands where the directory should be: nothing is written to HubSpot.
    let run = for_contacts(&sandbox)
        .with(&local(&file, &json!({})))
        .write(&[contact(1), stream_state("contacts", 1)])
        .failed_with("config_error");
    assert!(run.states().is_empty());
    assert_eq!(sandbox.count("contacts"), 0);
    // A directory that is replaced by a file while the sync runs.
    let root = folder.path().join("root");
    let connector = for_contacts(&sandbox).with(&local(&root, &json!({})));
    let mut running = connector.start_write();
    running.send(&[contact(1), stream_state("contacts", 1)]);
    running.wait_for("the first state", |message| is_state(message, "contacts", 1));
    fs::remove_dir(&root).expect("an empty directory");
    fs::write(&root, "").expect("a file");
    running.send(&[refused(2), stream_state("contacts", 2)]);
    let run = running.finish().failed_with("config_error");
    assert_eq!(state_numbers(&run)["contacts"], [1]);
}

#[test]
fn a_role_without_a_web_identity_is_refused_before_anything_is_written() {
    let sandbox = account().start();
    let storage = json!({"object_storage_config": {
        "storage_type": "S3", "role_arn": "arn:aws:iam::123456789012:role/r", "s3_bucket_name": "rejects",
        "s3_bucket_region": "eu-west-1", "bucket_path": ""}});
    let run = for_contacts(&sandbox).with(&storage).write(&[contact(1)]).failed_with("config_error");
    let message = run.error()["message"].as_str().expect("a message");
    assert!(message.contains("role_arn") && message.contains("access_key_id"), "{message}");
    assert_eq!(sandbox.count("contacts"), 0);
}

pub(crate) fn check_message(connector: &Connector, status: &str) -> String {
    let run = connector.check();
    no_secret(&run);
    let found = run.of_type("CONNECTION_STATUS")[0]["connectionStatus"].clone();
    assert_eq!(found["status"], status, "{found}");
    found["message"].as_str().expect("a message").to_owned()
}

#[test]
fn check_writes_lists_and_removes_a_file_and_says_where_records_go() {
    let sandbox = account().start();
    let bucket = Bucket::start();
    let connector = Connector::new(&sandbox.url(), sandbox.default_token()).with(&s3(&bucket, &json!({})));
    let message = check_message(&connector, "SUCCEEDED");
    assert!(message.contains("Rejected records go to the S3 bucket \"rejects\""), "{message}");
    let key = "/rejects/hub/spot/_check_test";
    assert_eq!(bucket.calls(), [format!("PUT {key}"), "GET /rejects".to_owned(), format!("DELETE {key}")]);
    assert!(bucket.objects().is_empty());

    let folder = tempfile::tempdir().expect("a folder");
    let connector = connector.with(&local(folder.path(), &json!({})));
    let message = check_message(&connector, "SUCCEEDED");
    assert!(message.contains(&folder.path().to_string_lossy().into_owned()), "{message}");
    assert!(files(folder.path()).is_empty());
}

#[test]
fn a_check_that_fails_names_the_step() {
    let sandbox = account().start();
    let connector = |bucket: &Bucket| {
        Connector::new(&sandbox.url(), sandbox.default_token()).with(&s3(bucket, &json!({})))
    };
    for (method, step) in [("PUT", "write a file"), ("GET", "list files"), ("DELETE", "remove a file")] {
        let bucket = Bucket::start();
        bucket.answer_to(method, Answer::Denied("AccessDenied"));
        let message = check_message(&connector(&bucket), "FAILED");
        assert!(message.contains(step) && message.contains("AccessDenied"), "{message}");
        assert!(message.contains("s3:DeleteObject"), "the rights it needs are named: {message}");
    }
}

#[test]
fn many_rejections_become_few_files_that_hold_each_record_once() {
    const RECORDS: usize = 12_000;
    let sandbox = account().light().start();
    let bucket = Bucket::start();
    let connector = for_streams(&sandbox, &[contacts()])
        .with(&s3(&bucket, &json!({"format": {"format_type": "JSONL"}})))
        .with(&json!({"rejected_records_output": "none", "flush_interval_seconds": 600}));
    let filling = "x".repeat(500);
    let mut input: Vec<Value> = Vec::new();
    for number in 0..RECORDS {
        input.push(record("contacts", json!({"email": null, "number": number, "filling": filling})));
        if number % 1_000 == 999 {
            input.push(stream_state("contacts", number as u64));
        }
    }
    let run = connector.write(&input).succeeded();
    assert_eq!(run.stats(), (0.0, RECORDS as f64));
    let objects = bucket.objects();
    assert!((2..=6).contains(&objects.len()), "{:?}", objects.keys());
    let mut numbers: Vec<u64> = objects
        .values()
        .flat_map(|content| json_lines(content))
        .map(|line| line["_airbyte_data"]["number"].as_u64().expect("a number"))
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..RECORDS as u64).collect::<Vec<_>>());
}

/// Writes refused records without end, until nobody reads them any more; counts the bytes that were taken.
fn feed_without_end(mut stdin: ChildStdin, filling: &str, taken: &AtomicU64) {
    let line = record("contacts", json!({"email": null, "filling": filling})).to_string() + "\n";
    let piece = line.repeat(50);
    while stdin.write_all(piece.as_bytes()).is_ok() {
        taken.fetch_add(piece.len() as u64, Ordering::SeqCst);
    }
}

#[test]
fn input_is_left_waiting_while_storage_stalls() {
    for length in [1, 300, 5_000] {
        let sandbox = account().light().start();
        let bucket = Bucket::start();
        let connector = for_contacts(&sandbox)
            .with(&s3(&bucket, &json!({})))
            .with(&json!({"rejected_records_output": "none"}));
        let held = bucket.hold();
        let taken = AtomicU64::new(0);
        std::thread::scope(|scope| {
            // In here, so that a failing test ends the program and with it the feeder.
            let mut running = connector.start_write();
            let stdin = running.take_input();
            scope.spawn(|| feed_without_end(stdin, &"x".repeat(length), &taken));
            bucket.wait_for_puts(1);
            // Nothing tells of input that is not taken: that its count stands still for a while has to do.
            let (mut before, mut now) = (u64::MAX, taken.load(Ordering::SeqCst));
            while now != before {
                assert!(now < 32 << 20, "the input is taken although nothing is stored");
                std::thread::sleep(Duration::from_millis(300));
                (before, now) = (now, taken.load(Ordering::SeqCst));
            }
            assert_bounded(&running);
            drop(held);
            bucket.wait_for_puts(4);
            assert_bounded(&running);
        });
    }
}

#[test]
fn google_cloud_storage_and_azure_are_written_to_as_s3_is() {
    let sandbox = account().start();
    let bucket = Bucket::start();
    let service_account = json!({"disable_oauth": true, "client_email": "a@b", "private_key": "", "private_key_id": "",
        "gcs_base_url": bucket.url()});
    let gcs = json!({"storage_type": "GCS", "gcs_bucket_name": "rejects", "bucket_path": "p",
        "gcs_endpoint": bucket.url(), "service_account_json": service_account.to_string()});
    let azure = json!({"storage_type": "AzureBlob", "azure_blob_storage_account_name": "account",
        "azure_blob_storage_container_name": "rejects", "azure_blob_storage_account_key": "enEta2V5LWtleQ==",
        "azure_blob_storage_endpoint": format!("{}/account", bucket.url()), "bucket_path": "p"});
    for (storage, root) in [(gcs, "/rejects/p/0/contacts/2"), (azure, "/account/rejects/p/0/contacts/2")] {
        let run = for_contacts(&sandbox)
            .with(&json!({"object_storage_config": storage}))
            .write(&[refused(1), refused(2), stream_state("contacts", 1)])
            .succeeded();
        assert_eq!(stats(&run), [(0.0, 2.0)]);
        let objects = bucket.objects();
        let mut found = objects.iter().filter(|(key, _)| key.starts_with(root));
        let (_, content) = found.next().unwrap_or_else(|| panic!("{root}: {:?}", objects.keys()));
        assert_eq!((csv_rows(content).len(), found.count()), (2, 0));
    }
}
