//! Bearer tokens and what becomes of a request without a good one.

use std::collections::HashMap;

use super::scopes::Scopes;
use crate::clock::Millis;
use crate::error::Refusal;

/// Which request budget a token draws on: one per private token, one per OAuth app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct BudgetId(pub(crate) usize);

/// Where a token came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A private app's token or a service key.
    Private,
    /// An access token of the OAuth app with this client id.
    OAuth { client_id: String },
}

/// A token that was accepted.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    pub(crate) kind: TokenKind,
    pub(crate) scopes: Scopes,
    pub(crate) budget: BudgetId,
    /// When it stops working; private tokens do not.
    pub(crate) expires: Option<Millis>,
}

/// All tokens given out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tokens {
    by_text: HashMap<String, Bearer>,
}

impl Tokens {
    /// Makes a token valid.
    pub(crate) fn insert(&mut self, text: &str, bearer: Bearer) {
        self.by_text.insert(text.to_owned(), bearer);
    }

    /// The token, whether it has expired or not.
    pub(crate) fn get(&self, text: &str) -> Option<&Bearer> {
        self.by_text.get(text)
    }

    /// The token, to change it.
    pub(crate) fn get_mut(&mut self, text: &str) -> Option<&mut Bearer> {
        self.by_text.get_mut(text)
    }

    /// Every token with its text.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Bearer)> {
        self.by_text.iter().map(|(text, bearer)| (text.as_str(), bearer))
    }

    /// Makes a token unknown.
    pub(crate) fn revoke(&mut self, text: &str) -> bool {
        self.by_text.remove(text).is_some()
    }

    /// Makes every OAuth access token expire at `now`.
    pub(crate) fn expire_access_tokens(&mut self, now: Millis) {
        for bearer in self.by_text.values_mut().filter(|bearer| bearer.expires.is_some()) {
            bearer.expires = Some(now);
        }
    }

    /// Whether a call with this `Authorization` header has a token of no known shape.
    pub(crate) fn are_malformed(&self, header: Option<&str>) -> bool {
        let token = header.and_then(|header| header.split_once(' ')).map(|(_, token)| token.trim());
        token.is_some_and(|token| !self.by_text.contains_key(token) && is_malformed(token))
    }

    /// Accepts or refuses the value of an `Authorization` header.
    pub(crate) fn check(&self, header: Option<&str>, now: Millis) -> Result<Bearer, Refusal> {
        let text = header.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Err(missing());
        };
        match self.by_text.get(text) {
            // HubSpot takes a token it cannot read for one that expired in 1970.
            None => Err(expired(Millis(0), now)),
            Some(bearer) => match bearer.expires {
                Some(end) if end <= now => Err(expired(end, now)),
                _ => Ok(bearer.clone()),
            },
        }
    }
}

fn is_malformed(token: &str) -> bool {
    let is_part = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_hexdigit());
    let is_private =
        token.strip_prefix("pat-").and_then(|rest| rest.split_once('-')).is_some_and(|(_, uuid)| {
            let parts: Vec<&str> = uuid.split('-').collect();
            parts.len() == 5 && parts.iter().zip([8, 4, 4, 4, 12]).all(|(part, length)| is_part(part, length))
        });
    let is_granted =
        token.len() >= 64 && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    !is_private && !is_granted
}

fn missing() -> Refusal {
    Refusal::new(
        401,
        "INVALID_AUTHENTICATION",
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more \
         details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
    )
}

fn expired(end: Millis, now: Millis) -> Refusal {
    let seconds = (now.0 - end.0).max(0) / 1000;
    let age = if seconds >= 2 * 86_400 {
        format!("{} day(s)", seconds / 86_400)
    } else {
        format!("{seconds} second(s)")
    };
    Refusal::new(
        401,
        "EXPIRED_AUTHENTICATION",
        format!("The OAuth token used to make this call expired {age} ago."),
    )
    .with_context("expire time", vec![end.iso()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Tokens {
        let mut tokens = Tokens::default();
        let bearer = Bearer {
            kind: TokenKind::OAuth { client_id: "app".to_owned() },
            scopes: Scopes::all(),
            budget: BudgetId(0),
            expires: Some(Millis(100_000)),
        };
        tokens.insert("short", bearer.clone());
        tokens.insert("pat", Bearer { kind: TokenKind::Private, expires: None, ..bearer });
        tokens
    }

    #[test]
    fn accepts_a_live_token_only() {
        let tokens = tokens();
        assert!(tokens.check(Some("Bearer short"), Millis(99_999)).is_ok());
        let refusal = tokens.check(Some("Bearer short"), Millis(107_000)).unwrap_err();
        assert_eq!(refusal.body.category, Some("EXPIRED_AUTHENTICATION"));
        assert!(refusal.body.message.ends_with("expired 7 second(s) ago."));
        assert!(tokens.check(Some("bearer pat"), Millis(i64::MAX)).is_ok());
    }

    #[test]
    fn a_token_that_was_cut_off_is_told_from_one_that_is_unknown() {
        let tokens = tokens();
        let whole = "Bearer pat-na1-01234567-89ab-cdef-0123-456789abcdef";
        for (header, fails) in [
            (None, false),
            (Some("Bearer "), true),
            (Some("Bearer pat-na1-0123"), true),
            (Some("Bearer pat-na1-01234567-89ab-cdef-0123-456789abcde"), true),
            (Some(whole), false),
            (Some("Bearer short"), false),
        ] {
            assert_eq!(tokens.are_malformed(header), fails, "{header:?}");
        }
    }

    #[test]
    fn tells_a_missing_token_from_an_unreadable_one() {
        let tokens = tokens();
        for header in [None, Some(""), Some("Bearer "), Some("Basic abc")] {
            let refusal = tokens.check(header, Millis(0)).unwrap_err();
            assert_eq!(refusal.body.category, Some("INVALID_AUTHENTICATION"), "{header:?}");
        }
        let refusal = tokens.check(Some("Bearer nonsense"), Millis(20_336 * 86_400_000)).unwrap_err();
        assert!(refusal.body.message.ends_with("expired 20336 day(s) ago."));
        assert_eq!(refusal.body.context["expire time"], ["1970-01-01T00:00:00.000Z"]);
    }
}
