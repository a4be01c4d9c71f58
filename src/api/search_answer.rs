//! A 2xx answer of a search: the records that match, as far as one page holds them.
//!
//! The shape is that of developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm: `total`, `results[]`,
//! and `paging` where a page does not hold all of them. New records take a few moments to appear.

use super::batch_answer::{Malformed, Row, Stored};
use super::scalar::Scalar;
use crate::json::Cursor;

/// The records a search has found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchAnswer {
    /// The property that was searched.
    pub property: String,
    /// The records, each with its value of the property that was searched, as HubSpot stores it.
    pub found: Vec<Stored>,
    /// Whether there are more than these.
    pub has_more: bool,
}

impl SearchAnswer {
    /// Reads the body of a 2xx answer. `key_property` is the property that was searched.
    ///
    /// # Errors
    /// [`Malformed`] for a body that is cut off, is no JSON or has no list of results: without one, nothing is known
    /// to be missing.
    pub fn parse(body: &[u8], key_property: &str) -> Result<Self, Malformed> {
        let (mut found, mut listed, mut has_results) = (Vec::new(), 0, false);
        let (mut total, mut has_next) = (None, false);
        let mut cursor = Cursor::new(std::str::from_utf8(body)?);
        cursor.object(|cursor, name| {
            match &*name {
                "total" => {
                    total = Scalar::read(cursor)?.text().and_then(|total| total.parse::<usize>().ok());
                }
                "results" => {
                    has_results = true;
                    cursor.array(|cursor| {
                        listed += 1;
                        found.extend(Row::read(cursor)?.stored(Some(key_property)));
                        Ok(())
                    })?;
                }
                "paging" => has_next = cursor.value()? != "null",
                _ => _ = cursor.value()?,
            }
            Ok(())
        })?;
        cursor.end()?;
        if !has_results {
            return Err(Malformed::OtherShape);
        }
        // A result without an id is a record that is not known: as good as one on another page.
        let has_more = has_next || total.is_some_and(|total| total > listed) || found.len() < listed;
        Ok(Self { property: key_property.to_owned(), found, has_more })
    }
}

#[cfg(test)]
mod tests {
    use super::{Malformed, SearchAnswer};

    fn parse(body: &str) -> Result<SearchAnswer, Malformed> {
        SearchAnswer::parse(body.as_bytes(), "domain")
    }

    #[test]
    fn records_come_with_the_value_that_was_searched() {
        let body = r#"{"total":2,"results":[
            {"id":"7","properties":{"domain":"a.example","hs_object_id":"7"},"createdAt":"2026-06-24T19:07:24.143Z"},
            {"id":8,"properties":{"domain":null}}]}"#;
        let answer = parse(body).unwrap();
        let found: Vec<_> =
            answer.found.iter().map(|found| (found.id.as_str(), found.key.as_deref())).collect();
        assert_eq!(found, [("7", Some("a.example")), ("8", None)]);
        assert!(!answer.has_more);
    }

    #[test]
    fn what_a_page_does_not_hold_is_known_to_be_missing() {
        for (body, has_more) in [
            (r#"{"total":0,"results":[]}"#, false),
            (r#"{"results":[{"id":"1"}]}"#, false),
            (r#"{"total":"2","results":[{"id":"1"}]}"#, true),
            (r#"{"total":1,"results":[{"id":"1"}],"paging":{"next":{"after":"200"}}}"#, true),
            (r#"{"total":1,"results":[{"id":"1"}],"paging":null}"#, false),
            (r#"{"total":1,"results":[{}]}"#, true),
        ] {
            assert_eq!(parse(body).unwrap().has_more, has_more, "{body}");
        }
    }

    #[test]
    fn an_answer_without_results_says_nothing() {
        for (body, malformed) in [
            ("", Malformed::Truncated),
            (r#"{"total":0"#, Malformed::Truncated),
            ("<html>", Malformed::NotJson),
            ("{}", Malformed::OtherShape),
            (r#"{"total":0,"results":null}"#, Malformed::OtherShape),
            (r#"{"total":0,"results":{}}"#, Malformed::OtherShape),
        ] {
            assert_eq!(parse(body), Err(malformed), "{body}");
        }
    }
}
