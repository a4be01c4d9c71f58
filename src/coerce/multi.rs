//! Enumerations that hold several options (`fieldType` `checkbox`), sent as `a;b;c`.
//!
//! `a;b` replaces what HubSpot holds, `;a;b` adds to it (properties guide, multiple checkboxes). Lists come
//! as JSON arrays, as the text of a JSON array, separated by `;` or, where every part is an option and the
//! whole is not, by `,`. A leading `;` in the sender's text is HubSpot's own spelling of adding and is kept.

use std::borrow::Cow;
use std::collections::HashSet;

use super::blanks::{is_blank, trim};
use super::choices::Choices;
use super::invalid::Reason;
use super::json_text::{Json, RawText, elements, escape_body_into};
use super::{Coerced, text};

/// Whether a list replaces the options a record has or is added to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Append {
    /// What is sent is what the record has afterwards.
    #[default]
    Replace,
    /// What is sent is added; nothing is taken away.
    Add,
}

/// Writes the options that `value` lists, each once, in the order of their first mention.
///
/// # Errors
/// [`Reason::UnknownOption`] and the other reasons for options and owners, for any one of them.
pub(super) fn write(
    choices: &Choices,
    append: Append,
    value: Json<'_>,
    out: &mut Vec<u8>,
) -> Result<Coerced, Reason> {
    match value {
        Json::String(raw) => {
            if let Some(plain) = raw.plain()
                && choices.is_value(plain)
                && !is_blank(plain)
            {
                begin(append, out);
                out.extend_from_slice(plain.as_bytes());
                out.push(b'"');
                return Ok(Coerced::Written);
            }
            let text = raw.decode()?;
            if is_blank(&text) {
                return Ok(Coerced::Empty);
            }
            let append = if trim(&text).starts_with(';') { Append::Add } else { append };
            match array_in_text(&text) {
                Some(array) => write_elements(choices, append, &array, out),
                None => List::begin(choices, append, out).with(&[text], Separators::SemicolonOrComma),
            }
        }
        Json::Array(array) => {
            write_elements(choices, append, &elements(array).ok_or(Reason::Malformed)?, out)
        }
        single => {
            let texts: Vec<_> = choices.pick(single)?.into_iter().collect();
            List::begin(choices, append, out).with(&texts, Separators::Semicolon)
        }
    }
}

/// The elements of a JSON array that was stored as text.
fn array_in_text(text: &str) -> Option<Vec<&str>> {
    let trimmed = trim(text);
    (trimmed.starts_with('[') && trimmed.ends_with(']')).then(|| elements(trimmed)).flatten()
}

fn write_elements(
    choices: &Choices,
    append: Append,
    array: &[&str],
    out: &mut Vec<u8>,
) -> Result<Coerced, Reason> {
    let mut texts = Vec::with_capacity(array.len());
    for element in array {
        match Json::of(*element).ok_or(Reason::Malformed)? {
            Json::String(text) => texts.push(text.decode()?),
            other => texts.extend(choices.pick(other)?),
        }
    }
    List::begin(choices, append, out).with(&texts, Separators::Semicolon)
}

fn begin(append: Append, out: &mut Vec<u8>) {
    out.extend_from_slice(match append {
        Append::Replace => b"\"",
        Append::Add => b"\";",
    });
}

/// What may stand between the options of one text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Separators {
    Semicolon,
    SemicolonOrComma,
}

/// A list on its way out.
struct List<'a, 'o> {
    choices: &'a Choices,
    append: Append,
    chosen: HashSet<&'a str>,
    start: usize,
    out: &'o mut Vec<u8>,
}

impl<'a, 'o> List<'a, 'o> {
    fn begin(choices: &'a Choices, append: Append, out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        begin(append, out);
        Self { choices, append, chosen: HashSet::new(), start, out }
    }

