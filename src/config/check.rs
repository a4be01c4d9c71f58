//! Rules that JSON Schema cannot say, or that the reference connector's schema does not say: collected over
//! the whole configuration, so that a person sees all of them at once.

use secrecy::SecretString;

use super::error::{Expected, Problem};
use super::path::FieldPath;
use super::secret;

/// Collects the problems found while walking a configuration.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Problem>);

impl Findings {
    /// Notes that the field at `path` is not what was expected.
    pub(super) fn add(&mut self, path: FieldPath, expected: Expected) {
        self.0.push(Problem { path, expected });
    }

    /// The member `key` of the object at `parent` must hold more than white space.
    pub(super) fn not_blank(&mut self, parent: &FieldPath, key: &str, value: &str) {
        if value.trim().is_empty() {
            self.add(parent.key(key), Expected::NotBlank);
        }
    }

    /// [`Self::not_blank`] for a key that may be absent.
    pub(super) fn not_blank_if_set(&mut self, parent: &FieldPath, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.not_blank(parent, key, value);
        }
    }

    /// [`Self::not_blank`] for a secret, absent ones passing.
    pub(super) fn secret_not_blank<'a>(
        &mut self,
        parent: &FieldPath,
        key: &str,
        value: impl Into<Option<&'a SecretString>>,
    ) {
        if value.into().is_some_and(secret::is_blank) {
            self.add(parent.key(key), Expected::NotBlank);
        }
    }

    /// The member `key` of the object at `parent` must be a token that can be sent: what is pasted with it would make
    /// HubSpot's edge refuse every call without saying why.
    pub(super) fn bearer_token(&mut self, parent: &FieldPath, key: &str, value: &SecretString) {
        if secret::is_blank(value) {
            self.add(parent.key(key), Expected::NotBlank);
        } else if let Some(beside) = secret::beside_a_token(value) {
            self.add(parent.key(key), Expected::TokenAlone(beside));
        }
    }

    /// All problems, in the order they were found.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.0
    }
}
