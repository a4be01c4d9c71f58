//! Rejections of a stream beyond the limit: the sync ends, and what was one too many comes again.

use serde_json::{Value, json};

use crate::support::delivery::{
    account, contact, contacts, for_contacts, for_streams, keyed, keyed_record, state_numbers,
};
use crate::support::messages::{record, stream_state};

/// Contacts of which every third is bad, with a state behind each.
fn every_third_is_bad(count: usize) -> Vec<Value> {
    let bad = |number: usize| record("contacts", json!({"email": format!("bad {number}")}));
    let row = |number: usize| if number.is_multiple_of(3) { bad(number) } else { contact(number) };
    (1..=count).flat_map(|number| [row(number), stream_state("contacts", number as u64)]).collect()
}

#[test]
fn one_rejection_too_many_ends_the_sync_and_is_not_acknowledged() {
    for (limit, too_many) in [(json!(2), 9), (json!("0"), 3), (json!("3"), 12)] {
        let sandbox = account().start();
        let run = for_contacts(&sandbox)
            .with(&json!({"rejection_limit": limit, "flush_interval_seconds": 0}))
            .write(&every_third_is_bad(60))
            .failed_with("config_error");
        let last =
            state_numbers(&run).get("contacts").and_then(|numbers| numbers.last().copied()).unwrap_or(0);
        assert!(last < too_many, "{limit}: state {last} covers record {too_many}");
        assert!(run.codes().len() as u64 > too_many / 3 - 1, "the one too many is shown: {run:#?}");
        let message = run.error()["message"].as_str().expect("a message");
        for word in ["INVALID_EMAIL", "email", "rejection_limit", "\"contacts\""] {
            assert!(message.contains(word), "{word}: {message}");
        }
        assert_eq!(run.error()["stream_descriptor"]["name"], "contacts");
    }
}

#[test]
fn what_the_limit_allows_ends_nothing() {
    let sandbox = account().start();
    for limit in [json!(20), json!("34%"), json!("100%")] {
        let run = for_contacts(&sandbox)
            .with(&json!({"rejection_limit": limit}))
            .write(&every_third_is_bad(60))
            .succeeded();
        assert_eq!((run.codes().len(), run.states().len()), (20, 60));
    }
    // Few records say nothing about a percentage; a stream is judged by its own.
    let input =
        [every_third_is_bad(9), vec![keyed_record("cars", "a", "b"), stream_state("cars", 1)]].concat();
    let run = for_streams(&sandbox, &[contacts(), keyed("cars")])
        .with(&json!({"rejection_limit": "1%"}))
        .write(&input)
        .succeeded();
    assert_eq!(run.states().len(), 10);
}

#[test]
fn a_percentage_is_judged_from_a_thousand_records_on() {
    let sandbox = account().start();
    let run = for_contacts(&sandbox)
        .with(&json!({"rejection_limit": "10%"}))
        .write(&every_third_is_bad(1_500))
        .failed_with("config_error");
    let numbers = state_numbers(&run);
    assert!(numbers.get("contacts").is_none_or(|numbers| numbers.len() < 1_500), "{numbers:?}");
    let message = run.error()["message"].as_str().expect("a message");
    assert!(message.contains("10%") && message.contains("1000 records"), "{message}");
}
