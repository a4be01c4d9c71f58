//! `POST .../send` and `.../send/batch`: 204 and no word on any one of them, or 400 for all.

use serde::Deserialize;

use super::unknown;
use crate::endpoints::Call;
use crate::error::Refusal;
use crate::events::{self, MAX_BATCH, StoredEvent};
use crate::faults::Mention;
use crate::http::{Answer, Endpoint};
use crate::objects::input::{Optional, PropertyMap};
use crate::switches::EventUuids;
use crate::world::World;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Occurrence<'a> {
    event_name: String,
    #[serde(borrow)]
    properties: PropertyMap<'a>,
    #[serde(borrow, default)]
    object_id: Optional<'a>,
    #[serde(borrow, default)]
    email: Optional<'a>,
    #[serde(borrow, default)]
    utk: Optional<'a>,
    #[serde(borrow, default)]
    occurred_at: Optional<'a>,
    #[serde(borrow, default)]
    uuid: Optional<'a>,
}

#[derive(Debug, Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    inputs: Vec<Occurrence<'a>>,
}

/// Takes occurrences; one that is wrong keeps all of its batch out.
pub(super) fn send(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let bad = |error| Refusal::bad_json(&error);
    let inputs = if call.route.endpoint == Endpoint::EventSendBatch {
        let Batch { inputs } = serde_json::from_slice(call.body).map_err(bad)?;
        inputs
    } else {
        vec![serde_json::from_slice(call.body).map_err(bad)?]
    };
    if inputs.is_empty() || inputs.len() > MAX_BATCH {
        return Err(Refusal::invalid(format!(
            "A batch of events must have between 1 and {MAX_BATCH} inputs, but {} were sent.",
            inputs.len()
        )));
    }
    for input in &inputs {
        let definition = world.events.definitions.qualified(&input.event_name);
        let definition = definition.ok_or_else(|| unknown(&input.event_name))?;
        let ids = [&input.object_id, &input.email, &input.utk];
        let identified = ids.iter().any(|id| id.text().is_some_and(|text| !text.is_empty()));
        let problem = events::problem(definition, &input.properties, identified, input.occurred_at.text());
        if let Some(problem) = problem {
            return Err(Refusal::invalid(problem));
        }
    }
    let occurrences = &world.events.occurrences;
    if world.switches.event_uuids == EventUuids::Refuse {
        let named = inputs.iter().filter_map(|input| Some((input.event_name.as_str(), input.uuid.text()?)));
        if let Some(uuid) = occurrences.repeated(named) {
            return Err(Refusal::invalid(format!("An event with the uuid {uuid} exists already.")));
        }
    }
    for input in &inputs {
        let mention = |id: &Optional<'_>| {
            call.silence.map_or(Mention::Usual, |silence| silence.mention_id(id.text().unwrap_or_default()))
        };
        if [&input.object_id, &input.email].into_iter().any(|id| mention(id) == Mention::Ignored) {
            continue;
        }
        let owned = |text: &Optional<'_>| text.text().map(str::to_owned);
        let properties = input.properties.iter();
        let occurrence = StoredEvent {
            name: input.event_name.clone(),
            object_id: owned(&input.object_id),
            email: owned(&input.email),
            utk: owned(&input.utk),
            occurred_at: owned(&input.occurred_at),
            uuid: owned(&input.uuid),
            properties: properties
                .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
                .collect(),
            request: call.arrival,
        };
        world.events.occurrences.add(occurrence);
    }
    Ok(Answer::empty(204).with_inputs(inputs.len()))
}
