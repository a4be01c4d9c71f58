//! Slow oracles: what each kind of property takes, said a second time over decoded values, one character or one option
//! after the other. The coercions have to say the same of any value.

use std::sync::Arc;

use proptest::prelude::*;

use super::testing::{any_json, config, enumeration, property, rule, sent};
use super::{Append, MAX_CHARACTERS, ObjectKind, Owners, RuleOptions, ValueRule};
use crate::crm::property::Property;

/// A value as a sender means it.
enum Meant {
    Null,
    Text(String),
    /// Anything else, as it was written.
    Raw(String),
    /// A string that is no text: half of a surrogate pair.
    Broken,
}

impl Meant {
    fn of(raw: &str) -> Self {
        match raw.as_bytes()[0] {
            b'n' => Self::Null,
            b'"' => serde_json::from_str(raw).map_or(Self::Broken, Self::Text),
            _ => Self::Raw(raw.to_owned()),
        }
    }
}

/// Texts and options over few letters, so that they meet; in capitals and small ones, with blanks around them.
fn word() -> impl Strategy<Value = String> {
    "[ ]{0,1}[aAbB1;]{0,3}[ ]{0,1}"
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn text(value: &Meant) -> String {
    match value {
        Meant::Null => "<null>".to_owned(),
        Meant::Broken => "INVALID_RECORD".to_owned(),
        Meant::Text(text) if text.is_empty() => "<empty>".to_owned(),
        Meant::Text(text) | Meant::Raw(text) if text.chars().count() > MAX_CHARACTERS => {
            "VALUE_TOO_LONG".to_owned()
        }
        Meant::Text(text) => text.clone(),
        Meant::Raw(raw) => written(raw),
    }
}

/// What is no text, as text: a number in plain digits, and without a fraction of nothing but zeros.
fn written(raw: &str) -> String {
    let Some((negative, significant, power)) = number(raw) else { return raw.to_owned() };
    if significant.is_empty() {
        return "0".to_owned();
    }
    let sign = if negative { "-" } else { "" };
    if power >= 0 {
        return format!("{sign}{significant}{}", "0".repeat(power as usize));
    }
    // The zeros that the sender wrote behind a fraction stay.
    let (mantissa, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, "0"));
    let places = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i64);
    let places = places - exponent.parse::<i64>().unwrap_or_default();
    let behind = usize::try_from(-power).unwrap_or_default();
    let digits = format!("{significant:0>width$}", width = behind + 1);
    let (whole, fraction) = digits.split_at(digits.len() - behind);
    format!("{sign}{whole}.{fraction:0<places$}", places = usize::try_from(places).unwrap_or_default())
}

/// A number without regard to its spelling: sign, digits without zeros at either end, power of ten. `None` for what is
/// none.
fn number(text: &str) -> Option<(bool, String, i64)> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent),
        None => (unsigned, "0"),
    };
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let exponent_digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let all_digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if !all_digits(&digits) || !all_digits(exponent_digits) || mantissa.matches('.').count() > 1 {
        return None;
    }
    let places = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i64);
    let significant = digits.trim_matches('0');
    if significant.is_empty() {
        return Some((false, String::new(), 0));
    }
    let exponent: i64 = exponent.parse().ok().filter(|exponent| (-400..=400).contains(exponent))?;
    let behind = (digits.len() - digits.trim_end_matches('0').len()) as i64;
    Some((text.starts_with('-'), significant.to_owned(), exponent - places + behind))
}

fn truth(value: &Meant) -> String {
    let truth = match value {
        Meant::Null => return "<null>".to_owned(),
        Meant::Broken => return "INVALID_RECORD".to_owned(),
        Meant::Text(text) if text.trim().is_empty() => return "<empty>".to_owned(),
        Meant::Text(text) => match text.trim().to_ascii_uppercase().as_str() {
            "TRUE" | "1" | "YES" | "T" | "Y" | "ON" => Some(true),
            "FALSE" | "0" | "NO" | "F" | "N" | "OFF" => Some(false),
            _ => None,
        },
        Meant::Raw(raw) if raw == "true" => Some(true),
        Meant::Raw(raw) if raw == "false" => Some(false),
        Meant::Raw(raw) => match number(raw) {
            Some((false, digits, 0)) if digits == "1" => Some(true),
            Some((_, digits, _)) if digits.is_empty() => Some(false),
            _ => None,
        },
    };
    truth.map_or_else(|| "INVALID_OPTION".to_owned(), |truth| truth.to_string())
}

