//! The members of a list: changing them, reading them.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{known, live};
use crate::catalog::TypeIndex;
use crate::clock::Millis;
use crate::endpoints::Call;
use crate::error::Refusal;
use crate::faults::Mention;
use crate::http::{Answer, Endpoint};
use crate::lists::{ObjectList, Oversize, ProcessingType};
use crate::objects::input::{Optional, wrong_shape};
use crate::records::Resolved;
use crate::switches::{AddedSpelling, EmptyArrays};
use crate::world::World;

/// Members of a page, unless asked for otherwise, and at most.
const PAGE: (usize, usize) = (100, 250);
/// Lists with so many members or more can neither be emptied nor copied from.
const MANY_MEMBERS: usize = 100_000;

/// What a change of members did.
#[derive(Debug, Default)]
struct Changed {
    added: Vec<String>,
    removed: Vec<String>,
    missing: Vec<String>,
}

/// `PUT .../memberships/add`, `.../remove` and `.../add-and-remove`.
///
/// Ids that are members already, or are not, are in no array of the answer; ids of no live record are missing.
pub(super) fn change(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let list = by_hand(world, call.route.item.as_deref().unwrap_or_default())?;
    let (id, kind) = (list.id, list.kind);
    let (to_add, to_remove) = read_change(call)?;
    let inputs = to_add.len() + to_remove.len();
    check_size(world, inputs)?;
    let mut changed = Changed::default();
    let now = world.clock.now();
    for (ids, adds) in [(&to_add, true), (&to_remove, false)] {
        for text in ids {
            let mention = call.silence.map_or(Mention::Usual, |silence| silence.mention_id(text));
            if mention == Mention::Ignored {
                continue;
            }
            let record = record(world, kind, text)?;
            let Some(list) = world.lists.get_mut(id) else { continue };
            let outcome = match record {
                None => Some(&mut changed.missing),
                Some(record) if adds => list.join(record, now, call.arrival).then_some(&mut changed.added),
                Some(record) => list.leave(record, call.arrival).then_some(&mut changed.removed),
            };
            if let Some(place) = outcome.filter(|_| mention == Mention::Usual)
                && !place.contains(text)
            {
                place.push(text.clone());
            }
        }
    }
    Ok(Answer::json(200, &changed_json(world, changed)).with_inputs(inputs))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change<'a> {
    #[serde(borrow)]
    record_ids_to_add: Vec<Optional<'a>>,
    #[serde(borrow)]
    record_ids_to_remove: Vec<Optional<'a>>,
}

/// The ids to add and to remove.
fn read_change(call: &Call<'_>) -> Result<(Vec<String>, Vec<String>), Refusal> {
    let texts = |ids: Vec<Optional<'_>>| -> Vec<String> {
        ids.iter().filter_map(|id| id.text().map(str::to_owned)).collect()
    };
    let bad = |error| Refusal::bad_json(&error);
    if call.route.endpoint == Endpoint::MembersAddAndRemove {
        let change: Change<'_> = serde_json::from_slice(call.body).map_err(bad)?;
        return Ok((texts(change.record_ids_to_add), texts(change.record_ids_to_remove)));
    }
    if call.body.trim_ascii_start().starts_with(b"{") {
        let reason = wrong_shape(
            "java.util.ArrayList<java.lang.Long>",
            "Object value (token `JsonToken.START_OBJECT`)",
        );
        return Err(Refusal::plain(400, format!("Invalid input JSON on line 1, column 1: {reason}")));
    }
    let ids = texts(serde_json::from_slice(call.body).map_err(bad)?);
    Ok(if call.route.endpoint == Endpoint::MembersAdd { (ids, Vec::new()) } else { (Vec::new(), ids) })
}

fn check_size(world: &World, inputs: usize) -> Result<(), Refusal> {
    match world.lists.call_limit {
        Some(limit) if inputs > limit.ids => Err(match limit.refusal {
            Oversize::BadRequest => Refusal::invalid(format!(
                "At most {} record ids can be changed in one call, but {inputs} were sent.",
                limit.ids
            )),
            Oversize::TooLarge => Refusal::plain(413, "Request Entity Too Large"),
        }),
        _ => Ok(()),
    }
}

/// The live record an id stands for. Like the batches of records, lists do not follow merges.
fn record(world: &World, kind: TypeIndex, text: &str) -> Result<Option<u64>, Refusal> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::invalid(format!("{text} is not a valid record id.")));
    }
    match world.kind_and_store(kind).1.resolve(text) {
        Resolved::Live(id) => Ok(Some(id)),
        _ => Ok(None),
    }
}

/// The list, if calls may change its members.
///
/// HubSpot's words for a dynamic list are known from an older version of the calls only.
fn by_hand<'w>(world: &'w World, id: &str) -> Result<&'w ObjectList, Refusal> {
    let list = live(world, id)?;
    if list.processing == ProcessingType::Dynamic {
        return Err(Refusal::invalid("Can not operate manually on a dynamic list"));
    }
    Ok(list)
}

