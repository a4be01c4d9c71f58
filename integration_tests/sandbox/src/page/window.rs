//! The last minute of requests, drawn: how many came each second with which outcome, and how full the window was.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::html::Html;
use crate::limits::{Meter, RateLimit};
use crate::log::RequestRecord;

/// What is drawn, in seconds and in the picture's units.
const SECONDS: u64 = 60;
const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 150.0;
const LEFT: f64 = 34.0;
const TOP: f64 = 14.0;

/// How a request went, in the order in which a bar stacks them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// 2xx.
    Fine,
    /// 4xx but 429.
    Refused,
    /// 429.
    TooMany,
    /// 5xx.
    Failed,
    /// No answer, or none yet.
    Open,
}

impl Outcome {
    /// How a request with this status went.
    pub(super) fn of(status: Option<u16>) -> Self {
        match status {
            Some(429) => Self::TooMany,
            Some(200..=399) => Self::Fine,
            Some(400..=499) => Self::Refused,
            Some(_) => Self::Failed,
            None => Self::Open,
        }
    }

    /// The class that colours it.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Refused => "bad",
            Self::TooMany => "limit",
            Self::Failed => "fail",
            Self::Open => "none",
        }
    }
}

/// The picture of the minute that ends `now`, which counts from the start of the log.
pub(super) fn picture(requests: &[RequestRecord], now: Duration, limit: RateLimit) -> Html {
    let mut bars: BTreeMap<(u64, Outcome), u32> = BTreeMap::new();
    for request in requests {
        let age = now.saturating_sub(request.arrived_at).as_secs();
        *bars.entry((age, Outcome::of(request.status))).or_default() += 1;
    }
    bars.retain(|(age, _), _| *age < SECONDS);
    let mut per_second: BTreeMap<u64, u32> = BTreeMap::new();
    for ((age, _), count) in &bars {
        *per_second.entry(*age).or_default() += count;
    }
    let most = per_second.values().copied().max().unwrap_or(0).max(1);
    let slot = WIDTH / SECONDS as f64;
    let mut pieces = vec![axis(most)];
    let mut heights: BTreeMap<u64, f64> = BTreeMap::new();
    for ((age, outcome), count) in bars {
        let height = HEIGHT * f64::from(count) / f64::from(most);
        let below = heights.entry(age).or_default();
        let x = LEFT + WIDTH - (age + 1) as f64 * slot + 1.0;
        let y = TOP + HEIGHT - *below - height;
        *below += height;
        pieces.push(Html::tag(
            "rect",
            &[
                ("class", &outcome.class()),
                ("x", &format_args!("{x:.1}")),
                ("y", &format_args!("{y:.1}")),
                ("width", &format_args!("{:.1}", slot - 2.0)),
                ("height", &format_args!("{height:.1}")),
            ],
            [],
        ));
    }
    if limit.enforced {
        pieces.push(line(requests, now, limit));
    }
    let drawing = Html::tag(
        "svg",
        &[
            ("viewBox", &format_args!("0 0 {} {}", LEFT + WIDTH + 6.0, TOP + HEIGHT + 18.0)),
            ("role", &"img"),
            ("aria-label", &"Requests of the last minute and how full the rate-limit window was"),
        ],
        pieces,
    );
    [drawing, legend()].into_iter().collect()
}

/// What the colours mean.
fn legend() -> Html {
    let words = [
        (Outcome::Fine, "fine"),
        (Outcome::Refused, "refused"),
        (Outcome::TooMany, "over a limit"),
        (Outcome::Failed, "failed"),
        (Outcome::Open, "no answer"),
    ];
    let parts = words.into_iter().flat_map(|(outcome, word)| {
        [
            Html::tag("span", &[("class", &outcome.class())], [Html::text("\u{25a0} ")]),
            Html::text(word),
            Html::text(" "),
        ]
    });
    let line = [Html::literal("<a>\u{2014}</a> "), Html::text("places taken in the window of calls")];
    Html::tag("p", &[("class", &"legend")], parts.chain(line))
}

fn label(x: f64, y: f64, anchor: &'static str, text: String) -> Html {
    Html::tag("text", &[("x", &x), ("y", &y), ("text-anchor", &anchor)], [Html::text(text)])
}

