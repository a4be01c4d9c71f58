//! Which column names a record that is only referred to: a member of a list, an end of an association.

use std::collections::HashSet;

use super::columns::WhyLeftOut;
use super::key::{RECORD_ID, search_problem, unique_properties};
use super::operation::among;
use super::stream::{clash, left_out_notice};
use crate::coerce::{Aliases, Figures, KeyRule, NameMatch, ObjectKind, resolve};
use crate::config::{Match, StreamSettings};
use crate::crm::object::ObjectType;
use crate::crm::property::Property;
use crate::engine::operation::MatchedBy;
use crate::error::{Failure, Kind};
use crate::protocol::StreamDescriptor;
use crate::protocol::catalog::ConfiguredStream;

/// What a user may want to know who sends a property that is not unique.
const ANY_WITH_SEARCH: &str =
    " With \"match\": \"search\" in the stream's settings any text or number property works.";

/// How records of one object type are referred to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The object type.
    pub object: ObjectType,
    /// How a value becomes the text that names a record.
    pub rule: KeyRule,
    /// What kind of key that is.
    pub matched_by: MatchedBy,
}

impl Identity {
    /// The identity by a property of the object that HubSpot keeps unique, or by the record id.
    #[must_use]
    pub fn by(object: &ObjectType, properties: &[Property], property: &str) -> Self {
        let matched_by = match property {
            RECORD_ID => MatchedBy::RecordId,
            "email" if object.is_contact() => MatchedBy::Email,
            _ => MatchedBy::UniqueProperty,
        };
        let kind = ObjectKind::of_type_id(&object.type_id);
        let definition = properties.iter().find(|known| known.name == property);
        let rule = definition.map_or_else(KeyRule::record_id, |definition| KeyRule::new(definition, kind));
        let rule = if matched_by == MatchedBy::RecordId { KeyRule::record_id() } else { rule };
        Self { object: object.clone(), rule, matched_by }
    }

    /// The same, for a property that need not be unique: records are found by search.
    #[must_use]
    pub fn searched(self, properties: &[Property]) -> Self {
        let among = among(self.rule.property(), &self.object, properties);
        Self { rule: self.rule.searched(), matched_by: MatchedBy::Search(among), ..self }
    }
}

/// What the choice of an identity depends on.
#[derive(Clone, Copy, Debug)]
pub struct IdentityChoice<'a> {
    /// The stream, for messages.
    pub stream: &'a StreamDescriptor,
    /// The object type that is referred to.
    pub object: &'a ObjectType,
    /// Property definitions of that object.
    pub properties: &'a [Property],
    /// The user's pairs of column and property.
    pub mapping: &'a [(String, String)],
    /// Whether common spellings of property names are recognised.
    pub aliases: Aliases,
    /// What stands before the property's name in a column's: `from_`, `to_`, or nothing.
    pub prefix: &'a str,
    /// The property the user named for it.
    pub configured: Option<&'a str>,
    /// Whether it has to be a property that HubSpot keeps unique.
    pub match_by: Match,
}

impl<'a> IdentityChoice<'a> {
    /// The choice for a stream whose records name one record each, as its settings have it.
    #[must_use]
    pub fn of_stream(
        stream: &'a ConfiguredStream,
        settings: Option<&'a StreamSettings>,
        object: &'a ObjectType,
        properties: &'a [Property],
    ) -> Self {
        Self {
            stream: &stream.descriptor,
            object,
            properties,
            mapping: settings.map(|settings| settings.property_mapping.pairs()).unwrap_or_default(),
            aliases: Aliases::On,
            prefix: "",
            configured: settings.and_then(|settings| settings.matching_key.as_deref()),
            match_by: Match::Unique,
        }
    }

    /// The property a column stands for, whether or not it can name a record.
    #[must_use]
    pub fn property_of(&self, column: &str) -> Option<String> {
        let name = column.strip_prefix(self.prefix)?;
        match self.meaning(name) {
            NameMatch::Mapped { to }
            | NameMatch::Normalised { to }
            | NameMatch::Alias { to }
            | NameMatch::LastResort { to } => Some(to),
            NameMatch::Exact => Some(name.to_owned()),
            NameMatch::Unknown | NameMatch::Internal => None,
        }
    }