    /// Adds every text and finishes the list.
    fn with(mut self, texts: &'a [Cow<'a, str>], separators: Separators) -> Result<Coerced, Reason> {
        for text in texts {
            self.add(text, separators)?;
        }
        self.out.push(b'"');
        match self.append {
            // Nothing to add is not a wish to clear.
            Append::Add if self.chosen.is_empty() => return Ok(Coerced::Nothing),
            Append::Replace if self.chosen.is_empty() => return Ok(Coerced::Empty),
            _ => {}
        }
        let written = &self.out[self.start..];
        if written.len() > super::MAX_CHARACTERS
            && let Some(written) = std::str::from_utf8(written).ok().and_then(RawText::of)
        {
            text::check_length(&written.decode()?)?;
        }
        Ok(Coerced::Written)
    }

    /// Adds the one option that `text` is, or the ones it lists.
    fn add(&mut self, text: &'a str, separators: Separators) -> Result<(), Reason> {
        if is_blank(text) {
            return Ok(());
        }
        let lists = text.contains(';');
        // Where any text is an option, HubSpot would still read `a;b` as two.
        if !(lists && self.choices.is_open()) {
            match self.choices.find(text) {
                Ok(option) => {
                    self.push(option.text(text));
                    return Ok(());
                }
                Err(reason) if !lists && !self.may_be_commas(text, separators) => return Err(reason),
                Err(_) => {}
            }
        }
        let separator = if lists { ';' } else { ',' };
        for part in text.split(separator).filter(|part| !is_blank(part)) {
            let option = self.choices.find(part)?;
            self.push(option.text(part));
        }
        Ok(())
    }

    /// Commas are part of many labels, so they separate only where the whole text is no option.
    fn may_be_commas(&self, text: &str, separators: Separators) -> bool {
        separators == Separators::SemicolonOrComma && text.contains(',') && !self.choices.is_open()
    }

    fn push(&mut self, option: &'a str) {
        if self.chosen.insert(option) {
            if self.chosen.len() > 1 {
                self.out.push(b';');
            }
            escape_body_into(option, self.out);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use crate::coerce::testing::{self, enumeration, property, rule, sent};
    use crate::coerce::{Append, RuleOptions, ValueRule};
    use crate::crm::property::Property;

    fn colours() -> Property {
        enumeration(
            "checkbox",
            &[
                ("Red", "red"),
                ("Deep Blue", "blue"),
                ("Green, light", "green"),
                ("One", "1"),
                ("Quoted \"x\"", "q\""),
            ],
        )
    }

    fn adding(property: &Property) -> ValueRule {
        ValueRule::new(property, RuleOptions { append: Append::Add, ..RuleOptions::default() })
    }

    #[test]
    fn lists_in_every_spelling() {
        let (replace, add) = (rule(&colours()), adding(&colours()));
        for (raw, expected) in [
            (r#""red""#, "red"),
            (r#"["red","blue"]"#, "red;blue"),
            (r#"["Deep Blue", "RED", "red", null, "", 1, 1.0]"#, "blue;red;1"),
            (r#""[\"red\", \"Deep Blue\"]""#, "red;blue"),
            (r#"" red ; deep blue;;red""#, "red;blue"),
            (r#""red;\u200bblue;\u200e""#, "red;blue"),
            (r#"["\ufeffred","blue\u200d", "\u200b"]"#, "red;blue"),
            (r#""\u200b[\"red\"]\u200b""#, "red"),
            (r#""red, Deep Blue""#, "red;blue"),
            (r#""Green, light""#, "green"),
            (r#""green, light;red""#, "green;red"),
            (r#"["red;blue", "1"]"#, "red;blue;1"),
            (r#"["quoted \"X\""]"#, "q\""),
            ("1", "1"),
            ("1.0", "1"),
        ] {
            assert_eq!(sent(&replace, raw), expected, "{raw}");
            assert_eq!(sent(&add, raw), format!(";{expected}"), "{raw}");
        }
    }

    #[test]
    fn an_option_that_would_be_read_as_two_is_no_choice() {
        let odd = enumeration("checkbox", &[("Red", "red"), ("Both", "red;blue"), (";", "n;m")]);
        let (replace, add) = (rule(&odd), adding(&odd));
        for raw in [r#""Both""#, r#"["Both"]"#, r#"["n;m"]"#] {
            assert_eq!(sent(&replace, raw), "INVALID_OPTION", "{raw}");
            assert_eq!(sent(&add, raw), "INVALID_OPTION", "{raw}");
        }
        assert_eq!(sent(&rule(&enumeration("select", &[("Both", "red;blue")])), r#""both""#), "red;blue");
    }

    #[test]
    fn a_leading_semicolon_adds_whatever_the_setting() {
        for rule in [rule(&colours()), adding(&colours())] {
            assert_eq!(sent(&rule, r#"";red;Deep Blue""#), ";red;blue");
            assert_eq!(sent(&rule, r#"" ;red""#), ";red");
            assert_eq!(sent(&rule, r#""\ufeff;red""#), ";red");
            assert_eq!(sent(&rule, r#"";""#), "<nothing>");
        }
    }

    #[test]
    fn empty_lists_clear_only_where_they_replace() {
        let (replace, add) = (rule(&colours()), adding(&colours()));
        for raw in ["[]", "[null]", r#"["", " "]"#, r#""[]""#] {
            assert_eq!(sent(&replace, raw), "<empty>", "{raw}");
            assert_eq!(sent(&add, raw), "<nothing>", "{raw}");
        }
        for rule in [replace, add] {
            assert_eq!(sent(&rule, r#""""#), "<empty>");
            assert_eq!(sent(&rule, r#"" ""#), "<empty>");
            assert_eq!(sent(&rule, "null"), "<null>");
        }
    }

    #[test]
    fn one_stranger_refuses_the_list() {
        let rule = rule(&colours());
        for raw in [
            r#"["red","pink"]"#,
            r#""red;pink""#,
            r#""red,pink""#,
            r#"["red,blue"]"#,
            r#"[["red"]]"#,
            r#"[{"v":"red"}]"#,
            r#"{"red":true}"#,
            r#""[\"red\"""#,
            "true",
            "2",
        ] {
            assert_eq!(sent(&rule, raw), "INVALID_OPTION", "{raw}");
        }
        assert_eq!(sent(&rule, r#"["\ud800"]"#), "INVALID_RECORD");
    }

    #[test]
    fn without_options_any_text_is_one() {
        let rule = rule(&property("teams", "enumeration", "checkbox"));
        assert_eq!(sent(&rule, r#"["a", "b;c", " a ", 7.0]"#), "a;b;c;7");
        assert_eq!(sent(&rule, r#""a, b""#), "a, b");
        assert_eq!(sent(&rule, &format!("\"{}\"", "a,".repeat(40_000))), "VALUE_TOO_LONG");
        let many: Vec<_> = (0..20_000).map(|n| n.to_string()).collect();
        assert_eq!(sent(&rule, &format!("[{}]", many.join(","))), "VALUE_TOO_LONG");
    }

    proptest! {
        #![proptest_config(testing::config())]

        #[test]
        fn the_set_is_the_one_that_was_meant(
            picks in prop::collection::vec((0..6_usize, 0..4_u8), 1..12),
            spelling in 0..3_u8,
        ) {
            let names: Vec<_> = (0..6).map(|n| (format!("Label {n}"), format!("value_{n}"))).collect();
            let options: Vec<_> = names.iter().map(|(l, v)| (l.as_str(), v.as_str())).collect();
            let spelled: Vec<_> = picks.iter().map(|&(n, how)| match how {
                0 => names[n].1.clone(),
                1 => names[n].0.clone(),
                2 => names[n].1.to_uppercase(),
                _ => format!("  {} ", names[n].0.to_lowercase()),
            }).collect();
            let raw = match spelling {
                0 => serde_json::to_string(&spelled).unwrap(),
                1 => serde_json::to_string(&serde_json::to_string(&spelled).unwrap()).unwrap(),
                _ => serde_json::to_string(&spelled.join(";")).unwrap(),
            };
            let sent = sent(&rule(&enumeration("checkbox", &options)), &raw);
            let sent: Vec<_> = sent.split(';').collect();
            let meant: BTreeSet<_> = picks.iter().map(|&(n, _)| names[n].1.as_str()).collect();
            prop_assert_eq!(sent.iter().copied().collect::<BTreeSet<_>>(), meant);
            prop_assert_eq!(sent[0], names[picks[0].0].1.as_str());
            let once = sent.iter().collect::<BTreeSet<_>>().len();
            prop_assert_eq!(once, sent.len());
        }
    }
}
