//! What the commands do about streams of list members.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::audiences::contacts;
use super::discover::json_schema;
use super::findings::Findings;
use super::footing::Footing;
use super::prepare::Knowledge;
use crate::coerce::Aliases;
use crate::config::{Match, Operation, StreamSettings};
use crate::crm::list::List;
use crate::crm::object::ObjectType;
use crate::crm::property::{Property, PropertyType};
use crate::crm::scopes::Task;
use crate::error::{Failure, Kind};
use crate::hubspot::lists;
use crate::plan::Plan;
use crate::plan::identity::IdentityChoice;
use crate::plan::key::{RECORD_ID, unique_properties};
use crate::plan::membership::named::{ACTION, LIST_ID, LIST_NAME, NamedListPlan};
use crate::plan::membership::{self, ListGround};
use crate::protocol::StreamDescriptor;
use crate::protocol::catalog::ConfiguredStream;

/// Most lists that discover offers one by one.
const MOST_OFFERED: usize = 500;
/// The scopes for reading lists and changing their members (HubSpot's OpenAPI file for lists).
const SCOPES: &str = "crm.lists.read and crm.lists.write";

/// The plan of a stream that goes to the list `id`.
///
/// # Errors
/// A configuration failure when there is no such list, it takes no members, or the stream asks for what lists do not
/// have.
pub async fn plan(
    id: &str,
    stream: &ConfiguredStream,
    settings: Option<&StreamSettings>,
    knowledge: &mut Knowledge<'_>,
) -> Result<Plan, Failure> {
    let list = knowledge.list(id).await?;
    let object = ObjectType::by_type_id(&list.object_type_id);
    if let Some(doubt) = doubt(&object, knowledge.footing()) {
        tracing::warn!("Stream \"{}\": {doubt}", stream.descriptor);
    }
    let properties = knowledge.properties(&object).await?;
    membership::plan(ListGround { stream, settings, list: &list, object: &object, properties })
}

/// The plan of a stream that goes to the lists its records name.
///
/// # Errors
/// A configuration failure when the token may not read lists or contacts, or the stream asks for more than adding and
/// removing.
pub async fn named_plan(
    stream: &ConfiguredStream,
    settings: Option<&StreamSettings>,
    knowledge: &mut Knowledge<'_>,
) -> Result<Plan, Failure> {
    let object = contacts()?;
    // Found out now, before anything is written.
    check_readable(knowledge).await?;
    if let Some(doubt) = doubt(&object, knowledge.footing()) {
        tracing::warn!("Stream \"{}\": {doubt}", stream.descriptor);
    }
    let names = knowledge.names().lists.clone();
    let properties = knowledge.properties(&object).await?;
    NamedListPlan::new(stream, settings, &object, properties, &names).map(Plan::from)
}

/// The scope to write the members' object, where the token is known to lack it. HubSpot's description names the scopes of
/// lists alone, so that is no error before HubSpot says so.
fn doubt(object: &ObjectType, footing: &Footing) -> Option<String> {
    let task = Task::WriteRecords(object);
    footing.problem(task)?;
    let scopes = task.scopes().join(" or ");
    Some(format!(
        "the token lacks {scopes}, which may be needed too to change the members of lists of {} records.",
        object.name
    ))
}

/// Looks for the list of a configured stream; the line says what was found.
///
/// # Errors
/// A configuration failure when there is no such list, it takes no members, or its members cannot be named as configured.
pub async fn check(
    id: &str,
    settings: &StreamSettings,
    knowledge: &mut Knowledge<'_>,
    findings: &mut Findings,
) -> Result<String, Failure> {
    let list = knowledge.list(id).await?;
    membership::check_list(&descriptor(settings), &list)?;
    refuse(settings, &[Operation::Update], "added, removed or mirrored")?;
    let object = ObjectType::by_type_id(&list.object_type_id);
    warn(settings, &object, knowledge, findings);
    let key = key(&object, settings, knowledge).await?;
    Ok(format!(
        "LIST:{} (\"{}\"): members are {} records, named by {key}.",
        list.list_id, list.name, object.name
    ))
}

/// Tries what a configured stream needs whose records name their lists; the line says what was found.
///
/// # Errors
/// A configuration failure when lists or contacts cannot be read, or members cannot be named as configured.
pub async fn check_named(
    settings: &StreamSettings,
    knowledge: &mut Knowledge<'_>,
    findings: &mut Findings,
) -> Result<String, Failure> {
    refuse(settings, &[Operation::Update, Operation::Mirror], "added or removed")?;
    check_readable(knowledge).await?;
    let object = contacts()?;
    warn(settings, &object, knowledge, findings);
    let key = key(&object, settings, knowledge).await?;
    Ok(format!("LIST_MEMBERSHIP: lists can be read, contacts are named by {key}."))
}

fn warn(settings: &StreamSettings, object: &ObjectType, knowledge: &Knowledge<'_>, findings: &mut Findings) {
    if let Some(doubt) = doubt(object, knowledge.footing()) {
        findings.warn(format!("Stream \"{}\": {doubt}", settings.name));
    }
}

fn descriptor(settings: &StreamSettings) -> StreamDescriptor {
    StreamDescriptor::new(&settings.name, settings.namespace.as_deref())
}

fn refuse(settings: &StreamSettings, impossible: &[Operation], can_be: &str) -> Result<(), Failure> {
    match settings.operation {
        Some(operation) if impossible.contains(&operation) => {
            let message = format!("members of lists can be {can_be}; choose another \"operation\".");
            Err(Failure::new(Kind::Configuration, message))
        }
        _ => Ok(()),
    }
}

