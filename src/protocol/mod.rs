//! The Airbyte wire: what comes on stdin, what the catalog says, what goes to stdout.
//!
//! Types and bytes only. Source: Airbyte protocol 0.18 (`airbyte_protocol.yaml`) and the platform's
//! behaviour as its documentation describes it.

pub mod catalog;
pub mod emitted_at;
pub mod line;
pub mod message;
pub mod state;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// Name of a stream together with its namespace; the identity of a stream in a sync.
///
/// A namespace of `null`, `""` or none at all is the same thing: the platform treats them alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamDescriptor {
    /// Stream name, as the source calls it.
    pub name: String,
    /// Namespace, absent when empty.
    #[serde(default, deserialize_with = "empty_is_absent", skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

impl StreamDescriptor {
    /// A descriptor with the empty namespace read as none.
    #[must_use]
    pub fn new(name: &str, namespace: Option<&str>) -> Self {
        let namespace = namespace.filter(|text| !text.is_empty()).map(str::to_owned);
        Self { name: name.to_owned(), namespace }
    }

    /// As it is told where it may be of any length: only the source names it.
    #[must_use]
    pub fn abridged(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{}.{}", abridged(namespace), abridged(&self.name)),
            None => abridged(&self.name).into_owned(),
        }
    }
}

/// Characters of a name that are told where it may be of any length.
const TOLD: usize = 200;

/// A name that only the source gives, as far as it is worth telling.
#[must_use]
pub fn abridged(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(TOLD) {
        Some((end, _)) => Cow::Owned(format!("{}...", &name[..end])),
        None => Cow::Borrowed(name),
    }
}

impl fmt::Display for StreamDescriptor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(formatter, "{namespace}.{}", self.name),
            None => formatter.write_str(&self.name),
        }
    }
}

fn empty_is_absent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}
