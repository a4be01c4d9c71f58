//! The account's custom events: their definitions, and what happened.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/events/define-events/guide>.

mod definition;
mod rules;
mod store;

pub use definition::EventDef;
pub(crate) use definition::{Definition, Definitions, Taken};
pub(crate) use rules::{MAX_BATCH, MAX_DEFINITIONS, MAX_NAME, is_property_name, problem};
pub(crate) use store::Occurrences;
pub use store::StoredEvent;

/// The account's custom events.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    pub(crate) definitions: Definitions,
    pub(crate) occurrences: Occurrences,
}

impl Events {
    /// No events; occurrences are kept, or only counted.
    pub(crate) fn new(recording: bool) -> Self {
        Self { definitions: Definitions::default(), occurrences: Occurrences::new(recording) }
    }
}
