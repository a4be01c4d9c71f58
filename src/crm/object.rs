//! Object types: HubSpot's own and the account's custom ones, and the names they go by.

use serde::Deserialize;

use super::property::Property;

/// An object type, as it is addressed and named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectType {
    /// What stands in a path: a name HubSpot documents for paths, else the type id.
    pub path: String,
    /// Type id such as `0-1` or `2-3465404`.
    pub type_id: String,
    /// Name in the destination catalog: `CONTACT`, or the name of the custom object's schema.
    pub name: String,
}

impl ObjectType {
    /// Whether this is the contact object, whose `email` is a matching key without being marked unique.
    #[must_use]
    pub fn is_contact(&self) -> bool {
        self.type_id == "0-1"
    }

    /// Whether this is the company object, whose `domain` people match by.
    #[must_use]
    pub fn is_company(&self) -> bool {
        self.type_id == "0-2"
    }

    /// Whether the account made this object itself.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.type_id.starts_with("2-")
    }

    /// The scope that lets a token make properties of this object.
    ///
    /// Source: the security sections of HubSpot's OpenAPI file for properties.
    #[must_use]
    pub fn schema_write_scope(&self) -> String {
        match self.type_id.as_str() {
            "0-5" => "tickets".to_owned(),
            "0-7" | "0-8" => "e-commerce".to_owned(),
            _ if self.is_custom() => "crm.schemas.custom.write".to_owned(),
            id => {
                let row = STANDARD.iter().find(|row| row.0 == id);
                format!("crm.schemas.{}.write", row.map_or("custom", |row| row.2))
            }
        }
    }

    /// A standard object by type id.
    #[must_use]
    pub fn standard(type_id: &str) -> Option<Self> {
        STANDARD.iter().find(|row| row.0 == type_id).map(Self::of_row)
    }

    fn of_row((type_id, name, plural, _): &Row) -> Self {
        // Names are documented in paths for these; for all others the type id always works.
        let named = ["0-1", "0-2", "0-3", "0-5", "0-7", "0-8"].contains(type_id);
        Self {
            path: (*if named { plural } else { type_id }).to_owned(),
            type_id: (*type_id).to_owned(),
            name: (*name).to_owned(),
        }
    }

    /// An object type of which only the type id is known.
    #[must_use]
    pub fn by_type_id(type_id: &str) -> Self {
        Self::standard(type_id).unwrap_or_else(|| Self {
            path: type_id.to_owned(),
            type_id: type_id.to_owned(),
            name: type_id.to_owned(),
        })
    }
}

/// Type id, name in the destination catalog, plural name, and whether a stream of that name means it.
type Row = (&'static str, &'static str, &'static str, Guess);

/// Whether a stream's name alone is enough to take it for the object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guess {
    /// Yes: the names people give such streams.
    ByStreamName,
    /// No: only where the object is named on purpose.
    Never,
}

/// Source: HubSpot's "Understanding the CRM", object type ids.
const STANDARD: [Row; 32] = [
    ("0-1", "CONTACT", "contacts", Guess::ByStreamName),
    ("0-2", "COMPANY", "companies", Guess::ByStreamName),
    ("0-3", "DEAL", "deals", Guess::ByStreamName),
    ("0-5", "TICKET", "tickets", Guess::ByStreamName),
    ("0-7", "PRODUCT", "products", Guess::ByStreamName),
    ("0-8", "LINE_ITEM", "line_items", Guess::ByStreamName),
    ("0-14", "QUOTE", "quotes", Guess::Never),
    ("0-18", "COMMUNICATION", "communications", Guess::Never),
    ("0-19", "FEEDBACK_SUBMISSION", "feedback_submissions", Guess::Never),
    ("0-27", "TASK", "tasks", Guess::Never),
    ("0-46", "NOTE", "notes", Guess::Never),
    ("0-47", "MEETING", "meetings", Guess::Never),
    ("0-48", "CALL", "calls", Guess::Never),
    ("0-49", "EMAIL", "emails", Guess::Never),
    ("0-53", "INVOICE", "invoices", Guess::Never),
    ("0-54", "MARKETING_EVENT", "marketing_events", Guess::Never),
    ("0-69", "SUBSCRIPTION", "subscriptions", Guess::Never),
    ("0-74", "GOAL", "goals", Guess::Never),
    ("0-84", "DISCOUNT", "discounts", Guess::Never),
    ("0-85", "FEE", "fees", Guess::Never),
    ("0-86", "TAX", "taxes", Guess::Never),
    ("0-101", "PAYMENT", "payments", Guess::Never),
    ("0-115", "USER", "users", Guess::Never),
    ("0-116", "POSTAL_MAIL", "postal_mail", Guess::Never),
    ("0-123", "ORDER", "orders", Guess::Never),
    ("0-136", "LEAD", "leads", Guess::Never),
    ("0-142", "CART", "carts", Guess::Never),
    ("0-162", "SERVICE", "services", Guess::Never),
    ("0-410", "COURSE", "courses", Guess::Never),
    ("0-420", "LISTING", "listings", Guess::Never),
    ("0-421", "APPOINTMENT", "appointments", Guess::Never),
    ("0-970", "PROJECT", "projects", Guess::Never),
];

