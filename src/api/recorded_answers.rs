//! The readers against answers that HubSpot gave to others.
//!
//! The recordings live beside the repository, not in it; without them these tests say so and pass. The tables
//! below hold what each answer means. An error or a batch answer that no table lists fails, so that a new
//! recording cannot go unread.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::{ApiError, BatchAnswer, CORRELATION_ID_HEADER, RateHeaders};

/// What an answer that is an error as a whole must be read as.
struct Refused {
    file: &'static str,
    code: &'static str,
    /// The refusal, as `Debug` prints it.
    refusal: &'static str,
    property: Option<&'static str>,
    existing_id: Option<&'static str>,
    ids: &'static [&'static str],
    /// Code, property and value of each fault.
    faults: &'static [(&'static str, &'static str, Option<&'static str>)],
}

const fn refused(file: &'static str, code: &'static str, refusal: &'static str) -> Refused {
    Refused { file, code, refusal, property: None, existing_id: None, ids: &[], faults: &[] }
}

impl Refused {
    const fn on(self, property: &'static str) -> Self {
        Self { property: Some(property), ..self }
    }

    const fn existing(self, id: &'static str) -> Self {
        Self { existing_id: Some(id), ..self }
    }

    const fn ids(self, ids: &'static [&'static str]) -> Self {
        Self { ids, ..self }
    }

    const fn faults(self, faults: &'static [(&'static str, &'static str, Option<&'static str>)]) -> Self {
        Self { property: Some(faults[0].1), faults, ..self }
    }
}

const NO_VALUE: Option<&str> = None;

const REFUSED: &[Refused] = &[
    refused("grouparoo-search-429-custom-object", "RATE_LIMITS", "RateLimited(Secondly)"),
    refused("grouparoo-search-429-secondly", "RATE_LIMITS", "RateLimited(Secondly)"),
    refused("grouparoo-v1-400-invalid-email", "INVALID_EMAIL", "NamedProperties").faults(&[(
        "INVALID_EMAIL",
        "email",
        NO_VALUE,
    )]),
    refused("grouparoo-v1-400-invalid-long", "INVALID_LONG", "NamedProperties").faults(&[(
        "INVALID_LONG",
        "closedate",
        NO_VALUE,
    )]),
    refused("hotglue-create-400-association-target-missing", "INVALID_FROM_OBJECT", "Validation"),
    refused("hotglue-create-400-invalid-email", "INVALID_EMAIL", "NamedProperties").faults(&[(
        "INVALID_EMAIL",
        "email",
        NO_VALUE,
    )]),
    refused("hotglue-create-400-invalid-number-and-date", "INVALID_INTEGER", "NamedProperties").faults(&[
        ("INVALID_INTEGER", "amount", Some("not-a-number")),
        ("INVALID_LONG", "closedate", Some("invalid-date-format")),
    ]),
    refused("hotglue-create-400-invalid-option", "INVALID_OPTION", "NamedProperties").faults(&[(
        "INVALID_OPTION",
        "industry",
        Some("THISISNOTAREALINDUSTRY"),
    )]),
    refused("hotglue-create-400-malformed-json-type", "INVALID_RECORD", "MalformedRequest"),
    refused(
        "hotglue-upsert-400-non-unique-idproperty",
        "VALIDATION_ERROR",
        r#"NonUniqueKey { property: Some("name") }"#,
    )
    .on("name"),
    refused("public-401-expired-token", "EXPIRED_AUTHENTICATION", "Unauthorised(Expired)"),
    refused("public-403-missing-scopes", "MISSING_SCOPES", r#"MissingScopes { scopes: ["contacts"] }"#),
    refused("public-429-daily", "RATE_LIMIT", "RateLimited(Daily)"),
    refused("public-429-secondly", "RATE_LIMIT", "RateLimited(Secondly)"),
    refused("public-429-ten-secondly-rolling", "RATE_LIMIT", "RateLimited(TenSecondly)"),
    // Its reporter blanked the id.
    refused("public-batch-create-409-first-only", "CONFLICT", "Conflict"),
    refused(
        "public-batch-update-idproperty-non-unique",
        "VALIDATION_ERROR",
        "NonUniqueKey { property: None }",
    ),
    refused("public-create-409-contact-exists", "CONFLICT", "Conflict").existing("37765128953"),
    refused("public-create-409-object-already-exists", "CONFLICT", "Conflict")
        .existing("2926551")
        .on("email"),
    refused("public-lists-error-shape", "VALIDATION_ERROR", "Validation"),
    refused("public-upsert-409-whole-batch", "CONFLICT", "Conflict"),
    refused("segment-association-404-to-object-not-found", "NOT_FOUND", "NotFound").ids(&["123456789"]),
    refused("segment-create-400-property-doesnt-exist", "PROPERTY_DOESNT_EXIST", "NamedProperties")
        .faults(&[("PROPERTY_DOESNT_EXIST", "segment_group_id", NO_VALUE)]),
    refused("segment-event-definition-400-missing", "NOT_FOUND", "UnknownEvent"),
    refused("segment-list-get-400-not-found", "NOT_FOUND", "NotFound"),
    refused("segment-patch-400-no-properties", "VALIDATION_ERROR", "Validation"),
    refused("segment-patch-404-resource-not-found", "NOT_FOUND", "NotFound"),
    refused("segment-patch-500", "SERVER_ERROR", "Unavailable"),
    refused("segment-search-400-unknown-property", "INVALID_RECORD", "Validation"),
];

/// What a batch answer must be read as: the property it is matched by, what becomes of each input of the
/// recorded request, and the errors that name no input.
struct Settled {
    file: &'static str,
    key: &'static str,
    inputs: &'static [&'static str],
    nameless: &'static [&'static str],
}

