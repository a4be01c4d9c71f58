//! HubSpot's window and the calls on their way to it, in virtual time, for the tests of the pace.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use super::{Pace, Permit, Reception};
use crate::api::{RateHeaders, RatePolicy};
use crate::engine::Moment;

/// Whole milliseconds.
pub(super) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Whole seconds.
pub(super) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// How a window forgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forgets {
    /// Each call after one interval.
    Rolling,
    /// All calls at every multiple of the interval.
    AtOnce,
}

/// What a 429 and an answer tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tells {
    /// All rate headers.
    Everything,
    /// No rate headers.
    Nothing,
}

/// HubSpot's side.
#[derive(Clone, Debug)]
pub(super) struct Server {
    /// The limits, each with the moment from which on it holds; the first from the beginning.
    pub(super) max: Vec<(Moment, u64)>,
    pub(super) interval: Duration,
    pub(super) forgets: Forgets,
    pub(super) tells: Tells,
    /// Whether a call that is turned away takes a place all the same.
    pub(super) counts_refused: bool,
    pub(super) policy: RatePolicy,
    /// Calls in the window; none in the beginning.
    pub(super) counted: VecDeque<Moment>,
}

impl Server {
    /// A rolling window of ten seconds.
    pub(super) fn rolling(max: u64) -> Self {
        Self {
            max: vec![(Duration::ZERO, max)],
            interval: secs(10),
            forgets: Forgets::Rolling,
            tells: Tells::Everything,
            counts_refused: false,
            policy: RatePolicy::TenSecondly,
            counted: VecDeque::new(),
        }
    }

    fn max(&self, now: Moment) -> u64 {
        self.max.iter().rev().find(|(from, _)| *from <= now).map_or(1, |(_, max)| *max)
    }

    fn arrives(&mut self, now: Moment) -> (bool, RateHeaders) {
        let interval = self.interval;
        let forgotten = |at: Moment| match self.forgets {
            Forgets::Rolling => at + interval <= now,
            Forgets::AtOnce => at.as_nanos() / interval.as_nanos() < now.as_nanos() / interval.as_nanos(),
        };
        while self.counted.front().is_some_and(|at| forgotten(*at)) {
            self.counted.pop_front();
        }
        let max = self.max(now);
        let admitted = (self.counted.len() as u64) < max;
        if admitted || self.counts_refused {
            self.counted.push_back(now);
        }
        let headers = match self.tells {
            Tells::Nothing => RateHeaders::default(),
            Tells::Everything => RateHeaders {
                max: Some(max),
                remaining: Some(max.saturating_sub(self.counted.len() as u64)),
                interval_ms: Some(interval.as_millis() as u64),
                ..RateHeaders::default()
            },
        };
        (admitted, headers)
    }
}

/// How long calls are on their way: a fixed part and an even spread, there and back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) there: (Duration, Duration),
    pub(super) back: (Duration, Duration),
}

impl Way {
    /// Round trips of so long, give or take so much, a third of it before HubSpot counts.
    pub(super) fn of(round_trip: u64, give_or_take: u64) -> Self {
        let least = round_trip.saturating_sub(give_or_take);
        Self {
            there: (ms(least / 3), ms(2 * give_or_take / 3)),
            back: (ms(least - least / 3), ms(2 * give_or_take - 2 * give_or_take / 3)),
        }
    }

    fn draw(part: (Duration, Duration), chance: &mut fastrand::Rng) -> Duration {
        part.0 + part.1.mul_f64(chance.f64())
    }
}

/// A sync with work from `from` to `until`, at most `work` calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Worker {
    pub(super) share: u8,
    pub(super) from: Moment,
    pub(super) until: Moment,
    pub(super) work: u64,
    pub(super) way: Way,
}

impl Worker {
    /// Endless work, all of the window, round trips of 100 ms give or take 20.
    pub(super) fn endless() -> Self {
        Self { share: 100, from: Moment::ZERO, until: secs(1 << 30), work: u64::MAX, way: Way::of(100, 20) }
    }
}

/// What became of a worker's calls.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// When HubSpot counted each call it took up, ascending.
    pub(super) taken_up: Vec<Moment>,
    /// When HubSpot turned calls away.
    pub(super) turned_away: Vec<Moment>,
    /// When the last answer came.
    pub(super) ended: Moment,
    /// Most calls under way at once.
    pub(super) most_under_way: usize,
}

impl Tally {
    /// Calls taken up after `from` and not after `to`.
    pub(super) fn between(&self, from: Moment, to: Moment) -> u64 {
        between(&self.taken_up, from, to)
    }

    /// The most calls taken up in any span of this length.
    pub(super) fn most_within(&self, span: Duration) -> usize {
        let first = |index: usize| self.taken_up.partition_point(|at| *at + span <= self.taken_up[index]);
        (0..self.taken_up.len()).map(|index| index + 1 - first(index)).max().unwrap_or(0)
    }
}

/// Moments after `from` and not after `to`.
pub(super) fn between(moments: &[Moment], from: Moment, to: Moment) -> u64 {
    (moments.partition_point(|at| *at <= to) - moments.partition_point(|at| *at <= from)) as u64
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    pub(super) workers: Vec<Tally>,
    /// When foreign calls were taken up.
    pub(super) foreign: Vec<Moment>,
}

