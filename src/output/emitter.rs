//! The only way to stdout: whole lines, in the order they were emitted.
//!
//! Emitting never blocks. A thread of its own writes, so that a reader of stdout that stalls cannot stall
//! calls that are under way; who produces lines watches [`Emitter::backlog`] instead.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::Notify;

use crate::secrets::Secrets;

/// A handle to stdout; clones share one queue.
#[derive(Clone, Debug)]
pub struct Emitter {
    shared: Arc<Shared>,
    secrets: Secrets,
}

/// Stdout was closed by its reader; nothing can be printed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// The thread behind an [`Emitter`]; ends it when told to.
#[derive(Debug)]
pub struct Writer {
    emitter: Emitter,
    thread: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    /// Told whenever the queue has become shorter, or stdout has gone.
    drained: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    lines: Vec<u8>,
    writing: usize,
    finishing: bool,
    closed: bool,
    /// The thread writes no more.
    ended: bool,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // A panic elsewhere must not keep the last lines from stdout.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Emitter {
    /// Starts the thread that writes to `sink`.
    pub fn start(sink: impl Write + Send + 'static) -> (Self, Writer) {
        let emitter = Self { shared: Arc::default(), secrets: Secrets::default() };
        let shared = Arc::clone(&emitter.shared);
        let thread = std::thread::spawn(move || write_all(&shared, sink));
        (emitter.clone(), Writer { emitter, thread })
    }

    /// The secrets that are masked in what is printed.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Queues a line with its secrets masked; its line end is added here. After stdout has gone the line is dropped.
    pub fn line(&self, line: &str) {
        match self.secrets.masked(line) {
            Some(masked) => self.line_as_it_is(&masked),
            None => self.line_as_it_is(line),
        }
    }

    /// Queues a line as it is: the one that hands a secret on.
    pub fn line_as_it_is(&self, line: &str) {
        self.lines(|buffer| {
            buffer.extend_from_slice(line.as_bytes());
            buffer.push(b'\n');
        });
    }

    /// Queues lines that `fill` appends as they are, each ended with `\n`, without a copy in between.
    pub fn lines(&self, fill: impl FnOnce(&mut Vec<u8>)) {
        let mut queue = self.shared.queue();
        if !queue.closed {
            fill(&mut queue.lines);
            self.shared.changed.notify_one();
        }
    }

    /// Bytes that are queued and not written yet.
    #[must_use]
    pub fn backlog(&self) -> usize {
        let queue = self.shared.queue();
        queue.lines.len() + queue.writing
    }

    /// Whether stdout has been closed by its reader.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.queue().closed
    }

    /// Completes when something was written, or when stdout has gone.
    pub async fn progress(&self) {
        self.shared.drained.notified().await;
    }
}

impl Writer {
    /// Writes what is queued and ends the thread.
    ///
    /// # Errors
    /// [`Closed`] when stdout was closed before everything was written.
    pub fn finish(self) -> Result<(), Closed> {
        self.emitter.shared.queue().finishing = true;
        self.emitter.shared.changed.notify_one();
        let ended = self.thread.join();
        if ended.is_err() || self.emitter.is_closed() { Err(Closed) } else { Ok(()) }
    }

    /// Writes what is queued, as far as the reader of stdout takes it within `patience`.
    pub fn finish_within(self, patience: Duration) {
        let shared = &self.emitter.shared;
        let mut queue = shared.queue();
        queue.finishing = true;
        shared.changed.notify_all();
        // Whether the time was up or not, there is nothing left to do.
        let _either_way = shared.changed.wait_timeout_while(queue, patience, |queue| !queue.ended);
    }
}

fn write_all(shared: &Shared, mut sink: impl Write) {
    let mut batch = Vec::new();
    loop {
        {
            let mut queue = shared.queue();
            queue.writing = 0;
            shared.drained.notify_one();
            while queue.lines.is_empty() && !queue.finishing {
                queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
            if queue.lines.is_empty() {
                queue.ended = true;
                shared.changed.notify_all();
                return;
            }
            batch.clear();
            std::mem::swap(&mut queue.lines, &mut batch);
            queue.writing = batch.len();
        }
        if sink.write_all(&batch).and_then(|()| sink.flush()).is_err() {
            let mut queue = shared.queue();
            *queue = Queue { closed: true, ended: true, ..Queue::default() };
            shared.drained.notify_one();
            shared.changed.notify_all();
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc;

    use super::*;

    struct ToChannel(mpsc::Sender<Vec<u8>>);

    impl Write for ToChannel {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_come_out_whole_and_in_order() {
        let (sender, receiver) = mpsc::channel();
        let (emitter, writer) = Emitter::start(ToChannel(sender));
        for number in 0..1000 {
            emitter.line(&number.to_string());
        }
        writer.finish().unwrap();
        let written: Vec<u8> = receiver.iter().flatten().collect();
        let expected: String = (0..1000).map(|number| format!("{number}\n")).collect();
        assert_eq!(String::from_utf8(written).unwrap(), expected);
        assert_eq!(emitter.backlog(), 0);
    }

    /// Never takes anything, until it is dropped.
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

    #[test]
    fn patience_with_a_reader_that_stalls_is_bounded() {
        let (_held, stalled) = mpsc::channel();
        let (emitter, writer) = Emitter::start(Stalled(stalled));
        emitter.line("never taken");
        writer.finish_within(Duration::from_millis(10));
        assert!(emitter.backlog() > 0 && !emitter.is_closed());

        let (sender, receiver) = mpsc::channel();
        let (emitter, writer) = Emitter::start(ToChannel(sender));
        emitter.line("taken");
        writer.finish_within(Duration::from_secs(60));
        assert_eq!(receiver.try_iter().flatten().collect::<Vec<u8>>(), b"taken\n");
    }

    #[test]
    fn a_closed_stdout_is_noticed() {
        let (sender, receiver) = mpsc::channel();
        drop(receiver);
        let (emitter, writer) = Emitter::start(ToChannel(sender));
        emitter.line("lost");
        assert_eq!(writer.finish(), Err(Closed));
        emitter.line("dropped");
        assert_eq!(emitter.backlog(), 0);
    }
}
