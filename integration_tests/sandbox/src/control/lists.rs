//! Changing lists from a test while a client runs.

use super::{must, number};
use crate::lists::ListDef;
use crate::sandbox::Sandbox;

/// Every method panics when it is given a list, object type or record id that cannot be: a test that does so is
/// wrong.
impl Sandbox {
    /// Makes a list and gives its `listId`.
    pub fn insert_list(&self, list: &ListDef) -> String {
        must(self.world().put_list(list)).to_string()
    }

    /// Replaces the members of a list, a dynamic one too.
    pub fn set_list_members(&self, id: &str, members: &[&str]) {
        let world = &mut *self.world();
        let now = world.clock.now();
        let list = world.lists.get_mut(number(id));
        let Some(list) = list else { panic!("the sandbox has no list {id:?}") };
        list.members = members.iter().map(|id| (number(id), now)).collect();
    }

    /// Deletes a list.
    pub fn delete_list(&self, id: &str) {
        let world = &mut *self.world();
        let now = world.clock.now();
        match world.lists.get_mut(number(id)) {
            Some(list) => list.deleted = Some(now),
            None => panic!("the sandbox has no list {id:?}"),
        }
    }
}
