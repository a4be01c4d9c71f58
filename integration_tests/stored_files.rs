//! Files of rejected records: what they are called, who may read them, which time they have.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use hubspot_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::storage::{files, json_lines, local};
use crate::support::connector::Finished;
use crate::support::delivery::{account, for_streams};
use crate::support::messages::{elt_stream, record, stream_state};

/// A good and a bad record of each stream go to contacts, the bad ones to a folder.
fn stored(sandbox: &Sandbox, root: &Path, names: &[&str], namespace: Option<&str>, more: &Value) -> Finished {
    let streams: Vec<Value> = names
        .iter()
        .map(|name| {
            let mut stream = elt_stream(name, &["email"]);
            stream["stream"]["namespace"] = json!(namespace);
            stream
        })
        .collect();
    let entries: Vec<Value> = names
        .iter()
        .map(|name| json!({"name": name, "object": "CONTACT", "matching_key": "email"}))
        .collect();
    let mut messages = Vec::new();
    for name in names {
        for email in ["good@example.com", "bad"] {
            let mut message = record(name, json!({"email": email}));
            message["record"]["namespace"] = json!(namespace);
            messages.push(message);
        }
        let mut state = stream_state(name, 1);
        state["state"]["stream"]["stream_descriptor"]["namespace"] = json!(namespace);
        messages.push(state);
    }
    let run = for_streams(sandbox, &streams)
        .with(&local(root, more))
        .with(&json!({"streams": entries}))
        .write(&messages)
        .succeeded();
    assert_eq!((run.states().len(), run.codes().len()), (names.len(), names.len()), "{run:#?}");
    run
}

#[test]
fn streams_of_any_name_have_files_of_their_own() {
    let sandbox = account().start();
    let folder = tempfile::tempdir().expect("a folder");
    let tab = "\u{9867}\u{5ba2}".repeat(15);
    let (one, other, longest) = (format!("{tab}1"), format!("{tab}2"), "x".repeat(5_000));
    let names = [tab.as_str(), &one, &other, &longest, "../..", "a/b"];
    let default = json!({});
    let in_file_names = json!({"path_format": "${NAMESPACE}/", "file_name_format": "{stream_name}_{part_number}{format_extension}"});
    for (settings, namespace) in
        [(&default, None), (&default, Some(tab.as_str())), (&in_file_names, Some(&*longest))]
    {
        let root = folder.path().join(format!("{}", settings.as_object().map_or(0, serde_json::Map::len)));
        let root = root.join(namespace.map_or(0, str::len).to_string());
        stored(&sandbox, &root, &names, namespace, settings);
        let first = files(&root);
        assert_eq!(first.len(), names.len(), "{:?}", first.keys());
        let folders = |paths: Vec<String>| -> Vec<String> {
            paths.iter().filter_map(|path| Some(path.rsplit_once('/')?.0.to_owned())).collect()
        };
        // The next sync finds the same folders.
        stored(&sandbox, &root, &names, namespace, settings);
        let mut again = folders(files(&root).into_keys().collect());
        again.dedup();
        let mut before = folders(first.into_keys().collect());
        before.dedup();
        assert_eq!(again, before);
    }
}

#[test]
fn what_is_made_is_for_its_owner_alone_and_what_is_there_keeps_its_mode() {
    let sandbox = account().start();
    let folder = tempfile::tempdir().expect("a folder");
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    let there = folder.path().join("there");
    fs::create_dir(&there).expect("a folder");
    fs::set_permissions(&there, fs::Permissions::from_mode(0o755)).expect("a mode");
    let made = there.join("made/in/between");
    stored(&sandbox, &made, &["contacts"], None, &json!({}));
    assert_eq!((mode(&there), mode(&there.join("made")), mode(&made)), (0o755, 0o700, 0o700));
    for file in files(&made).keys() {
        let path = made.join(file);
        assert_eq!(mode(&path), 0o600, "{file}");
        for parent in path.ancestors().skip(1).take_while(|parent| *parent != made) {
            assert_eq!(mode(parent), 0o700, "{parent:?}");
        }
    }
    let check = for_streams(&sandbox, &[]).with(&local(&there.join("checked"), &json!({}))).check();
    assert_eq!(check.of_type("CONNECTION_STATUS")[0]["connectionStatus"]["status"], "SUCCEEDED");
    assert_eq!(mode(&there.join("checked")), 0o700);
}

#[test]
fn the_time_of_a_record_is_in_milliseconds_whatever_its_source_counts() {
    let sandbox = account().start();
    for (emitted, extracted) in [
        (json!(1_765_387_716), json!(1_765_387_716_000_u64)),
        (json!(1_765_387_716.25), json!(1_765_387_716_250_u64)),
        (json!(1_795_290_302_755_u64), json!(1_795_290_302_755_u64)),
        (json!(1_795_290_302_755.5), json!(1_795_290_302_755_u64)),
        (Value::Null, json!(0)),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut message = record("contacts", json!({"email": "bad"}));
        message["record"]["emitted_at"] = emitted.clone();
        let run = for_streams(&sandbox, &[elt_stream("contacts", &["email"])])
            .with(&local(folder.path(), &json!({"format": {"format_type": "JSONL"}})))
            .write(&[message])
            .succeeded();
        assert_eq!(run.codes().len(), 1);
        let found = files(folder.path());
        let lines = json_lines(found.values().next().expect("a file"));
        assert_eq!(lines[0]["_airbyte_extracted_at"], extracted, "{emitted}");
    }
}
