//! The batches about associations. Each input succeeds or fails by itself.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::problem::Problem;
use super::{Ends, associated, id_json};
use crate::associations::{AssociationCategory, AssociationType, TypeDef};
use crate::catalog::TypeIndex;
use crate::endpoints::Call;
use crate::error::Refusal;
use crate::faults::Mention;
use crate::http::{Answer, Endpoint, Version};
use crate::lists::Oversize;
use crate::objects::envelope::Envelope;
use crate::objects::input::{IdInput, Optional};
use crate::records::Resolved;
use crate::switches::AssociationErrors;
use crate::world::World;

/// Most inputs of a batch that changes associations, and of one that reads them.
const MAX_INPUTS: usize = 2_000;
const MAX_READS: usize = 1_000;

/// An association type as a request names it; the number may be a text.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Spec<'a> {
    association_category: String,
    #[serde(borrow)]
    association_type_id: Optional<'a>,
}

#[derive(Clone, Debug, Deserialize)]
struct Link<'a> {
    #[serde(borrow)]
    from: IdInput<'a>,
    #[serde(borrow)]
    to: IdInput<'a>,
    #[serde(borrow, default)]
    types: Option<Vec<Spec<'a>>>,
}

#[derive(Debug, Deserialize)]
struct Links<'a> {
    #[serde(borrow)]
    inputs: Vec<Link<'a>>,
}

/// One association to be made.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    from: u64,
    to: u64,
    unlabelled: TypeDef,
    /// None where nothing is said of labels, so that those there are stay.
    labels: Option<Vec<TypeDef>>,
}

/// `POST .../batch/associate/default` and `.../batch/create`.
pub(super) fn create(world: &mut World, call: &Call<'_>, ends: Ends) -> Result<Answer, Refusal> {
    let started = world.clock.now();
    let batch: Links<'_> = serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    let plain = call.route.endpoint == Endpoint::AssociateDefault;
    check_size(batch.inputs.len(), MAX_INPUTS)?;
    if plain {
        check_limit(world, batch.inputs.len())?;
    }
    if !plain && batch.inputs.iter().any(|input| input.types.as_ref().is_none_or(Vec::is_empty)) {
        return Err(Refusal::invalid("Some required fields were not set: [types]"));
    }
    let (mut results, mut problems) = (Vec::new(), Vec::new());
    for input in &batch.inputs {
        let (from, to) = (input.from.id.text().unwrap_or_default(), input.to.id.text().unwrap_or_default());
        let mention = mention(call, from, to);
        if mention == Mention::Ignored {
            continue;
        }
        let types = if plain { None } else { input.types.as_deref() };
        match plan(world, ends, from, to, types) {
            Err(problem) => problems.push(problem),
            Ok(planned) => {
                apply(world, ends, &planned);
                if mention == Mention::Usual {
                    results.push(planned);
                }
            }
        }
    }
    world.random.shuffle(&mut results);
    let results: Vec<Value> = results
        .iter()
        .flat_map(|planned| {
            if plain { default_results(planned) } else { vec![labels_json(world, call, ends, planned)] }
        })
        .collect();
    let status = if plain || call.route.target.version == Version::Dated { 200 } else { 201 };
    Ok(envelope(world, ends, started, results, &problems, status).with_inputs(batch.inputs.len()))
}

fn mention(call: &Call<'_>, from: &str, to: &str) -> Mention {
    let of = |id| call.silence.map_or(Mention::Usual, |silence| silence.mention_id(id));
    if of(from) == Mention::Usual { of(to) } else { of(from) }
}

fn check_size(inputs: usize, most: usize) -> Result<(), Refusal> {
    if inputs == 0 {
        return Err(Refusal::invalid("Batch input provided should have at least one object."));
    }
    if inputs > most {
        return Err(Refusal::invalid(format!(
            "The maximum number of inputs supported in a batch request is {most}, but {inputs} were sent."
        )));
    }
    Ok(())
}

/// The limit that the test set for calls of which none is published.
fn check_limit(world: &World, inputs: usize) -> Result<(), Refusal> {
    match world.associations.call_limit {
        Some(limit) if inputs > limit.ids => match limit.refusal {
            Oversize::BadRequest => check_size(inputs, limit.ids),
            Oversize::TooLarge => Err(Refusal::plain(413, "Request Entity Too Large")),
        },
        _ => Ok(()),
    }
}

