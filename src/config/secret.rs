//! Reading secrets: wrapped at once, so that nothing can print them by accident.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

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

/// Whether nothing is left of the secret.
pub(super) fn is_blank(secret: &SecretString) -> bool {
    secret.expose_secret().trim().is_empty()
}
