//! Everything that looks random in an answer, drawn from one seed so that a run can be repeated.

use std::fmt::Write as _;
use std::time::Duration;

/// Seeded source of ids, shuffles, tokens and jitter.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    rng: fastrand::Rng,
    next_record: u64,
}

impl Random {
    /// A source that gives the same sequence for the same seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        // HubSpot's record ids have eleven or twelve digits today, so they do not fit 32 bits.
        let next_record = rng.u64(100_000_000_000..900_000_000_000);
        Self { rng, next_record }
    }

    /// A record id that was not given before; ids grow, with gaps, as HubSpot's do.
    pub(crate) fn record_id(&mut self) -> u64 {
        self.next_record += self.rng.u64(1..64);
        self.next_record
    }

    /// A number in `range`.
    pub(crate) fn number(&mut self, range: std::ops::Range<u64>) -> u64 {
        self.rng.u64(range)
    }

    /// Text in the form of a UUID, for correlation ids.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.rng.u64(..), self.rng.u64(..));
        let mut text = String::with_capacity(36);
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | (low >> 48) & 0x3fff,
            low & 0xffff_ffff_ffff
        );
        text
    }

    /// Puts `items` in another order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        self.rng.shuffle(items);
    }

    /// True with the given probability, which is clamped to 0..=1.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.rng.f64() < probability
    }

    /// A duration in `0..=most`.
    pub(crate) fn up_to(&mut self, most: Duration) -> Duration {
        let nanos = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        if nanos == 0 { Duration::ZERO } else { Duration::from_nanos(self.rng.u64(0..=nanos)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_sequence() {
        let (mut one, mut two) = (Random::new(7), Random::new(7));
        for _ in 0..100 {
            assert_eq!(one.record_id(), two.record_id());
            assert_eq!(one.uuid(), two.uuid());
        }
        assert_ne!(Random::new(8).uuid(), Random::new(7).uuid());
    }

    #[test]
    fn uuids_have_the_usual_form() {
        let text = Random::new(1).uuid();
        let lengths: Vec<usize> = text.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
    }
}
