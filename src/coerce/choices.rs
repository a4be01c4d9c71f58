//! What an enumeration accepts: its options by value and label, owners by e-mail, or any text.
//!
//! HubSpot takes an option's internal value in its exact spelling and nothing else. People send labels,
//! other capitals and stray blanks; those are understood where they fit exactly one option.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::blanks::{is_blank, trim};
use super::invalid::Reason;
use super::json_text::Json;
use super::number;
use super::owners::Owners;
use super::text::{self, lower_case};
use crate::crm::property::{Property, PropertyOption};

/// The lookup tables of one property.
#[derive(Clone, Debug)]
pub(super) struct Choices {
    /// In order.
    values: Box<[Box<str>]>,
    by_value: Folded,
    by_label: Folded,
    beyond: Beyond,
}

/// Option values by trimmed lower-case text; `None` where several options share the text.
type Folded = HashMap<Box<str>, Option<Box<str>>>;

/// What is accepted that is not an option.
#[derive(Clone, Debug)]
enum Beyond {
    Nothing,
    /// Owner ids, and e-mail addresses where the owners are known.
    Owners(Option<Arc<Owners>>),
    /// The options are kept elsewhere, out of our sight: HubSpot decides.
    AnyText,
}

/// What a text was found to mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'c> {
    /// This value of the property, or this owner id.
    Value(&'c str),
    /// The text itself, trimmed.
    Itself,
}

impl<'a> Found<'a> {
    /// The text to send, where `text` is the one that was looked up.
    pub(super) fn text(self, text: &'a str) -> &'a str {
        match self {
            Found::Value(value) => value,
            Found::Itself => trim(text),
        }
    }
}

impl Choices {
    /// The choices of an enumeration property.
    pub(super) fn of(property: &Property, owners: Option<&Arc<Owners>>) -> Self {
        let beyond = if property.is_owner() {
            Beyond::Owners(owners.map(Arc::clone))
        } else if property.external_options || property.options.is_empty() {
            Beyond::AnyText
        } else {
            Beyond::Nothing
        };
        // In a list HubSpot reads such a value as two: what cannot be sent is no choice.
        let can_be_sent = |option: &&PropertyOption| !(property.is_multiple() && option.value.contains(';'));
        let listed: Vec<_> = property.options.iter().filter(can_be_sent).cloned().collect();
        Self { beyond, ..Self::only(&listed) }
    }

    /// Nothing but `options`.
    pub(super) fn only(options: &[PropertyOption]) -> Self {
        let mut values: Vec<Box<str>> = options.iter().map(|option| option.value.as_str().into()).collect();
        values.sort_unstable();
        Self {
            values: values.into(),
            by_value: folded(options, |option| &option.value),
            by_label: folded(options, |option| &option.label),
            beyond: Beyond::Nothing,
        }
    }

    /// Whether any text is accepted.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.beyond, Beyond::AnyText)
    }

    /// Whether `text` is an option's value, letter by letter.
    pub(super) fn is_value(&self, text: &str) -> bool {
        self.value(text).is_some()
    }

    fn value(&self, text: &str) -> Option<&str> {
        let place = self.values.binary_search_by(|value| (**value).cmp(text)).ok()?;
        Some(&self.values[place])
    }

