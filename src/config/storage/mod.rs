//! Where rejected records are kept: `object_storage_config`.
//!
//! The S3 keys are the reference connector's. The names `storage_type`, `s3_bucket_name`, `s3_bucket_region`
//! and `bucket_path` are also what the platform builds its link to the rejected records from.

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

pub use self::azure::{AzureAccess, AzureBlobStorage};
pub use self::files::{CloudFiles, Compression, FileFormat, FileSettings, Flattening, Stringify};
pub use self::gcs::GcsStorage;
pub use self::local::LocalStorage;
pub use self::s3::{S3Access, S3Storage};
use crate::config::check::Findings;
use crate::config::path::FieldPath;

mod azure;
mod files;
mod gcs;
mod local;
mod s3;

/// A place for rejected records, or none.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(tag = "storage_type")]
pub enum ObjectStorage {
    /// Rejected records are counted and reported, but not kept.
    #[default]
    #[schemars(title = "None")]
    None,
    /// Amazon S3, or a service that speaks its protocol.
    #[schemars(title = "S3")]
    S3(S3Storage),
    /// Google Cloud Storage.
    #[serde(rename = "GCS")]
    #[schemars(title = "Google Cloud Storage")]
    Gcs(GcsStorage),
    /// Azure Blob Storage.
    #[schemars(title = "Azure Blob Storage")]
    AzureBlob(AzureBlobStorage),
    /// A directory of the machine the connector runs on.
    #[schemars(title = "Local Directory")]
    Local(LocalStorage),
}

impl ObjectStorage {
    /// How files are written there; `None` where nothing is kept.
    #[must_use]
    pub fn files(&self) -> Option<FileSettings<'_>> {
        match self {
            Self::None => None,
            Self::S3(s3) => Some(s3.files.settings()),
            Self::Gcs(gcs) => Some(gcs.files.settings()),
            Self::AzureBlob(azure) => Some(azure.files.settings()),
            Self::Local(local) => Some(FileSettings {
                format: &local.format,
                compression: local.compression,
                path_format: &local.path_format,
                file_name_format: &local.file_name_format,
            }),
        }
    }

    /// Every secret in here, for whoever has to keep them out of the output.
    #[must_use]
    pub fn secrets(&self) -> Vec<&SecretString> {
        let secrets = match self {
            Self::None | Self::Local(_) => [None, None],
            Self::S3(s3) => [s3.access_key_id.as_ref(), s3.secret_access_key.as_ref()],
            Self::Gcs(gcs) => [gcs.service_account_json.as_ref(), None],
            Self::AzureBlob(azure) => {
                [azure.azure_blob_storage_account_key.as_ref(), azure.shared_access_signature.as_ref()]
            }
        };
        secrets.into_iter().flatten().collect()
    }

    pub(super) fn check(&self, at: &FieldPath, findings: &mut Findings) {
        match self {
            Self::None => {}
            Self::S3(s3) => s3.check(at, findings),
            Self::Gcs(gcs) => gcs.check(at, findings),
            Self::AzureBlob(azure) => azure.check(at, findings),
            Self::Local(local) => local.check(at, findings),
        }
    }
}

/// The text without surrounding white space, or nothing where it is blank: forms leave empty texts behind.
fn filled(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// An endpoint as a URL.
fn with_scheme(endpoint: &str) -> String {
    if endpoint.contains("://") { endpoint.to_owned() } else { format!("https://{endpoint}") }
}
