//! Random scripts: what arrives, what HubSpot does, in which order.
//!
//! A script is drawn from plain seeds and then spelled out, so that a failing one is printed readably and shrinks
//! by leaving steps out.

use std::time::Duration;

use proptest::prelude::*;

use super::super::lane::{BatchLimits, Merging};
use super::super::operation::{MatchedBy, Operation};
use super::super::retry::Setback;
use super::super::sync::{Durability, Settings};
use crate::api::RatePolicy;
use crate::bound::Bound;

/// What is likely in a family of scripts; percentages, or weights against each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mix {
    /// Percent of records HubSpot refuses.
    pub poison: u8,
    /// Percent of records HubSpot never mentions.
    pub mute: u8,
    /// Percent of records at which HubSpot fails with a 5xx.
    pub crashing: u8,
    /// Percent of inputs an itemised answer leaves out although they are good.
    pub silent: u8,
    /// Percent of inputs an itemised answer puts off for a reason outside the record.
    pub put_off: u8,
    /// Percent of scripts in which HubSpot says next to nothing.
    pub deaf: u8,
    /// Weights of the kinds of answers.
    pub answers: AnswerWeights,
    /// Percent of scripts whose retry budget can run out.
    pub impatient: u8,
    /// Percent of scripts in which rejections have to be stored.
    pub stored: u8,
    /// Percent of scripts in which a stream may have few rejections.
    pub limited: u8,
    /// Whether streams and the sync may end early.
    pub ends_early: bool,
}

/// How often each kind of answer comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnswerWeights {
    pub itemised: u8,
    pub silent: u8,
    pub confirmed: u8,
    pub refused: u8,
    pub too_large: u8,
    pub set_back: u8,
}

impl Mix {
    pub(super) const ORDINARY: Self = Self {
        poison: 10,
        mute: 0,
        crashing: 0,
        silent: 0,
        put_off: 0,
        deaf: 0,
        answers: AnswerWeights {
            itemised: 8,
            silent: 0,
            confirmed: 1,
            refused: 1,
            too_large: 0,
            set_back: 0,
        },
        impatient: 0,
        stored: 0,
        limited: 0,
        ends_early: false,
    };
    pub(super) const SILENT: Self = Self {
        mute: 8,
        silent: 30,
        put_off: 5,
        deaf: 20,
        answers: AnswerWeights {
            itemised: 8,
            silent: 3,
            confirmed: 1,
            refused: 1,
            too_large: 1,
            set_back: 1,
        },
        stored: 20,
        ..Self::ORDINARY
    };
    pub(super) const REFUSING: Self = Self {
        poison: 25,
        answers: AnswerWeights {
            itemised: 1,
            silent: 0,
            confirmed: 0,
            refused: 8,
            too_large: 2,
            set_back: 0,
        },
        ..Self::ORDINARY
    };
    pub(super) const FAILING: Self = Self {
        crashing: 3,
        put_off: 10,
        answers: AnswerWeights {
            itemised: 5,
            silent: 0,
            confirmed: 1,
            refused: 1,
            too_large: 1,
            set_back: 12,
        },
        impatient: 50,
        stored: 20,
        ..Self::ORDINARY
    };
    pub(super) const STORED: Self =
        Self { poison: 20, mute: 3, silent: 10, put_off: 3, stored: 100, ..Self::FAILING };
    pub(super) const ENDING: Self = Self {
        mute: 3,
        silent: 10,
        impatient: 30,
        stored: 40,
        limited: 40,
        ends_early: true,
        ..Self::FAILING
    };
}

/// A whole script.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub setup: Setup,
    pub steps: Vec<Step>,
}

/// What is fixed before the first step.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub mix: Mix,
    pub settings: Settings,
    pub streams: Vec<StreamSetup>,
    /// How many different keys a stream's records have.
    pub keys: usize,
    /// Into how many hashes those keys fall.
    pub hashes: u64,
    /// Whether HubSpot says next to nothing.
    pub deaf: bool,
    /// Whether the input ends as it should not.
    pub input_fails: bool,
    /// Seed of whatever the steps leave open.
    pub seed: u64,
}

