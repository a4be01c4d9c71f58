//! Streams whose records are occurrences of a custom event.
//!
//! | question | file |
//! |---|---|
//! | Which definition does the name mean? | `name` |
//! | What becomes of a column? | `columns` |
//! | What becomes of a record? | `shape`, `occurrence` |
//! | What does HubSpot take in one event? | `limits` |
//! | Which id has an occurrence that brings none? | `uuid` |

pub mod columns;
pub mod limits;
pub mod name;
pub mod occurrence;
pub mod shape;
pub mod uuid;

pub use shape::EventShaper;

use std::collections::HashSet;

use super::stream::clash;
use super::{Plan, Shaping};
use crate::coerce::Aliases;
use crate::config::{Config, Operation, StreamSettings};
use crate::crm::event::EventDefinition;
use crate::engine::operation as engine;
use crate::engine::request::Target;
use crate::error::{Failure, Kind};
use crate::protocol::StreamDescriptor;
use crate::protocol::catalog::{ConfiguredStream, DestinationSyncMode};
use columns::{EventColumns, Identity, OCCURRED_AT, UUID};

/// What happens to a stream's records.
#[derive(Clone, Debug)]
pub struct EventPlan {
    /// The stream.
    pub descriptor: StreamDescriptor,
    /// The event's fully qualified name.
    pub event_name: String,
    /// What each column becomes.
    pub columns: EventColumns,
    /// The event property that finds the record, where the definition has one.
    pub matching_property: Option<String>,
    /// What the user should be told once, before the first record.
    pub notices: Vec<String>,
}

/// What is known of the event that a stream names.
#[derive(Clone, Debug)]
pub enum KnownEvent {
    /// Its definition.
    Defined(EventDefinition),
    /// Its fully qualified name alone: the token may not read definitions. HubSpot judges what is told of it.
    NamedOnly(String),
}

impl EventPlan {
    /// Makes the plan.
    ///
    /// # Errors
    /// A configuration failure: an operation other than sending, two columns for one property.
    pub fn new(config: &Config, stream: &ConfiguredStream, event: KnownEvent) -> Result<Self, Failure> {
        let settings = config.stream(stream.descriptor.namespace.as_deref(), &stream.descriptor.name);
        check_operation(stream, settings).map_err(|failure| failure.of_stream(&stream.descriptor))?;
        let mut notices = notices(stream, settings);
        let (event_name, properties, identities, matching_property) = match event {
            KnownEvent::Defined(event) => {
                let identities = Identity::of(event.is_of_contacts());
                let matching = event.matching_property().map(str::to_owned);
                (event.fully_qualified_name, Some(event.properties), identities, matching)
            }
            KnownEvent::NamedOnly(name) => {
                notices.push(format!(
                    "The token may not read event definitions (scope {}): the events of stream \"{}\" are sent as {name}, \
                     and their properties as text, without knowing whether HubSpot has them.",
                    DEFINITIONS_SCOPE, stream.descriptor
                ));
                (name, None, Identity::of(true), None)
            }
        };
        let aliases = match settings.and_then(|settings| settings.name_aliases) {
            Some(true) => Aliases::On,
            Some(false) => Aliases::Off,
            // Under data activation the user has mapped each field by hand.
            None if stream.destination_object_name.is_some() => Aliases::Off,
            None => Aliases::On,
        };
        let columns = EventColumns {
            properties,
            identities,
            mapping: settings.map(|settings| settings.property_mapping.pairs().to_vec()).unwrap_or_default(),
            aliases,
            policies: config.value_policies(settings),
        };
        let mut plan =
            Self { descriptor: stream.descriptor.clone(), event_name, columns, matching_property, notices };
        plan.check_columns(stream)?;
        Ok(plan)
    }

