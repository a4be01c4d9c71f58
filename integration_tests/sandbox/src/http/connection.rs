//! One connection: HTTP/1.1 with keep-alive or HTTP/2, and the ways in which it can break on demand.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

use super::answer::{Answer, AnswerBody};
use super::encoding;
use super::io::Io;
use super::pipeline::{Delivery, Gzip, Received, Shared};
use super::wire::{H2, Wire};

/// Serves one connection until it ends.
pub(crate) async fn serve(shared: Arc<Shared>, stream: TcpStream, tls: Option<TlsAcceptor>) {
    // Without this, small answers wait for the client's acknowledgements.
    let _ = stream.set_nodelay(true);
    let line = Arc::new(Line::new(stream));
    let io = Io(Arc::clone(&line.stream));
    match tls {
        None => speak_http1(shared, line, io).await,
        Some(tls) => {
            // A client that does not trust the certificate is gone.
            let Ok(io) = tls.accept(io).await else { return };
            match io.get_ref().1.alpn_protocol() {
                Some(H2) => speak_http2(shared, line, io).await,
                _ => speak_http1(shared, line, io).await,
            }
        }
    }
}

async fn speak_http1(shared: Arc<Shared>, line: Arc<Line>, io: impl AsyncRead + AsyncWrite + Unpin) {
    let service = service_fn(|request| respond(Arc::clone(&shared), Arc::clone(&line), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(io), service);
    let leave = |connection: Pin<&mut http1::Connection<_, _>>| connection.graceful_shutdown();
    until_it_ends(&line, connection, leave).await;
}

async fn speak_http2(
    shared: Arc<Shared>,
    line: Arc<Line>,
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) {
    let Wire { streams, window, .. } = shared.wire;
    let answering = Arc::clone(&line);
    let service = service_fn(move |request| respond(Arc::clone(&shared), Arc::clone(&answering), request));
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.max_concurrent_streams(streams);
    if let Some(window) = window {
        builder.initial_stream_window_size(window).initial_connection_window_size(window);
    }
    let connection = builder.serve_connection(TokioIo::new(io), service);
    let leave = |connection: Pin<&mut http2::Connection<_, _, _>>| connection.graceful_shutdown();
    until_it_ends(&line, connection, leave).await;
}

/// Waits for the end of a connection, which is asked to leave, or cut, where its line says so. One that breaks is nothing to
/// report: clients go away, and faults break connections.
async fn until_it_ends<C: Future>(line: &Line, connection: C, leave: impl Fn(Pin<&mut C>)) {
    tokio::pin!(connection);
    let mut leaving = false;
    loop {
        tokio::select! {
            _ = &mut connection => return,
            () = line.cut.notified() => return,
            () = line.leave.notified(), if !leaving => {
                leaving = true;
                leave(connection.as_mut());
            }
        }
    }
}

/// What the requests of one connection share.
struct Line {
    stream: Arc<TcpStream>,
    /// Requests that came over it.
    requests: AtomicU64,
    /// It takes no further requests; those under way are answered.
    leave: Notify,
    /// It is gone, with everything under way on it.
    cut: Notify,
}

impl Line {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream: Arc::new(stream),
            requests: AtomicU64::new(0),
            leave: Notify::new(),
            cut: Notify::new(),
        }
    }

    /// Counts a request; the last one that the connection is to take makes it leave.
    fn arrived(&self, shared: &Shared) {
        let requests = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        if requests == 1 {
            shared.connections.fetch_add(1, Ordering::SeqCst);
        }
        if shared.wire.requests.is_some_and(|most| requests >= most) {
            self.leave.notify_one();
        }
    }

    fn cut(&self) {
        let _ = self.stream.set_zero_linger();
        self.cut.notify_one();
    }
}

/// There is no answer.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    /// The connection is to be reset; in HTTP/2 the stream.
    #[error("reset on demand")]
    Reset,
    /// The stream is refused, as one that was never looked at. Source: RFC 9113, section 8.7.
    #[error("refused on demand")]
    Refused(#[source] h2::Error),
}

