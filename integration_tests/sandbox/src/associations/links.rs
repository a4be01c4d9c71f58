//! Which records are associated, and by which types.

use std::collections::{BTreeMap, BTreeSet};

use super::types::{AssociationType, TypeDef};
use crate::catalog::TypeIndex;

/// A record of some type.
pub(crate) type Node = (TypeIndex, u64);

/// Associations by record and by the object type they lead to. Each is held from both sides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links {
    from: BTreeMap<(TypeIndex, u64, TypeIndex), BTreeMap<u64, BTreeSet<AssociationType>>>,
}

impl Links {
    /// Associates two records by the unlabelled type; labels they have stay.
    pub(crate) fn associate(&mut self, from: Node, to: Node, unlabelled: &TypeDef) {
        self.types(from, to).insert(unlabelled.own);
        self.types(to, from).insert(unlabelled.inverse);
    }

    /// Associates two records by labels, which replace those they have.
    pub(crate) fn label(&mut self, from: Node, to: Node, unlabelled: &TypeDef, labels: &[TypeDef]) {
        let there = labels.iter().map(|known| known.own).chain([unlabelled.own]).collect();
        let back = labels.iter().map(|known| known.inverse).chain([unlabelled.inverse]).collect();
        *self.types(from, to) = there;
        *self.types(to, from) = back;
    }

    /// Takes all types of an association away; false if there was none.
    pub(crate) fn dissociate(&mut self, from: Node, to: Node) -> bool {
        self.forget(to, from);
        self.forget(from, to)
    }

    /// Takes one type away; without the unlabelled one none is left.
    pub(crate) fn unlabel(&mut self, from: Node, to: Node, gone: &TypeDef) {
        if gone.label.is_none() {
            self.dissociate(from, to);
            return;
        }
        for (one, other, kind) in [(from, to, gone.own), (to, from, gone.inverse)] {
            let types = self.from.get_mut(&(one.0, one.1, other.0)).and_then(|ids| ids.get_mut(&other.1));
            types.map(|types| types.remove(&kind));
        }
    }

    /// Takes a label away from every association between two object types.
    pub(crate) fn drop_label(&mut self, from: TypeIndex, to: TypeIndex, gone: &TypeDef) {
        for ((kind, _, target), ids) in &mut self.from {
            for types in ids.values_mut() {
                if (*kind, *target) == (from, to) {
                    types.remove(&gone.own);
                }
                if (*kind, *target) == (to, from) {
                    types.remove(&gone.inverse);
                }
            }
        }
    }

    /// The records of a type that a record is associated with, in the order of their ids.
    pub(crate) fn of(
        &self,
        from: Node,
        to: TypeIndex,
    ) -> impl Iterator<Item = (u64, &BTreeSet<AssociationType>)> {
        self.from.get(&(from.0, from.1, to)).into_iter().flatten().map(|(id, types)| (*id, types))
    }

    /// The object types between whose records there are associations.
    pub(crate) fn pairs(&self) -> BTreeSet<(TypeIndex, TypeIndex)> {
        self.from.keys().map(|(from, _, to)| (*from, *to)).collect()
    }

    /// All associations from one object type to another, in the order of the ids.
    pub(crate) fn all(
        &self,
        from: TypeIndex,
        to: TypeIndex,
    ) -> impl Iterator<Item = (u64, u64, &BTreeSet<AssociationType>)> {
        let range = (from, 0, TypeIndex(0))..=(from, u64::MAX, TypeIndex(usize::MAX));
        self.from
            .range(range)
            .filter(move |((_, _, target), _)| *target == to)
            .flat_map(|((_, id, _), ids)| ids.iter().map(|(other, types)| (*id, *other, types)))
    }

    /// Gives a record's associations to another of its type, which it is merged into.
    pub(crate) fn merge(&mut self, kind: TypeIndex, primary: u64, away: u64) {
        let range = (kind, away, TypeIndex(0))..=(kind, away, TypeIndex(usize::MAX));
        let targets: Vec<TypeIndex> = self.from.range(range).map(|((_, _, to), _)| *to).collect();
        for to in targets {
            let moved = self.from.remove(&(kind, away, to)).unwrap_or_default();
            for (id, types) in moved {
                let back = self.forgotten((to, id), (kind, away));
                if (to, id) != (kind, primary) {
                    self.types((kind, primary), (to, id)).extend(types);
                    self.types((to, id), (kind, primary)).extend(back);
                }
            }
        }
    }

