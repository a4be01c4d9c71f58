//! Makes event definitions and event properties, each once, within the same limit.

use std::collections::HashMap;

use tokio::time::sleep;

use super::{Making, PropertyMaker, READING_INTERVAL, READINGS};
use crate::crm::event::EventDefinition;
use crate::crm::new_event::{NewEvent, event_property, event_property_json};
use crate::crm::new_property::{Made, NewProperty};
use crate::crm::property::Property;
use crate::error::{Failure, Kind};
use crate::hubspot::events;
use crate::hubspot::patient::{Trouble, get_json, post_json};

/// What was made, or found to be there.
#[derive(Debug, Default)]
pub(super) struct EventsMade {
    definitions: HashMap<String, EventDefinition>,
    properties: HashMap<(String, String), Made>,
}

/// The scope for making event definitions (HubSpot's custom event definitions guide).
const SCOPE: &str = "behavioral_events.event_definitions.read_write";

impl PropertyMaker {
    /// Makes an event definition, or finds out that it is there by now. It is asked for once, whoever needs it.
    ///
    /// # Errors
    /// A configuration failure where the limit is reached, the token lacks the scope, or HubSpot refuses the
    /// definition; another where HubSpot cannot be reached.
    pub async fn define_event(&mut self, new: &NewEvent) -> Result<EventDefinition, Failure> {
        if let Some(known) = self.events.definitions.get(&new.name) {
            return Ok(known.clone());
        }
        self.check_room(1)?;
        let name = &new.name;
        let definition = if self.making == Making::OnPaper {
            self.made.add(format!("the event {name}"));
            tracing::info!(
                "Dry run: the event {name} would be created, with {} properties.",
                new.properties.len()
            );
            new.definition()
        } else {
            let path = self.client.paths().event_definitions();
            let body = new.to_json().to_string().into_bytes();
            match post_json::<EventDefinition>(&self.client, &path, &body, self.patience).await {
                Ok(made) => {
                    self.made.add(format!("the event {name}"));
                    tracing::info!("Created the event {} in HubSpot.", made.fully_qualified_name);
                    // The answer may leave out HubSpot's own properties.
                    self.settled(&made.fully_qualified_name, |_| true).await.unwrap_or(made)
                }
                Err(trouble) if trouble.is_there_already() => self.found(name).await?,
                Err(trouble) => return Err(explained(trouble, &format!("create the event {name}"))),
            }
        };
        self.events.definitions.insert(name.clone(), definition.clone());
        Ok(definition)
    }

    /// Makes a property of the event with this fully qualified name, or finds out that it is there by now.
    ///
    /// # Errors
    /// As [`PropertyMaker::define_event`].
    pub async fn make_event_property(&mut self, event: &str, new: &NewProperty) -> Result<Made, Failure> {
        let key = (event.to_owned(), new.name.clone());
        if let Some(known) = self.events.properties.get(&key) {
            return Ok(known.clone());
        }
        self.check_room(1)?;
        let (name, kind) = (&new.name, new.kind.as_str());
        let property = if self.making == Making::OnPaper {
            self.made.add(format!("{name} of the event {event}"));
            tracing::info!("Dry run: the property {name} ({kind}) of the event {event} would be created.");
            Made::There(Box::new(event_property(new)))
        } else {
            let path = self.client.paths().event_definition_properties(event);
            let body = event_property_json(new).to_string().into_bytes();
            match post_json::<Property>(&self.client, &path, &body, self.patience).await {
                Ok(_) => {
                    self.made.add(format!("{name} of the event {event}"));
                    tracing::info!("Created the property {name} ({kind}) of the event {event} in HubSpot.");
                }
                Err(trouble) if trouble.is_there_already() => {}
                Err(trouble) => {
                    let refuses_it = trouble.refuses_what_was_sent();
                    let failure =
                        explained(trouble, &format!("create the property {name} of the event {event}"));
                    if !refuses_it {
                        return Err(failure);
                    }
                    let made = Made::Refused(Box::new(failure));
                    self.events.properties.insert(key, made.clone());
                    return Ok(made);
                }
            }
            let has_it =
                |definition: &EventDefinition| definition.properties.iter().any(|known| known.name == *name);
            let definition = self.settled(event, has_it).await;
            let known = definition.into_iter().flat_map(|definition| definition.properties);
            let known = known.into_iter().find(|known| known.name == *name);
            Made::There(Box::new(known.unwrap_or_else(|| event_property(new))))
        };
        self.events.properties.insert(key, property.clone());
        Ok(property)
    }

    /// The definition, once HubSpot shows it as it should be: what is sent before that would be refused. `None` where it
    /// takes too long.
    async fn settled(
        &self,
        event: &str,
        is_right: impl Fn(&EventDefinition) -> bool,
    ) -> Option<EventDefinition> {
        let path = format!("{}?includeProperties=true", self.client.paths().event_definition(event));
        for reading in 1..=READINGS {
            match get_json(&self.client, &path, self.patience).await {
                Ok(definition) if is_right(&definition) => return Some(definition),
                _ if reading < READINGS => sleep(READING_INTERVAL).await,
                _ => {}
            }
        }
        None
    }

    /// A definition whose name is taken: made by somebody else meanwhile, or deleted.
    async fn found(&self, name: &str) -> Result<EventDefinition, Failure> {
        let definitions = events::definitions(&self.client, self.patience).await;
        let definitions =
            definitions.map_err(|trouble| trouble.into_failure("read the event definitions"))?;
        let found = definitions.into_iter().find(|known| known.name == name && !known.archived);
        found.ok_or_else(|| {
            let message = format!(
                "The event {name} cannot be created: HubSpot says that its name is taken, and shows no such event. A \
                 deleted event keeps its name. Choose another name."
            );
            Failure::new(Kind::Configuration, message)
        })
    }
}

/// What the user has to change when something cannot be made.
fn explained(trouble: Trouble, doing: &str) -> Failure {
    let forbidden = trouble.is_forbidden();
    let refused = trouble.refuses_what_was_sent();
    let mut failure = trouble.into_failure(doing);
    if forbidden && !failure.message.contains(SCOPE) {
        failure.message.push_str(&format!(" Creating events and their properties needs the scope {SCOPE}."));
    }
    if refused {
        // HubSpot's words are left out of every message; what it can be about is known.
        failure.kind = Kind::Configuration;
        failure.message.push_str(
            " Its name may be reserved, or the account may have no room for more. Create it in HubSpot, or choose another \
             name.",
        );
    }
    failure
}
