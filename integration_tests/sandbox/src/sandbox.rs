//! The handle of a running sandbox. Looking at the account's state is in `inspect`, changing it in `control`.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use crate::builder::Builder;
use crate::faults::{Fault, FaultId};
use crate::http::{Certificate, Server, Shared, lock};
use crate::log::{RequestRecord, Totals};
use crate::seed::{Delays, Seed, SeedError};
use crate::world::World;

/// A running sandbox. Dropping it stops it.
#[derive(Debug)]
pub struct Sandbox {
    server: Server,
    shared: Arc<Shared>,
    default_token: String,
}

impl Sandbox {
    /// Options for a sandbox to be started.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(server: Server, shared: Arc<Shared>, default_token: String) -> Self {
        Self { server, shared, default_token }
    }

    /// Base URL without a trailing slash: `http://127.0.0.1:40123`, or `https` with [`Builder::tls`].
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.shared.wire.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.server.address())
    }

    /// The certificate that its clients have to trust, as PEM, with [`Builder::tls`].
    #[must_use]
    pub fn certificate(&self) -> Option<&str> {
        self.shared.wire.certificate.as_ref().map(Certificate::chain)
    }

    /// A private token with every scope.
    #[must_use]
    pub fn default_token(&self) -> &str {
        &self.default_token
    }

    /// The account's state.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.shared.world)
    }

    /// Adds what a seed describes, or nothing of it.
    ///
    /// # Errors
    ///
    /// When the seed names what is not there.
    pub fn add(&self, seed: &Seed) -> Result<(), SeedError> {
        self.shared.add(seed)
    }

    /// What the account holds and how it behaves, so that another sandbox can begin with it.
    #[must_use]
    pub fn seed(&self) -> Seed {
        self.shared.seed()
    }

    /// Every request so far in the order of arrival; none with [`Builder::light`].
    #[must_use]
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.log.requests()
    }

    /// Counters of requests and answers.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.shared.log.totals()
    }

    /// How many pages browsers were shown; they are no requests.
    #[must_use]
    pub fn page_views(&self) -> u64 {
        self.shared.pages.load(Ordering::SeqCst)
    }

    /// How many connections carried requests.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The most requests that were ever handled at once.
    #[must_use]
    pub fn max_concurrency(&self) -> u64 {
        self.totals().max_in_flight
    }

    /// Waits until the counters meet a condition, and says whether they did in time. It is checked after every
    /// arrival and every answer.
    #[must_use]
    pub fn wait_until(&self, timeout: Duration, holds: impl FnMut(&Totals) -> bool) -> bool {
        self.shared.log.wait(timeout, holds)
    }

    /// Adds a fault behind those already there.
    pub fn add_fault(&self, fault: Fault) -> FaultId {
        lock(&self.shared.faults).add(fault)
    }

    /// Takes a fault away; what it withholds goes on.
    pub fn remove_fault(&self, id: FaultId) {
        lock(&self.shared.faults).remove(id);
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
    }

    /// How often a fault fired, removed or not.
    #[must_use]
    pub fn fault_fired(&self, id: FaultId) -> u64 {
        lock(&self.shared.faults).fired(id)
    }

    /// How many requests a [`Fault::hold`] withholds at the moment.
    #[must_use]
    pub fn held(&self, id: FaultId) -> usize {
        lock(&self.shared.faults).held(id)
    }

    /// Waits until a [`Fault::hold`] withholds at least `count` requests, and says whether it did in time.
    #[must_use]
    pub fn wait_held(&self, id: FaultId, count: usize, timeout: Duration) -> bool {
        self.shared.log.wait(timeout, |_| self.held(id) >= count)
    }

    /// Lets what a [`Fault::hold`] withholds go on, now and from now on.
    pub fn release(&self, id: FaultId) {
        lock(&self.shared.faults).release(id);
    }

    /// Sets latency and jitter for requests from now on.
    pub fn set_latency(&self, latency: Duration, jitter: Duration) {
        let delays = Delays { latency: Some(latency), jitter: Some(jitter), ..Delays::default() };
        lock(&self.shared.timing).set(&delays);
    }
}
