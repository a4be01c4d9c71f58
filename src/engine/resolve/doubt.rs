//! Records that HubSpot may have made without saying so.
//!
//! **Invariant (never made twice).** A call that may have made a record is not made again before the record has been
//! looked for by its key. A record without a key cannot be looked for: it is rejected, since it may exist.
//!
//! | a call that makes records | what follows |
//! |---|---|
//! | 423, 429, 477, 503, no connection | it did nothing: it is made again |
//! | another 5xx, a timeout, a broken connection, an input unmentioned | its inputs are in doubt, and looked for |
//! | 400, 409 | a complete answer, nothing was made: it is halved, a single record refused |
//!
//! | what is looked for | what follows |
//! |---|---|
//! | found, made since the first doubtful call | that call made it: accepted |
//! | found, older | it was there before: `CONFLICT` |
//! | not found | made again: HubSpot keeps the key unique, so that a late effect of the earlier call ends as a conflict |
//! | a conflict while in doubt | looked for once more, in case the earlier call took effect in between |
//!
//! Search sees new records late, and its key need not be unique: what it does not find is never made again.

use std::time::Duration;

use super::search::INDEX_WAITS;
use super::{
    Fate, Group, NOT_FOUND, Reading, Resolution, Silence, Silent, Stored, put_off, read, send_unmentioned,
};
use crate::api::{self, BatchAnswer};
use crate::engine::Moment;
use crate::engine::batch::{Input, Send, Stage};
use crate::engine::operation::{Operation, Step};
use crate::engine::rejection::Rejection;

/// The code of a record that something else is in the way of.
const CONFLICT: &str = "CONFLICT";

/// How long inputs wait that HubSpot has put off beside others.
const HARMLESS_WAIT: Duration = Duration::from_secs(1);

/// Who made a record that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// A call for this very input.
    ThisInput,
    /// Someone before it.
    Another,
    /// HubSpot does not say when it was made.
    Untold,
}

/// What is left of a call that may have made its records, and what has to be given up.
#[derive(Debug)]
pub struct Doubted {
    /// Inputs that can be looked for; `step` is how.
    pub inputs: Vec<Input>,
    /// How they are looked for.
    pub step: Step,
    /// Inputs that nothing tells from others.
    pub lost: Vec<Input>,
}

/// Puts the inputs of a call made at `since` in doubt.
#[must_use]
pub fn put_in_doubt(mut inputs: Vec<Input>, operation: Operation, since: Moment) -> Doubted {
    let step = operation.step_in_doubt();
    for input in &mut inputs {
        let otherwise = (step == Step::Search).then(|| Rejection::may_exist(None));
        input.put_in_doubt(since, otherwise);
    }
    let (inputs, lost) = inputs.into_iter().partition(|input| input.key().is_some());
    Doubted { inputs, step, lost }
}

/// Looks for what a call that makes records has not mentioned: together once, then each alone; what is never
/// mentioned and not found is rejected in the end.
pub(super) fn unmentioned(
    resolution: &mut Resolution,
    unmentioned: Vec<Input>,
    silent: Silent,
    correlation_id: Option<&str>,
) {
    let Doubted { mut inputs, step, lost } = put_in_doubt(unmentioned, silent.operation, silent.sent_at);
    // A batch that cannot be repeated is as good as one that was met with silence twice.
    if inputs.is_empty() && lost.len() > 1 && resolution.silence == Silence::Kept {
        resolution.silence = Silence::KeptAgain;
    }
    let may_exist = |input| (input, Rejection::may_exist(correlation_id));
    resolution.rejected.extend(lost.into_iter().map(may_exist));
    if inputs.is_empty() {
        return;
    }
    if step == Step::Search {
        look_later(resolution, inputs);
        return;
    }
    match silent.stage {
        Stage::First => {
            let silent_before = resolution.silence != Silence::Broken;
            let group = Group { silent_before, ..Group::new(inputs, Stage::Unconfirmed, step) };
            resolution.again.push(group);
        }
        Stage::Unconfirmed => {
            let alone = inputs.into_iter().map(|input| Group::new(vec![input], Stage::Alone, step));
            resolution.again.extend(alone);
        }
        Stage::Alone => {
            for input in &mut inputs {
                input.put_in_doubt(silent.sent_at, Some(Rejection::not_confirmed(correlation_id)));
            }
            resolution.again.push(Group::new(inputs, Stage::Alone, step));
        }
    }
}

/// Sorts the inputs that the answer to a create puts off: what may have been made waits to be looked for, the others
/// (left in the call so far) to be made.
pub(super) fn put_off_in_doubt(
    resolution: &mut Resolution,
    send: &mut Send,
    in_doubt: Vec<Input>,
    operation: Operation,
    correlation_id: Option<&str>,
) {
    let Doubted { inputs, step, lost } = put_in_doubt(in_doubt, operation, send.sent_at);
    let may_exist = |input| (input, Rejection::may_exist(correlation_id));
    resolution.rejected.extend(lost.into_iter().map(may_exist));
    if inputs.is_empty() {
        return;
    }
    let harmless = std::mem::replace(&mut send.inputs, inputs);
    if !harmless.is_empty() {
        let group = Group::new(harmless, send.stage, Step::Create);
        resolution.again.push(Group { wait: HARMLESS_WAIT, ..group });
    }
    send.step = step;
}

