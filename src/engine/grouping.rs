//! Which inputs go into one call.
//!
//! Inputs of one call need the same step and the same address, the same is done with all of them, and HubSpot takes each
//! record once in a call.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::association::{self, Pair};
use super::batch::{Input, Stage};
use super::membership::Membership;
use super::operation::{Among, Operation, Step};
use super::resolve::{Group, search};

/// Most names in one call that finds record ids (HubSpot's object API guide, batch read).
const MOST_NAMES: usize = 100;
/// Most records of which one call reads the associations (HubSpot's associations guide).
const MOST_LABELLED: usize = 1000;

/// Sorts inputs into calls, given what is done with the records of their stream.
#[must_use]
pub fn groups(of_stream: Operation, inputs: Vec<Input>) -> Vec<Group> {
    let by_operation = partitioned(inputs, |input| input.operation(of_stream));
    by_operation.into_iter().flat_map(|(operation, inputs)| alike(operation, inputs)).collect()
}

/// Sorts inputs into calls with all of which the same is done.
fn alike(operation: Operation, inputs: Vec<Input>) -> Vec<Group> {
    let by_step = if operation.looks_up_first() {
        // All ids first: then as many as possible are written with one call.
        let step = inputs.iter().map(|input| operation.first_step(input)).min().unwrap_or(Step::Write);
        vec![(step, inputs)]
    } else {
        // Nearly always one group: only updates mix records with and without anything to change.
        partitioned(inputs, |input| operation.first_step(input))
    };
    let mut groups = Vec::new();
    for (step, inputs) in by_step {
        match step {
            // A contact may have any number of events in one call.
            Step::Lookup
            | Step::LookupFar
            | Step::ReadLabels
            | Step::Search
            | Step::SearchFar
            | Step::Create
            | Step::SendEvents => {
                groups.push(Group::new(inputs, Stage::First, step));
            }
            Step::Members => {
                for (_, inputs) in partitioned(inputs, |input| Membership::of(input).list.into_owned()) {
                    once_each(inputs, step, &mut groups);
                }
            }
            // One endpoint takes labels, the other does not.
            Step::Link => {
                for (_, inputs) in partitioned(inputs, |input| Pair::of(input).label.is_some()) {
                    let pair = |input: &Input| Some(association::ends(input));
                    once_each_by(pair, inputs, step, &mut groups);
                }
            }
            Step::Write | Step::Single | Step::Chore => once_each(inputs, step, &mut groups),
        }
    }
    groups
}

/// Which inputs of a call that finds something out it asks for: those that need it, as far as there is room.
#[must_use]
pub fn asked(operation: Operation, step: Step, inputs: Vec<Input>) -> (Vec<Input>, Vec<Input>) {
    if !operation.looks_up_first() {
        return (inputs, Vec::new());
    }
    let mut names = Names::of(operation, step);
    inputs.into_iter().partition(|input| {
        let Some(name) = name_asked(operation, step, input) else { return false };
        names.admit(name)
    })
}

/// The different names that a call for record ids asks for.
#[must_use]
pub fn names_asked(operation: Operation, step: Step, inputs: &[Input]) -> Vec<String> {
    let mut names = Names::of(operation, step);
    for name in inputs.iter().filter_map(|input| name_asked(operation, step, input)) {
        names.admit(name);
    }
    names.different
}

/// The different names in one call, as far as there is room.
struct Names {
    known: HashSet<String>,
    /// In the order in which they came.
    different: Vec<String>,
    most: usize,
    /// Bytes that are left for them, where they are counted.
    room: usize,
    /// What they are searched for among, where they are.
    among: Among,
}

impl Names {
    fn of(operation: Operation, step: Step) -> Self {
        let among = operation.among(step);
        let (most, room) = match step {
            Step::ReadLabels => (MOST_LABELLED, usize::MAX),
            Step::Search | Step::SearchFar => (search::MOST_KEYS, search::keys_bytes(among)),
            _ => (MOST_NAMES, usize::MAX),
        };
        Self { known: HashSet::new(), different: Vec::new(), most, room, among }
    }

    /// Whether the call asks for a name: for the first one always, however long it is.
    fn admit(&mut self, name: Cow<'_, str>) -> bool {
        if self.known.contains(name.as_ref()) {
            return true;
        }
        let is_counted = self.room != usize::MAX;
        let length = if is_counted { search::asked_length(self.among, &name) } else { 0 };
        if !self.different.is_empty() && (self.different.len() >= self.most || length > self.room) {
            return false;
        }
        if is_counted {
            self.room = self.room.saturating_sub(length);
        }
        self.known.insert(name.as_ref().to_owned());
        self.different.push(name.into_owned());
        true
    }
}

/// What a call that finds something out calls an input; `None` where it does not ask for it.
#[must_use]
pub fn name_asked(operation: Operation, step: Step, input: &Input) -> Option<Cow<'_, str>> {
    if operation.looks_up_first() && operation.first_step(input) != step {
        return None;
    }
    match step {
        Step::LookupFar | Step::SearchFar => Some(Pair::of(input).to),
        Step::ReadLabels => input.target().map(Cow::Borrowed),
        _ => input.key().map(Cow::Borrowed),
    }
}

/// Splits by a property of each input; both the parts and what is in them keep their order.
fn partitioned<K: std::hash::Hash + Eq + Clone>(
    inputs: Vec<Input>,
    key: impl Fn(&Input) -> K,
) -> Vec<(K, Vec<Input>)> {
    let Some(first) = inputs.first().map(&key) else { return Vec::new() };
    // Mostly they are all alike, and stay where they are.
    if inputs.iter().all(|input| key(input) == first) {
        return vec![(first, inputs)];
    }
    let mut places: HashMap<K, usize> = HashMap::new();
    let mut parts: Vec<(K, Vec<Input>)> = Vec::new();
    for input in inputs {
        let key = key(&input);
        let place = *places.entry(key.clone()).or_insert(parts.len());
        match parts.get_mut(place) {
            Some((_, part)) => part.push(input),
            None => parts.push((key, vec![input])),
        }
    }
    parts
}

/// Two keys may name one record, a contact's two addresses say: HubSpot takes each id once in a batch.
fn once_each(inputs: Vec<Input>, step: Step, groups: &mut Vec<Group>) {
    once_each_by(|input| input.record_id.clone(), inputs, step, groups);
}

/// Inputs of one identity go into calls of their own; those that have none go with any.
fn once_each_by<K: std::hash::Hash + Eq>(
    identity: impl Fn(&Input) -> Option<K>,
    mut inputs: Vec<Input>,
    step: Step,
    groups: &mut Vec<Group>,
) {
    while !inputs.is_empty() {
        let mut known = HashSet::new();
        // Mostly there are none, and all stay where they are.
        let is_again = |input: &mut Input| identity(input).is_some_and(|identity| !known.insert(identity));
        let again = inputs.extract_if(.., is_again).collect();
        groups.push(Group::new(inputs, Stage::First, step));
        inputs = again;
    }
}
