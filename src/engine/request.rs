//! A send as a request: endpoint and body.
//!
//! The properties of a record were rendered when it was read; here they are only spliced together.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::association;
use super::batch::{FoundBy, Input, Send};
use super::grouping::{name_asked, names_asked};
use super::membership::{self, Membership};
use super::mirror::Chore;
use super::occurrence;
use super::operation::{Among, MatchedBy, Operation, Step};
use super::resolve::search::spellings;
use super::resolve::{lookup as lookups, push_trace_id};
use crate::api::{ADDITIONAL_DOMAINS, AssociationVerb, Verb};
use crate::coerce::json_text::escape_into;
use crate::coerce::merge_lists;
use crate::json;

/// What a call needs to know of its stream.
#[derive(Clone, Debug)]
pub struct Target {
    /// What is done with each record that does not say otherwise.
    pub operation: Operation,
    /// The object type's place in a path; of an event its fully qualified name.
    pub object: Arc<str>,
    /// The matching key's property; of an insert the one that tells its records from others, empty where none does.
    pub key_property: String,
    /// The object type at the far end of associations, and the property that names its records.
    pub far: Option<FarTarget>,
    /// Properties that hold several options: their values are united where records are merged.
    pub lists: HashSet<String>,
}

/// The far end of a stream of associations.
#[derive(Clone, Debug)]
pub struct FarTarget {
    /// The object type's place in a path.
    pub object: Arc<str>,
    /// The matching key's property.
    pub key_property: String,
}

/// A call to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Which endpoint.
    pub endpoint: Endpoint,
    /// The JSON body.
    pub body: Vec<u8>,
    /// The property whose value ties an answer without trace ids to its input.
    pub answers_by: String,
    /// Whether it is about one record, or one name, alone: then a refusal is about that one.
    pub alone: bool,
}

/// An endpoint, by the path of the object type and what else its address holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `POST .../batch/{verb}`
    Batch(Arc<str>, Verb),
    /// `PATCH .../{id}`
    One(Arc<str>, String),
    /// `PUT .../lists/{list}/memberships/add-and-remove`
    Members(String),
    /// `GET .../lists/{list}/memberships`, from a page on.
    MembersPage(String, Option<String>),
    /// `POST .../send/batch`
    Events,
    /// `POST .../search`
    Search(Arc<str>),
    /// `POST /associations/{from}/{to}/batch/...`
    Associations(Arc<str>, Arc<str>, AssociationVerb),
}

const RECORD_ID: &str = "hs_object_id";
/// Most records of one page of a search. Source: HubSpot's guide to searching the CRM.
const SEARCH_PAGE: u32 = 200;

