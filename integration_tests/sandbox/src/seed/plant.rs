//! Putting into an account what a seed describes.

use super::{AppSeed, AssociationSeed, Delays, DemandSeed, Limits, RecordSeed, Seed, TokenSeed};
use crate::associations::AssociationLabel;
use crate::auth::{Bearer, OAuthApp, TokenKind};
use crate::catalog::{CustomObject, Pipeline, PropertyDef, TypeIndex};
use crate::events::EventDef;
use crate::limits::{AssociationBudget, RateLimit};
use crate::lists::ListDef;
use crate::objects::apply::apply;
use crate::objects::plan::Plan;
use crate::records::{Change, Edit};
use crate::world::World;

/// A seed names what is not there, or what cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeedError {
    /// An object type that the account does not have.
    #[error("the account has no object type {0:?}")]
    ObjectType(String),
    /// A property that the object type does not have.
    #[error("{object} has no property {property:?}")]
    Property {
        /// The object type as it was named.
        object: String,
        /// The property.
        property: String,
    },
    /// A text that is no record id.
    #[error("{0:?} is no record id")]
    RecordId(String),
    /// A label that the two object types do not have.
    #[error("there is no label {label:?} from {from} to {to}")]
    Label {
        /// Its text.
        label: String,
        /// The near object type.
        from: String,
        /// The far object type.
        to: String,
    },
    /// An event whose name is or was used.
    #[error("the account has or had an event {0:?}")]
    EventTaken(String),
}

/// The number of a record.
pub(crate) fn record_id(text: &str) -> Result<u64, SeedError> {
    text.parse().map_err(|_| SeedError::RecordId(text.to_owned()))
}

impl World {
    /// Adds what a seed describes to the account; faults and the time that requests take are none of its business. After
    /// an error some of it is there.
    pub(crate) fn sow(&mut self, seed: &Seed) -> Result<(), SeedError> {
        if let Some(account) = &seed.account {
            self.account = account.clone();
        }
        self.switches.follow(seed.switches);
        seed.tokens.iter().for_each(|token| self.put_token(token));
        seed.apps.iter().for_each(|app| self.put_app(app));
        for owner in &seed.owners {
            self.owners.retain(|known| known.id != owner.id);
            self.owners.push(owner.clone());
        }
        for object in &seed.objects {
            self.put_object(object);
        }
        self.catalog.compare_unique_values(self.switches.unique_values);
        for (object, properties) in &seed.properties {
            for property in properties {
                self.put_property(object, property.clone())?;
            }
        }
        for (object, pipelines) in &seed.pipelines {
            for pipeline in pipelines {
                self.put_pipeline(object, pipeline.clone())?;
            }
        }
        self.ended.extend(
            seed.ended.iter().filter(|prefix| !self.ended.contains(prefix)).cloned().collect::<Vec<_>>(),
        );
        for DemandSeed { object, property, demand } in &seed.demands {
            let kind = self.type_named(object)?;
            let demands = &mut self.catalog.get_mut(kind).demands;
            demands.retain(|(known, _)| known != property);
            demands.push((property.clone(), demand.clone()));
        }
        for label in &seed.labels {
            self.put_label(label)?;
        }
        for event in &seed.events {
            self.put_event(event)?;
        }
        for (object, records) in &seed.records {
            self.put_records(object, records)?;
        }
        for association in &seed.associations {
            self.put_association(association)?;
        }
        for list in &seed.lists {
            self.put_list(list)?;
        }
        for occurrence in &seed.occurrences {
            self.events.occurrences.add(occurrence.clone());
        }
        let now = self.clock.now();
        self.consent.sow(&seed.consent, now);
        self.set_limits(&seed.limits)?;
        self.set_delays(&seed.delays);
        Ok(())
    }

    /// The type of that name.
    pub(crate) fn type_named(&mut self, object: &str) -> Result<TypeIndex, SeedError> {
        self.catalog.resolve(object).ok_or_else(|| SeedError::ObjectType(object.to_owned()))
    }

