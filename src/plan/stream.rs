//! The plan of one stream, made before its first record is read.

use super::columns::{ColumnRules, ColumnUse, WhyLeftOut};
use super::key::KeyChoice;
use super::operation;
use crate::coerce::{Aliases, KeyRule, ObjectKind};
use crate::config::{Config, Operation, UnknownProperties};
use crate::crm::object::ObjectType;
use crate::crm::property::Property;
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
    /// How they are matched.
    pub key: KeyRule,
    /// What each column becomes.
    pub columns: ColumnRules,
    /// What the user should be told once, before the first record.
    pub notices: Vec<String>,
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
}

impl StreamPlan {
    /// Makes the plan.
    ///
    /// # Errors
    /// A configuration failure: an operation that is not possible, a matching key that is not unique, two
    /// columns for one property.
    pub fn new(ground: Groundwork<'_>) -> Result<Self, Failure> {
        let Groundwork { config, stream, object, properties } = ground;
        let settings = config.stream(stream.descriptor.namespace.as_deref(), &stream.descriptor.name);
        let fail = |failure: Failure| failure.of_stream(&stream.descriptor);
        let operation = operation::of(stream, settings).map_err(fail)?;
        if operation != Operation::Upsert {
            return Err(fail(not_yet(stream, operation)));
        }
        let policies = config.value_policies(settings);
        if policies.unknown_properties == UnknownProperties::Create {
            let message = "This version cannot create properties yet (\"unknown_properties\": \"create\"). Create them \
                           in HubSpot, and set \"unknown_properties\" to \"drop\" or \"reject\".";
            return Err(fail(Failure::new(Kind::Configuration, message)));
        }
        let aliases = match settings.and_then(|settings| settings.name_aliases) {
            Some(true) => Aliases::On,
            Some(false) => Aliases::Off,
            // Under data activation the user has mapped each field by hand.
            None if stream.destination_object_name.is_some() => Aliases::Off,
            None => Aliases::On,
        };
        let key = KeyChoice { stream, settings, object, properties, aliases }.resolve()?;
        let kind = ObjectKind::of_type_id(&object.type_id);
        let key_property = properties.iter().find(|property| property.name == key);
        let key_rule = key_property.map_or_else(KeyRule::record_id, |property| KeyRule::new(property, kind));
        let columns = ColumnRules {
            properties: properties.to_vec(),
            object: kind,
            mapping: settings.map(|settings| settings.property_mapping.pairs().to_vec()).unwrap_or_default(),
            aliases,
            append_options: settings.map(|settings| settings.append_options.clone()).unwrap_or_default(),
            policies,
            key,
        };
        let mut notices = Vec::new();
        if operation::keeps_what_overwrite_would_delete(stream, settings) {
            notices.push(format!(
                "Stream \"{}\" has the sync mode overwrite: its records are upserted, and nothing is deleted in HubSpot.",
                stream.descriptor
            ));
        }
        check_columns(stream, &columns, &mut notices).map_err(fail)?;
        Ok(Self {
            descriptor: stream.descriptor.clone(),
            object: object.clone(),
            key: key_rule,
            columns,
            notices,
        })
    }

    /// What the stream's calls do, for messages: `write CONTACT records`.
    #[must_use]
    pub fn doing(&self) -> String {
        format!("write {} records", self.object.name)
    }
}

fn not_yet(stream: &ConfiguredStream, operation: Operation) -> Failure {
    let message = format!(
        "Stream \"{}\" asks for the operation {}, which this version cannot do yet; it can upsert. Set \"operation\" to \
         \"upsert\" for this stream, or choose the sync mode append_dedup.",
        stream.descriptor,
        match operation {
            Operation::Insert => "insert",
            Operation::Update => "update",
            Operation::Archive => "archive",
            Operation::Mirror => "mirror",
            Operation::Upsert => "upsert",
        }
    );
    Failure::new(Kind::Configuration, message)
}

/// Looks at the columns the stream declares: names that lead nowhere are told, clashes refused.
fn check_columns(
    stream: &ConfiguredStream,
    rules: &ColumnRules,
    notices: &mut Vec<String>,
) -> Result<(), Failure> {
    let mut taken: Vec<(String, &str)> = Vec::new();
    let mut has_key = false;
    for name in stream.columns.keys() {
        let column = rules.column(name);
        has_key |= matches!(column.becomes, ColumnUse::Key);
        if !column.is_sent() {
            continue;
        }
        let Some(property) = column.property else { continue };
        if let Some((_, first)) = taken.iter().find(|(known, _)| *known == property) {
            return Err(clash(&stream.descriptor, first, name, &property));
        }
        taken.push((property, name));
    }
    if !stream.columns.is_empty() && !has_key {
        notices.push(format!(
            "Stream \"{}\" declares no column for its matching key {}; records without it are rejected.",
            stream.descriptor, rules.key
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

/// Why a column is left out, in a line for the log.
#[must_use]
pub fn left_out_notice(
    stream: &StreamDescriptor,
    column: &str,
    why: WhyLeftOut,
    object: &str,
) -> Option<String> {
    match why {
        WhyLeftOut::Internal => None,
        WhyLeftOut::Unknown => Some(format!(
            "Column \"{column}\" of stream \"{stream}\" is not sent: {object} has no such property in HubSpot. Create it \
             there, map it under \"property_mapping\", or ignore this."
        )),
        WhyLeftOut::ReadOnly => Some(format!(
            "Column \"{column}\" of stream \"{stream}\" is not sent: HubSpot does not allow writing that property."
        )),
    }
}
