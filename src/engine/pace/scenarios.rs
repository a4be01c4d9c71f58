//! What the pace achieves against simulated windows: use, 429s, fairness. The numbers are the module's promise.

use std::time::Duration;

use super::simulation::{Forgets, Outcome, Server, Tells, Way, Worker, between, ms, run, secs};
use crate::engine::Moment;

/// Round trips whose way there is steady and whose way back is not, as when batches take long.
const SLOW_ANSWERS: Way = Way {
    there: (Duration::from_millis(40), Duration::from_millis(20)),
    back: (Duration::from_millis(160), Duration::from_millis(1600)),
};

fn alone(server: &Server, worker: Worker, end: Moment, seed: u64) -> Outcome {
    run(server, &[worker], &[], end, seed)
}

#[test]
fn alone_it_uses_the_whole_window_without_a_429() {
    for max in [100, 110, 190, 250] {
        for seed in 0..4 {
            for way in [Way::of(100, 0), Way::of(100, 20), Way::of(100, 50), SLOW_ANSWERS] {
                let outcome =
                    alone(&Server::rolling(max), Worker { way, ..Worker::endless() }, secs(75), seed);
                let tally = &outcome.workers[0];
                let used = tally.between(secs(10), secs(70)) as f64 / (6 * max) as f64;
                assert!(used >= 0.995, "{max} {way:?} seed {seed}: {used}");
                assert_eq!(tally.turned_away.len(), 0, "{max} {way:?} seed {seed}");
            }
        }
    }
}

#[test]
fn a_short_sync_goes_at_once() {
    for max in [100, 190] {
        for seed in 0..8 {
            let worker = Worker { work: max, ..Worker::endless() };
            let ended = alone(&Server::rolling(max), worker, secs(60), seed).workers[0].ended;
            assert!(ended < ms(1_200), "{max} seed {seed}: {ended:?}");
        }
    }
}

#[test]
fn a_share_is_never_exceeded_in_any_window() {
    for (share, most) in [(10, 19), (25, 47), (50, 95), (80, 152)] {
        for seed in 0..2 {
            let worker = Worker { share, way: Way::of(150, 140), ..Worker::endless() };
            let outcome = alone(&Server::rolling(190), worker, secs(75), seed);
            let tally = &outcome.workers[0];
            assert!(tally.most_within(secs(10)) <= most, "{share}%: {}", tally.most_within(secs(10)));
            let used = tally.between(secs(10), secs(70)) as f64 / (6 * most) as f64;
            assert!(used >= 0.96, "{share}% seed {seed}: {used}");
        }
    }
}

/// Foreign calls at a rate that varies with time, at random moments.
fn foreign(max: u64, end: f64, seed: u64, part: impl Fn(f64) -> f64) -> Vec<Moment> {
    let mut chance = fastrand::Rng::with_seed(seed);
    let (mut calls, mut time) = (Vec::new(), 0.0);
    while time < end {
        let rate = part(time) * max as f64 / 10.0;
        time += -(1.0 - chance.f64()).ln() / rate;
        calls.push(Duration::from_secs_f64(time));
    }
    calls
}

#[test]
fn beside_other_apps_it_uses_what_is_left() {
    let parts: [fn(f64) -> f64; 3] =
        [|_| 0.3, |time| 0.4 + 0.3 * (time / 15.0).sin(), |time| if time % 50.0 < 25.0 { 0.1 } else { 0.7 }];
    for (index, part) in parts.into_iter().enumerate() {
        for seed in 0..4 {
            let calls = foreign(190, 120.0, seed + 100, part);
            let outcome = run(&Server::rolling(190), &[Worker::endless()], &calls, secs(120), seed);
            let left = 10 * 190 - between(&outcome.foreign, secs(10), secs(110));
            let used = outcome.between(secs(10), secs(110)) as f64 / left as f64;
            assert!(used >= 0.97, "part {index} seed {seed}: {used}");
            let share = outcome.turned_away_share();
            assert!(share <= 0.01, "part {index} seed {seed}: {share}");
        }
    }
}

/// Workers that begin one after another share a window of 190; from the fourth window of the last one on each
/// has a part of it.
fn shared(workers: u32, least_part: f64) {
    for apart in [ms(0), ms(3), ms(5_000), ms(25_000), ms(33_333)] {
        for seed in 0..3 {
            let workers: Vec<Worker> =
                (0..workers).map(|index| Worker { from: apart * index, ..Worker::endless() }).collect();
            let last = workers[workers.len() - 1].from;
            let outcome = run(&Server::rolling(190), &workers, &[], last + secs(130), seed);
            let used = outcome.between(last + secs(40), last + secs(120)) as f64 / (8 * 190) as f64;
            assert!(used >= 0.95, "{apart:?} seed {seed}: {used}");
            let share = outcome.turned_away_share();
            assert!(share <= 0.01, "{apart:?} seed {seed}: {share}");
            for window in 4..12 {
                for tally in &outcome.workers {
                    let part = tally.between(last + secs(10) * window, last + secs(10) * (window + 1));
                    let part = part as f64 / 190.0;
                    assert!(part >= least_part, "{apart:?} seed {seed} window {window}: {part}");
                }
            }
        }
    }
}

