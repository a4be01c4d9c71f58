//! What HubSpot holds against single properties of a record.
//!
//! One refusal can name its properties in up to three places: `errors[]` (newer answers), a JSON list inside the
//! message after "Property values were not valid: ", and `validationResults` (contacts v1). Only the list carries
//! the refused value. Source: developers.hubspot.com/docs/api-reference/error-handling.

use std::collections::HashMap;
use std::fmt;

use serde_json::Value;

use super::lenient::{add_texts, capped, keep_first, text, token};

/// The most characters kept of any text of HubSpot's. An unknown option repeats the whole list of options,
/// which alone can be thousands of characters long.
pub(super) const MAX_TEXT: usize = 500;

/// One property's fault. `message` and `value` can hold record values; `Debug` leaves them out.
#[derive(Clone, PartialEq, Eq)]
pub struct PropertyFault {
    /// HubSpot's code, as it spells it, such as `INVALID_OPTION`.
    pub code: Option<String>,
    /// The property's internal name.
    pub property: Option<String>,
    /// HubSpot's explanation, at most 500 characters; empty where it gives none.
    pub message: String,
    /// The refused value, at most 500 characters, where HubSpot repeats it.
    pub value: Option<String>,
}

impl fmt::Debug for PropertyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PropertyFault")
            .field("code", &self.code)
            .field("property", &self.property)
            .finish_non_exhaustive()
    }
}

/// The faults of an error object, whichever of the three places hold them.
pub(super) fn read(error: &Value, message: &str) -> Vec<PropertyFault> {
    let mut listed = embedded(message);
    listed.extend(items(error.get("validationResults")).filter_map(listed_fault));
    let mut detailed: Vec<_> = items(error.get("errors")).flat_map(detailed_faults).collect();
    if !listed.is_empty() && detailed.iter().all(|fault| fault.property.is_none()) {
        return listed;
    }
    let mut twins: HashMap<_, &PropertyFault> = HashMap::with_capacity(listed.len());
    for twin in &listed {
        twins.entry((&twin.property, &twin.code)).or_insert(twin);
    }
    for fault in &mut detailed {
        let twin = twins.get(&(&fault.property, &fault.code));
        fault.value = twin.and_then(|twin| twin.value.clone());
    }
    detailed
}

/// The items of an array; none where the value is something else.
pub(super) fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// An entry of `errors[]` gives one fault for each property it names, or one for its code alone. An entry with
/// neither (a list of scopes, say) is no fault of a property.
fn detailed_faults(detail: &Value) -> Vec<PropertyFault> {
    let context = detail.get("context");
    let of_context = |key: &str| context.and_then(|context| context.get(key));
    let code = token(detail.get("code")).or_else(|| token(of_context("validationResult")));
    let mut properties = Vec::new();
    add_texts(of_context("propertyName"), &mut properties);
    if properties.is_empty() {
        add_texts(detail.get("in"), &mut properties);
    }
    keep_first(&mut properties);
    let fault = |property: Option<String>| PropertyFault {
        code: code.clone(),
        property,
        message: capped(&text(detail.get("message")).unwrap_or_default(), MAX_TEXT),
        value: None,
    };
    if properties.is_empty() {
        return code.iter().map(|_| fault(None)).collect();
    }
    properties.into_iter().map(|property| fault(Some(capped(&property, MAX_TEXT)))).collect()
}

/// An item of the list in a message, or of `validationResults`.
fn listed_fault(item: &Value) -> Option<PropertyFault> {
    let code = token(item.get("error"));
    let property = text(item.get("name")).map(|name| capped(&name, MAX_TEXT));
    let message = text(item.get("message")).or_else(|| text(item.get("localizedErrorMessage")));
    (code.is_some() || property.is_some()).then(|| PropertyFault {
        code,
        property,
        message: capped(&message.unwrap_or_default(), MAX_TEXT),
        value: text(item.get("propertyValue")).map(|value| capped(&value, MAX_TEXT)),
    })
}

