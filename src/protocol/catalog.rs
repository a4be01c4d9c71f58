//! The configured catalog: which streams come, and what the user wants done with them.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::StreamDescriptor;

/// What `--catalog` holds.
#[derive(Clone, Debug)]
pub struct ConfiguredCatalog {
    /// The streams, in the file's order; never empty, never two of one identity.
    pub streams: Vec<ConfiguredStream>,
}

/// One stream of the catalog. Absent and `null` are the same for every optional field.
#[derive(Clone, Debug)]
pub struct ConfiguredStream {
    /// Identity of the stream.
    pub descriptor: StreamDescriptor,
    /// Top-level properties the stream's JSON schema declares; empty when it declares nothing.
    pub columns: Map<String, Value>,
    /// `full_refresh` streams are read from the beginning each time.
    pub is_full_refresh: bool,
    /// What the platform asks for.
    pub destination_sync_mode: DestinationSyncMode,
    /// Paths to the primary key; under data activation, the matching key the user chose.
    pub primary_key: Vec<Vec<String>>,
    /// The HubSpot object the user chose in the data-activation form.
    pub destination_object_name: Option<String>,
    /// Present where the platform supports refreshes; then the end of each stream is announced by a status.
    pub generation_id: Option<i64>,
    /// Records of generations before this one are to go.
    pub minimum_generation_id: Option<i64>,
    /// The sync (job) this run belongs to.
    pub sync_id: Option<i64>,
}

/// The platform's word for what should happen to a stream's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DestinationSyncMode {
    /// Add records.
    Append,
    /// Replace all records.
    Overwrite,
    /// Add records, one per key.
    AppendDedup,
    /// Replace all records, one per key; the platform sends it as one of the others.
    OverwriteDedup,
    /// Change records that exist.
    Update,
    /// Archive records.
    SoftDelete,
}

/// Why a catalog cannot be used. The text never holds more of the file than names of streams.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// The file is no JSON, or not of a catalog's shape.
    #[error("the catalog is not a configured Airbyte catalog: {0}")]
    Malformed(String),
    /// Nothing to do.
    #[error("the catalog has no streams; select at least one stream in the connection")]
    Empty,
    /// Two entries for one stream: their records could not be told apart.
    #[error("the catalog names the stream \"{0}\" twice")]
    Duplicate(StreamDescriptor),
}

#[derive(Deserialize)]
struct CatalogFile {
    #[serde(default)]
    streams: Option<Vec<StreamEntry>>,
}

#[derive(Deserialize)]
struct StreamEntry {
    stream: StreamFile,
    #[serde(default)]
    sync_mode: Option<String>,
    #[serde(default)]
    destination_sync_mode: Option<DestinationSyncMode>,
    #[serde(default)]
    primary_key: Option<Vec<Vec<String>>>,
    #[serde(default)]
    destination_object_name: Option<String>,
    #[serde(default)]
    generation_id: Option<i64>,
    #[serde(default)]
    minimum_generation_id: Option<i64>,
    #[serde(default)]
    sync_id: Option<i64>,
}

#[derive(Deserialize)]
struct StreamFile {
    name: String,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    json_schema: Option<Value>,
}

impl ConfiguredStream {
    /// The columns that hold numbers and nothing else, as the stream's schema has it.
    #[must_use]
    pub fn numbers(&self) -> HashSet<String> {
        let is_number = |(_, schema): &(&String, &Value)| is_number(schema);
        self.columns.iter().filter(is_number).map(|(name, _)| name.clone()).collect()
    }
}

/// Whether a schema allows numbers, and nothing else but null.
fn is_number(schema: &Value) -> bool {
    let mut types = Vec::new();
    collect_types(schema, &mut types);
    types.retain(|name| *name != "null");
    !types.is_empty() && types.iter().all(|name| matches!(*name, "number" | "integer"))
}

/// The JSON types a schema allows, those of its alternatives included.
fn collect_types<'s>(schema: &'s Value, types: &mut Vec<&'s str>) {
    match &schema["type"] {
        Value::String(name) => types.push(name),
        Value::Array(names) => types.extend(names.iter().map(|name| name.as_str().unwrap_or("any"))),
        _ => {
            let alternatives =
                ["oneOf", "anyOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
            let before = types.len();
            alternatives.for_each(|schema| collect_types(schema, types));
            if types.len() == before {
                types.push("any");
            }
        }
    }
}

impl ConfiguredCatalog {
    /// Reads a catalog file.
    ///
    /// # Errors
    /// [`CatalogError`], with the place in the file where its JSON or its shape breaks.
    pub fn from_json(text: &str) -> Result<Self, CatalogError> {
        let file: CatalogFile =
            serde_json::from_str(text).map_err(|error| CatalogError::Malformed(error.to_string()))?;
        let streams: Vec<ConfiguredStream> =
            file.streams.unwrap_or_default().into_iter().map(ConfiguredStream::from).collect();
        if streams.is_empty() {
            return Err(CatalogError::Empty);
        }
        let mut seen = HashSet::new();
        if let Some(twice) = streams.iter().find(|stream| !seen.insert(&stream.descriptor)) {
            return Err(CatalogError::Duplicate(twice.descriptor.clone()));
        }
        Ok(Self { streams })
    }
}

