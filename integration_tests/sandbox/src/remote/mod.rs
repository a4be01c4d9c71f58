//! Control over HTTP, for clients in any language: `/_sandbox/...`.
//!
//! Every operation is one entry of [`operations`]; requests are dispatched by that table and the OpenAPI description is
//! made from it, so that neither can have what the other has not. Requests to it need no token, count against no limit
//! and are not in the request log.

mod account;
mod description;
mod expectation;
mod faults;
mod operation;
mod requests;
mod settings;

use crate::http::{Answer, Received, Shared};
use operation::{Asked, Operation, Problem};

pub use description::openapi;

/// Whether the account can be controlled over HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Control {
    /// It cannot: a client under test reaches what HubSpot has and nothing else.
    #[default]
    Off,
    /// By everybody who reaches the sandbox.
    On,
}

/// Every operation there is.
fn operations() -> impl Iterator<Item = &'static Operation> {
    let families = [
        account::OPERATIONS,
        settings::OPERATIONS,
        faults::OPERATIONS,
        requests::OPERATIONS,
        description::OPERATIONS,
    ];
    families.into_iter().flatten()
}

/// Answers a request to the control; none if it is for something else, or there is no control. Whether the sandbox is
/// well is told in any case.
pub(crate) fn answer(shared: &Shared, received: &Received) -> Option<Answer> {
    let rest = received.path.strip_prefix("/_sandbox")?;
    if shared.control == Control::Off && rest != "/health" {
        return None;
    }
    let answered = operation::find(&received.method, &received.path).and_then(|(operation, names)| {
        if received.foreign {
            return Err(Problem::foreign());
        }
        (operation.run)(shared, &Asked::new(received, names)?)
    });
    Some(answered.unwrap_or_else(Problem::into_answer))
}
