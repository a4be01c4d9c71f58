//! Makes properties in HubSpot, each once, within the limit the user set.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::account;
use super::client::Client;
use super::fresh::FreshProperties;
use super::patient::{Patience, Trouble, get_json, post_json};
use crate::coerce::{Owners, property_label, property_name};
use crate::crm::list::List;
use crate::crm::new_property::{Group, Made, NewProperty, Values};
use crate::crm::object::ObjectType;
use crate::crm::property::Property;
use crate::engine::ledger::StreamIndex;
use crate::error::{Failure, Kind};
use events::EventsMade;

mod events;
mod lists;

/// How often a property that HubSpot says is there already is asked for until it can be read.
const READINGS: u32 = 6;
/// The wait between two of them: new properties can be read after 250 to 700 ms.
const READING_INTERVAL: Duration = Duration::from_millis(300);

/// Whether properties are really made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Making {
    /// In HubSpot.
    InHubspot,
    /// Nowhere: what would be made is told.
    OnPaper,
}

/// The properties, events and lists a sync has made, or would have; clones share them.
#[derive(Clone, Debug, Default)]
pub struct MadeProperties(Arc<Mutex<Vec<String>>>);

impl MadeProperties {
    /// Each in words: `shoe_size of CONTACT`, `the event signed_up`, `list 81`.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, name: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(name);
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Makes the properties of one sync.
#[derive(Debug)]
pub struct PropertyMaker {
    client: Client,
    patience: Patience,
    making: Making,
    limit: u32,
    made: MadeProperties,
    asked_for: HashMap<(ObjectType, String), Made>,
    archived: HashMap<ObjectType, HashSet<String>>,
    groups: HashMap<(ObjectType, String), String>,
    fresh: FreshProperties,
    events: EventsMade,
    /// Lists that were made, or would have been, by their names in lower case.
    lists: HashMap<String, List>,
}

impl PropertyMaker {
    /// A maker that has made nothing yet and makes at most `limit` properties.
    #[must_use]
    pub fn new(
        client: Client,
        patience: Patience,
        making: Making,
        limit: u32,
        fresh: FreshProperties,
    ) -> Self {
        Self {
            client,
            patience,
            making,
            limit,
            made: MadeProperties::default(),
            asked_for: HashMap::new(),
            archived: HashMap::new(),
            groups: HashMap::new(),
            fresh,
            events: EventsMade::default(),
            lists: HashMap::new(),
        }
    }

    /// From here on its calls are those that a record of this stream needs.
    pub fn work_for(&mut self, stream: StreamIndex) {
        self.client = self.client.for_stream(stream);
    }

    /// What it has made, also from here on.
    #[must_use]
    pub fn made(&self) -> MadeProperties {
        self.made.clone()
    }

    /// Whether a property of that name was archived; the account's archived properties are read once an object.
    ///
    /// # Errors
    /// A failure when HubSpot refuses or cannot be reached.
    pub async fn is_archived(&mut self, object: &ObjectType, name: &str) -> Result<bool, Failure> {
        if !self.archived.contains_key(object) {
            let doing = format!("read the archived properties of {}", object.name);
            let archived = account::archived_properties(&self.client, object, self.patience).await;
            let archived = archived.map_err(|trouble| trouble.into_failure(&doing))?;
            self.archived
                .insert(object.clone(), archived.into_iter().map(|property| property.name).collect());
        }
        Ok(self.archived.get(object).is_some_and(|names| names.contains(name)))
    }

    /// Refuses to make so many properties more where that is over the limit: nothing is made then.
    ///
    /// # Errors
    /// A configuration failure that names the limit.
    pub fn check_room(&self, more: usize) -> Result<(), Failure> {
        let all = more.saturating_add(self.made.count());
        if u32::try_from(all).is_ok_and(|all| all <= self.limit) {
            return Ok(());
        }
        let message = format!(
            "The streams need {} properties, events and lists that HubSpot does not have, and create_limit allows a sync \
             to create {}. Map columns to properties, leave columns out, set unknown_properties to \"drop\", create the \
             lists in HubSpot, or raise create_limit.",
            all, self.limit
        );
        Err(Failure::new(Kind::Configuration, message))
    }

    /// Reads the account's owners for all who share them, as patiently as everything else.
    ///
    /// # Errors
    /// A failure when HubSpot cannot be reached or its pages do not end.
    pub async fn read_owners(&self, owners: &Owners) -> Result<(), Failure> {
        let read = account::read_owners(&self.client, owners, self.patience).await;
        read.map_err(|trouble| trouble.into_failure("read the owners"))
    }

    /// Makes a property, or finds out that it is there, or was. A property is asked for once, whoever needs it.
    ///
    /// # Errors
    /// A configuration failure where the limit is reached or the token lacks the scope; another where HubSpot cannot be
    /// reached.
    pub async fn make(&mut self, object: &ObjectType, new: &NewProperty) -> Result<Made, Failure> {
        let key = (object.clone(), new.name.clone());
        if let Some(made) = self.asked_for.get(&key) {
            return Ok(made.clone());
        }
        let made = if self.is_archived(object, &new.name).await? {
            Made::Archived
        } else {
            self.check_room(1)?;
            self.there(object, new).await?
        };
        // Of what is refused there is no end: whoever asked remembers it, within a bound.
        if !matches!(made, Made::Refused(_)) {
            self.asked_for.insert(key, made.clone());
        }
        Ok(made)
    }

