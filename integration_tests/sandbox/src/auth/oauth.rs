//! OAuth apps and the refresh grant.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::scopes::Scopes;
use super::tokens::BudgetId;

/// An app that was installed in the account.
#[derive(Clone, Debug)]
pub(crate) struct OAuthApp {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) refresh_token: String,
    pub(crate) scopes: Scopes,
    pub(crate) budget: BudgetId,
}

/// All installed apps and the account-wide rules for their tokens.
#[derive(Clone, Debug)]
pub(crate) struct Apps {
    apps: Vec<OAuthApp>,
    pub(crate) access_token_lifetime: Duration,
    /// What is told of it (`expires_in`), where that is not the truth.
    pub(crate) told_lifetime: Option<Value>,
}

/// A refused grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GrantError {
    #[error("missing or unknown grant type")]
    GrantType,
    #[error("missing or unknown client id")]
    ClientId,
    #[error("missing or unknown client secret")]
    ClientSecret,
    #[error("refresh token is invalid, expired or revoked")]
    RefreshToken,
    #[error("missing or unknown authorization code")]
    Code,
}

impl GrantError {
    /// HubSpot's `status`.
    pub(crate) fn status(self) -> &'static str {
        match self {
            Self::GrantType => "BAD_GRANT_TYPE",
            Self::ClientId => "BAD_CLIENT_ID",
            Self::ClientSecret => "BAD_CLIENT_SECRET",
            Self::RefreshToken => "BAD_REFRESH_TOKEN",
            Self::Code => "BAD_AUTH_CODE",
        }
    }

    /// The `error` of RFC 6749.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::GrantType => "unsupported_grant_type",
            Self::ClientId | Self::ClientSecret => "invalid_client",
            Self::RefreshToken | Self::Code => "invalid_grant",
        }
    }
}

/// A granted refresh: the app whose access token is to be made.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) refresh_token: String,
    pub(crate) scopes: Scopes,
    pub(crate) budget: BudgetId,
}

impl Apps {
    /// No apps; access tokens live 30 minutes.
    pub(crate) fn new() -> Self {
        Self { apps: Vec::new(), access_token_lifetime: Duration::from_secs(1800), told_lifetime: None }
    }

    /// Every app.
    pub(crate) fn all(&self) -> &[OAuthApp] {
        &self.apps
    }

    /// Installs an app in place of the one with that client id.
    pub(crate) fn install(&mut self, app: OAuthApp) {
        self.apps.retain(|known| known.client_id != app.client_id);
        self.apps.push(app);
    }

    /// The app with that client id.
    pub(crate) fn find(&self, client_id: &str) -> Option<&OAuthApp> {
        self.apps.iter().find(|app| app.client_id == client_id)
    }

    /// The app with that client id, to change it.
    pub(crate) fn find_mut(&mut self, client_id: &str) -> Option<&mut OAuthApp> {
        self.apps.iter_mut().find(|app| app.client_id == client_id)
    }

    /// The app whose refresh token this is.
    pub(crate) fn by_refresh_token(&self, token: &str) -> Option<&OAuthApp> {
        self.apps.iter().find(|app| !token.is_empty() && app.refresh_token == token)
    }

    /// Makes a refresh token invalid.
    pub(crate) fn revoke_refresh_token(&mut self, token: &str) -> bool {
        match self.apps.iter_mut().find(|app| !token.is_empty() && app.refresh_token == token) {
            None => false,
            Some(app) => {
                app.refresh_token.clear();
                true
            }
        }
    }

    /// Checks the fields of a token request. `fresh` is the refresh token that replaces the old one, if it is to be
    /// replaced.
    pub(crate) fn grant(
        &mut self,
        form: &BTreeMap<String, String>,
        fresh: Option<String>,
    ) -> Result<Grant, GrantError> {
        let field = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());
        match field("grant_type") {
            Some("refresh_token") => {}
            // The sandbox has no authorisation page, so no code was ever given out.
            Some("authorization_code") => return Err(GrantError::Code),
            _ => return Err(GrantError::GrantType),
        }
        let client_id = field("client_id").ok_or(GrantError::ClientId)?;
        let app = self.find_mut(client_id).ok_or(GrantError::ClientId)?;
        if field("client_secret") != Some(app.client_secret.as_str()) {
            return Err(GrantError::ClientSecret);
        }
        if field("refresh_token") != Some(app.refresh_token.as_str()) {
            return Err(GrantError::RefreshToken);
        }
        if let Some(fresh) = fresh {
            app.refresh_token = fresh;
        }
        Ok(Grant {
            client_id: app.client_id.clone(),
            refresh_token: app.refresh_token.clone(),
            scopes: app.scopes.clone(),
            budget: app.budget,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apps() -> Apps {
        let mut apps = Apps::new();
        apps.install(OAuthApp {
            client_id: "app".to_owned(),
            client_secret: "hush".to_owned(),
            refresh_token: "again".to_owned(),
            scopes: Scopes::all(),
            budget: BudgetId(0),
        });
        apps
    }

    fn form(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    const GOOD: [(&str, &str); 4] = [
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("client_secret", "hush"),
        ("refresh_token", "again"),
    ];

    #[test]
    fn every_wrong_field_has_its_own_status() {
        for (field, error) in [
            ("grant_type", GrantError::GrantType),
            ("client_id", GrantError::ClientId),
            ("client_secret", GrantError::ClientSecret),
            ("refresh_token", GrantError::RefreshToken),
        ] {
            let mut wrong = form(&GOOD);
            wrong.insert(field.to_owned(), "wrong".to_owned());
            assert_eq!(apps().grant(&wrong, None).unwrap_err(), error);
            wrong.remove(field);
            assert_eq!(apps().grant(&wrong, None).unwrap_err(), error, "absent {field}");
        }
    }

    #[test]
    fn a_replaced_refresh_token_works_once() {
        let mut apps = apps();
        let grant = apps.grant(&form(&GOOD), Some("next".to_owned())).unwrap();
        assert_eq!(grant.refresh_token, "next");
        assert_eq!(apps.grant(&form(&GOOD), None).unwrap_err(), GrantError::RefreshToken);
    }

    #[test]
    fn a_revoked_refresh_token_is_refused_even_when_empty() {
        let mut apps = apps();
        assert!(apps.revoke_refresh_token("again"));
        let mut empty = form(&GOOD);
        empty.insert("refresh_token".to_owned(), String::new());
        assert_eq!(apps.grant(&empty, None).unwrap_err(), GrantError::RefreshToken);
    }
}
