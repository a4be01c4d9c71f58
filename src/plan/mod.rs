//! What happens to each stream's records: object, operation, matching key, columns.
//!
//! Pure: catalog, configuration and what the account holds go in, plans or the reasons against them come out.

pub mod columns;
pub mod key;
pub mod object;
pub mod operation;
pub mod shape;
pub mod stream;

pub use stream::StreamPlan;
