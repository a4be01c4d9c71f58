//! Calls made before and beside the records: repeated with patience, read as JSON.

use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use super::auth::NoToken;
use super::client::{Answer, CallError, Client, Unreachable};
use crate::api::{ApiError, RatePolicy};
use crate::engine::retry::{self, Disposition, Setback};
use crate::error::{Failure, Kind};

/// Why a resource could not be read.
#[derive(Debug)]
pub enum Trouble {
    /// HubSpot refused the call; the caller knows what it was for and explains it.
    Refused(Box<ApiError>),
    /// Everything else: out of patience, quota spent, no token.
    Failed(Failure),
}

/// How long a command goes on trying.
#[derive(Clone, Copy, Debug)]
pub enum Patience {
    /// All its calls together until this moment: check and discover, which somebody waits for.
    Until(Instant),
    /// So long for each call: write, which a quiet hour must not end.
    Each(Duration),
}

impl Patience {
    fn ends(self) -> Instant {
        match self {
            Self::Until(moment) => moment,
            Self::Each(budget) => Instant::now() + budget,
        }
    }
}

/// Reads a JSON resource, repeating the call while it fails for passing reasons.
///
/// # Errors
/// [`Trouble`] when HubSpot refuses, or when patience ends.
pub async fn get_json<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    patience: Patience,
) -> Result<T, Trouble> {
    patiently(|| client.get(path), patience).await
}

/// Makes something by sending JSON, repeating the call while it fails for passing reasons. A call that failed may have
/// made it all the same: the next one is refused then, with a 409.
///
/// # Errors
/// [`Trouble`] when HubSpot refuses, or when patience ends.
pub async fn post_json<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    body: &[u8],
    patience: Patience,
) -> Result<T, Trouble> {
    patiently(|| client.post(path, body.to_vec()), patience).await
}

async fn patiently<T, F, Call>(call: F, patience: Patience) -> Result<T, Trouble>
where
    T: DeserializeOwned,
    F: Fn() -> Call,
    Call: Future<Output = Result<Answer, CallError>>,
{
    let (began, ends) = (Instant::now(), patience.ends());
    let mut failures = 0;
    loop {
        // A call that hangs must not outlast the command's patience.
        let answered = timeout_at(ends, call()).await;
        let answered = answered.unwrap_or(Err(CallError::Unreachable(Unreachable::TimedOut)));
        let (setback, status, retry_after, correlation_id) = match answered {
            Ok(answer) if answer.is_success() => match serde_json::from_slice(&answer.body) {
                Ok(value) => return Ok(value),
                // A success without its body: cut off on the way, as far as can be known.
                Err(_) => (Setback::Unreachable, Some(answer.status), None, answer.correlation_id),
            },
            Ok(answer) => {
                let error = answer.error();
                match retry::disposition(&error) {
                    Disposition::Setback(Setback::RateLimited(RatePolicy::Daily)) => {
                        return Err(Trouble::Failed(super::explain::daily_quota_spent(&error)));
                    }
                    Disposition::Setback(setback) => {
                        (setback, Some(answer.status), answer.retry_after, error.correlation_id)
                    }
                    _ => return Err(Trouble::Refused(Box::new(error))),
                }
            }
            Err(CallError::NoToken(NoToken::Refused(failure))) => return Err(Trouble::Failed(failure)),
            Err(CallError::NoToken(NoToken::Passing(error))) => {
                (Setback::Server, Some(error.status), None, error.correlation_id)
            }
            Err(CallError::NoToken(NoToken::Unreachable(_)) | CallError::Unreachable(_)) => {
                (Setback::Unreachable, None, None, None)
            }
        };
        failures += 1;
        // At the start there are no calls of our own in the window; a window is ten seconds.
        let wait = retry::delay(setback, failures, retry_after, Duration::from_secs(10), fastrand::f64());
        if Instant::now() + wait > ends {
            let failure = retry::out_of_patience(setback, status, wait, began.elapsed());
            return Err(Trouble::Failed(failure.correlated(correlation_id.as_deref())));
        }
        tracing::debug!(failures, status, "repeating a call that failed for a passing reason");
        tokio::time::sleep(wait).await;
    }
}

impl Trouble {
    /// The failure this trouble is, where a refusal means that `doing` is not possible.
    #[must_use]
    pub fn into_failure(self, doing: &str) -> Failure {
        match self {
            Self::Refused(error) => super::explain::refusal(&error, doing),
            Self::Failed(failure) => failure,
        }
    }

    /// Whether HubSpot refused for lack of scopes, or of the feature in the account's plan.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Refused(error) if error.status == 403)
    }

    /// Whether HubSpot answered, and the answer was a refusal.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(error) if error.status != 401)
    }

    /// Whether HubSpot says that what was asked for does not exist; lists are said so with 400 too.
    #[must_use]
    pub fn says_there_is_none(&self) -> bool {
        matches!(self, Self::Refused(error) if error.structured && matches!(error.status, 400 | 404))
    }

    /// Whether HubSpot refused because what was to be made is there already.
    #[must_use]
    pub fn is_there_already(&self) -> bool {
        matches!(self, Self::Refused(error) if error.status == 409)
    }

    /// Whether HubSpot does not know what was asked for.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Refused(error) if error.status == 404 && error.structured)
    }

    /// Whether the user has to act.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::Refused(_) => true,
            Self::Failed(failure) => failure.kind == Kind::Configuration,
        }
    }
}
