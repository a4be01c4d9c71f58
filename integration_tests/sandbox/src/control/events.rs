//! Changing event definitions from a test while a client runs.

use super::must;
use crate::events::EventDef;
use crate::sandbox::Sandbox;

impl Sandbox {
    /// Makes an event definition and gives its fully qualified name.
    ///
    /// # Panics
    ///
    /// When its name was used before: a test that does so is wrong.
    pub fn insert_event_definition(&self, event: &EventDef) -> String {
        must(self.world().put_event(event))
    }

    /// Deletes an event definition, by its name with or without the account's prefix.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn delete_event_definition(&self, name: &str) {
        match self.world().events.definitions.named(name) {
            Some(definition) => definition.archived = true,
            None => panic!("the sandbox has no event {name:?}"),
        }
    }
}
