//! The calls of a dry run: what reads is asked of HubSpot, what writes goes nowhere and counts as done.

use std::sync::Arc;

use super::calls::{Answered, Calls, Route};
use crate::api::{AssociationVerb, Verb};
use crate::engine::request::{Endpoint, Request};
use crate::engine::sync::Outcome;

/// Makes the reading calls only.
#[derive(Clone, Debug)]
pub struct Rehearsal<C> {
    real: C,
}

impl<C> Rehearsal<C> {
    /// Reads through these calls.
    #[must_use]
    pub fn new(real: C) -> Self {
        Self { real }
    }
}

impl<C: Calls + Sync> Calls for Rehearsal<C> {
    async fn make(&self, route: Arc<Route>, request: Request) -> Answered {
        match &request.endpoint {
            Endpoint::Batch(_, Verb::Read)
            | Endpoint::Search(_)
            | Endpoint::MembersPage(..)
            | Endpoint::Associations(_, _, AssociationVerb::Read) => self.real.make(route, request).await,
            Endpoint::Batch(_, Verb::Create | Verb::Update | Verb::Upsert | Verb::Archive)
            | Endpoint::One(..)
            | Endpoint::Members(_)
            | Endpoint::Associations(..)
            | Endpoint::Events => (Outcome::Confirmed, None),
        }
    }
}
