//! Options about lists.

use crate::builder::Builder;
use crate::lists::{AddedSpelling, CallLimit, EmptyArrays, ListDef, Oversize};
use crate::world::World;

/// What was chosen.
#[derive(Clone, Debug, Default)]
pub(super) struct Families {
    lists: Vec<ListDef>,
    spelling: AddedSpelling,
    empty: EmptyArrays,
    list_limit: Option<CallLimit>,
}

impl Families {
    /// Gives the account what was chosen.
    pub(super) fn apply(&self, world: &mut World) {
        world.lists.spelling = self.spelling;
        world.lists.empty = self.empty;
        world.lists.call_limit = self.list_limit;
        for list in &self.lists {
            world.put_list(list);
        }
    }
}

impl Builder {
    /// Adds a list. An object type that does not exist makes [`Builder::start`] panic.
    #[must_use]
    pub fn list(mut self, list: ListDef) -> Self {
        self.families.lists.push(list);
        self
    }

    /// What answers to changes of members call the records added.
    #[must_use]
    pub fn added_spelling(mut self, spelling: AddedSpelling) -> Self {
        self.families.spelling = spelling;
        self
    }

    /// Whether answers to changes of members show empty arrays.
    #[must_use]
    pub fn empty_arrays(mut self, empty: EmptyArrays) -> Self {
        self.families.empty = empty;
        self
    }

    /// Most record ids of one change of members, and how more are refused; any number unless set.
    #[must_use]
    pub fn list_ids_per_call(mut self, ids: usize, refusal: Oversize) -> Self {
        self.families.list_limit = Some(CallLimit { ids, refusal });
        self
    }
}