/// The JSON list inside a message, item by item, so that a list which was cut off still gives its first items.
fn embedded(message: &str) -> Vec<PropertyFault> {
    let mut faults = Vec::new();
    let mut rest = match message.split_once("Property values were not valid: [") {
        Some(("", list)) => list,
        _ => return faults,
    };
    loop {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let Some(Ok(item)) = values.next() else { return faults };
        faults.extend(listed_fault(&item));
        let after = rest[values.byte_offset()..].trim_start();
        let Some(next) = after.strip_prefix(',') else { return faults };
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{PropertyFault, read};

    fn fault(code: &str, property: Option<&str>, value: Option<&str>) -> PropertyFault {
        PropertyFault {
            code: Some(code.to_owned()),
            property: property.map(str::to_owned),
            message: "m".to_owned(),
            value: value.map(str::to_owned),
        }
    }

    const LIST: &str = r#"Property values were not valid: [{"isValid":false,"message":"m","error":"A","name":"p","propertyValue":"v"},{"message":"m","error":"B","name":"q"}]"#;

    #[test]
    fn the_list_in_the_message_is_read() {
        assert_eq!(read(&json!({}), LIST), [fault("A", Some("p"), Some("v")), fault("B", Some("q"), None)]);
    }

    #[test]
    fn a_list_that_is_cut_off_gives_its_first_items() {
        let cut = &LIST[..LIST.len() - 10];
        assert_eq!(read(&json!({}), cut), [fault("A", Some("p"), Some("v"))]);
        assert_eq!(read(&json!({}), "Property values were not valid: ["), []);
    }

    #[test]
    fn details_come_first_and_take_the_value_from_the_list() {
        let body = json!({"errors": [
            {"message": "m", "code": "A", "context": {"propertyName": ["p"]}},
            {"message": "m", "code": "C", "context": {"propertyName": ["r", "s"]}},
        ]});
        assert_eq!(
            read(&body, LIST),
            [fault("A", Some("p"), Some("v")), fault("C", Some("r"), None), fault("C", Some("s"), None)]
        );
    }

    #[test]
    fn a_value_belongs_to_one_fault_of_a_property() {
        let detail = |code: &str| json!({"message": "m", "code": code, "context": {"propertyName": ["p"]}});
        let body = json!({"errors": [detail("Z"), detail("A")]});
        assert_eq!(read(&body, LIST), [fault("Z", Some("p"), None), fault("A", Some("p"), Some("v"))]);
    }

    #[test]
    fn details_without_properties_do_not_hide_the_list() {
        let body = json!({"errors": [{"message": "m", "code": "A"}]});
        assert_eq!(read(&body, LIST).len(), 2);
        assert_eq!(read(&body, "other"), [fault("A", None, None)]);
    }

    #[test]
    fn the_old_places_are_read_too() {
        let v1 =
            json!({"validationResults": [{"isValid": false, "message": "m", "error": "A", "name": "p"}]});
        assert_eq!(read(&v1, "Property values were not valid"), [fault("A", Some("p"), None)]);
        let located = json!({"errors": [{"message": "m", "code": "A", "in": "p"}]});
        assert_eq!(read(&located, ""), [fault("A", Some("p"), None)]);
        let linked = json!({"errors": [{"message": "m", "context": {"validationResult": ["A"]}}]});
        assert_eq!(read(&linked, ""), [fault("A", None, None)]);
    }

    #[test]
    fn entries_about_no_property_are_no_faults() {
        let scopes =
            json!({"errors": [{"message": "m", "context": {"requiredScopes": ["contacts"]}}, 5, null]});
        assert_eq!(read(&scopes, ""), []);
    }

    #[test]
    fn a_list_inside_a_value_is_not_believed() {
        let message = format!("Cannot set this: {LIST}");
        assert_eq!(read(&json!({}), &message), []);
    }

    #[test]
    fn texts_are_cut_and_debug_shows_neither_message_nor_value() {
        let long = format!(
            "Property values were not valid: {}",
            json!([{"message": "secret ".repeat(500), "error": "A", "name": "p", "propertyValue": "é".repeat(501)}])
        );
        let faults = read(&json!({}), &long);
        assert_eq!(faults[0].message.chars().count(), 500);
        assert_eq!(faults[0].value.as_ref().map(|value| value.chars().count()), Some(500));
        let shown = format!("{faults:?}");
        assert!(shown.contains("\"A\"") && !shown.contains("secret") && !shown.contains('é'), "{shown}");
    }
}
