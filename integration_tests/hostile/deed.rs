//! What is done to a call, and to which calls: all of it follows from a seed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use fastrand::Rng;

use super::bodies;
use super::http::{Answer, Request};
use super::mutation;
use super::reply::{Ending, Reply};
use super::wire;

/// What is done to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// The sandbox's answer.
    Nothing,
    /// The connection ends, before the call took effect.
    GoneBefore,
    /// The connection ends, after it took effect.
    GoneAfter,
    /// A made-up status with a made-up body; it took no effect.
    Status,
    /// A success whose body says nothing of what was asked; it took no effect.
    Hollow,
    /// The answer in a frame that is none.
    Framing,
    /// The answer, slowly.
    Drip,
    /// Headers that are no headers, or too many.
    Headers,
    /// Answers before the answer.
    Interim,
    /// A content encoding that is not what the body has, or a bomb.
    Encoding,
    /// A body of another type than it says.
    Type,
    /// The answer's JSON with parts taken out, doubled, or replaced.
    Body,
    /// Pages without end.
    Pages,
    /// Absurd limits and waits.
    Rates,
    /// The body of an earlier answer; this call took effect.
    Former,
    /// A success without a body; the call took effect.
    Bare,
    /// Somewhere else.
    Redirect,
    /// A body without end; the call took no effect.
    Endless,
}

/// All that can be done.
const DEEDS: [Deed; 17] = [
    Deed::GoneBefore,
    Deed::GoneAfter,
    Deed::Status,
    Deed::Hollow,
    Deed::Framing,
    Deed::Drip,
    Deed::Headers,
    Deed::Interim,
    Deed::Encoding,
    Deed::Type,
    Deed::Body,
    Deed::Pages,
    Deed::Rates,
    Deed::Former,
    Deed::Bare,
    Deed::Redirect,
    Deed::Endless,
];

/// Which calls something is done to.
#[derive(Clone, Copy, Debug)]
enum Aim {
    Everything,
    /// Calls that change something or look something up.
    Posts,
    /// Calls about many records at once.
    Batches,
    /// Calls that read.
    Gets,
    /// Whatever comes after so many calls.
    After(u64),
    /// The first so many calls.
    First(u64),
}

/// What a seed is about.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    seed: u64,
    /// Of all calls that are aimed at.
    percent: u8,
    aim: Aim,
    deeds: Vec<Deed>,
    /// Whether a call is done to what was done to the one before: the same answer for ever.
    stuck: bool,
}

impl Plan {
    /// The plan of a seed. Few kinds of deeds at a time get further than all of them at once; a sync that `writes` is met at
    /// what it writes, as a rule: at its start it only fails.
    pub(super) fn new(seed: u64, writes: bool) -> Self {
        let mut dice = Rng::with_seed(seed);
        let percent = [15, 40, 70, 100][dice.usize(..4)];
        let aim = match dice.u8(..if writes { 16 } else { 4 }) {
            0 => Aim::Everything,
            1 => Aim::Gets,
            2 => Aim::First(dice.u64(1..20)),
            3 => Aim::Posts,
            4 | 5 => Aim::After(dice.u64(3..20)),
            _ => Aim::Batches,
        };
        let mut deeds = DEEDS.to_vec();
        dice.shuffle(&mut deeds);
        deeds.truncate([1, 1, 2, 3, 6][dice.usize(..5)]);
        Self { seed, percent, aim, deeds, stuck: dice.u8(..8) == 0 }
    }

    /// Whether limits are told as they are.
    pub(super) fn tells_limits(&self) -> bool {
        !self.deeds.iter().any(|deed| matches!(deed, Deed::Rates | Deed::Framing | Deed::Headers))
    }

    /// What is done to the `count`th call of its place, the `total`th of all; with the dice for it.
    pub(super) fn choose(&self, request: &Request, count: u64, total: u64) -> (Deed, Rng) {
        let dice_of = |what: &dyn Fn(&mut DefaultHasher)| {
            let mut hasher = DefaultHasher::new();
            (self.seed, &request.method, request.place()).hash(&mut hasher);
            what(&mut hasher);
            Rng::with_seed(hasher.finish())
        };
        let mut dice = dice_of(&|hasher| if self.stuck { 0 } else { count }.hash(hasher));
        let aimed = match self.aim {
            Aim::Everything => true,
            Aim::Posts => request.method != "GET",
            Aim::Batches => request.is_about_many(),
            Aim::Gets => request.method == "GET",
            Aim::After(calls) => total > calls,
            Aim::First(calls) => total <= calls,
        };
        // Pages have no end only where each of them has a next.
        let paged = self.deeds.contains(&Deed::Pages) && dice_of(&|_| {}).u8(..100) < self.percent;
        if aimed && paged && request.is_reading() {
            return (Deed::Pages, dice);
        }
        let struck = aimed && dice.u8(..100) < self.percent;
        (if struck { self.deeds[dice.usize(..self.deeds.len())] } else { Deed::Nothing }, dice)
    }
}

