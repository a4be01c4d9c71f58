//! Names: which HubSpot property a column of a stream means.
//!
//! An exact name always wins. Otherwise the user's own mapping, and, unless switched off, spelling
//! (`First Name`, `firstName`) and well-known synonyms (`position` for `jobtitle`) are tried against the
//! properties the account really has, and last of all the name that would be made for the column (`2nd Address`,
//! `n2nd_address`) and HubSpot's labels. A column is looked up once per stream, not once per record.

use super::aliases::synonyms;
use super::naming::property_name;
use super::object_kind::ObjectKind;
use crate::crm::property::Property;

/// Longest property name HubSpot takes, in characters.
pub(super) const MAX_NAME: usize = 100;

/// Bytes of the longest name of a column that is looked at more closely: ten times as much as a property's. A longer one
/// means a property only where it is mapped.
pub(super) const LONGEST_COLUMN: usize = 1_000;

/// Whether spellings and synonyms are tried for names the account does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aliases {
    /// Names mean what their spelling suggests.
    On,
    /// Only exact and mapped names count.
    Off,
}

/// What a column name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameMatch {
    /// A property has this very name.
    Exact,
    /// The user mapped the column. Whether `to` exists is for the caller to ask.
    Mapped {
        /// Property named by the user, in the spelling that the account has it in where it has it.
        to: String,
    },
    /// A property has this name in HubSpot's spelling.
    Normalised {
        /// Property of the account.
        to: String,
    },
    /// A property is known under another name.
    Alias {
        /// Property of the account.
        to: String,
    },
    /// A property has the name that would be made for the column, or the column's name as its label: a guess that gives
    /// way to every other column.
    LastResort {
        /// Property of the account.
        to: String,
    },
    /// No property.
    Unknown,
    /// A column that Airbyte or a source connector added (`_airbyte_*`, `_ab_*`): never sent.
    Internal,
}

/// Finds the property that `column` means.
///
/// `mapping` holds the user's `(column, property)` pairs, `properties` tells whether the account has a
/// property of that name, `labelled` are those whose labels count. Two columns may come out as one property; the caller
/// decides between them.
#[must_use]
pub fn resolve(
    column: &str,
    mapping: &[(String, String)],
    aliases: Aliases,
    properties: &dyn Fn(&str) -> bool,
    labelled: &[Property],
    object: ObjectKind,
) -> NameMatch {
    if is_internal(column) {
        return NameMatch::Internal;
    }
    let Some((_, to)) = mapping.iter().find(|(from, _)| from == column) else {
        return by_name(column, aliases, properties, labelled, object);
    };
    // What the user writes is spelled as freely as a column.
    match by_name(to, aliases, properties, labelled, object) {
        NameMatch::Normalised { to } | NameMatch::Alias { to } | NameMatch::LastResort { to } => {
            NameMatch::Mapped { to }
        }
        _ => NameMatch::Mapped { to: to.clone() },
    }
}

fn by_name(
    name: &str,
    aliases: Aliases,
    properties: &dyn Fn(&str) -> bool,
    labelled: &[Property],
    object: ObjectKind,
) -> NameMatch {
    if properties(name) {
        return NameMatch::Exact;
    }
    if aliases == Aliases::Off || name.len() > LONGEST_COLUMN {
        return NameMatch::Unknown;
    }
    let normalised = normalise(name);
    for spelling in [&normalised, &normalise(&words_apart(name))] {
        if properties(spelling) {
            return NameMatch::Normalised { to: spelling.clone() };
        }
    }
    let squashed = normalised.replace('_', "");
    if properties(&squashed) {
        return NameMatch::Alias { to: squashed };
    }
    if let Some(to) = synonyms(object, &squashed).find(|name| properties(name)) {
        return NameMatch::Alias { to: to.to_owned() };
    }
    let made = property_name(name).filter(|made| properties(made));
    let found = made.or_else(|| by_label(name, labelled));
    found.map_or(NameMatch::Unknown, |to| NameMatch::LastResort { to })
}

