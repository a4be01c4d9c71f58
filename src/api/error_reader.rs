//! From the bytes of an error answer to an [`ApiError`]: where each field is looked for.

use serde_json::Value;

use super::error_body::ApiError;
use super::faults::{self, MAX_TEXT, PropertyFault, items};
use super::lenient::{add_texts, capped, is_token, keep_first, text, token};
use super::prose::{self, Said};

/// How much of a body that is no JSON is looked at.
const PEEK_BYTES: usize = 16 * 1024;

/// Reads a whole answer; see [`ApiError::parse`].
pub(super) fn read_answer(status: u16, body: &[u8], correlation_header: Option<&str>) -> ApiError {
    let mut error = match json(body) {
        Some(value) => read_entry(status, &value),
        None => unstructured(status, body),
    };
    if error.correlation_id.is_none() {
        error.correlation_id = correlation_header.filter(|id| is_token(id)).map(str::to_owned);
    }
    error
}

/// Reads one error object.
pub(super) fn read_entry(status: u16, value: &Value) -> ApiError {
    let body = unwrapped(value);
    let mut error = ApiError::blank(status);
    let message = text(body.get("message"))
        .or_else(|| text(body.get("error_description")))
        .or_else(|| text(Some(body)));
    let mut message = message.unwrap_or_default();
    error.category = token(body.get("category")).or_else(|| token(body.get("errorType")));
    error.sub_category = token(body.get("subCategory"));
    if let Some(printed) = message.strip_prefix("StandardError{") {
        let (category, inner) = printed_error(printed);
        error.category = error.category.or(category);
        message = inner;
    }
    // The OAuth endpoints' `status` is a code (`BAD_REFRESH_TOKEN`); elsewhere it is `error` in some case.
    let status_code = || stated_code(body.get("status")).filter(|code| code.contains('_'));
    error.stated_code =
        stated_code(body.get("code")).or_else(status_code).or_else(|| stated_code(body.get("error")));
    error.correlation_id = token(body.get("correlationId"));
    // An entry of an answer that succeeded in part is HubSpot's like the answer.
    let is_entry = status < 400 && body.is_object();
    error.structured = is_entry || error.stated_code.is_some() || is_hubspots(body);
    error.policy_name = token(body.get("policyName"));
    if let Some(own) = text(body.get("status")).and_then(|own| own.parse().ok()).filter(|_| status < 400)
        && (400..600).contains(&own)
    {
        error.status = own;
    }
    error.faults = faults::read(body, &message);
    read_context(&mut error, body);
    error.said = prose::read(&message);
    take_what_was_said(&mut error, body);
    if error.property.is_none() {
        error.property = error.faults.iter().find_map(|fault| fault.property.clone());
    }
    error.message =
        if message.trim().is_empty() { own_words(error.status) } else { capped(&message, MAX_TEXT) };
    error
}

/// Whether a body is an error as HubSpot writes them, by one of the members that each of its shapes has: a proxy's JSON
/// has none of them as a rule.
fn is_hubspots(body: &Value) -> bool {
    let told = ["message", "category", "errorType", "correlationId", "error_description"];
    told.iter().any(|name| text(body.get(*name)).is_some())
        || ["errors", "validationResults"].iter().any(|name| items(body.get(*name)).any(Value::is_object))
}

/// Everything kept in `context`, `errorTokens` and the same places of `errors[]`.
fn read_context(error: &mut ApiError, body: &Value) {
    let details = items(body.get("errors"));
    for holder in std::iter::once(body).chain(details) {
        add_texts(holder.get("objectWriteTraceId"), &mut error.trace_ids);
        for key in ["requiredGranularScopes", "requiredScopes"] {
            add_texts(holder.get(key), &mut error.scopes);
        }
        for context in ["context", "errorTokens"].iter().filter_map(|key| holder.get(*key)) {
            add_texts(context.get("objectWriteTraceId"), &mut error.trace_ids);
            for key in ["requiredGranularScopes", "requiredScopes"] {
                add_texts(context.get(key), &mut error.scopes);
            }
            for key in ["ids", "id"] {
                add_texts(context.get(key), &mut error.ids);
            }
            add_texts(context.get("fromObjectId"), &mut error.near_ids);
            add_texts(context.get("name"), &mut error.names);
            add_texts(context.get("missingObjectPropertyValueCoordinates"), &mut error.missing);
            let existing =
                token(context.get("existingId")).or_else(|| token(context.get("existingObjectId")));
            error.existing_id = error.existing_id.take().or(existing);
        }
    }
    for texts in [
        &mut error.trace_ids,
        &mut error.scopes,
        &mut error.ids,
        &mut error.near_ids,
        &mut error.names,
        &mut error.missing,
    ] {
        keep_first(texts);
    }
    error.scopes.retain(|scope| is_token(scope));
    let tokens = body.get("errorTokens").or_else(|| body.get("context"));
    error.property = tokens.and_then(|tokens| token(tokens.get("propertyName")));
}

