//! Calls that make records: none makes a record twice. The rules are those of [`doubt`].

use std::time::Duration;

use super::super::Moment;
use super::super::batch::{Input, Send};
use super::super::ledger::StreamIndex;
use super::super::made::{Known, Made};
use super::super::operation::{Operation, Step};
use super::super::rejection::Rejection;
use super::super::resolve::doubt::{self, Doubted, Maker};
use super::super::resolve::{Resolution, Silence, Stored, search};
use super::{Effect, Note, Sync};
use crate::api::{self, ApiError, BatchAnswer};

/// How far HubSpot's clock may be behind this machine's. A record that was made less than this before the first call
/// that could have made it is taken for that call's: ordinary clocks agree within seconds, and a stranger who made
/// the very record within that minute is far less likely than a clock that is a little off. What this sync made of an
/// earlier input is known and never taken for it, see [`Made`].
const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// Tells inputs the record ids that this sync has given their keys.
pub(super) fn recall(made: &Made, stream: StreamIndex, inputs: &mut [Input]) {
    for input in inputs.iter_mut().filter(|input| input.record_id.is_none()) {
        input.record_id = input.key().and_then(|key| made.id_of(stream, key)).map(Into::into);
    }
}

/// Whether an input of a call may exist.
pub(super) fn is_in_doubt(send: &Send) -> bool {
    send.inputs.iter().any(|input| input.doubt.is_some())
}

impl Sync {
    /// Cuts a search down to what fits into one request; the rest goes next.
    pub(super) fn cut(&mut self, mut send: Send) -> Send {
        let operation = self.operation_of(send.source());
        if send.step == Step::Search && !operation.looks_up_first() {
            let fitting = search::fitting(operation.among(send.step), &send.inputs);
            if fitting < send.inputs.len() {
                let rest = send.inputs.split_off(fitting);
                let rest = self.part_of(&send, rest);
                self.again.push_front(rest);
            }
        }
        send
    }

    /// A new call for some inputs of another, of which the same is known.
    fn part_of(&mut self, send: &Send, inputs: Vec<Input>) -> Send {
        self.next_send += 1;
        Send { id: super::SendId(self.next_send), inputs, chore: None, ..*send }
    }

    /// Remembers what was made of a key, or that it is gone.
    pub(super) fn remember(&mut self, stream: StreamIndex, stored: &Stored) {
        let of_stream = self.streams[stream.0 as usize].operation;
        let Some(key) = stored.input.key() else { return };
        if let Operation::Archive(_) = stored.input.operation(of_stream) {
            self.made.forget(stream, key);
            if let Some(id) = stored.input.record_id.as_deref().filter(|_| of_stream.searches().is_some()) {
                self.gone.note(stream, id);
            }
        } else if let (true, Some(true), Some(id)) = (of_stream.makes(), stored.created, stored.id.as_deref())
        {
            self.made.remember(stream, key, Known::Made(id));
        }
    }

    /// Puts the inputs of a failed call in doubt: the call becomes one that looks for them. Those that cannot be
    /// looked for are rejected.
    pub(super) fn put_in_doubt(
        &mut self,
        now: Moment,
        send: &mut Send,
        pause: Duration,
        error: Option<&ApiError>,
    ) {
        let operation = self.streams[send.stream.0 as usize].operation;
        let inputs = std::mem::take(&mut send.inputs);
        let Doubted { inputs, step, lost } = doubt::put_in_doubt(inputs, operation, send.sent_at);
        send.inputs = inputs;
        if !lost.is_empty() {
            // These cannot wait any more: the calls after them do, or an outage would cost all of them.
            let budget = send.step.budget();
            self.pace.of_mut(budget).pause(now + pause);
            let correlation_id = error.and_then(|error| error.correlation_id.as_deref());
            let may_exist = |input| (input, Rejection::may_exist(correlation_id));
            let rejected = lost.into_iter().map(may_exist).collect();
            let resolution = Resolution { rejected, silence: Silence::Kept, ..Resolution::default() };
            self.resolved(now, send.source(), resolution);
        }
        send.step = step;
    }

    /// Reads the answer to a look-up of inputs in doubt.
    pub(super) fn looked_for(
        &self,
        send: Send,
        operation: Operation,
        answer: &BatchAnswer,
        correlation_id: Option<&str>,
    ) -> Resolution {
        let stream = send.stream;
        let maker = |input: &Input, found: &api::Stored| self.maker_of(stream, input, found);
        doubt::looked_for(send, operation, answer, correlation_id, maker)
    }

