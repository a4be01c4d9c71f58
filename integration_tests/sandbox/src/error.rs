//! HubSpot's error bodies.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/error-handling>; the texts are those of recorded
//! answers where there are any.

use std::collections::BTreeMap;

use serde::Serialize;

/// `context` of an error: a map of lists of texts.
pub(crate) type Context = BTreeMap<&'static str, Vec<String>>;

/// One entry of `errors[]`.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct ErrorDetail {
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<&'static str>,
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) context: Context,
}

/// A whole error body. Absent parts are left out, as HubSpot does: no part but `message` is in every answer.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorBody {
    pub(crate) status: &'static str,
    pub(crate) message: String,
    /// Filled in when the answer is written.
    pub(crate) correlation_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) context: Context,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<ErrorDetail>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) links: BTreeMap<&'static str, &'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) category: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sub_category: Option<&'static str>,
}

/// A request that is refused as a whole.
#[derive(Clone, Debug, thiserror::Error)]
#[error("refused with status {status}")]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) body: Box<ErrorBody>,
}

impl Refusal {
    /// A refusal with nothing but a message.
    pub(crate) fn plain(status: u16, message: impl Into<String>) -> Self {
        let body = ErrorBody { status: "error", message: message.into(), ..ErrorBody::default() };
        Self { status, body: Box::new(body) }
    }

    /// A refusal with a category.
    pub(crate) fn new(status: u16, category: &'static str, message: impl Into<String>) -> Self {
        let mut refusal = Self::plain(status, message);
        refusal.body.category = Some(category);
        refusal
    }

    /// 400 `VALIDATION_ERROR`.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "VALIDATION_ERROR", message)
    }

    /// 404 as HubSpot answers for a missing record: without a category.
    pub(crate) fn not_found() -> Self {
        Self::plain(404, "resource not found")
    }

    /// Adds a list of texts to `context`.
    pub(crate) fn with_context(mut self, key: &'static str, values: Vec<String>) -> Self {
        self.body.context.insert(key, values);
        self
    }

    /// Adds an entry to `errors[]`.
    pub(crate) fn with_detail(mut self, detail: ErrorDetail) -> Self {
        self.body.errors.push(detail);
        self
    }

    /// 400 for a body that is not JSON of the expected shape. HubSpot gives no category for these.
    pub(crate) fn bad_json(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let reason = text.split(" at line ").next().unwrap_or_default();
        let (line, column) = (error.line(), error.column());
        if let Some(field) = reason.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            let message = format!(
                "Invalid input JSON on line {line}, column {column}: Some required fields were not set: [{field}]"
            );
            return Self::invalid(message);
        }
        Self::plain(400, format!("Invalid input JSON on line {line}, column {column}: {reason}"))
    }

    /// 403 that names the scopes of which one is needed.
    ///
    /// Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/using-object-apis>.
    pub(crate) fn missing_scopes(alternatives: Vec<String>) -> Self {
        let mut refusal = Self::new(
            403,
            "MISSING_SCOPES",
            "This app hasn't been granted all required scopes to make this call. Read more about required scopes \
             here: https://developers.hubspot.com/scopes.",
        );
        refusal.body.links.insert("scopes", "https://developers.hubspot.com/scopes");
        refusal.with_detail(ErrorDetail {
            message: "One or more of the following scopes are required.".to_owned(),
            context: BTreeMap::from([("requiredGranularScopes", alternatives)]),
            ..ErrorDetail::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_parts_are_left_out() {
        let body = serde_json::to_value(Refusal::not_found().body).unwrap();
        let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(keys.len(), 3, "{keys:?}");
    }

    #[test]
    fn names_the_missing_field_of_a_body() {
        #[derive(serde::Deserialize)]
        struct Wanted {
            #[expect(dead_code, reason = "only its absence is read")]
            inputs: Vec<u8>,
        }
        let error = serde_json::from_str::<Wanted>("{}").map(|_| ()).unwrap_err();
        let refusal = Refusal::bad_json(&error);
        assert!(refusal.body.message.ends_with("Some required fields were not set: [inputs]"));
    }
}
