//! What was asked and answered: every request in the order of arrival, and counters for long runs.

mod record;
mod requests;

pub use record::RequestRecord;
pub use requests::Totals;
pub(crate) use requests::{Arrival, RequestLog, Ticket};
