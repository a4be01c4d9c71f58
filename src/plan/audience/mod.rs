//! Streams that say who belongs to which audience: each audience is a property of contacts that holds the status.
//!
//! A record names a contact, an audience and a status; the contact is upserted with the property that is named after
//! the audience. Records of one contact have one key, so that several audiences of a contact go out as one input, and
//! a later status of the same audience wins. A property is one audience's: that of HubSpot, of another audience of the
//! account or of the sync is left alone.

mod shape;

pub use shape::AudienceShaper;

use super::deleted::DeletedRowsOf;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use super::first_names::FirstNames;
use super::identity::{Identity, IdentityChoice};
use super::making::group;
use super::roles::Roles;
use super::{Plan, Shaping};
use crate::coerce::KeyRule;
use crate::config::{self, Config, StreamSettings, ValuePolicies};
use crate::crm::new_property::{Group, NewKind};
use crate::crm::object::ObjectType;
use crate::crm::property::Property;
use crate::engine::association::Awaited;
use crate::engine::operation::{MatchedBy, Operation};
use crate::engine::request::Target;
use crate::error::{Failure, Kind};
use crate::protocol::StreamDescriptor;
use crate::protocol::catalog::{ConfiguredStream, DestinationSyncMode};

/// The column that names the audience.
pub const AUDIENCE: &str = "audience";
/// The column that holds the contact's status in it.
pub const STATUS: &str = "status";

/// What happens to a stream's records.
#[derive(Clone, Debug)]
pub struct AudiencePlan {
    /// The stream.
    pub descriptor: StreamDescriptor,
    /// The contact object.
    pub object: ObjectType,
    /// What is done with each contact.
    pub operation: Operation,
    /// How contacts are matched.
    pub key: KeyRule,
    /// Property definitions of contacts.
    pub properties: Vec<Property>,
    /// The group that properties of new audiences are put into.
    pub group: Group,
    /// What a status is that a new property is to hold; `None` where that is not known before it comes.
    pub status: Option<NewKind>,
    /// What is written for the statuses the user listed, as JSON.
    pub statuses: BTreeMap<String, String>,
    /// Which column says what.
    pub columns: Roles<AudienceColumn>,
    /// Which name of an audience each property belongs to.
    pub names: FirstNames,
    /// Bad values, nulls, empty strings.
    pub policies: ValuePolicies,
    /// What the user should be told once, before the first record.
    pub notices: Vec<String>,
}

/// What a column says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudienceColumn {
    /// Who.
    Key,
    /// Which audience.
    Audience,
    /// In or out, or whatever else is to be kept.
    Status,
}

