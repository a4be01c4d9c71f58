//! Which entry of `streams` in the configuration says what of a stream of the catalog, and which say nothing.
//!
//! One destination serves several connections, so that an entry without a stream is nothing unusual. One that nearly has
//! one is: what it was to change would be left as it is, and nobody would be told.

use crate::config::StreamSettings;
use crate::error::{Failure, Kind};
use crate::protocol::StreamDescriptor;
use crate::protocol::catalog::ConfiguredCatalog;

/// What the entries of the configuration say of a catalog.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    /// Entries that were most likely written for one of its streams, and are not for it.
    pub near_misses: Vec<Failure>,
    /// Entries for streams that it does not have, in a line for the log.
    pub unmet: Option<String>,
}

impl Entries {
    /// Holds the entries against the catalog.
    #[must_use]
    pub fn of(settings: &[StreamSettings], catalog: &ConfiguredCatalog) -> Self {
        let mut entries = Self::default();
        let mut unmet = Vec::new();
        for (number, entry) in settings.iter().enumerate() {
            let streams = || catalog.streams.iter().map(|stream| &stream.descriptor);
            if streams().any(|stream| is_for(entry, stream)) {
                continue;
            }
            let is_near = |stream: &&StreamDescriptor| is_nearly_for(entry, stream, settings);
            match streams().find(is_near) {
                Some(stream) => entries.near_misses.push(near_miss(number, entry, stream)),
                None => unmet.push(format!("\"{}\" (streams[{number}])", named(entry))),
            }
        }
        entries.unmet = (!unmet.is_empty()).then(|| {
            format!(
                "The connection has no stream for these entries of \"streams\", which have no effect on it: {}.",
                unmet.join(", ")
            )
        });
        entries
    }
}

fn is_for(entry: &StreamSettings, stream: &StreamDescriptor) -> bool {
    let namespace = stream.namespace.as_deref().unwrap_or_default();
    entry.name == stream.name && entry.namespace.as_deref().is_none_or(|wanted| wanted == namespace)
}

/// Whether the entry's name differs in letter case or outer blanks only, or its namespace is another one, and no entry has
/// both as they are.
fn is_nearly_for(entry: &StreamSettings, stream: &StreamDescriptor, all: &[StreamSettings]) -> bool {
    let folded = |text: &str| text.trim().to_lowercase();
    if folded(&entry.name) != folded(&stream.name) {
        return false;
    }
    let namespace = stream.namespace.as_deref().unwrap_or_default();
    if entry.name != stream.name {
        return entry.namespace.as_deref().is_none_or(|wanted| folded(wanted) == folded(namespace));
    }
    let has_its_own =
        |other: &StreamSettings| other.name == stream.name && other.namespace.as_deref() == Some(namespace);
    !all.iter().any(has_its_own)
}

fn near_miss(number: usize, entry: &StreamSettings, stream: &StreamDescriptor) -> Failure {
    let (setting, rule) = if entry.name == stream.name {
        (
            "namespace",
            "a stream is meant by its name and its namespace, or in any namespace where none is given",
        )
    } else {
        ("name", "a stream is meant by its name as the source spells it, letter case and blanks included")
    };
    let message = format!(
        "The entry \"{}\" (streams[{number}]) has no effect: the connection has no such stream, and has \"{stream}\". Correct \
         the entry's \"{setting}\", or remove the entry: {rule}.",
        named(entry)
    );
    Failure::new(Kind::Configuration, message).of_stream(stream)
}

fn named(entry: &StreamSettings) -> String {
    match entry.namespace.as_deref() {
        Some(namespace) if !namespace.is_empty() => format!("{namespace}.{}", entry.name),
        _ => entry.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::Config;

    fn entries(entries: Value, streams: &[(&str, Option<&str>)]) -> Entries {
        let config = json!({"credentials": {"type": "AccessToken", "access_token": "t"}, "streams": entries});
        let config = Config::from_json(config.to_string()).unwrap();
        let streams: Vec<Value> = streams
            .iter()
            .map(|(name, namespace)| json!({"stream": {"name": name, "namespace": namespace}}))
            .collect();
        let catalog = ConfiguredCatalog::from_json(&json!({ "streams": streams }).to_string()).unwrap();
        Entries::of(&config.streams, &catalog)
    }

    #[test]
    fn an_entry_that_nearly_has_a_stream_is_a_failure_that_names_both() {
        for (entry, stream, wrong) in [
            (json!({"name": "CONTACTS"}), ("contacts", None), "\"name\""),
            (json!({"name": "contacts "}), ("contacts", Some("crm")), "\"name\""),
            (json!({"name": "Contacts", "namespace": "CRM"}), ("contacts", Some("crm")), "\"name\""),
            (json!({"name": "contacts", "namespace": "public"}), ("contacts", Some("crm")), "\"namespace\""),
            (json!({"name": "contacts", "namespace": "public"}), ("contacts", None), "\"namespace\""),
            (json!({"name": "contacts", "namespace": ""}), ("contacts", Some("crm")), "\"namespace\""),
        ] {
            let found = entries(json!([{"name": "other"}, entry]), &[stream, ("other", None)]);
            let [failure] = found.near_misses.as_slice() else { panic!("{entry}: {found:?}") };
            let text = &failure.message;
            assert_eq!(failure.kind, Kind::Configuration);
            assert!(text.contains("(streams[1])") && text.contains(wrong), "{text}");
            assert!(text.contains(&format!("\"{}\"", StreamDescriptor::new(stream.0, stream.1))), "{text}");
            assert_eq!(found.unmet, None);
        }
    }

    #[test]
    fn a_stream_with_an_entry_of_its_own_is_missed_by_no_other_namespace_but_by_other_spellings() {
        let own = json!({"name": "contacts", "namespace": "crm"});
        let elsewhere = json!({"name": "contacts", "namespace": "erp"});
        let found = entries(json!([own, elsewhere]), &[("contacts", Some("crm"))]);
        assert!(found.near_misses.is_empty());
        assert!(found.unmet.unwrap().contains("\"erp.contacts\" (streams[1])"));
        let found = entries(json!([own, {"name": "CONTACTS"}]), &[("contacts", Some("crm"))]);
        assert_eq!(found.near_misses.len(), 1);
        let general = entries(json!([{"name": "contacts"}, elsewhere]), &[("contacts", Some("crm"))]);
        assert_eq!(general.near_misses.len(), 1, "the special one may be the one that was meant");
    }

    #[test]
    fn entries_for_other_connections_are_told_in_one_line() {
        let list = json!([{"name": "a"}, {"name": "b", "namespace": "x"}, {"name": "c"}, {"name": "A", "namespace": "z"}]);
        let found = entries(list, &[("a", Some("y")), ("d", None)]);
        assert!(found.near_misses.is_empty(), "{found:?}");
        let line = found.unmet.unwrap();
        assert!(line.ends_with("\"x.b\" (streams[1]), \"c\" (streams[2]), \"z.A\" (streams[3])."), "{line}");
        assert_eq!(entries(json!([{"name": "a"}]), &[("a", Some("y"))]).unmet, None);
    }
}
