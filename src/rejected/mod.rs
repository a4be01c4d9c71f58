//! Rejected records: how they are shown, and what is kept of them.

pub mod line;
pub mod storage;
