//! The floor: what any client has to pay that reads the messages, scans each line once, and sends and receives the same
//! bytes.
//!
//! It understands nothing. Of every line that holds data it takes the bytes of the data as they are, a hundred to a
//! body, and writes them to one connection after the other, from which it first reads the answer of the time before. It
//! checks no value, keeps no order, looks at no answer, echoes no state.

use std::io::{Error, ErrorKind, IoSlice, Read, Result, Write};
use std::net::TcpStream;

use memchr::{memchr, memmem};

use super::http::Messages;

/// Inputs of a batch.
const BATCH: u64 = 100;
/// How much is read at once, as much as a pipe gives.
const READ_BYTES: usize = 256 * 1024;
/// What stands before and behind the data in a line.
const BEFORE: &[u8] = br#""data":{"email":"#;
const BEHIND: &[u8] = br#","emitted_at":"#;

/// A client that does no more than it has to.
#[derive(Debug)]
pub(crate) struct Floor {
    connections: Vec<Connection>,
    turn: usize,
    head: String,
    body: Vec<u8>,
    inputs: u64,
    batches: u64,
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    answers: Messages<TcpStream>,
    is_waiting: bool,
}

impl Floor {
    /// A client of the sink at `url` with so many connections, so that as many calls are under way at most.
    ///
    /// # Errors
    /// When it cannot connect.
    pub(crate) fn connect(url: &str, connections: usize) -> Result<Self> {
        let address = url.trim_start_matches("http://");
        let connect = || {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            Ok(Connection { answers: Messages::new(stream.try_clone()?), stream, is_waiting: false })
        };
        Ok(Self {
            connections: (0..connections).map(|_| connect()).collect::<Result<_>>()?,
            turn: 0,
            head: format!(
                "POST /crm/v3/objects/contacts/batch/upsert HTTP/1.1\r\nhost: {address}\r\naccept: */*\r\n\
                 authorization: Bearer pat-na1-00000000-0000-0000-0000-000000000000\r\n\
                 content-type: application/json\r\ncontent-length: "
            ),
            body: Vec::new(),
            inputs: 0,
            batches: 0,
        })
    }

    /// Sends what `input` holds, to its end.
    ///
    /// # Errors
    /// When the input cannot be read, or the sink is gone.
    pub(crate) fn run(mut self, mut input: impl Read) -> Result<()> {
        let mut buffer = vec![0; READ_BYTES];
        let mut filled = 0;
        loop {
            let length = match input.read(&mut buffer[filled..]) {
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if length == 0 {
                break;
            }
            filled += length;
            let mut done = 0;
            while let Some(at) = memchr(b'\n', &buffer[done..filled]) {
                self.line(&buffer[done..done + at])?;
                done += at + 1;
            }
            buffer.copy_within(done..filled, 0);
            filled -= done;
            if filled == buffer.len() {
                buffer.resize(2 * filled, 0);
            }
        }
        self.send()?;
        self.connections.iter_mut().try_for_each(Connection::receive)
    }

    fn line(&mut self, line: &[u8]) -> Result<()> {
        let Some((key, properties)) = parts(line) else { return Ok(()) };
        self.body.extend_from_slice(if self.inputs == 0 { br#"{"inputs":[{"id":"# } else { br#",{"id":"# });
        self.body.extend_from_slice(key);
        write!(
            self.body,
            r#","idProperty":"email","objectWriteTraceId":"{}-{}","properties":{{"#,
            self.batches, self.inputs
        )?;
        self.body.extend_from_slice(properties);
        self.body.push(b'}');
        self.inputs += 1;
        if self.inputs == BATCH { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> Result<()> {
        if self.inputs == 0 {
            return Ok(());
        }
        self.body.extend_from_slice(b"]}");
        let head = format!("{}{}\r\n\r\n", self.head, self.body.len());
        let connection = &mut self.connections[self.turn];
        connection.receive()?;
        write_both(&mut connection.stream, head.as_bytes(), &self.body)?;
        connection.is_waiting = true;
        self.turn = (self.turn + 1) % self.connections.len();
        self.body.clear();
        self.inputs = 0;
        self.batches += 1;
        Ok(())
    }
}

impl Connection {
    /// Reads the answer to the call that is under way, if there is one.
    fn receive(&mut self) -> Result<()> {
        if std::mem::take(&mut self.is_waiting) {
            let answer = self.answers.next()?.ok_or(ErrorKind::UnexpectedEof)?;
            if !answer.head.starts_with(b"HTTP/1.1 200 ") {
                return Err(Error::other("the sink refused a call"));
            }
        }
        Ok(())
    }
}

/// The key, as the text it is in JSON, and the other properties with the brace that ends them.
fn parts(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let data = &line[memmem::find(line, BEFORE)? + BEFORE.len()..];
    let key = &data[..memchr(b',', data)?];
    let properties = &data[key.len() + 1..];
    Some((key, &properties[..memmem::rfind(properties, BEHIND)?]))
}

fn write_both(stream: &mut TcpStream, head: &[u8], body: &[u8]) -> Result<()> {
    let written = stream.write_vectored(&[IoSlice::new(head), IoSlice::new(body)])?;
    match written.checked_sub(head.len()) {
        Some(of_body) => stream.write_all(&body[of_body..]),
        None => {
            stream.write_all(&head[written..])?;
            stream.write_all(body)
        }
    }
}
