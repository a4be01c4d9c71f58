//! One request of the log.

use std::time::Duration;

use hyper::body::Bytes;
use serde_json::Value;

use crate::faults::FaultId;
use crate::http::Endpoint;

/// One request with what became of it.
#[derive(Clone, Debug)]
pub struct RequestRecord {
    /// Position among all requests by arrival, from 1.
    pub arrival: u64,
    /// Position among all requests by the end of their handling, from 1; none while it goes on.
    pub completion: Option<u64>,
    /// When it had arrived, since the start of the sandbox.
    pub arrived_at: Duration,
    /// When it was answered, since the start of the sandbox.
    pub answered_at: Option<Duration>,
    /// `GET`, `POST` ...
    pub method: String,
    /// Path as sent, without the query.
    pub path: String,
    /// Query as sent, without the `?`.
    pub query: Option<String>,
    /// Kind of call.
    pub endpoint: Endpoint,
    /// The object type as the path named it.
    pub object: Option<String>,
    /// Status of the answer; none if there was none.
    pub status: Option<u16>,
    /// Records in the request.
    pub inputs: usize,
    /// The fault that befell it.
    pub fault: Option<FaultId>,
    /// What `X-HubSpot-RateLimit-Remaining` said.
    pub rate_remaining: Option<u32>,
    pub(crate) raw_body: Option<Bytes>,
    pub(crate) raw_answer: Option<Bytes>,
}

impl RequestRecord {
    /// The request's body as JSON; none if there was none, it was not JSON, or the log's room for bodies was used
    /// up.
    #[must_use]
    pub fn body(&self) -> Option<Value> {
        serde_json::from_slice(self.raw_body.as_deref()?).ok()
    }

    /// The answer's body as JSON, under the same conditions. Bodies of answers have a room of their own.
    #[must_use]
    pub fn answer(&self) -> Option<Value> {
        serde_json::from_slice(self.raw_answer.as_deref()?).ok()
    }

    /// The request's body as it came, under the same conditions.
    #[must_use]
    pub fn body_bytes(&self) -> Option<&[u8]> {
        self.raw_body.as_deref()
    }
}
