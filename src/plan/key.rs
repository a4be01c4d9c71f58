//! Which one property a stream's records are matched by.

use crate::coerce::{Aliases, NameMatch, ObjectKind, resolve};
use crate::config::{Operation, StreamSettings};
use crate::crm::object::ObjectType;
use crate::crm::property::Property;
use crate::error::{Failure, Kind};
use crate::protocol::catalog::ConfiguredStream;

/// What the choice of a matching key depends on.
#[derive(Clone, Copy, Debug)]
pub struct KeyChoice<'a> {
    /// The stream as the catalog has it.
    pub stream: &'a ConfiguredStream,
    /// Its settings, if it has any.
    pub settings: Option<&'a StreamSettings>,
    /// Where its records go.
    pub object: &'a ObjectType,
    /// Property definitions of that object.
    pub properties: &'a [Property],
    /// Whether common spellings of property names are recognised.
    pub aliases: Aliases,
    /// What is to be done: every operation but inserting can go by record id.
    pub operation: Operation,
}

/// HubSpot's record id: on every object, unique without being marked so.
pub const RECORD_ID: &str = "hs_object_id";

/// Properties that can be matching keys of an object: those marked unique, and `email` for contacts, which
/// HubSpot keeps unique without always marking it so.
pub fn unique_properties<'a>(object: &ObjectType, properties: &'a [Property]) -> Vec<&'a str> {
    let is_email = |property: &Property| object.is_contact() && property.name == "email";
    let can_be_key =
        |property: &&Property| is_email(property) || property.has_unique_value && property.is_writable();
    let mut names: Vec<&str> =
        properties.iter().filter(can_be_key).map(|property| property.name.as_str()).collect();
    // E-mail first: it is what people match contacts by.
    names.sort_by_key(|name| *name != "email");
    names
}

impl KeyChoice<'_> {
    /// The matching key: the configured one, else the primary key, else `email` for contacts, else the only
    /// unique property among the stream's columns.
    ///
    /// # Errors
    /// A configuration failure that names the unique properties there are.
    pub fn resolve(&self) -> Result<String, Failure> {
        let key = match self.settings.and_then(|settings| settings.matching_key.as_deref()) {
            Some(configured) => configured.trim().to_owned(),
            None => match self.by_primary_key()? {
                Some(key) => key,
                None => self.by_columns()?,
            },
        };
        self.check_unique(&key)?;
        Ok(key)
    }

    /// Under data activation the primary key is the user's choice of key; in ELT use it is the source's, and
    /// counts only where HubSpot can match by it.
    fn by_primary_key(&self) -> Result<Option<String>, Failure> {
        let chosen = self.stream.destination_object_name.is_some();
        match self.stream.primary_key.as_slice() {
            [] => Ok(None),
            [path] if path.len() == 1 => {
                let property = self.property_of(&path[0]);
                Ok(Some(property).filter(|name| chosen || self.unique().contains(&name.as_str())))
            }
            _ if chosen => Err(self.failure(format!(
                "Stream \"{}\" has a primary key of several fields, or a nested one. Choose exactly one matching key{}.",
                self.stream.descriptor,
                self.offer()
            ))),
            _ => Ok(None),
        }
    }

    fn by_columns(&self) -> Result<String, Failure> {
        let columns: Vec<String> =
            self.stream.columns.keys().map(|column| self.property_of(column)).collect();
        let declares = |name: &str| columns.iter().any(|column| column == name);
        if self.object.is_contact() && (columns.is_empty() || declares("email")) {
            return Ok("email".to_owned());
        }
        let unique = self.unique();
        let mut declared = unique.iter().filter(|name| declares(name));
        match (declared.next(), declared.next()) {
            (Some(only), None) => Ok((*only).to_owned()),
            (Some(_), Some(_)) => Err(self.failure(format!(
                "Stream \"{}\" has several fields that {} records could be matched by. Set \"matching_key\" for this \
                 stream to one of them{}.",
                self.stream.descriptor,
                self.object.name,
                self.offer()
            ))),
            (None, _) => Err(self.failure(format!(
                "Stream \"{}\" has no field that {} records can be matched by. Set \"matching_key\" for this stream, \
                 and send that property{}.",
                self.stream.descriptor,
                self.object.name,
                self.offer()
            ))),
        }
    }

    fn check_unique(&self, key: &str) -> Result<(), Failure> {
        if self.unique().contains(&key) || key == RECORD_ID && self.takes_record_ids() {
            return Ok(());
        }
        let known = self.properties.iter().any(|property| property.name == key);
        let problem = if key == RECORD_ID {
            "cannot be used to insert: HubSpot gives record ids itself".to_owned()
        } else if known {
            "is not unique in this HubSpot account, so records cannot be matched by it".to_owned()
        } else {
            format!("is no property of {} in this HubSpot account", self.object.name)
        };
        Err(self.failure(format!(
            "The matching key \"{key}\" of stream \"{}\" {problem}. Choose another matching key{}.",
            self.stream.descriptor,
            self.offer()
        )))
    }

    fn takes_record_ids(&self) -> bool {
        matches!(self.operation, Operation::Upsert | Operation::Update | Operation::Archive)
    }

    fn unique(&self) -> Vec<&str> {
        unique_properties(self.object, self.properties)
    }

    fn property_of(&self, column: &str) -> String {
        let mapping = self.settings.map(|settings| settings.property_mapping.pairs()).unwrap_or_default();
        let exists = |name: &str| self.properties.iter().any(|property| property.name == name);
        let kind = ObjectKind::of_type_id(&self.object.type_id);
        match resolve(column, mapping, self.aliases, &exists, kind) {
            NameMatch::Mapped { to } | NameMatch::Normalised { to } | NameMatch::Alias { to } => to,
            NameMatch::Exact | NameMatch::Unknown | NameMatch::Internal => column.to_owned(),
        }
    }

    fn offer(&self) -> String {
        let unique = self.unique();
        if unique.is_empty() {
            format!(
                "; {} has no unique property yet: create one in HubSpot (Settings, Properties, \"require unique \
                 values\")",
                self.object.name
            )
        } else {
            format!("; unique properties of {}: {}", self.object.name, unique.join(", "))
        }
    }

    fn failure(&self, message: String) -> Failure {
        Failure::new(Kind::Configuration, message).of_stream(&self.stream.descriptor)
    }
}
