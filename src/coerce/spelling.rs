//! The one spelling of what a record may be found by.
//!
//! A key is looked up, searched for, compared with answers, hashed, and written into its property; where it is spelled
//! differently in two of these, each sync makes its record again. So all of them go by the text that is made here, but
//! for letter case: what is written keeps the sender's, what is compared without regard to it is lower-cased on top
//! ([`super::key`]).
//!
//! | values | one spelling |
//! |---|---|
//! | text | without blanks and invisible characters around it; of a whole JSON number without the `.0` that databases add |
//! | text of a column that the catalog declares a number | the number, as its shortest digits, where it is one |
//! | e-mail addresses | one address, checked |
//! | domains of companies | the bare host, in Unicode and lower case |
//! | numbers | the shortest digits |
//! | record ids | digits |

use std::borrow::Cow;

use super::blanks::trim;
use super::invalid::Reason;
use super::json_text::{Json, escape_into};
use super::{Coerced, domain, email, number, text};

/// What a text is that stands for a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Figures {
    /// Text like any other: only a JSON number is a number.
    #[default]
    AsText,
    /// A number, since the catalog declares the column one: sources without a type for decimals send them as text.
    AsNumbers,
}

/// How the values of one property are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    Text(Figures),
    Email,
    Domain,
    Number,
    RecordId,
}

impl Spelling {
    /// The spelling of a single JSON value; `None` where there is nothing to be seen. Of `null`, arrays and objects
    /// there is none.
    ///
    /// # Errors
    /// Why the value is none that this property holds.
    pub(super) fn of<'a>(self, value: Json<'a>) -> Result<Option<Cow<'a, str>>, Reason> {
        let text = match value {
            Json::Null | Json::Array(_) | Json::Object(_) => return Ok(None),
            Json::Bool(truth) => Cow::Borrowed(if truth { "true" } else { "false" }),
            Json::Number(number) if self == Self::Text(Figures::AsNumbers) => number::shortest(number)?,
            Json::Number(number) => number::integral(number)?,
            Json::String(text) => text.decode()?,
        };
        let spelled = match &text {
            Cow::Borrowed(text) => self.of_text(text)?,
            Cow::Owned(text) => self.of_text(text)?.map(|text| Cow::Owned(text.into_owned())),
        };
        Ok(spelled)
    }

    fn of_text(self, text: &str) -> Result<Option<Cow<'_, str>>, Reason> {
        let text = trim(text);
        if text.is_empty() {
            return Ok(None);
        }
        text::check_length(text)?;
        Ok(Some(match self {
            Self::Text(Figures::AsText) => Cow::Borrowed(text),
            Self::Text(Figures::AsNumbers) => number::shortest(text).unwrap_or(Cow::Borrowed(text)),
            Self::Email => {
                email::check(text)?;
                Cow::Borrowed(text)
            }
            Self::Domain => domain::host(text).unwrap_or(Cow::Borrowed(text)),
            Self::Number => number::shortest(text)?,
            Self::RecordId => {
                let digits = number::shortest(text).map_err(|_| Reason::NotARecordId)?;
                if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(Reason::NotARecordId);
                }
                digits
            }
        }))
    }

    /// Writes `value` for the property.
    ///
    /// # Errors
    /// Why the value is none that this property holds.
    pub(super) fn write(self, value: Json<'_>, out: &mut Vec<u8>) -> Result<Coerced, Reason> {
        match (self, value) {
            (_, Json::Null) => Ok(Coerced::Null),
            (Self::Email, Json::Array(_) | Json::Object(_)) => Err(Reason::NotAnEmail),
            (Self::Number | Self::RecordId, Json::Array(_) | Json::Object(_)) => Err(Reason::NotANumber),
            (_, Json::Array(_) | Json::Object(_)) => text::write(Figures::AsText, value, out),
            _ => match self.of(value)? {
                Some(text) => {
                    escape_into(&text, out);
                    Ok(Coerced::Written)
                }
                None => Ok(Coerced::Empty),
            },
        }
    }
}
