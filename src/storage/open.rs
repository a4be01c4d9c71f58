//! From settings to a storage: where it is, and how to sign in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, Result, RetryConfig};
use rustix::fs::Mode;
use rustix::process::umask;
use secrecy::ExposeSecret;

use super::roots::WithBundledRoots;
use crate::config::storage::{
    AzureAccess, AzureBlobStorage, GcsStorage, LocalStorage, ObjectStorage, S3Access, S3Storage,
};
use crate::error::{Failure, Kind};

/// Longest that one request is repeated with the same signature, which is valid for some minutes only.
const ONE_SIGNATURE: Duration = Duration::from_secs(180);
/// Longest wait for a connection.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);
/// The file that a role can be assumed with, where the machine has one.
/// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html>.
const WEB_IDENTITY: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";

/// Where rejected records go, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// `the S3 bucket "name"`.
    pub(super) name: String,
    /// The folder in it that all names begin with.
    pub(super) folder: String,
    /// What may be wrong when it cannot be used.
    pub(super) advice: &'static str,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

/// A storage, and where it is in words.
pub(super) type Opened = (Arc<dyn ObjectStore>, Place);

/// Opens the storage; `None` where nothing is kept.
pub(super) fn open(
    storage: &ObjectStorage,
    patience: Duration,
    request_timeout: Duration,
) -> Result<Option<Opened>, Failure> {
    let way = Way { patience, request_timeout };
    match storage {
        ObjectStorage::None => Ok(None),
        ObjectStorage::S3(s3) => way.s3(s3).map(Some),
        ObjectStorage::Gcs(gcs) => way.gcs(gcs).map(Some),
        ObjectStorage::AzureBlob(azure) => way.azure(azure).map(Some),
        ObjectStorage::Local(local) => open_local(local).map(Some),
    }
}

/// How patient requests are.
#[derive(Clone, Copy, Debug)]
struct Way {
    patience: Duration,
    request_timeout: Duration,
}

