//! Associations that are made together with a record.

use super::input::WriteInput;
use crate::associations::{TypeDef, target_of};
use crate::catalog::TypeIndex;
use crate::records::Resolved;
use crate::world::{InlineAssociation, World};

/// The first association that leads to no record, as `<objectTypeId>=<id>`. Only types HubSpot defines can be
/// checked, since others do not say what they lead to.
pub(crate) fn dangling(world: &World, from: TypeIndex, input: &WriteInput<'_>) -> Option<String> {
    let from_id = world.catalog.get(from).id.as_str();
    for association in input.associations.iter().flatten() {
        for target in association.types.iter().filter_map(|number| target_of(*number, from_id)) {
            let position = world.catalog.types().iter().position(|kind| kind.id == target)?;
            let (_, store) = world.kind_and_store(TypeIndex(position));
            if !matches!(store.resolve(&association.to), Resolved::Live(_) | Resolved::Merged(_)) {
                return Some(format!("{target}={}", association.to));
            }
        }
    }
    None
}

/// Makes the associations of a new record.
pub(crate) fn remember(world: &mut World, from: TypeIndex, id: u64, input: &WriteInput<'_>) {
    let from_type = world.catalog.get(from).id.clone();
    for association in input.associations.iter().flatten() {
        for number in &association.types {
            world.inline.push(InlineAssociation {
                from_type: from_type.clone(),
                from_id: id.to_string(),
                to_type: target_of(*number, &from_type).map(str::to_owned),
                to_id: association.to.clone(),
                type_id: *number,
            });
        }
        link(world, (from, id), &association.to, &association.types);
    }
}

/// Associates a record by the types with these numbers, wherever they lead.
fn link(world: &mut World, from: (TypeIndex, u64), to: &str, numbers: &[u32]) {
    for kind in (0..world.catalog.types().len()).map(TypeIndex) {
        let known = world.types_between(from.0, kind);
        let (labels, plain): (Vec<TypeDef>, Vec<TypeDef>) = known
            .iter()
            .filter(|known| numbers.contains(&known.own.id))
            .cloned()
            .partition(|known| known.label.is_some());
        let unlabelled = known[0].clone();
        if labels.is_empty() && plain.is_empty() {
            continue;
        }
        if let Resolved::Live(to) | Resolved::Merged(to) = world.kind_and_store(kind).1.resolve(to) {
            world.associations.links.label(from, (kind, to), &unlabelled, &labels);
        }
    }
}
