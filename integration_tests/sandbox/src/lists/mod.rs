//! The account's lists, which newer pages call segments: what they are called, what they hold, how members change.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/lists/guide>.

mod definition;
mod store;

pub use definition::{ListDef, ProcessingType};
pub use store::{CallLimit, MemberChange, Membership, Oversize};
pub(crate) use store::{Lists, ObjectList};
