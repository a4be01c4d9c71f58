//! A record as an answer shows it.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::computed::{Shown, computed, shown};
use super::record::Record;
use crate::account::Account;
use crate::catalog::ObjectType;
use crate::clock::Millis;

/// Property values by name, written in the order of their names; a missing value is `null`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Properties<'a>(Vec<(Cow<'a, str>, Option<Cow<'a, str>>)>);

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Which properties to show.
#[derive(Clone, Debug)]
pub(crate) struct Selection<'a> {
    /// What is shown without being asked.
    pub(crate) when: Shown,
    /// Names sent or asked for, unknown ones too.
    pub(crate) names: Vec<Cow<'a, str>>,
}

/// One record of an answer.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordJson<'a> {
    pub(crate) id: String,
    pub(crate) properties: Properties<'a>,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
    pub(crate) archived: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) archived_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) object_write_trace_id: Option<Cow<'a, str>>,
    pub(crate) url: String,
    /// Only in answers to upserts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) new: Option<bool>,
}

impl<'a> RecordJson<'a> {
    /// Shows a record with the chosen properties.
    pub(crate) fn new(
        account: &Account,
        kind: &'a ObjectType,
        record: &'a Record,
        selection: &Selection<'a>,
    ) -> Self {
        let (created_at, updated_at) = (record.created.iso(), record.updated.iso());
        let properties = properties(kind, record, selection, &created_at, &updated_at);
        Self {
            id: record.id.to_string(),
            properties,
            created_at,
            updated_at,
            archived: record.archived.is_some(),
            archived_at: record.archived.map(Millis::iso),
            object_write_trace_id: None,
            url: format!(
                "https://{}/contacts/{}/record/{}/{}",
                account.ui_domain(),
                account.portal_id,
                kind.id,
                record.id
            ),
            new: None,
        }
    }
}

fn properties<'a>(
    kind: &'a ObjectType,
    record: &'a Record,
    selection: &Selection<'a>,
    created: &str,
    updated: &str,
) -> Properties<'a> {
    let lists = shown(kind.family, selection.when);
    let mut all = Vec::with_capacity(selection.names.len() + 24);
    // A write's answer leaves out what is not set; a read's answer shows it as null.
    let writes = matches!(selection.when, Shown::Created | Shown::Updated);
    let mut add = |name: Cow<'a, str>, asked: bool| {
        let stored = kind.property(&name).map(|(slot, _)| record.value(slot));
        let value = match stored {
            Some(Some(value)) => Some(Cow::Borrowed(value)),
            Some(None) => {
                computed(kind, record, &name, created, updated).map(|value| Cow::Owned(value.into_owned()))
            }
            // A property the account does not have is left out, asked for or not.
            None => return,
        };
        match (value, writes, asked) {
            (None, true, false) => {}
            (None, true, true) => all.push((name, Some(Cow::Borrowed("")))),
            (value, _, _) => all.push((name, value)),
        }
    };
    for name in &selection.names {
        add(name.clone(), true);
    }
    for name in lists.iter().copied().flatten() {
        add(Cow::Borrowed(*name), false);
    }
    for name in [kind.family.created_property(), kind.family.modified_property()] {
        add(Cow::Borrowed(name), false);
    }
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    all.dedup_by(|(one, _), (other, _)| one == other);
    Properties(all)
}
