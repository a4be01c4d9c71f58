//! What the account holds, and what has taken effect in it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use serde_json::Value;

use super::super::super::Moment;
use super::super::super::batch::Send;
use super::super::super::operation::Step;
use super::super::super::request::Request;
use super::super::script::chance;
use super::kinds::{Kind, LABEL, OLD_LABEL, PLAIN, Stream};
use super::rows::{Asks, Id, Nature, Row, THERE, TO_PART, company, to_part};

/// When syncs begin, by HubSpot's clock.
pub(super) const BEGAN_AT: i64 = 1_000_000_000_000;
const DAY: i64 = 86_400_000;

/// A record in HubSpot.
#[derive(Debug)]
pub(super) struct Thing {
    pub(super) id: String,
    /// What names it; the first is what HubSpot shows.
    pub(super) names: Vec<String>,
    /// The record of the input that it was made of, where it was made by a create.
    pub(super) made_of: Option<Id>,
    pub(super) created_at: i64,
    /// From when search sees it.
    pub(super) seen_from: Moment,
    /// Since when it is in the recycling bin.
    pub(super) archived: Option<Moment>,
}

impl Thing {
    fn was_named(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    pub(super) fn has_name(&self, name: &str) -> bool {
        self.archived.is_none() && self.was_named(name)
    }
}

/// A call, as it reaches the account.
pub(super) struct Call<'a> {
    pub(super) request: Request,
    pub(super) body: Value,
    pub(super) send: &'a Send,
    pub(super) stream: &'a Stream,
    /// The records of each input; none where it is a pair that another record asked for.
    pub(super) inputs: Vec<Vec<Id>>,
    pub(super) rows: &'a [Row],
    pub(super) now: Moment,
}

impl Call<'_> {
    pub(super) fn ids(&self) -> impl Iterator<Item = Id> {
        self.inputs.iter().flatten().copied()
    }

    /// Whether any record of an input is of this nature.
    pub(super) fn is(&self, input: &[Id], nature: Nature) -> bool {
        input.iter().any(|id| self.rows[*id].nature == nature)
    }

    pub(super) fn has(&self, nature: Nature) -> bool {
        self.ids().any(|id| self.rows[id].nature == nature)
    }

    /// Whether it would change something.
    pub(super) fn writes(&self) -> bool {
        match self.send.step {
            Step::Lookup | Step::LookupFar | Step::Search | Step::SearchFar | Step::ReadLabels => false,
            Step::Create | Step::Write | Step::Single | Step::SendEvents => true,
            Step::Members | Step::Link | Step::Chore => true,
        }
    }

    /// The inputs of its body, each with its place.
    pub(super) fn listed(&self) -> Vec<(usize, &Value)> {
        self.body["inputs"].as_array().into_iter().flatten().enumerate().collect()
    }
}

/// A record that is to be made.
#[derive(Debug)]
struct Making {
    object: String,
    input: Vec<Id>,
    name: Option<String>,
    /// Whether that is all that is asked for.
    is_all: bool,
    is_unique: bool,
}

impl Making {
    fn of(call: &Call<'_>, input: &[Id]) -> Self {
        Self {
            object: call.stream.target.object.to_string(),
            input: input.to_vec(),
            is_all: call.rows[input[0]].asks != Asks::TwoWrites,
            name: call.rows[input[0]].key.clone(),
            is_unique: call.stream.kind == Kind::Insert,
        }
    }
}

/// The account.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) rng: fastrand::Rng,
    /// Percent of calls that something goes wrong with, and how many more.
    pub(super) trouble: u8,
    pub(super) patience: u32,
    /// Whether streams and syncs end for what it answers.
    pub(super) ends_early: bool,
    /// How long search does not see a new record.
    pub(super) lag: Duration,
    /// How far its clock is ahead, in milliseconds.
    pub(super) skew: i64,
    things: HashMap<String, Vec<Thing>>,
    /// Kinds of associations by the ids of contact and company.
    pub(super) pairs: BTreeMap<(String, String), BTreeSet<u64>>,
    pub(super) lists: HashMap<String, BTreeSet<String>>,
    /// Records of the input that took effect.
    pub(super) done: HashSet<Id>,
    /// The oldest and the youngest record of the input that took effect last, by stream and what they are about.
    pub(super) in_effect: HashMap<(usize, String), (Id, Id)>,
    /// Creates that take effect although nobody waits for them any more.
    late: Vec<Making>,
    /// Records that may have been made and were not looked for since; and those that ever were.
    pub(super) in_doubt: HashSet<Id>,
    pub(super) was_in_doubt: HashSet<Id>,
    /// How often calls with a record failed for a server error.
    pub(super) failed: HashMap<Id, u32>,
    next: usize,
}

