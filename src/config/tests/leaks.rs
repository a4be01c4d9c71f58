//! Nothing that is said about a configuration repeats a value of it.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{complete, read, reference, storages, with};
use crate::config::ConfigError;

/// In every value put into a configuration here, and in no key or rule.
const MARK: &str = "zq";
/// The same for numbers.
const MARKED_NUMBER: i64 = 77_777_777;

#[test]
fn debug_output_of_a_configuration_hides_every_secret() {
    let configs = storages().into_iter().map(|storage| with(&json!({"object_storage_config": storage})));
    for config in configs.chain([reference(), complete()]) {
        let text = config.to_string();
        let config = read(&config).unwrap();
        assert!(!format!("{config:?}").contains(MARK), "{config:?}");
        let exposed = config.secrets();
        assert_eq!(exposed.len(), text.matches("\"zq").count(), "every secret is listed: {text}");
        assert!(exposed.iter().all(|secret| text.contains(secret.expose_secret())));
    }
}

/// JSON pointers to everything below `value`, itself included.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                pointers(member, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                pointers(element, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// Any JSON whose texts and numbers bear the mark.
fn marked() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        "zq[ -~]{0,8}".prop_map(Value::from),
        Just(json!("")),
        Just(json!(MARKED_NUMBER)),
        Just(json!(-MARKED_NUMBER)),
        Just(json!(0.777_777_77)),
        (0_u8..=100).prop_map(Value::from),
        "(OAuth|AccessToken|S3|GCS|AzureBlob|Local|None|CSV|JSONL|GZIP|upsert|create|https://zq)"
            .prop_map(Value::from),
    ];
    let key = "(type|storage_type|name|format_type|access_token|path|object|column|other)";
    leaf.prop_recursive(2, 8, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..3)
                .prop_map(|members| members.into_iter().collect::<Value>()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        rng_seed: RngSeed::Fixed(20_261_121),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_refusal_repeats_a_value_and_whatever_fits_the_specification_can_be_read(
        changes in prop::collection::vec((any::<prop::sample::Index>(), marked()), 1..4),
        storage in prop::sample::select(storages()),
        keep_reference_storage in any::<bool>(),
    ) {
        let mut config = complete();
        if !keep_reference_storage {
            config["object_storage_config"] = storage;
        }
        for (place, value) in changes {
            let mut places = Vec::new();
            pointers(&config, "", &mut places);
            if let Some(target) = config.pointer_mut(place.get::<String>(&places)) {
                *target = value;
            }
        }
        match read(&config) {
            Ok(config) => {
                let shown = format!("{:?}", config.credentials);
                prop_assert!(!shown.contains(MARK), "{}", shown);
            }
            Err(error) => {
                prop_assert!(!matches!(error, ConfigError::Defect), "{config}");
                for said in [error.to_string(), format!("{error:?}")] {
                    prop_assert!(!said.contains(MARK), "{said}");
                    prop_assert!(!said.contains("7777777"), "{said}");
                }
            }
        }
    }
}
