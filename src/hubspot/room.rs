//! Room for answers: all that are being read at the same time, together.
//!
//! HubSpot's answers are small as a rule. Whatever comes instead, the bytes held of bodies stay below [`MOST_SMALL`] for
//! each call under way (64 at most), four times [`MOST_LARGE`], and [`LONGEST`] once: under 100 MiB. An answer that has
//! outgrown what it has waits until another one has been read and dropped; none waits for one that waits for it.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes that every answer may have.
pub(super) const MOST_SMALL: usize = 256 * 1024;
/// Bytes that a few may have at the same time.
const MOST_LARGE: usize = 4 * 1024 * 1024;
/// Bytes that one may have: property definitions with thousands of options, or a batch of HubSpot's largest values.
const LONGEST: usize = 64 * 1024 * 1024;
/// Longest error that is read. One can name every input of a batch, and every option there is.
const LONGEST_ERROR: usize = MOST_LARGE;
/// How many may be large.
const LARGE: usize = 4;

/// The room there is; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Room {
    large: Arc<Semaphore>,
    longest: Arc<Semaphore>,
}

/// A place in the room, for as long as it is held.
#[derive(Debug, Default)]
pub(super) struct Place {
    large: Option<OwnedSemaphorePermit>,
    longest: Option<OwnedSemaphorePermit>,
}

/// An answer is longer than any that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Default for Room {
    fn default() -> Self {
        Self { large: Arc::new(Semaphore::new(LARGE)), longest: Arc::new(Semaphore::new(1)) }
    }
}

impl Room {
    /// Makes room for an answer of `status` that has grown to `length` bytes.
    ///
    /// # Errors
    /// [`TooLong`] for an answer that no room is made for.
    pub(super) async fn take(&self, place: &mut Place, status: u16, length: usize) -> Result<(), TooLong> {
        let is_error = !(200..300).contains(&status);
        if length > if is_error { LONGEST_ERROR } else { LONGEST } {
            return Err(TooLong);
        }
        if length > MOST_SMALL && place.large.is_none() {
            place.large = Arc::clone(&self.large).acquire_owned().await.ok();
        }
        if length > MOST_LARGE && place.longest.is_none() {
            place.longest = Arc::clone(&self.longest).acquire_owned().await.ok();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn large_answers_wait_for_each_other_and_small_ones_for_nobody() {
        let room = Room::default();
        let mut places: Vec<Place> = (0..LARGE + 1).map(|_| Place::default()).collect();
        for place in &mut places {
            room.take(place, 200, MOST_SMALL).await.unwrap();
        }
        let mut last = places.pop().unwrap();
        for place in &mut places {
            room.take(place, 200, MOST_LARGE).await.unwrap();
        }
        let waits = timeout(Duration::from_secs(1), room.take(&mut last, 200, MOST_SMALL + 1)).await;
        assert!(waits.is_err());
        room.take(&mut places[0], 200, LONGEST).await.unwrap();
        assert!(timeout(Duration::from_secs(1), room.take(&mut places[1], 200, LONGEST)).await.is_err());
        places.remove(0);
        room.take(&mut last, 200, MOST_SMALL + 1).await.unwrap();
        room.take(&mut places[0], 200, LONGEST).await.unwrap();
    }

    #[tokio::test]
    async fn no_room_is_made_for_what_is_absurd() {
        let room = Room::default();
        let place = &mut Place::default();
        assert_eq!(room.take(place, 200, LONGEST + 1).await, Err(TooLong));
        assert_eq!(room.take(place, 500, LONGEST_ERROR + 1).await, Err(TooLong));
        assert_eq!(room.take(place, 500, LONGEST_ERROR).await, Ok(()));
    }
}
