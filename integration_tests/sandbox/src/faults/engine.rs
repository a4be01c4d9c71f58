//! Choosing the fault that befalls a request, and counting.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::effect::Effect;
use super::fault::Fault;
use crate::http::Endpoint;
use crate::random::Random;

/// Handle of a fault that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct FaultId(pub(crate) u64);

/// What the conditions of faults look at.
pub(crate) struct Subject<'a> {
    pub(crate) endpoint: Endpoint,
    /// Whether the request's object type goes by a name.
    pub(crate) is_object: &'a dyn Fn(&str) -> bool,
    pub(crate) item: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

/// The gate that withheld requests wait at.
#[derive(Debug)]
pub(crate) struct Gate {
    open: watch::Sender<bool>,
    waiting: AtomicUsize,
}

impl Gate {
    /// Waits until the gate is opened. `arrived` is told as soon as the wait is counted.
    pub(crate) async fn wait(&self, arrived: impl FnOnce()) {
        let mut open = self.open.subscribe();
        self.waiting.fetch_add(1, Ordering::SeqCst);
        arrived();
        // The sender lives as long as the gate, so this only ends when the gate opens.
        let _ = open.wait_for(|open| *open).await;
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A fault that befalls the request at hand.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) id: FaultId,
    pub(crate) effect: Arc<Effect>,
    pub(crate) gate: Arc<Gate>,
}

#[derive(Debug)]
struct Rule {
    id: FaultId,
    fault: Fault,
    effect: Arc<Effect>,
    gate: Arc<Gate>,
    matched: u64,
    fired: u64,
}

/// A fault in force, and what became of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FaultState {
    /// Its number.
    pub(crate) id: FaultId,
    /// The fault.
    pub(crate) fault: Fault,
    /// How many calls met its conditions.
    pub(crate) matched: u64,
    /// How often it struck.
    pub(crate) fired: u64,
    /// How many requests it withholds at the moment.
    pub(crate) held: usize,
}

/// Faults as they were at some moment, to be put in force again.
#[derive(Clone, Debug)]
pub(crate) struct FaultSnapshot {
    states: Vec<FaultState>,
    random: Random,
}

/// All faults in force, in the order in which they were added.
#[derive(Debug)]
pub(crate) struct FaultEngine {
    rules: Vec<Rule>,
    /// How often faults fired that are no longer in force.
    removed: Vec<(FaultId, u64)>,
    next: u64,
    random: Random,
}

impl FaultEngine {
    /// No faults.
    pub(crate) fn new(seed: u64) -> Self {
        Self { rules: Vec::new(), removed: Vec::new(), next: 1, random: Random::new(seed ^ 0xfa17) }
    }

    /// Puts a fault in force behind those already there.
    pub(crate) fn add(&mut self, fault: Fault) -> FaultId {
        let id = FaultId(self.next);
        self.next += 1;
        let gate = Arc::new(Gate { open: watch::Sender::new(false), waiting: AtomicUsize::new(0) });
        let effect = Arc::new(fault.effect.clone());
        self.rules.push(Rule { id, fault, effect, gate, matched: 0, fired: 0 });
        id
    }

    /// Takes a fault out of force and lets what it withholds go on.
    pub(crate) fn remove(&mut self, id: FaultId) {
        if let Some(position) = self.rules.iter().position(|rule| rule.id == id) {
            let rule = self.rules.remove(position);
            self.removed.push((id, rule.fired));
            rule.gate.open.send_replace(true);
        }
    }

    /// The faults in force.
    pub(crate) fn states(&self) -> Vec<FaultState> {
        let state = |rule: &Rule| FaultState {
            id: rule.id,
            fault: rule.fault.clone(),
            matched: rule.matched,
            fired: rule.fired,
            held: rule.gate.waiting.load(Ordering::SeqCst),
        };
        self.rules.iter().map(state).collect()
    }

    /// The faults in force with what they have counted.
    pub(crate) fn snapshot(&self) -> FaultSnapshot {
        FaultSnapshot { states: self.states(), random: self.random.clone() }
    }

