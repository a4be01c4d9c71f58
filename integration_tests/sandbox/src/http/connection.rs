//! One connection: HTTP/1.1 with keep-alive, and the ways in which it can break on demand.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::answer::{Answer, AnswerBody};
use super::encoding;
use super::pipeline::{Delivery, Gzip, Received, Shared};

/// Serves one connection until it ends.
pub(crate) async fn serve(shared: Arc<Shared>, stream: TcpStream) {
    // Without this, small answers wait for the client's acknowledgements.
    let _ = stream.set_nodelay(true);
    let stream = Arc::new(stream);
    let service = service_fn(|request| {
        let (shared, stream) = (Arc::clone(&shared), Arc::clone(&stream));
        respond(shared, stream, request)
    });
    // A connection that breaks is nothing to report: clients go away, and faults break connections.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(Io(Arc::clone(&stream))), service).await;
}

/// The connection is to be reset without an answer.
#[derive(Debug, thiserror::Error)]
#[error("reset on demand")]
struct Reset;

async fn respond(
    shared: Arc<Shared>,
    stream: Arc<TcpStream>,
    request: Request<Incoming>,
) -> Result<Response<Payload>, Reset> {
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
        body,
    };
    // A task of its own goes on when the client hangs up, as HubSpot's work does.
    let delivery = tokio::spawn(shared.handle(received)).await.map_err(|_| Reset)?;
    match delivery {
        Delivery::Answer(answer) => Ok(response(answer, End::Whole, accepted.as_deref())),
        Delivery::Truncated(answer) => Ok(response(answer, End::Break, accepted.as_deref())),
        Delivery::Close => {
            let _ = stream.set_zero_linger();
            Err(Reset)
        }
    }
}

/// The whole body, or none if it is longer than the limit: the rest is read and forgotten, since a client that is
/// still sending would not see the answer. A client that breaks off has sent no request.
async fn read_body(mut body: Incoming, limit: usize) -> Result<Option<Vec<u8>>, Reset> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut kept = Vec::with_capacity(announced.min(limit));
    let mut fits = true;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Reset)?.into_data() else { continue };
        fits &= kept.len() + data.len() <= limit;
        if fits {
            kept.extend_from_slice(&data);
        }
    }
    Ok(fits.then_some(kept))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn response(answer: Answer, end: End, accepted: Option<&str>) -> Response<Payload> {
    let (kind, mut bytes) = match answer.body {
        AnswerBody::Empty => (None, Bytes::new()),
        AnswerBody::Json(text) => (Some("application/json;charset=utf-8"), Bytes::from(text)),
        AnswerBody::Html(page) => (Some("text/html;charset=utf-8"), Bytes::from(page)),
    };
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
    type Error = Reset;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Reset>>> {
        match self.bytes.take().filter(|bytes| !bytes.is_empty()) {
            Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            None => match self.end {
                End::Whole => Poll::Ready(None),
                End::Break => Poll::Ready(Some(Err(Reset))),
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

/// A shared stream: the service needs it too, to reset it.
struct Io(Arc<TcpStream>);

impl AsyncRead for Io {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(context))?;
            match self.0.try_read(buffer.initialize_unfilled()) {
                Ok(read) => {
                    buffer.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(context))?;
            match self.0.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Dropping the last handle closes the stream, with a reset where one was asked for.
        Poll::Ready(Ok(()))
    }
}
