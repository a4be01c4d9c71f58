//! What became of each pair of an answered call about associations.
//!
//! No trace id exists there: answers name pairs by the ids of both ends, errors name one id, or only say it in a text.
//! What is named is refused; when something is wrong that names nobody, the pairs the answer does not confirm are
//! asked for in halves, at last alone.

use std::collections::{HashMap, HashSet};

use super::super::association::{self, FarEnd, Labels, Linking};
use super::super::batch::{Input, Send, Stage};
use super::super::grouping;
use super::super::operation::{Operation, Step};
use super::super::rejection::Rejection;
use super::super::retry::Setback;
use super::{Group, PutOff, Resolution, Silence, Silent, Stored, send_unmentioned};
use crate::api::{ApiError, AssociationAnswer, AssociationsRead};

/// Pairs that are sent alone at once where an error names none of them.
const FEW: usize = 8;

/// Reads the 2xx answer to a call that associates pairs, or dissociates them.
#[must_use]
pub fn linked(
    mut send: Send,
    operation: Operation,
    answer: &AssociationAnswer,
    correlation_id: Option<&str>,
) -> Resolution {
    let confirmed: HashSet<(&str, &str)> =
        answer.pairs.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    let passing = answer.errors.iter().find_map(|error| Some((Setback::of(error)?, error.clone())));
    let mut refusals: HashMap<String, &ApiError> = HashMap::new();
    for error in answer.errors.iter().filter(|error| Setback::of(error).is_none()) {
        for id in ids_in(error) {
            refusals.entry(id).or_insert(error);
        }
    }
    let mut resolution = Resolution::default();
    let mut unmentioned = Vec::new();
    for input in std::mem::take(&mut send.inputs) {
        let (from, to) = association::ends(&input);
        let named = refusals.get(&from).or_else(|| refusals.get(&to));
        if confirmed.contains(&(from.as_str(), to.as_str())) {
            resolution.stored.push(Stored { input, created: None, id: None });
        } else if let Some(error) = named {
            let rejection = correlated(Rejection::by_hubspot(error), correlation_id);
            refused_pair(&mut resolution, operation, input, rejection);
        } else {
            unmentioned.push(input);
        }
    }
    let nobody_named = answer.errors.iter().find(|error| Setback::of(error).is_none());
    if let Some((setback, error)) = passing {
        let whole = resolution.stored.is_empty() && resolution.rejected.is_empty();
        if !unmentioned.is_empty() {
            resolution.put_off =
                Some(PutOff { send: Send { inputs: unmentioned, ..send }, whole, setback, error });
        }
    } else if is_done_unless_refused(operation) && (nobody_named.is_none() || !refusals.is_empty()) {
        // Such an answer names what failed only.
        let gone = unmentioned.into_iter().map(|input| Stored { input, created: None, id: None });
        resolution.stored.extend(gone);
    } else if let Some(error) = nobody_named.filter(|_| !unmentioned.is_empty()) {
        isolate(&mut resolution, operation, unmentioned, error, correlation_id);
    } else {
        let silent = resolution.stored.is_empty() && resolution.rejected.is_empty();
        resolution.silence = match (silent, send.stage) {
            (false, _) => Silence::Broken,
            (true, Stage::Unconfirmed) if send.silent_before && unmentioned.len() > 1 => Silence::KeptAgain,
            (true, _) => Silence::Kept,
        };
        let asked = Silent { sent_at: send.sent_at, stage: send.stage, operation, step: send.step };
        send_unmentioned(&mut resolution, unmentioned, asked, correlation_id);
    }
    resolution
}

/// Pairs of which one or more are refused, by an error that does not say which.
fn isolate(
    resolution: &mut Resolution,
    operation: Operation,
    mut inputs: Vec<Input>,
    error: &ApiError,
    correlation_id: Option<&str>,
) {
    if inputs.len() == 1 {
        if let Some(input) = inputs.pop() {
            refused_pair(
                resolution,
                operation,
                input,
                correlated(Rejection::by_hubspot(error), correlation_id),
            );
        }
        return;
    }
    let size = if inputs.len() <= FEW { 1 } else { inputs.len().div_ceil(2) };
    while !inputs.is_empty() {
        let rest = inputs.split_off(size.min(inputs.len()));
        resolution.again.push(Group { named_before: true, ..Group::new(inputs, Stage::First, Step::Link) });
        inputs = rest;
    }
}

fn refused_pair(resolution: &mut Resolution, operation: Operation, input: Input, rejection: Rejection) {
    if is_done_unless_refused(operation) && rejection.code == super::NOT_FOUND {
        // What does not exist is associated with nothing.
        resolution.stored.push(Stored { input, created: None, id: None });
    } else {
        resolution.rejected.push((input, rejection));
    }
}

fn is_done_unless_refused(operation: Operation) -> bool {
    matches!(operation, Operation::Association(Linking::Dissociate, _))
}

fn correlated(mut rejection: Rejection, correlation_id: Option<&str>) -> Rejection {
    if rejection.correlation_id.is_none() {
        rejection.correlation_id = correlation_id.map(str::to_owned);
    }
    rejection
}

/// Record ids that an error is about: those it names, else the numbers in its text.
fn ids_in(error: &ApiError) -> Vec<String> {
    if !error.ids.is_empty() {
        return error.ids.clone();
    }
    let numbers = error.message.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
    numbers.filter(|word| word.bytes().any(|byte| byte.is_ascii_digit())).map(str::to_owned).collect()
}

/// Reads the answer to a call for the labels of associations. A record it does not name has no associations: HubSpot
/// says so in an error, or not at all.
#[must_use]
pub fn labels_read(mut send: Send, operation: Operation, answer: &AssociationsRead) -> Resolution {
    let (asked, mut known) = grouping::asked(operation, send.step, std::mem::take(&mut send.inputs));
    if let Some((setback, error)) =
        answer.errors.iter().find_map(|error| Some((Setback::of(error)?, error.clone())))
    {
        known.extend(asked);
        let put_off = PutOff { send: Send { inputs: known, ..send }, whole: true, setback, error };
        return Resolution { put_off: Some(put_off), silence: Silence::Kept, ..Resolution::default() };
    }
    let mut pages: HashMap<&str, Vec<_>> = HashMap::new();
    for record in &answer.records {
        pages.entry(record.id.as_str()).or_default().push(record);
    }
    for mut input in asked {
        let (from, to) = association::ends(&input);
        let of_record = pages.get(from.as_str()).map_or(&[][..], Vec::as_slice);
        let found = of_record.iter().flat_map(|record| &record.to).find(|(id, _)| *id == to);
        let after = of_record.iter().find_map(|record| record.after.as_deref());
        let labels = match (found, after) {
            (Some((_, types)), _) => Labels::Known(types.clone()),
            (None, Some(after)) => Labels::From(after.into()),
            (None, None) => Labels::Known(Vec::new()),
        };
        input.far = FarEnd { labels, ..input.far };
        known.push(input);
    }
    Resolution { again: grouping::groups(operation, known), ..Resolution::default() }
}
