//! Looking at lists from a test.

use crate::lists::{MemberChange, ObjectList, ProcessingType};
use crate::sandbox::Sandbox;
use crate::world::World;

/// A list as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredList {
    /// `listId`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `objectTypeId` of its records.
    pub object_type: String,
    /// How it gets its members.
    pub processing: ProcessingType,
    /// Record ids of its members in ascending order, live records only.
    pub members: Vec<String>,
    /// Whether it was deleted.
    pub deleted: bool,
}

impl StoredList {
    fn new(world: &World, list: &ObjectList) -> Self {
        let (kind, store) = world.kind_and_store(list.kind);
        let members = list.members.keys().filter(|id| store.is_live(**id)).map(u64::to_string).collect();
        Self {
            id: list.id.to_string(),
            name: list.name.clone(),
            object_type: kind.id.clone(),
            processing: list.processing,
            members,
            deleted: list.deleted.is_some(),
        }
    }
}

impl Sandbox {
    /// The list with that `listId`, deleted or not; else the one of that name that is not deleted.
    #[must_use]
    pub fn list(&self, id_or_name: &str) -> Option<StoredList> {
        let world = &*self.world();
        let by_id = id_or_name.parse().ok().and_then(|id| world.lists.get(id));
        by_id
            .or_else(|| world.lists.live().find(|list| list.name == id_or_name))
            .map(|list| StoredList::new(world, list))
    }

    /// What calls did to the members of a list, in the order in which it took effect; nothing with
    /// [`crate::Builder::light`].
    #[must_use]
    pub fn member_changes(&self, id: &str) -> Vec<MemberChange> {
        let list = id.parse().ok().and_then(|id| self.world().lists.get(id).cloned());
        list.and_then(|list| list.changes).unwrap_or_default()
    }

    /// The lists that are not deleted, in the order of their ids.
    #[must_use]
    pub fn lists(&self) -> Vec<StoredList> {
        let world = &*self.world();
        world.lists.live().map(|list| StoredList::new(world, list)).collect()
    }
}
