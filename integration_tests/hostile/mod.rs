//! A hostile HubSpot: nothing it says hangs, floods or fools the program, or makes it tell a secret.
//!
//! A server stands between the program and a sandbox and does to some of the calls what a seed says; see `deed`. What has to
//! hold is in `verdict`. `HOSTILE_RUNS` sets how many seeds are run; `HOSTILE_SEED` runs one, and tells what was done.

mod bodies;
mod deed;
mod http;
mod mutation;
mod reply;
mod scenario;
mod server;
mod verdict;
mod wire;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;
use hubspot_sandbox::RateLimit;
use serde_json::json;

use crate::support::connector::Connector;
use crate::support::soundness::{self, Verdict, holds};
use crate::support::watch::{Terms, watch};
use deed::Plan;
use scenario::Scenario;
use server::Server;

/// Seeds that are run where nobody asks for more.
const RUNS: u64 = 100;
/// Runs at once: they are mostly waiting.
const AT_ONCE: usize = 24;
/// A run that goes on for so long is asked to end: with some progress again and again, it may go on.
const LONG: Duration = Duration::from_secs(20);
/// Without any progress, a run waits no longer for anything: its retry budget, its longest waits, and some time for a busy
/// machine.
const SILENCE: Duration = Duration::from_secs(14);
/// What a signal gets to end a run. Source: ARCHITECTURE.md; the rest is for a busy machine.
const AFTER_A_SIGNAL: Duration = Duration::from_secs(8 + 4);
/// Resident bytes beside code: answers that are being read may take 100 MiB together (docs/limits.md).
const BOUND: u64 = 128 << 20;
/// More calls than any run has reason for.
const MOST_CALLS: usize = 6_000;
/// The window that the account announces: calls in an interval.
const WINDOW: (u32, Duration) = (60, Duration::from_millis(500));

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs one seed.
fn hold(seed: u64, tell: bool) -> Verdict {
    let mut dice = Rng::with_seed(seed ^ 0x05EE_D5EE_D5EE);
    let command = ["check", "discover", "write"][dice.usize(..20).min(2)];
    let plan = Plan::new(seed, command == "write");
    let scenario = Scenario::new(&mut dice);
    let (max, interval) = WINDOW;
    let honest = plan.tells_limits() && dice.u8(..4) == 0;
    let window = if honest {
        RateLimit { max, interval, enforced: true }
    } else {
        RateLimit { max: 1_000_000, interval: Duration::from_millis(100), enforced: false }
    };
    let sandbox = scenario::account(window).seed(seed).start();
    scenario::furnish(&sandbox);
    let server = Server::start(plan, &sandbox.url(), scenario.secrets());
    let connector = Connector::new("", "")
        .config(&scenario.settings)
        .with(&json!({"api_base_url": server.url()}))
        .catalog(&scenario.catalog());
    let input = if command == "write" { scenario.input.clone().into_bytes() } else { Vec::new() };
    let early = (dice.u8(..10) == 0).then(|| Duration::from_millis(dice.u64(20..1_500)));
    let terms = Terms { patience: LONG + 2 * AFTER_A_SIGNAL, terminated_after: Some(early.unwrap_or(LONG)) };
    let outcome = watch(connector.spawn(command), input, terms);
    let seen = server.seen();
    if tell {
        println!("{command}: {:#?}\n{}", seen.deeds, String::from_utf8_lossy(&outcome.stdout));
    }
    let judged = soundness::of_any(&outcome, &scenario.secrets()).and_then(|messages| match command {
        _ if outcome.asked.is_some() && command != "write" => Ok(()),
        "check" => verdict::of_check(&outcome, &messages),
        "discover" => verdict::of_discover(&outcome, &messages),
        _ => verdict::of_write(&outcome, &messages, &scenario, &sandbox, seen.lied),
    });
    judged.map_err(|what| format!("{command}: {what}"))?;
    if let Some(asked) = outcome.asked {
        let took = outcome.ended - asked;
        holds(took < AFTER_A_SIGNAL, || format!("{command}: the end took {took:?} after a signal"))?;
        let last = seen.arrivals.iter().rev().find(|arrival| **arrival <= asked);
        let silent = last.map_or(Duration::ZERO, |last| asked - *last);
        holds(silent < SILENCE, || format!("{command}: it said nothing for {silent:?}"))?;
    }
    holds(outcome.peak < BOUND, || format!("{command}: {} MiB were resident", outcome.peak >> 20))?;
    let calls = &seen.arrivals;
    holds(calls.len() < MOST_CALLS, || format!("{command}: {} calls", calls.len()))?;
    if honest {
        // Whole intervals, and one more for those that began it: how soon calls arrive is not the program's to say.
        let took = calls.last().zip(calls.first()).map_or(Duration::ZERO, |(last, first)| *last - *first);
        let intervals = took.as_secs_f64() / interval.as_secs_f64() + 2.0;
        let most = intervals * f64::from(max);
        holds(calls.len() as f64 <= most, || format!("{command}: {} calls in {took:?}", calls.len()))?;
    }
    Ok(())
}

#[test]
fn nothing_it_says_hangs_floods_or_fools_the_program() {
    if let Some(seed) = setting("HOSTILE_SEED") {
        assert_eq!(hold(seed, true), Ok(()), "HOSTILE_SEED={seed}");
        return;
    }
    let (next, runs) = (AtomicU64::new(0), setting("HOSTILE_RUNS").unwrap_or(RUNS));
    let broken: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < runs)
                {
                    if let Err(what) = hold(seed, false) {
                        broken
                            .lock()
                            .expect("no verdict panics")
                            .push(format!("HOSTILE_SEED={seed}: {what}"));
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().expect("no verdict panics");
    assert!(broken.is_empty(), "{} of {runs} seeds:\n{}", broken.len(), broken.join("\n"));
}