/// One stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamSetup {
    pub limits: BatchLimits,
    pub merging: Merging,
    pub keyless: bool,
    pub operation: Operation,
    /// What is done with records that its source has deleted, where that is something else.
    pub deletion: Option<Operation>,
    /// Whether two neighbouring keys name one record of HubSpot's.
    pub aliases: bool,
    /// Whether the first key names no record.
    pub has_missing: bool,
}

/// How HubSpot takes a record, hidden from the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// It stores it.
    Good,
    /// It refuses it, alone or with the whole batch.
    Poison,
    /// It never says anything about it.
    Mute,
    /// It answers every call that holds it with a server error.
    Crashing,
}

/// Which properties a record carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Properties {
    None,
    Innocent,
    /// One that refusals name.
    Suspicious,
}

/// Something the input says; numbers are taken modulo what there is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
    /// `sequel` where the record takes two writes, `deleted` where it is to be archived if its stream does such a thing.
    Record {
        stream: usize,
        key: usize,
        nature: Nature,
        padding: usize,
        properties: Properties,
        sequel: bool,
        deleted: bool,
    },
    Skipped {
        stream: usize,
    },
    Unsendable {
        stream: usize,
    },
    StreamState {
        stream: usize,
        padding: usize,
    },
    SharedState {
        padding: usize,
    },
    NewStream(StreamSetup),
    StreamFails {
        stream: usize,
    },
}

/// What HubSpot does with a call, as far as that does not contradict the natures of its records.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    Itemised { silent: u8, put_off: u8 },
    Silent,
    Confirmed,
    Refused { conflict: bool, naming: Naming },
    TooLarge,
    SetBack { setback: Setback, retry_after: Option<Duration>, took_effect: bool },
    StreamGone,
    SyncGone,
}

/// Whom the refusal of a whole batch names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    Nobody,
    /// The keys of all bad inputs.
    All,
    /// The key of one bad input.
    One,
    /// The property at fault, which some good inputs have too.
    Property,
}

/// The rate headers of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Headers {
    None,
    Unannounced,
    Wide,
    Narrow,
    DailyNearlySpent,
}

/// One event.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// The input says something; `glued` when it came in one read with what was before it.
    Input { item: Item, glued: bool },
    /// As many calls start as may.
    Start { most: usize },
    /// Time passes.
    Advance(Duration),
    /// A call under way is answered.
    Answer { call: usize, how: How, headers: Headers },
    /// Storage has this share of the rejections there are.
    Stored { percent: u64 },
    /// A signal, or a failure outside HubSpot.
    Stop { failure: bool },
}

/// Scripts of a family.
pub(super) fn script(mix: Mix) -> impl Strategy<Value = Script> {
    let steps = prop::collection::vec(any::<u64>().no_shrink(), 1..70);
    (any::<u64>().no_shrink(), steps).prop_map(move |(setup, steps)| {
        let setup = Setup::drawn(mix, setup);
        let steps = steps.into_iter().map(|seed| Step::drawn(&setup, seed)).collect();
        Script { setup, steps }
    })
}

/// Whether a chance of so many percent comes true.
pub(super) fn chance(rng: &mut fastrand::Rng, percent: u8) -> bool {
    rng.u8(..100) < percent
}

impl Setup {
    fn drawn(mix: Mix, seed: u64) -> Self {
        let rng = &mut fastrand::Rng::with_seed(seed);
        let impatient = chance(rng, mix.impatient);
        let settings = Settings {
            buffer_bytes: if chance(rng, 30) { rng.usize(1..4_000) } else { 1 << 20 },
            flush_interval: Duration::from_millis(rng.u64(1..6_000)),
            retry_budget: if impatient {
                Duration::from_secs(rng.u64(20..300))
            } else {
                Duration::from_secs(1_000_000)
            },
            rate_limit_share: if chance(rng, 80) { 100 } else { rng.u8(1..=100) },
            daily_reserve_percent: 5,
            seed,
            durability: if chance(rng, mix.stored) { Durability::Stored } else { Durability::Printed },
            rejection_limit: chance(rng, mix.limited).then(|| Bound::Count(rng.u64(..6))),
            began_at: 0,
        };
        let streams = (0..rng.usize(1..=6)).map(|_| StreamSetup::drawn(rng)).collect();
        let keys = rng.usize(1..=8);
        Self {
            mix,
            settings,
            streams,
            keys,
            hashes: if chance(rng, 70) { u64::MAX } else { rng.u64(1..=3) },
            deaf: chance(rng, mix.deaf),
            input_fails: mix.ends_early && chance(rng, 20),
            seed,
        }
    }

