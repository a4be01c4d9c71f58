//! Standard input and output that are waited for, whether or not they block.
//!
//! Whoever starts the program may hand it the end of a pipe that another process has set to non-blocking; then a read
//! without input and a write without room fail with `EAGAIN` (POSIX, read and write). That is no error: `poll` tells when
//! it is over.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};

/// A stream that is waited for until it is ready.
#[derive(Debug)]
pub struct Ready<S>(pub S);

impl<S: AsFd> Ready<S> {
    /// Tries again once the stream is ready, for as long as it would block.
    fn until_ready<T>(
        &mut self,
        ready: PollFlags,
        mut attempt: impl FnMut(&mut S) -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            match attempt(&mut self.0) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(ready)?,
                done => return done,
            }
        }
    }

    /// Waits until the stream is ready, or nobody is at its other end: then the next attempt says so.
    fn wait(&self, ready: PollFlags) -> io::Result<()> {
        match poll(&mut [PollFd::new(&self.0, ready)], None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl<S: AsFd + Read> Read for Ready<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.until_ready(PollFlags::IN, |stream| stream.read(buffer))
    }
}

impl<S: AsFd + Write> Write for Ready<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.until_ready(PollFlags::OUT, |stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.until_ready(PollFlags::OUT, Write::flush)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn streams_that_do_not_block_are_waited_for() {
        let (here, there) = UnixStream::pair().unwrap();
        here.set_nonblocking(true).unwrap();
        there.set_nonblocking(true).unwrap();
        // Far more than a socket's buffers hold.
        let sent: Vec<u8> = (0..4_000_000_u32).map(|number| (number % 251) as u8).collect();
        let expected = sent.clone();
        let writer = std::thread::spawn(move || {
            let mut output = Ready(here);
            output.write_all(&sent)?;
            output.flush()
        });
        let mut received = Vec::new();
        Ready(there).read_to_end(&mut received).unwrap();
        writer.join().unwrap().unwrap();
        assert!(received == expected, "{} bytes came", received.len());
    }
}
