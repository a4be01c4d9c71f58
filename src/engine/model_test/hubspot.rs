//! The HubSpot of the model: answers calls without contradicting the hidden nature of the records, and holds what
//! was written.

use std::collections::HashMap;
use std::time::Duration;

use super::super::operation::{Operation, Step};
use super::super::retry::Setback;
use super::super::sync::Outcome;
use super::errors;
use super::oracle::{Fate, Id, Oracle, RecordFacts};
use super::script::{How, Naming, Nature, Properties, StreamSetup, chance, retry_after};
use super::words::{Call, CallInput, Said, Word};
use crate::api::{ApiError, BatchAnswer, Stored};

/// Text of a key.
pub(super) fn key_text(key: usize) -> String {
    format!("key {key}")
}

/// HubSpot's id of the record that a key names; `None` where there is none.
pub(super) fn record_id(setup: &StreamSetup, key: usize) -> Option<String> {
    let id = if setup.aliases { format!("id {}", key / 2) } else { key_text(key) };
    (!setup.has_missing || key > 0).then_some(id)
}

/// Members of the `properties` object of a record.
pub(super) fn members(properties: Properties) -> &'static [u8] {
    match properties {
        Properties::None => b"",
        Properties::Innocent => br#""other":"1""#,
        Properties::Suspicious => br#""other":"1","suspect":"2""#,
    }
}

/// What a record that takes two writes has in its second one.
pub(super) const SEQUEL: &[u8] = br#""stage":"3""#;

/// HubSpot's side.
#[derive(Debug)]
pub(super) struct Hubspot {
    rng: fastrand::Rng,
    /// The youngest record in effect, per stream and key.
    values: HashMap<(usize, String), Id>,
    /// How often a record was left out of an answer, and answered with a server error.
    left_out: HashMap<Id, u32>,
    failed: HashMap<Id, u32>,
}

/// A call, with what HubSpot knows about it.
#[derive(Clone, Copy)]
struct Asked<'a> {
    call: &'a Call,
    oracle: &'a Oracle,
}

impl Asked<'_> {
    /// Whether all records of an input are of these natures.
    fn is(self, input: &CallInput, natures: &[Nature]) -> bool {
        input.parts.iter().all(|id| natures.contains(&self.oracle.record(*id).nature))
    }

    /// Whether a record of this nature is to be written.
    fn has(self, nature: Nature) -> bool {
        let mut parts = self.call.parts();
        self.call.step != Step::Lookup && parts.any(|id| self.oracle.record(id).nature == nature)
    }

    /// Whether HubSpot has no such record, and says so.
    fn is_missing(self, input: &CallInput) -> bool {
        let minds = match input.operation(self.oracle) {
            Operation::Insert | Operation::Upsert | Operation::UpsertFound(_) | Operation::Event => false,
            Operation::Update(_) => true,
            Operation::Archive(_) | Operation::Membership(_) | Operation::Association(..) => {
                self.call.step == Step::Lookup
            }
        };
        minds && self.oracle.record(input.head()).record_id.is_none()
    }

    /// Whether HubSpot refuses the input for having nothing to change.
    fn is_empty(self, input: &CallInput) -> bool {
        matches!(input.operation(self.oracle), Operation::Update(_)) && !input.has_properties(self.oracle)
    }

    /// A 204 is a lie about a record that is bad, or missing where it is to be updated, and no answer to a question.
    fn may_be_confirmed(self) -> bool {
        let is_fine =
            |input| self.is(input, &[Nature::Good]) && !self.is_missing(input) && !self.is_empty(input);
        matches!(self.call.step, Step::Write | Step::SendEvents) && self.call.inputs.iter().all(is_fine)
    }
}

