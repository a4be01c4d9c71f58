//! The id of an event's occurrence: what a batch holds once, and what a refusal may name.
//!
//! HubSpot documents that a `uuid` is unique within its event, and that the first of two occurrences counts: a second one
//! within a year is rejected. How that shows is not documented: with the usual 204, or as a refusal. Both count as
//! accepted here, since the occurrence is there. Source: HubSpot's OpenAPI files for sending events (v3 and 2026-03).

use std::collections::HashSet;

use super::batch::Input;
use crate::api::ApiError;

/// What stands before the id in a rendered occurrence; within a text its quotes would be escaped.
const MEMBER: &[u8] = br#""uuid":""#;

/// Words of refusals that are about the form of an id and not about its being there.
const ABOUT_ITS_FORM: [&str; 6] = ["invalid", "not valid", "malformed", "must be", "must have", "too long"];

/// The id of an occurrence, as JSON has it between its quotes.
#[must_use]
pub fn uuid(input: &Input) -> Option<&str> {
    let members = input.head.body.properties();
    let start = memchr::memmem::find(members, MEMBER)? + MEMBER.len();
    let rest = members.get(start..)?;
    let mut escaped = false;
    let end = rest.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    })?;
    rest.get(..end).and_then(|text| std::str::from_utf8(text).ok())
}

/// The inputs of a call that are sent: of those with one id the first. Their fate is that of all.
pub fn once_each(inputs: &[Input]) -> impl Iterator<Item = &Input> {
    let mut known = HashSet::with_capacity(inputs.len());
    inputs.iter().filter(move |input| uuid(input).is_none_or(|uuid| known.insert(uuid)))
}

/// Whether a refusal says that it is about this id.
#[must_use]
pub fn is_named(error: &ApiError, input: &Input) -> bool {
    let Some(uuid) = uuid(input).filter(|uuid| !uuid.is_empty()) else { return false };
    error.message.contains(uuid) || error.ids.iter().chain(&error.names).any(|name| name == uuid)
}

/// Whether the refusal of this occurrence alone says that HubSpot has one with its id.
#[must_use]
pub fn is_there_already(error: &ApiError, input: &Input) -> bool {
    let words = format!("{} {}", error.message, error.code()).to_lowercase();
    let speaks_of_it = is_named(error, input) || words.contains("uuid");
    speaks_of_it && !ABOUT_ITS_FORM.iter().any(|form| words.contains(form))
}

#[cfg(test)]
mod tests {
    use super::super::ledger::{Ledger, StreamIndex};
    use super::super::record::{Body, BodyParts, Record};
    use super::*;

    fn input(members: &str) -> Input {
        let mut ledger = Ledger::default();
        ledger.add_stream();
        let parts = BodyParts { properties: members.as_bytes(), data: "{}", ..BodyParts::default() };
        Input::new(Record { ticket: ledger.enter(StreamIndex(0)), body: Body::new(parts, |_| 0) })
    }

    #[test]
    fn the_id_is_found_whatever_stands_around_it() {
        assert_eq!(
            uuid(&input(r#""email":"a\"uuid\":\"b","uuid":"u-1","properties":{"uuid":"2"}"#)),
            Some("u-1")
        );
        assert_eq!(uuid(&input(r#""uuid":"a\"b\\","properties":{}"#)), Some(r#"a\"b\\"#));
        assert_eq!(uuid(&input(r#""utk":"t","properties":{}"#)), None);
    }

    #[test]
    fn equal_ids_go_out_once() {
        let of = |id: &str| input(&format!(r#""uuid":"{id}","properties":{{}}"#));
        let inputs = [of("1"), of("2"), of("1"), input(r#""utk":"t""#), input(r#""utk":"t""#)];
        let sent: Vec<_> = once_each(&inputs).map(uuid).collect();
        assert_eq!(sent, [Some("1"), Some("2"), None, None]);
    }

    #[test]
    fn what_is_there_is_told_from_what_has_no_form() {
        let one = input(r#""uuid":"u-1","properties":{}"#);
        let said = |message: &str| {
            let body = serde_json::json!({"message": message, "category": "VALIDATION_ERROR"}).to_string();
            let error = ApiError::parse(400, body.as_bytes(), None);
            (is_named(&error, &one), is_there_already(&error, &one))
        };
        assert_eq!(said("An event with uuid u-1 was sent before"), (true, true));
        assert_eq!(said("Duplicate UUID in the request"), (false, true));
        assert_eq!(said("u-1 exists"), (true, true));
        assert_eq!(said("Invalid UUID: u-1"), (true, false));
        assert_eq!(said("occurredAt lies in the future"), (false, false));
    }
}
