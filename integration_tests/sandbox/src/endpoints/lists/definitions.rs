//! Making, finding, renaming, deleting and restoring lists.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{known, live, number};
use crate::endpoints::Call;
use crate::error::Refusal;
use crate::http::{Answer, Version};
use crate::lists::{ObjectList, ProcessingType};
use crate::switches::ListNames;
use crate::world::World;

/// Lists of a page of a search, unless asked for otherwise, and at most.
const PAGE: (usize, usize) = (20, 500);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewList {
    name: String,
    object_type_id: String,
    processing_type: String,
    #[serde(default)]
    filter_branch: Option<Value>,
}

/// `POST /crm/v3/lists`.
pub(super) fn create(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let new: NewList = serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    let kind = world.catalog.resolve(&new.object_type_id).ok_or_else(|| wrong_type(&new.object_type_id))?;
    let processing = ProcessingType::from_spelling(&new.processing_type).ok_or_else(|| {
        Refusal::invalid(format!("{} is not a valid processing type.", new.processing_type))
    })?;
    if new.name.trim().is_empty() {
        return Err(Refusal::invalid("The name of a list must not be empty."));
    }
    if world.lists.has_name(&new.name) {
        return Err(name_taken(&new.name));
    }
    let now = world.clock.now();
    let id = world.lists.add(None, &new.name, kind, processing, now);
    if let Some(list) = world.lists.get_mut(id) {
        list.filter_branch = new.filter_branch;
    }
    let list = world.lists.get(id).ok_or_else(Refusal::not_found)?;
    Ok(Answer::json(200, &json!({ "list": list_json(world, list, false) })))
}

fn wrong_type(id: &str) -> Refusal {
    let mut refusal = Refusal::invalid(format!(
        "The objectTypeId {id} provided for the list is not valid for this portal."
    ));
    refusal.body.sub_category = Some("ListError.INVALID_OBJECT_TYPE_FOR_LIST");
    refusal
}

fn name_taken(name: &str) -> Refusal {
    let mut refusal = Refusal::invalid(format!("A list with the name '{name}' already exists."));
    refusal.body.sub_category = Some("ILS.DUPLICATE_LIST_NAMES");
    refusal
}

/// `GET /crm/v3/lists/{listId}`: deleted lists are shown too.
pub(super) fn read(world: &World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let list = known(world, call.route.item.as_deref().unwrap_or_default())?;
    Ok(Answer::json(200, &json!({ "list": list_json(world, list, call.query.flag("includeFilters")) })))
}

/// `GET /crm/v3/lists/object-type-id/{objectTypeId}/name/{listName}`. A name nobody has is answered 400.
pub(super) fn by_name(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let object = call.route.object.as_deref().unwrap_or_default();
    let name = call.route.item.as_deref().unwrap_or_default();
    let kind = world.catalog.resolve(object).ok_or_else(|| wrong_type(object))?;
    let has_name = |known: &str| match world.switches.list_names {
        ListNames::InAnyCase => known.eq_ignore_ascii_case(name),
        ListNames::Exact => known == name,
    };
    let found = world.lists.live().find(|list| list.kind == kind && has_name(&list.name));
    let list = found.ok_or_else(|| {
        let id = &world.catalog.get(kind).id;
        Refusal::plain(400, format!("List does not exist with name {name} and object type ID {id}."))
    })?;
    Ok(Answer::json(200, &json!({ "list": list_json(world, list, call.query.flag("includeFilters")) })))
}

