//! Calls beside the records' own: properties, lists, definitions, account. They count against the same limits as those of
//! the engine, so they go through the same pace.
//!
//! Before the engine is there (what a command reads at its start) they are noted, for the engine to know of. After that
//! each asks before it goes, and tells how it was received.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::api::RateHeaders;
use crate::engine::batch::SendId;
use crate::engine::ledger::StreamIndex;
use crate::engine::pace::Reception;

/// Where calls ask, or are noted; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Toll {
    state: Arc<Mutex<State>>,
    /// The stream whose record needs the calls, where one does.
    stream: Option<StreamIndex>,
}

/// Calls that were made before the engine was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// How many.
    pub calls: u64,
    /// What the last answer said of the rate window that said anything.
    pub rate: Option<RateHeaders>,
}

#[derive(Debug)]
enum State {
    Noting(Noted),
    Asking(mpsc::UnboundedSender<Ask>),
}

impl Default for State {
    fn default() -> Self {
        Self::Noting(Noted::default())
    }
}

/// What is asked of the engine.
#[derive(Debug)]
pub enum Ask {
    /// A call wants to go; the answer is its number.
    MayGo(Option<StreamIndex>, oneshot::Sender<SendId>),
    /// It is over.
    Over(SendId, Reception, Option<RateHeaders>),
}

/// The engine takes no more calls: the sync ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// A call that may go.
#[derive(Debug)]
pub struct Admitted<'a>(&'a Toll, Option<SendId>);

impl Toll {
    /// The same, of calls that a record of this stream needs.
    #[must_use]
    pub fn of_stream(&self, stream: StreamIndex) -> Self {
        Self { stream: Some(stream), ..self.clone() }
    }

    /// From here on calls ask; hands over where they do, and those that were made before.
    #[must_use]
    pub fn open(&self) -> (mpsc::UnboundedReceiver<Ask>, Noted) {
        let (sender, asks) = mpsc::unbounded_channel();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = match std::mem::replace(&mut *state, State::Asking(sender)) {
            State::Noting(noted) => noted,
            State::Asking(_) => Noted::default(),
        };
        (asks, noted)
    }

    /// Waits until a call may go.
    ///
    /// # Errors
    /// [`Closed`] when the sync ends first.
    pub async fn admit(&self) -> Result<Admitted<'_>, Closed> {
        let asks = match &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Noting(noted) => {
                noted.calls += 1;
                None
            }
            State::Asking(asks) => Some(asks.clone()),
        };
        let Some(asks) = asks else { return Ok(Admitted(self, None)) };
        let (granted, number) = oneshot::channel();
        asks.send(Ask::MayGo(self.stream, granted)).map_err(|_| Closed)?;
        let number = number.await.map_err(|_| Closed)?;
        Ok(Admitted(self, Some(number)))
    }
}

impl Admitted<'_> {
    /// Tells how the call was received.
    pub fn over(self, reception: Reception, headers: Option<RateHeaders>) {
        match &mut *self.0.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Noting(noted) => noted.rate = headers.filter(|rate| !rate.is_empty()).or(noted.rate),
            State::Asking(asks) => {
                // A call that began before the engine was there has no number, and was noted.
                if let Some(number) = self.1 {
                    let _the_sync_is_over = asks.send(Ask::Over(number, reception, headers));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(max: u64) -> Option<RateHeaders> {
        Some(RateHeaders { max: Some(max), ..RateHeaders::default() })
    }

    #[tokio::test]
    async fn calls_are_noted_first_and_ask_then() {
        let toll = Toll::default();
        for headers in [window(190), Some(RateHeaders::default()), None] {
            toll.admit().await.unwrap().over(Reception::TakenUp, headers);
        }
        let early = toll.admit().await.unwrap();
        let (mut asks, noted) = toll.open();
        assert_eq!(noted, Noted { calls: 4, rate: window(190) });
        early.over(Reception::TakenUp, None);
        let asking = toll.of_stream(StreamIndex(3));
        let asking = tokio::spawn(async move {
            let call = asking.admit().await.unwrap();
            call.over(Reception::Unknown, window(5));
        });
        let Some(Ask::MayGo(stream, granted)) = asks.recv().await else { panic!("a call asks") };
        assert_eq!(stream, Some(StreamIndex(3)));
        granted.send(SendId(7)).unwrap();
        let Some(Ask::Over(SendId(7), Reception::Unknown, headers)) = asks.recv().await else {
            panic!("a call tells")
        };
        assert_eq!(headers, window(5));
        asking.await.unwrap();
    }

    #[tokio::test]
    async fn no_call_goes_once_the_sync_ends() {
        let toll = Toll::default();
        let (mut asks, _) = toll.open();
        let asking = toll.clone();
        let asking = tokio::spawn(async move { asking.admit().await.map(|_| ()) });
        drop(asks.recv().await);
        assert_eq!(asking.await.unwrap(), Err(Closed));
        drop(asks);
        assert_eq!(toll.admit().await.map(|_| ()), Err(Closed));
    }
}