fn changed_json(world: &World, changed: Changed) -> Value {
    let added = match world.switches.added_spelling {
        AddedSpelling::RecordsIdsAdded => "recordsIdsAdded",
        AddedSpelling::RecordIdsAdded => "recordIdsAdded",
    };
    let arrays = [
        (added, changed.added),
        ("recordIdsRemoved", changed.removed),
        ("recordIdsMissing", changed.missing),
    ];
    let shown = arrays
        .into_iter()
        .filter(|(_, ids)| world.switches.empty_arrays == EmptyArrays::Shown || !ids.is_empty())
        .map(|(name, ids)| (name.to_owned(), json!(ids)));
    Value::Object(shown.collect::<Map<_, _>>())
}

/// `PUT .../memberships/add-from/{sourceListId}`.
pub(super) fn add_from(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let list = by_hand(world, call.route.item.as_deref().unwrap_or_default())?;
    let source = live(world, call.route.target.item.as_deref().unwrap_or_default())?;
    if list.id == source.id || list.kind != source.kind {
        return Err(Refusal::invalid("The lists must be different ones of the same object type."));
    }
    let members = live_members(world, source);
    if members.len() >= MANY_MEMBERS {
        return Err(too_many_members());
    }
    let (id, now) = (list.id, world.clock.now());
    if let Some(list) = world.lists.get_mut(id) {
        for (record, _) in members {
            list.join(record, now, call.arrival);
        }
    }
    Ok(Answer::empty(204))
}

/// `DELETE .../memberships`.
pub(super) fn clear(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let list = by_hand(world, call.route.item.as_deref().unwrap_or_default())?;
    let id = list.id;
    if live_members(world, list).len() >= MANY_MEMBERS {
        return Err(too_many_members());
    }
    if let Some(list) = world.lists.get_mut(id) {
        for record in list.members.keys().copied().collect::<Vec<_>>() {
            list.leave(record, call.arrival);
        }
    }
    Ok(Answer::empty(204))
}

fn too_many_members() -> Refusal {
    Refusal::invalid(format!("This works for lists with less than {MANY_MEMBERS} memberships only."))
}

/// Members that are live records, with the instant they joined, in the order of their ids.
fn live_members(world: &World, list: &ObjectList) -> Vec<(u64, Millis)> {
    let (_, store) = world.kind_and_store(list.kind);
    list.members.iter().filter(|(id, _)| store.is_live(**id)).map(|(id, joined)| (*id, *joined)).collect()
}

/// `GET .../memberships` by record id, `.../join-order` by the instant of joining. The cursor is a position.
pub(super) fn page(world: &World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let list = known(world, call.route.item.as_deref().unwrap_or_default())?;
    let (usual, most) = PAGE;
    let limit = match call.query.get("limit") {
        None => usual,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=most).contains(limit))
            .ok_or_else(|| Refusal::invalid(format!("limit must be between 1 and {most}.")))?,
    };
    let after: Option<(i64, u64)> = match call.query.get("after") {
        None => None,
        Some(text) => Some(
            text.split_once('-')
                .and_then(|(joined, id)| Some((joined.parse().ok()?, id.parse().ok()?)))
                .ok_or_else(|| Refusal::invalid("after is not a valid paging cursor."))?,
        ),
    };
    let by_joining = call.route.endpoint == Endpoint::MembersByJoining;
    let place = |(id, joined): &(u64, Millis)| (if by_joining { joined.0 } else { 0 }, *id);
    let members: Vec<(u64, Millis)> = if by_joining {
        let mut members = live_members(world, list);
        members.sort_by_key(place);
        members.retain(|member| after.is_none_or(|after| place(member) > after));
        members
    } else {
        let (_, store) = world.kind_and_store(list.kind);
        let first = after.map_or(0, |(_, id)| id.saturating_add(1));
        let rest = list.members.range(first..).filter(|(id, _)| store.is_live(**id));
        rest.take(limit + 1).map(|(id, joined)| (*id, *joined)).collect()
    };
    let results: Vec<Value> = members
        .iter()
        .take(limit)
        .map(|(id, joined)| json!({ "recordId": id.to_string(), "membershipTimestamp": joined.iso() }))
        .collect();
    let mut body = json!({ "results": results });
    if members.len() > limit {
        let (joined, id) = place(&members[limit - 1]);
        body["paging"] = json!({ "next": { "after": format!("{joined}-{id}") } });
    }
    Ok(Answer::json(200, &body))
}

/// `GET /crm/v3/lists/records/{objectTypeId}/{recordId}/memberships`.
pub(super) fn of_record(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let kind = world.resolve(call.route.object.as_deref().unwrap_or_default())?;
    let id = record(world, kind, call.route.item.as_deref().unwrap_or_default())?;
    let id = id.ok_or_else(Refusal::not_found)?;
    let lists = world.lists.live().filter(|list| list.kind == kind);
    let results: Vec<Value> = lists
        .filter_map(|list| {
            let joined = list.members.get(&id)?.iso();
            Some(json!({
                "listId": list.id.to_string(),
                "listVersion": list.version,
                "firstAddedTimestamp": joined,
                "lastAddedTimestamp": joined,
            }))
        })
        .collect();
    Ok(Answer::json(200, &json!({ "total": results.len(), "results": results })))
}
