//! Rejected records in Azure Blob Storage.

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::files::CloudFiles;
use super::{filled, with_scheme};
use crate::config::check::Findings;
use crate::config::error::Expected;
use crate::config::path::FieldPath;
use crate::config::secret;

/// A container of Azure Blob Storage.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct AzureBlobStorage {
    /// The name of the storage account.
    #[schemars(title = "Storage Account Name", extend("examples" = ["mystorageaccount"], "order" = 1))]
    pub azure_blob_storage_account_name: String,
    /// The name of the container.
    #[schemars(title = "Container Name", extend("examples" = ["rejected-records"], "order" = 2))]
    pub azure_blob_storage_container_name: String,
    /// A key of the storage account. Give either this or a shared access signature; leave both out to use the
    /// identity of the machine Airbyte runs on.
    #[serde(default, deserialize_with = "secret::trimmed_option")]
    #[schemars(
        with = "String",
        title = "Storage Account Key",
        extend("airbyte_secret" = true, "always_show" = true, "order" = 3)
    )]
    pub azure_blob_storage_account_key: Option<SecretString>,
    /// A shared access signature that allows reading, writing, listing and deleting in the container.
    #[serde(default, deserialize_with = "secret::trimmed_option")]
    #[schemars(
        with = "String",
        title = "Shared Access Signature",
        extend("airbyte_secret" = true, "always_show" = true, "order" = 4)
    )]
    pub shared_access_signature: Option<SecretString>,
    /// The folder in the container that all files go into.
    #[schemars(title = "Path in the Container", extend("examples" = ["hubspot/rejected"], "order" = 5))]
    pub bucket_path: String,
    /// The URL of the storage account, where it is not the public Azure cloud.
    #[schemars(title = "Azure Endpoint", extend("airbyte_hidden" = true, "order" = 6))]
    pub azure_blob_storage_endpoint: Option<String>,
    /// The files that are written.
    #[serde(flatten)]
    pub files: CloudFiles,
}

/// How to sign in to Azure.
#[derive(Clone, Copy, Debug)]
pub enum AzureAccess<'a> {
    /// With a key of the storage account.
    AccountKey(&'a SecretString),
    /// With a shared access signature.
    SharedAccessSignature(&'a SecretString),
    /// With what the machine itself has: environment or managed identity.
    Ambient,
}

impl AzureBlobStorage {
    /// The way to sign in; a checked configuration has at most one.
    #[must_use]
    pub fn access(&self) -> AzureAccess<'_> {
        match (&self.azure_blob_storage_account_key, &self.shared_access_signature) {
            (Some(key), _) => AzureAccess::AccountKey(key),
            (None, Some(signature)) => AzureAccess::SharedAccessSignature(signature),
            (None, None) => AzureAccess::Ambient,
        }
    }

    /// The endpoint as a URL, `None` for the public Azure cloud; `https` where the user named no scheme.
    #[must_use]
    pub fn endpoint_url(&self) -> Option<String> {
        self.azure_blob_storage_endpoint.as_deref().and_then(filled).map(with_scheme)
    }

    pub(super) fn check(&self, at: &FieldPath, findings: &mut Findings) {
        findings.not_blank(at, "azure_blob_storage_account_name", &self.azure_blob_storage_account_name);
        findings.not_blank(at, "azure_blob_storage_container_name", &self.azure_blob_storage_container_name);
        findings.secret_not_blank(at, "azure_blob_storage_account_key", &self.azure_blob_storage_account_key);
        findings.secret_not_blank(at, "shared_access_signature", &self.shared_access_signature);
        if self.azure_blob_storage_account_key.is_some() && self.shared_access_signature.is_some() {
            let key = "azure_blob_storage_account_key";
            findings.add(at.key("shared_access_signature"), Expected::WithoutKey(key));
        }
    }
}
