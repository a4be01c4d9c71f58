//! The log itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Bytes;

use super::record::RequestRecord;
use crate::faults::FaultId;
use crate::http::Endpoint;

/// Numbers that are kept whatever else is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Requests that arrived.
    pub arrived: u64,
    /// Requests whose handling ended, answered or not.
    pub completed: u64,
    /// Requests being handled now.
    pub in_flight: u64,
    /// The most requests that were ever handled at once.
    pub max_in_flight: u64,
    /// Answers by kind of call and status; status 0 stands for no answer.
    pub answers: BTreeMap<(Endpoint, u16), u64>,
    /// Records in requests by kind of call.
    pub inputs: BTreeMap<Endpoint, u64>,
}

impl Totals {
    /// Answers to one kind of call, whatever their status.
    #[must_use]
    pub fn calls(&self, endpoint: Endpoint) -> u64 {
        self.answers.iter().filter(|((known, _), _)| *known == endpoint).map(|(_, count)| count).sum()
    }

    /// Answers with one status, whatever the call.
    #[must_use]
    pub fn with_status(&self, status: u16) -> u64 {
        self.answers.iter().filter(|((_, known), _)| *known == status).map(|(_, count)| count).sum()
    }
}

/// A request as it arrives.
pub(crate) struct Arrival {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) body: Bytes,
}

/// What became of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) object: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) inputs: usize,
    pub(crate) fault: Option<FaultId>,
    pub(crate) rate_remaining: Option<u32>,
    pub(crate) answer: Option<Bytes>,
}

#[derive(Debug, Default)]
struct Inner {
    totals: Totals,
    requests: Vec<RequestRecord>,
    /// Number of the last arrival.
    last: u64,
    /// How many requests came before the first one kept.
    forgotten: u64,
    body_bytes: usize,
    answer_bytes: usize,
}

impl Inner {
    /// The request with that arrival number.
    fn kept(&mut self, number: u64) -> Option<&mut RequestRecord> {
        let index = number.checked_sub(self.forgotten)?.checked_sub(1)?;
        self.requests.get_mut(usize::try_from(index).ok()?)
    }
}

/// The log. Threads can wait on it for something to have happened.
#[derive(Debug)]
pub(crate) struct RequestLog {
    inner: Mutex<Inner>,
    changed: Condvar,
    /// Bytes of bodies to keep; none keeps no requests at all.
    room: Option<usize>,
    started: Instant,
}

impl RequestLog {
    /// An empty log.
    pub(crate) fn new(room: Option<usize>) -> Self {
        Self { inner: Mutex::default(), changed: Condvar::new(), room, started: Instant::now() }
    }

    /// Notes an arrival; the ticket notes the end, even if the handling is abandoned.
    pub(crate) fn arrive(self: &Arc<Self>, arrival: Arrival) -> Ticket {
        let mut inner = self.lock();
        inner.totals.arrived += 1;
        inner.totals.in_flight += 1;
        inner.totals.max_in_flight = inner.totals.max_in_flight.max(inner.totals.in_flight);
        inner.last += 1;
        let number = inner.last;
        if let Some(room) = self.room {
            let fits = inner.body_bytes + arrival.body.len() <= room;
            if fits {
                inner.body_bytes += arrival.body.len();
            }
            inner.requests.push(RequestRecord {
                arrival: number,
                completion: None,
                arrived_at: self.started.elapsed(),
                answered_at: None,
                method: arrival.method,
                path: arrival.path,
                query: arrival.query,
                endpoint: Endpoint::Unknown,
                object: None,
                status: None,
                inputs: 0,
                fault: None,
                rate_remaining: None,
                raw_body: (fits && !arrival.body.is_empty()).then_some(arrival.body),
                raw_answer: None,
            });
        }
        drop(inner);
        self.notify();
        Ticket { log: Arc::clone(self), number, outcome: Outcome::default() }
    }

    /// Wakes whoever waits for something to have happened.
    pub(crate) fn notify(&self) {
        // Taking the lock orders this after a waiter's check of its condition.
        drop(self.lock());
        self.changed.notify_all();
    }

    /// Forgets every request that was answered or not, and what was counted. Arrival numbers go on.
    pub(crate) fn forget(&self) {
        let mut inner = self.lock();
        let in_flight = inner.totals.in_flight;
        inner.totals = Totals { in_flight, max_in_flight: in_flight, ..Totals::default() };
        inner.requests.clear();
        inner.forgotten = inner.last;
        (inner.body_bytes, inner.answer_bytes) = (0, 0);
    }

    /// The requests kept.
    pub(crate) fn requests(&self) -> Vec<RequestRecord> {
        self.lock().requests.clone()
    }

    /// Whether requests are kept at all.
    pub(crate) fn keeps_requests(&self) -> bool {
        self.room.is_some()
    }

    /// Time since the start of the log.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The latest requests kept, at most so many, in the order of arrival.
    pub(crate) fn recent(&self, most: usize) -> Vec<RequestRecord> {
        let inner = self.lock();
        inner.requests[inner.requests.len().saturating_sub(most)..].to_vec()
    }

