//! Our own calls of the last windows: which of them may still take a place.
//!
//! HubSpot counts a call when it arrives, somewhere between its sending and its answer. Two countings follow:
//! by the sending (with a hold a little longer than the window, see [`super::guard`]), which is close, and by
//! the answer, which can only be too high.

use std::collections::VecDeque;
use std::time::Duration;

use crate::engine::Moment;

/// Our calls, by the moment they were sent.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Calls that were counted or may be, in the order of sending.
    sent: VecDeque<Call>,
    under_way: Vec<UnderWay>,
    /// Moments of the answers to counted calls, ascending.
    answered: VecDeque<Moment>,
    total: u64,
}

#[derive(Clone, Copy, Debug)]
struct Call {
    serial: u64,
    at: Moment,
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    name: u64,
    call: Call,
}

/// A call that was under way until now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Returned {
    serial: u64,
    /// When it was sent.
    pub(super) sent: Moment,
}

impl Calls {
    /// Notes a call. `name` is the caller's, unique among calls under way.
    pub(super) fn send(&mut self, now: Moment, name: u64) {
        let call = Call { serial: self.total, at: now };
        self.total += 1;
        self.sent.push_back(call);
        self.under_way.push(UnderWay { name, call });
    }

    /// Takes a call out of those under way; its place stays taken. `None` for a name that is not under way.
    pub(super) fn take_back(&mut self, name: u64) -> Option<Returned> {
        let index = self.under_way.iter().position(|under_way| under_way.name == name)?;
        let call = self.under_way.swap_remove(index).call;
        Some(Returned { serial: call.serial, sent: call.at })
    }

    /// HubSpot has counted the call: it takes a place.
    pub(super) fn counted(&mut self, now: Moment) {
        self.answered.push_back(now);
    }

    /// HubSpot has not counted the call: it takes no place.
    pub(super) fn not_counted(&mut self, call: Returned) {
        if let Ok(index) = self.sent.binary_search_by_key(&call.serial, |call| call.serial) {
            self.sent.remove(index);
        }
    }

    /// Calls under way.
    pub(super) fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Calls ever sent.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// When the latest call was sent.
    pub(super) fn latest(&self) -> Option<Moment> {
        self.sent.back().map(|call| call.at)
    }

    /// Places taken now when a place is held for `hold` from the sending, and until the answer at least.
    pub(super) fn held(&self, now: Moment, hold: Duration) -> usize {
        let first = self.first_held(now, hold);
        let overdue = now.checked_sub(hold).map_or(0, |cutoff| {
            self.under_way.iter().filter(|under_way| under_way.call.at <= cutoff).count()
        });
        self.sent.len() - first + overdue
    }

    /// When so many more places (1 or more) will be free; `None` when that takes an answer.
    pub(super) fn frees(&self, now: Moment, hold: Duration, places: usize) -> Option<Moment> {
        let index = self.first_held(now, hold) + places.max(1) - 1;
        self.sent.get(index).map(|call| call.at + hold)
    }

    /// Places taken at most: by calls under way, and by those answered less than `window` ago.
    pub(super) fn held_at_most(&self, now: Moment, window: Duration) -> usize {
        self.under_way.len() + self.answered.len() - self.first_answered(now, window)
    }

    /// When the count of [`Self::held_at_most`] falls; `None` when that takes an answer.
    pub(super) fn frees_for_certain(&self, now: Moment, window: Duration) -> Option<Moment> {
        self.answered.get(self.first_answered(now, window)).map(|answered| *answered + window)
    }

    /// Calls sent after `from` (none: ever) and not after `to`.
    pub(super) fn between(&self, from: Option<Moment>, to: Moment) -> usize {
        let start = from.map_or(0, |from| self.sent.partition_point(|call| call.at <= from));
        self.sent.partition_point(|call| call.at <= to).saturating_sub(start)
    }

    /// When the two calls were sent that came `back` and `back - 1` calls before this one.
    pub(super) fn neighbours(&self, call: Returned, back: usize) -> Option<(Moment, Moment)> {
        let index = self.sent.binary_search_by_key(&call.serial, |call| call.serial).ok()?;
        let older = self.sent.get(index.checked_sub(back)?)?;
        let newer = self.sent.get(index + 1 - back)?;
        Some((older.at, newer.at))
    }

    /// Forgets the calls that were sent, and the answers that came, before a moment.
    pub(super) fn forget_before(&mut self, moment: Moment) {
        while self.sent.front().is_some_and(|call| call.at < moment) {
            self.sent.pop_front();
        }
        while self.answered.front().is_some_and(|answered| *answered < moment) {
            self.answered.pop_front();
        }
    }

    fn first_held(&self, now: Moment, hold: Duration) -> usize {
        now.checked_sub(hold).map_or(0, |cutoff| self.sent.partition_point(|call| call.at <= cutoff))
    }

    fn first_answered(&self, now: Moment, window: Duration) -> usize {
        now.checked_sub(window)
            .map_or(0, |cutoff| self.answered.partition_point(|answered| *answered <= cutoff))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Moment {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn counts_by_sending_and_by_answer() {
        let mut calls = Calls::default();
        for name in 0..4 {
            calls.send(at(name * 10), name);
        }
        for name in 0..3 {
            assert_eq!(calls.take_back(name).unwrap().sent, at(name * 10));
            calls.counted(at(100 + name));
        }
        assert!(calls.take_back(0).is_none(), "it is back already");
        assert_eq!(calls.held(at(50), at(1000)), 4);
        assert_eq!(calls.held(at(1010), at(1000)), 2);
        assert_eq!(calls.held(at(2000), at(1000)), 1, "the call under way holds its place");
        assert_eq!(calls.frees(at(1010), at(1000), 1), Some(at(1020)));
        assert_eq!(calls.frees(at(1010), at(1000), 3), None);
        assert_eq!(calls.held_at_most(at(1099), at(1000)), 4);
        assert_eq!(calls.held_at_most(at(1100), at(1000)), 3);
        assert_eq!(calls.frees_for_certain(at(1100), at(1000)), Some(at(1101)));
    }

    #[test]
    fn a_call_that_was_not_counted_takes_no_place() {
        let mut calls = Calls::default();
        for name in 0..3 {
            calls.send(at(name), name);
        }
        let refused = calls.take_back(1).unwrap();
        calls.not_counted(refused);
        assert_eq!(calls.held(at(5), at(1000)), 2);
        assert_eq!(calls.between(None, at(5)), 2);
        assert_eq!(calls.between(Some(at(0)), at(2)), 1);
        let last = calls.take_back(2).unwrap();
        assert_eq!(calls.neighbours(last, 1), Some((at(0), at(2))));
        assert_eq!(calls.neighbours(last, 2), None);
    }

    #[test]
    fn forgets_what_is_old() {
        let mut calls = Calls::default();
        calls.send(at(0), 7);
        calls.send(at(10), 8);
        calls.forget_before(at(5));
        assert_eq!((calls.between(None, at(20)), calls.under_way(), calls.total()), (1, 2, 2));
        assert_eq!(calls.held(at(2000), at(1000)), 2, "both are still under way");
    }
}
