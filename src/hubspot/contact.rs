//! How it stands with the way to HubSpot: has it ever answered, what is in the way, and how long is that waited out?
//!
//! In the middle of a sync everything that can be in the way passes, as far as can be known. Before anything has
//! succeeded it may as well be a wrong setting, and then nobody should wait half an hour to be told:
//!
//! | what is in the way, and nothing has succeeded | what becomes of it |
//! |---|---|
//! | a certificate that is not trusted | a configuration failure at once |
//! | 530, the answer of HubSpot's edge to a token it cannot read | one after 15 s |
//! | a host set in `api_base_url` whose name has no address | one after 60 s |
//! | what is found out at once, while somebody waits (check, discover) | told after 15 s, as something that may pass |
//! | anything else | waited for as patiently as the command is |

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Url;
use tokio::time::Instant;

use super::client::is_loopback;
use super::patient::Patience;
use crate::config::BaseUrl;
use crate::error::{Failure, Kind};
use crate::net::obstacle::Obstacle;
use crate::net::proxy;

/// When somebody who waits is told, counted from the first call.
const SOON: Duration = Duration::from_secs(14);
/// How long HubSpot's edge is asked again.
const EDGE: Duration = Duration::from_secs(15);
/// How long a name that the user set may have no address.
const NAMELESS: Duration = Duration::from_secs(60);

/// How it stands with the way to HubSpot.
#[derive(Debug)]
pub struct Contact {
    host: String,
    proxy: Option<String>,
    /// Whether the user set the host.
    is_chosen: bool,
    standing: Mutex<Standing>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    /// When the first call was made.
    began: Option<Instant>,
    /// Whether a call has succeeded.
    has_succeeded: bool,
    /// What is in the way, and since when.
    hindrance: Option<(Obstacle, Instant)>,
}

