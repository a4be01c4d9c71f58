//! What is not sent, or not all at once, since HubSpot has refused its like.

use super::super::Moment;
use super::super::association::{Linking, Pair};
use super::super::batch::{Input, Send, Source, Turn};
use super::super::operation::{Operation, Step};
use super::super::rejection::Rejection;
use super::super::resolve::Group;
use super::Sync;

/// Pairs of one call that associates without a label, dissociates, or takes a label off. HubSpot's associations guide gives a
/// number (2,000) for the calls with labels only.
const MOST_PLAIN_PAIRS: usize = 1000;

impl Sync {
    /// Notes what HubSpot took.
    pub(super) fn learn_from_taken(&mut self, source: Source, input: &Input) {
        let stream = &mut self.streams[source.stream.0 as usize];
        let operation = input.operation(stream.operation);
        if source.link.is_none() && makes_records(operation) {
            stream.demanded.taken(operation, input);
        }
    }

    /// Notes what HubSpot refused.
    pub(super) fn learn_from_refused(&mut self, source: Source, input: &Input, rejection: &Rejection) {
        let stream = &mut self.streams[source.stream.0 as usize];
        if source.link.is_none() && makes_records(input.operation(stream.operation)) {
            stream.demanded.refused(input, rejection);
        }
    }

    /// Notes that a call was too large. Of records it says nothing: another batch of them may be smaller by far.
    pub(super) fn learn_size(&mut self, send: &Send) {
        if matches!(send.step, Step::Link | Step::Members) {
            let stream = &mut self.streams[send.stream.0 as usize];
            stream.largest = stream.largest.min(send.inputs.len().div_ceil(2)).max(1);
        }
    }

    /// As much of a call about pairs or members as may be sent at once; the rest is the next call.
    pub(super) fn fitted(&mut self, mut send: Send) -> Send {
        let known = match (send.step, self.operation_of(send.source())) {
            (Step::Link, Operation::Association(Linking::Associate, _)) if is_labelled(&send) => usize::MAX,
            (Step::Link, _) => MOST_PLAIN_PAIRS,
            (Step::Members, _) => usize::MAX,
            _ => return send,
        };
        let most = known.min(self.streams[send.stream.0 as usize].largest);
        if send.inputs.len() > most {
            let group = Group {
                named_before: send.named_before,
                silent_before: send.silent_before,
                suspected_since: send.suspected_since,
                ..Group::new(send.inputs.split_off(most), send.stage, send.step)
            };
            let rest = self.send_of(send.source(), group);
            self.again.push_front(rest);
        }
        send
    }

    /// The call without the inputs that lack what HubSpot demands, which are rejected; `None` where nothing is left of it.
    pub(super) fn sifted(&mut self, now: Moment, mut send: Send) -> Option<Send> {
        let source = send.source();
        let stream = &self.streams[source.stream.0 as usize];
        let may_make = match send.operation(stream.operation) {
            Operation::Insert | Operation::UpsertFound(_) => send.step == Step::Create,
            Operation::Upsert => send.step == Step::Write,
            _ => false,
        };
        if !may_make || source.link.is_some() || send.chore.is_some() || !stream.demanded.says_anything() {
            return Some(send);
        }
        let mut refused = Vec::new();
        for input in std::mem::take(&mut send.inputs) {
            // What may have been made already is looked for, and what has its first write behind it is there.
            let is_new = input.doubt.is_none() && input.turn == Turn::First;
            match stream.demanded.rejection(&input).filter(|_| is_new) {
                Some(rejection) => refused.push((input, rejection)),
                None => send.inputs.push(input),
            }
        }
        for (input, rejection) in refused {
            self.settle(now, source, input, Some(rejection));
        }
        self.release();
        (!send.inputs.is_empty()).then_some(send)
    }
}

fn is_labelled(send: &Send) -> bool {
    send.inputs.first().is_some_and(|input| Pair::of(input).label.is_some())
}

fn makes_records(operation: Operation) -> bool {
    matches!(operation, Operation::Insert | Operation::Upsert | Operation::UpsertFound(_))
}
