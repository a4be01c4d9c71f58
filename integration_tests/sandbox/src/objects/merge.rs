//! Merging two records of a type.
//!
//! The id merged away goes on working in the calls about one record and nowhere else. A contact keeps the other's
//! address as an additional one.
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/using-object-apis>.

use serde::Deserialize;

use super::input::Optional;
use super::read::selection;
use crate::catalog::{Slot, TypeIndex};
use crate::endpoints::Call;
use crate::error::Refusal;
use crate::http::Answer;
use crate::records::{Change, Edit, RecordJson, Resolved, WriteKind};
use crate::switches::MergeIds;
use crate::world::World;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    primary_object_id: Optional<'a>,
    #[serde(borrow)]
    object_id_to_merge: Optional<'a>,
}

/// Answers `POST .../merge`.
pub(crate) fn call(world: &mut World, call: &Call<'_>, kind: TypeIndex) -> Result<Answer, Refusal> {
    let body: Body<'_> = serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    let resolve =
        |id: &Optional<'_>| match world.kind_and_store(kind).1.resolve(id.text().unwrap_or_default()) {
            Resolved::Live(id) => Ok(id),
            _ => Err(Refusal::not_found()),
        };
    let (primary, away) = (resolve(&body.primary_object_id)?, resolve(&body.object_id_to_merge)?);
    if primary == away {
        return Err(Refusal::invalid("A record cannot be merged with itself."));
    }
    let primary = match world.switches.merge_ids {
        MergeIds::Primary => primary,
        MergeIds::Fresh => renewed(world, kind, primary),
    };
    merge(world, kind, primary, away, call.arrival);
    let (definition, store) = world.kind_and_store(kind);
    let record = store.get(primary).ok_or_else(Refusal::not_found)?;
    Ok(Answer::json(200, &RecordJson::new(&world.account, definition, record, &selection(&[]))))
}

/// Gives a live record a new id, to which the old one leads.
fn renewed(world: &mut World, kind: TypeIndex, old: u64) -> u64 {
    let (id, now) = (world.random.record_id(), world.clock.now());
    let (definition, store) = world.kind_and_store_mut(kind);
    let Some(record) = store.get(old) else { return old };
    let values = record.values().map(|(slot, value)| Edit { slot, change: Change::Set(value.into()) });
    let (mut edits, created): (Vec<Edit>, _) = (values.collect(), record.created);
    if let Some((slot, _)) = definition.property("hs_merged_object_ids") {
        edits.push(Edit { slot, change: Change::Append(vec![old.to_string().into()]) });
    }
    let email = definition.property("email").filter(|(_, p)| definition.is_email(p)).map(|(slot, _)| slot);
    store.merge(id, old, email, now);
    store.create(definition, id, now, edits);
    store.stamp(id, Some(created), None);
    world.associations.links.merge(kind, id, old);
    id
}

/// Merges the live record `away` into the live record `primary`.
pub(crate) fn merge(world: &mut World, kind: TypeIndex, primary: u64, away: u64, arrival: u64) {
    let now = world.clock.now();
    let (definition, store) = world.kind_and_store_mut(kind);
    let slot = |name: &str| definition.property(name).map(|(slot, _)| slot);
    let email = definition.property("email").filter(|(_, p)| definition.is_email(p)).map(|(slot, _)| slot);
    let (Some(kept), Some(gone)) = (store.get(primary), store.get(away)) else { return };
    let mut edits: Vec<Edit> = gone
        .values()
        .filter(|(slot, _)| kept.value(*slot).is_none())
        .map(|(slot, value)| Edit { slot, change: Change::Set(value.into()) })
        .collect();
    let address = email.and_then(|slot| Some((kept.value(slot)?, gone.value(slot)?)));
    let additional = address.map(|(_, other)| other.to_owned());
    store.merge(primary, away, email, now);
    let mut append = |slot: Option<Slot>, values: Vec<Box<str>>| {
        edits.extend(slot.map(|slot| Edit { slot, change: Change::Append(values) }));
    };
    append(slot("hs_merged_object_ids"), vec![away.to_string().into()]);
    if let Some(additional) = additional {
        append(slot("hs_additional_emails"), vec![additional.into()]);
    }
    store.update(definition, primary, now, edits);
    world.associations.links.merge(kind, primary, away);
    world.history.push(arrival, WriteKind::Merged, kind, away, Vec::new());
}
