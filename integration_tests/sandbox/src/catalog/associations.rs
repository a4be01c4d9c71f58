//! The association types HubSpot defines between its own objects, as far as an inline association needs them.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>.

/// (type number, from, to), in the direction the number has.
const HUBSPOT_DEFINED: &[(u32, &str, &str)] = &[
    (1, "0-1", "0-2"),
    (279, "0-1", "0-2"),
    (2, "0-2", "0-1"),
    (280, "0-2", "0-1"),
    (5, "0-3", "0-2"),
    (341, "0-3", "0-2"),
    (6, "0-2", "0-3"),
    (342, "0-2", "0-3"),
    (26, "0-5", "0-2"),
    (339, "0-5", "0-2"),
    (25, "0-2", "0-5"),
    (340, "0-2", "0-5"),
    (3, "0-3", "0-1"),
    (4, "0-1", "0-3"),
    (15, "0-1", "0-5"),
    (16, "0-5", "0-1"),
    (27, "0-3", "0-5"),
    (28, "0-5", "0-3"),
    (19, "0-3", "0-8"),
    (449, "0-1", "0-1"),
    (450, "0-2", "0-2"),
    (13, "0-2", "0-2"),
    (14, "0-2", "0-2"),
    (202, "0-46", "0-1"),
    (190, "0-46", "0-2"),
    (214, "0-46", "0-3"),
];

/// The object type id at the far end of a HubSpot-defined association type.
pub(crate) fn target_of(type_number: u32, from: &str) -> Option<&'static str> {
    HUBSPOT_DEFINED
        .iter()
        .find(|(number, start, _)| *number == type_number && *start == from)
        .map(|(_, _, target)| *target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direction_matters() {
        assert_eq!(target_of(279, "0-1"), Some("0-2"));
        assert_eq!(target_of(279, "0-2"), None);
    }
}
