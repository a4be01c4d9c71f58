//! `/crm/v3/pipelines/{objectType}/...`.
//!
//! Sources: <https://developers.hubspot.com/docs/api-reference/latest/crm/pipelines/guide>; the texts of refusals are
//! those that an account gave to another client.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Call;
use crate::auth::scopes::{self, Access};
use crate::catalog::{Family, ObjectType, Pipeline, Stage, TypeIndex};
use crate::clock::Millis;
use crate::error::Refusal;
use crate::http::{Answer, Endpoint, Known, documented};
use crate::objects::input::Optional;
use crate::world::World;

/// The calls of the family.
pub(super) const CALLS: &[Known] = &[
    documented("GET", "/crm/v3/pipelines/{object}", Endpoint::PipelineList),
    documented("POST", "/crm/v3/pipelines/{object}", Endpoint::PipelineCreate),
    documented("GET", "/crm/v3/pipelines/{object}/{item}", Endpoint::PipelineRead),
    documented("PUT", "/crm/v3/pipelines/{object}/{item}", Endpoint::PipelineReplace),
    documented("PATCH", "/crm/v3/pipelines/{object}/{item}", Endpoint::PipelineUpdate),
    documented("DELETE", "/crm/v3/pipelines/{object}/{item}", Endpoint::PipelineDelete),
    documented("GET", "/crm/v3/pipelines/{object}/{item}/stages", Endpoint::StageList),
    documented("POST", "/crm/v3/pipelines/{object}/{item}/stages", Endpoint::StageCreate),
    documented("GET", "/crm/v3/pipelines/{object}/{item}/stages/{other}", Endpoint::StageRead),
    documented("PUT", "/crm/v3/pipelines/{object}/{item}/stages/{other}", Endpoint::StageReplace),
    documented("PATCH", "/crm/v3/pipelines/{object}/{item}/stages/{other}", Endpoint::StageUpdate),
    documented("DELETE", "/crm/v3/pipelines/{object}/{item}/stages/{other}", Endpoint::StageDelete),
];

/// Answers a call of the family.
pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let kind = world.resolve(call.route.object.as_deref().unwrap_or_default())?;
    let endpoint = call.route.endpoint;
    let access = match endpoint {
        Endpoint::PipelineList | Endpoint::PipelineRead | Endpoint::StageList | Endpoint::StageRead => {
            Access::Read
        }
        _ => Access::Write,
    };
    call.need(scopes::pipelines(access))?;
    let id = call.route.item.as_deref().unwrap_or_default();
    let definition = world.catalog.get(kind);
    let live: Vec<&Pipeline> = definition.pipelines().iter().filter(|pipeline| !pipeline.archived).collect();
    let known = live.iter().find(|pipeline| pipeline.id == id).copied();
    // HubSpot answers for a pipeline that is not there without a body, but for its deletion.
    let absent = || Ok(Answer::empty(404));
    match (endpoint, known) {
        (Endpoint::PipelineList, _) => Ok(Answer::json(200, &json!({ "results": live }))),
        (Endpoint::PipelineCreate, _) => create(world, call, kind),
        (Endpoint::PipelineRead, Some(pipeline)) => Ok(Answer::json(200, pipeline)),
        (Endpoint::PipelineUpdate | Endpoint::PipelineReplace, Some(_)) => update(world, call, kind, id),
        (Endpoint::PipelineDelete, Some(pipeline)) => {
            refuse_used(world, kind, pipeline.stages.iter(), call)?;
            with_pipeline(world, kind, id, |pipeline, now| {
                pipeline.archived = true;
                pipeline.updated_at = Some(now);
            });
            Ok(Answer::empty(204))
        }
        (Endpoint::PipelineDelete, None) => {
            Err(Refusal::new(404, "OBJECT_NOT_FOUND", format!("Pipeline {id} does not exist")))
        }
        (Endpoint::StageList, Some(pipeline)) => {
            Ok(Answer::json(200, &json!({ "results": pipeline.stages })))
        }
        (Endpoint::StageCreate, Some(pipeline)) => {
            let new: NewStage<'_> = read_body(call)?;
            let stage = new.stage(definition, pipeline.stages.len(), next_id(definition))?;
            put_stage(world, kind, id, stage, 201)
        }
        // Whatever it is asked to delete, it is gone.
        (Endpoint::StageDelete, None) => Ok(Answer::empty(204)),
        (_, Some(pipeline)) => one_stage(world, call, kind, &pipeline.clone()),
        (_, None) => absent(),
    }
}

