//! What kinds of records the account has: object types, their properties and property groups.

mod custom;
mod defaults;
mod object_type;
mod pipeline;
mod property;
mod property_json;
mod property_seed;
mod registry;

pub use custom::CustomObject;
pub(crate) use defaults::{everywhere, lifecycle_position};
pub(crate) use object_type::{Family, ObjectType, PropertyGroup, Slot};
pub use pipeline::{Pipeline, Stage};
pub use property::{FieldType, PropertyDef, PropertyOption, PropertyType, Sensitivity};
pub(crate) use property_json::PropertyJson;
pub(crate) use registry::{Catalog, TypeIndex};