#[test]
fn two_share_a_window_without_knowing_of_each_other() {
    shared(2, 0.25);
}

#[test]
fn three_share_a_window_without_knowing_of_each_other() {
    shared(3, 0.15);
}

#[test]
fn a_limit_that_shrinks_or_grows_in_mid_sync_is_followed() {
    for phase in [20_000, 20_300, 20_700, 25_000, 33_000] {
        for (before, after) in [(190, 50), (50, 190)] {
            let server = Server { max: vec![(ms(0), before), (ms(phase), after)], ..Server::rolling(before) };
            let outcome = alone(&server, Worker::endless(), secs(120), 1);
            let tally = &outcome.workers[0];
            assert!(tally.turned_away.len() <= 20, "{phase}: {} 429s", tally.turned_away.len());
            let used = tally.between(secs(50), secs(110)) as f64 / (6 * after) as f64;
            assert!(used >= 0.97, "{before} to {after} at {phase}: {used}");
        }
        let raised = Server { max: vec![(ms(0), 50), (ms(phase), 190)], ..Server::rolling(50) };
        let outcome = alone(&raised, Worker::endless(), secs(120), 1);
        let soon = ms(phase) + secs(11);
        let more = outcome.workers[0].between(ms(phase), soon);
        assert!(more >= 150, "{phase}: {more} calls in the first window of the raised limit");
    }
}

#[test]
fn windows_that_forget_at_once_and_windows_of_other_lengths_work() {
    let of = |max, interval, forgets| Server { interval, forgets, ..Server::rolling(max) };
    for (server, least) in [
        (of(190, secs(10), Forgets::AtOnce), 0.99),
        (of(20, secs(1), Forgets::Rolling), 0.95),
        (of(600, secs(60), Forgets::Rolling), 0.995),
    ] {
        let max = server.max[0].1;
        let windows = (120 / server.interval.as_secs()).max(3) as u32;
        let begin = server.interval;
        let end = begin + server.interval * windows;
        for seed in 0..2 {
            let outcome = alone(&server, Worker::endless(), end, seed);
            let used = outcome.between(begin, end) as f64 / (u64::from(windows) * max) as f64;
            assert!(used >= least, "{server:?}: {used}");
            assert!(outcome.turned_away_share() <= 0.005, "{server:?}: {}", outcome.turned_away_share());
        }
    }
}

#[test]
fn a_window_that_is_full_at_the_start_is_waited_out() {
    let calls: Vec<Moment> = (0..190).map(|index| ms(index * 5)).collect();
    for seed in 0..4 {
        let worker = Worker { from: ms(1_000), ..Worker::endless() };
        let outcome = run(&Server::rolling(190), &[worker], &calls, secs(60), seed);
        assert!(outcome.workers[0].turned_away.len() <= 15, "{}", outcome.workers[0].turned_away.len());
        let used = outcome.between(secs(25), secs(55)) as f64 / (3 * 190) as f64;
        assert!(used >= 0.97, "seed {seed}: {used}");
    }
}

#[test]
fn without_headers_it_goes_as_fast_as_it_is_let() {
    let silent = Server { tells: Tells::Nothing, ..Server::rolling(1_000_000) };
    let outcome = alone(&silent, Worker::endless(), secs(5), 1);
    assert_eq!(outcome.workers[0].most_under_way, 64);

    let silent = Server { tells: Tells::Nothing, ..Server::rolling(190) };
    let outcome = alone(&silent, Worker::endless(), secs(70), 1);
    let used = outcome.between(secs(10), secs(70)) as f64 / (6 * 190) as f64;
    assert!(used >= 0.9, "{used}");
    assert!(outcome.turned_away_share() <= 0.2, "{}", outcome.turned_away_share());
}

#[test]
fn calls_that_are_counted_although_turned_away_do_not_lock_it_out() {
    let server = Server { counts_refused: true, ..Server::rolling(190) };
    for apart in [0, 25_000] {
        let workers = [Worker::endless(), Worker { from: ms(apart), ..Worker::endless() }];
        let outcome = run(&server, &workers, &[], ms(apart) + secs(130), 1);
        let used = outcome.between(ms(apart) + secs(40), ms(apart) + secs(120)) as f64 / (8 * 190) as f64;
        assert!(used >= 0.93, "{apart}: {used}");
        assert!(outcome.turned_away_share() <= 0.02, "{apart}: {}", outcome.turned_away_share());
    }
}

#[test]
fn a_run_repeats_from_its_seed() {
    let once = || {
        let workers = [Worker::endless(), Worker { from: ms(7_000), ..Worker::endless() }];
        let outcome = run(&Server::rolling(100), &workers, &[], secs(40), 9);
        outcome.workers.into_iter().map(|tally| tally.taken_up).collect::<Vec<_>>()
    };
    assert_eq!(once(), once());
}