    /// Finds what `text` means: an exact value, then a value, then a label in any case.
    ///
    /// # Errors
    /// Why it means nothing here, or too much.
    pub(super) fn find(&self, text: &str) -> Result<Found<'_>, Reason> {
        let trimmed = trim(text);
        if let Some(value) = self.value(text).or_else(|| self.value(trimmed)) {
            return Ok(Found::Value(value));
        }
        let folded = lower_case(trimmed);
        match self.by_value.get(&*folded).or_else(|| self.by_label.get(&*folded)) {
            Some(Some(value)) => return Ok(Found::Value(value)),
            Some(None) => return Err(Reason::AmbiguousOption),
            None => {}
        }
        match &self.beyond {
            Beyond::Nothing => Err(Reason::UnknownOption),
            Beyond::AnyText => text::check_length(trimmed).map(|()| Found::Itself),
            Beyond::Owners(_) if !trimmed.is_empty() && trimmed.bytes().all(|b| b.is_ascii_digit()) => {
                text::check_length(trimmed).map(|()| Found::Itself)
            }
            Beyond::Owners(_) if !trimmed.contains('@') => Err(Reason::UnknownOwner),
            Beyond::Owners(None) => Err(Reason::OwnersUnavailable),
            Beyond::Owners(Some(owners)) => owners.find(trimmed).map(Found::Value),
        }
    }

    /// Finds what a single JSON value means; `None` for null and blank text.
    ///
    /// # Errors
    /// Why it means nothing here, or too much.
    pub(super) fn pick<'a>(&'a self, value: Json<'a>) -> Result<Option<Cow<'a, str>>, Reason> {
        match value {
            Json::Null => Ok(None),
            Json::Bool(truth) => self.pick_truth(truth).map(Some),
            Json::Number(number) => self.pick_number(number).map(Some),
            Json::String(text) => {
                let text = text.decode()?;
                if is_blank(&text) {
                    return Ok(None);
                }
                Ok(Some(match (self.find(&text)?, text) {
                    (Found::Value(value), _) => Cow::Borrowed(value),
                    (Found::Itself, Cow::Borrowed(text)) => Cow::Borrowed(trim(text)),
                    (Found::Itself, Cow::Owned(text)) => Cow::Owned(trim(&text).to_owned()),
                }))
            }
            Json::Array(_) | Json::Object(_) => Err(Reason::NotAnOption),
        }
    }

    /// `true` and `false` by name, else the options that read yes and no.
    fn pick_truth(&self, truth: bool) -> Result<Cow<'_, str>, Reason> {
        let (name, word) = if truth { ("true", "yes") } else { ("false", "no") };
        let found = match self.find(name) {
            Err(Reason::UnknownOption) => self.find(word)?,
            found => found?,
        };
        Ok(Cow::Borrowed(found.text(name)))
    }

    /// A number as written, else without the fraction of zeros that databases add to whole numbers.
    fn pick_number<'a>(&'a self, number: &'a str) -> Result<Cow<'a, str>, Reason> {
        if let Some(value) = self.value(number) {
            return Ok(Cow::Borrowed(value));
        }
        let unknown = if matches!(self.beyond, Beyond::Owners(_)) {
            Reason::UnknownOwner
        } else {
            Reason::UnknownOption
        };
        let whole = number::integral(number).map_err(|_| unknown)?;
        Ok(match (self.find(&whole)?, whole) {
            (Found::Value(value), _) => Cow::Borrowed(value),
            (Found::Itself, whole) => whole,
        })
    }
}

