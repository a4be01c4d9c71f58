//! Whether a property takes a value, and in which form it is stored.
//!
//! Values of properties that are not text must not begin or end with white space or invisible characters. Source:
//! <https://developers.hubspot.com/changelog/breaking-change-enhanced-validations-for-non-string-properties-in-hubspots-crmobject-apis>.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide>; codes and texts are
//! those of recorded answers.

use super::dates::{self, DateError};
use super::email;
use super::violation::{Extras, Violation};
use crate::catalog::{ObjectType, PropertyDef, PropertyType, Slot};
use crate::records::{Change, Edit};

/// The longest text a property holds, in characters.
pub(crate) const MAX_CHARACTERS: usize = 65_536;

/// What the rules need to know besides the definition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) kind: &'a ObjectType,
    pub(crate) portal_id: u64,
    pub(crate) owners: &'a [u64],
}

/// Turns one name and value of a request into an edit: none for `null`, which does nothing.
pub(crate) fn edit(setting: Setting<'_>, name: &str, value: Option<&str>) -> Result<Option<Edit>, Violation> {
    let Some((slot, property)) = setting.kind.writable(name) else {
        return Err(Violation::unknown_property(name));
    };
    let Some(value) = value else { return Ok(None) };
    if property.read_only {
        return Err(read_only(property, value));
    }
    if value.is_empty() {
        return Ok(Some(Edit { slot, change: Change::Clear }));
    }
    change(setting, slot, property, value).map(Some)
}

fn change(setting: Setting<'_>, slot: Slot, property: &PropertyDef, value: &str) -> Result<Edit, Violation> {
    let refuse = |code, message: String| full(property, code, message, value);
    let is_text =
        matches!(property.kind, PropertyType::String | PropertyType::Json | PropertyType::ObjectCoordinates);
    if !is_text && is_padded(value) {
        let message = format!(
            "{value} must not contain leading or trailing whitespace or invisible unicode characters"
        );
        return Err(refuse(code_of_padded(property.kind), message));
    }
    let stored: Box<str> = match property.kind {
        _ if setting.kind.is_email(property) => {
            let address = email::normalised(value);
            if !email::is_valid(&address) {
                return Err(Violation {
                    extras: Extras::None,
                    ..refuse("INVALID_EMAIL", format!("Email address {value} is invalid"))
                });
            }
            address.into()
        }
        PropertyType::Number => {
            if !is_number(value) {
                return Err(refuse("INVALID_INTEGER", format!("{value} was not a valid number.")));
            }
            value.into()
        }
        PropertyType::Date | PropertyType::Datetime => {
            let read = if property.kind == PropertyType::Date { dates::day } else { dates::instant };
            read(value).map_err(|error| date_violation(setting, property, value, &error))?.into()
        }
        PropertyType::Enumeration | PropertyType::Bool => return options(setting, slot, property, value),
        PropertyType::String
        | PropertyType::PhoneNumber
        | PropertyType::ObjectCoordinates
        | PropertyType::Json => {
            if value.len() > MAX_CHARACTERS && value.chars().count() > MAX_CHARACTERS {
                let message = format!("Property values are limited to {MAX_CHARACTERS} characters.");
                return Err(Violation { extras: Extras::Portal, ..refuse("VALUE_TOO_LONG", message) });
            }
            value.into()
        }
    };
    Ok(Edit { slot, change: Change::Set(stored) })
}

