//! The request log.

use std::time::Duration;

use super::Page;
use super::html::{Html, heading, link, note, short, table};
use super::window::{self, Outcome};
use crate::limits::RateLimit;
use crate::log::{RequestLog, RequestRecord, Totals};

/// Requests shown.
const SHOWN: usize = 200;

/// What the log had when a page was asked for. It is taken before the account is looked at, so that no page holds both
/// locks: a test may look at the account while it waits on the log.
pub(super) struct Seen {
    pub(super) totals: Totals,
    recent: Vec<RequestRecord>,
    /// The requests of the last minute; none where the log keeps numbers only.
    minute: Option<Vec<RequestRecord>>,
    now: Duration,
}

impl Seen {
    /// The log as it is now.
    pub(super) fn of(log: &RequestLog) -> Self {
        Self {
            totals: log.totals(),
            recent: log.recent(SHOWN),
            minute: log.keeps_requests().then(|| log.last_minute()),
            now: log.elapsed(),
        }
    }

    /// The latest requests, at most so many.
    pub(super) fn recent(&self, most: usize) -> &[RequestRecord] {
        &self.recent[self.recent.len().saturating_sub(most)..]
    }

    /// The picture of the last minute.
    pub(super) fn drawing(&self, limit: RateLimit) -> Html {
        match &self.minute {
            Some(requests) => window::picture(requests, self.now, limit),
            None => note("This sandbox was started to keep numbers only: there is no log."),
        }
    }
}

/// `/requests`.
pub(super) fn page(seen: &Seen, limit: RateLimit) -> Page {
    let body = [seen.drawing(limit), heading("Latest requests"), rows(&seen.recent)];
    Page::new("Requests", body)
}

/// A table of requests, the latest first.
pub(super) fn rows(requests: &[RequestRecord]) -> Html {
    let heads = ["#", "at", "status", "method", "path", "records in", "took", "room left", "fault"];
    table(&heads, requests.iter().rev().map(row))
}

fn row(request: &RequestRecord) -> Vec<Html> {
    let number = request.arrival.to_string();
    let took = request.answered_at.map(|end| end.saturating_sub(request.arrived_at));
    let whole = match &request.query {
        Some(query) => format!("{}?{query}", request.path),
        None => request.path.clone(),
    };
    vec![
        link(&["requests", &number], &number),
        Html::text(format_args!("{:.3} s", request.arrived_at.as_secs_f64())),
        status(request),
        Html::text(&request.method),
        short(&whole),
        Html::text(request.inputs),
        took.map(|took| Html::text(format_args!("{:.0} ms", took.as_secs_f64() * 1000.0)))
            .unwrap_or_default(),
        request.rate_remaining.map(Html::text).unwrap_or_default(),
        if request.fault.is_some() { Html::text("yes") } else { Html::default() },
    ]
}

fn status(request: &RequestRecord) -> Html {
    let words = match (request.status, request.completion) {
        (Some(status), _) => status.to_string(),
        (None, Some(_)) => "no answer".to_owned(),
        (None, None) => "open".to_owned(),
    };
    Html::tag("span", &[("class", &Outcome::of(request.status).class())], [Html::text(words)])
}

/// `/requests/{number}`.
pub(super) fn request_page(log: &RequestLog, number: &str) -> Option<Page> {
    let request = log.request(number.parse().ok()?)?;
    let parts = [
        rows(std::slice::from_ref(&request)),
        note(format_args!("Kind of call: {:?}", request.endpoint)),
        heading("Body"),
        shown(request.raw_body.as_deref()),
        heading("Answer"),
        shown(request.raw_answer.as_deref()),
    ];
    Some(Page::new(format!("Request {}", request.arrival), parts))
}

/// A body as people read it.
fn shown(bytes: Option<&[u8]>) -> Html {
    let json = |bytes| serde_json::from_slice::<serde_json::Value>(bytes).map(|json| format!("{json:#}"));
    let text = match bytes {
        None => "none, or not kept".to_owned(),
        Some(bytes) => json(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned()),
    };
    Html::tag("pre", &[], [Html::text(text)])
}