/// The request for a send.
#[must_use]
pub fn of(send: &Send, target: &Target) -> Request {
    if let Some(chore) = &send.chore {
        return of_chore(chore);
    }
    let operation = send.operation(target.operation);
    let alone = is_about_one(send, operation);
    let by_id = |endpoint, body| Request { endpoint, body, answers_by: RECORD_ID.to_owned(), alone };
    let by_key = |endpoint, body| Request { endpoint, body, answers_by: target.key_property.clone(), alone };
    let batch = |verb| Endpoint::Batch(Arc::clone(&target.object), verb);
    match (send.step, operation) {
        (Step::Create, _) | (Step::Write, Operation::Insert) => {
            by_key(batch(Verb::Create), writes(send, target, Naming::Nothing))
        }
        (Step::Search, _) => by_key(
            Endpoint::Search(Arc::clone(&target.object)),
            search(send, operation, &target.key_property),
        ),
        (Step::SearchFar, _) => {
            let (object, key) = far_end(target);
            let body = search(send, operation, key);
            let endpoint = Endpoint::Search(Arc::clone(object));
            Request { endpoint, body, answers_by: key.to_owned(), alone }
        }
        (Step::LookupFar, _) => {
            let (object, key) = far_end(target);
            let endpoint = Endpoint::Batch(Arc::clone(object), Verb::Read);
            Request { endpoint, body: lookup(send, operation, key), answers_by: key.to_owned(), alone }
        }
        (Step::Link | Step::ReadLabels, Operation::Association(linking, _)) => {
            let (verb, body) = association::call(send, linking);
            let far = target.far.as_ref().map_or(&target.object, |far| &far.object);
            by_id(Endpoint::Associations(Arc::clone(&target.object), Arc::clone(far), verb), body)
        }
        (Step::Lookup, _) => by_key(batch(Verb::Read), lookup(send, operation, &target.key_property)),
        (Step::Single, _) => {
            let id = send.inputs.first().and_then(Input::target).unwrap_or_default().to_owned();
            by_id(Endpoint::One(Arc::clone(&target.object), id), single(send, target))
        }
        (Step::Members | Step::Chore, _) | (_, Operation::Membership(_)) => {
            let list = send.inputs.first().map(|input| Membership::of(input).list.into_owned());
            by_id(Endpoint::Members(list.unwrap_or_default()), membership::body(send))
        }
        (Step::Write, Operation::Upsert) => {
            by_key(batch(Verb::Upsert), writes(send, target, Naming::Key(&target.key_property)))
        }
        (Step::Write, Operation::Update(MatchedBy::UniqueProperty)) => {
            by_key(batch(Verb::Update), writes(send, target, Naming::Key(&target.key_property)))
        }
        (Step::Write, Operation::UpsertFound(_) | Operation::Update(_)) => {
            by_id(batch(Verb::Update), writes(send, target, Naming::RecordId))
        }
        (Step::ReadLabels | Step::Link, _) | (Step::Write, Operation::Association(..)) => {
            // Only associations have these steps, and they have no other.
            by_id(batch(Verb::Read), Vec::new())
        }
        (Step::Write, Operation::Archive(_)) => by_id(batch(Verb::Archive), ids(send)),
        (Step::SendEvents, _) | (Step::Write, Operation::Event) => {
            by_id(Endpoint::Events, occurrences(send, &target.object))
        }
    }
}

/// Whether a call is about one record; of one that finds something out, about one name.
fn is_about_one(send: &Send, operation: Operation) -> bool {
    if !operation.looks_up_first() || !lookups::asks(send.step) {
        return send.inputs.len() == 1;
    }
    let mut names = send.inputs.iter().filter_map(|input| name_asked(operation, send.step, input));
    let first = names.next();
    // Mostly the second is another.
    names.all(|name| Some(name) == first)
}

/// The object type at the far end of associations, and the property that names its records.
fn far_end(target: &Target) -> (&Arc<str>, &str) {
    target.far.as_ref().map_or((&target.object, ""), |far| (&far.object, &*far.key_property))
}

/// The request for a chore.
fn of_chore(chore: &Chore) -> Request {
    let (endpoint, body) = match chore {
        Chore::Read { list, after } => (Endpoint::MembersPage(list.to_string(), after.clone()), Vec::new()),
        Chore::Remove { list, ids } => (Endpoint::Members(list.to_string()), membership::removal(ids)),
    };
    let alone = match chore {
        Chore::Read { .. } => true,
        Chore::Remove { ids, .. } => ids.len() == 1,
    };
    Request { endpoint, body, answers_by: RECORD_ID.to_owned(), alone }
}

/// What names the record of an input.
#[derive(Clone, Copy)]
enum Naming<'a> {
    /// Nothing: it is to be made.
    Nothing,
    /// HubSpot's record id.
    RecordId,
    /// This property's value.
    Key(&'a str),
}

