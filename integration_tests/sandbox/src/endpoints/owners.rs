//! `/crm/v3/owners`.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/owners/guide>.

use serde_json::{Value, json};

use super::Call;
use crate::error::Refusal;
use crate::http::{Answer, Endpoint, Known, documented};
use crate::world::{Owner, World};

/// Most owners of a page.
const MAX_PAGE: usize = 500;

/// The calls of the family.
pub(super) const CALLS: &[Known] = &[
    documented("GET", "/crm/v3/owners", Endpoint::OwnerList),
    documented("GET", "/crm/v3/owners/{item}", Endpoint::OwnerRead),
];

/// Answers a call of the family.
pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    call.need(vec!["crm.objects.owners.read".to_owned()])?;
    match call.route.item.as_deref() {
        Some(id) => one(world, call, id),
        None => page(world, call),
    }
}

fn one(world: &World, call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let by_user = call.query.get("idProperty") == Some("userId");
    world
        .owners
        .iter()
        .find(|owner| (if by_user { owner.user_id } else { owner.id }).to_string() == id)
        .map(|owner| Answer::json(200, &owner_json(owner)))
        .ok_or_else(Refusal::not_found)
}

fn page(world: &World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let limit = match call.query.get("limit") {
        None => 100,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MAX_PAGE).contains(limit))
            .ok_or_else(|| Refusal::invalid(format!("limit must be between 1 and {MAX_PAGE}.")))?,
    };
    let after: u64 = call.query.get("after").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut owners: Vec<&Owner> = world
        .owners
        .iter()
        .filter(|owner| !call.query.flag("archived") && owner.id > after)
        .filter(|owner| call.query.get("email").is_none_or(|email| owner.email.eq_ignore_ascii_case(email)))
        .collect();
    owners.sort_by_key(|owner| owner.id);
    let shown: Vec<Value> = owners.iter().take(limit).map(|owner| owner_json(owner)).collect();
    let mut body = json!({ "results": shown });
    if owners.len() > limit {
        body["paging"] = json!({ "next": { "after": owners[limit - 1].id.to_string() } });
    }
    Ok(Answer::json(200, &body))
}

fn owner_json(owner: &Owner) -> Value {
    json!({
        "id": owner.id.to_string(),
        "email": owner.email,
        "type": "PERSON",
        "firstName": owner.first_name,
        "lastName": owner.last_name,
        "userId": owner.user_id,
        "userIdIncludingInactive": owner.user_id,
        "createdAt": "2020-01-01T00:00:00.000Z",
        "updatedAt": "2020-01-01T00:00:00.000Z",
        "archived": false,
    })
}
