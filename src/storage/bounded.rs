//! Answers of a storage, as much of them as is worth reading.
//!
//! The library holds a whole answer in memory, and somebody in between may send one without end: what is beyond a bound is
//! taken for its end.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};
use object_store::client::{HttpClient, HttpError, HttpRequest, HttpResponse, HttpResponseBody, HttpService};

/// Of an error the library reads the code, which stands at the beginning.
const MOST_OF_AN_ERROR: usize = 64 << 10;
/// The longest answer that is asked for is a page of a list: of Azure 5,000 names of at most 1,024 characters with what
/// is told of each.
const MOST_OF_AN_ANSWER: usize = 16 << 20;

/// The same client, whose answers are cut off at a bound.
pub(super) fn client(client: HttpClient) -> HttpClient {
    HttpClient::new(Bounded(client))
}

#[derive(Debug)]
struct Bounded(HttpClient);

impl HttpService for Bounded {
    fn call<'service, 'call>(
        &'service self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'call>>
    where
        'service: 'call,
        Self: 'call,
    {
        Box::pin(async move {
            let (parts, body) = self.0.execute(request).await?.into_parts();
            let room = if parts.status.is_success() { MOST_OF_AN_ANSWER } else { MOST_OF_AN_ERROR };
            Ok(HttpResponse::from_parts(parts, HttpResponseBody::new(Beginning { body, room })))
        })
    }
}

/// A body up to so many bytes.
#[derive(Debug)]
struct Beginning {
    body: HttpResponseBody,
    room: usize,
}

impl Body for Beginning {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        if self.room == 0 {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_frame(context).map_ok(|frame| {
            frame.map_data(|data| {
                let taken =
                    if data.len() > self.room { whole_characters(&data[..self.room]) } else { data.len() };
                self.room = if taken < data.len() { 0 } else { self.room - taken };
                data.slice(..taken)
            })
        })
    }
}

/// How many bytes of a text that is cut off make whole characters.
fn whole_characters(text: &[u8]) -> usize {
    let continues = text.iter().rev().take(3).take_while(|byte| **byte & 0xC0 == 0x80).count();
    let start = text.len() - continues;
    match start.checked_sub(1).map(|at| text[at]) {
        Some(lead) if lead >= 0xC0 => start - 1,
        _ => start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(body: &[u8], room: usize) -> Bytes {
        let body = HttpResponseBody::from(body.to_vec());
        HttpResponseBody::new(Beginning { body, room }).bytes().await.unwrap()
    }

    #[tokio::test]
    async fn what_is_beyond_the_bound_is_not_read() {
        assert_eq!(read(b"0123456789", 10).await, "0123456789");
        assert_eq!(read(b"0123456789", 4).await, "0123");
        assert_eq!(read(b"", 4).await, "");
        // Half a character is none.
        assert_eq!(read("ab\u{e9}\u{1f600}".as_bytes(), 3).await, "ab");
        assert_eq!(read("ab\u{e9}\u{1f600}".as_bytes(), 7).await, "ab\u{e9}");
    }
}
