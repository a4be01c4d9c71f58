//! What has to hold of a sync, whenever something was printed and at its end.

use std::collections::BTreeSet;

use super::super::super::operation::MatchedBy;
use super::super::super::sync::Durability;
use super::account::BEGAN_AT;
use super::kinds::{INLINE_LABEL, Kind, LABEL, Labelled, OLD_LABEL, PLAIN};
use super::rows::{Asks, Id, Nature, Natures, Row, THERE, company};
use super::run::{Run, index};
use crate::error::Kind as FailureKind;

impl Run {
    /// A state was printed: all that it covers has settled, and durably.
    pub(super) fn state_is_out(&mut self, number: usize, (accepted, rejected): (u64, u64)) {
        let state = &self.states[number];
        assert!(!state.is_out, "state {number} is out twice");
        let covers = |stream: usize| state.stream.is_none_or(|covered| covered == stream);
        assert!(
            !state.given_up.iter().any(|stream| covers(*stream)),
            "state {number} covers what is missing"
        );
        let earlier = self.states[..number].iter();
        let mut due = earlier.filter(|before| before.stream.is_none_or(covers));
        assert!(due.all(|before| before.is_out), "state {number} is out before another");
        let last = self.states[..number].iter().rev().find(|before| before.stream == state.stream);
        let (start, end) = (last.map_or(0, |last| last.rows), state.rows);
        let mut counts = (0, 0);
        for (id, row) in self.rows[..end].iter().enumerate().filter(|(_, row)| covers(row.stream)) {
            match &row.rejected {
                Some((_, number)) => {
                    let durable = self.settings.durability == Durability::Printed || *number <= self.stored;
                    assert!(durable, "{id} is not stored");
                }
                None => self.assert_done(id),
            }
            if id >= start {
                *(if row.rejected.is_some() { &mut counts.1 } else { &mut counts.0 }) += 1;
            }
        }
        assert_eq!((accepted, rejected), counts, "counts of state {number}");
        for stream in (0..state.streams).filter(|stream| covers(*stream)) {
            self.assert_mirrored(stream);
        }
        self.states[number].is_out = true;
        self.kept -= self.states[number].size;
    }

    /// What is accepted is in HubSpot, with all it asks for.
    fn assert_done(&self, id: Id) {
        let row = &self.rows[id];
        let stream = &self.streams[row.stream];
        let is_done = match (&row.asks, stream.kind) {
            (Asks::Skipped, _) => true,
            (Asks::Pair(to), Kind::Associate(_, labelled)) => {
                let types = self.pair(row, to);
                let wanted = if labelled == Labelled::Yes { LABEL } else { PLAIN };
                types.is_some_and(|types| types.contains(&wanted))
            }
            (Asks::Pair(to), _) => {
                let is_labelled = matches!(stream.kind, Kind::Dissociate(_, Labelled::Yes));
                let types = self.pair(row, to);
                types.is_none_or(|types| is_labelled && !types.contains(&LABEL))
            }
            (Asks::Links(links), _) => self.account.done.contains(&id) && self.are_linked(id, links),
            _ => self.account.done.contains(&id),
        };
        assert!(is_done, "{id} is accepted and not done: {row:?} of {:?}", stream.kind);
    }

    /// The kinds of associations between the two ends of a row.
    fn pair(&self, row: &Row, to: &str) -> Option<&BTreeSet<u64>> {
        let stream = &self.streams[row.stream];
        let near = row.key.as_deref().unwrap_or_default();
        let near = if stream.target.key_property == "hs_object_id" {
            near
        } else {
            &self.account.named("contacts", near)?.id
        };
        let by_id = stream.target.far.as_ref().is_some_and(|far| far.key_property == "hs_object_id");
        let to = if by_id { to } else { &self.account.named("companies", to)?.id };
        self.account.pairs.get(&(near.to_owned(), to.to_owned()))
    }

