//! When the next call may go: HubSpot's rate window, and how many calls may be under way.
//!
//! A state machine over moments: it neither waits nor reads a clock. Source of the rules: HubSpot's API usage
//! guidelines (`X-HubSpot-RateLimit-*` headers, 429 with `policyName`, a rolling window of ten seconds per
//! app). The latest answer's limits hold, whether higher or lower than before.
//!
//! 1. Until the first answer a few calls go; then as many as there are places in the window, at once.
//! 2. A place is taken from the sending of a call until one window and a guard later; the guard covers that a
//!    way takes now longer, now shorter (`guard`).
//! 3. What the remaining count lacks beyond our own calls is taken by others (`others`).
//! 4. While no others show, the whole window is used, after the first one at an eighth of the even distance.
//! 5. Once others show, calls go at the distance at which our own places become free, and some places are
//!    left free: more, the more we hold, so that of two syncs that share a window the smaller one moves up.
//! 6. What we took since the latest news counts twice then, since another sync may have done the same.
//! 7. A 429 of the window pauses all calls until one of our places is free, or for a ninth of the window if
//!    that is sooner; it is laid to others if our own calls do not fill the window, else to the guard.
//! 8. A 429 of a second, or without a policy, pauses all calls for a second, and longer when repeated.
//! 9. A share below 100% is held by counting a place from the *answer*, which can only be too long.
//! 10. How many calls may be under way is a matter of latency and push-back alone (`concurrency`).

use std::time::Duration;

use super::Moment;
use crate::api::{RateHeaders, RatePolicy};

mod budgets;
mod calls;
mod concurrency;
mod guard;
mod others;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

pub use budgets::{Budget, Budgets};
use calls::{Calls, Returned};
use concurrency::Concurrency;
use guard::Guard;
use others::{News, Others};

/// HubSpot's rate window, until an answer names it.
const USUAL_INTERVAL: Duration = Duration::from_secs(10);
/// A longer interval is not a window to be paced by: HubSpot's are ten seconds or one.
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);
/// Wait after a 429 that speaks of a second, or of nothing, and its bound when they follow each other.
const SECOND: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How much denser than evenly calls go after the first window while we are alone: an eighth of the window is
/// then long enough for another sync to find a place in it, and short enough not to delay ours.
const CONCENTRATION: u32 = 8;
/// Least distance beside others, in even distances.
const LEAST_DISTANCE: f64 = 0.75;
/// Distance beside others, in even distances of our own calls.
const HURRY: f64 = 0.6;
/// Part of the window, as a divisor, by which our part may grow in about one window beside others.
const GROWTH: u64 = 8;

/// After a 429 the window is asked again so many times in a window, then less and less often. Calls of a
/// sync that is alone take an eighth of the window (see [`CONCENTRATION`]), so one of nine falls among them.
const ASKED: i32 = 9;
/// How much less often, each time.
const LESS_OFTEN: f64 = 1.25;
/// Least pause after a 429, as a divisor of the window: calls under way come back meanwhile.
const LEAST_PAUSE: u32 = 50;

/// Whether a call may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Now.
    Granted,
    /// Not before this moment, which is later than now.
    At(Moment),
    /// Not before a call under way has been answered; there is one.
    AfterAnswer,
}

/// How HubSpot received a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reception {
    /// It was taken up, whatever became of it.
    TakenUp,
    /// 429: it was turned away for this limit.
    TurnedAway(RatePolicy),
    /// 423, 477 or 5xx: it was taken up, but fewer at once would be welcome.
    Overloaded,
    /// No complete answer came; it may have been taken up.
    Unknown,
}

/// Paces the calls of one budget.
#[derive(Debug)]
pub struct Pace {
    share_percent: u64,
    limit: Limit,
    calls: Calls,
    guard: Guard,
    others: Others,
    concurrency: Concurrency,
    paused_until: Option<Moment>,
    /// When the latest series of 429s began, and how many series there were without a success in between.
    turned_away: Option<Moment>,
    times_turned_away: u32,
    /// When the call was sent that was answered last.
    latest_returned: Moment,
}