impl Outcome {
    /// The workers' 429s as a share of their calls.
    pub(super) fn turned_away_share(&self) -> f64 {
        let of = |count: fn(&Tally) -> usize| self.workers.iter().map(count).sum::<usize>() as f64;
        of(|tally| tally.turned_away.len())
            / of(|tally| tally.turned_away.len() + tally.taken_up.len()).max(1.0)
    }

    /// The workers' calls taken up after `from` and not after `to`.
    pub(super) fn between(&self, from: Moment, to: Moment) -> u64 {
        self.workers.iter().map(|tally| tally.between(from, to)).sum()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrival(usize, u64, Moment),
    Answer(usize, u64, bool, Option<(u64, u64, u64)>),
    Wake(usize),
    Foreign,
}

/// Runs workers and foreign calls against a server until `end`.
pub(super) fn run(
    server: &Server,
    workers: &[Worker],
    foreign: &[Moment],
    end: Moment,
    seed: u64,
) -> Outcome {
    let mut simulation = Simulation {
        server: server.clone(),
        chance: fastrand::Rng::with_seed(seed),
        events: BinaryHeap::new(),
        serial: 0,
        workers: workers.iter().map(|worker| State::new(*worker)).collect(),
        foreign: Vec::new(),
    };
    for (index, worker) in workers.iter().enumerate() {
        simulation.at(worker.from, Event::Wake(index));
    }
    for at in foreign {
        simulation.at(*at, Event::Foreign);
    }
    while let Some(Reverse((now, _, event))) = simulation.events.pop() {
        if now > end {
            break;
        }
        simulation.happens(now, event);
    }
    Outcome {
        workers: simulation.workers.into_iter().map(|state| state.tally).collect(),
        foreign: simulation.foreign,
    }
}

struct State {
    worker: Worker,
    pace: Pace,
    begun: u64,
    to_do: u64,
    wakes_at: Option<Moment>,
    tally: Tally,
}

impl State {
    fn new(worker: Worker) -> Self {
        Self {
            worker,
            pace: Pace::new(worker.share),
            begun: 0,
            to_do: worker.work,
            wakes_at: None,
            tally: Tally::default(),
        }
    }
}

struct Simulation {
    server: Server,
    chance: fastrand::Rng,
    events: BinaryHeap<Reverse<(Moment, u64, Event)>>,
    serial: u64,
    workers: Vec<State>,
    foreign: Vec<Moment>,
}

impl Simulation {
    fn at(&mut self, moment: Moment, event: Event) {
        self.serial += 1;
        self.events.push(Reverse((moment, self.serial, event)));
    }

    fn happens(&mut self, now: Moment, event: Event) {
        match event {
            Event::Foreign => {
                if self.server.arrives(now).0 {
                    self.foreign.push(now);
                }
            }
            Event::Arrival(worker, call, back) => {
                let (admitted, headers) = self.server.arrives(now);
                let tally = &mut self.workers[worker].tally;
                if admitted {
                    tally.taken_up.push(now)
                } else {
                    tally.turned_away.push(now)
                }
                let told = headers.max.zip(headers.remaining).zip(headers.interval_ms);
                let told = told.map(|((max, remaining), interval)| (max, remaining, interval));
                self.at(now + back, Event::Answer(worker, call, admitted, told));
            }
            Event::Answer(index, call, admitted, told) => {
                let headers =
                    told.map_or_else(RateHeaders::default, |(max, remaining, interval)| RateHeaders {
                        max: Some(max),
                        remaining: Some(remaining),
                        interval_ms: Some(interval),
                        ..RateHeaders::default()
                    });
                let reception =
                    if admitted { Reception::TakenUp } else { Reception::TurnedAway(self.server.policy) };
                let state = &mut self.workers[index];
                state.pace.answered(now, call, reception, Some(&headers));
                state.to_do = state.to_do.saturating_add(u64::from(!admitted));
                state.tally.ended = now;
                self.send(now, index);
            }
            Event::Wake(index) => {
                self.workers[index].wakes_at.take_if(|at| *at <= now);
                self.send(now, index);
            }
        }
    }

    /// Sends what may go.
    fn send(&mut self, now: Moment, index: usize) {
        loop {
            let state = &mut self.workers[index];
            if state.to_do == 0 || now >= state.worker.until {
                return;
            }
            match state.pace.permit(now) {
                Permit::Granted => {
                    let call = state.begun;
                    state.begun += 1;
                    state.to_do -= 1;
                    state.pace.sent(now, call);
                    state.tally.most_under_way = state.tally.most_under_way.max(state.pace.in_flight());
                    let way = state.worker.way;
                    let there = Way::draw(way.there, &mut self.chance);
                    let back = Way::draw(way.back, &mut self.chance);
                    self.at(now + there, Event::Arrival(index, call, back));
                }
                Permit::At(moment) => {
                    assert!(moment > now, "a wait that is over already would be waited for again and again");
                    if state.wakes_at.is_none_or(|at| moment < at) {
                        state.wakes_at = Some(moment);
                        self.at(moment, Event::Wake(index));
                    }
                    return;
                }
                Permit::AfterAnswer => {
                    assert!(state.pace.in_flight() > 0, "nobody would answer");
                    return;
                }
            }
        }
    }
}
