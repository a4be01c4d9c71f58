//! Answers about associations (v4).
//!
//! No trace id exists here: an answer names the ids of both ends, and an error may name only one of them, or a text
//! with an id in it. Ids are texts in the current specification and numbers in the guide's examples. Source: HubSpot's
//! associations guide and its OpenAPI file.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::batch_answer::Malformed;
use super::error_body::ApiError;
use super::paging::Paging;
use super::scalar::Scalar;

/// A kind of association between two object types, in one direction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AssociationType {
    /// `HUBSPOT_DEFINED`, `USER_DEFINED` or `INTEGRATOR_DEFINED`.
    #[serde(rename = "associationCategory")]
    pub category: String,
    /// Number of the type.
    #[serde(rename = "associationTypeId")]
    pub type_id: u64,
}

/// What came of a change: pairs that are as they were to be, and errors.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AssociationAnswer {
    /// Ids of near and far end. HubSpot may give a pair in both directions.
    pub pairs: Vec<(String, String)>,
    /// The errors; each may speak for several pairs, or for none it names.
    pub errors: Vec<ApiError>,
}

/// The associations of some records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AssociationsRead {
    /// By near end. A record without associations may be missing here.
    pub records: Vec<AssociatedRecord>,
    /// The errors: mostly records without associations.
    pub errors: Vec<ApiError>,
}

/// A page of the associations of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssociatedRecord {
    /// Its id.
    pub id: String,
    /// Ids of the far ends, each with the types of its association.
    pub to: Vec<(String, Vec<AssociationType>)>,
    /// Where the next page begins; none after the last.
    pub after: Option<String>,
}

#[derive(Deserialize)]
struct Envelope<'a, T> {
    #[serde(default = "Option::default")]
    results: Option<Vec<T>>,
    #[serde(borrow, default)]
    errors: Option<Vec<&'a RawValue>>,
}

impl<T> Envelope<'_, T> {
    fn errors(&self) -> Vec<ApiError> {
        self.errors.iter().flatten().map(|error| ApiError::of_record(error.get())).collect()
    }
}

#[derive(Deserialize)]
struct Id<'a> {
    #[serde(borrow, default)]
    id: Scalar<'a>,
}

fn no_array(body: &[u8]) -> Result<(), Malformed> {
    // Derived structs also accept arrays, field by field.
    if body.trim_ascii_start().first() == Some(&b'[') { Err(Malformed::OtherShape) } else { Ok(()) }
}

impl AssociationAnswer {
    /// Reads the body of a 2xx answer.
    ///
    /// # Errors
    /// [`Malformed`] for a body that is cut off, is no JSON or is something else than an object.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Row<'a> {
            #[serde(borrow, default)]
            from_object_id: Scalar<'a>,
            #[serde(borrow, default)]
            to_object_id: Scalar<'a>,
            #[serde(borrow, default)]
            from: Option<Id<'a>>,
            #[serde(borrow, default)]
            to: Option<Id<'a>>,
        }
        no_array(body)?;
        let envelope: Envelope<'_, Row<'_>> = serde_json::from_slice(body)?;
        let errors = envelope.errors();
        let pair = |row: Row<'_>| {
            let from = row.from_object_id.into_text().or_else(|| row.from?.id.into_text())?;
            let to = row.to_object_id.into_text().or_else(|| row.to?.id.into_text())?;
            Some((from, to))
        };
        Ok(Self {
            pairs: envelope.results.unwrap_or_default().into_iter().filter_map(pair).collect(),
            errors,
        })
    }
}

