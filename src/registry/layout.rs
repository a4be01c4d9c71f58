//! Which files a platform asks a registry for, and what stands in ours.

use super::entry::Entry;

/// The page shown beside the destination's form, in Markdown.
const PAGE: &str = include_str!("../../docs/setup.md");

/// Path of the file with all entries, below the registry's address.
///
/// Source: Airbyte platform, `RemoteDefinitionsProvider`; Community and Enterprise both ask for `oss`.
pub const REGISTRY: &str = "registries/v0/oss_registry.json";

/// A file of the layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Path below the registry's address, with `/`.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

/// The files about one entry: under its tag, and as the latest. [`REGISTRY`] is not among them.
#[must_use]
pub fn files_of(entry: &Entry) -> Vec<File> {
    let json = entry.to_json();
    let folder = |version: &str| format!("metadata/{}/{version}", entry.repository);
    [entry.tag.as_str(), "latest"]
        .into_iter()
        .flat_map(|version| {
            [
                File { path: format!("{}/oss.json", folder(version)), text: json.clone() },
                File { path: format!("{}/doc.md", folder(version)), text: PAGE.to_owned() },
            ]
        })
        .collect()
}
