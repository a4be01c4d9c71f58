//! What became of each input of an answered call.
//!
//! **Invariant (nothing is assumed).** An input is stored only where the answer names it as stored, and
//! refused only where the answer, or a call with this input alone, refuses it. Whatever is not mentioned is
//! sent again: the unmentioned rest together once, then each alone, then it is rejected `NOT_CONFIRMED`. What an
//! answer puts off for a reason outside the record (a limit reached halfway, say) waits as a whole call would. What
//! makes a record is not simply sent again: see [`doubt`].
//!
//! A record that takes two writes is stored once both are confirmed; after the first it goes again.
//!
//! Answers are tied to inputs by `objectWriteTraceId`, else by the value of the matching key (`naming`), never by
//! position: HubSpot's results are not in input order (HubSpot's error-handling page documents the trace id;
//! recorded answers show it for upsert, create and update).

use crate::api::{self, ApiError, BatchAnswer, MembershipAnswer};

use std::collections::HashSet;
use std::time::Duration;

use super::Moment;
use super::batch::{Input, Send, Stage};
use super::operation::{Operation, Step};
use super::rejection::Rejection;
use super::retry::Setback;

pub mod doubt;
pub mod links;
pub mod lookup;
mod naming;
mod refusals;
pub mod search;

pub use naming::push_trace_id;
use naming::{Culprits, Names};
pub use refusals::{halved, refused};

/// The code of a record that does not exist.
const NOT_FOUND: &str = "NOT_FOUND";

/// An input that HubSpot stored.
#[derive(Debug)]
pub struct Stored {
    /// What was sent.
    pub input: Input,
    /// Whether HubSpot made a new record of it; `None` where the answer does not say.
    pub created: Option<bool>,
    /// The record's id, where the answer gives it.
    pub id: Option<Box<str>>,
}

/// The fate of every input of one call; together they are exactly the inputs of the send.
#[derive(Debug, Default)]
pub struct Resolution {
    /// Confirmed.
    pub stored: Vec<Stored>,
    /// Refused for good.
    pub rejected: Vec<(Input, Rejection)>,
    /// Not to be done as things are: there is no record at one of the ends.
    pub absent: Vec<Absent>,
    /// To be sent again, in groups.
    pub again: Vec<Group>,
    /// To be sent again after a wait.
    pub put_off: Option<PutOff>,
    /// The call itself, to be made again as another step.
    pub resumed: Option<Send>,
    /// How much of the call the answer spoke of.
    pub silence: Silence,
    /// Categories of what HubSpot remarks on what it stored.
    pub warnings: Vec<String>,
}

/// A pair of which one end was not found.
#[derive(Debug)]
pub struct Absent {
    /// What was to be done.
    pub input: Input,
    /// The reason, unless the end is still to come.
    pub rejection: Rejection,
    /// The call that did not find it.
    pub step: Step,
}

/// Inputs that an answer puts off for a reason outside them.
#[derive(Debug)]
pub struct PutOff {
    /// The call, with these inputs only.
    pub send: Send,
    /// Whether these are all of its inputs.
    pub whole: bool,
    /// The reason.
    pub setback: Setback,
    /// The reason as HubSpot gave it.
    pub error: ApiError,
}

/// Whether an answer said anything about the inputs of its call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Silence {
    /// It confirmed or refused at least one input.
    #[default]
    Broken,
    /// It mentioned none.
    Kept,
    /// It mentioned none of a whole batch (two inputs or more) that had been met with silence before.
    KeptAgain,
}

/// Inputs that go into one new call.
#[derive(Debug)]
pub struct Group {
    /// What to send.
    pub inputs: Vec<Input>,
    /// Why.
    pub stage: Stage,
    /// By which call.
    pub step: Step,
    /// Whether an answer has named culprits among them before.
    pub named_before: bool,
    /// Whether the same inputs, whole, were met with silence before.
    pub silent_before: bool,
    /// How many calls of the sync had gone through when these inputs first met a server error.
    pub suspected_since: Option<u64>,
    /// How long they wait before they are sent.
    pub wait: Duration,
}

