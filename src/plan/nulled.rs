//! Fields that were nulled on the way (`meta.changes`): their nulls say nothing about the source.
//!
//! Source: Airbyte protocol, `AirbyteRecordMessageMetaChange`.

use std::collections::HashSet;

use crate::json::{self, Cursor};
use crate::protocol::message::RecordMessage;

/// The names of a record's nulled fields.
#[derive(Debug, Default)]
pub struct Nulled(HashSet<String>);

impl Nulled {
    /// Those of a record.
    #[must_use]
    pub fn of(record: &RecordMessage<'_>) -> Self {
        record.meta.map(Self::read).unwrap_or_default()
    }

    /// Those that a record's `meta` names. What is no list of changes names none.
    fn read(meta: &str) -> Self {
        let mut changes = None;
        let walked = json::members(meta, |name, value| {
            if name == "changes" {
                changes = Some(value);
            }
        });
        let mut fields = HashSet::new();
        let Some(changes) = changes.filter(|_| walked.is_ok()) else { return Self::default() };
        // What follows a fault in the list is not known.
        let _list_or_not = Cursor::new(changes).array(|cursor| {
            fields.extend(nulled_by(cursor.value()?));
            Ok(())
        });
        Self(fields)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this field was nulled.
    #[must_use]
    pub fn contains(&self, field: &str) -> bool {
        !self.0.is_empty() && self.0.contains(field)
    }
}

/// The field that a change has nulled.
fn nulled_by(change: &str) -> Option<String> {
    let (mut field, mut kind) = (None, None);
    let text = |value: &str| serde_json::from_str::<String>(value).ok();
    let walked = json::members(change, |name, value| match &*name {
        "field" => field = text(value),
        "change" => kind = text(value),
        _ => {}
    });
    field.filter(|_| walked.is_ok() && kind.as_deref() == Some("NULLED"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulled_fields_are_told_from_truncated_ones() {
        let nulled = Nulled::read(
            r#"{"changes":[{"field":"a","change":"NULLED","reason":"X"},{"field":"b","change":"TRUNCATED"},7,
                {"field":"c","field":"d","change":"TRUNCATED","change":"NULLED"}],"x":1}"#,
        );
        let fields = ["a", "b", "c", "d"].map(|field| nulled.contains(field));
        assert_eq!((fields, nulled.is_empty()), ([true, false, false, true], false));
        for meta in ["null", "{}", r#"{"changes":null}"#, r#"{"changes":{}}"#, "7", r#"{"changes":[{}]}"#] {
            assert!(Nulled::read(meta).is_empty(), "{meta}");
        }
    }
}
