//! The present state of an account as a seed that makes it again.
//!
//! Left out are what only a running account has (access tokens, what windows hold, the request log, the history of
//! writes) and what was deleted for good (lists, events, labels).

use std::collections::BTreeMap;

use super::{AppSeed, AssociationSeed, Delays, DemandSeed, EndSeed, Limits, RecordSeed, Seed, TokenSeed};
use crate::associations::AssociationLabel;
use crate::auth::TokenKind;
use crate::catalog::{Catalog, CustomObject, ObjectType, Pipeline, PropertyDef, TypeIndex, everywhere};
use crate::lists::ListDef;
use crate::records::{Record, RecordStore};
use crate::world::World;

impl World {
    /// What the account holds. `default_token` is every sandbox's own, and part of no seed.
    pub(crate) fn seed(&mut self, default_token: &str) -> Seed {
        Seed {
            account: Some(self.account.clone()),
            switches: self.switches.readings(),
            limits: self.limits(),
            delays: self.delays(),
            tokens: self.private_tokens(default_token),
            apps: self.installed(),
            owners: self.owners.clone(),
            objects: self.types().filter(|(_, kind)| kind.custom).map(|(_, kind)| schema(kind)).collect(),
            properties: self.changed_properties(),
            pipelines: self.changed_pipelines(),
            demands: self.demands(),
            ended: self.ended.clone(),
            labels: self.own_labels(),
            events: self.events.definitions.live().map(|known| known.parts.clone()).collect(),
            records: self.records(),
            associations: self.associated(),
            lists: self.lists.live().map(|list| self.list(list.id)).collect(),
            occurrences: self.events.occurrences.all().to_vec(),
            consent: self.consent.seed(),
            faults: Vec::new(),
        }
    }

    fn types(&self) -> impl Iterator<Item = (TypeIndex, &ObjectType)> {
        (0..).map(TypeIndex).zip(self.catalog.types())
    }

    /// What the account takes.
    pub(crate) fn limits(&mut self) -> Limits {
        let day = self.account.day(self.clock.now());
        let named = |(kind, limit): (&TypeIndex, &u64)| (self.catalog.get(*kind).plural.clone(), *limit);
        Limits {
            records: self.record_limits.iter().map(named).collect(),
            calls: Some(self.budgets.first_limit()),
            daily: Some(self.budgets.daily.limit),
            daily_used: Some(self.budgets.daily.used_on(day)),
            search: Some(self.budgets.search.limit),
            events: Some(self.budgets.events.limit),
            associations: Some(self.budgets.associations()),
            list_ids: self.lists.call_limit,
            pairs: self.associations.call_limit,
        }
    }

    /// How long things take, but for the requests themselves.
    pub(crate) fn delays(&self) -> Delays {
        Delays {
            search_index: Some(self.index.delay),
            search_index_searches: Some(self.index.lag),
            property_writes: Some(self.property_lag),
            access_token: Some(self.apps.access_token_lifetime),
            access_token_told: self.apps.told_lifetime.clone(),
            ..Delays::default()
        }
    }

    fn private_tokens(&self, default_token: &str) -> Vec<TokenSeed> {
        let private = self
            .tokens
            .all()
            .filter(|(text, bearer)| bearer.kind == TokenKind::Private && (*text != default_token));
        let mut tokens: Vec<TokenSeed> = private
            .map(|(text, bearer)| TokenSeed { token: text.to_owned(), scopes: bearer.scopes.clone() })
            .collect();
        tokens.sort_by(|one, other| one.token.cmp(&other.token));
        tokens
    }

    fn installed(&self) -> Vec<AppSeed> {
        let seed = |app: &crate::auth::OAuthApp| AppSeed {
            client_id: app.client_id.clone(),
            client_secret: app.client_secret.clone(),
            refresh_token: app.refresh_token.clone(),
            scopes: app.scopes.clone(),
        };
        self.apps.all().iter().map(seed).collect()
    }

    /// What differs from the definitions that every account has.
    fn changed_properties(&self) -> BTreeMap<String, Vec<PropertyDef>> {
        let usual = Catalog::new();
        let changed = self.types().filter(|(_, kind)| !kind.custom).filter_map(|(index, kind)| {
            let before = usual.get(index).all_properties();
            // Pipelines are a part of their own.
            let differs =
                |property: &&PropertyDef| !before.contains(property) && !kind.is_of_pipelines(property);
            let changed: Vec<PropertyDef> = kind.all_properties().iter().filter(differs).cloned().collect();
            (!changed.is_empty()).then(|| (kind.plural.clone(), changed))
        });
        changed.collect()
    }

