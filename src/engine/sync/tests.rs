//! Rules of time, memory and patience, one at a time. That the rules hold together is the model test's matter.

use std::time::Duration;

use super::super::batch::Input;
use super::super::retry::Setback;
use super::*;
use crate::api::{ApiError, BatchAnswer, RatePolicy, Stored};
use crate::error::Kind;

const PATIENT: Settings = Settings {
    buffer_bytes: 1 << 20,
    flush_interval: Duration::from_secs(5),
    retry_budget: Duration::from_secs(1800),
    rate_limit_share: 100,
    daily_reserve_percent: 5,
    seed: 7,
    durability: Durability::Printed,
    rejection_limit: None,
    began_at: 0,
};
const PAIRS: BatchLimits = BatchLimits { inputs: 2, records: 1000, bytes: 1 << 20 };
const MANY: BatchLimits = BatchLimits { inputs: 100, ..PAIRS };

struct Bench {
    sync: Sync,
    now: Moment,
}

impl Bench {
    /// A sync with one stream.
    fn new(settings: Settings, limits: BatchLimits) -> Self {
        let mut sync = Sync::new(settings);
        sync.add_stream(Operation::Upsert, limits, Merging::Allowed);
        Self { sync, now: Duration::ZERO }
    }

    fn push(&mut self, stream: u32, keys: &[&str]) {
        for key in keys {
            let parts = super::super::record::BodyParts { key: Some(key), data: key, ..Default::default() };
            let hash = |key: &[u8]| key.iter().fold(7, |hash: u64, byte| hash * 31 + u64::from(*byte));
            self.sync.received(self.now, StreamIndex(stream), Body::new(parts, hash));
        }
    }

    fn call(&mut self) -> SendId {
        match self.sync.next(self.now) {
            Next::Call(id) => id,
            other => panic!("{other:?} instead of a call"),
        }
    }

    fn wait(&mut self) -> Option<Moment> {
        match self.sync.next(self.now) {
            Next::Wait(moment) => moment,
            other => panic!("{other:?} instead of a wait"),
        }
    }

    /// Starts the next call, later if need be.
    fn call_in_time(&mut self) -> SendId {
        loop {
            match self.sync.next(self.now) {
                Next::Call(id) => return id,
                Next::Wait(Some(moment)) => self.now = moment,
                other => panic!("{other:?} instead of a call"),
            }
        }
    }

    /// Keys of the records in a call, in order.
    fn keys(&self, id: SendId) -> Vec<String> {
        let inputs = &self.sync.call(id).unwrap().inputs;
        inputs.iter().flat_map(Input::parts).map(|part| part.body.data().to_owned()).collect()
    }

    fn answer(&mut self, id: SendId, outcome: Outcome) {
        self.sync.answered(self.now, id, outcome, None);
    }

    fn store(&mut self, id: SendId) {
        let stored = |key: String| Stored {
            id: "1".into(),
            trace_id: None,
            new: None,
            created_at: None,
            key: Some(key),
            other_keys: Vec::new(),
            warnings: Vec::new(),
        };
        let results = self.keys(id).into_iter().map(stored).collect();
        self.answer(id, Outcome::Itemised(BatchAnswer { results, ..BatchAnswer::default() }, None));
    }

    fn fail(&mut self, id: SendId, setback: Setback) {
        let error = ApiError::parse(502, b"", None);
        self.answer(id, Outcome::Setback(setback, Some(error), None));
    }

    fn keep_silent(&mut self, id: SendId) {
        self.answer(id, Outcome::Itemised(BatchAnswer::default(), None));
    }

    /// States and codes of rejections, as they are printed.
    fn printed(&mut self) -> Vec<String> {
        let line = |effect| match effect {
            Effect::Rejected(_, body, rejection) => Some(format!("{} {}", body.data(), rejection.code)),
            Effect::State(state) => Some(state.raw.into()),
            Effect::Note(_) | Effect::Warned(..) | Effect::Missed(..) => None,
        };
        self.sync.take_effects().filter_map(line).collect()
    }

    fn failure(&self) -> Option<Kind> {
        self.sync.failure().map(|failure| failure.kind)
    }
}

