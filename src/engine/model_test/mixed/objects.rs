//! Answers about records: written, found, taken away; and events.

use serde_json::Value;

use super::super::super::sync::Outcome;
use super::super::errors::{self, about, trace_of};
use super::super::script::chance;
use super::account::{Account, Call};
use super::faults::Vagueness;
use super::kinds::Kind;
use super::rows::{Asks, Id, Nature};
use crate::api::{ApiError, BatchAnswer, SearchAnswer, Stored, Verb};

/// A result that names a record.
fn stored(id: &str) -> Stored {
    Stored {
        id: id.to_owned(),
        trace_id: None,
        new: None,
        created_at: None,
        key: None,
        other_keys: Vec::new(),
        warnings: Vec::new(),
    }
}

/// The same error, naming the record in the way.
fn in_the_way(error: &ApiError, holder: String) -> ApiError {
    let mut error = error.clone();
    error.existing_id = Some(holder);
    error
}

/// Texts in a list.
pub(super) fn texts(values: &Value) -> Vec<String> {
    let array = values.as_array().into_iter().flatten();
    array.filter_map(|value| value.as_str()).map(str::to_owned).collect()
}

impl Account {
    /// The refusal of a call as a whole; names nobody, the property at fault, or some of the records.
    pub(super) fn refusal(&mut self, call: &Call<'_>) -> ApiError {
        let bad = call.inputs.iter().zip(&call.send.inputs);
        let bad = bad.filter(|(rows, _)| call.is(rows, Nature::Poison));
        let names: Vec<String> = bad.filter_map(|(_, input)| input.target().map(str::to_owned)).collect();
        match self.rng.u8(..5) {
            0 => errors::WHOLE_BY_PROPERTY.clone(),
            1 => errors::CONFLICT.clone(),
            2 => about(&errors::WHOLE, Vec::new(), names),
            3 => about(&errors::WHOLE, Vec::new(), names.into_iter().take(1).collect()),
            _ => errors::WHOLE.clone(),
        }
    }

