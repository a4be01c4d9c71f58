//! The request log.

use super::Page;
use super::html::{Html, heading, link, note, short, table};
use super::window::{self, Outcome};
use crate::log::{RequestLog, RequestRecord};
use crate::world::World;

/// Requests shown.
const SHOWN: usize = 200;

/// `/requests`.
pub(super) fn page(world: &World, log: &RequestLog) -> Page {
    let recent = log.recent(SHOWN);
    let body = [drawing(world, log), heading("Latest requests"), rows(&recent)];
    Page { title: "Requests".to_owned(), body: body.into_iter().collect() }
}

/// The picture of the last minute.
pub(super) fn drawing(world: &World, log: &RequestLog) -> Html {
    if !log.keeps_requests() {
        return note("This sandbox was started to keep numbers only: there is no log.");
    }
    window::picture(&log.last_minute(), log.elapsed(), world.budgets.first_limit())
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
    let body = match (request.body(), request.body_bytes()) {
        (Some(json), _) => serde_json::to_string_pretty(&json).unwrap_or_default(),
        (None, Some(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        (None, None) => "none, or not kept".to_owned(),
    };
    let parts = [
        rows(std::slice::from_ref(&request)),
        note(format_args!("Kind of call: {:?}", request.endpoint)),
        heading("Body"),
        Html::tag("pre", &[], [Html::text(body)]),
    ];
    Some(Page { title: format!("Request {}", request.arrival), body: parts.into_iter().collect() })
}
