//! Lists (segments) of an account, as far as the connector reads them.
//!
//! Source: HubSpot's lists guide.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    /// HubSpot's id of it; a text in the documentation, a number in some answers.
    #[serde(deserialize_with = "text")]
    pub list_id: String,
    /// The name people gave it.
    #[serde(default)]
    pub name: String,
    /// Type id of its members.
    #[serde(default)]
    pub object_type_id: String,
    /// Who decides about its members.
    #[serde(default)]
    pub processing_type: ProcessingType,
    /// When it was deleted, if it was: HubSpot shows it by its id for 90 days more.
    #[serde(default)]
    pub deleted_at: Option<String>,
}

/// A list as a record names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListName {
    /// By HubSpot's id.
    Id(String),
    /// By the name people gave it, which is unique among the account's lists.
    Name(String),
}

/// What is done about a name that no list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMissing {
    /// A manual list of that name is made.
    Create,
    /// Nothing: that there is none is the answer.
    Tell,
}

/// A list that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRequest {
    /// Which one.
    pub name: ListName,
    /// Type id of its members.
    pub object_type_id: String,
    /// What follows where there is none. Nothing can be made of an id.
    pub if_missing: IfMissing,
}

/// What came of looking for a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundList {
    /// It is there, perhaps by now.
    There(List),
    /// There is none.
    Missing,
    /// There is none of these members, and a list of others, or one that the token may not see, has the name.
    NameTaken,
    /// There is none, and HubSpot makes none of that name.
    Refused,
}

/// Who decides about a list's members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProcessingType {
    /// People and apps.
    Manual,
    /// A filter that ran once; people and apps since.
    Snapshot,
    /// A filter that runs always: nobody else may change the members.
    Dynamic,
    /// A kind this connector does not know: HubSpot is to judge.
    #[default]
    #[serde(other)]
    Other,
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(D::Error::custom("neither a text nor a number")),
    }
}

impl List {
    /// Whether members may be added and removed.
    #[must_use]
    pub fn takes_members(&self) -> bool {
        self.processing_type != ProcessingType::Dynamic
    }

    /// Whether it was deleted.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lists_that_a_filter_rules_take_no_members() {
        let read = |kind: &str| -> List {
            serde_json::from_str(&format!(
                r#"{{"listId":"7","name":"n","objectTypeId":"0-1","processingType":"{kind}"}}"#
            ))
            .unwrap()
        };
        assert_eq!(read("MANUAL").processing_type, ProcessingType::Manual);
        assert!(!read("MANUAL").is_deleted());
        assert_eq!(serde_json::from_str::<List>(r#"{"listId":7}"#).unwrap().list_id, "7");
        for (kind, takes) in [("MANUAL", true), ("SNAPSHOT", true), ("DYNAMIC", false), ("NEW_KIND", true)] {
            assert_eq!(read(kind).takes_members(), takes, "{kind}");
        }
    }
}
