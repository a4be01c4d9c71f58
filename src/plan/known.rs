//! Which columns of a stream have been met, and which of them writes a property.
//!
//! **Bounded.** Columns that are sent are at most as many as the object has properties. Of those that lead nowhere so many
//! are remembered as the stream declares, and `MOST_BESIDE` more; what a later one becomes is worked out each time it
//! comes.

use std::collections::HashMap;

/// Columns that lead nowhere and are remembered although nobody declared them: an object has at most 1,000 properties that
/// people made.
const MOST_BESIDE: usize = 1_000;
/// Bytes of their names.
const BYTES_BESIDE: usize = 1 << 20;

/// How many more columns that lead nowhere are remembered.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    columns: usize,
    bytes: usize,
}

impl Room {
    /// Room for the columns that a stream declares, and some more.
    #[must_use]
    pub fn beside<'a>(declared: impl Iterator<Item = &'a String>) -> Self {
        let all = Self { columns: MOST_BESIDE, bytes: BYTES_BESIDE };
        declared.fold(all, |all, name| Self { columns: all.columns + 1, bytes: all.bytes + name.len() })
    }

    /// Takes the place of one name, if there is one left. Once there was none, there is none for a shorter name either.
    pub fn takes(&mut self, name: &str) -> bool {
        let left = self.columns.checked_sub(1).zip(self.bytes.checked_sub(name.len()));
        let (columns, bytes) = left.unwrap_or_default();
        *self = Self { columns, bytes };
        left.is_some()
    }
}

/// The columns that were met, each with what it becomes.
#[derive(Debug)]
pub struct KnownColumns<C> {
    columns: Vec<(String, C)>,
    places: HashMap<String, usize>,
    /// By property, the place of the column that writes it.
    writers: HashMap<String, usize>,
    room: Room,
}

impl<C> KnownColumns<C> {
    /// None yet.
    #[must_use]
    pub fn new(room: Room) -> Self {
        Self { columns: Vec::new(), places: HashMap::new(), writers: HashMap::new(), room }
    }

    /// The name of the column at a place, and what it becomes.
    ///
    /// # Panics
    /// On a place that was never given.
    #[inline]
    #[must_use]
    pub fn at(&self, place: usize) -> &(String, C) {
        &self.columns[place]
    }

    /// What the column at a place becomes, to be changed.
    ///
    /// # Panics
    /// On a place that was never given.
    pub fn at_mut(&mut self, place: usize) -> &mut (String, C) {
        &mut self.columns[place]
    }

    /// The place of a column, which mostly is the one that follows the column before it.
    #[inline]
    #[must_use]
    pub fn place(&self, name: &str, expected: usize) -> Option<usize> {
        match self.columns.get(expected) {
            Some((known, _)) if known == name => Some(expected),
            _ => self.places.get(name).copied(),
        }
    }

    /// The place of the column that writes a property.
    #[must_use]
    pub fn writer(&self, property: &str) -> Option<usize> {
        self.writers.get(property).copied()
    }

    /// Remembers a column that leads nowhere yet, if there is room for it; else it is given back.
    ///
    /// # Errors
    /// The column.
    pub fn try_add(&mut self, name: &str, column: C, writes: Option<&str>) -> Result<usize, C> {
        if self.room.takes(name) { Ok(self.add(name, column, writes)) } else { Err(column) }
    }

    /// Remembers a column, and that it writes this property.
    pub fn add(&mut self, name: &str, column: C, writes: Option<&str>) -> usize {
        let place = self.columns.len();
        self.columns.push((name.to_owned(), column));
        self.places.insert(name.to_owned(), place);
        self.writers.extend(writes.map(|property| (property.to_owned(), place)));
        place
    }

    /// How many are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether none is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Forgets every column.
    pub fn clear(&mut self) {
        self.columns.clear();
        self.places.clear();
        self.writers.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_nowhere_is_remembered_within_a_bound() {
        let mut known = KnownColumns::new(Room::beside([String::from("a")].iter()));
        let added =
            (0..5_000).filter(|number| known.try_add(&format!("n{number}"), (), None).is_ok()).count();
        assert_eq!((added, known.len()), (MOST_BESIDE + 1, MOST_BESIDE + 1));
        let place = known.add("sent", (), Some("city"));
        assert_eq!((known.place("sent", 0), known.writer("city")), (Some(place), Some(place)));
        assert_eq!(
            (known.place("n7", 7), known.place("n7", 3), known.place("n4999", 0)),
            (Some(7), Some(7), None)
        );

        let mut known = KnownColumns::new(Room::beside([].iter()));
        assert!(known.try_add(&"x".repeat(BYTES_BESIDE), (), None).is_ok());
        assert!(known.try_add("y", (), None).is_err() && known.try_add("", (), None).is_err());
        known.clear();
        assert!(known.is_empty() && known.writer("city").is_none());
    }
}
