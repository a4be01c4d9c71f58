//! How the values of one property are coerced: worked out once, applied to every record.

use std::fmt::Write as _;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::blanks::is_bare;
use super::choices::Choices;
use super::invalid::{Invalid, MAX_CHARACTERS, Reason};
use super::json_text::Json;
use super::multi::{self, Append};
use super::object_kind::ObjectKind;
use super::owners::Owners;
use super::spelling::{Figures, Spelling};
use super::{Coerced, boolean, date, enumeration, number, text};
use crate::crm::property::{Property, PropertyOption, PropertyType};
use crate::json::{Form, Raw};

/// How many options a message names before it stops.
const OPTIONS_IN_A_MESSAGE: usize = 10;

/// What besides its definition decides how a property's values are coerced.
#[derive(Clone, Debug, Default)]
pub struct RuleOptions {
    /// The object type the property belongs to.
    pub object: ObjectKind,
    /// Whether lists of options are added or replace what is there.
    pub append: Append,
    /// The account's owners; `None` where they could not be read.
    pub owners: Option<Arc<Owners>>,
    /// What the column's text is that stands for a number.
    pub figures: Figures,
    /// Whether records are found by the property. Those that HubSpot keeps unique are keys without being named.
    pub role: Role,
    /// Whose midnight a day is where an instant is wanted; `None` is UTC.
    pub day_zone: Option<TimeZone>,
}

/// What a property is to the stream that writes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// One of its values.
    #[default]
    Value,
    /// What its records are found by.
    Key,
}

/// The prepared rule of one property in one stream.
#[derive(Clone, Debug)]
pub struct ValueRule {
    /// How a member of an object that stands for the property begins.
    member: Box<str>,
    kind: Kind,
    /// Option values for messages, the first few in the account's order.
    shown: Box<[Box<str>]>,
    options: usize,
}

#[derive(Clone, Debug)]
enum Kind {
    Text(Figures),
    /// Something that records may be found by.
    Spelled(Spelling),
    Number,
    Truth(Choices),
    Date,
    Datetime(Option<TimeZone>),
    One(Choices),
    Many(Choices, Append),
}

impl ValueRule {
    /// Prepares the rule for `property`.
    #[must_use]
    pub fn new(property: &Property, options: RuleOptions) -> Self {
        let shown = property.options.iter().take(OPTIONS_IN_A_MESSAGE);
        Self {
            // Property names are lower-case letters, digits and underscores: no escapes.
            member: format!("\"{}\":", property.name).into(),
            kind: Kind::of(property, &options),
            shown: shown.map(|option| option.value.as_str().into()).collect(),
            options: property.options.len(),
        }
    }

    /// The internal name of the property.
    #[must_use]
    pub fn property(&self) -> &str {
        &self.member[1..self.member.len() - 2]
    }

    /// What stands before the value where the property is a member of a JSON object: `"name":`.
    #[must_use]
    pub fn member(&self) -> &str {
        &self.member
    }

    /// [`Invalid::message`] for this property, with the options it has where one of them was expected.
    ///
    /// Options come from the account's definitions; the record's value is not in the text.
    #[must_use]
    pub fn explain(&self, invalid: Invalid) -> String {
        let mut message = invalid.message(self.property());
        if !self.shown.is_empty()
            && matches!(invalid.reason(), Reason::UnknownOption | Reason::AmbiguousOption)
        {
            let more = match self.options - self.shown.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            // Writing to a String cannot fail.
            let _ = write!(message, " Its options: {}{more}.", self.shown.join(", "));
        }
        message
    }

    /// Whether the value is text that is sent exactly as it was written. [`Self::write`] would find the same.
    #[inline]
    pub(super) fn takes_as_written(&self, raw: Raw<'_>) -> bool {
        let quoted = raw.text();
        raw.form() == Form::Plain
            && match &self.kind {
                // Between the quotes is something, and not too much of it in bytes, so in characters neither.
                Kind::Text(Figures::AsText) => (3..=MAX_CHARACTERS).contains(&quoted.len()),
                Kind::Spelled(Spelling::Text(Figures::AsText)) => {
                    (3..=MAX_CHARACTERS).contains(&quoted.len()) && is_bare(&quoted[1..quoted.len() - 1])
                }
                Kind::Date => date::is_a_day(quoted),
                _ => false,
            }
    }

