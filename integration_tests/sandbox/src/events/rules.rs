//! Which occurrences HubSpot takes.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/events/send-event-data/guide>.

use super::definition::Definition;
use crate::objects::input::PropertyMap;
use crate::rules::dates;

/// Most occurrences of one call.
pub(crate) const MAX_BATCH: usize = 500;
/// Most definitions of an account.
pub(crate) const MAX_DEFINITIONS: usize = 500;
/// Most characters of a name or label.
pub(crate) const MAX_NAME: usize = 50;
/// Most properties of one occurrence.
const MAX_PROPERTIES: usize = 50;
/// Most characters of a value, and of a value that is an address by its property's name.
const MAX_VALUE: usize = 256;
const MAX_ADDRESS: usize = 1_024;

/// Whether HubSpot takes the name of a property: it starts with a letter and has lower case letters, digits and
/// underscores.
pub(crate) fn is_property_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && name.len() <= MAX_NAME
}

fn longest(name: &str) -> usize {
    let address = ["url", "referrer", "link"].iter().any(|part| name.contains(part));
    if address { MAX_ADDRESS } else { MAX_VALUE }
}

/// What is wrong with an occurrence of an event, if anything. `identified` says whether it names a record otherwise
/// than by a property.
pub(crate) fn problem(
    definition: &Definition,
    properties: &PropertyMap<'_>,
    identified: bool,
    occurred_at: Option<&str>,
) -> Option<String> {
    let by_property = definition.parts.matching.as_ref().is_some_and(|matching| {
        properties.value(&matching.event_property).is_some_and(|value| !value.is_empty())
    });
    if !identified && !by_property {
        return Some("One of objectId, email or utk must be provided.".to_owned());
    }
    if properties.iter().count() > MAX_PROPERTIES {
        return Some(format!("An event can have at most {MAX_PROPERTIES} properties."));
    }
    for (name, value) in properties.iter() {
        if definition.property(name).is_none() {
            return Some(format!("Property {name} does not exist for event {}.", definition.qualified));
        }
        let most = longest(name);
        if value.is_some_and(|value| value.chars().count() > most) {
            return Some(format!("The value of property {name} is longer than {most} characters."));
        }
    }
    // HubSpot takes ISO 8601 text and milliseconds.
    let bad = occurred_at.filter(|text| dates::instant(text).is_err())?;
    Some(format!("{bad} is not a valid occurredAt."))
}

#[cfg(test)]
mod tests {
    use super::super::definition::{Definitions, EventDef};
    use super::*;
    use crate::catalog::PropertyDef;
    use crate::clock::Millis;

    fn verdict(text: &str, identified: bool, at: Option<&str>) -> Option<String> {
        let many = (0..60).fold(EventDef::new("e"), |event, number| {
            event.property(PropertyDef::string(&format!("p{number}")))
        });
        let event = many.property(PropertyDef::string("page_url")).matching_id("p1", "email");
        let mut definitions = Definitions::default();
        let definition = definitions.add(event, 1, 1, Millis(0)).unwrap();
        problem(definition, &serde_json::from_str(text).unwrap(), identified, at)
    }

    #[test]
    fn an_event_names_a_record() {
        assert_eq!(verdict("{}", true, None), None);
        assert!(verdict("{}", false, None).is_some());
        assert!(verdict(r#"{"p1":""}"#, false, None).is_some());
        assert_eq!(verdict(r#"{"p1":"a@b.io"}"#, false, None), None, "the custom matching id does it");
    }

    #[test]
    fn properties_are_known_few_and_short() {
        assert!(verdict(r#"{"other":"x"}"#, true, None).unwrap().contains("other"));
        let long = |name: &str, length: usize| format!(r#"{{"{name}":"{}"}}"#, "é".repeat(length));
        assert_eq!(verdict(&long("p1", 256), true, None), None, "characters count, not bytes");
        assert!(verdict(&long("p1", 257), true, None).is_some());
        assert_eq!(verdict(&long("page_url", 1024), true, None), None);
        assert!(verdict(&long("page_url", 1025), true, None).is_some());
        let many = |count: usize| {
            let pairs: Vec<String> = (0..count).map(|number| format!(r#""p{number}":1"#)).collect();
            format!("{{{}}}", pairs.join(","))
        };
        assert_eq!(verdict(&many(50), true, None), None);
        assert!(verdict(&many(51), true, None).is_some());
    }

    #[test]
    fn instants_are_texts_or_milliseconds() {
        for good in ["2026-03-01T10:00:00Z", "2026-03-01T10:00:00.123Z", "1772359200000"] {
            assert_eq!(verdict("{}", true, Some(good)), None, "{good}");
        }
        assert!(verdict("{}", true, Some("yesterday")).is_some());
    }

    #[test]
    fn names() {
        assert!(is_property_name("plan_2"));
        for bad in ["", "2nd", "Plan", "a-b", &"x".repeat(51)] {
            assert!(!is_property_name(bad), "{bad}");
        }
    }
}
