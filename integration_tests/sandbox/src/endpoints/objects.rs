//! `/crm/v3/objects/{objectType}/...`.

use super::Call;
use crate::auth::scopes::{self, Access};
use crate::catalog::{Sensitivity, TypeIndex};
use crate::error::Refusal;
use crate::http::{Answer, Endpoint, Known, documented, recorded};
use crate::objects::input::WriteBatch;
use crate::objects::{archive, batch, erase, list, merge, read, search, single};
use crate::world::World;

/// The calls of the family.
pub(super) const CALLS: &[Known] = &[
    documented("GET", "/crm/v3/objects/{object}", Endpoint::List),
    recorded("POST", "/crm/v3/objects/{object}", Endpoint::CreateOne),
    recorded("POST", "/crm/v3/objects/{object}/search", Endpoint::Search),
    documented("POST", "/crm/v3/objects/{object}/merge", Endpoint::Merge),
    documented("POST", "/crm/v3/objects/{object}/gdpr-delete", Endpoint::GdprDelete),
    recorded("POST", "/crm/v3/objects/{object}/batch/upsert", Endpoint::Upsert),
    recorded("POST", "/crm/v3/objects/{object}/batch/create", Endpoint::Create),
    recorded("POST", "/crm/v3/objects/{object}/batch/update", Endpoint::Update),
    recorded("POST", "/crm/v3/objects/{object}/batch/read", Endpoint::Read),
    recorded("POST", "/crm/v3/objects/{object}/batch/archive", Endpoint::Archive),
    documented("GET", "/crm/v3/objects/{object}/{item}", Endpoint::ReadOne),
    recorded("PATCH", "/crm/v3/objects/{object}/{item}", Endpoint::UpdateOne),
    documented("DELETE", "/crm/v3/objects/{object}/{item}", Endpoint::ArchiveOne),
];

/// Answers a call of the family.
pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let kind = world.resolve(call.route.object.as_deref().unwrap_or_default())?;
    let endpoint = call.route.endpoint;
    let access = match endpoint {
        Endpoint::ReadOne | Endpoint::List | Endpoint::Search | Endpoint::Read => Access::Read,
        _ => Access::Write,
    };
    call.need(scopes::records(world.catalog.get(kind), access))?;
    need_sensitive(world, call, kind)?;
    let answer = handle(world, call, kind);
    if matches!(
        endpoint,
        Endpoint::Upsert | Endpoint::Create | Endpoint::Update | Endpoint::CreateOne | Endpoint::UpdateOne
    ) {
        world.catalog.get_mut(kind).count_write();
    }
    answer
}

fn handle(world: &mut World, call: &Call<'_>, kind: TypeIndex) -> Result<Answer, Refusal> {
    match call.route.endpoint {
        Endpoint::Upsert | Endpoint::Create | Endpoint::Update => batch::write(world, call, kind),
        Endpoint::Read => read::batch(world, call, kind),
        Endpoint::Archive => archive::batch(world, call, kind),
        Endpoint::CreateOne => single::create(world, call, kind),
        Endpoint::ReadOne => single::read(world, call, kind),
        Endpoint::UpdateOne => single::update(world, call, kind),
        Endpoint::ArchiveOne => single::delete(world, call, kind),
        Endpoint::List => list::page(world, call, kind),
        Endpoint::Search => search::search(world, call, kind),
        Endpoint::Merge => merge::call(world, call, kind),
        Endpoint::GdprDelete => erase::call(world, call, kind),
        _ => Err(Refusal::not_found()),
    }
}

/// Refuses a write of sensitive values by a token without the scope for them.
fn need_sensitive(world: &World, call: &Call<'_>, kind: TypeIndex) -> Result<(), Refusal> {
    let definition = world.catalog.get(kind);
    if definition.all_properties().iter().all(|property| property.sensitivity == Sensitivity::NonSensitive) {
        return Ok(());
    }
    let written = match call.route.endpoint {
        Endpoint::Upsert | Endpoint::Create | Endpoint::Update => serde_json::from_slice(call.body),
        Endpoint::CreateOne | Endpoint::UpdateOne => {
            serde_json::from_slice(call.body).map(|input| WriteBatch { inputs: vec![input] })
        }
        _ => return Ok(()),
    };
    // A body that cannot be read is refused where it is read for good.
    let Ok(WriteBatch { inputs }) = written else { return Ok(()) };
    for (name, _) in inputs.iter().flat_map(|input| input.properties.iter()) {
        if let Some((_, property)) = definition.property(name) {
            call.need(scopes::values(definition, property.sensitivity))?;
        }
    }
    Ok(())
}
