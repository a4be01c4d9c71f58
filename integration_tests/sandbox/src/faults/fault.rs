//! A fault: which calls it befalls and what it does.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{FaultAnswer, FaultBody};
use super::effect::{BatchRefusal, Effect, When, Writing};
use super::inputs::{InputMatch, Silence};
use super::next_page::NextPage;
use crate::http::{Endpoint, EndpointFamily};
use crate::limits::LimitPolicy;

/// Which kinds of calls a fault is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FaultTarget {
    /// Every call, known or not.
    #[default]
    Any,
    /// One kind of call.
    #[serde(rename = "endpoint")]
    One(Endpoint),
    /// A family of calls.
    Family(EndpointFamily),
}

impl From<Endpoint> for FaultTarget {
    fn from(endpoint: Endpoint) -> Self {
        Self::One(endpoint)
    }
}

impl From<EndpointFamily> for FaultTarget {
    fn from(family: EndpointFamily) -> Self {
        Self::Family(family)
    }
}

impl FaultTarget {
    pub(crate) fn includes(self, endpoint: Endpoint) -> bool {
        match self {
            Self::Any => true,
            Self::One(wanted) => wanted == endpoint,
            Self::Family(family) => family == endpoint.family(),
        }
    }
}

/// Which of the matching calls are struck; the first one is number 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Occurrence {
    /// All of them.
    #[default]
    Always,
    /// The one with this number.
    #[serde(rename = "nth")]
    Exactly(u64),
    /// The first so many.
    First(u64),
    /// Every so-many-th.
    Every(u64),
    /// All from the one with this number on.
    From(u64),
}

impl Occurrence {
    pub(crate) fn includes(self, number: u64) -> bool {
        match self {
            Self::Always => true,
            Self::Exactly(wanted) => number == wanted,
            Self::First(count) => number <= count,
            Self::Every(step) => step > 0 && number.is_multiple_of(step),
            Self::From(start) => number >= start,
        }
    }
}

/// A fault to be added to a sandbox.
///
/// Start with [`Fault::on`] or [`Fault::anywhere`], narrow it down, and end with what it does:
///
/// ```
/// use hubspot_sandbox::{Endpoint, Fault, When};
/// let lost_answer = Fault::on(Endpoint::Upsert).object("contacts").nth(2).close(When::AfterEffect);
/// # let _ = lost_answer;
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// Which calls.
    #[serde(rename = "on", default)]
    pub(crate) target: FaultTarget,
    /// Only calls about this object type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) object: Option<String>,
    /// Only requests that hold such an input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) containing: Option<InputMatch>,
    /// Which of the calls that match.
    #[serde(rename = "calls", default)]
    pub(crate) occurrence: Occurrence,
    /// With which probability, drawn from the sandbox's seed of what is random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub(crate) probability: Option<f64>,
    /// What happens; 500 unless given.
    #[serde(default)]
    pub(crate) effect: Effect,
}

impl Fault {
    /// A fault of one kind or family of calls; without an effect it answers 500.
    #[must_use]
    pub fn on(target: impl Into<FaultTarget>) -> Self {
        Self {
            target: target.into(),
            object: None,
            containing: None,
            occurrence: Occurrence::Always,
            probability: None,
            effect: Effect::default(),
        }
    }

    /// A fault of every call.
    #[must_use]
    pub fn anywhere() -> Self {
        Self::on(FaultTarget::Any)
    }

    /// Only calls about this object type, by any of its names.
    #[must_use]
    pub fn object(mut self, name: &str) -> Self {
        self.object = Some(name.to_owned());
        self
    }

    /// Only requests that hold such an input.
    #[must_use]
    pub fn containing(mut self, inputs: InputMatch) -> Self {
        self.containing = Some(inputs);
        self
    }

    /// Only the matching call with this number, from 1.
    #[must_use]
    pub fn nth(mut self, number: u64) -> Self {
        self.occurrence = Occurrence::Exactly(number);
        self
    }

    /// Only the first so many matching calls.
    #[must_use]
    pub fn first(mut self, count: u64) -> Self {
        self.occurrence = Occurrence::First(count);
        self
    }

    /// Only every so-many-th matching call.
    #[must_use]
    pub fn every(mut self, step: u64) -> Self {
        self.occurrence = Occurrence::Every(step);
        self
    }

    /// Only matching calls from this number on, from 1.
    #[must_use]
    pub fn from_call(mut self, number: u64) -> Self {
        self.occurrence = Occurrence::From(number);
        self
    }

