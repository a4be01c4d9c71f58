//! The plan of one stream, made before its first record is read.

use super::columns::{ColumnRules, ColumnUse, KeyPlace, WhyLeftOut, Written};
use super::inline::InlinePlan;
use super::key::{ChosenKey, KeyChoice};
use super::known::Room;
use super::lifecycle::Lifecycle;
use super::making::{self, Making};
use super::meant::{Meant, of_stream};
use super::nested::is_inside;
use super::operation;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::coerce::{Aliases, KeyRule, ObjectKind, Owners};
use crate::config::{self, Config, StreamSettings, UnknownProperties};
use crate::crm::new_property::{Made, NewKind, NewProperty};
use crate::crm::object::ObjectType;
use crate::crm::property::Property;
use crate::engine::operation::{MatchedBy, Operation};
use crate::engine::rejection::Rejection;
use crate::error::{Failure, Kind};
use crate::protocol::StreamDescriptor;
use crate::protocol::catalog::ConfiguredStream;

/// What happens to a stream's records.
#[derive(Clone, Debug)]
pub struct StreamPlan {
    /// The stream.
    pub descriptor: StreamDescriptor,
    /// Where its records go.
    pub object: ObjectType,
    /// What is done with each record.
    pub operation: Operation,
    /// The same, where these are the rows of a stream that are treated otherwise than the rest of it.
    pub of_its_own: Option<Operation>,
    /// How they are matched; an insert may have nothing that tells its records from others.
    pub key: Option<KeyRule>,
    /// What each column becomes.
    pub columns: ColumnRules,
    /// What the schema of a custom object demands of a new record, where records are only made.
    pub required: Vec<String>,
    /// Which way the lifecycle stage may move.
    pub lifecycle: Lifecycle,
    /// Associations that are made with its records.
    pub associations: Vec<InlinePlan>,
    /// Properties that have to be made for the columns the stream declares, before its first record.
    pub missing: Vec<NewProperty>,
    /// What the user should be told once, before the first record.
    pub notices: Vec<String>,
    /// How many columns the stream declares.
    pub declared: usize,
    /// How many columns that lead nowhere are remembered.
    pub room: Room,
}

/// Everything a plan is made of.
#[derive(Clone, Copy, Debug)]
pub struct Groundwork<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The stream as the catalog has it.
    pub stream: &'a ConfiguredStream,
    /// Where its records go.
    pub object: &'a ObjectType,
    /// Property definitions of that object.
    pub properties: &'a [Property],
    /// The account's owners, where they are needed and could be read.
    pub owners: Option<&'a Arc<Owners>>,
    /// What the schema of a custom object demands of a new record, where records are only made.
    pub required: &'a [String],
    /// Associations that are to be made with its records.
    pub associations: &'a [InlinePlan],
}

