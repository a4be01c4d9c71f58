//! Custom event definitions: what an account says may happen, and what is told of it.

use serde::Deserialize;

use super::property::Property;

/// One definition as `GET /events/v3/event-definitions` describes it.
///
/// Source: HubSpot's custom event definitions guide.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct EventDefinition {
    /// `pe<portal id>_<name>`: the name that is sent.
    pub fully_qualified_name: String,
    /// The name within the account.
    pub name: String,
    /// Names shown to people.
    #[serde(default)]
    pub labels: Labels,
    /// Deleted: its occurrences stay, new ones are refused.
    #[serde(default)]
    pub archived: bool,
    /// Name of the object type whose records the event happens to; contacts where it is left out.
    #[serde(default)]
    pub primary_object: Option<String>,
    /// Type id of that object type.
    #[serde(default)]
    pub primary_object_id: Option<String>,
    /// What is told of an occurrence, HubSpot's own properties included; absent unless asked for.
    #[serde(default)]
    pub properties: Vec<Property>,
    /// Set where an event property finds the record.
    #[serde(default)]
    pub custom_matching_id: Option<CustomMatchingId>,
}

/// The names people see.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Labels {
    /// Of one occurrence.
    pub singular: Option<String>,
}

/// How an event finds its record by one of its own properties.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct CustomMatchingId {
    /// The pair of properties that have to be equal.
    #[serde(default)]
    pub primary_object_rule: Option<MatchingRule>,
}

/// An event property, and the property of the record it is compared with.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct MatchingRule {
    /// The event's side.
    pub event_property_name: String,
}

impl EventDefinition {
    /// Whether it happens to contacts: only those can be found by e-mail address or user token.
    #[must_use]
    pub fn is_of_contacts(&self) -> bool {
        match (&self.primary_object_id, &self.primary_object) {
            (Some(id), _) => id == "0-1",
            (None, Some(name)) => name.eq_ignore_ascii_case("CONTACT"),
            (None, None) => true,
        }
    }

    /// The event property that finds the record, where the definition has one.
    #[must_use]
    pub fn matching_property(&self) -> Option<&str> {
        let rule = self.custom_matching_id.as_ref()?.primary_object_rule.as_ref()?;
        Some(&rule.event_property_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_read_as_hubspot_writes_them() {
        let text = r#"{"id":"2203","name":"bought","fullyQualifiedName":"pe7_bought","archived":false,
            "labels":{"singular":"Bought","plural":null},"primaryObject":"COMPANY","primaryObjectId":"0-2",
            "customMatchingId":{"primaryObjectRule":{"targetObjectPropertyName":"domain","eventPropertyName":"shop"}},
            "properties":[{"name":"shop","label":"Shop","type":"string","fieldType":"text"}],"associations":[]}"#;
        let event: EventDefinition = serde_json::from_str(text).unwrap();
        assert_eq!((event.matching_property(), event.is_of_contacts()), (Some("shop"), false));
        assert_eq!(event.labels.singular.as_deref(), Some("Bought"));

        let least =
            r#"{"name":"x","fullyQualifiedName":"pe7_x","customMatchingId":null,"primaryObject":null}"#;
        let event: EventDefinition = serde_json::from_str(least).unwrap();
        assert_eq!((event.matching_property(), event.is_of_contacts()), (None, true));
        let named = EventDefinition { primary_object: Some("contact".into()), ..event };
        assert!(named.is_of_contacts());
    }
}
