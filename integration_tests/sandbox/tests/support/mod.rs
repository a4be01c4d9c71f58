//! A client of the fewest parts, so that the tests see exactly what is on the connection.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use hubspot_sandbox::Sandbox;
use serde_json::{Value, json};

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(crate) fn number(&self, name: &str) -> u64 {
        self.header(name).unwrap().parse().unwrap()
    }
}

/// A client with one kept-alive connection.
pub(crate) struct Client {
    address: String,
    pub(crate) token: Option<String>,
    pub(crate) more_headers: Vec<(&'static str, &'static str)>,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    pub(crate) fn new(sandbox: &Sandbox) -> Self {
        Self::with_token(sandbox, sandbox.default_token())
    }

    pub(crate) fn with_token(sandbox: &Sandbox, token: &str) -> Self {
        Self::at(&sandbox.url(), token)
    }

    /// A client of whatever listens at a URL.
    pub(crate) fn at(url: &str, token: &str) -> Self {
        let address = url.trim_start_matches("http://").to_owned();
        Self { address, token: Some(token.to_owned()), more_headers: Vec::new(), connection: None }
    }

    pub(crate) fn get(&mut self, path: &str) -> Reply {
        self.send("GET", path, None, b"").unwrap()
    }

    pub(crate) fn call(&mut self, method: &str, path: &str, body: &Value) -> Reply {
        self.try_call(method, path, body).unwrap()
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.call("POST", path, body)
    }

    pub(crate) fn try_call(&mut self, method: &str, path: &str, body: &Value) -> io::Result<Reply> {
        self.send(method, path, Some("application/json"), body.to_string().as_bytes())
    }

    pub(crate) fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.send("POST", path, Some("application/x-www-form-urlencoded"), pairs.join("&").as_bytes())
            .unwrap()
    }

    /// Sends a request on a connection of its own and gives it up without reading.
    pub(crate) fn send_only(&self, path: &str, body: &Value) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request = self.request("POST", path, Some("application/json"), body.to_string().as_bytes());
        stream.write_all(&request).unwrap();
        stream
    }

    fn request(&self, method: &str, path: &str, content_type: Option<&str>, body: &[u8]) -> Vec<u8> {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n",
            self.address,
            body.len()
        );
        if let Some(kind) = content_type {
            head += &format!("content-type: {kind}\r\n");
        }
        if let Some(token) = &self.token {
            head += &format!("authorization: Bearer {token}\r\n");
        }
        for (name, value) in &self.more_headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        [head.as_bytes(), body].concat()
    }

    /// Sends a request and reads its answer; a broken connection or a body cut short is an error.
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        content_type: Option<&str>,
        body: &[u8],
    ) -> io::Result<Reply> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let stream = TcpStream::connect(&self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(Duration::from_secs(20)))?;
                BufReader::new(stream)
            }
        };
        connection.get_mut().write_all(&self.request(method, path, content_type, body))?;
        let reply = read(&mut connection)?;
        if reply.header("connection") != Some("close") {
            self.connection = Some(connection);
        }
        Ok(reply)
    }
}

fn read(connection: &mut BufReader<TcpStream>) -> io::Result<Reply> {
    let mut line = String::new();
    let mut next = |connection: &mut BufReader<TcpStream>| {
        line.clear();
        match connection.read_line(&mut line)? {
            0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            _ => Ok(line.trim_end().to_owned()),
        }
    };
    let status = next(connection)?;
    let status = status.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let mut headers = BTreeMap::new();
    loop {
        let header = next(connection)?;
        let Some((name, value)) = header.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    Ok(Reply { status, headers, body })
}

/// One input of an upsert by e-mail, with its trace id.
pub(crate) fn by_email(trace: usize, email: &str, properties: Value) -> Value {
    let trace = trace.to_string();
    json!({ "id": email, "idProperty": "email", "objectWriteTraceId": trace, "properties": properties })
}

/// A batch body.
pub(crate) fn inputs(inputs: Vec<Value>) -> Value {
    json!({ "inputs": inputs })
}

pub(crate) const UPSERT: &str = "/crm/v3/objects/contacts/batch/upsert";