/// An option, several for check boxes; a leading `;` adds to what is there.
fn options(setting: Setting<'_>, slot: Slot, property: &PropertyDef, value: &str) -> Result<Edit, Violation> {
    let known = |option: &str| match property.references.as_deref() {
        None => property.has_option(option),
        Some("OWNER") => option.parse().is_ok_and(|id: u64| setting.owners.contains(&id)),
        // Teams, business units and the like are outside the sandbox.
        Some(_) => true,
    };
    let (listed, appends) = match value.strip_prefix(';') {
        Some(rest) if property.takes_many() => (rest, true),
        _ => (value, false),
    };
    let parts: Vec<&str> = if property.takes_many() {
        listed.split(';').filter(|part| !part.is_empty()).collect()
    } else {
        vec![listed]
    };
    if let Some(bad) = parts.iter().find(|part| !known(part)) {
        let allowed = property.options.iter().map(|option| option.value.as_str());
        return Err(not_an_option(property, bad, allowed, value));
    }
    let change = if appends {
        Change::Append(parts.into_iter().map(Into::into).collect())
    } else {
        Change::Set(parts.join(";").into())
    };
    Ok(Edit { slot, change })
}

/// An address that was erased.
pub(crate) fn refused_address(property: &PropertyDef, address: &str) -> Violation {
    Violation {
        extras: Extras::None,
        ..full(
            property,
            "INVALID_EMAIL",
            format!("Email address {address} has been GDPR blacklisted"),
            address,
        )
    }
}

/// A value, of which a part is none of the options.
pub(crate) fn not_an_option<'a>(
    property: &PropertyDef,
    bad: &str,
    allowed: impl Iterator<Item = &'a str>,
    value: &str,
) -> Violation {
    let allowed: Vec<&str> = allowed.collect();
    let message = format!("{bad} was not one of the allowed options: [{}]", allowed.join(", "));
    full(property, "INVALID_OPTION", message, value)
}

fn date_violation(setting: Setting<'_>, property: &PropertyDef, value: &str, error: &DateError) -> Violation {
    match error {
        DateError::Unreadable => {
            let place = format!("Portal {}, object type {}", setting.portal_id, setting.kind.id);
            full(property, "INVALID_LONG", format!("{value} was not a valid long. {place}"), value)
        }
        DateError::NotMidnight(time) => {
            full(property, "INVALID_DATE", format!("{value} is at {time} UTC, not midnight!"), value)
        }
    }
}

fn read_only(property: &PropertyDef, value: &str) -> Violation {
    let what = if property.calculated { "calculated" } else { "read only" };
    let message = format!("\"{}\" is a {what} property; its value cannot be set", property.name);
    full(property, "READ_ONLY_VALUE", message, value)
}

fn full(property: &PropertyDef, code: &'static str, message: String, value: &str) -> Violation {
    Violation {
        code,
        property: property.name.clone(),
        message,
        value: value.to_owned(),
        extras: Extras::PortalAndValue,
    }
}

/// Whether there is something around a value that nobody sees.
fn is_padded(value: &str) -> bool {
    let is_invisible = |c: char| {
        let has_no_width = matches!(u32::from(c), 0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x2064 | 0x2066..=0x206f | 0xfeff);
        c.is_whitespace() || c.is_control() || has_no_width
    };
    value.starts_with(is_invisible) || value.ends_with(is_invisible)
}

/// The code of the type's own refusals: which one HubSpot has for this rule is not known.
fn code_of_padded(kind: PropertyType) -> &'static str {
    match kind {
        PropertyType::Number => "INVALID_INTEGER",
        PropertyType::Date | PropertyType::Datetime => "INVALID_LONG",
        PropertyType::Enumeration | PropertyType::Bool => "INVALID_OPTION",
        PropertyType::String
        | PropertyType::PhoneNumber
        | PropertyType::ObjectCoordinates
        | PropertyType::Json => "INVALID_VALUE",
    }
}

