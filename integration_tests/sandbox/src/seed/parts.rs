//! The parts of a seed that nothing but seeds has.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::auth::Scopes;
use crate::clock::Millis;
use crate::rules::Demand;

/// A private token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenSeed {
    /// Its text.
    pub token: String,
    /// What it was granted; everything unless given.
    #[serde(default = "Scopes::all")]
    pub scopes: Scopes,
}

/// An OAuth app that is installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppSeed {
    /// Its client id.
    pub client_id: String,
    /// Its client secret.
    pub client_secret: String,
    /// Its refresh token.
    pub refresh_token: String,
    /// What it was granted; everything unless given.
    #[serde(default = "Scopes::all")]
    pub scopes: Scopes,
}

/// A property that the account demands of new records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DemandSeed {
    /// Object type.
    pub object: String,
    /// The property.
    pub property: String,
    /// When it is demanded.
    pub demand: Demand,
}

/// A record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RecordSeed {
    /// Its record id; the next one unless given. A record of that id is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Values by property name, stored as they are whatever the rules for values. Numbers and truth values count as their
    /// text, `null` as absent.
    #[serde(deserialize_with = "texts")]
    #[schemars(with = "BTreeMap<String, Scalar>")]
    pub properties: BTreeMap<String, String>,
    /// When it was made; now unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Millis>,
    /// When it last changed; now unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Millis>,
    /// Since when it is in the recycle bin, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Millis>,
    /// The record it was merged into, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
}

impl RecordSeed {
    /// A record with these values.
    #[must_use]
    pub fn new(values: &[(&str, &str)]) -> Self {
        let properties =
            values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { properties, ..Self::default() }
    }

    /// Gives it a record id.
    #[must_use]
    pub fn id(mut self, id: u64) -> Self {
        self.id = Some(id.to_string());
        self
    }
}

/// One end of an association.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndSeed {
    /// Object type.
    pub object: String,
    /// Record id.
    pub id: String,
}

/// An association.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssociationSeed {
    /// The near end.
    pub from: EndSeed,
    /// The far end.
    pub to: EndSeed,
    /// Labels by their text as seen from the near end; the association is unlabelled without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

/// A value as people write it.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Flag(bool),
    Whole(i64),
    Number(f64),
    Nothing(()),
}

impl Scalar {
    fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Whole(number) => Some(number.to_string()),
            Self::Number(number) => Some(number.to_string()),
            Self::Nothing(()) => None,
        }
    }
}

/// Reads a map of values as texts.
fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    struct Texts;

    impl<'de> Visitor<'de> for Texts {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("values by property name")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = BTreeMap::new();
            while let Some((name, value)) = map.next_entry::<String, Scalar>()? {
                if let Some(text) = value.into_text()
                    && found.insert(name.clone(), text).is_some()
                {
                    return Err(de::Error::custom(format!("{name} has two values")));
                }
            }
            Ok(found)
        }
    }

    deserializer.deserialize_map(Texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_texts() {
        let text = r#"{"properties":{"a":"x","b":5,"c":1.5,"d":true,"e":null}}"#;
        let record: RecordSeed = serde_json::from_str(text).unwrap();
        let values: Vec<_> =
            record.properties.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(values, [("a", "x"), ("b", "5"), ("c", "1.5"), ("d", "true")]);
        assert!(serde_json::from_str::<RecordSeed>(r#"{"properties":{"a":[]}}"#).is_err());
        assert!(serde_json::from_str::<RecordSeed>(r#"{"values":{}}"#).is_err(), "a wrong word is no part");
    }
}