    /// Whether the retry budget can run out: then HubSpot names a wait each time.
    pub(super) fn impatient(&self) -> bool {
        self.settings.retry_budget < Duration::from_secs(1_000_000)
    }
}

impl StreamSetup {
    fn drawn(rng: &mut fastrand::Rng) -> Self {
        let limits = BatchLimits {
            inputs: rng.usize(1..=8),
            records: if chance(rng, 50) { rng.usize(1..=10) } else { 1_000 },
            bytes: if chance(rng, 20) { rng.usize(1..2_000) } else { 1 << 20 },
        };
        let matched_by = [MatchedBy::RecordId, MatchedBy::UniqueProperty, MatchedBy::Email][rng.usize(..3)];
        let operation = match rng.u8(..10) {
            0..5 => Operation::Upsert,
            5 => Operation::Event,
            6..9 => Operation::Update(matched_by),
            _ => Operation::Archive(matched_by),
        };
        let is_event = operation == Operation::Event;
        let keyless = is_event || operation == Operation::Upsert && chance(rng, 15);
        let archives = match operation {
            Operation::Upsert if !keyless => Some(Operation::Archive(matched_by)),
            Operation::Update(_) => Some(Operation::Archive(matched_by)),
            _ => None,
        };
        let merging = if chance(rng, 75) && !is_event { Merging::Allowed } else { Merging::Never };
        Self {
            limits,
            merging,
            keyless,
            operation,
            deletion: archives.filter(|_| chance(rng, 40)),
            aliases: matched_by == MatchedBy::Email && chance(rng, 50),
            has_missing: !matches!(operation, Operation::Upsert | Operation::Event) && chance(rng, 50),
        }
    }
}

impl Item {
    fn drawn(setup: &Setup, rng: &mut fastrand::Rng) -> Self {
        let stream = rng.usize(..12);
        let padding = if chance(rng, 10) { rng.usize(..600) } else { 0 };
        match rng.u8(..100) {
            0..6 => Self::Unsendable { stream },
            6..20 => Self::StreamState { stream, padding },
            20..27 => Self::SharedState { padding },
            27..28 => Self::Skipped { stream },
            28..29 => Self::NewStream(StreamSetup::drawn(rng)),
            29..31 if setup.mix.ends_early => Self::StreamFails { stream },
            _ => {
                let nature = Nature::drawn(setup, rng);
                let properties = match (nature, rng.u8(..10)) {
                    (Nature::Good, 0..2) => Properties::None,
                    (Nature::Poison, _) | (_, 2..5) => Properties::Suspicious,
                    _ => Properties::Innocent,
                };
                let sequel = properties != Properties::None && chance(rng, 12);
                let (key, deleted) = (rng.usize(..setup.keys), chance(rng, 25));
                Self::Record { stream, key, nature, padding, properties, sequel, deleted }
            }
        }
    }
}

impl Nature {
    fn drawn(setup: &Setup, rng: &mut fastrand::Rng) -> Self {
        let mix = setup.mix;
        // A sync of endless patience would never give up on a call that never succeeds.
        let crashing = if setup.impatient() { mix.crashing } else { 0 };
        let mut roll = rng.u8(..100);
        for (percent, nature) in
            [(mix.poison, Self::Poison), (mix.mute, Self::Mute), (crashing, Self::Crashing)]
        {
            if roll < percent {
                return nature;
            }
            roll -= percent;
        }
        Self::Good
    }
}

