//! One filter of a search.

use std::cmp::Ordering;

use serde::Deserialize;

use super::search::problem;
use crate::catalog::{ObjectType, PropertyType, Slot};
use crate::error::Refusal;
use crate::records::{Record, computed};
use crate::rules::dates;

/// A filter as sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Filter {
    property_name: String,
    operator: String,
    #[serde(default)]
    value: Option<serde_json::Value>,
    #[serde(default)]
    high_value: Option<serde_json::Value>,
    #[serde(default)]
    values: Vec<serde_json::Value>,
}

impl Filter {
    /// A filter that asks whether a property is set.
    pub(crate) fn on(name: &str) -> Self {
        Self { property_name: name.to_owned(), operator: "HAS_PROPERTY".to_owned(), ..Self::default() }
    }
}

/// The operators, with what they compare to in comparable form.
#[derive(Clone, Debug)]
enum Test {
    Compare(fn(Ordering) -> bool, Term),
    Between(Term, Term),
    OneOf(Vec<Term>, bool),
    Present(bool),
    Token(String, bool),
}

/// A value in comparable form.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Term {
    Number(f64),
    Text(String),
}

/// A filter ready to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Matcher<'k> {
    kind: &'k ObjectType,
    name: String,
    slot: Slot,
    storage: PropertyType,
    test: Test,
}

impl<'k> Matcher<'k> {
    /// Reads a filter; an unknown property or operator, or a missing value, is HubSpot's nondescript 400.
    pub(crate) fn new(kind: &'k ObjectType, filter: &Filter) -> Result<Self, Refusal> {
        let (slot, property) = kind.property(&filter.property_name).ok_or_else(problem)?;
        let storage = property.kind;
        let term = |value: &Option<serde_json::Value>| {
            value.as_ref().and_then(text_of).map(|text| term(storage, &text)).ok_or_else(problem)
        };
        let terms = || -> Result<Vec<Term>, Refusal> {
            let terms: Option<Vec<Term>> = filter
                .values
                .iter()
                .map(|value| text_of(value).map(|text| self::term(storage, &text)))
                .collect();
            terms.filter(|terms| !terms.is_empty()).ok_or_else(problem)
        };
        let token =
            || filter.value.as_ref().and_then(text_of).map(|text| text.to_lowercase()).ok_or_else(problem);
        let test = match filter.operator.as_str() {
            "EQ" => Test::Compare(Ordering::is_eq, term(&filter.value)?),
            "NEQ" => Test::Compare(Ordering::is_ne, term(&filter.value)?),
            "LT" => Test::Compare(Ordering::is_lt, term(&filter.value)?),
            "LTE" => Test::Compare(Ordering::is_le, term(&filter.value)?),
            "GT" => Test::Compare(Ordering::is_gt, term(&filter.value)?),
            "GTE" => Test::Compare(Ordering::is_ge, term(&filter.value)?),
            "BETWEEN" => Test::Between(term(&filter.value)?, term(&filter.high_value)?),
            "IN" => Test::OneOf(terms()?, true),
            "NOT_IN" => Test::OneOf(terms()?, false),
            "HAS_PROPERTY" => Test::Present(true),
            "NOT_HAS_PROPERTY" => Test::Present(false),
            "CONTAINS_TOKEN" => Test::Token(token()?, true),
            "NOT_CONTAINS_TOKEN" => Test::Token(token()?, false),
            _ => return Err(problem()),
        };
        Ok(Self { kind, name: filter.property_name.clone(), slot, storage, test })
    }

    /// Whether a record passes. A record without the property passes only tests that ask for its absence.
    pub(crate) fn matches(&self, record: &Record) -> bool {
        let value = self.read(record);
        match (&self.test, value) {
            (Test::Present(wanted), value) => value.is_some() == *wanted,
            (Test::OneOf(_, false) | Test::Token(_, false), None) => true,
            (_, None) => false,
            (Test::Compare(accepts, wanted), Some(value)) => {
                term(self.storage, &value).partial_cmp(wanted).is_some_and(accepts)
            }
            (Test::Between(low, high), Some(value)) => {
                let value = term(self.storage, &value);
                *low <= value && value <= *high
            }
            (Test::OneOf(terms, wanted), Some(value)) => {
                terms.contains(&term(self.storage, &value)) == *wanted
            }
            (Test::Token(pattern, wanted), Some(value)) => has_token(&value, pattern) == *wanted,
        }
    }

    /// The order of two records by this property; those without it come first.
    pub(crate) fn compare(&self, one: &Record, other: &Record) -> Ordering {
        let read = |record| self.read(record).map(|value| term(self.storage, &value));
        read(one).partial_cmp(&read(other)).unwrap_or(Ordering::Equal)
    }

    /// The value of an identifying property that this filter asks for, if it asks for exactly one.
    pub(crate) fn unique_value(&self, kind: &ObjectType) -> Option<(Slot, String)> {
        let property = kind.in_slot(self.slot);
        match &self.test {
            Test::Compare(accepts, Term::Text(text))
                if kind.is_email(property)
                    && accepts(Ordering::Equal)
                    && !accepts(Ordering::Less)
                    && !accepts(Ordering::Greater) =>
            {
                Some((self.slot, text.clone()))
            }
            _ => None,
        }
    }

    fn read(&self, record: &Record) -> Option<String> {
        if let Some(value) = record.value(self.slot) {
            return Some(value.to_owned());
        }
        let (created, updated) = (record.created.iso(), record.updated.iso());
        computed(self.kind, record, &self.name, &created, &updated).map(std::borrow::Cow::into_owned)
    }
}

fn text_of(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(_) | serde_json::Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// Numbers compare as numbers, days and instants in time, text without regard to case.
fn term(storage: PropertyType, text: &str) -> Term {
    let plain = || Term::Text(text.to_lowercase());
    match storage {
        PropertyType::Number => text.parse().map_or_else(|_| plain(), Term::Number),
        PropertyType::Date => dates::day(text).map_or_else(|_| plain(), Term::Text),
        PropertyType::Datetime => dates::instant(text).map_or_else(|_| plain(), Term::Text),
        _ => plain(),
    }
}

/// Whether one of the words of a value fits a pattern in which `*` stands for anything.
fn has_token(value: &str, pattern: &str) -> bool {
    let value = value.to_lowercase();
    let whole = std::iter::once(value.as_str());
    whole.chain(value.split(|c: char| !c.is_alphanumeric())).any(|token| fits(token, pattern))
}

fn fits(text: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match text.split_once(part) {
            Some((_, after)) => text = after,
            None => return false,
        }
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_patterns() {
        for (value, pattern) in [
            ("Jane Doe", "doe"),
            ("a@example.com", "*@example.com"),
            ("a@example.com", "example"),
            ("abc", "a*c"),
        ] {
            assert!(has_token(value, pattern), "{value} {pattern}");
        }
        assert!(!has_token("Jane Doe", "jan"));
        assert!(!has_token("abc", "a*d"));
    }

    #[test]
    fn values_compare_by_their_type() {
        assert!(term(PropertyType::Number, "9") < term(PropertyType::Number, "10"));
        assert!(term(PropertyType::String, "9") > term(PropertyType::String, "10"));
        assert_eq!(term(PropertyType::String, "ABC"), term(PropertyType::String, "abc"));
        assert_eq!(
            term(PropertyType::Datetime, "1705312800000"),
            term(PropertyType::Datetime, "2024-01-15T10:00:00.000Z")
        );
    }
}
