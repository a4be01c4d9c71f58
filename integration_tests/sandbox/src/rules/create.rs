//! What a record needs to be made, and what HubSpot fills in when it is.
//!
//! HubSpot's texts contradict each other: <https://developers.hubspot.com/docs/api-reference/latest/crm/using-object-apis> has
//! a table of required properties, the older page of deals says that a stage is not required
//! (<https://legacydocs.hubspot.com/docs/methods/deals/create_deal>), and people report deals made without one
//! (HubSpot/hubspot-api-php#74). Since 2026-09 what the account itself requires of its users holds for calls as well
//! (HubSpot's changelog): always, or on a condition.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalog::{Family, ObjectType};
use crate::error::Refusal;
use crate::records::{Change, Edit};
use crate::rules::violation::{Extras, Violation};

/// When an account demands a property of new records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Demand {
    /// Of each.
    Always,
    /// Of those with this value of another property.
    When {
        /// The other property.
        property: String,
        /// Its value.
        value: String,
    },
}

/// The properties that the account demands and the edits of a new record leave unset.
pub(crate) fn demanded(kind: &ObjectType, edits: &[Edit]) -> Vec<Violation> {
    let value = |name: &str| match change_of(kind, edits, name) {
        Some(Change::Set(value)) => Some(&**value),
        Some(Change::Append(added)) => added.first().map(|value| &**value),
        Some(Change::Clear) | None => None,
    };
    let missing = kind.demands.iter().filter(|(name, _)| value(name).is_none());
    let violation = |(name, demand): &(String, Demand)| {
        let code = match demand {
            Demand::Always => "MISSING_REQUIRED_PROPERTY",
            Demand::When { property, value: wanted } if value(property) == Some(wanted) => {
                "MISSING_CONDITIONAL_REQUIRED_PROPERTY"
            }
            Demand::When { .. } => return None,
        };
        Some(Violation {
            code,
            property: name.clone(),
            message: format!("The property {name} is required."),
            value: String::new(),
            extras: Extras::None,
        })
    };
    missing.filter_map(violation).collect()
}

/// The required properties that the edits of a new record leave unset. Where one of several is enough, all of
/// them are named.
pub(crate) fn missing(kind: &ObjectType, edits: &[Edit]) -> Vec<String> {
    let is_set = |name: &String| {
        kind.property(name).is_some_and(|(slot, _)| {
            edits.iter().any(|edit| edit.slot == slot && edit.change != Change::Clear)
        })
    };
    kind.required_on_create
        .iter()
        .filter(|alternatives| !alternatives.iter().any(is_set))
        .flatten()
        .cloned()
        .collect()
}

/// The text of the refusal.
pub(crate) fn message(kind: &ObjectType) -> String {
    format!("Error creating {}. Some required properties were not set.", kind.name)
}

/// 400 for a whole request.
pub(crate) fn refusal(kind: &ObjectType, missing: Vec<String>) -> Refusal {
    Refusal::invalid(message(kind)).with_context("properties", missing)
}

/// Adds what HubSpot sets on new records: the life-cycle stage an integration's records start in, and a company's
/// website from its domain.
pub(crate) fn fill_in(kind: &ObjectType, edits: &mut Vec<Edit>) {
    if matches!(kind.family, Family::Contact | Family::Company) {
        set_unless_set(kind, edits, "lifecyclestage", "lead".into());
    }
    if kind.family == Family::Company
        && let Some(Change::Set(domain)) = change_of(kind, edits, "domain").cloned()
    {
        set_unless_set(kind, edits, "website", domain);
    }
}

fn change_of<'a>(kind: &ObjectType, edits: &'a [Edit], name: &str) -> Option<&'a Change> {
    let (slot, _) = kind.property(name)?;
    edits.iter().rev().find(|edit| edit.slot == slot).map(|edit| &edit.change)
}

fn set_unless_set(kind: &ObjectType, edits: &mut Vec<Edit>, name: &str, value: Box<str>) {
    let unset = matches!(change_of(kind, edits, name), None | Some(Change::Clear));
    if let Some((slot, _)) = kind.property(name).filter(|_| unset) {
        edits.push(Edit { slot, change: Change::Set(value) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn edits(kind: &ObjectType, values: &[(&str, &str)]) -> Vec<Edit> {
        values
            .iter()
            .map(|(name, value)| Edit {
                slot: kind.property(name).unwrap().0,
                change: if value.is_empty() { Change::Clear } else { Change::Set((*value).into()) },
            })
            .collect()
    }

    #[test]
    fn names_what_is_missing() {
        let mut catalog = Catalog::new();
        let deal = catalog.resolve("deals").unwrap();
        let deal = catalog.get(deal);
        assert_eq!(
            missing(deal, &edits(deal, &[("dealname", "x"), ("pipeline", "")])),
            ["dealstage", "pipeline"]
        );
        let mut catalog = Catalog::new();
        let company = catalog.resolve("companies").unwrap();
        let company = catalog.get(company);
        assert_eq!(missing(company, &[]), ["domain", "name"]);
        assert!(missing(company, &edits(company, &[("name", "x")])).is_empty(), "one of the two is enough");
    }

    #[test]
    fn an_account_demands_always_or_on_a_condition() {
        let mut catalog = Catalog::new();
        let deal = catalog.resolve("deals").unwrap();
        let deal = catalog.get_mut(deal);
        let on_size = Demand::When { property: "pipeline".into(), value: "big".into() };
        deal.demands = vec![("amount".into(), Demand::Always), ("closedate".into(), on_size)];
        let codes = |values: &[(&str, &str)]| {
            let violations = demanded(deal, &edits(deal, values));
            violations.into_iter().map(|known| (known.code, known.property)).collect::<Vec<_>>()
        };
        let always = ("MISSING_REQUIRED_PROPERTY", "amount".to_owned());
        assert_eq!(codes(&[("pipeline", "small")]), std::slice::from_ref(&always));
        let conditional = ("MISSING_CONDITIONAL_REQUIRED_PROPERTY", "closedate".to_owned());
        assert_eq!(codes(&[("pipeline", "big"), ("amount", "")]), [always, conditional]);
        assert!(codes(&[("amount", "1")]).is_empty());
    }

    #[test]
    fn new_companies_get_stage_and_website() {
        let mut catalog = Catalog::new();
        let company = catalog.resolve("companies").unwrap();
        let company = catalog.get(company);
        let mut edits = edits(company, &[("domain", "x.io")]);
        fill_in(company, &mut edits);
        let website = company.property("website").unwrap().0;
        let set = edits.iter().find(|edit| edit.slot == website).unwrap();
        assert_eq!(set.change, Change::Set("x.io".into()));
        assert_eq!(edits.len(), 3);
    }
}
