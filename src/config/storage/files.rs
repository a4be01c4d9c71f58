//! The files rejected records are stored in: their format, compression and names.
//!
//! Keys, values and defaults are those of Airbyte's own storage settings, so that saved configurations and
//! the platform's link to rejected records keep working. Source:
//! <https://docs.airbyte.com/integrations/destinations/s3>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How records are laid out in a file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "format_type")]
pub enum FileFormat {
    /// Comma-separated values with a header line.
    #[serde(rename = "CSV")]
    #[schemars(title = "CSV: Comma-Separated Values")]
    Csv {
        /// Whether the fields of a record get columns of their own.
        #[serde(default)]
        #[schemars(title = "Flattening")]
        flattening: Flattening,
    },
    /// One JSON object a line.
    #[serde(rename = "JSONL")]
    #[schemars(title = "JSON Lines: Newline-Delimited JSON")]
    JsonLines {
        /// Whether the fields of a record become keys of the line's object.
        #[serde(default)]
        #[schemars(title = "Flattening")]
        flattening: Flattening,
        /// Whether objects are written as JSON (default) or as text that holds JSON, for tools that cannot
        /// read nested objects.
        #[serde(default)]
        #[schemars(title = "Stringify JSON")]
        stringify: Stringify,
    },
}

impl FileFormat {
    /// What S3 gets when nothing is said.
    pub(super) fn csv() -> Self {
        Self::Csv { flattening: Flattening::None }
    }

    /// What a local directory gets when nothing is said.
    pub(super) fn json_lines() -> Self {
        Self::JsonLines { flattening: Flattening::None, stringify: Stringify::Default }
    }
}

/// Whether the record stays in one column or is spread over several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Flattening {
    /// The whole record in one column.
    #[default]
    #[serde(rename = "No flattening")]
    None,
    /// One column (or key) for each field of the record.
    #[serde(rename = "Root level flattening")]
    RootLevel,
}

/// Whether nested objects of a JSON line are objects or text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Stringify {
    /// Objects stay objects.
    #[default]
    Default,
    /// Objects become text that holds JSON.
    Stringify,
}

/// Whether files are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "compression_type")]
pub enum Compression {
    /// Files are written as they are.
    #[default]
    #[serde(rename = "No Compression")]
    #[schemars(title = "No Compression")]
    None,
    /// Files are gzip-compressed; their names end in ".gz".
    #[serde(rename = "GZIP")]
    #[schemars(title = "GZIP")]
    Gzip,
}

/// The settings of files in a bucket or container.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct CloudFiles {
    /// The format of the files. The default is CSV.
    #[serde(default = "FileFormat::csv")]
    #[schemars(title = "Output Format", extend("airbyte_hidden" = true, "order" = 8))]
    pub format: FileFormat,
    /// Whether the files are compressed. By default they are not.
    #[serde(default)]
    #[schemars(title = "Compression", extend("airbyte_hidden" = true, "order" = 9))]
    pub compression: Compression,
    /// The folders below the path in the bucket. It should start with {sync_id}, which Airbyte's link to the
    /// rejected records relies on.
    #[serde(default = "path_format")]
    #[schemars(title = "Path Format", extend("airbyte_hidden" = true, "order" = 10))]
    pub path_format: String,
    /// The name of each file.
    #[serde(default = "file_name_format")]
    #[schemars(title = "File Name Format", extend("airbyte_hidden" = true, "order" = 11))]
    pub file_name_format: String,
}

impl CloudFiles {
    pub(super) fn settings(&self) -> FileSettings<'_> {
        FileSettings {
            format: &self.format,
            compression: self.compression,
            path_format: &self.path_format,
            file_name_format: &self.file_name_format,
        }
    }
}

/// Where below the bucket path a file goes.
pub(super) fn path_format() -> String {
    "{sync_id}/{namespace}/{stream_name}/".to_owned()
}

/// What a file is called.
pub(super) fn file_name_format() -> String {
    "{date}_{timestamp}_{part_number}{format_extension}".to_owned()
}

/// The four settings together, as they hold for one storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSettings<'a> {
    /// How records are laid out.
    pub format: &'a FileFormat,
    /// Whether files are compressed.
    pub compression: Compression,
    /// The folder of a file, with placeholders such as `{sync_id}`.
    pub path_format: &'a str,
    /// The name of a file, with placeholders such as `{part_number}`.
    pub file_name_format: &'a str,
}
