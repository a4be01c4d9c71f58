//! A HubSpot of contacts, companies, associations and one list, for [`linking`](super::linking): it takes requests as
//! they are sent, by endpoint and body, and knows nothing of who sends them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use serde_json::{Value, json};

use super::super::Moment;
use super::super::request::{Endpoint, Request};
use super::super::retry::Setback;
use super::super::sync::Outcome;
use super::script::chance;
use crate::api::{
    ApiError, AssociationAnswer, AssociationVerb, AssociationsRead, BatchAnswer, MembershipAnswer,
    RatePolicy, SearchAnswer, Verb,
};

/// The type of a plain association; a call that gives a label gives it too.
const PLAIN: u64 = 279;

/// What the account holds, and how badly it behaves.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) rng: fastrand::Rng,
    /// Percent of calls that fail.
    pub(super) trouble: u8,
    /// How long search does not see a new record.
    pub(super) lag: Duration,
    /// Ids by object and key, with the moment from which search sees them; several ids are ambiguous to search.
    pub(super) records: HashMap<(&'static str, String), Vec<(String, Moment)>>,
    /// Types by ids of contact and company.
    pub(super) pairs: BTreeMap<(String, String), BTreeSet<u64>>,
    pub(super) members: BTreeSet<String>,
    next: usize,
}

fn texts(values: &Value) -> Vec<String> {
    let array = values.as_array().into_iter().flatten();
    array.filter_map(|value| value.as_str()).map(str::to_owned).collect()
}

fn object(path: &str) -> &'static str {
    if path == "contacts" { "contacts" } else { "companies" }
}

