//! The sink: answers writes as fast as a machine can, so that what is measured is the program that sends them.
//!
//! Batch upserts are answered from one scan of their bytes, with a result for every trace id, as HubSpot answers an
//! upsert that went well. Everything else (what a program asks at its start) goes to a [`Sandbox`]. There is no rate
//! limit. A connection is a thread; a latency is a sleep in it.

use std::io::{Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hubspot_sandbox::Sandbox;
use memchr::{memchr, memmem};
use serde::{Deserialize, Serialize};

use super::http::{Message, Messages};
use super::{secure_sink, shape};

/// Inputs of a full batch. Source: HubSpot's guide to contacts, the limit of batch endpoints.
const FULL: u64 = 100;
/// The key whose value ties a result to its input.
const TRACE_ID: &[u8] = br#""objectWriteTraceId""#;
/// Stack of a thread that serves a connection; it holds buffers on the heap.
const STACK_BYTES: usize = 128 * 1024;

/// A sink that listens on loopback for as long as the process lives.
#[derive(Debug)]
pub(crate) struct Sink {
    url: String,
    secure_url: String,
    certificate: String,
    shared: Arc<Shared>,
}

/// What is shared by all connections, secure or not.
#[derive(Debug)]
pub(super) struct Shared {
    sandbox: Sandbox,
    latency: Duration,
    began: Instant,
    counts: Counts,
}

/// Batch upserts since the counts were last taken.
#[derive(Debug)]
struct Counts {
    calls: AtomicU64,
    full: AtomicU64,
    inputs: AtomicU64,
    body_bytes: AtomicU64,
    in_flight: AtomicU64,
    most_in_flight: AtomicU64,
    /// Microseconds from the sink's beginning to the first request, `u64::MAX` before it.
    first: AtomicU64,
    /// Microseconds to the latest answer.
    last: AtomicU64,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Tally {
    /// Batch upserts.
    pub(crate) calls: u64,
    /// Those of 100 inputs.
    pub(crate) full: u64,
    /// Inputs in all of them.
    pub(crate) inputs: u64,
    /// Bytes of all of their bodies.
    pub(crate) body_bytes: u64,
    /// Most that were under way at once: received whole and not yet answered.
    pub(crate) most_in_flight: u64,
    /// Microseconds from the arrival of the first to the answer of the last.
    pub(crate) microseconds: u64,
}

impl Tally {
    /// Inputs a second, from the arrival of the first call to the answer of the last: a program's start, which is
    /// measured by itself, is no part of it.
    #[must_use]
    pub(crate) fn inputs_per_second(&self) -> f64 {
        self.inputs as f64 * 1e6 / self.microseconds.max(1) as f64
    }

    /// Inputs a call as a part of those of a full one.
    #[must_use]
    pub(crate) fn fill(&self) -> f64 {
        self.inputs as f64 / (self.calls * FULL).max(1) as f64
    }
}

impl Sink {
    /// A sink that answers batch upserts after `latency`.
    ///
    /// # Errors
    /// When it cannot listen.
    pub(crate) fn start(latency: Duration) -> Result<Self> {
        let builder = Sandbox::builder().light().no_rate_limit();
        let sandbox = shape::properties()
            .fold(builder, |builder, property| builder.property("contacts", property))
            .try_start()?;
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let url = format!("http://{}", listener.local_addr()?);
        let counts = Counts {
            calls: AtomicU64::new(0),
            full: AtomicU64::new(0),
            inputs: AtomicU64::new(0),
            body_bytes: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            most_in_flight: AtomicU64::new(0),
            first: AtomicU64::new(u64::MAX),
            last: AtomicU64::new(0),
        };
        let shared = Arc::new(Shared { sandbox, latency, began: Instant::now(), counts });
        let (secure_url, certificate) = secure_sink::start(Arc::clone(&shared))?;
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
                // A connection that breaks is the business of the one who opened it.
                let _started = thread.spawn(move || serve(stream, &shared));
            }
        });
        Ok(Self { url, secure_url, certificate, shared })
    }

    /// Where it listens, as an address to configure.
    #[must_use]
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Where it speaks TLS and HTTP/2.
    #[must_use]
    pub(crate) fn secure_url(&self) -> &str {
        &self.secure_url
    }

    /// The certificate by which it has to be trusted there, as PEM.
    #[must_use]
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// A token that is accepted.
    #[must_use]
    pub(crate) fn token(&self) -> &str {
        self.shared.sandbox.default_token()
    }

    /// What was counted since the last time; the counts begin anew.
    #[must_use]
    pub(crate) fn take_tally(&self) -> Tally {
        let counts = &self.shared.counts;
        let take = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        let first = counts.first.swap(u64::MAX, Ordering::Relaxed);
        Tally {
            calls: take(&counts.calls),
            full: take(&counts.full),
            inputs: take(&counts.inputs),
            body_bytes: take(&counts.body_bytes),
            most_in_flight: take(&counts.most_in_flight),
            microseconds: take(&counts.last).saturating_sub(first),
        }
    }
}