fn refused() -> ApiError {
    ApiError::parse(400, br#"{"category":"VALIDATION_ERROR","code":"BAD","message":"No."}"#, None)
}

#[test]
fn a_partial_batch_goes_when_it_is_old_and_a_full_one_at_once() {
    let mut bench = Bench::new(PATIENT, PAIRS);
    bench.now = Duration::from_secs(3);
    bench.push(0, &["a"]);
    assert_eq!(bench.wait(), Some(Duration::from_secs(8)));
    bench.now = Duration::from_millis(7_999);
    assert_eq!(bench.wait(), Some(Duration::from_secs(8)));
    bench.now = Duration::from_secs(8);
    let call = bench.call();
    assert_eq!(bench.keys(call), ["a"]);
    bench.push(0, &["b", "c"]);
    let call = bench.call();
    assert_eq!(bench.keys(call), ["b", "c"]);
    assert_eq!(bench.wait(), None, "only answers can change anything");
}

#[test]
fn what_cannot_be_sent_yet_is_not_piled_up() {
    let mut bench = Bench::new(PATIENT, PAIRS);
    let mut pairs = (0..).map(|number| [format!("a{number}"), format!("b{number}")]);
    let mut push = |bench: &mut Bench| {
        let [first, second] = pairs.next().unwrap();
        bench.push(0, &[&first, &second]);
    };
    let mut calls = Vec::new();
    while let Next::Call(id) = {
        push(&mut bench);
        bench.sync.next(bench.now)
    } {
        calls.push(id);
    }
    // The one that found no call waits already.
    for _ in 1..READY {
        assert!(bench.sync.wants_input() && bench.sync.has_room());
        push(&mut bench);
    }
    assert!(!bench.sync.wants_input() && bench.sync.has_room(), "there is room, and no use for it");
    bench.store(calls.remove(0));
    let _call = bench.call();
    assert!(bench.sync.wants_input(), "an answer makes way for a call, and that for a batch");
}

#[test]
fn a_full_buffer_stops_the_input_and_sends_what_is_gathered() {
    let mut bench = Bench::new(Settings { buffer_bytes: 3_000, ..PATIENT }, MANY);
    bench.push(0, &["a"]);
    assert!(bench.sync.wants_input());
    assert!(bench.wait().is_some(), "there is room, so there is time");
    while bench.sync.wants_input() {
        bench.push(0, &["b"]);
    }
    let call = bench.call();
    bench.sync.received_stream_state(StreamIndex(0), "s".repeat(3_000).into());
    bench.store(call);
    assert!(bench.sync.wants_input(), "the records have settled and the state is out");
    bench.push(0, &["c"]);
    bench.sync.received_stream_state(StreamIndex(0), "s".repeat(3_000).into());
    assert!(!bench.sync.wants_input(), "a state that waits takes room, too");
    let call = bench.call();
    assert_eq!(bench.keys(call), ["c"]);
}

#[test]
fn no_more_calls_are_under_way_than_the_pace_allows() {
    let mut bench = Bench::new(PATIENT, PAIRS);
    let keys: Vec<String> = (0..200).map(|key| key.to_string()).collect();
    bench.push(0, &keys.iter().map(String::as_str).collect::<Vec<_>>());
    let mut under_way = 0;
    while let Next::Call(_) = bench.sync.next(bench.now) {
        under_way += 1;
    }
    assert_eq!(bench.sync.calls_under_way(), under_way);
    assert!(under_way < 10, "{under_way} calls before the first answer");
    assert_eq!(bench.wait(), None);
}

#[test]
fn streams_take_turns() {
    let mut bench = Bench::new(PATIENT, PAIRS);
    bench.sync.add_stream(Operation::Upsert, PAIRS, Merging::Allowed);
    bench.push(0, &["a", "b", "c", "d"]);
    bench.push(1, &["e", "f"]);
    let calls: Vec<SendId> = (0..3).map(|_| bench.call()).collect();
    let keys: Vec<_> = calls.into_iter().map(|id| bench.keys(id)).collect();
    assert_eq!(keys, [["a", "b"], ["e", "f"], ["c", "d"]]);
}

#[test]
fn what_waited_for_a_batch_goes_together_at_the_end() {
    let mut bench = Bench::new(PATIENT, MANY);
    bench.push(0, &["a", "b", "c"]);
    bench.now = PATIENT.flush_interval;
    let call = bench.call();
    bench.push(0, &["a", "b", "c"]);
    bench.sync.input_ended(None);
    assert_eq!(bench.wait(), None, "their elders are under way");
    bench.store(call);
    let call = bench.call();
    assert_eq!(bench.keys(call), ["a", "b", "c"]);
    bench.store(call);
    assert!(matches!(bench.sync.next(bench.now), Next::Finished));
}

#[test]
fn patience_ends_with_the_retry_budget_and_begins_anew_with_any_answer() {
    let settings = Settings { retry_budget: Duration::from_secs(60), ..PATIENT };
    let mut bench = Bench::new(settings, PAIRS);
    bench.push(0, &["a", "b"]);
    bench.sync.received_stream_state(StreamIndex(0), "1".into());
    bench.push(0, &["c", "d"]);
    bench.sync.received_stream_state(StreamIndex(0), "2".into());
    let (first, second) = (bench.call(), bench.call());
    bench.fail(first, Setback::Unreachable);
    bench.now = Duration::from_secs(50);
    bench.store(second);
    bench.fail_until_given_up();
    assert_eq!(bench.failure(), Some(Kind::Unavailable));
    assert!(bench.now >= Duration::from_secs(50 + 15), "the budget began anew: {:?}", bench.now);
    assert!(bench.now <= Duration::from_secs(50 + 60), "and was kept: {:?}", bench.now);
    assert_eq!(bench.printed(), [""; 0], "the first pair never settled");
    assert_eq!(bench.sync.totals(StreamIndex(0)).unsettled(), 2);
}

impl Bench {
    fn fail_until_given_up(&mut self) {
        while self.sync.failure().is_none() {
            let call = self.call_in_time();
            self.fail(call, Setback::Unreachable);
        }
        assert!(matches!(self.sync.next(self.now), Next::Finished));
    }
}

#[test]
fn a_wait_beyond_the_budget_ends_the_sync_at_once() {
    for (wait, ends) in [(1800, false), (1801, true)] {
        let mut bench = Bench::new(PATIENT, PAIRS);
        bench.push(0, &["a", "b"]);
        let call = bench.call();
        let retry_after = Some(Duration::from_secs(wait));
        bench.answer(call, Outcome::Setback(Setback::Migrating, None, retry_after));
        assert_eq!(bench.failure().is_some(), ends, "{wait} s");
    }
}

#[test]
fn the_daily_reserve_ends_the_sync_after_what_was_answered_has_settled() {
    let daily = |daily, remaining| RateHeaders {
        daily: Some(daily),
        daily_remaining: Some(remaining),
        ..RateHeaders::default()
    };
    for (headers, ends) in [
        (Some(daily(1000, 50)), false),
        (Some(daily(1000, 49)), true),
        (Some(daily(u64::MAX, 1)), true),
        (Some(RateHeaders::default()), false),
        (None, false),
    ] {
        let mut bench = Bench::new(PATIENT, PAIRS);
        bench.push(0, &["a", "b"]);
        bench.sync.received_shared_state("1".into());
        bench.push(0, &["c"]);
        let call = bench.call();
        bench.sync.answered(bench.now, call, Outcome::Confirmed, headers.as_ref());
        assert_eq!(bench.failure(), ends.then_some(Kind::QuotaSpent), "{headers:?}");
        assert_eq!(bench.printed(), ["1"]);
        assert_eq!(matches!(bench.sync.next(bench.now), Next::Finished), ends);
    }
    let mut bench = Bench::new(Settings { daily_reserve_percent: 0, ..PATIENT }, PAIRS);
    bench.push(0, &["a", "b"]);
    let call = bench.call();
    bench.sync.answered(bench.now, call, Outcome::Confirmed, Some(&daily(1000, 0)));
    assert_eq!(bench.failure(), None, "nothing is reserved");
}

#[test]
fn three_batches_of_which_nothing_is_said_end_the_sync_without_a_rejection() {
    let mut bench = Bench::new(PATIENT, PAIRS);
    bench.push(0, &["a", "b", "c", "d", "e", "f", "g", "h"]);
    for batch in 1..=3 {
        let call = bench.call_in_time();
        assert_eq!(bench.sync.call(call).unwrap().inputs.len(), 2);
        bench.keep_silent(call);
        let again = bench.call_in_time();
        assert_eq!(bench.failure(), None, "in batch {batch}");
        bench.keep_silent(again);
    }
    assert_eq!(bench.failure(), Some(Kind::Unavailable));
    assert_eq!(bench.printed(), [""; 0]);
}

#[test]
fn one_proper_answer_clears_hubspot_and_what_it_kept_silent_about_goes_alone() {
    let mut bench = Bench::new(PATIENT, PAIRS);
    bench.push(0, &["a", "b", "c", "d"]);
    for _ in 0..2 {
        let call = bench.call_in_time();
        assert_eq!(bench.keys(call), ["a", "b"]);
        bench.keep_silent(call);
    }
    let call = bench.call_in_time();
    assert_eq!(bench.keys(call), ["c", "d"], "the first two are in doubt until another call is answered");
    bench.store(call);
    for key in ["a", "b"] {
        let call = bench.call_in_time();
        assert_eq!(bench.keys(call), [key]);
        bench.keep_silent(call);
    }
    assert_eq!(bench.printed(), ["a NOT_CONFIRMED", "b NOT_CONFIRMED"]);
    assert_eq!(bench.failure(), None);
}

#[test]
fn a_record_at_which_hubspot_fails_five_times_while_others_go_through_is_rejected() {
    let limits = BatchLimits { inputs: 1, ..PAIRS };
    let mut bench = Bench::new(PATIENT, limits);
    bench.push(0, &["bad"]);
    for good in ["1", "2", "3", "4", "5"] {
        assert_eq!(bench.printed(), [""; 0]);
        bench.push(0, &[good]);
        let mut stored = false;
        // The bad one is repeated when its wait is over; the good one goes at once.
        while !stored {
            let call = bench.call_in_time();
            stored = bench.keys(call) != ["bad"];
            if stored { bench.store(call) } else { bench.fail(call, Setback::Server) }
        }
        let call = bench.call_in_time();
        assert_eq!(bench.keys(call), ["bad"]);
        bench.fail(call, Setback::Server);
    }
    assert_eq!(bench.printed(), ["bad SERVER_ERROR"]);
}

#[test]
fn failures_of_a_batch_are_not_held_against_what_is_left_of_it() {
    let mut bench = Bench::new(PATIENT, PAIRS);
    bench.push(0, &["a", "b"]);
    bench.sync.input_ended(None);
    for _ in 0..3 {
        let call = bench.call_in_time();
        bench.fail(call, Setback::Server);
    }
    let call = bench.call_in_time();
    let body = br#"{"results":[{"id":"1","properties":{"k":"b"}}],
        "errors":[{"status":503,"message":"m","context":{"ids":["a"]}}]}"#;
    bench.answer(call, Outcome::Itemised(BatchAnswer::parse(body, Some("k")).unwrap(), None));
    for _ in 0..5 {
        let call = bench.call_in_time();
        assert_eq!(bench.keys(call), ["a"]);
        bench.fail(call, Setback::Server);
        assert_eq!(bench.printed(), [""; 0]);
    }
    let call = bench.call_in_time();
    bench.store(call);
    assert!(matches!(bench.sync.next(bench.now), Next::Finished));
}

