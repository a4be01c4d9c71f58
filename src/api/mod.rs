//! HubSpot's wire format as pure code: where requests go and what answers mean.
//!
//! Nothing here does I/O, reads a clock or knows the rest of the connector. Bytes and header values come in,
//! typed facts go out, so that every judgement about an answer can be tested without a network:
//!
//! - [`version`] and [`paths`]: the path of every call, for each API version;
//! - [`batch_answer`]: a 2xx answer of a batch endpoint, record by record;
//! - [`association`]: answers about associations;
//! - [`membership`]: answers about the members of lists;
//! - [`paging`]: where the next page of an answer begins, and when there have been enough;
//! - [`search_answer`]: a 2xx answer of a search;
//! - [`error_body`]: an error of any shape, read without ever failing;
//! - [`refusal`]: what kind of "no" a whole answer is;
//! - [`rate_headers`] and [`mod@retry_after`]: what HubSpot says about pace.
//!
//! HubSpot's own texts and ids can hold record values. The types that carry them therefore have hand-written
//! `Debug` and `Display` that leave them out; only who reads the fields by name can get at them.

pub mod association;
pub mod batch_answer;
pub mod error_body;
mod error_code;
mod error_reader;
mod faults;
mod lenient;
pub mod membership;
pub mod paging;
pub mod paths;
mod prose;
pub mod rate_headers;
pub mod refusal;
pub mod retry_after;
mod scalar;
pub mod search_answer;
mod segment;
pub mod version;

#[cfg(test)]
mod never_panics;
#[cfg(test)]
mod recorded_answers;

pub use association::{AssociatedRecord, AssociationAnswer, AssociationType, AssociationsRead};
pub use batch_answer::{ADDITIONAL_DOMAINS, BatchAnswer, Malformed, Stored};
pub use error_body::{ApiError, CORRELATION_ID_HEADER};
pub use faults::PropertyFault;
pub use membership::{MembersPage, MembershipAnswer};
pub use paging::{Endless, Pages, Paging};
pub use paths::{AssociationVerb, Family, MembershipVerb, Moves, Paths, Verb};
pub use rate_headers::RateHeaders;
pub use refusal::{AuthProblem, RatePolicy, Refusal};
pub use retry_after::retry_after;
pub use search_answer::SearchAnswer;
pub use version::{ApiVersion, UnknownApiVersion};
