//! The records of one object type, found by id or by a unique value.

use std::collections::{BTreeMap, HashMap};

use super::record::{Edit, Record};
use crate::catalog::{ObjectType, Slot};
use crate::clock::Millis;

/// How often records of a type were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreCounts {
    /// Records made.
    pub created: u64,
    /// Writes that changed an existing record.
    pub updated: u64,
    /// Writes that changed nothing.
    pub unchanged: u64,
    /// Records moved to the recycle bin.
    pub archived: u64,
}

/// Where a record id leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// A live record.
    Live(u64),
    /// An id that was merged away into the live record given.
    Merged(u64),
    /// A record in the recycle bin.
    Archived(u64),
    /// No such record, or no such id.
    Unknown,
}

/// The records of one object type.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordStore {
    records: BTreeMap<u64, Record>,
    unique: HashMap<Slot, HashMap<Box<str>, u64>>,
    merged: HashMap<u64, u64>,
    pub(crate) counts: StoreCounts,
}

impl RecordStore {
    /// Where an id as sent in a request leads.
    pub(crate) fn resolve(&self, id: &str) -> Resolved {
        // HubSpot's ids are canonical decimal numbers.
        let canonical = !id.starts_with(['0', '+']) || id == "0";
        let Some(id) = id.parse::<u64>().ok().filter(|_| canonical) else { return Resolved::Unknown };
        match self.records.get(&id) {
            Some(record) if record.archived.is_none() => Resolved::Live(id),
            Some(_) if !self.merged.contains_key(&id) => Resolved::Archived(id),
            _ => self.final_owner(id).map_or(Resolved::Unknown, Resolved::Merged),
        }
    }

    fn final_owner(&self, id: u64) -> Option<u64> {
        let mut owner = *self.merged.get(&id)?;
        while let Some(&next) = self.merged.get(&owner) {
            owner = next;
        }
        self.records.get(&owner).is_some_and(|record| record.archived.is_none()).then_some(owner)
    }

    /// Whether there is a record with that id that is neither archived nor merged away.
    pub(crate) fn is_live(&self, id: u64) -> bool {
        self.records.get(&id).is_some_and(|record| record.archived.is_none())
    }

    /// The record, whatever its state.
    pub(crate) fn get(&self, id: u64) -> Option<&Record> {
        self.records.get(&id)
    }

    /// The live record that holds a value of an identifying property, given as it is compared.
    pub(crate) fn holder(&self, slot: Slot, value: &str) -> Option<u64> {
        self.unique.get(&slot)?.get(value).copied()
    }

    /// All records in the order of their ids, archived ones too.
    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.values()
    }

    /// Records that are neither archived nor merged away, in the order of their ids.
    pub(crate) fn live(&self) -> impl Iterator<Item = &Record> {
        self.records.values().filter(|record| record.archived.is_none())
    }

    /// Records with an id below `before`, the highest first.
    pub(crate) fn before(&self, before: u64) -> impl Iterator<Item = &Record> {
        self.records.range(..before).rev().map(|(_, record)| record)
    }

    /// Records with an id above `after`.
    pub(crate) fn after(&self, after: u64) -> impl Iterator<Item = &Record> {
        self.records.range(after.saturating_add(1)..).map(|(_, record)| record)
    }

    /// Makes a record.
    pub(crate) fn create(&mut self, kind: &ObjectType, id: u64, now: Millis, edits: Vec<Edit>) {
        let mut record = Record::new(id, now);
        for edit in edits {
            put(&mut self.unique, kind, &mut record, edit);
        }
        self.records.insert(id, record);
        self.counts.created += 1;
    }

    /// Changes a record and says whether anything changed; only then `updated` moves.
    pub(crate) fn update(&mut self, kind: &ObjectType, id: u64, now: Millis, edits: Vec<Edit>) -> bool {
        let Some(record) = self.records.get_mut(&id) else { return false };
        let mut changed = false;
        for edit in edits {
            changed |= put(&mut self.unique, kind, record, edit);
        }
        if changed {
            record.updated = now;
            self.counts.updated += 1;
        } else {
            self.counts.unchanged += 1;
        }
        changed
    }

    /// Sets when a record was made and when it last changed, where that is given.
    pub(crate) fn stamp(&mut self, id: u64, created: Option<Millis>, updated: Option<Millis>) {
        if let Some(record) = self.records.get_mut(&id) {
            record.created = created.unwrap_or(record.created);
            record.updated = updated.unwrap_or(record.updated);
        }
    }

    /// The record that a record was merged into.
    pub(crate) fn merged_into(&self, id: u64) -> Option<u64> {
        self.merged.get(&id).copied()
    }

    /// Moves a record to the recycle bin; its unique values become free. False if it was not live.
    pub(crate) fn archive(&mut self, id: u64, now: Millis) -> bool {
        let Some(record) = self.records.get_mut(&id).filter(|record| record.archived.is_none()) else {
            return false;
        };
        record.archived = Some(now);
        for values in self.unique.values_mut() {
            values.retain(|_, holder| *holder != id);
        }
        self.counts.archived += 1;
        true
    }

    /// Forgets a record, whatever its state, as if it had never been.
    pub(crate) fn erase(&mut self, id: u64) {
        self.records.remove(&id);
        self.merged.retain(|away, primary| *away != id && *primary != id);
        for values in self.unique.values_mut() {
            values.retain(|_, holder| *holder != id);
        }
    }

    /// Lets a further value lead to a record, as a contact's additional e-mail addresses do.
    pub(crate) fn alias(&mut self, slot: Slot, value: &str, id: u64) {
        self.unique.entry(slot).or_default().insert(value.into(), id);
    }

    /// Merges a record away: its id leads to `primary` from now on, and so do its values of the property `keeps`;
    /// its other unique values become free.
    pub(crate) fn merge(&mut self, primary: u64, away: u64, keeps: Option<Slot>, now: Millis) {
        for (slot, values) in &mut self.unique {
            if Some(*slot) == keeps {
                for holder in values.values_mut().filter(|holder| **holder == away) {
                    *holder = primary;
                }
            } else {
                values.retain(|_, holder| *holder != away);
            }
        }
        if let Some(record) = self.records.get_mut(&away) {
            record.archived = Some(now);
        }
        self.merged.insert(away, primary);
    }
}