#[test]
fn an_outage_rejects_nothing_whatever_fails_in_it() {
    let mut bench = Bench::new(PATIENT, PAIRS);
    bench.push(0, &["a", "b", "c", "d"]);
    bench.sync.input_ended(None);
    let mut calls = 0;
    while bench.sync.failure().is_none() {
        let call = bench.call_in_time();
        bench.fail(call, Setback::Server);
        calls += 1;
    }
    assert!(calls > 50, "{calls} calls in half an hour");
    assert_eq!(bench.printed(), [""; 0]);
    assert_eq!(bench.failure(), Some(Kind::Unavailable));
}

#[test]
fn what_fails_for_other_reasons_is_never_held_against_a_record() {
    let mut bench = Bench::new(PATIENT, BatchLimits { inputs: 1, ..PAIRS });
    bench.push(0, &["a", "b"]);
    let (first, other) = (bench.call(), bench.call());
    bench.fail(first, Setback::Server);
    bench.store(other);
    bench.sync.input_ended(None);
    let others =
        [Setback::Locked, Setback::Unreachable, Setback::RateLimited(RatePolicy::Other)].into_iter().cycle();
    for setback in others.take(30) {
        let call = bench.call_in_time();
        bench.fail(call, setback);
    }
    let call = bench.call_in_time();
    bench.fail(call, Setback::Server);
    let call = bench.call_in_time();
    bench.store(call);
    assert_eq!(bench.printed(), [""; 0]);
    assert_eq!(bench.sync.totals(StreamIndex(0)).accepted, 2);
}

