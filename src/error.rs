//! What ends a command: what happened, whose fault it is, what to do next.
//!
//! One type for every command. A record that HubSpot or the connector refuses is no [`Failure`] but a
//! rejection (`engine::rejection`): it never ends a sync.

use std::fmt;

use crate::protocol::StreamDescriptor;

/// What happened, by what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Something the user has set up is wrong: configuration, catalog, token, scopes, object, matching key.
    Configuration,
    /// HubSpot's daily quota, or the reserve the user keeps of it, is spent; it comes back by itself.
    QuotaSpent,
    /// HubSpot (or storage) could not be reached, or kept failing, for longer than the retry budget.
    Unavailable,
    /// The source ended before it said that it was complete.
    SourceIncomplete,
    /// The input holds something that may have been a record and cannot be read.
    UnreadableInput,
    /// HubSpot answered what its documentation does not describe.
    Surprise,
    /// A fault of this program.
    Internal,
}

impl Kind {
    /// Airbyte's `failure_type`: who has to act.
    #[must_use]
    pub fn failure_type(self) -> &'static str {
        match self {
            Self::Configuration => "config_error",
            Self::QuotaSpent | Self::Unavailable | Self::SourceIncomplete => "transient_error",
            Self::UnreadableInput | Self::Surprise | Self::Internal => "system_error",
        }
    }
}

/// Why a command ended early. Its texts never hold a record value or a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What happened.
    pub kind: Kind,
    /// For the user: what is wrong and what to do.
    pub message: String,
    /// For a maintainer: where it was noticed, with which status.
    pub internal: Option<Box<str>>,
    /// The stream it concerns, where that is known.
    pub stream: Option<Box<StreamDescriptor>>,
    /// HubSpot's number for the call, for its support.
    pub correlation_id: Option<Box<str>>,
}

impl Failure {
    /// A failure with a message for the user.
    #[must_use]
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), internal: None, stream: None, correlation_id: None }
    }

    /// The same, with a note for maintainers.
    #[must_use]
    pub fn internal(mut self, note: impl Into<String>) -> Self {
        self.internal = Some(note.into().into());
        self
    }

    /// The same, for a stream.
    #[must_use]
    pub fn of_stream(mut self, stream: &StreamDescriptor) -> Self {
        self.stream = Some(Box::new(stream.clone()));
        self
    }

    /// The same, with HubSpot's correlation id.
    #[must_use]
    pub fn correlated(mut self, correlation_id: Option<&str>) -> Self {
        self.correlation_id = correlation_id.map(Into::into);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        match &self.correlation_id {
            Some(id) => write!(formatter, " (HubSpot correlation id {id})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}
