//! What each column of a stream of events becomes.

use std::collections::HashSet;

use jiff::tz::TimeZone;

use super::super::columns::{Found, WhyLeftOut, WhyRefused};
use crate::coerce::{
    Aliases, Figures, NameMatch, ObjectKind, RuleOptions, ValueRule, is_property_name, property_label,
    property_name, resolve,
};
use crate::config::{UnknownProperties, ValuePolicies};
use crate::crm::new_event::LONGEST_EVENT_NAME;
use crate::crm::new_property::{Group, NewKind, NewProperty, Values};
use crate::crm::property::{Property, PropertyType};
use crate::plan::meant::{of_stream, undeclared};
use crate::protocol::catalog::ConfiguredStream;

/// Column of HubSpot's record id.
pub const OBJECT_ID: &str = "hs_object_id";
/// Column of a contact's e-mail address.
pub const EMAIL: &str = "email";
/// Column of a visitor's user token.
pub const UTK: &str = "utk";
/// Column of the time the event happened.
pub const OCCURRED_AT: &str = "occurred_at";
/// Column of the occurrence's own id.
pub const UUID: &str = "uuid";

/// The event's properties and the user's choices: all it takes to tell what a column becomes.
#[derive(Clone, Debug)]
pub struct EventColumns {
    /// What may be told of the event; `None` where that could not be read, and HubSpot alone can judge.
    pub properties: Option<Vec<Property>>,
    /// The ways the event's records can be named: other columns of these names are ordinary ones.
    pub identities: &'static [Identity],
    /// The user's pairs of column and property.
    pub mapping: Vec<(String, String)>,
    /// Whether common spellings are recognised.
    pub aliases: Aliases,
    /// Unknown names, bad values.
    pub policies: ValuePolicies,
    /// Columns that were only guessed to stand for a property, and leave it to another column.
    pub yielding: HashSet<String>,
    /// Columns that the catalog declares numbers.
    pub numbers: HashSet<String>,
    /// Whose midnight a day is where an instant is wanted; `None` is UTC.
    pub day_zone: Option<TimeZone>,
}

/// What becomes of a column.
#[derive(Clone, Debug)]
pub enum EventColumnUse {
    /// It names the record the event happened to.
    Identity(Identity),
    /// It says when the event happened.
    OccurredAt,
    /// It is the occurrence's own id.
    Uuid,
    /// It is told of the event.
    Property(Box<ValueRule>),
    /// It is told of the event once the event has such a property.
    Missing,
    /// It is left out.
    LeftOut(WhyLeftOut),
    /// A record with a value in it is rejected.
    Refused(WhyRefused),
    /// It stands for what this column was met for before: a record with a value in it is rejected.
    Second(Box<str>),
}

/// The ways to name a record, HubSpot's preference first.
///
/// Source: HubSpot's "Send custom event completions".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// By record id.
    ObjectId,
    /// By a contact's e-mail address.
    Email,
    /// By a visitor's user token.
    Utk,
}

/// Every way to name a contact.
const OF_CONTACTS: [Identity; 3] = [Identity::ObjectId, Identity::Email, Identity::Utk];

impl Identity {
    /// The ways to name the records of an event: e-mail addresses and user tokens are contacts'.
    #[must_use]
    pub fn of(is_of_contacts: bool) -> &'static [Self] {
        if is_of_contacts { &OF_CONTACTS } else { &OF_CONTACTS[..1] }
    }

    /// The member of an occurrence that holds it.
    #[must_use]
    pub fn member(self) -> &'static str {
        match self {
            Self::ObjectId => "objectId",
            Self::Email => "email",
            Self::Utk => "utk",
        }
    }

    /// The column that holds it.
    #[must_use]
    pub fn column(self) -> &'static str {
        match self {
            Self::ObjectId => OBJECT_ID,
            Self::Email => EMAIL,
            Self::Utk => UTK,
        }
    }
}