#[test]
fn what_an_answer_puts_off_waits_and_is_not_taken_for_silence() {
    let mut bench = Bench::new(PATIENT, PAIRS);
    bench.push(0, &["a", "b"]);
    let body = |names: &str| {
        let body = format!(
            r#"{{"errors":[{{"category":"RATE_LIMITS","message":"m","context":{{"ids":[{names}]}}}}]}}"#
        );
        BatchAnswer::parse(body.as_bytes(), None).unwrap()
    };
    // With names or without: nothing is said of the records but that they have to wait.
    for names in ["\"a\",\"b\"", "", "\"a\",\"b\"", ""] {
        let call = bench.call_in_time();
        assert_eq!(bench.keys(call), ["a", "b"]);
        let before = bench.now;
        bench.answer(call, Outcome::Itemised(body(names), None));
        assert!(bench.wait().is_some_and(|moment| moment > before));
    }
    let call = bench.call_in_time();
    bench.answer(call, Outcome::Itemised(body("\"a\""), None));
    let unmentioned = bench.call_in_time();
    assert_eq!(bench.keys(unmentioned), ["b"], "of b it said nothing at all");
    bench.store(unmentioned);
    let call = bench.call_in_time();
    assert_eq!(bench.keys(call), ["a"]);
    bench.store(call);
    assert_eq!(bench.sync.totals(StreamIndex(0)).accepted, 2);
}

