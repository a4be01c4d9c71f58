//! What each column of a stream becomes.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::key::RECORD_ID;
use super::making::Making;
use super::nested::{is_inside, reaches_into};
use crate::coerce::{
    Aliases, Append, Figures, NameMatch, ObjectKind, Owners, Role, RuleOptions, ValueRule, property_name,
    resolve,
};
use crate::config::{UnknownProperties, ValuePolicies};
use crate::crm::property::Property;

/// The object's properties and the user's choices: all it takes to tell what a column becomes.
#[derive(Clone, Debug)]
pub struct ColumnRules {
    /// Property definitions of the object.
    pub properties: Vec<Property>,
    /// Their names: of a wide row every column is looked for here, in several spellings.
    pub names: HashSet<String>,
    /// The kind of object, for names and rules of its own.
    pub object: ObjectKind,
    /// The user's pairs of column and property.
    pub mapping: Vec<(String, String)>,
    /// Whether common spellings are recognised.
    pub aliases: Aliases,
    /// Properties whose options are added to what is there.
    pub append_options: Vec<String>,
    /// Unknown names, bad values, nulls, empty strings.
    pub policies: ValuePolicies,
    /// How properties are made for unknown names, where the user asked for that.
    pub making: Option<Making>,
    /// The matching key's property; an insert may have none.
    pub key: Option<String>,
    /// Where the key is sent.
    pub key_place: KeyPlace,
    /// Which columns reach HubSpot at all.
    pub written: Written,
    /// The account's owners, where a column may name one by e-mail address and they could be read.
    pub owners: Option<Arc<Owners>>,
    /// Columns that name records to associate with: not sent as well, unless the user maps them to a property.
    pub associated: Vec<String>,
    /// Columns that were only guessed to stand for a property, and leave it to another column.
    pub yielding: HashSet<String>,
    /// Columns that the catalog declares numbers.
    pub numbers: HashSet<String>,
    /// Whose midnight a day is where an instant is wanted; `None` is UTC.
    pub day_zone: Option<TimeZone>,
}

/// Where a matching key is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// As the name of the record; it is not among the properties.
    Apart,
    /// Among the properties: the record may have to be made.
    AmongProperties,
}

/// Which columns of a stream reach HubSpot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The matching key and every property.
    Everything,
    /// The matching key alone: the operation needs no more, so nothing else can be wrong.
    KeyOnly,
}

/// What becomes of a column.
#[derive(Clone, Debug)]
pub enum ColumnUse {
    /// It holds the matching key.
    Key,
    /// It holds the matching key, and is written to its property too.
    SentKey(Box<ValueRule>),
    /// It is written to a property.
    Property(Box<ValueRule>),
    /// Its property has to be made before it can be written.
    Missing,
    /// It is left out.
    LeftOut(WhyLeftOut),
    /// A record with a value in it is rejected.
    Refused(WhyRefused),
    /// It stands for the property that this column was met for before: a record with a value in it is rejected.
    Second(Box<str>),
}

/// Why a column is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyLeftOut {
    /// Airbyte's own column, HubSpot's record id beside another matching key, or a column that names records to associate
    /// with.
    Internal,
    /// HubSpot has no such property.
    Unknown,
    /// The property cannot be written.
    ReadOnly,
    /// A property of that name is in HubSpot's recycling bin: nothing is made in its place.
    Archived,
    /// HubSpot refuses to make the property.
    NotMade,
    /// No name of a property can be made of the column's.
    Nameless,
    /// It was guessed to stand for a property that another column stands for.
    Taken,
    /// The user mapped it to a property that HubSpot does not have; that is told before the first record.
    NoTarget,
}

/// How a column was found to stand for its property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// By its name, or by the user's word.
    Named,
    /// By a guess that gives way to every other column.
    Guessed,
}

/// Why a column's values reject their records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyRefused {
    /// HubSpot has no such property.
    Unknown,
    /// The property cannot be written.
    ReadOnly,
}

/// A column's fate, with the property it stands for and whether that took a guess.
#[derive(Clone, Debug)]
pub struct Column {
    /// What becomes of it.
    pub becomes: ColumnUse,
    /// The property it stands for; `None` where there is none.
    pub property: Option<String>,
    /// Whether the property has another name that nobody gave: worth telling once.
    pub renamed: bool,
    /// How it was found to stand for that.
    pub found: Found,
    /// Whether the mapping reaches into its values: those that are objects are taken apart ([`super::nested`]), and the
    /// rest of what is said here is about those that are not.
    pub opens: bool,
}

impl ColumnRules {
    /// Tells what a column becomes.
    #[must_use]
    pub fn column(&self, name: &str) -> Column {
        let names_far_ends_within = self.associated.iter().any(|path| is_inside(path, name));
        let opens = names_far_ends_within || reaches_into(&self.mapping, name);
        let column = Column { opens, ..self.meaning(name) };
        let is_associated = self.associated.iter().any(|associated| associated == name);
        let is_mapped = || self.mapping.iter().any(|(from, _)| from == name);
        let is_key = matches!(column.becomes, ColumnUse::Key | ColumnUse::SentKey(_));
        if is_associated && !is_key && !is_mapped() {
            return Column { opens, ..Column::left_out(WhyLeftOut::Internal, None) };
        }
        column
    }

