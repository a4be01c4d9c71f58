//! One call: request out, status, headers and body back.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Method, Url, redirect};
use secrecy::{ExposeSecret, SecretString};

use super::auth::{Auth, NoToken};
use super::contact::Contact;
use super::room::{MOST_SMALL, Place, Room};
use super::toll::Toll;
use crate::api::{ApiError, ApiVersion, CORRELATION_ID_HEADER, Moves, Paths, RateHeaders, retry_after};
use crate::config::{self, Config};
use crate::engine::ledger::StreamIndex;
use crate::error::{Failure, Kind};
use crate::net::names::Names;
use crate::net::obstacle::Obstacle;
use crate::secrets::Secrets;

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// What the answer says about the rate window.
    pub rate: RateHeaders,
    /// `Retry-After`, where it is present and plausible.
    pub retry_after: Option<Duration>,
    /// HubSpot's number for the call.
    pub correlation_id: Option<String>,
    /// The body, decompressed.
    pub body: Vec<u8>,
    /// The room that the body takes.
    pub(super) place: Place,
}

impl Answer {
    /// The answer read as an error.
    #[must_use]
    pub fn error(&self) -> ApiError {
        ApiError::parse(self.status, &self.body, self.correlation_id.as_deref())
    }

    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether somebody else has answered, who says nothing about the call. A page with 401 or 404 tells of a wrong
    /// address as HubSpot's own would.
    pub(super) fn is_foreign(&self) -> bool {
        match self.obstacle() {
            Some(Obstacle::ForeignPage(status)) => !matches!(status, 401 | 404),
            Some(Obstacle::Redirected(_) | Obstacle::ProxyWantsLogin) => true,
            _ => false,
        }
    }

    /// What stands between this program and HubSpot, where this is not HubSpot's own answer.
    fn obstacle(&self) -> Option<Obstacle> {
        let is_page = self.body.trim_ascii_start().first() == Some(&b'<');
        match self.status {
            407 => Some(Obstacle::ProxyWantsLogin),
            530 => Some(Obstacle::Edge),
            300..400 => Some(Obstacle::Redirected(self.status)),
            // With a server's error comes a page of whoever noticed it, HubSpot's edge as a rule.
            500.. => None,
            status => is_page.then_some(Obstacle::ForeignPage(status)),
        }
    }
}

/// No complete answer came. Holds no URL and no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// No connection could be made: the call did nothing.
    Connect(Obstacle),
    /// The answer did not come in time: the call may have taken effect.
    TimedOut,
    /// The connection broke, or the body ended early: the call may have taken effect.
    Broken(Obstacle),
}

impl Unreachable {
    fn obstacle(self) -> Obstacle {
        match self {
            Self::Connect(obstacle) | Self::Broken(obstacle) => obstacle,
            Self::TimedOut => Obstacle::Silent,
        }
    }
}

/// Why a call has no answer.
#[derive(Debug)]
pub enum CallError {
    /// No token could be had.
    NoToken(NoToken),
    /// No complete answer came.
    Unreachable(Unreachable),
}

/// Longest wait for a connection, however patient a call is otherwise.
const LONGEST_CONNECT: Duration = Duration::from_secs(20);

/// HTTP to HubSpot without a token.
#[derive(Clone, Debug)]
pub struct Transport {
    http: reqwest::Client,
    base: String,
    contact: Arc<Contact>,
    room: Room,
}

/// HTTP to HubSpot with a token; clones share connections and tokens.
#[derive(Clone, Debug)]
pub struct Client {
    transport: Transport,
    paths: Paths,
    auth: Arc<Auth>,
    /// The last answer that told of the daily quota.
    daily: Arc<Mutex<Option<RateHeaders>>>,
    /// Families of calls whose first roots have turned out to be unknown paths.
    moves: Arc<Mutex<Moves>>,
    /// Where calls ask that are not the engine's own.
    toll: Toll,
}

