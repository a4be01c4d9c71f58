//! What a HubSpot account holds, as the core understands it: object types and property definitions.
//!
//! Pure data, read from HubSpot's answers by `hubspot` and used by `plan` and `coerce`.

pub mod account;
pub mod association_label;
pub mod day_end;
pub mod event;
pub mod list;
pub mod new_event;
pub mod new_property;
pub mod object;
pub mod property;
pub mod scopes;
