//! Record ids that were looked up before anything is written, by a key that HubSpot keeps unique or by search.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::super::association::Pair;
use super::super::batch::{Input, Send, Stage};
use super::super::grouping;
use super::super::operation::{Operation, Step};
use super::super::rejection::Rejection;
use super::search::as_searched;
use super::{
    Absent, Fate, Group, NOT_FOUND, Reading, Resolution, Silence, Silent, Stored, put_off, read,
    send_unmentioned,
};
use crate::api::{ApiError, BatchAnswer, SearchAnswer};

/// Reads the 2xx answer to a look-up: records that were found are written next, those that were not are
/// rejected by an update and done with by an archive.
#[must_use]
pub fn looked_up(
    mut send: Send,
    operation: Operation,
    answer: &BatchAnswer,
    correlation_id: Option<&str>,
) -> Resolution {
    let (asked, others) = grouping::asked(operation, send.step, std::mem::take(&mut send.inputs));
    send.inputs = asked;
    let Reading { mut fates, silence, passing } = read(&send, answer, correlation_id);
    share_among_equals(&send, &mut fates);
    let mut resolution = Resolution { silence, ..Resolution::default() };
    let mut unmentioned = Vec::new();
    let mut found: Vec<Input> = others;
    for (mut input, fate) in std::mem::take(&mut send.inputs).into_iter().zip(fates) {
        match fate {
            Fate::Named(record) => {
                has_id(&mut input, send.step, &record.id);
                found.push(input);
            }
            Fate::Refused(rejection) if rejection.code == NOT_FOUND => {
                absent(&mut resolution, operation, Absent { input, rejection: *rejection, step: send.step });
            }
            // Nothing was written: a merged input has no good part that could be lost with a bad one.
            Fate::Refused(rejection) => resolution.rejected.push((input, *rejection)),
            Fate::PutOff(_) => send.inputs.push(input),
            Fate::Unmentioned => unmentioned.push(input),
        }
    }
    let whole = unmentioned.is_empty() && silence == Silence::Kept;
    let silent = Silent { sent_at: send.sent_at, stage: send.stage, operation, step: send.step };
    send_unmentioned(&mut resolution, unmentioned, silent, correlation_id);
    resolution.put_off = put_off(send, whole, passing);
    write_found(&mut resolution, operation, found);
    resolution
}

/// Whether a call only finds something out by names.
#[must_use]
pub fn asks(step: Step) -> bool {
    match step {
        Step::Lookup | Step::LookupFar | Step::Search | Step::SearchFar | Step::ReadLabels => true,
        Step::Create
        | Step::Write
        | Step::Single
        | Step::Members
        | Step::Link
        | Step::Chore
        | Step::SendEvents => false,
    }
}

/// Reads the refusal of a call that asks for names which several inputs may share: half of the names are asked for
/// each, at last one alone, and all inputs that need it are rejected for it.
pub(super) fn refused(mut send: Send, operation: Operation, error: &ApiError) -> Resolution {
    let names = grouping::names_asked(operation, send.step, &send.inputs);
    let (asked, others) = grouping::asked(operation, send.step, std::mem::take(&mut send.inputs));
    if names.len() > 1 {
        return Resolution { silence: Silence::Broken, ..split(&names, asked, others, operation, send.step) };
    }
    let mut resolution = Resolution::default();
    let reject = |input| (input, Rejection::by_hubspot(error));
    resolution.rejected.extend(asked.into_iter().map(reject));
    if !others.is_empty() {
        resolution.again = grouping::groups(operation, others);
    }
    resolution
}

