//! Members of lists: what a record asks for, and the call that does it.
//!
//! A record of such a stream has a member key, a list and an action. The three are cut from one body: the key is
//! the body's, list and action stand where an object's properties would.
//!
//! Source: HubSpot's lists guide (`PUT .../memberships/add-and-remove`).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::batch::{Input, Send};

/// What is done with a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Put it on the list.
    Add,
    /// Take it off the list.
    Remove,
}

/// What one record asks for, beside its member key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership<'a> {
    /// HubSpot's id of the list.
    #[serde(borrow)]
    pub list: Cow<'a, str>,
    /// What is done.
    pub action: Action,
}

impl<'a> Membership<'a> {
    /// Appends what a body holds in place of properties.
    pub fn append(&self, out: &mut Vec<u8>) {
        let text = serde_json::to_string(self).unwrap_or_default();
        // An object, without its braces.
        out.extend_from_slice(text.trim_start_matches('{').strip_suffix('}').unwrap_or_default().as_bytes());
    }

    /// What an input asks for.
    #[must_use]
    pub fn of(input: &'a Input) -> Self {
        let members = String::from_utf8_lossy(input.head.body.properties());
        let text = format!("{{{members}}}");
        let read = serde_json::from_str::<Membership<'_>>(&text);
        // Written by `append`, so it can be read.
        read.map_or(Self { list: Cow::Borrowed(""), action: Action::Add }, |read| Self {
            list: Cow::Owned(read.list.into_owned()),
            action: read.action,
        })
    }
}

/// A change of a list's members; both lists have to be there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change<'a> {
    record_ids_to_add: Vec<&'a str>,
    record_ids_to_remove: Vec<&'a str>,
}

impl Change<'_> {
    fn body(&self) -> Vec<u8> {
        // Texts only: writing them into memory cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Body of the call that takes these records off a list.
#[must_use]
pub fn removal(ids: &[u64]) -> Vec<u8> {
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    let record_ids_to_remove = ids.iter().map(String::as_str).collect();
    Change { record_ids_to_add: Vec::new(), record_ids_to_remove }.body()
}

/// Body of the call: every input is of one list and of another record.
#[must_use]
pub fn body(send: &Send) -> Vec<u8> {
    let with = |action: Action| {
        let of_action = send.inputs.iter().filter(move |input| Membership::of(input).action == action);
        of_action.filter_map(Input::target).collect()
    };
    Change { record_ids_to_add: with(Action::Add), record_ids_to_remove: with(Action::Remove) }.body()
}
