//! The pace as a whole: its rules one by one, and that no order of events confuses it.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::concurrency::{MOST_IN_FLIGHT, SAFE_START};
use super::simulation::ms;
use super::*;

fn headers(max: u64, remaining: u64) -> RateHeaders {
    RateHeaders {
        max: Some(max),
        remaining: Some(remaining),
        interval_ms: Some(10_000),
        ..RateHeaders::default()
    }
}

/// Sends all that may go at once and returns how many that were.
fn send_all(pace: &mut Pace, now: Moment, first: u64) -> u64 {
    let mut sent = 0;
    while pace.permit(now) == Permit::Granted {
        pace.sent(now, first + sent);
        sent += 1;
    }
    sent
}

/// A pace that knows its window, with one call of its own in it.
fn informed(max: u64, remaining: u64) -> Pace {
    let mut pace = Pace::new(100);
    pace.sent(ms(0), 0);
    pace.answered(ms(100), 0, Reception::TakenUp, Some(&headers(max, remaining)));
    pace
}

#[test]
fn starts_safely() {
    let mut pace = Pace::new(100);
    assert_eq!(send_all(&mut pace, ms(0), 0), SAFE_START as u64);
    assert_eq!(pace.permit(ms(0)), Permit::AfterAnswer);
    pace.answered(ms(100), 0, Reception::TakenUp, Some(&headers(100, 99)));
    assert!(send_all(&mut pace, ms(100), 10) > 1, "one answer opens the way");
}

#[test]
fn fills_the_window_and_waits_for_the_first_place() {
    let mut pace = informed(10, 9);
    for call in 1..10 {
        let now = ms(100 + 200 * call);
        assert_eq!(pace.permit(now), Permit::Granted);
        pace.sent(now, call);
        pace.answered(now + ms(100), call, Reception::TakenUp, Some(&headers(10, 9 - call)));
    }
    let Permit::At(place) = pace.permit(ms(2_500)) else { panic!("the window is full") };
    assert!(place >= ms(10_000) && place <= ms(10_250), "{place:?}");
    assert_eq!(pace.until_window_moves(ms(2_500)), place - ms(2_500));
    assert_eq!(pace.permit(place), Permit::Granted);
}

#[test]
fn a_raised_limit_is_used_and_a_lowered_one_respected_at_the_next_call() {
    let mut pace = informed(1, 0);
    assert!(matches!(pace.permit(ms(200)), Permit::At(_)));
    pace.sent(ms(200), 1);
    pace.answered(ms(300), 1, Reception::TakenUp, Some(&headers(100, 98)));
    assert_eq!(pace.permit(ms(400)), Permit::Granted);
    pace.sent(ms(400), 2);
    pace.answered(ms(500), 2, Reception::TakenUp, Some(&headers(3, 0)));
    assert!(matches!(pace.permit(ms(600)), Permit::At(_)));
}

#[test]
fn calls_of_others_take_places() {
    let pace = informed(100, 0);
    let Permit::At(later) = pace.permit(ms(200)) else { panic!("the others have them all") };
    assert!(later < ms(10_000), "they may go before ours does");
    assert_eq!(informed(100, 60).permit(ms(200)), Permit::Granted);
}

#[test]
fn a_window_that_is_full_pauses_every_call() {
    let mut pace = Pace::new(100);
    send_all(&mut pace, ms(0), 0);
    let refused = Reception::TurnedAway(RatePolicy::TenSecondly);
    pace.answered(ms(100), 0, refused, Some(&headers(100, 0)));
    let Permit::At(first) = pace.permit(ms(100)) else { panic!("paused") };
    assert!(first >= ms(1_000) && first <= ms(10_000), "nothing of ours leaves: {first:?}");
    pace.answered(ms(110), 1, refused, Some(&headers(100, 0)));
    assert_eq!(pace.permit(ms(110)), Permit::At(first), "they were under way together");
    assert_eq!(pace.until_window_moves(ms(110)), first - ms(110));
}

