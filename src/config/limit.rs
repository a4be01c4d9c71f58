//! Limits that are a count, or a percentage of something.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::check::Findings;
use super::error::Expected;
use super::path::FieldPath;
use crate::bound::Bound;

/// A limit as the user wrote it: `100`, or `5%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit(Option<Bound>);

impl Limit {
    /// The limit; `None` only for what `Limit::check` refuses.
    #[must_use]
    pub fn bound(self) -> Option<Bound> {
        self.0
    }

    pub(super) fn check(limit: Option<Self>, at: FieldPath, findings: &mut Findings) {
        if limit.is_some_and(|limit| limit.0.is_none()) {
            findings.add(at, Expected::Limit);
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(deserializer)?.parse().ok()))
    }
}

impl JsonSchema for Limit {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}
