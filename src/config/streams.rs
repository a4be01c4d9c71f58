//! Settings of single streams: `streams[]`.

use std::collections::BTreeMap;
use std::fmt;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use schemars::JsonSchema;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::check::Findings;
use super::error::Expected;
use super::limit::Limit;
use super::path::FieldPath;
use super::policy::{DeletedRows, EmptyStrings, InvalidValues, NullValues, UnknownProperties};

/// What one stream is to become in HubSpot, where that is not clear from the stream itself.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(title = "Stream")]
pub struct StreamSettings {
    /// The name of the stream these settings are for, exactly as the source calls it.
    #[schemars(title = "Stream Name", extend("examples" = ["contacts"], "order" = 0))]
    pub name: String,
    /// The namespace of the stream. Leave it out to match the stream in any namespace.
    ///
    /// Absent matches every namespace; an empty text matches only a stream that has none.
    #[schemars(title = "Namespace", extend("examples" = ["public"], "order" = 1))]
    pub namespace: Option<String>,
    /// The HubSpot object to write to, by name or type ID. Leave it out to use the mapping made in the
    /// connection, or else the name of the stream.
    #[schemars(
        title = "HubSpot Object",
        extend(
            "examples" = ["CONTACT", "COMPANY", "0-1", "LIST:123", "ASSOCIATION:CONTACT:COMPANY"],
            "order" = 2
        )
    )]
    pub object: Option<String>,
    /// What to do with each record: "upsert" creates or updates, "insert" only creates, "update" only
    /// updates, "archive" deletes, and "mirror" makes a HubSpot list hold exactly the synced members. Leave
    /// it out to use the sync mode chosen in the connection, or else upsert.
    #[schemars(title = "Operation", extend("order" = 3))]
    pub operation: Option<Operation>,
    /// The internal name of the HubSpot property that tells which record a row belongs to, for example
    /// "email" for contacts. Leave it out to use the stream's primary key.
    #[schemars(title = "Matching Key", extend("examples" = ["email", "hs_object_id"], "order" = 4))]
    pub matching_key: Option<String>,
    /// How to find the record: "unique" (the default) needs a matching key that HubSpot marks as unique;
    /// "search" works with any property, such as a company's domain, is slower, and rejects rows that match
    /// several records.
    #[serde(default, rename = "match")]
    #[schemars(title = "Match By", extend("order" = 5))]
    pub match_by: Match,
    /// Which field of the stream goes to which HubSpot property, as pairs of field name and internal property
    /// name. Fields that are not listed keep their name. A name with a dot, such as "company.name", means a field
    /// inside an object: that object is then taken apart.
    #[serde(default)]
    #[schemars(
        with = "BTreeMap<String, String>",
        title = "Property Mapping",
        extend("examples" = [{"firstName": "firstname"}], "order" = 6)
    )]
    pub property_mapping: PropertyMapping,
    /// Also recognise common spellings, such as "firstName" for "firstname" or "position" for "jobtitle". On
    /// by default, except where the fields were mapped in the connection.
    ///
    /// Absent means: on without a `destination_object_name` in the catalog, off with one.
    #[schemars(title = "Recognise Common Names", extend("order" = 7))]
    pub name_aliases: Option<bool>,
    /// Multi-select properties whose new values are added to those in HubSpot. All others are replaced.
    #[serde(default)]
    #[schemars(title = "Properties to Add Options to", extend("order" = 8))]
    pub append_options: Vec<String>,
    /// Allow a lifecycle stage to move backwards. By default HubSpot keeps the later stage.
    #[serde(default)]
    #[schemars(title = "Allow Lifecycle Stage to Move Backwards", extend("order" = 9))]
    pub lifecycle_backwards: bool,
    /// The internal name of the property group that new properties are put into, when unknown properties are
    /// created.
    #[schemars(title = "Group for New Properties", extend("examples" = ["contactinformation"], "order" = 10))]
    pub property_group: Option<String>,
    /// Other records to associate each record with as it is written: a field names them by their key, one or an
    /// array of several.
    #[serde(default)]
    #[schemars(title = "Associations", extend("default" = [], "order" = 11))]
    pub associations: Vec<AssociationSettings>,
    /// Create the custom event definition in HubSpot if it does not exist. Off by default: a missing
    /// definition stops the sync.
    #[serde(default)]
    #[schemars(title = "Create Missing Event Definition", extend("order" = 12))]
    pub create_event_definition: bool,
    /// Create the property named under "Matching Key" in HubSpot if it does not exist, as one whose values are unique.
    /// Off by default: a missing key stops the sync.
    #[serde(default)]
    #[schemars(title = "Create Missing Matching Key", extend("order" = 13))]
    pub create_matching_key: bool,
    /// The time zone whose midnight is meant where a field has only a day and its HubSpot property has a time of day,
    /// such as a deal's close date, for example "America/New_York". Leave it out for UTC.
    #[schemars(
        title = "Time Zone of Days",
        extend("examples" = ["America/New_York", "Europe/Berlin"], "order" = 14)
    )]
    pub date_time_zone: Option<String>,
    /// For a stream of audiences: what to write for each status, as pairs of status and value. Statuses that are
    /// not listed are written as they are.
    #[serde(default)]
    #[schemars(
        title = "Audience Statuses",
        extend("examples" = [{"realized": "Member", "exited": "Former member"}], "order" = 15)
    )]
    pub audience_statuses: BTreeMap<String, String>,
    /// Where a stream mirrors something: how many a sync may remove, as a number or as a percentage such as "10%". More
    /// stop the sync, and nobody is removed. By default lists have no such limit.
    #[schemars(title = "Most Removals", extend("examples" = ["1000", "10%"], "order" = 16))]
    pub mirror_max_archive: Option<Limit>,
    /// Overrides "Unknown Properties" for this stream.
    #[schemars(title = "Unknown Properties", extend("order" = 17))]
    pub unknown_properties: Option<UnknownProperties>,
    /// Overrides "Invalid Values" for this stream.
    #[schemars(title = "Invalid Values", extend("order" = 18))]
    pub invalid_values: Option<InvalidValues>,
    /// Overrides "Null Values" for this stream.
    #[schemars(title = "Null Values", extend("order" = 19))]
    pub null_values: Option<NullValues>,
    /// Overrides "Empty Strings" for this stream.
    #[schemars(title = "Empty Strings", extend("order" = 20))]
    pub empty_strings: Option<EmptyStrings>,
    /// Overrides "Deleted Rows" for this stream.
    #[schemars(title = "Deleted Rows", extend("order" = 21))]
    pub deleted_rows: Option<DeletedRows>,
}

