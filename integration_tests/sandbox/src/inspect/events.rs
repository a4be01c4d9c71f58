//! Looking at events from a test.

use crate::events::StoredEvent;
use crate::sandbox::Sandbox;

impl Sandbox {
    /// The occurrences of an event in the order in which they came, by its name with or without the account's prefix;
    /// none with [`crate::Builder::light`].
    #[must_use]
    pub fn events(&self, name: &str) -> Vec<StoredEvent> {
        let world = &*self.world();
        let qualified = format!("pe{}_{name}", world.account.portal_id);
        let all = world.events.occurrences.all().iter();
        all.filter(|event| event.name == name || event.name == qualified).cloned().collect()
    }

    /// How often an event occurred, kept or not.
    #[must_use]
    pub fn event_count(&self, name: &str) -> u64 {
        let world = &*self.world();
        let qualified = format!("pe{}_{name}", world.account.portal_id);
        world.events.occurrences.count(name) + world.events.occurrences.count(&qualified)
    }

    /// The fully qualified names of the event definitions in the order in which they were made.
    #[must_use]
    pub fn event_definitions(&self) -> Vec<String> {
        self.world().events.definitions.live().map(|definition| definition.qualified.clone()).collect()
    }
}
