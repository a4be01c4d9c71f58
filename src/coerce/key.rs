//! Matching keys: the text that names a record to HubSpot.
//!
//! Two keys are equal when their texts are equal, so every spelling of one key has to become one text:
//! e-mails in lower case (HubSpot stores and answers them so), whole numbers without the `.0` that
//! databases add, companies by host name.

use std::borrow::Cow;

use super::domain::host;
use super::invalid::{Invalid, InvalidCode, Reason};
use super::json_text::Json;
use super::object_kind::ObjectKind;
use super::text::{self, lower_case};
use super::{email, number};
use crate::crm::property::{Property, PropertyType};
use crate::json::Raw;

/// How the values of one matching key become text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRule {
    property: Box<str>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    /// Text that is compared without regard to case.
    Caseless,
    Email,
    Domain,
    Number,
    RecordId,
}

impl KeyRule {
    /// Prepares the rule for `property` of an object type.
    #[must_use]
    pub fn new(property: &Property, object: ObjectKind) -> Self {
        let kind = match property.name.as_str() {
            "hs_object_id" => Kind::RecordId,
            "email" => Kind::Email,
            "domain" if object == ObjectKind::Company => Kind::Domain,
            _ if property.kind == PropertyType::Number => Kind::Number,
            _ => Kind::Text,
        };
        Self { property: property.name.as_str().into(), kind }
    }

    /// The same for keys that are found by search, which compares text without regard to case: every spelling of a
    /// text is the same key. Source: HubSpot's guide to searching the CRM (`IN`).
    #[must_use]
    pub fn searched(self) -> Self {
        let kind = if self.kind == Kind::Text { Kind::Caseless } else { self.kind };
        Self { kind, ..self }
    }

    /// The rule for record ids, which need no property definition.
    #[must_use]
    pub fn record_id() -> Self {
        Self { property: "hs_object_id".into(), kind: Kind::RecordId }
    }

    /// The rule for e-mail addresses where no property stands behind them (events, audiences).
    #[must_use]
    pub fn email() -> Self {
        Self { property: "email".into(), kind: Kind::Email }
    }

    /// The internal name of the property.
    #[must_use]
    pub fn property(&self) -> &str {
        &self.property
    }
}

/// Why a record has no usable key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// JSON null.
    #[error("the matching key is null; every record needs a value for it")]
    Missing,
    /// Nothing but blanks.
    #[error("the matching key is blank; every record needs a value for it")]
    Blank,
    /// An array or object.
    #[error("the matching key is an array or object; send text or a number")]
    NotScalar,
    /// A value that cannot be such a key.
    #[error("the matching key is {0}")]
    Invalid(Invalid),
}

impl KeyProblem {
    /// The code for the rejected record.
    #[must_use]
    pub fn code(self) -> InvalidCode {
        match self {
            Self::Missing | Self::Blank => InvalidCode::MissingMatchingKey,
            Self::NotScalar => InvalidCode::InvalidRecord,
            Self::Invalid(invalid) => invalid.code(),
        }
    }

    /// The sentence for people, without the value.
    #[must_use]
    pub fn message(self, property: &str) -> String {
        format!("{property}: {self}.")
    }
}

impl From<Reason> for KeyProblem {
    fn from(reason: Reason) -> Self {
        Self::Invalid(reason.into())
    }
}

