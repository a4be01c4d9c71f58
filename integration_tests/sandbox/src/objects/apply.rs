//! Carrying out a plan and noting it in the history.

use super::plan::Plan;
use crate::catalog::{Slot, TypeIndex};
use crate::records::WriteKind;
use crate::world::World;

/// Makes or changes the record of a plan on behalf of the request that arrived as `arrival`.
pub(crate) fn apply(world: &mut World, kind: TypeIndex, plan: Plan, arrival: u64) {
    let Plan { id, new, edits } = plan;
    let now = world.clock.now();
    let recording = world.history.is_recording();
    let slots: Vec<Slot> = if recording { edits.iter().map(|edit| edit.slot).collect() } else { Vec::new() };
    if new {
        world.index.add(kind, id);
    }
    let (definition, store) = world.kind_and_store_mut(kind);
    let did = if new {
        store.create(definition, id, now, edits);
        WriteKind::Created
    } else if store.update(definition, id, now, edits) {
        WriteKind::Updated
    } else {
        WriteKind::Unchanged
    };
    let record = store.get(id);
    let values = slots
        .into_iter()
        .map(|slot| (slot.0, record.and_then(|record| record.value(slot)).unwrap_or_default().into()))
        .collect();
    world.history.push(arrival, did, kind, id, values);
}