    /// Sets what the account takes.
    pub(crate) fn set_limits(&mut self, limits: &Limits) -> Result<(), SeedError> {
        for (object, limit) in &limits.records {
            let kind = self.type_named(object)?;
            self.record_limits.insert(kind, *limit);
        }
        let unlimited = limits.calls.is_some_and(|limit| !limit.enforced);
        let usual = unlimited.then_some(AssociationBudget::Own(RateLimit::none()));
        limits.calls.iter().for_each(|limit| self.budgets.set_limits(*limit));
        limits.associations.or(usual).iter().for_each(|budget| self.budgets.set_associations(*budget));
        limits.search.iter().for_each(|limit| self.budgets.search.limit = *limit);
        limits.events.iter().for_each(|limit| self.budgets.events.limit = *limit);
        limits.daily.iter().for_each(|limit| self.budgets.daily.limit = *limit);
        if let Some(used) = limits.daily_used {
            let day = self.account.day(self.clock.now());
            self.budgets.daily.set_used(day, used);
        }
        self.lists.call_limit = limits.list_ids.or(self.lists.call_limit);
        self.associations.call_limit = limits.pairs.or(self.associations.call_limit);
        Ok(())
    }

    /// Sets how long things take, but for the requests themselves.
    pub(crate) fn set_delays(&mut self, delays: &Delays) {
        self.index.delay = delays.search_index.unwrap_or(self.index.delay);
        self.index.lag = delays.search_index_searches.unwrap_or(self.index.lag);
        self.property_lag = delays.property_writes.unwrap_or(self.property_lag);
        if let Some(told) = &delays.access_token_told {
            self.apps.told_lifetime = Some(told.clone());
        }
        self.apps.access_token_lifetime = delays.access_token.unwrap_or(self.apps.access_token_lifetime);
    }

    /// Adds a private token, or gives the one of that text other scopes.
    pub(crate) fn put_token(&mut self, token: &TokenSeed) {
        let scopes = token.scopes.clone();
        match self.tokens.get_mut(&token.token) {
            Some(known) => known.scopes = scopes,
            None => {
                let budget = self.budgets.open(RateLimit::per_ten_seconds(190));
                let bearer = Bearer { kind: TokenKind::Private, scopes, budget, expires: None };
                self.tokens.insert(&token.token, bearer);
            }
        }
    }

    fn put_app(&mut self, app: &AppSeed) {
        let AppSeed { client_id, client_secret, refresh_token, scopes } = app.clone();
        let known = self.apps.find(&client_id).map(|known| known.budget);
        let budget = known.unwrap_or_else(|| self.budgets.open(RateLimit::per_ten_seconds(110)));
        self.apps.install(OAuthApp { client_id, client_secret, refresh_token, scopes, budget });
    }

    /// Adds a custom object type, or the properties of one of that name.
    pub(crate) fn put_object(&mut self, object: &CustomObject) -> TypeIndex {
        let Some(known) = self.catalog.resolve(&object.name) else { return self.add_custom(object.clone()) };
        for property in &object.properties {
            self.define(known, property.clone());
        }
        known
    }

    /// Adds a property, or replaces the one of that name.
    pub(crate) fn put_property(&mut self, object: &str, property: PropertyDef) -> Result<(), SeedError> {
        let kind = self.type_named(object)?;
        self.define(kind, property);
        Ok(())
    }

    fn define(&mut self, kind: TypeIndex, mut property: PropertyDef) {
        let now = self.clock.now();
        property.created.get_or_insert(now);
        property.updated.get_or_insert(now);
        self.catalog.get_mut(kind).put_property(property);
    }

    /// Adds a pipeline, or replaces the one with that id.
    pub(crate) fn put_pipeline(&mut self, object: &str, mut pipeline: Pipeline) -> Result<(), SeedError> {
        let (kind, now) = (self.type_named(object)?, self.clock.now());
        let definition = self.catalog.get_mut(kind);
        pipeline.complete(definition.family, now);
        definition.change_pipelines(|all| match all.iter_mut().find(|known| known.id == pipeline.id) {
            Some(known) => *known = pipeline,
            None => all.push(pipeline),
        });
        Ok(())
    }

    /// Makes an association label and gives its number in the direction of the label.
    pub(crate) fn put_label(&mut self, label: &AssociationLabel) -> Result<u32, SeedError> {
        let (from, to) = (self.type_named(&label.from)?, self.type_named(&label.to)?);
        let made = self.add_label(from, to, &label.label, label.inverse.as_deref(), label.type_ids);
        Ok(made.0.own.id)
    }