    fn maker_of(&self, stream: StreamIndex, input: &Input, found: &api::Stored) -> Maker {
        match input.key().and_then(|key| self.made.of(stream, key)) {
            Some(Known::Made(id)) if id == found.id => return Maker::Another,
            Some(Known::Perhaps) => return Maker::Untold,
            Some(Known::Made(_)) | None => {}
        }
        let (Some(created_at), Some(doubt)) = (found.created_at, &input.doubt) else { return Maker::Untold };
        let milliseconds = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let since = self.settings.began_at.saturating_add(milliseconds(doubt.since));
        let is_new = created_at >= since.saturating_sub(milliseconds(CLOCK_SKEW));
        if is_new { Maker::ThisInput } else { Maker::Another }
    }

    /// Says what becomes of the only input of a call if it turns out not to exist.
    pub(super) fn reject_unless_made(&mut self, send: &mut Send, rejection: Rejection) {
        let operation = send.operation(self.streams[send.stream.0 as usize].operation);
        for doubt in send.inputs.iter_mut().filter_map(|input| input.doubt.as_mut()) {
            doubt.otherwise.get_or_insert_with(|| rejection.clone());
        }
        send.step = operation.step_in_doubt();
    }

    /// Says how many of these may exist although they are rejected, and remembers their keys.
    pub(super) fn tell_what_may_exist(&mut self, stream: StreamIndex, rejected: &[(Input, Rejection)]) {
        for (input, _) in rejected.iter().filter(|(input, _)| input.doubt.is_some()) {
            if let Some(key) = input.key() {
                self.made.remember(stream, key, Known::Perhaps);
            }
        }
        let may_exist =
            |(input, rejection): &&(Input, Rejection)| input.doubt.is_some() && rejection.leaves_open();
        let records = rejected.iter().filter(may_exist).count();
        if records > 0 {
            self.effects.push_back(Effect::Note(Note::MayExist(stream, records)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::batch::SendId;
    use super::super::super::lane::{BatchLimits, Merging};
    use super::super::super::operation::Among;
    use super::super::super::record::{Body, BodyParts};
    use super::super::super::retry::Setback;
    use super::super::{Durability, Next, Outcome, Settings};
    use super::*;
    use crate::api::{SearchAnswer, Stored as Found};
    use crate::error::Kind;

    const STREAM: StreamIndex = StreamIndex(0);
    /// The sync began a day after 1970.
    const BEGAN_AT: i64 = 86_400_000;

    struct Bench {
        sync: Sync,
        now: Moment,
    }

    impl Bench {
        fn new(operation: Operation, inputs: usize) -> Self {
            let mut sync = Sync::new(Settings {
                buffer_bytes: 1 << 20,
                flush_interval: Duration::from_secs(5),
                retry_budget: Duration::from_secs(1800),
                rate_limit_share: 100,
                daily_reserve_percent: 5,
                seed: 7,
                durability: Durability::Printed,
                rejection_limit: None,
                began_at: BEGAN_AT,
            });
            let merging = if operation == Operation::Insert { Merging::Never } else { Merging::Allowed };
            let limits = BatchLimits { inputs, records: 1000, bytes: 1 << 20 };
            sync.add_stream(operation, limits, merging);
            Self { sync, now: Duration::ZERO }
        }

        /// Records, by name; a name in capitals is no key.
        fn push(&mut self, names: &[&str]) {
            for name in names {
                let key = Some(*name).filter(|name| name.to_lowercase() == *name);
                let parts = BodyParts { key, properties: br#""p":"1""#, data: name, ..Default::default() };
                let hash = |key: &[u8]| key.iter().fold(7, |hash: u64, byte| hash * 31 + u64::from(*byte));
                self.sync.received(self.now, STREAM, Body::new(parts, hash));
            }
        }

        /// The next call, in time: its step and its inputs.
        fn call(&mut self) -> (SendId, Step, Vec<String>) {
            loop {
                match self.sync.next(self.now) {
                    Next::Call(id) => {
                        let send = self.sync.call(id).unwrap();
                        let name = |input: &Input| input.head.body.data().to_owned();
                        return (id, send.step, send.inputs.iter().map(name).collect());
                    }
                    Next::Wait(Some(moment)) => self.now = moment,
                    other => panic!("{other:?} instead of a call"),
                }
            }
        }

        fn expect(&mut self, step: Step, names: &[&str]) -> SendId {
            let (id, actual, inputs) = self.call();
            assert_eq!((actual, inputs), (step, names.iter().map(|name| (*name).to_owned()).collect()));
            id
        }

        fn answer(&mut self, id: SendId, outcome: Outcome) {
            self.sync.answered(self.now, id, outcome, None);
        }

        fn fail(&mut self, id: SendId, setback: Setback) {
            self.answer(id, Outcome::Setback(setback, Some(ApiError::parse(502, b"", None)), None));
        }

        /// Answers with the records of these names that are there, by id and moment of making; the others are
        /// said to be missing.
        fn find(&mut self, id: SendId, there: &[(&str, &str, Option<i64>)]) {
            let names = self.names(id);
            let found = there.iter().map(|(name, record, created_at)| Found {
                id: (*record).to_owned(),
                trace_id: None,
                new: None,
                created_at: *created_at,
                key: Some((*name).to_owned()),
                other_keys: Vec::new(),
                warnings: Vec::new(),
            });
            let mut answer = BatchAnswer { results: found.collect(), ..BatchAnswer::default() };
            let missing: Vec<String> =
                names.into_iter().filter(|name| there.iter().all(|(known, ..)| known != name)).collect();
            if !missing.is_empty() {
                let body = br#"{"category":"OBJECT_NOT_FOUND","message":"Could not get some."}"#;
                let mut error = ApiError::parse(207, body, None);
                error.ids = missing;
                answer.errors.push(error);
            }
            self.answer(id, Outcome::Itemised(answer, None));
        }

        fn names(&self, id: SendId) -> Vec<String> {
            let inputs = &self.sync.call(id).unwrap().inputs;
            inputs.iter().map(|input| input.head.body.data().to_owned()).collect()
        }

        fn store(&mut self, id: SendId) {
            let stored = |(place, name): (usize, String)| Found {
                id: format!("id of {name}"),
                trace_id: Some(format!("{}-{place}", id.0)),
                new: None,
                created_at: None,
                key: None,
                other_keys: Vec::new(),
                warnings: Vec::new(),
            };
            let results = self.names(id).into_iter().enumerate().map(stored).collect();
            self.answer(id, Outcome::Itemised(BatchAnswer { results, ..BatchAnswer::default() }, None));
        }

        fn searched(&mut self, id: SendId, found: &[(&str, &str)]) {
            let found = found.iter().map(|(name, record)| Found {
                id: (*record).to_owned(),
                trace_id: None,
                new: None,
                created_at: None,
                key: Some(name.to_uppercase()),
                other_keys: Vec::new(),
                warnings: Vec::new(),
            });
            let found = found.collect();
            let answer = SearchAnswer { property: "domain".to_owned(), found, has_more: false };
            self.answer(id, Outcome::Searched(answer));
        }

        /// Rejections as they are printed, and how many records may exist.
        fn printed(&mut self) -> Vec<String> {
            let line = |effect| match effect {
                Effect::Rejected(_, body, rejection) => Some(format!("{} {}", body.data(), rejection.code)),
                Effect::Note(Note::MayExist(_, records)) => Some(format!("{records} may exist")),
                Effect::State(_) | Effect::Note(_) | Effect::Warned(..) | Effect::Missed(..) => None,
            };
            self.sync.take_effects().filter_map(line).collect()
        }

        fn created(&self) -> u64 {
            self.sync.counts(STREAM).created
        }

        fn is_finished(&mut self) -> bool {
            self.sync.input_ended(None);
            matches!(self.sync.next(self.now), Next::Finished)
        }
    }

    fn refused(body: &str) -> Outcome {
        Outcome::Refused(ApiError::parse(409, body.as_bytes(), None))
    }

    const CONFLICT: &str = r#"{"category":"CONFLICT","message":"Contact already exists. Existing ID: 7"}"#;

    #[test]
    fn what_is_found_is_told_by_when_it_was_made() {
        let mut bench = Bench::new(Operation::Insert, 5);
        bench.now = Duration::from_secs(100);
        bench.push(&["ours", "skewed", "older", "untold", "missing"]);
        let call = bench.expect(Step::Create, &["ours", "skewed", "older", "untold", "missing"]);
        bench.fail(call, Setback::Unreachable);
        let call = bench.expect(Step::Lookup, &["ours", "skewed", "older", "untold", "missing"]);
        let sent_at = BEGAN_AT + 100_000;
        bench.find(
            call,
            &[
                ("ours", "1", Some(sent_at + 400)),
                ("skewed", "2", Some(sent_at - 60_000)),
                ("older", "3", Some(sent_at - 60_001)),
                ("untold", "4", None),
            ],
        );
        assert_eq!(bench.printed(), ["1 may exist", "older CONFLICT", "untold NOT_CONFIRMED"]);
        assert_eq!(bench.created(), 2);
        let call = bench.expect(Step::Create, &["missing"]);
        bench.store(call);
        assert!(bench.is_finished());
        assert_eq!((bench.created(), bench.sync.totals(STREAM).accepted), (3, 3));
    }

    #[test]
    fn what_an_earlier_record_has_made_is_not_taken_for_its_successors() {
        let mut bench = Bench::new(Operation::Insert, 1);
        bench.push(&["a", "a"]);
        let call = bench.expect(Step::Create, &["a"]);
        bench.store(call);
        bench.sync.input_ended(None);
        let call = bench.expect(Step::Create, &["a"]);
        bench.fail(call, Setback::Server);
        let call = bench.expect(Step::Lookup, &["a"]);
        bench.find(call, &[("a", "id of a", Some(BEGAN_AT))]);
        assert_eq!(bench.printed(), ["a CONFLICT"]);
        assert!(bench.is_finished());
    }

    #[test]
    fn a_conflict_in_doubt_is_looked_into_once() {
        for there in [true, false] {
            let mut bench = Bench::new(Operation::Insert, 1);
            bench.push(&["a"]);
            let call = bench.expect(Step::Create, &["a"]);
            bench.fail(call, Setback::Unreachable);
            let call = bench.expect(Step::Lookup, &["a"]);
            bench.find(call, &[]);
            let call = bench.expect(Step::Create, &["a"]);
            // The first call took effect late, or something else that is unique is taken.
            bench.answer(call, refused(CONFLICT));
            let call = bench.expect(Step::Lookup, &["a"]);
            let found = [("a", "7", Some(BEGAN_AT))];
            bench.find(call, if there { &found } else { &[] });
            assert_eq!(bench.created(), u64::from(there));
            assert_eq!(bench.printed().concat(), if there { "" } else { "a CONFLICT" });
            assert!(bench.is_finished());
        }
    }

    #[test]
    fn a_record_that_makes_hubspot_fail_is_isolated_and_never_made_twice() {
        let mut bench = Bench::new(Operation::Insert, 4);
        bench.push(&["a", "b", "bad", "c"]);
        let mut creates = 0;
        let mut good = 0;
        while bench.sync.totals(STREAM).unsettled() > 0 {
            good += 1;
            let names = [1, 2, 3, 4].map(|place| format!("{good}.{place}"));
            bench.push(&names.each_ref().map(String::as_str));
            for _ in 0..2 {
                let (id, step, names) = bench.call();
                let is_bad = names.iter().any(|name| name == "bad");
                match step {
                    Step::Create if is_bad => {
                        creates += 1;
                        bench.fail(id, Setback::Server);
                    }
                    Step::Create => bench.store(id),
                    _ => bench.find(id, &[]),
                }
                if bench.sync.totals(STREAM).rejected > 0 {
                    break;
                }
            }
            if bench.sync.totals(STREAM).rejected > 0 {
                break;
            }
        }
        assert_eq!(bench.printed(), ["bad SERVER_ERROR"]);
        assert!((9..20).contains(&creates), "{creates}");
    }

    #[test]
    fn look_ups_that_go_through_are_no_sign_that_making_does() {
        let mut bench = Bench::new(Operation::Insert, 2);
        bench.push(&["a", "b"]);
        bench.sync.input_ended(None);
        let mut creates = 0;
        while bench.sync.failure().is_none() {
            let (id, step, _) = bench.call();
            if step == Step::Create {
                creates += 1;
                bench.fail(id, Setback::Server);
            } else {
                bench.find(id, &[]);
            }
        }
        assert_eq!(bench.sync.failure().map(|failure| failure.kind), Some(Kind::Unavailable));
        assert_eq!(bench.printed(), [""; 0], "nobody is suspected");
        assert!((30..200).contains(&creates), "{creates} attempts in half an hour");
    }

    #[test]
    fn what_nothing_tells_from_others_is_rejected_at_once_and_the_others_wait() {
        let mut bench = Bench::new(Operation::Insert, 2);
        bench.push(&["A", "b", "C", "D"]);
        let call = bench.expect(Step::Create, &["A", "b"]);
        let other = bench.expect(Step::Create, &["C", "D"]);
        bench.fail(call, Setback::Unreachable);
        assert_eq!(bench.printed(), ["1 may exist", "A NOT_CONFIRMED"]);
        bench.fail(other, Setback::Unavailable);
        let before = bench.now;
        let mut steps = Vec::new();
        for _ in 0..2 {
            let (id, step, names) = bench.call();
            steps.push((step, names.concat()));
            if step == Step::Create { bench.store(id) } else { bench.find(id, &[]) }
        }
        steps.sort();
        assert_eq!(steps, [(Step::Lookup, "b".to_owned()), (Step::Create, "CD".to_owned())]);
        assert!(bench.now > before);
    }

    #[test]
    fn three_batches_that_cannot_be_repeated_and_are_met_with_silence_end_the_sync() {
        let mut bench = Bench::new(Operation::Insert, 2);
        bench.push(&["A", "B", "C", "D", "E", "F", "G", "H"]);
        for batch in 1..=3 {
            assert!(bench.sync.failure().is_none(), "{batch}");
            let (id, ..) = bench.call();
            bench.answer(id, Outcome::Itemised(BatchAnswer::default(), None));
        }
        assert_eq!(bench.sync.failure().map(|failure| failure.kind), Some(Kind::Unavailable));
    }

    #[test]
    fn what_search_does_not_find_after_doubt_is_given_time_and_never_made_again() {
        for found_in in [None, Some(3)] {
            let mut bench = Bench::new(Operation::UpsertFound(Among::Values), 2);
            bench.push(&["a"]);
            bench.sync.input_ended(None);
            let call = bench.expect(Step::Search, &["a"]);
            bench.searched(call, &[]);
            let call = bench.expect(Step::Create, &["a"]);
            bench.fail(call, Setback::Unreachable);
            let began = bench.now;
            for search in 1..=4 {
                let call = bench.expect(Step::Search, &["a"]);
                if found_in == Some(search) {
                    bench.searched(call, &[("a", "1")]);
                    break;
                }
                bench.searched(call, &[]);
            }
            if found_in.is_some() {
                let call = bench.expect(Step::Write, &["a"]);
                bench.store(call);
                assert_eq!(bench.printed(), [""; 0]);
            } else {
                assert!(bench.now - began >= Duration::from_secs(12), "{:?}", bench.now - began);
                assert_eq!(bench.printed(), ["1 may exist", "a NOT_CONFIRMED"]);
            }
            assert!(bench.is_finished());
        }
    }

    #[test]
    fn what_was_made_of_a_key_is_written_by_its_id_from_then_on() {
        let mut bench = Bench::new(Operation::UpsertFound(Among::Values), 2);
        bench.push(&["a", "a"]);
        bench.push(&["b"]);
        let call = bench.expect(Step::Search, &["a", "b"]);
        bench.searched(call, &[("b", "1")]);
        // Merged records that are refused go one by one: the second meets what was made of the first.
        let (mut write, mut create) = (bench.call(), bench.call());
        if write.1 == Step::Create {
            std::mem::swap(&mut write, &mut create);
        }
        assert_eq!((write.1, create.1), (Step::Write, Step::Create));
        bench.store(write.0);
        bench.answer(create.0, refused(CONFLICT));
        let call = bench.expect(Step::Search, &["a"]);
        bench.searched(call, &[]);
        let call = bench.expect(Step::Create, &["a"]);
        bench.store(call);
        let call = bench.expect(Step::Write, &["a"]);
        assert_eq!(bench.sync.call(call).unwrap().inputs[0].target(), Some("id of a"));
        bench.store(call);
        bench.push(&["a"]);
        bench.sync.input_ended(None);
        let call = bench.expect(Step::Write, &["a"]);
        bench.store(call);
        assert!(bench.is_finished());
        assert_eq!((bench.created(), bench.sync.counts(STREAM).updated), (1, 3));
    }
}