impl AssociationsRead {
    /// Reads the body of a 2xx answer.
    ///
    /// # Errors
    /// [`Malformed`] for a body that is cut off, is no JSON, has no list of results, or an entry that cannot be read whole:
    /// labels that could not be read must not pass for labels that are not there.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        #[derive(Deserialize)]
        struct Row<'a> {
            #[serde(borrow)]
            from: Id<'a>,
            #[serde(borrow)]
            to: Vec<Far<'a>>,
            #[serde(default)]
            paging: Option<Paging>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Far<'a> {
            #[serde(borrow)]
            to_object_id: Scalar<'a>,
            #[serde(borrow)]
            association_types: Vec<Kind<'a>>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Kind<'a> {
            #[serde(borrow)]
            category: Scalar<'a>,
            #[serde(borrow)]
            type_id: Scalar<'a>,
        }
        no_array(body)?;
        let envelope: Envelope<'_, Row<'_>> = serde_json::from_slice(body)?;
        let errors = envelope.errors();
        let kind = |kind: Kind<'_>| {
            let (category, number) = (kind.category.into_text()?, kind.type_id.into_text()?);
            Some(AssociationType { category, type_id: number.parse().ok()? })
        };
        let far = |far: Far<'_>| {
            let types = far.association_types.into_iter().map(kind).collect::<Option<Vec<_>>>()?;
            Some((far.to_object_id.into_text()?, types))
        };
        let record = |row: Row<'_>| {
            let after = row.paging.and_then(Paging::after);
            let to = row.to.into_iter().map(far).collect::<Option<Vec<_>>>()?;
            Some(AssociatedRecord { id: row.from.id.into_text()?, to, after })
        };
        let results = envelope.results.ok_or(Malformed::OtherShape)?;
        let records = results.into_iter().map(record).collect::<Option<Vec<_>>>();
        Ok(Self { records: records.ok_or(Malformed::OtherShape)?, errors })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_in_both_shapes() {
        let body = r#"{"status":"COMPLETE","results":[
            {"fromObjectTypeId":"0-1","fromObjectId":7,"toObjectTypeId":"0-2","toObjectId":"8","labels":["x"]},
            {"from":{"id":"9"},"to":{"id":10},"associationSpec":{}},{"from":{"id":"1"}}],
            "errors":[{"category":"VALIDATION_ERROR","message":"x is not a valid ID","context":{"id":["x"]}}]}"#;
        let answer = AssociationAnswer::parse(body.as_bytes()).unwrap();
        let pairs: Vec<(&str, &str)> =
            answer.pairs.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
        assert_eq!(pairs, [("7", "8"), ("9", "10")]);
        assert_eq!(answer.errors[0].ids, ["x"]);
        assert_eq!(AssociationAnswer::parse(b"{}"), Ok(AssociationAnswer::default()));
        for body in [&b""[..], b"[", b"[]", b"{\"results\":["] {
            assert!(AssociationAnswer::parse(body).is_err());
        }
    }

    #[test]
    fn labels_are_read_by_pair_and_page() {
        let body = r#"{"results":[{"from":{"id":"1"},"to":[
            {"toObjectId":5,"associationTypes":[{"category":"USER_DEFINED","typeId":36,"label":"Boss"},{"category":"HUBSPOT_DEFINED","typeId":279,"label":null}]}],
            "paging":{"next":{"after":"k"}}}]}"#;
        let read = AssociationsRead::parse(body.as_bytes()).unwrap();
        let record = &read.records[0];
        assert_eq!((record.id.as_str(), record.after.as_deref()), ("1", Some("k")));
        let numbers: Vec<u64> = record.to[0].1.iter().map(|kind| kind.type_id).collect();
        assert_eq!((record.to[0].0.as_str(), numbers), ("5", vec![36, 279]));
        for body in [
            "{}",
            r#"{"results":[{"from":{"id":"1"}}]}"#,
            r#"{"results":[{"from":{"id":"1"},"to":null}]}"#,
            r#"{"results":[{"from":{"id":"1"},"to":[{"toObjectId":5}]}]}"#,
            r#"{"results":[{"from":{"id":"1"},"to":[{"toObjectId":5,"associationTypes":[{"category":"X","typeId":"y"}]}]}]}"#,
        ] {
            assert_eq!(AssociationsRead::parse(body.as_bytes()), Err(Malformed::OtherShape), "{body}");
        }
    }
}