fn address(value: &Meant) -> String {
    let text = match value {
        Meant::Null => return "<null>".to_owned(),
        Meant::Broken => return "INVALID_RECORD".to_owned(),
        Meant::Raw(_) => return "INVALID_EMAIL".to_owned(),
        Meant::Text(text) => text.trim(),
    };
    if text.is_empty() {
        return "<empty>".to_owned();
    }
    let stands_in_an_address = |c: char| match c {
        '<' | '>' | '(' | ')' | '[' | ']' | ',' | ';' | ':' | '"' | '\\' => false,
        c if c.is_ascii() => c.is_ascii_graphic(),
        c => !c.is_whitespace() && !c.is_control(),
    };
    let [local, domain] = text.split('@').collect::<Vec<_>>()[..] else { return "INVALID_EMAIL".to_owned() };
    let labels: Vec<&str> = domain.split('.').collect();
    let fits = !local.is_empty()
        && labels.len() > 1
        && labels.iter().all(|label| !label.is_empty())
        && text.chars().all(stands_in_an_address);
    if fits { text.to_owned() } else { "INVALID_EMAIL".to_owned() }
}

/// The option that a text means: letter by letter, then without regard to blanks around it and capitals; values before
/// labels; never one of several.
fn option<'a>(options: &'a [(String, String)], text: &str) -> Option<&'a str> {
    let values = || options.iter().map(|(_, value)| value.as_str());
    if let Some(exact) =
        values().find(|value| *value == text).or_else(|| values().find(|value| *value == text.trim()))
    {
        return Some(exact);
    }
    let folded = |text: &str| text.trim().to_lowercase();
    let same = |name: &str| !folded(name).is_empty() && folded(name) == folded(text);
    for names_value in [true, false] {
        let mut found: Vec<&str> = options
            .iter()
            .filter(|(label, value)| same(if names_value { value } else { label }))
            .map(|(_, value)| value.as_str())
            .collect();
        found.sort_unstable();
        found.dedup();
        match found[..] {
            [] => {}
            [only] => return Some(only),
            _ => return None,
        }
    }
    None
}

/// Options as an account has them: each value once.
fn options() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec((word(), "[aAbB1]{1,2}"), 1..6).prop_map(|mut options| {
        let mut seen = std::collections::HashSet::new();
        options.retain(|(_, value)| seen.insert(value.clone()));
        options
    })
}

fn choice(field_type: &str, options: &[(String, String)]) -> Property {
    let pairs: Vec<_> = options.iter().map(|(label, value)| (label.as_str(), value.as_str())).collect();
    enumeration(field_type, &pairs)
}

