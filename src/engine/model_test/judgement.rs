//! What follows from what HubSpot said.

use std::time::Duration;

use super::super::batch::{SendId, Turn};
use super::super::operation::{Operation, Step};
use super::conversation::{Apart, Conversation, Journey, LeftOut, Tally, same_set};
use super::oracle::Id;
use super::words::{Call, CallInput, End, Notice, Said, Scene, Verdict, Why, Word};

/// Whole batches left unmentioned twice, in a row, that end the sync.
const MOST_SILENT_BATCHES: u32 = 3;
/// Server errors of a record sent alone before which nothing may be held against it.
const LEAST_SERVER_ERRORS: u32 = 5;

/// The longest wait of the engine's own.
const LONGEST_OWN_WAIT: Duration = Duration::from_secs(75);

impl Conversation {
    /// A call was answered.
    pub(super) fn answered(&mut self, id: SendId, said: &Said, scene: Scene<'_>) -> Verdict {
        let place = self.under_way.iter().position(|call| call.id == id).expect("a call under way");
        let call = self.under_way.swap_remove(place);
        let mut verdict = Verdict::default();
        match said {
            Said::Each(words) => self.itemised(&call, words, scene, &mut verdict),
            Said::WholeRefused => self.whole_refused(&call, &mut verdict),
            Said::TooLarge if call.inputs.len() == 1 => self.whole_refused(&call, &mut verdict),
            Said::TooLarge => {
                self.recovered(&mut verdict);
                self.may_split(&call);
            }
            Said::SetBack { server, wait } => self.set_back(&call, *server, *wait, scene, &mut verdict),
            Said::StreamGone | Said::SyncGone => self.recovered(&mut verdict),
        }
        verdict
    }

    fn itemised(&mut self, call: &Call, words: &[Word], scene: Scene<'_>, verdict: &mut Verdict) {
        let is_put_off = |word: &Word| matches!(word, Word::PutOff { .. });
        let put_off = words.iter().filter(|word| is_put_off(word)).count();
        let pairs = || call.inputs.iter().zip(words);
        let left_out: Vec<Id> =
            pairs().filter(|(_, word)| **word == Word::Nothing).map(|(input, _)| input.head()).collect();
        let settles = left_out.len() + put_off < words.len();
        if put_off < words.len() {
            self.recovered(verdict);
        }
        if settles {
            self.silent_batches = 0;
        }
        if left_out.len() == words.len() && words.len() > 1 && self.repeats_a_silent_call(call) {
            self.silent_batches += 1;
            verdict.end = (self.silent_batches >= MOST_SILENT_BATCHES).then_some(End::Silence);
        }
        self.left_out.push(LeftOut { inputs: left_out, whole_call: !settles, split: false });
        for (input, word) in pairs() {
            match word {
                Word::Stored(created) => self.stored(call, input, *created, scene, verdict),
                Word::Refused => self.refused(call, input, Why::Hubspot, verdict),
                Word::Missing if matches!(input.operation(scene.oracle), Operation::Archive(_)) => {
                    self.accepted(call, input, None, scene, verdict);
                }
                Word::Missing => self.refused(call, input, Why::NotFound, verdict),
                Word::Nothing => self.left_out(call, input, verdict),
                Word::PutOff { .. } => {}
            }
        }
        if put_off > 0 && !scene.given_up {
            if put_off < words.len() {
                self.may_split(call);
                let inputs = pairs().filter(|(_, word)| is_put_off(word)).map(|(input, _)| input.clone());
                let tally = Tally { inputs: inputs.collect(), server_errors: 0 };
                self.tallies.insert(call.id, tally);
            }
            let server = words.contains(&Word::PutOff { server: true });
            self.set_back(call, server, None, scene, verdict);
        }
    }

    /// A write is done, or half of it; what was looked up is written next, if there is anything to write.
    fn stored(
        &mut self,
        call: &Call,
        input: &CallInput,
        created: Option<bool>,
        scene: Scene<'_>,
        verdict: &mut Verdict,
    ) {
        if call.step != Step::Lookup {
            let journey = self.journey(input.head());
            let created = journey.created.or(created);
            let next = match journey.turn {
                _ if !scene.oracle.record(input.head()).sequel => None,
                Turn::First if created == Some(true) => Some(Turn::Repeated),
                Turn::First | Turn::Repeated => Some(Turn::Second),
                Turn::Second => None,
            };
            match next {
                None => self.accepted(call, input, created, scene, verdict),
                Some(turn) => {
                    let Journey { apart, found, .. } = journey;
                    let journey = Journey { turn, created, apart, found, ..Journey::default() };
                    self.journeys.insert(input.head(), journey);
                }
            }
            return;
        }
        let found = scene.oracle.record(input.head()).record_id.clone();
        for id in input.records() {
            let (apart, found) = (self.journey(id).apart, found.clone());
            self.journeys.insert(id, Journey { found, apart, ..Journey::default() });
        }
        let archives = matches!(input.operation(scene.oracle), Operation::Archive(_));
        if !archives && !input.has_properties(scene.oracle) {
            self.accepted(call, input, None, scene, verdict);
        }
    }

