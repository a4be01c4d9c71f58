//! Which event definition a stream's event name means.

use super::columns::new_name;
use crate::coerce::normalise;
use crate::crm::event::EventDefinition;
use crate::crm::new_event::shortened;
use crate::error::{Failure, Kind};
use crate::plan::first_names::without_case_and_blanks;
use crate::protocol::StreamDescriptor;

/// How many names a message lists before it stops.
const NAMES_IN_A_MESSAGE: usize = 20;

/// Whether a name says which account's event it is: `pe<portal id>_<name>`.
#[must_use]
pub fn is_fully_qualified(name: &str) -> bool {
    split(name).is_some()
}

/// The part of a name that is the same in every account.
#[must_use]
pub fn short(name: &str) -> &str {
    split(name).map_or(name, |(_, short)| short)
}

/// The portal id in a fully qualified name.
#[must_use]
pub fn portal(name: &str) -> Option<&str> {
    split(name).map(|(portal, _)| portal)
}

fn split(name: &str) -> Option<(&str, &str)> {
    let (portal, short) = name.strip_prefix("pe")?.split_once('_')?;
    let is_number = !portal.is_empty() && portal.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !short.is_empty()).then_some((portal, short))
}

/// The fully qualified name of an event of this account.
#[must_use]
pub fn qualified(name: &str, portal_id: u64) -> String {
    format!("pe{portal_id}_{}", new_name(name).unwrap_or_else(|| normalise(name)))
}

/// Whether an event is called so: by its fully qualified name, its name, or its label.
#[must_use]
pub fn is_called(event: &EventDefinition, name: &str) -> bool {
    let lower = name.trim().to_lowercase();
    let label = event.labels.singular.as_deref().unwrap_or_default();
    event.fully_qualified_name == lower || event.name == lower || label.trim().to_lowercase() == lower
}

/// The definition that a name means: its fully qualified name, its name, its label, or a name that is spelled as its
/// label would be. `None` where there is none.
///
/// # Errors
/// A configuration failure where several have that label, or where the name would be spelled as the one of an event that
/// has another label.
pub fn find<'a>(
    name: &str,
    definitions: &'a [EventDefinition],
) -> Result<Option<&'a EventDefinition>, Failure> {
    let in_use = || definitions.iter().filter(|event| !event.archived);
    let lower = name.to_lowercase();
    let spelled = [Some(normalise(name)), new_name(name.trim())];
    let exact = in_use()
        .find(|event| event.fully_qualified_name == lower)
        .or_else(|| in_use().find(|event| event.name == lower));
    if exact.is_some() {
        return Ok(exact);
    }
    let has_label = |event: &&EventDefinition| {
        event.labels.singular.as_deref().is_some_and(|label| label.trim().to_lowercase() == lower)
    };
    let mut labelled = in_use().filter(has_label);
    match (labelled.next(), labelled.next()) {
        (Some(_), Some(_)) => Err(Failure::new(
            Kind::Configuration,
            format!(
                "Several HubSpot events are labelled \"{name}\": {}. Use the name of one of them.",
                listed(in_use().filter(has_label))
            ),
        )),
        (Some(only), None) => Ok(Some(only)),
        (None, _) => match in_use().find(|event| spelled.iter().flatten().any(|name| *name == event.name)) {
            Some(event) => of_that_label(name, event).map(Some),
            None => Ok(None),
        },
    }
}

/// An event that was found by spelling a name as HubSpot would: not the one that is meant where its label becomes the same
/// name and says something else.
fn of_that_label<'a>(name: &str, event: &'a EventDefinition) -> Result<&'a EventDefinition, Failure> {
    let words = |text: &str| text.to_lowercase().replace([' ', '-', '_', '.'], "");
    let label = event.labels.singular.as_deref().unwrap_or_default().trim();
    if new_name(label).as_ref() != Some(&event.name)
        || words(label) == words(shortened(short(name).trim()).trim())
    {
        return Ok(event);
    }
    let message = format!(
        "The event \"{name}\" would be called {} in HubSpot, which is the name of the event \"{label}\". Choose another name, \
         or say EVENT:{} where that one is meant.",
        event.name, event.name
    );
    Err(Failure::new(Kind::Configuration, message))
}

/// Refuses two streams that call one event by two names, unless it has both.
///
/// # Errors
/// A configuration failure that names both.
pub fn refuse_two_names(
    (first, first_name): (&StreamDescriptor, &str),
    (second, second_name): (&StreamDescriptor, &str),
    event: &str,
    definition: Option<&EventDefinition>,
) -> Result<(), Failure> {
    let is_one = without_case_and_blanks(first_name) == without_case_and_blanks(second_name);
    let has_both =
        definition.is_some_and(|event| is_called(event, first_name) && is_called(event, second_name));
    if is_one || has_both {
        return Ok(());
    }
    let message = format!(
        "The events \"{first_name}\" of stream \"{first}\" and \"{second_name}\" of stream \"{second}\" would be one in HubSpot, \
         {event}. Give one of them another name, or both the same."
    );
    Err(Failure::new(Kind::Configuration, message).of_stream(second))
}

/// The failure of a name that means nothing in this account.
#[must_use]
pub fn missing(name: &str, definitions: &[EventDefinition]) -> Failure {
    let in_use = definitions.iter().filter(|event| !event.archived);
    let candidates = listed(in_use);
    let offer = if candidates.is_empty() {
        "The account has no custom events yet.".to_owned()
    } else {
        format!("Candidates: {candidates}.")
    };
    let message = format!(
        "HubSpot has no event called \"{name}\" in this account. {offer} Correct the name, create the event in HubSpot, or \
         set \"create_event_definition\" for this stream."
    );
    Failure::new(Kind::Configuration, message)
}