/// `GET /crm/v3/lists?listIds=1&listIds=2`: those that exist.
pub(super) fn many(world: &World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let filters = call.query.flag("includeFilters");
    let ids: Vec<u64> =
        call.query.all("listIds").flat_map(|text| text.split(',')).map(number).collect::<Result<_, _>>()?;
    let lists = world.lists.live().filter(|list| ids.contains(&list.id));
    let lists: Vec<Value> = lists.map(|list| list_json(world, list, filters)).collect();
    Ok(Answer::json(200, &json!({ "lists": lists })))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SearchRequest {
    query: String,
    list_ids: Vec<String>,
    processing_types: Vec<String>,
    object_type_id: Option<String>,
    offset: usize,
    count: Option<usize>,
}

/// `POST /crm/v3/lists/search`.
pub(super) fn search(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let request: SearchRequest =
        serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    if call.route.target.version == Version::Dated {
        // Required members of the request in the dated versions' description.
        let body: Map<String, Value> = serde_json::from_slice(call.body).unwrap_or_default();
        let unset: Vec<&str> = ["listIds", "offset", "processingTypes"]
            .into_iter()
            .filter(|name| !body.contains_key(*name))
            .collect();
        if !unset.is_empty() {
            return Err(Refusal::invalid(format!(
                "Some required fields were not set: [{}]",
                unset.join(", ")
            )));
        }
    }
    let (usual, most) = PAGE;
    let count = request.count.unwrap_or(usual);
    if count > most {
        return Err(Refusal::invalid(format!("count must be at most {most}.")));
    }
    let kind = match &request.object_type_id {
        Some(text) => Some(world.catalog.resolve(text).ok_or_else(|| wrong_type(text))?),
        None => None,
    };
    let query = request.query.to_lowercase();
    let found: Vec<&ObjectList> = world
        .lists
        .live()
        .filter(|list| list.name.to_lowercase().contains(&query))
        .filter(|list| kind.is_none_or(|kind| list.kind == kind))
        .filter(|list| request.list_ids.is_empty() || request.list_ids.contains(&list.id.to_string()))
        .filter(|list| {
            let types = &request.processing_types;
            types.is_empty() || types.iter().any(|name| name == list.processing.spelled())
        })
        .collect();
    let shown: Vec<Value> = found
        .iter()
        .skip(request.offset)
        .take(count)
        .map(|list| {
            let mut json = list_json(world, list, false);
            let size = json.as_object_mut().and_then(|json| json.remove("size")).unwrap_or_default();
            json["additionalProperties"] =
                json!({ "hs_list_size": size.to_string(), "hs_list_reference_count": "0" });
            json
        })
        .collect();
    let next = request.offset + shown.len();
    Ok(Answer::json(
        200,
        &json!({ "lists": shown, "total": found.len(), "offset": next, "hasMore": next < found.len() }),
    ))
}

/// `PUT .../update-list-name?listName=`.
pub(super) fn rename(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let id = live(world, call.route.item.as_deref().unwrap_or_default())?.id;
    let name = call.query.get("listName").ok_or_else(|| Refusal::invalid("listName must be given."))?;
    if world.lists.live().any(|list| list.id != id && list.name.eq_ignore_ascii_case(name)) {
        return Err(name_taken(name));
    }
    let now = world.clock.now();
    if let Some(list) = world.lists.get_mut(id) {
        name.clone_into(&mut list.name);
        list.updated = now;
        list.version += 1;
    }
    let list = world.lists.get(id).ok_or_else(Refusal::not_found)?;
    let json = list_json(world, list, call.query.flag("includeFilters"));
    Ok(Answer::json(200, &json!({ "updatedList": json })))
}

/// `DELETE /crm/v3/lists/{listId}`.
pub(super) fn delete(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let id = live(world, call.route.item.as_deref().unwrap_or_default())?.id;
    let now = world.clock.now();
    if let Some(list) = world.lists.get_mut(id) {
        list.deleted = Some(now);
    }
    Ok(Answer::empty(204))
}

/// `PUT .../restore`.
pub(super) fn restore(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let list = known(world, call.route.item.as_deref().unwrap_or_default())?;
    let id = list.id;
    if list.deleted.is_some() && world.lists.has_name(&list.name) {
        return Err(name_taken(&list.name));
    }
    if let Some(list) = world.lists.get_mut(id) {
        list.deleted = None;
    }
    Ok(Answer::empty(204))
}

fn list_json(world: &World, list: &ObjectList, filters: bool) -> Value {
    let (_, store) = world.kind_and_store(list.kind);
    let size = list.members.keys().filter(|id| store.is_live(**id)).count();
    let mut json = json!({
        "listId": list.id.to_string(),
        "listVersion": list.version,
        "name": list.name,
        "objectTypeId": world.catalog.get(list.kind).id,
        "processingType": list.processing.spelled(),
        "processingStatus": "COMPLETE",
        "createdAt": list.created.iso(),
        "updatedAt": list.updated.iso(),
        "filtersUpdatedAt": list.created.iso(),
        "createdById": "1000000",
        "updatedById": "1000000",
        "size": size,
        "listPermissions": { "teamsWithEditAccess": [], "usersWithEditAccess": [] },
        "membershipSettings": { "membershipTeamId": null, "includeUnassigned": null },
    });
    let mut more = Map::new();
    more.extend(list.deleted.map(|deleted| ("deletedAt".to_owned(), json!(deleted.iso()))));
    let branch = list.filter_branch.as_ref().filter(|_| filters);
    more.extend(branch.map(|branch| ("filterBranch".to_owned(), branch.clone())));
    json.as_object_mut().into_iter().for_each(|json| json.extend(std::mem::take(&mut more)));
    json
}
