//! The values HubSpot fills in, and which properties an answer shows although nobody asked for them.
//!
//! The lists follow recorded answers of batch/create, batch/update, batch/upsert and search.

use std::borrow::Cow;

use super::record::Record;
use crate::catalog::{Family, ObjectType};

/// Id of the app that HubSpot names as the source of records made through the API.
const APP_ID: &str = "1149586";

/// What an answer shows without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// In the answer to a write that made the record.
    Created,
    /// In the answer to a write to an existing record.
    Updated,
    /// In the answer to a read that names no properties.
    Read,
    /// In the answer to a read that names properties.
    Always,
}

const STAMPS: &[&str] = &["hs_object_id"];
const WRITTEN: &[&str] =
    &["hs_object_id", "hs_object_source", "hs_object_source_id", "hs_object_source_label"];

/// Names of the properties shown besides those sent or asked for; the two stamps of creation and change come on
/// top of these for every type.
pub(crate) fn shown(family: Family, when: Shown) -> &'static [&'static [&'static str]] {
    match (family, when) {
        (_, Shown::Always) => &[STAMPS],
        (Family::Contact, Shown::Read) => &[STAMPS, &["email", "firstname", "lastname"]],
        (Family::Company, Shown::Read) => &[STAMPS, &["domain", "name"]],
        (Family::Deal, Shown::Read) => {
            &[STAMPS, &["amount", "closedate", "dealname", "dealstage", "pipeline"]]
        }
        (Family::Ticket, Shown::Read) => &[
            STAMPS,
            &[
                "content",
                "hs_pipeline",
                "hs_pipeline_stage",
                "hs_ticket_category",
                "hs_ticket_priority",
                "subject",
            ],
        ],
        (Family::Catalogue, Shown::Read) => &[STAMPS, &["description", "name", "price"]],
        (Family::Contact, Shown::Updated) => &[WRITTEN, LIFECYCLE, CONTACT],
        (Family::Contact, Shown::Created) => &[WRITTEN, LIFECYCLE, CONTACT, NEW_CONTACT],
        (Family::Company, Shown::Updated) => &[WRITTEN, LIFECYCLE, &["hs_task_label"]],
        (Family::Company, Shown::Created) => {
            &[WRITTEN, LIFECYCLE, &["hs_task_label", "website"], NEW_COMPANY]
        }
        (Family::Deal | Family::Ticket, Shown::Updated | Shown::Created) => &[WRITTEN, STAGE],
        (Family::Catalogue, Shown::Updated | Shown::Created) => &[WRITTEN],
        (Family::Other, _) => &[STAMPS],
    }
}

const STAGE: &[&str] = &["hs_v2_date_entered_current_stage", "hs_v2_time_in_current_stage"];
const LIFECYCLE: &[&str] =
    &["hs_pipeline", "hs_v2_date_entered_current_stage", "hs_v2_time_in_current_stage", "lifecyclestage"];
const CONTACT: &[&str] =
    &["email", "hs_email_domain", "hs_full_name_or_email", "hs_is_contact", "hs_is_unworked"];
const NEW_CONTACT: &[&str] = &[
    "hs_all_contact_vids",
    "hs_associated_target_accounts",
    "hs_currently_enrolled_in_prospecting_agent",
    "hs_lifecyclestage_lead_date",
    "hs_marketable_status",
    "hs_marketable_until_renewal",
    "hs_membership_has_accessed_private_content",
    "hs_num_active_contracts",
    "hs_num_associated_open_deals",
    "hs_prospecting_agent_actively_enrolled_count",
    "hs_prospecting_agent_total_enrolled_count",
    "hs_registered_member",
    "hs_sequences_actively_enrolled_count",
    "num_notes",
];
const NEW_COMPANY: &[&str] = &[
    "hs_annual_revenue_currency_code",
    "hs_num_active_contracts",
    "hs_num_blockers",
    "hs_num_child_companies",
    "hs_num_contacts_with_buying_roles",
    "hs_num_decision_makers",
    "hs_num_open_deals",
    "num_associated_contacts",
    "num_notes",
];

/// The value of a property that HubSpot fills in, none if it does not fill in that one. `created` and `updated`
/// are the record's stamps as text, which the caller has at hand.
pub(crate) fn computed<'a>(
    kind: &'a ObjectType,
    record: &'a Record,
    name: &str,
    created: &'a str,
    updated: &'a str,
) -> Option<Cow<'a, str>> {
    if name == kind.family.created_property() {
        return Some(Cow::Borrowed(created));
    }
    if name == kind.family.modified_property() {
        return Some(Cow::Borrowed(updated));
    }
    let stored = |name: &str| kind.property(name).and_then(|(slot, _)| record.value(slot));
    let text = match (kind.family, name) {
        (_, "hs_object_id") | (Family::Contact, "hs_all_contact_vids") => {
            return Some(Cow::Owned(record.id.to_string()));
        }
        (_, "hs_object_source" | "hs_object_source_label") => "INTEGRATION",
        (_, "hs_object_source_id") => APP_ID,
        (Family::Other | Family::Catalogue, _) => return None,
        (_, "hs_v2_date_entered_current_stage" | "hs_v2_time_in_current_stage") => created,
        (Family::Contact, "hs_pipeline") => "contacts-lifecycle-pipeline",
        (Family::Company, "hs_pipeline") => "companies-lifecycle-pipeline",
        (Family::Contact, "hs_full_name_or_email") => return full_name(&stored),
        (Family::Contact, "hs_email_domain") => stored("email")?.split_once('@')?.1,
        (Family::Contact, "hs_lifecyclestage_lead_date") => {
            return Some(Cow::Owned(record.created.0.to_string()));
        }
        (Family::Contact, "hs_is_contact" | "hs_is_unworked") => "true",
        (
            Family::Contact,
            "hs_currently_enrolled_in_prospecting_agent"
            | "hs_marketable_status"
            | "hs_marketable_until_renewal",
        ) => "false",
        (Family::Company, "hs_task_label") => stored("name").or_else(|| stored("domain"))?,
        (Family::Company, "hs_annual_revenue_currency_code") => "USD",
        (Family::Contact, name) if NEW_CONTACT.contains(&name) => "0",
        (Family::Company, name) if NEW_COMPANY.contains(&name) => "0",
        _ => return None,
    };
    Some(Cow::Borrowed(text))
}

/// First and last name, or the address when there is no name.
fn full_name<'a>(stored: &impl Fn(&str) -> Option<&'a str>) -> Option<Cow<'a, str>> {
    match (stored("firstname"), stored("lastname")) {
        (Some(first), Some(last)) => Some(Cow::Owned(format!("{first} {last}"))),
        (Some(name), None) | (None, Some(name)) => Some(Cow::Borrowed(name)),
        (None, None) => stored("email").map(Cow::Borrowed),
    }
}
