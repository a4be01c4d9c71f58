//! Answers that are made up: statuses, bodies, limits.

use std::fmt::Write;

use fastrand::Rng;
use serde_json::{Value, json};

use super::deed::Scene;
use super::http::Answer;

const STATUSES: [u16; 52] = [
    300, 304, 305, 400, 400, 400, 401, 402, 403, 403, 404, 405, 406, 407, 408, 409, 409, 410, 411, 412, 413,
    414, 415, 416, 418, 421, 422, 423, 424, 425, 426, 428, 429, 429, 431, 451, 477, 499, 500, 501, 502, 503,
    504, 505, 507, 511, 520, 524, 530, 599, 600, 999,
];

const CATEGORIES: [&str; 14] = [
    "VALIDATION_ERROR",
    "OBJECT_NOT_FOUND",
    "OBJECT_ALREADY_EXISTS",
    "CONFLICT",
    "RATE_LIMITS",
    "MISSING_SCOPES",
    "INVALID_AUTHENTICATION",
    "EXPIRED_AUTHENTICATION",
    "BANNED",
    "PAYMENT_REQUIRED",
    "INTERNAL_ERROR",
    "",
    "☃",
    "A_CATEGORY_THAT_NOBODY_KNOWS",
];

const TYPES: [&str; 10] = [
    "text/html",
    "text/plain;charset=utf-16",
    "application/octet-stream",
    "application/xml",
    "image/png",
    "",
    "application/json;charset=no-such-thing",
    "multipart/form-data",
    "application/json, text/html",
    ";;;=",
];

/// Numbers that nothing should be counted, waited or allocated by.
const NUMBERS: [&str; 20] = [
    "0",
    "-1",
    "1",
    "2",
    "1e19",
    "1e308",
    "1e999",
    "-1e999",
    "0.0001",
    "18446744073709551615",
    "18446744073709551616",
    "9223372036854775807",
    "-9223372036854775808",
    "99999999999999999999999999",
    "4294967296",
    "2147483648",
    "NaN",
    "Infinity",
    "",
    "x",
];

/// A content type that says little.
pub(super) fn odd_type(dice: &mut Rng) -> &'static str {
    TYPES[dice.usize(..TYPES.len())]
}

/// A number, as text, that is absurd.
pub(super) fn absurd_number(dice: &mut Rng) -> &'static str {
    NUMBERS[dice.usize(..NUMBERS.len())]
}

/// A status that is no success, with a body that may or may not be an error of HubSpot's.
pub(super) fn refusal(scene: &Scene<'_>, dice: &mut Rng) -> Answer {
    let status = STATUSES[dice.usize(..STATUSES.len())];
    let mut answer = if dice.bool() {
        Answer::new(status, "application/json", error(scene, dice).to_string().into_bytes())
    } else {
        Answer::new(status, odd_type(dice), nonsense(scene, dice))
    };
    if dice.u8(..3) == 0 {
        answer.set("retry-after", absurd_wait(dice));
    }
    answer
}

/// A success that says nothing of what was asked.
pub(super) fn hollow(scene: &Scene<'_>, dice: &mut Rng) -> Answer {
    let status = [200, 200, 201, 202, 204, 204, 204, 205, 206, 207, 299][dice.usize(..11)];
    Answer::new(status, "application/json", nonsense(scene, dice))
}

/// An answer that sends elsewhere.
pub(super) fn redirect(scene: &Scene<'_>, dice: &mut Rng) -> Answer {
    let status = [301, 302, 303, 307, 308][dice.usize(..5)];
    let mut answer = Answer::new(status, "text/html", b"<html>over there</html>".to_vec());
    let place = match dice.u8(..5) {
        0 => scene.request.path.clone(),
        1 => format!("http://{}{}", scene.port, scene.request.path),
        2 => "https://localhost:1/".to_owned(),
        3 => "file:///etc/passwd".to_owned(),
        _ => format!("http://127.0.0.1:1/?t={}", scene.secrets.first().map_or("", String::as_str)),
    };
    answer.set("location", &place);
    answer
}

/// Limits and waits that are absurd.
pub(super) fn set_absurd_limits(answer: &mut Answer, dice: &mut Rng) {
    for name in [
        "max",
        "remaining",
        "interval-milliseconds",
        "daily",
        "daily-remaining",
        "secondly",
        "secondly-remaining",
    ] {
        if dice.bool() {
            answer.set(&format!("x-hubspot-ratelimit-{name}"), absurd_number(dice));
        }
    }
    if dice.bool() {
        answer.set("retry-after", absurd_wait(dice));
    }
}

fn absurd_wait(dice: &mut Rng) -> &'static str {
    match dice.u8(..4) {
        0 => "Fri, 31 Dec 9999 23:59:59 GMT",
        1 => "Thu, 01 Jan 1970 00:00:00 GMT",
        2 => "0",
        _ => absurd_number(dice),
    }
}

fn secret<'a>(scene: &'a Scene<'_>, dice: &mut Rng) -> &'a str {
    scene.secrets.get(dice.usize(..scene.secrets.len().max(1))).map_or("", String::as_str)
}

