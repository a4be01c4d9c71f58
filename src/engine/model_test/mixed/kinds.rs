//! The kinds of streams, and how a stream of each is set up.

use super::super::super::association::{AssociationType, Awaited, Linking};
use super::super::super::inline::InlineLink;
use super::super::super::lane::BatchLimits;
use super::super::super::operation::{Among, Ends, MatchedBy, Operation};
use super::super::super::request::{FarTarget, Target};
use super::super::script::chance;

/// What a stream does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Upserts contacts by their address.
    Contacts,
    /// The same, of a property that says who belongs to an audience.
    Audience,
    /// The same, and associates each as it is written: with companies by a unique key, by search and by record id.
    Linked,
    /// Upserts companies by a unique property.
    Companies,
    /// Upserts records of its own, some of which the source has deleted.
    Followed(MatchedBy),
    /// Updates records that are there.
    Update(MatchedBy),
    /// Archives records.
    Archive(MatchedBy),
    /// Makes records, with or without a unique property.
    Insert,
    /// Upserts by a property that is not unique.
    Found,
    /// Puts contacts on lists that the records name, and takes them off.
    Members(MatchedBy),
    /// Puts contacts on one list that is to hold nobody else.
    Mirror,
    /// Associates contacts with companies, with a label or without.
    Associate(Ends, Labelled),
    /// Dissociates them, or takes a label off.
    Dissociate(Ends, Labelled),
    /// Sends events.
    Events,
}

/// Whether pairs are given a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Labelled {
    Yes,
    No,
}

const fn ends(from: MatchedBy, to: MatchedBy) -> Ends {
    Ends { from, to }
}

const BY_KEYS: Ends = ends(MatchedBy::Email, MatchedBy::UniqueProperty);
const BY_IDS: Ends = ends(MatchedBy::RecordId, MatchedBy::RecordId);

/// All of them.
pub(super) const KINDS: [Kind; 29] = [
    Kind::Contacts,
    Kind::Audience,
    Kind::Linked,
    Kind::Companies,
    Kind::Followed(MatchedBy::UniqueProperty),
    Kind::Followed(MatchedBy::Email),
    Kind::Update(MatchedBy::RecordId),
    Kind::Update(MatchedBy::UniqueProperty),
    Kind::Update(MatchedBy::Email),
    Kind::Update(MatchedBy::Search(Among::Values)),
    Kind::Archive(MatchedBy::RecordId),
    Kind::Archive(MatchedBy::UniqueProperty),
    Kind::Archive(MatchedBy::Email),
    Kind::Archive(MatchedBy::Search(Among::Values)),
    Kind::Insert,
    Kind::Found,
    Kind::Members(MatchedBy::RecordId),
    Kind::Members(MatchedBy::UniqueProperty),
    Kind::Members(MatchedBy::Email),
    Kind::Mirror,
    Kind::Associate(BY_KEYS, Labelled::No),
    Kind::Associate(BY_KEYS, Labelled::Yes),
    Kind::Associate(BY_IDS, Labelled::Yes),
    Kind::Associate(ends(MatchedBy::Email, MatchedBy::Search(Among::Values)), Labelled::No),
    Kind::Associate(ends(MatchedBy::Search(Among::Values), MatchedBy::RecordId), Labelled::No),
    Kind::Dissociate(BY_KEYS, Labelled::No),
    Kind::Dissociate(BY_KEYS, Labelled::Yes),
    Kind::Dissociate(BY_IDS, Labelled::No),
    Kind::Events,
];

/// Those that make what nothing but a look tells from what was there.
pub(super) const MAKING: [Kind; 3] = [Kind::Insert, Kind::Insert, Kind::Found];
/// Those that need what others of them write.
pub(super) const LINKING: [Kind; 7] = [
    Kind::Linked,
    Kind::Companies,
    Kind::Contacts,
    Kind::Associate(BY_KEYS, Labelled::No),
    Kind::Associate(ends(MatchedBy::Email, MatchedBy::Search(Among::Values)), Labelled::No),
    Kind::Members(MatchedBy::Email),
    Kind::Mirror,
];

/// The label that the first association of contacts gives, and the one that streams of pairs give and take.
pub(super) const INLINE_LABEL: u64 = 36;
pub(super) const LABEL: u64 = 50;
/// A label that some pairs have from the start.
pub(super) const OLD_LABEL: u64 = 40;
/// The plain association, which every pair has.
pub(super) const PLAIN: u64 = 279;

/// A kind of association by its number.
pub(super) fn label(type_id: u64) -> AssociationType {
    let category = if type_id == PLAIN { "HUBSPOT_DEFINED" } else { "USER_DEFINED" };
    AssociationType { category: category.to_owned(), type_id }
}