/// What is known of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    /// No answer yet.
    Unknown,
    /// Answers carry no rate headers: only push-back tells.
    Unannounced,
    /// So many calls in so long.
    Window { max: u64, interval: Duration },
}

impl Limit {
    fn interval(self) -> Duration {
        match self {
            Self::Window { interval, .. } => interval,
            Self::Unknown | Self::Unannounced => USUAL_INTERVAL,
        }
    }
}

impl Pace {
    /// A budget of which `share_percent` (1 to 100) of the window may be used; one call at least.
    #[must_use]
    pub fn new(share_percent: u8) -> Self {
        Self {
            share_percent: u64::from(share_percent.clamp(1, 100)),
            limit: Limit::Unknown,
            calls: Calls::default(),
            guard: Guard::default(),
            others: Others::default(),
            concurrency: Concurrency::default(),
            paused_until: None,
            turned_away: None,
            times_turned_away: 0,
            latest_returned: Moment::ZERO,
        }
    }

    /// The same, of a window that HubSpot documents: so many calls in so long. It holds until an answer names
    /// another.
    #[must_use]
    pub fn documented(share_percent: u8, (max, interval): (u64, Duration)) -> Self {
        Self { limit: Limit::Window { max, interval }, ..Self::new(share_percent) }
    }

    /// Whether a call may go now. Moments never go back from one call of this type's methods to the next.
    #[must_use]
    pub fn permit(&self, now: Moment) -> Permit {
        if let Some(left) = self.paused_for(now) {
            return Permit::At(now + left);
        }
        if self.calls.under_way() >= self.concurrency.limit() {
            return Permit::AfterAnswer;
        }
        let Limit::Window { max, interval } = self.limit else { return Permit::Granted };
        let distance = self.distance(now, max, interval);
        if let Some(next) = self.calls.latest().map(|latest| latest + distance).filter(|next| *next > now) {
            return Permit::At(next);
        }
        match self.within_share(now, max, interval) {
            Permit::Granted => self.within_window(now, max, interval),
            wait => wait,
        }
    }

    /// Notes that a call has gone. `call` is any number that no other call under way has.
    pub fn sent(&mut self, now: Moment, call: u64) {
        self.calls.send(now, call);
    }

    /// Notes a call that was made before there was anybody to ask: it has its place in the window, and says nothing of
    /// how long calls take.
    pub fn preceded_by(&mut self, now: Moment, call: u64, headers: Option<&RateHeaders>) {
        self.calls.send(now, call);
        if self.calls.take_back(call).is_some() {
            self.calls.counted(now);
        }
        if let Some(headers) = headers {
            self.learn(headers);
        }
    }

    /// Notes the answer to a call, or that there was none. `headers` are the answer's, if it came.
    ///
    /// A 429 pauses, anything else that went wrong lowers how many calls may be under way.
    pub fn answered(&mut self, now: Moment, call: u64, reception: Reception, headers: Option<&RateHeaders>) {
        let under_way = self.calls.under_way();
        let Some(returned) = self.calls.take_back(call) else { return };
        self.latest_returned = returned.sent;
        if let Some(headers) = headers {
            self.learn(headers);
        }
        let remaining = headers.and_then(|headers| headers.remaining);
        if let Reception::TurnedAway(policy) = reception {
            self.calls.not_counted(returned);
            self.turned_away(now, returned, policy, remaining);
            return;
        }
        self.calls.counted(now);
        self.times_turned_away = 0;
        match reception {
            Reception::Overloaded | Reception::Unknown => self.concurrency.push_back(now, returned.sent),
            Reception::TakenUp | Reception::TurnedAway(_) => {
                self.concurrency.answered(now, returned.sent, under_way);
                self.guard.round_trip(now.saturating_sub(returned.sent));
            }
        }
        if let (Limit::Window { max, interval }, Some(remaining)) = (self.limit, remaining) {
            self.hear(now, returned, max, interval, remaining.min(max));
        }
        let interval = self.limit.interval();
        if let Some(old) = now.checked_sub(interval + interval / 2) {
            self.calls.forget_before(old);
        }
    }

