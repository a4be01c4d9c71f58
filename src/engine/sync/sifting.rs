//! What is not sent, since HubSpot has refused its like.

use super::super::Moment;
use super::super::batch::{Input, Send, Source, Turn};
use super::super::operation::{Operation, Step};
use super::super::rejection::Rejection;
use super::Sync;

impl Sync {
    /// Notes what HubSpot took.
    pub(super) fn learn_from_taken(&mut self, source: Source, input: &Input) {
        let stream = &mut self.streams[source.stream.0 as usize];
        if source.link.is_none() && makes_records(stream.operation) {
            stream.demanded.taken(stream.operation, input);
        }
    }

    /// Notes what HubSpot refused.
    pub(super) fn learn_from_refused(&mut self, source: Source, input: &Input, rejection: &Rejection) {
        let stream = &mut self.streams[source.stream.0 as usize];
        if source.link.is_none() && makes_records(stream.operation) {
            stream.demanded.refused(input, rejection);
        }
    }

    /// The call without the inputs that lack what HubSpot demands, which are rejected; `None` where nothing is left of it.
    pub(super) fn sifted(&mut self, now: Moment, mut send: Send) -> Option<Send> {
        let source = send.source();
        let stream = &self.streams[source.stream.0 as usize];
        let may_make = match stream.operation {
            Operation::Insert | Operation::UpsertFound => send.step == Step::Create,
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

fn makes_records(operation: Operation) -> bool {
    matches!(operation, Operation::Insert | Operation::Upsert | Operation::UpsertFound)
}
