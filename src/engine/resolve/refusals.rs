//! The refusal of a whole request: which of its inputs is at fault, found with few calls.
//!
//! What the answer names (ids, or properties with their values) is separated first, once; then halving. With `k` bad
//! inputs among `n` this costs at most `2k log2(n/k) + 2k + 2` calls. Where a refusal says something of all of them (that
//! the key is not unique, say), one is sent alone first: it is believed once it is said of that one.

use std::collections::HashSet;
use std::time::Duration;

use super::super::batch::{Input, Send, Stage};
use super::super::occurrence;
use super::super::operation::{Operation, Step};
use super::super::rejection::Rejection;
use super::naming::Names;
use super::{Group, Resolution, Silence, Silent, Stored, lookup, refuse, send_unmentioned};
use crate::api::{ApiError, Refusal};
use crate::json;

/// How long the rest of a batch waits while one of it is tried alone.
const CLAIM_WAIT: Duration = Duration::from_secs(1);

/// Reads the refusal of a whole request.
#[must_use]
pub fn refused(send: Send, operation: Operation, error: &ApiError) -> Resolution {
    if operation.looks_up_first() && lookup::asks(send.step) {
        return lookup::refused(send, operation, error);
    }
    if send.inputs.len() == 1 {
        return refused_alone(send, operation, error);
    }
    let Send { mut inputs, named_before, step, .. } = send;
    let named = if named_before { Vec::new() } else { named_by(error, operation, &inputs) };
    let is_claim = error.speaks_of_all() && !named_before;
    let is_named_part = !is_claim && named.iter().any(|named| *named) && !named.iter().all(|named| *named);
    let (first, second): (Vec<_>, Vec<_>) = if is_named_part {
        let (named, others): (Vec<_>, Vec<_>) = inputs.into_iter().zip(named).partition(|(_, named)| *named);
        let strip = |inputs: Vec<(Input, bool)>| inputs.into_iter().map(|(input, _)| input).collect();
        (strip(named), strip(others))
    } else {
        let second = inputs.split_off(if is_claim { 1 } else { inputs.len() / 2 });
        (inputs, second)
    };
    let mut resolution = Resolution::default();
    // If it is so, the rest need not be sent any more.
    let rest_waits = if is_claim { CLAIM_WAIT } else { Duration::ZERO };
    for (inputs, wait) in [(first, Duration::ZERO), (second, rest_waits)] {
        let group = Group::new(inputs, Stage::First, step);
        resolution.again.push(Group { named_before: true, wait, ..group });
    }
    resolution
}

fn refused_alone(mut send: Send, operation: Operation, error: &ApiError) -> Resolution {
    let mut resolution = Resolution::default();
    let correlation_id = error.correlation_id.as_deref();
    if Names::of(&send).are_foreign(error) {
        // It speaks of an input of some other call: of this one nothing is said.
        resolution.silence = Silence::Kept;
        let silent = Silent { sent_at: send.sent_at, stage: send.stage, operation, step: send.step };
        send_unmentioned(&mut resolution, send.inputs, silent, correlation_id);
        return resolution;
    }
    match send.inputs.pop() {
        // It is the look-up that was refused: whether the record was made stays unknown.
        Some(input) if input.doubt.is_some() && send.step != Step::Create => {
            resolution.rejected.push((input, Rejection::may_exist(correlation_id)));
        }
        Some(input) if operation == Operation::Event && occurrence::is_there_already(error, &input) => {
            resolution.stored.push(Stored { input, created: None, id: None });
        }
        Some(input) => refuse(&mut resolution, operation, input, Rejection::by_hubspot(error)),
        None => {}
    }
    resolution
}

/// Splits a request that is too large, or that keeps failing, in two.
#[must_use]
pub fn halved(send: Send) -> Resolution {
    let Send { mut inputs, stage, step, named_before, suspected_since, .. } = send;
    let second = inputs.split_off(inputs.len() / 2);
    let again = [inputs, second]
        .into_iter()
        .filter(|inputs| !inputs.is_empty())
        .map(|inputs| Group { named_before, suspected_since, ..Group::new(inputs, stage, step) })
        .collect();
    Resolution { again, silence: Silence::Kept, ..Resolution::default() }
}

/// Which inputs a refusal of the whole request points at.
fn named_by(error: &ApiError, operation: Operation, inputs: &[Input]) -> Vec<bool> {
    let ids: HashSet<&str> = error.ids.iter().map(String::as_str).collect();
    let has_id = |id: Option<&str>| id.is_some_and(|id| ids.contains(id));
    let by_id: Vec<bool> = inputs
        .iter()
        .map(|input| match operation {
            Operation::Event => occurrence::is_named(error, input),
            _ => has_id(input.target()) || has_id(input.far.id.as_deref()),
        })
        .collect();
    if by_id.iter().any(|named| *named) {
        return by_id;
    }
    if !matches!(error.refusal(), Refusal::NamedProperties) {
        return Vec::new();
    }
    let properties: HashSet<&str> =
        error.faults.iter().filter_map(|fault| fault.property.as_deref()).collect();
    inputs.iter().map(|input| sends_one_of(input, &properties)).collect()
}

fn sends_one_of(input: &Input, properties: &HashSet<&str>) -> bool {
    input.parts().any(|part| {
        let members = format!("{{{}}}", String::from_utf8_lossy(input.members(part)));
        let mut found = false;
        // Rendered by `plan::shape`, so always an object.
        let _rendered_by_us = json::members(&members, |name, _| found |= properties.contains(name.as_ref()));
        found
    })
}