    /// Of the columns that the stream declares, those that were guessed leave their properties to those that were not, and
    /// later ones to earlier ones.
    pub fn settle_guesses<'c>(&mut self, declared: impl Iterator<Item = &'c String> + Clone) {
        let mut taken: HashSet<String> = declared
            .clone()
            .map(|name| self.column(name))
            .filter(|column| column.found == Found::Named)
            .filter_map(|column| column.property)
            .collect();
        for name in declared {
            let column = self.column(name);
            if column.found == Found::Guessed
                && let Some(property) = column.property
                && !taken.insert(property)
            {
                self.yielding.insert(name.clone());
            }
        }
    }

    fn meaning(&self, name: &str) -> Column {
        if self.yielding.contains(name) {
            return Column::left_out(WhyLeftOut::Taken, None);
        }
        let exists = |property: &str| self.names.contains(property);
        let (mut found, mut is_mapped) = (Found::Named, false);
        let meant = resolve(name, &self.mapping, self.aliases, &exists, &self.properties, self.object);
        let (property, renamed) = match meant {
            NameMatch::Internal => return Column::left_out(WhyLeftOut::Internal, None),
            NameMatch::Exact => (name.to_owned(), false),
            NameMatch::Normalised { to } | NameMatch::Alias { to } => (to, true),
            NameMatch::LastResort { to } => {
                found = Found::Guessed;
                (to, true)
            }
            NameMatch::Mapped { to } if exists(&to) || self.making.is_none() => {
                is_mapped = true;
                (to, false)
            }
            NameMatch::Unknown if self.making.is_none() => (name.to_owned(), false),
            NameMatch::Mapped { to } => match property_name(&to) {
                Some(new) => (new, false),
                None => return Column::left_out(WhyLeftOut::Nameless, Some(to)),
            },
            NameMatch::Unknown => match property_name(name) {
                Some(new) => {
                    let renamed = new != name;
                    (new, renamed)
                }
                None => return Column::left_out(WhyLeftOut::Nameless, None),
            },
        };
        if Some(&property) == self.key.as_ref() {
            let known = self.known(&property);
            let becomes = match (self.key_place, known) {
                (KeyPlace::AmongProperties, Some(known)) => {
                    ColumnUse::SentKey(Box::new(self.rule(name, known)))
                }
                (KeyPlace::AmongProperties, None) | (KeyPlace::Apart, _) => ColumnUse::Key,
            };
            return Column { becomes, property: Some(property), renamed, found, opens: false };
        }
        if property == RECORD_ID || self.written == Written::KeyOnly {
            return Column::left_out(WhyLeftOut::Internal, Some(property));
        }
        let rejects = self.policies.unknown_properties == UnknownProperties::Reject;
        let known = self.known(&property);
        let becomes = match known {
            Some(known) if known.is_writable() => ColumnUse::Property(Box::new(self.rule(name, known))),
            Some(_) if rejects => ColumnUse::Refused(WhyRefused::ReadOnly),
            Some(_) => ColumnUse::LeftOut(WhyLeftOut::ReadOnly),
            None if rejects => ColumnUse::Refused(WhyRefused::Unknown),
            None => {
                let why = if is_mapped { WhyLeftOut::NoTarget } else { WhyLeftOut::Unknown };
                let left_out = ColumnUse::LeftOut(why);
                self.making.as_ref().map_or(left_out, |making| making.becomes(&property))
            }
        };
        Column { becomes, property: Some(property), renamed, found, opens: false }
    }

    fn known(&self, name: &str) -> Option<&Property> {
        self.names.contains(name).then(|| self.properties.iter().find(|known| known.name == name)).flatten()
    }

    /// Notes that HubSpot does not have a property any more.
    pub fn forget(&mut self, name: &str) {
        self.properties.retain(|known| known.name != name);
        self.names.remove(name);
    }

    /// Names of the properties that hold several options.
    #[must_use]
    pub fn list_properties(&self) -> HashSet<String> {
        self.properties.iter().filter(|known| known.is_multiple()).map(|known| known.name.clone()).collect()
    }

    /// What the text of a column is that stands for a number.
    #[must_use]
    pub fn figures(&self, column: &str) -> Figures {
        if self.numbers.contains(column) { Figures::AsNumbers } else { Figures::AsText }
    }

    fn rule(&self, column: &str, property: &Property) -> ValueRule {
        let append = if self.append_options.contains(&property.name) { Append::Add } else { Append::Replace };
        let options = RuleOptions {
            object: self.object,
            append,
            owners: self.owners.clone(),
            figures: self.figures(column),
            role: if self.key.as_ref() == Some(&property.name) { Role::Key } else { Role::Value },
            day_zone: self.day_zone.clone(),
        };
        ValueRule::new(property, options)
    }
}

impl Column {
    fn left_out(why: WhyLeftOut, property: Option<String>) -> Self {
        Self { becomes: ColumnUse::LeftOut(why), property, renamed: false, found: Found::Named, opens: false }
    }

    /// The same, where its property is left to another column.
    #[must_use]
    pub fn yielded(&self) -> Self {
        Self { opens: self.opens, ..Self::left_out(WhyLeftOut::Taken, None) }
    }

    /// Whether a value of this column can reach HubSpot.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        matches!(
            self.becomes,
            ColumnUse::Key | ColumnUse::SentKey(_) | ColumnUse::Property(_) | ColumnUse::Missing
        )
    }
}
