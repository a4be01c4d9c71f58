//! How the connector proves to HubSpot who it is.

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::check::Findings;
use super::path::FieldPath;
use super::secret;

/// The two ways to authenticate that HubSpot offers to a server.
///
/// `OAuth` has the reference connector's keys, so that its saved configurations keep working.
/// Source: <https://developers.hubspot.com/docs/api-reference/legacy/authentication/manage-oauth-tokens>.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "type")]
pub enum Credentials {
    /// Sign in to HubSpot with a button, or enter the keys of your own HubSpot app.
    #[serde(rename = "OAuth")]
    #[schemars(title = "OAuth")]
    OAuth(OAuthCredentials),
    /// Use a token made in HubSpot: a service key, or the access token of a private app.
    #[schemars(title = "Access Token")]
    AccessToken(AccessTokenCredentials),
}

/// An app's identity and a refresh token that an account granted to it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct OAuthCredentials {
    /// The client ID of your HubSpot app. Find it in HubSpot under Development, your app, Auth.
    #[serde(deserialize_with = "secret::trimmed")]
    #[schemars(with = "String", title = "Client ID", extend("airbyte_secret" = true, "order" = 1))]
    pub client_id: SecretString,
    /// The client secret of the same HubSpot app.
    #[serde(deserialize_with = "secret::trimmed")]
    #[schemars(with = "String", title = "Client Secret", extend("airbyte_secret" = true, "order" = 2))]
    pub client_secret: SecretString,
    /// The refresh token HubSpot gave to this app. It must belong to the same app as the client ID.
    #[serde(deserialize_with = "secret::trimmed")]
    #[schemars(with = "String", title = "Refresh Token", extend("airbyte_secret" = true, "order" = 3))]
    pub refresh_token: SecretString,
}

/// A token that does not expire by itself.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct AccessTokenCredentials {
    /// A HubSpot service key (Development, Keys, Service keys) or the access token of a private app. It needs
    /// read and write scopes for every object you sync.
    ///
    /// Up to 512 characters. Source: HubSpot's pages on private apps and account service keys.
    #[serde(deserialize_with = "secret::trimmed")]
    #[schemars(
        with = "String",
        title = "Private App Token or Service Key",
        extend("airbyte_secret" = true, "order" = 1)
    )]
    pub access_token: SecretString,
}

impl Credentials {
    /// Every secret in here, for whoever has to keep them out of the output.
    #[must_use]
    pub fn secrets(&self) -> Vec<&SecretString> {
        match self {
            Self::OAuth(oauth) => vec![&oauth.client_id, &oauth.client_secret, &oauth.refresh_token],
            Self::AccessToken(token) => vec![&token.access_token],
        }
    }

    pub(super) fn check(&self, at: &FieldPath, findings: &mut Findings) {
        match self {
            Self::OAuth(oauth) => {
                findings.secret_not_blank(at, "client_id", &oauth.client_id);
                findings.secret_not_blank(at, "client_secret", &oauth.client_secret);
                findings.secret_not_blank(at, "refresh_token", &oauth.refresh_token);
            }
            Self::AccessToken(token) => findings.bearer_token(at, "access_token", &token.access_token),
        }
    }
}
