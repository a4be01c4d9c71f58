//! The object types and properties every account starts with: a realistic part of HubSpot's own.
//!
//! The types and ids are those of
//! <https://developers.hubspot.com/docs/api-reference/latest/crm/using-object-apis>.

mod commerce;
mod companies;
mod contacts;
mod deals;
mod others;
mod tickets;

use super::object_type::{Family, ObjectType};
use super::property::{FieldType, PropertyDef, PropertyType};
use crate::clock::Millis;

/// Every built-in object type with its properties.
pub(crate) fn object_types() -> Vec<ObjectType> {
    let mut types = vec![
        contacts::object_type(),
        companies::object_type(),
        deals::object_type(),
        tickets::object_type(),
        commerce::products(),
        commerce::line_items(),
    ];
    types.extend(others::object_types());
    types
}

/// Makes a type of its parts; the properties found on every type come first.
fn assemble(mut kind: ObjectType, properties: Vec<PropertyDef>) -> ObjectType {
    for mut property in everywhere(kind.family).into_iter().chain(properties) {
        property.created = Some(LONG_AGO);
        property.updated = Some(LONG_AGO);
        kind.put_property(property.built_in());
    }
    kind
}

/// When HubSpot's own definitions were made, in every account of the sandbox.
const LONG_AGO: Millis = Millis(1_593_532_655_997);

/// The properties HubSpot gives to every object type, custom ones too.
pub(crate) fn everywhere(family: Family) -> Vec<PropertyDef> {
    let mut properties = vec![
        PropertyDef::number("hs_object_id").label("Record ID").read_only(),
        PropertyDef::datetime(family.created_property()).label("Create date").read_only(),
        PropertyDef::datetime(family.modified_property()).label("Last modified date").read_only(),
        PropertyDef::number("hs_created_by_user_id").label("Created by user ID").read_only().hidden(),
        PropertyDef::number("hs_updated_by_user_id").label("Updated by user ID").read_only().hidden(),
        PropertyDef::checkboxes("hs_merged_object_ids", &[]).label("Merged record IDs").read_only().hidden(),
        // Unique and yet not to be written: an identifier nobody can use.
        PropertyDef::string("hs_unique_creation_key").unique().read_only().hidden(),
        PropertyDef::checkboxes("hs_all_accessible_team_ids", &[]).read_only().hidden(),
        external_list("hs_all_assigned_business_unit_ids", "BUSINESS_UNIT"),
        PropertyDef::checkboxes("hs_user_ids_of_all_owners", &[]).read_only().hidden(),
        PropertyDef::checkboxes("hs_user_ids_of_all_notification_followers", &[]).read_only().hidden(),
        PropertyDef::select(
            "hs_object_source",
            &["INTEGRATION", "IMPORT", "CRM_UI", "API", "FORM", "AUTOMATION_PLATFORM"],
        )
        .label("Record creation source")
        .read_only()
        .hidden(),
        PropertyDef::string("hs_object_source_id").label("Record creation source ID").read_only().hidden(),
        PropertyDef::string("hs_object_source_label").label("Record source").read_only(),
        PropertyDef::number("hs_object_source_user_id").read_only().hidden(),
        PropertyDef::owner("hubspot_owner_id").label("Owner"),
        PropertyDef::datetime("hubspot_owner_assigneddate").label("Owner assigned date").read_only(),
        external("hubspot_team_id", "TEAM").label("Team").read_only(),
        external("hs_all_owner_ids", "OWNER").label("All owner IDs").read_only().hidden(),
        external("hs_all_team_ids", "TEAM").label("All team IDs").read_only().hidden(),
        PropertyDef::bool("hs_was_imported").label("Performed in an import").read_only().hidden(),
        PropertyDef::bool("hs_read_only").label("Read only object").hidden().read_only(),
    ];
    for property in &mut properties {
        property.built_in = true;
        property.form_field = false;
    }
    properties
}

/// A drop-down whose options are other objects of the account.
fn external(name: &str, target: &str) -> PropertyDef {
    let mut property = PropertyDef::select(name, &[]);
    property.external = true;
    property.references = Some(target.to_owned());
    property
}

/// Check boxes whose options are other objects of the account.
fn external_list(name: &str, target: &str) -> PropertyDef {
    let mut property = PropertyDef::checkboxes(name, &[]).hidden();
    property.external = true;
    property.references = Some(target.to_owned());
    property
}

/// A roll-up over other records: read-only, although `calculated` says false.
fn rollup(name: &str, kind: PropertyType) -> PropertyDef {
    PropertyDef::new(name, kind, FieldType::CalculationRollup).read_only()
}

/// A value computed when it is read: read-only, although `calculated` says false.
fn read_time(name: &str, kind: PropertyType) -> PropertyDef {
    PropertyDef::new(name, kind, FieldType::CalculationReadTime).read_only()
}

/// A formula: read-only, although `calculated` says false.
fn equation(name: &str, kind: PropertyType) -> PropertyDef {
    PropertyDef::new(name, kind, FieldType::CalculationEquation).read_only()
}

/// The life-cycle stages in the order in which a record may move through them.
///
/// Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide>.
const LIFECYCLE_STAGES: &[&str] = &[
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
];

/// How far along a life-cycle stage is.
pub(crate) fn lifecycle_position(stage: &str) -> Option<usize> {
    LIFECYCLE_STAGES.iter().position(|known| *known == stage)
}

/// The life-cycle stage, which contacts and companies have.
fn lifecycle_stage() -> PropertyDef {
    let mut property = PropertyDef::new("lifecyclestage", PropertyType::Enumeration, FieldType::Radio)
        .label("Lifecycle stage")
        .options(LIFECYCLE_STAGES);
    let labels = [
        "Subscriber",
        "Lead",
        "Marketing Qualified Lead",
        "Sales Qualified Lead",
        "Opportunity",
        "Customer",
        "Evangelist",
        "Other",
    ];
    for (option, label) in property.options.iter_mut().zip(labels) {
        label.clone_into(&mut option.label);
    }
    property
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_hold_the_traps_of_a_real_account() {
        let types = object_types();
        let of = |name: &str| types.iter().find(|kind| kind.name == name).unwrap();
        let contact = of("CONTACT");
        let (_, email) = contact.property("email").unwrap();
        assert!(!email.unique && contact.is_identifier(email));
        let (_, id) = contact.property("hs_object_id").unwrap();
        assert!(id.read_only && !contact.is_identifier(id));
        let (_, score) = contact.property("hubspotscore").unwrap();
        assert!(score.read_only && !score.calculated);
        assert!(of("PRODUCT").property("hs_sku").unwrap().1.unique);
        assert!(of("LINE_ITEM").property("hs_external_id").unwrap().1.unique);
        assert!(of("TICKET").property("hs_external_object_ids").unwrap().1.unique);
        assert!(!of("COMPANY").property("domain").unwrap().1.unique);
    }

    #[test]
    fn names_and_ids_are_given_once() {
        let types = object_types();
        for kind in &types {
            let same = types.iter().filter(|other| other.id == kind.id || other.name == kind.name).count();
            assert_eq!(same, 1, "{}", kind.name);
            for property in kind.all_properties() {
                assert!(
                    kind.groups.iter().any(|group| group.name == property.group),
                    "{} {} {}",
                    kind.name,
                    property.name,
                    property.group
                );
            }
        }
    }
}
