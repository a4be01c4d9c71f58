//! What a token is worth: the scopes it was granted, where HubSpot tells.
//!
//! HubSpot tells it of private app tokens by a call of their own (its private apps guide), and of OAuth tokens where
//! they are granted (its OAuth guide). Whether service keys are told of is not documented, so that a refusal says
//! nothing: the calls that need a scope find out.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;

use super::client::{Answer, CallError, Client};
use crate::crm::account::DailyUsage;
use crate::crm::scopes::Scopes;
use crate::engine::pace::Reception;

/// Longest wait for what can be done without. It is asked for once.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a token is, as far as HubSpot tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// Of a private app; with HubSpot's number for the call that told.
    PrivateApp(Scopes, Option<Box<str>>),
    /// Of an OAuth app.
    OAuth(Scopes),
    /// Of a private app, or a service key: HubSpot does not tell more.
    PrivateOrServiceKey,
    /// Of an OAuth app, with scopes that HubSpot does not tell.
    Untold,
}

impl Token {
    /// What it was granted, where that is known.
    #[must_use]
    pub fn scopes(&self) -> Option<&Scopes> {
        match self {
            Self::PrivateApp(scopes, _) | Self::OAuth(scopes) => Some(scopes),
            Self::PrivateOrServiceKey | Self::Untold => None,
        }
    }

    /// HubSpot's number for the call that told the scopes, for its support.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        match self {
            Self::PrivateApp(_, correlation_id) => correlation_id.as_deref(),
            _ => None,
        }
    }

    /// The token in words, as in "connected by ...".
    #[must_use]
    pub fn described(&self) -> String {
        match self {
            Self::PrivateApp(scopes, _) => format!("a private app's token with {} scopes", scopes.count()),
            Self::OAuth(scopes) => format!("an OAuth app with {} scopes", scopes.count()),
            Self::PrivateOrServiceKey => "a private app's token or service key".to_owned(),
            Self::Untold => "an OAuth app".to_owned(),
        }
    }
}

#[derive(Deserialize)]
struct PrivateTokenInfo {
    scopes: Vec<String>,
}

/// What HubSpot tells of the client's token. OAuth takes no call for it: a token has been granted by now.
pub async fn told(client: &Client) -> Token {
    let Some(body) = client.with_fixed_token(|token| json!({ "tokenKey": token }).to_string()) else {
        return match client.granted_scopes().await {
            Some(scopes) => Token::OAuth(scopes.into_iter().collect()),
            None => Token::Untold,
        };
    };
    let path = client.paths().private_token_info();
    let answer = once(client, client.post(&path, body.into_bytes())).await;
    let told = answer.filter(Answer::is_success).and_then(|answer| {
        let info: PrivateTokenInfo = serde_json::from_slice(&answer.body).ok()?;
        let correlation_id = answer.correlation_id.map(Into::into);
        Some(Token::PrivateApp(info.scopes.into_iter().collect(), correlation_id))
    });
    told.unwrap_or(Token::PrivateOrServiceKey)
}

/// A call that is made once and need not succeed.
async fn once(client: &Client, call: impl Future<Output = Result<Answer, CallError>>) -> Option<Answer> {
    let admitted = client.toll().admit().await.ok()?;
    let answer = timeout(PATIENCE, call).await.ok().and_then(Result::ok);
    let reception = if answer.is_some() { Reception::TakenUp } else { Reception::Unknown };
    admitted.over(reception, answer.as_ref().map(|answer| answer.rate));
    answer
}

#[derive(Deserialize)]
struct Usages {
    results: Vec<DailyUsage>,
}

/// What private apps have used of the day's calls; `None` for OAuth apps, which have no such quota, and where HubSpot
/// does not tell.
pub async fn daily_usage(client: &Client) -> Option<DailyUsage> {
    if client.uses_oauth() {
        return None;
    }
    let path = client.paths().daily_usage();
    let answer = once(client, client.get(&path)).await?;
    let usages: Usages = serde_json::from_slice(&answer.body).ok().filter(|_| answer.is_success())?;
    usages.results.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_described_by_what_is_known_of_it() {
        let scopes: Scopes = ["a".to_owned(), "b".to_owned()].into_iter().collect();
        let token = Token::PrivateApp(scopes.clone(), Some("c-1".into()));
        assert_eq!(token.described(), "a private app's token with 2 scopes");
        assert_eq!(token.scopes(), Some(&scopes));
        assert_eq!(token.correlation_id(), Some("c-1"));
        assert_eq!(Token::PrivateOrServiceKey.scopes(), None);
        assert!(Token::Untold.described().contains("OAuth"));
    }
}
