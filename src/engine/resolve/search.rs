//! Keys found by search: how many fit into one, and what became of each.
//!
//! A search asks for all records whose property is one of a list of values (`IN`). HubSpot compares them without
//! regard to case and wants them in lower case, so that is how such keys are spelled. At most 3,000 characters make a
//! request, 200 records a page, and records made moments ago may be missing. Source: HubSpot's guide to searching
//! the CRM.
//!
//! Companies have further domains beside their own (`hs_additional_domains`, joined by `;`), those of companies merged
//! into them above all. They are asked for by a second group of filters in the same search; that `IN` finds one value of
//! several is known of contacts' further addresses, which are kept alike (HubSpot/hubspot-api-nodejs, issue 24). What it
//! does not find counts as missing. A company whose own domain is asked for goes before one that has it besides.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use super::doubt::look_later;
use super::lookup::{self, write_found};
use super::{Group, Resolution, Silence, Stored, halved};
use crate::api::SearchAnswer;
use crate::coerce::{caseless, caseless_host, other_spelling};
use crate::engine::batch::{FoundBy, Input, Send, Stage};
use crate::engine::operation::{Among, Operation, Step};
use crate::engine::rejection::Rejection;

/// Most keys of one search: as many as the batch holds that writes what is found.
pub const MOST_KEYS: usize = 100;
/// Bytes the values may take, quotes and commas included: of 3,000 characters, what the rest of the request leaves
/// when the property's name, which stands in it twice, is as long as HubSpot allows.
const KEYS_BYTES: usize = 2_600;
/// The same where every value stands in two groups of filters.
const KEYS_BYTES_TWICE: usize = 1_350;

/// Bytes the values may take, quotes and commas included.
#[must_use]
pub fn keys_bytes(among: Among) -> usize {
    match among {
        Among::Values | Among::Domains => KEYS_BYTES,
        Among::AllDomains => KEYS_BYTES_TWICE,
    }
}

/// Longest key that can be searched for, in bytes as JSON.
#[must_use]
pub fn longest_key(among: Among) -> usize {
    keys_bytes(among) - 2
}

/// The ways in which a key is asked for.
pub fn spellings(among: Among, key: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let other = match among {
        Among::Values => None,
        Among::Domains | Among::AllDomains => other_spelling(key),
    };
    std::iter::once(Cow::Borrowed(key)).chain(other.map(Cow::Owned))
}

/// Bytes a key takes in a search, commas included.
#[must_use]
pub fn asked_length(among: Among, key: &str) -> usize {
    spellings(among, key).map(|key| key_length(&key).saturating_add(1)).fold(0, usize::saturating_add)
}

/// How long the index gets to catch up before something that may have been made counts as not found. HubSpot speaks of
/// "a few moments".
pub const INDEX_WAITS: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(8)];

