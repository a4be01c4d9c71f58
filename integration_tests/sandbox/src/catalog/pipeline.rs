//! Pipelines and their stages.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/pipelines/guide>.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::object_type::Family;
use crate::clock::Millis;

/// A pipeline, as HubSpot's own answers write it; an id and a label are enough for one that is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pipeline {
    /// What records hold.
    pub id: String,
    /// What people see.
    pub label: String,
    /// Position among its type's pipelines.
    #[serde(default)]
    pub display_order: i32,
    /// Whether it is in the recycle bin.
    #[serde(default)]
    pub archived: bool,
    /// When it was made.
    #[serde(default)]
    pub created_at: Option<Millis>,
    /// When it last changed.
    #[serde(default)]
    pub updated_at: Option<Millis>,
    /// Its stages.
    #[serde(default)]
    pub stages: Vec<Stage>,
}

/// A stage of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// What records hold.
    pub id: String,
    /// What people see.
    pub label: String,
    /// Position among its pipeline's stages.
    #[serde(default)]
    pub display_order: i32,
    /// Whether it is in the recycle bin.
    #[serde(default)]
    pub archived: bool,
    /// When it was made.
    #[serde(default)]
    pub created_at: Option<Millis>,
    /// When it last changed.
    #[serde(default)]
    pub updated_at: Option<Millis>,
    /// `probability` for deals, `ticketState` for tickets, `isClosed` for all.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// Who may write it.
    #[serde(default = "permissions")]
    pub write_permissions: String,
}

fn permissions() -> String {
    "CRM_PERMISSIONS_ENFORCEMENT".to_owned()
}

/// When the pipelines that every account has were made.
const LONG_AGO: Millis = Millis(1_593_532_655_997);

impl Pipeline {
    /// A pipeline without stages.
    #[must_use]
    pub fn new(id: &str, label: &str) -> Self {
        Self {
            id: id.to_owned(),
            label: label.to_owned(),
            display_order: 0,
            archived: false,
            created_at: Some(LONG_AGO),
            updated_at: Some(LONG_AGO),
            stages: Vec::new(),
        }
    }

    /// Adds a stage behind those it has.
    #[must_use]
    pub fn stage(mut self, mut stage: Stage) -> Self {
        stage.display_order = i32::try_from(self.stages.len()).unwrap_or(i32::MAX);
        stage.complete(&self);
        self.stages.push(stage);
        self
    }

    /// Fills in what was left out.
    pub(crate) fn complete(&mut self, family: Family, now: Millis) {
        self.created_at.get_or_insert(now);
        self.updated_at.get_or_insert(now);
        for stage in &mut self.stages {
            stage.created_at.get_or_insert(now);
            stage.updated_at.get_or_insert(now);
            let (name, usual) = match family {
                Family::Deal => ("probability", "0.5"),
                Family::Ticket => ("ticketState", "OPEN"),
                _ => continue,
            };
            stage.metadata.entry(name.to_owned()).or_insert_with(|| usual.to_owned());
        }
        self.stages.iter_mut().for_each(Stage::close);
    }
}

impl Stage {
    /// A stage.
    #[must_use]
    pub fn new(id: &str, label: &str) -> Self {
        Self {
            id: id.to_owned(),
            label: label.to_owned(),
            display_order: 0,
            archived: false,
            created_at: None,
            updated_at: None,
            metadata: BTreeMap::new(),
            write_permissions: permissions(),
        }
    }

    /// Gives it a piece of metadata.
    #[must_use]
    pub fn metadata(mut self, name: &str, value: &str) -> Self {
        self.metadata.insert(name.to_owned(), value.to_owned());
        self
    }

    fn complete(&mut self, pipeline: &Pipeline) {
        self.created_at = self.created_at.or(pipeline.created_at);
        self.updated_at = self.updated_at.or(pipeline.updated_at);
        self.close();
    }

    /// Works out whether records in it are closed: deals that are won or lost for certain, tickets by their state.
    pub(crate) fn close(&mut self) {
        let probability = self.metadata.get("probability").and_then(|text| text.parse::<f64>().ok());
        let state = self.metadata.get("ticketState").or_else(|| self.metadata.get("state"));
        let closed = match (probability, state) {
            (Some(probability), _) => probability <= 0.0 || probability >= 1.0,
            (None, Some(state)) => state == "CLOSED",
            (None, None) => false,
        };
        self.metadata.insert("isClosed".to_owned(), closed.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_and_a_label_are_enough() {
        let text = r#"{"id":"7","label":"Renewals","stages":[{"id":"8","label":"Won","metadata":{"probability":"1.0"}}]}"#;
        let mut pipeline: Pipeline = serde_json::from_str(text).unwrap();
        pipeline.complete(Family::Deal, Millis(5));
        assert_eq!((pipeline.created_at, pipeline.stages[0].updated_at), (Some(Millis(5)), Some(Millis(5))));
        assert_eq!(pipeline.stages[0].metadata["isClosed"], "true");
    }

    #[test]
    fn stages_are_closed_by_what_they_say() {
        let closed = |name: &str, value: &str| {
            let pipeline = Pipeline::new("p", "P").stage(Stage::new("s", "S").metadata(name, value));
            pipeline.stages[0].metadata["isClosed"].clone()
        };
        assert_eq!(
            (closed("probability", "0.0").as_str(), closed("probability", "0.9").as_str()),
            ("true", "false")
        );
        assert_eq!(
            (closed("ticketState", "CLOSED").as_str(), closed("other", "1").as_str()),
            ("true", "false")
        );
    }
}