impl StreamPlan {
    /// Makes the plan.
    ///
    /// # Errors
    /// A configuration failure: an operation that is not possible, a matching key that is not unique, two
    /// columns for one property.
    pub fn new(ground: Groundwork<'_>) -> Result<Self, Failure> {
        let Groundwork { config, stream, object, properties, owners, required, associations } = ground;
        let settings = config.stream(stream.descriptor.namespace.as_deref(), &stream.descriptor.name);
        let fail = |failure: Failure| failure.of_stream(&stream.descriptor);
        let wanted = operation::of(stream, settings).map_err(fail)?;
        if wanted == config::Operation::Archive && !associations.is_empty() {
            return Err(fail(nothing_to_associate(stream)));
        }
        let policies = config.value_policies(settings);
        let aliases = match settings.and_then(|settings| settings.name_aliases) {
            Some(true) => Aliases::On,
            Some(false) => Aliases::Off,
            // Under data activation the user has mapped each field by hand.
            None if stream.destination_object_name.is_some() => Aliases::Off,
            None => Aliases::On,
        };
        let to_make = making::missing_key(settings, object, properties, wanted).map_err(fail)?;
        let mut properties = properties.to_vec();
        properties.extend(to_make.as_ref().map(NewProperty::definition));
        let key = KeyChoice { stream, settings, object, properties: &properties, aliases, operation: wanted }
            .choose()?;
        let operation = operation::by_key(wanted, &key, object, &properties)
            .ok_or_else(|| fail(not_yet(stream, wanted)))?;
        let kind = ObjectKind::of_type_id(&object.type_id);
        let rule_of = |name: &str| {
            let property = properties.iter().find(|property| property.name == name);
            property.map_or_else(KeyRule::record_id, |property| KeyRule::new(property, kind))
        };
        let key_rule = match &key {
            ChosenKey::Nothing => None,
            ChosenKey::Unique(name) => Some(rule_of(name)),
            ChosenKey::Searched(name) => Some(rule_of(name).searched()),
        };
        let mut columns = ColumnRules {
            object: kind,
            mapping: settings.map(|settings| settings.property_mapping.pairs().to_vec()).unwrap_or_default(),
            aliases,
            append_options: Vec::new(),
            policies,
            making: (policies.unknown_properties == UnknownProperties::Create)
                .then(|| Making::new(object, &properties, settings)),
            key: key.property().map(str::to_owned),
            key_place: if operation.makes() { KeyPlace::AmongProperties } else { KeyPlace::Apart },
            written: if matches!(operation, Operation::Archive(_)) {
                Written::KeyOnly
            } else {
                Written::Everything
            },
            owners: owners.cloned(),
            associated: associations.iter().map(|association| association.column.clone()).collect(),
            yielding: HashSet::new(),
            numbers: stream.numbers(),
            day_zone: settings.and_then(StreamSettings::day_zone),
            names: properties.iter().map(|property| property.name.clone()).collect(),
            properties,
        };
        let append_options = settings.map(|settings| settings.append_options.as_slice()).unwrap_or_default();
        columns.append_options =
            append_options.iter().filter_map(|name| columns.option_property_meant(name)).collect();
        columns.settle_guesses(stream.columns.keys());
        let key_rule = key_rule.map(|rule| {
            let key = Some(rule.property().to_owned());
            let is_key = |column: &&String| columns.column(column).property == key;
            let figures = columns.numbers.iter().find(is_key).map(|column| columns.figures(column));
            rule.reading(figures.unwrap_or_default())
        });
        let mut notices: Vec<String> = operation::unmet_wish(stream, settings).into_iter().collect();
        let needed = if operation == Operation::Insert { None } else { columns.key.as_deref() };
        check_columns(stream, &columns, needed, &mut notices).map_err(fail)?;
        let meant = Meant { rules: &columns, object: &object.name, stream: Some(stream) };
        notices.extend(meant.nothing(settings).iter().map(|line| of_stream(&stream.descriptor, line)));
        notices.extend(undeclared(stream, associations));
        let new_key = to_make.as_ref().filter(|_| wanted == config::Operation::Upsert);
        notices.extend(new_key.map(|key| matches_nobody_yet(stream, object, key)));
        let reading = |plan: &InlinePlan| plan.reading(columns.figures(&plan.column));
        let associations = associations.iter().map(reading).collect();
        let missing = to_make.into_iter().chain(missing_properties(stream, &columns)).collect();
        Ok(Self {
            descriptor: stream.descriptor.clone(),
            object: object.clone(),
            operation,
            of_its_own: None,
            key: key_rule,
            columns,
            required: if wanted == config::Operation::Insert { required.to_vec() } else { Vec::new() },
            lifecycle: Lifecycle::of(settings, wanted),
            associations,
            missing,
            notices,
            declared: stream.columns.len(),
            room: Room::beside(stream.columns.keys()),
        })
    }

    /// Notes what came of a property that was to be made.
    pub fn learn(&mut self, name: &str, made: Made) {
        self.missing.retain(|new| new.name != name);
        self.columns.learn(name, made);
    }

