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

    /// Whether nothing speaks against a task. Records of objects whose scopes are not known pass, and so does every task of
    /// a token whose scopes are no judgement: a refusal of HubSpot's will name what is missing.
    #[must_use]
    pub fn allow(&self, task: Task<'_>) -> bool {
        let needed = task.scopes();
        let opens = || self.have_one_of(&needed) || self.0.iter().any(|name| opens_too(name, task));
        needed.is_empty() || opens() || !self.are_conclusive()
    }

    /// Whether the list says what the token may not do: not where it is empty, and not where it holds a scope that is not
    /// known, which may open anything.
    #[must_use]
    pub fn are_conclusive(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|name| is_known(name))
    }
}

/// What a stream does that takes a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task<'a> {
    /// To create, change or archive records of an object.
    WriteRecords(&'a ObjectType),
    /// To create properties of an object.
    MakeProperties(&'a ObjectType),
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
            Self::MakeProperties(object) => vec![object.schema_write_scope()],
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
            Self::MakeProperties(object) => format!("create properties of {}", object.name),
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
        // Engagements go by the contacts' scopes.
        "0-18" | "0-27" | "0-46" | "0-47" | "0-48" | "0-116" => "contacts",
        "0-49" => return vec!["crm.objects.contacts.write".to_owned(), "sales-email-read".to_owned()],
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
fn opens_too(name: &str, task: Task<'_>) -> bool {
    match task {
        Task::WriteRecords(object) => {
            name == "contacts" && matches!(object.type_id.as_str(), "0-1" | "0-2" | "0-3")
        }
        // The descriptions of the calls about properties name the first beside the others.
        Task::MakeProperties(object) => {
            let sells = matches!(object.type_id.as_str(), "0-7" | "0-8" | "0-14");
            let makes = name.starts_with("crm.schemas.") && name.ends_with(".write");
            sells && name == "e-commerce" || makes && is_of(name, object)
        }
        Task::ChangeLists => name == "cms.membership.access_groups.write",
        Task::SendEvents => false,
    }
}

/// Whether a scope is about an object, by the word it has for it.
fn is_of(name: &str, object: &ObjectType) -> bool {
    let word = |scope: &str| scope.split('.').nth(2).map(str::to_owned);
    record_write_scopes(object).iter().any(|scope| word(scope).is_some() && word(scope) == word(name))
}

/// The words for objects in scopes.
const OBJECTS: [&str; 26] = [
    "appointments",
    "carts",
    "commercepayments",
    "companies",
    "contacts",
    "courses",
    "custom",
    "deals",
    "feedback_submissions",
    "forecasts",
    "goals",
    "invoices",
    "leads",
    "line_items",
    "listings",
    "marketing_events",
    "orders",
    "owners",
    "partner-clients",
    "partner-services",
    "products",
    "projects",
    "quotes",
    "services",
    "subscriptions",
    "users",
];

/// What scopes begin with that open nothing of what is done here, or are named above.
///
/// Source: HubSpot's list of scopes.
const OTHERS: [&str; 44] = [
    "account-info",
    "accounting",
    "actions",
    "analytics",
    "automation",
    "behavioral-events-ingestion",
    "behavioral_events",
    "business-intelligence",
    "business_units_view",
    "cms",
    "collector",
    "communication_preferences",
    "contacts",
    "content",
    "conversations",
    "ctas",
    "custom-object-read",
    "custom-object-write",
    "e-commerce",
    "external-settings-access",
    "external_integrations",
    "files",
    "forms",
    "forms-uploaded-files",
    "hubdb",
    "integration-sync",
    "integrations",
    "marketing",
    "marketing-email",
    "media_bridge",
    "oauth",
    "record_images",
    "reports",
    "sales-email-read",
    "scheduler",
    "settings",
    "social",
    "tax_rates",
    "tickets",
    "timeline",
    "transactional-email",
    "accounts",
    "collections",
    "playbooks",
];

/// Whether it is known what a scope opens.
fn is_known(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    match parts.as_slice() {
        ["crm", "objects" | "schemas", "tickets", ..] => true,
        ["crm", "objects" | "schemas", object, "read" | "write" | "sensitive" | "highly_sensitive", ..] => {
            OBJECTS.contains(object)
        }
        ["crm", "lists" | "segments", "read" | "write"] => true,
        ["crm", "import" | "export" | "pipelines" | "dealsplits" | "extensions_calling_transcripts", ..] => {
            true
        }
        [first, ..] => OTHERS.contains(first),
        [] => false,
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
            let word = record_write_scopes(&object)[0].replace(".write", ".read");
            let word = if word == "tickets" { "crm.objects.deals.read".to_owned() } else { word };
            assert!(!granted(&["oauth", &word]).allow(Task::WriteRecords(&object)), "{type_id} {word}");
        }
    }

    #[test]
    fn objects_of_unknown_scopes_are_not_judged() {
        for type_id in ["0-999", "0-84"] {
            assert!(granted(&["oauth"]).allow(Task::WriteRecords(&object(type_id))), "{type_id}");
        }
    }

    #[test]
    fn an_empty_list_and_a_scope_that_is_not_known_are_no_judgement() {
        let contact = object("0-1");
        let allow = |names: &[&str]| {
            [
                Task::WriteRecords(&contact),
                Task::MakeProperties(&contact),
                Task::ChangeLists,
                Task::SendEvents,
            ]
            .map(|task| granted(names).allow(task))
        };
        for names in [
            &[][..],
            &["crm.objects.contacts.read", "crm.objects.everything.write"],
            &["oauth", "brand-new"],
            &["crm.objects.contacts.maintain"],
        ] {
            assert_eq!(allow(names), [true; 4], "{names:?}");
        }
        let known = [
            "oauth",
            "tickets",
            "content",
            "crm.objects.contacts.read",
            "crm.objects.owners.read",
            "crm.import",
            "crm.objects.deals.sensitive.read.v2",
            "crm.lists.read",
            "tickets.highly_sensitive.v2",
            "communication_preferences.read_write",
            "crm.pipelines.orders.read",
            "settings.users.read",
        ];
        assert_eq!(allow(&known), [false; 4]);
    }

    #[test]
    fn every_object_has_its_alternatives() {
        for (type_id, enough) in [
            ("0-46", "crm.objects.contacts.write"),
            ("0-27", "crm.objects.contacts.write"),
            ("0-49", "sales-email-read"),
            ("0-14", "e-commerce"),
            ("0-136", "crm.objects.leads.write"),
        ] {
            let object = object(type_id);
            assert!(granted(&["oauth", enough]).allow(Task::WriteRecords(&object)), "{type_id}");
            assert!(!granted(&["oauth"]).allow(Task::WriteRecords(&object)), "{type_id}");
        }
        for (type_id, enough) in [
            ("0-1", "crm.schemas.contacts.write"),
            ("0-5", "tickets"),
            ("0-5", "crm.schemas.tickets.write"),
            ("0-7", "e-commerce"),
            ("0-7", "crm.schemas.products.write"),
            ("0-123", "crm.schemas.orders.write"),
            ("2-7", "crm.schemas.custom.write"),
        ] {
            let object = object(type_id);
            assert!(granted(&["oauth", enough]).allow(Task::MakeProperties(&object)), "{type_id} {enough}");
            assert!(!granted(&["oauth", "crm.schemas.deals.write"]).allow(Task::MakeProperties(&object)));
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
