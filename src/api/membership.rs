//! Answers about the members of lists.
//!
//! A change names who was added, who was removed and which ids are no records; ids it names nowhere were members
//! (or no members) before. Source: HubSpot's lists guide and its OpenAPI file, where the first field is spelled
//! `recordsIdsAdded`; a reference page spells it `recordIdsAdded`, and absent lists have been seen.

use serde::Deserialize;

use super::batch_answer::Malformed;
use super::paging::Paging;
use super::scalar::Scalar;

/// What came of a change to the members of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MembershipAnswer {
    /// Record ids that are members now and were not before.
    pub added: Vec<String>,
    /// Record ids that were members and are not any more.
    pub removed: Vec<String>,
    /// Record ids that do not exist in the account.
    pub missing: Vec<String>,
}

impl MembershipAnswer {
    /// Reads the body of a 2xx answer.
    ///
    /// # Errors
    /// [`Malformed`] for a body that is cut off, is no JSON or is something else than an object.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        #[derive(Deserialize, Default)]
        #[serde(default, rename_all = "camelCase")]
        struct Body<'a> {
            #[serde(borrow)]
            records_ids_added: Option<Vec<Scalar<'a>>>,
            #[serde(borrow)]
            record_ids_added: Option<Vec<Scalar<'a>>>,
            #[serde(borrow)]
            record_ids_removed: Option<Vec<Scalar<'a>>>,
            #[serde(borrow)]
            record_ids_missing: Option<Vec<Scalar<'a>>>,
        }
        // Derived structs also accept arrays, field by field.
        if body.trim_ascii_start().first() == Some(&b'[') {
            return Err(Malformed::OtherShape);
        }
        let body = serde_json::from_slice::<Option<Body<'_>>>(body)?.unwrap_or_default();
        let texts = |ids: Option<Vec<Scalar<'_>>>| {
            ids.unwrap_or_default().into_iter().filter_map(Scalar::into_text).collect::<Vec<_>>()
        };
        let mut added = texts(body.records_ids_added);
        added.append(&mut texts(body.record_ids_added));
        Ok(Self { added, removed: texts(body.record_ids_removed), missing: texts(body.record_ids_missing) })
    }
}

/// One page of the members of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MembersPage {
    /// Record ids.
    pub members: Vec<String>,
    /// Where the next page begins; none after the last.
    pub after: Option<String>,
}

impl MembersPage {
    /// Reads the body of a 2xx answer.
    ///
    /// # Errors
    /// [`Malformed`] for a body that is cut off, is no JSON or has no list of members: a page that cannot be read
    /// must not pass for an empty one.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        #[derive(Deserialize)]
        struct Body<'a> {
            #[serde(borrow)]
            results: Vec<Member<'a>>,
            #[serde(default)]
            paging: Option<Paging>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Member<'a> {
            #[serde(borrow)]
            record_id: Scalar<'a>,
        }
        let body: Body<'_> = serde_json::from_slice(body)?;
        let after = body.paging.and_then(Paging::after);
        let members = body.results.into_iter().filter_map(|member| member.record_id.into_text()).collect();
        Ok(Self { members, after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_numbers_and_absent_lists_are_read() {
        let read = |text: &str| MembershipAnswer::parse(text.as_bytes());
        let answer =
            read(r#"{"recordsIdsAdded":["1"],"recordIdsAdded":[2],"recordIdsMissing":["9"],"x":1}"#).unwrap();
        assert_eq!(
            (answer.added, answer.removed, answer.missing),
            (vec!["1".into(), "2".into()], vec![], vec!["9".into()])
        );
        assert_eq!(read("{}"), Ok(MembershipAnswer::default()));
        assert_eq!(read(r#"{"recordIdsMissing":null}"#), Ok(MembershipAnswer::default()));
    }

    #[test]
    fn what_is_no_answer_confirms_nothing() {
        let read = |text: &str| MembershipAnswer::parse(text.as_bytes());
        assert_eq!(read(""), Err(Malformed::Truncated));
        assert_eq!(read(r#"{"recordIdsMissing":["#), Err(Malformed::Truncated));
        assert_eq!(read("<html>"), Err(Malformed::NotJson));
        assert_eq!(read("[]"), Err(Malformed::OtherShape));
        assert_eq!(read("[[\"1\"]]"), Err(Malformed::OtherShape));
    }

    #[test]
    fn a_page_names_its_members_and_the_next_one() {
        let read = |text: &str| MembersPage::parse(text.as_bytes());
        let page = read(
            r#"{"results":[{"recordId":"1","membershipTimestamp":"x"},{"recordId":2}],"paging":{"next":{"after":"k","link":"l"}}}"#,
        );
        assert_eq!(page, Ok(MembersPage { members: vec!["1".into(), "2".into()], after: Some("k".into()) }));
        assert_eq!(read(r#"{"results":[],"paging":null}"#), Ok(MembersPage::default()));
        assert_eq!(read("{}"), Err(Malformed::OtherShape));
        assert_eq!(read(r#"{"results":[{"rec"#), Err(Malformed::Truncated));
    }
}
