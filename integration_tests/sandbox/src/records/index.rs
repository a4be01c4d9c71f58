//! The delay of search's index: a record just made is not found yet, one just archived still is.
//!
//! HubSpot documents the first; that an index which is behind is so in both directions is taken for granted.
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm> ("a few moments").

use std::collections::HashMap;
use std::time::Duration;

use super::record::Record;
use crate::catalog::TypeIndex;
use crate::clock::Millis;

/// Which records search sees.
#[derive(Clone, Debug, Default)]
pub(crate) struct SearchIndex {
    /// Time by the sandbox's clock that a new record takes to appear.
    pub(crate) delay: Duration,
    /// Searches that do not see yet that a record was made, or archived.
    pub(crate) lag: u64,
    searches: u64,
    /// Number of the last search before a record was made; kept only while there is a lag.
    made_after: HashMap<(TypeIndex, u64), u64>,
    /// The same of records that were archived.
    archived_after: HashMap<(TypeIndex, u64), u64>,
}

impl SearchIndex {
    /// Notes a new record.
    pub(crate) fn add(&mut self, kind: TypeIndex, id: u64) {
        if self.lag > 0 {
            self.made_after.insert((kind, id), self.searches);
        }
    }

    /// Notes that a record was archived.
    pub(crate) fn remove(&mut self, kind: TypeIndex, id: u64) {
        if self.lag > 0 {
            self.archived_after.insert((kind, id), self.searches);
        }
    }

    /// Notes a search.
    pub(crate) fn count_search(&mut self) {
        self.searches += 1;
        let (searches, lag) = (self.searches, self.lag);
        for noted in [&mut self.made_after, &mut self.archived_after] {
            noted.retain(|_, after| searches <= *after + lag);
        }
    }

    /// Whether the search at hand sees a record.
    pub(crate) fn shows(&self, kind: TypeIndex, record: &Record, now: Millis) -> bool {
        let of = (kind, record.id);
        let has_come = record.created.plus(self.delay) <= now && !self.made_after.contains_key(&of);
        let has_gone = record.archived.is_some_and(|archived| {
            archived.plus(self.delay) <= now && !self.archived_after.contains_key(&of)
        });
        has_come && !has_gone
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
    fn an_archived_record_disappears_as_late_as_a_new_one_appears() {
        let mut index = SearchIndex { lag: 1, ..SearchIndex::default() };
        let mut record = Record::new(5, Millis(0));
        record.archived = Some(Millis(0));
        index.remove(TypeIndex(0), 5);
        let mut seen = Vec::new();
        for _ in 0..3 {
            index.count_search();
            seen.push(index.shows(TypeIndex(0), &record, Millis(0)));
        }
        assert_eq!(seen, [true, false, false]);
        let index = SearchIndex { delay: Duration::from_secs(5), ..SearchIndex::default() };
        record.archived = Some(Millis(6000));
        let seen = [6000, 10_999, 11_000].map(|now| index.shows(TypeIndex(0), &record, Millis(now)));
        assert_eq!(seen, [true, true, false]);
    }

    #[test]
    fn a_new_record_appears_after_a_while() {
        let index = SearchIndex { delay: Duration::from_secs(5), ..SearchIndex::default() };
        let record = Record::new(5, Millis(1000));
        assert!(!index.shows(TypeIndex(0), &record, Millis(5999)));
        assert!(index.shows(TypeIndex(0), &record, Millis(6000)));
    }
}
