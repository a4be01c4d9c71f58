//! What must not be shown: the secrets this process knows, and the texts of others that repeat one.
//!
//! The program's own words hold no secret. What it passes on may: HubSpot's texts, names of an account's properties and
//! lists, a rejected record. So every line but two passes through here on its way out: a STATE is the source's and never
//! changed, and a CONTROL hands a new refresh token on.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};
use secrecy::{ExposeSecret, SecretString};

mod decoded;
mod line;

/// Secrets of so few characters are not looked for: they are no credentials of HubSpot's, and would blot out innocent text.
const FEWEST_CHARACTERS: usize = 8;

/// The secrets that are known; clones share them.
#[derive(Clone, Default)]
pub struct Secrets(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    texts: Vec<SecretString>,
    finder: Option<Finder>,
}

/// Finds secrets in bytes, in any letter case.
struct Finder {
    secrets: AhoCorasick,
    /// Whether one of them holds a blank, which forms write as `+`.
    holds_blanks: bool,
    /// Bytes of the longest.
    longest: usize,
}

impl Secrets {
    /// Adds secrets; each is looked for from now on.
    pub fn add<'a>(&self, secrets: impl IntoIterator<Item = &'a str>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = known.texts.len();
        for secret in secrets.into_iter().map(str::trim) {
            let is_long = secret.chars().nth(FEWEST_CHARACTERS - 1).is_some();
            if is_long && !known.texts.iter().any(|text| text.expose_secret() == secret) {
                known.texts.push(secret.into());
            }
        }
        if known.texts.len() > before {
            let texts: Vec<&str> = known.texts.iter().map(ExposeSecret::expose_secret).collect();
            let secrets = AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::LeftmostLongest)
                .build(&texts);
            let holds_blanks = texts.iter().any(|text| text.contains(' '));
            // Only billions of bytes of secrets could not be looked for.
            let longest = texts.iter().map(|text| text.len()).max().unwrap_or_default();
            known.finder = secrets.ok().map(|secrets| Finder { secrets, holds_blanks, longest });
        }
    }

    /// The line, a JSON text, with every secret in it masked: as it is, escaped as JSON or for a URL, or both. `None` where
    /// it repeats none.
    #[must_use]
    pub fn masked(&self, line: &str) -> Option<String> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        line::masked(line, known.finder.as_ref()?)
    }

    /// Masks the secrets in what stands behind `start`, a line of JSON.
    pub fn mask_from(&self, lines: &mut Vec<u8>, start: usize) {
        let Ok(line) = std::str::from_utf8(&lines[start..]) else { return };
        if let Some(masked) = self.masked(line) {
            lines.truncate(start);
            lines.extend_from_slice(masked.as_bytes());
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Secrets").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(secrets: &[&str]) -> Secrets {
        let known = Secrets::default();
        known.add(secrets.iter().copied());
        known
    }

    #[test]
    fn short_secrets_are_not_looked_for_and_nothing_is_shown_in_debug() {
        let secrets = known(&["seven77", "        ", "eight888"]);
        assert_eq!(secrets.masked(r#"{"a":"seven77"}"#), None);
        assert_eq!(secrets.masked(r#"{"a":"x eight888 y"}"#).as_deref(), Some(r#"{"a":"x *** y"}"#));
        assert!(!format!("{secrets:?}").contains("eight888"));
        assert_eq!(Secrets::default().masked(r#"{"a":"eight888"}"#), None);
    }

    #[test]
    fn what_is_added_later_is_found_too() {
        let secrets = known(&["first-secret"]);
        secrets.clone().add(["second-secret", "first-secret"]);
        let masked = secrets.masked(r#"["First-Secret","second-secret"]"#);
        assert_eq!(masked.as_deref(), Some(r#"["***","***"]"#));
    }

    #[test]
    fn only_what_is_behind_the_start_is_masked() {
        let secrets = known(&["eight888"]);
        let mut lines = b"{\"state\":\"eight888\"}\n".to_vec();
        let start = lines.len();
        lines.extend_from_slice(b"{\"record\":\"eight888\"}\n");
        secrets.mask_from(&mut lines, start);
        assert_eq!(lines, b"{\"state\":\"eight888\"}\n{\"record\":\"***\"}\n");
    }
}