impl Counts {
    fn arrived(&self, now: u64) {
        self.first.fetch_min(now, Ordering::Relaxed);
        let in_flight = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_in_flight.fetch_max(in_flight, Ordering::Relaxed);
    }

    fn answered(&self, inputs: u64, bytes: usize, now: u64) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.full.fetch_add(u64::from(inputs == FULL), Ordering::Relaxed);
        self.inputs.fetch_add(inputs, Ordering::Relaxed);
        self.body_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.last.fetch_max(now, Ordering::Relaxed);
    }
}

impl Shared {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Counts an upsert that is there as a whole.
    pub(super) fn arrived(&self) {
        self.counts.arrived(self.now());
    }

    /// Counts the answer to it.
    pub(super) fn answered(&self, inputs: u64, bytes: usize) {
        self.counts.answered(inputs, bytes, self.now());
    }

    /// After how long it is answered.
    pub(super) fn latency(&self) -> Duration {
        self.latency
    }

    /// Host and port of what answers everything else.
    pub(super) fn upstream(&self) -> String {
        self.sandbox.url().trim_start_matches("http://").to_owned()
    }
}

/// Serves a connection to its end.
fn serve(mut stream: TcpStream, shared: &Shared) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = Messages::new(stream.try_clone()?);
    let mut upstream = None;
    let (mut results, mut answer) = (Vec::new(), Vec::new());
    // Ids are HubSpot's in their length; no two of a connection are the same.
    let mut next_id = 230_000_000_000_u64;
    while let Some(request) = requests.next()? {
        if !is_upsert(request.head) {
            stream.write_all(pass_on(request, &mut upstream, shared)?)?;
            continue;
        }
        shared.arrived();
        let inputs = answer_upsert(request.body, &mut next_id, &mut results);
        answer.clear();
        write!(
            answer,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json;charset=utf-8\r\ncontent-length: {}\r\n\r\n",
            results.len()
        )?;
        answer.extend_from_slice(&results);
        if !shared.latency.is_zero() {
            std::thread::sleep(shared.latency);
        }
        shared.answered(inputs, request.body.len());
        stream.write_all(&answer)?;
    }
    Ok(())
}

/// Whether the first line asks for a batch upsert, of any object type under any version of the API.
fn is_upsert(head: &[u8]) -> bool {
    let line = &head[..memchr(b'\r', head).unwrap_or(head.len())];
    let path = line.strip_prefix(b"POST ").and_then(|rest| rest.split(|byte| *byte == b' ').next());
    path.is_some_and(|path| path.ends_with(b"/batch/upsert"))
}

/// Writes the answer to a batch upsert whose inputs are all taken, and counts them.
pub(super) fn answer_upsert(body: &[u8], next_id: &mut u64, results: &mut Vec<u8>) -> u64 {
    results.clear();
    results.extend_from_slice(
        br#"{"status":"COMPLETE","startedAt":"2026-06-24T19:50:45.876Z","completedAt":"2026-06-24T19:50:46.045Z","results":["#,
    );
    let mut inputs = 0;
    for at in memmem::find_iter(body, TRACE_ID) {
        let Some(trace_id) = text_value(&body[at + TRACE_ID.len()..]) else { continue };
        if inputs > 0 {
            results.push(b',');
        }
        let id = next_id.to_string();
        for part in [
            br#"{"id":""#.as_slice(),
            id.as_bytes(),
            br#"","properties":{"createdate":"2026-06-24T18:50:46.088Z","hs_object_id":""#,
            id.as_bytes(),
            br#"","lastmodifieddate":"2026-06-24T19:50:45.926Z"},"createdAt":"2026-06-24T18:50:46.088Z","#,
            br#""updatedAt":"2026-06-24T19:50:45.926Z","archived":false,"new":false,"objectWriteTraceId":""#,
            trace_id,
            br#""}"#,
        ] {
            results.extend_from_slice(part);
        }
        inputs += 1;
        *next_id += 1;
    }
    results.extend_from_slice(b"]}");
    inputs
}

/// The text after a key: colon and spaces are passed over. Trace ids hold nothing that is escaped.
fn text_value(after_key: &[u8]) -> Option<&[u8]> {
    let rest = after_key.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    Some(&rest[..memchr(b'"', rest)?])
}

/// The sandbox's answer to a request.
fn pass_on<'a>(
    request: Message<'_>,
    upstream: &'a mut Option<(TcpStream, Messages<TcpStream>, Vec<u8>)>,
    shared: &Shared,
) -> Result<&'a [u8]> {
    let (stream, answers, whole) = match upstream {
        Some(upstream) => upstream,
        None => {
            let stream = TcpStream::connect(shared.upstream())?;
            // Head and body go out by themselves: the second would wait for the first to be acknowledged.
            stream.set_nodelay(true)?;
            let answers = Messages::new(stream.try_clone()?);
            upstream.insert((stream, answers, Vec::new()))
        }
    };
    stream.write_all(request.head)?;
    stream.write_all(request.body)?;
    whole.clear();
    let answer = answers.next()?.ok_or(std::io::ErrorKind::UnexpectedEof)?;
    whole.extend_from_slice(answer.head);
    whole.extend_from_slice(answer.body);
    Ok(whole)
}
