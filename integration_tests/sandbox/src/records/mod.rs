//! The account's records: what they hold, how they are found, and what was written to them in which order.

mod computed;
mod history;
mod index;
mod record;
mod store;
mod view;

pub(crate) use computed::{Shown, computed};
pub(crate) use history::History;
pub use history::{WriteEvent, WriteKind};
pub(crate) use index::SearchIndex;
pub(crate) use record::{Change, Edit, Record};
pub use store::StoreCounts;
pub(crate) use store::{RecordStore, Resolved};
pub(crate) use view::{RecordJson, Selection};
