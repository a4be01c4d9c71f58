//! Options about connections.

use crate::builder::Builder;
use crate::http::Certificate;

impl Builder {
    /// Speaks TLS with this certificate, and HTTP/2 to clients that can; plain HTTP/1.1 unless set.
    #[must_use]
    pub fn tls(mut self, certificate: Certificate) -> Self {
        self.wire.certificate = Some(certificate);
        self
    }

    /// Ends a connection once it has taken so many requests, as edges do; never unless set. Source: nginx,
    /// `keepalive_requests`, which says GOAWAY in HTTP/2 (1,000 unless set there).
    #[must_use]
    pub fn requests_per_connection(mut self, most: u64) -> Self {
        self.wire.requests = Some(most);
        self
    }

    /// Streams that a client may have open at once over one HTTP/2 connection; 100 unless set.
    #[must_use]
    pub fn streams_per_connection(mut self, most: u32) -> Self {
        self.wire.streams = most;
        self
    }

    /// Bytes of a request that a client may send before they were taken, in HTTP/2: small ones make a slow server. Source:
    /// RFC 9113, section 5.2.
    #[must_use]
    pub fn stream_window(mut self, bytes: u32) -> Self {
        self.wire.window = Some(bytes);
        self
    }
}