impl AudiencePlan {
    /// Makes the plan.
    ///
    /// # Errors
    /// A configuration failure: an operation other than setting, no column that names a contact.
    pub fn new(
        config: &Config,
        stream: &ConfiguredStream,
        object: &ObjectType,
        properties: &[Property],
        first_names: &FirstNames,
    ) -> Result<Self, Failure> {
        let settings = config.stream(stream.descriptor.namespace.as_deref(), &stream.descriptor.name);
        check_operation(stream, settings)?;
        let choice = IdentityChoice::of_stream(stream, settings, object, properties);
        let Identity { rule, matched_by, .. } = choice.resolve(stream.columns.keys())?;
        let key = rule.property().to_owned();
        let figures = choice.figures(stream, &key);
        let rule = rule.reading(figures);
        let all = format!("a stream of audiences has {key}, {AUDIENCE} and {STATUS}");
        let names = vec![
            (AUDIENCE.to_owned(), AudienceColumn::Audience),
            (STATUS.to_owned(), AudienceColumn::Status),
            (key, AudienceColumn::Key),
        ];
        let mut plan = Self {
            descriptor: stream.descriptor.clone(),
            object: object.clone(),
            // HubSpot gives record ids itself: nobody is created by one.
            operation: match matched_by {
                MatchedBy::RecordId => Operation::Update(matched_by),
                _ => Operation::Upsert,
            },
            key: rule,
            properties: properties.to_vec(),
            group: group(object, properties, settings),
            status: None,
            statuses: settings.map(written_statuses).unwrap_or_default(),
            columns: Roles::new(stream, settings, names, all),
            names: first_names.clone(),
            policies: config.value_policies(settings),
            notices: unmet_wish(stream, settings).into_iter().collect(),
        };
        let is_status = |(column, _): &(&String, _)| plan.columns.of(column) == Some(AudienceColumn::Status);
        plan.status = if plan.statuses.is_empty() {
            stream.columns.iter().find(is_status).map(|(_, schema)| NewKind::of_schema(schema))
        } else {
            let are_truths =
                plan.statuses.values().all(|json| matches!(json.as_str(), r#""true""# | r#""false""#));
            Some(if are_truths { NewKind::Truth } else { NewKind::Text })
        };
        plan.columns.check(stream)?;
        plan.notices.extend(plan.columns.unmet(stream));
        plan.check_columns(stream);
        Ok(plan)
    }

    /// What the user listed for a status; both are JSON. Null is no status.
    #[must_use]
    pub fn listed(&self, status: &str) -> Option<&str> {
        if self.statuses.is_empty() || status == "null" {
            return None;
        }
        let text = serde_json::from_str::<Cow<'_, str>>(status).unwrap_or(Cow::Borrowed(status));
        self.statuses.get(text.trim()).map(String::as_str)
    }

    /// Tells which column every record will lack.
    fn check_columns(&mut self, stream: &ConfiguredStream) {
        let wanted = [
            (AudienceColumn::Key, self.key.property(), "records without it are rejected"),
            (AudienceColumn::Audience, AUDIENCE, "records without it are rejected"),
            (AudienceColumn::Status, STATUS, "no status is set"),
        ];
        for (column, name, outcome) in wanted {
            if self.columns.lacks(stream, &[column]) {
                let stream = &stream.descriptor;
                self.notices.push(format!("Stream \"{stream}\" declares no column \"{name}\": {outcome}."));
            }
        }
    }
}

impl From<AudiencePlan> for Plan {
    fn from(mut plan: AudiencePlan) -> Self {
        let lists: HashSet<String> = plan
            .properties
            .iter()
            .filter(|known| known.is_multiple())
            .map(|known| known.name.clone())
            .collect();
        Self {
            descriptor: plan.descriptor.clone(),
            target: Target {
                operation: plan.operation,
                object: plan.object.path.as_str().into(),
                key_property: plan.key.property().to_owned(),
                far: None,
                lists,
            },
            doing: format!("{} {} records", plan.operation.verb(), plan.object.name),
            course: format!(
                "{} AUDIENCE of {} by {}",
                plan.operation.verb(),
                plan.object.name,
                plan.key.property()
            ),
            notices: std::mem::take(&mut plan.notices),
            // Audiences are known by the records that name them.
            missing: Vec::new(),
            mirrors: None,
            links: Vec::new(),
            awaited: Awaited::default(),
            deleted: DeletedRowsOf::default(),
            shaping: Shaping::Audiences(Box::new(AudienceShaper::new(plan))),
        }
    }
}

fn written_statuses(settings: &StreamSettings) -> BTreeMap<String, String> {
    let json = |(status, value): (&String, &String)| {
        (status.trim().to_owned(), serde_json::Value::from(value.as_str()).to_string())
    };
    settings.audience_statuses.iter().map(json).collect()
}

/// A status is set, and set to another one: nothing else can be done with it.
fn check_operation(stream: &ConfiguredStream, settings: Option<&StreamSettings>) -> Result<(), Failure> {
    let is_possible = match settings.and_then(|settings| settings.operation) {
        Some(operation) => matches!(operation, config::Operation::Upsert | config::Operation::Insert),
        None if stream.destination_object_name.is_none() => true,
        None => matches!(
            stream.destination_sync_mode,
            DestinationSyncMode::Append | DestinationSyncMode::AppendDedup
        ),
    };
    if is_possible {
        return Ok(());
    }
    let message = format!(
        "Stream \"{}\" goes to audiences, which contacts enter and leave by their status: choose append or append_dedup \
         (insert or upsert), and send a status for those who leave.",
        stream.descriptor
    );
    Err(Failure::new(Kind::Configuration, message).of_stream(&stream.descriptor))
}

/// What a plain ELT stream's sync mode asks for and does not get, in a line for the log.
fn unmet_wish(stream: &ConfiguredStream, settings: Option<&StreamSettings>) -> Option<String> {
    let is_plain = stream.destination_object_name.is_none()
        && settings.and_then(|settings| settings.operation).is_none();
    let asks_for_more = !matches!(
        stream.destination_sync_mode,
        DestinationSyncMode::Append | DestinationSyncMode::AppendDedup
    );
    (is_plain && asks_for_more).then(|| {
        format!(
            "Stream \"{}\" has a sync mode that replaces, changes or deletes records: its audiences are set as the records \
             say, and nobody else's status changes.",
            stream.descriptor
        )
    })
}
