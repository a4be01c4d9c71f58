//! What the sandbox answers, as a table for people, and which of it a mistaken request was near to.

use super::endpoint::{Endpoint, EndpointFamily};
use super::route::Truth;
use crate::endpoints;

/// A call that the sandbox answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallInfo {
    /// `GET`, `POST` ...
    pub method: &'static str,
    /// Every path of it, the one with a version's number first; names in braces stand for one segment.
    pub paths: Vec<String>,
    /// Its kind.
    pub endpoint: Endpoint,
    /// Its family.
    pub family: EndpointFamily,
    /// What its answers rest on.
    pub truth: Truth,
}

/// Every call that the sandbox answers, family by family.
#[must_use]
pub fn calls() -> Vec<CallInfo> {
    let info = |known: &super::Known| CallInfo {
        method: known.method,
        paths: known.paths(),
        endpoint: known.endpoint,
        family: known.endpoint.family(),
        truth: known.truth,
    };
    endpoints::calls().map(info).collect()
}

/// What a segment too many or too few costs; another segment costs what it takes to make it the same, and no more than
/// that.
const SEGMENT: usize = 6;

/// The call that a request was nearest to.
pub(super) fn nearest(method: &str, path: &str) -> String {
    let asked: Vec<&str> = path.trim_matches('/').split('/').collect();
    let ways =
        endpoints::calls().flat_map(|known| known.paths().into_iter().map(move |path| (known.method, path)));
    let near = ways.min_by_key(|(own, path)| {
        let own_segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        distance(&asked, &own_segments, segment_cost, SEGMENT) + 2 * usize::from(*own != method)
    });
    near.map(|(method, path)| format!("{method} {path}")).unwrap_or_default()
}

fn segment_cost(asked: &&str, own: &&str) -> usize {
    if own.starts_with('{') {
        // A word that is one of HubSpot's own, all but a letter, is rather that word.
        return if asked.is_empty() { SEGMENT } else { 1 };
    }
    let (asked, own): (Vec<char>, Vec<char>) = (asked.chars().take(40).collect(), own.chars().collect());
    distance(&asked, &own, |one, other| usize::from(one != other), 1).min(SEGMENT)
}

/// What it costs at least to make one sequence of another.
fn distance<T>(from: &[T], to: &[T], change: impl Fn(&T, &T) -> usize, gap: usize) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).map(|count| count * gap).collect();
    for (index, one) in from.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = (index + 1) * gap;
        for (place, other) in to.iter().enumerate() {
            let cost = (diagonal + change(one, other)).min(row[place] + gap).min(row[place + 1] + gap);
            diagonal = std::mem::replace(&mut row[place + 1], cost);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_path_is_near_to_the_one_that_was_meant() {
        for (method, path, meant) in [
            ("POST", "/crm/v3/object/contacts/batch/upsert", "POST /crm/v3/objects/{object}/batch/upsert"),
            ("POST", "/crm/v3/objects/contacts/batch/upserts", "POST /crm/v3/objects/{object}/batch/upsert"),
            ("GET", "/crm/owner/2026-03", "GET /crm/owners/2026-03"),
            ("POST", "/crm/objects/2026-03/contacts/serch", "POST /crm/objects/2026-03/{object}/search"),
            ("GET", "/crm/v3/property/contacts", "GET /crm/v3/properties/{object}"),
        ] {
            assert_eq!(nearest(method, path), meant, "{method} {path}");
        }
    }

    #[test]
    fn every_kind_of_call_has_a_path() {
        let all = calls();
        assert!(all.len() > 80, "{}", all.len());
        assert!(all.iter().all(|call| call.family != EndpointFamily::Unknown));
    }
}
