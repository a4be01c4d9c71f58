//! Matching keys: the text that names a record to HubSpot.
//!
//! Two keys are equal when their texts are equal, so every spelling of one key has to become one text: that of
//! [`super::spelling`], which is also what is written into the property. Only letter case may differ: e-mails are keys in
//! lower case (HubSpot stores and answers them so), and so is what is searched for.

use std::borrow::Cow;

use super::blanks::trim;
use super::domain;
use super::invalid::{Invalid, InvalidCode, Reason};
use super::json_text::Json;
use super::object_kind::ObjectKind;
use super::spelling::{Figures, Spelling};
use super::text::lower_case;
use crate::crm::property::{Property, PropertyType};
use crate::json::Raw;

/// How the values of one matching key become text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRule {
    property: Box<str>,
    spelling: Spelling,
    compared: Compared,
}

/// What counts when two keys are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compared {
    /// Every letter.
    Exactly,
    /// Capitals are small letters.
    Caseless,
}

impl KeyRule {
    /// Prepares the rule for `property` of an object type.
    #[must_use]
    pub fn new(property: &Property, object: ObjectKind) -> Self {
        let spelling = match property.name.as_str() {
            "hs_object_id" => Spelling::RecordId,
            "email" => Spelling::Email,
            "domain" if object == ObjectKind::Company => Spelling::Domain,
            _ if property.kind == PropertyType::Number => Spelling::Number,
            _ => Spelling::Text(Figures::AsText),
        };
        Self::of(&property.name, spelling)
    }

    fn of(property: &str, spelling: Spelling) -> Self {
        let compared = match spelling {
            Spelling::Email | Spelling::Domain => Compared::Caseless,
            Spelling::Text(_) | Spelling::Number | Spelling::RecordId => Compared::Exactly,
        };
        Self { property: property.into(), spelling, compared }
    }

    /// The same for keys that are found by search, which compares text without regard to case: every spelling of a
    /// text is the same key. Source: HubSpot's guide to searching the CRM (`IN`).
    #[must_use]
    pub fn searched(self) -> Self {
        Self { compared: Compared::Caseless, ..self }
    }

    /// The same for keys that come in a column whose text is read so.
    #[must_use]
    pub fn reading(self, figures: Figures) -> Self {
        let spelling = match self.spelling {
            Spelling::Text(_) => Spelling::Text(figures),
            Spelling::Email | Spelling::Domain | Spelling::Number | Spelling::RecordId => self.spelling,
        };
        Self { spelling, ..self }
    }

    /// The rule for record ids, which need no property definition.
    #[must_use]
    pub fn record_id() -> Self {
        Self::of("hs_object_id", Spelling::RecordId)
    }

    /// The rule for e-mail addresses where no property stands behind them (events, audiences).
    #[must_use]
    pub fn email() -> Self {
        Self::of("email", Spelling::Email)
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
    /// Text that stands in the place of a domain that is not known.
    #[error(
        "the matching key stands for no domain (such as n/a, none, unknown); every record needs a domain with a dot in it"
    )]
    Placeholder,
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
            Self::Missing | Self::Blank | Self::Placeholder => InvalidCode::MissingMatchingKey,
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

/// The text that is sent as a record's key, from one JSON value as the sender wrote it: its one spelling,
/// and where capitals do not count, that in lower case.
///
/// # Errors
/// [`KeyProblem`].
pub fn key_text<'a>(rule: &KeyRule, raw: impl Into<Raw<'a>>) -> Result<Cow<'a, str>, KeyProblem> {
    let value = Json::of(raw).ok_or(Reason::Malformed)?;
    match value {
        Json::Null => return Err(KeyProblem::Missing),
        Json::Array(_) | Json::Object(_) => return Err(KeyProblem::NotScalar),
        Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
    let spelled = rule.spelling.of(value)?.ok_or(KeyProblem::Blank)?;
    if rule.spelling == Spelling::Domain && domain::is_placeholder(&spelled) {
        return Err(KeyProblem::Placeholder);
    }
    Ok(match (rule.compared, spelled) {
        (Compared::Exactly, spelled) => spelled,
        (Compared::Caseless, Cow::Borrowed(text)) => lower_case(text),
        (Compared::Caseless, Cow::Owned(text)) => Cow::Owned(lower_case(&text).into_owned()),
    })
}