#[test]
fn a_second_that_is_full_pauses_for_a_second_and_longer_when_repeated() {
    let mut pace = Pace::new(100);
    let mut now = ms(0);
    let mut pauses = Vec::new();
    for call in 0..8 {
        pace.sent(now, call);
        pace.answered(now + ms(50), call, Reception::TurnedAway(RatePolicy::Secondly), None);
        let Permit::At(until) = pace.permit(now + ms(50)) else { panic!("paused") };
        pauses.push((until - now - ms(50)).as_secs());
        now = until;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
    pace.sent(now, 9);
    pace.answered(now + ms(50), 9, Reception::TakenUp, None);
    pace.sent(now + ms(50), 10);
    pace.answered(now + ms(100), 10, Reception::TurnedAway(RatePolicy::Other), None);
    assert_eq!(pace.permit(now + ms(100)), Permit::At(now + ms(1_100)), "a success ends the series");
}

#[test]
fn without_headers_only_push_back_limits() {
    let mut pace = Pace::new(10);
    let mut most = 0;
    for round in 0..40 {
        let now = ms(100 * round);
        let sent = send_all(&mut pace, now, 100 * round);
        assert_eq!(pace.permit(now), Permit::AfterAnswer, "there is no window to wait for");
        most = most.max(sent);
        for call in 0..sent {
            pace.answered(
                now + ms(100),
                100 * round + call,
                Reception::TakenUp,
                Some(&RateHeaders::default()),
            );
        }
    }
    assert!(most > SAFE_START as u64, "{most}");
}

#[test]
fn push_back_halves_what_may_be_under_way() {
    let mut pace = Pace::new(100);
    let before = send_all(&mut pace, ms(0), 0);
    for call in 0..before {
        pace.answered(ms(100), call, Reception::Overloaded, None);
    }
    assert_eq!(send_all(&mut pace, ms(200), 100), before / 2, "once for all that were under way together");
}

#[test]
fn what_is_in_an_answer_may_push_back_too() {
    let mut pace = Pace::new(100);
    for round in 0..10 {
        let sent = send_all(&mut pace, ms(100 * round), 100 * round);
        for call in 0..sent {
            pace.answered(ms(100 * round + 50), 100 * round + call, Reception::TakenUp, None);
        }
    }
    let before = send_all(&mut pace, ms(2_000), 2_000);
    for call in 0..before {
        pace.answered(ms(2_100), 2_000 + call, Reception::TakenUp, None);
        pace.push_back(ms(2_100));
    }
    // The first answer was an answer under full use, and counts before what is in it does.
    assert_eq!(send_all(&mut pace, ms(2_200), 3_000), before.div_ceil(2));
}

#[test]
fn a_share_holds_even_where_calls_arrive_late() {
    let mut pace = Pace::new(50);
    pace.sent(ms(0), 0);
    pace.answered(ms(3_000), 0, Reception::TakenUp, Some(&headers(2, 1)));
    let Permit::At(place) = pace.permit(ms(3_001)) else { panic!("one of two is ours") };
    assert_eq!(place, ms(13_000), "it may have been counted as late as its answer");
}

#[test]
fn answers_nobody_asked_for_change_nothing() {
    let mut pace = informed(10, 9);
    pace.answered(ms(200), 77, Reception::TakenUp, Some(&headers(1, 0)));
    pace.answered(ms(200), 0, Reception::TurnedAway(RatePolicy::TenSecondly), Some(&headers(1, 0)));
    assert_eq!((pace.in_flight(), pace.permit(ms(300))), (0, Permit::Granted));
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(u64),
    SendAll,
    Answer { which: usize, reception: Reception, headers: Option<RateHeaders> },
    Pause(u64),
}

fn reception() -> impl Strategy<Value = Reception> {
    prop_oneof![
        6 => Just(Reception::TakenUp),
        1 => Just(Reception::TurnedAway(RatePolicy::TenSecondly)),
        1 => Just(Reception::TurnedAway(RatePolicy::Secondly)),
        1 => Just(Reception::TurnedAway(RatePolicy::Other)),
        1 => Just(Reception::Overloaded),
        1 => Just(Reception::Unknown),
    ]
}

fn any_headers() -> impl Strategy<Value = Option<RateHeaders>> {
    let number = || prop_oneof![0_u64..300, 0_u64..=1_000_000_000_000];
    let full = (
        proptest::option::weighted(0.9, number()),
        proptest::option::weighted(0.9, number()),
        proptest::option::weighted(0.9, prop_oneof![Just(10_000_u64), number()]),
    );
    proptest::option::weighted(
        0.9,
        full.prop_map(|(max, remaining, interval)| RateHeaders {
            max: max.map(|max| max.max(1)),
            remaining,
            interval_ms: interval.map(|interval| interval.max(1)),
            ..RateHeaders::default()
        }),
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0_u64..20_000).prop_map(Step::Pass),
        4 => Just(Step::SendAll),
        6 => (any::<usize>(), reception(), any_headers())
            .prop_map(|(which, reception, headers)| Step::Answer { which, reception, headers }),
        1 => (0_u64..5_000).prop_map(Step::Pause),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        rng_seed: RngSeed::Fixed(0x9ACE),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Whatever happens, in whatever order: calls under way are counted right, a pause is kept, a wait ends
    /// after now, and once every call is answered waiting long enough always lets the next one go.
    #[test]
    fn no_order_of_events_confuses_it(
        share in 0_u8..=120,
        steps in proptest::collection::vec(step(), 0..120),
    ) {
        let mut pace = Pace::new(share);
        let (mut now, mut next, mut paused) = (ms(0), 0, ms(0));
        let mut under_way: Vec<u64> = Vec::new();
        for step in steps {
            match step {
                Step::Pass(milliseconds) => now += ms(milliseconds),
                Step::SendAll => loop {
                    match pace.permit(now) {
                        Permit::Granted => {
                            prop_assert!(now >= paused);
                            pace.sent(now, next);
                            under_way.push(next);
                            next += 1;
                        }
                        Permit::At(moment) => {
                            prop_assert!(moment > now);
                            break;
                        }
                        Permit::AfterAnswer => {
                            prop_assert!(!under_way.is_empty());
                            break;
                        }
                    }
                },
                Step::Answer { which, reception, headers } => {
                    if !under_way.is_empty() {
                        let call = under_way.swap_remove(which % under_way.len());
                        pace.answered(now, call, reception, headers.as_ref());
                    }
                }
                Step::Pause(milliseconds) => {
                    paused = paused.max(now + ms(milliseconds));
                    pace.pause(now + ms(milliseconds));
                }
            }
            prop_assert_eq!(pace.in_flight(), under_way.len());
            prop_assert!(under_way.len() <= MOST_IN_FLIGHT);
            let _moves = pace.until_window_moves(now);
        }
        for call in under_way {
            pace.answered(now, call, Reception::TakenUp, None);
        }
        let mut waits = 0;
        while let Permit::At(moment) = pace.permit(now) {
            prop_assert!(moment > now);
            now = moment;
            waits += 1;
            prop_assert!(waits < 2_000, "still waiting at {:?}", now);
        }
        prop_assert_eq!(pace.permit(now), Permit::Granted);
    }
}