    /// HubSpot wants fewer calls at once, as the call that was answered last tells by what is in its answer.
    pub fn push_back(&mut self, now: Moment) {
        self.concurrency.push_back(now, self.latest_returned);
    }

    /// How much of a pause is left, if there is one.
    #[must_use]
    pub fn paused_for(&self, now: Moment) -> Option<Duration> {
        self.paused_until.and_then(|until| until.checked_sub(now)).filter(|left| !left.is_zero())
    }

    /// No call may go before this moment.
    pub fn pause(&mut self, until: Moment) {
        self.paused_until = Some(self.paused_until.map_or(until, |paused| paused.max(until)));
    }

    /// How long it takes until a place in the window can be free: until the end of a pause, else until our
    /// oldest call leaves the window, else a whole window, since then it is full of somebody else's.
    #[must_use]
    pub fn until_window_moves(&self, now: Moment) -> Duration {
        if let Some(left) = self.paused_for(now) {
            return left;
        }
        let interval = self.limit.interval();
        self.calls.frees(now, self.hold(now, interval), 1).map_or(interval, |free| free.saturating_sub(now))
    }

    /// The window that the latest answer announced: so many calls in so long.
    #[must_use]
    pub fn window(&self) -> Option<(u64, Duration)> {
        match self.limit {
            Limit::Window { max, interval } => Some((max, interval)),
            Limit::Unknown | Limit::Unannounced => None,
        }
    }

