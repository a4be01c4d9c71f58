//! Everything written to records, in the one order in which it took effect.

use crate::catalog::TypeIndex;

/// What a write did to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteKind {
    /// Made it.
    Created,
    /// Changed it.
    Updated,
    /// Was accepted and changed nothing.
    Unchanged,
    /// Moved it to the recycle bin.
    Archived,
    /// Merged it away.
    Merged,
    /// Erased it for good.
    Erased,
}

/// One write to one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteEvent {
    /// Position among all writes of the account, from 1.
    pub sequence: u64,
    /// Arrival number of the request that did it; 0 for a test's own changes.
    pub request: u64,
    /// `objectTypeId`.
    pub object_type: String,
    /// Record id.
    pub id: String,
    /// What it did.
    pub kind: WriteKind,
    /// The values it carried as they were stored, by property name in the order sent; `""` for a cleared one.
    pub values: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
struct Entry {
    request: u64,
    kind: WriteKind,
    object: TypeIndex,
    id: u64,
    values: Box<[(u32, Box<str>)]>,
}

/// The log of writes; it can be switched off for runs of millions of records.
#[derive(Clone, Debug)]
pub(crate) struct History {
    entries: Vec<Entry>,
    written: u64,
    recording: bool,
}

impl History {
    /// An empty log.
    pub(crate) fn new(recording: bool) -> Self {
        Self { entries: Vec::new(), written: 0, recording }
    }

    /// Whether writes are kept; when not, their values need not be gathered.
    pub(crate) fn is_recording(&self) -> bool {
        self.recording
    }

    /// Notes a write. `values` are property slots with the value stored.
    pub(crate) fn push(
        &mut self,
        request: u64,
        kind: WriteKind,
        object: TypeIndex,
        id: u64,
        values: Vec<(u32, Box<str>)>,
    ) {
        self.written += 1;
        if self.recording {
            self.entries.push(Entry { request, kind, object, id, values: values.into_boxed_slice() });
        }
    }

    /// Number of writes, kept or not.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// The kept writes that `wanted` (object type, record id) picks; `describe` gives the type's id and the
    /// name of one of its properties.
    pub(crate) fn select(
        &self,
        wanted: impl Fn(TypeIndex, u64) -> bool,
        describe: impl Fn(TypeIndex) -> String,
        name: impl Fn(TypeIndex, u32) -> String,
    ) -> Vec<WriteEvent> {
        self.entries
            .iter()
            .zip(1..)
            .filter(|(entry, _)| wanted(entry.object, entry.id))
            .map(|(entry, sequence)| WriteEvent {
                sequence,
                request: entry.request,
                object_type: describe(entry.object),
                id: entry.id.to_string(),
                kind: entry.kind,
                values: entry
                    .values
                    .iter()
                    .map(|(slot, value)| (name(entry.object, *slot), value.to_string()))
                    .collect(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_writes_across_all_records() {
        let mut history = History::new(true);
        for id in [7, 8, 7] {
            history.push(1, WriteKind::Updated, TypeIndex(0), id, vec![(0, "x".into())]);
        }
        let events = history.select(|_, id| id == 7, |_| "0-1".to_owned(), |_, _| "email".to_owned());
        let sequences: Vec<u64> = events.iter().map(|event| event.sequence).collect();
        assert_eq!(sequences, [1, 3]);
        assert_eq!(events[0].values, [("email".to_owned(), "x".to_owned())]);
    }

    #[test]
    fn counts_even_when_nothing_is_kept() {
        let mut history = History::new(false);
        history.push(1, WriteKind::Created, TypeIndex(0), 1, Vec::new());
        assert_eq!(history.written(), 1);
        assert!(history.select(|_, _| true, |_| String::new(), |_, _| String::new()).is_empty());
    }
}
