//! Tickets.

use super::{assemble, read_time, rollup};
use crate::catalog::object_type::{Family, ObjectType};
use crate::catalog::pipeline::{Pipeline, Stage};
use crate::catalog::property::{PropertyDef, PropertyType};

/// The ticket type, `0-5`. A new one needs a subject, a stage and a pipeline.
pub(super) fn object_type() -> ObjectType {
    let mut kind = ObjectType::built_in("0-5", "TICKET", "tickets", Family::Ticket);
    kind.required_on_create =
        ["subject", "hs_pipeline_stage", "hs_pipeline"].map(|name| vec![name.to_owned()]).to_vec();
    kind.primary_display = "subject".to_owned();
    kind.secondary_display = vec!["hs_pipeline_stage".to_owned()];
    kind.searchable = ["subject", "content"].map(str::to_owned).to_vec();
    let mut kind = assemble(kind, properties());
    kind.change_pipelines(|pipelines| pipelines.push(support()));
    kind
}

/// The pipeline that every account has.
fn support() -> Pipeline {
    let stages = [
        ("1", "New", "OPEN"),
        ("2", "Waiting on contact", "OPEN"),
        ("3", "Waiting on us", "OPEN"),
        ("4", "Closed", "CLOSED"),
    ];
    stages.into_iter().fold(Pipeline::new("0", "Support Pipeline"), |pipeline, (id, label, state)| {
        pipeline.stage(Stage::new(id, label).metadata("ticketState", state))
    })
}

fn properties() -> Vec<PropertyDef> {
    vec![
        PropertyDef::string("subject").label("Ticket name"),
        PropertyDef::textarea("content").label("Ticket description"),
        PropertyDef::select("hs_pipeline", &[]).label("Pipeline"),
        PropertyDef::select("hs_pipeline_stage", &[]).label("Ticket status"),
        PropertyDef::select("hs_ticket_priority", &["LOW", "MEDIUM", "HIGH", "URGENT"]).label("Priority"),
        PropertyDef::checkboxes(
            "hs_ticket_category",
            &["PRODUCT_ISSUE", "BILLING_ISSUE", "FEATURE_REQUEST", "GENERAL_INQUIRY"],
        )
        .label("Category"),
        PropertyDef::select("source_type", &["CHAT", "EMAIL", "FORM", "PHONE"]).label("Source"),
        PropertyDef::textarea("hs_resolution").label("Resolution"),
        PropertyDef::string("source_thread_id").read_only().hidden(),
        PropertyDef::string("hs_external_object_ids").label("External object ids").unique().hidden(),
        PropertyDef::datetime("closed_date").label("Close date").read_only(),
        PropertyDef::datetime("first_agent_reply_date").read_only(),
        PropertyDef::number("time_to_close").read_only(),
        PropertyDef::number("time_to_first_agent_reply").read_only(),
        PropertyDef::number("num_notes").read_only(),
        rollup("hs_num_associated_companies", PropertyType::Number),
        rollup("num_contacted_notes", PropertyType::Number),
        read_time("hs_is_visible_in_help_desk", PropertyType::Bool).options(&["true", "false"]).hidden(),
        read_time("hs_v2_date_entered_current_stage", PropertyType::Datetime).hidden(),
        read_time("hs_v2_time_in_current_stage", PropertyType::Number).hidden(),
    ]
}
