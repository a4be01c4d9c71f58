//! What a connection speaks: HTTP/1.1 in the clear, or HTTP/2 and HTTP/1.1 over TLS, as the client chooses.

use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Streams that a client may have open at once. HubSpot's edge is Cloudflare, which announces 100; that is also the least
/// that is recommended. Source: RFC 9113, section 6.5.2, SETTINGS_MAX_CONCURRENT_STREAMS.
const STREAMS: u32 = 100;

/// A server's certificate with its key, both as PEM. A client trusts it where it is among the client's roots.
#[derive(Clone)]
pub struct Certificate {
    chain: String,
    key: String,
}

impl Certificate {
    /// A chain of certificates, the server's own first, and the key of that one.
    #[must_use]
    pub fn new(chain: &str, key: &str) -> Self {
        Self { chain: chain.to_owned(), key: key.to_owned() }
    }

    /// The chain as PEM.
    pub(crate) fn chain(&self) -> &str {
        &self.chain
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Certificate").finish_non_exhaustive()
    }
}

/// What was chosen of connections.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    /// None: in the clear.
    pub(crate) certificate: Option<Certificate>,
    /// Requests after which a connection is to end: by GOAWAY in HTTP/2.
    pub(crate) requests: Option<u64>,
    /// Streams that a client may have open at once, in HTTP/2.
    pub(crate) streams: u32,
    /// Bytes that a client may send of one request before the server has taken them, in HTTP/2; hyper's default unless set.
    pub(crate) window: Option<u32>,
}

impl Default for Wire {
    fn default() -> Self {
        Self { certificate: None, requests: None, streams: STREAMS, window: None }
    }
}

impl Wire {
    /// What takes TLS connections; none in the clear.
    pub(crate) fn acceptor(&self) -> io::Result<Option<TlsAcceptor>> {
        let Some(Certificate { chain, key }) = &self.certificate else { return Ok(None) };
        let invalid = |error: &dyn std::error::Error| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("the certificate cannot be used: {error}"))
        };
        let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|error| invalid(&error))?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| invalid(&error))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| invalid(&error))?;
        config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
        Ok(Some(TlsAcceptor::from(Arc::new(config))))
    }
}

/// The name of HTTP/2 in TLS. Source: RFC 9113, section 3.2.
pub(super) const H2: &[u8] = b"h2";
