//! Rules that the compiler cannot hold: the arrows of ARCHITECTURE.md, docs on every module, file lengths.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Which modules a pure module may use, itself and the leaves `error`, `json`, `bound` and `secrets` aside.
const MAY_USE: [(&str, &[&str]); 9] = [
    ("protocol", &[]),
    ("api", &[]),
    ("crm", &[]),
    ("config", &[]),
    ("coerce", &["crm"]),
    ("engine", &["api", "coerce", "protocol"]),
    ("plan", &["config", "crm", "coerce", "engine", "protocol"]),
    ("rejected", &["config", "engine", "protocol"]),
    ("registry", &[]),
];

/// What no pure module names: the core waits for nothing, sends nothing, reads no clock.
const IMPURE: [&str; 9] = [
    "tokio",
    "reqwest",
    "std::fs",
    "std::net::Tcp",
    "std::thread",
    "std::io",
    "Instant::now",
    "SystemTime",
    "tracing::",
];

fn sources(folder: &str) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a source folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                found.insert(path, text);
            }
        }
    }
    assert!(!found.is_empty(), "no sources in {folder}");
    found
}

/// The code of a file without its unit tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text)
}

fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    code(text).lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn is_test_only(path: &Path) -> bool {
    let name = path.to_string_lossy();
    ["/tests/", "model_test", "testing.rs", "laws.rs", "oracles.rs", "recorded_answers", "never_panics"]
        .iter()
        .any(|part| name.contains(part))
}

#[test]
fn dependencies_point_inward() {
    let names: Vec<&str> = MAY_USE
        .iter()
        .map(|(name, _)| *name)
        .chain(["net", "hubspot", "storage", "stdio", "output", "pipeline", "commands", "cli"])
        .collect();
    let mut wrong = Vec::new();
    for (module, allowed) in MAY_USE {
        for (path, text) in sources(&format!("src/{module}")) {
            if is_test_only(&path) {
                continue;
            }
            for line in code_lines(&text) {
                for other in &names {
                    let used = line.contains(&format!("crate::{other}::"))
                        || line.contains(&format!("crate::{other};"));
                    if used && *other != module && !allowed.contains(other) {
                        wrong.push(format!("{}: {}", path.display(), line.trim()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "modules that use what ARCHITECTURE.md does not allow:\n{}", wrong.join("\n"));
}

#[test]
fn the_core_is_pure() {
    let mut wrong = Vec::new();
    for (module, _) in MAY_USE {
        for (path, text) in sources(&format!("src/{module}")) {
            if is_test_only(&path) {
                continue;
            }
            for line in code_lines(&text) {
                if IMPURE.iter().any(|name| line.contains(name)) {
                    wrong.push(format!("{}: {}", path.display(), line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "the core waits, sends or reads a clock:\n{}", wrong.join("\n"));
}

#[test]
fn every_module_opens_with_its_purpose_and_is_short() {
    let mut wrong = Vec::new();
    for folder in ["src", "integration_tests"] {
        for (path, text) in sources(folder) {
            if !text.starts_with("//! ") {
                wrong.push(format!("{}: no module docs", path.display()));
            }
            if text.lines().count() > 600 {
                wrong.push(format!("{}: {} lines", path.display(), text.lines().count()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_test_file_is_part_of_the_suite() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("integration_tests");
    let main = std::fs::read_to_string(folder.join("main.rs")).expect("main.rs");
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        if let Some(module) = name.strip_suffix(".rs").filter(|module| !["main", "demo"].contains(module)) {
            assert!(main.contains(&format!("mod {module};")), "{name} is not declared in main.rs");
        }
    }
}

/// The lines of a file of this repository.
fn lines_of(path: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path);
    text.lines().map(|line| line.trim().to_owned()).collect()
}

fn is_hash(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[test]
fn what_others_made_is_named_by_what_cannot_change() {
    let mut wrong = Vec::new();
    for workflow in [".github/workflows/ci.yml", ".github/workflows/release.yml"] {
        for line in lines_of(workflow) {
            let Some((_, action)) = line.split_once("uses: ") else { continue };
            let commit = action.split_once('@').and_then(|(_, rest)| rest.split_whitespace().next());
            if !commit.is_some_and(|commit| is_hash(commit, 40)) {
                wrong.push(format!("{workflow}: {action}"));
            }
        }
    }
    for line in
        lines_of("Dockerfile").iter().filter(|line| line.starts_with("ARG ") && line.contains("_IMAGE="))
    {
        if !line.split_once("@sha256:").is_some_and(|(_, digest)| is_hash(digest, 64)) {
            wrong.push(format!("Dockerfile: {line}"));
        }
    }
    for name in ["clients", "sources", "storage", "tools"] {
        let path = format!("integration_tests/clients/requirements/{name}.txt");
        for pair in lines_of(&path).windows(2).filter(|pair| pair[0].contains("==")) {
            if !pair[1].starts_with("--hash=sha256:") {
                wrong.push(format!("{path}: {}", pair[0]));
            }
        }
    }
    assert!(wrong.is_empty(), "named by what others can move:\n{}", wrong.join("\n"));
}
