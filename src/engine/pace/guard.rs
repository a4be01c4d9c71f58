//! How much longer than the window a place is held, counted from the sending of its call.
//!
//! A call sent one window after another may arrive *less* than one window after it: the way there takes now
//! longer, now shorter. The guard covers the difference. It begins at four mean deviations of the round trip,
//! TCP's measure of how much a way varies (RFC 6298). Most of a round trip is HubSpot's work, done after
//! counting, so that is often far too much; hence answers correct it: with us alone in the window, the
//! remaining count of an answer tells which of the older calls had just left it, so how much guard would have
//! done. The largest of many such proofs holds until the next ones. A 429 that nothing else explains doubles
//! the guard for some windows.

use std::time::Duration;

use crate::engine::Moment;

/// Guard below which nothing is gained: a thousandth of a ten-second window.
const LEAST: Duration = Duration::from_millis(10);
/// Share of the window the guard takes at most, as a divisor.
const MOST: u32 = 40;
/// Share of the window that no proof takes off the guard, as a divisor.
const SPARED: u32 = 250;
/// Proofs that make a judgement.
const PROOFS: u32 = 32;
/// Windows for which a guard that was too short is remembered.
const MEMORY: u32 = 12;
/// Round trips over which mean and deviation are taken, about.
const SMOOTHING: u32 = 32;
/// The same in the beginning.
const LEAST_SMOOTHING: u32 = 8;

/// The guard; see the module.
#[derive(Debug, Default)]
pub(super) struct Guard {
    /// Mean and mean deviation of the round trip in seconds.
    round_trip: Option<(f64, f64)>,
    round_trips: u32,
    proofs: u32,
    largest: Duration,
    previous: Option<Duration>,
    enough: Option<Duration>,
    too_short: Option<(Duration, Moment)>,
}

impl Guard {
    /// Guard for a window of this length.
    pub(super) fn length(&self, now: Moment, window: Duration) -> Duration {
        let most = (window / MOST).max(LEAST);
        let jitter = self.round_trip.map_or(most, |(_, deviation)| Duration::from_secs_f64(4.0 * deviation));
        let guard = self.enough.map_or(jitter, |enough| (enough * 2).max(window / SPARED).min(jitter));
        let least = self.too_short.filter(|(_, until)| *until > now).map_or(LEAST, |(least, _)| least);
        guard.max(least).min(most)
    }

    /// Mean round trip in seconds.
    pub(super) fn mean_round_trip(&self) -> f64 {
        self.round_trip.map_or(0.0, |(mean, _)| mean)
    }

    /// Notes a round trip.
    pub(super) fn round_trip(&mut self, round_trip: Duration) {
        let seconds = round_trip.as_secs_f64();
        let (mean, deviation) = self.round_trip.unwrap_or((seconds, seconds / 4.0));
        self.round_trips = (self.round_trips + 1).min(SMOOTHING);
        let weight = 1.0 / f64::from(self.round_trips.max(LEAST_SMOOTHING));
        let error = seconds - mean;
        self.round_trip = Some((mean + error * weight, deviation + (error.abs() - deviation) * weight));
    }

    /// Notes that so much guard would have done for a call.
    pub(super) fn proved(&mut self, guard: Duration) {
        self.largest = self.largest.max(guard);
        self.proofs += 1;
        if self.proofs >= PROOFS {
            self.enough = Some(self.previous.map_or(self.largest, |previous| previous.max(self.largest)));
            self.previous = Some(self.largest);
            self.largest = Duration::ZERO;
            self.proofs = 0;
        }
    }

    /// A call was refused although its place should have been free.
    pub(super) fn fell_short(&mut self, now: Moment, window: Duration) {
        let longer = self.length(now, window) * 2;
        self.too_short = Some((longer, now + window * MEMORY));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(10);

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn steady_round_trips_need_little_and_varying_ones_more() {
        let mut steady = Guard::default();
        let mut varying = Guard::default();
        for index in 0..200 {
            steady.round_trip(ms(500));
            varying.round_trip(ms(80 + 40 * (index % 2)));
        }
        assert_eq!(steady.length(ms(0), WINDOW), LEAST);
        let length = varying.length(ms(0), WINDOW);
        assert!(length > ms(70) && length < ms(90), "{length:?}");
        assert_eq!(Guard::default().length(ms(0), WINDOW), WINDOW / MOST, "nothing is known yet");
    }

    #[test]
    fn many_proofs_shorten_it_and_a_refusal_lengthens_it_for_a_while() {
        let mut guard = Guard::default();
        for index in 0..200 {
            guard.round_trip(ms(200 + 1800 * (index % 2)));
        }
        assert_eq!(guard.length(ms(0), WINDOW), WINDOW / MOST);
        for index in 0..u64::from(PROOFS) {
            guard.proved(ms(index));
        }
        assert_eq!(guard.length(ms(0), WINDOW), ms(62));
        guard.fell_short(ms(0), WINDOW);
        assert_eq!(guard.length(ms(1), WINDOW), ms(124));
        assert_eq!(guard.length(WINDOW * MEMORY, WINDOW), ms(62));
    }
}