/// The standard objects that discover offers, in the order people expect them.
#[must_use]
pub fn offered() -> Vec<ObjectType> {
    ["0-1", "0-2", "0-3", "0-7", "0-5", "0-8"].iter().filter_map(|id| ObjectType::standard(id)).collect()
}

/// A custom object's schema, as far as the connector reads it (`GET /crm-object-schemas/v3/schemas`).
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ObjectSchema {
    /// Type id, `2-<number>`.
    pub object_type_id: String,
    /// The name it was created with.
    pub name: String,
    /// `p<portal id>_<name>`.
    #[serde(default)]
    pub fully_qualified_name: Option<String>,
    /// Names shown to people.
    #[serde(default)]
    pub labels: Labels,
    /// Properties without which no record can be created.
    #[serde(default)]
    pub required_properties: Vec<String>,
    /// The definitions of its properties.
    #[serde(default)]
    pub properties: Vec<Property>,
}

/// Names of an object shown to people.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Labels {
    /// One of them.
    pub singular: Option<String>,
    /// Many of them.
    pub plural: Option<String>,
}

impl ObjectSchema {
    /// The object type the schema describes.
    #[must_use]
    pub fn object_type(&self) -> ObjectType {
        ObjectType {
            path: self.object_type_id.clone(),
            type_id: self.object_type_id.clone(),
            name: self.name.clone(),
        }
    }

    fn answers_to(&self, name: &str) -> bool {
        let same = |other: &str| normal(other) == normal(name);
        same(&self.name)
            || same(&self.object_type_id)
            || self.fully_qualified_name.as_deref().is_some_and(same)
    }

    /// Whether the name is `p_<name>`, which HubSpot's paths take for the fully qualified name of the account at hand.
    ///
    /// Source: HubSpot's custom objects guide.
    fn is_short_for(&self, name: &str) -> bool {
        normal(name).strip_prefix("p_").is_some_and(|short| short == normal(&self.name))
    }

    fn is_labelled(&self, name: &str) -> bool {
        let same =
            |label: &Option<String>| label.as_deref().is_some_and(|label| normal(label) == normal(name));
        same(&self.labels.singular) || same(&self.labels.plural)
    }
}

/// A name that no object type answers to, or that several do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoObject {
    /// None answers to it.
    Unknown,
    /// Several custom objects carry it as their label.
    Ambiguous(Vec<String>),
}

/// The object type a name that was given on purpose stands for: any standard name, singular or plural, any
/// custom object's name, and any type id.
///
/// # Errors
/// [`NoObject`] when none, or more than one, answers to the name.
pub fn named(name: &str, schemas: &[ObjectSchema]) -> Result<ObjectType, NoObject> {
    if let Some(row) = STANDARD.iter().find(|row| is_named(row, name)) {
        return Ok(ObjectType::of_row(row));
    }
    custom(name, schemas).or_else(|problem| match problem {
        NoObject::Unknown if is_type_id(name) => Ok(ObjectType::by_type_id(name.trim())),
        problem => Err(problem),
    })
}

/// The object type a stream's own name stands for, which nobody gave on purpose.
///
/// # Errors
/// [`NoObject`] when none, or more than one, answers to the name.
pub fn guessed(stream: &str, schemas: &[ObjectSchema]) -> Result<ObjectType, NoObject> {
    if let Some(row) = STANDARD.iter().find(|row| row.3 == Guess::ByStreamName && is_named(row, stream)) {
        return Ok(ObjectType::of_row(row));
    }
    custom(stream, schemas)
}