    /// The requests kept that arrived in the last minute.
    pub(crate) fn last_minute(&self) -> Vec<RequestRecord> {
        let since = self.elapsed().saturating_sub(Duration::from_secs(60));
        let inner = self.lock();
        let from = inner.requests.partition_point(|request| request.arrived_at < since);
        inner.requests[from..].to_vec()
    }

    /// The request with that arrival number, if it was kept.
    pub(crate) fn request(&self, arrival: u64) -> Option<RequestRecord> {
        let mut inner = self.lock();
        inner.kept(arrival).cloned()
    }

    /// The counters.
    pub(crate) fn totals(&self) -> Totals {
        self.lock().totals.clone()
    }

    /// Waits until `holds` or the time is up, and says whether it held. It is asked again after every arrival,
    /// every answer and every request that comes to be withheld.
    pub(crate) fn wait(&self, timeout: Duration, mut holds: impl FnMut(&Totals) -> bool) -> bool {
        let deadline = Instant::now() + timeout;
        let mut inner = self.lock();
        loop {
            let totals = inner.totals.clone();
            if holds(&totals) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            inner = self.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn complete(&self, number: u64, outcome: &Outcome) {
        let mut inner = self.lock();
        inner.totals.completed += 1;
        inner.totals.in_flight -= 1;
        let endpoint = outcome.endpoint.unwrap_or(Endpoint::Unknown);
        *inner.totals.answers.entry((endpoint, outcome.status.unwrap_or(0))).or_default() += 1;
        *inner.totals.inputs.entry(endpoint).or_default() += outcome.inputs as u64;
        let completion = inner.totals.completed;
        let answered_at = self.started.elapsed();
        let answer = outcome
            .answer
            .clone()
            .filter(|answer| self.room.is_some_and(|room| inner.answer_bytes + answer.len() <= room));
        inner.answer_bytes += answer.as_ref().map_or(0, Bytes::len);
        if let Some(record) = inner.kept(number) {
            record.raw_answer = answer;
            record.completion = Some(completion);
            record.answered_at = outcome.status.map(|_| answered_at);
            record.endpoint = endpoint;
            record.object.clone_from(&outcome.object);
            record.status = outcome.status;
            record.inputs = outcome.inputs;
            record.fault = outcome.fault;
            record.rate_remaining = outcome.rate_remaining;
        }
        drop(inner);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being handled.
#[derive(Debug)]
pub(crate) struct Ticket {
    log: Arc<RequestLog>,
    pub(crate) number: u64,
    pub(crate) outcome: Outcome,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.log.complete(self.number, &self.outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(body: &'static [u8]) -> Arrival {
        Arrival {
            method: "POST".to_owned(),
            path: "/x".to_owned(),
            query: None,
            body: Bytes::from_static(body),
        }
    }

    #[test]
    fn keeps_arrival_and_completion_order_apart() {
        let log = Arc::new(RequestLog::new(Some(10)));
        let mut first = log.arrive(arrival(b"{\"a\":1}"));
        let second = log.arrive(arrival(b"{\"b\":2}"));
        drop(second);
        first.outcome.status = Some(200);
        first.outcome.endpoint = Some(Endpoint::Upsert);
        first.outcome.inputs = 3;
        drop(first);
        let requests = log.requests();
        assert_eq!(requests[0].completion, Some(2));
        assert_eq!(requests[1].completion, Some(1));
        assert_eq!(requests[0].body().unwrap()["a"], 1);
        assert!(requests[1].body().is_none(), "the room for bodies was used up");
        let totals = log.totals();
        assert_eq!((totals.max_in_flight, totals.in_flight, totals.completed), (2, 0, 2));
        assert_eq!((totals.calls(Endpoint::Upsert), totals.inputs[&Endpoint::Upsert]), (1, 3));
        assert_eq!(totals.with_status(0), 1);
    }

    #[test]
    fn what_is_forgotten_is_gone_and_numbers_go_on() {
        let log = Arc::new(RequestLog::new(Some(100)));
        let open = log.arrive(arrival(b"{}"));
        log.forget();
        let mut next = log.arrive(arrival(b"{}"));
        next.outcome.answer = Some(Bytes::from_static(b"{\"a\":1}"));
        drop(next);
        drop(open);
        assert!(log.request(1).is_none(), "an answer to what is forgotten changes nothing that is kept");
        assert_eq!(log.request(2).unwrap().answer().unwrap()["a"], 1);
        assert_eq!((log.requests().len(), log.totals().arrived, log.totals().in_flight), (1, 1, 0));
    }

    #[test]
    fn a_light_log_counts_only() {
        let log = Arc::new(RequestLog::new(None));
        drop(log.arrive(arrival(b"{}")));
        assert!(log.requests().is_empty());
        assert_eq!(log.totals().arrived, 1);
    }

    #[test]
    fn waiting_ends_when_the_condition_holds_or_the_time_is_up() {
        let log = Arc::new(RequestLog::new(None));
        assert!(!log.wait(Duration::ZERO, |totals| totals.arrived > 0));
        let other = Arc::clone(&log);
        let thread = std::thread::spawn(move || drop(other.arrive(arrival(b""))));
        assert!(log.wait(Duration::from_secs(10), |totals| totals.completed == 1));
        thread.join().unwrap();
    }
}
