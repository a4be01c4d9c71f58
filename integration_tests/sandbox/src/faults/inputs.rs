//! Picking inputs of a batch by what they hold.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::effect::Writing;
use crate::objects::input::WriteInput;

/// Which inputs of a request are meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum InputMatch {
    /// All of them.
    All,
    /// Those whose `id` is one of these texts, exactly as sent: a record's, either end's of an association, a list
    /// member's; of an event its `objectId` or `email`.
    Ids(Vec<String>),
    /// Those with one of these values for a property, exactly as sent.
    Property {
        /// Name of the property.
        name: String,
        /// Its values.
        values: Vec<String>,
    },
}

impl InputMatch {
    /// The input with this `id`.
    #[must_use]
    pub fn id(id: &str) -> Self {
        Self::Ids(vec![id.to_owned()])
    }

    /// The inputs with these `id`s.
    #[must_use]
    pub fn ids(ids: &[&str]) -> Self {
        Self::Ids(ids.iter().map(|id| (*id).to_owned()).collect())
    }

    /// The inputs with this value of a property.
    #[must_use]
    pub fn property(name: &str, value: &str) -> Self {
        Self::Property { name: name.to_owned(), values: vec![value.to_owned()] }
    }

    fn picks(&self, input: &WriteInput<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Ids(_) => self.picks_id(input.id.text().unwrap_or_default()),
            Self::Property { name, values } => {
                input.properties.value(name).is_some_and(|value| values.iter().any(|wanted| wanted == value))
            }
        }
    }

    fn picks_id(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::Ids(ids) => ids.iter().any(|wanted| wanted == id),
            Self::Property { .. } => false,
        }
    }

    /// Whether a request of any shape holds such an input: a batch's inputs, the record ids of a change of members,
    /// the body of a single call, or the item its path names.
    pub(crate) fn picks_in(&self, item: Option<&str>, body: &[u8]) -> bool {
        if item.is_some_and(|item| self.picks_id(item)) {
            return true;
        }
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return false };
        let arrays = ["inputs", "recordIdsToAdd", "recordIdsToRemove"].map(|name| body.get(name));
        let mut arrays =
            arrays.into_iter().chain([Some(&body)]).flatten().filter_map(Value::as_array).peekable();
        match arrays.peek() {
            Some(_) => arrays.flatten().any(|input| self.picks_value(input)),
            None => self.picks_value(&body),
        }
    }

    /// Whether one input is meant: an id goes by where the input is about records, and by where it names one.
    fn picks_value(&self, input: &Value) -> bool {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match self {
            Self::All => true,
            Self::Ids(_) if input.is_object() => {
                let ends = ["from", "to"].map(|end| input.get(end)).into_iter().flatten();
                let ends =
                    ends.flat_map(|end| end.as_array().map_or(std::slice::from_ref(end), Vec::as_slice));
                let own = ["id", "objectId", "email"].map(|name| input.get(name)).into_iter().flatten();
                own.chain(ends.filter_map(|end| end.get("id"))).any(|id| self.picks_id(&text(id)))
            }
            Self::Ids(_) => self.picks_id(&text(input)),
            Self::Property { name, values } => input
                .get("properties")
                .and_then(|properties| properties.get(name))
                .is_some_and(|value| values.contains(&text(value))),
        }
    }
}

/// What becomes of an input in the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mention {
    /// It is answered as usual.
    Usual,
    /// It takes effect and is in neither results nor errors.
    Silent,
    /// It takes no effect and is in neither results nor errors.
    Ignored,
}

/// Inputs that are kept out of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Silence {
    /// Which ones.
    pub(crate) inputs: InputMatch,
    /// Whether they take effect; they do unless said otherwise.
    #[serde(default)]
    pub(crate) writing: Writing,
}

impl Silence {
    fn silent(&self) -> Mention {
        match self.writing {
            Writing::Written => Mention::Silent,
            Writing::NotWritten => Mention::Ignored,
        }
    }

    /// What becomes of an input of a batch write.
    pub(crate) fn mention(&self, input: &WriteInput<'_>) -> Mention {
        if self.inputs.picks(input) { self.silent() } else { Mention::Usual }
    }

    /// What becomes of an input that is only an id.
    pub(crate) fn mention_id(&self, id: &str) -> Mention {
        if self.inputs.picks_id(id) { self.silent() } else { Mention::Usual }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_inputs_in_every_shape_of_request() {
        let batch = br#"{"inputs":[{"id":"a","properties":{"n":5}},{"id":"b","properties":{"n":"x"}}]}"#;
        assert!(InputMatch::id("b").picks_in(None, batch));
        assert!(!InputMatch::id("c").picks_in(None, batch));
        assert!(InputMatch::property("n", "5").picks_in(None, batch), "numbers match as text");
        assert!(InputMatch::property("n", "x").picks_in(None, br#"{"properties":{"n":"x"}}"#));
        assert!(InputMatch::id("7").picks_in(Some("7"), b""));
        assert!(InputMatch::id("7").picks_in(None, br#"["6","7"]"#));
        assert!(InputMatch::id("7").picks_in(None, br#"{"recordIdsToAdd":[],"recordIdsToRemove":["7"]}"#));
        assert!(InputMatch::id("7").picks_in(None, br#"{"inputs":[{"from":{"id":"1"},"to":[{"id":"7"}]}]}"#));
        assert!(InputMatch::id("a@b.io").picks_in(None, br#"{"eventName":"x","email":"a@b.io"}"#));
        assert!(!InputMatch::id("8").picks_in(None, br#"{"recordIdsToAdd":["7"],"recordIdsToRemove":[]}"#));
        assert!(!InputMatch::All.picks_in(None, b"not json"));
    }
}
