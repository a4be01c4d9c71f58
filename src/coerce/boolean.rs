//! Truth values: what warehouses write for yes and no, to the `true` and `false` that HubSpot takes.
//!
//! Source: HubSpot's properties guide, "bool" values. A single checkbox is a `bool` or an enumeration of
//! `true` and `false`; both come here, and the labels an account gave to the two are understood as well.

use super::Coerced;
use super::blanks::trim;
use super::choices::Choices;
use super::invalid::Reason;
use super::json_text::{Json, escape_into};
use super::number;

const YES: [&str; 6] = ["true", "1", "yes", "t", "y", "on"];
const NO: [&str; 6] = ["false", "0", "no", "f", "n", "off"];

/// Writes `value` for a truth-value property whose options are `labels`.
///
/// # Errors
/// [`Reason::NotATruthValue`].
pub(super) fn write(labels: &Choices, value: Json<'_>, out: &mut Vec<u8>) -> Result<Coerced, Reason> {
    let truth = match value {
        Json::Bool(truth) => truth,
        // Databases without a boolean type send 1.0 as readily as 1.
        Json::Number(number) => {
            number::integral(number).ok().and_then(|number| word(&number)).ok_or(Reason::NotATruthValue)?
        }
        Json::String(text) => {
            let text = text.decode()?;
            let text = trim(&text);
            if text.is_empty() {
                return Ok(Coerced::Empty);
            }
            match word(text) {
                Some(truth) => truth,
                None => {
                    let option = labels.find(text).map_err(|_| Reason::NotATruthValue)?;
                    escape_into(option.text(text), out);
                    return Ok(Coerced::Written);
                }
            }
        }
        Json::Null | Json::Array(_) | Json::Object(_) => return Err(Reason::NotATruthValue),
    };
    out.extend_from_slice(if truth { b"\"true\"" } else { b"\"false\"" });
    Ok(Coerced::Written)
}

fn word(text: &str) -> Option<bool> {
    let among = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if among(&YES) { Some(true) } else { among(&NO).then_some(false) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coerce::testing::{enumeration, property, rule, sent};

    #[test]
    fn words_of_truth() {
        let rule = rule(&property("opted_in", "bool", "booleancheckbox"));
        for word in YES {
            assert_eq!(sent(&rule, &format!("\" {} \"", word.to_uppercase())), "true", "{word}");
        }
        for word in NO {
            assert_eq!(sent(&rule, &format!("\"{word}\"")), "false", "{word}");
        }
        for (raw, expected) in [
            ("true", "true"),
            ("false", "false"),
            ("1", "true"),
            ("0", "false"),
            ("1.0", "true"),
            ("0E-9", "false"),
            ("-0", "false"),
            ("null", "<null>"),
            (r#""""#, "<empty>"),
            (r#""  ""#, "<empty>"),
            (r#""\u200e""#, "<empty>"),
            (r#""true\u200d""#, "true"),
        ] {
            assert_eq!(sent(&rule, raw), expected, "{raw}");
        }
    }

    #[test]
    fn what_is_no_truth_value_is_refused() {
        let rule = rule(&property("opted_in", "bool", "booleancheckbox"));
        for raw in ["2", "-1", "0.5", r#""maybe""#, r#""tru""#, r#""1.0x""#, "[true]", "{}", "1e999"] {
            assert_eq!(sent(&rule, raw), "INVALID_OPTION", "{raw}");
        }
    }

    #[test]
    fn a_single_checkbox_enumeration_knows_its_labels() {
        let marketable = enumeration("booleancheckbox", &[("Marketing contact", "true"), ("--", "false")]);
        let rule = rule(&marketable);
        for (raw, expected) in [
            ("true", "true"),
            ("0", "false"),
            (r#""YES""#, "true"),
            (r#""marketing CONTACT""#, "true"),
            (r#""--""#, "false"),
            (r#""Sales contact""#, "INVALID_OPTION"),
        ] {
            assert_eq!(sent(&rule, raw), expected, "{raw}");
        }
    }
}
