//! `/crm/v3/lists/...` and `/crm/lists/{version}/...`.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/lists/guide>.

mod definitions;
mod members;

use super::Call;
use crate::auth::scopes::{self, Access};
use crate::error::Refusal;
use crate::http::{Answer, Endpoint, Place, Version, crm};
use crate::lists::ObjectList;
use crate::world::World;

/// The paths of the family.
pub(super) fn place(segments: &[&str]) -> Option<Place> {
    // The older version stands before the family's name.
    let version = if segments.get(1) == Some(&"lists") { Version::Dated } else { Version::Numbered };
    let place = match crm(segments, "lists")? {
        [] => Place::new(&[("GET", Endpoint::ListMany), ("POST", Endpoint::ListCreate)]),
        ["search"] => Place::new(&[("POST", Endpoint::ListSearch)]),
        ["object-type-id", object, "name", name] => {
            Place::new(&[("GET", Endpoint::ListByName)]).of(object).at(name)
        }
        ["records", object, record, "memberships"] => {
            Place::new(&[("GET", Endpoint::RecordLists)]).of(object).at(record)
        }
        [id] => Place::new(&[("GET", Endpoint::ListRead), ("DELETE", Endpoint::ListDelete)]).at(id),
        [id, "restore"] => Place::new(&[("PUT", Endpoint::ListRestore)]).at(id),
        [id, "update-list-name"] => Place::new(&[("PUT", Endpoint::ListRename)]).at(id),
        [id, "memberships"] => {
            Place::new(&[("GET", Endpoint::MembersRead), ("DELETE", Endpoint::MembersClear)]).at(id)
        }
        [id, "memberships", "add"] => Place::new(&[("PUT", Endpoint::MembersAdd)]).at(id),
        [id, "memberships", "remove"] => Place::new(&[("PUT", Endpoint::MembersRemove)]).at(id),
        [id, "memberships", "add-and-remove"] => Place::new(&[("PUT", Endpoint::MembersAddAndRemove)]).at(id),
        [id, "memberships", "join-order"] => Place::new(&[("GET", Endpoint::MembersByJoining)]).at(id),
        [id, "memberships", "add-from", source] => {
            Place::new(&[("PUT", Endpoint::MembersAddFrom)]).at(id).and(source)
        }
        _ => return None,
    };
    Some(place.version(version))
}

/// Answers a call of the family. Changes need the scope to read as well; making a list does not.
pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let endpoint = call.route.endpoint;
    if !matches!(endpoint, Endpoint::ListCreate) {
        call.need(scopes::lists(Access::Read))?;
    }
    match endpoint {
        Endpoint::ListRead
        | Endpoint::ListByName
        | Endpoint::ListMany
        | Endpoint::ListSearch
        | Endpoint::MembersRead
        | Endpoint::MembersByJoining
        | Endpoint::RecordLists => {}
        _ => call.need(scopes::lists(Access::Write))?,
    }
    match endpoint {
        Endpoint::ListCreate => definitions::create(world, call),
        Endpoint::ListRead => definitions::read(world, call),
        Endpoint::ListByName => definitions::by_name(world, call),
        Endpoint::ListMany => definitions::many(world, call),
        Endpoint::ListSearch => definitions::search(world, call),
        Endpoint::ListRename => definitions::rename(world, call),
        Endpoint::ListDelete => definitions::delete(world, call),
        Endpoint::ListRestore => definitions::restore(world, call),
        Endpoint::MembersAdd | Endpoint::MembersRemove | Endpoint::MembersAddAndRemove => {
            members::change(world, call)
        }
        Endpoint::MembersAddFrom => members::add_from(world, call),
        Endpoint::MembersRead | Endpoint::MembersByJoining => members::page(world, call),
        Endpoint::MembersClear => members::clear(world, call),
        Endpoint::RecordLists => members::of_record(world, call),
        _ => Err(Refusal::not_found()),
    }
}

/// The number of the list a path names.
fn number(text: &str) -> Result<u64, Refusal> {
    text.parse().map_err(|_| Refusal::invalid(format!("INVALID_INT_ID: {text} is not a valid list id.")))
}

/// The list a path names, deleted or not.
fn known<'w>(world: &'w World, text: &str) -> Result<&'w ObjectList, Refusal> {
    world.lists.get(number(text)?).ok_or_else(|| missing(text))
}

/// The list a path names, unless it is deleted.
fn live<'w>(world: &'w World, text: &str) -> Result<&'w ObjectList, Refusal> {
    known(world, text).and_then(|list| if list.deleted.is_none() { Ok(list) } else { Err(missing(text)) })
}

fn missing(id: &str) -> Refusal {
    Refusal::new(404, "OBJECT_NOT_FOUND", format!("List does not exist with ID {id}."))
}
