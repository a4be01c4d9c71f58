//! The records of the input: what each asks for.

use std::borrow::Cow;

use super::super::super::association::Pair;
use super::super::super::batch::LinkIndex;
use super::super::super::inline;
use super::super::super::membership::{Action, Membership};
use super::super::super::operation::MatchedBy;
use super::super::super::record::{Body, BodyParts};
use super::super::script::chance;
use super::kinds::{Kind, LABEL, Labelled, Stream, label};

/// Number of a record, in the order of arrival; its data spells it.
pub(super) type Id = usize;

/// How HubSpot takes a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    Good,
    /// Refused whenever it is written.
    Poison,
    /// Written or not, and never mentioned.
    Mute,
    /// Every call that would write it fails.
    Crashing,
}

/// How many in a hundred are of which nature.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Natures {
    pub(super) poison: u8,
    pub(super) mute: u8,
    pub(super) crashing: u8,
}

/// A record of the input.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) stream: usize,
    pub(super) key: Option<String>,
    pub(super) nature: Nature,
    pub(super) asks: Asks,
    /// Code of its rejection, and that one's number.
    pub(super) rejected: Option<(String, u64)>,
}

/// What a record asks for, beside its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    /// That its record is there.
    Nothing,
    /// That it is not there any more.
    Gone,
    /// That its property is written.
    Property,
    /// That its property is written, then a second one.
    TwoWrites,
    /// That its property is written, and pairs with companies are made, each by the place of its association.
    Links(Vec<(usize, String)>),
    /// That the contact is on a list, or is not.
    OnList(String, Action),
    /// That there is a pair with this far end, or is none.
    Pair(String),
    /// Nothing that could be sent.
    Unsendable,
    /// Nothing that is to be sent.
    Skipped,
}

/// Companies by number: the first are there, the middle ones may come, the last never do.
pub(super) const THERE: usize = 4;
pub(super) const MAY_COME: usize = 7;
const ALL: usize = 9;
/// Companies that are associated with contacts from the start, and only there to be dissociated.
pub(super) const TO_PART: usize = 3;

pub(super) fn company(number: usize) -> String {
    format!("k{number}")
}

pub(super) fn to_part(number: usize) -> String {
    format!("gone {number}")
}

fn contact(number: usize) -> String {
    format!("c{number}")
}

impl Row {
    /// What it is about, where order matters: its key, and list or far end.
    pub(super) fn about(&self) -> Option<String> {
        let key = self.key.as_ref()?;
        Some(match &self.asks {
            Asks::OnList(list, _) => format!("{key} on {list}"),
            Asks::Pair(to) => format!("{key} and {to}"),
            _ => key.clone(),
        })
    }

    /// A record of a stream.
    pub(super) fn drawn(stream: &Stream, natures: Natures, rng: &mut fastrand::Rng) -> Self {
        let nature = if stream.kind.writes() { nature(natures, rng) } else { Nature::Good };
        let asks = asks(stream, rng);
        // Without a property to refuse HubSpot has nothing against a record.
        let nature = if matches!(asks, Asks::Nothing | Asks::Gone) { Nature::Good } else { nature };
        Self { stream: 0, key: key(stream.kind, rng), nature, asks, rejected: None }
    }

    /// A record that is not sent.
    pub(super) fn unsent(asks: Asks) -> Self {
        let (key, nature) = (None, Nature::Good);
        Self { stream: 0, key, nature, asks, rejected: None }
    }

