//! What an answer's status means for the call, and how long to wait before it is repeated.
//!
//! One table for every status; the test walks all of them. Source: HubSpot's error-handling page for 207,
//! 401, 403, 423, 429, 477, 502 to 504 and 52x; the remaining statuses are read the way HTTP means them.

use std::fmt;
use std::time::Duration;

use super::pace::Reception;
use crate::api::{ApiError, RatePolicy, Refusal};
use crate::error::{Failure, Kind};

/// What to do with a call, by the status of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// 2xx: read what became of each input.
    Read,
    /// The request as a whole was refused because of what is in it: find the records at fault.
    Refused,
    /// The request was too large: send it in two.
    TooLarge,
    /// Nothing is wrong with the records: wait and repeat.
    Setback(Setback),
    /// The token is not accepted.
    Unauthorised,
    /// Repeating cannot help and no record is at fault: 403, 404, and what no API call should get.
    Fatal,
}

/// A reason outside the records for which a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setback {
    /// 429: a window of calls is used up.
    RateLimited(RatePolicy),
    /// 423: too many writes at once; HubSpot's locks last two seconds.
    Locked,
    /// 477: the account is moving between data centres; `Retry-After` says for how long.
    Migrating,
    /// 5xx and 52x but 503: whether the call took effect is unknown.
    Server,
    /// A property that was made a moment ago is not known everywhere yet: HubSpot refused the call.
    NewProperty,
    /// 503: HubSpot did not take the call up.
    Unavailable,
    /// A 400, 403 or 409 whose body is no HubSpot error: something in between answered, and whether the call took effect
    /// is unknown.
    Foreign,
    /// 408, a timeout, a connection that broke, a body that is no JSON: whether the call took effect is unknown.
    Unreachable,
    /// No connection could be made: the call never left.
    Unconnected,
}

impl Setback {
    /// Why an error that is no statement about its records came about; `None` for one that is.
    #[must_use]
    pub fn of(error: &ApiError) -> Option<Self> {
        match error.refusal() {
            Refusal::RateLimited(policy) => Some(Self::RateLimited(policy)),
            Refusal::Locked => Some(Self::Locked),
            Refusal::Migrating => Some(Self::Migrating),
            // A 408 is a proxy's word for "the request did not arrive in time", like a broken connection.
            Refusal::Unavailable if error.status == 408 => Some(Self::Unreachable),
            Refusal::Unavailable if error.status == 503 => Some(Self::Unavailable),
            Refusal::Unavailable => Some(Self::Server),
            _ if matches!(error.status, 400 | 403 | 409) && !error.structured => Some(Self::Foreign),
            _ => None,
        }
    }

    /// Whether the call may have done what it was made for. What makes records must not be repeated then before
    /// they have been looked for.
    #[must_use]
    pub fn may_have_taken_effect(self) -> bool {
        match self {
            Self::Server | Self::Foreign | Self::Unreachable => true,
            Self::RateLimited(_)
            | Self::Locked
            | Self::Migrating
            | Self::NewProperty
            | Self::Unavailable
            | Self::Unconnected => false,
        }
    }

    /// How HubSpot received the call, as the pace needs to know it.
    #[must_use]
    pub fn reception(self) -> Reception {
        match self {
            Self::RateLimited(policy) => Reception::TurnedAway(policy),
            Self::Unreachable | Self::Unconnected => Reception::Unknown,
            Self::NewProperty => Reception::TakenUp,
            Self::Locked | Self::Migrating | Self::Server | Self::Unavailable | Self::Foreign => {
                Reception::Overloaded
            }
        }
    }

    /// Whether the other side failed; a record can be why.
    #[must_use]
    pub fn is_server_error(self) -> bool {
        matches!(self, Self::Server | Self::Unavailable | Self::Foreign)
    }
}

impl fmt::Display for Setback {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::RateLimited(RatePolicy::Daily) => "the daily limit of calls is reached",
            Self::RateLimited(_) => "a limit of calls is reached",
            Self::Locked => "too many writes at once",
            Self::Migrating => "the account is moving between data centres",
            Self::Server | Self::Unavailable => "HubSpot cannot answer",
            Self::Foreign => "something that is not HubSpot answers",
            Self::NewProperty => "a new property is not known everywhere yet",
            Self::Unreachable => "no complete answer came",
            Self::Unconnected => "no connection could be made",
        })
    }
}

/// Classifies an answer.
#[must_use]
pub fn disposition(error: &ApiError) -> Disposition {
    if (200..300).contains(&error.status) {
        return Disposition::Read;
    }
    if let Some(setback) = Setback::of(error) {
        return Disposition::Setback(setback);
    }
    match error.refusal() {
        Refusal::Unauthorised(_) => Disposition::Unauthorised,
        Refusal::TooLarge => Disposition::TooLarge,
        // Rejecting records takes a status that speaks of the request's content.
        Refusal::Conflict
        | Refusal::NotFound
        | Refusal::DuplicateIds { .. }
        | Refusal::NamedProperties
        | Refusal::Validation
            if speaks_of_content(error.status) =>
        {
            Disposition::Refused
        }
        _ => Disposition::Fatal,
    }
}