fn one_stage(
    world: &mut World,
    call: &Call<'_>,
    kind: TypeIndex,
    pipeline: &Pipeline,
) -> Result<Answer, Refusal> {
    let id = call.route.target.item.as_deref().unwrap_or_default();
    let known = pipeline.stages.iter().find(|stage| stage.id == id);
    match (call.route.endpoint, known) {
        (Endpoint::StageDelete, known) => {
            refuse_used(world, kind, known.into_iter(), call)?;
            with_pipeline(world, kind, &pipeline.id, |pipeline, _| {
                pipeline.stages.retain(|stage| stage.id != id)
            });
            Ok(Answer::empty(204))
        }
        (Endpoint::StageRead, Some(stage)) => Ok(Answer::json(200, stage)),
        (_, Some(stage)) => {
            let changes: StageChanges = read_body(call)?;
            let mut changed = stage.clone();
            changes.label.into_iter().for_each(|label| changed.label = label);
            changes.display_order.into_iter().for_each(|order| changed.display_order = order);
            if call.route.endpoint == Endpoint::StageReplace {
                changed.metadata.clear();
            }
            changed.metadata.extend(changes.metadata.unwrap_or_default());
            need_metadata(world.catalog.get(kind), &changed)?;
            put_stage(world, kind, &pipeline.id, changed, 200)
        }
        (_, None) => Ok(Answer::empty(404)),
    }
}

fn read_body<'a, T: Deserialize<'a>>(call: &Call<'a>) -> Result<T, Refusal> {
    serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewPipeline<'a> {
    label: String,
    #[serde(default)]
    display_order: i32,
    #[serde(borrow, default)]
    pipeline_id: Optional<'a>,
    #[serde(borrow)]
    stages: Vec<NewStage<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewStage<'a> {
    label: String,
    display_order: Option<i32>,
    #[serde(borrow, default)]
    stage_id: Optional<'a>,
    #[serde(default)]
    metadata: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StageChanges {
    label: Option<String>,
    display_order: Option<i32>,
    #[serde(default, deserialize_with = "texts")]
    metadata: Option<BTreeMap<String, String>>,
}

fn texts<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    let values: Option<BTreeMap<String, Value>> = Option::deserialize(deserializer)?;
    Ok(values.map(|values| values.into_iter().map(|(name, value)| (name, text(&value))).collect()))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The next number that no pipeline and no stage of the type has.
fn next_id(kind: &ObjectType) -> u64 {
    let pipelines = kind.pipelines().iter();
    let ids = pipelines.flat_map(|known| known.stages.iter().map(|stage| &stage.id).chain([&known.id]));
    ids.filter_map(|id| id.parse().ok()).max().unwrap_or(75_000_000) + 1
}

impl NewStage<'_> {
    /// The stage at a position, with this number unless it brings an id.
    fn stage(&self, kind: &ObjectType, position: usize, number: u64) -> Result<Stage, Refusal> {
        let id = self.stage_id.text().map_or_else(|| number.to_string(), str::to_owned);
        let mut stage = Stage::new(&id, &self.label);
        stage.display_order = self.display_order.unwrap_or(i32::try_from(position).unwrap_or(i32::MAX));
        stage.metadata = self.metadata.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        need_metadata(kind, &stage)?;
        Ok(stage)
    }
}

/// Stages of deals say how likely they are to be won. HubSpot gives no category for this refusal.
fn need_metadata(kind: &ObjectType, stage: &Stage) -> Result<(), Refusal> {
    if kind.family == Family::Deal && !stage.metadata.contains_key("probability") {
        return Err(Refusal::plain(400, "must specify probability when writing a dealstage"));
    }
    Ok(())
}

/// Labels are compared without regard to case and outer spaces.
fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

fn refused(status: u16, category: &'static str, sub_category: &'static str, message: String) -> Refusal {
    let mut refusal = Refusal::new(status, category, message);
    refusal.body.sub_category = Some(sub_category);
    refusal
}

fn create(world: &mut World, call: &Call<'_>, kind: TypeIndex) -> Result<Answer, Refusal> {
    let new: NewPipeline<'_> = read_body(call)?;
    let (definition, now) = (world.catalog.get(kind), world.clock.now());
    let number = next_id(definition);
    let id = new.pipeline_id.text().map_or_else(|| number.to_string(), str::to_owned);
    check_label(definition, &id, &new.label)?;
    let mut pipeline = Pipeline::new(&id, &new.label);
    pipeline.display_order = new.display_order;
    (pipeline.created_at, pipeline.updated_at) = (Some(now), Some(now));
    for (stage, next) in new.stages.iter().zip(number + 1..) {
        let stage = stage.stage(definition, pipeline.stages.len(), next)?;
        check_stage(definition, &pipeline, &stage)?;
        pipeline.stages.push(stage);
    }
    let closes = |stage: &Stage| stage.metadata.get("ticketState").is_some_and(|state| state == "CLOSED");
    if definition.family == Family::Ticket && !pipeline.stages.iter().any(closes) {
        let message = "A ticket pipeline needs a closed stage.".to_owned();
        return Err(refused(400, "VALIDATION_ERROR", "PipelineError.MISSING_CLOSED_STAGE", message));
    }
    pipeline.complete(definition.family, now);
    let answer = Answer::json(201, &pipeline);
    world.catalog.get_mut(kind).change_pipelines(|pipelines| pipelines.push(pipeline));
    Ok(answer)
}

fn check_label(kind: &ObjectType, id: &str, label: &str) -> Result<(), Refusal> {
    let taken = |known: &&Pipeline| !known.archived && known.id != id && same(&known.label, label);
    match kind.pipelines().iter().find(taken) {
        Some(_) => Err(Refusal::invalid(format!("An active pipeline with label {label} already exists."))),
        None => Ok(()),
    }
}