    /// The plan for rows of the stream whose records are archived; `None` where it matches its rows with no records.
    #[must_use]
    pub fn archiving(&self) -> Option<Self> {
        let key = self.key.as_ref()?;
        let matched_by = match self.operation {
            Operation::Update(matched_by) | Operation::Archive(matched_by) => matched_by,
            Operation::UpsertFound(among) => MatchedBy::Search(among),
            Operation::Upsert if key.property() == "email" && self.object.is_contact() => MatchedBy::Email,
            Operation::Upsert => MatchedBy::UniqueProperty,
            Operation::Insert | Operation::Membership(_) | Operation::Association(..) | Operation::Event => {
                return None;
            }
        };
        let operation = Operation::Archive(matched_by.of_its_own());
        Some(Self {
            operation,
            of_its_own: Some(operation),
            columns: ColumnRules {
                key_place: KeyPlace::Apart,
                written: Written::KeyOnly,
                making: None,
                associated: Vec::new(),
                ..self.columns.clone()
            },
            required: Vec::new(),
            lifecycle: Lifecycle::default(),
            associations: Vec::new(),
            missing: Vec::new(),
            notices: Vec::new(),
            ..self.clone()
        })
    }

    /// What the stream's calls do, for messages: `upsert CONTACT records`.
    #[must_use]
    pub fn doing(&self) -> String {
        format!("{} {} records", self.operation.verb(), self.object.name)
    }

    /// Where the records go, by which operation and key: `upsert COMPANY by domain, found by search`.
    #[must_use]
    pub fn course(&self) -> String {
        let by = self.key.as_ref().map(|key| format!(" by {}", key.property())).unwrap_or_default();
        let searched = if self.operation.searches().is_some() { ", found by search" } else { "" };
        format!("{} {}{by}{searched}", self.operation.verb(), self.object.name)
    }
}

fn nothing_to_associate(stream: &ConfiguredStream) -> Failure {
    let message = format!(
        "Stream \"{}\" archives its records, and HubSpot takes their associations with them: leave \"associations\" out \
         of its settings, or choose another operation.",
        stream.descriptor
    );
    Failure::new(Kind::Configuration, message)
}

/// Columns of associations that the stream does not declare, in lines for the log.
fn undeclared(stream: &ConfiguredStream, associations: &[InlinePlan]) -> Vec<String> {
    let declares = |path: &str| stream.columns.keys().any(|column| column == path || is_inside(path, column));
    let is_missing = |plan: &&InlinePlan| !stream.columns.is_empty() && !declares(&plan.column);
    let missing = associations.iter().filter(is_missing);
    let line = |plan: &InlinePlan| {
        format!(
            "Stream \"{}\" declares no column \"{}\"; its records are associated with a {} record only where they have it.",
            stream.descriptor, plan.column, plan.far.object.name
        )
    };
    missing.map(line).collect()
}

fn not_yet(stream: &ConfiguredStream, operation: config::Operation) -> Failure {
    let name = match operation {
        config::Operation::Insert => "insert",
        config::Operation::Mirror => "mirror",
        config::Operation::Upsert => "upsert",
        config::Operation::Update => "update",
        config::Operation::Archive => "archive",
    };
    let message = format!(
        "Stream \"{}\" asks for the operation {name}, which HubSpot objects do not have; they can be inserted, \
         upserted, updated and archived. Set \"operation\" for this stream, or choose another sync mode.",
        stream.descriptor
    );
    Failure::new(Kind::Configuration, message)
}

/// What a key that is made means for the records HubSpot already has.
fn matches_nobody_yet(stream: &ConfiguredStream, object: &ObjectType, key: &NewProperty) -> String {
    format!(
        "Stream \"{}\": the matching key {} is new, so no {} record that HubSpot already holds has a value of it, and \
         none is found by it: every record of the stream becomes a new one.",
        stream.descriptor, key.name, object.name
    )
}

