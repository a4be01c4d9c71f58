//! What the user chose: the configuration, typed and checked, and the specification it is made from.
//!
//! The types here are the one source of the specification: schemars turns them into JSON Schema, and their
//! documentation is what users read beside the fields of Airbyte's form. Hence two habits in these files: the
//! **first paragraph** of a field's documentation is written for a business user and goes into the
//! specification, whatever follows it is for engineers; and a field's `extend` holds the keywords of
//! Airbyte's form.
//!
//! Reading goes in four steps: nulls are removed (`normal`), the rest is held against the specification
//! (`validate`), turned into types, and checked for what a schema cannot say (`check`). Nothing on that way
//! repeats a value in an error.

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

pub use self::credentials::{AccessTokenCredentials, Credentials, OAuthCredentials};
pub use self::error::{ConfigError, Expected, Problem};
pub use self::limit::Limit;
pub use self::path::FieldPath;
pub use self::policy::{
    DeletedRows, EmptyStrings, InvalidValues, NullValues, UnknownProperties, ValuePolicies,
};
pub use self::report::RejectedRecordsOutput;
pub use self::service::{ApiVersion, BaseUrl, Seconds};
pub use self::streams::{AssociationSettings, Match, Operation, PropertyMapping, StreamSettings};

mod advanced_auth;
mod check;
mod credentials;
mod error;
mod limit;
mod normal;
mod path;
mod policy;
mod report;
mod rotation;
mod schema;
mod secret;
mod service;
pub mod spec;
pub mod storage;
mod streams;
#[cfg(test)]
mod tests;
mod validate;

