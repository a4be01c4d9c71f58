//! Deals.

use super::{assemble, equation, read_time, rollup};
use crate::catalog::object_type::{Family, ObjectType};
use crate::catalog::pipeline::{Pipeline, Stage};
use crate::catalog::property::{FieldType, PropertyDef, PropertyType};

/// The deal type, `0-3`. A new one needs a name, a stage and a pipeline.
pub(super) fn object_type() -> ObjectType {
    let mut kind = ObjectType::built_in("0-3", "DEAL", "deals", Family::Deal);
    kind.required_on_create =
        ["dealname", "dealstage", "pipeline"].map(|name| vec![name.to_owned()]).to_vec();
    kind.primary_display = "dealname".to_owned();
    kind.secondary_display = vec!["dealstage".to_owned()];
    kind.searchable = vec!["dealname".to_owned()];
    let mut kind = assemble(kind, properties());
    kind.change_pipelines(|pipelines| pipelines.push(sales()));
    kind
}

/// The pipeline that every account has.
fn sales() -> Pipeline {
    let stages = [
        ("appointmentscheduled", "Appointment Scheduled", "0.2"),
        ("qualifiedtobuy", "Qualified To Buy", "0.4"),
        ("presentationscheduled", "Presentation Scheduled", "0.6"),
        ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
        ("contractsent", "Contract Sent", "0.9"),
        ("closedwon", "Closed Won", "1.0"),
        ("closedlost", "Closed Lost", "0.0"),
    ];
    stages.into_iter().fold(
        Pipeline::new("default", "Sales Pipeline"),
        |pipeline, (id, label, probability)| {
            pipeline.stage(Stage::new(id, label).metadata("probability", probability))
        },
    )
}

fn properties() -> Vec<PropertyDef> {
    vec![
        PropertyDef::string("dealname").label("Deal Name"),
        PropertyDef::new("dealstage", PropertyType::Enumeration, FieldType::Radio).label("Deal Stage"),
        PropertyDef::select("pipeline", &[]),
        PropertyDef::select("dealtype", &["newbusiness", "existingbusiness"]).label("Deal Type"),
        PropertyDef::number("amount"),
        PropertyDef::datetime("closedate").label("Close Date"),
        PropertyDef::textarea("description").label("Deal Description"),
        PropertyDef::textarea("closed_lost_reason"),
        PropertyDef::textarea("closed_won_reason"),
        PropertyDef::string("hs_next_step").label("Next step"),
        PropertyDef::select("hs_priority", &["low", "medium", "high"]).label("Priority"),
        PropertyDef::checkboxes("hs_tag_ids", &[]).label("Deal Tags"),
        PropertyDef::select("deal_currency_code", &["USD", "EUR", "GBP"]).label("Currency"),
        PropertyDef::select(
            "hs_manual_forecast_category",
            &["OMIT", "PIPELINE", "BEST_CASE", "MOST_LIKELY", "COMMIT", "CLOSED"],
        ),
        PropertyDef::number("hs_forecast_probability"),
        PropertyDef::number("hs_arr").label("Annual recurring revenue"),
        PropertyDef::number("hs_mrr").label("Monthly recurring revenue"),
        PropertyDef::number("hs_acv").label("Annual contract value"),
        PropertyDef::number("hs_tcv").label("Total contract value"),
        PropertyDef::number("hs_exchange_rate").read_only(),
        equation("amount_in_home_currency", PropertyType::Number),
        equation("hs_projected_amount", PropertyType::Number),
        equation("hs_closed_amount", PropertyType::Number),
        read_time("hs_is_closed", PropertyType::Bool).options(&["true", "false"]),
        read_time("hs_is_closed_won", PropertyType::Bool).options(&["true", "false"]),
        PropertyDef::number("days_to_close").calculated(),
        PropertyDef::number("hs_deal_stage_probability").read_only(),
        PropertyDef::number("num_notes").read_only(),
        rollup("num_associated_contacts", PropertyType::Number),
        rollup("hs_num_of_associated_line_items", PropertyType::Number),
        read_time("hs_v2_date_entered_current_stage", PropertyType::Datetime).hidden(),
        read_time("hs_v2_time_in_current_stage", PropertyType::Number).hidden(),
        PropertyDef::string("hs_analytics_source").label("Original Source Type").read_only(),
    ]
}