fn envelope(
    world: &World,
    ends: Ends,
    started: crate::clock::Millis,
    results: Vec<Value>,
    problems: &[Problem],
    status: u16,
) -> Answer {
    let ((_, from), (_, to)) = ends.kinds(world);
    let style = world.switches.association_errors;
    let errors = problems.iter().map(|problem| problem.as_error(from, to, style)).collect();
    let mut answer = Envelope::new(started, world.clock.now(), results, errors).answer(status);
    if style == AssociationErrors::AmongSuccess {
        answer.status = status;
    }
    answer
}

/// The ids of an association as numbers.
pub(super) fn numbers(ends: Ends, from: &str, to: &str) -> Result<(u64, u64), Problem> {
    let number = |text: &str| {
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| plain).ok_or_else(|| Problem::InvalidId(text.to_owned()))
    };
    let (from, to) = (number(from)?, number(to)?);
    if ends.from == ends.to && from == to { Err(Problem::Itself(from)) } else { Ok((from, to)) }
}

/// What an input asks for, or what is wrong with it. `types` is `None` for the unlabelled association.
pub(super) fn plan(
    world: &mut World,
    ends: Ends,
    from: &str,
    to: &str,
    types: Option<&[Spec<'_>]>,
) -> Result<Planned, Problem> {
    numbers(ends, from, to)?;
    // Like the calls about one record, associations follow merges.
    let live = |kind: TypeIndex, id: &str| match world.kind_and_store(kind).1.resolve(id) {
        Resolved::Live(id) | Resolved::Merged(id) => Some(id),
        Resolved::Archived(_) | Resolved::Unknown => None,
    };
    let from = live(ends.from, from).ok_or_else(|| Problem::NoFrom(from.to_owned()))?;
    let to = live(ends.to, to).ok_or_else(|| Problem::NoTo(to.to_owned()))?;
    if ends.from == ends.to && from == to {
        return Err(Problem::Itself(from));
    }
    let known = world.types_between(ends.from, ends.to);
    let unlabelled = known[0].clone();
    let labels = match types {
        None => None,
        Some(specs) => {
            let mut labels: Vec<TypeDef> =
                specs.iter().map(|spec| find(known, spec)).collect::<Result<_, _>>()?;
            labels.retain(|label| label.label.is_some());
            (!labels.is_empty()).then_some(labels)
        }
    };
    Ok(Planned { from, to, unlabelled, labels })
}

/// The type a request names.
fn find(known: &[TypeDef], spec: &Spec<'_>) -> Result<TypeDef, Problem> {
    let id = spec.association_type_id.text().unwrap_or_default();
    let category = AssociationCategory::from_spelling(&spec.association_category);
    let wanted = category.zip(id.parse().ok()).map(|(category, id)| AssociationType { category, id });
    known.iter().find(|known| Some(known.own) == wanted).cloned().ok_or_else(|| {
        let category = match spec.association_category.as_str() {
            "HUBSPOT_DEFINED" => "0",
            "USER_DEFINED" => "1",
            other => other,
        };
        Problem::WrongType(format!("{category}-{id}"))
    })
}

/// Makes an association.
pub(super) fn apply(world: &mut World, ends: Ends, planned: &Planned) {
    let (from, to) = ((ends.from, planned.from), (ends.to, planned.to));
    let links = &mut world.associations.links;
    match &planned.labels {
        None => links.associate(from, to, &planned.unlabelled),
        Some(labels) => links.label(from, to, &planned.unlabelled, labels),
    }
}

/// What the calls for the unlabelled association answer: both directions.
pub(super) fn default_results(planned: &Planned) -> Vec<Value> {
    let way = |from: u64, to: u64, kind: AssociationType| {
        json!({
            "from": { "id": from.to_string() },
            "to": { "id": to.to_string() },
            "associationSpec": { "associationCategory": kind.category.spelled(), "associationTypeId": kind.id },
        })
    };
    let Planned { from, to, unlabelled, .. } = planned;
    vec![way(*from, *to, unlabelled.own), way(*to, *from, unlabelled.inverse)]
}

/// What the calls with types answer.
pub(super) fn labels_json(world: &World, call: &Call<'_>, ends: Ends, planned: &Planned) -> Value {
    let ((_, from), (_, to)) = ends.kinds(world);
    let labels: Vec<&str> =
        planned.labels.iter().flatten().filter_map(|known| known.label.as_deref()).collect();
    json!({
        "fromObjectTypeId": from.id,
        "fromObjectId": id_json(call, planned.from),
        "toObjectTypeId": to.id,
        "toObjectId": id_json(call, planned.to),
        "labels": labels,
    })
}

#[derive(Debug, Deserialize)]
struct Ids<'a> {
    #[serde(borrow)]
    inputs: Vec<IdInput<'a>>,
}

