//! Bearer tokens: a fixed access token, or OAuth tokens that are renewed before they expire.
//!
//! One refresh at a time: calls that need a new token wait for the one that is being fetched.
//! Source: HubSpot's "Manage OAuth tokens" (refresh grant, form-encoded body, `expires_in`).

use std::time::Duration;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::client::{Answer, Transport, Unreachable};
use crate::api::{ApiError, Paths, Refusal};
use crate::config::Credentials;
use crate::error::{Failure, Kind};
use crate::secrets::Secrets;

/// Where bearer tokens come from.
#[derive(Debug)]
pub struct Auth {
    source: Source,
    /// Where granted tokens are made known, so that they are in no output.
    secrets: Secrets,
}

#[derive(Debug)]
enum Source {
    Fixed(SecretString),
    OAuth { client_id: SecretString, client_secret: SecretString, state: Mutex<OAuthState> },
}

#[derive(Debug)]
struct OAuthState {
    refresh_token: SecretString,
    granted: Option<Granted>,
    /// A refresh token that HubSpot gave in place of the configured one, until it has been handed on.
    rotated: Option<SecretString>,
}

#[derive(Debug)]
struct Granted {
    token: SecretString,
    renew_at: Instant,
    /// What it may do; older versions of the endpoint do not say.
    scopes: Option<Vec<String>>,
}

/// Why no token could be had.
#[derive(Debug)]
pub enum NoToken {
    /// HubSpot refuses the refresh token or the app: the user has to act.
    Refused(Failure),
    /// The token endpoint answered with an error that passes.
    Passing(Box<ApiError>),
    /// The token endpoint could not be reached.
    Unreachable(Unreachable),
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    #[serde(default)]
    refresh_token: Option<SecretString>,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    scopes: Option<Vec<String>>,
}

impl TokenAnswer {
    /// How long the token may be used. What is no time a token can live is not believed: a wrong number must neither
    /// keep a token for ever nor ask for one with every call.
    fn life(&self) -> Duration {
        let told = match &self.expires_in {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match told {
            Some(seconds) if seconds > 0.0 => Duration::from_secs_f64(
                seconds.clamp(SHORTEST_LIFE.as_secs_f64(), LONGEST_LIFE.as_secs_f64()),
            ),
            _ => USUAL_LIFE,
        }
    }
}

/// A token is renewed this long before it expires, or after nine tenths of a shorter life.
const RENEW_BEFORE: Duration = Duration::from_secs(300);
/// Life of a token whose answer does not tell it; HubSpot's documented one.
const USUAL_LIFE: Duration = Duration::from_secs(1800);
/// Lives beyond these are taken for these.
const SHORTEST_LIFE: Duration = Duration::from_secs(1);
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 3600);

impl Auth {
    /// Tokens for these credentials.
    #[must_use]
    pub fn new(credentials: &Credentials, secrets: Secrets) -> Self {
        let source = match credentials {
            Credentials::AccessToken(fixed) => Source::Fixed(fixed.access_token.clone()),
            Credentials::OAuth(oauth) => Source::OAuth {
                client_id: oauth.client_id.clone(),
                client_secret: oauth.client_secret.clone(),
                state: Mutex::new(OAuthState {
                    refresh_token: oauth.refresh_token.clone(),
                    granted: None,
                    rotated: None,
                }),
            },
        };
        Self { source, secrets }
    }

    /// Whether a refused token can be replaced by a new one.
    #[must_use]
    pub fn can_renew(&self) -> bool {
        matches!(self.source, Source::OAuth { .. })
    }

