//! What the commands do about streams of custom events.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::discover::json_schema;
use super::prepare::Knowledge;
use crate::config::{Config, StreamSettings};
use crate::crm::event::EventDefinition;
use crate::crm::new_property::Made;
use crate::crm::property::PropertyType;
use crate::error::{Failure, Kind};
use crate::hubspot::making::PropertyMaker;
use crate::hubspot::patient::Trouble;
use crate::hubspot::{account, events};
use crate::plan::event::columns::{Identity, OCCURRED_AT, UUID};
use crate::plan::event::{DEFINITIONS_SCOPE, EventPlan, KnownEvent, name};
use crate::plan::object;
use crate::plan::target::TargetName;
use crate::plan::{Plan, Shaping};
use crate::protocol::StreamDescriptor;
use crate::protocol::catalog::{ConfiguredCatalog, ConfiguredStream};

/// The account's event definitions, as far as the token may see them.
#[derive(Clone, Debug)]
pub enum Definitions {
    /// All of them.
    Read(Vec<EventDefinition>),
    /// The token may not read them, or the account has no custom events.
    Unreadable,
    /// HubSpot does not come to an end of them.
    Endless,
}

/// Why a stream cannot be planned whose event may be among definitions that do not end.
fn endless() -> Failure {
    Trouble::Endless.into_failure("read the event definitions")
}

/// Reads the definitions.
///
/// # Errors
/// A failure when HubSpot cannot be reached, or does not accept the token.
pub async fn read(knowledge: &Knowledge<'_>) -> Result<Definitions, Failure> {
    match events::definitions(knowledge.client(), knowledge.patience()).await {
        Ok(definitions) => Ok(Definitions::Read(definitions)),
        Err(trouble) if trouble.is_forbidden() => Ok(Definitions::Unreadable),
        Err(trouble) if trouble.is_endless() => Ok(Definitions::Endless),
        Err(trouble) => Err(trouble.into_failure("read the event definitions")),
    }
}

/// The plan of a stream that goes to the event `given`.
///
/// # Errors
/// A configuration failure when there is no such event, or the stream asks for more than sending.
pub async fn plan(
    given: &str,
    config: &Config,
    stream: &ConfiguredStream,
    knowledge: &mut Knowledge<'_>,
) -> Result<Plan, Failure> {
    let settings = config.stream(stream.descriptor.namespace.as_deref(), &stream.descriptor.name);
    let known = known(given, settings, knowledge).await;
    let known = known.map_err(|failure| failure.of_stream(&stream.descriptor))?;
    EventPlan::new(config, stream, known).map(Plan::from)
}

/// Looks for the event of a configured stream; the line says what was found.
///
/// # Errors
/// A configuration failure when there is no such event.
pub async fn check(
    given: &str,
    settings: &StreamSettings,
    knowledge: &mut Knowledge<'_>,
) -> Result<String, Failure> {
    Ok(match known(given, Some(settings), knowledge).await? {
        KnownEvent::Defined(event) => {
            let writable = event.properties.iter().filter(|property| property.is_writable()).count();
            format!("EVENT:{}: {writable} properties.", event.name)
        }
        KnownEvent::ToBeMade(name) => {
            format!("EVENT:{name}: will be created by the first sync that writes to it.")
        }
        KnownEvent::NamedOnly(name) => format!(
            "EVENT:{name}: whether it exists cannot be told, the token lacks the scope {DEFINITIONS_SCOPE}."
        ),
    })
}

/// Refuses streams that call one event by different names, as far as the names are not the event's own.
///
/// # Errors
/// A configuration failure that names both.
pub async fn check_names(
    config: &Config,
    catalog: &ConfiguredCatalog,
    plans: &[Plan],
    knowledge: &mut Knowledge<'_>,
) -> Result<(), Failure> {
    let mut met: Vec<(&StreamDescriptor, &str, &str)> = Vec::new();
    for (stream, plan) in catalog.streams.iter().zip(plans) {
        let settings = config.stream(stream.descriptor.namespace.as_deref(), &stream.descriptor.name);
        let (TargetName::Event(given), Some(planned)) =
            (TargetName::of(object::name_of(stream, settings)), event_plan(plan))
        else {
            continue;
        };
        let event = planned.event_name.as_str();
        for (other, name, _) in met.iter().filter(|(_, _, other)| *other == event) {
            let definition = match knowledge.event_definitions().await? {
                Definitions::Read(known) => known.iter().find(|known| known.fully_qualified_name == event),
                Definitions::Unreadable | Definitions::Endless => None,
            };
            name::refuse_two_names((other, name), (&stream.descriptor, given), event, definition)?;
        }
        met.push((&stream.descriptor, given, event));
    }
    Ok(())
}

