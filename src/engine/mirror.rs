//! Mirroring a list: whoever is on it and was not named by the sync is taken off in the end.
//!
//! **Invariant (nobody leaves by mistake).** Members are removed only when the input has ended as it should, at
//! least one record has come, every member named is on the list, and the rest was rejected for not existing.
//! Where a bound is set, no more than that are removed: else nobody is. Anything else leaves the list with too many members,
//! never with too few.
//!
//! States of the stream, and those that cover every stream, wait until the removals are done: a sync that breaks
//! off before is done over.

use super::ledger::Hold;
use crate::api::{Endless, MembersPage, Pages};
use crate::bound::Bound;

/// Most members that one call removes.
const MOST_REMOVED: usize = 1000;

/// A call that is about a list as a whole, not about any record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chore {
    /// Reads a page of a list's members.
    Read {
        /// HubSpot's id of the list.
        list: Box<str>,
        /// Where the page begins; the first one where it is none.
        after: Option<String>,
    },
    /// Takes members off a list.
    Remove {
        /// HubSpot's id of the list.
        list: Box<str>,
        /// Their record ids.
        ids: Vec<u64>,
    },
}

impl Chore {
    /// The same in two calls; `None` where there is nothing to split.
    #[must_use]
    pub fn halves(self) -> Option<[Self; 2]> {
        match self {
            Self::Remove { list, mut ids } if ids.len() > 1 => {
                let second = ids.split_off(ids.len() / 2);
                Some([Self::Remove { list: list.clone(), ids }, Self::Remove { list, ids: second }])
            }
            Self::Remove { .. } | Self::Read { .. } => None,
        }
    }
}

/// Most members a list can have: an account has no more records of a type (HubSpot's record limits, Enterprise).
const MOST_MEMBERS: usize = 15_000_000;
/// Pages that hold so many, 250 each.
const MOST_PAGES: usize = MOST_MEMBERS / 250;

/// Why nobody is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spared {
    /// The sync had no records: more likely a fault of the source than an empty audience.
    NoRecords,
    /// Records were rejected that may have named members.
    Rejections,
}

/// Why nobody is removed although the list was asked for its members.
#[derive(Clone, Debug, PartialEq)]
pub enum Halted {
    /// Its pages do not end.
    Endless,
    /// More members would be removed than the user allows.
    TooMany {
        /// HubSpot's id of the list.
        list: Box<str>,
        /// How many would be removed.
        leaving: u64,
        /// How many members the list has.
        members: u64,
        /// How many the user allows.
        most: Bound,
    },
}

impl From<Endless> for Halted {
    fn from(_: Endless) -> Self {
        Self::Endless
    }
}

/// One list that is being mirrored.
#[derive(Debug)]
pub struct Mirror {
    list: Box<str>,
    most_removed: Option<Bound>,
    named: RecordIds,
    has_records: bool,
    is_spoilt: bool,
    pages: Pages,
    phase: Phase,
    hold: Option<Hold>,
}

#[derive(Debug)]
enum Phase {
    /// Records may come.
    Naming,
    /// Pages of members are read; of so many these are not among the named ones.
    Reading { members: u64, leavers: Vec<u64> },
    /// So many calls that remove members are not answered yet.
    Removing { calls: usize },
    /// Nothing is left to do.
    Done,
}

impl Mirror {
    /// A list of which nobody has been named yet; `hold` keeps the stream's states back.
    #[must_use]
    pub fn new(list: Box<str>, most_removed: Option<Bound>, hold: Hold) -> Self {
        let (named, pages, phase) = (RecordIds::default(), Pages::at_most(MOST_PAGES), Phase::Naming);
        let hold = Some(hold);
        Self { list, most_removed, named, has_records: false, is_spoilt: false, pages, phase, hold }
    }

    /// A record is on the list; `None` where its id is not known.
    pub fn is_member(&mut self, record_id: Option<&str>) {
        self.has_records = true;
        match record_id.and_then(|id| id.parse().ok()) {
            Some(id) => self.named.insert(id),
            None => self.is_spoilt = true,
        }
    }

