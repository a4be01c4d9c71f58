//! Where the next page of an answer begins, and when there have been enough.
//!
//! Where pages end is HubSpot's to say. A cursor that was followed before, or more pages than there can be, mean that it
//! does not: every reader of pages asks [`Pages`] where to go on.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Deserializer};

use super::scalar::Scalar;

/// The `paging` of an answer that comes in pages.
///
/// Source: HubSpot's OpenAPI files (`Paging`, `ForwardPaging`).
#[derive(Debug, Default, Deserialize)]
pub struct Paging {
    #[serde(default)]
    next: Option<Next>,
}

#[derive(Debug, Deserialize)]
struct Next {
    #[serde(default, deserialize_with = "text")]
    after: Option<String>,
}

/// Mostly text; search answers with a number in it.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Scalar::deserialize(deserializer)?.into_text())
}

impl Paging {
    /// What is asked for with `after` to get the next page; none after the last.
    #[must_use]
    pub fn after(self) -> Option<String> {
        self.next?.after
    }
}

/// A walk through pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    most: usize,
    /// Hashes of the cursors that were followed.
    followed: HashSet<u64>,
}

/// The pages do not end: a cursor came twice, or more pages than there can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pages do not end")]
pub struct Endless;

impl Pages {
    /// Before the first page of at most so many.
    #[must_use]
    pub fn at_most(most: usize) -> Self {
        Self { most, followed: HashSet::new() }
    }

    /// Goes from one page to the next one, which begins at `cursor`.
    ///
    /// # Errors
    /// [`Endless`], when this was the last page there can be, or the cursor was followed before.
    pub fn follow(&mut self, cursor: &str) -> Result<(), Endless> {
        let mut hasher = DefaultHasher::new();
        cursor.hash(&mut hasher);
        let is_new = self.followed.insert(hasher.finish());
        if is_new && self.followed.len() < self.most { Ok(()) } else { Err(Endless) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_ends_at_a_cursor_that_repeats_and_at_its_bound() {
        let mut pages = Pages::at_most(4);
        assert_eq!(["a", "b", "a"].map(|cursor| pages.follow(cursor)), [Ok(()), Ok(()), Err(Endless)]);
        let mut pages = Pages::at_most(4);
        assert_eq!(
            ["a", "b", "c", "d"].map(|cursor| pages.follow(cursor)),
            [Ok(()), Ok(()), Ok(()), Err(Endless)],
            "four pages have three cursors"
        );
    }

    #[test]
    fn the_last_page_has_no_next() {
        for (text, expected) in [
            (r#"{"next":{"after":"k","link":"l"}}"#, Some("k")),
            (r#"{"next":{"after":200}}"#, Some("200")),
            (r#"{"next":{"after":""}}"#, None),
            (r#"{"next":{}}"#, None),
            (r#"{"next":null}"#, None),
            (r#"{"prev":{"before":"a"}}"#, None),
        ] {
            let paging: Paging = serde_json::from_str(text).unwrap();
            assert_eq!(paging.after().as_deref(), expected, "{text}");
        }
    }
}
