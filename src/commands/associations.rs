//! Associations: what their plan needs to know, and what check and discover say of them.

use serde_json::{Map, Value, json};

use super::findings::Findings;
use super::footing::Footing;
use super::prepare::{self, Knowledge};
use crate::config::StreamSettings;
use crate::crm::object::ObjectType;
use crate::crm::scopes::Task;
use crate::error::{Failure, Kind};
use crate::plan::Plan;
use crate::plan::association::{self, AssociationGround, FROM, LABEL, TO};
use crate::plan::key::{RECORD_ID, unique_properties};
use crate::plan::object::ObjectName;
use crate::protocol::catalog::ConfiguredStream;

/// Pairs of HubSpot's own objects that can be associated, by type id (HubSpot's associations guide, type ids).
const PAIRS: [(&str, &str); 9] = [
    ("0-1", "0-2"),
    ("0-3", "0-1"),
    ("0-3", "0-2"),
    ("0-3", "0-8"),
    ("0-5", "0-1"),
    ("0-5", "0-2"),
    ("0-5", "0-3"),
    ("0-1", "0-1"),
    ("0-2", "0-2"),
];

/// The plan of a stream of associations.
///
/// # Errors
/// A failure when there is no such object, the two cannot be associated, or no column names a record at one of the ends.
pub async fn plan(
    ends: (&str, &str),
    stream: &ConfiguredStream,
    settings: Option<&StreamSettings>,
    knowledge: &mut Knowledge<'_>,
) -> Result<Plan, Failure> {
    let from = prepare::object_type(ObjectName::Given(ends.0), knowledge).await?;
    let to = prepare::object_type(ObjectName::Given(ends.1), knowledge).await?;
    let labels = knowledge.association_labels(&from, &to).await?;
    for problem in doubts((&from, &to), knowledge.footing()) {
        tracing::warn!("Stream \"{}\": {problem}", stream.descriptor);
    }
    let from_properties = knowledge.properties(&from).await?.clone();
    let to_properties = knowledge.properties(&to).await?;
    let (from, to) = ((&from, from_properties.as_slice()), (&to, to_properties.as_slice()));
    association::plan(AssociationGround { stream, settings, from, to, labels: &labels })
}

/// Scopes that the token is known to lack and associating may need. HubSpot's description takes any object's scope for
/// enough, so that is no error before HubSpot says so.
fn doubts(ends: (&ObjectType, &ObjectType), footing: &Footing) -> Vec<String> {
    let mut problems: Vec<String> = [ends.0, ends.1]
        .into_iter()
        .filter_map(|object| footing.problem(Task::WriteRecords(object)))
        .map(|problem| format!("{} Associating them may need it.", problem.message))
        .collect();
    problems.dedup();
    problems
}

/// Whether the associations of a configured stream can be written, in a sentence; what may keep them from it is added to
/// the findings.
///
/// # Errors
/// A failure when there is no such object, the two cannot be associated, or the token may not see their labels.
pub async fn check(
    ends: (&str, &str),
    stream: &StreamSettings,
    knowledge: &mut Knowledge<'_>,
    findings: &mut Findings,
) -> Result<String, Failure> {
    let from = prepare::object_type(ObjectName::Given(ends.0), knowledge).await?;
    let to = prepare::object_type(ObjectName::Given(ends.1), knowledge).await?;
    for object in [&from, &to] {
        knowledge.properties(object).await?;
    }
    let labels = knowledge.association_labels(&from, &to).await?;
    for problem in doubts((&from, &to), knowledge.footing()) {
        findings.warn(format!("Stream \"{}\": {problem}", stream.name));
    }
    let labels: Vec<&str> = labels.iter().filter_map(|label| label.label.as_deref()).collect();
    let labels =
        if labels.is_empty() { "no labels".to_owned() } else { format!("labels {}", labels.join(", ")) };
    Ok(format!("Associations from {} to {}: {labels}.", from.name, to.name))
}

/// The operations on associations between objects the token may read.
///
/// # Errors
/// When HubSpot cannot be reached.
pub async fn operations(
    objects: &[ObjectType],
    knowledge: &mut Knowledge<'_>,
) -> Result<Vec<Value>, Failure> {
    let by_id = |id: &str| objects.iter().find(|object| object.type_id == id);
    let standard = PAIRS.iter().filter_map(|(from, to)| Some((by_id(from)?, by_id(to)?)));
    let custom = objects.iter().filter(|object| object.type_id.starts_with("2-"));
    let to_standard = ["0-1", "0-2", "0-3", "0-5"].map(by_id);
    let of_custom = custom.flat_map(|object| to_standard.iter().flatten().map(move |to| (object, *to)));
    let mut operations = Vec::new();
    for (from, to) in standard.chain(of_custom) {
        let mut columns = Map::new();
        for (prefix, object) in [(FROM, from), (TO, to)] {
            let properties = match knowledge.properties(object).await {
                Ok(properties) => properties,
                Err(failure) if failure.kind == Kind::Configuration => break,
                Err(failure) => return Err(failure),
            };
            let unique = unique_properties(object, properties);
            for key in std::iter::once(RECORD_ID).chain(unique) {
                columns.insert(format!("{prefix}{key}"), json!({"type": "string"}));
            }
        }
        if !columns.keys().any(|column| column.starts_with(TO)) {
            continue;
        }
        columns.insert(LABEL.to_owned(), json!({"type": "string"}));
        for sync_mode in ["append", "append_dedup", "soft_delete"] {
            operations.push(json!({
                "object_name": format!("ASSOCIATION:{}:{}", from.name, to.name),
                "sync_mode": sync_mode,
                "json_schema": {"type": "object", "properties": columns, "additionalProperties": false},
            }));
        }
    }
    Ok(operations)
}
