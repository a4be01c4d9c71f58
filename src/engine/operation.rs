//! What a stream does with its records, and the calls that takes.
//!
//! | operation, matched by | calls |
//! |---|---|
//! | insert | batch create; what may have been made without a word is looked up (batch read) before anything else |
//! | upsert | batch upsert |
//! | upsert, search | search for the record ids, batch update of what was found, batch create of the rest |
//! | update, record id or unique property | batch update; a record with nothing to change is only looked up |
//! | update, e-mail | batch read for the record ids, batch update by id: HubSpot's batch update does not take e-mails |
//! | archive, record id | batch archive |
//! | archive, anything else | batch read for the record ids, batch archive: it takes record ids only |
//! | membership, record id | adds and removes of one list in one call |
//! | membership, anything else | batch reads for the record ids, then the same |
//! | update or archive, search | search for the record ids, then by record id |
//! | association | batch reads for the record ids of both ends (or searches), of labels there are, then one call for up to 2,000 pairs with labels, 1,000 without |
//! | event | batch send; a 204 confirms all of it |
//!
//! A record may take two writes, one after the other: then its batch upsert or update is made twice, the second time with
//! the record's sequel.
//!
//! An update by record id that HubSpot leaves unmentioned goes through the single endpoint in the end: that one
//! follows merges, the batch does not. Source: HubSpot's object API guide; recorded answers for merged ids.
//!
//! What is done with a record is what is done with its stream's, unless it says otherwise itself: a row that its source has
//! deleted is archived in a stream that upserts, in its place among the records of its key.
//!
//! Events have no key: each carries its own time and id, so the events of one contact need no order, and none is
//! merged with another.

use super::association::{Labels, Linking, Pair};
use super::batch::Input;
use super::lane::{BatchLimits, Merging};
use super::pace::Budget;

pub use crate::api::ADDITIONAL_DOMAINS;

/// What is done with each record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Create. The key, where a record has one, only tells afterwards whether a record was made: it is a property
    /// that HubSpot keeps unique, and sent among the others.
    Insert,
    /// Create, or update what has the key.
    Upsert,
    /// The same by a property that need not be unique. It is sent among the others, so that what is created can be
    /// found the next time.
    UpsertFound(Among),
    /// Update what exists.
    Update(MatchedBy),
    /// Move to the recycling bin.
    Archive(MatchedBy),
    /// Put records on lists, or take them off.
    Membership(MatchedBy),
    /// Associate pairs of records, or dissociate them.
    Association(Linking, Ends),
    /// Say that a custom event happened.
    Event,
}

/// What kinds of keys name the two ends of an association.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ends {
    /// The near end.
    pub from: MatchedBy,
    /// The far end.
    pub to: MatchedBy,
}

/// What kind of key names the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchedBy {
    /// HubSpot's own record id.
    RecordId,
    /// A property HubSpot keeps unique.
    UniqueProperty,
    /// A contact's e-mail address, secondary ones included.
    Email,
    /// Any property, found by search.
    Search(Among),
}

/// What keys are searched for among.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Among {
    /// The values of one property.
    Values,
    /// The domains of companies: a host has two spellings where it is not ASCII.
    Domains,
    /// The same, and the further domains of companies.
    AllDomains,
}

impl MatchedBy {
    /// The same for archiving: a company that has a domain besides may be the one that another was merged into, which
    /// nobody asked to archive.
    #[must_use]
    pub fn of_its_own(self) -> Self {
        match self {
            Self::Search(Among::AllDomains) => Self::Search(Among::Domains),
            _ => self,
        }
    }
}

/// One of the calls an operation is made of.
///
/// In the order in which an input may need them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Finds record ids by a key that HubSpot keeps unique.
    Lookup,
    /// The same for the far ends of associations.
    LookupFar,
    /// Finds record ids by any property.
    Search,
    /// The same for the far ends of associations.
    SearchFar,
    /// Reads the labels that associations have.
    ReadLabels,
    /// Makes records.
    Create,
    /// Writes a batch.
    Write,
    /// Writes one record through the single endpoint.
    Single,
    /// Changes the members of a list.
    Members,
    /// Associates pairs of records, or dissociates them.
    Link,
    /// Does what a list as a whole needs.
    Chore,
    /// Sends a batch of event occurrences.
    SendEvents,
}

impl Step {
    /// The budget of calls that it counts against.
    #[must_use]
    pub fn budget(self) -> Budget {
        match self {
            Self::Create
            | Self::Lookup
            | Self::LookupFar
            | Self::Write
            | Self::Single
            | Self::Members
            | Self::Chore => Budget::General,
            Self::Search | Self::SearchFar => Budget::Search,
            Self::ReadLabels | Self::Link => Budget::Associations,
            Self::SendEvents => Budget::Events,
        }
    }
}

/// A batch of objects: HubSpot takes 100 inputs (HubSpot's object API guide); the other two bound memory and the
/// work of taking a refused batch apart.
const OBJECT_BATCH: BatchLimits = BatchLimits { inputs: 100, records: 1000, bytes: 4 << 20 };
/// A batch of events: HubSpot takes 500 (HubSpot's custom events guide).
const EVENT_BATCH: BatchLimits = BatchLimits { inputs: 500, records: 500, bytes: 4 << 20 };

/// Pairs of one batch: HubSpot takes 2,000 in a call (HubSpot's associations guide); where it gives no number, a batch is cut.
const ASSOCIATION_BATCH: BatchLimits = BatchLimits { inputs: 2000, records: 2000, bytes: 4 << 20 };
/// Members of one call: HubSpot names no limit, and halves of a batch that is too large are sent one by one.
const MEMBERSHIP_BATCH: BatchLimits = BatchLimits { inputs: 1000, records: 1000, bytes: 4 << 20 };

