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
    /// Whether one of its values has a quotation mark without its fellow.
    pub(crate) fn has_an_odd_quote(&self) -> bool {
        let mut values = self.value.iter().chain(&self.values).filter_map(text_of);
        values.any(|text| text.matches('"').count() % 2 == 1)
    }

    /// A filter that asks whether a property is set.
    pub(crate) fn on(name: &str) -> Self {
        Self { property_name: name.to_owned(), operator: "HAS_PROPERTY".to_owned(), ..Self::default() }
    }
}

/// The operators, with what they compare to in comparable form.
#[derive(Clone, Debug)]
enum Test {
    Compare(fn(Ordering) -> bool, Term),
    Differs(Term),
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

impl Term {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) => None,
        }
    }
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
                .map(|value| text_of(value).map(|text| listed_term(storage, text)))
                .collect();
            terms.filter(|terms| !terms.is_empty()).ok_or_else(problem)
        };
        let token =
            || filter.value.as_ref().and_then(text_of).map(|text| text.to_lowercase()).ok_or_else(problem);
        let test = match filter.operator.as_str() {
            "EQ" => Test::Compare(Ordering::is_eq, term(&filter.value)?),
            "NEQ" => Test::Differs(term(&filter.value)?),
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
            (test, Some(value)) => self.passes(test, &value),
        }
    }

    /// Whether a value passes. A list of options passes if one of them does, and a test for absence if none does.
    fn passes(&self, test: &Test, value: &str) -> bool {
        let any = |accepts: &dyn Fn(Term) -> bool| match self.storage {
            PropertyType::Enumeration => value.split(';').any(|part| accepts(term(self.storage, part))),
            _ => accepts(term(self.storage, value)),
        };
        match test {
            Test::Present(wanted) => *wanted,
            Test::Compare(accepts, wanted) => any(&|value| value.partial_cmp(wanted).is_some_and(accepts)),
            Test::Differs(unwanted) => !any(&|value| value == *unwanted),
            Test::Between(low, high) => any(&|value| *low <= value && value <= *high),
            Test::OneOf(terms, wanted) => any(&|value| terms.contains(&value)) == *wanted,
            Test::Token(pattern, wanted) => has_token(value, pattern) == *wanted,
        }
    }

    /// The order of two records by this property; those without it come first.
    pub(crate) fn compare(&self, one: &Record, other: &Record) -> Ordering {
        let read = |record| self.read(record).map(|value| term(self.storage, &value));
        read(one).partial_cmp(&read(other)).unwrap_or(Ordering::Equal)
    }

    /// The addresses this filter asks for, if it asks for contacts by their addresses and nothing else: these are
    /// found without looking at every contact.
    pub(crate) fn addresses(&self, kind: &ObjectType) -> Option<(Slot, Vec<&str>)> {
        if !kind.is_email(kind.in_slot(self.slot)) {
            return None;
        }
        match &self.test {
            Test::Compare(accepts, wanted)
                if accepts(Ordering::Equal) && !accepts(Ordering::Less) && !accepts(Ordering::Greater) =>
            {
                Some((self.slot, vec![wanted.text()?]))
            }
            Test::OneOf(terms, true) => {
                Some((self.slot, terms.iter().map(Term::text).collect::<Option<_>>()?))
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

/// A value of an `IN` list. Those of text properties are compared as sent, while stored values are compared in lower
/// case: HubSpot asks for lower case there, and finds nothing otherwise.
///
/// Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm>.
fn listed_term(storage: PropertyType, text: String) -> Term {
    match storage {
        PropertyType::String | PropertyType::PhoneNumber => Term::Text(text),
        _ => term(storage, &text),
    }
}

/// Whether one of the words of a value fits a pattern in which `*` stands for anything.
fn has_token(value: &str, pattern: &str) -> bool {
    let value = value.to_lowercase();
    // A single value is the one part of itself.
    let parts = value.split(';');
    parts.chain(value.split(|c: char| !c.is_alphanumeric())).any(|token| fits(token, pattern))
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
