//! One object type of the account with its table of properties.

use std::collections::HashMap;

use super::pipeline::Pipeline;
use super::property::{FieldType, PropertyDef, PropertyOption, PropertyType};
use crate::clock::Millis;
use crate::rules::Demand;
use crate::switches::UniqueValues;

/// Position of a property in its object type's table. It never changes, not even when the property is deleted
/// and made again, so stored values can refer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot(pub(crate) u32);

/// What HubSpot treats specially about an object type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Contact,
    Company,
    Deal,
    Ticket,
    /// Other built-in types that stamp `createdate`: products and line items.
    Catalogue,
    /// Everything else, custom objects too, which stamps `hs_createdate`.
    Other,
}

impl Family {
    /// Name of the property that holds the instant of creation.
    pub(crate) fn created_property(self) -> &'static str {
        if self == Self::Other { "hs_createdate" } else { "createdate" }
    }

    /// Name of the property that holds the instant of the last change.
    pub(crate) fn modified_property(self) -> &'static str {
        if self == Self::Contact { "lastmodifieddate" } else { "hs_lastmodifieddate" }
    }
}

/// A property group.
#[derive(Clone, Debug)]
pub(crate) struct PropertyGroup {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) display_order: i32,
}

/// One object type.
#[derive(Clone, Debug)]
pub(crate) struct ObjectType {
    /// `objectTypeId`: `0-1`, `2-3465404`.
    pub(crate) id: String,
    /// Upper-case singular of a built-in type (`CONTACT`), or the schema name of a custom object.
    pub(crate) name: String,
    /// The name used in paths and scopes: `contacts`, `line_items`, or the schema name.
    pub(crate) plural: String,
    pub(crate) fully_qualified_name: String,
    pub(crate) label_singular: String,
    pub(crate) label_plural: String,
    pub(crate) family: Family,
    pub(crate) custom: bool,
    /// Every inner list needs at least one of its properties set when a record is created.
    pub(crate) required_on_create: Vec<Vec<String>>,
    /// What the account demands of new records beside that.
    pub(crate) demands: Vec<(String, Demand)>,
    pub(crate) searchable: Vec<String>,
    pub(crate) primary_display: String,
    pub(crate) secondary_display: Vec<String>,
    pub(crate) groups: Vec<PropertyGroup>,
    pub(crate) created: Millis,
    /// Change them by [`ObjectType::change_pipelines`] only: two properties show them.
    pipelines: Vec<Pipeline>,
    properties: Vec<PropertyDef>,
    slots: HashMap<String, Slot>,
    /// Properties just made, with the number of writes that do not see them yet.
    settling: HashMap<Slot, u64>,
    pub(crate) unique_values: UniqueValues,
}

impl ObjectType {
    /// A value of an identifying property as it is compared.
    pub(crate) fn compared(&self, value: &str) -> Box<str> {
        match self.unique_values {
            UniqueValues::Exact => value.into(),
            UniqueValues::Caseless => value.to_lowercase().into(),
        }
    }

