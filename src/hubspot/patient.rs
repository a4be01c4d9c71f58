//! Calls made before and beside the records: repeated with patience, read as JSON.

use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use super::auth::NoToken;
use super::client::{Answer, CallError, Client, Unreachable};
use super::contact::Contact;
use crate::api::{ApiError, RatePolicy};
use crate::engine::pace::Reception;
use crate::engine::retry::{self, Disposition, Setback};
use crate::error::{Failure, Kind};

/// Why a resource could not be read.
#[derive(Debug)]
pub enum Trouble {
    /// HubSpot refused the call; the caller knows what it was for and explains it.
    Refused(Box<ApiError>),
    /// HubSpot's pages do not end: a cursor came twice, or more pages than there can be.
    Endless,
    /// Everything else: out of patience, quota spent, no token.
    Failed(Failure),
}

/// How long a command goes on trying.
#[derive(Clone, Copy, Debug)]
pub enum Patience {
    /// All its calls together until this moment: check and discover, which somebody waits for.
    Until(Instant),
    /// Until this moment, for what the command can do without.
    Briefly(Instant),
    /// So long for each call: write, which a quiet hour must not end.
    Each(Duration),
}

impl Patience {
    fn ends(self) -> Instant {
        match self {
            Self::Until(moment) | Self::Briefly(moment) => moment,
            Self::Each(budget) => Instant::now() + budget,
        }
    }

    /// Whether somebody waits for the command.
    pub(super) fn is_watched(self) -> bool {
        matches!(self, Self::Until(_))
    }

    /// Whether the command can do without what is asked for.
    pub(super) fn is_optional(self) -> bool {
        matches!(self, Self::Briefly(_))
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
    patiently(|until| attempt(client, path, None, until), client.contact(), patience).await
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
    patiently(|until| attempt(client, path, Some(body), until), client.contact(), patience).await
}

/// What one attempt came to.
enum Attempt<T> {
    /// It went through.
    Done(T),
    /// It cannot succeed.
    Hopeless(Trouble),
    /// Its path is unknown by now; there is another.
    Moved(String),
    /// It is to be repeated: why, with which status, after how long at least, HubSpot's number for it.
    Again(Setback, Option<u16>, Option<Duration>, Option<String>),
}

/// Repeats an attempt, each to be over by the moment it is given.
async fn patiently<T, F, Call>(attempt: F, contact: &Contact, patience: Patience) -> Result<T, Trouble>
where
    F: Fn(Instant) -> Call,
    Call: Future<Output = Attempt<T>>,
{
    let (began, ends) = (Instant::now(), patience.ends());
    let mut failures = 0;
    loop {
        // A call that hangs must not outlast the command's patience.
        let (setback, status, retry_after, correlation_id) =
            match attempt(contact.until(patience, ends)).await {
                Attempt::Done(value) => return Ok(value),
                Attempt::Hopeless(trouble) => return Err(trouble),
                // Where it is made instead is known by now.
                Attempt::Moved(_) => continue,
                Attempt::Again(setback, status, retry_after, correlation_id) => {
                    (setback, status, retry_after, correlation_id)
                }
            };
        failures += 1;
        // At the start there are no calls of our own in the window; a window is ten seconds.
        let mut wait = retry::delay(setback, failures, retry_after, Duration::from_secs(10), fastrand::f64());
        let now = Instant::now();
        // It is asked once more at the moment that decides.
        let verdict = contact.verdict_at();
        if let Some(verdict) = verdict {
            wait = wait.min(verdict.saturating_duration_since(now));
        }
        if verdict.is_some_and(|verdict| verdict <= now) || now + wait > contact.until(patience, ends) {
            let failure = contact
                .given_up(patience, now, began.elapsed())
                .unwrap_or_else(|| retry::out_of_patience(setback, status, wait, began.elapsed()));
            return Err(Trouble::Failed(failure.correlated(correlation_id.as_deref())));
        }
        tracing::debug!(failures, status, "repeating a call that failed for a passing reason");
        tokio::time::sleep(wait).await;
    }
}

/// Makes a call once; again at once where its path has moved.
async fn attempt<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    body: Option<&[u8]>,
    until: Instant,
) -> Attempt<T> {
    let mut path = path.to_owned();
    loop {
        match attempt_at(client, &path, body, until).await {
            Attempt::Moved(elsewhere) => path = elsewhere,
            attempt => return attempt,
        }
    }
}

async fn attempt_at<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    body: Option<&[u8]>,
    until: Instant,
) -> Attempt<T> {
    let Ok(admitted) = client.toll().admit().await else {
        let message = "The sync ended before it had all that it needed of HubSpot.";
        return Attempt::Hopeless(Trouble::Failed(Failure::new(Kind::Internal, message)));
    };
    let call = async {
        match body {
            None => client.get(path).await,
            Some(body) => client.post(path, body.to_vec()).await,
        }
    };
    let answered = timeout_at(until, call).await;
    let answered = answered.unwrap_or_else(|_| {
        client.contact().hears_nothing();
        Err(CallError::Unreachable(Unreachable::TimedOut))
    });
    let rate = answered.as_ref().ok().map(|answer| answer.rate);
    let attempt = match answered {
        Ok(answer) => read(client, path, &answer),
        Err(CallError::NoToken(NoToken::Refused(failure))) => Attempt::Hopeless(Trouble::Failed(failure)),
        Err(CallError::NoToken(NoToken::Passing(error))) => {
            Attempt::Again(Setback::Server, Some(error.status), None, error.correlation_id)
        }
        Err(CallError::NoToken(NoToken::Unreachable(_)) | CallError::Unreachable(_)) => {
            Attempt::Again(Setback::Unreachable, None, None, None)
        }
    };
    let reception = match &attempt {
        Attempt::Again(setback, ..) => setback.reception(),
        Attempt::Done(_) | Attempt::Hopeless(_) | Attempt::Moved(_) => Reception::TakenUp,
    };
    admitted.over(reception, rate);
    attempt
}

