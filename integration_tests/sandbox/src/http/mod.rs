//! HTTP: the listener, the connections, the routes and the way a request takes from arrival to answer.

mod admission;
mod answer;
mod connection;
mod coverage;
mod encoding;
mod endpoint;
mod io;
mod pipeline;
mod query;
mod route;
mod server;
mod wire;

pub(crate) use answer::Answer;
#[cfg(test)]
pub(crate) use answer::AnswerBody;
pub use coverage::{CallInfo, calls};
pub use endpoint::{Endpoint, EndpointFamily};
pub use pipeline::Gzip;
pub(crate) use pipeline::{Received, Shared, Timing, lock};
pub(crate) use query::{Query, decode, parse_form};
pub use route::Truth;
pub(crate) use route::{Known, Route, Version, documented, inferred, recorded};
pub(crate) use server::Server;
pub use wire::Certificate;
pub(crate) use wire::Wire;