/// The only property of this label, in whatever case.
fn by_label(name: &str, properties: &[Property]) -> Option<String> {
    let wanted = name.trim().to_lowercase();
    // Mostly the first letter tells: of a wide row every column may come here, and the account has hundreds of properties.
    let is_it = |label: &str| label.trim().chars().flat_map(char::to_lowercase).eq(wanted.chars());
    let mut found = properties.iter().filter(|known| !wanted.is_empty() && is_it(&known.label));
    let first = found.next()?;
    found.all(|other| other.name == first.name).then(|| first.name.clone())
}

/// Whether Airbyte or a source connector added the column; warehouses may have changed its case.
fn is_internal(column: &str) -> bool {
    let starts_with =
        |prefix: &str| column.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    starts_with("_airbyte_") || starts_with("_ab_")
}

/// A column name in HubSpot's spelling: lower case letters, digits and underscores.
///
/// Runs of other characters (blanks, dashes, dots) become one underscore, none at either end; underscores
/// that were there stay. Can be empty, or begin with a digit: see [`is_property_name`].
#[must_use]
pub fn normalise(column: &str) -> String {
    let mut name = String::with_capacity(column.len());
    let mut gap = false;
    for c in column.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            if std::mem::take(&mut gap) && !name.is_empty() {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
        } else {
            gap = true;
        }
    }
    name
}