/// What names the members: the configured property, which has to do, else whatever can.
async fn key(
    object: &ObjectType,
    settings: &StreamSettings,
    knowledge: &mut Knowledge<'_>,
) -> Result<String, Failure> {
    let properties = knowledge.properties(object).await?;
    let Some(configured) = settings.matching_key.as_deref() else {
        return Ok(keys(object, properties).join(", "));
    };
    let choice = IdentityChoice {
        stream: &descriptor(settings),
        object,
        properties,
        mapping: &[],
        aliases: Aliases::On,
        prefix: "",
        configured: Some(configured),
        match_by: Match::Unique,
    };
    choice.resolve(std::iter::empty()).map(|identity| identity.rule.property().to_owned())
}

/// What can name a record of an object.
fn keys<'p>(object: &ObjectType, properties: &'p [Property]) -> Vec<&'p str> {
    std::iter::once(RECORD_ID).chain(unique_properties(object, properties)).collect()
}

/// Refuses a token that may not read lists. Whatever else HubSpot says to a search is no word about that.
async fn check_readable(knowledge: &Knowledge<'_>) -> Result<(), Failure> {
    match lists::taking_members(knowledge.client(), 1, knowledge.patience()).await {
        Ok(_) => Ok(()),
        Err(trouble) if trouble.is_forbidden() => {
            let mut failure = trouble.into_failure("read lists and change their members");
            if !failure.message.contains("crm.lists") {
                failure.message.push_str(&format!(" Lists need the scopes {SCOPES}."));
            }
            Err(failure)
        }
        // They can be read.
        Err(trouble) if trouble.is_endless() => Ok(()),
        Err(trouble) if trouble.is_refused() => Ok(()),
        Err(trouble) => Err(trouble.into_failure("read lists")),
    }
}

/// What discover offers of lists: to add to, to remove from and to mirror each that takes members, and to change those
/// that records name. Nothing where the token may not see lists.
///
/// # Errors
/// A failure when HubSpot cannot be reached.
pub async fn operations(knowledge: &mut Knowledge<'_>) -> Result<Vec<Value>, Failure> {
    let found = match lists::taking_members(knowledge.client(), MOST_OFFERED, knowledge.patience()).await {
        Ok(found) => found,
        Err(trouble) if trouble.is_configuration() => {
            tracing::info!(
                "Lists are not offered: the token may not read them (scopes {SCOPES}), or the account has none."
            );
            return Ok(Vec::new());
        }
        Err(trouble) if trouble.is_endless() => {
            tracing::warn!("Lists are not offered. {}", trouble.into_failure("read lists"));
            return Ok(Vec::new());
        }
        Err(trouble) => return Err(trouble.into_failure("read lists")),
    };
    if found.are_more {
        tracing::info!(
            "The account has more than {MOST_OFFERED} lists; the first {MOST_OFFERED} are offered. Every other one can be \
             named LIST:<its id>, or by the records of a LIST_MEMBERSHIP stream."
        );
    }
    let mut columns: BTreeMap<String, Option<Map<String, Value>>> = BTreeMap::new();
    let mut operations = Vec::new();
    for list in found.lists.iter().filter(|list| list.takes_members() && !list.is_deleted()) {
        if !columns.contains_key(&list.object_type_id) {
            let known = members(&ObjectType::by_type_id(&list.object_type_id), knowledge).await?;
            columns.insert(list.object_type_id.clone(), known);
        }
        if let Some(Some(columns)) = columns.get(&list.object_type_id) {
            operations.extend(of_list(list, columns));
        }
    }
    if let Some(columns) = members(&contacts()?, knowledge).await? {
        operations.extend(of_named_lists(&columns));
    }
    Ok(operations)
}

/// The columns that can name a member; `None` where the token may not read the object.
async fn members(
    object: &ObjectType,
    knowledge: &mut Knowledge<'_>,
) -> Result<Option<Map<String, Value>>, Failure> {
    match knowledge.properties(object).await {
        Ok(properties) => {
            let texts = keys(object, properties).into_iter();
            Ok(Some(texts.map(|key| (key.to_owned(), json_schema(PropertyType::String))).collect()))
        }
        Err(failure) if failure.kind == Kind::Configuration => {
            tracing::info!("Lists of {} records are not offered: {failure}", object.name);
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

/// One operation. No matching key is asked for: whichever column is mapped names the member.
fn operation(object_name: &str, title: &str, sync_mode: &str, columns: &Map<String, Value>) -> Value {
    json!({
        "object_name": object_name,
        "sync_mode": sync_mode,
        "json_schema": {
            "type": "object",
            "title": title,
            "properties": columns,
            "additionalProperties": false,
        },
    })
}

fn of_list(list: &List, columns: &Map<String, Value>) -> Vec<Value> {
    let name = format!("LIST:{}", list.list_id);
    let modes = ["append_dedup", "soft_delete", "overwrite"];
    modes.into_iter().map(|mode| operation(&name, &list.name, mode, columns)).collect()
}

fn of_named_lists(members: &Map<String, Value>) -> Vec<Value> {
    let mut columns = members.clone();
    for column in [LIST_ID, LIST_NAME] {
        columns.insert(column.to_owned(), json_schema(PropertyType::String));
    }
    let mut with_action = columns.clone();
    with_action.insert(ACTION.to_owned(), json!({"type": "string", "enum": ["add", "remove"]}));
    let title = "Contacts and the lists they join or leave";
    vec![
        operation("LIST_MEMBERSHIP", title, "append_dedup", &with_action),
        operation("LIST_MEMBERSHIP", title, "soft_delete", &columns),
    ]
}
