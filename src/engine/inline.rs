//! Associations that a record asks for beside its properties: how its body holds them, and what each is.
//!
//! A stream of objects may be told that a column names other records, and that each of its records is to be associated
//! with those as it is written. What one record asks for is a list of pairs: the place of the association among those
//! configured for the stream, and the text of a key of the far end.

use super::association::{AssociationType, Linking};
use super::batch::LinkIndex;
use super::operation::{Ends, MatchedBy, Operation};

/// Most keys that one column of one record may hold. Each becomes a pair that is held until it is made, so that their
/// number has to be bounded; HubSpot takes 2,000 pairs a call.
pub const MOST_KEYS: usize = 1_000;

/// About what a pair takes while it waits or is under way, beside the texts it holds.
const PAIR_BYTES: usize = 640;

/// An association made with each record of a stream that names a far end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlineLink {
    /// The column that names the far ends, for the records whose association is refused.
    pub column: Box<str>,
    /// What kind of key names the far ends.
    pub to: MatchedBy,
    /// The label; none for the plain association.
    pub label: Option<AssociationType>,
    /// The associations of a record are made round by round, from 0. Those with one object type are in different rounds:
    /// they may be of one pair, and a call with a label replaces the labels that were read before it.
    pub round: u16,
}

impl InlineLink {
    /// What is done with its pairs: the near end is known, since it was written just now.
    #[must_use]
    pub fn operation(&self) -> Operation {
        Operation::Association(Linking::Associate, Ends { from: MatchedBy::RecordId, to: self.to })
    }
}

/// Appends a pair to what a body holds: place of the association, length of the key, key.
pub fn append(out: &mut Vec<u8>, link: LinkIndex, key: &str) {
    out.extend_from_slice(&link.0.to_le_bytes());
    // A line is at most 64 MiB.
    out.extend_from_slice(&u32::try_from(key.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(key.as_bytes());
}

/// The pairs that a body holds, in the order they were appended.
pub fn read(bytes: &[u8]) -> impl Iterator<Item = (LinkIndex, &str)> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (place, after) = rest.split_first_chunk::<2>()?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let (key, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        rest = after;
        Some((LinkIndex(u16::from_le_bytes(*place)), std::str::from_utf8(key).unwrap_or_default()))
    })
}

/// Bytes that the pairs take when they are on their way: they are counted with their record from the start.
#[must_use]
pub fn size(bytes: &[u8]) -> usize {
    // The texts are held twice: by the pair itself and, in a call, by its request.
    if bytes.is_empty() { 0 } else { read(bytes).count() * PAIR_BYTES + 2 * bytes.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_back_as_they_went_in() {
        let mut bytes = Vec::new();
        let pairs = [(LinkIndex(0), "caf\u{e9}"), (LinkIndex(300), ""), (LinkIndex(0), "a\"b")];
        for (link, key) in pairs {
            append(&mut bytes, link, key);
        }
        assert_eq!(read(&bytes).collect::<Vec<_>>(), pairs);
        assert_eq!((size(&[]), read(&[]).count()), (0, 0));
        assert!(size(&bytes) > 3 * PAIR_BYTES);
        assert_eq!(read(&bytes[..bytes.len() - 1]).count(), 2, "what is cut off is no pair");
    }
}