    /// Puts other faults in force instead; what those before withhold goes on.
    pub(crate) fn restore(&mut self, snapshot: &FaultSnapshot) {
        self.clear();
        self.random = snapshot.random.clone();
        for state in &snapshot.states {
            let id = self.add(state.fault.clone());
            if let Some(rule) = self.rules.iter_mut().find(|rule| rule.id == id) {
                (rule.id, rule.matched, rule.fired) = (state.id, state.matched, state.fired);
            }
        }
        let ids: Vec<FaultId> = snapshot.states.iter().map(|state| state.id).collect();
        self.removed.retain(|(id, _)| !ids.contains(id));
    }

    /// Whether no fault is in force.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Takes all faults out of force.
    pub(crate) fn clear(&mut self) {
        for id in self.rules.iter().map(|rule| rule.id).collect::<Vec<_>>() {
            self.remove(id);
        }
    }

    /// Lets everything go on that a fault withholds, now and from now on.
    pub(crate) fn release(&mut self, id: FaultId) {
        if let Some(rule) = self.rules.iter().find(|rule| rule.id == id) {
            rule.gate.open.send_replace(true);
        }
    }

    /// How often a fault fired.
    pub(crate) fn fired(&self, id: FaultId) -> u64 {
        let live = self.rules.iter().find(|rule| rule.id == id).map(|rule| rule.fired);
        let gone = || self.removed.iter().find(|(known, _)| *known == id).map(|(_, fired)| *fired);
        live.or_else(gone).unwrap_or(0)
    }

    /// How many requests a fault withholds at the moment.
    pub(crate) fn held(&self, id: FaultId) -> usize {
        self.rules
            .iter()
            .find(|rule| rule.id == id)
            .map_or(0, |rule| rule.gate.waiting.load(Ordering::SeqCst))
    }

    /// The first fault whose conditions the request meets.
    pub(crate) fn choose(&mut self, subject: &Subject<'_>) -> Option<Chosen> {
        for rule in &mut self.rules {
            let fault = &rule.fault;
            let meets = fault.target.includes(subject.endpoint)
                && fault.object.as_deref().is_none_or(|name| (subject.is_object)(name))
                && fault.containing.as_ref().is_none_or(|inputs| inputs.picks_in(subject.item, subject.body));
            if !meets {
                continue;
            }
            rule.matched += 1;
            let strikes = fault.occurrence.includes(rule.matched)
                && fault.probability.is_none_or(|probability| self.random.chance(probability));
            if strikes {
                rule.fired += 1;
                let (effect, gate) = (Arc::clone(&rule.effect), Arc::clone(&rule.gate));
                return Some(Chosen { id: rule.id, effect, gate });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upsert(engine: &mut FaultEngine) -> Option<FaultId> {
        let is_object = |name: &str| name == "contacts";
        let subject = Subject { endpoint: Endpoint::Upsert, is_object: &is_object, item: None, body: b"{}" };
        engine.choose(&subject).map(|chosen| chosen.id)
    }

    #[test]
    fn the_first_rule_that_strikes_wins_and_only_it_counts() {
        let mut engine = FaultEngine::new(1);
        let first = engine.add(Fault::on(Endpoint::Upsert).object("contacts").nth(2).status(500));
        let second = engine.add(Fault::anywhere().nth(2).status(503));
        engine.add(Fault::on(Endpoint::Upsert).object("deals").status(502));
        let struck: Vec<Option<FaultId>> = (0..4).map(|_| upsert(&mut engine)).collect();
        assert_eq!(struck, [None, Some(first), Some(second), None]);
        assert_eq!((engine.fired(first), engine.fired(second)), (1, 1));
        engine.remove(first);
        assert_eq!(engine.fired(first), 1, "a removed fault keeps its count");
    }

    #[test]
    fn probability_comes_from_the_seed() {
        let run = |seed| {
            let mut engine = FaultEngine::new(seed);
            engine.add(Fault::anywhere().with_probability(0.3).status(500));
            (0..200).map(|_| upsert(&mut engine).is_some()).collect::<Vec<bool>>()
        };
        assert_eq!(run(5), run(5));
        assert_ne!(run(5), run(6));
        let struck = run(5).into_iter().filter(|struck| *struck).count();
        assert!((30..=90).contains(&struck), "{struck} of 200");
    }
}
