//! A 2xx answer of a batch endpoint on records: what was stored, and what was not.
//!
//! The shape is that of developers.hubspot.com/docs/api-reference/latest/crm/using-object-apis: `status`,
//! `results[]` in an order of HubSpot's own, and `errors[]` where only a part succeeded. Neither is complete by
//! promise: an input can be missing from both, and one error can speak for several inputs, so nothing may be
//! concluded from counts.
//!
//! The answer is read in one pass over the borrowed bytes. Only what settles a record is kept; the properties
//! of a result, by far the largest part, are not even looked into where the result carries a trace id.

use std::error::Error;
use std::fmt;
use std::str::Utf8Error;

use serde_json::Value;
use serde_json::error::Category;

use super::error_body::ApiError;
use super::lenient::token;
use super::scalar::Scalar;
use crate::json::{self, Cursor};

/// Results that most answers have: room is made for them at once.
const USUAL_BATCH: usize = 100;
/// The property by which a record is matched by its record id.
const RECORD_ID: &str = "hs_object_id";
/// The property of contacts that is matched by, and the one with their other addresses, separated by `;`.
const EMAIL: &str = "email";
const OTHER_EMAILS: &str = "hs_additional_emails";
/// The property of companies that is searched for, and the one with their further domains, separated by `;`.
const DOMAIN: &str = "domain";
/// A company's further domains, separated by `;`: those of companies that were merged into it above all.
pub const ADDITIONAL_DOMAINS: &str = "hs_additional_domains";

/// A batch answer, record by record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BatchAnswer {
    /// `COMPLETE` in all answers seen; documented are also `PENDING`, `PROCESSING` and `CANCELED`.
    pub status: Option<String>,
    /// The records HubSpot confirms, in its order, which is not that of the inputs.
    pub results: Vec<Stored>,
    /// The errors; each may speak for several inputs (`trace_ids`, `ids`), or for none it names.
    pub errors: Vec<ApiError>,
    /// Errors among them that pass by themselves, set aside by whoever knows that: HubSpot's answer does not say.
    pub passing: Vec<ApiError>,
}

/// One confirmed record. `key` can be a record value; `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// HubSpot's record id. After a merge it may differ from the id that was sent.
    pub id: String,
    /// The trace id of the input, where HubSpot echoes it.
    pub trace_id: Option<String>,
    /// Whether an upsert created the record, where HubSpot says so.
    pub new: Option<bool>,
    /// When the record was made, in milliseconds since 1970 by HubSpot's clock; `None` where that is not said, and with
    /// a trace id.
    pub created_at: Option<i64>,
    /// For a result without a trace id: its value of the property that inputs are matched by, as HubSpot stores
    /// it (e-mails in lower case). `None` with a trace id, without a property to match by, or without a value.
    pub key: Option<String>,
    /// A contact's other addresses where inputs are matched by e-mail, a company's further domains where they are by
    /// domain: it may have been asked for by any of them. Empty with a trace id.
    pub other_keys: Vec<String>,
    /// Categories of what HubSpot remarks on the record although it is stored (`warnings`, in HubSpot's OpenAPI files
    /// since June 2026); when it does so is not documented.
    pub warnings: Vec<String>,
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("id", &self.id)
            .field("trace_id", &self.trace_id)
            .field("new", &self.new)
            .finish_non_exhaustive()
    }
}

/// The body is not a batch answer, so nothing is known about any record. Holds nothing of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// The body ends too early: empty, or cut off.
    Truncated,
    /// It is not JSON.
    NotJson,
    /// It is JSON of another shape.
    OtherShape,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "HubSpot's answer ends too early",
            Self::NotJson => "HubSpot's answer is not JSON",
            Self::OtherShape => "HubSpot's answer is not that of a batch call",
        })
    }
}

impl Error for Malformed {}

impl From<serde_json::Error> for Malformed {
    fn from(error: serde_json::Error) -> Self {
        match error.classify() {
            Category::Eof | Category::Io => Self::Truncated,
            Category::Syntax => Self::NotJson,
            Category::Data => Self::OtherShape,
        }
    }
}

impl From<json::Malformed> for Malformed {
    fn from(malformed: json::Malformed) -> Self {
        match malformed {
            json::Malformed::Truncated => Self::Truncated,
            json::Malformed::NotJson => Self::NotJson,
            json::Malformed::OtherShape => Self::OtherShape,
        }
    }
}