/// What a deed has to go by.
pub(super) struct Scene<'a> {
    pub(super) request: &'a Request,
    /// What must not come out again.
    pub(super) secrets: &'a [String],
    /// Bodies of earlier answers.
    pub(super) former: &'a [Vec<u8>],
    /// A host that could be redirected to.
    pub(super) port: &'a str,
}

impl Scene<'_> {
    /// Whether what an answer does not mention counts as done: the members of lists, archived records, events.
    fn silence_is_consent(&self) -> bool {
        let path = self.request.place();
        path.ends_with("/archive")
            || path.contains("/memberships")
            || path.contains("/events/")
            || path.contains("/associations/")
            || self.request.method == "DELETE"
    }
}

impl Deed {
    /// Whether the sandbox gets to see the call.
    pub(super) fn lets_it_happen(self) -> bool {
        !matches!(self, Self::GoneBefore | Self::Status | Self::Hollow | Self::Redirect | Self::Endless)
    }

    /// What goes back, and whether it says that something was done which was not, in a way that nobody could tell. `answer` is
    /// the sandbox's, where it was asked.
    pub(super) fn play(self, scene: &Scene<'_>, answer: Option<Answer>, dice: &mut Rng) -> (Reply, bool) {
        match answer {
            None => self.without_effect(scene, dice),
            Some(answer) => self.after_effect(scene, answer, dice),
        }
    }

    fn without_effect(self, scene: &Scene<'_>, dice: &mut Rng) -> (Reply, bool) {
        let reply = match self {
            Self::Status => Reply::whole(&bodies::refusal(scene, dice)),
            Self::Hollow if scene.silence_is_consent() => Reply::nothing(Ending::Over),
            Self::Hollow => Reply::whole(&bodies::hollow(scene, dice)),
            Self::Redirect => Reply::whole(&bodies::redirect(scene, dice)),
            Self::Endless => wire::endless(dice),
            _ => Reply::nothing(gone(dice)),
        };
        (reply, false)
    }

    fn after_effect(self, scene: &Scene<'_>, mut answer: Answer, dice: &mut Rng) -> (Reply, bool) {
        // What was refused must not be told as done where nobody could tell.
        let telling = answer.is_success() && !names_errors(&answer);
        let mut lied = false;
        let reply = match self {
            Self::GoneAfter => Reply::nothing(gone(dice)),
            Self::Framing => wire::misframed(&answer, dice),
            Self::Drip => {
                let time = Duration::from_millis(dice.u64(50..700));
                Reply::dripped(&answer, dice.usize(2..40), time)
            }
            Self::Headers => wire::with_odd_headers(&answer, scene, dice),
            Self::Interim => wire::after_interim_answers(&answer, dice),
            Self::Encoding => wire::oddly_encoded(answer, dice),
            Self::Type => {
                answer.set("content-type", bodies::odd_type(dice));
                Reply::whole(&answer)
            }
            Self::Body | Self::Pages => {
                lied = scene.silence_is_consent() || !telling;
                let whole = if self == Self::Body {
                    mutation::mutated(&answer.body, scene, dice)
                } else {
                    mutation::with_a_next_page(&answer.body, dice)
                };
                answer.body = whole;
                Reply::whole(&answer)
            }
            Self::Rates => {
                bodies::set_absurd_limits(&mut answer, dice);
                Reply::whole(&answer)
            }
            Self::Former if telling && !scene.former.is_empty() => {
                lied = scene.silence_is_consent();
                answer.body.clone_from(&scene.former[dice.usize(..scene.former.len())]);
                Reply::whole(&answer)
            }
            Self::Bare if telling => {
                let status = [200, 201, 202, 204, 205, 206][dice.usize(..6)];
                Reply::whole(&Answer { status, body: Vec::new(), ..answer })
            }
            _ => Reply::whole(&answer),
        };
        (reply, lied)
    }
}

fn gone(dice: &mut Rng) -> Ending {
    [Ending::Over, Ending::Reset, Ending::Reset, Ending::Silence][dice.usize(..4)]
}

fn names_errors(answer: &Answer) -> bool {
    memchr::memmem::find(&answer.body, b"\"errors\":[{").is_some() || answer.status == 207
}