impl ConfiguredStream {
    /// Whether what an earlier sync has written is to be replaced by what this one brings.
    ///
    /// The platform turns the mode `overwrite` into `append` before a destination sees it that supports refreshes, and says
    /// the same by the two generation ids alone (airbyte-platform, `DefaultProtocolSerializer.kt` and
    /// `CatalogGenerationSetter.kt`). Only a stream that is read from the beginning brings everything.
    #[must_use]
    pub fn replaces(&self) -> bool {
        match self.destination_sync_mode {
            DestinationSyncMode::Overwrite | DestinationSyncMode::OverwriteDedup => true,
            DestinationSyncMode::Append | DestinationSyncMode::AppendDedup => {
                self.is_full_refresh
                    && self.generation_id.is_some_and(|id| id > 0 && self.minimum_generation_id == Some(id))
            }
            DestinationSyncMode::Update | DestinationSyncMode::SoftDelete => false,
        }
    }
}

impl From<StreamEntry> for ConfiguredStream {
    fn from(entry: StreamEntry) -> Self {
        let columns = match entry.stream.json_schema {
            Some(Value::Object(mut schema)) => match schema.remove("properties") {
                Some(Value::Object(properties)) => properties,
                _ => Map::new(),
            },
            _ => Map::new(),
        };
        Self {
            descriptor: StreamDescriptor::new(&entry.stream.name, entry.stream.namespace.as_deref()),
            columns,
            is_full_refresh: entry.sync_mode.as_deref() == Some("full_refresh"),
            // The protocol calls append the default of a destination.
            destination_sync_mode: entry.destination_sync_mode.unwrap_or(DestinationSyncMode::Append),
            primary_key: entry.primary_key.unwrap_or_default(),
            destination_object_name: entry.destination_object_name.filter(|name| !name.trim().is_empty()),
            generation_id: entry.generation_id,
            minimum_generation_id: entry.minimum_generation_id,
            sync_id: entry.sync_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_are_absent_and_columns_keep_their_order() {
        let catalog = ConfiguredCatalog::from_json(
            r#"{"streams":[{"stream":{"name":"c","namespace":null,"json_schema":{"properties":{"z":{},"a":{"type":"string"}}}},
                "sync_mode":"incremental","destination_sync_mode":"append_dedup","primary_key":null,"cursor_field":null,
                "destination_object_name":null,"generation_id":null,"sync_id":12}]}"#,
        )
        .unwrap();
        let stream = &catalog.streams[0];
        assert_eq!(stream.columns.keys().collect::<Vec<_>>(), ["z", "a"]);
        assert_eq!(stream.destination_sync_mode, DestinationSyncMode::AppendDedup);
        assert!(stream.primary_key.is_empty() && stream.generation_id.is_none() && !stream.is_full_refresh);
        assert_eq!(stream.sync_id, Some(12));
    }

    #[test]
    fn a_wish_to_replace_is_told_by_the_mode_or_by_the_generations() {
        for (sync_mode, mode, generation, minimum, replaces) in [
            ("full_refresh", "overwrite", "null", "null", true),
            ("incremental", "overwrite_dedup", "7", "0", true),
            ("full_refresh", "append", "7", "7", true),
            ("full_refresh", "append_dedup", "7", "7", true),
            ("incremental", "append", "7", "7", false),
            ("full_refresh", "append", "7", "0", false),
            ("full_refresh", "append", "0", "0", false),
            ("full_refresh", "append", "null", "null", false),
            ("full_refresh", "soft_delete", "7", "7", false),
            ("full_refresh", "update", "7", "7", false),
        ] {
            let text = format!(
                r#"{{"streams":[{{"stream":{{"name":"c"}},"sync_mode":"{sync_mode}","destination_sync_mode":"{mode}",
                    "generation_id":{generation},"minimum_generation_id":{minimum}}}]}}"#
            );
            let catalog = ConfiguredCatalog::from_json(&text).unwrap();
            assert_eq!(catalog.streams[0].replaces(), replaces, "{text}");
        }
    }

    #[test]
    fn numbers_are_columns_that_hold_nothing_else() {
        let schemas = [
            ("a", r#"{"type":"number"}"#),
            ("b", r#"{"type":["null","integer"],"airbyte_type":"integer"}"#),
            ("c", r#"{"oneOf":[{"type":"number"},{"type":"null"},{"type":["integer"]}]}"#),
            ("d", r#"{"anyOf":[{"type":"number"},{"type":"string"}]}"#),
            ("e", r#"{"type":["number","string"]}"#),
            ("f", r#"{"type":"null"}"#),
            ("g", "{}"),
            ("h", "null"),
            ("i", r#"{"anyOf":[{"type":"number"},{}]}"#),
            ("j", r#"{"type":["number",7]}"#),
        ];
        let columns: Vec<String> =
            schemas.iter().map(|(name, schema)| format!("\"{name}\":{schema}")).collect();
        let schema = format!(r#"{{"properties":{{{}}}}}"#, columns.join(","));
        let catalog = ConfiguredCatalog::from_json(&format!(
            r#"{{"streams":[{{"stream":{{"name":"s","json_schema":{schema}}}}}]}}"#
        ));
        let numbers = catalog.unwrap().streams[0].numbers();
        assert_eq!(numbers, ["a", "b", "c"].map(str::to_owned).into());
    }

    #[test]
    fn unusable_catalogs_are_named() {
        let error = |text| ConfiguredCatalog::from_json(text).unwrap_err();
        assert_eq!(error(r#"{"streams":[]}"#), CatalogError::Empty);
        assert_eq!(error("{}"), CatalogError::Empty);
        assert!(matches!(error("nope"), CatalogError::Malformed(_)));
        let twice = r#"{"streams":[{"stream":{"name":"c"}},{"stream":{"name":"c","namespace":""}}]}"#;
        assert_eq!(error(twice), CatalogError::Duplicate(StreamDescriptor::new("c", None)));
    }
}
