//! `registry`: what a platform is told of this connector, and the files in `deploy` that tell it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_destination-hubspot"))
        .arg("registry")
        .args(arguments)
        .output()
        .expect("the program runs")
}

fn json_of(text: &[u8]) -> Value {
    serde_json::from_slice(text).expect("JSON")
}

fn read(path: impl AsRef<Path>) -> Value {
    json_of(&std::fs::read(path).expect("a file"))
}

fn yaml(path: &str) -> Vec<Value> {
    use serde::Deserialize;
    let text = std::fs::read_to_string(root().join(path)).expect("a file");
    serde_norway::Deserializer::from_str(&text)
        .map(|document| Value::deserialize(document).expect("YAML"))
        .collect()
}

fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name =
                    path.strip_prefix(folder).expect("below the folder").to_string_lossy().into_owned();
                found.insert(name, std::fs::read(path).expect("a file"));
            }
        }
    }
    found
}

#[test]
fn the_entry_has_the_flags_and_the_specification_that_the_program_prints() {
    let run = program(&["entry", "--repository", "ghcr.io/o/r", "--tag", "1.2.3", "--custom"]);
    assert!(run.status.success() && run.stderr.is_empty(), "{run:?}");
    let entry = json_of(&run.stdout);
    assert_eq!((&entry["supportsDataActivation"], &entry["supportsRefreshes"]), (&json!(true), &json!(true)));
    assert_eq!(
        (&entry["dockerRepository"], &entry["dockerImageTag"]),
        (&json!("ghcr.io/o/r"), &json!("1.2.3"))
    );
    assert_eq!((&entry["public"], &entry["custom"]), (&json!(true), &json!(true)));
    let spec = Command::new(env!("CARGO_BIN_EXE_destination-hubspot")).arg("spec").output().expect("it runs");
    assert_eq!(entry["spec"], json_of(&spec.stdout)["spec"]);
    assert_eq!(entry["documentationUrl"], entry["spec"]["documentationUrl"]);
}

#[test]
fn the_files_are_those_that_a_platform_asks_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("new");
    let shown = target.to_str().expect("a path");
    let run = program(&["files", shown, "--repository", "ghcr.io/o/r", "--tag", "1.2.3"]);
    assert!(run.status.success() && run.stdout.is_empty() && run.stderr.is_empty(), "{run:?}");
    let files = files_below(&target);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "metadata/ghcr.io/o/r/1.2.3/doc.md",
            "metadata/ghcr.io/o/r/1.2.3/oss.json",
            "metadata/ghcr.io/o/r/latest/doc.md",
            "metadata/ghcr.io/o/r/latest/oss.json",
            "registries/v0/oss_registry.json",
        ]
    );
    let registry = json_of(&files["registries/v0/oss_registry.json"]);
    let entry = json_of(&files["metadata/ghcr.io/o/r/1.2.3/oss.json"]);
    assert_eq!(registry, json!({"sources": [], "destinations": [entry]}));
    assert_eq!(json_of(&files["metadata/ghcr.io/o/r/latest/oss.json"]), entry);
    assert!(files["metadata/ghcr.io/o/r/latest/doc.md"].starts_with(b"# HubSpot"));
    // Again, as another version: the registry has it once.
    let run = program(&["files", shown, "--repository", "ghcr.io/o/r", "--tag", "1.3.0"]);
    assert!(run.status.success(), "{run:?}");
    let registry = read(target.join("registries/v0/oss_registry.json"));
    let tags: Vec<&Value> =
        registry["destinations"].as_array().expect("a list").iter().map(|e| &e["dockerImageTag"]).collect();
    assert_eq!(tags, [&json!("1.3.0")]);
    assert_eq!(files_below(&target).len(), 7, "the files of the version before are still asked for");
}

#[test]
fn an_entry_is_put_into_a_registry_that_is_there_and_nowhere_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("oss_registry.json");
    let other =
        json!({"destinationDefinitionId": "25c5221d-dce2-4163-ade9-739ef790f503", "name": "Postgres"});
    std::fs::write(&file, json!({"sources": [{"x": 1.0}], "destinations": [other]}).to_string())
        .expect("a file");
    let shown = file.to_str().expect("a path");
    for _ in 0..2 {
        let run = program(&["merge", shown]);
        assert!(run.status.success() && run.stdout.is_empty(), "{run:?}");
        let registry = read(&file);
        assert_eq!(registry["sources"], json!([{"x": 1.0}]));
        let destinations = registry["destinations"].as_array().expect("a list");
        assert_eq!((destinations.len(), &destinations[0]), (2, &other));
        assert_eq!(destinations[1]["dockerRepository"], "destination-hubspot/destination-hubspot");
    }
    assert_eq!(files_below(folder.path()).len(), 1, "nothing is left beside it");

    for text in ["", "{}", r#"{"sources": [], "destinations": [{}]}"#] {
        std::fs::write(&file, text).expect("a file");
        let run = program(&["merge", shown]);
        let told = String::from_utf8(run.stderr).expect("text");
        assert!(
            run.status.code() == Some(1) && told.contains(shown) && told.contains("no registry"),
            "{told}"
        );
        assert_eq!(std::fs::read_to_string(&file).expect("a file"), text, "left as it was");
    }
    let run = program(&["merge", folder.path().join("nowhere.json").to_str().expect("a path")]);
    assert!(run.status.code() == Some(1) && !run.stderr.is_empty(), "{run:?}");
}