    /// Appends `value` as this property takes it; on anything but `Written` the caller cuts `out` back.
    pub(super) fn write(&self, value: Json<'_>, out: &mut Vec<u8>) -> Result<Coerced, Reason> {
        match &self.kind {
            _ if matches!(value, Json::Null) => Ok(Coerced::Null),
            Kind::Text(figures) => text::write(*figures, value, out),
            Kind::Spelled(spelling) => spelling.write(value, out),
            Kind::Number => number::write(value, out),
            Kind::Truth(labels) => boolean::write(labels, value, out),
            Kind::Date => date::write_date(value, out),
            Kind::Datetime(zone) => date::write_datetime(zone.as_ref(), value, out),
            Kind::One(choices) => enumeration::write(choices, value, out),
            Kind::Many(choices, append) => multi::write(choices, *append, value, out),
        }
    }
}

impl Kind {
    fn of(property: &Property, options: &RuleOptions) -> Self {
        let choices = || Choices::of(property, options.owners.as_ref());
        let is_key = property.has_unique_value || options.role == Role::Key;
        match property.kind {
            PropertyType::String if options.object == ObjectKind::Contact && property.name == "email" => {
                Self::Spelled(Spelling::Email)
            }
            PropertyType::String if options.object == ObjectKind::Company && property.name == "domain" => {
                Self::Spelled(Spelling::Domain)
            }
            // HubSpot refuses blanks around whatever is not of the type for texts.
            PropertyType::PhoneNumber => Self::Spelled(Spelling::Text(options.figures)),
            PropertyType::String if is_key => Self::Spelled(Spelling::Text(options.figures)),
            PropertyType::String
            | PropertyType::ObjectCoordinates
            | PropertyType::Json
            | PropertyType::Other => Self::Text(options.figures),
            PropertyType::Number if is_key || options.figures == Figures::AsNumbers => {
                Self::Spelled(Spelling::Number)
            }
            PropertyType::Number => Self::Number,
            PropertyType::Date => Self::Date,
            PropertyType::Datetime => Self::Datetime(options.day_zone.clone()),
            PropertyType::Bool => Self::Truth(Choices::only(&property.options)),
            PropertyType::Enumeration if property.is_multiple() => Self::Many(choices(), options.append),
            PropertyType::Enumeration if is_single_checkbox(property) => {
                Self::Truth(Choices::only(&property.options))
            }
            PropertyType::Enumeration => Self::One(choices()),
        }
    }
}

/// A checkbox that is on or off is often defined as an enumeration of `true` and `false`.
fn is_single_checkbox(property: &Property) -> bool {
    let is_truth = |option: &PropertyOption| matches!(option.value.as_str(), "true" | "false");
    property.field_type == "booleancheckbox" && property.options.iter().all(is_truth)
}

#[cfg(test)]
mod tests {
    use crate::coerce::coerce;
    use crate::coerce::testing::{enumeration, property, rule, sent};

    #[test]
    fn a_checkbox_with_other_options_stays_an_enumeration() {
        let opt_out = enumeration("booleancheckbox", &[("In", "in"), ("Out", "out")]);
        assert_eq!(sent(&rule(&opt_out), r#""OUT""#), "out");
        assert_eq!(sent(&rule(&opt_out), "1"), "INVALID_OPTION");
        assert_eq!(sent(&rule(&property("flag", "enumeration", "booleancheckbox")), "1"), "true");
    }

    #[test]
    fn telephone_numbers_are_trimmed_and_written_without_an_idle_fraction() {
        let rule = rule(&property("mobile", "phone_number", "phonenumber"));
        for (raw, expected) in [
            ("4930123456.0", "4930123456"),
            (r#"" +49 30 123456\u200b""#, "+49 30 123456"),
            (r#""0049""#, "0049"),
            (r#"" ""#, "<empty>"),
            ("[1]", "[1]"),
        ] {
            assert_eq!(sent(&rule, raw), expected, "{raw}");
        }
        assert_eq!(
            sent(&self::rule(&property("phone", "string", "phonenumber")), "4930123456.0"),
            "4930123456"
        );
    }

    #[test]
    fn messages_name_the_property_and_its_options_but_no_value() {
        let names: Vec<_> = (1..=12).map(|n| format!("choice_{n}")).collect();
        let options: Vec<_> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
        let rule = rule(&enumeration("select", &options));
        let invalid = coerce(&rule, r#""s3cret""#, &mut Vec::new()).unwrap_err();
        let message = rule.explain(invalid);
        assert!(message.starts_with("choice: not one of the property's options"), "{message}");
        assert!(message.ends_with("choice_9, choice_10 and 2 more."), "{message}");
        assert!(!message.contains("s3cret") && !format!("{invalid:?}").contains("s3cret"));

        let number = self::rule(&property("amount", "number", "number"));
        let invalid = coerce(&number, r#""1,000""#, &mut Vec::new()).unwrap_err();
        assert_eq!(number.explain(invalid), invalid.message("amount"));
        assert_eq!(number.property(), "amount");
    }
}