    /// Takes every association of a record away.
    pub(crate) fn forget_record(&mut self, record: Node) {
        let range = (record.0, record.1, TypeIndex(0))..=(record.0, record.1, TypeIndex(usize::MAX));
        let all: Vec<Node> =
            self.from.range(range).flat_map(|((_, _, to), ids)| ids.keys().map(|id| (*to, *id))).collect();
        for other in all {
            self.dissociate(record, other);
        }
    }

    fn types(&mut self, from: Node, to: Node) -> &mut BTreeSet<AssociationType> {
        self.from.entry((from.0, from.1, to.0)).or_default().entry(to.1).or_default()
    }

    fn forget(&mut self, from: Node, to: Node) -> bool {
        !self.forgotten(from, to).is_empty()
    }

    fn forgotten(&mut self, from: Node, to: Node) -> BTreeSet<AssociationType> {
        let key = (from.0, from.1, to.0);
        let Some(ids) = self.from.get_mut(&key) else { return BTreeSet::new() };
        let types = ids.remove(&to.1).unwrap_or_default();
        if ids.is_empty() {
            self.from.remove(&key);
        }
        types
    }
}

#[cfg(test)]
mod tests {
    use super::super::types::AssociationCategory;
    use super::*;

    const ANN: Node = (TypeIndex(0), 5);
    const ACME: Node = (TypeIndex(1), 5);

    fn def(own: u32, inverse: u32, label: Option<&str>) -> TypeDef {
        let kind = |id| AssociationType { category: AssociationCategory::UserDefined, id };
        TypeDef { own: kind(own), inverse: kind(inverse), label: label.map(str::to_owned) }
    }

    fn numbers(links: &Links, from: Node, to: Node) -> Vec<u32> {
        let found = links.of(from, to.0).filter(|(id, _)| *id == to.1);
        found.flat_map(|(_, types)| types.iter().map(|kind| kind.id)).collect()
    }

    #[test]
    fn labels_replace_labels_and_the_unlabelled_type_carries_them() {
        let (plain, boss, payer) = (def(1, 2, None), def(3, 4, Some("boss")), def(5, 6, Some("payer")));
        let mut links = Links::default();
        links.label(ANN, ACME, &plain, std::slice::from_ref(&boss));
        assert_eq!((numbers(&links, ANN, ACME), numbers(&links, ACME, ANN)), (vec![1, 3], vec![2, 4]));
        links.label(ANN, ACME, &plain, std::slice::from_ref(&payer));
        links.associate(ANN, ACME, &plain);
        assert_eq!(numbers(&links, ANN, ACME), [1, 5]);
        links.unlabel(ANN, ACME, &payer);
        assert_eq!((numbers(&links, ANN, ACME), numbers(&links, ACME, ANN)), (vec![1], vec![2]));
        links.label(ANN, ACME, &plain, &[boss, payer]);
        links.unlabel(ANN, ACME, &plain);
        assert!(links.from.is_empty(), "neither side remembers");
        assert!(!links.dissociate(ANN, ACME));
    }

    #[test]
    fn a_merge_takes_associations_along() {
        let plain = def(1, 2, None);
        let mut links = Links::default();
        links.associate(ANN, ACME, &plain);
        links.associate(ANN, (TypeIndex(0), 6), &plain);
        links.merge(TypeIndex(0), 6, 5);
        assert_eq!(numbers(&links, (TypeIndex(0), 6), ACME), [1]);
        assert_eq!(links.all(TypeIndex(1), TypeIndex(0)).map(|(_, to, _)| to).collect::<Vec<_>>(), [6]);
        assert_eq!(links.of((TypeIndex(0), 6), TypeIndex(0)).count(), 0, "nothing is associated with itself");
    }
}