fn folded(options: &[PropertyOption], text: impl Fn(&PropertyOption) -> &str) -> Folded {
    let mut table = Folded::new();
    for option in options {
        let folded = lower_case(trim(text(option)));
        if folded.is_empty() {
            continue;
        }
        table
            .entry(folded.into())
            .and_modify(|known| {
                if known.as_deref() != Some(&*option.value) {
                    *known = None;
                }
            })
            .or_insert_with(|| Some(option.value.as_str().into()));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coerce::testing::{enumeration, property};

    #[test]
    fn values_come_before_labels_and_exact_ones_before_others() {
        let choices = Choices::of(
            &enumeration(
                "select",
                &[
                    ("B", "a"),
                    ("A", "b"),
                    ("Upper", "X"),
                    ("Lower", "x"),
                    ("Twin", "t1"),
                    (" twin ", "t2"),
                    ("", "quiet"),
                ],
            ),
            None,
        );
        for (text, expected) in [
            ("a", Ok(Found::Value("a"))),
            ("A", Ok(Found::Value("a"))),
            (" b ", Ok(Found::Value("b"))),
            ("X", Ok(Found::Value("X"))),
            ("x", Ok(Found::Value("x"))),
            (" x", Ok(Found::Value("x"))),
            ("UPPER", Ok(Found::Value("X"))),
            ("twin", Err(Reason::AmbiguousOption)),
            ("T1", Ok(Found::Value("t1"))),
            ("Quiet", Ok(Found::Value("quiet"))),
            ("other", Err(Reason::UnknownOption)),
            ("", Err(Reason::UnknownOption)),
        ] {
            assert_eq!(choices.find(text), expected, "{text}");
        }
        let capitals = Choices::of(&enumeration("select", &[("One", "AB"), ("Two", "Ab")]), None);
        assert_eq!(capitals.find("ab"), Err(Reason::AmbiguousOption));
        assert_eq!(capitals.find("Ab"), Ok(Found::Value("Ab")));
    }

    #[test]
    fn owners_are_ids_or_known_addresses() {
        let mut owner = property("hubspot_owner_id", "enumeration", "select");
        owner.external_options = true;
        owner.referenced_object_type = Some("OWNER".into());
        let known = Arc::new(Owners::new([("ada@example.com", "11")]));
        let choices = Choices::of(&owner, Some(&known));
        assert_eq!(choices.find(" 99 "), Ok(Found::Itself));
        assert_eq!(choices.find("Ada@example.com "), Ok(Found::Value("11")));
        assert_eq!(choices.find("eve@example.com"), Err(Reason::UnknownOwner));
        assert_eq!(choices.find("Ada Lovelace"), Err(Reason::UnknownOwner));
        assert_eq!(choices.pick(Json::Number("12345.0")), Ok(Some("12345".into())));
        assert_eq!(choices.pick(Json::Number("1e999")), Err(Reason::UnknownOwner));
        assert_eq!(choices.pick(Json::Bool(true)), Err(Reason::UnknownOwner));
        assert_eq!(Choices::of(&owner, None).find("ada@example.com"), Err(Reason::OwnersUnavailable));
        assert_eq!(Choices::of(&owner, None).find("11"), Ok(Found::Itself));
    }

    #[test]
    fn options_kept_elsewhere_accept_any_text() {
        let mut team = property("hubspot_team_id", "enumeration", "select");
        assert_eq!(Choices::of(&team, None).find(" Team 7 "), Ok(Found::Itself));
        team.external_options = true;
        assert_eq!(Choices::of(&team, None).pick(Json::Number("7.0")), Ok(Some("7".into())));
    }

    #[test]
    fn truth_values_and_numbers_match_their_text() {
        let flag = Choices::of(&enumeration("radio", &[("Ja", "Yes"), ("Nein", "No")]), None);
        assert_eq!(flag.pick(Json::Bool(true)), Ok(Some("Yes".into())));
        assert_eq!(flag.pick(Json::Bool(false)), Ok(Some("No".into())));
        let truth = Choices::of(&enumeration("radio", &[("Yes", "true"), ("No", "false")]), None);
        assert_eq!(truth.pick(Json::Bool(true)), Ok(Some("true".into())));
        let sizes =
            Choices::of(&enumeration("radio", &[("Small", "1"), ("Exactly", "2.0"), ("Big", "1000")]), None);
        assert_eq!(sizes.pick(Json::Number("1.0")), Ok(Some("1".into())));
        assert_eq!(sizes.pick(Json::Number("2.0")), Ok(Some("2.0".into())));
        assert_eq!(sizes.pick(Json::Number("1E3")), Ok(Some("1000".into())));
        assert_eq!(sizes.pick(Json::Number("3")), Err(Reason::UnknownOption));
        assert_eq!(sizes.pick(Json::Bool(true)), Err(Reason::UnknownOption));
    }
}
