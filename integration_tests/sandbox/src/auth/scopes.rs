//! Scopes: what a token was granted, and what each call needs.
//!
//! A call needs one of several alternatives, as the 403 answer says: "One or more of the following scopes are
//! required". The names come from the `security` entries of HubSpot's specifications.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalog::{ObjectType, Sensitivity};

/// Scopes granted to a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Written", into = "Written")]
pub struct Scopes(BTreeSet<String>);

/// Scopes as a seed writes them: their names, or the word `all`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Written {
    Word(Word),
    Names(BTreeSet<String>),
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Word {
    All,
}

impl From<Written> for Scopes {
    fn from(written: Written) -> Self {
        match written {
            Written::Word(Word::All) => Self::all(),
            Written::Names(names) => Self(names),
        }
    }
}

impl From<Scopes> for Written {
    fn from(scopes: Scopes) -> Self {
        if scopes == Scopes::all() { Self::Word(Word::All) } else { Self::Names(scopes.0) }
    }
}

impl Scopes {
    /// Every scope the sandbox knows.
    #[must_use]
    pub fn all() -> Self {
        let mut scopes: BTreeSet<String> = SINGLE.iter().map(|name| (*name).to_owned()).collect();
        for object in OBJECTS {
            for access in ["read", "write"] {
                scopes.insert(format!("crm.objects.{object}.{access}"));
                scopes.insert(format!("crm.schemas.{object}.{access}"));
                scopes.insert(format!("crm.objects.{object}.sensitive.{access}.v2"));
                scopes.insert(format!("crm.objects.{object}.highly_sensitive.{access}.v2"));
            }
        }
        Self(scopes)
    }