    /// Whether a record is associated with all it names, but for associations that a later one of its key names too.
    fn are_linked(&self, id: Id, links: &[(usize, String)]) -> bool {
        let row = &self.rows[id];
        let Some(near) = self.account.named("contacts", row.key.as_deref().unwrap_or_default()) else {
            return false;
        };
        links.iter().all(|(place, name)| {
            let names_it = |later: &Row| match &later.asks {
                Asks::Links(links) => links.iter().any(|(of, _)| of == place),
                _ => false,
            };
            let is_sibling = |later: &&Row| later.stream == row.stream && later.key == row.key;
            if self.rows[id + 1..].iter().filter(is_sibling).any(names_it) {
                return true;
            }
            assert!(*place != 1 || *name != company(THERE - 1), "{id}: two companies have this name");
            let far = if *place == 2 { Some(name) } else { self.company_of(name) };
            let types = far.and_then(|far| self.account.pairs.get(&(near.id.clone(), far.clone())));
            types.is_some_and(|types| *place != 0 || types.contains(&INLINE_LABEL))
        })
    }

    fn company_of(&self, name: &str) -> Option<&String> {
        self.account.named("companies", name).map(|thing| &thing.id)
    }

    /// Counts are those of what arrived.
    pub(super) fn check_counts(&self) {
        for (stream, (received, rejected)) in self.counts.iter().enumerate() {
            let totals = self.sync.totals(index(stream));
            assert_eq!((totals.received, totals.rejected), (*received, *rejected), "stream {stream}");
            assert!(totals.accepted + totals.rejected <= totals.received);
        }
    }

    /// Input is taken while there is room, and only then.
    pub(super) fn check_room(&self) {
        if self.is_stopped || !self.given_up.is_empty() || self.sync.failure().is_some() {
            return;
        }
        let unsettled = usize::try_from(self.sync.grand_totals().unsettled()).expect("few records");
        let mirrors = self.streams.iter().any(|stream| stream.mirrors.is_some());
        let kept = if mirrors { 0 } else { self.kept };
        let (smallest, largest) = self.sizes;
        let (least, most) = (kept + unsettled.saturating_mul(smallest), kept + unsettled * largest);
        let room = self.settings.buffer_bytes;
        assert!(
            !self.sync.has_room() || (least < room && !self.input_is_over),
            "{least} of {room} are taken"
        );
        assert!(self.sync.has_room() || most >= room || self.input_is_over, "{most} of {room} are taken");
        assert!(self.sync.has_room() || !self.sync.wants_input());
    }

    /// Members leave a list when every record has settled, and only those who were not named.
    pub(super) fn assert_may_leave(&self, stream: usize, ids: &[u64]) {
        assert!(self.input_is_over && self.sync.failure().is_none(), "members leave too early");
        assert_eq!(self.sync.grand_totals().unsettled(), 0, "members leave too early");
        for id in ids {
            assert!(!self.named(stream).contains(&id.to_string()), "{id} was named");
        }
        let rejected =
            self.rows.iter().filter(|row| row.stream == stream).filter_map(|row| row.rejected.as_ref());
        assert!({ rejected }.all(|(code, _)| code == "NOT_FOUND"), "members leave in spite of doubts");
    }

    /// Ids of those whom the records of a stream have put on its list.
    fn named(&self, stream: usize) -> Vec<String> {
        let of_it = self.rows.iter().filter(|row| row.stream == stream && row.rejected.is_none());
        let ids = of_it.filter_map(|row| self.account.named("contacts", row.key.as_deref()?));
        ids.map(|thing| thing.id.clone()).collect()
    }

    /// A list that is mirrored holds those named and nobody else, unless there were doubts.
    fn assert_mirrored(&self, stream: usize) {
        let Some(list) = &self.streams[stream].mirrors else { return };
        let members = &self.account.lists[list];
        let named = self.named(stream);
        assert!(named.iter().all(|id| members.contains(id)), "somebody is missing on {list}");
        if !self.spared.contains(&stream) {
            assert!(members.iter().all(|id| named.contains(id)), "somebody is left on {list}: {members:?}");
        }
    }