impl From<Utf8Error> for Malformed {
    fn from(error: Utf8Error) -> Self {
        // A text that ends within a character was cut there.
        if error.error_len().is_none() { Self::Truncated } else { Self::NotJson }
    }
}

impl BatchAnswer {
    /// Reads the body of a 2xx answer. `key_property` is the property by which the inputs were matched;
    /// `hs_object_id` stands for the record id itself.
    ///
    /// Lists and fields that are absent or null, ids that are numbers and unknown fields are all taken; a
    /// result without an id confirms nothing and is left out.
    ///
    /// # Errors
    /// [`Malformed`] for a body that is cut off, is no JSON or is something else than an object with lists.
    pub fn parse(body: &[u8], key_property: Option<&str>) -> Result<Self, Malformed> {
        let mut answer = Self::default();
        let mut cursor = Cursor::new(std::str::from_utf8(body)?);
        cursor.object(|cursor, name| match &*name {
            "status" => {
                answer.status = Scalar::read(cursor)?.into_text();
                Ok(())
            }
            "results" if cursor.null()? => Ok(()),
            "results" => cursor.array(|cursor| {
                if answer.results.is_empty() {
                    answer.results.reserve(USUAL_BATCH);
                }
                answer.results.extend(Row::read(cursor)?.stored(key_property));
                Ok(())
            }),
            "errors" if cursor.null()? => Ok(()),
            "errors" => cursor.array(|cursor| {
                answer.errors.push(ApiError::of_record(cursor.value()?));
                Ok(())
            }),
            _ => cursor.value().map(|_of_no_use| ()),
        })?;
        cursor.end()?;
        Ok(answer)
    }
}

impl BatchAnswer {
    /// Reads the body of a 2xx answer of an endpoint for one record, which is the record itself.
    ///
    /// # Errors
    /// [`Malformed`] for a body that is cut off, is no JSON or is no object.
    pub fn of_one(body: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(std::str::from_utf8(body)?);
        let row = Row::read(&mut cursor)?;
        cursor.end()?;
        Ok(Self { results: row.stored(Some(RECORD_ID)).into_iter().collect(), ..Self::default() })
    }
}

/// One entry of `results`.
#[derive(Default)]
pub(super) struct Row<'a> {
    id: Scalar<'a>,
    trace_id: Scalar<'a>,
    new: Scalar<'a>,
    created_at: Scalar<'a>,
    properties: Option<&'a str>,
    warnings: Option<&'a str>,
}

impl<'a> Row<'a> {
    /// Reads one entry.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Self, json::Malformed> {
        let mut row = Self::default();
        cursor.object(|cursor, name| {
            match &*name {
                "id" => row.id = Scalar::read(cursor)?,
                "objectWriteTraceId" => row.trace_id = Scalar::read(cursor)?,
                "new" => row.new = Scalar::read(cursor)?,
                "createdAt" => row.created_at = Scalar::read(cursor)?,
                "properties" => row.properties = Some(cursor.value()?),
                "warnings" => row.warnings = Some(cursor.value()?),
                _ => _ = cursor.value()?,
            }
            Ok(())
        })?;
        Ok(row)
    }

    /// The record, where the entry names one.
    pub(super) fn stored(self, key_property: Option<&str>) -> Option<Stored> {
        let id = self.id.into_text()?;
        let trace_id = self.trace_id.into_text();
        let key = match key_property {
            _ if trace_id.is_some() => None,
            Some(RECORD_ID) => Some(id.clone()),
            Some(property) => self.properties.and_then(|properties| value_of(properties, property)),
            None => None,
        };
        let others = match key_property {
            Some(EMAIL) => Some(OTHER_EMAILS),
            Some(DOMAIN) => Some(ADDITIONAL_DOMAINS),
            _ => None,
        };
        let others = others.zip(self.properties).filter(|_| trace_id.is_none());
        let listed = others.and_then(|(others, properties)| value_of(properties, others)).unwrap_or_default();
        let names = listed.split(';').map(str::trim).filter(|name| !name.is_empty());
        let other_keys = names.map(str::to_owned).collect();
        // What has a trace id is an answer to a write, and known to be new or not.
        let created_at = match trace_id {
            Some(_) => None,
            None => self.created_at.text().and_then(milliseconds),
        };
        let warnings = self.warnings.map(categories).unwrap_or_default();
        Some(Stored { id, trace_id, new: self.new.flag(), created_at, key, other_keys, warnings })
    }
}