impl Account {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed),
            trouble: 0,
            lag: Duration::ZERO,
            records: HashMap::new(),
            pairs: BTreeMap::new(),
            members: BTreeSet::new(),
            next: 0,
        }
    }

    /// Makes a record, or another one of a key.
    pub(super) fn add(&mut self, object: &'static str, key: &str, id: &str, now: Moment) {
        self.records.entry((object, key.to_owned())).or_default().push((id.to_owned(), now + self.lag));
    }

    /// The id that a unique key names.
    pub(super) fn id(&self, object: &'static str, key: &str) -> Option<&str> {
        self.records.get(&(object, key.to_owned())).and_then(|ids| ids.first()).map(|(id, _)| id.as_str())
    }

    pub(super) fn exists(&self, object: &str, id: &str) -> bool {
        self.records.iter().any(|((of, _), ids)| *of == object && ids.iter().any(|(known, _)| known == id))
    }

    /// Answers a call, truly or not at all.
    pub(super) fn answer(&mut self, request: &Request, now: Moment) -> Outcome {
        let fails = chance(&mut self.rng, self.trouble);
        let kind = self.rng.u8(..6);
        if fails && kind < 3 {
            // It has no effect.
            return match kind {
                0 => Outcome::Setback(Setback::Unavailable, Some(ApiError::parse(503, b"", None)), None),
                1 => Outcome::Setback(Setback::Server, Some(ApiError::parse(500, b"", None)), None),
                _ => Outcome::Setback(Setback::RateLimited(RatePolicy::TenSecondly), None, None),
            };
        }
        let body: Value = serde_json::from_slice(&request.body).expect("a request is JSON");
        let several = body["inputs"].as_array().is_some_and(|inputs| inputs.len() > 1);
        if fails && kind == 3 && several {
            return Outcome::TooLarge(ApiError::parse(413, b"", None));
        }
        let outcome = self.told(request, &body, fails, now);
        if fails && kind == 4 {
            // It took effect, and nobody hears of it.
            return Outcome::Setback(Setback::Unreachable, None, None);
        }
        outcome
    }

    fn told(&mut self, request: &Request, body: &Value, fails: bool, now: Moment) -> Outcome {
        match &request.endpoint {
            Endpoint::Batch(path, Verb::Upsert) => self.upsert(object(path), body, fails, now),
            Endpoint::Batch(path, Verb::Read) => self.read(object(path), body, &request.answers_by, fails),
            Endpoint::Search(path) => self.search(object(path), body, now),
            Endpoint::Associations(from, to, verb) => {
                assert_eq!((&**from, &**to), ("contacts", "companies"));
                match verb {
                    AssociationVerb::Read => self.labels(body),
                    AssociationVerb::AssociateDefault | AssociationVerb::Create => {
                        self.associate(body, fails)
                    }
                    other => panic!("nobody asks for {other:?}"),
                }
            }
            Endpoint::Members(_) => self.put_on_list(body),
            other => panic!("nobody asks for {other:?}"),
        }
    }

    fn upsert(&mut self, object: &'static str, body: &Value, fails: bool, now: Moment) -> Outcome {
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for input in body["inputs"].as_array().into_iter().flatten() {
            let (key, trace) = (input["id"].as_str().expect("a key"), &input["objectWriteTraceId"]);
            if input["properties"]["bad"] == "1" {
                errors.push(json!({"status": "error", "category": "VALIDATION_ERROR", "message": "No.",
                    "context": {"objectWriteTraceId": [trace]}}));
                continue;
            }
            let is_new = self.id(object, key).is_none();
            if is_new {
                self.next += 1;
                let id = format!("{}{}", if object == "contacts" { 9 } else { 8 }, 1000 + self.next);
                self.add(object, key, &id, now);
            }
            if !(fails && chance(&mut self.rng, 50)) {
                results.push(json!({"id": self.id(object, key), "objectWriteTraceId": trace, "new": is_new}));
            }
        }
        let body = json!({"results": results, "errors": errors}).to_string();
        Outcome::Itemised(BatchAnswer::parse(body.as_bytes(), None).expect("an answer"), None)
    }

    fn read(&mut self, object: &'static str, body: &Value, key: &str, fails: bool) -> Outcome {
        let names = body["inputs"].as_array().into_iter().flatten().filter_map(|input| input["id"].as_str());
        let (mut results, mut missing) = (Vec::new(), Vec::new());
        for name in names {
            match self.id(object, name) {
                Some(id) => results.push(json!({"id": id, "properties": {key: name}})),
                None => missing.push(name),
            }
        }
        if fails {
            self.rng.shuffle(&mut results);
            results.truncate(1);
        }
        let mut answer = json!({"results": results});
        if !missing.is_empty() {
            answer["errors"] = json!([{"status": "error", "category": "OBJECT_NOT_FOUND", "message": "Not there.",
                "context": {"ids": missing}}]);
        }
        let answer = BatchAnswer::parse(answer.to_string().as_bytes(), Some(key)).expect("an answer");
        Outcome::Itemised(answer, None)
    }

    fn search(&mut self, object: &'static str, body: &Value, now: Moment) -> Outcome {
        let filter = &body["filterGroups"][0]["filters"][0];
        assert_eq!(filter["operator"], "IN");
        let property = filter["propertyName"].as_str().expect("a property");
        let mut results = Vec::new();
        for name in texts(&filter["values"]) {
            let ids = self.records.get(&(object, name.clone())).into_iter().flatten();
            let seen = ids.filter(|(_, visible)| *visible <= now);
            results
                .extend(seen.map(|(id, _)| json!({"id": id, "properties": {property: name.to_uppercase()}})));
        }
        // Now and then not all of it comes on one page.
        let all = results.len();
        if all > 1 && chance(&mut self.rng, self.trouble) {
            results.truncate(1);
        }
        let answer = json!({"total": all, "results": results}).to_string();
        Outcome::Searched(SearchAnswer::parse(answer.as_bytes(), property).expect("an answer"))
    }

    fn labels(&mut self, body: &Value) -> Outcome {
        let mut results = Vec::new();
        for input in body["inputs"].as_array().into_iter().flatten() {
            let from = input["id"].as_str().expect("an id");
            let of_it = self.pairs.iter().filter(|((known, _), _)| known == from);
            let to: Vec<Value> = of_it
                .map(|((_, to), types)| {
                    let kind = |number: &u64| json!({"category": category(*number), "typeId": number, "label": null});
                    json!({"toObjectId": to, "associationTypes": types.iter().map(kind).collect::<Vec<_>>()})
                })
                .collect();
            if !to.is_empty() {
                results.push(json!({"from": {"id": from}, "to": to}));
            }
        }
        let answer = json!({"results": results}).to_string();
        Outcome::LabelsRead(AssociationsRead::parse(answer.as_bytes()).expect("an answer"))
    }

    /// Associates; `types` replace the labels a pair has.
    fn associate(&mut self, body: &Value, fails: bool) -> Outcome {
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        let inputs = body["inputs"].as_array().cloned().unwrap_or_default();
        let mut known = BTreeSet::new();
        let missing: Vec<String> = inputs
            .iter()
            .flat_map(|input| [("contacts", &input["from"]["id"]), ("companies", &input["to"]["id"])])
            .filter_map(|(object, id)| Some((object, id.as_str()?)))
            .filter(|(object, id)| !self.exists(object, id))
            .map(|(_, id)| id.to_owned())
            .collect();
        let names_nobody = fails && !missing.is_empty();
        if names_nobody && inputs.len() > 1 {
            let error = json!({"category": "OBJECT_NOT_FOUND", "message": "One of them is not there."});
            return Outcome::Refused(ApiError::parse(400, error.to_string().as_bytes(), None));
        }
        for input in inputs {
            let end = |end: &str| input[end]["id"].as_str().expect("an id").to_owned();
            let (from, to) = (end("from"), end("to"));
            assert!(known.insert((from.clone(), to.clone())), "a pair stands twice in one call");
            if missing.contains(&from) || missing.contains(&to) {
                continue;
            }
            let types = self.pairs.entry((from.clone(), to.clone())).or_default();
            let asked = input["types"].as_array();
            let numbers = asked.into_iter().flatten().filter_map(|kind| kind["associationTypeId"].as_u64());
            if asked.is_some() {
                types.clear();
            }
            types.extend(numbers.chain([PLAIN]));
            if !(fails && chance(&mut self.rng, 50)) {
                results.push(json!({"from": {"id": from}, "to": {"id": to}}));
            }
        }
        if !missing.is_empty() {
            errors.push(json!({"status": "error", "category": "OBJECT_NOT_FOUND", "message": "Not there.",
                "context": {"id": missing}}));
        }
        let answer = json!({"results": results, "errors": errors}).to_string();
        Outcome::Linked(AssociationAnswer::parse(answer.as_bytes()).expect("an answer"), None)
    }

    fn put_on_list(&mut self, body: &Value) -> Outcome {
        let (there, missing): (Vec<String>, Vec<String>) =
            texts(&body["recordIdsToAdd"]).into_iter().partition(|id| self.exists("contacts", id));
        self.members.extend(there);
        let answer = json!({"recordIdsMissing": missing}).to_string();
        Outcome::Members(MembershipAnswer::parse(answer.as_bytes()).expect("an answer"), None)
    }
}

fn category(number: u64) -> &'static str {
    if number == PLAIN { "HUBSPOT_DEFINED" } else { "USER_DEFINED" }
}
