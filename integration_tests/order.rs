//! Records of one key take effect in the order in which they arrive; other records do not wait for them.

use std::time::Duration;

use hubspot_sandbox::{Endpoint, Fault, InputMatch, LimitPolicy, Sandbox, UniqueValues, When, Writing};
use serde_json::{Value, json};

use super::account;
use crate::support::connector::PATIENCE;
use crate::support::delivery::{
    KEY, VALUE, contact_in, email, for_contacts, for_streams, keyed, keyed_record, stats, stored,
};
use crate::support::messages::{record, stream_state};
use crate::support::random::Random;
use crate::support::sent::but_gets;

/// The numbers that a record's value was set to, in the order in which that happened.
fn history(sandbox: &Sandbox, key: &str) -> Vec<u64> {
    let id = sandbox.find("cars", KEY, key)[0].id.clone();
    let values = sandbox.value_history("cars", &id, VALUE);
    values.into_iter().map(|(_, value)| value.parse().expect("a number")).collect()
}

#[test]
fn hot_keys_never_go_back_to_an_older_value() {
    for seed in 1..=6 {
        let mut random = Random::new(seed);
        let upsert = || Fault::on(Endpoint::Upsert).with_probability(0.03);
        // At intervals, not by chance: silence that meets a record three times rejects it, and rightly so.
        let silence = Fault::on(Endpoint::Upsert).every(23);
        let sandbox = account()
            .seed(seed)
            .latency(Duration::from_millis(1))
            .jitter(Duration::from_millis(25))
            .fault(upsert().close(When::AfterEffect))
            .fault(upsert().close(When::BeforeEffect))
            .fault(upsert().truncate())
            .fault(upsert().rate_limited(LimitPolicy::Secondly))
            .fault(silence.unmention(
                InputMatch::Ids((0..5).map(|hot| format!("hot{hot}")).collect()),
                Writing::Written,
            ))
            .start();
        let mut last = std::collections::BTreeMap::new();
        let mut input: Vec<Value> = Vec::new();
        for number in 0..3_000_u64 {
            let key = if random.below(100) < 40 {
                format!("hot{}", random.below(5))
            } else {
                format!("cold{number}")
            };
            input.push(keyed_record("cars", &key, &number.to_string()));
            last.insert(key, number);
        }
        input.push(stream_state("cars", 1));
        let run = for_streams(&sandbox, &[keyed("cars")]).write(&input).succeeded();
        assert_eq!(stats(&run), [(3_000.0, 0.0)]);
        for (key, number) in last.iter().filter(|(key, _)| key.starts_with("hot")) {
            let written = history(&sandbox, key);
            // A write whose answer was lost is repeated, so a value may stand twice in a row.
            assert!(written.is_sorted(), "seed {seed}: {key} went back: {written:?}");
            assert_eq!(written.last(), Some(number));
        }
        let values = stored(&sandbox, "cars", KEY, VALUE);
        assert!(last.iter().all(|(key, number)| values[key] == number.to_string()), "seed {seed}");
        assert_eq!(values.len(), last.len());
        assert!(sandbox.max_concurrency() > 1, "order was not bought with a single call at a time");
    }
}

#[test]
fn a_key_under_way_holds_back_its_own_records_only() {
    let sandbox = account().start();
    let kept_back = sandbox.add_fault(Fault::on(Endpoint::Upsert).first(1).hold(When::BeforeEffect));
    let connector = for_streams(&sandbox, &[keyed("cars")]);
    let mut running = connector.start_write();
    running.send(&[keyed_record("cars", "hot", "1"), keyed_record("cars", "warm", "1")]);
    assert!(sandbox.wait_held(kept_back, 1, PATIENCE));
    let mut input = vec![keyed_record("cars", "hot", "2")];
    input.extend((0..60).map(|number| keyed_record("cars", &format!("cold{number}"), "1")));
    input.push(keyed_record("cars", "hot", "3"));
    input.push(stream_state("cars", 1));
    running.send(&input);
    assert!(
        sandbox.wait_until(PATIENCE, |totals| totals.inputs.get(&Endpoint::Upsert) == Some(&60)),
        "the others went"
    );
    assert_eq!(sandbox.count("cars"), 60);
    sandbox.release(kept_back);
    running.finish().succeeded();
    assert_eq!(history(&sandbox, "hot"), [1, 3], "those that waited went together");
    assert_eq!(history(&sandbox, "warm"), [1]);
}

