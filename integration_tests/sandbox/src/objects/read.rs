//! batch/read, and finding one record for the single calls.

use std::borrow::Cow;
use std::collections::HashSet;

use super::envelope::Envelope;
use super::input::IdBatch;
use super::keys::{self, Key};
use super::problem::BatchError;
use crate::catalog::TypeIndex;
use crate::endpoints::Call;
use crate::error::Refusal;
use crate::faults::Mention;
use crate::http::Answer;
use crate::records::{RecordJson, Resolved, Selection, Shown};
use crate::world::World;

/// How a read finds its records.
#[derive(Clone, Debug)]
pub(crate) enum Finder {
    /// By record id; a read may say so with `idProperty: hs_object_id`.
    ById,
    /// By a unique property.
    ByKey(Key),
}

impl Finder {
    /// The finder for the `idProperty` of a request.
    pub(crate) fn new(world: &World, kind: TypeIndex, name: Option<&str>) -> Result<Self, Refusal> {
        match name {
            None | Some("hs_object_id") => Ok(Self::ById),
            Some(name) => {
                Key::for_write(world.catalog.get(kind), name, world.account.portal_id).map(Self::ByKey)
            }
        }
    }

    /// Where an id leads.
    pub(crate) fn find(&self, world: &World, kind: TypeIndex, id: &str) -> Resolved {
        let (_, store) = world.kind_and_store(kind);
        match self {
            Self::ById => store.resolve(id),
            Self::ByKey(key) => {
                store.holder(key.slot, &key.stored_form(id)).map_or(Resolved::Unknown, Resolved::Live)
            }
        }
    }
}

/// The properties a read shows: those named, or the usual ones.
pub(crate) fn selection(names: &[String]) -> Selection<'_> {
    let when = if names.is_empty() { Shown::Read } else { Shown::Always };
    Selection { when, names: names.iter().map(|name| Cow::Borrowed(name.as_str())).collect() }
}

/// Answers batch/read. It does not follow merges, unlike the single call.
pub(crate) fn batch(world: &mut World, call: &Call<'_>, kind: TypeIndex) -> Result<Answer, Refusal> {
    let started = world.clock.now();
    let batch: IdBatch<'_> = serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    keys::check_size(batch.inputs.len())?;
    let finder = Finder::new(world, kind, batch.id_property.text())?;
    let archived = call.query.flag("archived");
    let mut found = Vec::new();
    let mut missing = Vec::new();
    let mut seen = HashSet::new();
    for input in &batch.inputs {
        let id = input.id.text().unwrap_or_default();
        if call.silence.is_some_and(|silence| silence.mention_id(id) != Mention::Usual) {
            continue;
        }
        match finder.find(world, kind, id) {
            Resolved::Live(id) if !archived => found.extend(seen.insert(id).then_some(id)),
            Resolved::Archived(id) if archived => found.extend(seen.insert(id).then_some(id)),
            _ => missing.push(id.to_owned()),
        }
    }
    world.random.shuffle(&mut found);
    let (definition, store) = world.kind_and_store(kind);
    let selection = selection(&batch.properties);
    let results: Vec<RecordJson<'_>> = found
        .into_iter()
        .filter_map(|id| store.get(id))
        .map(|record| RecordJson::new(&world.account, definition, record, &selection))
        .collect();
    let errors =
        if missing.is_empty() { Vec::new() } else { vec![BatchError::not_found(definition, missing)] };
    let envelope = Envelope::new(started, world.clock.now(), results, errors);
    Ok(envelope.answer(200).with_inputs(batch.inputs.len()))
}
