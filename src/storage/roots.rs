//! HTTPS to the storage, on machines with and without CA certificates of their own.

use object_store::client::{HttpClient, HttpConnector, ReqwestConnector};
use object_store::{Certificate, ClientOptions, Result};

use super::bounded;

/// Connects as the library does, to answers with an end; on a machine without CA certificates, with the bundled ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct WithBundledRoots;

impl HttpConnector for WithBundledRoots {
    fn connect(&self, options: &ClientOptions) -> Result<HttpClient> {
        let connector = ReqwestConnector::default();
        let client = connector.connect(options).or_else(|_| {
            let options = options.clone().with_no_system_certificates(true);
            let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS
                .iter()
                .filter_map(|der| Certificate::from_der(der).ok());
            connector.connect(&roots.fold(options, ClientOptions::with_root_certificate))
        });
        client.map(bounded::client)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_roots_can_be_used() {
        let roots: Vec<Certificate> = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .map(|der| Certificate::from_der(der).unwrap())
            .collect();
        assert!(roots.len() > 50);
        let options = ClientOptions::new().with_no_system_certificates(true);
        let options = roots.into_iter().fold(options, ClientOptions::with_root_certificate);
        assert!(ReqwestConnector::default().connect(&options).is_ok());
    }
}