/// An input in doubt is refused: a conflict may be with the record that an earlier call has made of it.
pub(super) fn refused(
    resolution: &mut Resolution,
    operation: Operation,
    mut input: Input,
    rejection: Rejection,
) {
    let was_told = |input: &Input| input.doubt.as_ref().is_some_and(|doubt| doubt.otherwise.is_some());
    if rejection.code != CONFLICT || was_told(&input) {
        resolution.rejected.push((input, rejection));
        return;
    }
    if let Some(doubt) = &mut input.doubt {
        doubt.otherwise = Some(rejection);
    }
    resolution.again.push(Group::new(vec![input], Stage::First, operation.step_in_doubt()));
}

/// Reads the 2xx answer to a look-up of inputs in doubt.
#[must_use]
pub fn looked_for(
    mut send: Send,
    operation: Operation,
    answer: &BatchAnswer,
    correlation_id: Option<&str>,
    maker: impl Fn(&Input, &api::Stored) -> Maker,
) -> Resolution {
    let Reading { fates, silence, passing } = read(&send, answer, correlation_id);
    let mut resolution = Resolution { silence, ..Resolution::default() };
    let (mut unmentioned, mut missing) = (Vec::new(), Vec::new());
    for (mut input, fate) in std::mem::take(&mut send.inputs).into_iter().zip(fates) {
        match fate {
            Fate::Named(found) => match maker(&input, found) {
                Maker::ThisInput => {
                    let id = Some(found.id.as_str().into());
                    resolution.stored.push(Stored { input, created: Some(true), id });
                }
                Maker::Another => resolution.rejected.push((input, Rejection::exists_already(&found.id))),
                Maker::Untold => {
                    let existing_id = Some(found.id.clone());
                    let rejection = Rejection { existing_id, ..Rejection::may_exist(correlation_id) };
                    resolution.rejected.push((input, rejection));
                }
            },
            Fate::Refused(rejection) if rejection.code == NOT_FOUND => {
                match input.doubt.as_mut().and_then(|doubt| doubt.otherwise.take()) {
                    Some(otherwise) => resolution.rejected.push((input, otherwise)),
                    None => missing.push(input),
                }
            }
            Fate::Refused(_) => resolution.rejected.push((input, Rejection::may_exist(correlation_id))),
            Fate::PutOff(_) => send.inputs.push(input),
            Fate::Unmentioned => unmentioned.push(input),
        }
    }
    // That reading works says nothing about how writing goes.
    if silence == Silence::Broken && !resolution.settles() {
        resolution.silence = Silence::Kept;
    }
    let whole = unmentioned.is_empty() && missing.is_empty() && silence == Silence::Kept;
    let silent = Silent { sent_at: send.sent_at, stage: send.stage, operation, step: send.step };
    send_unmentioned(&mut resolution, unmentioned, silent, correlation_id);
    if send.inputs.is_empty() {
        resolution.resumed = made_again(send, missing, resolution.settles());
        return resolution;
    }
    if !missing.is_empty() {
        let Send { stage, named_before, silent_before, suspected_since, .. } = send;
        let group = Group::new(missing, stage, Step::Create);
        resolution.again.push(Group { named_before, silent_before, suspected_since, ..group });
    }
    resolution.put_off = put_off(send, whole, passing);
    resolution
}

/// The call for what was not found, with all that is known of it: how often it failed above all.
fn made_again(mut send: Send, missing: Vec<Input>, is_part: bool) -> Option<Send> {
    if missing.is_empty() {
        return None;
    }
    send.inputs = missing;
    send.step = Step::Create;
    if is_part {
        // It is another call from here on: what failed before is not held against what is left.
        send.server_errors = 0;
        send.setbacks_amid_success = 0;
        send.silent_before = false;
    }
    Some(send)
}

/// Searches for inputs in doubt again once the index had time to catch up, or gives them up.
pub(super) fn look_later(resolution: &mut Resolution, inputs: Vec<Input>) {
    let mut later: Vec<Input> = Vec::new();
    let mut wait = None;
    for mut input in inputs {
        let Some(doubt) = &mut input.doubt else { continue };
        match INDEX_WAITS.get(doubt.waits) {
            Some(next) => {
                wait = wait.max(Some(*next));
                doubt.waits += 1;
                later.push(input);
            }
            None => {
                let rejection = doubt.otherwise.take().unwrap_or_else(|| Rejection::may_exist(None));
                resolution.rejected.push((input, rejection));
            }
        }
    }
    if let Some(wait) = wait {
        let group = Group::new(later, Stage::First, Step::Search);
        resolution.again.push(Group { wait, ..group });
    }
}
