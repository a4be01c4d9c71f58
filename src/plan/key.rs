//! Which one property a stream's records are matched by.

use crate::coerce::{Aliases, NameMatch, ObjectKind, resolve};
use crate::config::{Match, Operation, StreamSettings};
use crate::crm::object::ObjectType;
use crate::crm::property::{Property, PropertyType};
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

/// The key that was chosen, and how records are found by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChosenKey {
    /// None: the stream inserts, and nothing tells its records from others.
    Nothing,
    /// A property that HubSpot keeps unique, or its record id.
    Unique(String),
    /// Any property, by search.
    Searched(String),
}

impl ChosenKey {
    /// The property, if there is one.
    #[must_use]
    pub fn property(&self) -> Option<&str> {
        match self {
            Self::Nothing => None,
            Self::Unique(property) | Self::Searched(property) => Some(property),
        }
    }
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

/// Why records cannot be found by searching for a property, in words that follow its name.
#[must_use]
pub fn search_problem(key: &str, object: &ObjectType, properties: &[Property]) -> Option<String> {
    let Some(property) = properties.iter().find(|property| property.name == key) else {
        return Some(format!("is no property of {} in this HubSpot account", object.name));
    };
    let is_text_or_number =
        matches!(property.kind, PropertyType::String | PropertyType::Number | PropertyType::PhoneNumber);
    if key == RECORD_ID {
        Some("needs no search: leave \"match\" out to find records by it".to_owned())
    } else if is_text_or_number {
        None
    } else {
        Some("is neither text nor a number, so records cannot be searched by it".to_owned())
    }
}

/// Why nothing can be made of records that are searched for by a property, in words that follow its name. HubSpot rewrites
/// telephone numbers as it likes: what is made by one is not found by it again, and made once more by every sync.
///
/// Source: HubSpot's guide to searching the CRM, which has properties of its own to search for telephone numbers.
#[must_use]
pub fn making_problem(key: &str, properties: &[Property]) -> Option<&'static str> {
    let property = properties.iter().find(|property| property.name == key)?;
    let is_telephone = property.kind == PropertyType::PhoneNumber || property.field_type == "phonenumber";
    is_telephone.then_some(
        "is a telephone number, which HubSpot rewrites: what is created by it is not found again, and would be created \
         again by every sync. Choose another matching key, or the operation update",
    )
}

