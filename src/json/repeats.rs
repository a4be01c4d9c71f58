//! Members of an object that come again further behind in it: the last one counts.
//!
//! JSON leaves open what a name means that occurs twice; most readers keep the last value, and so do Airbyte's.

use std::borrow::Cow;
use std::collections::HashMap;

/// Numbers of the members that a later one of the same name stands in for.
#[derive(Clone, Debug, Default)]
pub(super) struct Repeats {
    /// How many names were looked at.
    among: usize,
    /// In order.
    earlier: Box<[u32]>,
}

impl Repeats {
    /// The repeats among so many names; `name` gives them by their number, and nothing for one that is like no other.
    pub(super) fn among<'a>(count: usize, name: impl Fn(usize) -> Option<Cow<'a, str>>) -> Self {
        // A million names take 8 MiB by their hashes, and twenty times as much by themselves.
        let mut hashes: Vec<u64> =
            (0..count).filter_map(|number| name(number).map(|name| hash(&name))).collect();
        hashes.sort_unstable();
        let mut twice: Vec<u64> =
            hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        twice.dedup();
        let mut last: HashMap<Cow<'a, str>, u32> = HashMap::new();
        let mut earlier = Vec::new();
        // Mostly there are none, and the names need no second look.
        for number in 0..if twice.is_empty() { 0 } else { count } {
            let Some(name) = name(number) else { continue };
            if twice.binary_search(&hash(&name)).is_ok() {
                earlier.extend(last.insert(name, u32::try_from(number).unwrap_or(u32::MAX)));
            }
        }
        earlier.sort_unstable();
        Self { among: count, earlier: earlier.into() }
    }

    /// Whether this holds for so many names too, all of which begin like those looked at.
    #[inline]
    pub(super) fn holds_for(&self, count: usize) -> bool {
        count == self.among || count < self.among && self.is_empty()
    }

    /// Whether every name is there once.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.earlier.is_empty()
    }

    /// The members that do not count, for one who goes through all of them in order.
    #[inline]
    pub(super) fn earlier(&self) -> Earlier<'_> {
        Earlier { rest: &self.earlier }
    }
}

/// What is left of the members that do not count.
pub(super) struct Earlier<'a> {
    rest: &'a [u32],
}

impl Earlier<'_> {
    /// Whether the member of this number does not count; numbers are asked for in ascending order.
    #[inline]
    pub(super) fn contains(&mut self, number: usize) -> bool {
        let Some((next, rest)) = self.rest.split_first() else { return false };
        let is_it = *next as usize == number;
        if is_it {
            self.rest = rest;
        }
        is_it
    }
}

/// A poor hash costs time, never correctness: equal ones are looked at again, name by name.
fn hash(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