/// Whether a name can be resolved without knowing the account's custom objects.
#[must_use]
pub fn is_standard_name(name: &str) -> bool {
    STANDARD.iter().any(|row| is_named(row, name)) || is_type_id(name)
}

/// Whether a stream's name can be resolved without knowing the account's custom objects.
#[must_use]
pub fn is_guessable_name(stream: &str) -> bool {
    STANDARD.iter().any(|row| row.3 == Guess::ByStreamName && is_named(row, stream))
}

fn custom(name: &str, schemas: &[ObjectSchema]) -> Result<ObjectType, NoObject> {
    let exact = schemas.iter().find(|schema| schema.answers_to(name));
    if let Some(schema) = exact.or_else(|| schemas.iter().find(|schema| schema.is_short_for(name))) {
        return Ok(schema.object_type());
    }
    let labelled: Vec<&ObjectSchema> = schemas.iter().filter(|schema| schema.is_labelled(name)).collect();
    match labelled.as_slice() {
        [] => Err(NoObject::Unknown),
        [one] => Ok(one.object_type()),
        several => Err(NoObject::Ambiguous(several.iter().map(|schema| schema.name.clone()).collect())),
    }
}

fn is_named((type_id, name, plural, _): &Row, text: &str) -> bool {
    let text = normal(text);
    text == *type_id || text == normal(name) || text == *plural
}

/// Lower case, with spaces and dashes between words as underscores (a type id keeps its dash).
fn normal(name: &str) -> String {
    let name = name.trim().to_lowercase();
    if is_type_id(&name) { name } else { name.replace([' ', '-'], "_") }
}

fn is_type_id(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    name.trim().split_once('-').is_some_and(|(kind, number)| digits(kind) && digits(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(type_id: &str, name: &str, plural: &str) -> ObjectSchema {
        ObjectSchema {
            object_type_id: type_id.into(),
            name: name.into(),
            fully_qualified_name: Some(format!("p7_{name}")),
            labels: Labels { singular: None, plural: Some(plural.into()) },
            required_properties: Vec::new(),
            properties: Vec::new(),
        }
    }

    #[test]
    fn standard_objects_go_by_any_case_and_number() {
        for name in ["contact", "CONTACT", "Contacts", "0-1"] {
            assert_eq!(named(name, &[]).unwrap().path, "contacts");
        }
        for name in ["line item", "Line_Items", "line-item", "LINE_ITEM"] {
            assert_eq!(guessed(name, &[]).unwrap().path, "line_items");
        }
        assert_eq!(named("leads", &[]).unwrap().path, "0-136");
        assert_eq!(guessed("leads", &[]), Err(NoObject::Unknown), "a stream called leads may be anything");
        assert_eq!(named("0-999", &[]).unwrap().path, "0-999");
    }

    #[test]
    fn custom_objects_go_by_every_name_they_have() {
        let schemas = [schema("2-11", "cars", "Automobiles"), schema("2-12", "boats", "Vessels")];
        for name in ["cars", "CARS", "p7_cars", "p_cars", "P_Cars", "2-11", "automobiles"] {
            assert_eq!(named(name, &schemas).unwrap().path, "2-11", "{name}");
        }
        assert_eq!(guessed("boats", &schemas).unwrap().name, "boats");
        assert_eq!(guessed("p_boats", &schemas).unwrap().name, "boats");
        let odd = [schema("2-11", "cars", "x"), schema("2-12", "p_cars", "y")];
        assert_eq!(named("p_cars", &odd).unwrap().path, "2-12", "its own name is the better one");
        assert_eq!(named("planes", &schemas), Err(NoObject::Unknown));
        let twins = [schema("2-11", "a", "Cars"), schema("2-12", "b", "Cars")];
        assert_eq!(named("cars", &twins), Err(NoObject::Ambiguous(vec!["a".into(), "b".into()])));
    }

    #[test]
    fn no_name_means_two_standard_objects() {
        for (index, row) in STANDARD.iter().enumerate() {
            for other in &STANDARD[index + 1..] {
                assert!(!is_named(other, row.1) && !is_named(other, row.2), "{} {}", row.1, other.1);
            }
        }
    }
}
