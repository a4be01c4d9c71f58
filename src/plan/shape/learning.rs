//! What a shaper learns while it works: that a property is gone.

use super::Shaper;
use crate::crm::object::ObjectType;

impl Shaper {
    /// The object type that its records are of.
    #[must_use]
    pub fn object(&self) -> &ObjectType {
        &self.plan.object
    }

    /// Notes that HubSpot does not have a property any more: its column is that of an unknown one from here on.
    pub fn forget(&mut self, name: &str) {
        self.plan.columns.forget(name);
        let Some(place) = self.columns.writer(name) else { return };
        let (column, known) = self.columns.at_mut(place);
        *known = self.plan.columns.column(column);
        let (column, known) = (column.clone(), known.clone());
        self.tell_if_left_out(&column, &known);
    }
}
