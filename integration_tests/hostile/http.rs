//! Just enough of HTTP/1.1 to stand between the program and the sandbox: what is read is well-formed, what is written need
//! not be.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A request of the program.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// With its query.
    pub(super) path: String,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// An answer of the sandbox, or one that is made up.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// The next request of a connection; `None` where there is no other.
    pub(super) fn read(from: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        let Some((first, headers)) = head(from)? else { return Ok(None) };
        let mut words = first.split(' ').map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let body = body(from, &headers)?;
        Ok(Some(Self { method, path, headers, body }))
    }

    /// Where it goes, without the query.
    pub(super) fn place(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// Whether it asks for what may come in pages.
    pub(super) fn is_reading(&self) -> bool {
        self.method == "GET" || self.place().ends_with("/search") || self.place().ends_with("/read")
    }

    /// Whether it is about many records at once.
    pub(super) fn is_about_many(&self) -> bool {
        let place = self.place();
        place.contains("/batch") || place.contains("/memberships") || place.ends_with("/search")
    }

    fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The token it carries.
    pub(super) fn token(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// What the sandbox answers.
    pub(super) fn forward(&self, upstream: &mut BufReader<TcpStream>) -> io::Result<Answer> {
        let mut text = format!("{} {} HTTP/1.1\r\nhost: sandbox\r\n", self.method, self.path);
        for name in ["authorization", "content-type"] {
            if let Some(value) = self.header(name) {
                text += &format!("{name}: {value}\r\n");
            }
        }
        text += &format!("content-length: {}\r\n\r\n", self.body.len());
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.body);
        upstream.get_mut().write_all(&bytes)?;
        let (first, headers) = head(upstream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let body = body(upstream, &headers)?;
        Ok(Answer { status: status.ok_or(io::ErrorKind::InvalidData)?, headers, body })
    }
}

impl Answer {
    /// An answer of this kind.
    pub(super) fn new(status: u16, kind: &str, body: Vec<u8>) -> Self {
        Self { status, headers: vec![("content-type".to_owned(), kind.to_owned())], body }
    }

    /// Whether it says that what was asked for was done.
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Replaces a header, or adds it.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Everything before the body, without a word about the body's length.
    pub(super) fn head(&self) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} Whatever\r\n", self.status);
        for (name, value) in self.headers.iter().filter(|(name, _)| name != "content-length") {
            text += &format!("{name}: {value}\r\n");
        }
        text.into_bytes()
    }

    /// The whole answer, well-formed.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        if self.status != 204 && self.status != 304 {
            bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", self.body.len()).as_bytes());
            bytes.extend_from_slice(&self.body);
        } else {
            bytes.extend_from_slice(b"\r\n");
        }
        bytes
    }
}

type Headers = Vec<(String, String)>;

/// The first line and the headers, their names in lower case; `None` at the end of the connection.
fn head(from: &mut BufReader<TcpStream>) -> io::Result<Option<(String, Headers)>> {
    let mut first = String::new();
    if from.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(Some((first.trim_end().to_owned(), headers)))
}

fn header<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn body(from: &mut BufReader<TcpStream>, headers: &Headers) -> io::Result<Vec<u8>> {
    let length = header(headers, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok(body)
}
