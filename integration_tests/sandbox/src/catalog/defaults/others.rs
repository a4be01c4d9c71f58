//! The remaining built-in types, with the properties a write to them needs.

use super::assemble;
use crate::catalog::object_type::{Family, ObjectType};
use crate::catalog::property::PropertyDef;

/// Engagements, quotes, orders and other types a destination meets less often.
pub(super) fn object_types() -> Vec<ObjectType> {
    let stamped = || PropertyDef::datetime("hs_timestamp").label("Activity date");
    vec![
        of(
            "0-14",
            "QUOTE",
            "quotes",
            &["hs_title", "hs_expiration_date"],
            vec![
                PropertyDef::string("hs_title"),
                PropertyDef::date("hs_expiration_date"),
                PropertyDef::select(
                    "hs_status",
                    &["DRAFT", "APPROVAL_NOT_NEEDED", "PENDING_APPROVAL", "APPROVED"],
                ),
            ],
        ),
        of(
            "0-18",
            "COMMUNICATION",
            "communications",
            &["hs_timestamp", "hs_communication_channel_type"],
            vec![
                stamped(),
                PropertyDef::select(
                    "hs_communication_channel_type",
                    &["SMS", "LINKEDIN_MESSAGE", "WHATS_APP"],
                ),
                PropertyDef::textarea("hs_communication_body"),
            ],
        ),
        of(
            "0-27",
            "TASK",
            "tasks",
            &["hs_timestamp"],
            vec![
                stamped(),
                PropertyDef::string("hs_task_subject"),
                PropertyDef::textarea("hs_task_body"),
                PropertyDef::select(
                    "hs_task_status",
                    &["NOT_STARTED", "IN_PROGRESS", "WAITING", "COMPLETED"],
                ),
                PropertyDef::select("hs_task_priority", &["NONE", "LOW", "MEDIUM", "HIGH"]),
            ],
        ),
        of(
            "0-46",
            "NOTE",
            "notes",
            &["hs_timestamp"],
            vec![stamped(), PropertyDef::textarea("hs_note_body")],
        ),
        of(
            "0-47",
            "MEETING",
            "meetings",
            &["hs_timestamp"],
            vec![
                stamped(),
                PropertyDef::string("hs_meeting_title"),
                PropertyDef::textarea("hs_meeting_body"),
                PropertyDef::datetime("hs_meeting_start_time"),
                PropertyDef::datetime("hs_meeting_end_time"),
            ],
        ),
        of(
            "0-48",
            "CALL",
            "calls",
            &["hs_timestamp"],
            vec![
                stamped(),
                PropertyDef::string("hs_call_title"),
                PropertyDef::textarea("hs_call_body"),
                PropertyDef::number("hs_call_duration"),
                PropertyDef::select("hs_call_direction", &["INBOUND", "OUTBOUND"]),
            ],
        ),
        of(
            "0-49",
            "EMAIL",
            "emails",
            &["hs_timestamp", "hs_email_direction"],
            vec![
                stamped(),
                PropertyDef::string("hs_email_subject"),
                PropertyDef::textarea("hs_email_text"),
                PropertyDef::select("hs_email_direction", &["EMAIL", "INCOMING_EMAIL", "FORWARDED_EMAIL"]),
            ],
        ),
        of(
            "0-53",
            "INVOICE",
            "invoices",
            &["hs_currency"],
            vec![
                PropertyDef::select("hs_currency", &["USD", "EUR", "GBP"]),
                PropertyDef::date("hs_due_date"),
            ],
        ),
        of("0-69", "SUBSCRIPTION", "subscriptions", &[], vec![PropertyDef::string("hs_name")]),
        of("0-115", "USER", "users", &[], vec![PropertyDef::string("hs_job_title")]),
        of(
            "0-123",
            "ORDER",
            "orders",
            &["hs_order_name"],
            vec![
                PropertyDef::string("hs_order_name"),
                PropertyDef::number("hs_total_price"),
                PropertyDef::select("hs_currency_code", &["USD", "EUR", "GBP"]),
                PropertyDef::string("hs_external_order_id"),
            ],
        ),
        of(
            "0-136",
            "LEAD",
            "leads",
            &["hs_lead_name"],
            vec![
                PropertyDef::string("hs_lead_name"),
                PropertyDef::select("hs_lead_type", &["NEW_BUSINESS", "RE_ATTEMPTING", "UPSELL"]),
            ],
        ),
        of("0-142", "CART", "carts", &[], vec![PropertyDef::string("hs_cart_name")]),
        of("0-162", "SERVICE", "services", &["hs_name"], vec![PropertyDef::string("hs_name")]),
        of("0-410", "COURSE", "courses", &["hs_course_name"], vec![PropertyDef::string("hs_course_name")]),
        of("0-420", "LISTING", "listings", &["hs_name"], vec![PropertyDef::string("hs_name")]),
        of(
            "0-421",
            "APPOINTMENT",
            "appointments",
            &["hs_appointment_name"],
            vec![PropertyDef::string("hs_appointment_name"), PropertyDef::datetime("hs_appointment_start")],
        ),
        of("0-970", "PROJECT", "projects", &["hs_name"], vec![PropertyDef::string("hs_name")]),
    ]
}

fn of(id: &str, name: &str, plural: &str, required: &[&str], properties: Vec<PropertyDef>) -> ObjectType {
    let mut kind = ObjectType::built_in(id, name, plural, Family::Other);
    kind.required_on_create = required.iter().map(|property| vec![(*property).to_owned()]).collect();
    if let Some(first) = properties.first() {
        kind.primary_display.clone_from(&first.name);
    }
    assemble(kind, properties)
}
