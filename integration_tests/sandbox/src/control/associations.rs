//! Changing associations from a test while a client runs.

use super::must;
use crate::associations::AssociationLabel;
use crate::limits::AssociationBudget;
use crate::sandbox::Sandbox;
use crate::seed::{AssociationSeed, EndSeed};

/// Every method panics when it is given an object type, record id or label that cannot be: a test that does so is
/// wrong.
impl Sandbox {
    /// Makes an association label and gives its `associationTypeId` in the direction of the label.
    pub fn add_association_label(&self, label: &AssociationLabel) -> u32 {
        must(self.world().put_label(label))
    }

    /// Associates two records, by (object type, record id), with labels by their text; with none of them by the
    /// unlabelled type.
    pub fn associate(&self, from: (&str, &str), to: (&str, &str), labels: &[&str]) {
        let end = |(object, id): (&str, &str)| EndSeed { object: object.to_owned(), id: id.to_owned() };
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        must(self.world().put_association(&AssociationSeed { from: end(from), to: end(to), labels }));
    }

    /// Sets what calls about associations count against.
    pub fn set_association_budget(&self, budget: AssociationBudget) {
        self.world().budgets.set_associations(budget);
    }
}
