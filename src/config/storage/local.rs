//! Rejected records in a local directory.

use schemars::JsonSchema;
use serde::Deserialize;

use super::files::{Compression, FileFormat, file_name_format, path_format};
use crate::config::check::Findings;
use crate::config::path::FieldPath;

/// A directory, for use without a cloud: Docker with a volume, or a test.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct LocalStorage {
    /// The directory that all files go into, on the machine the connector runs on. In a container, mount a
    /// volume there or the files are lost.
    #[schemars(title = "Directory", extend("examples" = ["/local/hubspot-rejected"], "order" = 1))]
    pub path: String,
    /// The format of the files. The default is JSON Lines.
    #[serde(default = "FileFormat::json_lines")]
    #[schemars(title = "Output Format", extend("order" = 8))]
    pub format: FileFormat,
    /// Whether the files are compressed. By default they are not.
    #[serde(default)]
    #[schemars(title = "Compression", extend("order" = 9))]
    pub compression: Compression,
    /// The folders below the directory.
    #[serde(default = "path_format")]
    #[schemars(title = "Path Format", extend("airbyte_hidden" = true, "order" = 10))]
    pub path_format: String,
    /// The name of each file.
    #[serde(default = "file_name_format")]
    #[schemars(title = "File Name Format", extend("airbyte_hidden" = true, "order" = 11))]
    pub file_name_format: String,
}

impl LocalStorage {
    pub(super) fn check(&self, at: &FieldPath, findings: &mut Findings) {
        findings.not_blank(at, "path", &self.path);
    }
}
