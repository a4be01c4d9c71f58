//! What HubSpot says in words only.
//!
//! Some facts have no field of their own: that a matching key is not unique, which record is in the way, how
//! old a token is. They are read from the message. Every reading is anchored to the start or the end of the
//! text, and messages about property values have neither, so that a value which happens to quote one of
//! HubSpot's sentences cannot pass for it.

use super::lenient::is_token;
use super::refusal::RatePolicy;

/// A fact read from a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// The property an upsert or update matched by is not unique; its name where given.
    NonUniqueKey { property: Option<String> },
    /// No object type has the name or id in the path.
    UnknownObjectType,
    /// The account has no event of the name that is sent.
    UnknownEvent,
    /// One id stands twice in one batch; the ids where given.
    DuplicateIds { ids: Vec<String> },
    /// The request itself is built wrongly.
    MalformedRequest,
    /// The request holds more inputs than the call takes.
    TooMany,
    /// Another record has the unique value; its id and the property where given.
    ValueTaken { owner: Option<String>, property: Option<String> },
    /// The record exists; its id where given.
    AlreadyExists { id: Option<String> },
    /// Properties required for a new record are missing.
    RequiredPropertiesUnset,
    /// The account has no such property.
    UnknownProperty { property: String },
    /// What the request names does not exist.
    NotFound,
    /// A limit of calls is reached.
    RateLimit(RatePolicy),
    /// The token expired; `in_days` tells whether HubSpot counts its age in days.
    TokenExpired { in_days: bool },
}

/// Reads a whole, uncut message.
pub(super) fn read(message: &str) -> Option<Said> {
    let message = message.trim();
    request(message).or_else(|| conflict(message)).or_else(|| absence(message)).or_else(|| access(message))
}

/// Sentences about the request as a whole.
fn request(message: &str) -> Option<Said> {
    if message.starts_with("Unable to perform ") && message.contains(" by non-unique ") {
        return Some(Said::NonUniqueKey {
            property: between(message, " property ", " in portal").map(str::to_owned),
        });
    }
    if message.starts_with("Unable to infer object type from") {
        return Some(Said::UnknownObjectType);
    }
    if let Some(rest) = message.strip_prefix("Duplicate IDs found in batch input") {
        let listed = rest.split_once('[').and_then(|(_, rest)| rest.rsplit_once(']')).map(|(list, _)| list);
        let ids =
            listed.unwrap_or_default().split(", ").filter(|id| !id.is_empty()).map(str::to_owned).collect();
        return Some(Said::DuplicateIds { ids });
    }
    if is_about_size(message) {
        return Some(Said::TooMany);
    }
    [
        "Invalid input JSON",
        "Upserts in a single batch must specify",
        "Batch input provided should have at least one",
    ]
    .iter()
    .any(|start| message.starts_with(start))
    .then_some(Said::MalformedRequest)
}

/// Whether a message says that there are too many inputs. Of most calls HubSpot publishes neither the number nor the words.
fn is_about_size(message: &str) -> bool {
    let lower = message.to_lowercase();
    let begins = [
        "the maximum number of ",
        "maximum number of ",
        "at most ",
        "a maximum of ",
        "no more than ",
        "too many ",
        "the maximum batch size",
        "batch size ",
    ];
    let things = ["input", "record ids", "batch", "associations", "objects"];
    begins.iter().any(|start| lower.starts_with(start)) && things.iter().any(|thing| lower.contains(thing))
}

/// Sentences about another record in the way.
fn conflict(message: &str) -> Option<Said> {
    let end = message.strip_suffix('.').unwrap_or(message);
    if let Some(start) = end.strip_suffix(" already has that value") {
        let owner = start.rsplit(' ').next().and_then(record_id);
        return Some(Said::ValueTaken {
            owner,
            property: between(start, "propertyName=", ",").map(str::to_owned),
        });
    }
    if let Some((start, id)) = end.rsplit_once(" Existing ID: ")
        && start.trim_end_matches('.').ends_with("already exists")
    {
        return Some(Said::AlreadyExists { id: record_id(id) });
    }
    end.ends_with(" already exists").then_some(Said::AlreadyExists { id: None })
}

/// Sentences about what is not there.
fn absence(message: &str) -> Option<Said> {
    if message.starts_with("Error creating ") && message.ends_with("required properties were not set.") {
        return Some(Said::RequiredPropertiesUnset);
    }
    let quoted = message
        .strip_prefix("Property \"")
        .and_then(|rest| rest.strip_suffix("\" does not exist"))
        .or_else(|| message.strip_prefix('\'')?.strip_suffix("' Property does not exist"));
    if let Some(property) = quoted {
        return Some(Said::UnknownProperty { property: property.to_owned() });
    }
    if message.starts_with("Event with fully qualified name ") && message.ends_with(" does not exist.") {
        return Some(Said::UnknownEvent);
    }
    let names_something = message.starts_with("List does not exist with ")
        || (message.starts_with("Could not get some ")
            && message.contains("they may be deleted or not exist"))
        || message.eq_ignore_ascii_case("resource not found");
    names_something.then_some(Said::NotFound)
}