    async fn there(&mut self, object: &ObjectType, new: &NewProperty) -> Result<Made, Failure> {
        let (name, kind, object_name) = (&new.name, new.kind.as_str(), &object.name);
        if self.making == Making::OnPaper {
            self.made.add(format!("{name} of {object_name}"));
            tracing::info!("Dry run: the property {name} ({kind}) of {object_name} would be created.");
            return Ok(Made::There(Box::new(new.definition())));
        }
        let group = self.group(object, &new.group).await?;
        let new = NewProperty { group: Group::Own(group), ..new.clone() };
        let path = self.client.paths().properties(&object.path);
        let body = new.to_json().to_string().into_bytes();
        let property = match post_json(&self.client, &path, &body, self.patience).await {
            Ok(property) => {
                self.made.add(format!("{name} of {object_name}"));
                tracing::info!("Created the property {name} ({kind}) of {object_name} in HubSpot.");
                property
            }
            Err(trouble) if trouble.is_there_already() => self.read(object, name).await?,
            Err(trouble) => {
                let doing = format!("create the property {name} of {object_name}");
                let advice = if new.values == Values::Unique { ADVICE_ON_KEYS } else { ADVICE };
                let is_of_the_name = matches!(&trouble, Trouble::Refused(error) if error.status == 400);
                let failure = explained(trouble, object, &doing, advice);
                return if is_of_the_name { Ok(Made::Refused(Box::new(failure))) } else { Err(failure) };
            }
        };
        if new.values == Values::Unique && !property.has_unique_value {
            let message = format!(
                "The property {name} of {object_name} has just been created by somebody else, and its values are not \
                 unique: it cannot be a matching key. Choose another name."
            );
            return Err(Failure::new(Kind::Configuration, message));
        }
        self.fresh.add(&object.path, name);
        Ok(Made::There(Box::new(property)))
    }

    /// Whether a property is there, now.
    ///
    /// # Errors
    /// A failure when HubSpot refuses or cannot be reached.
    pub async fn is_there(&mut self, object: &ObjectType, name: &str) -> Result<bool, Failure> {
        let path = self.client.paths().property(&object.path, name);
        match get_json::<Property>(&self.client, &path, self.patience).await {
            Ok(_) => Ok(true),
            Err(trouble) if trouble.is_unknown() => {
                // What was known of it is known no more.
                self.asked_for.remove(&(object.clone(), name.to_owned()));
                self.archived.remove(object);
                Ok(false)
            }
            Err(trouble) => {
                Err(trouble.into_failure(&format!("read the property {name} of {}", object.name)))
            }
        }
    }

    /// Somebody else made it, a moment ago perhaps.
    async fn read(&self, object: &ObjectType, name: &str) -> Result<Property, Failure> {
        let path = self.client.paths().property(&object.path, name);
        let mut readings = 1;
        loop {
            match get_json(&self.client, &path, self.patience).await {
                Ok(property) => return Ok(property),
                Err(trouble) if trouble.is_unknown() && readings < READINGS => {
                    readings += 1;
                    tokio::time::sleep(READING_INTERVAL).await;
                }
                Err(trouble) => {
                    return Err(trouble.into_failure(&format!("read the property {name} of {}", object.name)));
                }
            }
        }
    }

    /// The internal name of the group, which is there then.
    async fn group(&mut self, object: &ObjectType, group: &Group) -> Result<String, Failure> {
        let asked = match group {
            Group::Own(name) => return Ok(name.clone()),
            Group::Asked(asked) => asked,
        };
        let key = (object.clone(), asked.clone());
        if let Some(name) = self.groups.get(&key) {
            return Ok(name.clone());
        }
        let name = property_name(asked).ok_or_else(|| {
            let message = format!(
                "The property group \"{asked}\" cannot be created: its name has no letter HubSpot takes. Choose another \
                 property_group."
            );
            Failure::new(Kind::Configuration, message)
        })?;
        let path = self.client.paths().property_groups(&object.path);
        let body = json!({"name": name, "label": property_label(asked)}).to_string().into_bytes();
        match post_json::<Value>(&self.client, &path, &body, self.patience).await {
            Ok(_) => tracing::info!("Created the property group {name} of {} in HubSpot.", object.name),
            Err(trouble) if trouble.is_there_already() => {}
            Err(trouble) => {
                let doing = format!("create the property group {name} of {}", object.name);
                return Err(explained(trouble, object, &doing, ADVICE));
            }
        }
        self.groups.insert(key, name.clone());
        Ok(name)
    }
}

/// What to do about a definition that HubSpot refuses.
const ADVICE: &str = " It may be reserved, or the account may have no room for more properties. Create the property in \
                      HubSpot, map the column to another one under \"property_mapping\", or leave it out.";
/// The same for one whose values are to be unique.
const ADVICE_ON_KEYS: &str = " An object can have ten properties with unique values: there may be no room for another, or \
                              the name may be reserved. Choose a matching key that is there.";

/// What the user has to change when something cannot be made. HubSpot may not name the scope; it is known all the same.
fn explained(trouble: Trouble, object: &ObjectType, doing: &str, advice: &str) -> Failure {
    let forbidden = trouble.is_forbidden();
    let refused = trouble.refuses_what_was_sent();
    let mut failure = trouble.into_failure(doing);
    let scope = object.schema_write_scope();
    if forbidden && !failure.message.contains(&scope) {
        failure.message.push_str(&format!(" Creating properties needs the scope {scope}."));
    }
    if refused {
        // HubSpot's words are left out of every message; what it can be about is known.
        failure.kind = Kind::Configuration;
        failure.message.push_str(advice);
    }
    failure
}