const fn settled(file: &'static str, key: &'static str, inputs: &'static [&'static str]) -> Settled {
    Settled { file, key, inputs, nameless: &[] }
}

const SETTLED: &[Settled] = &[
    settled("grouparoo-clear-property-with-empty-string", "hs_object_id", &["stored"]),
    settled("grouparoo-contact-batch-create-201", "email", &["stored"]),
    settled("grouparoo-contact-batch-update-200", "hs_object_id", &["stored"]),
    settled("grouparoo-custom-object-batch-create-201", "grouparoo_object_property", &["stored"]),
    settled("grouparoo-custom-object-batch-update-200", "hs_object_id", &["stored"]),
    settled("hotglue-create-201", "domain", &["stored"]),
    settled("hotglue-create-207-invalid-option", "domain", &["stored", "INVALID_OPTION industry"]),
    settled("hotglue-update-200-by-record-id", "hs_object_id", &["stored"]),
    settled("hotglue-update-200-missing-result", "hs_object_id", &["unmentioned", "stored"]),
    settled("hotglue-upsert-200-existing", "email", &["updated"]),
    settled("hotglue-upsert-200-noop", "email", &["updated"]),
    settled("hotglue-upsert-207-invalid-email", "email", &["updated", "INVALID_EMAIL email"]),
    Settled {
        nameless: &["PROPERTY_DOESNT_EXIST lastname"],
        ..settled("segment-batch-read-207-error-without-context", "email", &[])
    },
    settled("segment-batch-read-207-object-not-found", "email", &["NOT_FOUND", "NOT_FOUND"]),
    settled("segment-read-by-hs-object-id", "hs_object_id", &["stored"]),
    settled("segment-update-by-hs-object-id-omits-idproperty", "hs_object_id", &["stored"]),
    settled("segment-upsert-coerced-values", "email", &["stored"]),
];

/// One recording.
struct Recording {
    status: u16,
    body: Vec<u8>,
    json: Value,
    inputs: Vec<Value>,
    path: String,
    headers: BTreeMap<String, String>,
}

