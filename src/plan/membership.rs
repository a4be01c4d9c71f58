//! Streams of list members: `LIST:<listId>` here, `LIST_MEMBERSHIP` in [`named`].

pub mod named;

use super::deleted::DeletedRowsOf;
use std::borrow::Cow;
use std::collections::HashSet;

use super::Plan;
use super::Shaping;
use super::identity::{Identity, IdentityChoice};
use super::meant::{of_stream, undeclared};
use super::notices::Notice;
use super::nulled::Nulled;
use super::object::ObjectName;
use super::refusal::not_an_object;
use super::shape::{Shaped, key_hash};
use super::stream::two_columns;
use super::target::TargetName;
use crate::bound::Bound;
use crate::coerce::{KeyRule, key_text};
use crate::config::{self, Limit, StreamSettings};
use crate::crm::list::List;
use crate::crm::object::ObjectType;
use crate::crm::property::Property;
use crate::engine::association::Awaited;
use crate::engine::membership::{Action, Membership};
use crate::engine::operation::{MatchedBy, Operation};
use crate::engine::record::{Body, BodyParts};
use crate::engine::rejection::Rejection;
use crate::engine::request::Target;
use crate::error::{Failure, Kind};
use crate::protocol::StreamDescriptor;
use crate::protocol::catalog::{ConfiguredStream, DestinationSyncMode};
use crate::protocol::message::RecordMessage;

/// A list that is to hold nobody but the members named.
#[derive(Clone, Debug, PartialEq)]
pub struct MirroredList {
    /// HubSpot's id of it.
    pub id: String,
    /// How many of its members a sync may remove.
    pub most_removed: Option<Bound>,
}

/// What becomes of the members that a stream names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// They are put on the list.
    Add,
    /// They are taken off it.
    Remove,
    /// They are put on the list, and whoever else is on it is taken off.
    Mirror,
}

/// What a stream of list members does: as configured, else as its sync mode says.
///
/// # Errors
/// A configuration failure for what lists do not have.
pub fn wanted(stream: &ConfiguredStream, settings: Option<&StreamSettings>) -> Result<Wanted, Failure> {
    let refuse = || {
        let message = format!(
            "Stream \"{}\" goes to a list, whose members can be added (append), removed (soft delete) or mirrored \
             (overwrite), not updated. Choose one of these.",
            stream.descriptor
        );
        Err(Failure::new(Kind::Configuration, message).of_stream(&stream.descriptor))
    };
    match settings.and_then(|settings| settings.operation) {
        Some(config::Operation::Upsert | config::Operation::Insert) => return Ok(Wanted::Add),
        Some(config::Operation::Archive) => return Ok(Wanted::Remove),
        Some(config::Operation::Mirror) => return Ok(Wanted::Mirror),
        Some(config::Operation::Update) => return refuse(),
        None if stream.destination_object_name.is_none() => return Ok(Wanted::Add),
        None => {}
    }
    match stream.destination_sync_mode {
        _ if stream.replaces() && is_named_by_catalog(stream) => Ok(Wanted::Mirror),
        DestinationSyncMode::Append | DestinationSyncMode::AppendDedup => Ok(Wanted::Add),
        DestinationSyncMode::Overwrite | DestinationSyncMode::OverwriteDedup => Ok(Wanted::Add),
        DestinationSyncMode::SoftDelete => Ok(Wanted::Remove),
        DestinationSyncMode::Update => refuse(),
    }
}

/// Whether it was in the connection that the list was chosen: nobody leaves a list that only the settings name, unless
/// they say so.
fn is_named_by_catalog(stream: &ConfiguredStream) -> bool {
    let name = stream.destination_object_name.as_deref().map(ObjectName::Given);
    name.is_some_and(|name| matches!(TargetName::of(name), TargetName::List(_)))
}

/// Refuses a mirror of which it could not be known that it is complete.
fn check_mirror(stream: &ConfiguredStream) -> Result<(), Failure> {
    let problem = if !stream.is_full_refresh {
        "is incremental: what it does not send may still belong to the list. Choose full refresh for it"
    } else if stream.generation_id.is_none() {
        "comes without a generation id: its end is not announced, so that it could not be told from a sync that broke \
         off. Use a platform that supports refreshes (Airbyte 1.0 or later)"
    } else {
        return Ok(());
    };
    let message = format!("Stream \"{}\" is to mirror a list and {problem}.", stream.descriptor);
    Err(Failure::new(Kind::Configuration, message).of_stream(&stream.descriptor))
}

/// Refuses a list whose members HubSpot decides about.
///
/// # Errors
/// A configuration failure that names the list.
pub fn check_list(stream: &StreamDescriptor, list: &List) -> Result<(), Failure> {
    if list.takes_members() {
        return Ok(());
    }
    let message = format!(
        "List {} (\"{}\") of stream \"{}\" is dynamic: HubSpot decides about its members by a filter, and nobody else \
         can. Use a manual list.",
        list.list_id, list.name, stream
    );
    Err(Failure::new(Kind::Configuration, message).of_stream(stream))
}

/// Everything the plan of a list stream is made of.
#[derive(Clone, Copy, Debug)]
pub struct ListGround<'a> {
    /// The stream as the catalog has it.
    pub stream: &'a ConfiguredStream,
    /// Its settings, if it has any.
    pub settings: Option<&'a StreamSettings>,
    /// The list.
    pub list: &'a List,
    /// The object type of its members.
    pub object: &'a ObjectType,
    /// Property definitions of that object.
    pub properties: &'a [Property],
}

