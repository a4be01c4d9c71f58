//! batch/create, batch/update and batch/upsert.

use std::borrow::Cow;
use std::collections::HashSet;

use super::apply::apply;
use super::associations;
use super::envelope::Envelope;
use super::input::{WriteBatch, WriteInput};
use super::keys::{self, Key};
use super::plan::{Mode, Plan, Planner};
use super::problem::{self, BatchError, Problem};
use crate::catalog::TypeIndex;
use crate::endpoints::Call;
use crate::error::Refusal;
use crate::faults::Mention;
use crate::http::{Answer, Endpoint};
use crate::records::{RecordJson, Selection, Shown};
use crate::switches::{EchoTraceIds, UpdateByEmail};
use crate::world::World;

/// Answers a batch write.
pub(crate) fn write(world: &mut World, call: &Call<'_>, kind: TypeIndex) -> Result<Answer, Refusal> {
    let started = world.clock.now();
    let WriteBatch { mut inputs } =
        serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    let received = inputs.len();
    let mode = mode(world, call.route.endpoint, kind, &inputs)?;
    check_ids(&mode, &inputs)?;
    if let Some(silence) = call.silence {
        inputs.retain(|input| silence.mention(input) != Mention::Ignored);
    }
    let planned = plan(world, kind, &mode, &inputs)?;
    let portal_id = world.account.portal_id;
    let mut errors = Vec::new();
    let mut not_found = Vec::new();
    let mut done = Vec::new();
    for (input, planned) in inputs.iter().zip(planned) {
        match planned {
            Ok(plan) => {
                let (id, new) = (plan.id, plan.new);
                apply(world, kind, plan, call.arrival);
                if new {
                    associations::remember(world, kind, id, input);
                }
                done.push((input, id, new));
            }
            Err(Problem::NotFound) => not_found.push(input.id.text().unwrap_or_default().to_owned()),
            Err(Problem::MergedAway) => {}
            Err(problem) => {
                let trace = input.object_write_trace_id.text().unwrap_or_default();
                errors.push(problem.as_error(world.catalog.get(kind), portal_id, trace));
            }
        }
    }
    if !not_found.is_empty() {
        errors.push(BatchError::not_found(world.catalog.get(kind), not_found));
    }
    if let Some(silence) = call.silence {
        done.retain(|(input, ..)| silence.mention(input) == Mention::Usual);
    }
    world.random.shuffle(&mut done);
    let results =
        done.into_iter().filter_map(|(input, id, new)| result(world, kind, &mode, input, id, new)).collect();
    let status = if matches!(mode, Mode::Create) { 201 } else { 200 };
    Ok(Envelope::new(started, world.clock.now(), results, errors).answer(status).with_inputs(received))
}

/// Reads from the inputs how they find their records.
fn mode(
    world: &World,
    endpoint: Endpoint,
    kind: TypeIndex,
    inputs: &[WriteInput<'_>],
) -> Result<Mode, Refusal> {
    keys::check_size(inputs.len())?;
    if endpoint == Endpoint::Create {
        return Ok(Mode::Create);
    }
    let name = keys::common_property(inputs.iter().map(|input| input.id_property.text()))?;
    let (definition, portal_id) = (world.catalog.get(kind), world.account.portal_id);
    let by_email = world.switches.update_by_email == UpdateByEmail::Accepted;
    let key = name
        .map(|name| match endpoint {
            Endpoint::Update if !by_email => Key::for_update(definition, name, portal_id),
            _ => Key::for_write(definition, name, portal_id),
        })
        .transpose()?;
    match (endpoint, key) {
        (Endpoint::Upsert, None) => Err(keys::missing_id_property()),
        (Endpoint::Upsert, Some(key)) => Ok(Mode::Upsert(key)),
        (_, Some(key)) => Ok(Mode::UpdateByKey(key)),
        (_, None) => Ok(Mode::UpdateById),
    }
}

/// Every input of an update or upsert has an id, and no two the same one.
fn check_ids(mode: &Mode, inputs: &[WriteInput<'_>]) -> Result<(), Refusal> {
    if matches!(mode, Mode::Create) {
        return Ok(());
    }
    let ids: Option<Vec<String>> = inputs
        .iter()
        .map(|input| {
            let id = input.id.text().filter(|id| !id.is_empty())?;
            Some(mode.key().map_or_else(|| id.to_owned(), |key| key.stored_form(id)))
        })
        .collect();
    let ids = ids.ok_or_else(|| Refusal::invalid("Some required fields were not set: [id]"))?;
    keys::check_duplicates(&ids)
}

/// Plans all inputs. Unless every input has a trace id of its own, one bad record refuses them all; two inputs
/// that reach one record always do.
fn plan(
    world: &mut World,
    kind: TypeIndex,
    mode: &Mode,
    inputs: &[WriteInput<'_>],
) -> Result<Vec<Result<Plan, Problem>>, Refusal> {
    let traces: HashSet<&str> =
        inputs.iter().filter_map(|input| input.object_write_trace_id.text()).collect();
    let traced = traces.len() == inputs.len();
    let portal_id = world.account.portal_id;
    let mut planner = Planner::new(world, kind);
    let mut reached = HashSet::new();
    for input in inputs {
        if let Ok(Some(id)) = planner.target(mode, input.id.text().unwrap_or_default())
            && !reached.insert(id)
        {
            return Err(Refusal::new(409, "CONFLICT", "Conflict"));
        }
    }
    let planned: Vec<Result<Plan, Problem>> = inputs.iter().map(|input| planner.plan(mode, input)).collect();
    if !traced {
        let problems: Vec<Problem> =
            planned.iter().filter_map(|planned| planned.as_ref().err().cloned()).collect();
        if let Some(refusal) = problem::whole_refusal(world.catalog.get(kind), portal_id, &problems) {
            return Err(refusal);
        }
    }
    Ok(planned)
}

fn result<'a>(
    world: &'a World,
    kind: TypeIndex,
    mode: &'a Mode,
    input: &'a WriteInput<'a>,
    id: u64,
    new: bool,
) -> Option<RecordJson<'a>> {
    let (definition, store) = world.kind_and_store(kind);
    let mut names: Vec<Cow<'a, str>> =
        input.properties.written_names().map(|name| Cow::Borrowed(&**name)).collect();
    names.extend(mode.key().map(|key| Cow::Borrowed(key.name.as_str())));
    let when = if new { Shown::Created } else { Shown::Updated };
    let mut json = RecordJson::new(&world.account, definition, store.get(id)?, &Selection { when, names });
    if world.switches.echo_trace_ids == EchoTraceIds::Always {
        json.object_write_trace_id = input.object_write_trace_id.text().map(Cow::Borrowed);
    }
    json.new = matches!(mode, Mode::Upsert(_)).then_some(new);
    Some(json)
}