impl Recording {
    fn read(file: &Path) -> Self {
        let bytes = std::fs::read(file).expect("a readable recording");
        let recording: Value = serde_json::from_slice(&bytes).expect("a recording in JSON");
        let (request, response) = (&recording["request"], &recording["response"]);
        let json = response["body"].clone();
        let body = match &json {
            Value::Null => Vec::new(),
            Value::String(text) => text.clone().into_bytes(),
            other => other.to_string().into_bytes(),
        };
        let headers = response["headers"].as_object().into_iter().flatten();
        Self {
            status: response["status"].as_u64().and_then(|status| status.try_into().ok()).expect("a status"),
            body,
            json,
            inputs: request["body"]["inputs"].as_array().cloned().unwrap_or_default(),
            path: request["path"].as_str().expect("a path").to_owned(),
            headers: headers
                .map(|(name, value)| (name.clone(), value.as_str().unwrap_or("").to_owned()))
                .collect(),
        }
    }

    fn is_error(&self) -> bool {
        self.status >= 400
    }

    fn is_batch_answer(&self) -> bool {
        let errors = self.json["errors"].as_array().is_some_and(|errors| !errors.is_empty());
        !self.is_error()
            && self.json.is_object()
            && (errors || self.path.contains("/objects/") && self.path.contains("/batch/"))
    }
}

/// All recordings by name, or `None` (and a word about it) where there are none.
fn recordings() -> Option<BTreeMap<String, Recording>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: there are no recordings beside the repository");
        return None;
    };
    let files = entries.map(|entry| entry.expect("a readable folder").path());
    let json = files.filter(|file| file.extension().is_some_and(|extension| extension == "json"));
    let name =
        |file: &Path| file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).expect("a name");
    Some(json.map(|file| (name(&file), Recording::read(&file))).collect())
}

fn described(error: &ApiError) -> String {
    error
        .property
        .as_ref()
        .map_or_else(|| error.code().to_owned(), |property| format!("{} {property}", error.code()))
}

#[test]
fn errors_mean_what_was_recorded() {
    let Some(recordings) = recordings() else { return };
    let mut unread: BTreeSet<_> =
        recordings.iter().filter(|(_, it)| it.is_error()).map(|(name, _)| name.as_str()).collect();
    for expected in REFUSED {
        let file = expected.file;
        assert!(unread.remove(file), "{file} is not among the recorded errors");
        let recording = &recordings[file];
        let header = recording.headers.get(CORRELATION_ID_HEADER).map(String::as_str);
        let error = ApiError::parse(recording.status, &recording.body, header);

        assert_eq!(error.code(), expected.code, "{file}");
        assert_eq!(format!("{:?}", error.refusal()), expected.refusal, "{file}");
        assert_eq!(error.property.as_deref(), expected.property, "{file}");
        assert_eq!(error.existing_id.as_deref(), expected.existing_id, "{file}");
        assert_eq!(error.ids, expected.ids, "{file}");
        assert!(error.message.chars().count() <= 500 && error.explanation().chars().count() <= 500, "{file}");
        let stated =
            recording.json["correlationId"].as_str().or(recording.json["data"]["correlationId"].as_str());
        assert_eq!(error.correlation_id.as_deref(), stated.or(header), "{file}");
        if !expected.faults.is_empty() {
            let faults = error.faults.iter();
            let faults: Vec<_> =
                faults.map(|it| (it.code.as_deref(), it.property.as_deref(), it.value.as_deref())).collect();
            let wanted =
                expected.faults.iter().map(|(code, property, value)| (Some(*code), Some(*property), *value));
            assert_eq!(faults, wanted.collect::<Vec<_>>(), "{file}");
            assert!(error.faults.iter().all(|fault| !fault.message.is_empty()), "{file}");
        }
    }
    assert!(unread.is_empty(), "recorded errors without an expectation: {unread:?}");
}