impl Hubspot {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed),
            values: HashMap::new(),
            left_out: HashMap::new(),
            failed: HashMap::new(),
        }
    }

    /// Answers a call the way it is asked to, or honestly where that would be a lie. `waits` says that every wait
    /// has to be given.
    pub(super) fn answer(&mut self, call: &Call, how: How, waits: bool, oracle: &Oracle) -> (Outcome, Said) {
        let asked = Asked { call, oracle };
        let outside = matches!(how, How::StreamGone | How::SyncGone | How::SetBack { .. });
        if asked.has(Nature::Crashing) && !outside {
            let retry_after = waits.then(|| retry_after(&mut self.rng));
            return self.set_back(asked, Setback::Server, retry_after, false);
        }
        let may_be_too_large =
            call.inputs.len() > 1 || call.inputs[0].parts.len() > 1 || asked.has(Nature::Poison);
        match how {
            How::SetBack { setback, retry_after, took_effect } => {
                self.set_back(asked, setback, retry_after, took_effect)
            }
            How::StreamGone => (Outcome::StreamFailed(errors::stream_gone()), Said::StreamGone),
            How::SyncGone => (Outcome::SyncFailed(errors::sync_gone()), Said::SyncGone),
            How::Confirmed if asked.may_be_confirmed() => {
                for input in &call.inputs {
                    self.write(asked, input);
                }
                (Outcome::Confirmed, Said::Each(vec![Word::Stored(None); call.inputs.len()]))
            }
            How::TooLarge if may_be_too_large => {
                (Outcome::TooLarge(errors::TOO_LARGE.clone()), Said::TooLarge)
            }
            How::Refused { conflict, naming } if asked.has(Nature::Poison) => {
                (Outcome::Refused(self.whole_refusal(asked, conflict, naming)), Said::WholeRefused)
            }
            How::Silent => self.itemised(asked, 100, 0),
            How::Itemised { silent, put_off } => self.itemised(asked, silent, put_off),
            How::Confirmed | How::TooLarge | How::Refused { .. } => self.itemised(asked, 0, 0),
        }
    }

    /// Good inputs take effect now and then even where nobody hears of it.
    fn set_back(
        &mut self,
        asked: Asked<'_>,
        setback: Setback,
        retry_after: Option<Duration>,
        took_effect: bool,
    ) -> (Outcome, Said) {
        for input in &asked.call.inputs {
            if took_effect && asked.is(input, &[Nature::Good, Nature::Mute]) {
                self.write(asked, input);
            }
        }
        let server = setback.is_server_error();
        if server {
            self.count_failures(asked.call.parts());
        }
        let error = server.then(|| match setback {
            Setback::Foreign => errors::FOREIGN.clone(),
            _ => errors::FAILURE.clone(),
        });
        (Outcome::Setback(setback, error, retry_after), Said::SetBack { server, wait: retry_after })
    }

    fn whole_refusal(&mut self, asked: Asked<'_>, conflict: bool, naming: Naming) -> ApiError {
        let bad = asked.call.inputs.iter().filter(|input| !asked.is(input, &[Nature::Good, Nature::Mute]));
        let mut names: Vec<String> = bad.filter_map(|input| input.target.clone()).collect();
        match naming {
            Naming::Nobody => names.clear(),
            Naming::All => {}
            Naming::One => {
                self.rng.shuffle(&mut names);
                names.truncate(1);
            }
            Naming::Property => return errors::WHOLE_BY_PROPERTY.clone(),
        }
        let error = if conflict { &errors::CONFLICT } else { &errors::WHOLE };
        errors::about(error, Vec::new(), names)
    }

    fn itemised(&mut self, asked: Asked<'_>, silent: u8, put_off: u8) -> (Outcome, Said) {
        let call = asked.call;
        let words: Vec<Word> =
            call.inputs.iter().map(|input| self.word(asked, input, silent, put_off)).collect();
        let mut answer = BatchAnswer::default();
        let mut refused = Vec::new();
        for (place, (input, word)) in call.inputs.iter().zip(&words).enumerate() {
            match word {
                Word::Stored(new) => {
                    self.write(asked, input);
                    answer.results.push(self.result(asked, place, *new));
                }
                Word::Refused => {
                    refused.push(place);
                    if call.inputs.len() > 1 && chance(&mut self.rng, 20) {
                        answer.results.push(self.result(asked, place, None));
                    }
                }
                Word::Missing => answer.errors.push(self.error(&errors::MISSING, call, &[place])),
                Word::Nothing => {
                    for id in &input.parts {
                        *self.left_out.entry(*id).or_default() += 1;
                    }
                    if self.rng.bool() && asked.is(input, &[Nature::Good, Nature::Mute]) {
                        self.write(asked, input);
                    }
                }
                Word::PutOff { server: false } => {
                    answer.errors.push(self.error(&errors::LIMIT_INSIDE, call, &[place]));
                }
                Word::PutOff { server: true } => {
                    self.count_failures(input.parts.iter().copied());
                    answer.errors.push(self.error(&errors::FAILURE_INSIDE, call, &[place]));
                }
            }
        }
        while !refused.is_empty() {
            let together = refused.split_off(refused.len() - self.rng.usize(1..=refused.len()));
            answer.errors.push(self.error(&errors::REFUSED, call, &together));
        }
        self.add_noise(call, &mut answer);
        self.rng.shuffle(&mut answer.results);
        self.rng.shuffle(&mut answer.errors);
        (Outcome::Itemised(answer, Some("model".to_owned())), Said::Each(words))
    }

    fn word(&mut self, asked: Asked<'_>, input: &CallInput, silent: u8, put_off: u8) -> Word {
        let looks_up = asked.call.step == Step::Lookup;
        let speaks = looks_up || asked.is(input, &[Nature::Good, Nature::Poison]);
        if speaks && chance(&mut self.rng, put_off) {
            return Word::PutOff { server: self.rng.bool() };
        }
        if !speaks || chance(&mut self.rng, silent) {
            return Word::Nothing;
        }
        if asked.is_missing(input) {
            return Word::Missing;
        }
        if looks_up {
            return Word::Stored(None);
        }
        if asked.is_empty(input) || !asked.is(input, &[Nature::Good]) {
            return Word::Refused;
        }
        Word::Stored([None, Some(true), Some(false)][self.rng.usize(..3)])
    }

    /// A result, tied to its input by trace id (which a look-up has none of) or by name; in the answer to a call for
    /// one record by nothing at all.
    fn result(&mut self, asked: Asked<'_>, place: usize, new: Option<bool>) -> Stored {
        let input = &asked.call.inputs[place];
        let facts = asked.oracle.record(input.head());
        let looks_up = asked.call.step == Step::Lookup;
        let only = asked.call.inputs.len() == 1 && self.rng.bool();
        let named = looks_up || (input.target.is_some() && self.rng.bool());
        let name = if looks_up { facts.key.clone() } else { input.target.clone() };
        Stored {
            id: facts.record_id.clone().unwrap_or_else(|| "new".to_owned()),
            trace_id: (!named && !only).then(|| errors::trace(asked.call, place)),
            new,
            created_at: None,
            key: name.filter(|_| named && !only),
            other_keys: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// An error that names inputs by trace ids, by name where they have one, or not at all where there is but one.
    fn error(&mut self, error: &ApiError, call: &Call, places: &[usize]) -> ApiError {
        let names: Option<Vec<String>> =
            places.iter().map(|place| call.inputs[*place].target.clone()).collect();
        let traces = || places.iter().map(|place| errors::trace(call, *place)).collect();
        match (self.rng.u8(..3), names) {
            (0, _) if call.inputs.len() == 1 => error.clone(),
            (1, Some(names)) => errors::about(error, Vec::new(), names),
            (_, names) => errors::about(error, traces(), names.unwrap_or_default()),
        }
    }

    /// What belongs to no input of this call, and must not be mistaken for one.
    fn add_noise(&mut self, call: &Call, answer: &mut BatchAnswer) {
        // The one result of a call with one input is about that input, under whichever name.
        let names_all = answer.results.iter().all(|result| result.trace_id.is_some() || result.key.is_some());
        if names_all && chance(&mut self.rng, 15) {
            let elsewhere = Some(format!("{}-0", call.id.0 + 1));
            let beyond = Some(errors::trace(call, call.inputs.len()));
            for trace_id in [elsewhere, beyond, Some("0".to_owned()), None] {
                answer.results.push(Stored {
                    id: "noise".to_owned(),
                    trace_id,
                    new: None,
                    created_at: None,
                    key: None,
                    other_keys: Vec::new(),
                    warnings: Vec::new(),
                });
            }
        }
        // A name that contradicts outranks position, also where there is but one input.
        if answer.results.is_empty() && chance(&mut self.rng, 15) {
            let has_names = call.inputs.iter().all(|input| input.target.is_some());
            let by_key = has_names && self.rng.bool();
            let (trace_id, key) = if by_key { (None, Some("no key of ours")) } else { (Some("0"), None) };
            answer.results.push(Stored {
                id: "noise".to_owned(),
                trace_id: trace_id.map(str::to_owned),
                new: None,
                created_at: None,
                key: key.map(str::to_owned),
                other_keys: Vec::new(),
                warnings: Vec::new(),
            });
        }
        if chance(&mut self.rng, 15) {
            answer.errors.push(errors::about(&errors::REFUSED, vec!["0".to_owned()], Vec::new()));
            let foreign = vec!["no key of ours".to_owned()];
            answer.errors.push(errors::about(&errors::REFUSED, Vec::new(), foreign));
        }
        // In a call of one input an error that names nobody means that one.
        if call.inputs.len() > 1 && chance(&mut self.rng, 15) {
            answer.errors.push(errors::REFUSED.clone());
        }
    }

    fn count_failures(&mut self, ids: impl Iterator<Item = Id>) {
        for id in ids {
            *self.failed.entry(id).or_default() += 1;
        }
    }

    fn write(&mut self, asked: Asked<'_>, input: &CallInput) {
        let youngest = input.parts[input.parts.len() - 1];
        let record = asked.oracle.record(youngest);
        if let Some(key) = record.key.as_ref().filter(|_| asked.call.step != Step::Lookup) {
            self.values.insert((record.stream, key.clone()), youngest);
        }
    }

    /// At the end of a sync that did not fail: only bad records, those HubSpot does not have, and those it kept
    /// silent about or failed at again and again are rejected; of each key the youngest accepted record is in effect,
    /// or a younger one whose fate HubSpot never told.
    pub(super) fn check_end(&self, oracle: &Oracle) {
        for (id, record) in oracle.records() {
            let operation = record.operation;
            let archives = matches!(operation, Operation::Archive(_));
            let missing = record.record_id.is_none() && operation != Operation::Upsert;
            let left_out = self.left_out.get(&id).is_some_and(|times| *times >= 3);
            let failed = self.failed.get(&id).is_some_and(|times| *times >= 5);
            let may_be_accepted = if missing { archives } else { record.nature == Nature::Good };
            let may_be_rejected =
                record.nature == Nature::Poison || (missing && !archives) || left_out || failed;
            match record.fate {
                Fate::Accepted => assert!(may_be_accepted, "record {id} is accepted: {record:?}"),
                Fate::Rejected(_) => assert!(may_be_rejected, "record {id} is rejected: {record:?}"),
                Fate::Open | Fate::Lost => panic!("record {id} has not settled: {record:?}"),
            }
            let has_effect = if archives { !missing } else { record.has_properties };
            if record.fate == Fate::Accepted && has_effect {
                self.check_effect(id, record, oracle);
            }
        }
    }

    fn check_effect(&self, id: Id, record: &RecordFacts, oracle: &Oracle) {
        let Some(key) = &record.key else { return };
        let mut later = oracle.siblings(record).filter(|(other, _)| *other > id);
        if !later.any(|(_, other)| other.fate == Fate::Accepted) {
            let value = self.values.get(&(record.stream, key.clone())).expect("a value was written");
            let untold = oracle.record(*value).nature != Nature::Poison;
            assert!(*value == id || (*value > id && untold), "{value} is in effect instead of {id}");
        }
    }
}
