//! Rejected records on their way to storage: when they go, and what waits for them.
//!
//! One lot is on its way while the next gathers. Lots are as large as time allows, since each becomes a file: they go
//! when enough has gathered, when a state has waited for them for the flush interval, or when nothing else is left to
//! do.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::engine::ledger::StreamIndex;
use crate::engine::record::Body;
use crate::engine::rejection::Rejection;
use crate::error::{Failure, Kind};
use crate::protocol::StreamDescriptor;
use crate::rejected::storage::pending::{FULL, Pending};
use crate::storage::RejectStore;

/// What the sync wants of storage.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    /// A state waits for nothing else.
    pub wanted: bool,
    /// It should not wait for the flush interval: no input can come meanwhile.
    pub at_once: bool,
    /// Everything goes, wanted or not.
    pub everything: bool,
    /// Number of the latest rejection that was appended.
    pub latest: u64,
}

/// Keeps rejected records until storage has them.
#[derive(Debug)]
pub struct Keeping {
    waiting: Pending,
    store: Arc<RejectStore>,
    interval: Duration,
    wanted_since: Option<Instant>,
    under_way: Option<UnderWay>,
    /// Storage has failed for good: the sync ends, and nothing more is tried.
    given_up: bool,
}

#[derive(Debug)]
struct UnderWay {
    /// The latest rejection in it.
    covers: u64,
    task: JoinHandle<Result<(), Failure>>,
}

impl Keeping {
    /// Nothing yet; states wait for storage for about `interval`.
    #[must_use]
    pub fn new(waiting: Pending, store: RejectStore, interval: Duration) -> Self {
        let store = Arc::new(store);
        Self { waiting, store, interval, wanted_since: None, under_way: None, given_up: false }
    }

    /// Makes sure that storage takes files, before anything is written to HubSpot.
    ///
    /// # Errors
    /// Why it does not, as [`RejectStore::admit`] says.
    pub async fn admit(&self) -> Result<(), Failure> {
        self.store.admit().await
    }

    /// Adds a stream, in the order of the sync's.
    pub fn add_stream<'a>(
        &mut self,
        descriptor: StreamDescriptor,
        generation_id: Option<i64>,
        columns: impl Iterator<Item = &'a str>,
    ) {
        self.waiting.add_stream(descriptor, generation_id, columns);
    }

    /// Adds a rejected record.
    pub fn append(&mut self, stream: StreamIndex, body: &Body, rejection: &Rejection) {
        if !self.given_up {
            self.waiting.append(stream, body, rejection);
        }
    }

    /// Whether more waits than should, and cannot go yet.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.under_way.is_some() && self.waiting.bytes() >= FULL
    }

    /// Whether nothing waits and nothing is on its way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.under_way.is_none() && (self.given_up || self.waiting.bytes() == 0)
    }

    /// Sends what waits, if that is due; else says when it will be.
    pub fn advance(&mut self, demand: Demand, now: Instant) -> Option<Instant> {
        if !demand.wanted {
            self.wanted_since = None;
        }
        if self.given_up || self.under_way.is_some() || self.waiting.bytes() == 0 {
            return None;
        }
        if demand.wanted && !demand.at_once {
            let due = *self.wanted_since.get_or_insert(now) + self.interval;
            if now < due && self.waiting.bytes() < FULL {
                return Some(due);
            }
        } else if !demand.wanted && !demand.everything && self.waiting.bytes() < FULL {
            return None;
        }
        let (store, lots) = (Arc::clone(&self.store), self.waiting.take());
        let task = tokio::spawn(async move { store.put(lots).await });
        self.under_way = Some(UnderWay { covers: demand.latest, task });
        self.wanted_since = None;
        None
    }
}

/// The number of the latest rejection that storage has, when it has more than before; never completes while nothing
/// is on its way.
///
/// # Errors
/// Why storage does not take any more. What waits then is given up.
pub async fn stored(keeping: &mut Option<Keeping>) -> Result<u64, Failure> {
    let Some(keeping) = keeping else { return pending().await };
    let Some(UnderWay { covers, task }) = &mut keeping.under_way else { return pending().await };
    let covers = *covers;
    // Dropped while it waits, this leaves the task where it is.
    let result = task.await.unwrap_or_else(|_| {
        let message =
            "Storing rejected records failed inside the connector. This is a fault of the connector; please report it.";
        Err(Failure::new(Kind::Internal, message).internal("the storing task panicked"))
    });
    keeping.under_way = None;
    keeping.given_up = result.is_err();
    result.map(|()| covers)
}
