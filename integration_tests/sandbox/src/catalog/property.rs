//! Definition of one property, as `GET /crm/v3/properties/{objectType}` describes it.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::property_seed::PropertySeed;
use crate::clock::Millis;

/// `type` of a property: how HubSpot stores the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PropertyType {
    /// Text of at most 65,536 characters.
    String,
    /// A decimal number.
    Number,
    /// A day.
    Date,
    /// An instant.
    Datetime,
    /// One or several of a fixed set of options.
    Enumeration,
    /// `true` or `false`.
    Bool,
    /// Text in the form of a telephone number; HubSpot's own properties only.
    PhoneNumber,
    /// Coordinates; HubSpot's own properties only.
    ObjectCoordinates,
    /// JSON text; HubSpot's own properties only.
    Json,
}

/// `fieldType` of a property: how a form shows it. For [`PropertyType::Enumeration`] it decides whether a value
/// may hold several options ([`FieldType::Checkbox`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are HubSpot's own and say all there is to say")]
pub enum FieldType {
    Text,
    Textarea,
    Html,
    Phonenumber,
    File,
    Number,
    Date,
    Select,
    Radio,
    Checkbox,
    Booleancheckbox,
    #[serde(rename = "calculation_equation")]
    CalculationEquation,
    #[serde(rename = "calculation_rollup")]
    CalculationRollup,
    #[serde(rename = "calculation_score")]
    CalculationScore,
    #[serde(rename = "calculation_read_time")]
    CalculationReadTime,
}

/// `dataSensitivity` of a property: the plain property list leaves out all but [`Sensitivity::NonSensitive`].
///
/// Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/properties/sensitive-data>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are HubSpot's own and say all there is to say")]
pub enum Sensitivity {
    #[default]
    NonSensitive,
    Sensitive,
    HighlySensitive,
}

/// One option of an enumeration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PropertyOption {
    /// What people see.
    pub label: String,
    /// What is stored and sent; matched exactly.
    pub value: String,
    /// Whether forms leave it out.
    #[serde(default)]
    pub hidden: bool,
    /// Position; -1 sorts last.
    #[serde(default = "last")]
    pub display_order: i32,
    /// Help text.
    #[serde(default)]
    pub description: String,
}

fn last() -> i32 {
    -1
}

/// Definition of one property. Build it with a constructor named after its type and the methods that follow.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(from = "PropertySeed")]
#[schemars(with = "PropertySeed")]
pub struct PropertyDef {
    /// Internal name, used in every request.
    pub name: String,
    /// What people see.
    pub label: String,
    /// Help text.
    pub description: String,
    /// Name of the property group.
    pub group: String,
    /// Storage type.
    pub kind: PropertyType,
    /// Form field.
    pub field: FieldType,
    /// Options of an enumeration or bool; empty otherwise.
    pub options: Vec<PropertyOption>,
    /// `hasUniqueValue`: two records cannot hold the same value, and the property can be an `idProperty`.
    pub unique: bool,
    /// `modificationMetadata.readOnlyValue`: the value cannot be written.
    pub read_only: bool,
    /// `calculated`: HubSpot computes the value. Roll-ups, scores and read-time properties report false here
    /// and are only [`PropertyDef::read_only`].
    pub calculated: bool,
    /// Hidden in HubSpot's interface.
    pub hidden: bool,
    /// Built in.
    pub built_in: bool,
    /// `externalOptions`: the options are kept elsewhere.
    pub external: bool,
    /// `referencedObjectType`: the options are other objects, `OWNER` for owners.
    pub references: Option<String>,
    /// Data sensitivity.
    pub sensitivity: Sensitivity,
    /// Position among its group; -1 sorts last.
    pub display_order: i32,
    /// Whether a form may ask for it.
    pub form_field: bool,
    /// When it was made; none for most built-in ones, which then show no dates, as HubSpot's do not.
    pub created: Option<Millis>,
    /// When its definition last changed.
    pub updated: Option<Millis>,
    /// When it was deleted, if it was.
    pub archived: Option<Millis>,
}

impl PropertyDef {
    /// A property of any type and field, writable, not unique, not built in.
    #[must_use]
    pub fn new(name: &str, kind: PropertyType, field: FieldType) -> Self {
        Self {
            name: name.to_owned(),
            label: label_of(name),
            description: String::new(),
            group: String::new(),
            kind,
            field,
            options: Vec::new(),
            unique: false,
            read_only: false,
            calculated: false,
            hidden: false,
            built_in: false,
            external: false,
            references: None,
            sensitivity: Sensitivity::NonSensitive,
            display_order: -1,
            form_field: true,
            created: None,
            updated: None,
            archived: None,
        }
    }

