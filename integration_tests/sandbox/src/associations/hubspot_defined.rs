//! The association types HubSpot defines between its own objects, as far as its tables of the types most used go.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>.

/// A type in the direction its number has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HubspotType {
    pub(crate) id: u32,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    /// None for the unlabelled one.
    pub(crate) label: Option<&'static str>,
}

/// Both directions of one type, or the only one where two records of one type are equals.
pub(crate) type Pair = (HubspotType, HubspotType);

const fn row(id: u32, from: &'static str, to: &'static str, label: Option<&'static str>) -> HubspotType {
    HubspotType { id, from, to, label }
}

const fn pair(from: &'static str, to: &'static str, there: u32, back: u32) -> Pair {
    (row(there, from, to, None), row(back, to, from, None))
}

const fn primary(from: &'static str, to: &'static str, there: u32, back: u32) -> Pair {
    (row(there, from, to, Some("Primary")), row(back, to, from, Some("Primary")))
}

const CONTACT: &str = "0-1";
const COMPANY: &str = "0-2";
const DEAL: &str = "0-3";
const TICKET: &str = "0-5";
const LINE_ITEM: &str = "0-8";
const NOTE: &str = "0-46";
const ORDER: &str = "0-123";
const LEAD: &str = "0-136";

/// The types, both directions together.
pub(crate) const HUBSPOT_DEFINED: &[Pair] = &[
    primary(CONTACT, COMPANY, 1, 2),
    pair(CONTACT, COMPANY, 279, 280),
    primary(DEAL, COMPANY, 5, 6),
    pair(DEAL, COMPANY, 341, 342),
    primary(TICKET, COMPANY, 26, 25),
    pair(TICKET, COMPANY, 339, 340),
    pair(DEAL, CONTACT, 3, 4),
    pair(CONTACT, TICKET, 15, 16),
    pair(DEAL, TICKET, 27, 28),
    pair(DEAL, LINE_ITEM, 19, 20),
    pair(CONTACT, CONTACT, 449, 449),
    pair(COMPANY, COMPANY, 450, 450),
    pair(DEAL, DEAL, 451, 451),
    pair(TICKET, TICKET, 452, 452),
    (row(13, COMPANY, COMPANY, Some("Child Company")), row(14, COMPANY, COMPANY, Some("Parent Company"))),
    pair(NOTE, CONTACT, 202, 201),
    pair(NOTE, COMPANY, 190, 189),
    pair(NOTE, DEAL, 214, 213),
    pair(CONTACT, ORDER, 508, 507),
    pair(DEAL, ORDER, 511, 512),
    primary(LEAD, CONTACT, 578, 579),
    pair(LEAD, CONTACT, 608, 609),
    primary(LEAD, COMPANY, 580, 581),
    pair(LEAD, COMPANY, 610, 611),
];

/// The object type id at the far end of a HubSpot-defined association type.
pub(crate) fn target_of(type_number: u32, from: &str) -> Option<&'static str> {
    HUBSPOT_DEFINED
        .iter()
        .flat_map(|(there, back)| [there, back])
        .find(|known| known.id == type_number && known.from == from)
        .map(|known| known.to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direction_matters() {
        assert_eq!(target_of(279, "0-1"), Some("0-2"));
        assert_eq!(target_of(279, "0-2"), None);
        assert_eq!(target_of(280, "0-2"), Some("0-1"));
    }

    #[test]
    fn no_number_has_two_meanings() {
        let mut numbers: Vec<u32> = HUBSPOT_DEFINED
            .iter()
            .flat_map(|(there, back)| if there == back { vec![there.id] } else { vec![there.id, back.id] })
            .collect();
        let all = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), all);
    }
}
