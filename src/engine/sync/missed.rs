//! Properties that HubSpot had and has no more.
//!
//! One that is deleted while a sync runs makes HubSpot refuse every batch that carries it, and taking each apart costs
//! about two calls a record. After three in a row its definition is to be read again: whether it is still there is for
//! the shell to find out, and for the plan what becomes of its column then.

use std::collections::{HashMap, HashSet};

use super::super::batch::{Input, Send};
use super::super::ledger::StreamIndex;
use super::super::operation::Step;
use super::super::rejection::Rejection;
use super::super::resolve::Resolution;
use super::{Effect, Sync};
use crate::api::ApiError;

/// HubSpot's code for a property it does not know.
const UNKNOWN_PROPERTY: &str = "PROPERTY_DOESNT_EXIST";
/// Batches in a row, refused for one property.
const MOST_BATCHES: u32 = 3;

/// What was refused for lack of a property, by stream.
#[derive(Debug, Default)]
pub(super) struct Missed {
    in_a_row: HashMap<StreamIndex, (String, u32)>,
    told: HashSet<(StreamIndex, String)>,
}

impl Missed {
    /// Notes that a whole batch was refused for this property; says whether it is to be read again, once.
    fn note(&mut self, stream: StreamIndex, property: &str) -> bool {
        let (known, batches) = self.in_a_row.entry(stream).or_default();
        if known != property {
            (*known, *batches) = (property.to_owned(), 0);
        }
        *batches += 1;
        *batches == MOST_BATCHES && self.told.insert((stream, property.to_owned()))
    }
}

impl Sync {
    /// Looks whether a whole batch is refused for want of one property.
    pub(super) fn batch_is_refused(&mut self, send: &Send, error: &ApiError) {
        if !is_whole_write(send) {
            return;
        }
        let of_fault = error.faults.iter().map(|fault| (fault.code.as_deref(), fault.property.as_deref()));
        let said = if error.faults.is_empty() {
            vec![(Some(error.code()), error.property.as_deref())]
        } else {
            of_fault.collect()
        };
        let missed = the_only(said.into_iter()).map(str::to_owned);
        self.missed_in_batch(send.stream, missed.as_deref());
    }

    /// The same of a batch that is answered record by record.
    pub(super) fn batch_is_answered(
        &mut self,
        was_whole: bool,
        stream: StreamIndex,
        resolution: &Resolution,
    ) {
        if !was_whole || !resolution.settles() {
            return;
        }
        let said = |(_, rejection): &'_ (Input, Rejection)| -> (Option<String>, Option<String>) {
            (Some(rejection.code.to_string()), rejection.property.clone())
        };
        let said: Vec<_> = resolution.rejected.iter().map(said).collect();
        let pairs = said.iter().map(|(code, property)| (code.as_deref(), property.as_deref()));
        let missed = if resolution.stored.is_empty() { the_only(pairs).map(str::to_owned) } else { None };
        self.missed_in_batch(stream, missed.as_deref());
    }

    fn missed_in_batch(&mut self, stream: StreamIndex, property: Option<&str>) {
        match property {
            None => {
                self.missed.in_a_row.remove(&stream);
            }
            Some(property) => {
                if self.missed.note(stream, property) {
                    self.effects.push_back(Effect::Missed(stream, property.to_owned()));
                }
            }
        }
    }
}

/// Whether a call writes a batch as it was gathered.
pub(super) fn is_whole_write(send: &Send) -> bool {
    matches!(send.step, Step::Write | Step::Create) && !send.named_before && send.link.is_none()
}

/// The one property that everything said is about, if it is that HubSpot does not know it.
fn the_only<'a>(mut said: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)>) -> Option<&'a str> {
    let first = match said.next()? {
        (Some(UNKNOWN_PROPERTY), Some(property)) => property,
        _ => return None,
    };
    said.all(|(code, property)| code == Some(UNKNOWN_PROPERTY) && property == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_batches_in_a_row_tell_once() {
        let (mut missed, stream) = (Missed::default(), StreamIndex(0));
        let told: Vec<bool> =
            ["a", "a", "b", "a", "a", "a", "a"].iter().map(|name| missed.note(stream, name)).collect();
        assert_eq!(told, [false, false, false, false, false, true, false]);
        missed.in_a_row.remove(&stream);
        assert!((0..5).all(|_| !missed.note(stream, "a")), "it is read again once");
        assert!((0..3).any(|_| missed.note(StreamIndex(1), "a")));
    }

    #[test]
    fn only_one_property_that_is_not_known_counts() {
        let unknown = |property| (Some(UNKNOWN_PROPERTY), Some(property));
        assert_eq!(the_only([unknown("a"), unknown("a")].into_iter()), Some("a"));
        assert_eq!(the_only([unknown("a"), unknown("b")].into_iter()), None);
        assert_eq!(the_only([unknown("a"), (Some("INVALID_EMAIL"), Some("a"))].into_iter()), None);
        assert_eq!(the_only([(Some(UNKNOWN_PROPERTY), None)].into_iter()), None);
        assert_eq!(the_only(std::iter::empty()), None);
    }
}
