//! How many rejections of a stream are put up with.
//!
//! **Invariant (enough is enough).** The limit is judged at every settlement of a record of the stream, by the counts with
//! that record among them, and it is exceeded once: then no state that covers this record leaves, and the stream ends. A
//! percentage says nothing of a few: it counts from [`JUDGED_FROM`] settled records on.

use std::borrow::Cow;
use std::collections::HashMap;

use super::rejection::Rejection;
use crate::bound::Bound;
use crate::error::{Failure, Kind};
use crate::protocol::abridged;

/// Settled records from which on a percentage is judged.
pub const JUDGED_FROM: u64 = 1_000;
/// Kinds of rejections that are counted each on its own.
const MOST_KINDS: usize = 1_000;

/// The rejections of one stream, held against the limit.
#[derive(Debug, Default)]
pub struct Tolerance {
    limit: Option<Bound>,
    settled: u64,
    rejected: u64,
    /// By code and property.
    kinds: HashMap<(Cow<'static, str>, Option<Box<str>>), u64>,
    excess: Option<Excess>,
}

/// The counts when the limit was exceeded.
#[derive(Clone, Copy, Debug)]
struct Excess {
    rejected: u64,
    settled: u64,
}

/// Whether a settlement was the one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Judgement {
    /// It was not.
    GoOn,
    /// It was: what covers it must not be acknowledged.
    Enough,
}

impl Tolerance {
    /// Nothing yet.
    #[must_use]
    pub fn new(limit: Option<Bound>) -> Self {
        Self { limit, ..Self::default() }
    }

    /// A record is accepted.
    pub fn accepted(&mut self) -> Judgement {
        self.settled += 1;
        self.judge()
    }

    /// A record is rejected.
    pub fn rejected(&mut self, rejection: &Rejection) -> Judgement {
        self.settled += 1;
        self.rejected += 1;
        if self.limit.is_some() {
            let property: Option<Box<str>> =
                rejection.property.as_deref().map(|property| abridged(property).into());
            let mut kind = (rejection.code.clone(), property);
            if self.kinds.len() >= MOST_KINDS && !self.kinds.contains_key(&kind) {
                kind.1 = None;
            }
            *self.kinds.entry(kind).or_default() += 1;
        }
        self.judge()
    }

    fn judge(&mut self) -> Judgement {
        let Some(limit) = self.limit.filter(|_| self.excess.is_none()) else { return Judgement::GoOn };
        let says_something = match limit {
            Bound::Count(_) => true,
            Bound::Percent(_) => self.settled >= JUDGED_FROM,
        };
        let (rejected, settled) = (self.rejected, self.settled);
        if says_something && limit.is_exceeded_by(rejected, settled) {
            self.excess = Some(Excess { rejected, settled });
            Judgement::Enough
        } else {
            Judgement::GoOn
        }
    }

    /// Why the sync ends, once the limit is exceeded: names the kind of rejection that came most often.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        let (limit, Excess { rejected, settled }) = (self.limit?, self.excess?);
        // Of kinds that are equally frequent, the first by name.
        let commonest = self
            .kinds
            .iter()
            .max_by(|(kind, count), (other, others)| count.cmp(others).then_with(|| other.cmp(kind)));
        let most = commonest.map(|((code, property), count)| match property {
            Some(property) => format!("{code} on property {property} ({count})"),
            None => format!("{code} ({count})"),
        });
        let message = format!(
            "{rejected} of the {settled} records settled so far were rejected, more than \"rejection_limit\" ({limit}) \
             allows; most of them for {}. Look at that property's column and mapping, or raise the limit.",
            most.unwrap_or_default()
        );
        Some(Failure::new(Kind::Configuration, message))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rejection(code: &'static str, property: Option<&str>) -> Rejection {
        Rejection::by_connector(code, property, "words")
    }

    #[test]
    fn the_commonest_kind_is_named() {
        let mut tolerance = Tolerance::new(Some(Bound::Count(3)));
        for (code, property) in
            [("INVALID_DATE", Some("b")), ("INVALID_EMAIL", Some("email")), ("INVALID_EMAIL", Some("email"))]
        {
            assert_eq!(tolerance.rejected(&rejection(code, property)), Judgement::GoOn);
        }
        assert_eq!(tolerance.accepted(), Judgement::GoOn);
        assert_eq!(tolerance.failure(), None);
        assert_eq!(tolerance.rejected(&rejection("CONFLICT", None)), Judgement::Enough);
        let failure = tolerance.failure().unwrap();
        assert_eq!(failure.kind, Kind::Configuration);
        assert!(
            failure.message.starts_with(
                "4 of the 5 records settled so far were rejected, more than \"rejection_limit\" (3) allows; most of them \
                 for INVALID_EMAIL on property email (2)."
            ),
            "{failure}"
        );
        assert_eq!(tolerance.rejected(&rejection("CONFLICT", None)), Judgement::GoOn, "once");
    }

    #[test]
    fn kinds_are_remembered_within_a_bound() {
        let mut tolerance = Tolerance::new(Some(Bound::Percent(100.0)));
        for number in 0..3 * MOST_KINDS {
            let property = format!("p{number}{}", "x".repeat(1_000));
            assert_eq!(tolerance.rejected(&rejection("INVALID_DATE", Some(&property))), Judgement::GoOn);
        }
        assert_eq!(tolerance.kinds.len(), MOST_KINDS + 1);
        assert_eq!(tolerance.kinds.values().sum::<u64>(), 3 * MOST_KINDS as u64);
        assert!(
            tolerance.kinds.keys().all(|(_, property)| property.as_ref().is_none_or(|name| name.len() < 300))
        );
    }

    proptest! {
        /// Against the counts of a list.
        #[test]
        fn it_is_enough_at_the_first_record_beyond_the_limit(
            fates in prop::collection::vec(prop::bool::weighted(0.1), 0..1_500),
            limit in prop_oneof![(0_u64..200).prop_map(Bound::Count), (0_u32..20).prop_map(|percent| Bound::Percent(percent.into()))],
        ) {
            let mut tolerance = Tolerance::new(Some(limit));
            let told = fates.iter().position(|rejected| {
                let judgement =
                    if *rejected { tolerance.rejected(&rejection("A", None)) } else { tolerance.accepted() };
                judgement == Judgement::Enough
            });
            let expected = (1..=fates.len()).find(|settled| {
                let rejected = fates[..*settled].iter().filter(|rejected| **rejected).count();
                match limit {
                    Bound::Count(most) => rejected as u64 > most,
                    Bound::Percent(most) => *settled >= 1_000 && (rejected * 100) as f64 > most * *settled as f64,
                }
            });
            prop_assert_eq!(told.map(|place| place + 1), expected);
        }
    }
}