    /// Exactly the scopes named.
    #[must_use]
    pub fn only(names: &[&str]) -> Self {
        Self(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// Every scope but the ones named.
    #[must_use]
    pub fn all_but(names: &[&str]) -> Self {
        let mut scopes = Self::all();
        scopes.0.retain(|scope| !names.contains(&scope.as_str()));
        scopes
    }

    /// The names, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether one of the alternatives was granted; none needed means yes.
    pub(crate) fn grant_one_of(&self, alternatives: &[String]) -> bool {
        alternatives.is_empty() || alternatives.iter().any(|scope| self.0.contains(scope))
    }
}

const OBJECTS: &[&str] = &[
    "contacts",
    "companies",
    "deals",
    "tickets",
    "products",
    "line_items",
    "quotes",
    "custom",
    "orders",
    "leads",
    "invoices",
    "subscriptions",
    "users",
    "services",
    "courses",
    "listings",
    "appointments",
    "carts",
    "projects",
];

const SINGLE: &[&str] = &[
    "oauth",
    "tickets",
    "tickets.sensitive.v2",
    "e-commerce",
    "crm.objects.owners.read",
    "crm.lists.read",
    "crm.lists.write",
    "crm.import",
    "analytics.behavioral_events.send",
    "behavioral-events-ingestion",
    "behavioral_events.event_definitions.read_write",
    "crm.pipelines.orders.write",
    "communication_preferences.read",
    "communication_preferences.write",
    "communication_preferences.read_write",
    "communication_preferences.statuses.batch.read",
    "communication_preferences.statuses.batch.write",
];

/// What a call does with records or definitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Access {
    fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// The word of a type in scope names. Engagements go by the contacts' scopes.
fn object_word(kind: &ObjectType) -> &str {
    if kind.custom {
        return "custom";
    }
    match kind.plural.as_str() {
        known if OBJECTS.contains(&known) => known,
        _ => "contacts",
    }
}

/// Older scopes that open a type as well.
fn older(kind: &ObjectType) -> Option<&'static str> {
    match kind.id.as_str() {
        "0-5" => Some("tickets"),
        "0-7" | "0-8" | "0-14" => Some("e-commerce"),
        _ => None,
    }
}

/// Scopes that let a call read or write records.
pub(crate) fn records(kind: &ObjectType, access: Access) -> Vec<String> {
    let mut scopes = vec![format!("crm.objects.{}.{}", object_word(kind), access.word())];
    scopes.extend(older(kind).map(str::to_owned));
    scopes
}

/// Scopes that let a call read or change property definitions.
pub(crate) fn definitions(kind: &ObjectType, access: Access) -> Vec<String> {
    let word = object_word(kind);
    let mut scopes = vec![format!("crm.schemas.{word}.{}", access.word())];
    if access == Access::Read {
        scopes.push(format!("crm.objects.{word}.read"));
    }
    scopes.extend(older(kind).map(str::to_owned));
    scopes
}

/// Scopes that let a call read or change the schemas of custom objects.
pub(crate) fn schemas(access: Access) -> Vec<String> {
    let mut scopes = vec![format!("crm.schemas.custom.{}", access.word())];
    if access == Access::Read {
        scopes.push("crm.objects.custom.read".to_owned());
    }
    scopes
}

/// Scopes that let a call read or change pipelines, whichever type they are of.
pub(crate) fn pipelines(access: Access) -> Vec<String> {
    let schemas =
        |access: &str| OBJECTS.iter().map(move |object| format!("crm.schemas.{object}.{access}")).collect();
    let mut scopes: Vec<String> = schemas("write");
    if access == Access::Read {
        scopes.extend::<Vec<String>>(schemas("read"));
        for access in ["read", "write"] {
            scopes.extend(OBJECTS.iter().map(|object| format!("crm.objects.{object}.{access}")));
        }
    }
    scopes.extend(["tickets", "e-commerce", "crm.pipelines.orders.write"].map(str::to_owned));
    scopes
}

/// Scopes that let a call read or change lists. Newer accounts know them as segments.
pub(crate) fn lists(access: Access) -> Vec<String> {
    let word = access.word();
    let mut scopes = vec![format!("crm.lists.{word}"), format!("crm.segments.{word}")];
    if access == Access::Write {
        scopes.push("cms.membership.access_groups.write".to_owned());
    }
    scopes
}

/// Scopes that let a call write sensitive values, none for ordinary ones.
///
/// Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/properties/sensitive-data>.
pub(crate) fn values(kind: &ObjectType, sensitivity: Sensitivity) -> Vec<String> {
    let level = match sensitivity {
        Sensitivity::NonSensitive => return Vec::new(),
        Sensitivity::Sensitive => "sensitive",
        Sensitivity::HighlySensitive => "highly_sensitive",
    };
    let word = object_word(kind);
    let mut scopes =
        vec![format!("crm.objects.{word}.{level}.write.v2"), format!("crm.objects.{word}.{level}.write")];
    if kind.id == "0-5" {
        scopes.push(format!("tickets.{level}.v2"));
        scopes.push(format!("tickets.{level}"));
    }
    scopes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn one_alternative_is_enough_and_none_is_not() {
        let catalog = Catalog::new();
        let ticket = catalog.types().iter().find(|kind| kind.name == "TICKET").unwrap();
        let needed = records(ticket, Access::Write);
        assert!(Scopes::only(&["tickets"]).grant_one_of(&needed));
        assert!(Scopes::only(&["crm.objects.tickets.write"]).grant_one_of(&needed));
        assert!(!Scopes::only(&["crm.objects.contacts.write"]).grant_one_of(&needed));
        assert!(Scopes::all().grant_one_of(&needed));
    }

    #[test]
    fn reading_records_is_enough_to_read_definitions_but_not_to_change_them() {
        let catalog = Catalog::new();
        let contact = catalog.types().first().unwrap();
        let granted = Scopes::only(&["crm.objects.contacts.read", "crm.objects.contacts.write"]);
        assert!(granted.grant_one_of(&definitions(contact, Access::Read)));
        assert!(!granted.grant_one_of(&definitions(contact, Access::Write)));
        assert!(!granted.grant_one_of(&values(contact, Sensitivity::Sensitive)));
    }
}