/// A column's fate, with the name it stands for and whether that took a guess.
#[derive(Clone, Debug)]
pub struct EventColumn {
    /// What becomes of it.
    pub becomes: EventColumnUse,
    /// The event property, or the reserved name, it stands for.
    pub name: String,
    /// Whether that is another name that nobody gave: worth telling once.
    pub renamed: bool,
    /// How it was found to stand for that.
    pub found: Found,
}

impl EventColumns {
    /// Tells what a column becomes.
    #[must_use]
    pub fn column(&self, column: &str) -> EventColumn {
        if self.yielding.contains(column) {
            return EventColumn::left_out(column, WhyLeftOut::Taken);
        }
        let known = |name: &str| self.is_reserved(name) || self.property(name).is_some();
        let labelled = self.properties.as_deref().unwrap_or_default();
        let mut found = Found::Named;
        let meant = match resolve(column, &self.mapping, self.aliases, &known, labelled, ObjectKind::Other) {
            // The name that is made for a column here is a shorter one.
            NameMatch::Unknown if self.aliases == Aliases::On => {
                let made = new_name(column).filter(|name| self.property(name).is_some());
                made.map_or(NameMatch::Unknown, |to| NameMatch::LastResort { to })
            }
            meant => meant,
        };
        let (name, renamed) = match meant {
            NameMatch::Internal => return EventColumn::left_out(column, WhyLeftOut::Internal),
            NameMatch::Exact => (column.to_owned(), false),
            NameMatch::Mapped { to } => (to, false),
            NameMatch::Normalised { to } | NameMatch::Alias { to } => (to, true),
            NameMatch::LastResort { to } => {
                found = Found::Guessed;
                (to, true)
            }
            NameMatch::Unknown if self.names_properties() => match new_name(column) {
                Some(name) => {
                    let renamed = name != column;
                    (name, renamed)
                }
                None => return EventColumn::left_out(column, WhyLeftOut::Nameless),
            },
            NameMatch::Unknown => (column.to_owned(), false),
        };
        EventColumn { becomes: self.becomes(column, &name), name, renamed, found }
    }

    fn becomes(&self, column: &str, name: &str) -> EventColumnUse {
        if let Some(identity) = self.identities.iter().find(|identity| identity.column() == name) {
            return EventColumnUse::Identity(*identity);
        }
        match name {
            OCCURRED_AT => return EventColumnUse::OccurredAt,
            UUID => return EventColumnUse::Uuid,
            _ => {}
        }
        let unknown = self.policies.unknown_properties;
        let rejects = unknown == UnknownProperties::Reject;
        match (&self.properties, self.property(name)) {
            (None, _) if is_property_name(name) => {
                let text = Property::new(name, PropertyType::String);
                EventColumnUse::Property(Box::new(self.rule(column, &text)))
            }
            (Some(_), Some(known)) if known.is_writable() => {
                EventColumnUse::Property(Box::new(self.rule(column, known)))
            }
            (Some(_), Some(_)) if rejects => EventColumnUse::Refused(WhyRefused::ReadOnly),
            (Some(_), Some(_)) => EventColumnUse::LeftOut(WhyLeftOut::ReadOnly),
            (Some(_), None) if unknown == UnknownProperties::Create => match new_name(name) {
                Some(new) if new == name => EventColumnUse::Missing,
                _ => EventColumnUse::LeftOut(WhyLeftOut::Nameless),
            },
            (_, None) if rejects => EventColumnUse::Refused(WhyRefused::Unknown),
            (_, _) => EventColumnUse::LeftOut(WhyLeftOut::Unknown),
        }
    }

    /// Names in the mapping that mean nothing, in lines for the log.
    #[must_use]
    pub fn unmet(&self, stream: &ConfiguredStream) -> Vec<String> {
        let is_known = |name: &str| self.is_reserved(name) || self.property(name).is_some();
        let nowhere = self.mapping.iter().filter(|(column, _)| {
            let found = self.column(column);
            !self.names_properties() && !is_known(&found.name)
        });
        let mut lines: Vec<String> = nowhere
            .map(|(column, to)| format!(
                "\"property_mapping\" sends \"{column}\" to \"{to}\", which is no property of the event: correct the property's \
                 name, or create it in HubSpot."
            ))
            .collect();
        lines.extend(undeclared(stream, &self.mapping));
        lines.iter().map(|line| of_stream(&stream.descriptor, line)).collect()
    }

