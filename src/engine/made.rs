//! What this sync has made, by key.
//!
//! Search sees new records late: without this, a second record of a key would find nothing and be made again. It also
//! tells the record that an earlier input has made, or may have made, from one that a doubtful call has made of its
//! successor.
//!
//! Bounded: beyond 4 MiB (about 20,000 keys of ordinary length) the oldest are forgotten. At the fastest that HubSpot
//! lets anybody search (five calls a second of at most 100 keys) those are the last 40 seconds, where the index is
//! "a few moments" behind.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::ledger::StreamIndex;

/// Bytes after which the oldest are forgotten.
const MOST_BYTES: usize = 4 << 20;
/// About what an entry takes beside its texts.
const BESIDE: usize = 150;

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<'a> {
    /// A record with this id was made of it.
    Made(&'a str),
    /// A record may have been made of it, now or later: HubSpot never said.
    Perhaps,
}

/// The same, kept.
#[derive(Debug)]
enum Kept {
    Made(Box<str>),
    Perhaps,
    /// What was made of it was archived since.
    Gone,
}

/// Record ids by stream and key.
#[derive(Debug, Default)]
pub struct Made {
    ids: HashMap<StreamIndex, HashMap<Arc<str>, Kept>>,
    order: VecDeque<(StreamIndex, Arc<str>)>,
    bytes: usize,
}

impl Made {
    /// Remembers what became of a key.
    pub fn remember(&mut self, stream: StreamIndex, key: &str, known: Known<'_>) {
        let new = match known {
            Known::Made(id) => Kept::Made(id.into()),
            Known::Perhaps => Kept::Perhaps,
        };
        let ids = self.ids.entry(stream).or_default();
        if let Some(known) = ids.get_mut(key) {
            if !matches!((&*known, &new), (Kept::Made(_), Kept::Perhaps)) {
                *known = new;
            }
            return;
        }
        let key: Arc<str> = key.into();
        self.bytes += size(&key);
        ids.insert(Arc::clone(&key), new);
        self.order.push_back((stream, key));
        while self.bytes > MOST_BYTES {
            let Some((stream, key)) = self.order.pop_front() else { return };
            self.bytes -= size(&key);
            if let Some(ids) = self.ids.get_mut(&stream) {
                ids.remove(&key);
            }
        }
    }

    /// What was made of a key was archived.
    pub fn forget(&mut self, stream: StreamIndex, key: &str) {
        // The entry stays, since its place among the oldest does.
        if let Some(known) = self.ids.get_mut(&stream).and_then(|ids| ids.get_mut(key)) {
            *known = Kept::Gone;
        }
    }

    /// What became of a key, as far as it is not forgotten.
    #[must_use]
    pub fn of(&self, stream: StreamIndex, key: &str) -> Option<Known<'_>> {
        match self.ids.get(&stream)?.get(key)? {
            Kept::Made(id) => Some(Known::Made(id)),
            Kept::Perhaps => Some(Known::Perhaps),
            Kept::Gone => None,
        }
    }

    /// The id of the record made of a key, if one was and it is not forgotten.
    #[must_use]
    pub fn id_of(&self, stream: StreamIndex, key: &str) -> Option<&str> {
        match self.of(stream, key)? {
            Known::Made(id) => Some(id),
            Known::Perhaps => None,
        }
    }
}

fn size(key: &str) -> usize {
    key.len() + BESIDE
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: StreamIndex = StreamIndex(0);

    #[test]
    fn keys_of_different_streams_are_different() {
        let mut made = Made::default();
        made.remember(STREAM, "a", Known::Made("1"));
        made.remember(StreamIndex(1), "a", Known::Made("2"));
        made.remember(STREAM, "a", Known::Made("3"));
        made.remember(STREAM, "a", Known::Perhaps);
        made.remember(STREAM, "c", Known::Perhaps);
        assert_eq!((made.id_of(STREAM, "a"), made.id_of(StreamIndex(1), "a")), (Some("3"), Some("2")));
        assert_eq!((made.of(STREAM, "c"), made.id_of(STREAM, "c")), (Some(Known::Perhaps), None));
        assert_eq!((made.id_of(STREAM, "b"), made.id_of(StreamIndex(2), "a")), (None, None));
        made.forget(STREAM, "a");
        made.forget(STREAM, "never met");
        assert_eq!((made.of(STREAM, "a"), made.id_of(StreamIndex(1), "a")), (None, Some("2")));
        made.remember(STREAM, "a", Known::Perhaps);
        assert_eq!(made.of(STREAM, "a"), Some(Known::Perhaps));
    }

    #[test]
    fn the_oldest_are_forgotten_and_memory_stays_bounded() {
        let mut made = Made::default();
        let most = MOST_BYTES / size("000000");
        for key in 0..2 * most {
            made.remember(STREAM, &format!("{key:06}"), Known::Made("1"));
        }
        assert!(most > 20_000 && made.bytes <= MOST_BYTES && made.order.len() == most);
        assert_eq!(made.ids[&STREAM].len(), most);
        assert_eq!(made.id_of(STREAM, &format!("{:06}", most - 1)), None);
        assert_eq!(made.id_of(STREAM, &format!("{most:06}")), Some("1"));
        made.remember(STREAM, &"k".repeat(MOST_BYTES), Known::Perhaps);
        assert_eq!((made.bytes, made.order.len(), made.ids[&STREAM].len()), (0, 0, 0));
    }
}