fn read<T: DeserializeOwned>(client: &Client, path: &str, answer: &Answer) -> Attempt<T> {
    if answer.is_success() {
        return match serde_json::from_slice(&answer.body) {
            Ok(value) => Attempt::Done(value),
            // A success without its body: cut off on the way, as far as can be known.
            Err(_) => {
                let id = answer.correlation_id.clone();
                Attempt::Again(Setback::Unreachable, Some(answer.status), None, id)
            }
        };
    }
    if let Some(elsewhere) = client.elsewhere(path, answer) {
        return Attempt::Moved(elsewhere);
    }
    if answer.is_foreign() {
        return Attempt::Again(Setback::Unreachable, Some(answer.status), None, None);
    }
    let error = answer.error();
    match retry::disposition(&error) {
        Disposition::Setback(Setback::RateLimited(RatePolicy::Daily)) => {
            Attempt::Hopeless(Trouble::Failed(super::explain::daily_quota_spent(&error)))
        }
        Disposition::Setback(setback) => {
            Attempt::Again(setback, Some(answer.status), answer.retry_after, error.correlation_id)
        }
        _ => Attempt::Hopeless(Trouble::Refused(Box::new(error))),
    }
}

impl Trouble {
    /// The failure this trouble is, where a refusal means that `doing` is not possible.
    #[must_use]
    pub fn into_failure(self, doing: &str) -> Failure {
        match self {
            Self::Refused(error) => super::explain::refusal(&error, doing),
            Self::Endless => {
                let message = format!(
                    "HubSpot does not come to an end when asked to {doing}: a page leads back to one that was read, or \
                     there are more than there can be. Run it again later."
                );
                Failure::new(Kind::Unavailable, message)
            }
            Self::Failed(failure) => failure,
        }
    }

    /// Whether HubSpot's pages do not end.
    #[must_use]
    pub fn is_endless(&self) -> bool {
        matches!(self, Self::Endless)
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

    /// Whether HubSpot refused because of what was sent.
    #[must_use]
    pub fn refuses_what_was_sent(&self) -> bool {
        matches!(self, Self::Refused(error) if error.status == 400)
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
            Self::Endless => false,
            Self::Failed(failure) => failure.kind == Kind::Configuration,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::config::BaseUrl;
    use crate::net::obstacle::{Distrust, Obstacle};

    /// What comes of calls that meet nothing but this, in virtual time: the failure, after how many calls and how long.
    async fn met(base: &BaseUrl, obstacle: Obstacle, patience: Patience) -> (Failure, u32, Duration) {
        let (contact, calls, began) = (Contact::new(base), Cell::new(0), Instant::now());
        let call = |_| {
            calls.set(calls.get() + 1);
            contact.tries();
            contact.hindered(obstacle);
            async { Attempt::Again(Setback::Unreachable, None, None, None) }
        };
        match patiently::<(), _, _>(call, &contact, patience).await {
            Err(Trouble::Failed(failure)) => (failure, calls.get(), began.elapsed()),
            other => panic!("{other:?}"),
        }
    }

    fn chosen() -> BaseUrl {
        serde_json::from_value(serde_json::json!("https://hubspot.example")).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_is_told_within_fifteen_seconds() {
        for obstacle in [Obstacle::Refused, Obstacle::NameNotFound, Obstacle::Tls, Obstacle::NotTls] {
            let minute = Patience::Until(Instant::now() + Duration::from_secs(60));
            let (failure, calls, took) = met(&chosen(), obstacle, minute).await;
            assert_eq!(failure.kind, Kind::Unavailable, "{failure}");
            assert!(calls > 3 && took <= Duration::from_secs(15), "{calls} calls, {took:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_sync_waits_for_its_budget_but_not_for_a_wrong_setting() {
        let each = Patience::Each(Duration::from_secs(1800));
        let (failure, _, took) = met(&chosen(), Obstacle::Refused, each).await;
        assert!(failure.kind == Kind::Unavailable && took > Duration::from_secs(1700), "{took:?}");
        let (failure, _, took) = met(&chosen(), Obstacle::NameNotFound, each).await;
        assert_eq!((failure.kind, took.as_secs()), (Kind::Configuration, 60));
        let (failure, _, took) = met(&BaseUrl::default(), Obstacle::NameNotFound, each).await;
        assert!(failure.kind == Kind::Unavailable && took > Duration::from_secs(1700), "{took:?}");
        let (failure, calls, took) = met(&chosen(), Obstacle::Edge, each).await;
        assert_eq!((failure.kind, took.as_secs()), (Kind::Configuration, 15));
        assert!(calls > 4, "{calls}");
        let untrusted = Obstacle::Untrusted(Distrust::UnknownIssuer);
        let (failure, calls, _) = met(&chosen(), untrusted, each).await;
        assert_eq!((failure.kind, calls), (Kind::Configuration, 1));
        assert!(failure.message.contains("SSL_CERT_FILE"), "{failure}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_command_can_do_without_decides_nothing() {
        let briefly = Patience::Briefly(Instant::now() + Duration::from_secs(5));
        let (failure, _, took) = met(&chosen(), Obstacle::Edge, briefly).await;
        assert!(failure.kind == Kind::Unavailable && took <= Duration::from_secs(5), "{failure}");
    }
}
