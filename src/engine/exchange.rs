//! What the shell and the engine say to each other.

use std::time::Duration;

use super::Moment;
use super::batch::SendId;
use super::ledger::{ReleasedState, StreamIndex};
use super::mirror::Spared;
use super::record::Body;
use super::rejection::Rejection;
use super::retry::Setback;
use crate::api::{
    ApiError, AssociationAnswer, AssociationsRead, BatchAnswer, MembersPage, MembershipAnswer, SearchAnswer,
};
use crate::bound::Bound;
use crate::error::Failure;

/// What a sync may use and how patient it is.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Bytes of records and states that may be held before input is left waiting.
    pub buffer_bytes: usize,
    /// Age at which a partial batch is sent although more input may come.
    pub flush_interval: Duration,
    /// Time without any complete answer before the sync gives up.
    pub retry_budget: Duration,
    /// Percent of the rate window this sync may use.
    pub rate_limit_share: u8,
    /// Percent of the daily quota that is left to others: the sync ends when less remains.
    pub daily_reserve_percent: u8,
    /// Seed of the jitter.
    pub seed: u64,
    /// When a rejected record counts as durable.
    pub durability: Durability,
    /// How many records of a stream may be rejected before the sync ends.
    pub rejection_limit: Option<Bound>,
    /// When the sync began, in milliseconds since 1970 by this machine's clock.
    pub began_at: i64,
}

/// When a rejected record counts as durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Once it is printed: stdout keeps the order, so it is out before any state that covers it.
    Printed,
    /// Once storage has it; the shell says so with [`Sync::rejections_stored`](super::sync::Sync::rejections_stored).
    Stored,
}

/// Something to print, in order.
#[derive(Debug)]
pub enum Effect {
    /// A record was rejected.
    Rejected(StreamIndex, Body, Rejection),
    /// A state may go out.
    State(ReleasedState),
    /// Something worth a line in the log.
    Note(Note),
    /// HubSpot's remark on records of a stream that it has stored, by its category: told once, counted always.
    Warned(StreamIndex, String),
    /// HubSpot refuses the batches of a stream, one after the other, because it does not know this property: its
    /// definition is to be read again.
    Missed(StreamIndex, String),
}

/// What happened around the records, told once per episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// Calls have begun to fail for a reason outside the records; the first wait is given.
    Waiting(Setback, Option<u16>, Duration),
    /// A call has gone through again after so many failed ones.
    Recovered(u32),
    /// Nobody is taken off the list that a stream mirrors.
    Spared(StreamIndex, Spared),
    /// So many records of a stream were rejected although HubSpot may have made them.
    MayExist(StreamIndex, usize),
}

/// What to do next.
#[derive(Debug)]
pub enum Next {
    /// Make the call for this send; [`Sync::call`](super::sync::Sync::call) has its inputs.
    Call(SendId),
    /// Nothing before this moment, or before something happens when there is none.
    Wait(Option<Moment>),
    /// The sync is over: everything that can settle has settled.
    Finished,
}

/// What came of one call.
#[derive(Debug)]
pub enum Outcome {
    /// A 2xx answer with a body that was read.
    Itemised(BatchAnswer, Option<String>),
    /// A 2xx answer to a change of a list's members, with HubSpot's number for the call.
    Members(MembershipAnswer, Option<String>),
    /// A 2xx answer to a call that associates pairs or dissociates them, with HubSpot's number for the call.
    Linked(AssociationAnswer, Option<String>),
    /// The labels that associations have, with HubSpot's number for the call.
    LabelsRead(AssociationsRead, Option<String>),
    /// A page of a list's members.
    MembersPage(MembersPage),
    /// A 2xx answer to a search, read.
    Searched(SearchAnswer),
    /// A 204.
    Confirmed,
    /// A complete answer that refuses the request because of what is in it.
    Refused(ApiError),
    /// Its address is an unknown path by now; there is another, where it is made again at once.
    Moved,
    /// A 413.
    TooLarge(ApiError),
    /// A reason outside the records.
    Setback(Setback, Option<ApiError>, Option<Duration>),
    /// The stream cannot go on; the others settle what they hold.
    StreamFailed(Failure),
    /// Nothing can go on.
    SyncFailed(Failure),
}

/// Counts beyond the ledger's, for the summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records HubSpot made anew; events that were sent.
    pub created: u64,
    /// Records HubSpot changed.
    pub updated: u64,
    /// Records that are in the recycling bin now, or were gone before.
    pub archived: u64,
    /// Records that are accepted as they came: nothing was to be done with them.
    pub skipped: u64,
    /// Records that were merged into an earlier one's call.
    pub merged: u64,
    /// Calls that were sent, repeated ones included.
    pub calls: u64,
    /// Inputs in those calls.
    pub inputs: u64,
    /// Calls that failed for a reason outside the records and are sent again after a wait.
    pub repeats: u64,
    /// Those waits, added up: calls wait side by side.
    pub waited: Duration,
    /// Calls that HubSpot turned away for a rate limit (429).
    pub turned_away: u64,
}
