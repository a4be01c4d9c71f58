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

use super::deleted::DeletedRowsOf;
use std::collections::HashSet;

use super::known::Room;
use super::stream::clash;
use super::{Plan, Shaping};
use crate::coerce::Aliases;
use crate::config::{Config, Operation, StreamSettings};
use crate::crm::event::EventDefinition;
use crate::crm::new_event::NewEvent;
use crate::crm::new_property::{NewKind, NewProperty};
use crate::engine::association::Awaited;
use crate::engine::operation as engine;
use crate::engine::request::Target;
use crate::error::{Failure, Kind};
use crate::protocol::StreamDescriptor;
use crate::protocol::catalog::{ConfiguredStream, DestinationSyncMode};
use columns::{EventColumnUse, EventColumns, Identity, OCCURRED_AT, UUID, new_name, new_property};

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
    /// The definition that has to be made before the first record.
    pub new_event: Option<NewEvent>,
    /// Properties of the event that have to be made for declared columns, before the first record.
    pub missing: Vec<NewProperty>,
    /// What the user should be told once, before the first record.
    pub notices: Vec<String>,
    /// How many columns the stream declares.
    pub declared: usize,
    /// How many columns that lead nowhere are remembered.
    pub room: Room,
}

/// What is known of the event that a stream names.
#[derive(Clone, Debug)]
pub enum KnownEvent {
    /// Its definition.
    Defined(EventDefinition),
    /// Its fully qualified name alone: the token may not read definitions. HubSpot judges what is told of it.
    NamedOnly(String),
    /// There is none, and the user wants it made: the name that was given.
    ToBeMade(String),
}

impl EventPlan {
    /// Makes the plan.
    ///
    /// # Errors
    /// A configuration failure: an operation other than sending, two columns for one property.
    pub fn new(config: &Config, stream: &ConfiguredStream, event: KnownEvent) -> Result<Self, Failure> {
        let settings = config.stream(stream.descriptor.namespace.as_deref(), &stream.descriptor.name);
        check_operation(stream, settings).map_err(|failure| failure.of_stream(&stream.descriptor))?;
        let aliases = match settings.and_then(|settings| settings.name_aliases) {
            Some(true) => Aliases::On,
            Some(false) => Aliases::Off,
            // Under data activation the user has mapped each field by hand.
            None if stream.destination_object_name.is_some() => Aliases::Off,
            None => Aliases::On,
        };
        let mut plan = Self {
            descriptor: stream.descriptor.clone(),
            event_name: String::new(),
            columns: EventColumns {
                properties: None,
                identities: Identity::of(true),
                mapping: settings
                    .map(|settings| settings.property_mapping.pairs().to_vec())
                    .unwrap_or_default(),
                aliases,
                policies: config.value_policies(settings),
                yielding: HashSet::new(),
                numbers: stream.numbers(),
                day_zone: settings.and_then(StreamSettings::day_zone),
            },
            matching_property: None,
            new_event: None,
            missing: Vec::new(),
            notices: notices(stream, settings),
            declared: stream.columns.len(),
            room: Room::beside(stream.columns.keys()),
        };
        match event {
            KnownEvent::Defined(event) => plan.defined(event),
            KnownEvent::NamedOnly(name) => {
                plan.notices.push(format!(
                    "The token may not read event definitions (scope {}): the events of stream \"{}\" are sent as {name}, \
                     and their properties as text, without knowing whether HubSpot has them.",
                    DEFINITIONS_SCOPE, stream.descriptor
                ));
                plan.event_name = name;
            }
            KnownEvent::ToBeMade(given) => {
                let new = plan.new_event(stream, &given)?;
                plan.defined(new.definition());
                plan.new_event = Some(new);
            }
        }
        plan.columns.settle_guesses(stream.columns.keys());
        plan.check_columns(stream)?;
        plan.notices.extend(plan.columns.unmet(stream));
        let declared = stream.columns.iter();
        plan.missing = declared
            .filter_map(|(column, schema)| plan.columns.new_property(column, NewKind::of_schema(schema)))
            .collect();
        Ok(plan)
    }

    /// What the stream's calls do, for messages.
    #[must_use]
    pub fn doing(&self) -> String {
        format!("send {} events", self.event_name)
    }

    /// Takes in the definition: what it says now holds.
    pub fn defined(&mut self, event: EventDefinition) {
        self.columns.identities = Identity::of(event.is_of_contacts());
        self.matching_property = event.matching_property().map(str::to_owned);
        self.event_name = event.fully_qualified_name;
        self.columns.properties = Some(event.properties);
        self.new_event = None;
    }

    /// The definition to be made under a name: every column that the stream declares becomes a property, whatever
    /// becomes of other columns later.
    fn new_event(&mut self, stream: &ConfiguredStream, given: &str) -> Result<NewEvent, Failure> {
        let label = name::short(given).trim();
        let Some(name) = new_name(label) else {
            let message =
                format!("The event \"{given}\" cannot be created: its name has no letter HubSpot takes.");
            return Err(Failure::new(Kind::Configuration, message).of_stream(&stream.descriptor));
        };
        let mut properties: Vec<(&str, NewProperty)> = Vec::new();
        for (column, schema) in &stream.columns {
            // Nothing is known of the event yet, so a column's name is its property's, as far as HubSpot takes it.
            let found = self.columns.column(column);
            if !matches!(found.becomes, EventColumnUse::Property(_)) {
                continue;
            }
            if let Some((first, _)) = properties.iter().find(|(_, known)| known.name == found.name) {
                return Err(clash(&stream.descriptor, first, column, &found.name));
            }
            if found.name != *column && !self.columns.mapping.iter().any(|(from, _)| from == column) {
                self.columns.mapping.push((column.clone(), found.name.clone()));
            }
            properties.push((column, new_property(column, found.name, NewKind::of_schema(schema))));
        }
        let properties = properties.into_iter().map(|(_, new)| new).collect();
        Ok(NewEvent { name, label: label.to_owned(), properties })
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
                far: None,
                lists: HashSet::new(),
            },
            doing: plan.doing(),
            course: format!("send EVENT:{}", plan.event_name),
            notices: std::mem::take(&mut plan.notices),
            shaping: Shaping::Events(Box::new(EventShaper::new(plan))),
            // Those of events stand in the plan.
            missing: Vec::new(),
            mirrors: None,
            links: Vec::new(),
            awaited: Awaited::default(),
            deleted: DeletedRowsOf::default(),
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
