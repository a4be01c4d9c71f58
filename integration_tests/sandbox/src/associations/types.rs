//! The association types between two object types: the unlabelled one, HubSpot's labels, the account's own.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hubspot_defined::HUBSPOT_DEFINED;
use crate::catalog::{ObjectType, TypeIndex};

/// Most labels of the account's own between two object types.
///
/// Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associations-schema/guide>.
pub(crate) const MAX_LABELS: usize = 10;

/// Who defined an association type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssociationCategory {
    /// `HUBSPOT_DEFINED`.
    HubspotDefined,
    /// `USER_DEFINED`: labels of the account, and everything about its custom objects.
    UserDefined,
}

impl AssociationCategory {
    /// HubSpot's spelling.
    #[must_use]
    pub fn spelled(self) -> &'static str {
        match self {
            Self::HubspotDefined => "HUBSPOT_DEFINED",
            Self::UserDefined => "USER_DEFINED",
        }
    }

    /// The category of that spelling, as far as the sandbox has it.
    pub(crate) fn from_spelling(text: &str) -> Option<Self> {
        [Self::HubspotDefined, Self::UserDefined].into_iter().find(|known| known.spelled() == text)
    }
}

/// An association type as requests name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AssociationType {
    pub(crate) category: AssociationCategory,
    pub(crate) id: u32,
}

/// An association type in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypeDef {
    pub(crate) own: AssociationType,
    /// The same seen from the other record.
    pub(crate) inverse: AssociationType,
    /// None for the unlabelled one, which every association has.
    pub(crate) label: Option<String>,
}

/// An object type at one end.
pub(crate) type End<'a> = (TypeIndex, &'a ObjectType);

/// A label of the account's own, to be made by a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssociationLabel {
    /// The near object type.
    pub(crate) from: String,
    /// The far object type.
    pub(crate) to: String,
    /// Its text.
    pub(crate) label: String,
    /// How it reads from the other side; the same unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) inverse: Option<String>,
    /// Its `associationTypeId` in this direction and in the other; the next free ones unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) type_ids: Option<(u32, u32)>,
}

impl AssociationLabel {
    /// A label for associations from one object type to another. It reads the same from the other side.
    #[must_use]
    pub fn new(from: &str, to: &str, label: &str) -> Self {
        Self {
            from: from.to_owned(),
            to: to.to_owned(),
            label: label.to_owned(),
            inverse: None,
            type_ids: None,
        }
    }

    /// How it reads from the other side.
    #[must_use]
    pub fn inverse(mut self, label: &str) -> Self {
        self.inverse = Some(label.to_owned());
        self
    }

    /// Its `associationTypeId` in this direction and in the other; the next free ones unless set.
    #[must_use]
    pub fn type_ids(mut self, there: u32, back: u32) -> Self {
        self.type_ids = Some((there, back));
        self
    }
}

/// A label that the account made.
#[derive(Clone, Debug)]
pub(crate) struct OwnLabel {
    pub(crate) from: TypeIndex,
    pub(crate) to: TypeIndex,
    pub(crate) label: String,
    /// How it reads from the other side.
    pub(crate) inverse: Option<String>,
    /// Its numbers there and back.
    pub(crate) type_ids: (u32, u32),
}

/// First number of the types of pairs that HubSpot's tables do not have, and of the account's own labels.
const MADE_UP: u32 = 100_000;
const OWN: u32 = 101;

/// All association types of the account.
#[derive(Clone, Debug, Default)]
pub(crate) struct AssociationTypes {
    by_pair: HashMap<(TypeIndex, TypeIndex), Vec<TypeDef>>,
    labels: u32,
}

impl AssociationTypes {
    /// The types between two object types, the unlabelled one first.
    pub(crate) fn between(&mut self, from: End<'_>, to: End<'_>) -> &[TypeDef] {
        self.pair(from, to)
    }

    /// The labels that the account made, each once, in the order of their numbers.
    pub(crate) fn own_labels(&self) -> Vec<OwnLabel> {
        let all = self.by_pair.iter().flat_map(|(pair, types)| types.iter().map(move |known| (*pair, known)));
        let own = all.filter(|(_, known)| known.own.category == AssociationCategory::UserDefined);
        let mut labels: Vec<OwnLabel> = own
            .filter(|(_, known)| known.own.id <= known.inverse.id)
            .filter_map(|((from, to), known)| {
                let back = self.by_pair.get(&(to, from))?.iter().find(|back| back.own == known.inverse)?;
                let (label, inverse) = (known.label.clone()?, back.label.clone());
                let type_ids = (known.own.id, known.inverse.id);
                Some(OwnLabel { from, to, label, inverse, type_ids })
            })
            .collect();
        labels.sort_by_key(|label| label.type_ids);
        labels
    }

    /// Makes a label and gives both directions of it.
    pub(crate) fn add_label(
        &mut self,
        from: End<'_>,
        to: End<'_>,
        label: &str,
        inverse: Option<&str>,
        ids: Option<(u32, u32)>,
    ) -> (TypeDef, TypeDef) {
        let (there, back) = ids.unwrap_or((OWN + self.labels * 2, OWN + self.labels * 2 + 1));
        self.labels += 1;
        let own = |id| AssociationType { category: AssociationCategory::UserDefined, id };
        // Between records of one type a label without an inverse makes them equals.
        let back = if from.0 == to.0 && inverse.is_none() { there } else { back };
        let def = |id, other, label: &str| TypeDef {
            own: own(id),
            inverse: own(other),
            label: Some(label.to_owned()),
        };
        let made = (def(there, back, label), def(back, there, inverse.unwrap_or(label)));
        self.pair(from, to).push(made.0.clone());
        if made.0 != made.1 {
            self.pair(to, from).push(made.1.clone());
        }
        made
    }

