//! Which records this sync has archived: search goes on finding them for a while.
//!
//! HubSpot's index follows its records "a few moments" later (HubSpot's guide to searching the CRM). A row that comes after
//! the deletion of its key would be written to the record in the recycling bin, and refused.
//!
//! Bounded like [`made`](super::made), for the same reason: beyond 4 MiB the oldest are forgotten.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::ledger::StreamIndex;
use crate::api::SearchAnswer;

/// Bytes after which the oldest are forgotten.
const MOST_BYTES: usize = 4 << 20;
/// About what an entry takes beside its text.
const BESIDE: usize = 120;

/// Record ids by stream.
#[derive(Debug, Default)]
pub struct Gone {
    ids: HashMap<StreamIndex, HashSet<Arc<str>>>,
    order: VecDeque<(StreamIndex, Arc<str>)>,
    bytes: usize,
}

impl Gone {
    /// A record of the stream's object was archived.
    pub fn note(&mut self, stream: StreamIndex, id: &str) {
        let id: Arc<str> = id.into();
        if !self.ids.entry(stream).or_default().insert(Arc::clone(&id)) {
            return;
        }
        self.bytes += id.len() + BESIDE;
        self.order.push_back((stream, id));
        while self.bytes > MOST_BYTES {
            let Some((stream, id)) = self.order.pop_front() else { return };
            self.bytes -= id.len() + BESIDE;
            if let Some(ids) = self.ids.get_mut(&stream) {
                ids.remove(&id);
            }
        }
    }

    /// Takes records that are gone out of what a search for the stream's records has found.
    pub fn leave_out(&self, stream: StreamIndex, answer: &mut SearchAnswer) {
        if let Some(ids) = self.ids.get(&stream) {
            answer.found.retain(|found| !ids.contains(found.id.as_str()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Stored;

    fn answer(ids: &[&str]) -> SearchAnswer {
        let found = ids.iter().map(|id| Stored {
            id: (*id).to_owned(),
            trace_id: None,
            new: None,
            created_at: None,
            key: None,
            other_keys: Vec::new(),
            warnings: Vec::new(),
        });
        SearchAnswer { property: "domain".to_owned(), found: found.collect(), has_more: false }
    }

    fn left(gone: &Gone, stream: StreamIndex, ids: &[&str]) -> Vec<String> {
        let mut answer = answer(ids);
        gone.leave_out(stream, &mut answer);
        answer.found.into_iter().map(|found| found.id).collect()
    }

    #[test]
    fn what_was_archived_is_not_found_in_its_stream() {
        let mut gone = Gone::default();
        gone.note(StreamIndex(0), "5");
        gone.note(StreamIndex(0), "5");
        assert_eq!(left(&gone, StreamIndex(0), &["5", "6"]), ["6"]);
        assert_eq!(left(&gone, StreamIndex(1), &["5"]), ["5"]);
    }

    #[test]
    fn the_oldest_are_forgotten_and_memory_stays_bounded() {
        let mut gone = Gone::default();
        let most = MOST_BYTES / (6 + BESIDE);
        for id in 0..2 * most {
            gone.note(StreamIndex(0), &format!("{id:06}"));
        }
        assert!(most > 20_000 && gone.bytes <= MOST_BYTES && gone.order.len() == most);
        let (old, young) = (format!("{:06}", most - 1), format!("{most:06}"));
        assert_eq!(left(&gone, StreamIndex(0), &[&old, &young]), [old]);
    }
}