/// Applies one edit and keeps the index of unique values in step.
fn put(
    unique: &mut HashMap<Slot, HashMap<Box<str>, u64>>,
    kind: &ObjectType,
    record: &mut Record,
    edit: Edit,
) -> bool {
    let slot = edit.slot;
    let current = record.value(slot);
    let value = edit.change.applied_to(current);
    if kind.is_identifier(kind.in_slot(slot)) && current != value.as_deref() {
        let values = unique.entry(slot).or_default();
        if let Some(old) = current {
            values.remove(&kind.compared(old));
        }
        if let Some(new) = &value {
            values.insert(kind.compared(new), record.id);
        }
    }
    record.put(slot, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Family, PropertyDef};
    use crate::records::Change;

    fn set(slot: Slot, value: &str) -> Vec<Edit> {
        vec![Edit { slot, change: Change::Set(value.into()) }]
    }

    fn contacts() -> (ObjectType, Slot, RecordStore) {
        let mut kind = ObjectType::built_in("0-1", "CONTACT", "contacts", Family::Contact);
        let email = kind.put_property(PropertyDef::string("email"));
        (kind, email, RecordStore::default())
    }

    #[test]
    fn unique_values_follow_the_record() {
        let (kind, email, mut store) = contacts();
        store.create(&kind, 5, Millis(1), set(email, "a@x.io"));
        assert_eq!(store.holder(email, "a@x.io"), Some(5));
        assert!(store.update(&kind, 5, Millis(2), set(email, "b@x.io")));
        assert_eq!(store.holder(email, "a@x.io"), None);
        assert!(!store.update(&kind, 5, Millis(3), set(email, "b@x.io")));
        assert_eq!(store.get(5).unwrap().updated, Millis(2), "an identical write moves nothing");
        assert!(store.archive(5, Millis(4)));
        assert!(!store.archive(5, Millis(4)));
        assert_eq!(store.holder(email, "b@x.io"), None);
        assert_eq!(store.resolve("5"), Resolved::Archived(5));
    }

    #[test]
    fn merged_ids_and_values_lead_to_the_survivor() {
        let (kind, email, mut store) = contacts();
        for (id, address) in [(5, "a@x.io"), (6, "b@x.io"), (7, "c@x.io")] {
            store.create(&kind, id, Millis(1), set(email, address));
        }
        store.merge(6, 5, Some(email), Millis(2));
        store.merge(7, 6, Some(email), Millis(3));
        assert_eq!(store.resolve("5"), Resolved::Merged(7));
        assert_eq!(store.holder(email, "a@x.io"), Some(7));
    }

    #[test]
    fn only_canonical_numbers_are_ids() {
        let (kind, email, mut store) = contacts();
        store.create(&kind, 5, Millis(1), set(email, "a@x.io"));
        assert_eq!(store.resolve("5"), Resolved::Live(5));
        for id in ["05", "+5", "5 ", "a@x.io", "", "99999999999999999999999"] {
            assert_eq!(store.resolve(id), Resolved::Unknown, "{id}");
        }
    }
}
