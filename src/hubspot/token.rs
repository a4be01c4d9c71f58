//! What a token is worth: the scopes it was granted, where HubSpot tells.
//!
//! HubSpot tells it of private app tokens by a call of their own (its private apps guide), and of OAuth tokens where
//! they are granted (its OAuth guide). Whether service keys are told of is not documented, so that a refusal says
//! nothing: the calls that need a scope find out.

use serde::Deserialize;
use serde_json::json;

use super::client::Client;
use super::patient::{Patience, get_json, post_json};
use crate::crm::account::DailyUsage;
use crate::crm::scopes::Scopes;

/// What a token is, as far as HubSpot tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// Of a private app.
    PrivateApp(Scopes),
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
            Self::PrivateApp(scopes) | Self::OAuth(scopes) => Some(scopes),
            Self::PrivateOrServiceKey | Self::Untold => None,
        }
    }

    /// The token in words, as in "connected by ...".
    #[must_use]
    pub fn described(&self) -> String {
        match self {
            Self::PrivateApp(scopes) => format!("a private app's token with {} scopes", scopes.count()),
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

/// What HubSpot tells of the client's token. OAuth takes no call for it: a token has been granted by now, or is.
pub async fn told(client: &Client, patience: Patience) -> Token {
    let Some(body) = client.with_fixed_token(|token| json!({ "tokenKey": token }).to_string()) else {
        return match client.granted_scopes().await {
            Some(scopes) => Token::OAuth(scopes.into_iter().collect()),
            None => Token::Untold,
        };
    };
    let path = client.paths().private_token_info();
    match post_json::<PrivateTokenInfo>(client, &path, body.as_bytes(), patience).await {
        Ok(info) => Token::PrivateApp(info.scopes.into_iter().collect()),
        Err(_) => Token::PrivateOrServiceKey,
    }
}

#[derive(Deserialize)]
struct Usages {
    results: Vec<DailyUsage>,
}

/// What private apps have used of the day's calls; `None` for OAuth apps, which have no such quota, and where HubSpot
/// does not tell.
pub async fn daily_usage(client: &Client, patience: Patience) -> Option<DailyUsage> {
    if client.uses_oauth() {
        return None;
    }
    let usages: Usages = get_json(client, &client.paths().daily_usage(), patience).await.ok()?;
    usages.results.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_described_by_what_is_known_of_it() {
        let scopes: Scopes = ["a".to_owned(), "b".to_owned()].into_iter().collect();
        let token = Token::PrivateApp(scopes.clone());
        assert_eq!(token.described(), "a private app's token with 2 scopes");
        assert_eq!(token.scopes(), Some(&scopes));
        assert_eq!(Token::PrivateOrServiceKey.scopes(), None);
        assert!(Token::Untold.described().contains("OAuth"));
    }
}
