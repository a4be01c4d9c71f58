//! Associations and memberships: whatever happens to the calls, what settles is so, and what is so was asked for.
//!
//! Random syncs of contacts that are associated as they are written (by a unique key with a label, by search, by record
//! id), of the companies they name, of a stream of associations and of one of memberships, against an
//! [`Account`](super::account) that fails before and after calls took effect, leaves inputs out, and whose search sees
//! records late. A naive list of what arrived says what has to hold:
//!
//! - a state leaves only when each record before it was rejected before, or is in HubSpot with all it asks for;
//! - HubSpot holds no pair that no record asked for, and no label is lost;
//! - an end that is there in the end was not missing, where the sync could wait for it;
//! - at the end everything has settled.

use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;

use super::super::Moment;
use super::super::association::{AssociationType, Awaited, Linking, Pair};
use super::super::batch::{LinkIndex, SendId};
use super::super::inline::{self, InlineLink};
use super::super::lane::BatchLimits;
use super::super::ledger::StreamIndex;
use super::super::membership::{Action, Membership};
use super::super::operation::{Ends, MatchedBy, Operation};
use super::super::record::{Body, BodyParts};
use super::super::request::{self, FarTarget, Target};
use super::super::sync::{Durability, Effect, Next, Settings, Sync};
use super::account::Account;
use super::config;
use super::script::chance;

/// The label that the first association of contacts gives.
const LABEL: u64 = 36;
/// A label that some pairs have from the start.
const OLD: u64 = 40;

const CONTACTS: usize = 0;
const COMPANIES: usize = 1;
const PAIRS: usize = 2;
const MEMBERS: usize = 3;

/// Companies by number: the first are there, the middle ones may come, the last never do.
const THERE: usize = 4;
const MAY_COME: usize = 7;
const ALL: usize = 9;

/// A record of the input.
#[derive(Debug)]
struct Row {
    stream: usize,
    key: String,
    bad: bool,
    /// The far ends it names, by association.
    links: Vec<(usize, String)>,
    rejected: Option<String>,
}

struct Run {
    rng: fastrand::Rng,
    sync: Sync,
    now: Moment,
    account: Account,
    rows: Vec<Row>,
    targets: Vec<(Target, Vec<Target>)>,
    /// Whether the stream of pairs finds companies by search.
    by_search: bool,
    awaits: bool,
    is_roomy: bool,
    /// Calls under way, as they were sent.
    under_way: Vec<SendId>,
    /// For each state printed or held: its stream and the rows before it.
    states: Vec<(usize, usize)>,
    printed: HashSet<usize>,
}

fn index(stream: usize) -> StreamIndex {
    StreamIndex(u32::try_from(stream).expect("few streams"))
}

fn target(operation: Operation, object: &str, key: &str, far: Option<&str>) -> Target {
    Target {
        operation,
        object: object.into(),
        key_property: key.to_owned(),
        far: far.map(|key| FarTarget { object: "companies".into(), key_property: key.to_owned() }),
        lists: Default::default(),
    }
}