    /// The body by which the engine knows it.
    pub(super) fn body(&self, kind: Kind, id: Id) -> Body {
        let data = id.to_string();
        let (mut properties, mut sequel, mut links) = (Vec::new(), String::new(), Vec::new());
        let mut written = format!(r#""v":"{id}""#);
        // The property that refusals name stands in some good ones, too.
        if self.nature == Nature::Poison || id.is_multiple_of(4) {
            written.push_str(r#","suspect":"1""#);
        }
        match &self.asks {
            Asks::Nothing | Asks::Gone | Asks::Unsendable | Asks::Skipped => {}
            Asks::Property => properties = written.into(),
            Asks::TwoWrites => {
                (properties, sequel) = (written.into(), format!(r#""stage":"{id}""#));
            }
            Asks::Links(pairs) => {
                properties = written.into();
                for (place, key) in pairs {
                    let link = LinkIndex(u16::try_from(*place).expect("three"));
                    inline::append(&mut links, link, key);
                }
            }
            Asks::OnList(list, action) => {
                Membership { list: list.as_str().into(), action: *action }.append(&mut properties);
            }
            Asks::Pair(to) => {
                let given = match kind {
                    Kind::Associate(_, labelled) | Kind::Dissociate(_, labelled) => labelled == Labelled::Yes,
                    _ => false,
                };
                let label = given.then(|| label(LABEL));
                Pair { to: Cow::Borrowed(to), label }.append(&mut properties);
            }
        }
        let parts = BodyParts {
            key: self.key.as_deref(),
            properties: &properties,
            sequel: sequel.as_bytes(),
            links: &links,
            data: &data,
            operation: kind.deletion().filter(|_| self.asks == Asks::Gone),
            ..BodyParts::default()
        };
        // Members wait for those of their list only, pairs for those of their far end.
        let about = self.about().unwrap_or_default();
        Body::new(parts, |_| about.bytes().fold(7, |hash: u64, byte| hash.wrapping_mul(31) + u64::from(byte)))
    }
}

fn nature(natures: Natures, rng: &mut fastrand::Rng) -> Nature {
    let Natures { poison, mute, crashing } = natures;
    let roll = rng.u8(..100);
    if roll < poison {
        Nature::Poison
    } else if roll < poison + mute {
        Nature::Mute
    } else if roll < poison + mute + crashing {
        Nature::Crashing
    } else {
        Nature::Good
    }
}

fn key(kind: Kind, rng: &mut fastrand::Rng) -> Option<String> {
    let some_contact = |rng: &mut fastrand::Rng| contact(rng.usize(..8));
    let some_id = |rng: &mut fastrand::Rng| ["900", "910", "920"][rng.usize(..3)].to_owned();
    let own = |rng: &mut fastrand::Rng| format!("key {}", rng.usize(..7));
    Some(match kind {
        Kind::Contacts | Kind::Audience | Kind::Linked | Kind::Mirror => some_contact(rng),
        Kind::Companies => company(rng.usize(THERE..MAY_COME)),
        Kind::Update(MatchedBy::RecordId) | Kind::Archive(MatchedBy::RecordId) => {
            format!("70{}", rng.usize(..7))
        }
        Kind::Update(_) | Kind::Archive(_) | Kind::Followed(_) | Kind::Found => own(rng),
        Kind::Insert if chance(rng, 35) => return None,
        Kind::Insert => own(rng),
        Kind::Members(MatchedBy::RecordId) => some_id(rng),
        Kind::Associate(ends, _) | Kind::Dissociate(ends, _) if ends.from == MatchedBy::RecordId => {
            some_id(rng)
        }
        Kind::Members(_) | Kind::Associate(..) | Kind::Dissociate(..) => some_contact(rng),
        Kind::Events => return None,
    })
}

fn asks(stream: &Stream, rng: &mut fastrand::Rng) -> Asks {
    let by_id = |by: MatchedBy, base: usize, number: usize, name: String| {
        if by == MatchedBy::RecordId { (base + number).to_string() } else { name }
    };
    match stream.kind {
        Kind::Archive(_) => Asks::Gone,
        kind if kind.deletion().is_some() && chance(rng, 20) => Asks::Gone,
        Kind::Update(_) if chance(rng, 20) => Asks::Nothing,
        Kind::Contacts | Kind::Followed(_) | Kind::Update(_) | Kind::Found if chance(rng, 12) => {
            Asks::TwoWrites
        }
        Kind::Contacts | Kind::Audience | Kind::Companies | Kind::Followed(_) | Kind::Update(_) => {
            Asks::Property
        }
        Kind::Insert | Kind::Found | Kind::Events => Asks::Property,
        Kind::Linked => {
            let mut links = Vec::new();
            for place in 0..3 {
                for _ in 0..rng.usize(..3) {
                    let number = rng.usize(..ALL);
                    let name = if place == 2 { (100 + number).to_string() } else { company(number) };
                    if !links.contains(&(place, name.clone())) {
                        links.push((place, name));
                    }
                }
            }
            Asks::Links(links)
        }
        Kind::Members(_) => {
            let action = if chance(rng, 30) { Action::Remove } else { Action::Add };
            Asks::OnList(rng.usize(1..=2).to_string(), action)
        }
        Kind::Mirror => Asks::OnList(stream.mirrors.clone().unwrap_or_default(), Action::Add),
        Kind::Associate(ends, _) => {
            let number = rng.usize(..ALL);
            Asks::Pair(by_id(ends.to, 100, number, company(number)))
        }
        Kind::Dissociate(ends, _) => {
            let number = rng.usize(..=TO_PART);
            Asks::Pair(by_id(ends.to, 300, number, to_part(number)))
        }
    }
}