    /// Calls under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.calls.under_way()
    }

    /// Least time between two sendings.
    fn distance(&self, now: Moment, max: u64, interval: Duration) -> Duration {
        let even =
            Duration::from_nanos((interval.as_nanos() / u128::from(max)).try_into().unwrap_or(u64::MAX));
        if !self.others.seen(now) {
            return if self.calls.total() < max { Duration::ZERO } else { even / CONCENTRATION };
        }
        let own = self.calls.held(now, self.hold(now, interval)) as u64;
        if self.others.count() + own < max / 2 {
            return even.mul_f64(LEAST_DISTANCE);
        }
        // Our own places are replaced at the pace at which they become free, with some room for growth.
        let own_distance = max as f64 / (own + max / GROWTH).max(1) as f64;
        even.mul_f64((HURRY * own_distance).max(LEAST_DISTANCE))
    }

    /// The user's share holds in every window, whatever the answers say: places are held from the answer.
    fn within_share(&self, now: Moment, max: u64, interval: Duration) -> Permit {
        if self.share_percent == 100 {
            return Permit::Granted;
        }
        let share = (max.saturating_mul(self.share_percent) / 100).max(1);
        if (self.calls.held_at_most(now, interval) as u64) < share {
            return Permit::Granted;
        }
        self.calls.frees_for_certain(now, interval).map_or(Permit::AfterAnswer, Permit::At)
    }

    fn within_window(&self, now: Moment, max: u64, interval: Duration) -> Permit {
        let hold = self.hold(now, interval);
        let own = self.calls.held(now, hold) as u64;
        let taken = self.others.count() + own;
        let wanted = 1 + self.others.margin(now, own, max, self.guard.mean_round_trip(), interval);
        if taken + wanted <= max {
            return Permit::Granted;
        }
        let missing = (taken + wanted - max).min(own.max(1));
        let place = self.calls.frees(now, hold, usize::try_from(missing).unwrap_or(usize::MAX));
        if self.others.count() == 0 || self.calls.under_way() > 0 {
            return place.map_or(Permit::AfterAnswer, Permit::At);
        }
        let ask = self.others.ask_again(own, max, interval);
        if ask <= now {
            return Permit::Granted;
        }
        Permit::At(place.map_or(ask, |place| place.min(ask)))
    }

    /// How long a place is held, from the sending of its call.
    fn hold(&self, now: Moment, interval: Duration) -> Duration {
        interval + self.guard.length(now, interval)
    }

    fn learn(&mut self, headers: &RateHeaders) {
        if let (Some(max), Some(interval)) = (headers.max, headers.interval_ms.map(Duration::from_millis))
            && interval <= LONGEST_INTERVAL
        {
            self.limit = Limit::Window { max, interval };
        } else if self.limit == Limit::Unknown {
            self.limit = Limit::Unannounced;
        }
    }

    /// Learns from the remaining count who is in the window, and whether our calls leave it as believed.
    fn hear(&mut self, now: Moment, call: Returned, max: u64, interval: Duration, remaining: u64) {
        let guard = self.guard.length(now, interval);
        let counted = max - remaining;
        // Those that may be in the window are ours for certain; our own must not be mistaken for others'. Once
        // others are known to be there, the likeliest number counts.
        let certain = counted.saturating_sub(self.own_when(call.sent, interval + guard, guard));
        let own = self.own_when(call.sent, interval, Duration::ZERO);
        let others = if self.others.seen(now) { counted.saturating_sub(own) } else { certain };
        self.others.hear(News { sent: call.sent, heard: now, own, others, certain, remaining }, interval);
        if self.others.seen(now) {
            return;
        }
        let back = usize::try_from(counted).unwrap_or(usize::MAX);
        let Some((left, stayed)) = self.calls.neighbours(call, back) else { return };
        // Where calls lie far apart, one that had left says little about the one that had not.
        if stayed - left <= guard / 2 {
            self.guard.proved((call.sent - left).saturating_sub(interval));
        }
    }

    /// Our calls sent in the `before` up to a moment, and in the `after` from it.
    fn own_when(&self, moment: Moment, before: Duration, after: Duration) -> u64 {
        self.calls.between(moment.checked_sub(before), moment + after) as u64
    }

    fn turned_away(&mut self, now: Moment, call: Returned, policy: RatePolicy, remaining: Option<u64>) {
        // The calls that were under way together are turned away together.
        let again = self.turned_away.is_none_or(|before| call.sent >= before);
        if again {
            self.turned_away = Some(now);
            self.times_turned_away += 1;
        }
        let interval = self.limit.interval();
        let of_window = match policy {
            RatePolicy::TenSecondly => true,
            RatePolicy::Secondly => matches!(self.limit, Limit::Window { .. }) && interval <= SECOND,
            RatePolicy::Daily | RatePolicy::Other => remaining == Some(0),
        };
        let pause = if of_window {
            self.window_was_full(now, call, interval, again)
        } else {
            self.concurrency.push_back(now, call.sent);
            (SECOND * (1 << self.times_turned_away.saturating_sub(1).min(10))).min(LONGEST_PAUSE)
        };
        if again {
            self.pause(now + pause);
        }
    }

    /// Learns who filled the window and returns how long to wait.
    fn window_was_full(&mut self, now: Moment, call: Returned, interval: Duration, again: bool) -> Duration {
        let guard = self.guard.length(now, interval);
        if let Limit::Window { max, .. } = self.limit {
            let unsure = if self.others.seen(now) { Duration::ZERO } else { guard };
            let own = self.own_when(call.sent, interval + guard, unsure);
            if own < max {
                if again && own > 0 {
                    self.others.missed(now, interval);
                }
                let others = max - own;
                self.others.hear(
                    News { sent: call.sent, heard: now, own, others, certain: others, remaining: 0 },
                    interval,
                );
            } else if again {
                self.guard.fell_short(now, interval);
            }
            self.others.suspect(now, interval);
        } else {
            self.concurrency.push_back(now, call.sent);
        }
        // In the end about once a window.
        let less = (i32::try_from(self.times_turned_away).unwrap_or(i32::MAX) - ASKED).clamp(0, 10);
        let ask = interval.mul_f64(LESS_OFTEN.powi(less) / f64::from(ASKED));
        let place = self.calls.frees(now, interval + guard, 1).map_or(ask, |place| place.saturating_sub(now));
        place.min(ask).max(interval / LEAST_PAUSE)
    }
}
