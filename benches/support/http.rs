//! HTTP/1.1 messages on a connection that stays open, read with as little work as can be.
//!
//! Both ends of a measurement are made of this: the sink that a program writes to, and the floor that writes to it.
//! Bodies have a length; nothing measured here sends chunks.

use std::io::{Error, ErrorKind, Read, Result};

use memchr::memmem;

/// Room that is made at once when more of a message is expected.
const ROOM: usize = 64 * 1024;
/// A head longer than this is none.
const LONGEST_HEAD: usize = 64 * 1024;

/// Reads one message after the other.
#[derive(Debug)]
pub(crate) struct Messages<R> {
    input: R,
    /// Bytes read; those from `filled` on are room.
    buffer: Vec<u8>,
    filled: usize,
    /// Length of the message that was returned last, which goes when the next one is asked for.
    taken: usize,
}

/// A request or an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    /// Everything before the body, the empty line included.
    pub(crate) head: &'a [u8],
    /// The body, empty where no length is announced.
    pub(crate) body: &'a [u8],
}

impl<R: Read> Messages<R> {
    /// The messages of `input`.
    pub(crate) fn new(input: R) -> Self {
        Self { input, buffer: vec![0; ROOM], filled: 0, taken: 0 }
    }

    /// The next message; `None` where the other end is done.
    ///
    /// # Errors
    /// When the connection breaks, or brings what is no message with a length.
    pub(crate) fn next(&mut self) -> Result<Option<Message<'_>>> {
        self.buffer.copy_within(self.taken..self.filled, 0);
        self.filled -= self.taken;
        self.taken = 0;
        let mut searched = 0;
        let head = loop {
            if let Some(at) = memmem::find(&self.buffer[searched..self.filled], b"\r\n\r\n") {
                break searched + at + 4;
            }
            if self.filled > LONGEST_HEAD {
                return Err(ErrorKind::InvalidData.into());
            }
            searched = self.filled.saturating_sub(3);
            if self.more()? == 0 {
                return if self.filled == 0 { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
            }
        };
        let length = head + body_length(&self.buffer[..head])?;
        if self.buffer.len() < length {
            self.buffer.resize(length + ROOM, 0);
        }
        while self.filled < length {
            if self.more()? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        self.taken = length;
        Ok(Some(Message { head: &self.buffer[..head], body: &self.buffer[head..length] }))
    }

    fn more(&mut self) -> Result<usize> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.filled + ROOM, 0);
        }
        loop {
            match self.input.read(&mut self.buffer[self.filled..]) {
                Ok(length) => {
                    self.filled += length;
                    return Ok(length);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The length that a head announces for the body.
fn body_length(head: &[u8]) -> Result<usize> {
    for line in head.split(|byte| *byte == b'\n') {
        let Some(colon) = memchr::memchr(b':', line) else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            return Err(Error::new(ErrorKind::Unsupported, "a body in chunks"));
        }
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok());
            return length.ok_or_else(|| ErrorKind::InvalidData.into());
        }
    }
    Ok(0)
}