    /// A record was rejected with this code.
    pub fn rejected(&mut self, code: &str) {
        self.has_records = true;
        self.is_spoilt |= code != "NOT_FOUND";
    }

    /// Whether there is anything left to do.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done)
    }

    /// All records have settled: says what is to be done, or why nothing is.
    pub fn begin(&mut self) -> Result<Chore, Spared> {
        let spared = match (self.has_records, self.is_spoilt) {
            (false, _) => Some(Spared::NoRecords),
            (true, true) => Some(Spared::Rejections),
            (true, false) => None,
        };
        if let Some(spared) = spared {
            self.phase = Phase::Done;
            return Err(spared);
        }
        self.named.seal();
        self.phase = Phase::Reading { members: 0, leavers: Vec::new() };
        Ok(Chore::Read { list: self.list.clone(), after: None })
    }

    /// Takes a page of members in; returns the calls that follow from it.
    ///
    /// # Errors
    /// [`Halted`]: nobody leaves, and nothing more is to be done.
    pub fn read(&mut self, page: &MembersPage) -> Result<Vec<Chore>, Halted> {
        let Phase::Reading { members, leavers } = &mut self.phase else { return Ok(Vec::new()) };
        *members += page.members.len() as u64;
        let ids = page.members.iter().filter_map(|member| member.parse().ok());
        leavers.extend(ids.filter(|id| !self.named.contains(*id)));
        if let Some(after) = page.after.clone() {
            if leavers.len() > MOST_MEMBERS {
                return Err(Endless.into());
            }
            self.pages.follow(&after)?;
            return Ok(vec![Chore::Read { list: self.list.clone(), after: Some(after) }]);
        }
        let (leaving, members) = (leavers.len() as u64, *members);
        if let Some(most) = self.most_removed.filter(|most| most.is_exceeded_by(leaving, members)) {
            return Err(Halted::TooMany { list: self.list.clone(), leaving, members, most });
        }
        // Removed only after the last page: a cursor over a list that shrinks could skip members.
        let chores: Vec<Chore> = leavers
            .chunks(MOST_REMOVED)
            .map(|ids| Chore::Remove { list: self.list.clone(), ids: ids.to_vec() })
            .collect();
        self.phase = if chores.is_empty() { Phase::Done } else { Phase::Removing { calls: chores.len() } };
        Ok(chores)
    }

    /// A call that removes members is made in so many parts instead of one.
    pub fn split_into(&mut self, parts: usize) {
        if let Phase::Removing { calls } = &mut self.phase {
            *calls += parts - 1;
        }
    }

    /// Members of one call are off the list.
    pub fn removed(&mut self) {
        if let Phase::Removing { calls } = &mut self.phase {
            *calls -= 1;
            if *calls == 0 {
                self.phase = Phase::Done;
            }
        }
    }

    /// Nothing more is done; the states stay where they are.
    pub fn give_up(&mut self) {
        self.phase = Phase::Done;
    }

    /// Gives back what keeps the states, once.
    pub fn take_hold(&mut self) -> Option<Hold> {
        self.hold.take()
    }
}

/// Record ids, eight bytes each: a million members are eight megabytes.
#[derive(Debug, Default)]
struct RecordIds {
    ids: Vec<u64>,
}

impl RecordIds {
    fn insert(&mut self, id: u64) {
        if self.ids.len() == self.ids.capacity() {
            // Members may be named again and again: that must not make it grow.
            self.seal();
            self.ids.reserve((self.ids.len() / 2).max(1024));
        }
        self.ids.push(id);
    }

    fn seal(&mut self) {
        self.ids.sort_unstable();
        self.ids.dedup();
    }