impl Group {
    /// A group about which nothing is known yet.
    #[must_use]
    pub fn new(inputs: Vec<Input>, stage: Stage, step: Step) -> Self {
        Self {
            inputs,
            stage,
            step,
            named_before: false,
            silent_before: false,
            suspected_since: None,
            wait: Duration::ZERO,
        }
    }
}

impl Resolution {
    /// Whether any record has settled.
    #[must_use]
    pub fn settles(&self) -> bool {
        !self.stored.is_empty() || !self.rejected.is_empty()
    }
}

/// What an answer says of one input.
#[derive(Clone)]
enum Fate<'a> {
    Unmentioned,
    /// Put off, after what may have taken effect or not.
    PutOff(Setback),
    Named(&'a api::Stored),
    /// Boxed, as few are.
    Refused(Box<Rejection>),
}

/// What an answer says.
struct Reading<'a> {
    /// Of each input.
    fates: Vec<Fate<'a>>,
    silence: Silence,
    /// The first reason outside the inputs that it gives.
    passing: Option<(Setback, ApiError)>,
}

/// Reads the 2xx answer to a write, per input.
#[must_use]
pub fn itemised(
    mut send: Send,
    operation: Operation,
    answer: &BatchAnswer,
    correlation_id: Option<&str>,
) -> Resolution {
    let Reading { fates, silence, passing } = read(&send, answer, correlation_id);
    let mut resolution = Resolution { silence, ..Resolution::default() };
    let (mut unmentioned, mut in_doubt) = (Vec::new(), Vec::new());
    let mut unfinished = Vec::new();
    resolution.stored.reserve_exact(send.inputs.len());
    let mut reason = None;
    for (input, fate) in std::mem::take(&mut send.inputs).into_iter().zip(fates) {
        match fate {
            Fate::Named(found) => {
                resolution.warnings.extend_from_slice(&found.warnings);
                let created = if send.step == Step::Create { Some(true) } else { found.new };
                let written = Written { input, created, id: Some(found.id.as_str().into()) };
                store(&mut resolution, send.step, written, &mut unfinished);
            }
            Fate::Refused(rejection) => refuse(&mut resolution, operation, input, *rejection),
            Fate::PutOff(why) if send.step == Step::Create && why.may_have_taken_effect() => {
                in_doubt.push(input);
            }
            Fate::PutOff(why) => {
                reason.get_or_insert(why);
                send.inputs.push(input);
            }
            Fate::Unmentioned => unmentioned.push(input),
        }
    }
    go_on(&mut resolution, operation, unfinished);
    let silent = Silent { sent_at: send.sent_at, stage: send.stage, operation, step: send.step };
    if !in_doubt.is_empty() {
        doubt::put_off_in_doubt(&mut resolution, &mut send, in_doubt, operation, correlation_id);
    }
    // What is left to be made was put off for a reason that is no doubt.
    let passing = passing.map(|(setback, error)| match reason {
        Some(reason) if send.step == Step::Create => (reason, error),
        _ => (setback, error),
    });
    let is_all = resolution.again.is_empty() && !resolution.settles();
    let whole = unmentioned.is_empty() && silence == Silence::Kept && is_all;
    send_unmentioned(&mut resolution, unmentioned, silent, correlation_id);
    resolution.put_off = put_off(send, whole, passing);
    resolution
}

/// Reads the answer to a change of a list's members: it names those that do not exist; all others are members now,
/// or none, as they were to be. Source: HubSpot's lists guide.
#[must_use]
pub fn members(send: Send, answer: &MembershipAnswer, correlation_id: Option<&str>) -> Resolution {
    let missing: HashSet<&str> = answer.missing.iter().map(String::as_str).collect();
    let mut resolution = Resolution::default();
    for input in send.inputs {
        if input.target().is_some_and(|id| missing.contains(id)) {
            resolution.rejected.push((input, Rejection::no_such_record(correlation_id)));
        } else {
            resolution.stored.push(Stored { input, created: None, id: None });
        }
    }
    resolution
}

