//! What became of each pair of an answered call about associations.
//!
//! No trace id exists there: answers name pairs by the ids of both ends, errors name one id, or only say it in a text.
//! What is named is refused; when something is wrong that names nobody, the pairs the answer does not confirm are
//! asked for in halves, at last alone.

use std::collections::{HashMap, HashSet};

use super::super::association::{self, FarEnd, Labels, Linking, Pair};
use super::super::batch::{Input, Send, Stage};
use super::super::grouping;
use super::super::operation::{Operation, Step};
use super::super::rejection::Rejection;
use super::super::retry::Setback;
use super::{Group, PutOff, Resolution, Silence, Silent, Stored, lookup, send_unmentioned};
use crate::api::{ApiError, AssociationAnswer, AssociationType, AssociationsRead, Endless};

/// Pairs that are sent alone at once where an error names none of them.
const FEW: usize = 8;

/// Reads the 2xx answer to a call that associates pairs, or dissociates them.
#[must_use]
pub fn linked(
    mut send: Send,
    operation: Operation,
    answer: &AssociationAnswer,
    correlation_id: Option<&str>,
) -> Resolution {
    let confirmed: HashSet<(&str, &str)> =
        answer.pairs.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    let passing = answer.errors.iter().find_map(|error| Some((Setback::of(error)?, error.clone())));
    let mut refusals: HashMap<String, &ApiError> = HashMap::new();
    let known: HashSet<String> =
        send.inputs.iter().map(association::ends).flat_map(|(from, to)| [from, to]).collect();
    let mut names_nobody = None;
    for error in answer.errors.iter().filter(|error| Setback::of(error).is_none()) {
        let named: Vec<String> = ids_in(error).into_iter().filter(|id| known.contains(id)).collect();
        // One that names others only is about none of these.
        if named.is_empty() && error.ids.is_empty() {
            names_nobody.get_or_insert(error);
        }
        for id in named {
            refusals.entry(id).or_insert(error);
        }
    }
    let mut resolution = Resolution::default();
    let mut unmentioned = Vec::new();
    for input in std::mem::take(&mut send.inputs) {
        let (from, to) = association::ends(&input);
        let named = refusals.get(&from).or_else(|| refusals.get(&to));
        if confirmed.contains(&(from.as_str(), to.as_str())) {
            resolution.stored.push(Stored { input, created: None, id: None });
        } else if let Some(error) = named {
            let rejection = correlated(Rejection::by_hubspot(error), correlation_id);
            refused_pair(&mut resolution, operation, input, rejection);
        } else {
            unmentioned.push(input);
        }
    }
    if let Some((setback, error)) = passing {
        let whole = resolution.stored.is_empty() && resolution.rejected.is_empty();
        if !unmentioned.is_empty() {
            resolution.put_off =
                Some(PutOff { send: Send { inputs: unmentioned, ..send }, whole, setback, error });
        }
    } else if is_done_unless_refused(operation) && names_nobody.is_none() {
        // Such an answer names what failed only.
        let gone = unmentioned.into_iter().map(|input| Stored { input, created: None, id: None });
        resolution.stored.extend(gone);
    } else if let Some(error) = names_nobody.filter(|_| !unmentioned.is_empty()) {
        isolate(&mut resolution, operation, unmentioned, error, correlation_id);
    } else {
        ask_again(&mut resolution, &send, operation, unmentioned, correlation_id);
    }
    resolution
}

/// Asks again for what an answer has left out.
fn ask_again(
    resolution: &mut Resolution,
    send: &Send,
    operation: Operation,
    unmentioned: Vec<Input>,
    correlation_id: Option<&str>,
) {
    resolution.silence = match (resolution.settles(), send.stage) {
        (true, _) => Silence::Broken,
        (false, Stage::Unconfirmed) if send.silent_before && unmentioned.len() > 1 => Silence::KeptAgain,
        (false, _) => Silence::Kept,
    };
    let silent = Silent { sent_at: send.sent_at, stage: send.stage, operation, step: send.step };
    send_unmentioned(resolution, unmentioned, silent, correlation_id);
}

/// Pairs of which one or more are refused, by an error that does not say which.
fn isolate(
    resolution: &mut Resolution,
    operation: Operation,
    mut inputs: Vec<Input>,
    error: &ApiError,
    correlation_id: Option<&str>,
) {
    if inputs.len() == 1 {
        if let Some(input) = inputs.pop() {
            refused_pair(
                resolution,
                operation,
                input,
                correlated(Rejection::by_hubspot(error), correlation_id),
            );
        }
        return;
    }
    let size = if inputs.len() <= FEW { 1 } else { inputs.len().div_ceil(2) };
    while !inputs.is_empty() {
        let rest = inputs.split_off(size.min(inputs.len()));
        resolution.again.push(Group { named_before: true, ..Group::new(inputs, Stage::First, Step::Link) });
        inputs = rest;
    }
}

