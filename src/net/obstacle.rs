//! Why a call had no answer, in words that say what to look at.
//!
//! The HTTP client wraps what happened several times over. The layers are walked down to the first that says what it
//! was: by their types where those can be named, by their texts where the types are private (the tunnel through a
//! proxy). No text of theirs is ever passed on: it may quote addresses and keys.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

use rustls::{CertificateError, Error as TlsError};

use super::names::NoAddress;

/// What stood between this program and an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// The host's name leads to no address.
    NameNotFound,
    /// Nothing listens at the address.
    Refused,
    /// No way leads to the address.
    NoRoute,
    /// No connection was made in time.
    SlowConnect,
    /// The certificate of the other side is not to be trusted.
    Untrusted(Distrust),
    /// The other side does not speak TLS: `https` to a port for `http`.
    NotTls,
    /// TLS could not be agreed on.
    Tls,
    /// The other side does not speak HTTP: `http` to a port for `https`, or something else altogether.
    NotHttp,
    /// The proxy wants a user name and a password (407).
    ProxyWantsLogin,
    /// The proxy itself could not be reached.
    ProxyUnreachable,
    /// The proxy did not make the connection.
    ProxyRefused,
    /// The connection broke, or the answer ended early.
    Broken,
    /// No complete answer came in time.
    Silent,
    /// The answer is longer than any that is read.
    TooLong,
    /// What answered with this status is not who was called: a page of HTML.
    ForeignPage(u16),
    /// What answered sends callers elsewhere, by this status.
    Redirected(u16),
    /// HubSpot's edge answered 530.
    Edge,
}

/// Why a certificate is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distrust {
    /// None of the known authorities has issued it.
    UnknownIssuer,
    /// It is for another host.
    WrongHost,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// Anything else.
    Other,
}

impl Obstacle {
    /// Reads the error of an HTTP client.
    #[must_use]
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        let mut found = None;
        let mut through_proxy = false;
        let mut is_slow = false;
        let mut layer = Some(error);
        while let Some(error) = layer {
            if let Some(http) = error.downcast_ref::<reqwest::Error>() {
                is_slow |= http.is_timeout();
                if http.is_dns() {
                    found = found.or(Some(Self::NameNotFound));
                }
            }
            match of_tunnel(error) {
                Some(Tunnel::Unreachable) => through_proxy = true,
                Some(Tunnel::Failed(obstacle)) => return obstacle,
                None => {}
            }
            found = of_layer(error).or(found);
            // An I/O error shows what is inside what it wraps, not what it wraps.
            layer = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                Some(inner) => Some(inner),
                None => error.source(),
            };
        }
        match found {
            Some(Self::Refused | Self::NoRoute | Self::SlowConnect | Self::NameNotFound) | None
                if through_proxy =>
            {
                Self::ProxyUnreachable
            }
            Some(found) => found,
            None if is_slow && is_about_connecting(error) => Self::SlowConnect,
            None if is_slow => Self::Silent,
            None => Self::Broken,
        }
    }

    /// What to do about it, as sentences; nothing where all there is to do is to try again.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::NameNotFound => {
                "Check the name, and whether this machine can look names up (DNS); behind a proxy, set HTTPS_PROXY."
            }
            Self::Refused => "Check host and port, and whether a firewall is in between.",
            Self::NoRoute | Self::SlowConnect => {
                "Check whether a firewall is in between; behind a proxy, set HTTPS_PROXY."
            }
            Self::Untrusted(why) => why.advice(),
            Self::NotTls => "Use http:// for this port, or another port; a proxy in between may also be why.",
            Self::Tls => "A proxy or firewall in between may be why.",
            Self::NotHttp => "If the port is one for TLS, use https://.",
            Self::ProxyWantsLogin => {
                "Put both into the proxy's address (http://user:password@host:port in HTTPS_PROXY)."
            }
            Self::ProxyUnreachable => {
                "Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY; NO_PROXY names hosts to be reached without."
            }
            Self::ProxyRefused => "Let the proxy allow this host, or name the host in NO_PROXY.",
            Self::ForeignPage(_) | Self::Redirected(_) => {
                "A proxy, a firewall or a sign-in page of the network stands in between: let this host through."
            }
            Self::Edge | Self::Broken | Self::Silent | Self::TooLong => "",
        }
    }

    /// Whether it was found out at once and will be the same in a minute, as far as can be known: nobody needs to wait
    /// long to be told.
    #[must_use]
    pub fn is_soon_told(self) -> bool {
        match self {
            Self::NoRoute
            | Self::SlowConnect
            | Self::Broken
            | Self::Silent
            | Self::TooLong
            | Self::ForeignPage(_)
            | Self::Redirected(_) => false,
            Self::NameNotFound
            | Self::Refused
            | Self::Untrusted(_)
            | Self::NotTls
            | Self::Tls
            | Self::NotHttp
            | Self::ProxyWantsLogin
            | Self::ProxyUnreachable
            | Self::ProxyRefused
            | Self::Edge => true,
        }
    }
}