/// The inputs that are left in the send, when there are any and a reason for it.
fn put_off(send: Send, whole: bool, passing: Option<(Setback, ApiError)>) -> Option<PutOff> {
    let (setback, error) = passing.filter(|_| !send.inputs.is_empty())?;
    Some(PutOff { send, whole, setback, error })
}

/// What the answer says of each input, and whether it says anything.
fn read<'a>(send: &Send, answer: &'a BatchAnswer, correlation_id: Option<&str>) -> Reading<'a> {
    let Send { inputs, stage, silent_before, .. } = send;
    let names = Names::of(send);
    let mut fates: Vec<Fate<'a>> = inputs.iter().map(|_| Fate::Unmentioned).collect();
    let is_only = answer.results.len() == 1;
    for stored in &answer.results {
        if let Some(place) = names.place_of_result(stored, is_only) {
            fates[place] = Fate::Named(stored);
        }
        for place in stored.other_keys.iter().filter_map(|key| names.place_of_name(key)) {
            if matches!(fates[place], Fate::Unmentioned) {
                fates[place] = Fate::Named(stored);
            }
        }
    }
    // Errors come second: an input that is named as stored and as refused is not claimed to be stored.
    let mut passing = None;
    let mut passing_for_all = None;
    let set_aside = answer.passing.iter().map(|error| (error, Some(Setback::NewProperty)));
    let errors = answer.errors.iter().map(|error| (error, Setback::of(error)));
    for (error, reason) in errors.chain(set_aside) {
        let culprits = names.culprits(error);
        let is_untold = matches!(culprits, Culprits::Untold);
        let places = match culprits {
            Culprits::Untold => Vec::new(),
            Culprits::Places(places) => places,
        };
        if let Some(setback) = reason {
            // One that may have done something is not hidden behind one that has not.
            let is_known = |known: &(Setback, ApiError)| known.0.may_have_taken_effect();
            if passing.is_none()
                || (setback.may_have_taken_effect() && !passing.as_ref().is_some_and(is_known))
            {
                passing = Some((setback, error.clone()));
            }
            // What makes records is not taken for put off without being named.
            if is_untold && send.step != Step::Create {
                passing_for_all.get_or_insert(setback);
            }
            for place in places {
                if !matches!(fates[place], Fate::Refused(_)) {
                    fates[place] = Fate::PutOff(setback);
                }
            }
            continue;
        }
        let mut rejection = Box::new(Rejection::by_hubspot(error));
        if rejection.correlation_id.is_none() {
            rejection.correlation_id = correlation_id.map(str::to_owned);
        }
        for place in places {
            fates[place] = Fate::Refused(rejection.clone());
        }
    }
    // A reason that names no input is why the answer leaves some out.
    if let Some(setback) = passing_for_all {
        for fate in fates.iter_mut().filter(|fate| matches!(fate, Fate::Unmentioned)) {
            *fate = Fate::PutOff(setback);
        }
    }
    let silent = fates.iter().all(|fate| matches!(fate, Fate::Unmentioned));
    let mentioned = fates.iter().any(|fate| matches!(fate, Fate::Named(..) | Fate::Refused(_)));
    let silence = match stage {
        _ if mentioned => Silence::Broken,
        Stage::Unconfirmed if silent && *silent_before && fates.len() > 1 => Silence::KeptAgain,
        _ => Silence::Kept,
    };
    Reading { fates, silence, passing }
}

/// The call in whose answer inputs were not mentioned.
#[derive(Clone, Copy)]
struct Silent {
    sent_at: Moment,
    stage: Stage,
    operation: Operation,
    step: Step,
}