    /// Gives a label of the account's own another text; false if there is no such label.
    pub(crate) fn rename(&mut self, from: End<'_>, to: End<'_>, id: u32, label: &str) -> bool {
        let own = AssociationType { category: AssociationCategory::UserDefined, id };
        let found = self.pair(from, to).iter_mut().find(|known| known.own == own && known.label.is_some());
        found.map(|known| known.label = Some(label.to_owned())).is_some()
    }

    /// Takes a label of the account's own away, in both directions; false if there is no such label.
    pub(crate) fn remove(&mut self, from: End<'_>, to: End<'_>, id: u32) -> Option<TypeDef> {
        let own = AssociationType { category: AssociationCategory::UserDefined, id };
        let types = self.pair(from, to);
        let place = types.iter().position(|known| known.own == own && known.label.is_some())?;
        let gone = types.remove(place);
        self.pair(to, from).retain(|known| known.own != gone.inverse);
        Some(gone)
    }

    fn pair(&mut self, from: End<'_>, to: End<'_>) -> &mut Vec<TypeDef> {
        self.by_pair.entry((from.0, to.0)).or_insert_with(|| defined(from, to))
    }
}

/// The types between two object types that need nobody to make them.
fn defined(from: End<'_>, to: End<'_>) -> Vec<TypeDef> {
    let category = if from.1.custom || to.1.custom {
        AssociationCategory::UserDefined
    } else {
        AssociationCategory::HubspotDefined
    };
    let named = |id| AssociationType { category, id };
    let mut types = Vec::new();
    for (there, back) in HUBSPOT_DEFINED {
        let mut ways = vec![(there, back)];
        if there != back {
            ways.push((back, there));
        }
        for (one, other) in ways {
            if one.from == from.1.id && one.to == to.1.id {
                let label = one.label.map(str::to_owned);
                types.push(TypeDef { own: named(one.id), inverse: named(other.id), label });
            }
        }
    }
    if !types.iter().any(|known| known.label.is_none()) {
        // Any two types can be associated; the sandbox has fewer than a thousand of them.
        let number = |from: TypeIndex, to: TypeIndex| {
            MADE_UP + u32::try_from(from.0 * 1000 + to.0).unwrap_or_default()
        };
        let (own, inverse) = (named(number(from.0, to.0)), named(number(to.0, from.0)));
        types.push(TypeDef { own, inverse, label: None });
    }
    types.sort_by_key(|known| known.label.is_some());
    types
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Catalog, CustomObject};
    use crate::clock::Millis;

    fn ids(types: &[TypeDef]) -> Vec<(u32, u32, Option<&str>)> {
        types.iter().map(|known| (known.own.id, known.inverse.id, known.label.as_deref())).collect()
    }

    #[test]
    fn every_pair_has_one_unlabelled_type_first() {
        let mut catalog = Catalog::new();
        let pet = catalog.add_custom(CustomObject::new("pet"), 1, 7, Millis(0));
        let mut types = AssociationTypes::default();
        let end = |name: &str| {
            let index = catalog.types().iter().position(|kind| kind.answers_to(name)).unwrap();
            (TypeIndex(index), &catalog.types()[index])
        };
        let (contact, company) = (end("contacts"), end("companies"));
        assert_eq!(ids(types.between(contact, company)), [(279, 280, None), (1, 2, Some("Primary"))]);
        assert_eq!(ids(types.between(company, contact)), [(280, 279, None), (2, 1, Some("Primary"))]);
        let family = [(450, 450, None), (13, 14, Some("Child Company")), (14, 13, Some("Parent Company"))];
        assert_eq!(ids(types.between(company, company)), family);
        let own = (pet, catalog.get(pet));
        let there = types.between(own, contact)[0].clone();
        let back = types.between(contact, own)[0].clone();
        assert_eq!((there.own, there.inverse), (back.inverse, back.own));
        assert_eq!(there.own.category, AssociationCategory::UserDefined);
    }

    #[test]
    fn labels_have_two_directions() {
        let catalog = Catalog::new();
        let (contact, company) = ((TypeIndex(0), &catalog.types()[0]), (TypeIndex(1), &catalog.types()[1]));
        let mut types = AssociationTypes::default();
        let (there, back) = types.add_label(contact, company, "Works at", Some("Employs"), None);
        assert_eq!((there.own, back.own), (back.inverse, there.inverse));
        assert_eq!(types.between(company, contact).last().unwrap().label.as_deref(), Some("Employs"));
        let (equal, same) = types.add_label(contact, contact, "Sibling", None, Some((5, 6)));
        assert_eq!((equal.own.id, &equal), (5, &same));
        assert_eq!(types.between(contact, contact).len(), 2);
        assert!(types.rename(contact, company, there.own.id, "Runs"));
        assert!(types.remove(contact, company, there.own.id).is_some());
        assert_eq!((types.between(contact, company).len(), types.between(company, contact).len()), (2, 2));
        assert!(types.remove(contact, company, 279).is_none(), "HubSpot's own stay");
    }
}
