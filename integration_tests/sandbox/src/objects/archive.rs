//! batch/archive: record ids only, and always 204, whether the records were there or not.

use super::input::IdBatch;
use super::keys;
use crate::catalog::TypeIndex;
use crate::endpoints::Call;
use crate::error::Refusal;
use crate::faults::Mention;
use crate::http::Answer;
use crate::records::{Resolved, WriteKind};
use crate::world::World;

/// Answers batch/archive.
pub(crate) fn batch(world: &mut World, call: &Call<'_>, kind: TypeIndex) -> Result<Answer, Refusal> {
    let batch: IdBatch<'_> = serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    keys::check_size(batch.inputs.len())?;
    for input in &batch.inputs {
        let id = input.id.text().unwrap_or_default();
        if call.silence.is_none_or(|silence| silence.mention_id(id) != Mention::Ignored) {
            one(world, kind, id, call.arrival);
        }
    }
    Ok(Answer::empty(204).with_inputs(batch.inputs.len()))
}

/// Moves a live record to the recycle bin; false if there is none.
pub(crate) fn one(world: &mut World, kind: TypeIndex, id: &str, arrival: u64) -> bool {
    let now = world.clock.now();
    let (_, store) = world.kind_and_store_mut(kind);
    let Resolved::Live(id) = store.resolve(id) else { return false };
    store.archive(id, now);
    world.index.remove(kind, id);
    world.history.push(arrival, WriteKind::Archived, kind, id, Vec::new());
    true
}
