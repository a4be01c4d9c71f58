//! Products and line items.

use super::{assemble, equation};
use crate::catalog::object_type::{Family, ObjectType};
use crate::catalog::property::{PropertyDef, PropertyType};

/// The product type, `0-7`. HubSpot's table asks for more than a name; that the API enforces the rest was never
/// shown, so only the name is demanded here.
pub(super) fn products() -> ObjectType {
    let mut kind = ObjectType::built_in("0-7", "PRODUCT", "products", Family::Catalogue);
    kind.required_on_create = vec![vec!["name".to_owned()]];
    kind.primary_display = "name".to_owned();
    kind.secondary_display = vec!["price".to_owned()];
    kind.searchable = ["name", "hs_sku", "description"].map(str::to_owned).to_vec();
    let mut properties = shared();
    properties.extend([
        PropertyDef::string("hs_sku").label("SKU").unique(),
        PropertyDef::string("hs_folder").label("Folder"),
        PropertyDef::string("hs_folder_name").read_only(),
        PropertyDef::select("hs_product_type", &["inventory", "non_inventory", "service"])
            .label("Product type"),
        PropertyDef::select("hs_status", &["active", "inactive"]).label("Status"),
        PropertyDef::checkboxes("hs_product_classification", &["standalone", "bundle"]),
        PropertyDef::string("hs_images").label("Image URL"),
        PropertyDef::number("hs_avatar_filemanager_key").read_only().hidden(),
    ]);
    assemble(kind, properties)
}

/// The line item type, `0-8`. A new one needs nothing.
pub(super) fn line_items() -> ObjectType {
    let mut kind = ObjectType::built_in("0-8", "LINE_ITEM", "line_items", Family::Catalogue);
    kind.primary_display = "name".to_owned();
    kind.secondary_display = vec!["quantity".to_owned()];
    kind.searchable = vec!["name".to_owned()];
    let mut properties = shared();
    properties.extend([
        PropertyDef::string("hs_external_id").label("External ID").unique(),
        PropertyDef::string("hs_sku").label("SKU"),
        PropertyDef::number("quantity"),
        PropertyDef::number("discount").label("Unit discount"),
        PropertyDef::number("hs_discount_percentage").label("Discount percentage"),
        PropertyDef::number("hs_product_id").label("Product ID"),
        PropertyDef::number("hs_position_on_quote").label("Position"),
        PropertyDef::date("hs_recurring_billing_start_date"),
        PropertyDef::date("hs_recurring_billing_end_date").read_only(),
        PropertyDef::select("hs_line_item_currency_code", &["USD", "EUR", "GBP"]).label("Currency"),
        equation("amount", PropertyType::Number).label("Net price"),
        equation("hs_pre_discount_amount", PropertyType::Number),
        equation("hs_total_discount", PropertyType::Number),
    ]);
    assemble(kind, properties)
}

/// What both have.
fn shared() -> Vec<PropertyDef> {
    vec![
        PropertyDef::string("name"),
        PropertyDef::textarea("description").label("Product description"),
        PropertyDef::number("price").label("Unit price"),
        PropertyDef::number("tax"),
        PropertyDef::number("hs_cost_of_goods_sold").label("Unit cost"),
        PropertyDef::string("hs_url").label("URL"),
        PropertyDef::string("hs_recurring_billing_period").label("Term"),
        PropertyDef::select(
            "recurringbillingfrequency",
            &["weekly", "biweekly", "monthly", "quarterly", "per_six_months", "annually", "per_two_years"],
        )
        .label("Billing frequency"),
    ]
}