    /// One line of text.
    #[must_use]
    pub fn string(name: &str) -> Self {
        Self::new(name, PropertyType::String, FieldType::Text)
    }

    /// Several lines of text.
    #[must_use]
    pub fn textarea(name: &str) -> Self {
        Self::new(name, PropertyType::String, FieldType::Textarea)
    }

    /// A telephone number, which HubSpot stores as text.
    #[must_use]
    pub fn phone(name: &str) -> Self {
        Self::new(name, PropertyType::String, FieldType::Phonenumber)
    }

    /// A number.
    #[must_use]
    pub fn number(name: &str) -> Self {
        Self::new(name, PropertyType::Number, FieldType::Number)
    }

    /// A day.
    #[must_use]
    pub fn date(name: &str) -> Self {
        Self::new(name, PropertyType::Date, FieldType::Date)
    }

    /// An instant.
    #[must_use]
    pub fn datetime(name: &str) -> Self {
        Self::new(name, PropertyType::Datetime, FieldType::Date)
    }

    /// `true` or `false`; like HubSpot's, it comes with the two options.
    #[must_use]
    pub fn bool(name: &str) -> Self {
        Self::new(name, PropertyType::Bool, FieldType::Booleancheckbox).options(&["true", "false"])
    }

    /// Exactly one of `options` (a drop-down).
    #[must_use]
    pub fn select(name: &str, options: &[&str]) -> Self {
        Self::new(name, PropertyType::Enumeration, FieldType::Select).options(options)
    }

    /// Any number of `options` (check boxes), sent as `a;b;c`.
    #[must_use]
    pub fn checkboxes(name: &str, options: &[&str]) -> Self {
        Self::new(name, PropertyType::Enumeration, FieldType::Checkbox).options(options)
    }

    /// A drop-down of the account's owners.
    #[must_use]
    pub fn owner(name: &str) -> Self {
        let mut property = Self::select(name, &[]);
        property.external = true;
        property.references = Some("OWNER".to_owned());
        property
    }

    /// Gives it these option values, each with a label made from the value.
    #[must_use]
    pub fn options(mut self, values: &[&str]) -> Self {
        self.options = values
            .iter()
            .zip(0..)
            .map(|(value, display_order)| PropertyOption {
                label: label_of(value),
                value: (*value).to_owned(),
                hidden: false,
                display_order,
                description: String::new(),
            })
            .collect();
        self
    }

    /// Gives it a label.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        label.clone_into(&mut self.label);
        self
    }

    /// Puts it in a group; without one it goes to the object type's first group.
    #[must_use]
    pub fn group(mut self, group: &str) -> Self {
        group.clone_into(&mut self.group);
        self
    }

    /// Makes its values unique.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Makes its value impossible to write.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Makes it a value HubSpot computes, which cannot be written either.
    #[must_use]
    pub fn calculated(mut self) -> Self {
        self.calculated = true;
        self.read_only = true;
        self
    }

    /// Hides it in HubSpot's interface.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// Gives it a sensitivity.
    #[must_use]
    pub fn sensitivity(mut self, sensitivity: Sensitivity) -> Self {
        self.sensitivity = sensitivity;
        self
    }

    /// Marks it as built in.
    #[must_use]
    pub(crate) fn built_in(mut self) -> Self {
        self.built_in = true;
        self
    }

    /// Whether a value may hold several options.
    pub(crate) fn takes_many(&self) -> bool {
        self.kind == PropertyType::Enumeration && self.field == FieldType::Checkbox
    }

    /// Whether `value` is one of its options.
    pub(crate) fn has_option(&self, value: &str) -> bool {
        self.options.iter().any(|option| option.value == value)
    }
}

/// `first_name` and `FIRST_NAME` as people would write them: `First name`.
fn label_of(name: &str) -> String {
    let text = name.strip_prefix("hs_").unwrap_or(name).replace('_', " ").to_lowercase();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_spelled_as_hubspot_spells_them() {
        let spelled = |kind: PropertyType| serde_json::to_value(kind).unwrap();
        assert_eq!(spelled(PropertyType::PhoneNumber), "phone_number");
        assert_eq!(spelled(PropertyType::Datetime), "datetime");
        assert_eq!(serde_json::to_value(FieldType::CalculationReadTime).unwrap(), "calculation_read_time");
        assert_eq!(serde_json::to_value(Sensitivity::HighlySensitive).unwrap(), "highly_sensitive");
    }

    #[test]
    fn only_check_boxes_take_many_options() {
        assert!(PropertyDef::checkboxes("a", &["x"]).takes_many());
        assert!(!PropertyDef::select("a", &["x"]).takes_many());
        assert!(!PropertyDef::bool("a").takes_many());
    }
}