async fn respond(
    shared: Arc<Shared>,
    line: Arc<Line>,
    request: Request<Incoming>,
) -> Result<Response<Payload>, Unanswered> {
    line.arrived(&shared);
    let (head, body) = request.into_parts();
    let limit = shared.body_limit;
    let encoding = text(&head.headers, header::CONTENT_ENCODING);
    let body = read_body(body, limit).await?;
    let body = body.and_then(|body| encoding::decoded(body, encoding.as_deref(), limit)).map(Bytes::from);
    let accepted = match shared.gzip {
        Gzip::WhenAccepted => text(&head.headers, header::ACCEPT_ENCODING),
        Gzip::Never => None,
    };
    let received = Received {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        content_type: text(&head.headers, header::CONTENT_TYPE),
        authorization: text(&head.headers, header::AUTHORIZATION),
        foreign: is_foreign(&head),
        body,
    };
    // A task of its own goes on when the client hangs up, as HubSpot's work does.
    let delivery = tokio::spawn(shared.handle(received)).await.map_err(|_| Unanswered::Reset)?;
    match (delivery, head.version) {
        (Delivery::Answer(answer), _) => Ok(response(answer, End::Whole, accepted.as_deref())),
        (Delivery::Truncated(answer), _) => Ok(response(answer, End::Break, accepted.as_deref())),
        (Delivery::Last(answer), _) => {
            line.leave.notify_one();
            Ok(response(answer, End::Whole, accepted.as_deref()))
        }
        (Delivery::Refused, Version::HTTP_2) => Err(Unanswered::Refused(h2::Reason::REFUSED_STREAM.into())),
        (Delivery::Close, Version::HTTP_2) => Err(Unanswered::Reset),
        (Delivery::Refused | Delivery::Close | Delivery::Cut, _) => {
            line.cut();
            Err(Unanswered::Reset)
        }
    }
}

/// The whole body, or none if it is longer than the limit: the rest is read and forgotten, since a client that is
/// still sending would not see the answer. A client that breaks off has sent no request.
async fn read_body(mut body: Incoming, limit: usize) -> Result<Option<Vec<u8>>, Unanswered> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut kept = Vec::with_capacity(announced.min(limit));
    let mut fits = true;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unanswered::Reset)?.into_data() else { continue };
        fits &= kept.len() + data.len() <= limit;
        if fits {
            kept.extend_from_slice(&data);
        }
    }
    Ok(fits.then_some(kept))
}

/// Whether a browser asks for a page of another site. A program sends no `Origin`.
fn is_foreign(head: &Parts) -> bool {
    // HTTP/2 has the host in the address.
    let authority = head.uri.authority().map(|authority| authority.as_str().to_owned());
    let host = authority.or_else(|| text(&head.headers, header::HOST)).unwrap_or_default();
    let own = |origin: &str| origin.split_once("://").is_some_and(|(_, authority)| authority == host);
    head.headers.get(header::ORIGIN).is_some_and(|origin| !origin.to_str().is_ok_and(own))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn response(answer: Answer, end: End, accepted: Option<&str>) -> Response<Payload> {
    let kind = match answer.body {
        AnswerBody::Empty => None,
        AnswerBody::Json(_) => Some("application/json;charset=utf-8"),
        AnswerBody::Html(_) => Some("text/html;charset=utf-8"),
    };
    let mut bytes = answer.body.bytes().unwrap_or_default();
    let compressed = encoding::encoded(&bytes, accepted);
    let encoding = compressed.as_ref().map(|_| HeaderValue::from_static("gzip"));
    bytes = compressed.map_or(bytes, Bytes::from);
    let length = bytes.len() as u64;
    let sent = match end {
        End::Whole => bytes,
        End::Break => bytes.slice(..bytes.len() / 2),
    };
    let payload = Payload { bytes: Some(sent), length, end };
    let mut response = Response::new(payload);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(kind) = kind {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, encoding);
    }
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            headers.insert(name, value);
        }
    }
    response
}

#[derive(Debug)]
enum End {
    Whole,
    Break,
}

/// A body that can break off before the length it announced.
#[derive(Debug)]
struct Payload {
    bytes: Option<Bytes>,
    length: u64,
    end: End,
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Unanswered;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Unanswered>>> {
        match self.bytes.take().filter(|bytes| !bytes.is_empty()) {
            Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            None => match self.end {
                End::Whole => Poll::Ready(None),
                End::Break => Poll::Ready(Some(Err(Unanswered::Reset))),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.end, End::Whole) && self.bytes.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