impl Client {
    /// A client for this configuration; tokens that HubSpot grants become known secrets. Nothing is sent yet.
    ///
    /// # Errors
    /// An internal failure when TLS cannot be set up, a configuration failure when the certificates that the environment
    /// names cannot be read.
    pub fn new(config: &Config, secrets: &Secrets) -> Result<Self, Failure> {
        let timeout = config.request_timeout_seconds.duration();
        let base = config.api_base_url.as_str();
        let builder = || {
            let builder = reqwest::Client::builder();
            // A proxy cannot reach this machine's own addresses.
            let builder = if is_loopback(base) { builder.no_proxy() } else { builder };
            builder
                .user_agent(concat!("destination-hubspot/", env!("CARGO_PKG_VERSION")))
                .timeout(timeout)
                .connect_timeout(timeout.min(LONGEST_CONNECT))
                .pool_idle_timeout(Duration::from_secs(60))
                .tcp_nodelay(true)
                .dns_resolver(Names)
                // An API that redirects is not the API; a followed redirect would send the token elsewhere.
                .redirect(redirect::Policy::none())
        };
        readable_certificates(base)?;
        if sends_token_in_the_clear(base) {
            tracing::warn!(
                "api_base_url is plain http to another machine: whoever is on the way can read the token and every record. \
                 Use https."
            );
        }
        // A machine without CA certificates gets the bundled ones.
        let http = builder().build().or_else(|_| builder().tls_certs_only(bundled_roots()).build());
        let http = http.map_err(|error| {
            Failure::new(Kind::Internal, "The HTTPS client could not be set up.").internal(error.to_string())
        })?;
        let version = match config.api_version {
            config::ApiVersion::V3 => ApiVersion::V3,
            config::ApiVersion::V2026_03 => ApiVersion::V2026_03,
            config::ApiVersion::V2026_09 => ApiVersion::V2026_09,
        };
        Ok(Self {
            transport: Transport {
                http,
                base: base.to_owned(),
                contact: Arc::new(Contact::new(&config.api_base_url)),
                room: Room::default(),
            },
            paths: Paths::new(version),
            auth: Arc::new(Auth::new(&config.credentials, secrets.clone())),
            daily: Arc::default(),
            moves: Arc::default(),
            toll: Toll::default(),
        })
    }