#[test]
fn what_would_break_a_registry_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("new");
    let shown = target.to_str().expect("a path");
    for (option, value, word) in [
        ("--tag", "dev", "x.y.z"),
        ("--repository", "ghcr.io/o/r:1.2.3", "without a tag"),
        ("--id", "hubspot", "UUID"),
        ("--icon-url", "http://pages.example/icon.svg", "https"),
        ("--documentation-url", "", "documentation"),
    ] {
        let run = program(&["files", shown, option, value]);
        let told = String::from_utf8(run.stderr).expect("text");
        assert!(run.status.code() == Some(1) && told.contains(word), "{option}: {told}");
        assert!(run.stdout.is_empty() && !target.exists(), "{option}");
    }
}

/// The arguments by which a manifest's container calls the program.
fn arguments_in(manifest: &str) -> Vec<String> {
    let documents = yaml(manifest);
    let deployment =
        documents.iter().find(|document| document["kind"] == "Deployment").expect("a deployment");
    let containers = deployment["spec"]["template"]["spec"]["initContainers"].as_array().expect("a list");
    let files =
        containers.iter().find(|container| container["name"] == "files").expect("the files' container");
    let arguments = files["args"].as_array().expect("a list");
    let image = files["image"].as_str().expect("an image");
    let arguments: Vec<String> = arguments.iter().map(|a| a.as_str().expect("a text").to_owned()).collect();
    // What runs is what is registered.
    let option =
        |name: &str| arguments.iter().find_map(|a| a.strip_prefix(name)).expect("an option").to_owned();
    assert_eq!(image, format!("{}:{}", option("--repository="), option("--tag=")));
    arguments
}

#[test]
fn the_manifests_make_the_files_and_point_server_and_cron_at_them() {
    for manifest in ["deploy/once/registry.yaml", "deploy/overlay/registry.yaml"] {
        let folder = tempfile::tempdir().expect("a folder");
        let arguments = arguments_in(manifest);
        assert_eq!((arguments[0].as_str(), arguments[2].as_str()), ("registry", "/files"), "{manifest}");
        let mut arguments: Vec<&str> = arguments[1..].iter().map(String::as_str).collect();
        arguments[1] = folder.path().to_str().expect("a path");
        let run = program(&arguments);
        assert!(run.status.success(), "{manifest}: {run:?}");
        let registry = read(folder.path().join("registries/v0/oss_registry.json"));
        assert_eq!(registry["destinations"][0]["dockerImageTag"], env!("CARGO_PKG_VERSION"), "{manifest}");
        let service =
            yaml(manifest).into_iter().find(|document| document["kind"] == "Service").expect("a service");
        assert_eq!(service["metadata"]["name"], "hubspot-registry");
    }
    let values = &yaml("deploy/overlay/values.yaml")[0];
    let address = json!({"CONNECTOR_REGISTRY_BASE_URL": "http://hubspot-registry/"});
    // Nobody else: the bootloader fails where the registry does not answer.
    assert_eq!(values, &json!({"server": {"env_vars": address}, "cron": {"env_vars": address}}));
    let kustomization = &yaml("deploy/overlay/kustomization.yaml")[0];
    assert_eq!(kustomization["configMapGenerator"][0]["name"], "hubspot-registry");
    for file in ["registry.yaml", "nginx.conf"] {
        assert!(root().join("deploy/overlay").join(file).exists(), "{file}");
        assert!(kustomization.to_string().contains(file), "{file}");
    }
}

#[test]
fn the_terraform_example_parses_and_names_this_definition() {
    let text = std::fs::read_to_string(root().join("deploy/terraform/main.tf")).expect("a file");
    let body: Value = hcl::from_str(&text).expect("HCL");
    let resources = &body["resource"];
    let metadata = &yaml("metadata.yaml")[0];
    let destination = &resources["airbyte_destination_custom"]["hubspot"];
    assert_eq!(destination["definition_id"], metadata["data"]["definitionId"]);
    let stream = &resources["airbyte_connection"]["users_to_contacts"]["configurations"]["streams"][0];
    assert_eq!(stream["destination_object_name"], "CONTACT");
    assert_eq!(stream["primary_key"], json!([["email"]]));
    assert_eq!(stream["mappers"].as_array().map(Vec::len), Some(2));
}
