//! The certificate of the servers that tests reach over TLS: made anew for every run, trusted by nobody who is not told.

use std::sync::LazyLock;

use hubspot_sandbox::Certificate;

/// A certificate for this machine's own addresses, signed by itself.
pub(crate) fn certificate() -> Certificate {
    static MADE: LazyLock<Certificate> = LazyLock::new(|| {
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        Certificate::new(&made.cert.pem(), &made.signing_key.serialize_pem())
    });
    MADE.clone()
}
