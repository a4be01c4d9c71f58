//! Each reading of an answer, one at a time.

use super::super::batch::{SendId, Turn};
use super::super::ledger::{Ledger, StreamIndex};
use super::super::operation::MatchedBy;
use super::super::record::{Body, BodyParts, Record};
use super::*;

const ID: SendId = SendId(7);

/// A call of inputs that are given as `key` or, merged, as `key key`.
pub(super) fn send(inputs: &[&str], stage: Stage, step: Step) -> Send {
    let mut ledger = Ledger::default();
    ledger.add_stream();
    let mut record = |key: &str, properties: &[u8]| {
        let parts = BodyParts { key: Some(key), properties, data: key, ..BodyParts::default() };
        Record { ticket: ledger.enter(StreamIndex(0)), body: Body::new(parts, |_| 0) }
    };
    let mut input = |keys: &&str| {
        let mut records = keys.split(' ').map(|key| record(key, br#""p":"1""#));
        let mut input = Input::new(records.next().unwrap());
        input.merged = records.collect();
        input
    };
    Send {
        id: ID,
        stream: StreamIndex(0),
        link: None,
        inputs: inputs.iter().map(&mut input).collect(),
        chore: None,
        stage,
        step,
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

fn write(inputs: &[&str]) -> Send {
    send(inputs, Stage::First, Step::Write)
}

fn answer(json: &str) -> BatchAnswer {
    BatchAnswer::parse(json.as_bytes(), Some("k")).unwrap()
}

/// What became of each input, by key: stored, rejected with a code, or sent again in a group.
pub(super) fn told(resolution: &Resolution) -> Vec<String> {
    let key = |input: &Input| input.key().unwrap().to_owned();
    let stored = resolution.stored.iter().map(|stored| format!("{} stored", key(&stored.input)));
    let rejected = resolution.rejected.iter().map(|(input, why)| format!("{} {}", key(input), why.code));
    stored.chain(rejected).chain(groups(resolution)).collect()
}

/// The groups that are sent again, by key.
fn groups(resolution: &Resolution) -> Vec<String> {
    resolution.again.iter().map(|group| keys(&group.inputs)).collect()
}

fn keys(inputs: &[Input]) -> String {
    inputs.iter().map(|input| input.key().unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn results_are_tied_by_trace_id_or_key_and_never_by_position() {
    let body = r#"{"results":[
        {"id":"1","objectWriteTraceId":"7-2","new":true},
        {"id":"2","properties":{"k":"a"}},
        {"id":"3","objectWriteTraceId":"8-1"},{"id":"4","objectWriteTraceId":"7-9"},{"id":"5","objectWriteTraceId":"1"},
        {"id":"6","properties":{"k":"D"}},{"id":"7","properties":{"k":"x"}},{"id":"8"}]}"#;
    let resolution = itemised(write(&["a", "b", "c", "d"]), Operation::Upsert, &answer(body), None);
    // HubSpot may have found the record of a key without regard to case: no two keys of a call differ in that only.
    assert_eq!(told(&resolution), ["a stored", "c stored", "d stored", "b"]);
    assert_eq!(resolution.stored[1].created, Some(true));
    assert_eq!(resolution.silence, Silence::Broken);
}

#[test]
fn the_only_result_of_a_call_with_one_input_is_its_result() {
    let one = |body: &str| itemised(write(&["a"]), Operation::Upsert, &answer(body), None).stored.len();
    assert_eq!(one(r#"{"results":[{"id":"1"}]}"#), 1);
    assert_eq!(one(r#"{"results":[{"id":"1"},{"id":"2"}]}"#), 0);
}

#[test]
fn a_name_that_contradicts_outranks_position() {
    let read = |send: Send, body: &str| told(&itemised(send, Operation::Upsert, &answer(body), None));
    let foreign = [
        r#"{"results":[{"id":"1","objectWriteTraceId":"x"}]}"#,
        r#"{"results":[{"id":"1","objectWriteTraceId":"8-0"}]}"#,
        r#"{"results":[{"id":"1","properties":{"k":"b"}}]}"#,
        r#"{"errors":[{"code":"Z","message":"m","context":{"objectWriteTraceId":["8-0"]}}]}"#,
        r#"{"errors":[{"code":"Z","message":"m","context":{"ids":["b"]}}]}"#,
    ];
    for body in foreign {
        assert_eq!(read(write(&["a"]), body), ["a"], "it is sent again: {body}");
        assert_eq!(read(send(&["a"], Stage::Alone, Step::Write), body), ["a NOT_CONFIRMED"], "{body}");
    }
    assert_eq!(read(write(&["a"]), r#"{"results":[{"id":"1","properties":{"k":" A "}}]}"#), ["a stored"]);
    // A write by record id follows merges.
    let merged = BatchAnswer::parse(br#"{"results":[{"id":"9"}]}"#, Some("hs_object_id")).unwrap();
    let by_id = |step| itemised(send(&["1"], Stage::Alone, step), Operation::Upsert, &merged, None);
    assert_eq!(told(&by_id(Step::Write)), ["1 stored"]);
    assert_eq!(told(&by_id(Step::Single)), ["1 stored"]);
    assert_eq!(told(&by_id(Step::Lookup)), ["1 NOT_CONFIRMED"]);
    // A contact may be answered by another of its addresses, where that is told.
    let contact = |others: &str| {
        let body = format!(
            r#"{{"results":[{{"id":"1","properties":{{"email":"b","hs_additional_emails":"{others}"}}}}]}}"#
        );
        let answer = BatchAnswer::parse(body.as_bytes(), Some("email")).unwrap();
        told(&itemised(write(&["a"]), Operation::Upsert, &answer, None))
    };
    assert_eq!(contact("x;a"), ["a stored"]);
    assert_eq!(contact("x"), ["a"]);
}

#[test]
fn a_refusal_of_one_that_was_not_sent_refuses_nobody() {
    let error = |body: &str| ApiError::parse(400, body.as_bytes(), None);
    let foreign = error(r#"{"message":"m","context":{"objectWriteTraceId":["8-0"]}}"#);
    let own = error(r#"{"message":"m","context":{"objectWriteTraceId":["7-0"]}}"#);
    assert_eq!(told(&refused(write(&["a"]), Operation::Upsert, &foreign)), ["a"]);
    assert_eq!(told(&refused(write(&["a"]), Operation::Upsert, &own)), ["a INVALID_RECORD"]);
}

#[test]
fn what_is_said_of_all_is_tried_on_one_first() {
    let claim = ApiError::parse(
        400,
        br#"{"message":"Unable to perform update/upsert by non-unique 0-2 property code in portal ID 5"}"#,
        None,
    );
    let first = refused(write(&["a", "b", "c", "d"]), Operation::Upsert, &claim);
    assert_eq!(groups(&first), ["a", "b c d"]);
    let again = Send { named_before: true, ..write(&["b", "c", "d"]) };
    assert_eq!(groups(&refused(again, Operation::Upsert, &claim)), ["b", "c d"]);
}

#[test]
fn a_great_many_names_are_read_in_one_pass() {
    let keys: Vec<String> = (0..2_000).map(|number| format!("k{number}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let ids: Vec<String> = (0..200_000).map(|number| format!("k{}", number + 1_000)).collect();
    let body = serde_json::json!({"errors": [{"code": "X", "message": "m", "context": {"ids": ids}}]});
    let resolution = itemised(write(&keys), Operation::Upsert, &answer(&body.to_string()), None);
    assert_eq!((resolution.rejected.len(), resolution.again[0].inputs.len()), (1_000, 1_000));
    let whole = ApiError::parse(
        400,
        serde_json::json!({"message": "m", "context": {"ids": ids}}).to_string().as_bytes(),
        None,
    );
    let sizes: Vec<usize> = refused(write(&keys), Operation::Upsert, &whole)
        .again
        .iter()
        .map(|group| group.inputs.len())
        .collect();
    assert_eq!(sizes, [1_000, 1_000]);
}

#[test]
fn errors_name_inputs_by_trace_id_else_by_id_and_win_over_results() {
    let body = r#"{"results":[{"id":"1","objectWriteTraceId":"7-0"}],"errors":[
        {"code":"X","message":"m","context":{"objectWriteTraceId":["7-0","7-1"],"ids":["d"]}},
        {"code":"Y","message":"m","context":{"ids":["c"]}},
        {"code":"Z","message":"m"}]}"#;
    let resolution = itemised(write(&["a", "b", "c", "d"]), Operation::Upsert, &answer(body), Some("corr"));
    assert_eq!(told(&resolution), ["a X", "b X", "c Y", "d"]);
    assert_eq!(resolution.rejected[0].1.correlation_id.as_deref(), Some("corr"));
    let alone = itemised(
        write(&["a"]),
        Operation::Upsert,
        &answer(r#"{"errors":[{"code":"Z","message":"m"}]}"#),
        None,
    );
    assert_eq!(told(&alone), ["a Z"], "there is nobody else it could mean");
}

#[test]
fn errors_that_pass_by_themselves_put_their_inputs_off() {
    let body = r#"{"results":[{"id":"1","objectWriteTraceId":"7-0"}],"errors":[
        {"code":"X","message":"m","context":{"objectWriteTraceId":["7-1"]}},
        {"code":"PROPERTY_DOESNT_EXIST","message":"m","context":{"objectWriteTraceId":["7-2"]}}]}"#;
    let mut answer = answer(body);
    answer.passing = answer.errors.split_off(1);
    let resolution = itemised(write(&["a", "b", "c"]), Operation::Upsert, &answer, None);
    assert_eq!(told(&resolution), ["a stored", "b X"]);
    let put_off = resolution.put_off.unwrap();
    assert_eq!((keys(&put_off.send.inputs).as_str(), put_off.whole), ("c", false));
    assert_eq!(put_off.setback, Setback::NewProperty);
}

/// A call of one record that takes two writes.
fn write_of_two() -> Send {
    let mut send = write(&["a"]);
    let parts = BodyParts {
        key: Some("a"),
        properties: br#""s":"","p":"1""#,
        sequel: br#""s":"x""#,
        data: "a",
        ..BodyParts::default()
    };
    send.inputs[0].head.body = Body::new(parts, |_| 0);
    send
}

#[test]
fn a_record_that_takes_two_writes_is_stored_after_both() {
    let stored = |send: Send, new: &str| {
        let body = format!(r#"{{"results":[{{"id":"1","objectWriteTraceId":"7-0"{new}}}]}}"#);
        itemised(send, Operation::Upsert, &answer(&body), None)
    };
    let go_on = |mut resolution: Resolution, turn: Turn| {
        assert!(resolution.stored.is_empty());
        let group = resolution.again.remove(0);
        assert_eq!(
            (group.inputs[0].turn, group.step, resolution.silence),
            (turn, Step::Write, Silence::Broken)
        );
        Send { inputs: group.inputs, ..write(&[]) }
    };
    let second = go_on(stored(write_of_two(), r#","new":false"#), Turn::Second);
    assert_eq!(second.inputs[0].members(&second.inputs[0].head), br#""s":"x""#);
    let last = stored(second, r#","new":false"#);
    assert_eq!((told(&last), last.stored[0].created), (vec!["a stored".to_owned()], Some(false)));

    // What HubSpot fills in when it makes a record is cleared once more.
    let repeated = go_on(stored(write_of_two(), r#","new":true"#), Turn::Repeated);
    assert_eq!(repeated.inputs[0].members(&repeated.inputs[0].head), br#""s":"","p":"1""#);
    let second = go_on(stored(repeated, r#","new":false"#), Turn::Second);
    let last = confirmed(second, Operation::Upsert);
    assert_eq!((told(&last), last.stored[0].created), (vec!["a stored".to_owned()], Some(true)));

    let confirmed_first = confirmed(write_of_two(), Operation::Upsert);
    assert_eq!(go_on(confirmed_first, Turn::Second).inputs.len(), 1);
    let refused = refused(write_of_two(), Operation::Upsert, &ApiError::parse(400, b"{}", None));
    assert_eq!((refused.rejected.len(), refused.again.len()), (1, 0));
}

#[test]
fn what_is_left_out_goes_together_then_alone_then_is_rejected() {
    let silence = BatchAnswer::default();
    let first = itemised(write(&["a", "b"]), Operation::Upsert, &silence, None);
    assert_eq!(told(&first), ["a b"]);
    assert_eq!((first.again[0].stage, first.again[0].silent_before), (Stage::Unconfirmed, true));
    let again = Send { silent_before: true, ..send(&["a", "b"], Stage::Unconfirmed, Step::Write) };
    let second = itemised(again, Operation::Upsert, &silence, None);
    assert_eq!(told(&second), ["a", "b"]);
    assert_eq!((second.again[0].stage, second.silence), (Stage::Alone, Silence::KeptAgain));
    let third = itemised(send(&["a"], Stage::Alone, Step::Write), Operation::Upsert, &silence, Some("corr"));
    assert_eq!(told(&third), ["a NOT_CONFIRMED"]);
    assert_eq!(third.rejected[0].1.correlation_id.as_deref(), Some("corr"));
}

#[test]
fn a_part_that_is_left_out_is_no_silent_batch() {
    let body = r#"{"results":[{"id":"1","objectWriteTraceId":"7-0"}]}"#;
    let resolution = itemised(write(&["a", "b", "c"]), Operation::Upsert, &answer(body), None);
    assert!(!resolution.again[0].silent_before && resolution.silence == Silence::Broken);
    let alone = Send { silent_before: true, ..send(&["a"], Stage::Unconfirmed, Step::Write) };
    let resolution = itemised(alone, Operation::Upsert, &BatchAnswer::default(), None);
    assert_eq!(resolution.silence, Silence::Kept, "one record proves nothing");
}

#[test]
fn an_update_that_is_left_out_twice_goes_to_the_single_endpoint() {
    let step = |matched_by| {
        let send = send(&["a"], Stage::Unconfirmed, Step::Write);
        itemised(send, Operation::Update(matched_by), &BatchAnswer::default(), None).again[0].step
    };
    assert_eq!(step(MatchedBy::RecordId), Step::Single);
    assert_eq!(step(MatchedBy::Email), Step::Single);
    assert_eq!(step(MatchedBy::UniqueProperty), Step::Write, "that endpoint takes ids");
}

#[test]
fn merged_records_are_taken_apart_in_order_before_any_is_rejected() {
    let error = ApiError::parse(400, br#"{"code":"X","message":"m"}"#, None);
    let silence = BatchAnswer::default();
    for resolution in [
        refused(write(&["a a a"]), Operation::Upsert, &error),
        itemised(send(&["a a a"], Stage::Alone, Step::Write), Operation::Upsert, &silence, None),
    ] {
        assert_eq!(told(&resolution), ["a"]);
        let input = &resolution.again[0].inputs[0];
        assert_eq!((input.merged.len(), input.then.len(), resolution.again[0].stage), (0, 2, Stage::First));
    }
}

#[test]
fn a_refused_batch_is_split_where_the_answer_points_once_then_in_halves() {
    let error = |body: &str| ApiError::parse(400, body.as_bytes(), None);
    let split = |send, error: &ApiError| {
        let resolution = refused(send, Operation::Upsert, error);
        assert!(resolution.again.iter().all(|group| group.named_before && group.stage == Stage::First));
        groups(&resolution)
    };
    let all = ["a", "b", "c", "d", "e"];
    let nobody = error(r#"{"message":"m"}"#);
    let two = error(r#"{"message":"m","context":{"ids":["b","e"]}}"#);
    let everybody = error(r#"{"message":"m","context":{"ids":["a","b","c","d","e"]}}"#);
    let property = error(
        r#"{"message":"Property values were not valid: [{\"message\":\"m\",\"error\":\"X\",\"name\":\"p\"}]"}"#,
    );
    assert_eq!(split(write(&all), &nobody), ["a b", "c d e"]);
    assert_eq!(split(write(&all), &two), ["b e", "a c d"]);
    assert_eq!(split(write(&all), &everybody), ["a b", "c d e"]);
    assert_eq!(split(write(&all), &property), ["a b", "c d e"], "all of them carry it");
    assert_eq!(split(Send { named_before: true, ..write(&all) }, &two), ["a b", "c d e"]);
}

#[test]
fn halving_keeps_what_is_known() {
    let send = Send { suspected_since: Some(3), ..send(&["a", "b", "c"], Stage::Unconfirmed, Step::Lookup) };
    let resolution = halved(send);
    assert_eq!(told(&resolution), ["a", "b c"]);
    for group in &resolution.again {
        assert_eq!(
            (group.stage, group.step, group.suspected_since),
            (Stage::Unconfirmed, Step::Lookup, Some(3))
        );
    }
}

#[test]
fn what_was_found_is_written_by_its_id_and_each_id_once_in_a_batch() {
    let body = r#"{"results":[{"id":"1","properties":{"k":"a"}},{"id":"2","properties":{"k":"b"}},
        {"id":"1","properties":{"k":"c"}}],"errors":[{"category":"OBJECT_NOT_FOUND","message":"m","context":{"ids":["d"]}}]}"#;
    let lookup = || send(&["a", "b", "c", "d"], Stage::First, Step::Lookup);
    let update = lookup::looked_up(lookup(), Operation::Update(MatchedBy::Email), &answer(body), None);
    assert_eq!(told(&update), ["d NOT_FOUND", "a b", "c"]);
    assert!(update.again.iter().all(|group| group.step == Step::Write));
    assert_eq!(update.again[1].inputs[0].target(), Some("1"));
    let archive = lookup::looked_up(lookup(), Operation::Archive(MatchedBy::Email), &answer(body), None);
    assert_eq!(told(&archive), ["d stored", "a b", "c"], "what is not there need not be archived");
}

#[test]
fn what_an_answer_puts_off_is_told_from_what_it_leaves_out() {
    let put_off = |body: &str| {
        let resolution = itemised(write(&["a", "b"]), Operation::Upsert, &answer(body), None);
        let put_off = resolution.put_off.as_ref().map(|it| (keys(&it.send.inputs), it.whole));
        (groups(&resolution), put_off, resolution.silence)
    };
    let named = r#"{"errors":[{"category":"RATE_LIMITS","message":"m","context":{"ids":["b"]}}]}"#;
    assert_eq!(put_off(named), (vec!["a".into()], Some(("b".into(), false)), Silence::Kept));
    let nobody = r#"{"errors":[{"status":503,"message":"m"}]}"#;
    assert_eq!(put_off(nobody), (vec![], Some(("a b".into(), true)), Silence::Kept));
    let stored =
        r#"{"results":[{"id":"1","objectWriteTraceId":"7-0"}],"errors":[{"status":503,"message":"m"}]}"#;
    assert_eq!(put_off(stored), (vec![], Some(("b".into(), false)), Silence::Broken));
    let both = r#"{"errors":[{"code":"X","message":"m","context":{"ids":["b"]}},
        {"category":"RATE_LIMITS","message":"m","context":{"ids":["b"]}}]}"#;
    assert_eq!(put_off(both), (vec!["a".into()], None, Silence::Broken), "b is refused");
}
