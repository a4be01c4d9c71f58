//! The whole account: beginning anew, seeds, snapshots.

use schemars::JsonSchema;
use serde::Serialize;

use super::operation::{Asked, Operation, Problem, shape};
use crate::http::{Answer, lock};
use crate::seed::Seed;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "reset",
        method: "POST",
        path: "/_sandbox/reset",
        about: "Begins anew with what the sandbox was started with, and forgets the request log. Snapshots stay.",
        query: &[],
        takes: None,
        gives: &[(204, "Done.", None)],
        run: |shared, _| {
            shared.begin_anew(&shared.start.seed)?;
            Ok(Answer::empty(204))
        },
    },
    Operation {
        name: "getSeed",
        method: "GET",
        path: "/_sandbox/seed",
        about: "The present state of the account as a seed that makes it again.",
        query: &[],
        takes: None,
        gives: &[(200, "The seed.", Some(shape::<Seed>))],
        run: |shared, _| Ok(Answer::json(200, &shared.seed())),
    },
    Operation {
        name: "addSeed",
        method: "POST",
        path: "/_sandbox/seed",
        about: "Adds what a seed describes to the account, or nothing of it.",
        query: &[],
        takes: Some(shape::<Seed>),
        gives: &[(204, "Done.", None)],
        run: |shared, asked| {
            shared.add(&asked.body()?)?;
            Ok(Answer::empty(204))
        },
    },
    Operation {
        name: "replaceSeed",
        method: "PUT",
        path: "/_sandbox/seed",
        about: "Begins anew with a seed in place of what the sandbox was started with, and forgets the request log.",
        query: &[],
        takes: Some(shape::<Seed>),
        gives: &[(204, "Done.", None)],
        run: |shared, asked| {
            shared.begin_anew(&asked.body()?)?;
            Ok(Answer::empty(204))
        },
    },
    Operation {
        name: "listSnapshots",
        method: "GET",
        path: "/_sandbox/snapshots",
        about: "The names of the snapshots.",
        query: &[],
        takes: None,
        gives: &[(200, "Their names.", Some(shape::<Snapshots>))],
        run: |shared, _| {
            let snapshots = lock(&shared.snapshots).keys().cloned().collect();
            Ok(Answer::json(200, &Snapshots { snapshots }))
        },
    },
    Operation {
        name: "takeSnapshot",
        method: "PUT",
        path: "/_sandbox/snapshots/{name}",
        about: "Keeps the whole account as it is, faults and limits too, under a name; the request log is no part of it.",
        query: &[],
        takes: None,
        gives: &[(204, "Done.", None)],
        run: |shared, asked| {
            let snapshot = shared.snapshot();
            lock(&shared.snapshots).insert(asked.name(0).to_owned(), snapshot);
            Ok(Answer::empty(204))
        },
    },
    Operation {
        name: "restoreSnapshot",
        method: "POST",
        path: "/_sandbox/snapshots/{name}/restore",
        about: "Makes the account what it was when the snapshot was taken. What faults withhold goes on.",
        query: &[],
        takes: None,
        gives: &[(204, "Done.", None)],
        run: |shared, asked| {
            let snapshot =
                lock(&shared.snapshots).get(asked.name(0)).cloned().ok_or_else(|| unknown(asked))?;
            shared.restore(snapshot);
            Ok(Answer::empty(204))
        },
    },
    Operation {
        name: "deleteSnapshot",
        method: "DELETE",
        path: "/_sandbox/snapshots/{name}",
        about: "Drops a snapshot.",
        query: &[],
        takes: None,
        gives: &[(204, "Done.", None)],
        run: |shared, asked| {
            lock(&shared.snapshots).remove(asked.name(0)).ok_or_else(|| unknown(asked))?;
            Ok(Answer::empty(204))
        },
    },
];

#[derive(Serialize, JsonSchema)]
struct Snapshots {
    snapshots: Vec<String>,
}

fn unknown(asked: &Asked<'_>) -> Problem {
    Problem::new(404, format!("There is no snapshot {:?}.", asked.name(0)))
}
