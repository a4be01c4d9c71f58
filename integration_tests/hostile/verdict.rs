//! What has to hold of a run, whatever the other side said.

use std::collections::{BTreeMap, HashMap, HashSet};

use hubspot_sandbox::Sandbox;
use serde_json::Value;

use super::scenario::{Line, Scenario};
use crate::support::soundness::{Verdict, holds};
use crate::support::watch::Outcome;

fn of_type<'a>(messages: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    messages.iter().filter(move |message| message["type"] == kind)
}

fn errors(messages: &[Value]) -> usize {
    messages.iter().filter(|message| message["trace"]["type"] == "ERROR").count()
}

/// What holds of `check`.
pub(super) fn of_check(outcome: &Outcome, messages: &[Value]) -> Verdict {
    let told = of_type(messages, "CONNECTION_STATUS").count();
    holds(told == 1, || format!("{told} statuses"))?;
    holds(outcome.status.is_some_and(|status| status.success()), || format!("{:?}", outcome.status))
}

/// What holds of `discover`.
pub(super) fn of_discover(outcome: &Outcome, messages: &[Value]) -> Verdict {
    let catalogs = of_type(messages, "DESTINATION_CATALOG").count();
    let expected = if outcome.status.is_some_and(|status| status.success()) { (1, 0) } else { (0, 1) };
    holds((catalogs, errors(messages)) == expected, || {
        format!("{:?}: {catalogs} catalogs, {} errors", outcome.status, errors(messages))
    })
}

/// What holds of `write`: each record settles once, no state is early, nothing is accepted that is not stored.
pub(super) fn of_write(
    outcome: &Outcome,
    messages: &[Value],
    scenario: &Scenario,
    sandbox: &Sandbox,
    lied: bool,
) -> Verdict {
    let success = outcome.status.is_some_and(|status| status.success());
    let asked = outcome.asked.is_some();
    let wanted = usize::from(!success && !asked);
    holds(errors(messages) == wanted || asked, || {
        format!("{:?} with {} errors", outcome.status, errors(messages))
    })?;
    let stored: Vec<HashSet<String>> = scenario
        .targets
        .iter()
        .map(|target| if lied { HashSet::new() } else { target.stored(sandbox) })
        .collect();
    let mut printed = Printed::default();
    for message in messages {
        if message["type"] == "RECORD" {
            printed.rejected(&message["record"], scenario)?;
        } else if message["type"] == "STATE" {
            printed.state(&message["state"], scenario)?;
            if !lied {
                printed.nothing_is_missing(scenario, &stored)?;
            }
        }
    }
    for (stream, numbers) in scenario.states() {
        let printed = printed.states.get(&stream).cloned().unwrap_or_default();
        let fits = if success { printed == numbers } else { numbers.starts_with(&printed) };
        holds(fits, || format!("states of {stream:?}: {printed:?} of {numbers:?}, success: {success}"))?;
    }
    Ok(())
}

/// What was printed so far.
#[derive(Default)]
struct Printed {
    states: BTreeMap<Option<usize>, Vec<u64>>,
    /// Rejected rows by stream.
    rejected: HashMap<usize, HashSet<String>>,
    /// Where in the input the last state stood, by what it covers.
    reached: BTreeMap<Option<usize>, usize>,
}

impl Printed {
    fn rejected(&mut self, record: &Value, scenario: &Scenario) -> Verdict {
        let name = record["stream"].as_str().unwrap_or_default();
        let stream = scenario.targets.iter().position(|target| target.name == name);
        let stream = stream.ok_or_else(|| format!("a rejected record of {name}"))?;
        let key = scenario.targets[stream].key(&record["data"]);
        let first = self.rejected.entry(stream).or_default().insert(key.clone());
        holds(first, || format!("{key} of {name} is rejected twice"))
    }

    /// A state covers as many records as it says, and its rejected ones were printed before.
    fn state(&mut self, state: &Value, scenario: &Scenario) -> Verdict {
        let (stream, number) = number_of(state, scenario);
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        let from = self.reached.insert(stream, place).unwrap_or(0);
        let covered = scenario.lines[from..place].iter().filter_map(|line| match line {
            Line::Record(of, key) if stream.is_none_or(|stream| stream == *of) => Some((*of, key)),
            _ => None,
        });
        let (mut accepted, mut rejected) = (0.0, 0.0);
        for (of, key) in covered {
            let is_rejected = self.rejected.get(&of).is_some_and(|keys| keys.contains(key));
            *(if is_rejected { &mut rejected } else { &mut accepted }) += 1.0;
        }
        let told = |name: &str| state["destinationStats"][name].as_f64().unwrap_or(-1.0);
        let told = (told("recordCount"), told("rejectedRecordCount"));
        self.states.entry(stream).or_default().push(number);
        holds(told == (accepted, rejected), || {
            format!("state {number} of {stream:?} says {told:?} where {:?} is so", (accepted, rejected))
        })
    }

    /// Every record before the latest state is stored, or was rejected.
    fn nothing_is_missing(&self, scenario: &Scenario, stored: &[HashSet<String>]) -> Verdict {
        for (stream, place) in &self.reached {
            for line in &scenario.lines[..*place] {
                let Line::Record(of, key) = line else { continue };
                let covered = stream.is_none_or(|stream| stream == *of);
                let is_rejected = || self.rejected.get(of).is_some_and(|keys| keys.contains(key));
                holds(!covered || stored[*of].contains(key) || is_rejected(), || {
                    format!("{key} of {} is acknowledged and not stored", scenario.targets[*of].name)
                })?;
            }
        }
        Ok(())
    }
}

fn number_of(state: &Value, scenario: &Scenario) -> (Option<usize>, u64) {
    let name = state["stream"]["stream_descriptor"]["name"].as_str();
    let stream = name.and_then(|name| scenario.targets.iter().position(|target| target.name == name));
    let blobs = [&state["stream"]["stream_state"], &state["global"]["shared_state"]];
    let number = blobs.into_iter().find_map(|blob| blob["number"].as_u64());
    (stream, number.unwrap_or(u64::MAX))
}