    /// Strikes with this probability (0 to 1), drawn from the sandbox's seed.
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.probability = Some(probability);
        self
    }

    /// Gives the usual answer with this status; nothing is written.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        self.answer(FaultAnswer::new(status), When::BeforeEffect)
    }

    /// Gives this answer.
    #[must_use]
    pub fn answer(mut self, answer: FaultAnswer, when: When) -> Self {
        self.effect = Effect::Answer(FaultAnswer { when, ..answer });
        self
    }

    /// Answers 429 in the words of a policy; nothing is written.
    #[must_use]
    pub fn rate_limited(self, policy: LimitPolicy) -> Self {
        self.answer(FaultAnswer::new(429).body(FaultBody::RateLimit(policy)), When::BeforeEffect)
    }

    /// Never answers.
    #[must_use]
    pub fn hang(mut self, when: When) -> Self {
        self.effect = Effect::Hang(when);
        self
    }

    /// Withholds the request ([`When::BeforeEffect`]) or its answer until the test releases the fault.
    #[must_use]
    pub fn hold(mut self, when: When) -> Self {
        self.effect = Effect::Hold(when);
        self
    }

    /// Resets the connection without an answer; in HTTP/2 the request's stream.
    #[must_use]
    pub fn close(mut self, when: When) -> Self {
        self.effect = Effect::Close(when);
        self
    }

    /// Resets the connection without an answer, in HTTP/2 too, with every request on it.
    #[must_use]
    pub fn cut(mut self, when: When) -> Self {
        self.effect = Effect::Cut(when);
        self
    }

    /// Refuses the request's stream (REFUSED_STREAM), which says that nothing was done; in HTTP/1.1 the connection is reset.
    #[must_use]
    pub fn refuse_stream(mut self) -> Self {
        self.effect = Effect::Refuse;
        self
    }

    /// Answers, and takes no further request over this connection: GOAWAY in HTTP/2.
    #[must_use]
    pub fn go_away(mut self) -> Self {
        self.effect = Effect::Leave;
        self
    }

    /// Answers late.
    #[must_use]
    pub fn delay(mut self, by: Duration) -> Self {
        self.effect = Effect::Delay(by);
        self
    }

    /// Breaks the answer off in the middle of its body; the request took effect.
    #[must_use]
    pub fn truncate(mut self) -> Self {
        self.effect = Effect::Truncate;
        self
    }

    /// Answers a batch with success and neither results nor errors; nothing is written.
    #[must_use]
    pub fn empty_results(mut self) -> Self {
        self.effect = Effect::EmptyResults;
        self
    }

    /// Leaves inputs out of results and errors.
    #[must_use]
    pub fn unmention(mut self, inputs: InputMatch, writing: Writing) -> Self {
        self.effect = Effect::Unmention(Silence { inputs, writing });
        self
    }

    /// Gives the first page, which says that another one follows.
    #[must_use]
    pub fn lead_on(mut self, next: NextPage) -> Self {
        self.effect = Effect::LeadOn(next);
        self
    }

    /// Remarks on every record of the answer although it is stored: `warnings`, which HubSpot's OpenAPI files have since
    /// June 2026 without saying when they are filled.
    #[must_use]
    pub fn warn(mut self, category: &str) -> Self {
        self.effect = Effect::Warn(category.to_owned());
        self
    }

    /// Refuses the whole batch without naming a record; combine it with [`Fault::containing`].
    #[must_use]
    pub fn refuse_batch(mut self, refusal: BatchRefusal) -> Self {
        self.effect = Effect::RefuseBatch(refusal);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn occurrences_count_from_one() {
        let struck =
            |occurrence: Occurrence| -> Vec<u64> { (1..=6).filter(|n| occurrence.includes(*n)).collect() };
        assert_eq!(struck(Occurrence::Always), [1, 2, 3, 4, 5, 6]);
        assert_eq!(struck(Occurrence::Exactly(3)), [3]);
        assert_eq!(struck(Occurrence::First(2)), [1, 2]);
        assert_eq!(struck(Occurrence::Every(3)), [3, 6]);
        assert_eq!(struck(Occurrence::From(5)), [5, 6]);
        assert!(struck(Occurrence::Every(0)).is_empty());
    }

    #[test]
    fn targets() {
        assert!(FaultTarget::Any.includes(Endpoint::Unknown));
        assert!(FaultTarget::from(Endpoint::Upsert).includes(Endpoint::Upsert));
        assert!(!FaultTarget::from(Endpoint::Upsert).includes(Endpoint::Update));
        assert!(FaultTarget::from(EndpointFamily::Objects).includes(Endpoint::Search));
        assert!(!FaultTarget::from(EndpointFamily::Objects).includes(Endpoint::SchemaList));
    }
}
