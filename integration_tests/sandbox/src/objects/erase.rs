//! Erasing a contact for good.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide>.

use serde::Deserialize;

use super::input::Optional;
use crate::catalog::{Family, TypeIndex};
use crate::endpoints::Call;
use crate::error::Refusal;
use crate::http::Answer;
use crate::records::{Resolved, WriteKind};
use crate::rules::email;
use crate::world::World;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    object_id: Optional<'a>,
    #[serde(borrow, default)]
    id_property: Optional<'a>,
}

/// Answers `POST .../gdpr-delete`. An address that no contact has goes to the blocklist all the same.
pub(crate) fn call(world: &mut World, call: &Call<'_>, kind: TypeIndex) -> Result<Answer, Refusal> {
    let body: Body<'_> = serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    let id = body.object_id.text().unwrap_or_default();
    let now = world.clock.now();
    let (definition, store) = world.kind_and_store(kind);
    if definition.family != Family::Contact {
        return Err(Refusal::not_found());
    }
    let slot = |name: &str| definition.property(name).map(|(slot, _)| slot);
    let found = match (body.id_property.text(), slot("email")) {
        (None, _) => match store.resolve(id) {
            Resolved::Live(id) | Resolved::Merged(id) | Resolved::Archived(id) => Some(id),
            Resolved::Unknown => return Err(Refusal::not_found()),
        },
        (Some("email"), Some(slot)) => store.holder(slot, &email::normalised(id)),
        (Some(other), _) => {
            return Err(Refusal::invalid(format!("{other} cannot be the idProperty of this call")));
        }
    };
    let record = found.and_then(|id| store.get(id));
    let held = |name: &str| slot(name).and_then(|slot| record?.value(slot)).unwrap_or_default();
    let addresses = held("email").split(';').chain(held("hs_additional_emails").split(';')).chain(
        // Whatever it is asked for by is blocked, too.
        body.id_property.text().map(|_| id),
    );
    let addresses: Vec<String> = addresses.filter(|known| !known.is_empty()).map(str::to_owned).collect();
    addresses.iter().for_each(|address| world.consent.erase(address, now));
    if let Some(id) = found {
        world.kind_and_store_mut(kind).1.erase(id);
        world.associations.links.forget_record((kind, id));
        world.history.push(call.arrival, WriteKind::Erased, kind, id, Vec::new());
    }
    Ok(Answer::empty(204).with_inputs(1))
}
