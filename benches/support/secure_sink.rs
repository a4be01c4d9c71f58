//! The sink as production is reached: TLS and HTTP/2, with the same answers, from one loop instead of many threads.

use std::io::{ErrorKind, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use super::http::Messages;
use super::sink::{Shared, answer_upsert};

/// Ids that one call may use.
const IDS_A_CALL: u64 = 100;

/// Listens on loopback for as long as the process lives; gives its address, and the certificate that it has to be trusted
/// by, as PEM.
///
/// # Errors
/// When it cannot listen, or there is no certificate to be had.
pub(super) fn start(shared: Arc<Shared>) -> Result<(String, String)> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).map_err(std::io::Error::other)?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(std::io::Error::other)?;
    let mut config =
        ServerConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key)
            })
            .map_err(std::io::Error::other)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    let url = format!("https://{}", listener.local_addr()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tls = TlsAcceptor::from(Arc::new(config));
    std::thread::spawn(move || runtime.block_on(listen(listener, tls, shared)));
    Ok((url, made.cert.pem()))
}

async fn listen(listener: TcpListener, tls: TlsAcceptor, shared: Arc<Shared>) -> Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            let Ok(stream) = tls.accept(stream).await else { return };
            let service = service_fn(move |request| answer(Arc::clone(&shared), request));
            // A connection that breaks is the business of the one who opened it.
            let _broken = http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> std::result::Result<Response<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
    static NEXT_ID: AtomicU64 = AtomicU64::new(230_000_000_000);
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    if !head.uri.path().ends_with("/batch/upsert") {
        return Ok(tokio::task::spawn_blocking(move || pass_on(&head, &body, &shared)).await??);
    }
    shared.arrived();
    let mut results = Vec::new();
    let mut next_id = NEXT_ID.fetch_add(IDS_A_CALL, Ordering::Relaxed);
    let inputs = answer_upsert(&body, &mut next_id, &mut results);
    let latency = shared.latency();
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    shared.answered(inputs, body.len());
    Ok(Response::new(Full::new(results.into())))
}

/// The sandbox's answer to a request.
fn pass_on(head: &Parts, body: &[u8], shared: &Shared) -> Result<Response<Full<Bytes>>> {
    let mut stream = TcpStream::connect(shared.upstream())?;
    let authorization =
        head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let length = body.len();
    let text = format!(
        "{} {path} HTTP/1.1\r\nhost: sandbox\r\nauthorization: {authorization}\r\ncontent-length: {length}\r\n\r\n",
        head.method
    );
    stream.write_all(&[text.as_bytes(), body].concat())?;
    let mut answers = Messages::new(stream);
    let answer = answers.next()?.ok_or(ErrorKind::UnexpectedEof)?;
    let status =
        answer.head.split(|byte| *byte == b' ').nth(1).and_then(|status| std::str::from_utf8(status).ok());
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(answer.body)));
    *response.status_mut() = status.and_then(|status| status.parse().ok()).ok_or(ErrorKind::InvalidData)?;
    Ok(response)
}
