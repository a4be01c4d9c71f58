//! Lines for stdout: every message this destination prints, one JSON object a line.

use serde::Serialize;
use serde_json::{Value, json};

use crate::error::Failure;

/// Severity of a LOG message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Data is lost or a person has to act.
    Error,
    /// Unexpected; nothing is lost.
    Warn,
    /// What is going on.
    Info,
    /// For maintainers.
    Debug,
    /// For maintainers, in detail.
    Trace,
}

/// A LOG line.
#[must_use]
pub fn log(level: Level, message: &str) -> String {
    line(&json!({"type": "LOG", "log": {"level": level, "message": message}}))
}

/// The SPEC line.
#[must_use]
pub fn spec(specification: &Value) -> String {
    line(&json!({"type": "SPEC", "spec": specification}))
}

/// The CONNECTION_STATUS line; `Err` carries what has to be done.
#[must_use]
pub fn connection_status(result: Result<&str, &str>) -> String {
    let (status, message) = match result {
        Ok(message) => ("SUCCEEDED", message),
        Err(message) => ("FAILED", message),
    };
    line(&json!({"type": "CONNECTION_STATUS", "connectionStatus": {"status": status, "message": message}}))
}

/// The DESTINATION_CATALOG line.
#[must_use]
pub fn destination_catalog(operations: &Value) -> String {
    line(&json!({"type": "DESTINATION_CATALOG", "destination_catalog": {"operations": operations}}))
}

/// The one TRACE ERROR line of a failed command. `emitted_at` is in milliseconds since 1970.
#[must_use]
pub fn trace_error(failure: &Failure, emitted_at: f64) -> String {
    let mut error = json!({
        "message": failure.to_string(),
        "internal_message": failure.internal.as_deref().map_or_else(|| failure.to_string(), str::to_owned),
        "failure_type": failure.kind.failure_type(),
    });
    if let Some(stream) = &failure.stream {
        error["stream_descriptor"] = json!(stream);
    }
    line(&json!({"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": emitted_at, "error": error}}))
}

/// The CONTROL line that hands the whole configuration back to the platform, with a rotated refresh token.
///
/// `configuration` is the JSON text of the configuration; the line holds its secrets on purpose.
#[must_use]
pub fn control_configuration(configuration: &str, emitted_at: f64) -> String {
    let emitted_at = json!(emitted_at);
    escape_line_ends(format!(
        r#"{{"type":"CONTROL","control":{{"type":"CONNECTOR_CONFIG","emitted_at":{emitted_at},"connectorConfig":{{"config":{configuration}}}}}}}"#
    ))
}

fn line(message: &Value) -> String {
    escape_line_ends(message.to_string())
}

/// Writes the characters that some readers take for line ends as escapes; they occur in JSON text inside
/// strings only.
fn escape_line_ends(text: String) -> String {
    if !text.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
        return text;
    }
    text.replace('\u{85}', "\\u0085").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::protocol::StreamDescriptor;

    #[test]
    fn an_error_carries_everything_the_platform_reads() {
        let failure = Failure::new(Kind::Configuration, "no such object")
            .of_stream(&StreamDescriptor::new("s", None))
            .correlated(Some("c-1"));
        let trace: Value = serde_json::from_str(&trace_error(&failure, 1.5)).unwrap();
        assert_eq!(trace["trace"]["error"]["failure_type"], "config_error");
        assert_eq!(trace["trace"]["error"]["message"], "no such object (HubSpot correlation id c-1)");
        assert_eq!(trace["trace"]["error"]["stream_descriptor"], json!({"name": "s"}));
        assert_eq!(trace["trace"]["emitted_at"], json!(1.5));
    }

    #[test]
    fn line_separators_inside_text_are_escaped() {
        let line = log(Level::Warn, "a\u{2028}b\u{85}c");
        assert!(line.is_ascii());
        let back: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(back["log"]["message"], "a\u{2028}b\u{85}c");
    }
}
