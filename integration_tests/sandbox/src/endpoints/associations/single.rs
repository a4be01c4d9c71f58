//! The calls about one association, or about those of one record.

use serde_json::{Value, json};

use super::batch::{self, Spec};
use super::problem::Problem;
use super::{Ends, associated};
use crate::endpoints::Call;
use crate::error::Refusal;
use crate::http::{Answer, Endpoint, Version};
use crate::objects::envelope::Envelope;
use crate::objects::input::wrong_shape;
use crate::records::Resolved;
use crate::world::World;

/// Associations of a page, usually and at most.
const MAX_PAGE: usize = 500;

/// `PUT .../associations/default/{to}/{id}` and `PUT .../associations/{to}/{id}`.
pub(super) fn associate(world: &mut World, call: &Call<'_>, ends: Ends) -> Result<Answer, Refusal> {
    let started = world.clock.now();
    let (from, to) = ids(call);
    let types: Option<Vec<Spec<'_>>> = match call.route.endpoint {
        Endpoint::AssociateDefaultOne => None,
        _ => Some(specs(call)?),
    };
    let planned = batch::plan(world, ends, from, to, types.as_deref());
    let planned = planned.map_err(|problem| refusal(world, ends, &problem))?;
    batch::apply(world, ends, &planned);
    if types.is_none() {
        let results = batch::default_results(&planned);
        let envelope: Envelope<Value> = Envelope::new(started, world.clock.now(), results, Vec::new());
        return Ok(envelope.answer(200).with_inputs(1));
    }
    let mut answer = Answer::json(201, &batch::labels_json(world, call, ends, &planned)).with_inputs(1);
    if call.route.target.version == Version::Numbered {
        let (from_kind, to_kind) = (&call.route.object, &call.route.target.object);
        let place = format!(
            "https://api.hubapi.com/crm/objects/v4/{}/{from}/associations/{}/{to}/{from}",
            from_kind.as_deref().unwrap_or_default(),
            to_kind.as_deref().unwrap_or_default(),
        );
        answer.headers.push(("location".to_owned(), place));
    }
    Ok(answer)
}

fn specs<'a>(call: &Call<'a>) -> Result<Vec<Spec<'a>>, Refusal> {
    if call.body.is_empty() {
        return Err(Refusal::invalid("Invalid JSON input: a request body was expected, but none found"));
    }
    if !call.body.trim_ascii_start().starts_with(b"[") {
        let reason = wrong_shape(
            "java.util.HashSet<com.hubspot.inbounddb.associations.base.AssociationSpec>",
            "Object value (token `JsonToken.START_OBJECT`)",
        );
        return Err(Refusal::plain(400, format!("Invalid input JSON on line 1, column 1: {reason}")));
    }
    let specs: Vec<Spec<'a>> =
        serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    if specs.is_empty() {
        Err(Refusal::invalid("At least one association type is required."))
    } else {
        Ok(specs)
    }
}

fn ids<'a>(call: &'a Call<'_>) -> (&'a str, &'a str) {
    (call.route.item.as_deref().unwrap_or_default(), call.route.target.item.as_deref().unwrap_or_default())
}

fn refusal(world: &World, ends: Ends, problem: &Problem) -> Refusal {
    let ((_, from), (_, to)) = ends.kinds(world);
    problem.as_refusal(from, to)
}

/// `DELETE .../associations/{to}/{id}`: 204 whether they were associated or not.
pub(super) fn dissociate(world: &mut World, call: &Call<'_>, ends: Ends) -> Result<Answer, Refusal> {
    let (from, to) = ids(call);
    let numbers = batch::numbers(ends, from, to).map_err(|problem| refusal(world, ends, &problem))?;
    world.associations.links.dissociate((ends.from, numbers.0), (ends.to, numbers.1));
    Ok(Answer::empty(204).with_inputs(1))
}

/// `GET .../associations/{to}`: a page by record id.
pub(super) fn list(world: &mut World, call: &Call<'_>, ends: Ends) -> Result<Answer, Refusal> {
    let (text, _) = ids(call);
    let limit = match call.query.get("limit") {
        None => MAX_PAGE,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MAX_PAGE).contains(limit))
            .ok_or_else(|| Refusal::invalid(format!("limit must be between 1 and {MAX_PAGE}.")))?,
    };
    let after: u64 = match call.query.get("after") {
        None => 0,
        Some(text) => text.parse().map_err(|_| Refusal::invalid("after is not a valid paging cursor."))?,
    };
    let (Resolved::Live(from) | Resolved::Merged(from)) = world.kind_and_store(ends.from).1.resolve(text)
    else {
        return Err(refusal(world, ends, &Problem::NoFrom(text.to_owned())));
    };
    let mut found = associated(world, call, ends, from);
    found.retain(|(id, _)| *id > after);
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().map(|(id, _)| *id);
    let results: Vec<Value> = found.into_iter().map(|(_, json)| json).collect();
    let mut body = json!({ "results": results });
    if let Some(last) = last.filter(|_| more) {
        body["paging"] = json!({ "next": { "after": last.to_string() } });
    }
    Ok(Answer::json(200, &body))
}
