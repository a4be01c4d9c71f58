//! What HubSpot accepts: values by property type, properties needed to make a record, definitions of properties.

pub(crate) mod create;
pub(crate) mod dates;
pub(crate) mod definitions;
pub(crate) mod email;
pub(crate) mod values;
pub(crate) mod violation;

pub use create::Demand;
