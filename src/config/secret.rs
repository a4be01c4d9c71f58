//! Reading secrets: wrapped at once, so that nothing can print them by accident.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads a secret and removes white space around it: tokens are pasted, often with a line break, and a line
/// break cannot be sent in an HTTP header.
pub(super) fn trimmed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    let secret = SecretString::deserialize(deserializer)?;
    Ok(SecretString::from(secret.expose_secret().trim()))
}

/// [`trimmed`] for a secret that may be absent.
pub(super) fn trimmed_option<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SecretString>, D::Error> {
    trimmed(deserializer).map(Some)
}

/// What a bearer token holds that belongs to none, if anything: a header takes visible ASCII, and HubSpot's tokens are
/// letters, digits and few signs.
pub(super) fn beside_a_token(secret: &SecretString) -> Option<&'static str> {
    let token = secret.expose_secret();
    let is_quoted = |quote| token.starts_with(quote) || token.ends_with(quote);
    if token.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("bearer")) {
        Some("without the word \"Bearer\"")
    } else if token.contains(char::is_whitespace) {
        Some("on one line and without blanks")
    } else if is_quoted('"') || is_quoted('\'') {
        Some("without quotation marks")
    } else if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        Some("without characters that no token has (accents, invisible ones)")
    } else {
        None
    }
}

/// The parts of a secret that are secret by themselves: the private key of a service account's key file and its id, and
/// the signature in a shared access signature.
pub(super) fn parts(secret: &SecretString) -> Vec<SecretString> {
    let text = secret.expose_secret();
    if let Ok(Value::Object(members)) = serde_json::from_str(text) {
        let keys = ["private_key", "private_key_id"].into_iter();
        return keys.filter_map(|key| members.get(key)?.as_str().map(SecretString::from)).collect();
    }
    let signature = text.split(['?', '&']).find_map(|field| field.strip_prefix("sig="));
    signature.map(SecretString::from).into_iter().collect()
}

/// Whether nothing is left of the secret.
pub(super) fn is_blank(secret: &SecretString) -> bool {
    secret.expose_secret().trim().is_empty()
}