/// The text that is sent as a record's key, from one JSON value as the sender wrote it.
///
/// - text: decoded and trimmed; the text of numbers and truth values
/// - numbers: exact digits, exponents written out; a fraction of zeros is dropped (`12345.0` is `12345`),
///   and where the property is a number every spelling of it is the same key (`1.50` is `1.5`)
/// - `email`: trimmed, in lower case; refused where it cannot be an address
/// - `domain` of companies: the host of a URL, in lower case, without a leading `www.`
/// - `hs_object_id`: digits
/// - dates and everything else: as written
///
/// # Errors
/// [`KeyProblem`].
pub fn key_text<'a>(rule: &KeyRule, raw: impl Into<Raw<'a>>) -> Result<Cow<'a, str>, KeyProblem> {
    let text = match Json::of(raw).ok_or(Reason::Malformed)? {
        Json::Null => return Err(KeyProblem::Missing),
        Json::Array(_) | Json::Object(_) => return Err(KeyProblem::NotScalar),
        Json::Bool(truth) => Cow::Borrowed(if truth { "true" } else { "false" }),
        Json::Number(number) => number::integral(number)?,
        Json::String(text) => text.decode().map_err(Reason::from)?,
    };
    match text {
        Cow::Borrowed(text) => spelled_once(rule.kind, text),
        Cow::Owned(text) => Ok(Cow::Owned(spelled_once(rule.kind, &text)?.into_owned())),
    }
}

