//! Answers about the members of lists.

use super::super::super::sync::Outcome;
use super::account::{Account, Call};
use super::objects::texts;
use crate::api::{MembersPage, MembershipAnswer};

/// Members on one page.
const PAGE: usize = 3;

impl Account {
    /// Puts contacts on a list and takes others off; says which do not exist.
    pub(super) fn change_list(&mut self, call: &Call<'_>, list: &str) -> Outcome {
        let (add, remove) = (texts(&call.body["recordIdsToAdd"]), texts(&call.body["recordIdsToRemove"]));
        let known = |id: &String| self.thing("contacts", id).is_some();
        // Whoever is mirrored away may be unknown by now: that is no matter.
        let missing: Vec<String> = add.iter().chain(&remove).filter(|id| !known(id)).cloned().collect();
        for (rows, input) in call.inputs.iter().zip(&call.send.inputs) {
            if input.target().is_some_and(|id| !missing.iter().any(|missing| missing == id)) {
                self.takes_effect(call, rows, true);
            }
        }
        let members = self.lists.entry(list.to_owned()).or_default();
        for id in &remove {
            assert!(!add.contains(id), "nobody is put on a list and taken off it by one call");
            members.remove(id);
        }
        members.extend(add.into_iter().filter(|id| !missing.contains(id)));
        Outcome::Members(MembershipAnswer { missing, ..MembershipAnswer::default() }, None)
    }

    /// A page of a list's members.
    pub(super) fn page(&mut self, list: &str, after: Option<&str>) -> Outcome {
        let members = self.lists.get(list).into_iter().flatten();
        let after = after.unwrap_or_default();
        let mut members: Vec<String> =
            members.filter(|id| id.as_str() > after).take(PAGE + 1).cloned().collect();
        let has_more = members.len() > PAGE;
        members.truncate(PAGE);
        let after = members.last().filter(|_| has_more).cloned();
        Outcome::MembersPage(MembersPage { members, after })
    }
}
