//! How many calls may be under way.
//!
//! Rounds of full use are measured. Until the first push-back the limit grows with every answer, so doubles
//! every round trip, then by one a round. It does not grow after a round whose answers took half as long again as those of the best one: then
//! calls wait for each other. After one that took twice as long, and every so often, a round goes at half the
//! limit: if its answers come clearly sooner, half is where the limit stays, else the service is slower for
//! reasons of its own, and this is the best from now on. A push-back (423, 5xx, 429 outside the announced
//! window) halves the limit, once for all calls that were under way together.

use crate::engine::Moment;

/// Calls under way before the first answer has told the account's limits.
pub(super) const SAFE_START: usize = 3;
/// Calls under way at most: enough to use a budget of 250 calls per 10 s at 2 s latency.
pub(super) const MOST_IN_FLIGHT: usize = 64;
/// Answers whose mean says something where latencies vary much.
const ENOUGH: usize = 12;
/// Rounds after which the best latency is measured anew.
const ROUNDS_BETWEEN_MEASURES: u32 = 64;

/// The limit; see the module.
#[derive(Debug)]
pub(super) struct Concurrency {
    limit: usize,
    phase: Phase,
    /// Mean seconds of the best round.
    best: Option<f64>,
    round: Round,
    lowered: Option<Moment>,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Doubling,
    Steady { rounds: u32 },
    Measuring { limit_before: usize, mean_before: f64 },
}

#[derive(Clone, Copy, Debug, Default)]
struct Round {
    began: Moment,
    answers: usize,
    seconds: f64,
}

impl Default for Concurrency {
    fn default() -> Self {
        Self { limit: SAFE_START, phase: Phase::Doubling, best: None, round: Round::default(), lowered: None }
    }
}

impl Concurrency {
    /// Calls that may be under way.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Notes the answer to a call that was sent at `sent` while `under_way` calls, it included, were.
    pub(super) fn answered(&mut self, now: Moment, sent: Moment, under_way: usize) {
        if under_way < self.limit || sent < self.round.began {
            return;
        }
        if matches!(self.phase, Phase::Doubling) {
            self.limit = (self.limit + 1).min(MOST_IN_FLIGHT);
        }
        self.round.answers += 1;
        self.round.seconds += now.saturating_sub(sent).as_secs_f64();
        if self.round.answers >= self.limit.max(ENOUGH) {
            let mean = self.round.seconds / self.round.answers as f64;
            self.ended(mean);
            self.round = Round { began: now, ..Round::default() };
        }
    }

    /// HubSpot wants fewer calls at once; it answered so to a call that was sent at `sent`.
    pub(super) fn push_back(&mut self, now: Moment, sent: Moment) {
        if self.lowered.is_some_and(|lowered| sent < lowered) {
            return;
        }
        let limit = match self.phase {
            Phase::Measuring { limit_before, .. } => limit_before,
            Phase::Doubling | Phase::Steady { .. } => self.limit,
        };
        self.limit = (limit / 2).max(1);
        self.phase = Phase::Steady { rounds: 0 };
        self.round = Round { began: now, ..Round::default() };
        self.lowered = Some(now);
    }

    fn ended(&mut self, mean: f64) {
        let best = self.best.map_or(mean, |best| best.min(mean));
        self.best = Some(best);
        let waits = mean > 1.5 * best;
        match self.phase {
            Phase::Doubling if waits => {
                self.limit = (self.limit / 2).max(1);
                self.phase = Phase::Steady { rounds: 0 };
            }
            Phase::Doubling => {}
            Phase::Steady { rounds } if rounds >= ROUNDS_BETWEEN_MEASURES || mean > 2.0 * best => {
                self.phase = Phase::Measuring { limit_before: self.limit, mean_before: mean };
                self.limit = (self.limit / 2).max(1);
            }
            Phase::Steady { rounds } => {
                self.phase = Phase::Steady { rounds: rounds + 1 };
                if !waits {
                    self.limit = (self.limit + 1).min(MOST_IN_FLIGHT);
                }
            }
            Phase::Measuring { limit_before, mean_before } => {
                self.best = Some(mean);
                if mean > 0.75 * mean_before {
                    self.limit = limit_before;
                }
                self.phase = Phase::Steady { rounds: 0 };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::time::Duration;

    use super::*;

    /// So many answers under full use; `seconds` gives the latency when so many calls are under way.
    fn answers(
        concurrency: &mut Concurrency,
        now: &mut Moment,
        answers: usize,
        seconds: impl Fn(usize) -> f64,
    ) {
        let mut under_way = VecDeque::new();
        for _ in 0..answers {
            while under_way.len() < concurrency.limit() {
                let latency = Duration::from_secs_f64(seconds(under_way.len() + 1));
                under_way.push_back((*now, *now + latency));
            }
            let (sent, due) = under_way.pop_front().unwrap();
            *now = due.max(*now);
            concurrency.answered(*now, sent, under_way.len() + 1);
        }
    }

    #[test]
    fn doubles_to_the_most_and_recovers_from_a_push_back() {
        let (mut concurrency, mut now) = (Concurrency::default(), Moment::ZERO);
        answers(&mut concurrency, &mut now, 64, |_| 0.1);
        assert_eq!(concurrency.limit(), MOST_IN_FLIGHT);
        let sent = now;
        now += Duration::from_secs(1);
        for _ in 0..MOST_IN_FLIGHT {
            concurrency.push_back(now, sent);
        }
        assert_eq!(concurrency.limit(), MOST_IN_FLIGHT / 2, "they were under way together");
        answers(&mut concurrency, &mut now, 40 * 64, |_| 0.1);
        assert_eq!(concurrency.limit(), MOST_IN_FLIGHT);
    }

    #[test]
    fn a_limit_that_is_not_used_does_not_grow() {
        let mut concurrency = Concurrency::default();
        for second in 0..100 {
            let sent = Duration::from_secs(second);
            concurrency.answered(sent + Duration::from_millis(100), sent, SAFE_START - 1);
        }
        assert_eq!(concurrency.limit(), SAFE_START);
    }

    #[test]
    fn waiting_for_each_other_is_not_chased() {
        // Ten calls at once are served in 0.1 s each; more only wait.
        let queue = |calls: usize| 0.1 * (calls as f64 / 10.0).max(1.0);
        let (mut concurrency, mut now) = (Concurrency::default(), Moment::ZERO);
        answers(&mut concurrency, &mut now, 20_000, queue);
        assert!((5..=20).contains(&concurrency.limit()), "{}", concurrency.limit());
        // Once the service takes more, more goes.
        answers(&mut concurrency, &mut now, 10_000, |_| 0.1);
        assert_eq!(concurrency.limit(), MOST_IN_FLIGHT);
        // A service that is slower for reasons of its own is no reason to send less, in the long run.
        answers(&mut concurrency, &mut now, 20_000, |_| 0.4);
        assert_eq!(concurrency.limit(), MOST_IN_FLIGHT);
    }

    #[test]
    fn never_less_than_one() {
        let mut concurrency = Concurrency::default();
        for second in 1..50 {
            concurrency.push_back(Duration::from_secs(second), Duration::from_secs(second));
        }
        assert_eq!(concurrency.limit(), 1);
    }
}