impl Distrust {
    fn advice(self) -> &'static str {
        match self {
            Self::UnknownIssuer => {
                "If a proxy or firewall of your network reads TLS traffic, make its authority known: SSL_CERT_FILE names a \
                 file of certificates (PEM), SSL_CERT_DIR a folder."
            }
            Self::WrongHost => "Check the host's name; a proxy in between may also be why.",
            Self::Expired | Self::NotYetValid => "Check the clock of this machine.",
            Self::Other => "A proxy or firewall in between may be why.",
        }
    }

    fn of(error: &CertificateError) -> Self {
        match error {
            // An authority of the same name, and not the same.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownIssuer,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::WrongHost
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NameNotFound => "the name of the host was not found",
            Self::Refused => "the connection was refused",
            Self::NoRoute => "no way leads there from this machine",
            Self::SlowConnect => "no connection was made in time",
            Self::Untrusted(Distrust::UnknownIssuer) => "its TLS certificate is not trusted (unknown issuer)",
            Self::Untrusted(Distrust::WrongHost) => "its TLS certificate is for another host",
            Self::Untrusted(Distrust::Expired) => "its TLS certificate has expired",
            Self::Untrusted(Distrust::NotYetValid) => "its TLS certificate is not valid yet",
            Self::Untrusted(Distrust::Other) => "its TLS certificate is not trusted",
            Self::NotTls => "the other side does not speak TLS",
            Self::Tls => "no TLS connection could be agreed on",
            Self::NotHttp => "the other side does not speak HTTP",
            Self::ProxyWantsLogin => "the proxy wants a user name and a password (407)",
            Self::ProxyUnreachable => "the proxy cannot be reached",
            Self::ProxyRefused => "the proxy does not make the connection",
            Self::Broken => "the connection broke before the answer was complete",
            Self::Silent => "no answer came in time",
            Self::TooLong => "the answer is longer than any of its API can be",
            Self::ForeignPage(status) => {
                return write!(formatter, "a page of HTML came that is not its own (status {status})");
            }
            Self::Redirected(status) => {
                return write!(
                    formatter,
                    "the call was sent elsewhere, which its API does not do (status {status})"
                );
            }
            Self::Edge => "the edge of its network answered 530",
        })
    }
}

