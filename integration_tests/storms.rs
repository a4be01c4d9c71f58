//! Syncs in which a good part of all calls fail, in every way: the ledger stays whole.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hubspot_sandbox::{
    Builder, Endpoint, Fault, FaultAnswer, FaultBody, InputMatch, LimitPolicy, When, Writing,
};
use serde_json::{Value, json};

use crate::support::delivery::{
    KEY, OBJECTS, VALUE, account, contacts, for_streams, keyed, keyed_record, state_numbers, stored,
};
use crate::support::messages::{global_state, record, stream_state};
use crate::support::random::Random;

const SEEDS: u64 = 20;
const RECORDS: u64 = 5_000;

/// Every passing fault at once, each with a small probability.
fn stormy(seed: u64) -> Builder {
    let calm = account().seed(seed).latency(Duration::from_millis(1)).jitter(Duration::from_millis(8));
    let upsert = || Fault::on(Endpoint::Upsert).with_probability(0.015);
    let html = |status| FaultAnswer::new(status).body(FaultBody::Html);
    // At intervals, not by chance: silence that meets a record again and again rejects it, and rightly so.
    let silence = Fault::on(Endpoint::Upsert).every(47);
    let silence = match seed % 2 {
        0 => silence.empty_results(),
        _ => silence.unmention(InputMatch::All, Writing::Written),
    };
    [
        upsert().status(500),
        upsert().status(502),
        upsert().status(408),
        upsert().answer(html(503), When::BeforeEffect),
        upsert().answer(FaultAnswer::new(524), When::AfterEffect),
        upsert().answer(FaultAnswer::new(500), When::AfterEffect),
        upsert().answer(html(200), When::AfterEffect),
        upsert().close(When::BeforeEffect),
        upsert().close(When::AfterEffect),
        upsert().truncate(),
        upsert().rate_limited(LimitPolicy::Secondly),
        upsert().rate_limited(LimitPolicy::TenSecondlyRolling),
        silence,
        upsert().with_probability(0.003).hang(When::AfterEffect),
        upsert().with_probability(0.003).status(423),
    ]
    .into_iter()
    .fold(calm, Builder::fault)
}

/// What a storm is fed, and what has to be there in the end.
struct Feed {
    input: Vec<Value>,
    expected: BTreeMap<&'static str, BTreeMap<String, String>>,
    bad: usize,
    states: BTreeMap<String, Vec<u64>>,
}

fn feed(seed: u64) -> Feed {
    let mut random = Random::new(seed);
    let shared = seed.is_multiple_of(2);
    let mut feed = Feed { input: Vec::new(), expected: BTreeMap::new(), bad: 0, states: BTreeMap::new() };
    for number in 0..RECORDS {
        let stream = ["contacts", OBJECTS[0], OBJECTS[1], OBJECTS[2]][random.below(4) as usize];
        let (who, value) = (random.below(900), number.to_string());
        let key = if stream == "contacts" { format!("p{who}@example.com") } else { format!("k{who}") };
        if random.below(100) == 0 {
            feed.bad += 1;
            feed.input.push(record(stream, json!({"email": null, KEY: null, VALUE: "lost"})));
        } else {
            feed.input.push(if stream == "contacts" {
                record(stream, json!({"email": key, "city": value}))
            } else {
                keyed_record(stream, &key, &value)
            });
            feed.expected.entry(stream).or_default().insert(key, value);
        }
        if random.below(40) == 0 {
            let name = if shared { "" } else { stream };
            feed.states.entry(name.to_owned()).or_default().push(number);
            feed.input.push(if shared { global_state(number) } else { stream_state(stream, number) });
        }
    }
    let names: Vec<&str> = if shared { vec![""] } else { feed.expected.keys().copied().collect() };
    for name in names {
        feed.states.entry(name.to_owned()).or_default().push(RECORDS);
        feed.input.push(if shared { global_state(RECORDS) } else { stream_state(name, RECORDS) });
    }
    feed
}

fn weather(seed: u64) {
    let Feed { input, expected, bad, states } = feed(seed);
    let sandbox = stormy(seed).start();
    let streams: Vec<Value> = std::iter::once(contacts()).chain(OBJECTS.map(keyed)).collect();
    let connector = for_streams(&sandbox, &streams).with(&json!({"request_timeout_seconds": 1}));
    let run = connector.write(&input).succeeded();
    let surprises: Vec<&str> =
        run.codes().into_iter().filter(|code| *code != "MISSING_MATCHING_KEY").collect();
    assert!(surprises.is_empty(), "seed {seed}: {surprises:?}");
    assert_eq!(run.stats(), ((RECORDS - bad as u64) as f64, bad as f64), "seed {seed}");
    assert_eq!(state_numbers(&run), states, "seed {seed}");
    for (object, values) in expected {
        let (key, value) = if object == "contacts" { ("email", "city") } else { (KEY, VALUE) };
        assert_eq!(stored(&sandbox, object, key, value), values, "seed {seed}, {object}");
    }
    assert!(sandbox.max_concurrency() > 1, "seed {seed}");
}

#[test]
fn storms_leave_every_record_settled_once_and_every_value_right() {
    let seed = AtomicU64::new(1);
    // A storm is mostly waiting; several at a time keep the test short.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(seed) =
                    Some(seed.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed <= SEEDS)
                {
                    weather(seed);
                }
            });
        }
    });
}
