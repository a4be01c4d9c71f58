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
use crate::http::{Answer, Endpoint, EndpointFamily, Place, Version, dated};
use crate::world::World;

/// The paths of the family.
pub(super) fn place(segments: &[&str]) -> Option<Place> {
    let custom = || match segments {
        ["events", "custom", rest @ ..] => {
            let path: Vec<&str> = std::iter::once("events").chain(rest.iter().copied()).collect();
            dated(&path, "events").map(<[&str]>::to_vec)
        }
        _ => None,
    };
    let rest = dated(segments, "events").map(<[&str]>::to_vec).or_else(custom)?;
    let place = match rest.as_slice() {
        ["send"] => Place::new(&[("POST", Endpoint::EventSend)]),
        ["send", "batch"] => Place::new(&[("POST", Endpoint::EventSendBatch)]),
        ["event-definitions"] => {
            Place::new(&[("GET", Endpoint::EventDefinitionList), ("POST", Endpoint::EventDefinitionCreate)])
        }
        ["event-definitions", name] => Place::new(&[
            ("GET", Endpoint::EventDefinitionRead),
            ("PATCH", Endpoint::EventDefinitionUpdate),
            ("DELETE", Endpoint::EventDefinitionDelete),
        ])
        .at(name),
        ["event-definitions", name, "property"] => {
            Place::new(&[("POST", Endpoint::EventPropertyCreate)]).at(name)
        }
        ["event-definitions", name, "property", property] => {
            Place::new(&[("PATCH", Endpoint::EventPropertyUpdate), ("DELETE", Endpoint::EventPropertyDelete)])
                .at(name)
                .and(property)
        }
        _ => return None,
    };
    let version = if segments.get(1) == Some(&"v3") { Version::Numbered } else { Version::Dated };
    Some(place.version(version))
}

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
