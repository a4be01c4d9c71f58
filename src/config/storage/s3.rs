//! Rejected records in Amazon S3, with the reference connector's keys.

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::files::CloudFiles;
use super::{filled, with_scheme};
use crate::config::check::Findings;
use crate::config::error::Expected;
use crate::config::path::FieldPath;
use crate::config::secret;

/// A bucket of Amazon S3 or of a compatible service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct S3Storage {
    /// The access key ID of an AWS user that can read and write the bucket. Leave both keys out to use the
    /// role of the machine Airbyte runs on.
    #[serde(default, deserialize_with = "secret::trimmed_option")]
    #[schemars(
        with = "String",
        title = "Access Key ID",
        extend("airbyte_secret" = true, "always_show" = true, "order" = 1)
    )]
    pub access_key_id: Option<SecretString>,
    /// The secret that belongs to the access key ID.
    #[serde(default, deserialize_with = "secret::trimmed_option")]
    #[schemars(
        with = "String",
        title = "Secret Access Key",
        extend("airbyte_secret" = true, "always_show" = true, "order" = 2)
    )]
    pub secret_access_key: Option<SecretString>,
    /// The ARN of an AWS role to assume. Used only when no access key is given.
    #[schemars(
        title = "Role ARN",
        extend("examples" = ["arn:aws:iam::123456789012:role/airbyte-rejected-records"], "order" = 3)
    )]
    pub role_arn: Option<String>,
    /// The name of the bucket.
    #[schemars(title = "S3 Bucket Name", extend("examples" = ["airbyte-rejected-records"], "order" = 4))]
    pub s3_bucket_name: String,
    /// The AWS region of the bucket. May be empty for services other than AWS.
    #[schemars(title = "S3 Bucket Region", extend("examples" = ["us-east-1"], "default" = "", "order" = 5))]
    pub s3_bucket_region: String,
    /// The URL of a service other than AWS that speaks the S3 protocol. Leave it out for AWS.
    #[schemars(title = "S3 Endpoint", extend("examples" = ["https://storage.example.com:9000"], "order" = 6))]
    pub s3_endpoint: Option<String>,
    /// The folder in the bucket that all files go into.
    #[schemars(title = "Path in the Bucket", extend("examples" = ["hubspot/rejected"], "order" = 7))]
    pub bucket_path: String,
    /// The files that are written.
    #[serde(flatten)]
    pub files: CloudFiles,
}

/// How to sign in to AWS.
#[derive(Clone, Copy, Debug)]
pub enum S3Access<'a> {
    /// With a user's key pair.
    Keys {
        /// The public half.
        id: &'a SecretString,
        /// The secret half.
        secret: &'a SecretString,
    },
    /// By assuming a role, given by its ARN.
    Role(&'a str),
    /// With what the machine itself has: environment, container or instance role.
    Ambient,
}

impl S3Storage {
    /// The way to sign in. A key pair wins over a role; a secret without an id is not used, as in the
    /// reference connector.
    #[must_use]
    pub fn access(&self) -> S3Access<'_> {
        match (&self.access_key_id, &self.secret_access_key, self.role_arn.as_deref().and_then(filled)) {
            (Some(id), Some(secret), _) => S3Access::Keys { id, secret },
            (_, _, Some(role)) => S3Access::Role(role),
            (_, _, None) => S3Access::Ambient,
        }
    }

    /// The endpoint as a URL, `None` for AWS itself; `https` where the user named no scheme.
    #[must_use]
    pub fn endpoint_url(&self) -> Option<String> {
        self.s3_endpoint.as_deref().and_then(filled).map(with_scheme)
    }

    pub(super) fn check(&self, at: &FieldPath, findings: &mut Findings) {
        findings.secret_not_blank(at, "access_key_id", &self.access_key_id);
        findings.secret_not_blank(at, "secret_access_key", &self.secret_access_key);
        if self.access_key_id.is_some() && self.secret_access_key.is_none() {
            findings.add(at.key("secret_access_key"), Expected::TogetherWith("access_key_id"));
        }
        findings.not_blank(at, "s3_bucket_name", &self.s3_bucket_name);
    }
}