impl Kind {
    pub(super) fn operation(self) -> Operation {
        match self {
            Self::Contacts | Self::Audience | Self::Linked | Self::Companies | Self::Followed(_) => {
                Operation::Upsert
            }
            Self::Update(by) => Operation::Update(by),
            Self::Archive(by) => Operation::Archive(by),
            Self::Insert => Operation::Insert,
            Self::Found => Operation::UpsertFound(Among::Values),
            Self::Members(by) => Operation::Membership(by),
            Self::Mirror => Operation::Membership(MatchedBy::Email),
            Self::Associate(ends, _) => Operation::Association(Linking::Associate, ends),
            Self::Dissociate(ends, _) => Operation::Association(Linking::Dissociate, ends),
            Self::Events => Operation::Event,
        }
    }

    /// Whether its records bring properties, so that HubSpot can refuse them.
    pub(super) fn writes(self) -> bool {
        match self.operation() {
            Operation::Insert | Operation::Upsert | Operation::UpsertFound(_) | Operation::Update(_) => true,
            Operation::Event => true,
            Operation::Archive(_) | Operation::Membership(_) | Operation::Association(..) => false,
        }
    }

    /// What is done with records that the source has deleted, where that is not what is done with all.
    pub(super) fn deletion(self) -> Option<Operation> {
        match self {
            Self::Followed(by) | Self::Update(by) => Some(Operation::Archive(by)),
            Self::Found => Some(Operation::Archive(MatchedBy::Search(Among::Values))),
            _ => None,
        }
    }

    /// What kind of key names its records, and those at the far end.
    fn matched_by(self) -> (MatchedBy, Option<MatchedBy>) {
        match self.operation() {
            Operation::Update(by) | Operation::Archive(by) | Operation::Membership(by) => (by, None),
            Operation::UpsertFound(among) => (MatchedBy::Search(among), None),
            Operation::Association(_, Ends { from, to }) => (from, Some(to)),
            Operation::Upsert => match self {
                Self::Companies => (MatchedBy::UniqueProperty, None),
                Self::Followed(by) => (by, None),
                _ => (MatchedBy::Email, None),
            },
            Operation::Insert | Operation::Event => (MatchedBy::UniqueProperty, None),
        }
    }

    /// The objects it writes: those of other streams too where pairs and lists need them, else its own.
    fn object(self, stream: usize) -> String {
        match self {
            Self::Contacts | Self::Audience | Self::Linked | Self::Members(_) | Self::Mirror => {
                "contacts".to_owned()
            }
            Self::Associate(..) | Self::Dissociate(..) => "contacts".to_owned(),
            Self::Companies => "companies".to_owned(),
            Self::Update(_) | Self::Archive(_) | Self::Followed(_) => format!("own {stream}"),
            Self::Insert | Self::Found | Self::Events => format!("own {stream}"),
        }
    }
}

/// The property that a key of this kind is a value of.
fn property(by: MatchedBy) -> &'static str {
    match by {
        MatchedBy::RecordId => "hs_object_id",
        MatchedBy::UniqueProperty => "no",
        MatchedBy::Email => "email",
        MatchedBy::Search(_) => "domain",
    }
}

/// A stream.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) kind: Kind,
    pub(super) target: Target,
    /// What is associated with its records as they are written.
    pub(super) links: Vec<(InlineLink, Target)>,
    pub(super) limits: BatchLimits,
    /// The list it mirrors.
    pub(super) mirrors: Option<String>,
    /// Which ends of its pairs are waited for.
    pub(super) awaited: Awaited,
}

impl Stream {
    pub(super) fn new(kind: Kind, number: usize, awaits: bool, rng: &mut fastrand::Rng) -> Self {
        let (by, far) = kind.matched_by();
        let target = |operation, object: &str, by, far: Option<MatchedBy>| Target {
            operation,
            object: object.into(),
            key_property: property(by).to_owned(),
            far: far
                .map(|far| FarTarget { object: "companies".into(), key_property: property(far).to_owned() }),
            lists: Default::default(),
        };
        let inline = [
            (MatchedBy::UniqueProperty, Some(INLINE_LABEL)),
            (MatchedBy::Search(Among::Values), None),
            (MatchedBy::RecordId, None),
        ];
        let links = (0..).zip(inline).filter(|_| kind == Kind::Linked).map(|(round, (to, type_id))| {
            let column = format!("column {round}").into();
            let link = InlineLink { column, to, label: type_id.map(label), round };
            let target = target(link.operation(), "contacts", MatchedBy::RecordId, Some(to));
            (link, target)
        });
        let limits = BatchLimits {
            inputs: rng.usize(1..=8),
            records: if chance(rng, 30) { rng.usize(1..=10) } else { 1_000 },
            bytes: 1 << 20,
        };
        Self {
            kind,
            target: target(kind.operation(), &kind.object(number), by, far),
            links: links.collect(),
            limits,
            mirrors: (kind == Kind::Mirror).then(|| format!("mirror {number}")),
            awaited: Awaited { near: awaits, far: awaits },
        }
    }
}
