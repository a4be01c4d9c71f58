//! The engine: every decision of a sync, without IO, clock or chance of its own.
//!
//! It is told what happened and at which moment (a record came, a call was answered, the input ended), and
//! says what to do (send this, print that, wait until then). The shell in `pipeline` does it. Hence every
//! rule here is tested without a network, and a run can be repeated from its seed.
//!
//! | question | module |
//! |---|---|
//! | Has everything before this state settled? | [`ledger`] |
//! | Which records go into which batch, in which order per key? | [`lane`], [`batch`], [`grouping`] |
//! | Which calls does an operation take? | [`operation`], [`request`], [`membership`], [`association`], [`inline`], [`occurrence`] |
//! | What became of each record of an answered call? | [`resolve`] |
//! | What has this sync made already, and archived? | [`made`], [`gone`] |
//! | What does a status mean, how long to wait? | [`retry`] |
//! | May a call go now? | [`pace`] |
//! | Is the part of the daily quota reached that is left to others? | [`reserve`] |
//! | Who leaves a list that is mirrored? | [`mirror`] |
//! | Are there too many rejections to go on? | [`tolerance`] |
//! | What next? | [`sync`] |

pub mod association;
pub mod batch;
pub mod demanded;
pub mod exchange;
pub mod gone;
pub mod grouping;
pub mod inline;
pub mod lane;
pub mod ledger;
pub mod made;
pub mod membership;
pub mod mirror;
#[cfg(test)]
mod model_test;
pub mod occurrence;
pub mod operation;
pub mod pace;
pub mod record;
pub mod rejection;
pub mod request;
pub mod reserve;
pub mod resolve;
pub mod retry;
pub mod sync;
pub mod tolerance;

/// Time since the sync began. The engine never asks for it; it is told.
pub type Moment = std::time::Duration;
