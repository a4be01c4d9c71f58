//! Which inputs go into one call.
//!
//! Inputs of one call need the same step and the same address, and HubSpot takes each record once in a call.

use std::collections::{HashMap, HashSet};

use super::batch::{Input, Stage};
use super::membership::Membership;
use super::operation::{Operation, Step};
use super::resolve::Group;

/// Most names in one call that finds record ids (HubSpot's object API guide, batch read).
const MOST_NAMES: usize = 100;

/// Sorts inputs into calls.
#[must_use]
pub fn groups(operation: Operation, inputs: Vec<Input>) -> Vec<Group> {
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
            Step::Lookup | Step::Search | Step::Create | Step::SendEvents => {
                groups.push(Group::new(inputs, Stage::First, step));
            }
            Step::Members => {
                for (_, inputs) in partitioned(inputs, |input| Membership::of(input).list.into_owned()) {
                    once_each(inputs, step, &mut groups);
                }
            }
            Step::Write | Step::Single | Step::Chore => once_each(inputs, step, &mut groups),
        }
    }
    groups
}

/// Which inputs of a call for record ids it asks for: those that have none, as far as there is room for their names.
#[must_use]
pub fn asked(operation: Operation, inputs: Vec<Input>) -> (Vec<Input>, Vec<Input>) {
    if !operation.looks_up_first() {
        return (inputs, Vec::new());
    }
    let mut names: HashSet<String> = HashSet::new();
    inputs.into_iter().partition(|input| {
        let Some(name) = input.key().filter(|_| operation.first_step(input) == Step::Lookup) else {
            return false;
        };
        names.contains(name) || names.len() < MOST_NAMES && names.insert(name.to_owned())
    })
}

/// The different names that a call for record ids asks for.
#[must_use]
pub fn names_asked(operation: Operation, inputs: &[Input]) -> Vec<&str> {
    let mut known: HashSet<&str> = HashSet::new();
    let unresolved =
        |input: &&Input| !operation.looks_up_first() || operation.first_step(input) == Step::Lookup;
    let names = inputs.iter().filter(unresolved).filter_map(Input::key).filter(|name| known.insert(name));
    names.take(MOST_NAMES).collect()
}

/// Splits by a property of each input; both the parts and what is in them keep their order.
fn partitioned<K: std::hash::Hash + Eq + Clone>(
    inputs: Vec<Input>,
    key: impl Fn(&Input) -> K,
) -> Vec<(K, Vec<Input>)> {
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
fn once_each(mut inputs: Vec<Input>, step: Step, groups: &mut Vec<Group>) {
    while !inputs.is_empty() {
        let mut ids = HashSet::new();
        let is_new = |input: &Input| input.record_id.is_none() || ids.insert(input.record_id.clone());
        let (once, again) = inputs.into_iter().partition(is_new);
        groups.push(Group::new(once, Stage::First, step));
        inputs = again;
    }
}