    /// Looks at the columns the stream declares: clashes are refused, what every record will lack is told.
    fn check_columns(&mut self, stream: &ConfiguredStream) -> Result<(), Failure> {
        let mut taken: Vec<(String, &str)> = Vec::new();
        for column in stream.columns.keys() {
            let found = self.columns.column(column);
            if !found.is_sent() {
                continue;
            }
            if let Some((_, first)) = taken.iter().find(|(known, _)| *known == found.name) {
                return Err(clash(&stream.descriptor, first, column, &found.name));
            }
            taken.push((found.name, column));
        }
        if stream.columns.is_empty() {
            return Ok(());
        }
        let has = |name: &str| taken.iter().any(|(known, _)| known == name);
        let mut identities: Vec<&str> =
            self.columns.identities.iter().map(|identity| identity.column()).collect();
        identities.extend(self.matching_property.as_deref());
        if !identities.iter().any(|name| has(name)) {
            self.notices.push(format!(
                "Stream \"{}\" declares no column that says whom its events happened to ({}); records without one are \
                 rejected.",
                stream.descriptor,
                identities.join(", ")
            ));
        }
        if !has(OCCURRED_AT) && !has(UUID) {
            self.notices.push(format!(
                "Stream \"{}\" declares neither {OCCURRED_AT} nor {UUID}: its events happened when the source emitted \
                 them, and two that are alike in everything else get the same id.",
                stream.descriptor
            ));
        }
        Ok(())
    }
}

/// The scope for reading and making event definitions (HubSpot's custom event definitions guide).
pub const DEFINITIONS_SCOPE: &str = "behavioral_events.event_definitions.read_write";

impl From<EventPlan> for Plan {
    fn from(mut plan: EventPlan) -> Self {
        Self {
            descriptor: plan.descriptor.clone(),
            target: Target {
                operation: engine::Operation::Event,
                object: plan.event_name.as_str().into(),
                key_property: String::new(),
                lists: HashSet::new(),
            },
            doing: format!("send {} events", plan.event_name),
            notices: std::mem::take(&mut plan.notices),
            shaping: Shaping::Events(Box::new(EventShaper::new(plan))),
            missing: Vec::new(),
            mirrors: None,
        }
    }
}

/// Events are sent and never taken back or changed.
fn check_operation(stream: &ConfiguredStream, settings: Option<&StreamSettings>) -> Result<(), Failure> {
    let (asked, instead) = match settings.and_then(|settings| settings.operation) {
        Some(Operation::Insert | Operation::Upsert) => return Ok(()),
        Some(Operation::Update | Operation::Archive | Operation::Mirror) => {
            ("\"operation\" of this stream", "Leave it out")
        }
        None if stream.destination_object_name.is_none() => return Ok(()),
        None if stream.destination_sync_mode == DestinationSyncMode::Append => return Ok(()),
        None => ("sync mode of this stream", "Choose append (insert)"),
    };
    let message = format!(
        "The {asked} is not possible for events: they can only be sent, never changed or taken back. {instead} for stream \
         \"{}\".",
        stream.descriptor
    );
    Err(Failure::new(Kind::Configuration, message))
}

/// What the stream asks for and does not get, in lines for the log.
fn notices(stream: &ConfiguredStream, settings: Option<&StreamSettings>) -> Vec<String> {
    let mut notices = Vec::new();
    let name = &stream.descriptor;
    if settings.is_some_and(|settings| settings.matching_key.is_some()) {
        notices.push(format!("The matching_key of stream \"{name}\" has no effect: its records are events."));
    }
    let asks_for_more = !matches!(
        stream.destination_sync_mode,
        DestinationSyncMode::Append | DestinationSyncMode::AppendDedup
    );
    let says_operation = settings.is_some_and(|settings| settings.operation.is_some());
    if stream.destination_object_name.is_none() && !says_operation && asks_for_more {
        notices.push(format!(
            "Stream \"{name}\" has a sync mode that replaces, changes or deletes records: its records are sent as \
             events, and nothing is replaced, changed or deleted."
        ));
    }
    notices
}
