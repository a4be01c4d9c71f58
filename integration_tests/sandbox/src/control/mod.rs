//! Changing the account from a test while a client runs.
//!
//! Changes take effect at once and are no requests: nothing is logged or counted, and no rule but the shape of the
//! account stands in their way.

mod associations;
mod events;
mod lists;

use std::time::Duration;

use crate::auth::Scopes;
use crate::catalog::{CustomObject, Pipeline, PropertyDef, PropertyOption, TypeIndex};
use crate::clock::Millis;
use crate::limits::RateLimit;
use crate::objects::apply::apply;
use crate::objects::plan::Plan;
use crate::objects::{archive, merge};
use crate::records::{Change, Edit};
use crate::sandbox::Sandbox;
use crate::seed::{SeedError, TokenSeed, record_id};
use crate::world::World;

/// Every method panics when it is given an object type, property or record that does not exist: a test that does
/// so is wrong.
impl Sandbox {
    /// Makes a record with these values, whatever the rules for values, and gives its id.
    pub fn insert(&self, object: &str, values: &[(&str, &str)]) -> String {
        let world = &mut *self.world();
        let id = world.random.record_id();
        write(world, object, id, values);
        id.to_string()
    }

    /// Makes a record with a chosen id.
    pub fn insert_with_id(&self, object: &str, id: u64, values: &[(&str, &str)]) {
        write(&mut self.world(), object, id, values);
    }

    /// Gives a record values, whatever the rules for values; `""` clears.
    pub fn set(&self, object: &str, id: &str, values: &[(&str, &str)]) {
        write(&mut self.world(), object, number(id), values);
    }

    /// Gives a contact a further e-mail address, which leads to it like its own.
    pub fn add_secondary_email(&self, id: &str, email: &str) {
        let world = &mut *self.world();
        let index = world.known("contacts");
        let added = Change::Append(vec![email.into()]);
        let (kind, store) = world.kind_and_store_mut(index);
        if let (Some((own, _)), Some((slot, _))) =
            (kind.property("email"), kind.property("hs_additional_emails"))
        {
            store.alias(own, email, number(id));
            let edits = vec![Edit { slot, change: added }];
            apply(world, index, Plan { id: number(id), new: false, edits }, 0);
        }
    }

    /// Merges a record into another of its type; the merged id goes on working in single reads and updates only.
    pub fn merge(&self, object: &str, primary: &str, away: &str) {
        let world = &mut *self.world();
        let index = world.known(object);
        merge::merge(world, index, number(primary), number(away), 0);
    }

    /// Moves a record to the recycle bin.
    pub fn archive(&self, object: &str, id: &str) {
        let world = &mut *self.world();
        let index = world.known(object);
        assert!(archive::one(world, index, id, 0), "there is no live {object} record {id}");
    }

    /// Adds a property, or replaces the one of that name.
    pub fn put_property(&self, object: &str, property: PropertyDef) {
        must(self.world().put_property(object, property));
    }

    /// Adds a pipeline, or replaces the one with that id.
    pub fn put_pipeline(&self, object: &str, pipeline: Pipeline) {
        must(self.world().put_pipeline(object, pipeline));
    }

    /// Deletes a property, built in or not.
    pub fn delete_property(&self, object: &str, name: &str) {
        let world = &mut *self.world();
        let (now, index) = (world.clock.now(), world.known(object));
        match world.catalog.get_mut(index).property_even_archived(name) {
            Some(property) => property.archived = Some(now),
            None => panic!("{object} has no property {name:?}"),
        }
    }

    /// Adds an option to an enumeration.
    pub fn add_option(&self, object: &str, property: &str, value: &str) {
        let world = &mut *self.world();
        let index = world.known(object);
        match world.catalog.get_mut(index).property_even_archived(property) {
            Some(property) => property.options.push(PropertyOption {
                label: value.to_owned(),
                value: value.to_owned(),
                hidden: false,
                display_order: -1,
                description: String::new(),
            }),
            None => panic!("{object} has no property {property:?}"),
        }
    }

    /// Adds a custom object type and gives its `objectTypeId`.
    pub fn add_custom_object(&self, object: CustomObject) -> String {
        let world = &mut *self.world();
        let index = world.add_custom(object);
        world.catalog.get(index).id.clone()
    }

    /// Sets how many searches do not see a record made from now on.
    pub fn set_search_index_lag(&self, searches: u64) {
        self.world().index.lag = searches;
    }

    /// Sets the window of every token.
    pub fn set_rate_limit(&self, limit: RateLimit) {
        self.world().budgets.set_limits(limit);
    }

    /// Sets the daily quota.
    pub fn set_daily_limit(&self, limit: u64) {
        self.world().budgets.daily.limit = limit;
    }

    /// Makes it as if so much of today's quota had been used.
    pub fn set_daily_usage(&self, used: u64) {
        let world = &mut *self.world();
        let day = world.account.day(world.clock.now());
        world.budgets.daily.set_used(day, used);
    }

    /// Adds a private token with a window of its own.
    pub fn add_token(&self, token: &str, scopes: Scopes) {
        self.world().put_token(&TokenSeed { token: token.to_owned(), scopes });
    }

    /// Gives a token other scopes.
    pub fn set_scopes(&self, token: &str, scopes: Scopes) {
        match self.world().tokens.get_mut(token) {
            Some(bearer) => bearer.scopes = scopes,
            None => panic!("the sandbox has no such token"),
        }
    }

    /// Gives an OAuth app other scopes, for access tokens made from now on.
    pub fn set_app_scopes(&self, client_id: &str, scopes: Scopes) {
        match self.world().apps.find_mut(client_id) {
            Some(app) => app.scopes = scopes,
            None => panic!("the sandbox has no app {client_id:?}"),
        }
    }

    /// Makes a token unknown.
    pub fn revoke_token(&self, token: &str) {
        assert!(self.world().tokens.revoke(token), "the sandbox has no such token");
    }

    /// Makes the refresh token of an OAuth app invalid.
    pub fn revoke_refresh_token(&self, client_id: &str) {
        match self.world().apps.find_mut(client_id) {
            Some(app) => app.refresh_token.clear(),
            None => panic!("the sandbox has no app {client_id:?}"),
        }
    }

    /// Makes every OAuth access token expire now.
    pub fn expire_access_tokens(&self) {
        let world = &mut *self.world();
        let now = world.clock.now();
        world.tokens.expire_access_tokens(now);
    }

    /// Sets the account's time, which goes on from there. Windows of limits stay as full as they are.
    pub fn set_clock(&self, now: Millis) {
        self.world().clock.set(now);
    }

    /// Moves the sandbox's clock forward: windows empty, tokens expire, days end.
    pub fn advance_clock(&self, by: Duration) {
        self.world().clock.advance(by);
    }
}

impl World {
    /// The type of that name; panics when there is none.
    pub(crate) fn known(&mut self, object: &str) -> TypeIndex {
        must(self.type_named(object))
    }
}

/// What was made.
///
/// # Panics
///
/// When it could not be: a test that asks for it is wrong.
fn must<T>(made: Result<T, SeedError>) -> T {
    match made {
        Ok(made) => made,
        Err(error) => panic!("{error}"),
    }
}

fn number(id: &str) -> u64 {
    must(record_id(id))
}

fn write(world: &mut World, object: &str, id: u64, values: &[(&str, &str)]) {
    let kind = world.known(object);
    must(world.write_record((kind, object), id, values.iter().copied()));
}
