//! An answer before it becomes bytes on a connection.

use hyper::body::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::Refusal;
use crate::page;

/// Body of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AnswerBody {
    Empty,
    /// JSON text.
    Json(Bytes),
    /// A page, as HubSpot's edge answers for what is no API call.
    Html(String),
}

impl AnswerBody {
    /// What is sent, if anything is.
    pub(crate) fn bytes(&self) -> Option<Bytes> {
        match self {
            Self::Empty => None,
            Self::Json(text) => Some(text.clone()),
            Self::Html(page) => Some(page.clone().into()),
        }
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: AnswerBody,
    /// Headers besides the ones every answer has.
    pub(crate) headers: Vec<(String, String)>,
    /// Records in the request, for the log.
    pub(crate) inputs: usize,
    /// The correlation id an error body already carries.
    pub(crate) correlation_id: Option<String>,
}

impl Answer {
    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, body: AnswerBody::Empty, headers: Vec::new(), inputs: 0, correlation_id: None }
    }

    /// An answer with a JSON body.
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        // Everything answered is made of maps with text keys, which serialise.
        let text = serde_json::to_vec(body).unwrap_or_default();
        Self { body: AnswerBody::Json(text.into()), ..Self::empty(status) }
    }

    /// A page of HubSpot's edge, with a word more where there is one.
    pub(crate) fn html(status: u16, title: &str, word: &str) -> Self {
        let word = page::escaped(word);
        let page = format!(
            "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{status} {title}</h1>{word}</body></html>\n"
        );
        Self { body: AnswerBody::Html(page), ..Self::empty(status) }
    }

    /// A page of the sandbox's own.
    pub(crate) fn page(document: String) -> Self {
        Self { body: AnswerBody::Html(document), ..Self::empty(200) }
    }

    /// A refusal with the correlation id that ties body and header together.
    pub(crate) fn refusal(refusal: Refusal, correlation_id: String) -> Self {
        let mut body = refusal.body;
        body.correlation_id.clone_from(&correlation_id);
        if body.policy_name.is_some() && body.group_name.is_none() {
            body.request_id = Some(correlation_id.clone());
        }
        Self { correlation_id: Some(correlation_id), ..Self::json(refusal.status, &body) }
    }

    /// The same with a remark on each of its results, or on the one record that it is.
    pub(crate) fn with_warnings(mut self, category: &str) -> Self {
        let AnswerBody::Json(text) = &self.body else { return self };
        let Ok(mut body) = serde_json::from_slice::<Value>(text) else { return self };
        let warnings = json!([{ "category": category, "message": "Something to know.", "context": {} }]);
        match body.get_mut("results").and_then(Value::as_array_mut) {
            Some(results) => results.iter_mut().for_each(|result| result["warnings"] = warnings.clone()),
            None => body["warnings"] = warnings,
        }
        self.body = Self::json(self.status, &body).body;
        self
    }

    /// Notes how many records the request held.
    pub(crate) fn with_inputs(mut self, inputs: usize) -> Self {
        self.inputs = inputs;
        self
    }
}
