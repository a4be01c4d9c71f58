//! Associations between pairs of records: what a record asks for, and the calls that do it.
//!
//! | what is asked for | call |
//! |---|---|
//! | associate | batch associate/default |
//! | associate with a label | batch read of the pair's labels, batch create with all of them: a call replaces the labels of a pair |
//! | dissociate | batch archive |
//! | take a label off | batch labels/archive |
//!
//! A record of such a stream has the key of the near end as its own; the far end's key and the label stand where an
//! object's properties would. Source: HubSpot's associations guide (v4).

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::batch::{Input, Send};
use super::operation::Step;
pub use crate::api::AssociationType;
use crate::api::{AssociationVerb, Endless, Pages};
use crate::error::{Failure, Kind};

/// What is done with a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Linking {
    /// It is associated.
    Associate,
    /// It is not associated any more.
    Dissociate,
}

/// What is known of an input's far end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FarEnd {
    /// HubSpot's record id, once it has been looked up.
    pub id: Option<Box<str>>,
    /// The labels the pair has.
    pub labels: Labels,
    /// How long one of the ends has been missing.
    pub absence: Absence,
}

/// How far it has been found out that an end is not there, where the sync itself may still bring it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Absence {
    /// Nothing is known yet.
    #[default]
    Unknown,
    /// It was missing, and is looked for again now that nothing else is left to be written. Counts the waits since, which
    /// the index of the search may need.
    Looking(usize),
    /// It was missing, and is looked for once more: there is no room to wait any longer.
    LastLook,
}

/// Which ends of its associations a stream waits for: those whose object types are written in the same sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Awaited {
    /// The near ends.
    pub near: bool,
    /// The far ends.
    pub far: bool,
}

impl Awaited {
    /// Whether an end that was looked for in this step may still come.
    #[must_use]
    pub fn includes(self, step: Step) -> bool {
        match step {
            Step::Lookup | Step::Search => self.near,
            Step::LookupFar | Step::SearchFar => self.far,
            Step::ReadLabels
            | Step::Create
            | Step::Write
            | Step::Single
            | Step::Members
            | Step::Link
            | Step::Chore
            | Step::SendEvents => false,
        }
    }
}

/// The labels a pair has, which must not get lost when it is given another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Labels {
    /// Not read yet.
    #[default]
    Unknown,
    /// Not among those read so far.
    From(NextPage),
    /// These.
    Known(Vec<AssociationType>),
}

/// Most pages of a record's associations to one other object that are read, 500 each as a rule: HubSpot's highest limit
/// is 50,000 of them (its associations guide).
const MOST_PAGES: usize = 1000;

/// Where reading a record's associations goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextPage {
    after: Box<str>,
    pages: Pages,
}

impl Labels {
    /// Not among those read so far: they go on at the cursor `after`.
    ///
    /// # Errors
    /// [`Endless`] when the pages do not end.
    pub fn go_on(self, after: &str) -> Result<Self, Endless> {
        let mut pages = match self {
            Self::From(NextPage { pages, .. }) => pages,
            Self::Unknown | Self::Known(_) => Pages::at_most(MOST_PAGES),
        };
        pages.follow(after)?;
        Ok(Self::From(NextPage { after: after.into(), pages }))
    }
}

/// Why a stream ends whose records' associations do not come to an end.
#[must_use]
pub fn endless() -> Failure {
    let message = "HubSpot does not come to an end when asked for the associations of a record. Run the sync again later.";
    Failure::new(Kind::Unavailable, message)
}

/// What one record asks for, beside the key of its near end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair<'a> {
    /// Text of the far end's key.
    #[serde(borrow)]
    pub to: Cow<'a, str>,
    /// The label, as HubSpot's type of it; none for the plain association.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<AssociationType>,
}

impl Pair<'_> {
    /// Appends what a body holds in place of properties.
    pub fn append(&self, out: &mut Vec<u8>) {
        let text = serde_json::to_string(self).unwrap_or_default();
        // An object, without its braces.
        out.extend_from_slice(text.trim_start_matches('{').strip_suffix('}').unwrap_or_default().as_bytes());
    }

    /// What an input asks for.
    #[must_use]
    pub fn of(input: &Input) -> Pair<'static> {
        let members = String::from_utf8_lossy(input.head.body.properties());
        let text = format!("{{{members}}}");
        let read = serde_json::from_str::<Pair<'_>>(&text);
        // Written by `append`, so it can be read.
        read.map_or(Pair { to: Cow::Borrowed(""), label: None }, |read| Pair {
            to: Cow::Owned(read.to.into_owned()),
            label: read.label,
        })
    }
}

/// Record ids of both ends: those looked up, else the keys themselves.
#[must_use]
pub fn ends(input: &Input) -> (String, String) {
    let to = input.far.id.as_deref().map_or_else(|| Pair::of(input).to.into_owned(), str::to_owned);
    (input.target().unwrap_or_default().to_owned(), to)
}

/// Endpoint and body of the call for these inputs, which all need the same.
#[must_use]
pub fn call(send: &Send, linking: Linking) -> (AssociationVerb, Vec<u8>) {
    let labelled = send.inputs.first().is_some_and(|input| Pair::of(input).label.is_some());
    let (verb, inputs): (_, Vec<Value>) = match (send.step, linking, labelled) {
        (Step::ReadLabels, ..) => (AssociationVerb::Read, reads(&send.inputs)),
        (_, Linking::Associate, false) => {
            (AssociationVerb::AssociateDefault, send.inputs.iter().map(plain).collect())
        }
        (_, Linking::Associate, true) => (
            AssociationVerb::Create,
            send.inputs.iter().map(|input| typed(input, all_types(input))).collect(),
        ),
        (_, Linking::Dissociate, false) => {
            (AssociationVerb::Archive, send.inputs.iter().map(archived).collect())
        }
        (_, Linking::Dissociate, true) => {
            let label = |input: &Input| typed(input, Pair::of(input).label.into_iter().collect());
            (AssociationVerb::ArchiveLabels, send.inputs.iter().map(label).collect())
        }
    };
    (verb, json!({ "inputs": inputs }).to_string().into_bytes())
}

fn plain(input: &Input) -> Value {
    let (from, to) = ends(input);
    json!({"from": {"id": from}, "to": {"id": to}})
}

fn typed(input: &Input, types: Vec<AssociationType>) -> Value {
    let (from, to) = ends(input);
    json!({"from": {"id": from}, "to": {"id": to}, "types": types})
}

fn archived(input: &Input) -> Value {
    let (from, to) = ends(input);
    json!({"from": {"id": from}, "to": [{"id": to}]})
}

/// The label asked for, and those there are.
fn all_types(input: &Input) -> Vec<AssociationType> {
    let mut types = match &input.far.labels {
        Labels::Known(known) => known.clone(),
        Labels::Unknown | Labels::From(_) => Vec::new(),
    };
    types.extend(Pair::of(input).label.filter(|label| !types.contains(label)));
    types
}

/// Each near end once, with the page it is read from.
fn reads(inputs: &[Input]) -> Vec<Value> {
    let mut asked: HashMap<&str, Value> = HashMap::new();
    let mut order = Vec::new();
    for input in inputs {
        let from = input.target().unwrap_or_default();
        asked.entry(from).or_insert_with(|| {
            order.push(from);
            match &input.far.labels {
                Labels::From(page) => json!({"id": from, "after": page.after}),
                Labels::Unknown | Labels::Known(_) => json!({"id": from}),
            }
        });
    }
    order.into_iter().filter_map(|from| asked.remove(from)).collect()
}
