//! The one code by which an error is known to users: HubSpot's own most specific one.

use super::error_body::ApiError;
use super::prose::Said;

const CONFLICT: &str = "CONFLICT";
const NOT_FOUND: &str = "NOT_FOUND";

impl ApiError {
    /// The code of a rejection, in HubSpot's spelling, except that what exists already is always `CONFLICT` and
    /// what does not exist `NOT_FOUND`, under whichever of HubSpot's names.
    ///
    /// The first of: the code of a property, the error's own code, its category where that is one of the two, what
    /// its message says, its sub-category, a 404 or 409, its category, and at last a name for its status. A 5xx
    /// is `SERVER_ERROR` whatever its body says, since it is no statement about the record.
    pub fn code(&self) -> &str {
        if (500..600).contains(&self.status) {
            return "SERVER_ERROR";
        }
        let of_property = self.faults.iter().find_map(|fault| fault.code.as_deref());
        let stated = of_property.or(self.stated_code.as_deref()).map(spelled);
        let category = self.category.as_deref().map(spelled);
        stated
            .or(category.filter(|name| [CONFLICT, NOT_FOUND].contains(name)))
            .or_else(|| self.code_of_words())
            .or_else(|| {
                self.sub_category.as_deref()?.rsplit('.').next().filter(|name| !name.is_empty()).map(spelled)
            })
            .or(match self.status {
                404 => Some(NOT_FOUND),
                409 => Some(CONFLICT),
                _ => None,
            })
            .or(category)
            .unwrap_or(match self.status {
                401 => "INVALID_AUTHENTICATION",
                429 => "RATE_LIMITS",
                _ => "INVALID_RECORD",
            })
    }

    /// The property for lack of which a record was refused, where it is one and no more, and unconditionally.
    #[must_use]
    pub fn lacks(&self) -> Option<&str> {
        match self.faults.as_slice() {
            [only] if only.code.as_deref() == Some("MISSING_REQUIRED_PROPERTY") => only.property.as_deref(),
            _ => None,
        }
    }

    fn code_of_words(&self) -> Option<&'static str> {
        match self.said {
            Some(Said::ValueTaken { .. } | Said::AlreadyExists { .. }) => Some(CONFLICT),
            Some(Said::RequiredPropertiesUnset) => Some("MISSING_REQUIRED_PROPERTY"),
            Some(Said::NotFound | Said::UnknownEvent) => Some(NOT_FOUND),
            _ => (!self.missing.is_empty()).then_some(NOT_FOUND),
        }
    }
}

/// One name for what HubSpot's services call differently.
fn spelled(code: &str) -> &str {
    match code {
        "CONTACT_EXISTS" | "OBJECT_ALREADY_EXISTS" | "UNIQUE_VALUE_CONFLICT" => CONFLICT,
        "OBJECT_NOT_FOUND" | "RESOURCE_NOT_FOUND" => NOT_FOUND,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::ApiError;

    fn code(status: u16, body: &Value) -> String {
        ApiError::parse(status, body.to_string().as_bytes(), None).code().to_owned()
    }

    #[test]
    fn the_most_specific_code_wins() {
        let detail = json!([{"message": "m", "code": "INVALID_DATE", "context": {"propertyName": ["p"]}}]);
        let full =
            json!({"category": "VALIDATION_ERROR", "subCategory": "a.B_C", "message": "m", "errors": detail});
        assert_eq!(code(400, &full), "INVALID_DATE");
        assert_eq!(
            code(400, &json!({"category": "VALIDATION_ERROR", "subCategory": "a.B_C", "message": "m"})),
            "B_C"
        );
        assert_eq!(code(400, &json!({"category": "VALIDATION_ERROR", "message": "m"})), "VALIDATION_ERROR");
        assert_eq!(code(400, &json!({"message": "m"})), "INVALID_RECORD");
    }

    #[test]
    fn existing_is_conflict_under_every_name() {
        for body in [
            json!({"category": "CONFLICT"}),
            json!({"category": "OBJECT_ALREADY_EXISTS", "subCategory": "Properties.PROPERTY_WITH_NAME_EXISTS"}),
            json!({"category": "OBJECT_ALREADY_EXISTS", "error": "CONTACT_EXISTS"}),
            json!({"errorType": "UNIQUE_VALUE_CONFLICT"}),
            json!({"category": "VALIDATION_ERROR", "message": "Cannot set x on 1. 2 already has that value."}),
        ] {
            assert_eq!(code(400, &body), "CONFLICT", "{body}");
        }
        assert_eq!(code(409, &json!({"message": "Conflict"})), "CONFLICT");
        assert_eq!(code(409, &json!({"category": "VALIDATION_ERROR"})), "CONFLICT");
    }

    #[test]
    fn missing_is_not_found_under_every_name() {
        for body in [
            json!({"category": "OBJECT_NOT_FOUND", "subCategory": "crm.associations.TO_OBJECT_NOT_FOUND"}),
            json!({"message": "resource not found"}),
            json!({"context": {"missingObjectPropertyValueCoordinates": ["email:a"]}}),
        ] {
            assert_eq!(code(400, &body), "NOT_FOUND", "{body}");
        }
        assert_eq!(code(404, &json!({})), "NOT_FOUND");
    }

    #[test]
    fn a_server_error_says_nothing_about_the_record() {
        assert_eq!(code(500, &json!({"category": "VALIDATION_ERROR"})), "SERVER_ERROR");
        assert_eq!(ApiError::parse(522, b"<html>", None).code(), "SERVER_ERROR");
    }

    #[test]
    fn what_a_record_lacks_is_one_property_that_is_always_demanded() {
        let lacks =
            |body: Value| ApiError::parse(400, body.to_string().as_bytes(), None).lacks().map(str::to_owned);
        let unset = |names: Value| {
            json!({"message": "Error creating DEAL. Some required properties were not set.",
            "category": "VALIDATION_ERROR", "context": {"properties": names}})
        };
        assert_eq!(lacks(unset(json!(["dealstage"]))).as_deref(), Some("dealstage"));
        assert_eq!(lacks(unset(json!(["dealstage", "pipeline"]))), None);
        let coded = |code: &str| json!({"message": "m", "errors": [{"code": code, "context": {"propertyName": ["p"]}}]});
        assert_eq!(lacks(coded("MISSING_REQUIRED_PROPERTY")).as_deref(), Some("p"));
        assert_eq!(lacks(coded("MISSING_CONDITIONAL_REQUIRED_PROPERTY")), None);
        assert_eq!(lacks(coded("INVALID_DATE")), None);
    }

    #[test]
    fn statuses_have_the_last_word() {
        assert_eq!(ApiError::parse(401, b"", None).code(), "INVALID_AUTHENTICATION");
        assert_eq!(ApiError::parse(429, b"", None).code(), "RATE_LIMITS");
        assert_eq!(ApiError::parse(413, b"", None).code(), "INVALID_RECORD");
    }
}