/// How many of the inputs fit into one search, from the first: at least one.
#[must_use]
pub fn fitting(among: Among, inputs: &[Input]) -> usize {
    let mut room = keys_bytes(among);
    let fits = |input: &&Input| {
        let length = asked_length(among, input.key().unwrap_or_default());
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
    let tied = Tied::of(operation.among(send.step), &send, answer);
    let all_are_tied = tied.is_whole;
    // What is on another page, or under another spelling, could belong to any of them.
    if !only && (answer.has_more || !all_are_tied) {
        return halved(send);
    }
    let clears_doubt = send.clears_doubt();
    let mut resolution = Resolution::default();
    let (mut found, mut missing, mut in_doubt) = (Vec::new(), Vec::new(), Vec::new());
    for (mut input, (ids, found_by)) in send.inputs.into_iter().zip(tied.ids) {
        match ids[..] {
            [id] if !answer.has_more => {
                input.record_id = Some(id.into());
                input.found_by = found_by;
                input.doubt = None;
                found.push(input);
            }
            [] if input.doubt.is_some() => in_doubt.push(input),
            [] => missing.push(input),
            _ => resolution.rejected.push((input, Rejection::ambiguous(&answer.property, ids.len()))),
        }
    }
    let (found, only_named): (Vec<Input>, Vec<Input>) =
        found.into_iter().partition(|input| input.has_more_than(&answer.property));
    let seen = |input: Input| Stored { id: input.record_id.clone(), input, created: None };
    resolution.stored.extend(only_named.into_iter().map(seen));
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
        Operation::UpsertFound(_) => resolution.again.push(Group::new(missing, Stage::First, Step::Create)),
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

/// The records of an answer, each with the input whose key it has.
struct Tied<'a> {
    /// Of every input, the records it may mean, and what they were found by.
    ids: Vec<(Vec<&'a str>, FoundBy)>,
    /// Whether no record is left over.
    is_whole: bool,
}

impl<'a> Tied<'a> {
    fn of(among: Among, send: &Send, answer: &'a SearchAnswer) -> Self {
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (place, input) in send.inputs.iter().enumerate() {
            places.extend(input.key().map(|key| (key, place)));
        }
        let mut own: Vec<Vec<&str>> = vec![Vec::new(); send.inputs.len()];
        let mut others = own.clone();
        let mut is_whole = true;
        for found in &answer.found {
            let place = |name: &str| places.get(&*as_searched(among, name)).copied();
            let by_key = found.key.as_deref().and_then(place);
            let by_others: Vec<usize> = found.other_keys.iter().filter_map(|name| place(name)).collect();
            // What a search for one key finds is that key's, under whichever spelling.
            let only = (send.inputs.len() == 1 && by_others.is_empty()).then_some(0);
            is_whole &= by_key.or(only).is_some() || !by_others.is_empty();
            if let Some(place) = by_key.or(only) {
                own[place].push(&found.id);
            }
            for place in by_others {
                others[place].push(&found.id);
            }
        }
        let ids = own.into_iter().zip(others).map(|(own, others)| {
            let (mut ids, found_by) =
                if own.is_empty() { (others, FoundBy::Another) } else { (own, FoundBy::Key) };
            ids.sort_unstable();
            ids.dedup();
            (ids, found_by)
        });
        Self { ids: ids.collect(), is_whole }
    }
}

/// A stored value in the spelling of keys that are searched for.
#[must_use]
pub fn as_searched(among: Among, value: &str) -> Cow<'_, str> {
    match among {
        Among::Values => caseless(value),
        Among::Domains | Among::AllDomains => caseless_host(value),
    }
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
            warnings: Vec::new(),
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
            read(&["a", "twice", "none"], Operation::UpsertFound(Among::Values), &answer),
            ["twice AMBIGUOUS_MATCH", "a", "none", "Write", "Create"]
        );
        let update = Operation::Update(MatchedBy::Search(Among::Values));
        assert_eq!(
            read(&["a", "twice", "none"], update, &answer),
            ["twice AMBIGUOUS_MATCH", "none NOT_FOUND", "a", "Write"]
        );
        let archive = Operation::Archive(MatchedBy::Search(Among::Values));
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
                read(&["a", "b", "1.5"], Operation::UpsertFound(Among::Values), answer),
                ["a", "b 1.5", "Search", "Search"]
            );
        }
        // What a search for one key finds is that key's, and a page is not all of it.
        let alone = found(&[("2", Some("1.50"))], false);
        assert_eq!(read(&["1.5"], Operation::UpsertFound(Among::Values), &alone), ["1.5", "Write"]);
        assert_eq!(read(&["a"], Operation::UpsertFound(Among::Values), &more), ["a AMBIGUOUS_MATCH"]);
    }

    #[test]
    fn one_record_under_two_results_is_one() {
        let answer = found(&[("1", Some("a")), ("1", Some("A"))], false);
        assert_eq!(read(&["a"], Operation::UpsertFound(Among::Values), &answer), ["a", "Write"]);
    }

    #[test]
    fn companies_are_found_by_their_further_domains_unless_another_has_the_domain() {
        let record = |id: &str, own: Option<&str>, others: &[&str]| Found {
            id: id.to_owned(),
            trace_id: None,
            new: None,
            created_at: None,
            key: own.map(str::to_owned),
            other_keys: others.iter().map(|other| (*other).to_owned()).collect(),
            warnings: Vec::new(),
        };
        let answer =
            |found: Vec<Found>| SearchAnswer { property: "domain".to_owned(), found, has_more: false };
        let upsert = Operation::UpsertFound(Among::AllDomains);
        let one = answer(vec![record("1", Some("new.example"), &["Old.Example", "older.example"])]);
        assert_eq!(read(&["old.example"], upsert, &one), ["old.example", "Write"]);
        assert_eq!(
            read(&["new.example", "x.example"], upsert, &one),
            ["new.example", "x.example", "Write", "Create"]
        );
        let two = answer(vec![
            record("1", Some("new.example"), &["a.example", "b.example"]),
            record("2", Some("xn--mnchen-3ya.example"), &["b.example"]),
            record("3", Some("a.example"), &[]),
        ]);
        assert_eq!(
            read(&["a.example", "b.example", "münchen.example"], upsert, &two),
            ["b.example AMBIGUOUS_MATCH", "a.example münchen.example", "Write"]
        );
    }

    #[test]
    fn a_domain_is_asked_for_in_both_of_its_spellings() {
        let asked = |among| spellings(among, "münchen.example").count();
        assert_eq!([Among::Values, Among::Domains, Among::AllDomains].map(asked), [1, 2, 2]);
        assert_eq!(spellings(Among::AllDomains, "a.example").count(), 1);
    }

    #[test]
    fn a_search_holds_as_many_keys_as_fit() {
        let count = |keys: &[&str]| fitting(Among::Values, &send(keys, Stage::First, Step::Search).inputs);
        let many: Vec<String> = (0..150).map(|key| format!("{key}.example")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(count(&many), MOST_KEYS);
        let long = "x".repeat(1_000);
        assert_eq!(count(&[&long, &long, &long]), 2);
        let too_long = "\"".repeat(2_000);
        assert_eq!((count(&[&too_long, "a"]), key_length(&too_long)), (1, 4_002));
    }
}
