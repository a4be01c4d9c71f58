//! What people read is true: every setting and code is documented, every test named exists, every link leads somewhere,
//! every example runs, and every file of a release names the same version.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::connector::Connector;
use crate::support::demo_account;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every property name of a schema, however deep.
fn names(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            for (key, value) in members {
                if let ("properties", Some(properties)) = (key.as_str(), value.as_object()) {
                    found.extend(properties.keys().cloned());
                }
                names(value, found);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| names(element, found)),
        _ => {}
    }
}

#[test]
fn every_setting_is_in_the_reference() {
    let run = Connector::new("http://127.0.0.1:9", "pat-na1-unused").spec();
    let mut settings = BTreeSet::new();
    names(&run.of_type("SPEC")[0]["spec"]["connectionSpecification"], &mut settings);
    assert!(settings.len() > 30, "{settings:?}");
    let reference = text("docs/configuration.md");
    settings
        .retain(|name| !["`", "{\"", "\""].iter().any(|mark| reference.contains(&format!("{mark}{name}"))));
    assert!(settings.is_empty(), "settings that docs/configuration.md does not name: {settings:?}");
}

/// The upper-case words in quotes that come right after a text.
fn codes_after(source: &str, before: &str) -> BTreeSet<String> {
    source
        .split(before)
        .skip(1)
        .filter_map(|after| after.trim_start().strip_prefix('"'))
        .map(|rest| rest.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect::<String>())
        .filter(|code| code.len() > 3)
        .collect()
}

/// The codes this connector gives, as its sources spell them.
fn codes() -> BTreeSet<String> {
    let mut found = codes_after(&text("src/coerce/invalid.rs"), "=> ");
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.ends_with("model_test") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = std::fs::read_to_string(&path).expect("a source");
                found.extend(codes_after(&source, "by_connector("));
            }
        }
    }
    found
}

#[test]
fn every_code_is_in_the_cookbook() {
    let codes = codes();
    assert!(codes.contains("INVALID_OPTION") && codes.contains("UNKNOWN_STREAM"), "{codes:?}");
    let cookbook = text("docs/rejections.md");
    let missing: Vec<_> = codes.iter().filter(|code| !cookbook.contains(&format!("`{code}`"))).collect();
    assert!(missing.is_empty(), "codes that docs/rejections.md does not explain: {missing:?}");
}

/// The sources that a page names in backticks, each with the test after `::` where there is one.
fn named_sources(page: &str) -> Vec<(&str, Option<&str>)> {
    page.split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| code.starts_with("src/") || code.starts_with("integration_tests/"))
        .map(|code| code.split_once("::").map_or((code, None), |(path, test)| (path, Some(test))))
        .collect()
}

#[test]
fn everything_asked_for_is_in_the_coverage_and_what_shows_it_exists() {
    let page = text("docs/coverage.md");
    for (document, last) in [('A', 21), ('B', 22), ('C', 34), ('D', 19)] {
        for number in 1..=last {
            let id = format!("{document}{number}");
            let rows = page.lines().filter(|line| line.starts_with(&format!("| {id} |"))).count();
            assert_eq!(rows, 1, "rows of {id}");
        }
    }
    let mut missing = named_sources(&page);
    assert!(missing.len() > 100, "{missing:?}");
    missing.retain(|(path, test)| {
        let source = std::fs::read_to_string(root().join(path)).unwrap_or_default();
        test.map_or(source.is_empty(), |test| {
            !["fn", "def"].iter().any(|word| source.contains(&format!("{word} {test}(")))
        })
    });
    assert!(missing.is_empty(), "docs/coverage.md names what is not there: {missing:#?}");
}

/// Every page there is: those at the top, and those in `docs`.
fn pages() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["", "docs", "docs/examples"] {
        for entry in std::fs::read_dir(root().join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 8, "{found:?}");
    found
}

/// A heading as a link names it: lower case, spaces as hyphens, punctuation gone.
fn anchors(page: &str) -> BTreeSet<String> {
    page.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            line.trim_start_matches('#')
                .trim()
                .to_lowercase()
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
        .collect()
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        let content = std::fs::read_to_string(&page).expect("a page");
        for link in content.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target =
                if file.is_empty() { page.clone() } else { page.parent().expect("a folder").join(file) };
            let leads = target.exists()
                && (anchor.is_empty()
                    || std::fs::read_to_string(&target)
                        .is_ok_and(|content| anchors(&content).contains(anchor)));
            if !leads {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere: {broken:#?}");
}

#[test]
fn every_example_runs_without_a_rejection() {
    let mut run = 0;
    for entry in std::fs::read_dir(root().join("docs/examples")).expect("the examples") {
        let folder = entry.expect("an entry").path();
        if !folder.is_dir() {
            continue;
        }
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file of the example");
        let mut config: Value = serde_json::from_str(&read("config.json")).expect("a configuration");
        assert_eq!(config["credentials"]["access_token"], "pat-na1-...", "{}", folder.display());

        let sandbox = demo_account::builder().start();
        config["credentials"]["access_token"] = json!(sandbox.default_token());
        config["api_base_url"] = json!(sandbox.url());
        let catalog: Value = serde_json::from_str(&read("catalog.json")).expect("a catalog");
        let connector =
            Connector::new(&sandbox.url(), sandbox.default_token()).config(&config).catalog(&catalog);
        let messages = read("messages.jsonl");
        let finished = connector.write_text(&messages).succeeded();

        assert!(finished.rejected().is_empty(), "{}: {:?}", folder.display(), finished.codes());
        let records = messages.lines().filter(|line| line.contains(r#""type": "RECORD""#)).count();
        let states = messages.lines().filter(|line| line.contains(r#""type": "STATE""#)).count();
        assert!(records > 0 && finished.states().len() == states, "{}", folder.display());
        #[expect(clippy::cast_precision_loss, reason = "a handful of records")]
        let accepted = records as f64;
        assert_eq!(finished.stats(), (accepted, 0.0), "{}", folder.display());
        run += 1;
    }
    assert!(run >= 4, "{run} examples");
}

#[test]
fn every_file_of_a_release_names_the_same_version_and_image() {
    let version = env!("CARGO_PKG_VERSION");
    let metadata: Value = serde_norway::from_str(&text("metadata.yaml")).expect("YAML");
    assert_eq!(metadata["data"]["dockerImageTag"], version);
    let sandbox = text("integration_tests/sandbox/Cargo.toml");
    assert!(sandbox.contains(&format!("\nversion = \"{version}\"\n")), "the sandbox's version");
    let its_image = text("integration_tests/sandbox/Dockerfile");
    assert!(its_image.contains(&format!("\nARG VERSION={version}\n")), "the version of the sandbox's image");
    let image = metadata["data"]["dockerRepository"].as_str().expect("an image");
    let dockerfile = text("Dockerfile");
    assert!(dockerfile.contains(&format!("\nARG VERSION={version}\n")), "the Dockerfile's version");
    assert!(dockerfile.contains(&format!("io.airbyte.name=\"{image}\"")), "the Dockerfile's name");
    let acceptance: Value = serde_norway::from_str(&text("acceptance-test-config.yml")).expect("YAML");
    assert_eq!(acceptance["connector_image"], format!("{image}:{version}"));
    assert!(text("CHANGELOG.md").contains(&format!("\n## [{version}] - ")), "the changelog's heading");
}
