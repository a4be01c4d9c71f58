//! What it costs to find the bad records of a batch that HubSpot only ever refuses whole.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::super::Moment;
use super::super::lane::{BatchLimits, Merging};
use super::super::ledger::Totals;
use super::super::operation::Operation;
use super::super::record::{Body, BodyParts};
use super::super::sync::{Durability, Effect, Next, Outcome, Settings, Sync};
use super::config;
use super::errors::{self, about};
use super::hubspot::members;
use super::script::{Naming, Properties};
use crate::api::{BatchAnswer, Stored};

const NOW: Moment = Duration::ZERO;

/// One batch and what is wrong with it.
#[derive(Clone, Debug)]
struct Batch {
    records: usize,
    bad: BTreeSet<usize>,
    /// Good records that carry the property at fault.
    suspicious: BTreeSet<usize>,
    naming: Naming,
    /// Whether the first refusal names a good record instead.
    lies: bool,
}

fn batch() -> impl Strategy<Value = Batch> {
    (1..=100_usize).prop_flat_map(|records| {
        let some = move |most| prop::collection::btree_set(0..records, 0..=most);
        // Few bad records are the rule, but every number has to do.
        let bad = prop_oneof![3 => some(records.min(4)), 1 => some(records)];
        let naming =
            prop_oneof![Just(Naming::Nobody), Just(Naming::All), Just(Naming::One), Just(Naming::Property)];
        (bad, some(records), naming, prop::bool::weighted(0.1))
            .prop_map(move |(bad, suspicious, naming, lies)| Batch { records, bad, suspicious, naming, lies })
    })
}

/// Calls it takes until every record of the batch has settled, and the records that were rejected.
fn isolate(batch: &Batch) -> (u32, BTreeSet<usize>) {
    let settings = Settings {
        buffer_bytes: 1 << 20,
        flush_interval: Duration::from_secs(5),
        retry_budget: Duration::from_secs(60),
        rate_limit_share: 100,
        daily_reserve_percent: 0,
        seed: 1,
        durability: Durability::Printed,
        rejection_limit: None,
        began_at: 0,
    };
    let mut sync = Sync::new(settings);
    let limits = BatchLimits { inputs: 100, records: 1000, bytes: 1 << 20 };
    let stream = sync.add_stream(Operation::Upsert, limits, Merging::Allowed);
    for record in 0..batch.records {
        let at_fault = batch.bad.contains(&record) || batch.suspicious.contains(&record);
        let properties = members(if at_fault { Properties::Suspicious } else { Properties::Innocent });
        let key = record.to_string();
        let parts = BodyParts { key: Some(&key), properties, data: &key, ..BodyParts::default() };
        sync.received(NOW, stream, Body::new(parts, |_| record as u64));
    }
    sync.input_ended(None);
    let (mut calls, mut lies) = (0, batch.lies);
    loop {
        let id = match sync.next(NOW) {
            Next::Call(id) => id,
            Next::Finished => break,
            Next::Wait(_) => panic!("every call is answered at once"),
        };
        calls += 1;
        let sent = sync.call(id).expect("a call that starts has inputs");
        let numbers: Vec<usize> =
            sent.inputs.iter().map(|input| input.head.body.data().parse().unwrap()).collect();
        let outcome = answer(batch, &numbers, &mut lies);
        sync.answered(NOW, id, outcome, None);
    }
    let rejected: BTreeSet<usize> = sync
        .take_effects()
        .filter_map(|effect| match effect {
            Effect::Rejected(_, body, _) => Some(body.data().parse().unwrap()),
            Effect::State(_) | Effect::Note(_) | Effect::Warned(..) | Effect::Missed(..) => None,
        })
        .collect();
    let (received, rejections) = (batch.records as u64, rejected.len() as u64);
    let expected = Totals { received, accepted: received - rejections, rejected: rejections };
    assert_eq!(sync.totals(stream), expected);
    (calls, rejected)
}

fn answer(batch: &Batch, numbers: &[usize], lies: &mut bool) -> Outcome {
    let mut bad: Vec<String> =
        numbers.iter().filter(|number| batch.bad.contains(number)).map(ToString::to_string).collect();
    if bad.is_empty() {
        let stored = |number: &usize| Stored {
            id: "1".to_owned(),
            trace_id: None,
            new: None,
            created_at: None,
            key: Some(number.to_string()),
            other_keys: Vec::new(),
            warnings: Vec::new(),
        };
        let results = numbers.iter().rev().map(stored).collect();
        return Outcome::Itemised(BatchAnswer { results, ..BatchAnswer::default() }, None);
    }
    if std::mem::take(lies) {
        let good = numbers.iter().find(|number| !batch.bad.contains(number));
        bad = good.map(ToString::to_string).into_iter().collect();
    }
    match batch.naming {
        Naming::Nobody => bad.clear(),
        Naming::All => {}
        Naming::One => bad.truncate(1),
        Naming::Property => return Outcome::Refused(errors::WHOLE_BY_PROPERTY.clone()),
    }
    Outcome::Refused(about(&errors::WHOLE, Vec::new(), bad))
}

/// The promise: `2k log2(n/k) + 2k + 20` calls for `k` bad records among `n`.
fn promised(records: usize, bad: usize) -> f64 {
    if bad == 0 {
        return 1.0;
    }
    let (records, bad) = (records as f64, bad as f64);
    2.0 * bad * (records / bad).log2() + 2.0 * bad + 20.0
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn bad_records_are_found_with_few_calls(batch in batch()) {
        let (calls, rejected) = isolate(&batch);
        prop_assert_eq!(&rejected, &batch.bad);
        let promised = promised(batch.records, batch.bad.len());
        prop_assert!(f64::from(calls) <= promised, "{} calls, promised are {}", calls, promised);
    }
}

/// Names are used: what HubSpot points at costs three calls, not a search.
#[test]
fn a_named_record_is_found_at_once() {
    let batch = Batch {
        records: 100,
        bad: BTreeSet::from([57]),
        suspicious: BTreeSet::new(),
        naming: Naming::All,
        lies: false,
    };
    for naming in [Naming::All, Naming::One, Naming::Property] {
        assert_eq!(isolate(&Batch { naming, ..batch.clone() }).0, 3, "{naming:?}");
    }
}