fn company(number: usize) -> String {
    format!("k{number}")
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut account = Account::new(rng.u64(..));
        account.trouble = [0, 10, 25][rng.usize(..3)];
        for number in 0..THERE {
            account.add("companies", &company(number), &format!("10{number}"), Duration::ZERO);
        }
        account.add("companies", &company(THERE - 1), "203", Duration::ZERO);
        account.add("contacts", "c0", "900", Duration::ZERO);
        account.pairs.insert(("900".into(), "100".into()), [OLD, 279].into());
        account.lag = Duration::from_millis(rng.u64(..3_000));
        let is_roomy = rng.u8(..3) > 0;
        let mut sync = Sync::new(Settings {
            buffer_bytes: if is_roomy { 1 << 22 } else { 4_000 + rng.usize(..6_000) },
            flush_interval: Duration::from_millis(rng.u64(..800)),
            retry_budget: Duration::from_secs(36_000),
            rate_limit_share: 100,
            daily_reserve_percent: 0,
            seed: rng.u64(..),
            durability: Durability::Printed,
            began_at: 0,
        });
        let awaits = rng.bool();
        let linked = |to| Operation::Association(Linking::Associate, Ends { from: MatchedBy::Email, to });
        let by_search = rng.bool();
        let to = if by_search { MatchedBy::Search } else { MatchedBy::UniqueProperty };
        let far = if by_search { "domain" } else { "no" };
        let operations =
            [Operation::Upsert, Operation::Upsert, linked(to), Operation::Membership(MatchedBy::Email)];
        let most = 1 + rng.usize(..8);
        for operation in operations {
            let limits = BatchLimits { inputs: most, records: 1_000, bytes: 1 << 20 };
            sync.add_stream(operation, limits, operation.merging());
        }
        sync.await_ends(index(PAIRS), Awaited { near: awaits, far: awaits });
        let mut links = Vec::new();
        for (place, (to, key)) in [
            (MatchedBy::UniqueProperty, "no"),
            (MatchedBy::Search, "domain"),
            (MatchedBy::RecordId, "hs_object_id"),
        ]
        .into_iter()
        .enumerate()
        {
            let label =
                (place == 0).then(|| AssociationType { category: "USER_DEFINED".to_owned(), type_id: LABEL });
            let round = u16::try_from(place).expect("three");
            let link = InlineLink { column: format!("column {place}").into(), to, label, round };
            links.push(target(link.operation(), "contacts", "hs_object_id", Some(key)));
            sync.link(index(CONTACTS), link, Awaited { near: false, far: awaits });
        }
        let targets = vec![
            (target(operations[0], "contacts", "email", None), links),
            (target(operations[1], "companies", "no", None), Vec::new()),
            (target(operations[2], "contacts", "email", Some(far)), Vec::new()),
            (target(operations[3], "contacts", "email", None), Vec::new()),
        ];
        Self {
            rng,
            sync,
            now: Duration::ZERO,
            account,
            rows: Vec::new(),
            targets,
            by_search,
            awaits,
            is_roomy,
            under_way: Vec::new(),
            states: Vec::new(),
            printed: HashSet::new(),
        }
    }

    fn feed(&mut self) {
        if self.rng.u8(..6) == 0 {
            let stream = self.rng.usize(..4);
            let number = self.states.len();
            self.states.push((stream, self.rows.len()));
            self.sync.received_stream_state(index(stream), number.to_string().into());
            return;
        }
        let stream = [CONTACTS, CONTACTS, COMPANIES, PAIRS, MEMBERS][self.rng.usize(..5)];
        let key = match stream {
            COMPANIES => company(self.rng.usize(THERE..MAY_COME)),
            _ => format!("c{}", self.rng.usize(..8)),
        };
        let bad = matches!(stream, CONTACTS | COMPANIES) && chance(&mut self.rng, 8);
        let mut links = Vec::new();
        if stream == CONTACTS {
            for link in 0..3 {
                for _ in 0..self.rng.usize(..3) {
                    let number = self.rng.usize(..ALL);
                    let name = if link == 2 { format!("10{number}") } else { company(number) };
                    if !links.contains(&(link, name.clone())) {
                        links.push((link, name));
                    }
                }
            }
        } else if stream == PAIRS {
            links.push((0, company(self.rng.usize(..ALL))));
        }
        self.receive(Row { stream, key, bad, links, rejected: None });
    }

    fn receive(&mut self, row: Row) {
        let (mut properties, mut pairs) = (Vec::new(), Vec::new());
        match row.stream {
            PAIRS => Pair { to: row.links[0].1.as_str().into(), label: None }.append(&mut properties),
            MEMBERS => Membership { list: "1".into(), action: Action::Add }.append(&mut properties),
            _ => properties.extend_from_slice(if row.bad { br#""p":"1","bad":"1""# } else { br#""p":"1""# }),
        }
        if row.stream == CONTACTS {
            for (link, name) in &row.links {
                inline::append(&mut pairs, LinkIndex(u16::try_from(*link).expect("three")), name);
            }
        }
        let far = if row.stream == PAIRS { row.links[0].1.clone() } else { String::new() };
        let data = self.rows.len().to_string();
        let parts = BodyParts {
            key: Some(&row.key),
            properties: &properties,
            links: &pairs,
            data: &data,
            ..BodyParts::default()
        };
        let hash = |key: &[u8]| {
            key.iter().chain(far.as_bytes()).fold(7, |hash: u64, byte| hash * 31 + u64::from(*byte))
        };
        self.sync.received(self.now, index(row.stream), Body::new(parts, hash));
        self.rows.push(row);
    }

    fn play(mut self, events: usize) {
        let mut left = events;
        for step in 0.. {
            assert!(step < 50_000, "no end: {:?}", self.sync);
            let next = self.sync.next(self.now);
            self.look();
            let wait = match next {
                Next::Call(id) => {
                    self.under_way.push(id);
                    continue;
                }
                Next::Finished => break,
                Next::Wait(wait) => wait,
            };
            if left > 0 && self.sync.wants_input() && self.rng.u8(..4) > 0 {
                left -= 1;
                self.feed();
            } else if !self.under_way.is_empty() && self.rng.u8(..4) > 0 {
                let place = self.rng.usize(..self.under_way.len());
                let id = self.under_way.swap_remove(place);
                let send = self.sync.call(id).expect("a call under way");
                let (own, links) = &self.targets[send.stream.0 as usize];
                let target = send.link.map_or(own, |link| &links[usize::from(link.0)]);
                let request = request::of(send, target);
                let outcome = self.account.answer(&request, self.now);
                self.sync.answered(self.now, id, outcome, None);
            } else if let Some(moment) = wait {
                self.now = self.now.max(moment);
            } else if left == 0 && self.sync.wants_input() {
                self.sync.input_ended(None);
            } else {
                let can_move = !self.under_way.is_empty() || (left > 0 && self.sync.wants_input());
                assert!(can_move, "the sync waits for nothing");
                self.now += Duration::from_millis(1);
            }
        }
        self.look();
        self.conclude();
    }

    /// Takes what is printed, and holds each state against what HubSpot has.
    fn look(&mut self) {
        let effects: Vec<Effect> = self.sync.take_effects().collect();
        for effect in effects {
            match effect {
                Effect::Rejected(stream, body, rejection) => {
                    let number: usize = body.data().parse().expect("data is the row's number");
                    let row = &mut self.rows[number];
                    assert_eq!(index(row.stream), stream);
                    assert!(row.rejected.is_none(), "settled twice");
                    row.rejected = Some(rejection.code.into_owned());
                }
                Effect::State(state) => {
                    let number: usize = state.raw.parse().expect("a number");
                    assert!(self.printed.insert(number));
                    let (stream, before) = self.states[number];
                    for place in 0..before {
                        if self.rows[place].stream == stream && self.rows[place].rejected.is_none() {
                            self.assert_done(place);
                        }
                    }
                }
                Effect::Note(_) => {}
            }
        }
    }

    /// An accepted record is in HubSpot with all it asks for, or a later one of its key counted.
    fn assert_done(&self, place: usize) {
        let row = &self.rows[place];
        let object = if row.stream == COMPANIES { "companies" } else { "contacts" };
        let id = self.account.id(object, &row.key);
        assert!(id.is_some(), "row {place} was never written: {row:?}");
        let id = id.unwrap_or_default();
        assert!(!row.bad, "row {place} is bad: {row:?}");
        if row.stream == MEMBERS {
            assert!(self.account.members.contains(id), "row {place} is on no list");
        }
        for (link, name) in &row.links {
            let later = self.rows[place + 1..].iter().any(|later| {
                later.stream == CONTACTS
                    && !later.bad
                    && later.key == row.key
                    && later.links.iter().any(|(of, _)| of == link)
            });
            if row.stream == CONTACTS && later {
                continue;
            }
            let is_searched = (row.stream, *link) == (CONTACTS, 1) || row.stream == PAIRS && self.by_search;
            assert!(!is_searched || *name != company(THERE - 1), "row {place}: two have this domain");
            let far = if (row.stream, *link) == (CONTACTS, 2) {
                Some(name.as_str())
            } else {
                self.account.id("companies", name)
            };
            let pair = (id.to_owned(), far.unwrap_or_default().to_owned());
            let types = self.account.pairs.get(&pair);
            assert!(types.is_some(), "row {place}: {pair:?} is not associated: {row:?}");
            let labelled = (row.stream, *link) == (CONTACTS, 0);
            assert!(!labelled || types.is_some_and(|types| types.contains(&LABEL)), "row {place}: no label");
        }
    }

    fn conclude(&self) {
        if self.sync.failure().is_some() {
            return;
        }
        for stream in 0..4 {
            let totals = self.sync.totals(index(stream));
            assert_eq!(totals.unsettled(), 0, "stream {stream}");
            let rejected = self.rows.iter().filter(|row| row.stream == stream && row.rejected.is_some());
            assert_eq!(totals.rejected, rejected.count() as u64, "stream {stream}");
        }
        assert_eq!(self.sync.pairs(index(CONTACTS)).unsettled(), 0);
        assert_eq!(self.printed.len(), self.states.len(), "every state is printed");
        for (place, row) in self.rows.iter().enumerate() {
            match row.rejected.as_deref() {
                None => self.assert_done(place),
                Some("NOT_FOUND") => self.assert_missing(place),
                Some("VALIDATION_ERROR") => assert!(row.bad, "row {place}: {row:?}"),
                // The company of two records, found by search.
                Some("AMBIGUOUS_MATCH") => {
                    assert!(
                        row.links.iter().any(|(_, name)| *name == company(THERE - 1)),
                        "row {place}: {row:?}"
                    );
                }
                Some("NOT_CONFIRMED" | "SERVER_ERROR") => assert!(self.account.trouble > 0, "row {place}"),
                Some(other) => panic!("row {place}: {other}"),
            }
        }
        let old = &self.account.pairs[&("900".to_owned(), "100".to_owned())];
        assert!(old.contains(&OLD), "a label that was there is lost");
        for (from, to) in self.account.pairs.keys().filter(|pair| **pair != ("900".into(), "100".into())) {
            let asked = self.rows.iter().any(|row| {
                let names = row.links.iter().any(|(_, name)| name == to || self.has_id(name, to));
                self.account.id("contacts", &row.key) == Some(from) && names && !row.bad
            });
            assert!(asked, "nobody asked for {from} and {to}");
        }
    }

    fn has_id(&self, name: &str, id: &str) -> bool {
        let ids = self.account.records.get(&("companies", name.to_owned()));
        ids.is_some_and(|ids| ids.iter().any(|(known, _)| known == id))
    }

    /// What is rejected for want of an end has none: where the sync waits with room to do so, none in the end.
    fn assert_missing(&self, place: usize) {
        let row = &self.rows[place];
        let waited = row.stream != MEMBERS && self.awaits && self.is_roomy;
        if !waited {
            return;
        }
        let near_is_missing = self.account.id("contacts", &row.key).is_none();
        let far_is_missing = row.links.iter().any(|(link, name)| {
            let by_id = (row.stream, *link) == (CONTACTS, 2);
            if by_id {
                !self.account.exists("companies", name)
            } else {
                self.account.id("companies", name).is_none()
            }
        });
        assert!(near_is_missing || far_is_missing, "row {place} was given up too early: {row:?}");
    }
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn what_settles_is_associated_and_nothing_else(seed: u64, events in 1..70_usize) {
        Run::new(seed).play(events);
    }
}
