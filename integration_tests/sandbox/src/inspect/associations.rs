//! Looking at associations from a test.

use crate::sandbox::Sandbox;

/// An association as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAssociation {
    /// Id of the record at the near end.
    pub from: String,
    /// Id of the record at the far end.
    pub to: String,
    /// Its labels in alphabetical order; none for an unlabelled association.
    pub labels: Vec<String>,
}

impl Sandbox {
    /// The associations from one object type to another, as seen from the former, in the order of the ids. Records
    /// archived since are left out.
    ///
    /// # Panics
    ///
    /// When it is asked for an object type that does not exist.
    #[must_use]
    pub fn associations(&self, from: &str, to: &str) -> Vec<StoredAssociation> {
        let world = &mut *self.world();
        let (one, other) = (super::resolve(world, from), super::resolve(world, to));
        let known = world.types_between(one, other).to_vec();
        let (near, far) = (world.kind_and_store(one).1, world.kind_and_store(other).1);
        world
            .associations
            .links
            .all(one, other)
            .filter(|(from, to, _)| near.is_live(*from) && far.is_live(*to))
            .map(|(from, to, types)| {
                let label = |kind| known.iter().find(|known| known.own == kind)?.label.clone();
                let mut labels: Vec<String> = types.iter().copied().filter_map(label).collect();
                labels.sort();
                StoredAssociation { from: from.to_string(), to: to.to_string(), labels }
            })
            .collect()
    }
}