/// Classifies the answer to a call that carries what records hold; `alone` where it is about one of them.
///
/// A refusal of the content is about one of the records until each was sent alone, whatever it says: a value can make
/// HubSpot say that the JSON cannot be read. What it says of all of them is believed once it is said of one alone.
#[must_use]
pub fn disposition_of_records(error: &ApiError, alone: bool) -> Disposition {
    match disposition(error) {
        Disposition::Fatal | Disposition::Unauthorised
            if speaks_of_content(error.status) && !(alone && error.speaks_of_all()) =>
        {
            Disposition::Refused
        }
        disposition => disposition,
    }
}

/// Whether a status speaks of what is in the request.
fn speaks_of_content(status: u16) -> bool {
    matches!(status, 400 | 409 | 414 | 422)
}

/// Longest wait between two attempts when HubSpot does not name one.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(30);

/// How long to wait before the next attempt.
///
/// `failures` counts attempts of this call that failed in a row, this one included. `chance` is uniform in
/// 0..1 and spreads calls that failed together. `window` is how long it takes until the oldest of our calls
/// leaves the rate window. A `Retry-After` lengthens the wait and never shortens it.
#[must_use]
pub fn delay(
    setback: Setback,
    failures: u32,
    retry_after: Option<Duration>,
    window: Duration,
    chance: f64,
) -> Duration {
    let own = own_delay(setback, failures, retry_after.is_some(), window, chance);
    own.max(retry_after.unwrap_or_default())
}

/// The connector's own wait; `is_told` where HubSpot names one, so that it need not be guessed how long a move takes.
fn own_delay(setback: Setback, failures: u32, is_told: bool, window: Duration, chance: f64) -> Duration {
    let base = match setback {
        // The window has to move on; a little later for each, so that they do not meet again.
        Setback::RateLimited(RatePolicy::TenSecondly) => {
            return window.max(Duration::from_millis(500)).mul_f64(1.0 + 0.1 * chance);
        }
        Setback::RateLimited(_) => Duration::from_millis(1000),
        // Locks last two seconds.
        Setback::Locked => Duration::from_millis(2700),
        Setback::Migrating if is_told => Duration::from_millis(1000),
        Setback::Migrating => Duration::from_secs(60),
        Setback::Server | Setback::Unavailable | Setback::Foreign => Duration::from_millis(300),
        // New properties are known after 250 to 700 ms as a rule.
        Setback::NewProperty => Duration::from_millis(500),
        Setback::Unreachable | Setback::Unconnected => Duration::from_millis(500),
    };
    let doubled = base.saturating_mul(1 << failures.saturating_sub(1).min(10));
    doubled.min(LONGEST_BACK_OFF).max(base).mul_f64(0.75 + 0.5 * chance)
}

/// How the failure begins that ends a sync because HubSpot cannot be reached: why is for those to add who know.
pub const UNREACHED: &str = "HubSpot cannot be reached";