    /// What has to hold at the end.
    pub(super) fn conclude(self) {
        self.check_failure();
        for (id, row) in self.rows.iter().enumerate() {
            if let Some((code, _)) = &row.rejected {
                self.assert_reason(id, code);
            }
        }
        self.check_account();
        let failed = self.sync.failure().is_some() || self.is_stopped;
        if failed {
            return;
        }
        assert!(self.input_is_over);
        assert_eq!(self.sync.grand_totals().unsettled(), 0, "not all has settled");
        for (number, stream) in self.streams.iter().enumerate() {
            assert_eq!(self.sync.pairs(index(number)).unsettled(), 0, "not all pairs have settled");
            if stream.mirrors.is_some() {
                self.assert_mirrored(number);
            }
        }
        assert!(self.states.iter().all(|state| state.is_out), "a state is kept");
        for id in (0..self.rows.len()).filter(|id| self.rows[*id].rejected.is_none()) {
            self.assert_done(id);
            self.assert_in_effect(id);
        }
    }

    /// Whether the sync failed for a reason, and did where it had one.
    fn check_failure(&self) {
        let Natures { mute, crashing, .. } = self.natures;
        let may_give_up = self.account.trouble > 0 || mute > 0 || crashing > 0;
        match self.sync.failure() {
            None => assert!(self.reasons.is_empty(), "{:?} is no failure", self.reasons),
            Some(failure) if self.reasons.contains(&failure.kind) => {}
            Some(failure) => {
                assert!(failure.kind == FailureKind::Unavailable && may_give_up, "{failure:?}");
            }
        }
    }

    /// What came first is not what stays: of a key the youngest that was accepted does.
    fn assert_in_effect(&self, id: Id) {
        let row = &self.rows[id];
        let kind = self.streams[row.stream].kind;
        // What is inserted is made once, and written no more.
        let is_written = kind.writes() && kind != Kind::Insert;
        let Some(about) = row.about().filter(|_| is_written) else { return };
        match row.asks {
            Asks::Nothing => {}
            Asks::Gone => {
                let siblings = || {
                    let of_key = |(_, other): &(Id, &Row)| other.stream == row.stream && other.key == row.key;
                    (0..).zip(&self.rows).filter(of_key)
                };
                // What may have been made may be made yet.
                let was_doubted = siblings().any(|(other, _)| self.account.was_in_doubt.contains(&other));
                let is_last = siblings().all(|(other, _)| other <= id);
                let thing = self.account.named(&self.streams[row.stream].target.object, &about);
                assert!(!is_last || was_doubted || thing.is_none(), "{id} is to be gone: {thing:?}");
            }
            _ => {
                let (_, youngest) = self.account.in_effect[&(row.stream, about)];
                assert!(youngest >= id, "{youngest} took effect after {id}");
            }
        }
    }

    /// Nothing is in the account that nobody asked for, and nothing is lost.
    fn check_account(&self) {
        let parted = |kind: Kind| matches!(kind, Kind::Dissociate(..));
        for ((near, far), types) in &self.account.pairs {
            if far.starts_with('3') {
                assert!(types.contains(&OLD_LABEL), "a label of {near} and {far} is lost");
                continue;
            }
            let is_old = (near.as_str(), far.as_str()) == ("900", "100");
            assert!(!is_old || types.contains(&OLD_LABEL), "the label of {near} and {far} is lost");
            let asked = self.rows.iter().filter(|row| !parted(self.streams[row.stream].kind)).any(|row| {
                let names: Vec<&String> = match &row.asks {
                    Asks::Links(links) => links.iter().map(|(_, name)| name).collect(),
                    Asks::Pair(to) => vec![to],
                    _ => Vec::new(),
                };
                let is_far = |name: &&String| *name == far || self.has_company(name, far);
                let key = row.key.as_deref().unwrap_or_default();
                let is_near =
                    key == near || self.account.thing("contacts", near).is_some_and(|it| it.has_name(key));
                is_near && names.iter().any(is_far)
            });
            assert!(asked || is_old, "nobody asked for {near} and {far}");
        }
        for thing in
            self.account.things("contacts").iter().filter(|thing| thing.created_at >= BEGAN_AT - 60_000)
        {
            let wanted = |row: &Row| row.key.as_ref().is_some_and(|key| thing.has_name(key));
            assert!(self.rows.iter().any(wanted), "nobody asked for {thing:?}");
        }
    }