/// Reads the 2xx answer to a search for ends of associations: each name is asked for once, whoever needs it.
#[must_use]
pub fn searched(mut send: Send, operation: Operation, answer: &SearchAnswer) -> Resolution {
    let step = send.step;
    let names = grouping::names_asked(operation, step, &send.inputs);
    let (asked, others) = grouping::asked(operation, step, std::mem::take(&mut send.inputs));
    let mut found: HashMap<&str, Vec<&str>> = names.iter().map(|name| (name.as_str(), Vec::new())).collect();
    let only = match &names[..] {
        [only] => Some(only.as_str()),
        _ => None,
    };
    let mut besides: HashMap<&str, Vec<&str>> = HashMap::new();
    let among = operation.among(step);
    let mut all_are_tied = true;
    for record in &answer.found {
        let named = |name: &str| found.get_key_value(&*as_searched(among, name)).map(|(name, _)| *name);
        let by_key = record.key.as_deref().and_then(named);
        let by_others: Vec<&str> = record.other_keys.iter().filter_map(|name| named(name)).collect();
        let name = by_key.or(only.filter(|_| by_others.is_empty()));
        all_are_tied &= name.is_some() || !by_others.is_empty();
        for name in by_others {
            add(besides.entry(name).or_default(), &record.id);
        }
        if let Some(ids) = name.and_then(|name| found.get_mut(name)) {
            add(ids, &record.id);
        }
    }
    // A company whose own domain it is goes before one that has it besides.
    for (name, others) in besides {
        if let Some(ids) = found.get_mut(name).filter(|ids| ids.is_empty()) {
            *ids = others;
        }
    }
    // What is on another page, or under another spelling, could belong to any of them.
    if only.is_none() && (answer.has_more || !all_are_tied) {
        return split(&names, asked, others, operation, step);
    }
    let mut resolution = Resolution::default();
    let mut known = others;
    for mut input in asked {
        let name = grouping::name_asked(operation, step, &input).unwrap_or_default();
        let ids = found.get(name.as_ref()).map_or(&[][..], Vec::as_slice);
        match ids {
            [id] if !answer.has_more => {
                has_id(&mut input, step, id);
                known.push(input);
            }
            [] => {
                let rejection = Rejection::not_found_by_search(&answer.property);
                absent(&mut resolution, operation, Absent { input, rejection, step });
            }
            _ => resolution.rejected.push((input, Rejection::ambiguous(&answer.property, ids.len()))),
        }
    }
    write_found(&mut resolution, operation, known);
    resolution
}

/// Ids that are told apart for one name: as many as a page holds.
const MOST_IDS: usize = 200;

/// Adds an id that is not there yet.
fn add<'a>(ids: &mut Vec<&'a str>, id: &'a str) {
    if ids.len() < MOST_IDS && !ids.contains(&id) {
        ids.push(id);
    }
}

/// Asks for half of the names each, so that what an answer holds can be tied to one of them in the end.
pub(super) fn split(
    names: &[String],
    asked: Vec<Input>,
    others: Vec<Input>,
    operation: Operation,
    step: Step,
) -> Resolution {
    let first: HashSet<&str> = names[..names.len() / 2].iter().map(String::as_str).collect();
    let is_first = |input: &Input| {
        grouping::name_asked(operation, step, input).is_some_and(|name| first.contains(name.as_ref()))
    };
    let (first, second): (Vec<Input>, Vec<Input>) = asked.into_iter().partition(is_first);
    let halves = [first, second].into_iter().filter(|inputs| !inputs.is_empty());
    let mut again: Vec<Group> = halves.map(|inputs| Group::new(inputs, Stage::First, step)).collect();
    if !others.is_empty() {
        again.extend(grouping::groups(operation, others));
    }
    Resolution { again, silence: Silence::Kept, ..Resolution::default() }
}

fn has_id(input: &mut Input, step: Step, id: &str) {
    match step {
        Step::LookupFar | Step::SearchFar => input.far.id = Some(id.into()),
        _ => input.record_id = Some(id.into()),
    }
}

/// What is to be taken away and is not there is done with. The end of an association may be still to come.
fn absent(resolution: &mut Resolution, operation: Operation, absent: Absent) {
    if operation.takes_away() {
        resolution.stored.push(Stored { input: absent.input, created: None, id: None });
    } else if matches!(operation, Operation::Association(..)) {
        resolution.absent.push(absent);
    } else {
        resolution.rejected.push((absent.input, absent.rejection));
    }
}

/// Goes on with the inputs whose record ids are known now; an update with nothing to change has only been looked for.
pub(super) fn write_found(resolution: &mut Resolution, operation: Operation, found: Vec<Input>) {
    let goes_on = |input: &Input| !matches!(operation, Operation::Update(_)) || input.has_properties();
    let (found, only_looked_for): (Vec<Input>, Vec<Input>) = found.into_iter().partition(goes_on);
    let seen = only_looked_for.into_iter().map(|input| Stored { input, created: None, id: None });
    resolution.stored.extend(seen);
    if !found.is_empty() {
        resolution.again.extend(grouping::groups(operation, found));
    }
}

/// What is said of a name holds for every input that has it.
fn share_among_equals(send: &Send, fates: &mut [Fate<'_>]) {
    let mut first: HashMap<Cow<'_, str>, usize> = HashMap::new();
    for (place, input) in send.inputs.iter().enumerate() {
        let name = match send.step {
            Step::LookupFar => Some(Pair::of(input).to),
            _ => input.key().map(Cow::Borrowed),
        };
        let Some(name) = name else { continue };
        let before = *first.entry(name).or_insert(place);
        if before != place && matches!(fates[place], Fate::Unmentioned) {
            fates[place] = fates[before].clone();
        }
    }
}