    /// A built-in type without properties yet.
    pub(crate) fn built_in(id: &str, name: &str, plural: &str, family: Family) -> Self {
        let words = name.to_lowercase().replace('_', " ");
        let mut label = words.clone();
        if let Some(first) = label.get_mut(0..1) {
            first.make_ascii_uppercase();
        }
        let many = plural.replace('_', " ");
        let mut label_plural = many.clone();
        if let Some(first) = label_plural.get_mut(0..1) {
            first.make_ascii_uppercase();
        }
        let group = format!("{}information", words.replace(' ', ""));
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            plural: plural.to_owned(),
            fully_qualified_name: name.to_owned(),
            label_singular: label.clone(),
            label_plural,
            family,
            custom: false,
            required_on_create: Vec::new(),
            demands: Vec::new(),
            searchable: Vec::new(),
            unique_values: UniqueValues::default(),
            primary_display: "hs_object_id".to_owned(),
            secondary_display: Vec::new(),
            groups: vec![PropertyGroup {
                name: group,
                label: format!("{label} information"),
                display_order: 0,
            }],
            created: Millis(0),
            pipelines: Vec::new(),
            properties: Vec::new(),
            slots: HashMap::new(),
            settling: HashMap::new(),
        }
    }

    /// Adds a property, or replaces one of that name (an archived one, when it is made again).
    pub(crate) fn put_property(&mut self, mut property: PropertyDef) -> Slot {
        if property.group.is_empty() {
            property.group = self.groups.first().map(|group| group.name.clone()).unwrap_or_default();
        }
        if self.is_of_pipelines(&property)
            && let Some(known) = self.property_even_archived(&property.name)
        {
            property.options = std::mem::take(&mut known.options);
            property.external = true;
        }
        if let Some(&slot) = self.slots.get(&property.name) {
            self.properties[slot.0 as usize] = property;
            return slot;
        }
        let slot = Slot(u32::try_from(self.properties.len()).unwrap_or(u32::MAX));
        self.slots.insert(property.name.clone(), slot);
        self.properties.push(property);
        slot
    }

    /// Its pipelines in the order in which they were made.
    pub(crate) fn pipelines(&self) -> &[Pipeline] {
        &self.pipelines
    }

    /// Changes its pipelines, and with them what the two properties that hold a record's pipeline and stage take.
    pub(crate) fn change_pipelines<T>(&mut self, change: impl FnOnce(&mut Vec<Pipeline>) -> T) -> T {
        let changed = change(&mut self.pipelines);
        self.show_pipelines();
        changed
    }

    /// Names of the properties that hold a record's pipeline and its stage.
    pub(crate) fn pipeline_properties(&self) -> (&'static str, &'static str) {
        if self.family == Family::Deal {
            ("pipeline", "dealstage")
        } else {
            ("hs_pipeline", "hs_pipeline_stage")
        }
    }

    /// Whether a property holds a record's pipeline or its stage.
    pub(crate) fn is_of_pipelines(&self, property: &PropertyDef) -> bool {
        let (pipeline, stage) = self.pipeline_properties();
        !self.pipelines.is_empty() && (property.name == pipeline || property.name == stage)
    }

    /// The pipeline with that id.
    pub(crate) fn pipeline(&self, id: &str) -> Option<&Pipeline> {
        self.pipelines.iter().find(|pipeline| pipeline.id == id)
    }

    fn show_pipelines(&mut self) {
        if self.pipelines.is_empty() {
            return;
        }
        let option = |(id, label): (&String, &String)| PropertyOption {
            label: label.clone(),
            value: id.clone(),
            hidden: false,
            display_order: -1,
            description: String::new(),
        };
        let live = || self.pipelines.iter().filter(|pipeline| !pipeline.archived);
        let pipelines = live().map(|pipeline| option((&pipeline.id, &pipeline.label))).collect();
        let stages = live().flat_map(|pipeline| &pipeline.stages);
        let stages = stages.map(|stage| option((&stage.id, &stage.label))).collect();
        let (pipeline, stage) = self.pipeline_properties();
        for (name, options) in [(pipeline, pipelines), (stage, stages)] {
            if self.property_even_archived(name).is_none() {
                self.put_property(
                    PropertyDef::new(name, PropertyType::Enumeration, FieldType::Select).built_in(),
                );
            }
            if let Some(property) = self.property_even_archived(name) {
                property.options = options;
                property.external = true;
            }
        }
    }

    /// The live property of that name with its slot.
    pub(crate) fn property(&self, name: &str) -> Option<(Slot, &PropertyDef)> {
        let &slot = self.slots.get(name)?;
        let property = &self.properties[slot.0 as usize];
        property.archived.is_none().then_some((slot, property))
    }

    /// The live property of that name, unless writes do not see it yet.
    pub(crate) fn writable(&self, name: &str) -> Option<(Slot, &PropertyDef)> {
        self.property(name).filter(|(slot, _)| !self.settling.contains_key(slot))
    }

    /// Keeps a property from the next so many writes.
    pub(crate) fn keep_from_writes(&mut self, slot: Slot, writes: u64) {
        if writes > 0 {
            self.settling.insert(slot, writes);
        }
    }

    /// Notes that a write of records of this type was handled.
    pub(crate) fn count_write(&mut self) {
        self.settling.retain(|_, left| {
            *left -= 1;
            *left > 0
        });
    }

    /// The property of that name, deleted or not.
    pub(crate) fn property_even_archived(&mut self, name: &str) -> Option<&mut PropertyDef> {
        let &slot = self.slots.get(name)?;
        self.properties.get_mut(slot.0 as usize)
    }

    /// The property in a slot that this type gave out.
    pub(crate) fn in_slot(&self, slot: Slot) -> &PropertyDef {
        &self.properties[slot.0 as usize]
    }

    /// All properties, deleted ones too.
    pub(crate) fn all_properties(&self) -> &[PropertyDef] {
        &self.properties
    }

    /// Whether a batch may name the property as `idProperty`.
    ///
    /// Contacts' `email` does, although its definition says `hasUniqueValue: false`; `hs_object_id` does not.
    /// Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/using-object-apis>.
    pub(crate) fn is_identifier(&self, property: &PropertyDef) -> bool {
        property.unique || self.is_email(property)
    }

    /// Whether it is the address a contact is known by.
    pub(crate) fn is_email(&self, property: &PropertyDef) -> bool {
        self.family == Family::Contact && property.name == "email"
    }

    /// Whether `text` names this type in a path.
    pub(crate) fn answers_to(&self, text: &str) -> bool {
        self.names().answer_to(text)
    }

    /// The names of the type.
    pub(crate) fn names(&self) -> TypeNames {
        TypeNames {
            id: self.id.clone(),
            qualified: self.fully_qualified_name.clone(),
            singular: self.name.clone(),
            plural: self.plural.clone(),
            custom: self.custom,
        }
    }
}

