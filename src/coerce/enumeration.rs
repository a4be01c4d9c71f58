//! Enumerations that hold one option.

use super::Coerced;
use super::blanks::is_blank;
use super::choices::Choices;
use super::invalid::Reason;
use super::json_text::{Json, escape_into};

/// Writes the option that `value` means.
///
/// # Errors
/// [`Reason::UnknownOption`] and the other reasons for options and owners.
pub(super) fn write(choices: &Choices, value: Json<'_>, out: &mut Vec<u8>) -> Result<Coerced, Reason> {
    if let Json::String(text) = value
        && text.plain().is_some_and(|plain| choices.is_value(plain) && !is_blank(plain))
    {
        out.extend_from_slice(text.quoted().as_bytes());
        return Ok(Coerced::Written);
    }
    let Some(option) = choices.pick(value)? else { return Ok(Coerced::Empty) };
    escape_into(&option, out);
    Ok(Coerced::Written)
}

#[cfg(test)]
mod tests {
    use crate::coerce::testing::{enumeration, property, rule, sent};

    #[test]
    fn one_option_of_several() {
        let stage = enumeration(
            "radio",
            &[
                ("Lead", "lead"),
                ("Marketing Qualified Lead", "marketingqualifiedlead"),
                ("Ops \"R\" us", "o\"r"),
            ],
        );
        let rule = rule(&stage);
        for (raw, expected) in [
            (r#""lead""#, "lead"),
            (r#""LEAD ""#, "lead"),
            (r#""\ufefflead\u200b""#, "lead"),
            (r#""l\u0065ad""#, "lead"),
            (r#""marketing qualified lead""#, "marketingqualifiedlead"),
            (r#""ops \"r\" us""#, "o\"r"),
            (r#""customer""#, "INVALID_OPTION"),
            ("1", "INVALID_OPTION"),
            ("true", "INVALID_OPTION"),
            (r#"["lead"]"#, "INVALID_OPTION"),
            ("{}", "INVALID_OPTION"),
            ("null", "<null>"),
            (r#""""#, "<empty>"),
            (r#""\t ""#, "<empty>"),
            (r#""\udc00""#, "INVALID_RECORD"),
        ] {
            assert_eq!(sent(&rule, raw), expected, "{raw}");
        }
    }

    #[test]
    fn blank_text_is_empty_even_where_an_option_is_blank() {
        for field_type in ["select", "checkbox"] {
            let rule = rule(&enumeration(field_type, &[("None", " "), ("Some", "x")]));
            assert_eq!(sent(&rule, r#"" ""#), "<empty>", "{field_type}");
        }
    }

    #[test]
    fn without_options_any_text_will_do() {
        let rule = rule(&property("hs_pipeline", "enumeration", "select"));
        assert_eq!(sent(&rule, r#""default""#), "default");
        assert_eq!(sent(&rule, "12345678901234567890"), "12345678901234567890");
        assert_eq!(sent(&rule, r#""a;b""#), "a;b");
        assert_eq!(sent(&rule, r#""7\u200b""#), "7");
        assert_eq!(sent(&rule, r#"" ""#), "<empty>");
        assert_eq!(sent(&rule, "[]"), "INVALID_OPTION");
    }
}