    /// Only right once sealed.
    fn contains(&self, id: u64) -> bool {
        self.ids.binary_search(&id).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ledger::Ledger;
    use super::*;

    fn mirror() -> Mirror {
        let mut ledger = Ledger::default();
        let stream = ledger.add_stream();
        Mirror::new("7".into(), None, ledger.hold_back(stream))
    }

    fn page(ids: impl IntoIterator<Item = u64>, after: Option<&str>) -> MembersPage {
        MembersPage {
            members: ids.into_iter().map(|id| id.to_string()).collect(),
            after: after.map(str::to_owned),
        }
    }

    #[test]
    fn whoever_was_not_named_leaves_after_the_last_page() {
        let mut mirror = mirror();
        for id in (0..3000).chain(0..3000) {
            mirror.is_member(Some(&id.to_string()));
        }
        mirror.rejected("NOT_FOUND");
        assert_eq!(mirror.begin(), Ok(Chore::Read { list: "7".into(), after: None }));
        let next = mirror.read(&page(2990..3500, Some("x"))).unwrap();
        assert_eq!(next, [Chore::Read { list: "7".into(), after: Some("x".into()) }]);
        let chores = mirror.read(&page(4000..5000, None)).unwrap();
        let ids: Vec<u64> = chores
            .iter()
            .flat_map(|chore| match chore {
                Chore::Remove { ids, .. } => ids.clone(),
                Chore::Read { .. } => panic!("{chore:?}"),
            })
            .collect();
        assert_eq!(ids, (3000..3500).chain(4000..5000).collect::<Vec<_>>());
        assert_eq!(chores.len(), 2);
        mirror.removed();
        assert!(!mirror.is_done());
        mirror.split_into(2);
        mirror.removed();
        mirror.removed();
        assert!(mirror.is_done());
    }

    #[test]
    fn nobody_leaves_a_list_that_is_as_it_should_be() {
        let mut mirror = mirror();
        mirror.is_member(Some("1"));
        assert!(mirror.begin().is_ok());
        assert_eq!(mirror.read(&page([1], None)), Ok(Vec::new()));
        assert!(mirror.is_done());
    }

    #[test]
    fn pages_that_lead_back_end_the_reading() {
        let mut mirror = mirror();
        mirror.is_member(Some("1"));
        assert!(mirror.begin().is_ok());
        for (after, ends) in [("a", false), ("b", false), ("a", true)] {
            assert_eq!(mirror.read(&page([2], Some(after))).is_err(), ends, "{after}");
        }
    }

    #[test]
    fn more_than_allowed_spares_everybody() {
        for (most, leaving, is_allowed) in [
            (Bound::Count(3), 3, true),
            (Bound::Count(3), 4, false),
            (Bound::Count(0), 0, true),
            (Bound::Percent(10.0), 10, true),
            (Bound::Percent(10.0), 11, false),
        ] {
            let mut ledger = Ledger::default();
            let stream = ledger.add_stream();
            let mut mirror = Mirror::new("7".into(), Some(most), ledger.hold_back(stream));
            for id in leaving..100 {
                mirror.is_member(Some(&id.to_string()));
            }
            assert!(mirror.begin().is_ok());
            assert!(mirror.read(&page(0..50, Some("x"))).is_ok());
            let read = mirror.read(&page(50..100, None));
            let too_many = Halted::TooMany { list: "7".into(), leaving, members: 100, most };
            assert_eq!(read.map(|_| ()), if is_allowed { Ok(()) } else { Err(too_many) });
            assert_eq!(mirror.is_done(), is_allowed && leaving == 0);
        }
    }

    #[test]
    fn doubts_spare_everybody() {
        assert_eq!(mirror().begin(), Err(Spared::NoRecords));
        let mut rejected = mirror();
        rejected.is_member(Some("1"));
        rejected.rejected("MISSING_MATCHING_KEY");
        assert_eq!(rejected.begin(), Err(Spared::Rejections));
        let mut unknown = mirror();
        unknown.is_member(None);
        assert_eq!(unknown.begin(), Err(Spared::Rejections));
        assert!(unknown.is_done());
    }

    #[test]
    fn removals_are_halved_down_to_one() {
        let chore = Chore::Remove { list: "7".into(), ids: vec![1, 2, 3] };
        let [first, second] = chore.halves().unwrap();
        assert_eq!(first, Chore::Remove { list: "7".into(), ids: vec![1] });
        assert_eq!(first.halves(), None);
        assert!(second.halves().is_some());
    }
}
