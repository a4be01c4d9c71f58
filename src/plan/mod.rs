//! What happens to each stream's records: target, operation, matching key, columns.
//!
//! Pure: catalog, configuration and what the account holds go in, plans or the reasons against them come out.

pub mod association;
pub mod audience;
pub mod columns;
pub mod deleted;
pub mod entries;
pub mod event;
pub mod first_names;
pub mod identity;
pub mod idle;
pub mod inline;
pub mod key;
pub mod known;
pub mod lifecycle;
pub mod making;
pub mod meant;
pub mod membership;
pub mod nested;
pub mod notices;
pub mod nulled;
pub mod object;
pub mod operation;
pub mod refusal;
pub mod roles;
pub mod shape;
pub mod stream;
pub mod target;

pub use stream::StreamPlan;

use crate::crm::list::{FoundList, ListRequest};
use crate::crm::new_property::{Made, NewProperty};
use crate::crm::object::ObjectType;
use crate::engine::association::Awaited;
use crate::engine::request::Target;
use crate::protocol::StreamDescriptor;
use crate::protocol::message::RecordMessage;
use association::PairShaper;
use audience::AudienceShaper;
use deleted::DeletedRowsOf;
use event::EventShaper;
use inline::PlannedLink;
use membership::named::NamedListShaper;
use membership::{MemberShaper, MirroredList};
use notices::Notice;
use shape::{Shaped, Shaper, Unshaped};

/// What happens to one stream, whatever it goes to.
#[derive(Debug)]
pub struct Plan {
    /// The stream.
    pub descriptor: StreamDescriptor,
    /// What its calls are.
    pub target: Target,
    /// What they do, for messages: `upsert CONTACT records`.
    pub doing: String,
    /// Where its records go, by which operation and key, for the line about it: `update CONTACT by email`.
    pub course: String,
    /// Makes what is sent of what is received.
    pub shaping: Shaping,
    /// What becomes of rows that the source has deleted.
    pub deleted: DeletedRowsOf,
    /// What the user should be told once, before the first record.
    pub notices: Vec<String>,
    /// Properties that have to be made before the first record.
    pub missing: Vec<(ObjectType, NewProperty)>,
    /// The list that is to hold nobody but the members named, if the stream goes to one.
    pub mirrors: Option<MirroredList>,
    /// Associations that are made with its records.
    pub links: Vec<PlannedLink>,
    /// Which ends of its pairs the sync itself may still bring, where it is a stream of associations.
    pub awaited: Awaited,
}

/// How records of a kind of target are shaped.
#[derive(Debug)]
pub enum Shaping {
    /// Records of CRM objects.
    Objects(Box<Shaper>),
    /// Members of lists.
    Members(Box<MemberShaper>),
    /// Pairs of records.
    Associations(Box<PairShaper>),
    /// Members of lists that the records name.
    NamedLists(Box<NamedListShaper>),
    /// Occurrences of a custom event.
    Events(Box<EventShaper>),
    /// Contacts and their statuses in audiences.
    Audiences(Box<AudienceShaper>),
}

impl Shaping {
    /// Shapes a record.
    ///
    /// # Errors
    /// [`Unshaped`]: something ends the stream, or has to be made or known first.
    pub fn shape(&mut self, record: &RecordMessage<'_>) -> Result<Shaped, Unshaped> {
        match self {
            Self::Objects(shaper) => shaper.shape(record),
            Self::Members(shaper) => Ok(shaper.shape(record)),
            Self::Associations(shaper) => Ok(shaper.shape(record)),
            Self::NamedLists(shaper) => shaper.shape(record),
            Self::Events(shaper) => shaper.shape(record),
            Self::Audiences(shaper) => shaper.shape(record),
        }
    }

    /// Notes what came of a property that was to be made.
    pub fn learn(&mut self, name: &str, made: Made) {
        match self {
            Self::Objects(shaper) => shaper.learn(name, made),
            Self::Events(shaper) => shaper.learn(name, made),
            Self::Audiences(shaper) => shaper.learn(name, made),
            // Members and pairs have no properties.
            Self::Members(_) | Self::NamedLists(_) | Self::Associations(_) => {}
        }
    }

    /// The object type whose properties its records have, where they are an object's.
    #[must_use]
    pub fn object(&self) -> Option<&ObjectType> {
        match self {
            Self::Objects(shaper) => Some(shaper.object()),
            Self::Members(_)
            | Self::NamedLists(_)
            | Self::Associations(_)
            | Self::Events(_)
            | Self::Audiences(_) => None,
        }
    }

    /// Notes that HubSpot does not have a property any more.
    pub fn forget(&mut self, name: &str) {
        if let Self::Objects(shaper) = self {
            shaper.forget(name);
        }
    }

    /// Notes what came of a list that was looked for.
    pub fn learn_list(&mut self, request: &ListRequest, found: FoundList) {
        match self {
            Self::NamedLists(shaper) => shaper.learn(request, found),
            // Only their records name lists.
            Self::Objects(_)
            | Self::Members(_)
            | Self::Associations(_)
            | Self::Events(_)
            | Self::Audiences(_) => {}
        }
    }

    /// Takes what the user should be told once, such as names that lead nowhere.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        match self {
            Self::Objects(shaper) => shaper.take_notices(),
            Self::Members(shaper) => shaper.take_notices(),
            Self::Associations(shaper) => shaper.take_notices(),
            Self::NamedLists(shaper) => shaper.take_notices(),
            Self::Events(shaper) => shaper.take_notices(),
            Self::Audiences(shaper) => shaper.take_notices(),
        }
    }
}

impl From<StreamPlan> for Plan {
    fn from(mut plan: StreamPlan) -> Self {
        Self {
            descriptor: plan.descriptor.clone(),
            target: Target {
                operation: plan.operation,
                object: plan.object.path.as_str().into(),
                key_property: plan.key.as_ref().map(|key| key.property().to_owned()).unwrap_or_default(),
                far: None,
                lists: plan.columns.list_properties(),
            },
            doing: plan.doing(),
            course: plan.course(),
            notices: std::mem::take(&mut plan.notices),
            missing: plan.missing.iter().map(|new| (plan.object.clone(), new.clone())).collect(),
            mirrors: None,
            links: inline::planned(&plan.object, &plan.associations),
            awaited: Awaited::default(),
            deleted: DeletedRowsOf::default(),
            shaping: Shaping::Objects(Box::new(Shaper::new(plan))),
        }
    }
}
