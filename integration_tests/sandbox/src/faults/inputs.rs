//! Picking inputs of a batch by what they hold.

use serde_json::Value;

use crate::objects::input::WriteInput;

/// Which inputs of a request are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputMatch {
    /// All of them.
    All,
    /// Those whose `id` is one of these texts, exactly as sent.
    Ids(Vec<String>),
    /// Those with one of these values for a property, exactly as sent.
    Property(String, Vec<String>),
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
        Self::Property(name.to_owned(), vec![value.to_owned()])
    }

    fn picks(&self, input: &WriteInput<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Ids(_) => self.picks_id(input.id.text().unwrap_or_default()),
            Self::Property(name, values) => {
                input.properties.value(name).is_some_and(|value| values.iter().any(|wanted| wanted == value))
            }
        }
    }

    fn picks_id(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::Ids(ids) => ids.iter().any(|wanted| wanted == id),
            Self::Property(..) => false,
        }
    }

    /// Whether a request of any shape holds such an input: a batch's inputs, the body of a single call, or the
    /// item its path names.
    pub(crate) fn picks_in(&self, item: Option<&str>, body: &[u8]) -> bool {
        if item.is_some_and(|item| self.picks_id(item)) {
            return true;
        }
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return false };
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let one = |input: &Value| match self {
            Self::All => true,
            Self::Ids(_) => input.get("id").is_some_and(|id| self.picks_id(&text(id))),
            Self::Property(name, values) => input
                .get("properties")
                .and_then(|properties| properties.get(name))
                .is_some_and(|value| values.contains(&text(value))),
        };
        match body.get("inputs").and_then(Value::as_array) {
            Some(inputs) => inputs.iter().any(one),
            None => one(&body),
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Silence {
    pub(crate) inputs: InputMatch,
    pub(crate) mention: Mention,
}

impl Silence {
    /// What becomes of an input of a batch write.
    pub(crate) fn mention(&self, input: &WriteInput<'_>) -> Mention {
        if self.inputs.picks(input) { self.mention } else { Mention::Usual }
    }

    /// What becomes of an input that is only an id.
    pub(crate) fn mention_id(&self, id: &str) -> Mention {
        if self.inputs.picks_id(id) { self.mention } else { Mention::Usual }
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
        assert!(!InputMatch::All.picks_in(None, b"not json"));
    }
}
