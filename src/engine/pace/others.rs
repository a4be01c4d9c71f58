//! What the account's other apps take of the window, as the remaining count shows it.
//!
//! HubSpot's remaining count is of the whole window, so what is used beyond our own calls is somebody else's:
//! another app under the same token, or another sync of this very connector.

use std::time::Duration;

use crate::engine::Moment;

/// Part of our own places that is left free beside others.
const MARGIN: f64 = 0.033;
/// Weight of what others may have done since the latest news: the root of the calls they make meanwhile.
const UNHEARD: f64 = 0.2;
/// Places of caution for a call that was turned away, if we held the whole window; in proportion if less.
const MISSED: f64 = 2.0;
/// Windows in which one place of caution wears off.
const WEARS_OFF: f64 = 3.0;
/// Others' calls that are taken for a sign of others; fewer may be calls of ours that were long on their way.
const ENOUGH: u64 = 2;
/// Most places of caution.
const MOST_CAUTION: f64 = 6.0;

/// The others' calls in the window.
#[derive(Debug, Default)]
pub(super) struct Others {
    latest: News,
    /// Answers in a row that found nothing left.
    in_vain: u32,
    /// The largest count of about one window, and when it is forgotten.
    most: u64,
    seen_until: Moment,
    /// Places added to the margin by 429s, as of a moment.
    caution: f64,
    cautious_since: Moment,
}

/// What a call told of the window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct News {
    /// When the call was sent.
    pub(super) sent: Moment,
    /// When it was answered.
    pub(super) heard: Moment,
    /// Our own calls in the window, it included.
    pub(super) own: u64,
    /// Others' calls, as likely as not.
    pub(super) others: u64,
    /// Others' calls for certain.
    pub(super) certain: u64,
    /// Places left.
    pub(super) remaining: u64,
}

impl Others {
    /// Calls of others in the window, as last heard.
    pub(super) fn count(&self) -> u64 {
        self.latest.others
    }

    /// Whether others were seen within the last window.
    pub(super) fn seen(&self, now: Moment) -> bool {
        self.seen_until > now
    }

    /// Places that are to stay free when we hold `own` and news are as old as a round trip.
    ///
    /// The more we hold, the more: of two who share a window, the one who holds less moves up. What we have
    /// taken since the latest news, others like us may have taken too.
    pub(super) fn margin(&self, now: Moment, own: u64, max: u64, round_trip: f64, window: Duration) -> u64 {
        if !self.seen(now) {
            return 0;
        }
        // Places are few enough for floats, and the sum is not negative.
        let (own_places, others) = (own as f64, self.latest.others as f64);
        let unheard = (others * round_trip / window.as_secs_f64()).sqrt();
        let cautious = self.caution(now, window) * own_places / max as f64;
        let margin = (MARGIN * own_places + UNHEARD * unheard + cautious).round() as u64;
        margin.min(self.most) + own.saturating_sub(self.latest.own)
    }

    /// When to ask again although the window seemed full: others' calls leave it without our hearing. Who
    /// holds much hears soon enough by the calls that replace its own.
    pub(super) fn ask_again(&self, own: u64, max: u64, window: Duration) -> Moment {
        let part = (own as f64 / max as f64).max(1.0 / 16.0) * f64::from(1 << self.in_vain.min(3));
        self.latest.heard + window.mul_f64(part.min(1.0))
    }

    /// Notes what a call told; older news than the latest are none.
    pub(super) fn hear(&mut self, news: News, window: Duration) {
        if news.sent < self.latest.sent {
            return;
        }
        self.latest = news;
        self.in_vain = if news.remaining == 0 && news.own > 0 { self.in_vain + 1 } else { 0 };
        let enough = if self.seen(news.heard) { 1 } else { ENOUGH };
        if news.certain >= enough {
            if news.others >= self.most || !self.seen(news.heard) {
                self.most = news.others;
            }
            self.seen_until = news.heard + window;
        }
    }

    /// A call found no place although one seemed left.
    pub(super) fn missed(&mut self, now: Moment, window: Duration) {
        self.caution = (self.caution(now, window) + MISSED).min(MOST_CAUTION);
        self.cautious_since = now;
    }

    /// Somebody may be there although none was counted.
    pub(super) fn suspect(&mut self, now: Moment, window: Duration) {
        if !self.seen(now) {
            self.most = 0;
        }
        self.seen_until = now + window;
    }

    fn caution(&self, now: Moment, window: Duration) -> f64 {
        let windows = now.saturating_sub(self.cautious_since).as_secs_f64() / window.as_secs_f64();
        (self.caution - windows / WEARS_OFF).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(10);

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn news(at: u64, own: u64, others: u64, remaining: u64) -> News {
        News { sent: ms(at), heard: ms(at + 100), own, others, certain: others, remaining }
    }

    #[test]
    fn no_margin_without_others_and_more_the_more_we_hold() {
        let mut others = Others::default();
        others.hear(news(0, 90, 0, 10), WINDOW);
        assert_eq!(others.margin(ms(200), 90, 100, 0.1, WINDOW), 0);
        others.hear(news(300, 60, 30, 10), WINDOW);
        let large = others.margin(ms(500), 60, 100, 0.1, WINDOW);
        others.hear(news(600, 20, 30, 50), WINDOW);
        let small = others.margin(ms(700), 20, 100, 0.1, WINDOW);
        assert!(large > small, "{large} > {small}");
        assert_eq!(others.margin(ms(10_700), 20, 100, 0.1, WINDOW), 0, "they are forgotten after a window");
    }

    #[test]
    fn what_was_taken_since_the_news_counts_twice() {
        let mut others = Others::default();
        others.hear(news(0, 20, 30, 50), WINDOW);
        let before = others.margin(ms(100), 20, 100, 0.1, WINDOW);
        assert_eq!(others.margin(ms(100), 25, 100, 0.1, WINDOW), before + 5);
    }

    #[test]
    fn old_news_are_none_and_one_stray_call_is_no_sign() {
        let mut others = Others::default();
        others.hear(news(500, 50, 1, 49), WINDOW);
        assert!(!others.seen(ms(600)));
        assert_eq!(others.count(), 1, "but its place is taken");
        others.hear(news(400, 50, 9, 41), WINDOW);
        assert_eq!(others.count(), 1);
        others.hear(news(600, 50, 2, 48), WINDOW);
        assert!(others.seen(ms(700)));
    }

    #[test]
    fn asking_in_vain_is_done_less_and_less() {
        let mut others = Others::default();
        let mut last = Duration::ZERO;
        for _ in 0..4 {
            let wait = others.ask_again(1, 100, WINDOW) - others.latest.heard;
            assert!(wait > last);
            last = wait;
            others.hear(news(0, 1, 99, 0), WINDOW);
        }
        assert!(last <= WINDOW);
    }

    #[test]
    fn caution_comes_with_misses_and_wears_off() {
        let mut others = Others::default();
        others.hear(news(0, 50, 50, 0), WINDOW);
        let calm = others.margin(ms(100), 50, 100, 0.1, WINDOW);
        others.missed(ms(100), WINDOW);
        others.missed(ms(100), WINDOW);
        assert!(others.margin(ms(100), 50, 100, 0.1, WINDOW) > calm);
        others.hear(news(120_000, 50, 50, 0), WINDOW);
        assert_eq!(others.margin(ms(120_100), 50, 100, 0.1, WINDOW), calm);
    }
}
