//! The lists themselves.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::definition::ProcessingType;
use crate::catalog::TypeIndex;
use crate::clock::Millis;

/// How a change of members with too many record ids is refused. HubSpot publishes no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Oversize {
    /// 400 `VALIDATION_ERROR`.
    BadRequest,
    /// 413.
    TooLarge,
}

/// Most record ids of one change of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallLimit {
    /// Record ids.
    pub ids: usize,
    /// How more are refused.
    pub refusal: Oversize,
}

/// What happened to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// It became one.
    Joined,
    /// It no longer is one.
    Left,
}

/// One change of a list's members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberChange {
    /// Record id.
    pub record: String,
    /// What happened.
    pub membership: Membership,
    /// Arrival number of the request that did it.
    pub request: u64,
}

/// One list.
#[derive(Clone, Debug)]
pub(crate) struct ObjectList {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) kind: TypeIndex,
    pub(crate) processing: ProcessingType,
    pub(crate) filter_branch: Option<Value>,
    pub(crate) version: u64,
    pub(crate) created: Millis,
    pub(crate) updated: Millis,
    pub(crate) deleted: Option<Millis>,
    /// When each member joined, by record id; records that were archived since are still in it.
    pub(crate) members: BTreeMap<u64, Millis>,
    /// What calls did to the members, in order; none is kept where no history is.
    pub(crate) changes: Option<Vec<MemberChange>>,
}

impl ObjectList {
    /// Makes a record a member on behalf of a request; false if it is one.
    pub(crate) fn join(&mut self, record: u64, now: Millis, request: u64) -> bool {
        let new = !self.members.contains_key(&record);
        if new {
            self.members.insert(record, now);
            self.note(record, Membership::Joined, request);
        }
        new
    }

    /// Takes a record out on behalf of a request; false if it is no member.
    pub(crate) fn leave(&mut self, record: u64, request: u64) -> bool {
        let was = self.members.remove(&record).is_some();
        if was {
            self.note(record, Membership::Left, request);
        }
        was
    }

    fn note(&mut self, record: u64, membership: Membership, request: u64) {
        if let Some(changes) = &mut self.changes {
            changes.push(MemberChange { record: record.to_string(), membership, request });
        }
    }
}

/// All lists of the account, deleted ones too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists {
    pub(crate) call_limit: Option<CallLimit>,
    /// Whether changes of members are not kept.
    forgetful: bool,
    all: BTreeMap<u64, ObjectList>,
}

impl Lists {
    /// No lists; changes of members are kept, or not.
    pub(crate) fn new(recording: bool) -> Self {
        Self { forgetful: !recording, ..Self::default() }
    }

    /// Adds a list without members, with the next number unless one is given, and gives that number.
    pub(crate) fn add(
        &mut self,
        id: Option<u64>,
        name: &str,
        kind: TypeIndex,
        processing: ProcessingType,
        now: Millis,
    ) -> u64 {
        let id = id.unwrap_or_else(|| self.all.last_key_value().map_or(1, |(last, _)| last + 1));
        let list = ObjectList {
            id,
            name: name.to_owned(),
            kind,
            processing,
            filter_branch: None,
            version: 1,
            created: now,
            updated: now,
            deleted: None,
            members: BTreeMap::new(),
            changes: (!self.forgetful).then(Vec::new),
        };
        self.all.insert(id, list);
        id
    }

    /// The list with that number, deleted or not.
    pub(crate) fn get(&self, id: u64) -> Option<&ObjectList> {
        self.all.get(&id)
    }

    /// The list with that number, to change it.
    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut ObjectList> {
        self.all.get_mut(&id)
    }

    /// The lists that are not deleted, in the order of their numbers.
    pub(crate) fn live(&self) -> impl Iterator<Item = &ObjectList> {
        self.all.values().filter(|list| list.deleted.is_none())
    }

    /// Whether a list that is not deleted has that name; names are compared without regard to case.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.live().any(|list| list.name.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_that_change_nothing_are_none() {
        for (recording, kept) in [(true, Some(2)), (false, None)] {
            let mut lists = Lists::new(recording);
            let id = lists.add(None, "a", TypeIndex(0), ProcessingType::Manual, Millis(1));
            let list = lists.get_mut(id).unwrap();
            assert!(list.join(5, Millis(1), 7) && !list.join(5, Millis(1), 8));
            assert!(list.leave(5, 9) && !list.leave(5, 10));
            assert_eq!(list.changes.as_ref().map(Vec::len), kept);
        }
    }

    #[test]
    fn numbers_go_on_and_deleted_names_are_free() {
        let mut lists = Lists::default();
        let add = |lists: &mut Lists, id, name| {
            lists.add(id, name, TypeIndex(0), ProcessingType::Manual, Millis(1))
        };
        assert_eq!(add(&mut lists, None, "a"), 1);
        assert_eq!(add(&mut lists, Some(20), "b"), 20);
        assert_eq!(add(&mut lists, None, "c"), 21);
        assert!(lists.has_name("A"));
        lists.get_mut(1).unwrap().deleted = Some(Millis(2));
        assert!(!lists.has_name("a"));
        assert_eq!(lists.live().count(), 2);
        assert!(lists.get(1).is_some(), "a deleted list is still known by its number");
    }
}