    /// Of the columns that the stream declares, those that were guessed leave their properties to those that were not, and
    /// later ones to earlier ones.
    pub fn settle_guesses<'c>(&mut self, declared: impl Iterator<Item = &'c String> + Clone) {
        let columns = || declared.clone().map(|name| (name, self.column(name)));
        let mut taken: HashSet<String> = columns()
            .filter(|(_, column)| column.found == Found::Named)
            .map(|(_, column)| column.name)
            .collect();
        let yielding: Vec<String> = columns()
            .filter(|(_, column)| column.found == Found::Guessed && !taken.insert(column.name.clone()))
            .map(|(name, _)| name.clone())
            .collect();
        self.yielding.extend(yielding);
    }

    /// Whether a name is no event property, whatever the definition says.
    #[must_use]
    pub fn is_reserved(&self, name: &str) -> bool {
        matches!(name, OCCURRED_AT | UUID) || self.identities.iter().any(|identity| identity.column() == name)
    }

    /// Whether a column that HubSpot has no property for names one all the same: a new one, or one that HubSpot alone
    /// knows.
    fn names_properties(&self) -> bool {
        self.properties.is_none() || self.policies.unknown_properties == UnknownProperties::Create
    }

    /// The property to be made for a column that becomes [`EventColumnUse::Missing`]; `None` for all others.
    #[must_use]
    pub fn new_property(&self, column: &str, kind: NewKind) -> Option<NewProperty> {
        let found = self.column(column);
        matches!(found.becomes, EventColumnUse::Missing).then(|| new_property(column, found.name, kind))
    }

    fn property(&self, name: &str) -> Option<&Property> {
        self.properties.as_ref()?.iter().find(|known| known.name == name)
    }

    /// What the text of a column is that stands for a number.
    #[must_use]
    pub fn figures(&self, column: &str) -> Figures {
        if self.numbers.contains(column) { Figures::AsNumbers } else { Figures::AsText }
    }

    /// An event property's values are coerced as those of an object that is none of HubSpot's own.
    #[must_use]
    pub fn rule(&self, column: &str, property: &Property) -> ValueRule {
        let options = RuleOptions {
            figures: self.figures(column),
            day_zone: self.day_zone.clone(),
            ..RuleOptions::default()
        };
        ValueRule::new(property, options)
    }
}

/// A property that is made for a column. Event properties have no groups.
#[must_use]
pub fn new_property(column: &str, name: String, kind: NewKind) -> NewProperty {
    // Where the user chose the property's name, the label follows it.
    let label =
        if new_name(column).as_ref() == Some(&name) { property_label(column) } else { property_label(&name) };
    NewProperty { name, label, kind, values: Values::Any, group: Group::Own(String::new()) }
}

/// The name of the event property that is made for a column; `None` where nothing of the column's name is left.
#[must_use]
pub fn new_name(column: &str) -> Option<String> {
    property_name(column).map(|mut name| {
        name.truncate(LONGEST_EVENT_NAME);
        name
    })
}

impl EventColumn {
    fn left_out(column: &str, why: WhyLeftOut) -> Self {
        Self {
            becomes: EventColumnUse::LeftOut(why),
            name: column.to_owned(),
            renamed: false,
            found: Found::Named,
        }
    }

    /// The same, where its property is left to another column.
    #[must_use]
    pub fn yielded(&self) -> Self {
        Self::left_out(&self.name, WhyLeftOut::Taken)
    }

    /// Whether a value of this column can reach HubSpot.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        !matches!(
            self.becomes,
            EventColumnUse::LeftOut(_) | EventColumnUse::Refused(_) | EventColumnUse::Second(_)
        )
    }
}
