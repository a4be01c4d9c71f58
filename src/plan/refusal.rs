//! Why a record is refused before anything is sent, whatever its stream goes to.

use super::columns::WhyRefused;
use super::notices::shown;
use crate::engine::rejection::Rejection;
use crate::json::{self, Object};

/// A value of a column that records may not have.
#[must_use]
pub fn refused(why: WhyRefused, column: &str) -> Rejection {
    let column = &*shown(column);
    match why {
        WhyRefused::Unknown => {
            let message = format!(
                "{column}: HubSpot has no such property; create it there, or map or drop the column."
            );
            Rejection::by_connector("PROPERTY_DOESNT_EXIST", Some(column), message)
        }
        WhyRefused::ReadOnly => {
            let message = format!("{column}: HubSpot does not allow writing this property; drop the column.");
            Rejection::by_connector("READ_ONLY_VALUE", Some(column), message)
        }
    }
}

/// Data that is not a row.
#[must_use]
pub fn not_an_object(data: Object<'_>) -> Rejection {
    let message = match json::type_name(data.text()) {
        "object" => "The record's data holds a broken field name (half of a UTF-16 pair).".to_owned(),
        "nothing" => "The record's data is missing or null, not an object.".to_owned(),
        other => format!("The record's data is of JSON type {other}, not an object."),
    };
    Rejection::by_connector("INVALID_RECORD", None, message)
}

/// A record that is to be made of nothing.
#[must_use]
pub fn nothing_to_insert() -> Rejection {
    let message = "The record has no value that HubSpot could make a record of.";
    Rejection::by_connector("INVALID_RECORD", None, message)
}