/// A configuration that fits the specification.
///
/// Not serialisable, and its `Debug` output hides secrets.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(title = "HubSpot Destination")]
pub struct Config {
    /// How to sign in to HubSpot.
    #[schemars(title = "Authentication", extend("order" = 0))]
    pub credentials: Credentials,
    /// Where to keep records that HubSpot rejects, with the reason for each. By default they are only counted
    /// and reported, not kept.
    #[serde(default)]
    #[schemars(
        title = "Storage for Rejected Records",
        extend("default" = {"storage_type": "None"}, "order" = 1)
    )]
    pub object_storage_config: storage::ObjectStorage,
    /// Settings for single streams: which HubSpot object they go to, how records are matched, and how fields
    /// are named. Not needed for streams that are mapped in the connection.
    #[serde(default)]
    #[schemars(title = "Streams", extend("default" = [], "order" = 2))]
    pub streams: Vec<StreamSettings>,
    /// Fields that HubSpot has no writable property for. "drop" (the default) leaves them out with one
    /// warning; "reject" rejects every record that has one; "create" makes the property in HubSpot.
    #[serde(default)]
    #[schemars(title = "Unknown Properties", extend("order" = 3))]
    pub unknown_properties: UnknownProperties,
    /// Values that do not fit the type of their property. "reject_record" (the default) rejects the record;
    /// "drop_property" writes the record without that property.
    #[serde(default)]
    #[schemars(title = "Invalid Values", extend("order" = 4))]
    pub invalid_values: InvalidValues,
    /// Null values. "ignore" (the default) leaves HubSpot's value alone; "clear" empties it.
    #[serde(default)]
    #[schemars(title = "Null Values", extend("order" = 5))]
    pub null_values: NullValues,
    /// Empty texts. "clear" (the default) empties HubSpot's value; "ignore" leaves it alone.
    #[serde(default)]
    #[schemars(title = "Empty Strings", extend("order" = 6))]
    pub empty_strings: EmptyStrings,
    /// Rows that the source has deleted, as a database's change log tells. "skip" (the default) does nothing with
    /// them; "archive" archives the HubSpot record with the same matching key; "reject" rejects them; "write" writes
    /// them like any other row.
    #[serde(default)]
    #[schemars(title = "Deleted Rows", extend("order" = 7))]
    pub deleted_rows: DeletedRows,
    /// How much of a rejected record goes into the connector's output. "full" shows the record and HubSpot's
    /// message; "redacted" shows the reason only; "none" shows nothing. The default is "redacted" on the
    /// Airbyte platform, whose logs would otherwise hold your data, and "full" elsewhere. Storage always gets
    /// the full record.
    ///
    /// Read it with [`Config::rejected_records_output`].
    #[schemars(title = "Rejected Records in the Output", extend("order" = 8))]
    pub rejected_records_output: Option<RejectedRecordsOutput>,
    /// The percentage of HubSpot's rate limit this connection may use. The default is 100. Lower it to leave
    /// room for other apps that share the token.
    #[serde(default = "rate_limit_share")]
    #[schemars(title = "Share of the Rate Limit (Percent)", range(min = 1, max = 100), extend("order" = 9))]
    pub rate_limit_share: u8,
    /// The percentage of HubSpot's daily limit to leave for other apps. The sync stops when less is left, and
    /// goes on from there the next time. The default is 5.
    #[serde(default = "daily_reserve_percent")]
    #[schemars(title = "Daily Reserve (Percent)", range(min = 0, max = 100), extend("order" = 10))]
    pub daily_reserve_percent: u8,
    /// How many properties, lists and event definitions one sync may create in HubSpot before it stops. The
    /// default is 50. It guards against clutter from unexpected data.
    #[serde(default = "create_limit")]
    #[schemars(title = "Creation Limit", range(min = 0, max = 1_000_000), extend("order" = 11))]
    pub create_limit: u32,
    /// How many records of a stream may be rejected before the sync stops: a number, or a percentage such as "5%" that
    /// counts once 1,000 records have settled. By default there is no limit. It guards against a wrong mapping.
    #[schemars(title = "Rejection Limit", extend("examples" = ["100", "5%"], "order" = 12))]
    pub rejection_limit: Option<Limit>,
    /// Try everything but write nothing: records are checked against HubSpot's properties, and the log says
    /// what would be sent. Off by default.
    #[serde(default)]
    #[schemars(title = "Dry Run", extend("order" = 13))]
    pub dry_run: bool,
    /// The version of HubSpot's API. The default is "v3".
    #[serde(default)]
    #[schemars(title = "API Version", extend("order" = 14))]
    pub api_version: ApiVersion,
    /// The address of HubSpot's API, including the sign-in endpoint. The default is HubSpot's own,
    /// api.hubapi.com.
    #[serde(default)]
    #[schemars(with = "String", title = "API Base URL", extend("airbyte_hidden" = true, "order" = 15))]
    pub api_base_url: BaseUrl,
    /// How many seconds to wait for one answer. The default is 120.
    #[serde(default = "request_timeout")]
    #[schemars(
        with = "f64",
        title = "Request Timeout (Seconds)",
        range(min = 0.01, max = 3600),
        extend("airbyte_hidden" = true, "order" = 16)
    )]
    pub request_timeout_seconds: Seconds,
    /// How many seconds to go on trying without any progress before the sync gives up. The default is 1800.
    #[serde(default = "retry_budget")]
    #[schemars(
        with = "f64",
        title = "Retry Budget (Seconds)",
        range(min = 0, max = 86_400),
        extend("airbyte_hidden" = true, "order" = 17)
    )]
    pub retry_budget_seconds: Seconds,
    /// How many seconds a batch that is not full may wait for more records. The default is 5.
    #[serde(default = "flush_interval")]
    #[schemars(
        with = "f64",
        title = "Flush Interval (Seconds)",
        range(min = 0, max = 3600),
        extend("airbyte_hidden" = true, "order" = 18)
    )]
    pub flush_interval_seconds: Seconds,
    /// Keys the specification does not have, such as misspelt ones: worth a warning, never an error, since
    /// saved configurations of other versions have to keep working. Shown as paths, without values.
    #[serde(skip)]
    pub unknown_keys: Vec<FieldPath>,
}

fn rate_limit_share() -> u8 {
    100
}

fn daily_reserve_percent() -> u8 {
    5
}

fn create_limit() -> u32 {
    50
}

fn request_timeout() -> Seconds {
    Seconds::whole(120)
}

fn retry_budget() -> Seconds {
    Seconds::whole(1800)
}

fn flush_interval() -> Seconds {
    Seconds::whole(5)
}