/// Sends what was not mentioned again: together once, then each alone; then it is rejected.
fn send_unmentioned(
    resolution: &mut Resolution,
    unmentioned: Vec<Input>,
    silent: Silent,
    correlation_id: Option<&str>,
) {
    if unmentioned.is_empty() {
        return;
    }
    let Silent { stage, operation, step, .. } = silent;
    if step == Step::Create {
        doubt::unmentioned(resolution, unmentioned, silent, correlation_id);
        return;
    }
    match stage {
        Stage::First => {
            let silent_before = resolution.silence != Silence::Broken;
            let group = Group { silent_before, ..Group::new(unmentioned, Stage::Unconfirmed, step) };
            resolution.again.push(group);
        }
        Stage::Unconfirmed => {
            let step = operation.last_step(step);
            let alone = unmentioned.into_iter().map(|input| Group::new(vec![input], Stage::Alone, step));
            resolution.again.extend(alone);
        }
        Stage::Alone => {
            for input in unmentioned {
                let rejection = Rejection::not_confirmed(correlation_id);
                match step {
                    // Nothing was to be written: no part of a merged input is better than another.
                    Step::Lookup
                    | Step::LookupFar
                    | Step::ReadLabels
                    | Step::Search
                    | Step::SearchFar
                    | Step::Link => {
                        resolution.rejected.push((input, rejection));
                    }
                    Step::Create
                    | Step::Write
                    | Step::Single
                    | Step::Members
                    | Step::Chore
                    | Step::SendEvents => {
                        refuse(resolution, operation, input, rejection);
                    }
                }
            }
        }
    }
}

/// Reads a 204: everything that was asked for is so.
#[must_use]
pub fn confirmed(send: Send, operation: Operation) -> Resolution {
    let mut resolution = Resolution::default();
    let created = (send.step == Step::Create).then_some(true);
    let step = send.step;
    let mut unfinished = Vec::new();
    for input in send.inputs {
        store(&mut resolution, step, Written { input, created, id: None }, &mut unfinished);
    }
    go_on(&mut resolution, operation, unfinished);
    resolution
}

/// An input of which a write is confirmed.
struct Written {
    input: Input,
    created: Option<bool>,
    /// HubSpot's record id, where the answer names it.
    id: Option<Box<str>>,
}

/// What is confirmed is stored, or has its second write to come.
fn store(resolution: &mut Resolution, step: Step, written: Written, unfinished: &mut Vec<Input>) {
    let Written { mut input, created, id } = written;
    if input.written(created) {
        if step == Step::Create {
            // It has no other name that HubSpot takes.
            input.record_id = id;
        }
        unfinished.push(input);
    } else {
        let created = input.created;
        resolution.stored.push(Stored { input, created, id });
    }
}

/// What has its second write to come goes again.
fn go_on(resolution: &mut Resolution, operation: Operation, unfinished: Vec<Input>) {
    if !unfinished.is_empty() {
        // Where the answer did not tell its id, what was just made has to be found first.
        let has_id = unfinished.iter().all(|input| input.record_id.is_some());
        let step = if operation.searches().is_some() && !has_id { Step::Search } else { Step::Write };
        resolution.again.push(Group::new(unfinished, Stage::First, step));
    }
}

/// Rejects an input, or, when it was merged of several records, sends its parts one after the other: a good
/// older record is not lost with a bad newer one.
pub fn refuse(resolution: &mut Resolution, operation: Operation, input: Input, rejection: Rejection) {
    if input.doubt.is_some() {
        doubt::refused(resolution, operation, input, rejection);
    } else if input.merged.is_empty() {
        resolution.rejected.push((input, rejection));
    } else {
        let input = input.into_parts();
        let step = operation.first_step(&input);
        resolution.again.push(Group::new(vec![input], Stage::First, step));
    }
}

#[cfg(test)]
mod tests;