    /// Writes a batch.
    pub(super) fn write(
        &mut self,
        call: &Call<'_>,
        object: &str,
        verb: Verb,
        vagueness: Vagueness,
    ) -> Outcome {
        let mut answer = BatchAnswer::default();
        let listed = call.listed();
        assert_eq!(listed.len(), call.inputs.len(), "every input is in the call");
        let mut names: Vec<&str> = listed.iter().filter_map(|(_, input)| input["id"].as_str()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|two| two[0] != two[1]), "HubSpot takes each record once: {names:?}");
        for (place, body) in listed {
            let rows = &call.inputs[place];
            let error = |error: &ApiError| {
                let target = body["id"].as_str().map(str::to_owned).into_iter().collect();
                about(error, vec![trace_of(call.send.id, place)], target)
            };
            if chance(&mut self.rng, vagueness.put_off) {
                answer.errors.push(error(self.later(call, rows, verb)));
                continue;
            }
            if call.is(rows, Nature::Poison) {
                answer.errors.push(error(&errors::REFUSED));
                continue;
            }
            if call.is(rows, Nature::Mute) || chance(&mut self.rng, vagueness.left_out) {
                self.write_unsaid(call, object, verb, (rows, body));
                continue;
            }
            match self.write_input(call, object, verb, (rows, body)) {
                Ok((id, new)) => {
                    // Tied to the input by name, or by trace id.
                    let key = body["id"].as_str().filter(|_| self.rng.bool()).map(str::to_owned);
                    let trace_id = key.is_none().then(|| trace_of(call.send.id, place));
                    answer.results.push(Stored { new, key, trace_id, ..stored(&id) });
                }
                Err(why) => answer.errors.push(error(&why)),
            }
        }
        self.rng.shuffle(&mut answer.results);
        self.rng.shuffle(&mut answer.errors);
        Outcome::Itemised(answer, None)
    }

    /// Why an input has to wait, beside others that need not.
    fn later(&mut self, call: &Call<'_>, rows: &[Id], verb: Verb) -> &'static ApiError {
        match self.rng.u8(..3) {
            0 => &errors::LIMIT_INSIDE,
            1 => {
                self.count_failures(rows.iter().copied());
                &errors::FAILURE_INSIDE
            }
            _ => {
                self.count_failures(rows.iter().copied());
                if verb == Verb::Create {
                    self.doubt(rows);
                    if self.rng.bool() && !call.is(rows, Nature::Poison) {
                        let _unsaid = self.make(call, rows);
                    }
                }
                &errors::CRASH_INSIDE
            }
        }
    }

    /// What the answer leaves out took effect or not.
    fn write_unsaid(&mut self, call: &Call<'_>, object: &str, verb: Verb, input: (&[Id], &Value)) {
        if verb == Verb::Create {
            self.doubt(input.0);
        }
        if self.rng.bool() {
            let _unsaid = self.write_input(call, object, verb, input);
        }
    }

    /// Writes one input; gives the record's id, and whether it is new where that may be told.
    #[expect(clippy::result_large_err, reason = "a HubSpot in a test, which is in no hurry")]
    fn write_input(
        &mut self,
        call: &Call<'_>,
        object: &str,
        verb: Verb,
        (rows, body): (&[Id], &Value),
    ) -> Result<(String, Option<bool>), ApiError> {
        let name = body["id"].as_str().unwrap_or_default();
        let found = match (verb, body["idProperty"].is_string()) {
            (Verb::Create, _) => None,
            (_, true) => self.named(object, name),
            (_, false) => self.thing(object, name),
        };
        let id = found.map(|thing| thing.id.clone());
        let (id, is_new) = match (verb, id) {
            (Verb::Create, _) => {
                let conflict = |holder| in_the_way(&errors::TAKEN, holder);
                (self.make(call, rows).map_err(conflict)?, None)
            }
            (_, Some(id)) => (id, Some(false)),
            (Verb::Upsert, None) => (self.add(object, Some(name), None, call.now), Some(true)),
            (_, None) => return Err(errors::MISSING.clone()),
        };
        self.written(call, rows, &body["properties"]);
        let told = self.rng.bool() && verb == Verb::Upsert;
        Ok((id, is_new.filter(|_| told)))
    }

    /// Notes that properties of an input were written.
    fn written(&mut self, call: &Call<'_>, rows: &[Id], properties: &Value) {
        assert!(
            properties.as_object().is_some_and(|members| !members.is_empty()),
            "nothing is written: {rows:?}"
        );
        let is_second = !properties["stage"].is_null();
        let brings = |id: &&Id| call.rows[**id].asks != Asks::Nothing;
        let value = if is_second { &properties["stage"] } else { &properties["v"] };
        let youngest = rows.iter().rev().find(brings).map(ToString::to_string);
        assert_eq!(value.as_str(), youngest.as_deref(), "later values win: {rows:?}");
        let takes_two = rows.iter().any(|id| call.rows[*id].asks == Asks::TwoWrites);
        self.takes_effect(call, rows, is_second || !takes_two);
    }

    /// Writes one record by its own address.
    pub(super) fn write_one(&mut self, call: &Call<'_>, object: &str, id: &str) -> Outcome {
        if call.has(Nature::Poison) {
            return Outcome::Refused(errors::REFUSED.clone());
        }
        if self.thing(object, id).is_none() {
            return Outcome::Refused(errors::MISSING.clone());
        }
        self.written(call, &call.inputs[0], &call.body["properties"]);
        Outcome::Confirmed
    }

    /// Archives records by their ids, whether they are there or not.
    pub(super) fn take_away(&mut self, call: &Call<'_>, object: &str) -> Outcome {
        for (place, input) in call.listed() {
            self.archive(object, input["id"].as_str().expect("an id"), call.now);
            self.takes_effect(call, &call.inputs[place], true);
        }
        Outcome::Confirmed
    }

    /// Finds records by what HubSpot keeps unique.
    pub(super) fn read(&mut self, call: &Call<'_>, object: &str, vagueness: Vagueness) -> Outcome {
        let mut answer = BatchAnswer::default();
        let mut missing = Vec::new();
        for (_, input) in call.listed() {
            let name = input["id"].as_str().expect("a name").to_owned();
            if chance(&mut self.rng, vagueness.put_off) {
                self.count_failures(call.ids());
                answer.errors.push(about(&errors::FAILURE_INSIDE, Vec::new(), vec![name]));
                continue;
            }
            if chance(&mut self.rng, vagueness.left_out) {
                continue;
            }
            let thing = if call.request.answers_by == "hs_object_id" {
                self.thing(object, &name)
            } else {
                self.named(object, &name)
            };
            let is_found = thing.is_some();
            match thing {
                Some(thing) => {
                    let by_email = call.request.answers_by == "email";
                    let (shown, others) = thing.names.split_first().expect("it was found by a name");
                    answer.results.push(Stored {
                        key: Some(if by_email { shown.clone() } else { name.clone() }),
                        other_keys: if by_email { others.to_vec() } else { Vec::new() },
                        created_at: Some(thing.created_at),
                        ..stored(&thing.id)
                    });
                }
                None => missing.push(name.clone()),
            }
            self.is_looked_for(call, &name, is_found);
        }
        if !missing.is_empty() {
            answer.errors.push(about(&errors::MISSING, Vec::new(), missing));
        }
        self.rng.shuffle(&mut answer.results);
        Outcome::Itemised(answer, None)
    }

    /// What was in doubt is not any more once it was looked for, and what is to be there, or to be gone, may be so.
    fn is_looked_for(&mut self, call: &Call<'_>, name: &str, is_found: bool) {
        for id in call.ids().filter(|id| call.rows[*id].key.as_deref() == Some(name)) {
            self.in_doubt.remove(&id);
            match call.rows[id].asks {
                Asks::Nothing if is_found => _ = self.done.insert(id),
                Asks::Gone if !is_found => _ = self.done.insert(id),
                _ => {}
            }
        }
    }

    /// Finds records by a property of any kind.
    pub(super) fn search(&mut self, call: &Call<'_>, object: &str, vagueness: Vagueness) -> Outcome {
        let filter = &call.body["filterGroups"][0]["filters"][0];
        assert_eq!(filter["operator"], "IN");
        let mut found = Vec::new();
        for name in texts(&filter["values"]) {
            let ids = self.seen(object, &name, call.now);
            // What it has not seen to be archived is gone all the same.
            let is_there = ids.iter().any(|id| self.thing(object, id).is_some());
            self.is_looked_for(call, &name, is_there);
            let shown = Some(name.to_uppercase());
            found.extend(ids.iter().map(|id| Stored { key: shown.clone(), ..stored(id) }));
        }
        // Now and then not all of it comes on one page.
        let has_more = found.len() > 1 && chance(&mut self.rng, vagueness.left_out);
        if has_more {
            found.truncate(1);
        }
        let property = filter["propertyName"].as_str().expect("a property").to_owned();
        Outcome::Searched(SearchAnswer { property, found, has_more })
    }

    /// Takes events; a refusal says of none that it is at fault.
    pub(super) fn happened(&mut self, call: &Call<'_>) -> Outcome {
        assert_eq!(call.stream.kind, Kind::Events);
        assert_eq!(call.listed().len(), call.inputs.len());
        if call.has(Nature::Poison) {
            return Outcome::Refused(errors::WHOLE.clone());
        }
        for rows in &call.inputs {
            self.takes_effect(call, rows, true);
        }
        Outcome::Confirmed
    }
}