    /// Every pipeline of types whose pipelines are not those that every account has.
    fn changed_pipelines(&self) -> BTreeMap<String, Vec<Pipeline>> {
        let usual = Catalog::new();
        let before =
            |index: TypeIndex| usual.types().get(index.0).map(ObjectType::pipelines).unwrap_or_default();
        let changed = self.types().filter(|(index, kind)| kind.pipelines() != before(*index));
        changed.map(|(_, kind)| (kind.plural.clone(), kind.pipelines().to_vec())).collect()
    }

    fn demands(&self) -> Vec<DemandSeed> {
        let demands =
            self.types().flat_map(|(_, kind)| kind.demands.iter().map(move |demand| (kind, demand)));
        demands
            .map(|(kind, (property, demand))| DemandSeed {
                object: kind.plural.clone(),
                property: property.clone(),
                demand: demand.clone(),
            })
            .collect()
    }

    fn own_labels(&self) -> Vec<AssociationLabel> {
        let name = |index: TypeIndex| self.catalog.get(index).plural.clone();
        let labels = self.associations.types.own_labels().into_iter();
        labels
            .map(|own| AssociationLabel {
                from: name(own.from),
                to: name(own.to),
                label: own.label,
                inverse: own.inverse,
                type_ids: Some(own.type_ids),
            })
            .collect()
    }

    fn records(&self) -> BTreeMap<String, Vec<RecordSeed>> {
        let all = self.types().filter_map(|(index, kind)| {
            let (_, store) = self.kind_and_store(index);
            let records: Vec<RecordSeed> =
                store.all().map(|record| record_seed(kind, store, record)).collect();
            (!records.is_empty()).then(|| (kind.plural.clone(), records))
        });
        all.collect()
    }

    /// Every association, once: from the type and the record that come first.
    fn associated(&mut self) -> Vec<AssociationSeed> {
        let pairs = self.associations.links.pairs();
        let mut found = Vec::new();
        for (from, to) in pairs.into_iter().filter(|(from, to)| from <= to) {
            let known = self.types_between(from, to).to_vec();
            let (near, far) = (self.catalog.get(from), self.catalog.get(to));
            for (one, other, types) in self.associations.links.all(from, to) {
                if from == to && one > other {
                    continue;
                }
                let label = |kind| known.iter().find(|known| known.own == kind)?.label.clone();
                found.push(AssociationSeed {
                    from: EndSeed { object: near.plural.clone(), id: one.to_string() },
                    to: EndSeed { object: far.plural.clone(), id: other.to_string() },
                    labels: types.iter().copied().filter_map(label).collect(),
                });
            }
        }
        found
    }

    fn list(&self, id: u64) -> ListDef {
        let list = self.lists.get(id);
        let kind = list.map(|list| self.catalog.get(list.kind).plural.clone()).unwrap_or_default();
        let mut seed = ListDef::manual("", &kind).id(id);
        if let Some(list) = list {
            seed.name.clone_from(&list.name);
            seed.processing = list.processing;
            seed.members = list.members.keys().map(u64::to_string).collect();
        }
        seed
    }
}

fn schema(kind: &ObjectType) -> CustomObject {
    let usual: Vec<String> = everywhere(kind.family).into_iter().map(|property| property.name).collect();
    let mut object = CustomObject::new(&kind.name).labels(&kind.label_singular, &kind.label_plural);
    object.object_type_id = Some(kind.id.clone());
    object.required = kind.required_on_create.iter().flatten().cloned().collect();
    object.searchable.clone_from(&kind.searchable);
    object.primary = Some(kind.primary_display.clone());
    object.secondary.clone_from(&kind.secondary_display);
    let own = kind.all_properties().iter().filter(|property| !usual.contains(&property.name));
    object.properties = own.cloned().collect();
    object
}

fn record_seed(kind: &ObjectType, store: &RecordStore, record: &Record) -> RecordSeed {
    let named = |(slot, value): (_, &str)| (kind.in_slot(slot).name.clone(), value.to_owned());
    RecordSeed {
        id: Some(record.id.to_string()),
        properties: record.values().map(named).collect(),
        created_at: Some(record.created),
        updated_at: Some(record.updated),
        archived_at: record.archived,
        merged_into: store.merged_into(record.id).map(|id| id.to_string()),
    }
}
