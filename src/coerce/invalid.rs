//! Why a value cannot be sent: a code for machines and a sentence for people, never the value.

use super::json_text::BrokenText;

/// Characters that HubSpot takes in one text property.
///
/// Source: HubSpot's properties guide, "string" values.
pub const MAX_CHARACTERS: usize = 65_536;

/// The code of a rejection, spelled as HubSpot spells it or as this connector documents it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InvalidCode {
    /// The e-mail address has no usable shape.
    InvalidEmail,
    /// Not one of the property's options.
    InvalidOption,
    /// Not a number. HubSpot uses this code for decimals as well.
    InvalidInteger,
    /// Not a day or an instant, or one that could mean two.
    InvalidDate,
    /// More than [`MAX_CHARACTERS`] characters.
    ValueTooLong,
    /// The value is not text that can be sent at all, or a key that is no single value.
    InvalidRecord,
    /// The matching key is null or blank.
    MissingMatchingKey,
}

impl InvalidCode {
    /// The spelling in a rejected record.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidEmail => "INVALID_EMAIL",
            Self::InvalidOption => "INVALID_OPTION",
            Self::InvalidInteger => "INVALID_INTEGER",
            Self::InvalidDate => "INVALID_DATE",
            Self::ValueTooLong => "VALUE_TOO_LONG",
            Self::InvalidRecord => "INVALID_RECORD",
            Self::MissingMatchingKey => "MISSING_MATCHING_KEY",
        }
    }
}

/// What is wrong with a value. The text says what is accepted and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Reason {
    /// Not digits with at most one decimal point.
    #[error(
        "not a number; send digits with at most one decimal point, without thousands separators, \
         currency or percent signs"
    )]
    NotANumber,
    /// An exponent beyond what can be written out.
    #[error("a number with an exponent beyond 400; send it within that range")]
    NumberOutOfRange,
    /// Not a truth value.
    #[error("not a truth value; send true or false (yes/no, on/off, t/f, y/n and 1/0 are understood)")]
    NotATruthValue,
    /// Neither a date, a timestamp nor an epoch.
    #[error(
        "not a date; send YYYY-MM-DD, an ISO 8601 timestamp such as 2024-03-10T08:30:00Z, or \
         epoch seconds or milliseconds"
    )]
    NotADate,
    /// The calendar has no such day or the clock no such time.
    #[error("a day or time that does not exist; correct month, day, hour, minute or offset")]
    NoSuchTime,
    /// Before year 1 or after year 9999.
    #[error("a time outside the years 1 to 9999; epochs are taken as seconds or milliseconds")]
    TimeOutOfRange,
    /// A number that could mean several days.
    #[error(
        "a number that could mean different days (seconds, milliseconds, a day count, YYYYMMDD); \
         send YYYY-MM-DD or an ISO 8601 timestamp"
    )]
    AmbiguousTime,
    /// None of the options.
    #[error(
        "not one of the property's options; send an option's internal value or its label, or add \
         the option in HubSpot"
    )]
    UnknownOption,
    /// Several options fit.
    #[error("fits several options; send the internal value of one, in its exact spelling")]
    AmbiguousOption,
    /// An array or object where one option belongs, or nested ones in a list of options.
    #[error("an array or object where an option is expected; send text, a number or true/false")]
    NotAnOption,
    /// No owner has this e-mail address.
    #[error(
        "not an owner; send the owner id (not the user id) or the e-mail address of an active \
         owner of this account"
    )]
    UnknownOwner,
    /// Several owners have this e-mail address.
    #[error("several owners have this e-mail address; send the owner id")]
    AmbiguousOwner,
    /// The owners could not be read, so an e-mail address cannot be looked up.
    #[error(
        "an owner id is needed: the account's owners could not be read (scope \
         crm.objects.owners.read)"
    )]
    OwnersUnavailable,
    /// The owners have not been read yet: no fault of the value, which is to be looked at again once they are.
    #[error("the account's owners have not been read")]
    OwnersUnread,
    /// Not the shape of an e-mail address.
    #[error("not an e-mail address; send one address such as name@example.com")]
    NotAnEmail,
    /// Longer than [`MAX_CHARACTERS`].
    #[error("longer than 65,536 characters; shorten it")]
    TooLong,
    /// Half of a UTF-16 pair.
    #[error(
        "broken text (half of a UTF-16 pair); repair it at the source, usually text that was cut \
         in the middle of a character"
    )]
    BrokenText,
    /// Not a JSON value.
    #[error("not a JSON value")]
    Malformed,
    /// A record id that is not digits.
    #[error("not a record id; send the digits of hs_object_id")]
    NotARecordId,
}

impl Reason {
    fn code(self) -> InvalidCode {
        match self {
            Self::NotANumber | Self::NumberOutOfRange | Self::NotARecordId => InvalidCode::InvalidInteger,
            Self::NotADate | Self::NoSuchTime | Self::TimeOutOfRange | Self::AmbiguousTime => {
                InvalidCode::InvalidDate
            }
            Self::NotATruthValue
            | Self::UnknownOption
            | Self::AmbiguousOption
            | Self::NotAnOption
            | Self::UnknownOwner
            | Self::AmbiguousOwner
            | Self::OwnersUnavailable
            | Self::OwnersUnread => InvalidCode::InvalidOption,
            Self::NotAnEmail => InvalidCode::InvalidEmail,
            Self::TooLong => InvalidCode::ValueTooLong,
            Self::BrokenText | Self::Malformed => InvalidCode::InvalidRecord,
        }
    }
}

impl From<BrokenText> for Reason {
    fn from(BrokenText: BrokenText) -> Self {
        Self::BrokenText
    }
}

/// A value that HubSpot would not take, or would take for something else than was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{reason}")]
pub struct Invalid {
    reason: Reason,
}

impl Invalid {
    /// The code for the rejected record.
    #[must_use]
    pub fn code(self) -> InvalidCode {
        self.reason.code()
    }

    /// What exactly is wrong.
    #[must_use]
    pub fn reason(self) -> Reason {
        self.reason
    }

    /// The sentence for people: the property, what is accepted and how to fix it, never the value.
    #[must_use]
    pub fn message(self, property: &str) -> String {
        format!("{property}: {}.", self.reason)
    }
}

impl From<Reason> for Invalid {
    fn from(reason: Reason) -> Self {
        Self { reason }
    }
}