fn refused_pair(resolution: &mut Resolution, operation: Operation, input: Input, rejection: Rejection) {
    if is_done_unless_refused(operation) && rejection.code == super::NOT_FOUND {
        // What does not exist is associated with nothing.
        resolution.stored.push(Stored { input, created: None, id: None });
    } else {
        resolution.rejected.push((input, rejection));
    }
}

fn is_done_unless_refused(operation: Operation) -> bool {
    matches!(operation, Operation::Association(Linking::Dissociate, _))
}

fn correlated(mut rejection: Rejection, correlation_id: Option<&str>) -> Rejection {
    if rejection.correlation_id.is_none() {
        rejection.correlation_id = correlation_id.map(str::to_owned);
    }
    rejection
}

/// Record ids that an error is about: those it names, else the numbers in its text.
fn ids_in(error: &ApiError) -> Vec<String> {
    if !error.ids.is_empty() {
        return error.ids.clone();
    }
    let numbers = error.message.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
    numbers.filter(|word| word.bytes().any(|byte| byte.is_ascii_digit())).map(str::to_owned).collect()
}

/// HubSpot's word for a record that has no associations with the other object type.
const NONE: &str = "NO_ASSOCIATIONS_FOUND";

/// Reads the answer to a call for the labels of associations.
///
/// Labels are replaced by the call that follows, so that nothing counts as "none" but the pages of a record that do not
/// list the pair, and HubSpot's own word for a record without associations. What another error names is refused; what
/// nothing names is asked for again.
///
/// # Errors
/// [`Endless`] when the associations of one of the records do not come to an end.
pub fn labels_read(
    mut send: Send,
    operation: Operation,
    answer: &AssociationsRead,
    correlation_id: Option<&str>,
) -> Result<Resolution, Endless> {
    let names = grouping::names_asked(operation, send.step, &send.inputs);
    let (asked, mut known) = grouping::asked(operation, send.step, std::mem::take(&mut send.inputs));
    if let Some((setback, error)) =
        answer.errors.iter().find_map(|error| Some((Setback::of(error)?, error.clone())))
    {
        known.extend(asked);
        let put_off = PutOff { send: Send { inputs: known, ..send }, whole: true, setback, error };
        return Ok(Resolution { put_off: Some(put_off), silence: Silence::Kept, ..Resolution::default() });
    }
    let told = LabelsTold::of(answer, &names);
    let mut resolution = Resolution::default();
    let mut unmentioned = Vec::new();
    for mut input in asked {
        let (from, to) = association::ends(&input);
        match told.of_pair(&from, &to, &mut input.far.labels)? {
            Told::Labels(labels) if is_done(operation, &input, &labels) => {
                resolution.stored.push(Stored { input, created: None, id: None });
            }
            Told::Labels(labels) => {
                input.far = FarEnd { labels, ..input.far };
                known.push(input);
            }
            Told::Refused(error) => {
                let rejection = correlated(Rejection::by_hubspot(error), correlation_id);
                resolution.rejected.push((input, rejection));
            }
            Told::Nothing => unmentioned.push(input),
        }
    }
    let mentioned = !known.is_empty() || resolution.settles();
    if !unmentioned.is_empty() {
        if told.names_nobody && names.len() > 1 {
            let again = lookup::split(&names, unmentioned, Vec::new(), operation, send.step).again;
            resolution.again.extend(again);
        } else {
            ask_again(&mut resolution, &send, operation, unmentioned, correlation_id);
        }
    }
    if mentioned {
        resolution.silence = Silence::Broken;
    }
    if !known.is_empty() {
        resolution.again.extend(grouping::groups(operation, known));
    }
    Ok(resolution)
}

/// What an answer says of the labels of one pair.
enum Told<'a> {
    Labels(Labels),
    Refused(&'a ApiError),
    Nothing,
}

/// What an answer says of the labels of pairs.
struct LabelsTold<'a> {
    /// By near and far end.
    pairs: HashMap<(&'a str, &'a str), &'a [AssociationType]>,
    /// Near ends that have a page, with where the next one begins.
    pages: HashMap<&'a str, Option<&'a str>>,
    /// Near ends that have no associations, by HubSpot's own word.
    without: HashSet<String>,
    refused: HashMap<String, &'a ApiError>,
    /// Whether an error names nobody although several were asked for.
    names_nobody: bool,
}