/// The plan of a stream that goes to one list.
///
/// # Errors
/// A configuration failure: a dynamic list, a sync mode lists do not have, no column that names a member.
pub fn plan(ground: ListGround<'_>) -> Result<Plan, Failure> {
    let ListGround { stream, settings, list, object, properties } = ground;
    let wanted = wanted(stream, settings)?;
    if wanted == Wanted::Mirror {
        check_mirror(stream)?;
    }
    check_list(&stream.descriptor, list)?;
    let choice = IdentityChoice::of_stream(stream, settings, object, properties);
    let Identity { rule, matched_by, .. } = choice.resolve(stream.columns.keys())?;
    let figures = choice.figures(stream, rule.property());
    let rule = rule.reading(figures);
    let mut notices: Vec<String> = unmet_wish(stream, settings).into_iter().collect();
    let key_columns = choice.columns_of(rule.property(), stream.columns.keys(), &mut notices)?;
    let action = if wanted == Wanted::Remove { Action::Remove } else { Action::Add };
    let doing = format!("change the members of list {}", list.list_id);
    let verb = match wanted {
        Wanted::Add => "add to",
        Wanted::Remove => "remove from",
        Wanted::Mirror => "mirror",
    };
    let mapping = settings.map(|settings| settings.property_mapping.pairs()).unwrap_or_default();
    notices.extend(undeclared(stream, mapping).iter().map(|line| of_stream(&stream.descriptor, line)));
    Ok(Plan {
        descriptor: stream.descriptor.clone(),
        target: target(object, &rule, matched_by),
        doing,
        course: format!("{verb} LIST:{} {} by {}", list.list_id, object.name, rule.property()),
        shaping: Shaping::Members(Box::new(MemberShaper {
            key: rule,
            key_columns,
            list: list.list_id.clone(),
            action,
        })),
        notices,
        missing: Vec::new(),
        mirrors: (wanted == Wanted::Mirror).then(|| MirroredList {
            id: list.list_id.clone(),
            most_removed: settings.and_then(|settings| settings.mirror_max_archive).and_then(Limit::bound),
        }),
        links: Vec::new(),
        awaited: Awaited::default(),
        deleted: DeletedRowsOf::default(),
    })
}

/// What the calls of a stream of members are.
fn target(object: &ObjectType, key: &KeyRule, matched_by: MatchedBy) -> Target {
    Target {
        operation: Operation::Membership(matched_by),
        object: object.path.as_str().into(),
        key_property: key.property().to_owned(),
        far: None,
        lists: HashSet::new(),
    }
}

/// What a plain ELT stream's sync mode asks for and does not get, in a line for the log.
fn unmet_wish(stream: &ConfiguredStream, settings: Option<&StreamSettings>) -> Option<String> {
    let chosen = settings.is_some_and(|known| known.operation.is_some());
    let unmet = match stream.destination_sync_mode {
        DestinationSyncMode::Overwrite | DestinationSyncMode::OverwriteDedup
            if !is_named_by_catalog(stream) =>
        {
            "nobody is removed from the list"
        }
        DestinationSyncMode::SoftDelete if stream.destination_object_name.is_none() => {
            "members are added, not removed"
        }
        _ => return None,
    };
    (!chosen).then(|| {
        format!(
            "Stream \"{}\" goes to a list by this destination's settings: {unmet}, whatever its sync mode. Set an \
             \"operation\" for the stream (\"mirror\" or \"archive\") to have something else done.",
            stream.descriptor
        )
    })
}

/// Shapes the records of a stream of list members.
#[derive(Debug)]
pub struct MemberShaper {
    key: KeyRule,
    /// Declared columns that hold the member's key, by whatever spelling.
    key_columns: HashSet<String>,
    list: String,
    action: Action,
}

impl MemberShaper {
    /// Shapes a record.
    pub fn shape(&self, record: &RecordMessage<'_>) -> Shaped {
        let data = record.data;
        let nulled = Nulled::of(record);
        let mut key: Option<Cow<'_, str>> = None;
        let mut rejection = None;
        let mut column: Option<Cow<'_, str>> = None;
        let walked = data.members(|name, value| {
            if nulled.contains(&name) || !self.is_key(&name) {
                return;
            }
            if let Some(first) = column.as_ref().filter(|first| **first != name) {
                rejection = Some(two_columns(first, &name, self.key.property()));
                return;
            }
            column = Some(name);
            match key_text(&self.key, value) {
                Ok(text) => key = Some(text),
                Err(problem) => {
                    let property = self.key.property();
                    let message = problem.message(property);
                    rejection =
                        Some(Rejection::by_connector(problem.code().as_str(), Some(property), message));
                }
            }
        });
        let rejection = match (walked, rejection, &key) {
            (Err(_), ..) => Some(not_an_object(record.data)),
            (Ok(()), Some(rejection), _) => Some(rejection),
            (Ok(()), None, None) => Some(missing_key(self.key.property())),
            (Ok(()), None, Some(_)) => None,
        };
        let mut properties = Vec::new();
        if rejection.is_none() {
            Membership { list: Cow::Borrowed(&self.list), action: self.action }.append(&mut properties);
        }
        let parts = BodyParts { key: key.as_deref(), properties: &properties, ..BodyParts::received(record) };
        Shaped::new(Body::new(parts, key_hash), rejection)
    }

    /// Takes what the user should be told once; members have nothing to tell.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        Vec::new()
    }

    /// Whether the members named are taken off the list.
    #[must_use]
    pub fn takes_off(&self) -> bool {
        self.action == Action::Remove
    }

    fn is_key(&self, name: &str) -> bool {
        name == self.key.property() || self.key_columns.contains(name)
    }
}

fn missing_key(property: &str) -> Rejection {
    let message = format!("{property}: the record names no member; every record needs a value for it.");
    Rejection::by_connector("MISSING_MATCHING_KEY", Some(property), message)
}
