//! The request log, and whether the calls that were expected came.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::expectation::{Expectation, Verdict};
use super::operation::{Operation, Problem, shape};
use crate::faults::FaultId;
use crate::http::{Answer, Endpoint, lock};
use crate::log::{RequestRecord, Totals};

/// Requests given unless asked for otherwise, and at most.
const PAGE: (u64, u64) = (100, 10_000);

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "listRequests",
        method: "GET",
        path: "/_sandbox/requests",
        about: "The requests kept, in the order of their arrival, and what was counted.",
        query: &[
            ("after", "Only requests that arrived after the one with this number."),
            ("limit", "At most so many; 100 unless given, 10,000 at most."),
        ],
        takes: None,
        gives: &[(200, "The requests.", Some(shape::<Requests>))],
        run: |shared, asked| {
            let after = asked.parameter("after")?.unwrap_or(0);
            let limit = asked.parameter("limit")?.unwrap_or(PAGE.0).min(PAGE.1);
            let kept = shared.log.requests().into_iter().filter(|request| request.arrival > after);
            let requests =
                kept.take(usize::try_from(limit).unwrap_or(usize::MAX)).map(RequestJson::from).collect();
            Ok(Answer::json(200, &Requests { totals: shared.log.totals().into(), requests }))
        },
    },
    Operation {
        name: "forgetRequests",
        method: "DELETE",
        path: "/_sandbox/requests",
        about: "Forgets the requests and what was counted; arrival numbers go on.",
        query: &[],
        takes: None,
        gives: &[(204, "Done.", None)],
        run: |shared, _| {
            shared.log.forget();
            Ok(Answer::empty(204))
        },
    },
    Operation {
        name: "getRequest",
        method: "GET",
        path: "/_sandbox/requests/{number}",
        about: "One request with its body and its answer.",
        query: &[],
        takes: None,
        gives: &[(200, "The request.", Some(shape::<RequestJson>))],
        run: |shared, asked| {
            let number = asked.number()?;
            let found = shared.log.request(number).map(RequestJson::from);
            let found = found.ok_or_else(|| Problem::new(404, format!("There is no request {number}.")))?;
            Ok(Answer::json(200, &found))
        },
    },
    Operation {
        name: "expect",
        method: "POST",
        path: "/_sandbox/expectations",
        about: "Whether the calls that are expected came. Requests that are still open do not count.",
        query: &[],
        takes: Some(shape::<Expectation>),
        gives: &[
            (200, "They did.", Some(shape::<Verdict>)),
            (
                409,
                "They did not; the difference says what is missing and what came instead.",
                Some(shape::<Verdict>),
            ),
        ],
        run: |shared, asked| {
            let expectation: Expectation = asked.body()?;
            let requests = shared.log.requests();
            let verdict = expectation.judge(&requests, &mut lock(&shared.world).catalog);
            Ok(Answer::json(if verdict.passed { 200 } else { 409 }, &verdict))
        },
    },
];

#[derive(Serialize, JsonSchema)]
struct Requests {
    totals: TotalsJson,
    requests: Vec<RequestJson>,
}

/// What was counted since the start, or since it was forgotten.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TotalsJson {
    /// Requests that arrived.
    arrived: u64,
    /// Requests whose handling ended, answered or not.
    completed: u64,
    /// Requests being handled now.
    in_flight: u64,
    /// The most requests that were ever handled at once.
    max_in_flight: u64,
}

impl From<Totals> for TotalsJson {
    fn from(totals: Totals) -> Self {
        let Totals { arrived, completed, in_flight, max_in_flight, .. } = totals;
        Self { arrived, completed, in_flight, max_in_flight }
    }
}

/// A request and what became of it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RequestJson {
    /// Position among all requests by arrival, from 1.
    arrival: u64,
    /// Position among all requests by the end of their handling, from 1; none while it goes on.
    completion: Option<u64>,
    /// When it had arrived, in milliseconds since the start.
    arrived_ms: f64,
    /// When it was answered, in milliseconds since the start; none if it was not.
    answered_ms: Option<f64>,
    method: String,
    /// Path as sent, without the query.
    path: String,
    /// Query as sent, without the `?`.
    query: Option<String>,
    endpoint: Endpoint,
    /// The object type as the path named it.
    object: Option<String>,
    /// Status of the answer; none if there was none.
    status: Option<u16>,
    /// Records in the request.
    inputs: usize,
    /// The fault that befell it.
    fault: Option<FaultId>,
    /// What `X-HubSpot-RateLimit-Remaining` said.
    rate_remaining: Option<u32>,
    /// Its body, as text where it is no JSON; none if there was none, or the log's room for bodies was used up.
    body: Option<Value>,
    /// The body of its answer, under the same conditions.
    answer: Option<Value>,
}

impl From<RequestRecord> for RequestJson {
    fn from(request: RequestRecord) -> Self {
        let shown = |bytes: &[u8]| {
            serde_json::from_slice(bytes)
                .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(bytes).into_owned()))
        };
        let millis = |since: std::time::Duration| since.as_secs_f64() * 1_000.0;
        Self {
            body: request.raw_body.as_deref().map(shown),
            answer: request.raw_answer.as_deref().map(shown),
            arrival: request.arrival,
            completion: request.completion,
            arrived_ms: millis(request.arrived_at),
            answered_ms: request.answered_at.map(millis),
            method: request.method,
            path: request.path,
            query: request.query,
            endpoint: request.endpoint,
            object: request.object,
            status: request.status,
            inputs: request.inputs,
            fault: request.fault,
            rate_remaining: request.rate_remaining,
        }
    }
}