/// The one spelling of a key that `text` is some spelling of.
fn spelled_once(kind: Kind, text: &str) -> Result<Cow<'_, str>, KeyProblem> {
    let text = text::trim(text);
    if text.is_empty() {
        return Err(KeyProblem::Blank);
    }
    text::check_length(text)?;
    Ok(match kind {
        Kind::Text => Cow::Borrowed(text),
        Kind::Caseless => lower_case(text),
        Kind::Email => {
            email::check(text)?;
            lower_case(text)
        }
        Kind::Domain => host(text).unwrap_or_else(|| lower_case(text)),
        Kind::Number => number::shortest(text)?,
        Kind::RecordId => {
            let digits = number::shortest(text).map_err(|_| Reason::NotARecordId)?;
            if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Reason::NotARecordId.into());
            }
            digits
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::coerce::testing::{self, property};

    fn key(rule: &KeyRule, raw: &str) -> Result<String, KeyProblem> {
        key_text(rule, raw).map(Cow::into_owned)
    }

    fn invalid(reason: Reason) -> Result<String, KeyProblem> {
        Err(reason.into())
    }

    #[test]
    fn keys_of_text_properties() {
        let rule = KeyRule::new(&property("external_id", "string", "text"), ObjectKind::Contact);
        for (raw, expected) in [
            (r#""A-1""#, "A-1"),
            (r#"" A-1\t""#, "A-1"),
            (r#""\u0041""#, "A"),
            (r#"" \u0041 ""#, "A"),
            (r#""007""#, "007"),
            (r#""12345.0""#, "12345.0"),
            ("12345", "12345"),
            ("12345.0", "12345"),
            ("12345.000000000", "12345"),
            ("1.2345E4", "12345"),
            ("1.50", "1.50"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("true", "true"),
            (r#""2024-03-10T00:00:00+02:00""#, "2024-03-10T00:00:00+02:00"),
        ] {
            assert_eq!(key(&rule, raw).as_deref(), Ok(expected), "{raw}");
        }
        assert!(matches!(key_text(&rule, r#"" Zoë ""#), Ok(Cow::Borrowed("Zoë"))));
        assert_eq!(rule.property(), "external_id");
    }

    #[test]
    fn records_without_a_key() {
        let rule = KeyRule::new(&property("external_id", "string", "text"), ObjectKind::Contact);
        for (raw, expected, code) in [
            ("null", KeyProblem::Missing, "MISSING_MATCHING_KEY"),
            (r#""""#, KeyProblem::Blank, "MISSING_MATCHING_KEY"),
            (r#"" \n\u00a0""#, KeyProblem::Blank, "MISSING_MATCHING_KEY"),
            ("[]", KeyProblem::NotScalar, "INVALID_RECORD"),
            ("{}", KeyProblem::NotScalar, "INVALID_RECORD"),
            (r#""\ud800""#, Reason::BrokenText.into(), "INVALID_RECORD"),
            ("1e999", Reason::NumberOutOfRange.into(), "INVALID_INTEGER"),
        ] {
            assert_eq!(key(&rule, raw), Err(expected), "{raw}");
            assert_eq!(expected.code().as_str(), code, "{raw}");
            assert!(
                expected.message("external_id").starts_with("external_id: the matching key is "),
                "{raw}"
            );
        }
        let long = format!("\"{}\"", "x".repeat(70_000));
        assert_eq!(key(&rule, &long), invalid(Reason::TooLong));
    }

    #[test]
    fn addresses_are_lower_cased_and_checked() {
        for rule in
            [KeyRule::email(), KeyRule::new(&property("email", "string", "text"), ObjectKind::Contact)]
        {
            assert_eq!(key(&rule, r#"" Ada@Example.COM ""#).as_deref(), Ok("ada@example.com"));
            assert_eq!(key(&rule, r#""JÖRG@example.com""#).as_deref(), Ok("jörg@example.com"));
            assert!(matches!(key_text(&rule, r#""ada@example.com""#), Ok(Cow::Borrowed(_))));
            assert_eq!(key(&rule, r#""ada""#), invalid(Reason::NotAnEmail));
            assert_eq!(key(&rule, "7"), invalid(Reason::NotAnEmail));
        }
    }

    #[test]
    fn companies_go_by_host() {
        let domain = property("domain", "string", "text");
        let company = KeyRule::new(&domain, ObjectKind::Company);
        assert_eq!(key(&company, r#""https:\/\/www.Example.com\/x""#).as_deref(), Ok("example.com"));
        assert_eq!(key(&company, r#"" Example.com ""#).as_deref(), Ok("example.com"));
        assert_eq!(key(&company, r#""ACME Intranet""#).as_deref(), Ok("acme intranet"));
        let other = KeyRule::new(&domain, ObjectKind::Other);
        assert_eq!(key(&other, r#""https://www.Example.com/x""#).as_deref(), Ok("https://www.Example.com/x"));
    }

    #[test]
    fn what_is_searched_has_one_spelling_whatever_its_case() {
        let name = KeyRule::new(&property("name", "string", "text"), ObjectKind::Company).searched();
        assert_eq!(key(&name, r#"" ACME Ünits ""#).as_deref(), Ok("acme ünits"));
        let number = KeyRule::new(&property("n", "number", "number"), ObjectKind::Company);
        assert_eq!(number.clone().searched(), number);
    }

    #[test]
    fn numbers_and_record_ids_have_one_spelling() {
        let number = KeyRule::new(&property("account_no", "number", "number"), ObjectKind::Company);
        for raw in ["12.5", "12.50", r#""012.500""#, "125e-1", r#"" +12.5 ""#] {
            assert_eq!(key(&number, raw).as_deref(), Ok("12.5"), "{raw}");
        }
        assert_eq!(key(&number, r#""twelve""#), invalid(Reason::NotANumber));
        let listed = property("hs_object_id", "number", "number");
        for id in [KeyRule::record_id(), KeyRule::new(&listed, ObjectKind::Deal)] {
            for raw in ["123", "123.0", r#""123""#, r#"" 0123.000""#, "1.23e2"] {
                assert_eq!(key(&id, raw).as_deref(), Ok("123"), "{raw}");
            }
            for raw in ["-1", "1.5", r#""abc""#, "true"] {
                assert_eq!(key(&id, raw), invalid(Reason::NotARecordId), "{raw}");
            }
        }
    }

    proptest! {
        #![proptest_config(testing::config())]

        #[test]
        fn a_key_is_its_own_key(raw in testing::any_json()) {
            let rules = [
                KeyRule::email(),
                KeyRule::record_id(),
                KeyRule::new(&property("domain", "string", "text"), ObjectKind::Company),
                KeyRule::new(&property("n", "number", "number"), ObjectKind::Other),
                KeyRule::new(&property("t", "string", "text"), ObjectKind::Other),
                KeyRule::new(&property("t", "string", "text"), ObjectKind::Other).searched(),
            ];
            for rule in rules {
                if let Ok(once) = key(&rule, &raw) {
                    prop_assert_eq!(once.trim(), &once);
                    let again = key(&rule, &serde_json::to_string(&once).unwrap());
                    prop_assert_eq!(again, Ok(once), "{:?}", rule);
                }
            }
        }
    }
}