/// What one layer says, if it says anything.
fn of_layer(error: &(dyn Error + 'static)) -> Option<Obstacle> {
    if let Some(tls) = error.downcast_ref::<TlsError>() {
        return Some(match tls {
            TlsError::InvalidCertificate(why) => Obstacle::Untrusted(Distrust::of(why)),
            // What is no TLS has no record's header.
            TlsError::InvalidMessage(_) => Obstacle::NotTls,
            _ => Obstacle::Tls,
        });
    }
    if error.is::<NoAddress>() {
        return Some(Obstacle::NameNotFound);
    }
    if let Some(http) = error.downcast_ref::<hyper::Error>() {
        return http.is_parse().then_some(Obstacle::NotHttp);
    }
    let io = error.downcast_ref::<io::Error>()?;
    match io.kind() {
        ErrorKind::ConnectionRefused => Some(Obstacle::Refused),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable => {
            Some(Obstacle::NoRoute)
        }
        _ => None,
    }
}

enum Tunnel {
    /// What is below says why.
    Unreachable,
    Failed(Obstacle),
}

/// The words of the tunnel's errors, whose type is private (hyper-util, `client::legacy::connect::proxy`).
fn of_tunnel(error: &(dyn Error + 'static)) -> Option<Tunnel> {
    let text = error.to_string();
    let why = text.strip_prefix("tunnel error: ")?;
    Some(match why {
        "proxy authorization required" => Tunnel::Failed(Obstacle::ProxyWantsLogin),
        "failed to create underlying connection" => Tunnel::Unreachable,
        _ => Tunnel::Failed(Obstacle::ProxyRefused),
    })
}

fn is_about_connecting(error: &(dyn Error + 'static)) -> bool {
    let mut layer = Some(error);
    while let Some(error) = layer {
        if error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect) {
            return true;
        }
        layer = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::loopback::{self, Certificates};
    use super::*;

    fn client() -> reqwest::ClientBuilder {
        reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20))
    }

    fn trusting(certificates: &Certificates) -> reqwest::ClientBuilder {
        let root = reqwest::Certificate::from_pem(certificates.authority.as_bytes()).unwrap();
        client().tls_certs_only([root])
    }

    async fn met(client: reqwest::ClientBuilder, url: &str) -> Obstacle {
        let error = client.build().unwrap().get(url).send().await.unwrap_err();
        Obstacle::of(&error)
    }

    #[tokio::test]
    async fn certificates_that_are_not_trusted_are_told_apart() {
        let ours = Certificates::for_host("localhost");
        let other = Certificates::for_host("other.example");
        let late = Certificates::expired("localhost");
        for (certificates, trusted, expected) in [
            (&ours, &other, Distrust::UnknownIssuer),
            (&other, &other, Distrust::WrongHost),
            (&late, &late, Distrust::Expired),
        ] {
            let url = format!("https://localhost:{}/", loopback::tls(certificates).await);
            assert_eq!(met(trusting(trusted), &url).await, Obstacle::Untrusted(expected));
        }
        let url = format!("https://localhost:{}/", loopback::tls(&ours).await);
        assert_eq!(trusting(&ours).build().unwrap().get(url).send().await.unwrap().status(), 200);
    }

    #[tokio::test]
    async fn the_wrong_protocol_is_told_in_both_directions() {
        let certificates = Certificates::for_host("localhost");
        let port = loopback::tls(&certificates).await;
        assert_eq!(met(client(), &format!("http://localhost:{port}/")).await, Obstacle::NotHttp);
        let port = loopback::answering("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(
            met(trusting(&certificates), &format!("https://localhost:{port}/")).await,
            Obstacle::NotTls
        );
    }

    #[tokio::test]
    async fn a_refused_connection_and_a_name_without_an_address_are_told() {
        let port = loopback::closed().await;
        assert_eq!(met(client(), &format!("http://127.0.0.1:{port}/")).await, Obstacle::Refused);
        let nameless = client().dns_resolver(loopback::Nameless);
        assert_eq!(met(nameless, "http://nobody.example/").await, Obstacle::NameNotFound);
    }

    #[tokio::test]
    async fn what_a_proxy_does_is_told() {
        let through = |port: u16| {
            let proxy = reqwest::Proxy::all(format!("http://127.0.0.1:{port}")).unwrap();
            reqwest::Client::builder().proxy(proxy)
        };
        let answering = |line: &'static str| loopback::answering(line);
        let closed = loopback::closed().await;
        let login =
            answering("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n").await;
        let no = answering("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
        for (port, expected) in [
            (closed, Obstacle::ProxyUnreachable),
            (login, Obstacle::ProxyWantsLogin),
            (no, Obstacle::ProxyRefused),
        ] {
            assert_eq!(met(through(port), "https://far.example/").await, expected);
        }
    }

    #[tokio::test]
    async fn an_answer_that_ends_early_or_does_not_come_is_told() {
        let port = loopback::answering("").await;
        assert_eq!(met(client(), &format!("http://127.0.0.1:{port}/")).await, Obstacle::Broken);
        let silent = loopback::silent().await;
        let hasty = client().timeout(Duration::from_millis(100));
        assert_eq!(met(hasty, &format!("http://127.0.0.1:{silent}/")).await, Obstacle::Silent);
    }
}
