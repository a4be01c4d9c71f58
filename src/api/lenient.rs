//! Small readers for JSON whose types cannot be relied on.
//!
//! HubSpot's services answer an id now as a string, now as a number, a context entry now as a value, now as an
//! array of values. These helpers take what can be taken and call everything else absent.

use std::collections::HashSet;

use serde_json::Value;

/// The text of a non-blank string, a number or a boolean; of an array, that of its first such item.
pub(super) fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => (!text.trim().is_empty()).then(|| text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Array(items) => items.iter().find_map(|item| text(Some(item))),
        Value::Null | Value::Object(_) => None,
    }
}

/// Adds the texts of a value, or of every item of an array of values; see [`keep_first`].
pub(super) fn add_texts(value: Option<&Value>, into: &mut Vec<String>) {
    match value {
        Some(Value::Array(items)) => {
            for item in items {
                add_texts(Some(item), into);
            }
        }
        scalar => into.extend(text(scalar)),
    }
}

/// Leaves each text once, in the order of their first appearance. One error may name any number of them.
pub(super) fn keep_first(texts: &mut Vec<String>) {
    let mut known = HashSet::with_capacity(texts.len());
    let is_first: Vec<bool> = texts.iter().map(|text| known.insert(text.as_str())).collect();
    let mut is_first = is_first.into_iter();
    texts.retain(|_| is_first.next().unwrap_or(true));
}

/// A text that can only be an identifier: short, ASCII, no blanks. Everything that may be printed outside a
/// record's own rejection passes through here, so that no record value can.
pub(super) fn token(value: Option<&Value>) -> Option<String> {
    text(value).filter(|text| is_token(text))
}

/// Whether a text is an identifier in the sense of [`token`].
pub(super) fn is_token(text: &str) -> bool {
    (1..=120).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':'))
}

/// At most `limit` characters of `text`; what was cut shows as an ellipsis, which counts as one of them.
pub(super) fn capped(text: &str, limit: usize) -> String {
    if text.char_indices().nth(limit).is_none() {
        return text.to_owned();
    }
    let kept = text.char_indices().nth(limit.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
    format!("{}…", &text[..kept])
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{add_texts, capped, keep_first, text, token};

    #[test]
    fn text_takes_scalars_and_first_items() {
        let read = |value: Value| text(Some(&value));
        assert_eq!(read(json!("a")), Some("a".to_owned()));
        assert_eq!(read(json!(12_345_678_901_u64)), Some("12345678901".to_owned()));
        assert_eq!(read(json!(true)), Some("true".to_owned()));
        assert_eq!(read(json!([null, {}, "b", "c"])), Some("b".to_owned()));
        for nothing in [json!(null), json!(" "), json!({"a": 1}), json!([])] {
            assert_eq!(read(nothing), None);
        }
        assert_eq!(text(None), None);
    }

    #[test]
    fn texts_are_collected_once_each() {
        let mut found = vec!["1".to_owned()];
        add_texts(Some(&json!(["2", 1, ["3", "2"], null])), &mut found);
        add_texts(Some(&json!("4")), &mut found);
        add_texts(None, &mut found);
        keep_first(&mut found);
        assert_eq!(found, ["1", "2", "3", "4"]);
    }

    #[test]
    fn tokens_are_identifiers_only() {
        assert!(token(Some(&json!("crm.associations.INVALID_IDENTIFIER"))).is_some());
        for other in [json!("two words"), json!("ada@example.com"), json!("x".repeat(121)), json!("é")] {
            assert_eq!(token(Some(&other)), None, "{other}");
        }
    }

    #[test]
    fn capping_counts_characters_and_never_splits_one() {
        assert_eq!(capped("äöü", 3), "äöü");
        assert_eq!(capped("äöüß", 3), "äö…");
        assert_eq!(capped("", 3), "");
        assert_eq!(capped(&"😀".repeat(600), 500).chars().count(), 500);
    }
}
