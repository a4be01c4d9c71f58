//! The envelope of batch answers.

use serde::Serialize;

use super::problem::BatchError;
use crate::clock::Millis;
use crate::http::Answer;

/// `{"status":"COMPLETE","results":[...],...}`; errors and their number are left out when there are none.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope<T: Serialize, E: Serialize = BatchError> {
    completed_at: String,
    status: &'static str,
    started_at: String,
    results: Vec<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<E>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_errors: Option<usize>,
}

impl<T: Serialize, E: Serialize> Envelope<T, E> {
    /// An envelope around results and errors.
    pub(crate) fn new(started: Millis, completed: Millis, results: Vec<T>, errors: Vec<E>) -> Self {
        Self {
            completed_at: completed.iso(),
            status: "COMPLETE",
            started_at: started.iso(),
            results,
            num_errors: (!errors.is_empty()).then_some(errors.len()),
            errors,
        }
    }

    /// The answer: `status` if all went well, 207 if some of it did not.
    pub(crate) fn answer(&self, status: u16) -> Answer {
        Answer::json(if self.errors.is_empty() { status } else { 207 }, self)
    }
}