/// What a warning without a category counts as.
const NO_CATEGORY: &str = "UNCATEGORISED";

/// The categories of `warnings`: identifiers, or nothing that could be a record's value. What is no list says nothing.
fn categories(warnings: &str) -> Vec<String> {
    let warnings: Vec<Value> = serde_json::from_str(warnings).unwrap_or_default();
    let category = |warning: Value| token(warning.get("category")).unwrap_or_else(|| NO_CATEGORY.to_owned());
    warnings.into_iter().map(category).collect()
}

/// Milliseconds since 1970 of an instant as HubSpot writes it: `2026-06-24T19:07:24.143Z`.
fn milliseconds(text: &str) -> Option<i64> {
    text.parse().ok().map(jiff::Timestamp::as_millisecond)
}

/// The text of one property; of the others not even the names are copied.
fn value_of(properties: &str, property: &str) -> Option<String> {
    let mut found = None;
    let walked = Cursor::new(properties).object(|cursor, name| {
        if name == property {
            found = Scalar::read(cursor)?.into_text();
        } else {
            cursor.value()?;
        }
        Ok(())
    });
    walked.ok().and(found)
}

#[cfg(test)]
mod tests {
    use super::{BatchAnswer, Malformed};

    fn parse(body: &str, key_property: Option<&str>) -> BatchAnswer {
        BatchAnswer::parse(body.as_bytes(), key_property).expect("a batch answer")
    }