impl Contact {
    /// Nothing has been tried yet.
    #[must_use]
    pub fn new(base: &BaseUrl) -> Self {
        let url = Url::parse(base.as_str()).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        let host = match url.as_ref().and_then(Url::port) {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Self {
            host,
            proxy: proxy::of(base.as_str()).filter(|_| !is_loopback(base.as_str())),
            is_chosen: *base != BaseUrl::default(),
            standing: Mutex::default(),
        }
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call is made.
    pub(super) fn tries(&self) {
        self.standing().began.get_or_insert_with(Instant::now);
    }

    /// A call has succeeded: what was in the way is gone, and what comes to be may pass.
    pub(super) fn succeeded(&self) {
        let mut standing = self.standing();
        standing.has_succeeded = true;
        standing.hindrance = None;
    }

    /// HubSpot has answered.
    pub(super) fn answered(&self) {
        self.standing().hindrance = None;
    }

    /// Something was in the way of a call. Where nothing has succeeded yet, the log says what: it may be a long wait.
    pub(super) fn hindered(&self, obstacle: Obstacle) {
        let mut standing = self.standing();
        if standing.hindrance.is_some_and(|(known, _)| known == obstacle) {
            return;
        }
        standing.hindrance = Some((obstacle, Instant::now()));
        if !standing.has_succeeded {
            tracing::warn!("{}", self.sentence(obstacle));
        }
    }

    /// A call was broken off before anything came of it: unless more is known, that is all that is.
    pub(super) fn hears_nothing(&self) {
        self.standing().hindrance.get_or_insert_with(|| (Obstacle::Silent, Instant::now()));
    }

    /// Until when calls are repeated for this patience, which ends at `ends` otherwise.
    pub(super) fn until(&self, patience: Patience, ends: Instant) -> Instant {
        let standing = *self.standing();
        match (standing.hindrance, standing.began) {
            (Some((obstacle, _)), Some(began))
                if !standing.has_succeeded && patience.is_watched() && obstacle.is_soon_told() =>
            {
                ends.min(began + SOON)
            }
            _ => ends,
        }
    }

    /// When what is in the way is taken for a wrong setting, if ever.
    pub(super) fn verdict_at(&self) -> Option<Instant> {
        let standing = *self.standing();
        let (obstacle, since) = standing.hindrance.filter(|_| !standing.has_succeeded)?;
        match obstacle {
            Obstacle::Untrusted(_) => Some(since),
            Obstacle::Edge => Some(since + EDGE),
            Obstacle::NameNotFound if self.is_chosen => Some(since + NAMELESS),
            _ => None,
        }
    }

    /// What is in the way is not waited for any longer, after so long a time; `None` where nothing is.
    pub(super) fn given_up(&self, patience: Patience, now: Instant, stalled: Duration) -> Option<Failure> {
        let verdict = self.verdict_at();
        let (obstacle, _) = self.standing().hindrance?;
        // What a command can do without decides nothing early.
        let is_edge = verdict.is_some() && obstacle == Obstacle::Edge && !patience.is_optional();
        let kind = if is_edge || verdict.is_some_and(|verdict| verdict <= now) {
            Kind::Configuration
        } else {
            Kind::Unavailable
        };
        let mut message = self.sentence(obstacle);
        if kind == Kind::Unavailable {
            let stalled = stalled.as_secs();
            message.push_str(&format!(" Nothing went through for {stalled} s; run it again later."));
        }
        Some(Failure::new(kind, message).internal(format!("{obstacle:?}")))
    }

    /// What is in the way at the moment, in sentences.
    #[must_use]
    pub fn hindrance(&self) -> Option<String> {
        let (obstacle, _) = self.standing().hindrance?;
        Some(self.sentence(obstacle))
    }

    fn sentence(&self, obstacle: Obstacle) -> String {
        if obstacle == Obstacle::Edge {
            return "HubSpot's edge answers every call with status 530. It does so to a token that it cannot read: copy \
                    the token again from HubSpot, the whole of it. It may also be that HubSpot itself is out of reach; \
                    then run it again later."
                .to_owned();
        }
        let through = match &self.proxy {
            Some(proxy) => format!(" through the proxy {proxy}"),
            None => String::new(),
        };
        let where_from = match (obstacle, self.is_chosen) {
            (
                Obstacle::NameNotFound | Obstacle::Untrusted(_) | Obstacle::NotTls | Obstacle::NotHttp,
                true,
            ) => " The address is api_base_url of this destination's settings.",
            _ => "",
        };
        let advice = obstacle.advice();
        let space = if advice.is_empty() { "" } else { " " };
        format!("HubSpot cannot be reached at {}{through}: {obstacle}.{space}{advice}{where_from}", self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::obstacle::Distrust;

    fn contact(base: &str) -> Contact {
        let base: BaseUrl = serde_json::from_value(serde_json::json!(base)).unwrap();
        let contact = Contact { proxy: None, ..Contact::new(&base) };
        contact.tries();
        contact
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_found_out_at_once_is_told_soon_to_whoever_waits() {
        let contact = contact("https://api.hubapi.com");
        let (began, ends) = (Instant::now(), Instant::now() + Duration::from_secs(60));
        let watched = Patience::Until(ends);
        assert_eq!(contact.until(watched, ends), ends);
        contact.hindered(Obstacle::Refused);
        assert_eq!(contact.until(watched, ends), began + SOON);
        assert_eq!(contact.until(Patience::Each(Duration::from_secs(60)), ends), ends);
        let failure = contact.given_up(watched, began + SOON, SOON).unwrap();
        assert_eq!(failure.kind, Kind::Unavailable);
        assert!(failure.message.contains("api.hubapi.com: the connection was refused"), "{failure}");
        contact.hindered(Obstacle::SlowConnect);
        assert_eq!(contact.until(watched, ends), ends, "a slow network may be a slow network");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wrong_setting_is_one_at_its_time_and_only_before_a_success() {
        let contact = contact("https://hubspot.example");
        let now = Instant::now();
        let each = Patience::Each(Duration::from_secs(1800));
        for (obstacle, after) in [
            (Obstacle::Untrusted(Distrust::UnknownIssuer), Duration::ZERO),
            (Obstacle::Edge, EDGE),
            (Obstacle::NameNotFound, NAMELESS),
        ] {
            contact.hindered(obstacle);
            assert_eq!(contact.verdict_at(), Some(now + after), "{obstacle:?}");
            assert_eq!(
                contact.given_up(each, now + after, after).map(|failure| failure.kind),
                Some(Kind::Configuration)
            );
        }
        let given_up = |patience| contact.given_up(patience, now, SOON).map(|failure| failure.kind);
        assert_eq!(given_up(each), Some(Kind::Unavailable), "60 s are not over");
        contact.succeeded();
        assert!(contact.given_up(each, now, SOON).is_none());
        contact.hindered(Obstacle::Edge);
        assert_eq!(contact.verdict_at(), None);
        assert_eq!(contact.given_up(each, now, SOON).map(|failure| failure.kind), Some(Kind::Unavailable));
    }

    #[tokio::test(start_paused = true)]
    async fn hubspots_own_host_is_no_setting_and_the_edge_has_two_readings() {
        let contact = contact("https://api.hubapi.com");
        contact.hindered(Obstacle::NameNotFound);
        assert_eq!(contact.verdict_at(), None);
        contact.hindered(Obstacle::Edge);
        let now = Instant::now();
        let edge = contact.given_up(Patience::Each(Duration::ZERO), now, SOON).unwrap();
        assert_eq!(edge.kind, Kind::Configuration);
        assert!(edge.message.contains("the whole of it") && edge.message.contains("out of reach"), "{edge}");
        let optional = contact.given_up(Patience::Briefly(now), now, SOON).unwrap();
        assert_eq!(optional.kind, Kind::Unavailable);
        contact.answered();
        assert_eq!(contact.hindrance(), None);
    }
}