    fn meaning(&self, name: &str) -> NameMatch {
        let exists = |name: &str| name == RECORD_ID || self.properties.iter().any(|known| known.name == name);
        let kind = ObjectKind::of_type_id(&self.object.type_id);
        resolve(name, self.mapping, self.aliases, &exists, self.properties, kind)
    }

    /// The declared column that holds a property, by whatever spelling; none where none does. One that is only guessed to
    /// gives way to one that is not, which is told in the notices.
    ///
    /// # Errors
    /// A configuration failure: two columns do.
    pub fn columns_of<'c>(
        &self,
        property: &str,
        columns: impl Iterator<Item = &'c String>,
        notices: &mut Vec<String>,
    ) -> Result<HashSet<String>, Failure> {
        let holding = columns.filter(|column| self.property_of(column).as_deref() == Some(property));
        let is_guessed = |column: &&String| {
            let name = column.strip_prefix(self.prefix);
            name.is_some_and(|name| matches!(self.meaning(name), NameMatch::LastResort { .. }))
        };
        let (guessed, mut named): (Vec<&String>, Vec<&String>) = holding.partition(is_guessed);
        let mut guessed = guessed.into_iter();
        if named.is_empty() {
            named.extend(guessed.next());
        }
        let told =
            |column: &String| left_out_notice(self.stream, column, WhyLeftOut::Taken, &self.object.name);
        notices.extend(guessed.filter_map(told));
        match named.as_slice() {
            [first, second, ..] => Err(clash(self.stream, first, second, property)),
            _ => Ok(named.into_iter().cloned().collect()),
        }
    }

    /// What the text of the columns is that stand for a property, where it stands for a number.
    #[must_use]
    pub fn figures(&self, stream: &ConfiguredStream, property: &str) -> Figures {
        let is_it = |column: &String| self.property_of(column).as_deref() == Some(property);
        if stream.numbers().iter().any(is_it) { Figures::AsNumbers } else { Figures::AsText }
    }

    /// The property that names the records: the configured one, else the first that can among the stream's columns,
    /// record ids before e-mails before other unique properties before those that can be searched for; without any declared column `email` for contacts
    /// and the record id for everything else.
    ///
    /// # Errors
    /// A configuration failure that names the properties there are.
    pub fn resolve<'c>(&self, columns: impl Iterator<Item = &'c String>) -> Result<Identity, Failure> {
        let unique = unique_properties(self.object, self.properties);
        let can = |name: &str| name == RECORD_ID || unique.contains(&name);
        let columns: Vec<&String> = columns.collect();
        let declared: Vec<String> = columns.iter().filter_map(|column| self.property_of(column)).collect();
        let property = match self.configured {
            Some(configured) => Some(configured.trim().to_owned()).filter(|name| can(name)),
            None if columns.is_empty() || declared.is_empty() && self.prefix.is_empty() => {
                Some(if self.object.is_contact() { "email" } else { RECORD_ID }.to_owned())
            }
            None => std::iter::once(RECORD_ID)
                .chain(unique.iter().copied())
                .find(|name| declared.iter().any(|declared| declared == name))
                .map(str::to_owned),
        };
        if let Some(property) = property {
            return Ok(Identity::by(self.object, self.properties, &property));
        }
        let can_be_searched = |name: &&String| search_problem(name, self.object, self.properties).is_none();
        match declared.iter().find(can_be_searched).filter(|_| self.match_by == Match::Search) {
            Some(property) => {
                Ok(Identity::by(self.object, self.properties, property).searched(self.properties))
            }
            None => Err(self.none(&unique)),
        }
    }

    fn none(&self, unique: &[&str]) -> Failure {
        let prefix = self.prefix;
        let offer: Vec<String> = std::iter::once(RECORD_ID)
            .chain(unique.iter().copied())
            .map(|name| format!("{prefix}{name}"))
            .collect();
        let message = format!(
            "Stream \"{}\" has no column that names a {} record. Send one of these: {}.{}",
            self.stream,
            self.object.name,
            offer.join(", "),
            if self.prefix.is_empty() { "" } else { ANY_WITH_SEARCH }
        );
        Failure::new(Kind::Configuration, message).of_stream(self.stream)
    }
}