/// Body of a batch create, upsert or update: `{"inputs":[{"id","idProperty","objectWriteTraceId","properties"}]}`, of a
/// create without `id` and `idProperty`.
///
/// One `idProperty` for the whole batch (none for record ids: HubSpot refuses `hs_object_id` there), and a trace id
/// for each input: without them HubSpot refuses the whole batch for one bad record (HubSpot's error-handling page
/// documents them for create; answers to upserts and updates with them were recorded).
///
/// The matching key is not repeated among the properties: sent as `email` it could make a contact's secondary
/// address its primary one. Only an input with nothing else to say carries it, since HubSpot refuses updates
/// without any property. Where records are made by create, the plan has put it among the properties.
fn writes(send: &Send, target: &Target, naming: Naming<'_>) -> Vec<u8> {
    let mut body = Vec::with_capacity(length(send));
    body.extend_from_slice(br#"{"inputs":["#);
    // What stands between the name of the record and the number of the input is the same in all of them.
    let mut after_name = Vec::new();
    if let Naming::Key(property) = naming {
        after_name.extend_from_slice(br#""idProperty":"#);
        escape_into(property, &mut after_name);
        after_name.push(b',');
    }
    after_name.extend_from_slice(br#""objectWriteTraceId":""#);
    for (place, input) in send.inputs.iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        body.push(b'{');
        let name = match naming {
            Naming::Nothing => None,
            Naming::RecordId => input.target(),
            // Its record id may be known too, where an earlier record of the key was looked for.
            Naming::Key(_) => input.key(),
        };
        if let Some(name) = name {
            body.extend_from_slice(br#""id":"#);
            escape_into(name, &mut body);
            body.push(b',');
        }
        body.extend_from_slice(&after_name);
        push_trace_id(&mut body, send.id, place);
        body.extend_from_slice(br#"","properties":{"#);
        let before = body.len();
        push_properties(&mut body, input, target);
        if let (Naming::Key(property), true) = (naming, body.len() == before) {
            escape_into(property, &mut body);
            body.push(b':');
            escape_into(input.key().unwrap_or_default(), &mut body);
        }
        body.extend_from_slice(b"}}");
    }
    body.extend_from_slice(b"]}");
    body
}

/// About how long the body of a batch write will be; what was received besides the properties is not sent.
fn length(send: &Send) -> usize {
    let parts = |input: &Input| input.parts().map(|part| part.body.properties().len()).sum::<usize>();
    let of = |input: &Input| 128 + input.target().unwrap_or_default().len() + parts(input);
    send.inputs.iter().map(of).sum()
}

/// Body of a batch read that finds record ids. A contact's other addresses are asked for too: it may be found by
/// one of them.
fn lookup(send: &Send, operation: Operation, key: &str) -> Vec<u8> {
    let by_id = key == RECORD_ID;
    let by_email = matches!(key, "email");
    let properties: &[&str] = match operation {
        _ if by_id => &[],
        Operation::Update(MatchedBy::Email)
        | Operation::Archive(MatchedBy::Email)
        | Operation::Membership(MatchedBy::Email) => &["email", "hs_additional_emails"],
        Operation::Insert | Operation::Association(..) if by_email => &["email", "hs_additional_emails"],
        _ => &[key],
    };
    let names = names_asked(operation, send.step, &send.inputs);
    let inputs: Vec<Value> = names.into_iter().map(|name| json!({"id": name})).collect();
    let mut body = json!({"properties": properties, "propertiesWithHistory": [], "inputs": inputs});
    if !by_id {
        body["idProperty"] = json!(key);
    }
    body.to_string().into_bytes()
}

/// Body of a batch of events: `{"inputs":[{"eventName", ...}]}`. What else an occurrence holds (identity, time, id,
/// properties) was rendered by `plan::event`, and the same bytes go out however often it is sent.
fn occurrences(send: &Send, event_name: &str) -> Vec<u8> {
    let mut body = Vec::with_capacity(length(send));
    body.extend_from_slice(br#"{"inputs":["#);
    for (place, input) in occurrence::once_each(&send.inputs).enumerate() {
        if place > 0 {
            body.push(b',');
        }
        body.extend_from_slice(br#"{"eventName":"#);
        escape_into(event_name, &mut body);
        for part in input.parts() {
            body.push(b',');
            body.extend_from_slice(part.body.properties());
        }
        body.push(b'}');
    }
    body.extend_from_slice(b"]}");
    body
}

/// Body of a search for the keys of the inputs. One page holds all records that can be found, unless keys are far from
/// unique.
fn search(send: &Send, operation: Operation, property: &str) -> Vec<u8> {
    let among = operation.among(send.step);
    let asked = names_asked(operation, send.step, &send.inputs);
    let keys: Vec<Cow<'_, str>> = asked.iter().flat_map(|key| spellings(among, key)).collect();
    let properties: &[&str] = match among {
        Among::Values | Among::Domains => &[property],
        Among::AllDomains => &[property, ADDITIONAL_DOMAINS],
    };
    // Groups are alternatives. Source: HubSpot's guide to searching the CRM.
    let group =
        |property: &&str| json!({"filters": [{"propertyName": property, "operator": "IN", "values": keys}]});
    let groups: Vec<Value> = properties.iter().map(group).collect();
    json!({"filterGroups": groups, "properties": properties, "limit": SEARCH_PAGE}).to_string().into_bytes()
}

/// Body of a batch archive.
fn ids(send: &Send) -> Vec<u8> {
    let inputs: Vec<Value> = send.inputs.iter().map(|input| json!({"id": input.target()})).collect();
    json!({ "inputs": inputs }).to_string().into_bytes()
}

/// Body of a single update.
fn single(send: &Send, target: &Target) -> Vec<u8> {
    let mut body = br#"{"properties":{"#.to_vec();
    if let Some(input) = send.inputs.first() {
        push_properties(&mut body, input, target);
    }
    body.extend_from_slice(b"}}");
    body
}

/// Members of the `properties` object; of a merged input the later value of each property, or both where the later
/// one only adds to a list of options.
fn push_properties(body: &mut Vec<u8>, input: &Input, target: &Target) {
    if input.merged.is_empty() && input.found_by == FoundBy::Key {
        body.extend_from_slice(input.members(&input.head));
        return;
    }
    let mut places: HashMap<Cow<'_, str>, usize> = HashMap::new();
    let mut members: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
    let texts: Vec<String> = input
        .parts()
        .map(|part| format!("{{{}}}", String::from_utf8_lossy(part.body.properties())))
        .collect();
    for text in &texts {
        // Rendered by `plan::shape`, so always an object.
        let _rendered_by_us = json::members(text, |name, value| match places.get(&name) {
            Some(place) if target.lists.contains(name.as_ref()) => {
                let mut both = Vec::new();
                merge_lists(members[*place].1.as_bytes(), value.as_bytes(), &mut both);
                members[*place].1 = Cow::Owned(String::from_utf8_lossy(&both).into_owned());
            }
            Some(place) => members[*place].1 = Cow::Borrowed(value),
            None => {
                places.insert(name.clone(), members.len());
                members.push((name, Cow::Borrowed(value)));
            }
        });
    }
    // What was found by another of its names keeps its own.
    let is_kept = |name: &str| input.found_by == FoundBy::Another && name == target.key_property;
    members.retain(|(name, _)| !is_kept(name));
    for (place, (name, value)) in members.into_iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        escape_into(&name, body);
        body.push(b':');
        body.extend_from_slice(value.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::super::batch::{SendId, Stage};
    use super::super::ledger::{Ledger, StreamIndex};
    use super::super::pace::Budget;
    use super::super::record::{Body, BodyParts, Record};
    use super::*;

    fn input(ledger: &mut Ledger, key: &str, parts: &[&str]) -> Input {
        let mut records = parts.iter().map(|properties| {
            let parts = BodyParts {
                key: Some(key),
                properties: properties.as_bytes(),
                data: "{}",
                ..BodyParts::default()
            };
            Record { ticket: ledger.enter(StreamIndex(0)), body: Body::new(parts, |_| 0) }
        });
        let mut input = Input::new(records.next().unwrap());
        input.merged = records.collect();
        input
    }

    fn send(inputs: Vec<Input>) -> Send {
        Send {
            id: SendId(7),
            stream: StreamIndex(0),
            link: None,
            inputs,
            chore: None,
            stage: Stage::First,
            step: Step::Write,
            sent_at: Default::default(),
            failures: 0,
            server_errors: 0,
            setbacks_amid_success: 0,
            suspected_since: None,
            is_part: false,
            successes_seen: 0,
            named_before: false,
            silent_before: false,
        }
    }

    #[test]
    fn properties_are_spliced_and_later_values_win() {
        let mut ledger = Ledger::default();
        ledger.add_stream();
        let inputs = vec![
            input(&mut ledger, "a\"b", &[r#""x":"1","y":"\"q\"""#]),
            input(&mut ledger, "b", &[r#""x":"1","y":"2","l":"a;b""#, "", r#""y":"","z":"3","l":";b;c""#]),
            input(&mut ledger, "c", &[""]),
        ];
        let send = send(inputs);
        let target = Target {
            operation: Operation::Upsert,
            object: "contacts".into(),
            key_property: "email".into(),
            far: None,
            lists: HashSet::from(["l".to_owned()]),
        };
        let request = of(&send, &target);
        assert_eq!(
            (request.endpoint, request.answers_by.as_str()),
            (Endpoint::Batch("contacts".into(), Verb::Upsert), "email")
        );
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let expected = serde_json::json!({"inputs": [
            {"id": "a\"b", "idProperty": "email", "objectWriteTraceId": "7-0", "properties": {"x": "1", "y": "\"q\""}},
            {"id": "b", "idProperty": "email", "objectWriteTraceId": "7-1", "properties": {"x": "1", "y": "", "l": "a;b;c", "z": "3"}},
            {"id": "c", "idProperty": "email", "objectWriteTraceId": "7-2", "properties": {"email": "c"}},
        ]});
        assert_eq!(body, expected);
    }

    #[test]
    fn what_is_matched_by_a_unique_property_is_named_by_it_though_its_id_is_known() {
        let mut ledger = Ledger::default();
        ledger.add_stream();
        let input = Input { record_id: Some("7".into()), ..input(&mut ledger, "k", &[r#""x":"1""#]) };
        let target = Target {
            operation: Operation::Update(MatchedBy::UniqueProperty),
            object: "companies".into(),
            key_property: "no".into(),
            far: None,
            lists: HashSet::new(),
        };
        let body: Value = serde_json::from_slice(&of(&send(vec![input]), &target).body).unwrap();
        assert_eq!((&body["inputs"][0]["id"], &body["inputs"][0]["idProperty"]), (&json!("k"), &json!("no")));
    }

    #[test]
    fn events_carry_their_name_and_what_was_rendered() {
        let mut ledger = Ledger::default();
        ledger.add_stream();
        let members =
            [r#""email":"a@x.y","uuid":"1","properties":{"p":"1"}"#, r#""utk":"t","properties":{}"#];
        let inputs = members.map(|members| {
            let parts = BodyParts { properties: members.as_bytes(), data: "{}", ..BodyParts::default() };
            Input::new(Record { ticket: ledger.enter(StreamIndex(0)), body: Body::new(parts, |_| 0) })
        });
        let step = Operation::Event.first_step(&inputs[0]);
        assert_eq!(step.budget(), Budget::Events);
        let send = Send { step, ..send(inputs.into()) };
        let target = Target {
            operation: Operation::Event,
            object: "pe7_bought".into(),
            key_property: String::new(),
            far: None,
            lists: HashSet::new(),
        };
        let request = of(&send, &target);
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let expected = json!({"inputs": [
            {"eventName": "pe7_bought", "email": "a@x.y", "uuid": "1", "properties": {"p": "1"}},
            {"eventName": "pe7_bought", "utk": "t", "properties": {}},
        ]});
        assert_eq!((request.endpoint, body), (Endpoint::Events, expected));
    }
}
