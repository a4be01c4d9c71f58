//! What happened.

use std::collections::{BTreeMap, HashMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One occurrence of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoredEvent {
    /// Fully qualified name of the event.
    pub name: String,
    /// `objectId` as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// `email` as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `utk` as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utk: Option<String>,
    /// `occurredAt` as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<String>,
    /// `uuid` as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Values by property name; `null`s are left out.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
    /// Arrival number of the request that brought it; 0 for one that no request brought.
    #[serde(default)]
    pub request: u64,
}

/// All occurrences in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Occurrences {
    /// Whether only counters are kept.
    counted_only: bool,
    all: Vec<StoredEvent>,
    counts: HashMap<String, u64>,
    seen: HashSet<(String, String)>,
}

impl Occurrences {
    /// None yet; they are kept, or only counted.
    pub(crate) fn new(recording: bool) -> Self {
        Self { counted_only: !recording, ..Self::default() }
    }

    /// The first id of a batch, given by event and id, that occurred before or occurs in it twice.
    pub(crate) fn repeated<'a>(&self, batch: impl Iterator<Item = (&'a str, &'a str)>) -> Option<&'a str> {
        let mut known: HashSet<(&str, &str)> = HashSet::new();
        let mut batch = batch;
        let is_known = |event: &str, uuid: &str| self.seen.contains(&(event.to_owned(), uuid.to_owned()));
        batch.find(|pair| !known.insert(*pair) || is_known(pair.0, pair.1)).map(|(_, uuid)| uuid)
    }

    /// Notes an occurrence.
    pub(crate) fn add(&mut self, event: StoredEvent) {
        if let Some(uuid) = &event.uuid
            && !self.seen.insert((event.name.clone(), uuid.clone()))
        {
            return;
        }
        *self.counts.entry(event.name.clone()).or_default() += 1;
        if !self.counted_only {
            self.all.push(event);
        }
    }

    /// The occurrences kept.
    pub(crate) fn all(&self) -> &[StoredEvent] {
        &self.all
    }

    /// How often an event, by its fully qualified name, occurred, kept or not.
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, uuid: Option<&str>) -> StoredEvent {
        StoredEvent {
            name: name.to_owned(),
            object_id: None,
            email: Some("a@b.io".to_owned()),
            utk: None,
            occurred_at: None,
            uuid: uuid.map(str::to_owned),
            properties: BTreeMap::new(),
            request: 1,
        }
    }

    #[test]
    fn the_first_of_each_uuid_counts() {
        let all = [event("x", Some("1")), event("x", Some("1")), event("y", Some("1")), event("x", None)];
        let mut events = Occurrences::default();
        assert_eq!(events.repeated([("x", "1"), ("y", "1")].into_iter()), None);
        assert_eq!(events.repeated([("x", "1"), ("x", "1")].into_iter()), Some("1"));
        all.iter().for_each(|event| events.add(event.clone()));
        assert_eq!((events.count("x"), events.count("y"), events.all().len()), (2, 1, 3));
        assert_eq!(events.repeated([("x", "2"), ("y", "1")].into_iter()), Some("1"));
    }

    #[test]
    fn a_light_store_counts() {
        let mut events = Occurrences::new(false);
        events.add(event("x", None));
        assert_eq!((events.count("x"), events.all().len()), (1, 0));
    }
}