/// What a type is called in paths.
#[derive(Clone, Debug)]
pub(crate) struct TypeNames {
    id: String,
    qualified: String,
    singular: String,
    plural: String,
    custom: bool,
}

impl TypeNames {
    /// Whether `text` is one of the names: type id, fully qualified name, or singular or plural in any case, with
    /// or without the underscore.
    pub(crate) fn answer_to(&self, text: &str) -> bool {
        if text == self.id {
            return true;
        }
        let same = |name: &str| {
            let plain = |text: &str| text.replace(['_', '-', ' '], "").to_lowercase();
            plain(name) == plain(text)
        };
        if self.custom {
            text == self.qualified || text.eq_ignore_ascii_case(&self.singular)
        } else {
            same(&self.singular) || same(&self.plural)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_answers_to_its_id_and_its_names_in_any_case() {
        let line_item = ObjectType::built_in("0-8", "LINE_ITEM", "line_items", Family::Catalogue);
        for name in ["0-8", "LINE_ITEM", "line_items", "Line_Item", "lineItem"] {
            assert!(line_item.answers_to(name), "{name}");
        }
        assert!(!line_item.answers_to("0-80"));
        assert!(!line_item.answers_to("line"));
    }

    #[test]
    fn a_new_property_can_be_unseen_for_some_writes() {
        let mut contact = ObjectType::built_in("0-1", "CONTACT", "contacts", Family::Contact);
        let slot = contact.put_property(PropertyDef::string("score"));
        contact.keep_from_writes(slot, 2);
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.push(contact.writable("score").is_some());
            contact.count_write();
        }
        assert_eq!(seen, [false, false, true]);
        assert!(contact.property("score").is_some(), "definitions show it at once");
    }

    #[test]
    fn a_property_keeps_its_slot_when_it_is_made_again() {
        let mut contact = ObjectType::built_in("0-1", "CONTACT", "contacts", Family::Contact);
        let first = contact.put_property(PropertyDef::string("score"));
        contact.put_property(PropertyDef::string("other"));
        contact.property_even_archived("score").unwrap().archived = Some(Millis(1));
        assert!(contact.property("score").is_none());
        assert_eq!(contact.put_property(PropertyDef::number("score")), first);
        assert!(contact.property("score").is_some());
    }
}
