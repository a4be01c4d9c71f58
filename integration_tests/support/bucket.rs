//! A bucket on loopback that speaks as much of S3 as storing rejected records takes, and fails as a test wants it to.
//! Google Cloud Storage lists as S3 does; of Azure only the storing of a file is like it.
//!
//! Sources: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html> (conditional writes),
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::connector::PATIENCE;

/// The file that tries the bucket out: it is neither counted nor kept waiting.
const PROBE: &str = "/_check_test";

/// What the bucket answers instead of doing what it is asked to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// A status without a body.
    Status(u16),
    /// A 403 with this code.
    Denied(&'static str),
    /// A 404 of a bucket that does not exist.
    NoSuchBucket,
    /// A 403 with this code, whose body goes on for ever.
    Endless(&'static str),
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, Vec<u8>>,
    calls: Vec<String>,
    puts: usize,
    holding: bool,
    always: Option<Answer>,
    first: Option<(usize, Answer)>,
    by_method: HashMap<String, Answer>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // A test that has failed still lets go of what it holds.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running bucket; it lives as long as the test process.
#[derive(Debug)]
pub(crate) struct Bucket {
    port: u16,
    shared: Arc<Shared>,
}

/// Keeps every PUT waiting until it is dropped.
#[derive(Debug)]
pub(crate) struct Held(Arc<Shared>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.state().holding = false;
        self.0.changed.notify_all();
    }
}

#[derive(Debug)]
struct Call {
    method: String,
    path: String,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Bucket {
    /// Starts an empty one.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::<Shared>::default();
        let bucket = Self { port, shared: Arc::clone(&shared) };
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                // A client that goes away ends its thread and nothing else.
                std::thread::spawn(move || drop(serve(&stream, &shared)));
            }
        });
        bucket
    }

    /// The endpoint for `s3_endpoint`.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Answers everything with this.
    pub(crate) fn answer_with(&self, answer: Answer) {
        self.shared.state().always = Some(answer);
    }

    /// Answers that many calls with this, then does what it is asked to.
    pub(crate) fn answer_first(&self, calls: usize, answer: Answer) {
        self.shared.state().first = Some((calls, answer));
    }

    /// Answers every call of one method with this.
    pub(crate) fn answer_to(&self, method: &str, answer: Answer) {
        self.shared.state().by_method.insert(method.to_owned(), answer);
    }

    /// Keeps PUTs waiting from now on.
    pub(crate) fn hold(&self) -> Held {
        self.shared.state().holding = true;
        Held(Arc::clone(&self.shared))
    }

    /// Waits until that many PUTs have arrived.
    pub(crate) fn wait_for_puts(&self, count: usize) {
        let until = Instant::now() + PATIENCE;
        let mut state = self.shared.state();
        while state.puts < count {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{} PUTs", state.puts);
            state = self.shared.changed.wait_timeout(state, left).expect("the bucket's state").0;
        }
    }

    /// What is stored, by its path with the bucket's name.
    pub(crate) fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.shared.state().objects.clone()
    }

    /// Methods and paths of the calls that came.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.shared.state().calls.clone()
    }
}

/// What is answered.
struct Reply {
    status: u16,
    body: String,
    /// The length that is told of a body that goes on for ever.
    length: Option<u64>,
}

impl Reply {
    fn new(status: u16, body: String) -> Self {
        Self { status, body, length: None }
    }
}

fn serve(stream: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(call) = read(&mut reader)? {
        let Reply { status, body, length } = answer(call, shared);
        let told = length.unwrap_or(body.len() as u64);
        let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {told}\r\nETag: \"e\"\r\n\r\n");
        let mut writer = stream;
        writer.write_all((head + &body).as_bytes())?;
        while length.is_some() {
            writer.write_all(&[b' '; 1 << 16])?;
        }
    }
    Ok(())
}

fn read(reader: &mut impl BufRead) -> std::io::Result<Option<Call>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Call { method, path, headers, body }))
}

fn answer(call: Call, shared: &Shared) -> Reply {
    let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
    let path = &decoded(path);
    let mut state = shared.state();
    state.calls.push(format!("{} {path}", call.method));
    if call.method == "PUT" && !path.ends_with(PROBE) {
        state.puts += 1;
        shared.changed.notify_all();
        while state.holding {
            state = shared.changed.wait(state).expect("the bucket's state");
        }
    }
    let signed = call.headers.get("authorization").is_some_and(|text| is_signed(text));
    if !signed {
        return told(Answer::Denied("SignatureDoesNotMatch"));
    }
    let first = state.first.as_mut().filter(|(left, _)| *left > 0).map(|(left, answer)| {
        *left -= 1;
        *answer
    });
    if let Some(answer) = first.or(state.always).or(state.by_method.get(&call.method).copied()) {
        return told(answer);
    }
    match call.method.as_str() {
        "PUT" if is_create_only(&call) && state.objects.contains_key(path.as_str()) => {
            Reply::new(412, String::new())
        }
        "PUT" => {
            state.objects.insert(path.clone(), call.body);
            Reply::new(200, String::new())
        }
        "GET" => Reply::new(200, list(&state.objects, path, query)),
        "DELETE" => {
            state.objects.remove(path.as_str());
            Reply::new(204, String::new())
        }
        _ => Reply::new(405, String::new()),
    }
}

/// A path without its percent-encoding; which characters have one is each library's choice.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let (digits, after) = after.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).expect("two hexadecimal digits"));
        rest = after;
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).expect("a path of text")
}

fn is_create_only(call: &Call) -> bool {
    call.headers.contains_key("if-none-match")
        || call.headers.get("x-goog-if-generation-match").is_some_and(|generation| generation == "0")
}

/// Whether a call is signed as S3, Azure or Google Cloud Storage want it; the signature itself is not looked at.
fn is_signed(authorization: &str) -> bool {
    let s3 = authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/")
        && authorization.contains("/eu-west-1/s3/");
    s3 || authorization.starts_with("SharedKey account:") || authorization.starts_with("Bearer")
}

fn told(answer: Answer) -> Reply {
    let error = |code: &str| {
        format!("<Error><Code>{code}</Code><AWSAccessKeyId>AKIAEXAMPLE</AWSAccessKeyId></Error>")
    };
    match answer {
        Answer::Status(status) => Reply::new(status, String::new()),
        Answer::Denied(code) => Reply::new(403, error(code)),
        Answer::NoSuchBucket => Reply::new(404, error("NoSuchBucket")),
        Answer::Endless(code) => Reply { length: Some(1 << 50), ..Reply::new(403, error(code)) },
    }
}

/// The objects directly below the prefix of the query.
fn list(objects: &BTreeMap<String, Vec<u8>>, bucket: &str, query: &str) -> String {
    let prefix = query.split('&').find_map(|pair| pair.strip_prefix("prefix=")).unwrap_or_default();
    let root = format!("{}/{}", bucket.trim_end_matches('/'), prefix.replace("%2F", "/"));
    let contents: String = objects
        .iter()
        .filter(|(path, _)| path.strip_prefix(&root).is_some_and(|rest| !rest.contains('/')))
        .map(|(path, content)| {
            let key = path.strip_prefix(bucket).unwrap_or(path).trim_start_matches('/');
            format!(
                "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>\"e\"</ETag>\
                 <Size>{}</Size></Contents>",
                content.len()
            )
        })
        .collect();
    format!("<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>")
}