/// Sentences about pace and tokens.
fn access(message: &str) -> Option<Said> {
    let limit = message.strip_prefix("You have reached your ").and_then(|rest| rest.split_once(" limit"));
    if let Some((policy, _)) = limit {
        return Some(Said::RateLimit(RatePolicy::named(policy)));
    }
    let (_, age) = message.split_once("token used to make this call expired ")?;
    let (_, unit) = age.split_once(' ')?;
    Some(Said::TokenExpired { in_days: unit.starts_with("day") })
}

/// The identifier between the first `start` and the next `end`, or the end of the text.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    let found = rest.split_once(end).map_or(rest, |(found, _)| found);
    is_token(found).then_some(found)
}

/// A record id as HubSpot writes them: digits.
fn record_id(text: &str) -> Option<String> {
    let digits = (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{RatePolicy, Said, read};

    fn id(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_matching_key_is_named_where_it_is_given() {
        let full = "Unable to perform update/upsert by non-unique 0-3 property deal_code in portal ID 12";
        assert_eq!(read(full), Some(Said::NonUniqueKey { property: id("deal_code") }));
        let bare = "Unable to perform update/upsert by non-unique 2-9 property";
        assert_eq!(read(bare), Some(Said::NonUniqueKey { property: None }));
    }

    #[test]
    fn duplicate_ids_are_listed() {
        let two = "Duplicate IDs found in batch input: [a@b.example, 7]. IDs must be unique";
        assert_eq!(read(two), Some(Said::DuplicateIds { ids: vec!["a@b.example".into(), "7".into()] }));
        let cut = "Duplicate IDs found in batch input: [a@b.exam";
        assert_eq!(read(cut), Some(Said::DuplicateIds { ids: vec![] }));
    }

    #[test]
    fn requests_built_wrongly_are_known() {
        for message in [
            "Invalid input JSON on line 3, column 9: Cannot deserialize value",
            "Upserts in a single batch must specify its unique property using idProperty",
            "Batch input provided should have at least one object.",
        ] {
            assert_eq!(read(message), Some(Said::MalformedRequest), "{message}");
        }
        assert_eq!(read("Event with fully qualified name pe1_x does not exist."), Some(Said::UnknownEvent));
        assert_eq!(read("Unable to infer object type from: gizmos"), Some(Said::UnknownObjectType));
    }

    #[test]
    fn the_record_in_the_way_is_found() {
        let taken = "Cannot set PropertyValueCoordinates{portalId=1, objectTypeId=ObjectTypeId{id=0-3}, \
                     propertyName=deal_code, value=x, y} on 11. 22 already has that value.";
        assert_eq!(read(taken), Some(Said::ValueTaken { owner: id("22"), property: id("deal_code") }));
        let exists = |existing| Some(Said::AlreadyExists { id: existing });
        assert_eq!(read("Contact already exists. Existing ID: 901"), exists(id("901")));
        assert_eq!(
            read("A contact with email a@b.example already exists. Existing ID: 901"),
            exists(id("901"))
        );
        let quoting = "A contact with email x Existing ID: 1 already exists. Existing ID: 902";
        assert_eq!(read(quoting), exists(id("902")));
        assert_eq!(read("Contact already exists. Existing ID: XXX"), exists(None));
        assert_eq!(read("A property named 'x' already exists."), exists(None));
    }

    #[test]
    fn what_is_missing_is_known() {
        let unknown = |property: &str| Some(Said::UnknownProperty { property: property.to_owned() });
        assert_eq!(read("Property \"shoe size\" does not exist"), unknown("shoe size"));
        assert_eq!(read("'shoesize' Property does not exist"), unknown("shoesize"));
        let unset = "Error creating TICKET. Some required properties were not set.";
        assert_eq!(read(unset), Some(Said::RequiredPropertiesUnset));
        for message in [
            "resource not found",
            "List does not exist with name x and object type ID 0-1.",
            "Could not get some DEAL objects, they may be deleted or not exist. Check that ids are valid.",
        ] {
            assert_eq!(read(message), Some(Said::NotFound), "{message}");
        }
    }

    #[test]
    fn pace_and_age_are_known() {
        let limit = |policy| Some(Said::RateLimit(policy));
        assert_eq!(read("You have reached your daily limit."), limit(RatePolicy::Daily));
        assert_eq!(read("You have reached your secondly limit."), limit(RatePolicy::Secondly));
        assert_eq!(read("You have reached your ten_secondly_rolling limit."), limit(RatePolicy::TenSecondly));
        assert_eq!(read("You have reached your fortnightly limit."), limit(RatePolicy::Other));
        let expired = |age: &str| read(&format!("The OAuth token used to make this call expired {age} ago."));
        assert_eq!(expired("4 second(s)"), Some(Said::TokenExpired { in_days: false }));
        assert_eq!(expired("20000 day(s)"), Some(Said::TokenExpired { in_days: true }));
    }

    #[test]
    fn values_that_quote_hubspot_are_not_believed() {
        for message in [
            "",
            "He said: Unable to perform update/upsert by non-unique 0-1 property email was not an option",
            "The value 'resource not found' is not valid",
            "You have reached your goal",
            "x Existing ID: 12",
            "Property values were not valid: [{\"message\":\"Invalid input JSON\"}]",
        ] {
            assert_eq!(read(message), None, "{message}");
        }
    }
}
