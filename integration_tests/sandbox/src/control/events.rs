//! Changing event definitions from a test while a client runs.

use crate::events::EventDef;
use crate::sandbox::Sandbox;
use crate::world::World;

impl Sandbox {
    /// Makes an event definition and gives its fully qualified name.
    ///
    /// # Panics
    ///
    /// When its name was used before: a test that does so is wrong.
    pub fn insert_event_definition(&self, event: &EventDef) -> String {
        self.world().put_event(event)
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

impl World {
    /// Makes an event definition for a test.
    pub(crate) fn put_event(&mut self, event: &EventDef) -> String {
        let number = self.random.number(1_000_000..60_000_000);
        let (portal_id, now) = (self.account.portal_id, self.clock.now());
        match self.events.definitions.add(event.clone(), portal_id, number, now) {
            Ok(made) => made.qualified.clone(),
            Err(_) => panic!("the sandbox has or had an event {:?}", event.name),
        }
    }
}
