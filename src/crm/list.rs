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
        assert_eq!(serde_json::from_str::<List>(r#"{"listId":7}"#).unwrap().list_id, "7");
        for (kind, takes) in [("MANUAL", true), ("SNAPSHOT", true), ("DYNAMIC", false), ("NEW_KIND", true)] {
            assert_eq!(read(kind).takes_members(), takes, "{kind}");
        }
    }
}
