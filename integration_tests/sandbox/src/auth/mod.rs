//! Who may call: private tokens, OAuth apps, and the scopes each call needs.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/legacy/authentication/manage-oauth-tokens>.

mod oauth;
pub(crate) mod scopes;
mod tokens;

pub(crate) use oauth::{Apps, Grant, GrantError, OAuthApp};
pub use scopes::Scopes;
pub(crate) use tokens::{Bearer, BudgetId, TokenKind, Tokens};