/// Moves the facts of the message into the fields, where those are still empty.
fn take_what_was_said(error: &mut ApiError, body: &Value) {
    match error.said.clone() {
        Some(Said::NonUniqueKey { property }) => error.property = error.property.take().or(property),
        Some(Said::DuplicateIds { ids }) if error.ids.is_empty() => error.ids = ids,
        Some(Said::ValueTaken { owner, property }) => {
            error.existing_id = error.existing_id.take().or(owner);
            error.property = error.property.take().or(property);
        }
        Some(Said::AlreadyExists { id }) => error.existing_id = error.existing_id.take().or(id),
        Some(Said::UnknownProperty { property }) if error.faults.is_empty() => {
            error.faults.push(said_fault("PROPERTY_DOESNT_EXIST", property))
        }
        Some(Said::RequiredPropertiesUnset) if error.faults.is_empty() => {
            let mut unset = Vec::new();
            add_texts(body.get("context").and_then(|context| context.get("properties")), &mut unset);
            let code = "MISSING_REQUIRED_PROPERTY";
            error.faults.extend(unset.into_iter().map(|property| said_fault(code, property)));
        }
        _ => {}
    }
}

/// A fault that HubSpot put into words only. Its message is left to the error's.
fn said_fault(code: &str, property: String) -> PropertyFault {
    let property = Some(capped(&property, MAX_TEXT));
    PropertyFault { code: Some(code.to_owned()), property, message: String::new(), value: None }
}

/// The error object itself: some services wrap it in `data`, or in an array.
fn unwrapped(value: &Value) -> &Value {
    let inner = match value {
        Value::Object(fields) if !fields.contains_key("message") => fields.get("data"),
        Value::Array(entries) => entries.first(),
        _ => None,
    };
    inner.filter(|inner| inner.is_object()).unwrap_or(value)
}

/// Category and message of an error that HubSpot printed as `StandardError{status=..., category=..., ...}`.
fn printed_error(printed: &str) -> (Option<String>, String) {
    let field = |name: &str| printed.split_once(name).map(|(_, rest)| rest);
    let category = field("category=").and_then(|rest| rest.split(',').next()).filter(|text| is_token(text));
    let message =
        field("message=").map(|rest| rest.rsplit_once(", errors=").map_or(rest, |(message, _)| message));
    (category.map(str::to_owned), message.unwrap_or(printed).to_owned())
}

/// A code such as `CONTACT_EXISTS` or `invalid_grant`, but not `error`, `404` or a word such as `Forbidden`.
fn stated_code(value: Option<&Value>) -> Option<String> {
    token(value).filter(|code| {
        let upper =
            code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        let lower = code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && code.contains('_');
        let has_letters = code.bytes().any(|byte| byte.is_ascii_alphabetic());
        has_letters && (upper || lower)
    })
}

/// The body as JSON, if it is an object, an array or a text. Bytes that are not UTF-8 cost only themselves.
fn json(body: &[u8]) -> Option<Value> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(_) if str::from_utf8(body).is_err() => {
            serde_json::from_str(&String::from_utf8_lossy(body)).ok()?
        }
        Err(_) => return None,
    };
    matches!(value, Value::Object(_) | Value::Array(_) | Value::String(_)).then_some(value)
}

