//! The account of the demo: what the sample data needs beyond HubSpot's own properties.

use hubspot_sandbox::{Builder, CustomObject, PropertyDef, Sandbox};

/// An account with unique warehouse ids on companies and deals, and a custom object for cars.
pub(crate) fn builder() -> Builder {
    let car = CustomObject::new("cars")
        .labels("Car", "Cars")
        .property(PropertyDef::string("vin").label("VIN").unique())
        .property(PropertyDef::string("model"))
        .property(PropertyDef::number("year"))
        .property(PropertyDef::bool("electric"))
        .required("vin");
    Sandbox::builder()
        .seed(1)
        .property("companies", PropertyDef::string("warehouse_id").label("Warehouse ID").unique())
        .property("deals", PropertyDef::string("warehouse_id").label("Warehouse ID").unique())
        .custom_object(car)
}
