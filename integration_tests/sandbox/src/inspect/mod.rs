//! Looking at the account from a test.

mod associations;
mod events;
mod lists;

use std::collections::BTreeMap;

pub use associations::StoredAssociation;
pub use lists::StoredList;

use crate::catalog::{ObjectType, PropertyDef, TypeIndex};
use crate::clock::Millis;
use crate::records::{Record, Resolved, StoreCounts, WriteEvent};
use crate::sandbox::Sandbox;
use crate::world::{InlineAssociation, World};

/// A record as stored: without the values HubSpot only fills in when it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// Record id.
    pub id: String,
    /// Values by property name; properties without a value are not in it.
    pub properties: BTreeMap<String, String>,
    /// When it was made.
    pub created: Millis,
    /// When it last changed.
    pub updated: Millis,
    /// Whether it is in the recycle bin, or was merged away.
    pub archived: bool,
}

impl StoredRecord {
    fn new(kind: &ObjectType, record: &Record) -> Self {
        let properties = record
            .values()
            .map(|(slot, value)| (kind.in_slot(slot).name.clone(), value.to_owned()))
            .collect();
        Self {
            id: record.id.to_string(),
            properties,
            created: record.created,
            updated: record.updated,
            archived: record.archived.is_some(),
        }
    }

    /// The value of a property.
    #[must_use]
    pub fn get(&self, property: &str) -> Option<&str> {
        self.properties.get(property).map(String::as_str)
    }
}

/// The type of that name.
///
/// # Panics
///
/// When there is none: a test that asks for it is wrong.
fn resolve(world: &mut World, object: &str) -> TypeIndex {
    match world.catalog.resolve(object) {
        Some(index) => index,
        None => panic!("the sandbox has no object type {object:?}"),
    }
}

/// Every method panics when it is asked for an object type that does not exist.
impl Sandbox {
    /// Live records of a type in the order of their ids.
    #[must_use]
    pub fn records(&self, object: &str) -> Vec<StoredRecord> {
        let mut all = self.records_with_archived(object);
        all.retain(|record| !record.archived);
        all
    }

    /// All records of a type in the order of their ids, archived and merged-away ones too.
    #[must_use]
    pub fn records_with_archived(&self, object: &str) -> Vec<StoredRecord> {
        let world = &mut *self.world();
        let index = resolve(world, object);
        let (kind, store) = world.kind_and_store(index);
        store.all().map(|record| StoredRecord::new(kind, record)).collect()
    }

    /// The record with an id, in whatever state.
    #[must_use]
    pub fn record(&self, object: &str, id: &str) -> Option<StoredRecord> {
        let world = &mut *self.world();
        let index = resolve(world, object);
        let (kind, store) = world.kind_and_store(index);
        store.get(id.parse().ok()?).map(|record| StoredRecord::new(kind, record))
    }

    /// Live records with a value of a property, compared exactly.
    #[must_use]
    pub fn find(&self, object: &str, property: &str, value: &str) -> Vec<StoredRecord> {
        let mut all = self.records(object);
        all.retain(|record| record.get(property) == Some(value));
        all
    }

    /// How often records of a type were written.
    #[must_use]
    pub fn counts(&self, object: &str) -> StoreCounts {
        let world = &mut *self.world();
        let index = resolve(world, object);
        world.kind_and_store(index).1.counts
    }

    /// Number of live records of a type.
    #[must_use]
    pub fn count(&self, object: &str) -> usize {
        let world = &mut *self.world();
        let index = resolve(world, object);
        world.kind_and_store(index).1.live().count()
    }

    /// Every write so far, of all types, in the order in which they took effect.
    #[must_use]
    pub fn history(&self) -> Vec<WriteEvent> {
        select(&self.world(), |_, _| true)
    }

    /// Every write to one record.
    #[must_use]
    pub fn record_history(&self, object: &str, id: &str) -> Vec<WriteEvent> {
        let world = &mut *self.world();
        let index = resolve(world, object);
        let id: Option<u64> = id.parse().ok();
        select(world, |kind, record| kind == index && Some(record) == id)
    }

    /// The values one property of one record was given, each with the sequence number of its write.
    #[must_use]
    pub fn value_history(&self, object: &str, id: &str, property: &str) -> Vec<(u64, String)> {
        self.record_history(object, id)
            .into_iter()
            .filter_map(|event| {
                let (_, value) = event.values.into_iter().rfind(|(name, _)| name == property)?;
                Some((event.sequence, value))
            })
            .collect()
    }

    /// Number of writes so far, counted even with [`crate::Builder::light`].
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.world().history.written()
    }

    /// Where an id leads: the id itself for a live record, the survivor's for a merged-away one.
    #[must_use]
    pub fn follow(&self, object: &str, id: &str) -> Option<String> {
        let world = &mut *self.world();
        let index = resolve(world, object);
        match world.kind_and_store(index).1.resolve(id) {
            Resolved::Live(id) | Resolved::Merged(id) => Some(id.to_string()),
            Resolved::Archived(_) | Resolved::Unknown => None,
        }
    }

    /// The live properties of a type.
    #[must_use]
    pub fn properties(&self, object: &str) -> Vec<PropertyDef> {
        let world = &mut *self.world();
        let index = resolve(world, object);
        let all = world.catalog.get(index).all_properties();
        all.iter().filter(|property| property.archived.is_none()).cloned().collect()
    }

    /// `objectTypeId` of a type.
    #[must_use]
    pub fn object_type_id(&self, object: &str) -> String {
        let world = &mut *self.world();
        let index = resolve(world, object);
        world.catalog.get(index).id.clone()
    }

    /// Associations made together with records.
    #[must_use]
    pub fn inline_associations(&self) -> Vec<InlineAssociation> {
        self.world().inline.clone()
    }

    /// Requests counted against the daily quota today.
    #[must_use]
    pub fn daily_usage(&self) -> u64 {
        let world = &mut *self.world();
        let day = world.account.day(world.clock.now());
        world.budgets.daily.used_on(day)
    }

    /// The refresh token that an OAuth app has to send now.
    #[must_use]
    pub fn refresh_token(&self, client_id: &str) -> Option<String> {
        self.world().apps.find(client_id).map(|app| app.refresh_token.clone())
    }

    /// The sandbox's clock.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.world().clock.now()
    }
}

fn select(world: &World, wanted: impl Fn(TypeIndex, u64) -> bool) -> Vec<WriteEvent> {
    let kind = |index: TypeIndex| world.catalog.get(index);
    world.history.select(
        wanted,
        |index| kind(index).id.clone(),
        |index, slot| kind(index).in_slot(crate::catalog::Slot(slot)).name.clone(),
    )
}
