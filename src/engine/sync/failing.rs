//! What is not acknowledged any more: streams that are given up, and those for which others were mistaken.

use super::super::lane::Lane;
use super::super::ledger::StreamIndex;
use super::Sync;
use crate::error::Failure;

impl Sync {
    /// Records may have been lost that were meant for these streams: no state that covers them leaves from here on, and the
    /// sync fails in the end.
    pub fn withhold(&mut self, streams: &[StreamIndex], failure: Failure) {
        for stream in streams {
            self.ledger.give_up(*stream);
        }
        self.failure.get_or_insert(failure);
    }

    /// Gives a stream up: what it still holds never settles. The other streams settle what they hold.
    pub fn stream_failed(&mut self, stream: StreamIndex, failure: Failure) {
        self.ledger.give_up(stream);
        if self.failure.is_none() {
            self.failed_stream = Some(stream);
        }
        self.streams[stream.0 as usize].failed = true;
        self.streams[stream.0 as usize].lanes_mut().for_each(Lane::discard);
        self.linking.give_up(stream);
        self.postponed.give_up(stream);
        self.again.retain(|send| send.stream != stream);
        self.delayed.retain(|_, send| send.stream != stream);
        self.doubted.retain(|send| send.stream != stream);
        self.input_ended(Some(failure));
    }
}
