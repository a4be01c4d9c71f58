//! Letting a request in: is it a call, is its body of the right kind, is its token good, is there room for it.

use super::answer::Answer;
use super::coverage::nearest;
use super::endpoint::{Endpoint, EndpointFamily};
use super::pipeline::Received;
use super::route::{Route, Unrouted, find};
use crate::auth::{Bearer, TokenKind};
use crate::error::Refusal;
use crate::limits::{LimitPolicy, Meter};
use crate::switches::MalformedTokens;
use crate::world::World;

/// A request that was let in.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) route: Route,
    pub(crate) bearer: Option<Bearer>,
    /// The rate-limit headers of its answer.
    pub(crate) rate_headers: Vec<(String, String)>,
    /// Room left in the token's window.
    pub(crate) remaining: Option<u32>,
}

/// A request that was not.
#[derive(Debug)]
pub(crate) struct Rejected {
    pub(crate) endpoint: Endpoint,
    pub(crate) answer: Answer,
}

/// Lets a request in or answers it.
pub(crate) fn admit(world: &mut World, received: &Received) -> Result<Admitted, Rejected> {
    let (method, path) = (received.method.as_str(), received.path.as_str());
    if world.ended.iter().any(|prefix| path.starts_with(prefix.as_str())) {
        return Err(Rejected { endpoint: Endpoint::Unknown, answer: Answer::html(404, "Not Found", "") });
    }
    let route = find(method, path).map_err(|unrouted| {
        let answer = no_call(method, path, &unrouted);
        Rejected { endpoint: Endpoint::Unknown, answer }
    })?;
    let endpoint = route.endpoint;
    if world.switches.malformed_tokens == MalformedTokens::FailAtTheEdge
        && world.tokens.are_malformed(received.authorization.as_deref())
    {
        return Err(Rejected { endpoint, answer: Answer::html(530, "Origin DNS error", "") });
    }
    let mut headers = Vec::new();
    let checked = check(world, received, &route, &mut headers);
    let (bearer, remaining) = checked.map_err(|refusal| {
        let correlation_id = world.random.uuid();
        let mut answer = Answer::refusal(refusal, correlation_id);
        answer.headers.append(&mut headers);
        Rejected { endpoint, answer }
    })?;
    Ok(Admitted { route, bearer, rate_headers: headers, remaining })
}

/// What HubSpot's edge answers for what is no call, with a word of the sandbox's own: a mistyped path should cost nobody
/// an hour, and a call that the sandbox lacks should not be taken for one that HubSpot lacks.
fn no_call(method: &str, path: &str, unrouted: &Unrouted) -> Answer {
    let (status, title, hint) = match unrouted {
        Unrouted::Path => (
            404,
            "Not Found",
            format!("hubspot-sandbox has no {method} {path}. Nearest: {}", nearest(method, path)),
        ),
        Unrouted::Method(methods) => (
            405,
            "Method Not Allowed",
            format!(
                "hubspot-sandbox has {path} with {} only. Nearest: {}",
                methods.join(", "),
                nearest(method, path)
            ),
        ),
    };
    let mut answer = Answer::html(status, title, &hint);
    answer
        .headers
        .push(("x-hubspot-sandbox".to_owned(), hint.replace(|c: char| !(' '..='~').contains(&c), "?")));
    answer
}

fn check(
    world: &mut World,
    received: &Received,
    route: &Route,
    headers: &mut Vec<(String, String)>,
) -> Result<(Option<Bearer>, Option<u32>), Refusal> {
    let Some(body) = &received.body else {
        return Err(Refusal::plain(413, "Request Entity Too Large"));
    };
    let wanted = match route.endpoint {
        Endpoint::OAuthToken | Endpoint::OAuthIntrospect | Endpoint::OAuthRevoke => {
            "application/x-www-form-urlencoded"
        }
        _ => "application/json",
    };
    let kind = received.content_type.as_deref().and_then(|value| value.split(';').next()).unwrap_or_default();
    if !body.is_empty() && !kind.trim().eq_ignore_ascii_case(wanted) {
        return Err(Refusal::plain(415, "Unsupported Media Type"));
    }
    if route.endpoint.family() == EndpointFamily::OAuth {
        return Ok((None, None));
    }
    let bearer = world.tokens.check(received.authorization.as_deref(), world.clock.now())?;
    let remaining = count(world, route.endpoint, &bearer, headers)?;
    Ok((Some(bearer), remaining))
}

/// Counts the request against the limits it is under, and writes the headers that tell of them.
///
/// Search answers without these headers, but for the daily ones when it refuses; events answer without any.
fn count(
    world: &mut World,
    endpoint: Endpoint,
    bearer: &Bearer,
    headers: &mut Vec<(String, String)>,
) -> Result<Option<u32>, Refusal> {
    let (now, day) = (world.clock.elapsed(), world.account.day(world.clock.now()));
    let meter = endpoint.meter();
    let (window, daily) = world.budgets.of(bearer.budget, meter);
    // Only private tokens have a daily quota.
    let daily = daily.filter(|_| bearer.kind == TokenKind::Private);
    let mut add = |name: &str, value: u64| {
        headers.push((format!("x-hubspot-ratelimit-{name}"), value.to_string()));
    };
    let fits = window.admit(now);
    let told = !matches!(meter, Meter::Search | Meter::Events);
    if told {
        let limit = window.limit;
        add("interval-milliseconds", u64::try_from(limit.interval.as_millis()).unwrap_or(u64::MAX));
        add("max", limit.max.into());
        add("remaining", window.remaining(now).into());
        add("secondly", limit.secondly().into());
        add("secondly-remaining", window.secondly_remaining(now).into());
    }
    let mut counted = true;
    if let Some(daily) = daily {
        counted = !fits || daily.admit(day);
        if told || !fits {
            add("daily", daily.limit);
            add("daily-remaining", daily.remaining(day));
        }
    }
    match meter {
        Meter::Search if !fits => Err(LimitPolicy::search_refusal()),
        _ if !fits => Err(window.limit.policy().refusal()),
        _ if !counted => Err(LimitPolicy::Daily.refusal()),
        _ => Ok(told.then(|| window.remaining(now))),
    }
}