    /// A token that is accepted now, as far as can be known; fetches one where there is none.
    ///
    /// # Errors
    /// [`NoToken`] when a new token is needed and cannot be had.
    pub async fn bearer(&self, transport: &Transport, paths: Paths) -> Result<SecretString, NoToken> {
        let (client_id, client_secret, state) = match &self.source {
            Source::Fixed(token) => return Ok(token.clone()),
            Source::OAuth { client_id, client_secret, state } => (client_id, client_secret, state),
        };
        // Held across the refresh: that is what makes it a single flight.
        let mut state = state.lock().await;
        if let Some(granted) = state.granted.as_ref().filter(|granted| Instant::now() < granted.renew_at) {
            return Ok(granted.token.clone());
        }
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", client_id.expose_secret()),
            ("client_secret", client_secret.expose_secret()),
            ("refresh_token", state.refresh_token.expose_secret()),
        ];
        let answer = transport.post_form(&paths.oauth_token(), &form).await.map_err(NoToken::Unreachable)?;
        let granted = read(&answer)?;
        let refresh_token = granted.refresh_token.iter().map(ExposeSecret::expose_secret);
        self.secrets.add(refresh_token.chain([granted.access_token.expose_secret()]));
        let life = granted.life();
        let renew_at = Instant::now() + life.saturating_sub(RENEW_BEFORE.min(life / 10));
        if let Some(new) = granted.refresh_token
            && !new.expose_secret().is_empty()
            && new.expose_secret() != state.refresh_token.expose_secret()
        {
            state.rotated = Some(new.clone());
            state.refresh_token = new;
        }
        let token = granted.access_token;
        state.granted = Some(Granted { token: token.clone(), renew_at, scopes: granted.scopes });
        Ok(token)
    }

    /// Says that HubSpot refused a token, so that the next call gets a new one.
    pub async fn refused(&self, token: &SecretString) {
        if let Source::OAuth { state, .. } = &self.source {
            let mut state = state.lock().await;
            let is_current = state
                .granted
                .as_ref()
                .is_some_and(|granted| granted.token.expose_secret() == token.expose_secret());
            if is_current {
                state.granted = None;
            }
        }
    }

    /// Takes the refresh token that HubSpot gave in place of the configured one, once.
    pub async fn take_rotated(&self) -> Option<SecretString> {
        match &self.source {
            Source::OAuth { state, .. } => state.lock().await.rotated.take(),
            Source::Fixed(_) => None,
        }
    }

    /// The one token there is, unless tokens are renewed.
    #[must_use]
    pub fn fixed_token(&self) -> Option<&SecretString> {
        match &self.source {
            Source::Fixed(token) => Some(token),
            Source::OAuth { .. } => None,
        }
    }

    /// The scopes of the token granted last, where there is one and its grant told them.
    pub async fn granted_scopes(&self) -> Option<Vec<String>> {
        match &self.source {
            Source::OAuth { state, .. } => state.lock().await.granted.as_ref()?.scopes.clone(),
            Source::Fixed(_) => None,
        }
    }
}

fn read(answer: &Answer) -> Result<TokenAnswer, NoToken> {
    if answer.status == 200 {
        // The cause is not kept: it may quote a token.
        let read: Option<TokenAnswer> = serde_json::from_slice(&answer.body).ok();
        let usable = |granted: &TokenAnswer| {
            let token = granted.access_token.expose_secret();
            !token.is_empty() && HeaderValue::from_str(token).is_ok()
        };
        return read.filter(usable).ok_or_else(|| {
            NoToken::Passing(Box::new(ApiError::parse(502, &[], answer.correlation_id.as_deref())))
        });
    }
    let error = answer.error();
    // Only HubSpot itself knows whether a grant is good, and says so in an error of its own. A redirect, a page, or a
    // proxy's refusal is not its word.
    let is_its_word = error.structured && matches!(answer.status, 400 | 401 | 403);
    match error.refusal() {
        Refusal::RateLimited(_) | Refusal::Locked | Refusal::Migrating | Refusal::Unavailable => {
            Err(NoToken::Passing(Box::new(error)))
        }
        _ if !is_its_word => Err(NoToken::Passing(Box::new(error))),
        _ => {
            let message = format!(
                "HubSpot refused to renew the access token ({}). Sign in to HubSpot again in this destination's \
                 settings; with your own app, check that client ID, client secret and refresh token belong to the \
                 same HubSpot app.",
                error.code()
            );
            let failure = Failure::new(Kind::Configuration, message)
                .internal(format!("token endpoint answered {}", answer.status))
                .correlated(error.correlation_id.as_deref());
            Err(NoToken::Refused(failure))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_that_no_token_has_is_not_believed() {
        let life = |expires_in: &str| {
            let text = format!(r#"{{"access_token":"t","expires_in":{expires_in}}}"#);
            serde_json::from_str::<TokenAnswer>(&text).unwrap().life().as_secs_f64()
        };
        for (told, expected) in [
            ("1800", 1800.0),
            (r#""1800""#, 1800.0),
            ("1.5", 1.5),
            ("1e19", 86_400.0),
            ("1e300", 86_400.0),
            ("18446744073709551616", 86_400.0),
            ("0.0001", 1.0),
            ("0", 1800.0),
            ("-1e19", 1800.0),
            ("null", 1800.0),
            (r#""soon""#, 1800.0),
            ("[1]", 1800.0),
        ] {
            assert_eq!(life(told), expected, "{told}");
        }
    }
}