fn axis(most: u32) -> Html {
    let (bottom, right) = (TOP + HEIGHT, LEFT + WIDTH);
    let base = Html::tag(
        "line",
        &[("class", &"axis"), ("x1", &LEFT), ("x2", &right), ("y1", &bottom), ("y2", &bottom)],
        [],
    );
    let times = [(60, LEFT, "start"), (30, LEFT + WIDTH / 2.0, "middle")]
        .map(|(age, x, anchor)| label(x, bottom + 13.0, anchor, format!("{age} s ago")));
    let now = label(right, bottom + 13.0, "end", "now".to_owned());
    let numbers = [
        label(LEFT - 4.0, TOP + 10.0, "end", format!("{most}/s")),
        label(LEFT - 4.0, bottom, "end", "0".to_owned()),
    ];
    std::iter::once(base).chain(times).chain([now]).chain(numbers).collect()
}

/// How full the window was, as the answers announced it.
fn line(requests: &[RequestRecord], now: Duration, limit: RateLimit) -> Html {
    let (max, right) = (f64::from(limit.max.max(1)), LEFT + WIDTH);
    let mut points = String::new();
    let mut last = None;
    for request in requests.iter().filter(|request| request.endpoint.meter() == Meter::Calls) {
        let Some(remaining) = request.rate_remaining else { continue };
        let x = right - now.saturating_sub(request.arrived_at).as_secs_f64() * WIDTH / SECONDS as f64;
        let used = max - f64::from(remaining.min(limit.max));
        let y = TOP + HEIGHT * (1.0 - used / max);
        // Writing to a String cannot fail. A place is kept until the next answer says otherwise, or the window is over.
        if let Some((before, height)) = last {
            let until = f64::min(x, before + limit.interval.as_secs_f64() * WIDTH / SECONDS as f64);
            let _ = write!(points, "{until:.1},{height:.1} ");
        }
        let _ = write!(points, "{x:.1},{y:.1} ");
        last = Some((x, y));
    }
    let full = Html::tag(
        "line",
        &[("class", &"full"), ("x1", &LEFT), ("x2", &right), ("y1", &TOP), ("y2", &TOP)],
        [],
    );
    let used = Html::tag("polyline", &[("class", &"used"), ("points", &points.trim_end())], []);
    let words = format!("window: {} per {} s", limit.max, limit.interval.as_secs_f64());
    [full, used, label(right, TOP - 3.0, "end", words)].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Endpoint;

    fn request(at: u64, status: Option<u16>, rate_remaining: Option<u32>) -> RequestRecord {
        RequestRecord {
            arrival: at,
            completion: None,
            arrived_at: Duration::from_secs(at),
            answered_at: None,
            method: "GET".to_owned(),
            path: "/".to_owned(),
            query: None,
            endpoint: Endpoint::OwnerList,
            object: None,
            status,
            inputs: 0,
            fault: None,
            rate_remaining,
            raw_body: None,
            raw_answer: None,
        }
    }

    #[test]
    fn each_outcome_of_a_second_is_a_part_of_its_bar() {
        let requests =
            [request(95, Some(200), None), request(95, Some(429), None), request(30, Some(200), None)];
        let picture = picture(&requests, Duration::from_secs(100), RateLimit::none()).into_string();
        assert_eq!(picture.matches("<rect").count(), 2, "a minute is drawn, and nothing older");
        assert_eq!(picture.matches("height=\"75.0\"").count(), 2);
        assert!(!picture.contains("polyline"), "without a limit there is no window to draw");
    }

    #[test]
    fn the_line_follows_what_the_answers_announced() {
        let requests = [request(70, Some(200), Some(50)), request(100, Some(200), Some(0))];
        let limit = RateLimit::per_ten_seconds(100);
        let picture = picture(&requests, Duration::from_secs(100), limit).into_string();
        // Half full until ten seconds later, then full.
        assert!(picture.contains("points=\"484.0,89.0 634.0,89.0 934.0,14.0\""), "{picture}");
        assert!(picture.contains("window: 100 per 10 s"));
    }
}
