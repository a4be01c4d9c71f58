//! Laws that hold for every kind of property and any JSON text.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use super::testing::{any_json, config, enumeration, property};
use super::{Append, Coerced, Figures, MAX_CHARACTERS, ObjectKind, Owners, RuleOptions, ValueRule, coerce};
use crate::crm::property::Property;
use crate::json::{Cursor, Index};

/// One rule of each kind, and the variants that take other paths.
static RULES: LazyLock<Vec<ValueRule>> = LazyLock::new(rules);

fn rules() -> Vec<ValueRule> {
    let contact = RuleOptions { object: ObjectKind::Contact, ..RuleOptions::default() };
    let company = RuleOptions { object: ObjectKind::Company, ..RuleOptions::default() };
    let adding = RuleOptions { append: Append::Add, ..RuleOptions::default() };
    let owners = Owners::new([("a@b.co", "1"), ("b@b.co", "2"), ("B@b.co", "3")]);
    let owned = RuleOptions { owners: Some(Arc::new(owners)), ..RuleOptions::default() };
    let numbers = RuleOptions { figures: Figures::AsNumbers, ..RuleOptions::default() };
    let unique = Property { has_unique_value: true, ..property("u", "string", "text") };
    let owner = |field_type| Property {
        external_options: true,
        referenced_object_type: Some("OWNER".into()),
        ..property("owner", "enumeration", field_type)
    };
    let options =
        [("A label", "a"), ("B, b", "B"), ("c", "C"), ("x", "true"), ("Z", "1"), ("a", "@"), (";", "n;m")];
    vec![
        ValueRule::new(&property("t", "string", "text"), RuleOptions::default()),
        ValueRule::new(&property("p", "phone_number", "phonenumber"), RuleOptions::default()),
        ValueRule::new(&property("t", "string", "text"), numbers.clone()),
        ValueRule::new(&unique, RuleOptions::default()),
        ValueRule::new(&unique, numbers.clone()),
        ValueRule::new(&property("n", "number", "number"), numbers),
        ValueRule::new(&property("email", "string", "text"), contact),
        ValueRule::new(&property("domain", "string", "text"), company),
        ValueRule::new(&property("n", "number", "number"), RuleOptions::default()),
        ValueRule::new(&property("b", "bool", "booleancheckbox"), RuleOptions::default()),
        ValueRule::new(
            &enumeration("booleancheckbox", &[("On it", "true"), ("--", "false")]),
            RuleOptions::default(),
        ),
        ValueRule::new(&property("d", "date", "date"), RuleOptions::default()),
        ValueRule::new(&property("dt", "datetime", "date"), RuleOptions::default()),
        ValueRule::new(&enumeration("select", &options), RuleOptions::default()),
        ValueRule::new(&enumeration("checkbox", &options), RuleOptions::default()),
        ValueRule::new(&enumeration("checkbox", &options), adding.clone()),
        ValueRule::new(&property("open", "enumeration", "select"), RuleOptions::default()),
        ValueRule::new(&property("open", "enumeration", "checkbox"), RuleOptions::default()),
        ValueRule::new(&property("open", "enumeration", "checkbox"), adding),
        ValueRule::new(&owner("select"), owned.clone()),
        ValueRule::new(&owner("checkbox"), owned),
        ValueRule::new(&owner("select"), RuleOptions::default()),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_written_is_a_json_string_and_stays_what_it_is(raw in any_json()) {
        for rule in RULES.iter() {
            let mut once = b"kept".to_vec();
            let outcome = coerce(rule, &*raw, &mut once);
            let written = once.strip_prefix(b"kept").unwrap();
            if outcome != Ok(Coerced::Written) {
                prop_assert!(written.is_empty(), "{:?} left text behind: {:?}", rule, outcome);
                prop_assert_eq!(outcome == Ok(Coerced::Null), raw == "null");
                continue;
            }
            let text: String = serde_json::from_slice(written).unwrap();
            prop_assert!(!text.is_empty() && text.chars().count() <= MAX_CHARACTERS);
            let mut twice = Vec::new();
            let again = coerce(rule, std::str::from_utf8(written).unwrap(), &mut twice);
            prop_assert_eq!(again, Ok(Coerced::Written), "{:?} refuses its own {}", rule, text);
            prop_assert_eq!(serde_json::from_slice::<String>(&twice).unwrap(), text, "{:?}", rule);
        }
    }

    #[test]
    fn what_was_seen_of_a_value_changes_nothing(raw in any_json()) {
        let object = format!("{{\"a\":{raw}}}");
        let mut index = Index::default();
        let object = index.read(&mut Cursor::new(&object)).unwrap();
        let mut seen = None;
        object.members(|_, value| seen = Some(value)).unwrap();
        for rule in RULES.iter() {
            let (mut by_text, mut by_form) = (Vec::new(), Vec::new());
            let outcome = coerce(rule, &*raw, &mut by_text);
            prop_assert_eq!(coerce(rule, seen.unwrap(), &mut by_form), outcome, "{:?}", rule);
            prop_assert_eq!(by_form, by_text);
        }
    }

    #[test]
    fn text_that_is_no_json_never_panics(raw in any::<String>(), inner in any::<String>()) {
        for rule in RULES.iter() {
            for raw in [&*raw, &format!("\"{inner}\""), &format!("[{inner}]"), &format!("1{inner}")] {
                let mut out = Vec::new();
                let outcome = coerce(rule, raw, &mut out);
                prop_assert!(outcome == Ok(Coerced::Written) || out.is_empty());
            }
        }
    }

    #[test]
    fn messages_never_hold_the_value(
        secret in "[b-z]{12}", number in 100_000_000_000_000_000_u64..,
    ) {
        for raw in [format!("\"{secret}\""), format!("\"{number}x\""), format!("[[\"{secret}\"]]")] {
            for rule in RULES.iter() {
                if let Err(invalid) = coerce(rule, &*raw, &mut Vec::new()) {
                    for text in [rule.explain(invalid), format!("{invalid} {invalid:?}")] {
                        let told = text.contains(&secret) || text.contains(&number.to_string());
                        prop_assert!(!told, "{}", text);
                    }
                }
            }
        }
    }
}

#[test]
fn deep_nesting_is_survived() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    for rule in RULES.iter() {
        for raw in [deep.clone(), format!("\"{deep}\""), format!("[{deep}]")] {
            let _ = coerce(rule, &*raw, &mut Vec::new());
        }
    }
}