#[test]
fn a_request_that_is_too_large_is_halved_down_to_the_record_that_is() {
    let mut bench = Bench::new(PATIENT, BatchLimits { inputs: 3, ..PAIRS });
    bench.push(0, &["a", "b", "large"]);
    let mut calls = 0;
    while bench.sync.totals(StreamIndex(0)).unsettled() > 0 {
        let call = bench.call_in_time();
        calls += 1;
        if bench.keys(call).contains(&"large".to_owned()) {
            bench.answer(call, Outcome::TooLarge(ApiError::parse(413, br#"{"code":"TOO_LARGE"}"#, None)));
        } else {
            bench.store(call);
        }
    }
    assert_eq!(bench.printed(), ["large TOO_LARGE"]);
    assert_eq!(calls, 5);
}

#[test]
fn a_stop_settles_what_is_under_way_and_sends_nothing_more() {
    let mut bench = Bench::new(PATIENT, PAIRS);
    bench.push(0, &["a", "b"]);
    bench.sync.received_stream_state(StreamIndex(0), "1".into());
    bench.push(0, &["c", "d"]);
    bench.sync.received_stream_state(StreamIndex(0), "2".into());
    let (first, second) = (bench.call(), bench.call());
    bench.sync.stop(None);
    assert!(!bench.sync.wants_input());
    assert_eq!(bench.wait(), None);
    bench.store(first);
    bench.answer(second, Outcome::Refused(refused()));
    assert!(matches!(bench.sync.next(bench.now), Next::Finished), "halves are not sent any more");
    assert_eq!(bench.printed(), ["1"]);
}

#[test]
fn a_stream_that_is_given_up_acknowledges_nothing_more_and_hinders_no_other() {
    let mut bench = Bench::new(PATIENT, PAIRS);
    bench.sync.add_stream(Operation::Upsert, PAIRS, Merging::Allowed);
    bench.push(0, &["a", "b"]);
    bench.sync.received_stream_state(StreamIndex(0), "left 1".into());
    bench.push(1, &["c"]);
    let call = bench.call();
    bench.sync.stream_failed(StreamIndex(0), Failure::new(Kind::Configuration, "gone"));
    // What made it fail was no record that could be entered: only the failure says that something is missing.
    bench.sync.received_stream_state(StreamIndex(0), "left 2".into());
    bench.sync.received_stream_state(StreamIndex(1), "right".into());
    bench.sync.received_shared_state("all".into());
    bench.store(call);
    let call = bench.call();
    assert_eq!(bench.keys(call), ["c"]);
    bench.store(call);
    assert!(matches!(bench.sync.next(bench.now), Next::Finished));
    assert_eq!(bench.printed(), ["left 1", "right"]);
    assert_eq!(bench.sync.grand_totals().unsettled(), 0);
}

#[test]
fn a_call_of_a_stream_that_was_given_up_is_not_repeated() {
    let mut bench = Bench::new(PATIENT, PAIRS);
    bench.push(0, &["a", "b"]);
    let call = bench.call();
    bench.sync.stream_failed(StreamIndex(0), Failure::new(Kind::Configuration, "gone"));
    let day = Some(Duration::from_secs(86_400));
    bench.answer(call, Outcome::Setback(Setback::Migrating, None, day));
    assert!(matches!(bench.sync.next(bench.now), Next::Finished));
    assert_eq!(bench.failure(), Some(Kind::Configuration), "its wait is nobody's");
}