fn listed<'a>(definitions: impl Iterator<Item = &'a EventDefinition>) -> String {
    let names: Vec<String> = definitions.map(|event| format!("EVENT:{}", event.name)).collect();
    let more = match names.len().saturating_sub(NAMES_IN_A_MESSAGE) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown: Vec<&str> = names.iter().take(NAMES_IN_A_MESSAGE).map(String::as_str).collect();
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events() -> Vec<EventDefinition> {
        let event = |name: &str, label: &str, archived: bool| {
            let text = serde_json::json!({"name": name, "fullyQualifiedName": format!("pe7_{name}"),
                "labels": {"singular": label}, "archived": archived});
            serde_json::from_value(text).unwrap()
        };
        vec![
            event("order_completed", "Order completed", false),
            event("login", "Sign in", false),
            event("sso_login", "Sign in", false),
            event("gone", "Gone", true),
        ]
    }

    fn found(name: &str) -> Option<String> {
        let events = events();
        find(name, &events).unwrap().map(|event| event.name.clone())
    }

    #[test]
    fn an_event_is_found_by_each_of_its_names() {
        for name in [
            "pe7_order_completed",
            "order_completed",
            "Order Completed",
            "ORDER_COMPLETED",
            "Order-completed",
        ] {
            assert_eq!(found(name).as_deref(), Some("order_completed"), "{name}");
        }
        assert_eq!(found("login").as_deref(), Some("login"));
        for name in ["pe8_order_completed", "gone", "pe7_gone", "Gone", "nothing"] {
            assert_eq!(found(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_that_is_only_spelled_like_an_events_is_another_event() {
        let event = |label: &str| {
            let text = serde_json::json!({"name": "c_used", "fullyQualifiedName": "pe7_c_used",
                "labels": {"singular": label}});
            vec![serde_json::from_value::<EventDefinition>(text).unwrap()]
        };
        for (label, name, is_meant) in [
            ("C++ used", "C# used", false),
            ("C++ used", "c++ USED", true),
            ("C used", "c-used", true),
            ("C used", "c_used", true),
            ("Compiler started", "C# used", true),
        ] {
            let events = event(label);
            let found = find(name, &events);
            assert_eq!(found.is_ok(), is_meant, "{label} {name}");
            if let Err(failure) = found {
                assert!(failure.message.contains("\"C# used\"") && failure.message.contains("\"C++ used\""));
            }
        }
    }

    #[test]
    fn an_event_that_was_made_for_a_name_is_found_by_it_again() {
        for given in ["2nd order", &"a long name of an event ".repeat(4), "__private"] {
            let event = |label: &str| {
                let name = new_name(given).unwrap();
                let text = serde_json::json!({"name": name, "fullyQualifiedName": format!("pe7_{name}"),
                    "labels": {"singular": label}});
                vec![serde_json::from_value::<EventDefinition>(text).unwrap()]
            };
            for label in [&shortened(given), "", "Something else"] {
                assert!(find(given, &event(label)).unwrap().is_some(), "{given} {label}");
            }
        }
    }

    #[test]
    fn two_streams_call_an_event_by_one_name_or_by_names_it_has() {
        let (one, other) = (StreamDescriptor::new("one", None), StreamDescriptor::new("other", None));
        let events = events();
        let refused = |first: &str, second: &str, definition: Option<&EventDefinition>| {
            refuse_two_names((&one, first), (&other, second), "order_completed", definition).is_err()
        };
        assert!(!refused("Order completed", "order  COMPLETED", None));
        assert!(!refused("Order completed", "order_completed", Some(&events[0])));
        assert!(!refused("pe7_order_completed", "order_completed", Some(&events[0])));
        assert!(refused("Order completed", "order-completed", Some(&events[0])));
        assert!(refused("Order completed", "Order/completed", None));
    }

    #[test]
    fn what_is_missing_or_ambiguous_is_answered_with_candidates() {
        let events = events();
        let several = find("sign in", &events).unwrap_err();
        assert!(several.message.contains("EVENT:login, EVENT:sso_login"), "{several}");
        let missing = missing("nothing", &events);
        assert!(missing.message.contains("EVENT:order_completed") && !missing.message.contains("gone"));
        assert!(super::missing("x", &[]).message.contains("no custom events yet"));
        let many: Vec<EventDefinition> =
            (0..25).map(|n| EventDefinition { name: format!("e{n}"), ..events[0].clone() }).collect();
        assert!(super::missing("x", &many).message.contains("EVENT:e19 and 5 more."));
    }

    #[test]
    fn qualified_names_are_told_from_short_ones() {
        assert!(is_fully_qualified("pe123_x") && is_fully_qualified("pe1_a_b"));
        for name in ["x", "pe_x", "pe12_", "people_met", "pe12", "Pe1_x"] {
            assert!(!is_fully_qualified(name), "{name}");
        }
        assert_eq!((short("pe1_a_b"), short("a_b"), portal("pe1_a_b")), ("a_b", "a_b", Some("1")));
        assert_eq!(qualified("Order Completed", 7), "pe7_order_completed");
        assert_eq!(qualified("2nd order", 7), "pe7_n2nd_order");
    }
}