    /// Makes an event definition and gives its fully qualified name.
    pub(crate) fn put_event(&mut self, event: &EventDef) -> Result<String, SeedError> {
        let number = self.random.number(1_000_000..60_000_000);
        let (portal_id, now) = (self.account.portal_id, self.clock.now());
        let made = self.events.definitions.add(event.clone(), portal_id, number, now);
        made.map(|made| made.qualified.clone()).map_err(|_| SeedError::EventTaken(event.name.clone()))
    }

    /// Makes or changes records. Those that are gone come first: what they held belongs to the living.
    fn put_records(&mut self, object: &str, records: &[RecordSeed]) -> Result<(), SeedError> {
        let kind = self.type_named(object)?;
        let is_gone = |record: &RecordSeed| record.archived_at.is_some() || record.merged_into.is_some();
        let (gone, live): (Vec<_>, Vec<_>) = records.iter().partition(|record| is_gone(record));
        for record in gone.into_iter().chain(live) {
            self.put_record(kind, object, record)?;
        }
        Ok(())
    }

    fn put_record(&mut self, kind: TypeIndex, object: &str, record: &RecordSeed) -> Result<(), SeedError> {
        let id = match &record.id {
            Some(id) => record_id(id)?,
            None => self.random.record_id(),
        };
        let values = record.properties.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        self.write_record((kind, object), id, values)?;
        let merged_into = record.merged_into.as_deref().map(record_id).transpose()?;
        let now = self.clock.now();
        let (definition, store) = self.kind_and_store_mut(kind);
        let address = definition.property("email").filter(|(_, property)| definition.is_email(property));
        if let (Some((slot, _)), Some(more)) = (address, record.properties.get("hs_additional_emails")) {
            more.split(';').filter(|more| !more.is_empty()).for_each(|more| store.alias(slot, more, id));
        }
        store.stamp(id, record.created_at, record.updated_at);
        match (merged_into, record.archived_at) {
            (Some(primary), at) => store.merge(primary, id, address.map(|(slot, _)| slot), at.unwrap_or(now)),
            (None, Some(at)) => {
                store.archive(id, at);
            }
            (None, None) => {}
        }
        Ok(())
    }

    /// Gives a record values, whatever the rules for values; `""` clears. A record that is not there is made.
    pub(crate) fn write_record<'a>(
        &mut self,
        (kind, object): (TypeIndex, &str),
        id: u64,
        values: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), SeedError> {
        let (definition, store) = self.kind_and_store(kind);
        let new = store.get(id).is_none();
        let edit = |(name, value): (&str, &str)| {
            let unknown = || SeedError::Property { object: object.to_owned(), property: name.to_owned() };
            let (slot, _) = definition.property(name).ok_or_else(unknown)?;
            let change = if value.is_empty() { Change::Clear } else { Change::Set(value.into()) };
            Ok(Edit { slot, change })
        };
        let edits = values.map(edit).collect::<Result<_, SeedError>>()?;
        apply(self, kind, Plan { id, new, edits }, 0);
        Ok(())
    }

    /// Associates two records.
    pub(crate) fn put_association(&mut self, association: &AssociationSeed) -> Result<(), SeedError> {
        let (near, far) = (&association.from, &association.to);
        let (one, other) = (self.type_named(&near.object)?, self.type_named(&far.object)?);
        let known = self.types_between(one, other).to_vec();
        let labelled = |label: &String| {
            let found = known.iter().find(|known| known.label.as_ref() == Some(label)).cloned();
            found.ok_or_else(|| SeedError::Label {
                label: label.clone(),
                from: near.object.clone(),
                to: far.object.clone(),
            })
        };
        let labels = association.labels.iter().map(labelled).collect::<Result<Vec<_>, _>>()?;
        let (from, to) = ((one, record_id(&near.id)?), (other, record_id(&far.id)?));
        self.associations.links.label(from, to, &known[0], &labels);
        Ok(())
    }

    /// Adds a list, or replaces the one of that number.
    pub(crate) fn put_list(&mut self, list: &ListDef) -> Result<u64, SeedError> {
        let (kind, now) = (self.type_named(&list.object)?, self.clock.now());
        let members = list.members.iter().map(|id| Ok((record_id(id)?, now))).collect::<Result<_, _>>()?;
        let id = self.lists.add(list.id, &list.name, kind, list.processing, now);
        if let Some(made) = self.lists.get_mut(id) {
            made.members = members;
        }
        Ok(id)
    }
}
