//! Operations on records: the batches, the single calls, search, lists and merges.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/using-object-apis>.

pub(crate) mod apply;
pub(crate) mod archive;
pub(crate) mod associations;
pub(crate) mod batch;
pub(crate) mod envelope;
pub(crate) mod erase;
pub(crate) mod input;
pub(crate) mod keys;
pub(crate) mod list;
pub(crate) mod merge;
pub(crate) mod plan;
pub(crate) mod problem;
pub(crate) mod read;
pub(crate) mod search;
pub(crate) mod search_filter;
pub(crate) mod single;