/// A decimal number: no thousands separators, at most one point, an exponent if need be.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_ok = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent_ok
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Catalog, TypeIndex};

    fn check(object: &str, name: &str, value: &str) -> Result<Change, &'static str> {
        let mut catalog = Catalog::new();
        let TypeIndex(index) = catalog.resolve(object).unwrap();
        let mut kind = catalog.types()[index].clone();
        kind.put_property(PropertyDef::date("day"));
        kind.put_property(PropertyDef::checkboxes("many", &["a", "b", "c"]));
        let references = Some("TEAM".to_owned());
        kind.put_property(PropertyDef { references, ..PropertyDef::select("team", &[]) });
        let setting = Setting { kind: &kind, portal_id: 1, owners: &[42] };
        edit(setting, name, Some(value)).map(|edit| edit.unwrap().change).map_err(|violation| violation.code)
    }

    fn set(value: &str) -> Result<Change, &'static str> {
        Ok(Change::Set(value.into()))
    }

    #[test]
    fn each_type_has_its_own_refusal() {
        for (name, value, code) in [
            ("email", "not-an-email", "INVALID_EMAIL"),
            ("numemployees", "1,000", "INVALID_INTEGER"),
            ("numemployees", "NaN", "INVALID_INTEGER"),
            ("numemployees", "1.2.3", "INVALID_INTEGER"),
            ("closedate", "soon", "INVALID_LONG"),
            ("day", "1786334400000", "INVALID_DATE"),
            ("lifecyclestage", "Lead", "INVALID_OPTION"),
            ("hs_facebook_ad_clicked", "TRUE", "INVALID_OPTION"),
            ("many", "a; b", "INVALID_OPTION"),
            ("hubspot_owner_id", "43", "INVALID_OPTION"),
            ("numemployees", "7\u{200b}", "INVALID_INTEGER"),
            ("day", "\u{feff}2024-01-15", "INVALID_LONG"),
            ("many", "a;b\u{200d}", "INVALID_OPTION"),
            ("team", "7\u{200b}", "INVALID_OPTION"),
            ("hs_facebook_ad_clicked", "true\u{a0}", "INVALID_OPTION"),
            ("hs_object_id", "1", "READ_ONLY_VALUE"),
            ("hubspotscore", "1", "READ_ONLY_VALUE"),
            ("nothing", "1", "PROPERTY_DOESNT_EXIST"),
        ] {
            assert_eq!(check("contacts", name, value), Err(code), "{name}={value}");
        }
    }

    #[test]
    fn stores_values_in_hubspots_form() {
        assert_eq!(check("contacts", "email", " A@Example.com "), set("a@example.com"));
        assert_eq!(check("contacts", "numemployees", "-1.5e3"), set("-1.5e3"));
        assert_eq!(check("contacts", "day", "1786320000000"), set("2026-08-10"));
        assert_eq!(check("contacts", "closedate", "1705312800000"), set("2024-01-15T10:00:00.000Z"));
        assert_eq!(check("contacts", "hubspot_owner_id", "42"), set("42"));
        assert_eq!(check("contacts", "many", "c;a"), set("c;a"));
        assert_eq!(check("contacts", "many", ";b"), Ok(Change::Append(vec!["b".into()])));
        assert_eq!(check("contacts", "firstname", ""), Ok(Change::Clear));
        assert_eq!(check("contacts", "firstname", " \u{feff}x\u{200b}"), set(" \u{feff}x\u{200b}"));
        assert_eq!(check("contacts", "team", "7"), set("7"));
    }

    #[test]
    fn text_may_have_65536_characters_not_bytes() {
        let longest = "ü".repeat(MAX_CHARACTERS);
        assert_eq!(check("contacts", "message", &longest), set(&longest));
        let longer = format!("{longest}x");
        assert_eq!(check("contacts", "message", &longer), Err("VALUE_TOO_LONG"));
    }

    #[test]
    fn null_does_nothing_even_to_a_read_only_property() {
        let mut catalog = Catalog::new();
        let index = catalog.resolve("contacts").unwrap();
        let setting = Setting { kind: catalog.get(index), portal_id: 1, owners: &[] };
        assert_eq!(edit(setting, "firstname", None), Ok(None));
        assert_eq!(edit(setting, "hs_object_id", None), Ok(None));
        assert!(edit(setting, "nothing", None).is_err());
    }
}
