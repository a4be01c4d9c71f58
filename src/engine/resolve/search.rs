//! Keys found by search: how many fit into one, and what became of each.
//!
//! A search asks for all records whose property is one of a list of values (`IN`). HubSpot compares them without
//! regard to case and wants them in lower case, so that is how such keys are spelled. At most 3,000 characters make a
//! request, 200 records a page, and records made moments ago may be missing. Source: HubSpot's guide to searching
//! the CRM.

use std::time::Duration;

use super::doubt::look_later;
use super::lookup::{self, write_found};
use super::{Group, Resolution, Silence, Stored, halved};
use crate::api::SearchAnswer;
use crate::engine::batch::{Input, Send, Stage};
use crate::engine::operation::{Operation, Step};
use crate::engine::rejection::Rejection;

/// Most keys of one search: as many as the batch holds that writes what is found.
pub const MOST_KEYS: usize = 100;
/// Bytes the values may take, quotes and commas included: of 3,000 characters, what the rest of the request leaves
/// when the property's name, which stands in it twice, is as long as HubSpot allows.
pub const KEYS_BYTES: usize = 2_600;
/// Longest key that can be searched for, in bytes as JSON.
pub const LONGEST_KEY: usize = KEYS_BYTES - 2;

/// How long the index gets to catch up before something that may have been made counts as not found. HubSpot speaks of
/// "a few moments".
pub const INDEX_WAITS: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(8)];

/// How many of the inputs fit into one search, from the first: at least one.
#[must_use]
pub fn fitting(inputs: &[Input]) -> usize {
    let mut room = KEYS_BYTES;
    let fits = |input: &&Input| {
        let length = key_length(input.key().unwrap_or_default()) + 1;
        let fits = length <= room;
        room = room.saturating_sub(length);
        fits
    };
    inputs.iter().take(MOST_KEYS).take_while(fits).count().max(1).min(inputs.len())
}

/// Bytes a key takes in a search: as JSON, with its quotes.
#[must_use]
pub fn key_length(key: &str) -> usize {
    serde_json::to_string(key).map_or(usize::MAX, |text| text.len())
}