    fn accepted(
        &mut self,
        call: &Call,
        input: &CallInput,
        created: Option<bool>,
        scene: Scene<'_>,
        verdict: &mut Verdict,
    ) {
        let counts = &mut self.counts[call.stream];
        match (input.operation(scene.oracle), created) {
            (Operation::Archive(_), _) => counts.archived += 1,
            (Operation::Event, _) => counts.created += 1,
            (_, Some(true)) => counts.created += 1,
            _ => counts.updated += 1,
        }
        counts.merged += input.parts.len() as u64 - 1;
        verdict.accepted.extend(&input.parts);
    }

    fn repeats_a_silent_call(&self, call: &Call) -> bool {
        let heads = call.heads();
        self.journey(heads[0]).left_out.is_some_and(|group| {
            let group = &self.left_out[group];
            group.whole_call && same_set(&group.inputs, &heads)
        })
    }

    fn left_out(&mut self, call: &Call, input: &CallInput, verdict: &mut Verdict) {
        let group = self.left_out.len() - 1;
        let journey = self.journeys.entry(input.head()).or_default();
        journey.silences += 1;
        match journey.silences {
            1 => journey.left_out = Some(group),
            // From here on it goes alone, wherever it came from.
            2 => journey.left_out = None,
            _ => self.refused(call, input, Why::NotConfirmed, verdict),
        }
    }

    /// A refused record is rejected; records refused together go on one by one, unless what was said of one is true
    /// of all.
    fn refused(&mut self, call: &Call, input: &CallInput, why: Why, verdict: &mut Verdict) {
        let says_nothing_of_values = matches!(why, Why::NotFound | Why::NotConfirmed);
        if input.parts.len() == 1 || (call.step == Step::Lookup && says_nothing_of_values) {
            verdict.rejected.extend(input.parts.iter().map(|id| (*id, why)));
            return;
        }
        let found = self.journey(input.head()).found;
        for id in &input.parts {
            let journey = Journey { apart: Apart::Yes, found: found.clone(), ..Journey::default() };
            self.journeys.insert(*id, journey);
        }
    }

    fn whole_refused(&mut self, call: &Call, verdict: &mut Verdict) {
        self.recovered(verdict);
        self.silent_batches = 0;
        if let [only] = &call.inputs[..] {
            self.refused(call, only, Why::Hubspot, verdict);
            return;
        }
        for id in call.parts() {
            let journey = self.journeys.entry(id).or_default();
            (journey.silences, journey.left_out) = (0, None);
        }
    }

    fn set_back(
        &mut self,
        call: &Call,
        server: bool,
        wait: Option<Duration>,
        scene: Scene<'_>,
        verdict: &mut Verdict,
    ) {
        if scene.given_up {
            return;
        }
        self.failures += 1;
        if self.stalled_since.is_none() {
            verdict.notices.push(Notice::Waiting);
        }
        let since = *self.stalled_since.get_or_insert(scene.now);
        // The engine's own waits, and pauses of earlier calls, can only be longer than what HubSpot asks for now.
        self.longest_wait = self.longest_wait.max(wait.unwrap_or_default());
        let is_too_long = |wait: Duration| scene.now + wait > since + scene.budget;
        let may_end = is_too_long(self.longest_wait.max(LONGEST_OWN_WAIT));
        if wait.is_some_and(is_too_long) || (scene.lost_patience && may_end) {
            verdict.end = Some(End::Patience);
        } else if server {
            self.may_split(call);
            self.count_server_error(call, verdict);
        }
    }

    fn count_server_error(&mut self, call: &Call, verdict: &mut Verdict) {
        let Some(tally) = self.tallies.get_mut(&call.id) else { return };
        tally.server_errors += 1;
        let ([only], LEAST_SERVER_ERRORS..) = (&tally.inputs[..], tally.server_errors) else { return };
        if let [only] = only.parts[..] {
            verdict.perhaps_rejected = Some(only);
            return;
        }
        for id in only.parts.clone() {
            self.journeys.entry(id).or_default().apart = Apart::Perhaps;
        }
    }

    fn may_split(&mut self, call: &Call) {
        for input in &call.inputs {
            if let Some(group) = self.journey(input.head()).left_out {
                self.left_out[group].split = true;
            }
        }
    }

    fn recovered(&mut self, verdict: &mut Verdict) {
        if self.stalled_since.take().is_some() {
            verdict.notices.push(Notice::Recovered(self.failures));
            self.failures = 0;
        }
    }
}