/// A list of options, one element after the other; `None` where one of them is none.
fn list(options: &[(String, String)], elements: &[String]) -> Option<Vec<String>> {
    let mut chosen: Vec<String> = Vec::new();
    for element in elements.iter().filter(|element| !element.trim().is_empty()) {
        let parts = match option(options, element) {
            Some(option) => vec![option],
            None if element.contains(';') => {
                let parts = element.split(';').filter(|part| !part.trim().is_empty());
                parts.map(|part| option(options, part)).collect::<Option<Vec<_>>>()?
            }
            None => return None,
        };
        for part in parts {
            if !chosen.iter().any(|known| known == part) {
                chosen.push(part.to_owned());
            }
        }
    }
    Some(chosen)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn texts_truths_and_addresses_are_what_they_are_said_to_be(raw in any_json()) {
        let meant = Meant::of(&raw);
        prop_assert_eq!(sent(&rule(&property("t", "string", "text")), &raw), text(&meant));
        prop_assert_eq!(sent(&rule(&property("b", "bool", "booleancheckbox")), &raw), truth(&meant));
        let contact = RuleOptions { object: ObjectKind::Contact, ..RuleOptions::default() };
        prop_assert_eq!(sent(&ValueRule::new(&property("email", "string", "text"), contact), &raw), address(&meant));
    }

    #[test]
    fn a_number_is_taken_where_it_is_one_and_keeps_its_worth(
        raw in any_json(), text in "[-+]?[0-9.]{0,5}[eE]?[-+]?[0-9]{0,4}",
    ) {
        let amount = rule(&property("n", "number", "number"));
        for raw in [raw, quoted(&text)] {
            let sent = sent(&amount, &raw);
            match Meant::of(&raw) {
                Meant::Null => prop_assert_eq!(sent, "<null>"),
                Meant::Broken => prop_assert_eq!(sent, "INVALID_RECORD"),
                Meant::Text(text) if text.trim().is_empty() => prop_assert_eq!(sent, "<empty>"),
                Meant::Text(text) | Meant::Raw(text) => match number(text.trim()) {
                    None => prop_assert_eq!(sent, "INVALID_INTEGER", "{}", text),
                    meant => {
                        prop_assert_eq!(number(&sent), meant, "{} became {}", text, sent);
                        prop_assert!(sent.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-'), "{}", sent);
                    }
                },
            }
        }
    }

    #[test]
    fn one_option_is_the_one_that_a_search_finds(options in options(), text in word()) {
        let expected = match option(&options, &text) {
            _ if text.trim().is_empty() => "<empty>",
            found => found.unwrap_or("INVALID_OPTION"),
        };
        prop_assert_eq!(sent(&rule(&choice("select", &options)), &quoted(&text)), expected);
    }

    #[test]
    fn several_options_are_the_ones_that_a_search_finds(
        options in options(), elements in prop::collection::vec(word(), 0..4),
    ) {
        let property = choice("checkbox", &options);
        let adding = RuleOptions { append: Append::Add, ..RuleOptions::default() };
        let raw = serde_json::to_string(&elements).unwrap();
        let (replaced, added) = match list(&options, &elements).as_deref() {
            None => ("INVALID_OPTION".to_owned(), "INVALID_OPTION".to_owned()),
            Some([]) => ("<empty>".to_owned(), "<nothing>".to_owned()),
            Some(chosen) => (chosen.join(";"), format!(";{}", chosen.join(";"))),
        };
        prop_assert_eq!(sent(&rule(&property), &raw), replaced);
        prop_assert_eq!(sent(&ValueRule::new(&property, adding), &raw), added);
    }

    #[test]
    fn an_owner_is_the_one_whose_address_it_is(
        known in prop::collection::vec(("[aAbB]{1,2}@x", "[12]"), 0..5),
        text in prop_oneof!["[ ]?[aAbB]{1,2}@x[ ]?", "[ ]?[0-9]{1,3}[ ]?", "[ab]{0,2}"],
    ) {
        let owners = Owners::new(known.iter().map(|(email, id)| (email.as_str(), id.as_str())));
        let owner = Property {
            external_options: true,
            referenced_object_type: Some("OWNER".into()),
            ..property("owner", "enumeration", "select")
        };
        let options = RuleOptions { owners: Some(Arc::new(owners)), ..RuleOptions::default() };
        let trimmed = text.trim();
        let mut ids: Vec<&str> =
            known.iter().filter(|(email, _)| email.eq_ignore_ascii_case(trimmed)).map(|(_, id)| id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let expected = match ids[..] {
            _ if trimmed.is_empty() => "<empty>",
            _ if trimmed.chars().all(|c| c.is_ascii_digit()) => trimmed,
            [only] => only,
            _ => "INVALID_OPTION",
        };
        prop_assert_eq!(sent(&ValueRule::new(&owner, options), &quoted(&text)), expected);
    }

    #[test]
    fn a_domain_is_found_in_any_address_of_a_website(
        scheme in prop_oneof!["", "//", "https?://", "HTTP://"].prop_map(|scheme| scheme.replace('?', "")),
        user in prop_oneof!["", "[a-z]{1,5}(:[a-z]{1,5})?@"],
        www in prop_oneof!["", "www\\.", "WWW\\."],
        host in "[a-zA-Z0-9]{1,8}(-[a-z]{1,3})?(\\.[a-zA-Z]{2,5}){1,2}",
        port in prop_oneof!["", ":[0-9]{1,5}", "\\."],
        path in prop_oneof!["", "/[a-z/.@:]{0,9}", "\\?[a-z=&.@:]{0,9}", "#[a-z]{0,5}"],
    ) {
        prop_assume!(!host.to_ascii_lowercase().starts_with("www."));
        let user = if scheme.contains(':') { user } else { String::new() };
        let website = format!("{scheme}{user}{www}{host}{port}{path}");
        let company = RuleOptions { object: ObjectKind::Company, ..RuleOptions::default() };
        let rule = ValueRule::new(&property("domain", "string", "text"), company);
        prop_assert_eq!(sent(&rule, &quoted(&website)), host.to_ascii_lowercase(), "{}", website);
    }
}

#[test]
fn the_oracles_tell_wrong_from_right() {
    assert_eq!(number("-012.50e1"), Some((true, "125".to_owned(), 0)));
    assert_eq!(number("1e401"), None);
    assert_eq!(number("0e999"), Some((false, String::new(), 0)));
    assert!(["", ".", "1.2.3", "1e", "e1", "1,0", "0x1", "--1"].iter().all(|text| number(text).is_none()));
    assert_eq!(address(&Meant::of(r#""a@b""#)), "INVALID_EMAIL");
    assert_eq!(address(&Meant::of(r#"" a@b.c ""#)), "a@b.c");
    assert_eq!(truth(&Meant::of("10e-1")), "true");
    assert_eq!(truth(&Meant::of("2")), "INVALID_OPTION");
    let options = [("b".to_owned(), "a".to_owned()), ("a".to_owned(), "B".to_owned())];
    assert_eq!(
        (option(&options, "A"), option(&options, " b"), option(&options, "c")),
        (Some("a"), Some("B"), None)
    );
}
