//! Our entry in a registry that holds others, which stay as they are to the letter.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use super::entry::Entry;

/// A registry without entries.
pub const EMPTY: &str = r#"{"destinations": [], "sources": []}"#;

/// The member of a registry that our entry belongs to.
const DESTINATIONS: &str = "destinations";

/// Why an entry cannot be put into a registry.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotARegistry {
    /// The text is no registry.
    #[error(
        "This is no registry: a JSON object with the lists \"sources\" and \"destinations\", each destination with a \
         \"destinationDefinitionId\"."
    )]
    Form,
    /// Two of its entries have one id.
    #[error(
        "Two destinations have the id {0}; with that a platform refuses the whole registry. Take one of them out."
    )]
    Twice(String),
}

/// The registry with the entry in it: in the place of the one with its id, else as the last. Whatever else stands in the
/// registry is copied as text.
///
/// # Errors
/// [`NotARegistry`]: the text is none, or one that no platform would take.
pub fn merged(registry: &str, entry: &Entry) -> Result<String, NotARegistry> {
    let members: BTreeMap<String, &RawValue> = parsed(registry)?;
    let destinations = members.get(DESTINATIONS).ok_or(NotARegistry::Form)?;
    let _sources: Vec<&RawValue> = parsed(members.get("sources").ok_or(NotARegistry::Form)?.get())?;
    let destinations = with(parsed(destinations.get())?, entry)?;
    let members = members.iter().map(|(name, value)| {
        let text = if name == DESTINATIONS { &destinations } else { value.get() };
        format!("  {}: {text}", serde_json::Value::from(name.as_str()))
    });
    Ok(format!("{{\n{}\n}}\n", members.collect::<Vec<_>>().join(",\n")))
}

fn with(others: Vec<&RawValue>, entry: &Entry) -> Result<String, NotARegistry> {
    let own = entry.to_json();
    let mut texts = Vec::with_capacity(others.len() + 1);
    let mut met = HashSet::new();
    for other in others {
        let id = parsed::<Id>(other.get())?.id.to_ascii_lowercase();
        texts.push(if id == entry.id.to_ascii_lowercase() { own.trim_end() } else { other.get() });
        if let Some(twice) = met.replace(id) {
            return Err(NotARegistry::Twice(twice));
        }
    }
    if !met.contains(&entry.id.to_ascii_lowercase()) {
        texts.push(own.trim_end());
    }
    Ok(format!("[\n{}\n]", texts.join(",\n")))
}

/// What tells destinations apart.
#[derive(Deserialize)]
struct Id {
    #[serde(rename = "destinationDefinitionId")]
    id: String,
}

fn parsed<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, NotARegistry> {
    serde_json::from_str(text).map_err(|_| NotARegistry::Form)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::entry::Overrides;
    use super::*;

    const ID: &str = "0c1f3d5e-7a9b-4c2d-8e6f-001122334455";

    fn entry(tag: &str) -> Entry {
        let overrides = Overrides { tag: Some(tag.into()), id: Some(ID.into()), ..Overrides::default() };
        Entry::new(json!({}), overrides).expect("fit")
    }

    fn destinations(registry: &str) -> Vec<Value> {
        let registry: Value = serde_json::from_str(registry).expect("JSON");
        registry[DESTINATIONS].as_array().expect("a list").clone()
    }

    #[test]
    fn an_entry_is_added_once_and_replaced_where_it_stands() {
        let first = merged(EMPTY, &entry("1.0.0")).expect("a registry");
        assert_eq!(destinations(&first).len(), 1);
        let other = json!({"destinationDefinitionId": "d0", "name": "Other"});
        let both = json!({"sources": [], DESTINATIONS: [destinations(&first)[0], other]}).to_string();
        let again = merged(&both, &entry("1.1.0")).expect("a registry");
        let entries = destinations(&again);
        assert_eq!((entries.len(), &entries[1]), (2, &other));
        assert_eq!(entries[0]["dockerImageTag"], "1.1.0");
        let upper = again.replace(ID, &ID.to_uppercase());
        assert_eq!(destinations(&merged(&upper, &entry("1.2.0")).expect("a registry")).len(), 2);
    }

    #[test]
    fn what_others_have_is_copied_to_the_letter() {
        let other = r#"{"z":1e400, "destinationDefinitionId":"d0","a":"\u00e9","n":12345678901234567890.10}"#;
        let source = r#"{"sourceDefinitionId":"s0", "x": 1.0}"#;
        let registry =
            format!(r#"{{"sources":[{source}],"later":{{"b":2, "a":1}},"destinations":[{other}]}}"#);
        let merged = merged(&registry, &entry("1.0.0")).expect("a registry");
        for text in [other, source, r#"{"b":2, "a":1}"#] {
            assert!(merged.contains(text), "{text} in {merged}");
        }
    }

    #[test]
    fn what_no_platform_would_take_is_refused() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"sources": []}"#,
            r#"{"destinations": []}"#,
            r#"{"sources": {}, "destinations": []}"#,
            r#"{"sources": [], "destinations": [{"name": "no id"}]}"#,
            r#"{"sources": [], "destinations": [1]}"#,
        ] {
            assert_eq!(merged(text, &entry("1.0.0")), Err(NotARegistry::Form), "{text}");
        }
        let twice = json!({"sources": [], DESTINATIONS: [
            {"destinationDefinitionId": "d0"}, {"destinationDefinitionId": "D0"},
        ]});
        assert_eq!(merged(&twice.to_string(), &entry("1.0.0")), Err(NotARegistry::Twice("d0".into())));
    }
}
