//! Whether a property definition is one HubSpot would take.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide>.

use crate::catalog::{FieldType, ObjectType, PropertyDef, PropertyType};
use crate::error::{ErrorDetail, Refusal};

/// Most properties with unique values on one object type.
const MAX_UNIQUE: usize = 10;
/// Longest property name.
const MAX_NAME: usize = 100;

/// The field types each type can have.
fn fields_of(kind: PropertyType) -> &'static [FieldType] {
    use FieldType as F;
    match kind {
        PropertyType::Bool => &[F::Booleancheckbox, F::CalculationEquation],
        PropertyType::Enumeration => {
            &[F::Booleancheckbox, F::Checkbox, F::Radio, F::Select, F::CalculationEquation]
        }
        PropertyType::Date | PropertyType::Datetime => &[F::Date],
        PropertyType::String => {
            &[F::Text, F::Textarea, F::Html, F::Phonenumber, F::File, F::CalculationEquation]
        }
        PropertyType::Number => &[F::Number, F::CalculationEquation],
        PropertyType::PhoneNumber | PropertyType::ObjectCoordinates | PropertyType::Json => &[],
    }
}

/// Checks a new definition.
pub(crate) fn check(kind: &ObjectType, property: &PropertyDef) -> Result<(), Refusal> {
    let name = &property.name;
    let first_ok = name.starts_with(|c: char| c.is_ascii_lowercase());
    let rest_ok = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !first_ok || !rest_ok || name.len() > MAX_NAME {
        return Err(bad(
            "name",
            format!(
                "{name} is not a valid property name. Property names must be all lowercase letters, numbers and \
                 underscores, start with a letter, and have at most {MAX_NAME} characters."
            ),
        ));
    }
    if !fields_of(property.kind).contains(&property.field) {
        return Err(bad("fieldType", format!("The field type of {name} does not fit its type.")));
    }
    if !kind.groups.iter().any(|group| group.name == property.group) {
        return Err(bad("groupName", format!("Property group {} does not exist.", property.group)));
    }
    if property.kind == PropertyType::Enumeration
        && property.options.is_empty()
        && property.references.is_none()
    {
        return Err(bad("options", format!("Enumeration property {name} needs at least one option.")));
    }
    if property.unique {
        let unique = kind.all_properties().iter().filter(|known| known.unique && !known.built_in).count();
        if unique >= MAX_UNIQUE {
            let message =
                format!("At most {MAX_UNIQUE} properties of an object type can have unique values.");
            return Err(bad("hasUniqueValue", message));
        }
        if !matches!(property.kind, PropertyType::String | PropertyType::Number) {
            return Err(bad("hasUniqueValue", format!("The type of {name} cannot have unique values.")));
        }
    }
    Ok(())
}

/// 409 for a name that is taken.
pub(crate) fn exists(name: &str) -> Refusal {
    let mut refusal = Refusal::new(409, "OBJECT_ALREADY_EXISTS", exists_message(name));
    refusal.body.sub_category = Some("Properties.PROPERTY_WITH_NAME_EXISTS");
    refusal
}

/// The text of that refusal.
pub(crate) fn exists_message(name: &str) -> String {
    format!("A property named '{name}' already exists.")
}

fn bad(field: &str, message: String) -> Refusal {
    let detail =
        ErrorDetail { message: message.clone(), field: Some(field.to_owned()), ..ErrorDetail::default() };
    Refusal::invalid(message).with_detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn verdict(property: PropertyDef) -> Result<(), String> {
        let catalog = Catalog::new();
        let contact = catalog.types().first().unwrap();
        check(contact, &property.group("contactinformation"))
            .map_err(|refusal| refusal.body.errors[0].field.clone().unwrap())
    }

    #[test]
    fn refuses_what_hubspot_refuses() {
        assert_eq!(verdict(PropertyDef::string("fine_1")), Ok(()));
        for name in ["Upper", "1st", "with space", "", "dash-ed"] {
            assert_eq!(verdict(PropertyDef::string(name)), Err("name".to_owned()), "{name}");
        }
        let wrong = PropertyDef::new("x", PropertyType::Number, FieldType::Text);
        assert_eq!(verdict(wrong), Err("fieldType".to_owned()));
        assert_eq!(verdict(PropertyDef::select("x", &[])), Err("options".to_owned()));
        assert_eq!(verdict(PropertyDef::date("x").unique()), Err("hasUniqueValue".to_owned()));
    }

    #[test]
    fn ten_unique_properties_are_enough() {
        let catalog = Catalog::new();
        let mut contact = catalog.types().first().unwrap().clone();
        for number in 0..MAX_UNIQUE {
            let property = PropertyDef::string(&format!("key_{number}")).unique().group("contactinformation");
            assert!(check(&contact, &property).is_ok());
            contact.put_property(property);
        }
        let property = PropertyDef::string("one_more").unique().group("contactinformation");
        assert!(check(&contact, &property).is_err());
    }
}
