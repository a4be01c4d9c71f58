//! What kinds of records the account has: object types, their properties and property groups.

mod custom;
mod defaults;
mod object_type;
mod property;
mod property_json;
mod registry;

pub use custom::CustomObject;
pub(crate) use defaults::lifecycle_position;
pub use object_type::UniqueValues;
pub(crate) use object_type::{Family, ObjectType, PropertyGroup, Slot};
pub use property::{FieldType, PropertyDef, PropertyOption, PropertyType, Sensitivity};
pub(crate) use property_json::PropertyJson;
pub(crate) use registry::{Catalog, TypeIndex};
