//! Calls that make records: none makes a record twice. The rules are those of [`doubt`](super::super::resolve::doubt).

use std::time::Duration;

use super::super::Moment;
use super::super::batch::{Input, Send};
use super::super::ledger::StreamIndex;
use super::super::made::Made;
use super::super::operation::{Operation, Step};
use super::super::rejection::{NOT_CONFIRMED, Rejection};
use super::super::resolve::doubt::{self, Doubted, Maker};
use super::super::resolve::{Resolution, Silence, Stored, search};
use super::{Effect, Note, Sync};
use crate::api::{self, ApiError, BatchAnswer};

/// How far HubSpot's clock may be behind this machine's. A record that was made less than this before the first call
/// that could have made it is taken for that call's: ordinary clocks agree within seconds, and a stranger who made
/// the very record within that minute is far less likely than a clock that is a little off. What this sync made of an
/// earlier input is known and never taken for it, see [`Made`].
const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// Tells inputs the record ids that this sync has given their keys.
pub(super) fn recall(made: &Made, stream: StreamIndex, inputs: &mut [Input]) {
    for input in inputs.iter_mut().filter(|input| input.record_id.is_none()) {
        input.record_id = input.key().and_then(|key| made.id_of(stream, key)).map(Into::into);
    }
}

/// Whether an input of a call may exist.
pub(super) fn is_in_doubt(send: &Send) -> bool {
    send.inputs.iter().any(|input| input.doubt.is_some())
}

impl Sync {
    /// Cuts a search down to what fits into one request; the rest goes next.
    pub(super) fn cut(&mut self, mut send: Send) -> Send {
        if send.step == Step::Search {
            let fitting = search::fitting(&send.inputs);
            if fitting < send.inputs.len() {
                let rest = send.inputs.split_off(fitting);
                let rest = self.part_of(&send, rest);
                self.again.push_front(rest);
            }
        }
        send
    }

    /// A new call for some inputs of another, of which the same is known.
    fn part_of(&mut self, send: &Send, inputs: Vec<Input>) -> Send {
        self.next_send += 1;
        Send { id: super::SendId(self.next_send), inputs, ..*send }
    }

    /// Remembers what was made of a key.
    pub(super) fn remember(&mut self, stream: StreamIndex, stored: &Stored) {
        let makes = self.streams[stream.0 as usize].operation.makes();
        if let (true, Some(true), Some(key), Some(id)) =
            (makes, stored.created, stored.input.key(), stored.id.as_deref())
        {
            self.made.remember(stream, key, id);
        }
    }

    /// Puts the inputs of a failed call in doubt: the call becomes one that looks for them. Those that cannot be
    /// looked for are rejected.
    pub(super) fn put_in_doubt(
        &mut self,
        now: Moment,
        send: &mut Send,
        pause: Duration,
        error: Option<&ApiError>,
    ) {
        let operation = self.streams[send.stream.0 as usize].operation;
        let inputs = std::mem::take(&mut send.inputs);
        let Doubted { inputs, step, lost } = doubt::put_in_doubt(inputs, operation, send.sent_at);
        send.inputs = inputs;
        if !lost.is_empty() {
            // These cannot wait any more: the calls after them do, or an outage would cost all of them.
            let budget = send.step.budget();
            self.pace.of_mut(budget).pause(now + pause);
            let correlation_id = error.and_then(|error| error.correlation_id.as_deref());
            let may_exist = |input| (input, Rejection::may_exist(correlation_id));
            let rejected = lost.into_iter().map(may_exist).collect();
            let resolution = Resolution { rejected, silence: Silence::Kept, ..Resolution::default() };
            self.resolved(now, send.stream, resolution);
        }
        send.step = step;
    }

    /// Reads the answer to a look-up of inputs in doubt.
    pub(super) fn looked_for(
        &self,
        send: Send,
        operation: Operation,
        answer: &BatchAnswer,
        correlation_id: Option<&str>,
    ) -> Resolution {
        let stream = send.stream;
        let maker = |input: &Input, found: &api::Stored| self.maker_of(stream, input, found);
        doubt::looked_for(send, operation, answer, correlation_id, maker)
    }

    fn maker_of(&self, stream: StreamIndex, input: &Input, found: &api::Stored) -> Maker {
        let earlier = input.key().and_then(|key| self.made.id_of(stream, key));
        if earlier == Some(found.id.as_str()) {
            return Maker::Another;
        }
        let (Some(created_at), Some(doubt)) = (found.created_at, &input.doubt) else { return Maker::Untold };
        let milliseconds = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let since = self.settings.began_at.saturating_add(milliseconds(doubt.since));
        let is_new = created_at >= since.saturating_sub(milliseconds(CLOCK_SKEW));
        if is_new { Maker::ThisInput } else { Maker::Another }
    }

    /// Says what becomes of the only input of a call if it turns out not to exist.
    pub(super) fn reject_unless_made(&mut self, send: &mut Send, rejection: Rejection) {
        let operation = self.streams[send.stream.0 as usize].operation;
        for doubt in send.inputs.iter_mut().filter_map(|input| input.doubt.as_mut()) {
            doubt.otherwise.get_or_insert_with(|| rejection.clone());
        }
        send.step = operation.step_in_doubt();
    }

    /// Says how many of these may exist although they are rejected.
    pub(super) fn tell_what_may_exist(&mut self, stream: StreamIndex, rejected: &[(Input, Rejection)]) {
        let may_exist = |(input, rejection): &&(Input, Rejection)| {
            input.doubt.is_some() && rejection.code == NOT_CONFIRMED
        };
        let records = rejected.iter().filter(may_exist).count();
        if records > 0 {
            self.effects.push_back(Effect::Note(Note::MayExist(stream, records)));
        }
    }
}