impl Operation {
    /// What it does, for messages: `upsert CONTACT records`.
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Upsert | Self::UpsertFound(_) => "upsert",
            Self::Update(_) => "update",
            Self::Archive(_) => "archive",
            Self::Membership(_) => "list",
            Self::Association(Linking::Associate, _) => "associate",
            Self::Association(Linking::Dissociate, _) => "dissociate",
            Self::Event => "send",
        }
    }

    /// How many inputs are gathered into one batch.
    #[must_use]
    pub fn batch_limits(self) -> BatchLimits {
        match self {
            Self::Insert | Self::Upsert | Self::UpsertFound(_) | Self::Update(_) | Self::Archive(_) => {
                OBJECT_BATCH
            }
            Self::Membership(_) => MEMBERSHIP_BATCH,
            Self::Association(..) => ASSOCIATION_BATCH,
            Self::Event => EVENT_BATCH,
        }
    }

    /// Whether records of one key may be sent as one input.
    #[must_use]
    pub fn merging(self) -> Merging {
        match self {
            // Two records are two records, even if HubSpot keeps what they share unique and refuses the second.
            Self::Insert => Merging::Never,
            Self::Upsert | Self::UpsertFound(_) | Self::Update(_) | Self::Archive(_) => Merging::Allowed,
            // The later of two actions waits for the earlier one.
            Self::Membership(_) | Self::Association(..) => Merging::Never,
            Self::Event => Merging::Never,
        }
    }

    /// Whether the record ids of a whole batch are looked up, by as many calls as it takes, before it is written.
    #[must_use]
    pub fn looks_up_first(self) -> bool {
        matches!(self, Self::Membership(_) | Self::Association(..))
    }

    /// The call an input needs first.
    #[must_use]
    pub fn first_step(self, input: &Input) -> Step {
        match self {
            Self::Event => Step::SendEvents,
            Self::Association(linking, ends) => linking_step(linking, ends, input),
            Self::Insert => Step::Create,
            // An update without properties is refused by HubSpot; that the record exists can be seen without one.
            Self::Update(MatchedBy::Search(_)) if !input.has_properties() => Step::Search,
            Self::Update(_) if !input.has_properties() => Step::Lookup,
            Self::Membership(MatchedBy::RecordId) => Step::Members,
            Self::Membership(_) if input.record_id.is_some() => Step::Members,
            Self::Membership(_) => Step::Lookup,
            _ if input.record_id.is_some() => Step::Write,
            Self::UpsertFound(_)
            | Self::Update(MatchedBy::Search(_))
            | Self::Archive(MatchedBy::Search(_)) => Step::Search,
            Self::Upsert | Self::Archive(MatchedBy::RecordId) => Step::Write,
            Self::Archive(_) | Self::Update(MatchedBy::Email) => Step::Lookup,
            Self::Update(_) => Step::Write,
        }
    }

    /// The call for an input that a batch answer has left unmentioned twice.
    #[must_use]
    pub fn last_step(self, step: Step) -> Step {
        match (self, step) {
            (
                Self::UpsertFound(_)
                | Self::Update(MatchedBy::RecordId | MatchedBy::Email | MatchedBy::Search(_)),
                Step::Write,
            ) => Step::Single,
            _ => step,
        }
    }

    /// The call that finds out whether a record was made.
    #[must_use]
    pub fn step_in_doubt(self) -> Step {
        match self {
            Self::UpsertFound(_) => Step::Search,
            Self::Insert
            | Self::Upsert
            | Self::Update(_)
            | Self::Archive(_)
            | Self::Membership(_)
            | Self::Association(..)
            | Self::Event => Step::Lookup,
        }
    }

    /// Whether it is done with what is not there.
    #[must_use]
    pub fn takes_away(self) -> bool {
        matches!(self, Self::Archive(_) | Self::Association(Linking::Dissociate, _))
    }

    /// What its records are searched for among, where they are found by search.
    #[must_use]
    pub fn searches(self) -> Option<Among> {
        match self {
            Self::UpsertFound(among)
            | Self::Update(MatchedBy::Search(among))
            | Self::Archive(MatchedBy::Search(among)) => Some(among),
            _ => None,
        }
    }

    /// What a search of its records, or of the ends of its associations, is among.
    #[must_use]
    pub fn among(self, step: Step) -> Among {
        let end = match (self, step) {
            (Self::Association(_, ends), Step::SearchFar) => ends.to,
            (Self::Association(_, ends), _) => ends.from,
            _ => return self.searches().unwrap_or(Among::Values),
        };
        if let MatchedBy::Search(among) = end { among } else { Among::Values }
    }

    /// Whether records may be made that only their key tells from others.
    #[must_use]
    pub fn makes(self) -> bool {
        matches!(self, Self::Insert | Self::UpsertFound(_))
    }
}

/// The call that an input of an association needs next: both ids, then the labels that would get lost, then the pair.
fn linking_step(linking: Linking, ends: Ends, input: &Input) -> Step {
    if ends.from != MatchedBy::RecordId && input.record_id.is_none() {
        if matches!(ends.from, MatchedBy::Search(_)) { Step::Search } else { Step::Lookup }
    } else if ends.to != MatchedBy::RecordId && input.far.id.is_none() {
        if matches!(ends.to, MatchedBy::Search(_)) { Step::SearchFar } else { Step::LookupFar }
    } else if linking == Linking::Associate
        && !matches!(input.far.labels, Labels::Known(_))
        && Pair::of(input).label.is_some()
    {
        Step::ReadLabels
    } else {
        Step::Link
    }
}