impl<'a> LabelsTold<'a> {
    fn of(answer: &'a AssociationsRead, names: &[String]) -> Self {
        let mut told = Self {
            pairs: HashMap::new(),
            pages: HashMap::new(),
            without: HashSet::new(),
            refused: HashMap::new(),
            names_nobody: false,
        };
        for record in &answer.records {
            let after = told.pages.entry(record.id.as_str()).or_default();
            *after = after.or(record.after.as_deref());
            for (to, types) in &record.to {
                told.pairs.entry((record.id.as_str(), to.as_str())).or_insert(types);
            }
        }
        let asked: HashSet<&str> = names.iter().map(String::as_str).collect();
        for error in &answer.errors {
            let mut named = if error.near_ids.is_empty() { ids_in(error) } else { error.near_ids.clone() };
            named.retain(|id| asked.contains(id.as_str()));
            if named.is_empty() && error.near_ids.is_empty() && error.ids.is_empty() {
                // There is nobody else it could mean.
                named.extend_from_slice(if let [_] = names { names } else { &[] });
                told.names_nobody |= named.is_empty();
            }
            let says_none =
                error.sub_category.as_deref().and_then(|name| name.rsplit('.').next()) == Some(NONE);
            for id in named {
                if says_none {
                    told.without.insert(id);
                } else {
                    told.refused.entry(id).or_insert(error);
                }
            }
        }
        told
    }

    /// `so_far` is what was known of them before.
    fn of_pair(&self, from: &str, to: &str, so_far: &mut Labels) -> Result<Told<'a>, Endless> {
        Ok(match (self.pairs.get(&(from, to)), self.pages.get(from)) {
            (Some(types), _) => Told::Labels(Labels::Known(types.to_vec())),
            (None, Some(Some(after))) => Told::Labels(std::mem::take(so_far).go_on(after)?),
            (None, Some(None)) => Told::Labels(Labels::Known(Vec::new())),
            (None, None) if self.without.contains(from) => Told::Labels(Labels::Known(Vec::new())),
            (None, None) => self.refused.get(from).map_or(Told::Nothing, |error| Told::Refused(error)),
        })
    }
}