/// A value that HubSpot holds, as keys that are searched for are compared with it.
#[must_use]
pub fn caseless(value: &str) -> Cow<'_, str> {
    lower_case(trim(value))
}

/// The host of a company's domain that HubSpot holds, as keys are compared with it.
#[must_use]
pub fn caseless_host(value: &str) -> Cow<'_, str> {
    domain::host(value).unwrap_or_else(|| caseless(value))
}

/// How else a host is written that has two spellings.
#[must_use]
pub fn other_spelling(host: &str) -> Option<String> {
    domain::punycode(host)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::coerce::testing::{self, property};
    use crate::coerce::{RuleOptions, ValueRule};

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
            (r#""\ufeff A-1\u200b""#, "A-1"),
            ("-0", "0"),
            ("1e3", "1000"),
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
        assert_eq!(key(&company, r#""ACME.de Intranet""#).as_deref(), Ok("acme.de intranet"));
        assert_eq!(key(&company, r#""XN--MNCHEN-3YA.example""#).as_deref(), Ok("münchen.example"));
        for placeholder in ["n/a", "None", "-", "null", "UNKNOWN", "ACME Intranet", "n.a."] {
            let problem = key(&company, &format!("\"{placeholder}\"")).unwrap_err();
            assert_eq!((problem, problem.code().as_str()), (KeyProblem::Placeholder, "MISSING_MATCHING_KEY"));
        }
        let other = KeyRule::new(&domain, ObjectKind::Other);
        assert_eq!(key(&other, r#""https://www.Example.com/x""#).as_deref(), Ok("https://www.Example.com/x"));
    }

    #[test]
    fn what_is_searched_has_one_spelling_whatever_its_case() {
        let name = KeyRule::new(&property("name", "string", "text"), ObjectKind::Company).searched();
        assert_eq!(key(&name, r#"" ACME Ünits ""#).as_deref(), Ok("acme ünits"));
        let number = KeyRule::new(&property("n", "number", "number"), ObjectKind::Company).searched();
        assert_eq!(key(&number, "1.50E1").as_deref(), Ok("15"));
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

    #[test]
    fn what_is_written_is_the_key_but_for_its_case() {
        let text = Property { has_unique_value: true, ..property("external_id", "string", "text") };
        let phone = Property { has_unique_value: true, ..property("line", "phone_number", "phonenumber") };
        let number = Property { has_unique_value: true, ..property("no", "number", "number") };
        let domain = property("domain", "string", "text");
        let email = property("email", "string", "text");
        for figures in [Figures::AsText, Figures::AsNumbers] {
            for (property, object) in [
                (&text, ObjectKind::Company),
                (&phone, ObjectKind::Contact),
                (&number, ObjectKind::Other),
                (&domain, ObjectKind::Company),
                (&email, ObjectKind::Contact),
            ] {
                let rule = KeyRule::new(property, object).reading(figures);
                let options = RuleOptions { object, figures, ..RuleOptions::default() };
                let written = ValueRule::new(property, options);
                for raw in [
                    "12345.0",
                    "1e3",
                    "-0.0",
                    "1.50",
                    "12345678901234567890123.0",
                    r#""7000.000000000""#,
                    r#""\u200b7000.50 ""#,
                    r#"" A-1\u00a0""#,
                    r#""Ada@Example.com\ufeff""#,
                    r#""https://WWW.Acme.example/""#,
                    r#""xn--mnchen-3ya.example""#,
                    "true",
                ] {
                    let Ok(key) = key(&rule, raw) else { continue };
                    assert_eq!(
                        testing::sent(&written, raw).to_lowercase(),
                        key.to_lowercase(),
                        "{raw}: {rule:?}"
                    );
                }
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
                KeyRule::new(&property("t", "string", "text"), ObjectKind::Other).reading(Figures::AsNumbers),
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