fn check_stage(kind: &ObjectType, pipeline: &Pipeline, stage: &Stage) -> Result<(), Refusal> {
    let others = pipeline.stages.iter().filter(|known| known.id != stage.id);
    if others.into_iter().any(|known| same(&known.label, &stage.label)) {
        let message = format!("A stage with label {} already exists in this pipeline.", stage.label);
        return Err(refused(400, "VALIDATION_ERROR", "PipelineError.STAGE_LABEL_EXISTS", message));
    }
    let elsewhere = kind.pipelines().iter().filter(|known| known.id != pipeline.id);
    if elsewhere.flat_map(|known| &known.stages).any(|known| known.id == stage.id) {
        let message = format!("Stage id {} already exists in another pipeline.", stage.id);
        return Err(refused(409, "CONFLICT", "PipelineError.STAGE_ID_EXISTS_IN_ANOTHER_PIPELINE", message));
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PipelineChanges<'a> {
    label: Option<String>,
    display_order: Option<i32>,
    /// Only in replacements.
    #[serde(borrow, default)]
    stages: Vec<NewStage<'a>>,
}

fn update(world: &mut World, call: &Call<'_>, kind: TypeIndex, id: &str) -> Result<Answer, Refusal> {
    let changes: PipelineChanges<'_> = read_body(call)?;
    let (definition, now) = (world.catalog.get(kind), world.clock.now());
    let Some(mut changed) = definition.pipeline(id).cloned() else { return Ok(Answer::empty(404)) };
    if let Some(label) = changes.label {
        check_label(definition, id, &label)?;
        changed.label = label;
    }
    changes.display_order.into_iter().for_each(|order| changed.display_order = order);
    if call.route.endpoint == Endpoint::PipelineReplace {
        let before = std::mem::take(&mut changed.stages);
        for (stage, number) in changes.stages.iter().zip(next_id(definition)..) {
            let stage = stage.stage(definition, changed.stages.len(), number)?;
            check_stage(definition, &changed, &stage)?;
            changed.stages.push(stage);
        }
        let gone = before.iter().filter(|stage| !changed.stages.iter().any(|kept| kept.id == stage.id));
        refuse_used(world, kind, gone, call)?;
    }
    changed.updated_at = Some(now);
    changed.complete(world.catalog.get(kind).family, now);
    let answer = Answer::json(200, &changed);
    with_pipeline(world, kind, id, |pipeline, _| *pipeline = changed);
    Ok(answer)
}

fn put_stage(
    world: &mut World,
    kind: TypeIndex,
    pipeline: &str,
    mut stage: Stage,
    status: u16,
) -> Result<Answer, Refusal> {
    let (definition, now) = (world.catalog.get(kind), world.clock.now());
    if let Some(pipeline) = definition.pipeline(pipeline) {
        check_stage(definition, pipeline, &stage)?;
    }
    stage.created_at.get_or_insert(now);
    stage.updated_at = Some(now);
    stage.close();
    let answer = Answer::json(status, &stage);
    with_pipeline(world, kind, pipeline, |pipeline, now| {
        pipeline.updated_at = Some(now);
        match pipeline.stages.iter_mut().find(|known| known.id == stage.id) {
            Some(known) => *known = stage,
            None => pipeline.stages.push(stage),
        }
    });
    Ok(answer)
}

fn with_pipeline(world: &mut World, kind: TypeIndex, id: &str, change: impl FnOnce(&mut Pipeline, Millis)) {
    let now = world.clock.now();
    world.catalog.get_mut(kind).change_pipelines(|pipelines| {
        if let Some(pipeline) = pipelines.iter_mut().find(|pipeline| pipeline.id == id) {
            change(pipeline, now);
        }
    });
}

/// Refuses to let stages go that records are in, where the call asks for that.
fn refuse_used<'a>(
    world: &World,
    kind: TypeIndex,
    stages: impl Iterator<Item = &'a Stage>,
    call: &Call<'_>,
) -> Result<(), Refusal> {
    let asked = ["validateReferencesBeforeDelete", "validateDealStageUsagesBeforeDelete"];
    if !asked.into_iter().any(|name| call.query.flag(name)) {
        return Ok(());
    }
    let (definition, store) = world.kind_and_store(kind);
    let (_, property) = definition.pipeline_properties();
    let Some((slot, _)) = definition.property(property) else { return Ok(()) };
    for stage in stages {
        let inside = store.live().filter(|record| record.value(slot) == Some(stage.id.as_str()));
        let ids: Vec<String> = inside.map(|record| record.id.to_string()).collect();
        if !ids.is_empty() {
            let message = format!("Stage IDs: [{}] are being referenced by object IDs.", stage.id);
            let refusal = refused(400, "VALIDATION_ERROR", "PipelineError.STAGE_ID_IN_USE", message);
            return Err(refusal
                .with_context("stageIds", vec![stage.id.clone()])
                .with_context("objectIds", ids));
        }
    }
    Ok(())
}