#[test]
fn a_repeated_call_keeps_later_records_of_its_keys_waiting() {
    let sandbox = account().start();
    let lost = sandbox.add_fault(Fault::on(Endpoint::Upsert).first(1).close(When::AfterEffect));
    let connector = for_streams(&sandbox, &[keyed("cars")]).with(&json!({"flush_interval_seconds": 0.05}));
    let mut running = connector.start_write();
    running.send(&[keyed_record("cars", "hot", "1")]);
    assert!(sandbox.wait_until(PATIENCE, |_| sandbox.fault_fired(lost) == 1));
    running.send(&[keyed_record("cars", "hot", "2")]);
    running.finish().succeeded();
    assert_eq!(history(&sandbox, "hot"), [1, 1, 2]);
}

#[test]
fn addresses_that_differ_in_case_and_blanks_are_one_key() {
    let sandbox = account().start();
    let spelled = [" Ada@Example.com", "ada@example.COM ", "ADA@EXAMPLE.COM"];
    let input: Vec<Value> = spelled
        .iter()
        .zip(["1", "2", "3"])
        .map(|(address, city)| record("contacts", json!({"email": address, "city": city})))
        .collect();
    let run = for_contacts(&sandbox).write(&input).succeeded();
    assert!(run.rejected().is_empty());
    let found = stored(&sandbox, "contacts", "email", "city");
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [("ada@example.com".to_owned(), "3".to_owned())]);
}

/// HubSpot does not say whether it takes such keys for one.
#[test]
fn keys_that_differ_in_case_only_never_share_a_call_and_keep_their_order() {
    for compared in [UniqueValues::Exact, UniqueValues::Caseless] {
        for operation in ["upsert", "update", "insert", "archive"] {
            let sandbox = account().unique_values(compared).jitter(Duration::from_millis(3)).start();
            if operation != "insert" {
                sandbox.insert("cars", &[(KEY, "ABC"), (VALUE, "0")]);
                sandbox.insert("cars", &[(KEY, "ünits"), (VALUE, "0")]);
            }
            let spelled = ["ABC", "abc", "Abc", "ABC", "ABC", "abc", "ÜNITS", "ünits", "ABC"];
            let mut input: Vec<Value> = spelled
                .iter()
                .zip(1..)
                .map(|(key, number)| keyed_record("cars", key, &number.to_string()))
                .collect();
            input.push(stream_state("cars", 1));
            let settings = json!([{"name": "cars", "operation": operation, "matching_key": KEY}]);
            let connector = for_streams(&sandbox, &[keyed("cars")]).with(&json!({ "streams": settings }));
            connector.write(&input).succeeded();
            for call in but_gets(&sandbox) {
                let inputs = call.body().map(|body| body["inputs"].clone()).unwrap_or_default();
                let ids = inputs
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|input| input["id"].as_str().map(str::to_lowercase));
                let ids: Vec<String> = ids.collect();
                let once: std::collections::BTreeSet<&String> = ids.iter().collect();
                assert_eq!(once.len(), ids.len(), "{operation}, {compared:?}: {ids:?}");
            }
            if operation == "upsert" && compared == UniqueValues::Caseless {
                assert_eq!(
                    history(&sandbox, "ABC"),
                    [0, 1, 2, 3, 5, 6, 9],
                    "those of one spelling in a row go together"
                );
                assert_eq!(sandbox.count("cars"), 2);
            }
        }
    }
}

#[test]
fn a_stream_of_one_key_ends_with_its_last_record() {
    let sandbox = account().jitter(Duration::from_millis(5)).start();
    let mut input: Vec<Value> = (0..5_000).map(|number| contact_in(7, &number.to_string())).collect();
    input.push(stream_state("contacts", 1));
    let run = for_contacts(&sandbox).write(&input).succeeded();
    assert_eq!(stats(&run), [(5_000.0, 0.0)]);
    assert_eq!(stored(&sandbox, "contacts", "email", "city")[&email(7)], "4999");
    assert!(sandbox.totals().calls(Endpoint::Upsert) <= 30, "records of one key are merged");
}
