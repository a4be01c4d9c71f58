//! Why a record was rejected: data a person can act on.
//!
//! Codes are HubSpot's own most specific ones where it gave one; see the README's list for the others.

use std::borrow::Cow;

use crate::api::ApiError;

/// Who refused the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// HubSpot, in an answer.
    Hubspot,
    /// This connector, before or after the call.
    Connector,
}

impl Origin {
    /// As it is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hubspot => "hubspot",
            Self::Connector => "connector",
        }
    }
}

/// What of a record was refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refused {
    /// The record itself.
    #[default]
    Record,
    /// An association that was to be made as it was written: the record itself is written.
    Association,
}

/// The reason of one rejection.
#[derive(Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Upper-case code such as `INVALID_EMAIL`.
    pub code: Cow<'static, str>,
    /// The property at fault, by its internal name.
    pub property: Option<String>,
    /// The reason in words. HubSpot's text may hold values of the record: it is shown in full output and
    /// kept in storage only; see [`Rejection::redacted_message`].
    pub message: String,
    /// HubSpot's category, such as `VALIDATION_ERROR`.
    pub category: Option<String>,
    /// HubSpot's number for the call.
    pub correlation_id: Option<String>,
    /// Who refused.
    pub origin: Origin,
    /// Id of the HubSpot record that is in the way.
    pub existing_id: Option<String>,
    /// Whether HubSpot refused the record for lack of its property alone.
    pub is_for_lack: bool,
    /// What was refused.
    pub refused: Refused,
}

impl Rejection {
    /// A refusal by this connector.
    #[must_use]
    pub fn by_connector(code: &'static str, property: Option<&str>, message: impl Into<String>) -> Self {
        Self {
            code: Cow::Borrowed(code),
            property: property.map(str::to_owned),
            message: message.into(),
            category: None,
            correlation_id: None,
            origin: Origin::Connector,
            existing_id: None,
            is_for_lack: false,
            refused: Refused::Record,
        }
    }

    /// A refusal that HubSpot put into words.
    #[must_use]
    pub fn by_hubspot(error: &ApiError) -> Self {
        Self {
            property: error.property.clone(),
            message: error.explanation(),
            code: Cow::Owned(error.code().to_owned()),
            category: error.category.clone(),
            correlation_id: error.correlation_id.clone(),
            origin: Origin::Hubspot,
            existing_id: error.existing_id.clone(),
            is_for_lack: error.lacks().is_some(),
            refused: Refused::Record,
        }
    }

    /// HubSpot never confirmed the record.
    #[must_use]
    pub fn not_confirmed(correlation_id: Option<&str>) -> Self {
        let message =
            "HubSpot answered without confirming or refusing this record, also when it was sent again alone.";
        Self {
            correlation_id: correlation_id.map(str::to_owned),
            ..Self::by_connector("NOT_CONFIRMED", None, message)
        }
    }

    /// HubSpot has no record of this id.
    #[must_use]
    pub fn no_such_record(correlation_id: Option<&str>) -> Self {
        Self {
            correlation_id: correlation_id.map(str::to_owned),
            origin: Origin::Hubspot,
            ..Self::by_connector("NOT_FOUND", None, "HubSpot has no record with this id.")
        }
    }

    /// A call may have made the record, and whether it has cannot be found out.
    #[must_use]
    pub fn may_exist(correlation_id: Option<&str>) -> Self {
        let message = "HubSpot may have made this record: it gave no word, and nothing tells the record from others. Look \
                       for it in HubSpot before it is inserted again.";
        Self {
            correlation_id: correlation_id.map(str::to_owned),
            ..Self::by_connector("NOT_CONFIRMED", None, message)
        }
    }

    /// Whether HubSpot never said what became of the record.
    #[must_use]
    pub fn leaves_open(&self) -> bool {
        self.code == "NOT_CONFIRMED"
    }

    /// HubSpot has a record with this one's key that is older than the first call that could have made it.
    #[must_use]
    pub fn exists_already(existing_id: &str) -> Self {
        let message = "HubSpot had a record with this unique value before this one was inserted.";
        Self { existing_id: Some(existing_id.to_owned()), ..Self::by_connector("CONFLICT", None, message) }
    }

    /// Search has found no record with the key.
    #[must_use]
    pub fn not_found_by_search(property: &str) -> Self {
        let message = format!("HubSpot's search has found no record with this {property}.");
        Self::by_connector("NOT_FOUND", Some(property), message)
    }

    /// Search has found several records with the key: this many, or more.
    #[must_use]
    pub fn ambiguous(property: &str, records: usize) -> Self {
        let message = format!(
            "At least {records} HubSpot records have this {property}; it is not clear which one is meant. Merge them, \
             or match by another property."
        );
        Self::by_connector("AMBIGUOUS_MATCH", Some(property), message)
    }

    /// HubSpot answered every call with this record alone with a server error, while other calls went through.
    #[must_use]
    pub fn server_error(error: Option<&ApiError>) -> Self {
        let message =
            "HubSpot failed each time this record was sent alone, while other records went through.";
        Self {
            category: error.and_then(|error| error.category.clone()),
            correlation_id: error.and_then(|error| error.correlation_id.clone()),
            origin: Origin::Hubspot,
            ..Self::by_connector("SERVER_ERROR", None, message)
        }
    }

    /// The same for an association that this column of a written record asks for.
    #[must_use]
    pub fn of_association(self, column: &str) -> Self {
        let message = format!(
            "{column}: the record itself was written, but not associated with the record that this field names. {}",
            self.message
        );
        Self { property: Some(column.to_owned()), message, refused: Refused::Association, ..self }
    }

    /// The reason in this connector's own words, from code and property alone: it cannot hold a value.
    #[must_use]
    pub fn redacted_message(&self) -> String {
        let who = match (self.refused, self.origin) {
            (Refused::Record, Origin::Hubspot) => "HubSpot refused the record",
            (Refused::Record, Origin::Connector) => "The connector refused the record",
            (Refused::Association, Origin::Hubspot) => {
                "The record was written, HubSpot refused an association of it"
            }
            (Refused::Association, Origin::Connector) => {
                "The record was written, the connector could not make an association of it"
            }
        };
        match &self.property {
            Some(property) => format!("{who}: {} on property {property}.", self.code),
            None => format!("{who}: {}.", self.code),
        }
    }
}

impl std::fmt::Debug for Rejection {
    /// Leaves out the message, which may hold a record value.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Rejection")
            .field("code", &self.code)
            .field("property", &self.property)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_association_says_that_its_record_was_written() {
        let refused = Rejection::not_found_by_search("domain");
        assert_eq!(
            refused.redacted_message(),
            "The connector refused the record: NOT_FOUND on property domain."
        );
        let refused = refused.of_association("website");
        assert_eq!((refused.property.as_deref(), refused.refused), (Some("website"), Refused::Association));
        assert!(refused.message.starts_with("website: the record itself was written"), "{}", refused.message);
        assert!(refused.message.ends_with("no record with this domain."), "{}", refused.message);
        assert_eq!(
            refused.redacted_message(),
            "The record was written, the connector could not make an association of it: NOT_FOUND on property website."
        );
    }
}