/// What is done with each record of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Create, or update what has the same matching key.
    Upsert,
    /// Create.
    Insert,
    /// Update what exists; the rest is rejected.
    Update,
    /// Move to HubSpot's recycling bin.
    Archive,
    /// Lists only: the list ends up holding exactly the synced members.
    Mirror,
}

/// How the record that a row belongs to is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// By a property HubSpot keeps unique, in the same call that writes.
    #[default]
    Unique,
    /// By HubSpot's search, which may find several.
    Search,
}

/// One association made for every record of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(title = "Association")]
pub struct AssociationSettings {
    /// The field of the stream that says which record to associate with.
    #[schemars(title = "Field", extend("examples" = ["company_domain"], "order" = 0))]
    pub column: String,
    /// The HubSpot object to associate with, by name or type ID.
    #[schemars(title = "HubSpot Object", extend("examples" = ["COMPANY"], "order" = 1))]
    pub object: String,
    /// The property of that object the field is compared with, for example "domain" of companies. Leave it out
    /// for the email address of contacts, and for the record ID of everything else.
    #[schemars(title = "Property", extend("examples" = ["domain"], "airbyte_secret" = false, "order" = 2))]
    pub key: Option<String>,
    /// The label to give the association. Leave it out for HubSpot's plain association.
    #[schemars(title = "Label", extend("order" = 3))]
    pub label: Option<String>,
}

/// Pairs of (field of the stream, HubSpot property), in the order the user wrote them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PropertyMapping(Vec<(String, String)>);

impl PropertyMapping {
    /// The property that `column` is mapped to, if it is mapped.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&str> {
        self.0.iter().find(|(from, _)| from == column).map(|(_, to)| to.as_str())
    }

    /// All pairs, in the user's order; no field occurs twice.
    #[must_use]
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for PropertyMapping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = PropertyMapping;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of property names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PropertyMapping, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(PropertyMapping(pairs))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}

impl StreamSettings {
    /// Whose midnight a day is where an instant is wanted; `None` is UTC.
    #[must_use]
    pub fn day_zone(&self) -> Option<TimeZone> {
        self.date_time_zone.as_deref().and_then(time_zone)
    }

    fn check(&self, at: &FieldPath, findings: &mut Findings) {
        findings.not_blank(at, "name", &self.name);
        findings.not_blank_if_set(at, "object", self.object.as_deref());
        findings.not_blank_if_set(at, "matching_key", self.matching_key.as_deref());
        findings.not_blank_if_set(at, "property_group", self.property_group.as_deref());
        Limit::check(self.mirror_max_archive, at.key("mirror_max_archive"), findings);
        if self.date_time_zone.as_deref().is_some_and(|name| time_zone(name).is_none()) {
            findings.add(at.key("date_time_zone"), Expected::TimeZone);
        }
        let mapping = at.key("property_mapping");
        for (column, property) in self.property_mapping.pairs() {
            findings.not_blank(&mapping, column, property);
        }
        for (index, property) in self.append_options.iter().enumerate() {
            if property.trim().is_empty() {
                findings.add(at.key("append_options").index(index), Expected::NotBlank);
            }
        }
        for (index, association) in self.associations.iter().enumerate() {
            let at = at.key("associations").index(index);
            findings.not_blank(&at, "column", &association.column);
            findings.not_blank(&at, "object", &association.object);
            findings.not_blank_if_set(&at, "key", association.key.as_deref());
            findings.not_blank_if_set(&at, "label", association.label.as_deref());
        }
    }
}

/// The time zone of an IANA name, blanks around it aside: of those that come with the program, whatever the machine has.
fn time_zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name.trim()).ok()
}

pub(super) fn check(streams: &[StreamSettings], at: &FieldPath, findings: &mut Findings) {
    for (index, stream) in streams.iter().enumerate() {
        stream.check(&at.index(index), findings);
        let same = |other: &StreamSettings| other.name == stream.name && other.namespace == stream.namespace;
        if let Some(first) = streams[..index].iter().position(same) {
            findings.add(at.index(index), Expected::UniqueStream { first: at.index(first) });
        }
    }
}

/// The settings that hold for a stream: an entry with its very namespace wins over one without a namespace.
///
/// A stream without a namespace and one with an empty namespace are the same stream to the platform.
pub(super) fn find<'a>(
    streams: &'a [StreamSettings],
    namespace: Option<&str>,
    name: &str,
) -> Option<&'a StreamSettings> {
    let named = || streams.iter().filter(|stream| stream.name == name);
    named()
        .find(|stream| stream.namespace.as_deref() == Some(namespace.unwrap_or_default()))
        .or_else(|| named().find(|stream| stream.namespace.is_none()))
}