    /// The paths of the configured API version, as far as they are known to be there.
    #[must_use]
    pub fn paths(&self) -> Paths {
        self.paths.moved(*self.moves.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where a call is to be made instead, whose path this answer does not know: a 404 without HubSpot's error body, to
    /// one of those families that have another root. It is used for all calls from here on, and said once.
    #[must_use]
    pub fn elsewhere(&self, path: &str, answer: &Answer) -> Option<String> {
        if answer.status != 404 || answer.error().structured {
            return None;
        }
        let mut moves = self.moves.lock().unwrap_or_else(PoisonError::into_inner);
        let paths = self.paths.moved(*moves);
        let (family, root) = paths.family_of(path)?;
        let after = paths.after_moving(family, root)?;
        let next = self.paths.moved(after).root(family);
        if after != *moves {
            *moves = after;
            tracing::warn!("HubSpot has no API at {root} any more: {next} is used for the rest of this run.");
        }
        Some(path.replacen(root, next, 1))
    }

    /// Where calls ask that are not the engine's own.
    #[must_use]
    pub fn toll(&self) -> &Toll {
        &self.toll
    }

    /// The same client, making calls that a record of this stream needs.
    #[must_use]
    pub fn for_stream(&self, stream: StreamIndex) -> Self {
        Self { toll: self.toll.of_stream(stream), ..self.clone() }
    }

    /// How it stands with the way to HubSpot.
    #[must_use]
    pub fn contact(&self) -> &Contact {
        &self.transport.contact
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// [`CallError`] when no complete answer came; an answer of any status is no error here.
    pub async fn get(&self, path: &str) -> Result<Answer, CallError> {
        self.call(Method::GET, path, None).await
    }

    /// Sends a JSON body.
    ///
    /// # Errors
    /// [`CallError`] when no complete answer came; an answer of any status is no error here.
    pub async fn post(&self, path: &str, body: Vec<u8>) -> Result<Answer, CallError> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Sends a JSON body that changes a resource.
    ///
    /// # Errors
    /// [`CallError`] when no complete answer came; an answer of any status is no error here.
    pub async fn patch(&self, path: &str, body: Vec<u8>) -> Result<Answer, CallError> {
        self.call(Method::PATCH, path, Some(body)).await
    }

    /// Sends a JSON body that replaces or adds to a resource.
    ///
    /// # Errors
    /// [`CallError`] when no complete answer came; an answer of any status is no error here.
    pub async fn put(&self, path: &str, body: Vec<u8>) -> Result<Answer, CallError> {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// Takes the refresh token that HubSpot gave in place of the configured one, once.
    pub async fn take_rotated_refresh_token(&self) -> Option<SecretString> {
        self.auth.take_rotated().await
    }

    /// Whether its tokens are granted to an OAuth app, and renewed.
    #[must_use]
    pub fn uses_oauth(&self) -> bool {
        self.auth.can_renew()
    }

    /// What `with` makes of the one token there is; `None` for OAuth.
    pub fn with_fixed_token<T>(&self, with: impl FnOnce(&str) -> T) -> Option<T> {
        self.auth.fixed_token().map(|token| with(token.expose_secret()))
    }

    /// The scopes of the OAuth token granted last, where there is one and its grant told them.
    pub async fn granted_scopes(&self) -> Option<Vec<String>> {
        self.auth.granted_scopes().await
    }

    /// What the last answer said that told of the daily quota; OAuth tokens have none.
    #[must_use]
    pub fn daily_quota(&self) -> Option<RateHeaders> {
        *self.daily.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a call and notes what its answer tells of the daily quota.
    async fn call(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Answer, CallError> {
        let answer = self.authorised(method, path, body).await?;
        if answer.rate.daily.is_some() {
            *self.daily.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer.rate);
        }
        Ok(answer)
    }

    /// A 401 is answered with a new token, once, where one can be had.
    async fn authorised(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Answer, CallError> {
        // Shared, so that a repeated call needs no copy.
        let body = body.map(bytes::Bytes::from);
        let token = self.auth.bearer(&self.transport, self.paths).await.map_err(CallError::NoToken)?;
        let answer = self.transport.send(method.clone(), path, body.clone(), &token).await;
        let answer = answer.map_err(CallError::Unreachable)?;
        if answer.status != 401 || !self.auth.can_renew() {
            return Ok(answer);
        }
        self.auth.refused(&token).await;
        let token = self.auth.bearer(&self.transport, self.paths).await.map_err(CallError::NoToken)?;
        self.transport.send(method, path, body, &token).await.map_err(CallError::Unreachable)
    }
}

impl Transport {
    /// Sends a form without a token: the way to a token.
    ///
    /// # Errors
    /// [`Unreachable`] when no complete answer came.
    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Result<Answer, Unreachable> {
        let request =
            self.http.post(format!("{}{path}", self.base)).header(ACCEPT, "application/json").form(form);
        self.receive(request).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<bytes::Bytes>,
        token: &SecretString,
    ) -> Result<Answer, Unreachable> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        request = request.header(ACCEPT, "application/json").header(AUTHORIZATION, bearer(token));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        self.receive(request).await
    }

    async fn receive(&self, request: reqwest::RequestBuilder) -> Result<Answer, Unreachable> {
        self.contact.tries();
        let answered = self.answer(request).await;
        match &answered {
            Ok(answer) => match answer.obstacle() {
                Some(obstacle) => self.contact.hindered(obstacle),
                None if answer.is_success() => self.contact.succeeded(),
                None => self.contact.answered(),
            },
            Err(unreachable) => self.contact.hindered(unreachable.obstacle()),
        }
        answered
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Answer, Unreachable> {
        let mut response = request.send().await.map_err(|error| unreachable(&error))?;
        let headers = response.headers();
        let mut answer = Answer {
            status: response.status().as_u16(),
            rate: RateHeaders::parse(text_headers(headers)),
            retry_after: text(headers, RETRY_AFTER.as_str()).and_then(|value| retry_after(value, None)),
            correlation_id: text(headers, CORRELATION_ID_HEADER).map(str::to_owned),
            body: Vec::with_capacity(expected_length(&response)),
            place: Place::default(),
        };
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
            let length = answer.body.len() + chunk.len();
            let room = self.room.take(&mut answer.place, answer.status, length).await;
            room.map_err(|_| Unreachable::Broken(Obstacle::TooLong))?;
            answer.body.extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}

/// What the variable names cannot be read: silently going on with other certificates would hide why nothing is trusted.
fn readable_certificates(base: &str) -> Result<(), Failure> {
    let Some(file) = std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()) else { return Ok(()) };
    let is_needed = base.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
    match std::fs::File::open(&file) {
        Err(error) if is_needed => {
            let message = format!(
                "SSL_CERT_FILE names {}, which cannot be read: {}. Name a file of certificates (PEM), or take the variable \
                 away.",
                file.display(),
                error.kind()
            );
            Err(Failure::new(Kind::Configuration, message))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

fn sends_token_in_the_clear(base: &str) -> bool {
    base.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://")) && !is_loopback(base)
}

/// Whether the address is one of this machine's own, which no proxy is asked for.
pub(super) fn is_loopback(base: &str) -> bool {
    let url = Url::parse(base).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Mozilla's root certificates, as this program was built with them.
fn bundled_roots() -> impl Iterator<Item = Certificate> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|root| Certificate::from_der(root).ok())
}

/// A token with characters that no header may hold is sent as nothing; HubSpot then says it is not valid.
fn bearer(token: &SecretString) -> HeaderValue {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
        .unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
    value.set_sensitive(true);
    value
}

/// The length of an answer as it was announced; HubSpot's compressed ones announce none.
fn expected_length(response: &reqwest::Response) -> usize {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    announced.unwrap_or_default().min(MOST_SMALL)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn text_headers(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
}

fn unreachable(error: &reqwest::Error) -> Unreachable {
    let obstacle = Obstacle::of(error);
    if error.is_connect() {
        Unreachable::Connect(obstacle)
    } else if error.is_timeout() {
        Unreachable::TimedOut
    } else {
        Unreachable::Broken(obstacle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_told_from_the_world() {
        for base in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1/x", "http://127.3.2.1"] {
            assert!(is_loopback(base), "{base}");
        }
        for base in ["https://api.hubapi.com", "http://localhost.example.com", "http://10.0.0.1", "nonsense"]
        {
            assert!(!is_loopback(base), "{base}");
        }
    }

    #[test]
    fn a_token_in_the_clear_is_one_that_another_machine_could_read() {
        assert!(sends_token_in_the_clear("HTTP://hubspot.example"));
        for base in ["https://api.hubapi.com", "http://127.0.0.1:1", "http://localhost"] {
            assert!(!sends_token_in_the_clear(base), "{base}");
        }
    }
}
