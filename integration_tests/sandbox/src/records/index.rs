//! The delay of search's index: a record just made is not found yet.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm> ("a few moments").

use std::collections::HashMap;
use std::time::Duration;

use super::record::Record;
use crate::catalog::TypeIndex;
use crate::clock::Millis;

/// Which records search sees.
#[derive(Debug, Default)]
pub(crate) struct SearchIndex {
    /// Time by the sandbox's clock that a new record takes to appear.
    pub(crate) delay: Duration,
    /// Searches that do not see a new record yet.
    pub(crate) lag: u64,
    searches: u64,
    /// Number of the last search before a record was made; kept only while there is a lag.
    made_after: HashMap<(TypeIndex, u64), u64>,
}

impl SearchIndex {
    /// Notes a new record.
    pub(crate) fn add(&mut self, kind: TypeIndex, id: u64) {
        if self.lag > 0 {
            self.made_after.insert((kind, id), self.searches);
        }
    }

    /// Notes a search.
    pub(crate) fn count_search(&mut self) {
        self.searches += 1;
        let (searches, lag) = (self.searches, self.lag);
        self.made_after.retain(|_, made_after| searches <= *made_after + lag);
    }

    /// Whether the search at hand sees a record.
    pub(crate) fn shows(&self, kind: TypeIndex, record: &Record, now: Millis) -> bool {
        record.created.plus(self.delay) <= now && !self.made_after.contains_key(&(kind, record.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_record_appears_after_so_many_searches() {
        let mut index = SearchIndex { lag: 2, ..SearchIndex::default() };
        let record = Record::new(5, Millis(0));
        index.count_search();
        index.add(TypeIndex(0), 5);
        let mut seen = Vec::new();
        for _ in 0..4 {
            index.count_search();
            seen.push(index.shows(TypeIndex(0), &record, Millis(0)));
        }
        assert_eq!(seen, [false, false, true, true]);
        assert!(index.made_after.is_empty(), "what appeared is not remembered");
    }

    #[test]
    fn a_new_record_appears_after_a_while() {
        let index = SearchIndex { delay: Duration::from_secs(5), ..SearchIndex::default() };
        let record = Record::new(5, Millis(1000));
        assert!(!index.shows(TypeIndex(0), &record, Millis(5999)));
        assert!(index.shows(TypeIndex(0), &record, Millis(6000)));
    }
}
