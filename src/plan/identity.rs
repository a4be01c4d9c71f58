//! Which column names a record that is only referred to: a member of a list, an end of an association.

use super::key::{RECORD_ID, unique_properties};
use crate::coerce::{Aliases, KeyRule, NameMatch, ObjectKind, resolve};
use crate::config::StreamSettings;
use crate::crm::object::ObjectType;
use crate::crm::property::Property;
use crate::engine::operation::MatchedBy;
use crate::error::{Failure, Kind};
use crate::protocol::StreamDescriptor;
use crate::protocol::catalog::ConfiguredStream;

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
        }
    }

    /// The property a column stands for, whether or not it can name a record.
    #[must_use]
    pub fn property_of(&self, column: &str) -> Option<String> {
        let name = column.strip_prefix(self.prefix)?;
        let exists = |name: &str| name == RECORD_ID || self.properties.iter().any(|known| known.name == name);
        let kind = ObjectKind::of_type_id(&self.object.type_id);
        match resolve(name, self.mapping, self.aliases, &exists, kind) {
            NameMatch::Mapped { to } | NameMatch::Normalised { to } | NameMatch::Alias { to } => Some(to),
            NameMatch::Exact => Some(name.to_owned()),
            NameMatch::Unknown | NameMatch::Internal => None,
        }
    }

    /// The property that names the records: the configured one, else the first that can among the stream's columns,
    /// record ids before e-mails before other unique properties; without any declared column `email` for contacts
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
        let Some(property) = property else { return Err(self.none(&unique)) };
        Ok(self.by(&property))
    }

    fn by(&self, property: &str) -> Identity {
        let matched_by = match property {
            RECORD_ID => MatchedBy::RecordId,
            "email" if self.object.is_contact() => MatchedBy::Email,
            _ => MatchedBy::UniqueProperty,
        };
        let kind = ObjectKind::of_type_id(&self.object.type_id);
        let definition = self.properties.iter().find(|known| known.name == property);
        let rule = definition.map_or_else(KeyRule::record_id, |definition| KeyRule::new(definition, kind));
        let rule = if matched_by == MatchedBy::RecordId { KeyRule::record_id() } else { rule };
        Identity { object: self.object.clone(), rule, matched_by }
    }

    fn none(&self, unique: &[&str]) -> Failure {
        let prefix = self.prefix;
        let offer: Vec<String> = std::iter::once(RECORD_ID)
            .chain(unique.iter().copied())
            .map(|name| format!("{prefix}{name}"))
            .collect();
        let message = format!(
            "Stream \"{}\" has no column that names a {} record. Send one of these: {}.",
            self.stream,
            self.object.name,
            offer.join(", ")
        );
        Failure::new(Kind::Configuration, message).of_stream(self.stream)
    }
}
