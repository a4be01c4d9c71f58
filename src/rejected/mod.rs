//! Rejected records: how they are shown, and where they are kept.

pub mod line;
