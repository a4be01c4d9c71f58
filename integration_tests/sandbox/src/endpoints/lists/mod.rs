//! `/crm/v3/lists/...` and `/crm/lists/{version}/...`.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/lists/guide>.

mod definitions;
mod members;

use super::Call;
use crate::auth::scopes::{self, Access};
use crate::error::Refusal;
use crate::http::{Answer, Endpoint, Known, documented, recorded};
use crate::lists::ObjectList;
use crate::world::World;

/// The calls of the family.
pub(super) const CALLS: &[Known] = &[
    documented("GET", "/crm/v3/lists", Endpoint::ListMany),
    recorded("POST", "/crm/v3/lists", Endpoint::ListCreate),
    documented("POST", "/crm/v3/lists/search", Endpoint::ListSearch),
    recorded("GET", "/crm/v3/lists/object-type-id/{object}/name/{item}", Endpoint::ListByName),
    documented("GET", "/crm/v3/lists/records/{object}/{item}/memberships", Endpoint::RecordLists),
    documented("GET", "/crm/v3/lists/{item}", Endpoint::ListRead),
    documented("DELETE", "/crm/v3/lists/{item}", Endpoint::ListDelete),
    documented("PUT", "/crm/v3/lists/{item}/restore", Endpoint::ListRestore),
    documented("PUT", "/crm/v3/lists/{item}/update-list-name", Endpoint::ListRename),
    documented("GET", "/crm/v3/lists/{item}/memberships", Endpoint::MembersRead),
    documented("DELETE", "/crm/v3/lists/{item}/memberships", Endpoint::MembersClear),
    documented("PUT", "/crm/v3/lists/{item}/memberships/add", Endpoint::MembersAdd),
    documented("PUT", "/crm/v3/lists/{item}/memberships/remove", Endpoint::MembersRemove),
    recorded("PUT", "/crm/v3/lists/{item}/memberships/add-and-remove", Endpoint::MembersAddAndRemove),
    documented("GET", "/crm/v3/lists/{item}/memberships/join-order", Endpoint::MembersByJoining),
    documented("PUT", "/crm/v3/lists/{item}/memberships/add-from/{other}", Endpoint::MembersAddFrom),
];

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
