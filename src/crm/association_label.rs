//! The labels of associations between two object types.
//!
//! Source: HubSpot's association schema guide (`GET .../labels`).

use serde::Deserialize;

/// A kind of association, in one direction; the plain one has no label.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssociationLabel {
    /// `HUBSPOT_DEFINED`, `USER_DEFINED` or `INTEGRATOR_DEFINED`.
    pub category: String,
    /// Number of the type.
    pub type_id: u64,
    /// As people see it.
    #[serde(default)]
    pub label: Option<String>,
    /// Whether HubSpot defines it as the primary one, whatever it is labelled.
    #[serde(skip)]
    pub is_primary: bool,
}

/// From, to, and the type that HubSpot defines as primary in that direction.
///
/// Source: HubSpot's associations guide, type ids.
const PRIMARY: [(&str, &str, u64); 12] = [
    ("0-1", "0-2", 1),
    ("0-2", "0-1", 2),
    ("0-3", "0-2", 5),
    ("0-2", "0-3", 6),
    ("0-5", "0-2", 26),
    ("0-2", "0-5", 25),
    ("0-136", "0-1", 578),
    ("0-136", "0-2", 580),
    ("0-136", "0-3", 582),
    ("0-3", "0-136", 583),
    ("0-123", "0-2", 509),
    ("0-2", "0-123", 510),
];

/// The kinds of association from one object type to another as HubSpot lists them, and the primary one marked as such: it is
/// known by its number, and added where the list leaves it out.
#[must_use]
pub fn with_primary(from: &str, to: &str, mut labels: Vec<AssociationLabel>) -> Vec<AssociationLabel> {
    let Some((_, _, id)) = PRIMARY.iter().find(|row| row.0 == from && row.1 == to) else { return labels };
    match labels.iter_mut().find(|label| label.category == HUBSPOT_DEFINED && label.type_id == *id) {
        Some(label) => label.is_primary = true,
        None => labels.push(AssociationLabel {
            category: HUBSPOT_DEFINED.to_owned(),
            type_id: *id,
            label: None,
            is_primary: true,
        }),
    }
    labels
}

/// The category of HubSpot's own types.
const HUBSPOT_DEFINED: &str = "HUBSPOT_DEFINED";

impl AssociationLabel {
    /// Whether it is called so: in any case, by its number, or `primary` where it is the primary one.
    #[must_use]
    pub fn answers_to(&self, name: &str) -> bool {
        let name = name.trim();
        let is_its_label = |label: &String| {
            label.trim().to_lowercase() == name.to_lowercase() || self.type_id.to_string() == name
        };
        self.label.as_ref().is_some_and(is_its_label)
            || self.is_primary && name.eq_ignore_ascii_case("primary")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(category: &str, type_id: u64, label: Option<&str>) -> AssociationLabel {
        AssociationLabel {
            category: category.to_owned(),
            type_id,
            label: label.map(str::to_owned),
            is_primary: false,
        }
    }

    #[test]
    fn the_primary_type_answers_to_its_name_in_both_directions_however_it_is_listed() {
        for (from, to, unlabelled, primary) in
            [("0-3", "0-2", 341, 5), ("0-2", "0-3", 342, 6), ("0-1", "0-2", 279, 1), ("0-2", "0-1", 280, 2)]
        {
            for label in [Some(Some("Primary")), Some(None), Some(Some("Prim\u{e4}r")), None] {
                let mut labels = vec![listed(HUBSPOT_DEFINED, unlabelled, None)];
                labels.extend(label.map(|label| listed(HUBSPOT_DEFINED, primary, label)));
                let labels = with_primary(from, to, labels);
                let found = labels.iter().find(|label| label.answers_to(" PRIMARY "));
                assert_eq!(found.map(|label| label.type_id), Some(primary), "{from} {to} {label:?}");
                assert_eq!(labels.iter().filter(|label| label.answers_to("primary")).count(), 1);
            }
        }
        let own = vec![listed("USER_DEFINED", 5, Some("Boss"))];
        assert_eq!(with_primary("0-1", "0-3", own.clone()), own, "there is no primary one");
        let found = with_primary("0-3", "0-2", own);
        assert!(
            found[0].answers_to("boss") && found[1].answers_to("primary"),
            "numbers are told apart by category"
        );
    }
}