impl Account {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let lag = Duration::from_millis(rng.u64(..3_000));
        let skew = rng.i64(-30_000..30_000);
        let mut account = Self {
            rng,
            trouble: 0,
            patience: 0,
            ends_early: false,
            lag,
            skew,
            things: HashMap::new(),
            pairs: BTreeMap::new(),
            lists: HashMap::new(),
            done: HashSet::new(),
            in_effect: HashMap::new(),
            late: Vec::new(),
            in_doubt: HashSet::new(),
            was_in_doubt: HashSet::new(),
            failed: HashMap::new(),
            next: 0,
        };
        account.put("contacts", "900", &["c0"]);
        account.put("contacts", "910", &["c1"]);
        for number in 0..THERE {
            account.put("companies", &format!("10{number}"), &[&company(number)]);
        }
        // Two have this name: search cannot tell which is meant.
        account.put("companies", "203", &[&company(THERE - 1)]);
        for number in 0..TO_PART {
            account.put("companies", &format!("30{number}"), &[&to_part(number)]);
            for contact in ["900", "910"] {
                let pair = (contact.to_owned(), format!("30{number}"));
                account.pairs.insert(pair, [PLAIN, LABEL, OLD_LABEL].into());
            }
        }
        account.pairs.insert(("900".to_owned(), "100".to_owned()), [PLAIN, OLD_LABEL].into());
        account
    }

    /// Holds what a stream finds when it begins.
    pub(super) fn prepare(&mut self, number: usize, stream: &Stream) {
        let object = stream.target.object.to_string();
        match stream.kind {
            // The first is not there; with addresses, two name the same.
            Kind::Update(_) | Kind::Archive(_) => {
                let by_id = stream.target.key_property == "hs_object_id";
                let both = stream.target.key_property == "email";
                for place in (1..7).step_by(if both { 2 } else { 1 }) {
                    let id = if by_id { format!("70{place}") } else { format!("{number}70{place}") };
                    let names = [format!("key {place}"), format!("key {}", place + 1)];
                    let known = names.iter().take(if both { 2 } else { 1 }).map(String::as_str);
                    let names: Vec<&str> = if by_id { vec![&id] } else { known.collect() };
                    self.put(&object, &id.clone(), &names);
                }
            }
            Kind::Insert | Kind::Found | Kind::Followed(_) => {
                self.put(&object, &format!("{number}800"), &["key 0"])
            }
            Kind::Mirror => {
                let list = stream.mirrors.clone().unwrap_or_default();
                self.lists.insert(list, ["900", "1", "2", "3", "4", "5"].map(str::to_owned).into());
            }
            _ => {}
        }
    }

    fn put(&mut self, object: &str, id: &str, names: &[&str]) {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        self.things.entry(object.to_owned()).or_default().push(Thing {
            id: id.to_owned(),
            names,
            made_of: None,
            created_at: BEGAN_AT - DAY,
            seen_from: Duration::ZERO,
            archived: None,
        });
    }

    pub(super) fn things(&self, object: &str) -> &[Thing] {
        self.things.get(object).map_or(&[], Vec::as_slice)
    }

    /// The record that a unique key names.
    pub(super) fn named(&self, object: &str, name: &str) -> Option<&Thing> {
        self.things(object).iter().find(|thing| thing.has_name(name))
    }

    /// The record of an id.
    pub(super) fn thing(&self, object: &str, id: &str) -> Option<&Thing> {
        self.things(object).iter().find(|thing| thing.id == id && thing.archived.is_none())
    }

    /// Ids of the records that search finds by a name: it is late to see what was made, and what was archived.
    pub(super) fn seen(&self, object: &str, name: &str, now: Moment) -> Vec<String> {
        let is_seen = |thing: &&Thing| {
            let is_gone = thing.archived.is_some_and(|since| since + self.lag <= now);
            thing.was_named(name) && thing.seen_from <= now && !is_gone
        };
        self.things(object).iter().filter(is_seen).map(|thing| thing.id.clone()).collect()
    }

    pub(super) fn archive(&mut self, object: &str, id: &str, now: Moment) {
        let things = self.things.entry(object.to_owned()).or_default();
        for thing in things.iter_mut().filter(|thing| thing.id == id) {
            thing.archived.get_or_insert(now);
        }
    }

    /// Makes a record.
    pub(super) fn add(
        &mut self,
        object: &str,
        name: Option<&str>,
        made_of: Option<Id>,
        now: Moment,
    ) -> String {
        self.next += 1;
        let id = (5_000 + self.next).to_string();
        let since = i64::try_from(now.as_millis()).expect("soon");
        let thing = Thing {
            id: id.clone(),
            names: name.map(str::to_owned).into_iter().collect(),
            made_of,
            created_at: BEGAN_AT + since + self.skew,
            seen_from: now + self.lag,
            archived: None,
        };
        self.things.entry(object.to_owned()).or_default().push(thing);
        id
    }

    /// Makes a record of an input, unless what it has unique is taken: then the id of the one in the way is told.
    pub(super) fn make(&mut self, call: &Call<'_>, input: &[Id]) -> Result<String, String> {
        self.make_as(&Making::of(call, input), call.now)
    }

    fn make_as(&mut self, making: &Making, now: Moment) -> Result<String, String> {
        let Making { object, input, name, is_unique, is_all } = making;
        let of = input[0];
        let name = name.as_deref();
        if let Some(holder) = name.filter(|_| *is_unique).and_then(|name| self.named(object, name)) {
            return Err(holder.id.clone());
        }
        assert!(self.things(object).iter().all(|thing| thing.made_of != Some(of)), "{of} is made twice");
        if *is_all {
            self.done.extend(input);
        }
        Ok(self.add(object, name, Some(of), now))
    }

    /// Puts the making of an input off until nobody waits for it any more.
    pub(super) fn make_late(&mut self, call: &Call<'_>, input: &[Id]) {
        self.late.push(Making::of(call, input));
    }

    /// Lets creates of before take effect now and then.
    pub(super) fn catch_up(&mut self, now: Moment) {
        if self.late.is_empty() || !chance(&mut self.rng, 25) {
            return;
        }
        for making in std::mem::take(&mut self.late) {
            let _too_late_for_some = self.make_as(&making, now);
        }
    }

    /// Notes that an input takes effect.
    pub(super) fn takes_effect(&mut self, call: &Call<'_>, input: &[Id], turn_is_last: bool) {
        let Some((head, tail)) = input.first().copied().zip(input.last().copied()) else { return };
        assert!(!call.is(input, Nature::Poison), "{input:?} cannot take effect");
        if let Some(about) = call.rows[head].about() {
            let before = self.in_effect.insert((call.rows[head].stream, about), (head, tail));
            let is_younger = before.is_none_or(|(before, _)| before <= head);
            assert!(is_younger, "{input:?} takes effect after {before:?}: {:?}", call.stream.kind);
        }
        if turn_is_last {
            self.done.extend(input);
        }
    }

    pub(super) fn doubt(&mut self, input: &[Id]) {
        self.in_doubt.extend(input);
        self.was_in_doubt.extend(input);
    }

    pub(super) fn count_failures(&mut self, ids: impl Iterator<Item = Id>) {
        for id in ids {
            *self.failed.entry(id).or_default() += 1;
        }
    }

    /// What may have been made is looked for before it is made again; search never finds out that it was not.
    pub(super) fn check_may_be_made(&self, call: &Call<'_>) {
        for id in call.ids() {
            assert!(!self.in_doubt.contains(&id), "{id} is made again without being looked for");
            let is_searched = call.stream.kind == Kind::Found;
            assert!(!(is_searched && self.was_in_doubt.contains(&id)), "{id} is made again");
        }
    }
}