impl Way {
    fn retry(self) -> RetryConfig {
        RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: 10,
            retry_timeout: self.patience.min(ONE_SIGNATURE),
        }
    }

    fn client(self, endpoint: Option<&str>) -> ClientOptions {
        let plain = endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"));
        ClientOptions::new()
            .with_timeout(self.request_timeout)
            .with_connect_timeout(LONGEST_CONNECT.min(self.request_timeout))
            .with_allow_http(plain)
            .with_content_type_for_suffix("csv", "text/csv")
            .with_content_type_for_suffix("jsonl", "application/jsonl")
            .with_content_type_for_suffix("gz", "application/gzip")
    }

    fn s3(self, s3: &S3Storage) -> Result<Opened, Failure> {
        let endpoint = s3.endpoint_url();
        let mut builder = match s3.access() {
            S3Access::Keys { id, secret } => AmazonS3Builder::new()
                .with_access_key_id(id.expose_secret())
                .with_secret_access_key(secret.expose_secret()),
            S3Access::Role(role) if std::env::var_os(WEB_IDENTITY).is_some() => {
                AmazonS3Builder::from_env().with_config(AmazonS3ConfigKey::RoleArn, role)
            }
            S3Access::Role(_) => return Err(role_without_identity()),
            S3Access::Ambient => AmazonS3Builder::from_env(),
        };
        let region = s3.s3_bucket_region.trim();
        if !region.is_empty() {
            builder = builder.with_region(region);
        }
        if let Some(endpoint) = &endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let built = builder
            .with_bucket_name(s3.s3_bucket_name.trim())
            // One file is removed, ever; services that only resemble S3 may not know the call that removes many.
            .with_disable_bulk_delete(true)
            .with_client_options(self.client(endpoint.as_deref()))
            .with_retry(self.retry())
            .with_http_connector(WithBundledRoots)
            .build();
        let place = Place {
            name: format!("the S3 bucket \"{}\"", s3.s3_bucket_name.trim()),
            folder: s3.bucket_path.clone(),
            advice: "Check s3_bucket_name, s3_bucket_region, s3_endpoint and the credentials, which need s3:PutObject, \
                     s3:ListBucket and s3:DeleteObject there.",
        };
        opened(built, place)
    }

    fn gcs(self, gcs: &GcsStorage) -> Result<Opened, Failure> {
        let endpoint = gcs.endpoint_url();
        let mut builder = match &gcs.service_account_json {
            Some(key) => GoogleCloudStorageBuilder::new().with_service_account_key(key.expose_secret()),
            None => GoogleCloudStorageBuilder::from_env(),
        };
        if let Some(endpoint) = &endpoint {
            builder = builder.with_base_url(endpoint);
        }
        let built = builder
            .with_bucket_name(gcs.gcs_bucket_name.trim())
            .with_client_options(self.client(endpoint.as_deref()))
            .with_retry(self.retry())
            .with_http_connector(WithBundledRoots)
            .build();
        let place = Place {
            name: format!("the Google Cloud Storage bucket \"{}\"", gcs.gcs_bucket_name.trim()),
            folder: gcs.bucket_path.clone(),
            advice: "Check gcs_bucket_name and service_account_json, whose account needs to create, list and delete \
                     objects there.",
        };
        opened(built, place)
    }

    fn azure(self, azure: &AzureBlobStorage) -> Result<Opened, Failure> {
        let endpoint = azure.endpoint_url();
        let mut builder = match azure.access() {
            AzureAccess::AccountKey(key) => MicrosoftAzureBuilder::new().with_access_key(key.expose_secret()),
            AzureAccess::SharedAccessSignature(signature) => {
                MicrosoftAzureBuilder::new().with_config(AzureConfigKey::SasKey, signature.expose_secret())
            }
            AzureAccess::Ambient => MicrosoftAzureBuilder::from_env(),
        };
        if let Some(endpoint) = endpoint.clone() {
            builder = builder.with_endpoint(endpoint);
        }
        let built = builder
            .with_account(azure.azure_blob_storage_account_name.trim())
            .with_container_name(azure.azure_blob_storage_container_name.trim())
            .with_client_options(self.client(endpoint.as_deref()))
            .with_retry(self.retry())
            .with_http_connector(WithBundledRoots)
            .build();
        let place = Place {
            name: format!(
                "the Azure container \"{}\" of the account \"{}\"",
                azure.azure_blob_storage_container_name.trim(),
                azure.azure_blob_storage_account_name.trim()
            ),
            folder: azure.bucket_path.clone(),
            advice: "Check the names of account and container, and the key or signature, which has to allow creating, \
                     writing, listing and deleting there.",
        };
        opened(built, place)
    }
}

fn open_local(local: &LocalStorage) -> Result<Opened, Failure> {
    let place = Place {
        name: format!("the directory {}", local.path),
        folder: String::new(),
        advice: "Check that path is a directory that the connector may write to; in a container, a volume that is \
                 mounted there.",
    };
    // Rejected records are the user's data: what is made for them is for nobody else to read. What is there already keeps
    // its mode.
    umask(Mode::RWXG | Mode::RWXO);
    let built = std::fs::create_dir_all(&local.path)
        .map_err(|error| unusable(&place, &error.kind().to_string()))
        .and_then(|()| {
            LocalFileSystem::new_with_prefix(&local.path).map_err(|_| unusable(&place, "it cannot be opened"))
        })?;
    Ok((Arc::new(built.with_fsync(true)), place))
}

fn opened<S: ObjectStore>(built: Result<S>, place: Place) -> Result<Opened, Failure> {
    match built {
        Ok(store) => Ok((Arc::new(store), place)),
        // The library's words may quote the settings, secrets included.
        Err(_) => Err(unusable(&place, "a name, an endpoint or a credential is malformed")),
    }
}

fn unusable(place: &Place, why: &str) -> Failure {
    let message = format!("object_storage_config: {place} cannot be used: {why}. {}", place.advice);
    Failure::new(Kind::Configuration, message)
}

fn role_without_identity() -> Failure {
    let message = format!(
        "object_storage_config.role_arn: a role can be assumed only with a web identity ({WEB_IDENTITY}), which this \
         machine does not have. Give access_key_id and secret_access_key instead, or leave role_arn out to use the role \
         that the machine itself has."
    );
    Failure::new(Kind::Configuration, message)
}
