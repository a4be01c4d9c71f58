//! When a batch is closed before it is full.
//!
//! | when | which |
//! |---|---|
//! | it is as old as `flush_interval_seconds`, and none of its stream waits before it | any |
//! | the buffer is full and nothing is under way that would make room | all |
//! | the input has ended and no parked record will join it | a stream's own |
//! | the input has ended and all records are written that could ask for pairs | that of an association |
//!
//! Once the input has ended only parked records fill a batch, one answer after the other. What is gathered waits for
//! them: their stream ends one call after the last of these answers either way, so that waiting costs no time, whether
//! it is latency or the rate limit that bounds the sync, and saves a call an answer. A call that waits out a failure is
//! not waited for.

use super::super::Moment;
use super::super::batch::Source;
use super::super::lane::Lane;
use super::super::ledger::StreamIndex;
use super::{Phase, Sync, earliest};

impl Sync {
    /// Sends what is gathered when the buffer is full and nothing else would make room.
    pub(super) fn relieve(&mut self) {
        if self.is_idle() {
            for stream in &mut self.streams {
                stream.lanes_mut().for_each(Lane::flush);
            }
        }
    }

    /// Closes partial batches that are old enough or that nothing fills any more; returns when the next one will be.
    pub(super) fn close_partial(&mut self, now: Moment) -> Option<Moment> {
        let mut next = None;
        let (is_over, interval) = (self.phase == Phase::Draining, self.settings.flush_interval);
        let mut close = |lane: &mut Lane, fills: bool| {
            let Some(since) = lane.gathering_since() else { return };
            if !fills {
                lane.flush();
            } else if since + interval > now {
                next = earliest(next, Some(since + interval));
            } else if !lane.has_ready() {
                // Behind others it would go no sooner for being closed.
                lane.flush();
            }
        };
        for place in 0..self.streams.len() {
            let stream = StreamIndex(u32::try_from(place).unwrap_or(u32::MAX));
            let fills = !is_over || self.streams[place].lane.expects_more() && self.is_sending(stream);
            close(&mut self.streams[place].lane, fills);
            let gathers_pairs =
                self.streams[place].links.iter().any(|link| link.lane.gathering_since().is_some());
            // Pairs of one call are gathered from the answers to many.
            let fills = !(is_over && gathers_pairs && self.has_written_all(stream));
            self.streams[place].links.iter_mut().for_each(|link| close(&mut link.lane, fills));
        }
        next
    }

    /// Whether a call with a stream's own records is under way, or the next to be made.
    fn is_sending(&self, stream: StreamIndex) -> bool {
        let own = Source::from(stream);
        let mut sends = self.in_flight.values().chain(&self.again);
        self.streams[stream.0 as usize].lane.has_ready() || sends.any(|send| send.source() == own)
    }
}
