//! What is done with a stream's records.

use super::key::{ChosenKey, RECORD_ID};
use crate::coerce::ObjectKind;
use crate::config::{Operation, StreamSettings};
use crate::crm::object::ObjectType;
use crate::crm::property::Property;
use crate::engine::operation::{self as engine, ADDITIONAL_DOMAINS, Among, MatchedBy};
use crate::error::{Failure, Kind};
use crate::protocol::catalog::{ConfiguredStream, DestinationSyncMode};

/// The operation of a stream: the configured one, else what its sync mode means.
///
/// Under data activation (`destination_object_name` is set) `append` inserts. In plain ELT use every mode
/// upserts: inserting is never guessed, since a repeated sync would make everything twice.
///
/// # Errors
/// A configuration failure for `overwrite` of a CRM object: nothing there can be replaced as a whole.
pub fn of(stream: &ConfiguredStream, settings: Option<&StreamSettings>) -> Result<Operation, Failure> {
    if let Some(operation) = settings.and_then(|settings| settings.operation) {
        return Ok(operation);
    }
    if stream.destination_object_name.is_none() {
        return Ok(Operation::Upsert);
    }
    match stream.destination_sync_mode {
        DestinationSyncMode::Append => Ok(Operation::Insert),
        DestinationSyncMode::AppendDedup => Ok(Operation::Upsert),
        DestinationSyncMode::Update => Ok(Operation::Update),
        DestinationSyncMode::SoftDelete => Ok(Operation::Archive),
        DestinationSyncMode::Overwrite | DestinationSyncMode::OverwriteDedup => Err(Failure::new(
            Kind::Configuration,
            "The sync mode \"overwrite\" is not possible for HubSpot objects: records that are not in the source \
             would have to be deleted. Choose upsert (append_dedup), update or soft delete for this stream.",
        )),
    }
}

/// What a plain ELT stream's sync mode asks for and does not get, in a line for the log.
#[must_use]
pub fn unmet_wish(stream: &ConfiguredStream, settings: Option<&StreamSettings>) -> Option<String> {
    if stream.destination_object_name.is_some() || settings.and_then(|settings| settings.operation).is_some()
    {
        return None;
    }
    let (mode, unmet) = match stream.destination_sync_mode {
        DestinationSyncMode::Overwrite | DestinationSyncMode::OverwriteDedup => {
            ("overwrite", "nothing is deleted in HubSpot")
        }
        DestinationSyncMode::Update => ("update", "records that do not exist are created"),
        DestinationSyncMode::SoftDelete => ("soft delete", "nothing is archived"),
        DestinationSyncMode::Append | DestinationSyncMode::AppendDedup => return None,
    };
    Some(format!(
        "Stream \"{}\" has the sync mode {mode} and no object chosen in the connection: its records are upserted, and \
         {unmet}. Set an \"operation\" for the stream to have something else done.",
        stream.descriptor
    ))
}

/// What values of a property are searched for among: companies have further domains where the account has a property for
/// them.
#[must_use]
pub fn among(property: &str, object: &ObjectType, properties: &[Property]) -> Among {
    let is_domain = property == "domain" && ObjectKind::of_type_id(&object.type_id) == ObjectKind::Company;
    match properties.iter().any(|known| known.name == ADDITIONAL_DOMAINS) {
        _ if !is_domain => Among::Values,
        true => Among::AllDomains,
        false => Among::Domains,
    }
}

/// The operation with its kind of key; `None` for those this version cannot do.
///
/// To upsert by record id means to update that record: HubSpot gives record ids itself.
#[must_use]
pub fn by_key(
    wanted: Operation,
    key: &ChosenKey,
    object: &ObjectType,
    properties: &[Property],
) -> Option<engine::Operation> {
    let matched_by = match key {
        ChosenKey::Searched(property) => MatchedBy::Search(among(property, object, properties)),
        ChosenKey::Unique(property) if property == RECORD_ID => MatchedBy::RecordId,
        ChosenKey::Unique(property) if property == "email" && object.is_contact() => MatchedBy::Email,
        ChosenKey::Nothing | ChosenKey::Unique(_) => MatchedBy::UniqueProperty,
    };
    match (wanted, matched_by) {
        (Operation::Insert, _) => Some(engine::Operation::Insert),
        (Operation::Upsert, MatchedBy::RecordId) => Some(engine::Operation::Update(matched_by)),
        (Operation::Upsert, MatchedBy::Search(among)) => Some(engine::Operation::UpsertFound(among)),
        (Operation::Upsert, MatchedBy::UniqueProperty | MatchedBy::Email) => Some(engine::Operation::Upsert),
        (Operation::Update, _) => Some(engine::Operation::Update(matched_by)),
        (Operation::Archive, _) => Some(engine::Operation::Archive(matched_by.of_its_own())),
        (Operation::Mirror, _) => None,
    }
}
