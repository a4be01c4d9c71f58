//! `/crm/v4/associations/...`, `/crm/v4/objects/.../associations/...` and the same calls of the dated versions.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>.

mod batch;
mod labels;
mod problem;
mod single;

use serde_json::{Value, json};

use super::Call;
use crate::associations::{AssociationType, End};
use crate::auth::scopes::{self, Access};
use crate::catalog::TypeIndex;
use crate::error::Refusal;
use crate::http::{Answer, Endpoint, Known, Version, documented, recorded};
use crate::world::World;

/// The calls of the family.
pub(super) const CALLS: &[Known] = &[
    documented(
        "POST",
        "/crm/v4/associations/{object}/{to}/batch/associate/default",
        Endpoint::AssociateDefault,
    ),
    documented("POST", "/crm/v4/associations/{object}/{to}/batch/create", Endpoint::AssociationCreate),
    documented("POST", "/crm/v4/associations/{object}/{to}/batch/read", Endpoint::AssociationRead),
    documented("POST", "/crm/v4/associations/{object}/{to}/batch/archive", Endpoint::AssociationArchive),
    documented(
        "POST",
        "/crm/v4/associations/{object}/{to}/batch/labels/archive",
        Endpoint::AssociationUnlabel,
    ),
    recorded("GET", "/crm/v4/associations/{object}/{to}/labels", Endpoint::LabelList),
    documented("POST", "/crm/v4/associations/{object}/{to}/labels", Endpoint::LabelCreate),
    documented("PUT", "/crm/v4/associations/{object}/{to}/labels", Endpoint::LabelUpdate),
    documented("DELETE", "/crm/v4/associations/{object}/{to}/labels/{item}", Endpoint::LabelDelete),
    documented("GET", "/crm/v4/objects/{object}/{item}/associations/{to}", Endpoint::AssociationList),
    documented(
        "PUT",
        "/crm/v4/objects/{object}/{item}/associations/default/{to}/{other}",
        Endpoint::AssociateDefaultOne,
    ),
    recorded("PUT", "/crm/v4/objects/{object}/{item}/associations/{to}/{other}", Endpoint::AssociateOne),
    documented(
        "DELETE",
        "/crm/v4/objects/{object}/{item}/associations/{to}/{other}",
        Endpoint::DissociateOne,
    ),
];

/// The object types a call is about.
#[derive(Clone, Copy, Debug)]
struct Ends {
    from: TypeIndex,
    to: TypeIndex,
}

impl Ends {
    /// Both ends as the types and labels between them want them.
    fn kinds(self, world: &World) -> (End<'_>, End<'_>) {
        ((self.from, world.catalog.get(self.from)), (self.to, world.catalog.get(self.to)))
    }
}

/// Answers a call of the family. It needs the scopes of both ends.
pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let from = world.resolve(call.route.object.as_deref().unwrap_or_default())?;
    let to = world.resolve(call.route.target.object.as_deref().unwrap_or_default())?;
    let ends = Ends { from, to };
    let access = match call.route.endpoint {
        Endpoint::AssociationRead | Endpoint::AssociationList | Endpoint::LabelList => Access::Read,
        _ => Access::Write,
    };
    for end in [from, to] {
        call.need(scopes::records(world.catalog.get(end), access))?;
    }
    match call.route.endpoint {
        Endpoint::AssociateDefault | Endpoint::AssociationCreate => batch::create(world, call, ends),
        Endpoint::AssociationRead => batch::read(world, call, ends),
        Endpoint::AssociationArchive => batch::archive(world, call, ends),
        Endpoint::AssociationUnlabel => batch::unlabel(world, call, ends),
        Endpoint::AssociateDefaultOne | Endpoint::AssociateOne => single::associate(world, call, ends),
        Endpoint::AssociationList => single::list(world, call, ends),
        Endpoint::DissociateOne => single::dissociate(world, call, ends),
        Endpoint::LabelList => Ok(labels::list(world, ends)),
        Endpoint::LabelCreate => labels::create(world, call, ends),
        Endpoint::LabelUpdate => labels::update(world, call, ends),
        Endpoint::LabelDelete => labels::delete(world, call, ends),
        _ => Err(Refusal::not_found()),
    }
}

/// A record id as the version of the call writes it: v4 was recorded with numbers, the newer specification has texts.
fn id_json(call: &Call<'_>, id: u64) -> Value {
    match call.route.target.version {
        Version::Numbered => json!(id),
        Version::Dated => json!(id.to_string()),
    }
}

/// The associations of one record with live records, as reads show them.
fn associated(world: &mut World, call: &Call<'_>, ends: Ends, from: u64) -> Vec<(u64, Value)> {
    let kinds = ((ends.from, world.catalog.get(ends.from)), (ends.to, world.catalog.get(ends.to)));
    let types = world.associations.types.between(kinds.0, kinds.1).to_vec();
    let label_of = |kind: &AssociationType| {
        types.iter().find(|known| known.own == *kind).and_then(|known| known.label.clone())
    };
    let (_, store) = world.kind_and_store(ends.to);
    world
        .associations
        .links
        .of((ends.from, from), ends.to)
        .filter(|(id, _)| store.is_live(*id))
        .map(|(id, kinds)| {
            let types: Vec<Value> = kinds
                .iter()
                .map(|kind| {
                    json!({ "category": kind.category.spelled(), "typeId": kind.id, "label": label_of(kind) })
                })
                .collect();
            (id, json!({ "toObjectId": id_json(call, id), "associationTypes": types }))
        })
        .collect()
}
