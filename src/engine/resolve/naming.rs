//! Which inputs of a call an answer speaks of.
//!
//! | it has | whose it is |
//! |---|---|
//! | a trace id that was sent | that input's |
//! | another trace id | nobody's |
//! | no trace id, a name (matching key, record id) of an input | that input's |
//! | no trace id and other names | nobody's, but for what follows |
//! | neither, in a call of one input | that input's: there is nobody else it could mean |
//!
//! A name that contradicts outranks position. A write by record id may answer another id, since it follows merges; a
//! contact may be answered by another of its addresses, where the answer lists them.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

use super::super::association::Pair;
use super::super::batch::{Input, Send, SendId};
use super::super::operation::Step;
use crate::api::{self, ApiError};
use crate::coerce::caseless;

/// Appends the trace id of an input: unique within a sync, and its place in the call can be read back.
pub fn push_trace_id(out: &mut Vec<u8>, send: SendId, place: usize) {
    push_digits(out, send.0);
    out.push(b'-');
    push_digits(out, place as u64);
}

/// Every input has a trace id: with `format!` instead, a request took nearly twice the instructions (`cargo bench --bench
/// core`).
fn push_digits(out: &mut Vec<u8>, number: u64) {
    if number >= 10 {
        push_digits(out, number / 10);
    }
    out.extend(u8::try_from(number % 10).map(|digit| b'0' + digit));
}

/// Whom an error is about.
pub(super) enum Culprits {
    /// It names nobody.
    Untold,
    /// These inputs; none where it names others only.
    Places(Vec<usize>),
}

/// What an answer may call the inputs of a call.
pub(super) struct Names<'a> {
    send: &'a Send,
    /// Places by name; made where names are needed, since most answers have trace ids.
    places: OnceCell<Places<'a>>,
}

/// Places of inputs by name.
#[derive(Default)]
struct Places<'a> {
    exact: HashMap<Cow<'a, str>, usize>,
    caseless: HashMap<Box<str>, usize>,
}

impl<'a> Names<'a> {
    pub(super) fn of(send: &'a Send) -> Self {
        Self { send, places: OnceCell::new() }
    }

    /// The input of a result. `is_only` where the answer has no other.
    pub(super) fn place_of_result(&self, stored: &api::Stored, is_only: bool) -> Option<usize> {
        if let Some(trace) = &stored.trace_id {
            return self.place_of_trace(trace);
        }
        let by_key = stored.key.as_deref().and_then(|key| self.place_of_name(key));
        by_key.or_else(|| match &self.send.inputs[..] {
            [input] if is_only && self.may_mean(stored, input) => Some(0),
            _ => None,
        })
    }

    /// The inputs of an error.
    pub(super) fn culprits(&self, error: &ApiError) -> Culprits {
        if !error.trace_ids.is_empty() {
            return Culprits::Places(
                error.trace_ids.iter().filter_map(|id| self.place_of_trace(id)).collect(),
            );
        }
        if !error.ids.is_empty() {
            return Culprits::Places(error.ids.iter().filter_map(|id| self.place_of_name(id)).collect());
        }
        if self.send.inputs.len() == 1 { Culprits::Places(vec![0]) } else { Culprits::Untold }
    }

    /// Whether an error has trace ids, and none of them was sent.
    pub(super) fn are_foreign(&self, error: &ApiError) -> bool {
        let mut traces = error.trace_ids.iter().peekable();
        traces.peek().is_some() && traces.all(|id| self.place_of_trace(id).is_none())
    }

    fn place_of_trace(&self, trace: &str) -> Option<usize> {
        let (number, place) = trace.split_once('-')?;
        let place = place.parse().ok().filter(|place| *place < self.send.inputs.len())?;
        (number.parse() == Ok(self.send.id.0)).then_some(place)
    }

    /// The input that a name is of: letter by letter, else without regard to case, in which no two keys of a call are
    /// alike, as HubSpot may have found its record so.
    pub(super) fn place_of_name(&self, name: &str) -> Option<usize> {
        let places = self.places.get_or_init(|| {
            let mut places = Places::default();
            places.exact.reserve(self.send.inputs.len());
            for (place, input) in self.send.inputs.iter().enumerate() {
                for name in self.names_of(input).into_iter().flatten() {
                    places.caseless.entry(caseless(&name).into()).or_insert(place);
                    places.exact.entry(name).or_insert(place);
                }
            }
            places
        });
        let by_case = || places.caseless.get::<str>(&caseless(name)).copied();
        places.exact.get(name).copied().or_else(by_case)
    }

    fn names_of(&self, input: &'a Input) -> [Option<Cow<'a, str>>; 2] {
        if self.send.step == Step::LookupFar {
            [Some(Pair::of(input).to), None]
        } else {
            [input.target().map(Cow::Borrowed), input.key().map(Cow::Borrowed)]
        }
    }

    /// Whether nothing that an unnamed result says contradicts that it is about this input.
    fn may_mean(&self, stored: &api::Stored, input: &'a Input) -> bool {
        let Some(key) = stored.key.as_deref() else { return true };
        let follows_merges = matches!(self.send.step, Step::Write | Step::Single) && key == stored.id;
        let is_it = |own: &Cow<'_, str>| own.to_lowercase() == key.trim().to_lowercase();
        let mut own = self.names_of(input).into_iter().flatten().peekable();
        follows_merges || own.peek().is_none() || own.any(|own| is_it(&own))
    }
}
