//! All object types of the account, found by any name HubSpot accepts in a path.

use std::collections::HashMap;

use super::custom::CustomObject;
use super::defaults;
use super::object_type::ObjectType;
use crate::clock::Millis;
use crate::switches::UniqueValues;

/// Position of an object type in the catalog; it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TypeIndex(pub(crate) usize);

/// The account's object types.
#[derive(Clone, Debug)]
pub(crate) struct Catalog {
    types: Vec<ObjectType>,
    /// Names seen in paths, so that a request does not compare with every type again.
    resolved: HashMap<String, TypeIndex>,
}

impl Catalog {
    /// The built-in types.
    pub(crate) fn new() -> Self {
        Self { types: defaults::object_types(), resolved: HashMap::new() }
    }

    /// Adds a custom object. `number` makes its type id `2-<number>`.
    pub(crate) fn add_custom(
        &mut self,
        object: CustomObject,
        portal_id: u64,
        number: u64,
        now: Millis,
    ) -> TypeIndex {
        self.types.push(object.into_type(portal_id, number, now));
        TypeIndex(self.types.len() - 1)
    }

    /// The type a path segment names.
    pub(crate) fn resolve(&mut self, text: &str) -> Option<TypeIndex> {
        if let Some(&index) = self.resolved.get(text) {
            return Some(index);
        }
        let index = TypeIndex(self.types.iter().position(|kind| kind.answers_to(text))?);
        self.resolved.insert(text.to_owned(), index);
        Some(index)
    }

    /// The type with that index.
    pub(crate) fn get(&self, index: TypeIndex) -> &ObjectType {
        &self.types[index.0]
    }

    /// The type with that index, to change it.
    pub(crate) fn get_mut(&mut self, index: TypeIndex) -> &mut ObjectType {
        &mut self.types[index.0]
    }

    /// Sets how values of identifying properties are compared.
    pub(crate) fn compare_unique_values(&mut self, compared: UniqueValues) {
        for kind in &mut self.types {
            kind.unique_values = compared;
        }
    }

    /// All types.
    pub(crate) fn types(&self) -> &[ObjectType] {
        &self.types
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_types_by_every_name_hubspot_accepts() {
        let mut catalog = Catalog::new();
        let pet = catalog.add_custom(CustomObject::new("pet"), 123, 77, Millis(0));
        for (name, id) in [("contacts", "0-1"), ("CONTACT", "0-1"), ("0-3", "0-3"), ("company", "0-2")] {
            let index = catalog.resolve(name).unwrap();
            assert_eq!(catalog.get(index).id, id);
        }
        for name in ["pet", "2-77", "p123_pet"] {
            assert_eq!(catalog.resolve(name), Some(pet), "{name}");
        }
        assert_eq!(catalog.resolve("butterflies"), None);
    }
}
