//! Rejected records in Google Cloud Storage.

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::files::CloudFiles;
use super::{filled, with_scheme};
use crate::config::check::Findings;
use crate::config::path::FieldPath;
use crate::config::secret;

/// A bucket of Google Cloud Storage.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GcsStorage {
    /// The JSON key of a service account that can read and write the bucket. Leave it out to use the identity
    /// of the machine Airbyte runs on.
    #[serde(default, deserialize_with = "secret::trimmed_option")]
    #[schemars(
        with = "String",
        title = "Service Account Key (JSON)",
        extend("airbyte_secret" = true, "always_show" = true, "multiline" = true, "order" = 1)
    )]
    pub service_account_json: Option<SecretString>,
    /// The name of the bucket.
    #[schemars(title = "GCS Bucket Name", extend("examples" = ["airbyte-rejected-records"], "order" = 2))]
    pub gcs_bucket_name: String,
    /// The folder in the bucket that all files go into.
    #[schemars(title = "Path in the Bucket", extend("examples" = ["hubspot/rejected"], "order" = 3))]
    pub bucket_path: String,
    /// The URL of a service other than Google that speaks the same protocol.
    #[schemars(title = "GCS Endpoint", extend("airbyte_hidden" = true, "order" = 4))]
    pub gcs_endpoint: Option<String>,
    /// The files that are written.
    #[serde(flatten)]
    pub files: CloudFiles,
}

impl GcsStorage {
    /// The endpoint as a URL, `None` for Google itself; `https` where the user named no scheme.
    #[must_use]
    pub fn endpoint_url(&self) -> Option<String> {
        self.gcs_endpoint.as_deref().and_then(filled).map(with_scheme)
    }

    pub(super) fn check(&self, at: &FieldPath, findings: &mut Findings) {
        findings.secret_not_blank(at, "service_account_json", &self.service_account_json);
        findings.not_blank(at, "gcs_bucket_name", &self.gcs_bucket_name);
    }
}
