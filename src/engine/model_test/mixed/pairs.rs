//! Answers about associations.

use serde_json::Value;

use super::super::super::sync::Outcome;
use super::super::errors::{self, about};
use super::super::script::chance;
use super::account::{Account, Call};
use super::faults::Vagueness;
use super::kinds::{PLAIN, label};
use crate::api::{AssociatedRecord, AssociationAnswer, AssociationsRead};

/// The id at one end of a pair.
fn end(input: &Value, end: &str) -> String {
    input[end]["id"].as_str().expect("an id").to_owned()
}

/// The kinds of associations that an input names, where it names any.
fn types(input: &Value) -> Option<Vec<u64>> {
    let types = input["types"].as_array()?;
    Some(types.iter().filter_map(|kind| kind["associationTypeId"].as_u64()).collect())
}

impl Account {
    /// The labels that the pairs of some contacts have.
    pub(super) fn labels(&mut self, call: &Call<'_>) -> Outcome {
        let (mut records, mut without) = (Vec::new(), Vec::new());
        for (_, input) in call.listed() {
            let id = input["id"].as_str().expect("an id").to_owned();
            let of_it = self.pairs.iter().filter(|((from, _), _)| *from == id);
            let to: Vec<_> = of_it
                .map(|((_, to), types)| (to.clone(), types.iter().copied().map(label).collect()))
                .collect();
            if to.is_empty() {
                // Nothing else says that there are none.
                let mut none = errors::NO_ASSOCIATIONS.clone();
                none.near_ids.push(id);
                without.push(none);
            } else {
                records.push(AssociatedRecord { id, to, after: None });
            }
        }
        Outcome::LabelsRead(AssociationsRead { records, errors: without }, None)
    }

    /// Associates; kinds that are named replace those a pair has.
    pub(super) fn associate(&mut self, call: &Call<'_>, vagueness: Vagueness) -> Outcome {
        let mut answer = AssociationAnswer::default();
        let mut missing = Vec::new();
        let mut known = Vec::new();
        let listed = call.listed();
        for (_, input) in &listed {
            for (object, id) in [("contacts", end(input, "from")), ("companies", end(input, "to"))] {
                if self.thing(object, &id).is_none() && !missing.contains(&id) {
                    missing.push(id);
                }
            }
        }
        let names_nobody = !missing.is_empty() && chance(&mut self.rng, vagueness.put_off);
        if names_nobody && listed.len() > 1 {
            return Outcome::Refused(errors::END_MISSING.clone());
        }
        for (place, input) in listed {
            let pair = (end(input, "from"), end(input, "to"));
            assert!(!known.contains(&pair), "a pair stands twice in one call");
            known.push(pair.clone());
            if missing.contains(&pair.0) || missing.contains(&pair.1) {
                continue;
            }
            let held = self.pairs.entry(pair.clone()).or_default();
            if let Some(types) = types(input) {
                held.clear();
                held.extend(types);
            }
            held.insert(PLAIN);
            self.takes_effect(call, &call.inputs[place], true);
            if !chance(&mut self.rng, vagueness.left_out) {
                answer.pairs.push(pair);
            }
        }
        if !missing.is_empty() {
            answer.errors.push(about(&errors::MISSING, Vec::new(), missing));
        }
        Outcome::Linked(answer, None)
    }

    /// Dissociates, or takes labels off; what is not there is no matter.
    pub(super) fn dissociate(&mut self, call: &Call<'_>) -> Outcome {
        for (place, input) in call.listed() {
            let from = end(input, "from");
            match types(input) {
                Some(types) => {
                    if let Some(held) = self.pairs.get_mut(&(from, end(input, "to"))) {
                        held.retain(|kind| !types.contains(kind));
                    }
                }
                None => {
                    let to = input["to"].as_array().into_iter().flatten();
                    for to in to.filter_map(|to| to["id"].as_str()) {
                        self.pairs.remove(&(from.clone(), to.to_owned()));
                    }
                }
            }
            self.takes_effect(call, &call.inputs[place], true);
        }
        Outcome::Confirmed
    }
}
