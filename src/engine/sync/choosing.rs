//! Which call is made next: parts of earlier ones first, then full batches, as far as their budgets have room.

use super::super::Moment;
use super::super::batch::{LinkIndex, Send, Source};
use super::super::grouping;
use super::super::ledger::StreamIndex;
use super::super::operation::Operation;
use super::super::pace::{Budget, Budgets, Permit};
use super::{Sync, earliest, making};

impl Sync {
    /// Parts of earlier calls first, then the streams' full batches in turn: the first whose budget has room. Where
    /// none has, says when one will have, if that is known.
    pub(super) fn take_send(&mut self, now: Moment) -> Result<Send, Option<Moment>> {
        let mut room = Room::default();
        let again = &self.again;
        let pace = &self.pace;
        if let Some(place) = again.iter().position(|send| room.is_in(pace, send.step.budget(), now))
            && let Some(send) = self.again.remove(place)
        {
            return Ok(self.cut(send));
        }
        for step in 0..self.streams.len() {
            let index = (self.turn + step) % self.streams.len();
            let stream = StreamIndex(u32::try_from(index).unwrap_or(u32::MAX));
            let links = u16::try_from(self.streams[index].links.len()).unwrap_or(u16::MAX);
            for link in std::iter::once(None).chain((0..links).map(|place| Some(LinkIndex(place)))) {
                if let Some(send) = self.take_from(Source { stream, link }, &mut room, now) {
                    self.turn = index + 1;
                    return Ok(send);
                }
            }
        }
        Err(room.opens)
    }

    /// The next full batch of a stream's own records, or of its pairs, if the budget of its call has room.
    fn take_from(&mut self, source: Source, room: &mut Room, now: Moment) -> Option<Send> {
        let operation = self.operation_of(source);
        let stream = &mut self.streams[source.stream.0 as usize];
        if matches!(operation, Operation::UpsertFound(_))
            && let Some(inputs) = stream.lane.next_ready_mut()
        {
            making::recall(&self.made, source.stream, inputs);
        }
        let lane = stream.lane_of_mut(source.link)?;
        let first = lane.next_ready()?;
        let step = first.operation(operation).first_step(first);
        if !room.is_in(&self.pace, step.budget(), now) {
            return None;
        }
        let inputs = lane.take_ready()?;
        let mut groups = grouping::groups(operation, inputs).into_iter();
        let first = groups.next();
        for group in groups {
            let send = self.send_of(source, group);
            self.again.push_back(send);
        }
        let send = self.send_of(source, first?);
        Some(self.cut(send))
    }
}

/// Which budgets have room for a call at one moment; each is asked once.
#[derive(Debug, Default)]
struct Room {
    full: Vec<Budget>,
    open: Option<Budget>,
    /// When the first of the full ones has room again, as far as that is known.
    opens: Option<Moment>,
}

impl Room {
    fn is_in(&mut self, pace: &Budgets, budget: Budget, now: Moment) -> bool {
        if self.open == Some(budget) {
            return true;
        }
        if self.full.contains(&budget) {
            return false;
        }
        match pace.of(budget).permit(now) {
            Permit::Granted => {
                self.open = Some(budget);
                return true;
            }
            Permit::At(moment) => self.opens = earliest(self.opens, Some(moment)),
            Permit::AfterAnswer => {}
        }
        self.full.push(budget);
        false
    }
}
