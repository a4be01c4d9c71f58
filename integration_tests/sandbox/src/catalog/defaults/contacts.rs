//! Contacts.

use super::{assemble, equation, lifecycle_stage, read_time, rollup};
use crate::catalog::object_type::{Family, ObjectType, PropertyGroup};
use crate::catalog::property::{FieldType, PropertyDef, PropertyType};

/// The contact type, `0-1`.
pub(super) fn object_type() -> ObjectType {
    let mut kind = ObjectType::built_in("0-1", "CONTACT", "contacts", Family::Contact);
    for (name, label) in [
        ("contact_activity", "Contact activity"),
        ("conversioninformation", "Conversion information"),
        ("emailinformation", "Email information"),
        ("sales_properties", "Sales properties"),
        ("deal_information", "Deal information"),
    ] {
        let display_order = i32::try_from(kind.groups.len()).unwrap_or(0);
        kind.groups.push(PropertyGroup { name: name.to_owned(), label: label.to_owned(), display_order });
    }
    kind.primary_display = "firstname".to_owned();
    kind.secondary_display = ["lastname", "email", "phone"].map(str::to_owned).to_vec();
    kind.searchable = ["firstname", "lastname", "email", "hs_additional_emails", "phone", "company"]
        .map(str::to_owned)
        .to_vec();
    let mut properties = people();
    properties.extend(computed());
    assemble(kind, properties)
}

/// What people write.
fn people() -> Vec<PropertyDef> {
    vec![
        PropertyDef::string("email").label("Email"),
        PropertyDef::string("work_email"),
        PropertyDef::string("firstname").label("First Name"),
        PropertyDef::string("lastname").label("Last Name"),
        PropertyDef::string("salutation"),
        PropertyDef::string("jobtitle").label("Job Title"),
        PropertyDef::string("company").label("Company Name"),
        PropertyDef::string("website").label("Website URL"),
        PropertyDef::phone("phone").label("Phone Number"),
        PropertyDef::phone("mobilephone").label("Mobile Phone Number"),
        PropertyDef::phone("fax").label("Fax Number"),
        PropertyDef::string("address").label("Street Address"),
        PropertyDef::string("city"),
        PropertyDef::string("state").label("State/Region"),
        PropertyDef::string("zip").label("Postal Code"),
        PropertyDef::string("country").label("Country/Region"),
        PropertyDef::string("hs_country_region_code").label("Country/Region Code"),
        PropertyDef::string("industry"),
        PropertyDef::string("date_of_birth").label("Date of birth"),
        PropertyDef::string("gender"),
        PropertyDef::string("degree"),
        PropertyDef::string("field_of_study"),
        PropertyDef::string("school"),
        PropertyDef::string("company_size"),
        PropertyDef::string("hs_language").label("Preferred language"),
        PropertyDef::string("twitterhandle").label("Twitter Username"),
        PropertyDef::string("hs_linkedin_url").label("LinkedIn URL"),
        PropertyDef::number("numemployees").label("Number of Employees"),
        PropertyDef::number("annualrevenue").label("Annual Revenue"),
        PropertyDef::number("followercount").label("Follower Count"),
        PropertyDef::number("linkedinconnections").label("LinkedIn Connections"),
        PropertyDef::textarea("message"),
        PropertyDef::datetime("closedate").label("Close Date").group("deal_information"),
        lifecycle_stage(),
        PropertyDef::new("hs_lead_status", PropertyType::Enumeration, FieldType::Radio)
            .label("Lead Status")
            .group("sales_properties")
            .options(&[
                "NEW",
                "OPEN",
                "IN_PROGRESS",
                "OPEN_DEAL",
                "UNQUALIFIED",
                "ATTEMPTED_TO_CONTACT",
                "CONNECTED",
                "BAD_TIMING",
            ]),
        PropertyDef::select("hs_persona", &["persona_1", "persona_2"]),
        PropertyDef::checkboxes(
            "hs_buying_role",
            &[
                "BLOCKER",
                "BUDGET_HOLDER",
                "CHAMPION",
                "DECISION_MAKER",
                "END_USER",
                "EXECUTIVE_SPONSOR",
                "INFLUENCER",
                "LEGAL_AND_COMPLIANCE",
                "OTHER",
            ],
        )
        .label("Buying Role")
        .group("deal_information"),
        PropertyDef::checkboxes(
            "hs_legal_basis",
            &[
                "Legitimate interest – prospect/lead",
                "Legitimate interest – existing customer",
                "Legitimate interest - other",
                "Performance of a contract",
                "Freely given consent from contact",
                "Not applicable",
            ],
        )
        .label("Legal basis for processing contact's data")
        .group("emailinformation"),
        PropertyDef::select(
            "hs_timezone",
            &["us_slash_eastern", "us_slash_pacific", "europe_slash_berlin", "utc"],
        )
        .label("Time Zone"),
        PropertyDef::bool("hs_facebook_ad_clicked").group("conversioninformation"),
        PropertyDef::bool("hs_feedback_show_nps_web_survey").group("contact_activity"),
        PropertyDef::select("hs_content_membership_status", &["active", "inactive"])
            .group("contact_activity"),
        PropertyDef::textarea("hs_content_membership_notes").group("contact_activity"),
        PropertyDef::select("hs_pipeline", &["contacts-lifecycle-pipeline"]).label("Pipeline").hidden(),
    ]
}

