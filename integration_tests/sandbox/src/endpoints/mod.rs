//! The endpoint families. Each knows its paths, reads its requests and writes its answers.
//!
//! A new family is a new module with `CALLS` and `answer`, named in [`calls`] and [`answer`] below.

mod account;
mod associations;
mod consent;
mod events;
mod lists;
mod oauth;
mod objects;
mod owners;
mod pipelines;
mod properties;
mod schemas;

use crate::auth::Bearer;
use crate::error::Refusal;
use crate::faults::Silence;
use crate::http::{Answer, EndpointFamily, Known, Query, Route};
use crate::world::World;

/// A request that was let in.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) route: &'a Route,
    pub(crate) query: &'a Query,
    pub(crate) body: &'a [u8],
    /// None for the calls about tokens, which need no token.
    pub(crate) bearer: Option<&'a Bearer>,
    /// Arrival number of the request.
    pub(crate) arrival: u64,
    /// Inputs that a fault keeps out of the answer.
    pub(crate) silence: Option<&'a Silence>,
}

impl Call<'_> {
    /// Refuses the call unless the token was granted one of the scopes.
    pub(crate) fn need(&self, alternatives: Vec<String>) -> Result<(), Refusal> {
        match self.bearer {
            Some(bearer) if !bearer.scopes.grant_one_of(&alternatives) => {
                Err(Refusal::missing_scopes(alternatives))
            }
            _ => Ok(()),
        }
    }
}

/// Every call there is. Of two paths that a request fits, the first one is meant.
pub(crate) fn calls() -> impl Iterator<Item = &'static Known> {
    let families = [
        objects::CALLS,
        properties::CALLS,
        pipelines::CALLS,
        schemas::CALLS,
        owners::CALLS,
        lists::CALLS,
        associations::CALLS,
        events::CALLS,
        consent::CALLS,
        account::CALLS,
        oauth::CALLS,
    ];
    families.into_iter().flatten()
}

/// Does what a call asks for.
pub(crate) fn answer(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    match call.route.endpoint.family() {
        EndpointFamily::Objects => objects::answer(world, call),
        EndpointFamily::Properties => properties::answer(world, call),
        EndpointFamily::Pipelines => pipelines::answer(world, call),
        EndpointFamily::Schemas => schemas::answer(world, call),
        EndpointFamily::Owners => owners::answer(world, call),
        EndpointFamily::Lists => lists::answer(world, call),
        EndpointFamily::Associations => associations::answer(world, call),
        EndpointFamily::Events | EndpointFamily::EventDefinitions => events::answer(world, call),
        EndpointFamily::Consent => consent::answer(world, call),
        EndpointFamily::Account => account::answer(world, call),
        EndpointFamily::OAuth => oauth::answer(world, call),
        EndpointFamily::Unknown => Err(Refusal::not_found()),
    }
}