/// Something in the shape of an error of HubSpot's, or nearly.
pub(super) fn error(scene: &Scene<'_>, dice: &mut Rng) -> Value {
    let category = CATEGORIES[dice.usize(..CATEGORIES.len())];
    let mut error = json!({
        "status": "error",
        "message": message(scene, dice),
        "correlationId": (["", "c0ffee", "a\nb\u{1b}[2J"][dice.usize(..3)]),
        "category": category,
    });
    match dice.u8(..8) {
        0 => {
            error["errors"] =
                json!([{"message": message(scene, dice), "code": 5, "context": {"ids": ["1", 2, null]}}])
        }
        1 => {
            error["context"] =
                json!({"ids": (0..dice.usize(..3_000)).collect::<Vec<_>>(), "missingScopes": 7})
        }
        2 => error["subCategory"] = json!({"not": "a text"}),
        3 => error["errors"] = json!("none"),
        4 => error["message"] = Value::Null,
        5 => error["policyName"] = json!(["DAILY", "SECONDLY", "TEN_SECONDLY_ROLLING", "☃"][dice.usize(..4)]),
        6 => error["status"] = json!(500),
        _ => {}
    }
    error
}

fn message(scene: &Scene<'_>, dice: &mut Rng) -> String {
    let secret = secret(scene, dice);
    match dice.u8(..7) {
        0 => String::new(),
        1 => format!(
            "Property values were not valid: [{{\"isValid\":false,\"name\":\"email\",\"token\":\"{secret}\"}}]"
        ),
        2 => format!("Contact already exists. Existing ID: {secret}"),
        3 => format!("{secret} is not valid. ").repeat(dice.usize(1..2_000)),
        4 => "Property \"no_such\" does not exist".to_owned(),
        5 => format!(
            "Could not parse {}",
            String::from_utf8_lossy(&scene.request.body).chars().take(400).collect::<String>()
        ),
        _ => "\u{0}\u{7f}\u{202e}☃".to_owned(),
    }
}

/// A body that is no answer to anything.
pub(super) fn nonsense(scene: &Scene<'_>, dice: &mut Rng) -> Vec<u8> {
    let text = match dice.u8(..16) {
        0 => String::new(),
        1 => format!("<!DOCTYPE html><html><body>{}</body></html>", secret(scene, dice)),
        2 => ["null", "[]", "{}", "\"text\"", "0", "1e999", "true", " ", "{", "nul"][dice.usize(..10)].to_owned(),
        3 => "{\"results\":[{\"id\":\"1\"".to_owned(),
        4 => deep(dice),
        5 => wide(dice),
        6 => return (0..dice.usize(1..5_000)).map(|_| dice.u8(..)).collect(),
        7 => ["{\"results\":{}}", "{\"results\":[null,1,\"x\",[],{}]}", "{\"results\":[],\"errors\":7}"][dice.usize(..3)]
            .to_owned(),
        8 => format!("{{\"results\":[],\"numErrors\":{},\"errors\":[]}}", absurd_number(dice)),
        9 => error(scene, dice).to_string(),
        10 => format!("{{\"message\":\"{}\"}}", "x".repeat(dice.usize(1..400_000))),
        11 => many_errors(dice),
        12 => foreign_results(dice),
        13 => "{\"results\":[]}{\"results\":[]}".to_owned(),
        14 => format!("\u{feff}{{\"results\":[],\"id\":{}}}", absurd_number(dice)),
        _ => "{\"status\":\"COMPLETE\",\"results\":[],\"startedAt\":\"yesterday\",\"completedAt\":\"tomorrow\"}".to_owned(),
    };
    text.into_bytes()
}

/// Nesting without end, closed or not.
fn deep(dice: &mut Rng) -> String {
    let depth = [100, 130, 1_000, 100_000][dice.usize(..4)];
    let (open, close) = [("[", "]"), ("{\"results\":[", "]}"), ("{\"errors\":", "}")][dice.usize(..3)];
    let mut text = open.repeat(depth);
    if dice.bool() {
        text += "1";
        text += &close.repeat(depth);
    }
    text
}

fn wide(dice: &mut Rng) -> String {
    let mut text = "{\"results\":[".to_owned();
    for number in 0..dice.usize(1..20_000) {
        // Writing to a string cannot fail.
        let _infallible = write!(text, "{}{{\"k{number}\":{number}}}", if number > 0 { "," } else { "" });
    }
    text + "]}"
}

fn many_errors(dice: &mut Rng) -> String {
    let ids: Vec<String> = (0..dice.usize(1..30_000)).map(|number| number.to_string()).collect();
    json!({"status": "COMPLETE", "results": [], "numErrors": 1, "errors": [
        {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "none of them", "context": {"ids": ids}}]})
    .to_string()
}

/// Results of somebody else's call.
fn foreign_results(dice: &mut Rng) -> String {
    let results: Vec<Value> = (0..dice.usize(1..120))
        .map(|number| {
            let mut result = json!({"id": format!("9{number:011}"), "new": true,
                "properties": {"email": format!("somebody{number}@elsewhere.example"), "code": format!("foreign {number}")}});
            if dice.bool() {
                result["objectWriteTraceId"] = json!(format!("foreign-{number}"));
            }
            result
        })
        .collect();
    json!({"status": "COMPLETE", "results": results}).to_string()
}