/// What HubSpot fills in.
fn computed() -> Vec<PropertyDef> {
    vec![
        PropertyDef::select("hs_additional_emails", &[])
            .label("Additional email addresses")
            .calculated()
            .hidden(),
        PropertyDef::select("hs_all_contact_vids", &[]).calculated().hidden(),
        PropertyDef::string("hs_email_domain").label("Email Domain").read_only(),
        PropertyDef::string("hs_full_name_or_email").label("Full name or email").calculated().hidden(),
        PropertyDef::string("hs_calculated_phone_number").calculated().hidden(),
        PropertyDef::new(
            "hs_searchable_calculated_phone_number",
            PropertyType::PhoneNumber,
            FieldType::Phonenumber,
        )
        .calculated()
        .hidden(),
        read_time("hs_is_contact", PropertyType::Bool).options(&["true", "false"]).calculated(),
        equation("hs_is_unworked", PropertyType::Bool).options(&["true", "false"]).group("sales_properties"),
        PropertyDef::select("hs_marketable_status", &["true", "false"])
            .label("Marketing contact status")
            .read_only(),
        PropertyDef::select("hs_marketable_until_renewal", &["true", "false"]).read_only(),
        PropertyDef::bool("hs_email_bad_address").group("emailinformation").read_only(),
        PropertyDef::bool("hs_currently_enrolled_in_prospecting_agent").read_only().hidden(),
        PropertyDef::new("hubspotscore", PropertyType::Number, FieldType::CalculationScore)
            .label("HubSpot Score")
            .read_only(),
        PropertyDef::number("days_to_close").label("Days To Close").group("deal_information").calculated(),
        PropertyDef::number("num_notes")
            .label("Number of Sales Activities")
            .group("sales_properties")
            .read_only(),
        rollup("num_associated_deals", PropertyType::Number).group("deal_information"),
        rollup("hs_num_associated_open_deals", PropertyType::Number).group("deal_information"),
        rollup("hs_num_active_contracts", PropertyType::Number).hidden(),
        rollup("hs_associated_target_accounts", PropertyType::Number).hidden(),
        rollup("hs_first_subscription_create_date", PropertyType::Datetime).hidden(),
        read_time("hs_lifecyclestage_lead_date", PropertyType::Datetime).label("Became a lead date"),
        read_time("hs_date_entered_customer", PropertyType::Datetime),
        read_time("hs_time_in_lead", PropertyType::Number),
        read_time("hs_v2_date_entered_current_stage", PropertyType::Datetime).hidden(),
        read_time("hs_v2_time_in_current_stage", PropertyType::Number).hidden(),
        PropertyDef::number("hs_membership_has_accessed_private_content").read_only().hidden(),
        PropertyDef::number("hs_registered_member").read_only().hidden(),
        PropertyDef::number("hs_sequences_actively_enrolled_count").read_only().hidden(),
        PropertyDef::number("hs_prospecting_agent_actively_enrolled_count").read_only().hidden(),
        PropertyDef::number("hs_prospecting_agent_total_enrolled_count").read_only().hidden(),
        PropertyDef::string("hs_analytics_source").label("Original Source").read_only(),
        PropertyDef::datetime("first_conversion_date").group("conversioninformation").calculated(),
        PropertyDef::datetime("notes_last_contacted").group("sales_properties").read_only(),
        PropertyDef::string("associatedcompanyid").label("Primary Associated Company ID"),
    ]
}
