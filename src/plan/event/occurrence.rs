//! One occurrence of an event, put together column by column and written as HubSpot takes it.

use std::ops::Range;

use super::columns::Identity;
use super::limits::is_too_long;
use super::uuid::DerivedUuid;
use crate::coerce::{Coerced, Invalid, KeyProblem, ValueRule, coerce};
use crate::json::Raw;

/// What a record has said of an occurrence so far; one is used for record after record.
#[derive(Debug, Default)]
pub struct Occurrence {
    identities: Vec<(Identity, Result<String, KeyProblem>)>,
    /// JSON text of the time.
    occurred_at: Option<Vec<u8>>,
    uuid: Option<String>,
    /// `"name":"value"`, one after the other, with the place of the column each comes from.
    texts: Vec<u8>,
    told: Vec<(usize, Range<usize>)>,
    members: Vec<u8>,
}

/// Why a value cannot be told of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It does not fit the property's type.
    Invalid(Invalid),
    /// It is longer than an event's values may be.
    TooLong,
}

impl Occurrence {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.identities.clear();
        self.occurred_at = None;
        self.uuid = None;
        self.texts.clear();
        self.told.clear();
        self.members.clear();
    }

    /// Takes in one name of the record it happened to; what is null or blank is none.
    pub fn identify(&mut self, identity: Identity, text: Result<String, KeyProblem>) {
        self.identities.retain(|(known, _)| *known != identity);
        if !matches!(text, Err(KeyProblem::Missing | KeyProblem::Blank)) {
            self.identities.push((identity, text));
        }
    }

    /// Takes in when it happened: a time as HubSpot takes it, as JSON text.
    pub fn happened(&mut self, time: Vec<u8>) {
        self.occurred_at = Some(time);
    }

    /// Takes in its own id.
    pub fn name(&mut self, uuid: String) {
        self.uuid = Some(uuid);
    }

    /// Takes in the value of a property, from the column at `place`; a later value of that column wins. What is null or
    /// empty is left out under every policy: of a new occurrence there is nothing to clear.
    ///
    /// # Errors
    /// [`Unfit`]: nothing was taken in.
    pub fn tell(&mut self, place: usize, rule: &ValueRule, value: Raw<'_>) -> Result<(), Unfit> {
        let start = self.texts.len();
        self.texts.extend_from_slice(rule.member().as_bytes());
        let value_at = self.texts.len();
        let unfit = match coerce(rule, value, &mut self.texts) {
            Ok(Coerced::Written) if is_too_long(rule.property(), &self.texts[value_at..]) => {
                Some(Unfit::TooLong)
            }
            Ok(Coerced::Written) => {
                self.told.retain(|(known, _)| *known != place);
                self.told.push((place, start..self.texts.len()));
                return Ok(());
            }
            Ok(Coerced::Null | Coerced::Empty | Coerced::Nothing) => None,
            Err(invalid) => Some(Unfit::Invalid(invalid)),
        };
        self.texts.truncate(start);
        unfit.map_or(Ok(()), Err)
    }

    /// The places of the columns whose values it has.
    pub fn told(&self) -> impl ExactSizeIterator<Item = usize> {
        self.told.iter().map(|(place, _)| *place)
    }

    /// The name HubSpot is to find the record by: the first there is, in HubSpot's order.
    ///
    /// # Errors
    /// Why that one cannot be used. The others are not asked then: an address beside a broken record id may be
    /// another record's.
    pub fn identity(&self) -> Result<Option<(Identity, &str)>, (Identity, KeyProblem)> {
        match self.identities.iter().min_by_key(|(identity, _)| *identity) {
            None => Ok(None),
            Some((identity, Ok(text))) => Ok(Some((*identity, text))),
            Some((identity, Err(problem))) => Err((*identity, *problem)),
        }
    }

    /// Writes its members, the event's name aside. `otherwise_at` is when it happened if the record does not say.
    pub fn write(&mut self, event: &str, identity: Option<(Identity, String)>, otherwise_at: Option<String>) {
        let Self { texts, told, members, .. } = self;
        members.clear();
        let mut id = DerivedUuid::of_event(event);
        if let Some((identity, text)) = &identity {
            id = id.and(identity.member().as_bytes()).and(text.as_bytes());
            push_name(members, identity.member());
            push_string(members, text);
            members.push(b',');
        }
        let time = self.occurred_at.take();
        id = id.and(time.as_deref().unwrap_or_default());
        if let Some(time) = time.or_else(|| otherwise_at.map(|time| format!("\"{time}\"").into_bytes())) {
            push_name(members, "occurredAt");
            members.extend_from_slice(&time);
            members.push(b',');
        }
        // The order of the columns is no part of what is said.
        let mut sorted: Vec<&[u8]> = told.iter().map(|(_, range)| &texts[range.clone()]).collect();
        sorted.sort_unstable();
        id = sorted.into_iter().fold(id, DerivedUuid::and);
        push_name(members, "uuid");
        push_string(members, &self.uuid.take().unwrap_or_else(|| id.text()));
        members.push(b',');
        push_name(members, "properties");
        members.push(b'{');
        for (place, (_, range)) in told.iter().enumerate() {
            if place > 0 {
                members.push(b',');
            }
            members.extend_from_slice(&texts[range.clone()]);
        }
        members.push(b'}');
    }

    /// What was written.
    #[must_use]
    pub fn members(&self) -> &[u8] {
        &self.members
    }
}

fn push_name(members: &mut Vec<u8>, name: &str) {
    push_string(members, name);
    members.push(b':');
}

fn push_string(members: &mut Vec<u8>, text: &str) {
    // Writing into memory cannot fail.
    let _infallible = serde_json::to_writer(members, text);
}