/// `POST .../batch/read`. A record without associations is an error among the results, as HubSpot has it.
pub(super) fn read(world: &mut World, call: &Call<'_>, ends: Ends) -> Result<Answer, Refusal> {
    let started = world.clock.now();
    let batch: Ids<'_> = serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    check_size(batch.inputs.len(), MAX_READS)?;
    let (mut results, mut problems) = (Vec::new(), Vec::new());
    for input in &batch.inputs {
        let text = input.id.text().unwrap_or_default();
        if mention(call, text, text) != Mention::Usual {
            continue;
        }
        let Ok(id) = text.parse::<u64>() else {
            problems.push(Problem::InvalidId(text.to_owned()));
            continue;
        };
        let to: Vec<Value> = associated(world, call, ends, id).into_iter().map(|(_, json)| json).collect();
        if to.is_empty() {
            problems.push(Problem::None(id));
        } else {
            results.push(json!({ "from": { "id": text }, "to": to }));
        }
    }
    Ok(envelope(world, ends, started, results, &problems, 200).with_inputs(batch.inputs.len()))
}

#[derive(Debug, Deserialize)]
struct Removal {
    from: Id,
    to: Vec<Id>,
}

#[derive(Debug, Deserialize)]
struct Id {
    id: Value,
}

impl Id {
    fn text(&self) -> String {
        self.id.as_str().map_or_else(|| self.id.to_string(), str::to_owned)
    }
}

#[derive(Debug, Deserialize)]
struct Batch<T> {
    inputs: Vec<T>,
}

fn read_batch<T: DeserializeOwned>(call: &Call<'_>) -> Result<Vec<T>, Refusal> {
    let Batch { inputs } = serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    check_size(inputs.len(), MAX_INPUTS)?;
    Ok(inputs)
}

/// `POST .../batch/archive`: always 204, whether the records were associated or not.
pub(super) fn archive(world: &mut World, call: &Call<'_>, ends: Ends) -> Result<Answer, Refusal> {
    let inputs: Vec<Removal> = read_batch(call)?;
    check_limit(world, inputs.len())?;
    for Removal { from, to } in &inputs {
        for to in to {
            let (from, to) = (from.text(), to.text());
            if mention(call, &from, &to) != Mention::Ignored
                && let Ok((from, to)) = numbers(ends, &from, &to)
            {
                world.associations.links.dissociate((ends.from, from), (ends.to, to));
            }
        }
    }
    Ok(Answer::empty(204).with_inputs(inputs.len()))
}

/// `POST .../batch/labels/archive`: takes labels away; with the unlabelled type the association goes.
pub(super) fn unlabel(world: &mut World, call: &Call<'_>, ends: Ends) -> Result<Answer, Refusal> {
    let batch: Links<'_> = serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    check_size(batch.inputs.len(), MAX_INPUTS)?;
    check_limit(world, batch.inputs.len())?;
    for input in &batch.inputs {
        let (from, to) = (input.from.id.text().unwrap_or_default(), input.to.id.text().unwrap_or_default());
        if mention(call, from, to) == Mention::Ignored {
            continue;
        }
        let Ok((from, to)) = numbers(ends, from, to) else { continue };
        let known = world.types_between(ends.from, ends.to);
        let gone: Vec<TypeDef> =
            input.types.iter().flatten().filter_map(|spec| find(known, spec).ok()).collect();
        for kind in gone {
            world.associations.links.unlabel((ends.from, from), (ends.to, to), &kind);
        }
    }
    Ok(Answer::empty(204).with_inputs(batch.inputs.len()))
}
