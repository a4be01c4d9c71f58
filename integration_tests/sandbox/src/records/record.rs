//! One record: its values by property, and the changes that can be made to them.

use crate::catalog::Slot;
use crate::clock::Millis;

/// What a write does to one property, after its value was validated and brought into HubSpot's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Replaces the value.
    Set(Box<str>),
    /// Takes the value away (`""` was sent).
    Clear,
    /// Adds options to a multi-select value (`;a;b` was sent).
    Append(Vec<Box<str>>),
}

/// A change of one property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) slot: Slot,
    pub(crate) change: Change,
}

impl Change {
    /// The value after the change, none for an empty one.
    pub(crate) fn applied_to(self, current: Option<&str>) -> Option<Box<str>> {
        match self {
            Self::Set(value) => Some(value),
            Self::Clear => None,
            Self::Append(added) => {
                let mut options: Vec<&str> =
                    current.map(|text| text.split(';').collect()).unwrap_or_default();
                for option in &added {
                    if !options.contains(&&**option) {
                        options.push(option);
                    }
                }
                Some(options.join(";").into_boxed_str())
            }
        }
    }
}

/// One record.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) id: u64,
    pub(crate) created: Millis,
    pub(crate) updated: Millis,
    pub(crate) archived: Option<Millis>,
    /// Sorted by slot; empty values are not in it.
    values: Vec<(Slot, Box<str>)>,
}

impl Record {
    /// A record without values.
    pub(crate) fn new(id: u64, now: Millis) -> Self {
        Self { id, created: now, updated: now, archived: None, values: Vec::new() }
    }

    /// The stored value of a property.
    pub(crate) fn value(&self, slot: Slot) -> Option<&str> {
        let index = self.values.binary_search_by_key(&slot, |(slot, _)| *slot).ok()?;
        Some(&self.values[index].1)
    }

    /// All stored values.
    pub(crate) fn values(&self) -> impl Iterator<Item = (Slot, &str)> {
        self.values.iter().map(|(slot, value)| (*slot, &**value))
    }

    /// Stores a value, or takes it away; says whether anything changed.
    pub(crate) fn put(&mut self, slot: Slot, value: Option<Box<str>>) -> bool {
        match (self.values.binary_search_by_key(&slot, |(slot, _)| *slot), value) {
            (Ok(index), Some(value)) => {
                let changed = self.values[index].1 != value;
                self.values[index].1 = value;
                changed
            }
            (Ok(index), None) => {
                self.values.remove(index);
                true
            }
            (Err(index), Some(value)) => {
                self.values.insert(index, (slot, value));
                true
            }
            (Err(_), None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn put_says_whether_anything_changed() {
        let mut record = Record::new(1, Millis(0));
        assert!(record.put(Slot(3), Some("a".into())));
        assert!(record.put(Slot(1), Some("b".into())));
        assert!(!record.put(Slot(3), Some("a".into())));
        assert!(record.put(Slot(3), Some("c".into())));
        assert_eq!(record.value(Slot(3)), Some("c"));
        assert_eq!(record.value(Slot(1)), Some("b"));
        assert!(record.put(Slot(3), None));
        assert!(!record.put(Slot(3), None));
    }

    #[test]
    fn appending_keeps_what_is_there_and_adds_nothing_twice() {
        let append = Change::Append(vec!["b".into(), "c".into()]);
        assert_eq!(append.clone().applied_to(Some("a;b")).as_deref(), Some("a;b;c"));
        assert_eq!(append.applied_to(None).as_deref(), Some("b;c"));
    }
}
