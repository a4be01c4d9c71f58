//! Nothing a server sends may make the readers panic, or their answers break their promises.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ApiError, BatchAnswer, RateHeaders, retry_after};

/// Field names the readers look for, so that made-up objects get past their first look.
const NAMES: &[&str] = &[
    "status",
    "category",
    "errorType",
    "subCategory",
    "code",
    "error",
    "message",
    "error_description",
    "correlationId",
    "policyName",
    "context",
    "errorTokens",
    "errors",
    "validationResults",
    "data",
    "ids",
    "id",
    "name",
    "in",
    "propertyName",
    "existingId",
    "objectWriteTraceId",
    "requiredScopes",
    "results",
    "properties",
    "new",
    "propertyValue",
];

/// Texts that the readers take apart.
const TEXTS: &[&str] = &[
    "error",
    "404",
    "VALIDATION_ERROR",
    "Property values were not valid: [{\"error\":\"A\",\"name\":\"p\"},",
    "StandardError{status=error, category=, message=",
    "Contact already exists. Existing ID: ",
    "already has that value.",
    " already has that value",
    "Duplicate IDs found in batch input: ][",
    "Unable to perform  by non-unique  property ",
    "The OAuth token used to make this call expired ",
    "You have reached your  limit",
    "Property \"\" does not exist",
    "é😀",
];

fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        prop::sample::select(TEXTS).prop_map(str::to_owned),
        ".{0,20}",
        (prop::sample::select(TEXTS), ".{0,6}").prop_map(|(text, tail)| format!("{text}{tail}")),
    ];
    let leaf = prop_oneof![
        text.prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let name = prop::sample::select(NAMES).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Reads a body in every way and checks what must hold of any.
fn read_every_way(status: u16, body: &[u8]) {
    let error = ApiError::parse(status, body, Some("c"));
    check(&error);
    if let Ok(answer) = BatchAnswer::parse(body, Some("email")) {
        assert!(answer.results.iter().all(|stored| !stored.id.is_empty()));
        answer.errors.iter().for_each(check);
    }
}

fn check(error: &ApiError) {
    let short = |text: &str| text.chars().count() <= 500;
    assert!(!error.message.is_empty() && short(&error.message) && short(&error.explanation()));
    assert!(
        error.faults.iter().all(|fault| short(&fault.message) && fault.value.as_deref().is_none_or(short))
    );
    let code = error.code();
    assert!(!code.is_empty() && code.bytes().all(|byte| byte.is_ascii_graphic()), "{code:?}");
    let _ = (error.refusal(), error.to_string(), format!("{error:?}"), error.says_missing("p", "v"));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_261_121),
        ..ProptestConfig::default()
    })]

    #[test]
    fn arbitrary_bytes(status in 100_u16..600, body in prop::collection::vec(any::<u8>(), 0..300)) {
        read_every_way(status, &body);
    }

    #[test]
    fn made_up_json(status in 100_u16..600, body in any_json()) {
        read_every_way(status, body.to_string().as_bytes());
    }

    #[test]
    fn damaged_json(body in any_json(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let wrapped = json!({"message": "m", "errors": [body.clone()], "results": [body]});
        let mut bytes = wrapped.to_string().into_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        read_every_way(400, &bytes);
    }

    #[test]
    fn arbitrary_headers(name in "(?i)x-hubspot-ratelimit-(max|remaining|daily)|.{0,30}", value in prop::collection::vec(any::<u8>(), 0..30), now in any::<i64>()) {
        let limits = RateHeaders::parse([(&name, &value)]);
        prop_assert_ne!(limits.max, Some(0));
        let wait = retry_after(&String::from_utf8_lossy(&value), Some(now));
        prop_assert!(wait.is_none_or(|wait| wait <= Duration::from_secs(172_800)));
    }

    #[test]
    fn arbitrary_dates(day in 0_u32..40, month in "Jan|Feb|Dec|Foo", year in 0_u32..10_000, hour in 0_u32..30, now in any::<i64>()) {
        let date = format!("Mon, {day:02} {month} {year:04} {hour:02}:00:00 GMT");
        let wait = retry_after(&date, Some(now));
        prop_assert!(wait.is_none_or(|wait| wait <= Duration::from_secs(172_800)));
    }
}

/// Nesting deeper than any stack must be refused, not followed.
#[test]
fn deep_nesting() {
    for (open, close) in [("[", "]"), ("{\"data\":", "}"), ("{\"errors\":[", "]}")] {
        let body = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        read_every_way(400, body.as_bytes());
    }
}
