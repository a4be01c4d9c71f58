//! A property definition of an object type: what HubSpot says may be written there, and how.

use serde::Deserialize;

/// One property as `GET /crm/v3/properties/{objectType}` describes it.
///
/// Fields that HubSpot may leave out have the value that is safe for writing.
/// Source: HubSpot's properties API reference (`Property`).
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Property {
    /// Internal name, the one that is sent.
    pub name: String,
    /// Name shown to people.
    #[serde(default)]
    pub label: String,
    /// Kind of value.
    #[serde(default, rename = "type")]
    pub kind: PropertyType,
    /// How HubSpot shows the field; `checkbox` on an enumeration means many values.
    #[serde(default)]
    pub field_type: String,
    /// The group the property is shown in.
    #[serde(default)]
    pub group_name: String,
    /// Values of an enumeration; empty for other kinds and for owner properties.
    #[serde(default)]
    pub options: Vec<PropertyOption>,
    /// Options live elsewhere, for example among the account's owners.
    #[serde(default)]
    pub external_options: bool,
    /// `OWNER` for properties that hold an owner id.
    #[serde(default)]
    pub referenced_object_type: Option<String>,
    /// HubSpot refuses a second record with the same value: the property can be a matching key.
    #[serde(default)]
    pub has_unique_value: bool,
    /// Computed by a formula; cannot be written.
    #[serde(default)]
    pub calculated: bool,
    /// HubSpot made it, and gives it its meaning.
    #[serde(default)]
    pub hubspot_defined: bool,
    /// What may be changed; roll-up and score properties say `readOnlyValue` only here.
    #[serde(default)]
    pub modification_metadata: ModificationMetadata,
}

/// One choice of an enumeration property.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct PropertyOption {
    /// Text shown to people.
    pub label: String,
    /// Internal value, the one that is sent.
    pub value: String,
    /// Not offered in forms; still a valid value.
    pub hidden: bool,
}

/// Which parts of a property may be changed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct ModificationMetadata {
    /// The value cannot be set through the API.
    pub read_only_value: bool,
}

/// Kind of value a property holds (`type` in HubSpot's definition).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PropertyType {
    /// Text up to 65,536 characters.
    String,
    /// Digits with at most one decimal point.
    Number,
    /// A day, without a time.
    Date,
    /// An instant.
    Datetime,
    /// One of the options, or several.
    Enumeration,
    /// `true` or `false`.
    Bool,
    /// A telephone number, written as text.
    PhoneNumber,
    /// A reference to another record, which HubSpot keeps for itself.
    ObjectCoordinates,
    /// Structured text, which HubSpot keeps for itself.
    Json,
    /// A kind this version does not know: sent as text.
    #[default]
    #[serde(other)]
    Other,
}

impl Property {
    /// A property of which nothing is known but its name and kind.
    #[must_use]
    pub fn new(name: &str, kind: PropertyType) -> Self {
        Self {
            name: name.to_owned(),
            label: String::new(),
            kind,
            field_type: String::new(),
            group_name: String::new(),
            options: Vec::new(),
            external_options: false,
            referenced_object_type: None,
            has_unique_value: false,
            calculated: false,
            hubspot_defined: false,
            modification_metadata: ModificationMetadata::default(),
        }
    }

    /// Whether a value sent for this property can have an effect.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        !self.calculated && !self.modification_metadata.read_only_value
    }

    /// Whether people are offered to write the property: values of some kinds cannot be written whatever the definition
    /// says (HubSpot's properties guide, "object_coordinates" and "json").
    #[must_use]
    pub fn is_offered(&self) -> bool {
        self.is_writable() && !matches!(self.kind, PropertyType::ObjectCoordinates | PropertyType::Json)
    }

    /// Whether the property holds several options at once (`a;b;c`).
    #[must_use]
    pub fn is_multiple(&self) -> bool {
        self.kind == PropertyType::Enumeration && self.field_type == "checkbox"
    }

    /// Whether the property holds the id of an owner (a HubSpot user).
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.external_options && self.referenced_object_type.as_deref() == Some("OWNER")
    }
}
