//! A property value HubSpot does not take, in HubSpot's words.

use serde_json::{Map, Value, json};

use crate::error::{ErrorDetail, Refusal};

/// Which extra keys HubSpot adds to the entry in the message; recorded answers differ by code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extras {
    /// None (`INVALID_EMAIL`).
    None,
    /// The localized message and the portal (`PROPERTY_DOESNT_EXIST`).
    Portal,
    /// Those and the value sent (numbers, dates, options).
    PortalAndValue,
}

/// A refused property value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) code: &'static str,
    pub(crate) property: String,
    pub(crate) message: String,
    pub(crate) value: String,
    pub(crate) extras: Extras,
}

impl Violation {
    /// The property is not defined.
    pub(crate) fn unknown_property(name: &str) -> Self {
        Self {
            code: "PROPERTY_DOESNT_EXIST",
            property: name.to_owned(),
            message: format!("Property \"{name}\" does not exist"),
            value: String::new(),
            extras: Extras::Portal,
        }
    }

    fn entry(&self, portal_id: u64) -> Value {
        let mut entry = Map::new();
        entry.insert("isValid".to_owned(), json!(false));
        entry.insert("message".to_owned(), json!(self.message));
        entry.insert("error".to_owned(), json!(self.code));
        entry.insert("name".to_owned(), json!(self.property));
        if self.extras != Extras::None {
            entry.insert("localizedErrorMessage".to_owned(), json!(self.message));
        }
        if self.extras == Extras::PortalAndValue {
            entry.insert("propertyValue".to_owned(), json!(self.value));
        }
        if self.extras != Extras::None {
            entry.insert("portalId".to_owned(), json!(portal_id));
        }
        Value::Object(entry)
    }
}

/// The message that holds all violations as a JSON list.
pub(crate) fn message(violations: &[Violation], portal_id: u64) -> String {
    let entries: Vec<Value> = violations.iter().map(|violation| violation.entry(portal_id)).collect();
    format!("Property values were not valid: {}", Value::Array(entries))
}

/// 400 for a whole request, naming every violation twice as HubSpot does.
pub(crate) fn refusal(violations: &[Violation], portal_id: u64) -> Refusal {
    let mut refusal = Refusal::invalid(message(violations, portal_id));
    for violation in violations {
        refusal = refusal.with_detail(ErrorDetail {
            message: violation.message.clone(),
            code: Some(violation.code),
            context: [("propertyName", vec![violation.property.clone()])].into(),
            ..ErrorDetail::default()
        });
    }
    refusal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_embeds_a_json_list() {
        let text = message(&[Violation::unknown_property("missing")], 7);
        let list: Value =
            serde_json::from_str(text.strip_prefix("Property values were not valid: ").unwrap()).unwrap();
        assert_eq!(list[0]["error"], "PROPERTY_DOESNT_EXIST");
        assert_eq!(list[0]["portalId"], 7);
        assert!(list[0].get("propertyValue").is_none());
    }
}
