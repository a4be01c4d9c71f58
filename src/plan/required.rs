//! Properties a record needs to be made: checked before it is sent, since HubSpot refuses whole batches for one that
//! lacks them.

use crate::crm::object::ObjectType;
use crate::engine::rejection::Rejection;

/// What the new records of one stream need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Required {
    /// Of each of these lists one property.
    needs: Vec<Vec<String>>,
}

/// Type id, and for each need the properties of which one is enough.
type Row = (&'static str, &'static [&'static [&'static str]]);

/// What HubSpot demands. Pipelines are left out, since HubSpot takes the default one where none is given, and so are
/// products, of which a name alone is known to be taken.
///
/// Source: HubSpot's object API guide, the table of required properties.
const STANDARD: [Row; 18] = [
    ("0-2", &[&["domain", "name"]]),
    ("0-3", &[&["dealname"], &["dealstage"]]),
    ("0-5", &[&["subject"], &["hs_pipeline_stage"]]),
    ("0-14", &[&["hs_title"], &["hs_expiration_date"]]),
    ("0-18", &[&["hs_timestamp"], &["hs_communication_channel_type"]]),
    ("0-27", &[&["hs_timestamp"]]),
    ("0-46", &[&["hs_timestamp"]]),
    ("0-47", &[&["hs_timestamp"]]),
    ("0-48", &[&["hs_timestamp"]]),
    ("0-49", &[&["hs_timestamp"], &["hs_email_direction"]]),
    ("0-53", &[&["hs_currency"]]),
    ("0-116", &[&["hs_timestamp"]]),
    ("0-123", &[&["hs_order_name"]]),
    ("0-136", &[&["hs_lead_name"]]),
    ("0-162", &[&["hs_name"]]),
    ("0-410", &[&["hs_course_name"]]),
    ("0-420", &[&["hs_name"]]),
    ("0-421", &[&["hs_appointment_name"]]),
];

impl Required {
    /// What new records of an object need; `custom` is what the schema of a custom object demands
    /// (`requiredProperties`).
    #[must_use]
    pub fn of_new(object: &ObjectType, custom: &[String]) -> Self {
        let standard = STANDARD.iter().find(|row| row.0 == object.type_id).map_or(&[][..], |row| row.1);
        let standard = standard.iter().map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        Self { needs: standard.chain(custom.iter().map(|name| vec![name.clone()])).collect() }
    }

    /// Why a record cannot be made, if it cannot: `has` tells whether it has a value for a property.
    #[must_use]
    pub fn rejection(&self, has: impl Fn(&str) -> bool) -> Option<Rejection> {
        let missing = self.needs.iter().find(|names| !names.iter().any(|name| has(name)))?;
        let first = missing.first()?;
        let message = if missing.len() == 1 {
            format!("{first}: HubSpot makes no record without a value for this property.")
        } else {
            format!("{first}: HubSpot makes no record without a value for one of {}.", missing.join(", "))
        };
        Some(Rejection::by_connector("MISSING_REQUIRED_PROPERTY", Some(first), message))
    }
}

/// Whether the members of a `properties` object, as they are sent, have a value for a property; `""` is none.
#[must_use]
pub fn has_value(properties: &[u8], property: &str) -> bool {
    // Quotes inside values are escaped, so a name between bare quotes before a colon is a member's.
    let member = format!("\"{property}\":");
    let after = |place: usize| &properties[place + member.len()..];
    memchr::memmem::find(properties, member.as_bytes())
        .is_some_and(|place| !after(place).starts_with(b"\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(object: &str, custom: &[&str], properties: &str) -> Option<String> {
        let custom: Vec<String> = custom.iter().map(|name| (*name).to_owned()).collect();
        let required = Required::of_new(&ObjectType::by_type_id(object), &custom);
        let rejection = required.rejection(|name| has_value(properties.as_bytes(), name))?;
        assert_eq!(rejection.code, "MISSING_REQUIRED_PROPERTY");
        rejection.property
    }

    #[test]
    fn the_first_need_that_is_not_met_is_named() {
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(refused("0-1", &[], ""), None);
        assert_eq!(refused("0-2", &[], r#""city":"Oslo""#), named("domain"));
        assert_eq!(refused("0-2", &[], r#""city":"Oslo","name":"Ada's""#), None, "one of the two is enough");
        assert_eq!(refused("0-3", &[], r#""dealname":"x""#), named("dealstage"));
        assert_eq!(refused("0-3", &[], r#""dealname":"","dealstage":"1""#), named("dealname"));
        assert_eq!(refused("0-3", &[], r#""dealname":"x","dealstage":"1""#), None);
        assert_eq!(refused("2-7", &["model", "year"], r#""model":"T""#), named("year"));
        assert_eq!(refused("2-7", &["model"], r#""model":"T""#), None);
        assert_eq!(refused("2-7", &[], ""), None);
    }

    #[test]
    fn names_inside_values_are_no_members() {
        assert!(!has_value(br#""note":"\"dealname\":\"x\"""#, "dealname"));
        assert!(!has_value(br#""my_dealname":"x""#, "dealname"));
        assert!(has_value(br#""note":"dealname","dealname":"x""#, "dealname"));
    }
}
