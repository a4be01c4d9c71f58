//! What holds of every run, whatever it was given: it ends, nothing panics, each line is a message, no secret is told.

use serde_json::Value;

use super::protocol;
use super::watch::Outcome;

/// What a run did, as far as it has to be judged.
pub(crate) type Verdict = Result<(), String>;

/// Fails with a text where a condition does not hold.
pub(crate) fn holds(condition: bool, what: impl FnOnce() -> String) -> Verdict {
    if condition { Ok(()) } else { Err(what()) }
}

/// What holds of every command: it ended by itself, nothing panicked, each line is one message, no secret is in any of them.
/// Gives the messages.
pub(crate) fn of_any(outcome: &Outcome, secrets: &[String]) -> Result<Vec<Value>, String> {
    let stderr = String::from_utf8_lossy(&outcome.stderr);
    holds(stderr.is_empty(), || format!("stderr: {stderr}"))?;
    let status = outcome.status.ok_or("it did not end")?;
    holds(status.code() != Some(101), || "it panicked".to_owned())?;
    let text = std::str::from_utf8(&outcome.stdout).map_err(|error| format!("stdout: {error}"))?;
    holds(text.is_empty() || text.ends_with('\n'), || "stdout ends within a line".to_owned())?;
    let mut messages = Vec::new();
    for line in text.lines() {
        let message = protocol::read(line).map_err(|error| format!("{error}: {}", cut(line)))?;
        // The one place for it is the configuration that was changed by a new refresh token.
        if message["type"] != "CONTROL" {
            let told = secrets.iter().find(|secret| forms(secret).iter().any(|form| line.contains(form)));
            holds(told.is_none(), || format!("{told:?} in {}", cut(line)))?;
        }
        messages.push(message);
    }
    Ok(messages)
}

/// A secret as it is, and as JSON and URLs have it.
fn forms(secret: &str) -> [String; 3] {
    let json = serde_json::to_string(secret).unwrap_or_default();
    let percent = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    [secret.to_owned(), json.trim_matches('"').to_owned(), secret.bytes().map(percent).collect()]
}

fn cut(line: &str) -> String {
    line.chars().take(600).collect()
}