#[test]
fn batch_answers_settle_their_inputs() {
    let Some(recordings) = recordings() else { return };
    let batches = recordings.iter().filter(|(_, it)| it.is_batch_answer());
    let mut unread: BTreeSet<_> = batches.map(|(name, _)| name.as_str()).collect();
    for expected in SETTLED {
        let file = expected.file;
        assert!(unread.remove(file), "{file} is not among the recorded batch answers");
        let recording = &recordings[file];
        let answer = BatchAnswer::parse(&recording.body, Some(expected.key)).expect("a batch answer");

        let outcomes: Vec<_> =
            recording.inputs.iter().map(|input| outcome(input, &answer, expected.key)).collect();
        assert_eq!(outcomes, expected.inputs, "{file}");
        let nameless =
            answer.errors.iter().filter(|error| error.trace_ids.is_empty() && error.ids.is_empty());
        assert_eq!(nameless.map(described).collect::<Vec<_>>(), expected.nameless, "{file}");
        let every_result = recording.json["results"].as_array().map_or(0, Vec::len);
        assert_eq!(answer.results.len(), every_result, "{file}");
    }
    assert!(unread.is_empty(), "recorded batch answers without an expectation: {unread:?}");
}

/// What an answer says about one input, found the way HubSpot ties them together.
fn outcome(input: &Value, answer: &BatchAnswer, key: &str) -> String {
    let trace_id = input["objectWriteTraceId"].as_str();
    let id = input["id"].as_str().or(input["properties"][key].as_str());
    let stored = answer.results.iter().find(|stored| match &stored.trace_id {
        Some(echoed) => trace_id == Some(echoed),
        None => id == stored.key.as_deref(),
    });
    let names = |list: &[String], id: Option<&str>| id.is_some_and(|id| list.iter().any(|named| named == id));
    let error = answer.errors.iter().find(|error| names(&error.trace_ids, trace_id) || names(&error.ids, id));
    match (stored, error) {
        (Some(stored), None) => match stored.new {
            Some(true) => "created".to_owned(),
            Some(false) => "updated".to_owned(),
            None => "stored".to_owned(),
        },
        (None, Some(error)) => described(error),
        (None, None) => "unmentioned".to_owned(),
        (Some(_), Some(_)) => "both stored and refused".to_owned(),
    }
}

#[test]
fn search_answers_are_read_as_batch_answers() {
    let Some(recordings) = recordings() else { return };
    let found = |file: &str| {
        let answer = BatchAnswer::parse(&recordings[file].body, None).expect("a search answer");
        answer.results.into_iter().map(|stored| stored.id).collect::<Vec<_>>()
    };
    assert_eq!(found("segment-search-200-ambiguous-two"), ["1000000000", "1000000001"]);
    assert_eq!(found("hotglue-search-200-one"), ["198835114517"]);
    assert!(found("hotglue-search-200-empty").is_empty());
}

#[test]
fn limits_are_read_from_recorded_headers() {
    let Some(recordings) = recordings() else { return };
    let mut with_limits = 0;
    for (name, recording) in
        recordings.iter().filter(|(_, it)| it.headers.contains_key(CORRELATION_ID_HEADER))
    {
        let limits = RateHeaders::parse(&recording.headers);
        let searched = recording.path.ends_with("/search");
        let expected = match name.split('-').next() {
            Some("hotglue") if searched => (None, None, None, None),
            Some("hotglue") => (Some(110), Some(10_000), Some(11), None),
            Some("grouparoo") if searched => (None, None, None, Some(250_000)),
            Some("grouparoo") => (Some(100), Some(10_000), Some(10), Some(250_000)),
            _ => panic!("{name}: recorded headers without an expectation"),
        };
        assert_eq!((limits.max, limits.interval_ms, limits.secondly, limits.daily), expected, "{name}");
        assert_eq!(limits.remaining.is_some(), limits.max.is_some(), "{name}");
        assert_eq!(limits.daily_remaining.is_some(), limits.daily.is_some(), "{name}");
        with_limits += usize::from(!limits.is_empty());
    }
    assert!(with_limits > 10, "only {with_limits} recordings carry limits");
}