impl How {
    /// HubSpot at its best: it answers, and mentions every record it can.
    pub(super) const HONEST: Self = Self::Itemised { silent: 0, put_off: 0 };

    pub(super) fn drawn(setup: &Setup, rng: &mut fastrand::Rng) -> Self {
        let (mix, weights) = (setup.mix, setup.mix.answers);
        if setup.deaf && chance(rng, 95) {
            return Self::Silent;
        }
        // A wait of HubSpot's own choosing is known to the model, one of the engine's is not.
        let put_off = if setup.impatient() { 0 } else { mix.put_off };
        if mix.ends_early && chance(rng, 4) {
            return if rng.bool() { Self::StreamGone } else { Self::SyncGone };
        }
        let kinds = [
            (weights.itemised, Self::Itemised { silent: mix.silent, put_off }),
            (weights.silent, Self::Silent),
            (weights.confirmed, Self::Confirmed),
            (weights.refused, Self::Refused { conflict: rng.bool(), naming: Naming::drawn(rng) }),
            (weights.too_large, Self::TooLarge),
            (weights.set_back, Self::set_back(setup, rng)),
        ];
        let all: u8 = kinds.iter().map(|(weight, _)| weight).sum();
        let mut roll = rng.u8(..all);
        for (weight, kind) in kinds {
            if roll < weight {
                return kind;
            }
            roll -= weight;
        }
        Self::HONEST
    }

    /// A call that fails for a reason outside its records.
    pub(super) fn set_back(setup: &Setup, rng: &mut fastrand::Rng) -> Self {
        let setback = match rng.u8(..13) {
            12 => Setback::NewProperty,
            0 => Setback::RateLimited(RatePolicy::TenSecondly),
            1 => Setback::RateLimited(RatePolicy::Secondly),
            2 => Setback::RateLimited(RatePolicy::Other),
            3 => Setback::Locked,
            4 => Setback::Migrating,
            5 | 6 => Setback::Unreachable,
            7 => Setback::Foreign,
            _ => Setback::Server,
        };
        let retry_after = (setup.impatient() || chance(rng, 30)).then(|| retry_after(rng));
        Self::SetBack { setback, retry_after, took_effect: rng.bool() }
    }
}

/// A wait that HubSpot asks for; now and then a very long one.
pub(super) fn retry_after(rng: &mut fastrand::Rng) -> Duration {
    match rng.u8(..40) {
        0 => Duration::from_secs(rng.u64(30..400)),
        1..8 => Duration::ZERO,
        _ => Duration::from_millis(rng.u64(..8_000)),
    }
}

impl Naming {
    fn drawn(rng: &mut fastrand::Rng) -> Self {
        [Self::Nobody, Self::All, Self::One, Self::Property][rng.usize(..4)]
    }
}

impl Headers {
    pub(super) fn drawn(ends_early: bool, rng: &mut fastrand::Rng) -> Self {
        match rng.u8(..100) {
            0..20 => Self::None,
            20..30 => Self::Unannounced,
            30..40 => Self::Narrow,
            40..42 if ends_early => Self::DailyNearlySpent,
            _ => Self::Wide,
        }
    }
}

impl Step {
    fn drawn(setup: &Setup, seed: u64) -> Self {
        let rng = &mut fastrand::Rng::with_seed(seed);
        match rng.u8(..100) {
            0..15 => Self::Start { most: rng.usize(1..6) },
            15..20 => Self::Advance(Duration::from_millis(rng.u64(..7_000))),
            20..38 => Self::Answer {
                call: rng.usize(..8),
                how: How::drawn(setup, rng),
                headers: Headers::drawn(setup.mix.ends_early, rng),
            },
            38..42 => Self::Stored { percent: rng.u64(..=100) },
            42..43 if setup.mix.ends_early && chance(rng, 30) => Self::Stop { failure: rng.bool() },
            _ => Self::Input { item: Item::drawn(setup, rng), glued: rng.bool() },
        }
    }
}
