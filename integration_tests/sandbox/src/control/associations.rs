//! Changing associations from a test while a client runs.

use crate::associations::AssociationLabel;
use crate::limits::AssociationBudget;
use crate::sandbox::Sandbox;
use crate::world::World;

/// Every method panics when it is given an object type, record id or label that cannot be: a test that does so is
/// wrong.
impl Sandbox {
    /// Makes an association label and gives its `associationTypeId` in the direction of the label.
    pub fn add_association_label(&self, label: &AssociationLabel) -> u32 {
        self.world().put_label(label)
    }

    /// Associates two records, by (object type, record id), with labels by their text; with none of them by the
    /// unlabelled type.
    pub fn associate(&self, from: (&str, &str), to: (&str, &str), labels: &[&str]) {
        let world = &mut *self.world();
        let (one, other) = (world.known(from.0), world.known(to.0));
        let known = world.types_between(one, other).to_vec();
        let labels: Vec<_> = labels
            .iter()
            .map(|label| match known.iter().find(|known| known.label.as_deref() == Some(*label)) {
                Some(found) => found.clone(),
                None => panic!("there is no label {label:?} from {} to {}", from.0, to.0),
            })
            .collect();
        let (from, to) = ((one, super::number(from.1)), (other, super::number(to.1)));
        world.associations.links.label(from, to, &known[0], &labels);
    }

    /// Sets what calls about associations count against.
    pub fn set_association_budget(&self, budget: AssociationBudget) {
        self.world().budgets.set_associations(budget);
    }
}

impl World {
    /// Makes a label for a test.
    pub(crate) fn put_label(&mut self, label: &AssociationLabel) -> u32 {
        let (from, to) = (self.known(&label.from), self.known(&label.to));
        let made = self.add_label(from, to, &label.label, label.inverse.as_deref(), label.ids);
        made.0.own.id
    }
}
