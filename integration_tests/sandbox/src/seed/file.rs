//! A seed in a file: JSON, or YAML.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::Seed;

/// Reads YAML as if it were JSON: what has alternatives is written as a map in both.
pub(crate) fn from_yaml<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    let value: serde_json::Value = serde_norway::from_slice(text).map_err(|error| error.to_string())?;
    serde_json::from_value(value).map_err(|error| error.to_string())
}

/// A seed could not be read from a file.
#[derive(Debug, thiserror::Error)]
pub enum SeedFileError {
    /// The file could not be read.
    #[error("{path} could not be read: {error}")]
    Unreadable {
        /// Where it was looked for.
        path: String,
        /// Why not.
        error: std::io::Error,
    },
    /// It is no seed.
    #[error("{path} is no seed: {reason}")]
    NoSeed {
        /// Where it is.
        path: String,
        /// What is wrong, and where.
        reason: String,
    },
}

impl Seed {
    /// Reads a seed. A name that ends in `.json` is read as JSON, every other as YAML.
    ///
    /// # Errors
    ///
    /// When the file is not there or holds something else.
    pub fn read(path: &Path) -> Result<Self, SeedFileError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| SeedFileError::Unreadable { path: shown.clone(), error })?;
        let read = if path.extension().is_some_and(|extension| extension == "json") {
            serde_json::from_str(&text).map_err(|error| error.to_string())
        } else {
            from_yaml(text.as_bytes())
        };
        read.map_err(|reason| SeedFileError::NoSeed { path: shown, reason })
    }
}
