//! What a token may do: the scopes it was granted, and those that a stream takes.
//!
//! Source: the `security` entries of HubSpot's OpenAPI files. An entry is a set of alternatives: one of them is enough.

use std::collections::HashSet;

use super::object::ObjectType;

/// Scopes granted to a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(HashSet<String>);

impl FromIterator<String> for Scopes {
    fn from_iter<T: IntoIterator<Item = String>>(names: T) -> Self {
        Self(names.into_iter().collect())
    }
}

impl Scopes {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether one of the alternatives was granted.
    #[must_use]
    pub fn have_one_of(&self, alternatives: &[String]) -> bool {
        alternatives.iter().any(|name| self.0.contains(name))
    }

    /// Whether a task can be done. Records of objects whose scopes are not known pass: a refusal of HubSpot's will name
    /// them.
    #[must_use]
    pub fn allow(&self, task: Task<'_>) -> bool {
        let needed = task.scopes();
        needed.is_empty() || self.have_one_of(&needed) || self.0.iter().any(|name| is_older(name, task))
    }
}

/// What a stream does that takes a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task<'a> {
    /// To create, change or archive records of an object.
    WriteRecords(&'a ObjectType),
    /// To put members on lists and take them off, and to create lists.
    ChangeLists,
    /// To send occurrences of custom events.
    SendEvents,
}

impl Task<'_> {
    /// The scopes of which one is enough, the usual one first; none where that is not documented.
    #[must_use]
    pub fn scopes(self) -> Vec<String> {
        match self {
            Self::WriteRecords(object) => record_write_scopes(object),
            // Lists have been called segments since 2026-09.
            Self::ChangeLists => vec!["crm.lists.write".to_owned(), "crm.segments.write".to_owned()],
            // The second is what the description of version 2026-03 asks for.
            Self::SendEvents => {
                vec!["analytics.behavioral_events.send".to_owned(), "behavioral-events-ingestion".to_owned()]
            }
        }
    }

    /// In words that follow "to".
    #[must_use]
    pub fn described(self) -> String {
        match self {
            Self::WriteRecords(object) => format!("write {} records", object.name),
            Self::ChangeLists => "change the members of lists".to_owned(),
            Self::SendEvents => "send custom events".to_owned(),
        }
    }
}

/// The scopes of which one lets a token write records of the object, the usual one first; none where that is not
/// documented.
fn record_write_scopes(object: &ObjectType) -> Vec<String> {
    let word = match object.type_id.as_str() {
        _ if object.is_custom() => "custom",
        "0-1" => "contacts",
        "0-2" => "companies",
        "0-3" => "deals",
        "0-5" => return vec!["tickets".to_owned(), "crm.objects.tickets.write".to_owned()],
        "0-7" => return sold("products"),
        "0-8" => return sold("line_items"),
        "0-14" => return sold("quotes"),
        "0-53" => "invoices",
        "0-69" => "subscriptions",
        "0-74" => "goals",
        "0-115" => "users",
        "0-123" => "orders",
        "0-136" => "leads",
        "0-142" => "carts",
        "0-162" => "services",
        "0-410" => "courses",
        "0-420" => "listings",
        "0-421" => "appointments",
        "0-970" => "projects",
        _ => return Vec::new(),
    };
    vec![format!("crm.objects.{word}.write")]
}

/// What `e-commerce` opens too.
fn sold(word: &str) -> Vec<String> {
    vec![format!("crm.objects.{word}.write"), "e-commerce".to_owned()]
}

/// Scopes that work and are offered to nobody for this: those granted before there was one for each object, and those
/// meant for something else.
fn is_older(name: &str, task: Task<'_>) -> bool {
    match task {
        Task::WriteRecords(object) => {
            name == "contacts" && matches!(object.type_id.as_str(), "0-1" | "0-2" | "0-3")
        }
        Task::ChangeLists => name == "cms.membership.access_groups.write",
        Task::SendEvents => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(names: &[&str]) -> Scopes {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn object(type_id: &str) -> ObjectType {
        ObjectType::by_type_id(type_id)
    }

    #[test]
    fn one_of_the_alternatives_is_enough() {
        for (type_id, enough) in [
            ("0-1", vec!["crm.objects.contacts.write", "contacts"]),
            ("0-2", vec!["crm.objects.companies.write", "contacts"]),
            ("0-3", vec!["crm.objects.deals.write", "contacts"]),
            ("0-5", vec!["tickets", "crm.objects.tickets.write"]),
            ("0-7", vec!["crm.objects.products.write", "e-commerce"]),
            ("0-8", vec!["crm.objects.line_items.write", "e-commerce"]),
            ("0-123", vec!["crm.objects.orders.write"]),
            ("2-3465404", vec!["crm.objects.custom.write"]),
        ] {
            let object = object(type_id);
            for scope in enough {
                assert!(granted(&["oauth", scope]).allow(Task::WriteRecords(&object)), "{type_id} {scope}");
            }
            let word = record_write_scopes(&object)[0].replace(".write", ".read").replace("tickets", "deals");
            assert!(!granted(&["oauth", &word]).allow(Task::WriteRecords(&object)), "{type_id} {word}");
            assert!(!granted(&[]).allow(Task::WriteRecords(&object)), "{type_id}");
        }
    }

    #[test]
    fn objects_of_unknown_scopes_are_not_judged() {
        for type_id in ["0-46", "0-27", "0-999", "0-84"] {
            assert!(granted(&[]).allow(Task::WriteRecords(&object(type_id))), "{type_id}");
        }
    }

    #[test]
    fn lists_and_events_have_scopes_of_their_own() {
        let writes = granted(&["crm.objects.contacts.write", "crm.lists.read"]);
        for (task, enough) in [
            (
                Task::ChangeLists,
                ["crm.lists.write", "crm.segments.write", "cms.membership.access_groups.write"].as_slice(),
            ),
            (Task::SendEvents, &["analytics.behavioral_events.send", "behavioral-events-ingestion"]),
        ] {
            assert!(!writes.allow(task), "{task:?}");
            for scope in enough {
                assert!(granted(&["oauth", scope]).allow(task), "{task:?} {scope}");
            }
        }
    }

    #[test]
    fn every_standard_object_that_is_offered_has_known_scopes() {
        assert!(super::super::object::offered().iter().all(|object| !record_write_scopes(object).is_empty()));
    }
}
