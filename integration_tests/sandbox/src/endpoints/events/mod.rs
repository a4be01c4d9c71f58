//! `/events/v3/...`, `/events/2026-03/...` and `/events/custom/2026-03/...`: HubSpot's specification has the one dated
//! path, its guide the other.
//!
//! Sources: <https://developers.hubspot.com/docs/api-reference/latest/events/send-event-data/guide>,
//! <https://developers.hubspot.com/docs/api-reference/latest/events/define-events/guide>.

mod definitions;
mod properties;
mod send;

use super::Call;
use crate::error::Refusal;
use crate::http::{Answer, Endpoint, EndpointFamily, Known, Version, documented};
use crate::world::World;

/// The calls of the family.
pub(super) const CALLS: &[Known] = &[
    documented("POST", "/events/v3/send", Endpoint::EventSend),
    documented("POST", "/events/v3/send/batch", Endpoint::EventSendBatch),
    documented("GET", "/events/v3/event-definitions", Endpoint::EventDefinitionList),
    documented("POST", "/events/v3/event-definitions", Endpoint::EventDefinitionCreate),
    documented("GET", "/events/v3/event-definitions/{item}", Endpoint::EventDefinitionRead),
    documented("PATCH", "/events/v3/event-definitions/{item}", Endpoint::EventDefinitionUpdate),
    documented("DELETE", "/events/v3/event-definitions/{item}", Endpoint::EventDefinitionDelete),
    documented("POST", "/events/v3/event-definitions/{item}/property", Endpoint::EventPropertyCreate),
    documented(
        "PATCH",
        "/events/v3/event-definitions/{item}/property/{other}",
        Endpoint::EventPropertyUpdate,
    ),
    documented(
        "DELETE",
        "/events/v3/event-definitions/{item}/property/{other}",
        Endpoint::EventPropertyDelete,
    ),
];

/// Answers a call of the family.
pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    if call.route.endpoint.family() == EndpointFamily::Events {
        let mut scopes = vec!["analytics.behavioral_events.send".to_owned()];
        if call.route.target.version == Version::Dated {
            scopes.push("behavioral-events-ingestion".to_owned());
        }
        call.need(scopes)?;
        return send::send(world, call);
    }
    call.need(vec!["behavioral_events.event_definitions.read_write".to_owned()])?;
    match call.route.endpoint {
        Endpoint::EventDefinitionList => definitions::list(world, call),
        Endpoint::EventDefinitionCreate => definitions::create(world, call),
        Endpoint::EventDefinitionRead => definitions::read(world, call),
        Endpoint::EventDefinitionUpdate => definitions::update(world, call),
        Endpoint::EventDefinitionDelete => definitions::delete(world, call),
        Endpoint::EventPropertyCreate => properties::create(world, call),
        Endpoint::EventPropertyUpdate => properties::update(world, call),
        Endpoint::EventPropertyDelete => properties::delete(world, call),
        _ => Err(Refusal::not_found()),
    }
}

/// 400 for an event nobody defined, in the words of an answer that engineers of another client wrote down.
fn unknown(name: &str) -> Refusal {
    Refusal::plain(
        400,
        format!(
            "StandardError{{status=error, category=VALIDATION_ERROR, message=Event with fully qualified name {name} \
             does not exist., errors=[], context={{}}, links={{}}}}"
        ),
    )
}
