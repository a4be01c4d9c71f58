//! The words of the model: calls, what HubSpot says to them, and what follows.

use std::time::Duration;

use super::super::Moment;
use super::super::batch::{Input, Send, SendId, Turn};
use super::super::operation::{MatchedBy, Operation, Step};
use super::super::record::Record;
use super::oracle::{Id, Oracle};

/// One input of a call: records sent merged, and those that follow one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CallInput {
    pub parts: Vec<Id>,
    pub then: Vec<Id>,
    /// What names it in the call: HubSpot's id where that was looked up, else its key.
    pub target: Option<String>,
    /// Which of its writes it is.
    pub turn: Turn,
}

impl CallInput {
    fn of(input: &Input) -> Self {
        Self {
            parts: input.parts().map(id_of).collect(),
            then: input.then.iter().map(id_of).collect(),
            target: input.target().map(str::to_owned),
            turn: input.turn,
        }
    }

    /// The oldest record.
    pub(super) fn head(&self) -> Id {
        self.parts[0]
    }

    /// What is to be done with them.
    pub(super) fn operation(&self, oracle: &Oracle) -> Operation {
        oracle.record(self.head()).operation
    }

    /// All records that hang on it.
    pub(super) fn records(&self) -> impl Iterator<Item = Id> {
        self.parts.iter().chain(&self.then).copied()
    }

    /// Whether there is anything to write.
    pub(super) fn has_properties(&self, oracle: &Oracle) -> bool {
        self.parts.iter().any(|id| oracle.record(*id).has_properties)
    }
}

/// The number of a record, which its data spells.
fn id_of(record: &Record) -> Id {
    record.body.data().parse().expect("data is the record's number")
}

/// A call under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub id: SendId,
    pub stream: usize,
    pub step: Step,
    pub inputs: Vec<CallInput>,
}

impl Call {
    pub(super) fn of(send: &Send) -> Self {
        Self {
            id: send.id,
            stream: send.stream.0 as usize,
            step: send.step,
            inputs: send.inputs.iter().map(CallInput::of).collect(),
        }
    }

    /// The records it decides about.
    pub(super) fn parts(&self) -> impl Iterator<Item = Id> {
        self.inputs.iter().flat_map(|input| input.parts.iter().copied())
    }

    /// All records that hang on it.
    pub(super) fn records(&self) -> impl Iterator<Item = Id> {
        self.inputs.iter().flat_map(CallInput::records)
    }

    /// The oldest record of each input.
    pub(super) fn heads(&self) -> Vec<Id> {
        self.inputs.iter().map(CallInput::head).collect()
    }
}

/// What HubSpot said of one input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Stored, and whether anew; of a look-up: found.
    Stored(Option<bool>),
    Refused,
    /// There is no such record.
    Missing,
    Nothing,
    /// Not now, for a reason outside the record.
    PutOff {
        server: bool,
    },
}

/// What HubSpot said of a call.
#[derive(Clone, Debug)]
pub(super) enum Said {
    Each(Vec<Word>),
    WholeRefused,
    TooLarge,
    /// `wait` where HubSpot gave it.
    SetBack {
        server: bool,
        wait: Option<Duration>,
    },
    StreamGone,
    SyncGone,
}

/// Why a record is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Hubspot,
    NotFound,
    NotConfirmed,
    ServerError,
    Connector,
}

/// What is to be told about the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    Waiting,
    Recovered(u32),
}

/// Why the calls end the sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Silence,
    Patience,
}

/// What follows from an answer.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub accepted: Vec<Id>,
    pub rejected: Vec<(Id, Why)>,
    /// A record sent alone that met server errors often enough: whether it is at fault is for the engine to say.
    pub perhaps_rejected: Option<Id>,
    pub notices: Vec<Notice>,
    pub end: Option<End>,
}

/// When and where an answer comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    pub now: Moment,
    pub budget: Duration,
    /// Whether the stream was given up meanwhile.
    pub given_up: bool,
    /// Whether the engine has lost its patience with this answer.
    pub lost_patience: bool,
    pub oracle: &'a Oracle,
}

/// The call that an input needs, by what is known of it.
pub(super) fn step_for(
    operation: Operation,
    has_properties: bool,
    found: bool,
    left_out_twice: bool,
) -> Step {
    let by_id_in_the_end = matches!(operation, Operation::Update(MatchedBy::RecordId | MatchedBy::Email));
    match operation {
        Operation::Event => Step::SendEvents,
        Operation::Insert => Step::Create,
        Operation::UpsertFound(_) if found => Step::Write,
        Operation::UpsertFound(_) => Step::Search,
        Operation::Upsert | Operation::Archive(MatchedBy::RecordId) => Step::Write,
        Operation::Association(..) => Step::Link,
        Operation::Membership(MatchedBy::RecordId) => Step::Members,
        Operation::Membership(_) if found => Step::Members,
        Operation::Membership(_) => Step::Lookup,
        Operation::Archive(_) if found => Step::Write,
        Operation::Archive(_) => Step::Lookup,
        Operation::Update(_) if !has_properties => Step::Lookup,
        Operation::Update(MatchedBy::Email) if !found => Step::Lookup,
        Operation::Update(_) if left_out_twice && by_id_in_the_end => Step::Single,
        Operation::Update(_) => Step::Write,
    }
}