async fn known(
    given: &str,
    settings: Option<&StreamSettings>,
    knowledge: &mut Knowledge<'_>,
) -> Result<KnownEvent, Failure> {
    match knowledge.event_definitions().await? {
        Definitions::Read(definitions) => match name::find(given, definitions)? {
            Some(event) => Ok(KnownEvent::Defined(event.clone())),
            None if settings.is_some_and(|settings| settings.create_event_definition) => {
                let failure = name::missing(given, definitions);
                may_be_made(given, failure, knowledge).await?;
                Ok(KnownEvent::ToBeMade(given.to_owned()))
            }
            None => Err(name::missing(given, definitions)),
        },
        Definitions::Endless => Err(endless()),
        Definitions::Unreadable if settings.is_some_and(|settings| settings.create_event_definition) => {
            let message = format!(
                "The token may not read or create event definitions, which \"create_event_definition\" asks for. Add the \
                 scope {DEFINITIONS_SCOPE} to the app or service key in HubSpot."
            );
            Err(Failure::new(Kind::Configuration, message))
        }
        Definitions::Unreadable if name::is_fully_qualified(given) => {
            Ok(KnownEvent::NamedOnly(given.to_owned()))
        }
        Definitions::Unreadable => match account::details(knowledge.client(), knowledge.patience()).await {
            Ok(account) => Ok(KnownEvent::NamedOnly(name::qualified(given, account.portal_id))),
            Err(trouble) if trouble.is_forbidden() => {
                let message = format!(
                    "The event \"{given}\" cannot be looked up: the token may not read event definitions. Use its fully \
                     qualified name (pe<portal id>_<name>), or add the scope {DEFINITIONS_SCOPE} to the app or service \
                     key in HubSpot."
                );
                Err(Failure::new(Kind::Configuration, message))
            }
            Err(trouble) => Err(trouble.into_failure("read the account's details")),
        },
    }
}

/// Refuses to make an event under a name that is another account's.
async fn may_be_made(given: &str, failure: Failure, knowledge: &Knowledge<'_>) -> Result<(), Failure> {
    let Some(portal) = name::portal(given) else { return Ok(()) };
    match account::details(knowledge.client(), knowledge.patience()).await {
        Ok(account) if account.portal_id.to_string() == portal => Ok(()),
        Ok(_) => Err(failure),
        // What the name says cannot be compared, so it is taken at its word.
        Err(trouble) if trouble.is_forbidden() => Ok(()),
        Err(trouble) => Err(trouble.into_failure("read the account's details")),
    }
}

/// How many events and event properties have to be made before the first record.
#[must_use]
pub fn missing(plans: &[Plan]) -> usize {
    let plans = || plans.iter().filter_map(event_plan);
    let events: HashSet<&str> =
        plans().filter_map(|plan| plan.new_event.as_ref()).map(|new| new.name.as_str()).collect();
    let properties: HashSet<(&str, &str)> = plans()
        .flat_map(|plan| plan.missing.iter().map(|new| (plan.event_name.as_str(), new.name.as_str())))
        .collect();
    events.len() + properties.len()
}

fn event_plan(plan: &Plan) -> Option<&EventPlan> {
    match &plan.shaping {
        Shaping::Events(shaper) => Some(shaper.plan()),
        _ => None,
    }
}

/// Makes the events and event properties that streams need and HubSpot does not have, each once.
///
/// # Errors
/// Why one of them cannot be made.
pub async fn make_missing(maker: &mut PropertyMaker, plans: &mut [Plan]) -> Result<(), Failure> {
    for plan in plans {
        let of_stream = |failure: Failure| failure.of_stream(&plan.descriptor);
        let Shaping::Events(shaper) = &mut plan.shaping else { continue };
        if let Some(new) = shaper.plan().new_event.clone() {
            shaper.defined(maker.define_event(&new).await.map_err(of_stream)?);
            plan.target.object = shaper.plan().event_name.as_str().into();
            plan.doing = shaper.plan().doing();
        }
        for new in shaper.plan().missing.clone() {
            let made = maker.make_event_property(&shaper.plan().event_name, &new).await;
            let made = made.map_err(|failure| failure.of_stream(&plan.descriptor))?;
            if let Made::Refused(failure) = made {
                return Err((*failure).of_stream(&plan.descriptor));
            }
            shaper.learn(&new.name, made);
        }
    }
    Ok(())
}

/// What discover offers of events: to send each that is defined. Nothing where the token may not see them.
///
/// # Errors
/// A failure when HubSpot cannot be reached.
pub async fn operations(knowledge: &mut Knowledge<'_>) -> Result<Vec<Value>, Failure> {
    match knowledge.event_definitions().await {
        Ok(Definitions::Read(definitions)) => {
            Ok(definitions.iter().filter(|event| !event.archived).map(operation).collect())
        }
        Ok(Definitions::Unreadable) => Ok(Vec::new()),
        Ok(Definitions::Endless) => {
            tracing::warn!("Events are not offered. {}", endless());
            Ok(Vec::new())
        }
        // Accounts without the feature may refuse the question in other ways.
        Err(failure) if failure.kind == Kind::Configuration => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

fn operation(event: &EventDefinition) -> Value {
    let mut columns = Map::new();
    for identity in Identity::of(event.is_of_contacts()) {
        columns.insert(identity.column().to_owned(), json_schema(PropertyType::String));
    }
    columns.insert(OCCURRED_AT.to_owned(), json_schema(PropertyType::Datetime));
    columns.insert(UUID.to_owned(), json_schema(PropertyType::String));
    for property in event.properties.iter().filter(|property| property.is_writable()) {
        columns.entry(&property.name).or_insert_with(|| json_schema(property.kind));
    }
    json!({
        "object_name": format!("EVENT:{}", event.name),
        "sync_mode": "append",
        "json_schema": {"type": "object", "properties": columns, "additionalProperties": false},
    })
}