/// Whether the pair has the label that it is to be given: then a call could only take away what it was given since.
fn is_done(operation: Operation, input: &Input, labels: &Labels) -> bool {
    let Labels::Known(known) = labels else { return false };
    let is_given = |label| known.contains(&label);
    matches!(operation, Operation::Association(Linking::Associate, _))
        && Pair::of(input).label.is_some_and(is_given)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::super::batch::SendId;
    use super::super::super::ledger::{Ledger, StreamIndex};
    use super::super::super::operation::{Ends, MatchedBy};
    use super::super::super::record::{Body, BodyParts, Record};
    use super::*;

    const ENDS: Ends = Ends { from: MatchedBy::RecordId, to: MatchedBy::RecordId };
    const ASSOCIATE: Operation = Operation::Association(Linking::Associate, ENDS);
    const DISSOCIATE: Operation = Operation::Association(Linking::Dissociate, ENDS);

    /// A call of pairs, given as `from-to`.
    fn send(pairs: &[&str], stage: Stage, label: Option<u64>) -> Send {
        let mut ledger = Ledger::default();
        ledger.add_stream();
        let mut input = |pair: &&str| {
            let (from, to) = pair.split_once('-').unwrap();
            let mut properties = Vec::new();
            let label = label.map(|type_id| AssociationType { category: "USER_DEFINED".into(), type_id });
            Pair { to: Cow::Borrowed(to), label }.append(&mut properties);
            let parts =
                BodyParts { key: Some(from), properties: &properties, data: pair, ..BodyParts::default() };
            Input::new(Record { ticket: ledger.enter(StreamIndex(0)), body: Body::new(parts, |_| 0) })
        };
        let inputs = pairs.iter().map(&mut input).collect();
        let step = if label.is_some() { Step::ReadLabels } else { Step::Link };
        Send {
            id: SendId(7),
            stream: StreamIndex(0),
            link: None,
            inputs,
            chore: None,
            stage,
            step,
            failures: 0,
            server_errors: 0,
            setbacks_amid_success: 0,
            suspected_since: None,
            is_part: false,
            successes_seen: 0,
            named_before: false,
            silent_before: false,
            sent_at: super::super::super::Moment::ZERO,
        }
    }

    fn answer(text: &str) -> AssociationAnswer {
        AssociationAnswer::parse(text.as_bytes()).unwrap()
    }

    fn told(resolution: &Resolution) -> Vec<String> {
        let name = |input: &Input| input.head.body.data().to_owned();
        let stored = resolution.stored.iter().map(|stored| format!("{} stored", name(&stored.input)));
        let rejected = resolution.rejected.iter().map(|(input, why)| format!("{} {}", name(input), why.code));
        let groups =
            resolution.again.iter().map(|group| group.inputs.iter().map(name).collect::<Vec<_>>().join(" "));
        stored.chain(rejected).chain(groups).collect()
    }

    #[test]
    fn pairs_are_tied_by_both_ids_and_errors_by_either() {
        let text = r#"{"results":[{"from":{"id":"1"},"to":{"id":"5"}},{"from":{"id":"5"},"to":{"id":"1"}},{"fromObjectId":2,"toObjectId":5}],
            "errors":[{"category":"OBJECT_NOT_FOUND","message":"No company with ID 9 exists","context":{"id":["9"]}}]}"#;
        let resolution = linked(
            send(&["1-5", "2-5", "3-9", "4-9", "6-5"], Stage::First, None),
            ASSOCIATE,
            &answer(text),
            None,
        );
        let told = told(&resolution);
        assert_eq!(told[..4], ["1-5 stored", "2-5 stored", "3-9 NOT_FOUND", "4-9 NOT_FOUND"]);
        assert_eq!(told[4..], ["6-5"], "what is not mentioned is not assumed");
    }

    #[test]
    fn an_id_in_a_text_is_enough_and_nothing_is_guessed_without_one() {
        let itself = r#"{"errors":[{"category":"VALIDATION_ERROR","message":"Object 77 cannot be associated to itself (77)"}]}"#;
        let resolution =
            linked(send(&["77-77", "1-5"], Stage::First, None), ASSOCIATE, &answer(itself), Some("c"));
        assert_eq!(told(&resolution)[0], "77-77 VALIDATION_ERROR");
        assert_eq!(resolution.rejected[0].1.correlation_id.as_deref(), Some("c"));
        let vague = r#"{"results":[{"from":{"id":"1"},"to":{"id":"5"}}],"errors":[{"category":"VALIDATION_ERROR","message":"No."}]}"#;
        let resolution =
            linked(send(&["1-5", "2-5", "3-5"], Stage::First, None), ASSOCIATE, &answer(vague), None);
        assert_eq!(told(&resolution), ["1-5 stored", "2-5", "3-5"]);
        let alone = linked(send(&["2-5"], Stage::First, None), ASSOCIATE, &answer(vague), None);
        assert_eq!(told(&alone), ["2-5 VALIDATION_ERROR"]);
    }

    #[test]
    fn silence_is_asked_again_and_confirms_nothing() {
        let silence = AssociationAnswer::default();
        let first = linked(send(&["1-5", "2-5"], Stage::First, None), ASSOCIATE, &silence, None);
        assert_eq!((told(&first), first.silence), (vec!["1-5 2-5".to_owned()], Silence::Kept));
        let alone = linked(send(&["1-5"], Stage::Alone, None), ASSOCIATE, &silence, None);
        assert_eq!(told(&alone), ["1-5 NOT_CONFIRMED"]);
    }

    #[test]
    fn what_is_taken_back_is_done_unless_it_is_refused() {
        let done = linked(
            send(&["1-5", "2-5"], Stage::First, None),
            DISSOCIATE,
            &AssociationAnswer::default(),
            None,
        );
        assert_eq!(told(&done), ["1-5 stored", "2-5 stored"]);
        let text = r#"{"errors":[{"category":"OBJECT_NOT_FOUND","message":"gone","context":{"id":["1"]}},
            {"category":"VALIDATION_ERROR","message":"no","context":{"id":["2"]}}]}"#;
        let resolution =
            linked(send(&["1-5", "2-5", "3-5"], Stage::First, None), DISSOCIATE, &answer(text), None);
        assert_eq!(told(&resolution), ["1-5 stored", "3-5 stored", "2-5 VALIDATION_ERROR"]);
    }

    #[test]
    fn a_limit_reached_halfway_waits() {
        let text = r#"{"results":[{"from":{"id":"1"},"to":{"id":"5"}}],"errors":[{"status":"error","errorType":"RATE_LIMIT","policyName":"SECONDLY","message":"You have reached your secondly limit."}]}"#;
        let resolution = linked(send(&["1-5", "2-5"], Stage::First, None), ASSOCIATE, &answer(text), None);
        assert_eq!(told(&resolution), ["1-5 stored"]);
        assert_eq!(resolution.put_off.map(|put_off| put_off.send.inputs.len()), Some(1));
    }

    fn read(pairs: &[&str], stage: Stage, text: &str) -> Resolution {
        let answer = AssociationsRead::parse(text.as_bytes()).unwrap();
        labels_read(send(pairs, stage, Some(9)), ASSOCIATE, &answer, Some("c")).unwrap()
    }

    #[test]
    fn labels_are_known_once_the_pair_or_the_last_page_was_seen() {
        let page = r#"{"results":[{"from":{"id":"1"},"to":[{"toObjectId":"5","associationTypes":[{"category":"USER_DEFINED","typeId":36}]}],"paging":{"next":{"after":"k"}}}],
            "errors":[{"category":"OBJECT_NOT_FOUND","subCategory":"crm.associations.NO_ASSOCIATIONS_FOUND","message":"None.","context":{"fromObjectId":["2"]}}]}"#;
        let resolution = read(&["1-5", "1-6", "2-5"], Stage::First, page);
        assert_eq!(told(&resolution), ["1-5 1-6 2-5"], "they stay together until all is known");
        let group = &resolution.again[0];
        assert_eq!(group.step, Step::ReadLabels);
        let labels: Vec<&Labels> = group.inputs.iter().map(|input| &input.far.labels).collect();
        let boss = AssociationType { category: "USER_DEFINED".into(), type_id: 36 };
        let going_on = Labels::Unknown.go_on("k").unwrap();
        let expected = [Labels::Known(vec![boss]), going_on.clone(), Labels::Known(Vec::new())];
        assert_eq!(labels, expected.iter().collect::<Vec<_>>());
        assert_eq!(going_on.go_on("k"), Err(Endless), "the page that was read leads back to itself");
    }

    #[test]
    fn only_hubspots_own_word_is_that_there_are_no_labels() {
        let steps = |resolution: &Resolution| -> Vec<Step> {
            resolution.again.iter().map(|group| group.step).collect()
        };
        let none = r#"{"results":[],"errors":[{"category":"OBJECT_NOT_FOUND","subCategory":"crm.associations.NO_ASSOCIATIONS_FOUND","message":"None."}]}"#;
        let alone = read(&["1-5", "1-6"], Stage::First, none);
        assert_eq!((told(&alone), steps(&alone)), (vec!["1-5 1-6".to_owned()], vec![Step::Link]));
        let of_two = read(&["1-5", "2-5"], Stage::First, none);
        assert_eq!(told(&of_two), ["1-5", "2-5"], "whose it is has to be asked");
        assert_eq!(steps(&of_two), [Step::ReadLabels; 2]);
        for silent in [r#"{"results":[]}"#, r#"{"results":[{"from":{"id":"7"},"to":[]}]}"#] {
            let first = read(&["1-5", "2-5"], Stage::First, silent);
            assert_eq!((told(&first), steps(&first)), (vec!["1-5 2-5".to_owned()], vec![Step::ReadLabels]));
            assert_eq!((first.again[0].stage, first.silence), (Stage::Unconfirmed, Silence::Kept));
            assert_eq!(told(&read(&["1-5"], Stage::Alone, silent)), ["1-5 NOT_CONFIRMED"]);
        }
        let bad = r#"{"results":[],"errors":[{"category":"VALIDATION_ERROR","subCategory":"crm.associations.INVALID_IDENTIFIER","message":"m","context":{"id":["1"]}}]}"#;
        let refused = read(&["1-5", "2-5"], Stage::First, bad);
        assert_eq!(told(&refused), ["1-5 INVALID_IDENTIFIER", "2-5"]);
        assert_eq!(steps(&refused), [Step::ReadLabels]);
        let foreign = r#"{"results":[],"errors":[{"category":"VALIDATION_ERROR","message":"m","context":{"id":["8"]}}]}"#;
        assert_eq!(told(&read(&["1-5"], Stage::First, foreign)), ["1-5"]);
    }

    #[test]
    fn an_error_that_names_others_is_about_no_pair_of_the_call() {
        let text = r#"{"results":[],"errors":[{"category":"VALIDATION_ERROR","message":"m","context":{"id":["8"]}}]}"#;
        let first = linked(send(&["1-5"], Stage::First, None), ASSOCIATE, &answer(text), None);
        assert_eq!((told(&first), first.silence), (vec!["1-5".to_owned()], Silence::Kept));
    }
}
