//! The end of a script: the rest of the input comes, HubSpot grows kinder, and the sync must come to its end.

use std::time::Duration;

use super::super::sync::Next;
use super::driver::{Driver, Phase};
use super::script::{Headers, How, chance};
use crate::error::{Failure, Kind};

/// Steps after which a sync that has not ended is taken to stand still.
const MOST_STEPS: usize = 20_000;

impl Driver<'_> {
    /// Lets the sync end and checks what it leaves behind.
    pub(super) fn end(mut self) {
        let rng = &mut fastrand::Rng::with_seed(self.setup.seed.wrapping_add(1));
        let mut unkind = if self.setup.deaf { 100 } else { rng.usize(..40) };
        let mut steps = 0;
        while self.phase != Phase::Finished {
            steps += 1;
            assert!(steps < MOST_STEPS, "the sync does not end");
            self.read();
            if self.waiting.is_empty() && self.phase == Phase::Reading && self.sync.wants_input() {
                let failure = self.setup.input_fails.then(|| Failure::new(Kind::SourceIncomplete, "cut off"));
                self.end_input(failure);
            }
            let wait = match self.next() {
                Next::Call(_) => continue,
                Next::Finished => break,
                Next::Wait(wait) => wait,
            };
            if let Some(number) = self.sync.wants_storage_flushed().filter(|_| chance(rng, 50)) {
                self.stored(number);
            } else if !self.conversation.under_way.is_empty() && (wait.is_none() || chance(rng, 80)) {
                let call = rng.usize(..self.conversation.under_way.len());
                let is_unkind = unkind > 0 && (self.setup.deaf || chance(rng, 50));
                unkind -= usize::from(is_unkind);
                let how = if is_unkind {
                    How::drawn(self.setup, rng)
                } else if chance(rng, self.setup.mix.answers.refused * 10) {
                    How::Refused { conflict: rng.bool(), naming: super::script::Naming::Nobody }
                } else {
                    How::HONEST
                };
                self.answer(call, how, Headers::drawn(self.setup.mix.ends_early, rng));
            } else if let Some(moment) = wait {
                self.now = moment + Duration::from_millis(rng.u64(..50) / 49);
            } else {
                let number = self.sync.wants_storage_flushed().expect("nothing can happen any more");
                self.stored(number);
            }
        }
        self.stored(self.oracle.rejections());
        if self.ended_well() && self.waiting.is_empty() {
            self.hubspot.check_end(&self.oracle);
            self.oracle.check_everything_is_out();
        }
    }
}