    #[test]
    fn results_and_errors_are_read() {
        let body = r#"{"completedAt":"x","status":"COMPLETE","results":[
              {"id":"7","properties":{"email":"b@x.example"},"objectWriteTraceId":"1","new":true,"url":"u"},
              {"properties":{},"new":false,"id":"8","objectWriteTraceId":"0","archived":false}],
            "numErrors":1,"errors":[{"status":"error","category":"VALIDATION_ERROR","subCategory":{},
              "message":"Property values were not valid: [{\"message\":\"m\",\"error\":\"INVALID_EMAIL\",\"name\":\"email\"}]",
              "context":{"objectWriteTraceId":["2","3"]}}]}"#;
        let answer = parse(body, Some("email"));
        assert_eq!(answer.status.as_deref(), Some("COMPLETE"));
        let of = |at: usize| {
            let stored = &answer.results[at];
            (stored.id.as_str(), stored.trace_id.as_deref(), stored.new, stored.key.as_deref())
        };
        assert_eq!([of(0), of(1)], [("7", Some("1"), Some(true), None), ("8", Some("0"), Some(false), None)]);
        assert_eq!(answer.errors.len(), 1);
        assert_eq!((answer.errors[0].code(), answer.errors[0].status), ("INVALID_EMAIL", 207));
        assert_eq!(answer.errors[0].trace_ids, ["2", "3"]);
    }

    #[test]
    fn without_trace_ids_the_key_ties_a_result_to_its_input() {
        let body = r#"{"results":[{"id":1000000000,"properties":{"a":{"b":["c"]},"sku":12,"z":null}},
                                  {"id":"2","properties":{"sku":null}},{"id":"3","properties":null},{"id":"4"}]}"#;
        let keys =
            |property| parse(body, property).results.into_iter().map(|stored| stored.key).collect::<Vec<_>>();
        assert_eq!(keys(Some("sku")), [Some("12".to_owned()), None, None, None]);
        let ids = ["1000000000", "2", "3", "4"].map(|id| Some(id.to_owned()));
        assert_eq!(keys(Some("hs_object_id")), ids);
        assert_eq!(keys(None), [const { None }; 4]);
    }

    #[test]
    fn further_addresses_and_domains_are_read_where_records_go_by_one() {
        let body = r#"{"results":[{"id":"1","properties":{"domain":"a.example","hs_additional_domains":"b.example; c.example;",
            "hs_additional_emails":"x@y.z"}},{"id":"2","properties":{"domain":"d.example","hs_additional_domains":null}}]}"#;
        let others = |property| {
            parse(body, Some(property))
                .results
                .into_iter()
                .map(|stored| stored.other_keys)
                .collect::<Vec<_>>()
        };
        let none: Vec<String> = Vec::new();
        assert_eq!(others("domain"), [vec!["b.example".to_owned(), "c.example".to_owned()], none.clone()]);
        assert_eq!(others("email"), [vec!["x@y.z".to_owned()], none.clone()]);
        assert_eq!(others("name"), [none.clone(), none]);
    }

    #[test]
    fn the_moment_of_making_is_read_where_it_is_one() {
        let body = r#"{"results":[{"id":"1","createdAt":"2026-06-24T19:07:24.143Z"},
            {"id":"2","createdAt":"yesterday"},{"id":"3","createdAt":null},{"id":"4"}]}"#;
        let made: Vec<_> = parse(body, None).results.into_iter().map(|stored| stored.created_at).collect();
        assert_eq!(made, [Some(1_782_328_044_143), None, None, None]);
    }

    #[test]
    fn warnings_are_read_by_category_whatever_they_are() {
        let body = r#"{"results":[{"id":"1","warnings":[{"category":"A_B","message":"ada@x.example","context":{}},
            {"category":"ada@x.example"},{}]},{"id":"2","warnings":null},{"id":"3","warnings":{}},{"id":"4"}]}"#;
        let all: Vec<_> = parse(body, None).results.into_iter().map(|stored| stored.warnings).collect();
        assert_eq!(all[0], ["A_B", "UNCATEGORISED", "UNCATEGORISED"]);
        assert!(all[1..].iter().all(Vec::is_empty), "{all:?}");
    }

    #[test]
    fn escaped_names_and_values_are_the_same_text() {
        let body = r#"{"results":[{"id":"1","properties":{"s\u006bu":"a\u00e9\n"}}]}"#;
        assert_eq!(parse(body, Some("sku")).results[0].key.as_deref(), Some("aé\n"));
    }

    #[test]
    fn what_is_absent_or_null_is_empty() {
        for body in [
            "{}",
            r#"{"status":"COMPLETE"}"#,
            r#"{"results":null,"errors":null,"status":null,"numErrors":null}"#,
            "  {\"results\":[],\"errors\":[]}  ",
        ] {
            let answer = parse(body, Some("email"));
            assert!(answer.results.is_empty() && answer.errors.is_empty(), "{body}");
        }
    }

    #[test]
    fn a_result_without_an_id_confirms_nothing() {
        let body = r#"{"results":[{"objectWriteTraceId":"0"},{"id":""},{"id":null},{"id":"1","objectWriteTraceId":5}]}"#;
        let answer = parse(body, None);
        assert_eq!(answer.results.len(), 1);
        assert_eq!(answer.results[0].trace_id.as_deref(), Some("5"));
    }

    #[test]
    fn errors_that_are_no_objects_are_still_errors() {
        let answer = parse(r#"{"errors":["what",null,{"status":404,"message":"resource not found"}]}"#, None);
        let codes: Vec<_> = answer.errors.iter().map(super::ApiError::code).collect();
        assert_eq!(codes, ["INVALID_RECORD", "INVALID_RECORD", "NOT_FOUND"]);
        assert_eq!(answer.errors[0].message, "what");
    }

    #[test]
    fn every_cut_of_an_answer_is_known_as_truncated() {
        let body = r#"{"status":"COMPLETE","results":[{"id":"1","properties":{"e":"é"}}],"errors":[{"message":"m"}]}"#;
        for end in (0..body.len()).filter(|end| body.is_char_boundary(*end)) {
            assert_eq!(BatchAnswer::parse(&body.as_bytes()[..end], None), Err(Malformed::Truncated), "{end}");
        }
    }

    #[test]
    fn other_bodies_are_refused_without_being_quoted() {
        let refused = |body: &str| BatchAnswer::parse(body.as_bytes(), None).expect_err("no batch answer");
        for body in ["<html></html>", "{\"results\":}", "nonsense", "{} {}"] {
            assert_eq!(refused(body), Malformed::NotJson, "{body}");
        }
        for body in [
            "[]",
            "null",
            "\"secret\"",
            "{\"results\":\"secret\"}",
            "{\"results\":[\"secret\"]}",
            "{\"errors\":{}}",
        ] {
            let malformed = refused(body);
            assert_eq!(malformed, Malformed::OtherShape, "{body}");
            assert!(!format!("{malformed} {malformed:?}").contains("secret"));
        }
    }

    #[test]
    fn debug_leaves_keys_out() {
        let answer =
            parse(r#"{"results":[{"id":"1","properties":{"email":"ada@x.example"}}]}"#, Some("email"));
        assert_eq!(answer.results[0].key.as_deref(), Some("ada@x.example"));
        assert!(!format!("{answer:?}").contains("ada"));
    }
}