    fn has_company(&self, name: &str, id: &str) -> bool {
        self.account.things("companies").iter().any(|thing| thing.id == id && thing.has_name(name))
    }

    /// What is rejected has a reason that is true.
    fn assert_reason(&self, id: Id, code: &str) {
        let row = &self.rows[id];
        let kind = self.streams[row.stream].kind;
        let object = &*self.streams[row.stream].target.object;
        let key = row.key.as_deref().unwrap_or_default();
        let made = self.account.things(object).iter().filter(|thing| thing.made_of == Some(id)).count();
        let is_true = match code {
            "UNSENDABLE" => row.asks == Asks::Unsendable,
            "MODEL_POISON" => row.nature == Nature::Poison && made == 0,
            "CONFLICT" => kind == Kind::Insert && made == 0 && self.account.named(object, key).is_some(),
            "AMBIGUOUS_MATCH" => {
                let named = |object: &str, name: &str| {
                    self.account.things(object).iter().filter(|thing| thing.has_name(name)).count() > 1
                };
                let far_is = |name: &String| named("companies", name);
                named(object, key)
                    || match &row.asks {
                        Asks::Links(links) => links.iter().any(|(_, name)| far_is(name)),
                        Asks::Pair(to) => far_is(to),
                        _ => false,
                    }
            }
            "NOT_FOUND" => self.is_missing(id),
            "NOT_CONFIRMED" => {
                self.account.trouble > 0
                    || row.nature == Nature::Mute
                    || self.account.was_in_doubt.contains(&id)
            }
            "SERVER_ERROR" => {
                let failures = self.account.failed.get(&id).copied().unwrap_or_default();
                failures >= 5 || (kind == Kind::Linked && self.account.trouble > 0)
            }
            _ => false,
        };
        assert!(is_true, "{id} is rejected as {code}: {row:?} of {kind:?}");
    }

    /// What is rejected for want of a record has none; where the sync could wait for it, none in the end.
    fn is_missing(&self, id: Id) -> bool {
        let row = &self.rows[id];
        let stream = &self.streams[row.stream];
        let key = row.key.as_deref().unwrap_or_default();
        let object = &*stream.target.object;
        let by_id = stream.target.key_property == "hs_object_id";
        let exists = |object: &str, by_id: bool, name: &str| {
            if by_id { self.account.thing(object, name) } else { self.account.named(object, name) }.is_some()
        };
        let waited = self.awaits && self.settings.buffer_bytes >= 1 << 22 && self.sync.failure().is_none();
        match (&row.asks, stream.kind) {
            (Asks::Links(links), _) => {
                !waited || links.iter().any(|(place, name)| !exists("companies", *place == 2, name))
            }
            (Asks::Pair(to), Kind::Associate(ends, _)) => {
                let far_by_id = ends.to == MatchedBy::RecordId;
                !waited || !exists(object, by_id, key) || !exists("companies", far_by_id, to)
            }
            // A stream of contacts may have brought it since.
            (Asks::OnList(..), _) => true,
            (_, Kind::Update(_)) => !exists(object, by_id, key),
            _ => false,
        }
    }
}
