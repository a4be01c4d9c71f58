//! Which property identifies the inputs of a batch, and the rules for the ids themselves.

use std::collections::HashSet;

use crate::catalog::{ObjectType, Slot};
use crate::error::Refusal;
use crate::rules::{email, violation};
use crate::switches::UniqueValues;

/// Most inputs of a batch.
pub(crate) const MAX_INPUTS: usize = 100;

/// Refuses empty and too large batches.
pub(crate) fn check_size(inputs: usize) -> Result<(), Refusal> {
    if inputs == 0 {
        return Err(Refusal::invalid("Batch input provided should have at least one object."));
    }
    if inputs > MAX_INPUTS {
        return Err(Refusal::invalid(format!(
            "The maximum number of inputs supported in a batch request is {MAX_INPUTS}, but {inputs} were sent."
        )));
    }
    Ok(())
}

/// A property that identifies records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) slot: Slot,
    pub(crate) name: String,
    /// Whether values are e-mail addresses, which are compared in lower case.
    email: bool,
    /// How other values are.
    others: UniqueValues,
}

impl Key {
    /// The property of that name, or the refusal of a write that names it as `idProperty`.
    pub(crate) fn for_write(kind: &ObjectType, name: &str, portal_id: u64) -> Result<Self, Refusal> {
        match kind.writable(name) {
            Some((slot, property)) if kind.is_identifier(property) && !property.read_only => {
                let email = kind.is_email(property);
                Ok(Self { slot, name: name.to_owned(), email, others: kind.unique_values })
            }
            Some(_) => Err(non_unique(kind, name, portal_id)),
            None => Err(violation::refusal(&[violation::Violation::unknown_property(name)], portal_id)),
        }
    }

    /// The same for batch/update, which a contact's address does not identify records for.
    ///
    /// Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide> ("you must use
    /// the contacts' Record ID values") and the report in HubSpot/hubspot-api-nodejs issue 548.
    pub(crate) fn for_update(kind: &ObjectType, name: &str, portal_id: u64) -> Result<Self, Refusal> {
        let key = Self::for_write(kind, name, portal_id)?;
        if key.email { Err(non_unique(kind, name, portal_id)) } else { Ok(key) }
    }

    /// An id in the form in which values of the property are compared.
    pub(crate) fn stored_form(&self, id: &str) -> String {
        match self.others {
            _ if self.email => email::normalised(id),
            UniqueValues::Exact => id.to_owned(),
            UniqueValues::Caseless => id.to_lowercase(),
        }
    }
}

fn non_unique(kind: &ObjectType, name: &str, portal_id: u64) -> Refusal {
    Refusal::invalid(format!(
        "Unable to perform update/upsert by non-unique {} property {name} in portal ID {portal_id}",
        kind.id
    ))
}

/// The `idProperty` of an upsert or update: one for the whole batch.
pub(crate) fn common_property<'a>(
    names: impl Iterator<Item = Option<&'a str>>,
) -> Result<Option<&'a str>, Refusal> {
    let distinct: HashSet<Option<&str>> = names.collect();
    match distinct.len() {
        0 => Ok(None),
        1 => Ok(distinct.into_iter().next().flatten()),
        _ => Err(missing_id_property()),
    }
}

/// 400 for an upsert that does not say by which property.
pub(crate) fn missing_id_property() -> Refusal {
    Refusal::invalid("Upserts in a single batch must specify its unique property using idProperty")
}

/// Refuses a batch in which two inputs have the same id.
pub(crate) fn check_duplicates(ids: &[String]) -> Result<(), Refusal> {
    let mut seen = HashSet::with_capacity(ids.len());
    let mut twice: Vec<String> = Vec::new();
    for id in ids {
        if !seen.insert(id) && !twice.contains(id) {
            twice.push(id.clone());
        }
    }
    if twice.is_empty() {
        return Ok(());
    }
    let message = format!("Duplicate IDs found in batch input: [{}]. IDs must be unique", twice.join(", "));
    Err(Refusal::invalid(message).with_context("ids", twice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn key(object: &str, name: &str) -> Result<Key, String> {
        let mut catalog = Catalog::new();
        let index = catalog.resolve(object).unwrap();
        Key::for_write(catalog.get(index), name, 7).map_err(|refusal| refusal.body.message)
    }

    #[test]
    fn only_identifying_properties_work() {
        assert!(key("contacts", "email").is_ok());
        assert!(key("products", "hs_sku").is_ok());
        for (object, name) in
            [("companies", "domain"), ("companies", "hs_object_id"), ("contacts", "hs_unique_creation_key")]
        {
            let message = key(object, name).unwrap_err();
            assert!(message.contains("non-unique 0-"), "{message}");
            assert!(message.ends_with(&format!("property {name} in portal ID 7")), "{message}");
        }
        assert!(key("contacts", "nothing").unwrap_err().contains("PROPERTY_DOESNT_EXIST"));
    }

    #[test]
    fn addresses_are_compared_in_lower_case_and_other_keys_as_they_are() {
        assert_eq!(key("contacts", "email").unwrap().stored_form(" A@B.io"), "a@b.io");
        assert_eq!(key("products", "hs_sku").unwrap().stored_form("A1"), "A1");
    }

    #[test]
    fn a_batch_has_one_id_property_and_no_id_twice() {
        assert_eq!(common_property([Some("email"), Some("email")].into_iter()).unwrap(), Some("email"));
        assert!(common_property([Some("email"), None].into_iter()).is_err());
        let ids = ["a", "b", "a", "a", "b"].map(str::to_owned);
        let refusal = check_duplicates(&ids).unwrap_err();
        assert_eq!(refusal.body.message, "Duplicate IDs found in batch input: [a, b]. IDs must be unique");
    }

    #[test]
    fn a_batch_has_1_to_100_inputs() {
        assert!(
            check_size(0).is_err()
                && check_size(1).is_ok()
                && check_size(100).is_ok()
                && check_size(101).is_err()
        );
    }
}
