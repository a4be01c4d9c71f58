//! A list to be made by a test or a demonstration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a list gets its members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum ProcessingType {
    /// `MANUAL`: by calls only.
    #[default]
    Manual,
    /// `SNAPSHOT`: by filters once, by calls from then on. The sandbox evaluates no filters: it starts empty.
    Snapshot,
    /// `DYNAMIC`: by filters, never by calls. The sandbox evaluates no filters: a test sets the members.
    Dynamic,
}

impl ProcessingType {
    /// HubSpot's spelling.
    pub(crate) fn spelled(self) -> &'static str {
        match self {
            Self::Manual => "MANUAL",
            Self::Snapshot => "SNAPSHOT",
            Self::Dynamic => "DYNAMIC",
        }
    }

    /// The type of that spelling.
    pub(crate) fn from_spelling(text: &str) -> Option<Self> {
        [Self::Manual, Self::Snapshot, Self::Dynamic].into_iter().find(|kind| kind.spelled() == text)
    }
}

/// A list to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListDef {
    /// Its name.
    pub(crate) name: String,
    /// Object type of its records.
    pub(crate) object: String,
    /// How it gets its members; `MANUAL` unless given.
    #[serde(rename = "processingType", default)]
    pub(crate) processing: ProcessingType,
    /// Its `listId`; the next free number unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<u64>,
    /// Record ids of its members; they need not exist yet, and only those that do are shown.
    #[serde(default)]
    pub(crate) members: Vec<String>,
}

impl ListDef {
    /// A list of records of an object type.
    #[must_use]
    pub fn new(name: &str, object: &str, processing: ProcessingType) -> Self {
        Self { name: name.to_owned(), object: object.to_owned(), processing, id: None, members: Vec::new() }
    }

    /// A `MANUAL` list.
    #[must_use]
    pub fn manual(name: &str, object: &str) -> Self {
        Self::new(name, object, ProcessingType::Manual)
    }

    /// A `DYNAMIC` list.
    #[must_use]
    pub fn dynamic(name: &str, object: &str) -> Self {
        Self::new(name, object, ProcessingType::Dynamic)
    }

    /// Its `listId`; the next free number unless set.
    #[must_use]
    pub fn id(mut self, id: u64) -> Self {
        self.id = Some(id);
        self
    }

    /// Records it starts with, by record id; they need not exist yet, and only those that do are shown.
    #[must_use]
    pub fn members(mut self, ids: &[&str]) -> Self {
        self.members = ids.iter().map(|id| (*id).to_owned()).collect();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_as_they_are_spelled() {
        for kind in [ProcessingType::Manual, ProcessingType::Snapshot, ProcessingType::Dynamic] {
            assert_eq!(ProcessingType::from_spelling(kind.spelled()), Some(kind));
        }
        assert_eq!(ProcessingType::from_spelling("manual"), None);
    }
}