/// Reads the 2xx answer to a search: what was found is written by record id, what was not is made, rejected or
/// done with.
#[must_use]
pub fn searched(send: Send, operation: Operation, answer: &SearchAnswer) -> Resolution {
    if operation.looks_up_first() {
        return lookup::searched(send, operation, answer);
    }
    let only = send.inputs.len() == 1;
    let of = |input: &Input| -> Vec<&str> {
        let is_its =
            |key: Option<&str>| only || key.is_some_and(|key| Some(as_searched(key).as_str()) == input.key());
        let mut ids: Vec<&str> = answer
            .found
            .iter()
            .filter(|found| is_its(found.key.as_deref()))
            .map(|found| found.id.as_str())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let tied: Vec<Vec<&str>> = send.inputs.iter().map(of).collect();
    let all = answer.found.iter().map(|found| found.id.as_str());
    let all_are_tied = all.into_iter().all(|id| tied.iter().any(|ids| ids.contains(&id)));
    // What is on another page, or under another spelling, could belong to any of them.
    if !only && (answer.has_more || !all_are_tied) {
        return halved(send);
    }
    let clears_doubt = send.clears_doubt();
    let mut resolution = Resolution::default();
    let (mut found, mut missing, mut in_doubt) = (Vec::new(), Vec::new(), Vec::new());
    for (mut input, ids) in send.inputs.into_iter().zip(tied) {
        match ids[..] {
            [id] if !answer.has_more => {
                input.record_id = Some(id.into());
                input.doubt = None;
                found.push(input);
            }
            [] if input.doubt.is_some() => in_doubt.push(input),
            [] => missing.push(input),
            _ => resolution.rejected.push((input, Rejection::ambiguous(&answer.property, ids.len()))),
        }
    }
    write_found(&mut resolution, operation, found);
    look_later(&mut resolution, in_doubt);
    if !missing.is_empty() {
        not_found(&mut resolution, operation, missing, &answer.property);
    }
    if clears_doubt && !resolution.settles() {
        resolution.silence = Silence::Kept;
    }
    resolution
}

fn not_found(resolution: &mut Resolution, operation: Operation, missing: Vec<Input>, property: &str) {
    match operation {
        Operation::UpsertFound => resolution.again.push(Group::new(missing, Stage::First, Step::Create)),
        Operation::Archive(_) => {
            let gone = missing.into_iter().map(|input| Stored { input, created: None, id: None });
            resolution.stored.extend(gone);
        }
        Operation::Insert
        | Operation::Upsert
        | Operation::Update(_)
        | Operation::Membership(_)
        | Operation::Association(..)
        | Operation::Event => {
            let refused = missing.into_iter().map(|input| (input, Rejection::not_found_by_search(property)));
            resolution.rejected.extend(refused);
        }
    }
}

/// A stored value in the spelling of keys that are searched for.
#[must_use]
pub fn as_searched(value: &str) -> String {
    value.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{send, told};
    use super::*;
    use crate::api::Stored as Found;
    use crate::engine::operation::MatchedBy;

    fn found(records: &[(&str, Option<&str>)], has_more: bool) -> SearchAnswer {
        let record = |(id, key): &(&str, Option<&str>)| Found {
            id: (*id).to_owned(),
            trace_id: None,
            new: None,
            created_at: None,
            key: key.map(str::to_owned),
            other_keys: Vec::new(),
        };
        SearchAnswer { property: "domain".to_owned(), found: records.iter().map(record).collect(), has_more }
    }

    fn read(keys: &[&str], operation: Operation, answer: &SearchAnswer) -> Vec<String> {
        let resolution = searched(send(keys, Stage::First, Step::Search), operation, answer);
        let steps = resolution.again.iter().map(|group| format!("{:?}", group.step));
        let steps: Vec<String> = steps.collect();
        told(&resolution).into_iter().chain(steps).collect()
    }

    #[test]
    fn keys_are_found_whatever_their_case() {
        let answer = found(&[("1", Some(" A ")), ("2", Some("twice")), ("3", Some("TWICE"))], false);
        assert_eq!(
            read(&["a", "twice", "none"], Operation::UpsertFound, &answer),
            ["twice AMBIGUOUS_MATCH", "a", "none", "Write", "Create"]
        );
        let update = Operation::Update(MatchedBy::Search);
        assert_eq!(
            read(&["a", "twice", "none"], update, &answer),
            ["twice AMBIGUOUS_MATCH", "none NOT_FOUND", "a", "Write"]
        );
        let archive = Operation::Archive(MatchedBy::Search);
        assert_eq!(
            read(&["a", "twice", "none"], archive, &answer),
            ["none stored", "twice AMBIGUOUS_MATCH", "a", "Write"]
        );
    }

    #[test]
    fn what_cannot_be_tied_to_one_key_is_asked_again_in_halves() {
        let more = found(&[("1", Some("a"))], true);
        let untied = found(&[("1", Some("a")), ("2", Some("1.50"))], false);
        let without = found(&[("1", Some("a")), ("2", None)], false);
        for answer in [&more, &untied, &without] {
            assert_eq!(
                read(&["a", "b", "1.5"], Operation::UpsertFound, answer),
                ["a", "b 1.5", "Search", "Search"]
            );
        }
        // What a search for one key finds is that key's, and a page is not all of it.
        let alone = found(&[("2", Some("1.50"))], false);
        assert_eq!(read(&["1.5"], Operation::UpsertFound, &alone), ["1.5", "Write"]);
        assert_eq!(read(&["a"], Operation::UpsertFound, &more), ["a AMBIGUOUS_MATCH"]);
    }

    #[test]
    fn one_record_under_two_results_is_one() {
        let answer = found(&[("1", Some("a")), ("1", Some("A"))], false);
        assert_eq!(read(&["a"], Operation::UpsertFound, &answer), ["a", "Write"]);
    }

    #[test]
    fn a_search_holds_as_many_keys_as_fit() {
        let count = |keys: &[&str]| fitting(&send(keys, Stage::First, Step::Search).inputs);
        let many: Vec<String> = (0..150).map(|key| format!("{key}.example")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(count(&many), MOST_KEYS);
        let long = "x".repeat(1_000);
        assert_eq!(count(&[&long, &long, &long]), 2);
        let too_long = "\"".repeat(2_000);
        assert_eq!((count(&[&too_long, "a"]), key_length(&too_long)), (1, 4_002));
    }
}
