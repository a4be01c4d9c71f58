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
use super::{Group, PutOff, Resolution, Silence, Silent, Stored, send_unmentioned};
use crate::api::{ApiError, AssociationAnswer, AssociationsRead, Endless};

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
        if named.is_empty() {
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
        let silent = resolution.stored.is_empty() && resolution.rejected.is_empty();
        resolution.silence = match (silent, send.stage) {
            (false, _) => Silence::Broken,
            (true, Stage::Unconfirmed) if send.silent_before && unmentioned.len() > 1 => Silence::KeptAgain,
            (true, _) => Silence::Kept,
        };
        let asked = Silent { sent_at: send.sent_at, stage: send.stage, operation, step: send.step };
        send_unmentioned(&mut resolution, unmentioned, asked, correlation_id);
    }
    resolution
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

/// Reads the answer to a call for the labels of associations. A record it does not name has no associations: HubSpot
/// says so in an error, or not at all.
///
/// # Errors
/// [`Endless`] when the associations of one of the records do not come to an end.
pub fn labels_read(
    mut send: Send,
    operation: Operation,
    answer: &AssociationsRead,
) -> Result<Resolution, Endless> {
    let (asked, mut known) = grouping::asked(operation, send.step, std::mem::take(&mut send.inputs));
    if let Some((setback, error)) =
        answer.errors.iter().find_map(|error| Some((Setback::of(error)?, error.clone())))
    {
        known.extend(asked);
        let put_off = PutOff { send: Send { inputs: known, ..send }, whole: true, setback, error };
        return Ok(Resolution { put_off: Some(put_off), silence: Silence::Kept, ..Resolution::default() });
    }
    let mut pages: HashMap<&str, Vec<_>> = HashMap::new();
    for record in &answer.records {
        pages.entry(record.id.as_str()).or_default().push(record);
    }
    let mut resolution = Resolution::default();
    for mut input in asked {
        let (from, to) = association::ends(&input);
        let of_record = pages.get(from.as_str()).map_or(&[][..], Vec::as_slice);
        let found = of_record.iter().flat_map(|record| &record.to).find(|(id, _)| *id == to);
        let after = of_record.iter().find_map(|record| record.after.as_deref());
        let labels = match (found, after) {
            (Some((_, types)), _) => Labels::Known(types.clone()),
            (None, Some(after)) => std::mem::take(&mut input.far.labels).go_on(after)?,
            (None, None) => Labels::Known(Vec::new()),
        };
        if is_done(operation, &input, &labels) {
            resolution.stored.push(Stored { input, created: None, id: None });
            continue;
        }
        input.far = FarEnd { labels, ..input.far };
        known.push(input);
    }
    if !known.is_empty() {
        resolution.again = grouping::groups(operation, known);
    }
    Ok(resolution)
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
    use crate::api::AssociationType;

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

    #[test]
    fn labels_are_known_once_the_pair_or_the_last_page_was_seen() {
        let page = r#"{"results":[{"from":{"id":"1"},"to":[{"toObjectId":"5","associationTypes":[{"category":"USER_DEFINED","typeId":36}]}],"paging":{"next":{"after":"k"}}}],
            "errors":[{"category":"OBJECT_NOT_FOUND","subCategory":"crm.associations.NO_ASSOCIATIONS_FOUND","message":"None."}]}"#;
        let read = AssociationsRead::parse(page.as_bytes()).unwrap();
        let resolution =
            labels_read(send(&["1-5", "1-6", "2-5"], Stage::First, Some(9)), ASSOCIATE, &read).unwrap();
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
}
