//! Calls as the dispatcher makes them: something that takes a request and comes back with an outcome.

use std::future::Future;
use std::sync::Arc;

use crate::api::RateHeaders;
use crate::engine::request::{Request, Target};
use crate::engine::sync::Outcome;
use crate::hubspot::client::Client;
use crate::hubspot::write::{self, Destination};
use crate::output::emitter::Emitter;
use crate::output::rotation::TokenRotation;

/// What a stream's calls are.
#[derive(Clone, Debug)]
pub struct Route {
    /// What the engine needs to make the requests.
    pub target: Target,
    /// What they are for.
    pub destination: Destination,
}

/// What came of a call, and what its answer said about the rate window (nothing where there was no answer).
pub type Answered = (Outcome, Option<RateHeaders>);

/// Makes calls. The dispatcher is tested with one that needs no network.
pub trait Calls: Clone + Send + 'static {
    /// Makes one call.
    fn make(&self, route: Arc<Route>, request: Request) -> impl Future<Output = Answered> + Send;
}

/// Calls to HubSpot.
#[derive(Clone, Debug)]
pub struct HubSpotCalls {
    client: Client,
    rotation: Arc<TokenRotation>,
    emitter: Emitter,
}

impl HubSpotCalls {
    /// Calls through this client; a rotated refresh token is printed at once.
    #[must_use]
    pub fn new(client: Client, rotation: Arc<TokenRotation>, emitter: Emitter) -> Self {
        Self { client, rotation, emitter }
    }
}

impl Calls for HubSpotCalls {
    async fn make(&self, route: Arc<Route>, request: Request) -> Answered {
        let answered = write::write(&self.client, &route.destination, request).await;
        self.rotation.publish(&self.client, &self.emitter).await;
        answered
    }
}
