//! What happened.

use std::collections::{BTreeMap, HashMap, HashSet};

/// What the `uuid` of an occurrence does. HubSpot's specification has it and does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventUuids {
    /// Nothing.
    #[default]
    Ignored,
    /// A second occurrence of an event with the same `uuid` is dropped without a word.
    Deduplicate,
}

/// One occurrence of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Fully qualified name of the event.
    pub name: String,
    /// `objectId` as sent.
    pub object_id: Option<String>,
    /// `email` as sent.
    pub email: Option<String>,
    /// `utk` as sent.
    pub utk: Option<String>,
    /// `occurredAt` as sent.
    pub occurred_at: Option<String>,
    /// `uuid` as sent.
    pub uuid: Option<String>,
    /// Values by property name; `null`s are left out.
    pub properties: BTreeMap<String, String>,
    /// Arrival number of the request that brought it.
    pub request: u64,
}

/// All occurrences in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Occurrences {
    pub(crate) uuids: EventUuids,
    /// Whether only counters are kept.
    pub(crate) counted_only: bool,
    all: Vec<StoredEvent>,
    counts: HashMap<String, u64>,
    seen: HashSet<(String, String)>,
}

impl Occurrences {
    /// Notes an occurrence.
    pub(crate) fn add(&mut self, event: StoredEvent) {
        if self.uuids == EventUuids::Deduplicate
            && let Some(uuid) = &event.uuid
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
    fn uuids_count_only_where_they_are_to() {
        let all = [event("x", Some("1")), event("x", Some("1")), event("y", Some("1")), event("x", None)];
        let kept = |uuids| {
            let mut events = Occurrences { uuids, ..Occurrences::default() };
            all.iter().for_each(|event| events.add(event.clone()));
            (events.count("x"), events.count("y"), events.all().len())
        };
        assert_eq!(kept(EventUuids::Ignored), (3, 1, 4));
        assert_eq!(kept(EventUuids::Deduplicate), (2, 1, 3));
    }

    #[test]
    fn a_light_store_counts() {
        let mut events = Occurrences { counted_only: true, ..Occurrences::default() };
        events.add(event("x", None));
        assert_eq!((events.count("x"), events.all().len()), (1, 0));
    }
}
