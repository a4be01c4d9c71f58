//! What the HubSpot of the model says when it does not do what it is asked.

use std::sync::LazyLock;

use super::super::batch::SendId;
use super::super::resolve::push_trace_id;
use super::words::Call;
use crate::api::ApiError;
use crate::error::{Failure, Kind};

type Answer = LazyLock<ApiError>;

/// What is wrong with a poisonous record, said of it alone.
pub(super) static REFUSED: Answer = LazyLock::new(|| {
    ApiError::parse(207, br#"{"category":"VALIDATION_ERROR","code":"MODEL_POISON","message":"No."}"#, None)
});
/// A record that does not exist, said of it alone.
pub(super) static MISSING: Answer = LazyLock::new(|| {
    ApiError::parse(207, br#"{"category":"OBJECT_NOT_FOUND","message":"Could not get some."}"#, None)
});
/// A refusal of a whole batch, without the property at fault.
pub(super) static WHOLE: Answer = LazyLock::new(|| {
    ApiError::parse(400, br#"{"category":"VALIDATION_ERROR","code":"MODEL_POISON","message":"No."}"#, None)
});
/// The same, with the property at fault.
pub(super) static WHOLE_BY_PROPERTY: Answer = LazyLock::new(|| {
    let body = br#"{"category":"VALIDATION_ERROR","message":"Property values were not valid: [{\"message\":\"No.\",\"error\":\"MODEL_POISON\",\"name\":\"suspect\"}]"}"#;
    ApiError::parse(400, body, None)
});
/// A conflict somewhere in a batch.
pub(super) static CONFLICT: Answer = LazyLock::new(|| {
    ApiError::parse(409, br#"{"category":"CONFLICT","code":"MODEL_POISON","message":"No."}"#, None)
});
/// A limit reached halfway through a batch.
pub(super) static LIMIT_INSIDE: Answer =
    LazyLock::new(|| ApiError::parse(207, br#"{"category":"RATE_LIMITS","message":"Later."}"#, None));
/// A server error for a part of a batch.
pub(super) static FAILURE_INSIDE: Answer =
    LazyLock::new(|| ApiError::parse(207, br#"{"status":503,"message":"Later."}"#, None));
/// The same, after which what was to be done may have been done.
pub(super) static CRASH_INSIDE: Answer =
    LazyLock::new(|| ApiError::parse(207, br#"{"status":502,"message":"Later."}"#, None));
/// Something unique that another record has, said of one record alone.
pub(super) static TAKEN: Answer = LazyLock::new(|| {
    ApiError::parse(207, br#"{"category":"CONFLICT","message":"Contact already exists."}"#, None)
});
/// A refusal of a call with pairs of which one end is not there, without a word about which.
pub(super) static END_MISSING: Answer = LazyLock::new(|| {
    ApiError::parse(400, br#"{"category":"OBJECT_NOT_FOUND","message":"One of them is not there."}"#, None)
});
/// A server error.
pub(super) static FAILURE: Answer = LazyLock::new(|| ApiError::parse(502, b"", None));
/// A record without associations.
pub(super) static NO_ASSOCIATIONS: Answer = LazyLock::new(|| {
    let body = br#"{"category":"OBJECT_NOT_FOUND","subCategory":"crm.associations.NO_ASSOCIATIONS_FOUND","message":"None."}"#;
    ApiError::parse(207, body, None)
});
/// A refusal by something that is not HubSpot.
pub(super) static FOREIGN: Answer = LazyLock::new(|| ApiError::parse(403, b"<html></html>", None));
/// A request that is too large.
pub(super) static TOO_LARGE: Answer =
    LazyLock::new(|| ApiError::parse(413, br#"{"code":"MODEL_POISON","message":"No."}"#, None));

/// What ends a stream.
pub(super) fn stream_gone() -> Failure {
    Failure::new(Kind::Configuration, "stream gone")
}

/// What ends the sync.
pub(super) fn sync_gone() -> Failure {
    Failure::new(Kind::Configuration, "sync gone")
}

/// The same error, said of these inputs.
pub(super) fn about(error: &ApiError, trace_ids: Vec<String>, ids: Vec<String>) -> ApiError {
    let mut error = error.clone();
    (error.trace_ids, error.ids) = (trace_ids, ids);
    error
}

/// The trace id that stands at a place of a call.
pub(super) fn trace(call: &Call, place: usize) -> String {
    trace_of(call.id, place)
}

/// The same, by the number of the send.
pub(super) fn trace_of(send: SendId, place: usize) -> String {
    let mut id = Vec::new();
    push_trace_id(&mut id, send, place);
    String::from_utf8(id).unwrap()
}

/// The errors are what the model takes them for.
#[test]
fn refusals_are_told_from_what_passes() {
    use crate::api::{RatePolicy, Refusal};
    assert_eq!(WHOLE_BY_PROPERTY.refusal(), Refusal::NamedProperties);
    assert_eq!(WHOLE_BY_PROPERTY.faults[0].property.as_deref(), Some("suspect"));
    assert_eq!(LIMIT_INSIDE.refusal(), Refusal::RateLimited(RatePolicy::Other));
    assert_eq!(FAILURE_INSIDE.refusal(), Refusal::Unavailable);
    assert_eq!(MISSING.code(), "NOT_FOUND");
    for error in [&REFUSED, &WHOLE, &WHOLE_BY_PROPERTY, &CONFLICT, &TOO_LARGE] {
        assert_eq!(error.code(), "MODEL_POISON");
    }
}
