//! Rejected records as files: what their lines hold, what they are called, what waits to be stored.
//!
//! Columns, formats and names are Airbyte's own, so that its link to the rejected records and tools that read its
//! raw tables work here too. Source: <https://docs.airbyte.com/integrations/destinations/s3>.

pub mod csv;
pub mod format;
pub mod identity;
pub mod path;
pub mod pending;