impl KeyChoice<'_> {
    /// The key for what the stream does.
    ///
    /// # Errors
    /// A configuration failure that says what to choose instead.
    pub fn choose(&self) -> Result<ChosenKey, Failure> {
        let match_by = self.settings.map_or(Match::Unique, |settings| settings.match_by);
        match (self.operation, match_by) {
            (Operation::Insert, Match::Search) => Err(self.failure(format!(
                "Stream \"{}\" inserts, so there is nothing to match: leave \"match\" out, or choose another operation.",
                self.stream.descriptor
            ))),
            (Operation::Insert, Match::Unique) => {
                Ok(self.recognising()?.map_or(ChosenKey::Nothing, ChosenKey::Unique))
            }
            (_, Match::Search) => self.searched().map(ChosenKey::Searched),
            (_, Match::Unique) => self.resolve().map(ChosenKey::Unique),
        }
    }

    /// What tells the records of an insert from others: the configured key or the primary key where they are unique,
    /// else the first unique property among the stream's columns, e-mail first. It may be missing.
    fn recognising(&self) -> Result<Option<String>, Failure> {
        if let Some(configured) = self.configured() {
            self.check_unique(&configured)?;
            return Ok(Some(configured));
        }
        let unique = self.unique();
        if let [path] = self.stream.primary_key.as_slice()
            && let [field] = path.as_slice()
        {
            let key = self.property_of(field);
            if key == RECORD_ID && self.stream.destination_object_name.is_some() {
                self.check_unique(&key)?;
            }
            if unique.contains(&key.as_str()) {
                return Ok(Some(key));
            }
        }
        let columns = self.columns();
        let may_come = |name: &&&str| columns.is_empty() || columns.iter().any(|column| column == **name);
        Ok(unique.iter().find(may_come).map(|name| (*name).to_owned()))
    }

    /// The property to search by: the configured one, else the primary key where HubSpot has such a property.
    fn searched(&self) -> Result<String, Failure> {
        let by_primary_key = || match self.stream.primary_key.as_slice() {
            [path] if path.len() == 1 => Some(self.property_of(&path[0])),
            _ => None,
        };
        let chosen = self.stream.destination_object_name.is_some();
        let exists = |key: &String| self.properties.iter().any(|property| property.name == *key);
        let key = self.configured().or_else(|| by_primary_key().filter(|key| chosen || exists(key)));
        let Some(key) = key else {
            return Err(self.failure(format!(
                "Stream \"{}\" is to be matched by search: set its \"matching_key\" to the property to search by.",
                self.stream.descriptor
            )));
        };
        if let Some(problem) = search_problem(&key, self.object, self.properties) {
            return Err(self.failure(format!(
                "The matching key \"{key}\" of stream \"{}\" {problem}.",
                self.stream.descriptor
            )));
        }
        if self.operation == Operation::Upsert
            && let Some(problem) = making_problem(&key, self.properties)
        {
            return Err(self.failure(format!(
                "The matching key \"{key}\" of stream \"{}\" {problem}.",
                self.stream.descriptor
            )));
        }
        let is_writable =
            self.properties.iter().any(|property| property.name == key && property.is_writable());
        if self.operation == Operation::Upsert && !is_writable {
            return Err(self.failure(format!(
                "The matching key \"{key}\" of stream \"{}\" cannot be written: what is created without it would be \
                 created again by every sync. Choose another matching key, or the operation update.",
                self.stream.descriptor
            )));
        }
        Ok(key)
    }

    fn configured(&self) -> Option<String> {
        let configured = self.settings.and_then(|settings| settings.matching_key.as_deref());
        configured.map(|key| key.trim().to_owned())
    }

    fn columns(&self) -> Vec<String> {
        self.stream.columns.keys().map(|column| self.property_of(column)).collect()
    }

    /// The matching key: the configured one, else the primary key, else `email` for contacts, else the only
    /// unique property among the stream's columns.
    ///
    /// # Errors
    /// A configuration failure that names the unique properties there are.
    fn resolve(&self) -> Result<String, Failure> {
        let key = match self.configured() {
            Some(configured) => configured,
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
        let columns = self.columns();
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
        let way_out = if known || key == RECORD_ID { "" } else { self.making_it() };
        Err(self.failure(format!(
            "The matching key \"{key}\" of stream \"{}\" {problem}.{way_out} Choose another matching key{}.",
            self.stream.descriptor,
            self.offer()
        )))
    }

    /// What can be done about a key that is not there.
    fn making_it(&self) -> &'static str {
        match self.operation {
            Operation::Upsert | Operation::Insert => {
                " Set \"create_matching_key\" to have it created, as one whose values are unique."
            }
            _ => " It is not created, since a new property would match nothing.",
        }
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
        match resolve(column, mapping, self.aliases, &exists, self.properties, kind) {
            NameMatch::Mapped { to }
            | NameMatch::Normalised { to }
            | NameMatch::Alias { to }
            | NameMatch::LastResort { to } => to,
            NameMatch::Exact | NameMatch::Unknown | NameMatch::Internal => column.to_owned(),
        }
    }

    fn offer(&self) -> String {
        let unique = self.unique();
        if unique.is_empty() {
            let makes_records = matches!(self.operation, Operation::Upsert | Operation::Insert);
            // Where a key was named that is not there, what to do about that one has been said.
            let key_that_is_made = if makes_records && self.configured().is_none() {
                ", or name one under \"matching_key\" and set \"create_matching_key\""
            } else {
                ""
            };
            format!(
                "; {} has no unique property yet: create one in HubSpot (Settings, Properties, \"require unique \
                 values\"){key_that_is_made}",
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
