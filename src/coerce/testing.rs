//! What the tests of this folder share: seeded property tests and small property definitions.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::{Coerced, RuleOptions, ValueRule, coerce};
use crate::crm::property::{Property, PropertyOption, PropertyType};

/// Property tests run the same cases every time and leave no files behind.
pub(super) fn config() -> Config {
    Config { cases: 1500, failure_persistence: None, rng_seed: RngSeed::Fixed(0x5EED), ..Config::default() }
}

/// A property as a HubSpot answer would describe it.
pub(super) fn property(name: &str, kind: &str, field_type: &str) -> Property {
    serde_json::from_value(serde_json::json!({"name": name, "type": kind, "fieldType": field_type})).unwrap()
}

/// An enumeration with `(label, value)` options.
pub(super) fn enumeration(field_type: &str, options: &[(&str, &str)]) -> Property {
    let options = options
        .iter()
        .map(|&(label, value)| PropertyOption { label: label.into(), value: value.into(), hidden: false })
        .collect();
    Property { options, kind: PropertyType::Enumeration, ..property("choice", "enumeration", field_type) }
}

/// The rule of a property without stream options.
pub(super) fn rule(property: &Property) -> ValueRule {
    ValueRule::new(property, RuleOptions::default())
}

/// The outcome in a form that is easy to compare: the text sent, `<null>`, `<empty>`, `<nothing>` or
/// the code of the refusal.
pub(super) fn sent(rule: &ValueRule, raw: &str) -> String {
    let mut out = b"before".to_vec();
    let outcome = coerce(rule, raw, &mut out);
    let written = out.strip_prefix(b"before").unwrap();
    if !matches!(outcome, Ok(Coerced::Written)) {
        assert!(written.is_empty(), "something was left behind: {outcome:?}");
    }
    match outcome {
        Ok(Coerced::Written) => serde_json::from_slice(written).unwrap(),
        Ok(Coerced::Null) => "<null>".to_owned(),
        Ok(Coerced::Empty) => "<empty>".to_owned(),
        Ok(Coerced::Nothing) => "<nothing>".to_owned(),
        Err(invalid) => invalid.code().as_str().to_owned(),
    }
}

/// Any JSON text, with the shapes that values take in practice made likely.
pub(super) fn any_json() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        any::<String>(),
        "[ \\t]*[-+0-9.,eExX]{0,25}[ \\t]*",
        "-?[0-9]{1,20}(\\.[0-9]{1,10})?([eE][-+]?[0-9]{1,3})?",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)?( ?(Z|[-+]0[0-9]))?)?",
        "[12][09][0-9]{2}-0[1-9]-[012][1-8]([T ][01][0-9]:[0-5][0-9]:[0-5][0-9](Z|[-+]0[0-9]:?[03]0))?",
        "[a-cA-C;, \\[\\]\"@.]{0,12}",
        "(https?://)?(www\\.)?[a-zA-Z.@:]{1,12}(:[0-9]{2})?(/[a-z]*)?",
        "(?i)(true|false|yes|no|on|off|t|f|1|0)",
    ]
    .prop_map(|text| serde_json::to_string(&text).unwrap());
    let leaf = prop_oneof![
        8 => text,
        1 => Just("null".to_owned()),
        1 => Just("true".to_owned()),
        1 => Just("false".to_owned()),
        1 => Just(r#""\ud800""#.to_owned()),
        1 => Just(r#""a\u0041\ud83d\ude00""#.to_owned()),
        3 => "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,10})?([eE][-+]?[0-9]{1,3})?",
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("[{}]", all.join(", "))),
            inner.prop_map(|value| format!("{{\"k\": {value}}}")),
        ]
    })
}
