//! `LIST_MEMBERSHIP`: contacts and the lists that their records name, by id or by name, to be joined or left.
//!
//! Records of one contact and one list keep their order; records of different lists do not wait for each other.

mod shape;

pub use shape::NamedListShaper;

use super::target;
use crate::coerce::KeyRule;
use crate::config::{self, StreamSettings};
use crate::crm::object::ObjectType;
use crate::crm::property::Property;
use crate::engine::association::Awaited;
use crate::engine::operation::MatchedBy;
use crate::error::{Failure, Kind};
use crate::plan::deleted::DeletedRowsOf;
use crate::plan::first_names::FirstNames;
use crate::plan::identity::{Identity, IdentityChoice};
use crate::plan::roles::Roles;
use crate::plan::{Plan, Shaping};
use crate::protocol::StreamDescriptor;
use crate::protocol::catalog::{ConfiguredStream, DestinationSyncMode};

/// The column that names the list by HubSpot's id. It counts where both are given.
pub const LIST_ID: &str = "list_id";
/// The column that names the list by its name; one that is to be joined is made where it is missing.
pub const LIST_NAME: &str = "list_name";
/// The column that says what is done: `add` (also where there is nothing) or `remove`.
pub const ACTION: &str = "action";

/// Who says what is done with the members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Each record, in its [`ACTION`].
    Record,
    /// The stream: they are taken off, whatever the record says.
    StreamRemoves,
}

/// What a column says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedListColumn {
    /// Who.
    Key,
    /// Which list, by id.
    ListId,
    /// Which list, by name.
    ListName,
    /// In or out.
    Action,
}

/// What happens to a stream's records.
#[derive(Clone, Debug)]
pub struct NamedListPlan {
    descriptor: StreamDescriptor,
    object: ObjectType,
    key: KeyRule,
    matched_by: MatchedBy,
    says: Says,
    columns: Roles<NamedListColumn>,
    /// Which name each list was called by first.
    names: FirstNames,
    notices: Vec<String>,
}

impl NamedListPlan {
    /// Makes the plan; `object` is the contact object, `properties` are its definitions.
    ///
    /// # Errors
    /// A configuration failure: an operation other than adding and removing, no column that names a contact.
    pub fn new(
        stream: &ConfiguredStream,
        settings: Option<&StreamSettings>,
        object: &ObjectType,
        properties: &[Property],
        first_names: &FirstNames,
    ) -> Result<Self, Failure> {
        let says = says(stream, settings)?;
        let choice = IdentityChoice::of_stream(stream, settings, object, properties);
        let Identity { rule, matched_by, .. } = choice.resolve(stream.columns.keys())?;
        let key = rule.property().to_owned();
        let figures = choice.figures(stream, &key);
        let rule = rule.reading(figures);
        let all = format!("a stream of list members has {key}, {LIST_ID} or {LIST_NAME}, and {ACTION}");
        let names = vec![
            (LIST_ID.to_owned(), NamedListColumn::ListId),
            (LIST_NAME.to_owned(), NamedListColumn::ListName),
            (ACTION.to_owned(), NamedListColumn::Action),
            (key, NamedListColumn::Key),
        ];
        let mut plan = Self {
            descriptor: stream.descriptor.clone(),
            object: object.clone(),
            key: rule,
            matched_by,
            says,
            columns: Roles::new(stream, settings, names, all),
            names: first_names.clone(),
            notices: unmet_wish(stream, settings).into_iter().collect(),
        };
        plan.columns.check(stream)?;
        plan.notices.extend(plan.columns.unmet(stream));
        plan.check_columns(stream);
        Ok(plan)
    }

    /// Tells which column every record will lack.
    fn check_columns(&mut self, stream: &ConfiguredStream) {
        let wanted = [
            ([NamedListColumn::Key].as_slice(), format!("\"{}\"", self.key.property())),
            (
                &[NamedListColumn::ListId, NamedListColumn::ListName],
                format!("\"{LIST_ID}\" or \"{LIST_NAME}\""),
            ),
        ];
        for (columns, name) in wanted {
            if self.columns.lacks(stream, columns) {
                self.notices.push(format!(
                    "Stream \"{}\" declares no column {name}: records without it are rejected.",
                    stream.descriptor
                ));
            }
        }
    }
}

impl From<NamedListPlan> for Plan {
    fn from(mut plan: NamedListPlan) -> Self {
        Self {
            descriptor: plan.descriptor.clone(),
            target: target(&plan.object, &plan.key, plan.matched_by),
            doing: "change the members of lists".to_owned(),
            course: format!(
                "{} {} by {}",
                if plan.says == Says::StreamRemoves { "remove from lists" } else { "change the lists of" },
                plan.object.name,
                plan.key.property()
            ),
            notices: std::mem::take(&mut plan.notices),
            // Lists are known by the records that name them.
            missing: Vec::new(),
            mirrors: None,
            links: Vec::new(),
            awaited: Awaited::default(),
            deleted: DeletedRowsOf::default(),
            shaping: Shaping::NamedLists(Box::new(NamedListShaper::new(plan))),
        }
    }
}

/// Who says what is done: members of many lists can be added and removed, and nothing else.
fn says(stream: &ConfiguredStream, settings: Option<&StreamSettings>) -> Result<Says, Failure> {
    let chosen = match settings.and_then(|settings| settings.operation) {
        Some(config::Operation::Upsert | config::Operation::Insert) => Some(Says::Record),
        Some(config::Operation::Archive) => Some(Says::StreamRemoves),
        Some(config::Operation::Mirror | config::Operation::Update) => None,
        None if stream.destination_object_name.is_none() => Some(Says::Record),
        None => match stream.destination_sync_mode {
            DestinationSyncMode::Append | DestinationSyncMode::AppendDedup => Some(Says::Record),
            DestinationSyncMode::SoftDelete => Some(Says::StreamRemoves),
            DestinationSyncMode::Overwrite
            | DestinationSyncMode::OverwriteDedup
            | DestinationSyncMode::Update => None,
        },
    };
    chosen.ok_or_else(|| {
        let message = format!(
            "Stream \"{}\" goes to the lists that its records name, whose members can be added (append, append_dedup) or \
             removed (soft delete), not updated or mirrored. Choose one of these, or mirror a single list as LIST:<id>.",
            stream.descriptor
        );
        Failure::new(Kind::Configuration, message).of_stream(&stream.descriptor)
    })
}

/// What a plain ELT stream's sync mode asks for and does not get, in a line for the log.
fn unmet_wish(stream: &ConfiguredStream, settings: Option<&StreamSettings>) -> Option<String> {
    let chosen =
        stream.destination_object_name.is_some() || settings.is_some_and(|known| known.operation.is_some());
    let is_met = matches!(
        stream.destination_sync_mode,
        DestinationSyncMode::Append | DestinationSyncMode::AppendDedup | DestinationSyncMode::Update
    );
    (!chosen && !is_met).then(|| {
        format!(
            "Stream \"{}\" goes to lists by this destination's settings: members are added or removed as its records say, \
             and nobody else leaves, whatever its sync mode. Set the \"operation\" \"archive\" to have all of them \
             removed.",
            stream.descriptor
        )
    })
}
