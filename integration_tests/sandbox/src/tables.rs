//! What the sandbox has, as the Markdown that its pages hold and the program prints: said once, in the tables of the code.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::http::{Truth, calls};
use crate::switches::switches;

/// The calls of HubSpot's API that the sandbox answers, in which versions, and what the answers rest on.
#[must_use]
pub fn coverage_table() -> String {
    let mut table = "| call | versions | answers |\n|---|---|---|\n".to_owned();
    for call in calls() {
        let versions: Vec<&str> = versions(&call.paths);
        let truth = match call.truth {
            Truth::Recorded => "recorded",
            Truth::Documented => "documented",
            Truth::Inferred => "inferred",
        };
        // Writing to a String cannot fail.
        let _ =
            writeln!(table, "| `{} {}` | {} | {truth} |", call.method, call.paths[0], versions.join(", "));
    }
    table
}

/// The versions of a call's paths in their order, each once.
fn versions(paths: &[String]) -> Vec<&str> {
    let is_version = |segment: &&str| {
        let digits = segment.strip_prefix('v').unwrap_or(segment);
        digits.starts_with(|c: char| c.is_ascii_digit()) && !digits.contains('{')
    };
    let mut seen = BTreeSet::new();
    paths
        .iter()
        .filter_map(|path| path.split('/').find(is_version))
        .filter(|version| seen.insert(*version))
        .collect()
}

/// Every switch with its readings.
#[must_use]
pub fn switch_table() -> String {
    let mut page = String::new();
    for switch in switches() {
        let about = switch.about.trim();
        let _ = writeln!(page, "## `{}`\n\n{about}\n\nSource: {}\n", switch.json_name(), switch.source);
        let _ = writeln!(page, "| reading | in Rust | |\n|---|---|---|");
        for (index, (json, meaning)) in switch.json_readings().enumerate() {
            let rust = format!(".{}({}::{})", switch.name, switch.type_name, switch.readings[index].0);
            let usual = if index == 0 { " **Unless chosen otherwise.**" } else { "" };
            let _ = writeln!(page, "| `{json}` | `{rust}` | {meaning}{usual} |");
        }
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_seeds() {
        let readings = serde_json::to_value(crate::switches::Switches::default().readings()).unwrap();
        for switch in switches() {
            let name = switch.json_name();
            let usual = readings[&name].as_str().unwrap();
            assert!(switch_table().contains(&format!("| `{usual}` | `.{}(", switch.name)), "{name}: {usual}");
        }
        assert_eq!(readings.as_object().unwrap().len(), switches().len());
    }

    #[test]
    fn versions_are_named_once() {
        assert_eq!(
            versions(&["/a/v3/b".to_owned(), "/a/2026-03/b".to_owned(), "/x/2026-03".to_owned()]),
            ["v3", "2026-03"]
        );
    }
}
