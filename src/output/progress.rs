//! A line on stderr that shows a person how far a sync is: only where stderr is a terminal.
//!
//! A thread of its own writes, and what it cannot write in time is left out: a terminal that stands still must not
//! hold up a sync. The cursor is left at the beginning of the line, so that whatever else comes to the same terminal
//! writes over it.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Between two pictures of the line.
const INTERVAL: Duration = Duration::from_millis(250);
/// What a terminal that stands still gets to take the last one.
const LAST_WORD: Duration = Duration::from_millis(200);

/// Shows how far a sync is.
#[derive(Debug)]
pub struct Progress {
    shared: Arc<Shared>,
    due: Instant,
}

#[derive(Debug, Default)]
struct Shared {
    slot: Mutex<Slot>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Slot {
    /// What is to be written next; a newer frame takes an older one's place.
    frame: Option<String>,
    finishing: bool,
    ended: bool,
}

impl Shared {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, frame: String, finishing: bool) {
        let mut slot = self.slot();
        slot.frame = Some(frame);
        slot.finishing = finishing;
        self.changed.notify_all();
    }
}

impl Progress {
    /// On stderr, if that is a terminal that can write over a line.
    #[must_use]
    pub fn on_stderr() -> Option<Self> {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        (std::io::stderr().is_terminal() && !is_dumb).then(|| Self::start(std::io::stderr()))
    }

    fn start(sink: impl Write + Send + 'static) -> Self {
        let shared = Arc::<Shared>::default();
        let written = Arc::clone(&shared);
        std::thread::spawn(move || write_frames(&written, sink));
        Self { shared, due: Instant::now() }
    }

    /// When the line may be written next.
    #[must_use]
    pub fn due(&self) -> Instant {
        self.due
    }

    /// Writes the line anew, if that is due: at most four times a second.
    pub fn show(&mut self, now: Instant, text: impl FnOnce() -> String) {
        if now >= self.due {
            self.due = now + INTERVAL;
            self.shared.put(frame(&text()), false);
        }
    }

    /// Writes the line a last time and leaves it there.
    pub fn finish(self, text: &str) {
        self.shared.put(format!("{}\n", frame(text)), true);
        let not_ended = |slot: &mut Slot| !slot.ended;
        // Whether it was written or the terminal stands still, there is nothing left to do.
        let _either_way = self.shared.changed.wait_timeout_while(self.shared.slot(), LAST_WORD, not_ended);
    }
}

fn write_frames(shared: &Shared, mut sink: impl Write) {
    loop {
        let (frame, is_last) = {
            let slot = shared.slot();
            let mut slot = shared
                .changed
                .wait_while(slot, |slot| slot.frame.is_none())
                .unwrap_or_else(PoisonError::into_inner);
            (slot.frame.take().unwrap_or_default(), slot.finishing)
        };
        let written = sink.write_all(frame.as_bytes()).and_then(|()| sink.flush());
        // A terminal that has gone is no reason to end a sync.
        if is_last || written.is_err() {
            shared.slot().ended = true;
            shared.changed.notify_all();
            return;
        }
    }
}

/// The text in place of the line: line wrap is off meanwhile, so that it is one line on a narrow terminal too.
/// Source of the sequences: ECMA-48 (EL) and DEC's DECAWM, which terminals have in common.
fn frame(text: &str) -> String {
    format!("\r\u{1b}[?7l{text}\u{1b}[K\u{1b}[?7h\r")
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex, mpsc};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_line_is_made_four_times_a_second_at_most_and_stays_at_the_end() {
        let kept = Kept::default();
        let mut progress = Progress::start(kept.clone());
        let mut made = 0;
        let begin = Instant::now();
        for millisecond in 0..2_000 {
            progress.show(begin + Duration::from_millis(millisecond), || {
                made += 1;
                "still".to_owned()
            });
        }
        assert_eq!(made, 8);
        progress.finish("over");
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert!(text.matches("still").count() <= 8, "{text:?}");
        assert!(text.ends_with("over\u{1b}[K\u{1b}[?7h\r\n"), "{text:?}");
    }

    /// Takes one write and then nothing, until it is dropped.
    struct Stalled(mpsc::Receiver<()>);

    impl Write for Stalled {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            let _until_dropped = self.0.recv();
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_terminal_that_stands_still_holds_nothing_up() {
        let (_held, stalled) = mpsc::channel();
        let mut progress = Progress::start(Stalled(stalled));
        for _ in 0..10 {
            progress.show(progress.due(), String::new);
        }
        progress.finish("never seen");
    }
}
