//! Trouble on demand.

use schemars::JsonSchema;
use serde::Serialize;

use super::operation::{Asked, Operation, Problem, shape};
use crate::faults::{Fault, FaultId, FaultState};
use crate::http::{Answer, Shared, lock};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "listFaults",
        method: "GET",
        path: "/_sandbox/faults",
        about: "The faults in force, in the order in which they are asked whether they strike.",
        query: &[],
        takes: None,
        gives: &[(200, "The faults.", Some(shape::<Faults>))],
        run: |shared, _| Ok(Answer::json(200, &Faults { faults: lock(&shared.faults).states() })),
    },
    Operation {
        name: "addFault",
        method: "POST",
        path: "/_sandbox/faults",
        about: "Puts a fault in force behind those already there.",
        query: &[],
        takes: Some(shape::<Fault>),
        gives: &[(201, "The fault with its number.", Some(shape::<FaultState>))],
        run: |shared, asked| {
            let fault: Fault = asked.body()?;
            let id = lock(&shared.faults).add(fault);
            Ok(Answer::json(201, &state(shared, id)?))
        },
    },
    Operation {
        name: "clearFaults",
        method: "DELETE",
        path: "/_sandbox/faults",
        about: "Takes all faults away; what they withhold goes on.",
        query: &[],
        takes: None,
        gives: &[(204, "Done.", None)],
        run: |shared, _| {
            lock(&shared.faults).clear();
            Ok(Answer::empty(204))
        },
    },
    Operation {
        name: "getFault",
        method: "GET",
        path: "/_sandbox/faults/{id}",
        about: "A fault in force, with how often it struck and how many requests it withholds.",
        query: &[],
        takes: None,
        gives: &[(200, "The fault.", Some(shape::<FaultState>))],
        run: |shared, asked| Ok(Answer::json(200, &known(shared, asked)?)),
    },
    Operation {
        name: "removeFault",
        method: "DELETE",
        path: "/_sandbox/faults/{id}",
        about: "Takes a fault away; what it withholds goes on.",
        query: &[],
        takes: None,
        gives: &[(204, "Done.", None)],
        run: |shared, asked| {
            let FaultState { id, .. } = known(shared, asked)?;
            lock(&shared.faults).remove(id);
            Ok(Answer::empty(204))
        },
    },
    Operation {
        name: "releaseFault",
        method: "POST",
        path: "/_sandbox/faults/{id}/release",
        about: "Lets go on what a fault withholds, now and from now on.",
        query: &[],
        takes: None,
        gives: &[(204, "Done.", None)],
        run: |shared, asked| {
            let FaultState { id, .. } = known(shared, asked)?;
            lock(&shared.faults).release(id);
            Ok(Answer::empty(204))
        },
    },
];

#[derive(Serialize, JsonSchema)]
struct Faults {
    faults: Vec<FaultState>,
}

fn known(shared: &Shared, asked: &Asked<'_>) -> Result<FaultState, Problem> {
    state(shared, FaultId(asked.number()?))
}

fn state(shared: &Shared, id: FaultId) -> Result<FaultState, Problem> {
    let found = lock(&shared.faults).states().into_iter().find(|state| state.id == id);
    found.ok_or_else(|| Problem::new(404, format!("There is no fault {}.", id.0)))
}