impl Config {
    /// Reads a configuration from its JSON text.
    ///
    /// # Errors
    ///
    /// [`ConfigError::NotJson`] for text that is no JSON, and [`ConfigError::Invalid`] with every field that
    /// is not as it should be.
    pub fn from_json(text: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        let given = serde_json::from_slice(text.as_ref()).map_err(|error| ConfigError::from(&error))?;
        let given = normal::form_of(given);
        let schema = schema::connection_specification();
        let problems = validate::problems(&schema, &given)?;
        if !problems.is_empty() {
            return Err(ConfigError::Invalid(problems));
        }
        let unknown_keys = validate::unknown_keys(&schema, &given);
        // The cause is not kept: it may quote a value.
        let config: Self = serde_json::from_value(given).map_err(|_| ConfigError::Defect)?;
        config.check()?;
        Ok(Self { unknown_keys, ..config })
    }

    /// The configuration text as the user gave it, every key in its place, with only
    /// `credentials.refresh_token` replaced; on one line, for a CONTROL message.
    ///
    /// # Errors
    ///
    /// [`ConfigError::NotJson`] for text that is no JSON, and [`ConfigError::Invalid`] for a configuration
    /// without a refresh token.
    pub fn to_json_with_refresh_token(original: &str, token: &SecretString) -> Result<String, ConfigError> {
        rotation::replace_refresh_token(original, token)
    }

    /// What to print of rejected records, given whether the Airbyte platform runs this process (it sets
    /// `WORKER_JOB_ID`): older platforms log messages they do not know, record values included.
    #[must_use]
    pub fn rejected_records_output(&self, on_platform: bool) -> RejectedRecordsOutput {
        let default = if on_platform { RejectedRecordsOutput::Redacted } else { RejectedRecordsOutput::Full };
        self.rejected_records_output.unwrap_or(default)
    }

    /// The settings for a stream, if it has any: an entry with its very namespace wins over one without a
    /// namespace. `None` and an empty text are the same namespace.
    #[must_use]
    pub fn stream(&self, namespace: Option<&str>, name: &str) -> Option<&StreamSettings> {
        streams::find(&self.streams, namespace, name)
    }

    /// The place among [`Config::streams`] of the settings that hold for a stream.
    #[must_use]
    pub fn entry(&self, namespace: Option<&str>, name: &str) -> Option<usize> {
        let settings = self.stream(namespace, name)?;
        self.streams.iter().position(|entry| std::ptr::eq(entry, settings))
    }

    /// How names and values are treated in a stream with these settings.
    #[must_use]
    pub fn value_policies(&self, stream: Option<&StreamSettings>) -> ValuePolicies {
        ValuePolicies {
            unknown_properties: stream
                .and_then(|stream| stream.unknown_properties)
                .unwrap_or(self.unknown_properties),
            invalid_values: stream.and_then(|stream| stream.invalid_values).unwrap_or(self.invalid_values),
            null_values: stream.and_then(|stream| stream.null_values).unwrap_or(self.null_values),
            empty_strings: stream.and_then(|stream| stream.empty_strings).unwrap_or(self.empty_strings),
        }
    }

    /// Every secret of the configuration, for whoever has to keep them out of the output.
    #[must_use]
    pub fn secrets(&self) -> Vec<&SecretString> {
        let mut secrets = self.credentials.secrets();
        secrets.extend(self.object_storage_config.secrets());
        secrets
    }

    /// [`Self::secrets`] and the parts of them that are secret by themselves: of a signed address the signature, of an
    /// account's key file the key.
    #[must_use]
    pub fn secret_texts(&self) -> Vec<SecretString> {
        let whole = self.secrets();
        let parts = whole.iter().flat_map(|secret| secret::parts(secret));
        parts.chain(whole.iter().map(|secret| (*secret).clone())).collect()
    }

    fn check(&self) -> Result<(), ConfigError> {
        let root = FieldPath::root();
        let mut findings = check::Findings::default();
        self.credentials.check(&root.key("credentials"), &mut findings);
        self.object_storage_config.check(&root.key("object_storage_config"), &mut findings);
        streams::check(&self.streams, &root.key("streams"), &mut findings);
        Limit::check(self.rejection_limit, root.key("rejection_limit"), &mut findings);
        if !self.api_base_url.is_usable() {
            findings.add(root.key("api_base_url"), Expected::HttpUrl);
        }
        let problems = findings.into_problems();
        if problems.is_empty() { Ok(()) } else { Err(ConfigError::Invalid(problems)) }
    }
}
