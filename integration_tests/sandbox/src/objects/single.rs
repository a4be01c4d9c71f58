//! The calls about one record. Unlike the batches they follow merges.

use std::borrow::Cow;

use super::apply::apply;
use super::archive;
use super::associations;
use super::input::WriteInput;
use super::plan::Planner;
use super::read::{Finder, selection};
use crate::catalog::TypeIndex;
use crate::endpoints::Call;
use crate::error::Refusal;
use crate::http::Answer;
use crate::records::{RecordJson, Resolved, Selection, Shown};
use crate::world::World;

/// `POST /crm/v3/objects/{objectType}`.
pub(crate) fn create(world: &mut World, call: &Call<'_>, kind: TypeIndex) -> Result<Answer, Refusal> {
    let input: WriteInput<'_> =
        serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    let id = write(world, call, kind, None, &input)?;
    associations::remember(world, kind, id, &input);
    let mut answer = Answer::json(201, &written(world, kind, &input, id, Shown::Created));
    let place = format!("https://api.hubapi.com/crm/objects/v3/{}/{id}", world.catalog.get(kind).plural);
    answer.headers.push(("location".to_owned(), place));
    Ok(answer.with_inputs(1))
}

/// `GET /crm/v3/objects/{objectType}/{id}`.
pub(crate) fn read(world: &World, call: &Call<'_>, kind: TypeIndex) -> Result<Answer, Refusal> {
    let archived = call.query.flag("archived");
    let id = match find(world, call, kind)? {
        Resolved::Live(id) | Resolved::Merged(id) if !archived => id,
        Resolved::Archived(id) if archived => id,
        _ => return Err(Refusal::not_found()),
    };
    let (definition, store) = world.kind_and_store(kind);
    let record = store.get(id).ok_or_else(Refusal::not_found)?;
    let names = call.query.list("properties");
    Ok(Answer::json(200, &RecordJson::new(&world.account, definition, record, &selection(&names))))
}

/// `PATCH /crm/v3/objects/{objectType}/{id}`.
pub(crate) fn update(world: &mut World, call: &Call<'_>, kind: TypeIndex) -> Result<Answer, Refusal> {
    let input: WriteInput<'_> =
        serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    if input.properties.0.is_empty() {
        return Err(Refusal::invalid("No properties found to update, please provide at least one.")
            .with_context("properties", vec!["{}".to_owned()]));
    }
    let (Resolved::Live(id) | Resolved::Merged(id)) = find(world, call, kind)? else {
        return Err(Refusal::not_found());
    };
    write(world, call, kind, Some(id), &input)?;
    Ok(Answer::json(200, &written(world, kind, &input, id, Shown::Updated)).with_inputs(1))
}

/// `DELETE /crm/v3/objects/{objectType}/{id}`.
pub(crate) fn delete(world: &mut World, call: &Call<'_>, kind: TypeIndex) -> Result<Answer, Refusal> {
    match find(world, call, kind)? {
        Resolved::Live(id) | Resolved::Merged(id) => {
            archive::one(world, kind, &id.to_string(), call.arrival);
            Ok(Answer::empty(204))
        }
        Resolved::Archived(_) => Ok(Answer::empty(204)),
        Resolved::Unknown => Err(Refusal::not_found()),
    }
}

fn find(world: &World, call: &Call<'_>, kind: TypeIndex) -> Result<Resolved, Refusal> {
    let finder = Finder::new(world, kind, call.query.get("idProperty"))?;
    Ok(finder.find(world, kind, call.route.item.as_deref().unwrap_or_default()))
}

fn write(
    world: &mut World,
    call: &Call<'_>,
    kind: TypeIndex,
    target: Option<u64>,
    input: &WriteInput<'_>,
) -> Result<u64, Refusal> {
    let portal_id = world.account.portal_id;
    let planned = Planner::new(world, kind).plan_for(target, None, input);
    let plan = planned.map_err(|problem| problem.as_refusal(world.catalog.get(kind), portal_id))?;
    let id = plan.id;
    apply(world, kind, plan, call.arrival);
    Ok(id)
}

fn written<'a>(
    world: &'a World,
    kind: TypeIndex,
    input: &'a WriteInput<'a>,
    id: u64,
    when: Shown,
) -> Option<RecordJson<'a>> {
    let (definition, store) = world.kind_and_store(kind);
    let names = input.properties.written_names().map(|name| Cow::Borrowed(&**name)).collect();
    Some(RecordJson::new(&world.account, definition, store.get(id)?, &Selection { when, names }))
}