/// An answer that is no JSON: the title of a page, a plain text as it is, our own words for the rest.
fn unstructured(status: u16, body: &[u8]) -> ApiError {
    let text = String::from_utf8_lossy(&body[..body.len().min(PEEK_BYTES)]);
    let text = text.trim();
    let message = match text.chars().next() {
        Some('<') => title(text),
        // What is left of JSON that was cut off would be noise.
        Some('{' | '[') | None => None,
        Some(_) => Some(text),
    };
    let mut error = ApiError::blank(status);
    error.message = message.map_or_else(|| own_words(status), |message| capped(message, MAX_TEXT));
    error
}

/// The title of an HTML page.
fn title(page: &str) -> Option<&str> {
    // ASCII lower-casing keeps every byte's place.
    let lower = page.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower[open..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    Some(page[start..end].trim()).filter(|title| !title.is_empty())
}

fn own_words(status: u16) -> String {
    format!("HubSpot answered {status} without a readable explanation.")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ApiError;

    fn parse(status: u16, body: &serde_json::Value) -> ApiError {
        ApiError::parse(status, body.to_string().as_bytes(), Some("from-header"))
    }

    #[test]
    fn the_documented_shape_is_read() {
        let error = parse(
            400,
            &json!({
                "status": "error", "message": "words", "correlationId": "c-9", "category": "VALIDATION_ERROR",
                "subCategory": "Some.SUB_KIND", "context": {"ids": ["7", 8], "objectWriteTraceId": ["t1", "t2"]},
                "errors": [{"message": "m", "code": "INVALID_INTEGER", "context": {"propertyName": ["size"]}}],
            }),
        );
        assert_eq!((error.status, error.message.as_str(), error.structured), (400, "words", true));
        assert_eq!(error.category.as_deref(), Some("VALIDATION_ERROR"));
        assert_eq!(error.sub_category.as_deref(), Some("Some.SUB_KIND"));
        assert_eq!(error.correlation_id.as_deref(), Some("c-9"));
        assert_eq!(error.property.as_deref(), Some("size"));
        assert_eq!(
            (error.ids, error.trace_ids),
            (vec!["7".into(), "8".into()], vec!["t1".into(), "t2".into()])
        );
    }

    #[test]
    fn an_empty_object_as_sub_category_is_none() {
        assert_eq!(parse(400, &json!({"message": "m", "subCategory": {}})).sub_category, None);
    }

    #[test]
    fn scopes_are_found_wherever_they_are() {
        let context = json!({"requiredGranularScopes": ["a.read", "b.read"]});
        for body in [
            json!({"category": "MISSING_SCOPES", "message": "m", "context": context}),
            json!({"category": "MISSING_SCOPES", "message": "m", "errors": [{"message": "m", "context": context}]}),
            json!({"message": "m", "requiredScopes": ["a.read", "no scope", "b.read"]}),
            json!({"message": "m", "errors": [{"requiredScopes": ["a.read"]}, {"context": {"requiredScopes": ["b.read"]}}]}),
        ] {
            assert_eq!(parse(403, &body).scopes, ["a.read", "b.read"], "{body}");
        }
    }

    #[test]
    fn trace_ids_are_found_wherever_they_are() {
        for body in [
            json!({"message": "m", "objectWriteTraceId": "t"}),
            json!({"message": "m", "context": {"objectWriteTraceId": ["t"]}}),
            json!({"message": "m", "errors": [{"message": "m", "objectWriteTraceId": "t"}]}),
            json!({"message": "m", "errors": [{"message": "m", "context": {"objectWriteTraceId": "t"}}]}),
        ] {
            assert_eq!(parse(400, &body).trace_ids, ["t"], "{body}");
        }
    }

    #[test]
    fn the_record_in_the_way_is_found_wherever_it_is() {
        for body in [
            json!({"message": "Contact already exists. Existing ID: 12", "category": "CONFLICT"}),
            json!({"message": "m", "context": {"existingId": ["12"]}}),
            json!({"message": "m", "context": {"existingId": 12}}),
            json!({"message": "m", "errorType": "UNIQUE_VALUE_CONFLICT", "errorTokens": {"existingObjectId": ["12"]}}),
            json!({"message": "Cannot set PropertyValueCoordinates{propertyName=k, value=v} on 3. 12 already has that value."}),
        ] {
            assert_eq!(parse(409, &body).existing_id.as_deref(), Some("12"), "{body}");
        }
    }

    #[test]
    fn error_tokens_name_the_property() {
        let error = parse(
            400,
            &json!({
                "message": "m", "errorType": "UNIQUE_VALUE_CONFLICT", "errorTokens": {"propertyName": ["k"], "conflictingValue": ["v"]},
            }),
        );
        assert_eq!(
            (error.category.as_deref(), error.property.as_deref()),
            (Some("UNIQUE_VALUE_CONFLICT"), Some("k"))
        );
    }

    #[test]
    fn unset_required_properties_become_faults() {
        let error = parse(
            400,
            &json!({
                "message": "Error creating DEAL. Some required properties were not set.", "category": "VALIDATION_ERROR",
                "context": {"properties": ["dealstage", "pipeline"]},
            }),
        );
        let named: Vec<_> = error.faults.iter().filter_map(|fault| fault.property.as_deref()).collect();
        assert_eq!((named, error.code()), (vec!["dealstage", "pipeline"], "MISSING_REQUIRED_PROPERTY"));
    }

    #[test]
    fn what_fields_say_is_not_said_again_by_words() {
        let detail =
            json!({"code": "PROPERTY_DOESNT_EXIST", "message": "m", "context": {"propertyName": ["a"]}});
        let error = parse(400, &json!({"message": "Property \"b\" does not exist", "errors": [detail]}));
        assert_eq!((error.faults.len(), error.property.as_deref()), (1, Some("a")));
        let body =
            json!({"message": "Contact already exists. Existing ID: 1", "context": {"existingId": ["2"]}});
        assert_eq!(parse(409, &body).existing_id.as_deref(), Some("2"));
    }

    #[test]
    fn a_record_in_the_way_is_found_beside_faults() {
        let detail = json!({"code": "CONTACT_EXISTS", "message": "m", "in": "email"});
        let error =
            parse(409, &json!({"message": "Contact already exists. Existing ID: 1", "errors": [detail]}));
        assert_eq!((error.existing_id.as_deref(), error.code()), (Some("1"), "CONFLICT"));
    }

    #[test]
    fn a_status_in_words_is_no_code() {
        assert_eq!(parse(400, &json!({"status": "ERROR", "message": "m"})).stated_code, None);
        assert_eq!(
            parse(400, &json!({"status": "ERROR", "error": "Forbidden", "code": 12})).stated_code,
            None
        );
    }

    #[test]
    fn oauth_bodies_are_read() {
        let both = parse(
            400,
            &json!({
                "error": "invalid_grant", "error_description": "revoked", "status": "BAD_REFRESH_TOKEN", "message": "revoked",
            }),
        );
        assert_eq!((both.code(), both.message.as_str()), ("BAD_REFRESH_TOKEN", "revoked"));
        let plain = parse(400, &json!({"error": "invalid_grant", "error_description": "revoked"}));
        assert_eq!((plain.code(), plain.message.as_str()), ("invalid_grant", "revoked"));
    }

    #[test]
    fn errors_in_wrappings_are_found() {
        let inner = json!({"message": "m", "category": "CONFLICT"});
        for body in [json!({"data": inner}), json!([inner])] {
            assert_eq!(parse(400, &body).category.as_deref(), Some("CONFLICT"), "{body}");
        }
        let printed = "StandardError{status=error, category=VALIDATION_ERROR, message=Gone, or not, errors=[], context={}}";
        let error = parse(400, &json!({"data": {"message": printed}}));
        assert_eq!(
            (error.category.as_deref(), error.message.as_str()),
            (Some("VALIDATION_ERROR"), "Gone, or not")
        );
    }

    #[test]
    fn what_is_no_identifier_never_gets_into_a_code() {
        let error = parse(
            400,
            &json!({
                "category": "ada@example.com", "subCategory": "two words", "code": "Ada Lovelace", "status": 400,
                "correlationId": "a b", "policyName": "<b>", "message": "m", "errors": [{"code": "x y", "in": "p"}],
            }),
        );
        assert_eq!(
            (&error.category, &error.sub_category, &error.stated_code, &error.policy_name),
            (&None, &None, &None, &None)
        );
        assert_eq!((error.correlation_id.as_deref(), error.code()), (Some("from-header"), "INVALID_RECORD"));
    }

    #[test]
    fn bodies_that_are_no_json_still_say_what_they_can() {
        let read = |body: &[u8]| {
            let error = ApiError::parse(502, body, None);
            assert!(!error.structured);
            error.message
        };
        let own = "HubSpot answered 502 without a readable explanation.";
        assert_eq!(read(b""), own);
        assert_eq!(read(b"  \r\n"), own);
        assert_eq!(read(b"<html><body>no title"), own);
        assert_eq!(read(b"<!DOCTYPE html><TITLE lang=x> 502 Bad Gateway </TITLE>"), "502 Bad Gateway");
        assert_eq!(read(br#"{"message":"cut o"#), own);
        let late = format!("<html>{}<title>too late</title>", " ".repeat(super::PEEK_BYTES));
        assert_eq!(read(late.as_bytes()), own);
        assert_eq!(read(b"null"), "null");
        assert_eq!(read(b"upstream connect error"), "upstream connect error");
        assert_eq!(read(b"\xff\xfe bad bytes"), "\u{fffd}\u{fffd} bad bytes");
        assert_eq!(read(&b"x".repeat(100_000)).chars().count(), 500);
    }

    #[test]
    fn a_body_is_hubspots_own_where_it_has_a_member_of_its_errors() {
        let is_own = |body: &str| ApiError::parse(400, body.as_bytes(), None).structured;
        for body in [
            r#"{"message":"m"}"#,
            r#"{"category":"VALIDATION_ERROR"}"#,
            r#"{"errorType":"RATE_LIMIT"}"#,
            r#"{"status":"error","correlationId":"c"}"#,
            r#"{"errors":[{"code":"A"}]}"#,
            r#"{"validationResults":[{"error":"A","name":"p"}]}"#,
            r#"{"error":"invalid_grant"}"#,
            r#"{"data":{"message":"m"}}"#,
        ] {
            assert!(is_own(body), "{body}");
        }
        for body in [
            "",
            "{}",
            "[]",
            "null",
            "\"blocked\"",
            "<html></html>",
            r#"{"message":""}"#,
            r#"{"error":"Forbidden"}"#,
            r#"{"errors":[]}"#,
            r#"{"message":"cut o"#,
        ] {
            assert!(!is_own(body), "{body}");
        }
    }

    #[test]
    fn an_error_that_names_a_great_many_ids_is_read_in_one_pass() {
        let ids: Vec<String> = (0..200_000).map(|number| (number % 150_000).to_string()).collect();
        let each: Vec<_> = ids
            .iter()
            .take(50_000)
            .map(|id| json!({"code": "A", "context": {"propertyName": [id], "ids": [id]}}))
            .collect();
        let error = parse(
            400,
            &json!({"message": "m", "context": {"ids": ids, "objectWriteTraceId": ids}, "errors": each}),
        );
        assert_eq!((error.ids.len(), error.trace_ids.len(), error.faults.len()), (150_000, 150_000, 50_000));
    }

    #[test]
    fn bytes_that_are_no_text_cost_only_themselves() {
        let error =
            ApiError::parse(400, b"\xef\xbb\xbf{\"category\":\"CONFLICT\",\"message\":\"caf\xe9\"}", None);
        assert_eq!((error.category.as_deref(), error.message.as_str()), (Some("CONFLICT"), "caf\u{fffd}"));
    }

    #[test]
    fn an_entry_may_have_a_status_of_its_own_but_an_answer_has_its_own() {
        let body = json!({"status": 404, "message": "m"});
        assert_eq!(super::read_entry(207, &body).status, 404);
        assert_eq!(super::read_entry(400, &body).status, 400);
        assert_eq!(super::read_entry(207, &json!({"status": "200", "message": "m"})).status, 207);
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        let error = parse(400, &json!({"message": "ü".repeat(501)}));
        assert_eq!(error.message.chars().count(), 500);
    }
}