/// The failure that ends a sync whose calls have not gone through for too long.
///
/// `wait` is what the next attempt would have to wait, `stalled` how long nothing has gone through.
#[must_use]
pub fn out_of_patience(setback: Setback, status: Option<u16>, wait: Duration, stalled: Duration) -> Failure {
    let answer = match (setback, status) {
        (Setback::RateLimited(_), _) => {
            "HubSpot keeps answering that its rate limit is reached (429)".to_owned()
        }
        (Setback::Locked, _) => "HubSpot keeps the records locked (423)".to_owned(),
        (Setback::Migrating, _) => "HubSpot is moving this account to another data centre (477)".to_owned(),
        (Setback::Server | Setback::Unavailable, Some(status)) => {
            format!("HubSpot keeps failing with status {status}")
        }
        (Setback::Server | Setback::Unavailable, None) => "HubSpot keeps failing".to_owned(),
        (Setback::Foreign, status) => {
            let status = status.map(|status| format!(" with status {status}")).unwrap_or_default();
            format!(
                "The calls are answered{status} by something that is not HubSpot: the answer is none of its errors. Look \
                 for a proxy or firewall between this machine and HubSpot"
            )
        }
        (Setback::NewProperty, _) => "HubSpot does not know a property yet that was just created".to_owned(),
        (Setback::Unreachable | Setback::Unconnected, _) => UNREACHED.to_owned(),
    };
    let message = format!(
        "{answer}; nothing went through for {} s and the next attempt would have to wait {} s.",
        stalled.as_secs(),
        wait.as_secs()
    );
    Failure::new(Kind::Unavailable, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every status through the real code, as runs of one disposition: the policy in one place.
    #[test]
    fn every_status_has_its_disposition() {
        let own = br#"{"message":"m"}"#;
        let of = |status: u16| format!("{:?}", disposition(&ApiError::parse(status, own, None)));
        let mut runs: Vec<(u16, u16, String)> = Vec::new();
        for status in 100..=599 {
            let disposition = of(status);
            match runs.last_mut() {
                Some((_, last, same)) if *same == disposition => *last = status,
                _ => runs.push((status, status, disposition)),
            }
        }
        let runs: Vec<String> = runs.iter().map(|(from, to, what)| format!("{from}-{to} {what}")).collect();
        assert_eq!(
            runs,
            [
                "100-199 Fatal",
                "200-299 Read",
                "300-399 Fatal",
                "400-400 Refused",
                "401-401 Unauthorised",
                "402-407 Fatal",
                "408-408 Setback(Unreachable)",
                "409-409 Refused",
                "410-412 Fatal",
                "413-413 TooLarge",
                "414-414 Refused",
                "415-421 Fatal",
                "422-422 Refused",
                "423-423 Setback(Locked)",
                "424-428 Fatal",
                "429-429 Setback(RateLimited(Other))",
                "430-476 Fatal",
                "477-477 Setback(Migrating)",
                "478-499 Fatal",
                "500-502 Setback(Server)",
                "503-503 Setback(Unavailable)",
                "504-599 Setback(Server)",
            ]
        );
    }

    #[test]
    fn what_is_no_error_of_hubspots_refuses_nothing() {
        for body in [&b""[..], b"<html>", b"{}", b"\xff\xfe", b"null", b"{\"error\":\"Forbidden\"}"] {
            for status in [400, 403, 409] {
                let error = ApiError::parse(status, body, None);
                assert_eq!(disposition(&error), Disposition::Setback(Setback::Foreign), "{status} {body:?}");
                assert_eq!(disposition_of_records(&error, true), Disposition::Setback(Setback::Foreign));
            }
            assert_eq!(disposition(&ApiError::parse(404, body, None)), Disposition::Fatal);
        }
    }

    #[test]
    fn what_is_said_of_all_records_is_believed_of_one_alone() {
        let said =
            |status, body: serde_json::Value| ApiError::parse(status, body.to_string().as_bytes(), None);
        let message = |message: &str| said(400, serde_json::json!({"message": message}));
        let of_content = [
            message("Invalid input JSON on line 1, column 2: mismatched quotation marks"),
            message("Anything else"),
            said(400, serde_json::json!({"message": "m", "category": "EXPIRED_AUTHENTICATION"})),
            said(400, serde_json::json!({"message": "m", "error": "access_denied"})),
        ];
        for error in &of_content {
            assert_eq!(disposition_of_records(error, false), Disposition::Refused, "{error:?}");
            assert_eq!(disposition_of_records(error, true), Disposition::Refused, "{error:?}");
        }
        let of_all = [
            message("Unable to perform update/upsert by non-unique 0-2 property code in portal ID 5"),
            message("Unable to infer object type from: x"),
            message("Event with fully qualified name pe1_x does not exist."),
            said(400, serde_json::json!({"message": "m", "category": "MISSING_SCOPES"})),
        ];
        for error in &of_all {
            assert_eq!(disposition_of_records(error, false), Disposition::Refused, "{error:?}");
            assert_eq!(disposition_of_records(error, true), Disposition::Fatal, "{error:?}");
        }
        let limit = said(400, serde_json::json!({"message": "m", "category": "RATE_LIMITS"}));
        assert!(matches!(
            disposition_of_records(&limit, true),
            Disposition::Setback(Setback::RateLimited(_))
        ));
        let forbidden = said(403, serde_json::json!({"message": "m"}));
        assert_eq!(disposition_of_records(&forbidden, false), Disposition::Fatal);
    }

    #[test]
    fn waits_grow_stay_bounded_and_are_never_shortened() {
        let window = Duration::from_secs(7);
        let wait = |setback, failures, chance| delay(setback, failures, None, window, chance);
        for chance in [0.0, 0.5, 0.999] {
            assert!(wait(Setback::Server, 2, chance) > wait(Setback::Server, 1, 0.0));
            assert!(wait(Setback::Server, 60, chance) <= LONGEST_BACK_OFF.mul_f64(1.25));
            assert!(wait(Setback::Locked, 1, chance) >= Duration::from_millis(2000));
            let rolling = wait(Setback::RateLimited(RatePolicy::TenSecondly), 1, chance);
            assert!(rolling >= window && rolling < window.mul_f64(1.2));
        }
        let hour = Duration::from_secs(3600);
        assert_eq!(delay(Setback::Migrating, 1, Some(hour), window, 0.5), hour);
        let at_once = Some(Duration::ZERO);
        for failures in 1..6 {
            let own = wait(Setback::Server, failures, 0.5);
            assert_eq!(delay(Setback::Server, failures, at_once, window, 0.5), own);
        }
    }
}