/// The properties to be made for declared columns, their kinds as the stream's schema has them.
fn missing_properties(stream: &ConfiguredStream, rules: &ColumnRules) -> Vec<NewProperty> {
    let columns = stream.columns.iter();
    columns.filter_map(|(column, schema)| rules.new_property(column, NewKind::of_schema(schema))).collect()
}

/// Looks at the columns the stream declares: names that lead nowhere are told, clashes refused.
fn check_columns(
    stream: &ConfiguredStream,
    rules: &ColumnRules,
    needed_key: Option<&str>,
    notices: &mut Vec<String>,
) -> Result<(), Failure> {
    let mut taken: HashMap<String, &str> = HashMap::new();
    let mut has_key = false;
    for name in stream.columns.keys() {
        let column = rules.column(name);
        has_key |= matches!(column.becomes, ColumnUse::Key | ColumnUse::SentKey(_));
        if !column.is_sent() {
            continue;
        }
        let Some(property) = column.property else { continue };
        if let Some(first) = taken.insert(property.clone(), name) {
            return Err(clash(&stream.descriptor, first, name, &property));
        }
    }
    if let Some(key) = needed_key.filter(|_| !stream.columns.is_empty() && !has_key) {
        notices.push(format!(
            "Stream \"{}\" declares no column for its matching key {key}; records without it are rejected.",
            stream.descriptor
        ));
    }
    Ok(())
}

/// Two columns for one property: which of them counts is the user's to say.
#[must_use]
pub fn clash(stream: &StreamDescriptor, first: &str, second: &str, property: &str) -> Failure {
    let message = format!(
        "The columns \"{first}\" and \"{second}\" of stream \"{stream}\" both stand for the HubSpot property {property}. \
         Leave one of them out of the stream, or map it to another property under \"property_mapping\"."
    );
    Failure::new(Kind::Configuration, message).of_stream(stream)
}

/// The same where nobody could know of it before: a record that fills the later column is refused.
#[must_use]
pub fn two_columns(first: &str, second: &str, property: &str) -> Rejection {
    let message = format!(
        "{property}: the columns \"{first}\" and \"{second}\" both stand for this property, and \"{first}\" came first. \
         Leave one of them out of the stream, or map it to another property under \"property_mapping\"."
    );
    Rejection::by_connector("CONFLICT", Some(property), message)
}

/// Why a column is left out, in a line for the log.
#[must_use]
pub fn left_out_notice(
    stream: &StreamDescriptor,
    column: &str,
    why: WhyLeftOut,
    object: &str,
) -> Option<String> {
    match why {
        WhyLeftOut::Internal | WhyLeftOut::NoTarget => None,
        WhyLeftOut::Unknown => Some(format!(
            "Column \"{column}\" of stream \"{stream}\" is not sent: {object} has no such property in HubSpot. Create it \
             there, map it under \"property_mapping\", or ignore this."
        )),
        WhyLeftOut::Archived => Some(format!(
            "Column \"{column}\" of stream \"{stream}\" is not sent: its property was archived in HubSpot. Restore it \
             there, map the column under \"property_mapping\", or ignore this."
        )),
        WhyLeftOut::NotMade => Some(format!(
            "Column \"{column}\" of stream \"{stream}\" is not sent: HubSpot refuses to create its property. The name may be \
             reserved, or the account may have no room for more. Create the property in HubSpot, or map the column to \
             another one under \"property_mapping\"."
        )),
        WhyLeftOut::Nameless => Some(format!(
            "Column \"{column}\" of stream \"{stream}\" is not sent: no HubSpot property can have such a name. Map it \
             under \"property_mapping\" to a name of lower-case letters, digits and underscores."
        )),
        WhyLeftOut::Taken => Some(format!(
            "Column \"{column}\" of stream \"{stream}\" is not sent: the property of {object} that its name may stand for is \
             another column's. Map it under \"property_mapping\", or ignore this."
        )),
        WhyLeftOut::ReadOnly => Some(format!(
            "Column \"{column}\" of stream \"{stream}\" is not sent: HubSpot does not allow writing that property."
        )),
    }
}