/// Whether HubSpot would create a property of this name: a lower case letter, then letters, digits and
/// underscores, at most 100 characters.
#[must_use]
pub fn is_property_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Puts a blank before every capital that begins a word: `leadScore`, `HTTPStatus`.
pub(super) fn words_apart(column: &str) -> String {
    let mut apart = String::with_capacity(column.len() + 4);
    let mut characters = column.chars().peekable();
    let mut before = None;
    while let Some(c) = characters.next() {
        let after_lower = before.is_some_and(|b: char| b.is_lowercase() || b.is_ascii_digit());
        let ends_capitals =
            before.is_some_and(char::is_uppercase) && characters.peek().is_some_and(|n| n.is_lowercase());
        if c.is_uppercase() && (after_lower || ends_capitals) {
            apart.push(' ');
        }
        apart.push(c);
        before = Some(c);
    }
    apart
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::coerce::testing;

    fn found(column: &str, properties: &[&str], object: ObjectKind) -> NameMatch {
        resolve(column, &[], Aliases::On, &|name| properties.contains(&name), &[], object)
    }

    fn labelled(properties: &[(&str, &str)]) -> Vec<Property> {
        let property = |(name, label): &(&str, &str)| Property {
            label: (*label).to_owned(),
            ..Property::new(name, crate::crm::property::PropertyType::String)
        };
        properties.iter().map(property).collect()
    }

    #[test]
    fn made_names_and_labels_are_tried_last_and_only_with_aliases() {
        let account = labelled(&[
            ("n2nd_address", "2nd Address"),
            ("customer_tier", "Tier"),
            ("one", "Twice"),
            ("two", "twice "),
            ("jobtitle", "Function"),
            ("position", "Position"),
        ]);
        let found = |column: &str, aliases| {
            let has = |name: &str| account.iter().any(|known| known.name == name);
            resolve(column, &[], aliases, &has, &account, ObjectKind::Contact)
        };
        for (column, property) in [
            ("2nd Address", "n2nd_address"),
            ("2ND-ADDRESS", "n2nd_address"),
            (" tier", "customer_tier"),
            ("function", "jobtitle"),
        ] {
            assert_eq!(found(column, Aliases::On), NameMatch::LastResort { to: property.into() }, "{column}");
            assert_eq!(found(column, Aliases::Off), NameMatch::Unknown, "{column}");
        }
        assert_eq!(found("Position", Aliases::On), NameMatch::Normalised { to: "position".into() });
        for column in ["Twice", "", "  ", "ti er", "second address"] {
            assert_eq!(found(column, Aliases::On), NameMatch::Unknown, "{column:?}");
        }
    }

    #[test]
    fn targets_of_the_mapping_are_spelled_as_freely_as_columns() {
        let account = labelled(&[("jobtitle", "Job Title"), ("interests", ""), ("n2nd", "")]);
        let has = |name: &str| account.iter().any(|known| known.name == name);
        for (to, aliases, meant) in [
            ("Interests", Aliases::On, "interests"),
            ("position", Aliases::On, "jobtitle"),
            ("2nd", Aliases::On, "n2nd"),
            ("Interests", Aliases::Off, "Interests"),
            ("nothing", Aliases::On, "nothing"),
            ("_airbyte_x", Aliases::On, "_airbyte_x"),
        ] {
            let mapping = [("column".to_owned(), to.to_owned())];
            let found = resolve("column", &mapping, aliases, &has, &account, ObjectKind::Contact);
            assert_eq!(found, NameMatch::Mapped { to: meant.into() }, "{to}");
        }
    }

    #[test]
    fn what_one_sync_makes_the_next_finds() {
        for column in ["2nd Address", "__private", &"x".repeat(130), "Shoe Size (EU)", "9-to-5", "__2 b"] {
            let made = property_name(column).unwrap();
            let found = resolve(column, &[], Aliases::On, &|name| name == made, &[], ObjectKind::Other);
            let to = match found {
                NameMatch::Normalised { to } | NameMatch::Alias { to } | NameMatch::LastResort { to } => to,
                other => panic!("{column}: {other:?}"),
            };
            assert_eq!(to, made);
        }
    }

    #[test]
    fn names_in_hubspots_spelling() {
        for (column, expected) in [
            ("First Name", "first_name"),
            ("firstName", "firstname"),
            ("lead-score.total", "lead_score_total"),
            ("High Value (EU)", "high_value_eu"),
            ("  padded  ", "padded"),
            ("Custom__c", "custom__c"),
            ("_private", "_private"),
            ("a - b", "a_b"),
            ("2nd", "2nd"),
            ("Größe", "gr_e"),
            ("名前", ""),
        ] {
            assert_eq!(normalise(column), expected, "{column}");
        }
        assert!(is_property_name("a1_b") && is_property_name(&"a".repeat(100)));
        for name in ["", "1a", "_a", "A", "a-b", "a b", "é", &"a".repeat(101)] {
            assert!(!is_property_name(name), "{name}");
        }
    }

    #[test]
    fn exact_names_win_over_everything_but_the_users_mapping() {
        let all = ["position", "jobtitle", "first_name", "firstname"];
        assert_eq!(found("position", &all, ObjectKind::Contact), NameMatch::Exact);
        assert_eq!(found("first_name", &all, ObjectKind::Contact), NameMatch::Exact);
        let mapping = [("position".to_owned(), "role".to_owned())];
        let mapped = resolve(
            "position",
            &mapping,
            Aliases::Off,
            &|name| all.contains(&name),
            &[],
            ObjectKind::Contact,
        );
        assert_eq!(mapped, NameMatch::Mapped { to: "role".into() });
    }

    #[test]
    fn spellings_are_tried_before_synonyms() {
        let to = |name: &str| NameMatch::Normalised { to: name.into() };
        assert_eq!(found("firstName", &["firstname"], ObjectKind::Contact), to("firstname"));
        assert_eq!(found("FIRSTNAME", &["firstname"], ObjectKind::Contact), to("firstname"));
        assert_eq!(found("leadScore", &["lead_score"], ObjectKind::Other), to("lead_score"));
        assert_eq!(found("HTTPStatus", &["http_status"], ObjectKind::Other), to("http_status"));
        assert_eq!(found("hubspotOwnerId", &["hubspot_owner_id"], ObjectKind::Deal), to("hubspot_owner_id"));
        assert_eq!(found("Job Title", &["job_title", "jobtitle"], ObjectKind::Contact), to("job_title"));
        assert_eq!(found("Position", &["position", "jobtitle"], ObjectKind::Contact), to("position"));
    }

    #[test]
    fn synonyms_reach_only_what_the_account_has() {
        let to = |name: &str| NameMatch::Alias { to: name.into() };
        for (column, property, object) in [
            ("first_name", "firstname", ObjectKind::Contact),
            ("Last Name", "lastname", ObjectKind::Contact),
            ("position", "jobtitle", ObjectKind::Contact),
            ("job_title", "jobtitle", ObjectKind::Contact),
            ("companyName", "company", ObjectKind::Contact),
            ("company.name", "company", ObjectKind::Contact),
            ("company_name", "company", ObjectKind::Contact),
            ("lifecycle_stage", "lifecyclestage", ObjectKind::Contact),
            ("zipCode", "zip", ObjectKind::Contact),
            ("postal_code", "zip", ObjectKind::Contact),
            ("phoneNumber", "phone", ObjectKind::Contact),
            ("workAddress.street1", "address", ObjectKind::Contact),
            ("dateofbirth", "date_of_birth", ObjectKind::Contact),
            ("employees", "numberofemployees", ObjectKind::Company),
            ("company_name", "name", ObjectKind::Company),
            ("annual_revenue", "annualrevenue", ObjectKind::Company),
            ("deal_name", "dealname", ObjectKind::Deal),
            ("stage", "dealstage", ObjectKind::Deal),
            ("status", "hs_pipeline_stage", ObjectKind::Ticket),
            ("SKU", "hs_sku", ObjectKind::Product),
            ("unit_price", "price", ObjectKind::LineItem),
            ("is_vip", "isvip", ObjectKind::Other),
        ] {
            assert_eq!(found(column, &[property], object), to(property), "{column}");
            assert_eq!(found(column, &["other"], object), NameMatch::Unknown, "{column}");
            let off = resolve(column, &[], Aliases::Off, &|name| name == property, &[], object);
            assert_eq!(off, NameMatch::Unknown, "{column}");
        }
        assert_eq!(found("position", &["jobtitle"], ObjectKind::Other), NameMatch::Unknown);
        assert_eq!(found("名前", &["firstname"], ObjectKind::Contact), NameMatch::Unknown);
        let padded = |blanks: usize| format!("first{}name", " ".repeat(blanks));
        assert_eq!(
            found(&padded(900), &["first_name"], ObjectKind::Contact),
            NameMatch::Normalised { to: "first_name".into() }
        );
        assert_eq!(found(&padded(1_000), &["first_name"], ObjectKind::Contact), NameMatch::Unknown);
    }

    #[test]
    fn internal_columns_are_never_sent() {
        for column in ["_airbyte_raw_id", "_AIRBYTE_META", "_ab_cdc_lsn", "_Ab_source_file_url"] {
            let mapping = [(column.to_owned(), "external_id".to_owned())];
            assert_eq!(
                resolve(column, &mapping, Aliases::On, &|_| true, &[], ObjectKind::Contact),
                NameMatch::Internal
            );
        }
        for column in ["_about", "airbyte_id", "_abé"] {
            assert_eq!(found(column, &[column], ObjectKind::Contact), NameMatch::Exact, "{column}");
        }
    }

    proptest! {
        #![proptest_config(testing::config())]

        #[test]
        fn normal_names_are_normal_and_stay_so(column in any::<String>()) {
            let name = normalise(&column);
            prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
            prop_assert_eq!(normalise(&name), name);
        }

        #[test]
        fn a_property_is_only_named_if_it_exists(column in "[a-zA-Z_. -]{0,20}", has in "[a-z_]{1,12}") {
            match found(&column, &[&has], ObjectKind::Contact) {
                NameMatch::Normalised { to } | NameMatch::Alias { to } | NameMatch::LastResort { to } => {
                    prop_assert_eq!(to, has);
                }
                NameMatch::Exact => prop_assert_eq!(column, has),
                NameMatch::Mapped { .. } => prop_assert!(false, "nothing was mapped"),
                NameMatch::Unknown | NameMatch::Internal => {}
            }
        }
    }
}
