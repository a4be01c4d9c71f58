//! Setting a sandbox up.

mod families;
mod wire;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use crate::account::{Account, AccountType};
use crate::auth::Scopes;
use crate::catalog::{CustomObject, Pipeline, PropertyDef};
use crate::faults::Fault;
use crate::http::{Gzip, Server, Shared, Wire};
use crate::limits::RateLimit;
use crate::log::RequestLog;
use crate::remote::Control;
use crate::sandbox::Sandbox;
use crate::seed::{AppSeed, Seed, SeedError, TokenSeed};
use crate::start::Start;
use crate::world::Owner;

/// Bytes of request bodies the log keeps unless told otherwise.
const BODY_ROOM: usize = 64 * 1024 * 1024;
/// Longest request body taken unless told otherwise.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// A sandbox could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The account is described by what cannot be: a property of an object type that does not exist.
    #[error("the account cannot be: {0}")]
    Account(#[from] SeedError),
    /// The address cannot be listened on.
    #[error("could not listen: {0}")]
    Listen(#[from] io::Error),
}

impl From<StartError> for io::Error {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Listen(error) => error,
            StartError::Account(error) => Self::other(error),
        }
    }
}

/// Options of a sandbox to be started.
///
/// What the account is like fills a [`Seed`]; the other options are about the program that plays it. There is a method for
/// every switch of [`crate::switches()`].
#[derive(Clone, Debug)]
pub struct Builder {
    pub(crate) seed: Seed,
    random_seed: u64,
    address: SocketAddr,
    default_token: Option<String>,
    control: Control,
    body_limit: usize,
    body_room: Option<usize>,
    history: bool,
    gzip: Gzip,
    wire: Wire,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            seed: Seed::default(),
            random_seed: 1,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            default_token: None,
            control: Control::Off,
            body_limit: BODY_LIMIT,
            body_room: Some(BODY_ROOM),
            history: true,
            gzip: Gzip::default(),
            wire: Wire::default(),
        }
    }
}

impl Builder {
    fn account(&mut self) -> &mut Account {
        self.seed.account.get_or_insert_default()
    }

    /// Describes the account by a seed, in place of what was described so far.
    #[must_use]
    pub fn described(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// Whether the control over HTTP (`/_sandbox/...`) is there. It is not unless asked for.
    #[must_use]
    pub fn control(mut self, control: Control) -> Self {
        self.control = control;
        self
    }

    /// Address to listen on; 127.0.0.1 unless set. Anybody who reaches it may do with the account what they like.
    #[must_use]
    pub fn listen(mut self, address: IpAddr) -> Self {
        self.address.set_ip(address);
        self
    }

    /// Seed of ids, shuffles, tokens, jitter and probabilities; 1 unless set.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.random_seed = seed;
        self
    }

    /// Port on 127.0.0.1; 0, the default, takes a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.address.set_port(port);
        self
    }

    /// Time every request takes before it has its effect; none unless set.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.seed.delays.latency = Some(latency);
        self
    }

    /// At most so much time on top of the latency, drawn anew for every request.
    #[must_use]
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.seed.delays.jitter = Some(jitter);
        self
    }

    /// Window of every token; unless set 190 per 10 s for private tokens and 110 for OAuth apps.
    #[must_use]
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.seed.limits.calls = Some(limit);
        self
    }

    /// No request is refused for its rate, and the headers announce a million per 10 s. Search keeps its limit.
    #[must_use]
    pub fn no_rate_limit(self) -> Self {
        self.rate_limit(RateLimit::none())
    }

    /// Daily quota that private tokens share; 1,000,000 unless set.
    #[must_use]
    pub fn daily_limit(mut self, limit: u64) -> Self {
        self.seed.limits.daily = Some(limit);
        self
    }

    /// Window of search, which all tokens share; 5 per second unless set.
    #[must_use]
    pub fn search_limit(mut self, limit: RateLimit) -> Self {
        self.seed.limits.search = Some(limit);
        self
    }

    /// How many searches of the account do not see a new record yet; none unless set.
    #[must_use]
    pub fn search_index_lag(mut self, searches: u64) -> Self {
        self.seed.delays.search_index_searches = Some(searches);
        self
    }

    /// Time by the sandbox's clock during which search does not see a new record; none unless set. A long one with
    /// [`Sandbox::advance_clock`] needs no waiting.
    #[must_use]
    pub fn search_index_delay(mut self, delay: Duration) -> Self {
        self.seed.delays.search_index = Some(delay);
        self
    }

    /// Text of the token with every scope that each sandbox has; made from the seed unless set.
    #[must_use]
    pub fn default_token(mut self, token: &str) -> Self {
        self.default_token = Some(token.to_owned());
        self
    }

    /// Adds a private token.
    #[must_use]
    pub fn token(mut self, token: &str, scopes: Scopes) -> Self {
        self.seed.tokens.push(TokenSeed { token: token.to_owned(), scopes });
        self
    }

    /// Adds an installed OAuth app with its refresh token.
    #[must_use]
    pub fn oauth_app(
        mut self,
        client_id: &str,
        client_secret: &str,
        refresh_token: &str,
        scopes: Scopes,
    ) -> Self {
        self.seed.apps.push(AppSeed {
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            refresh_token: refresh_token.to_owned(),
            scopes,
        });
        self
    }

    /// How long access tokens live; 30 minutes unless set.
    #[must_use]
    pub fn access_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.seed.delays.access_token = Some(lifetime);
        self
    }

    /// What a token's grant says of its life (`expires_in`), whatever it is really: HubSpot documents 1800, and nothing
    /// keeps a broken answer from saying anything else.
    #[must_use]
    pub fn told_lifetime(mut self, told: Value) -> Self {
        self.seed.delays.access_token_told = Some(told);
        self
    }

    /// The account's number.
    #[must_use]
    pub fn portal_id(mut self, portal_id: u64) -> Self {
        self.account().portal_id = portal_id;
        self
    }

    /// `dataHostingLocation`; `na1` unless set. It also starts the default token and the UI's host.
    #[must_use]
    pub fn region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.account().region);
        self
    }

    /// Name of the account's time zone and its offset from UTC in minutes; `US/Eastern`, -300 unless set.
    #[must_use]
    pub fn time_zone(mut self, name: &str, utc_offset_minutes: i32) -> Self {
        let account = self.account();
        name.clone_into(&mut account.time_zone);
        account.utc_offset_minutes = utc_offset_minutes;
        self
    }

    /// The account's type; a developer test account unless set.
    #[must_use]
    pub fn account_type(mut self, kind: AccountType) -> Self {
        self.account().kind = kind;
        self
    }

    /// Adds an owner to the two every sandbox has.
    #[must_use]
    pub fn owner(mut self, owner: Owner) -> Self {
        self.seed.owners.push(owner);
        self
    }

    /// Adds a custom object type.
    #[must_use]
    pub fn custom_object(mut self, object: CustomObject) -> Self {
        self.seed.objects.push(object);
        self
    }

    /// Adds a property to an object type, or replaces the one of that name. An object type that does not exist
    /// keeps it from starting.
    #[must_use]
    pub fn property(mut self, object: &str, property: PropertyDef) -> Self {
        self.seed.properties.entry(object.to_owned()).or_default().push(property);
        self
    }

    /// Adds a pipeline to an object type, or replaces the one with that id. An object type that does not exist keeps it
    /// from starting.
    #[must_use]
    pub fn pipeline(mut self, object: &str, pipeline: Pipeline) -> Self {
        self.seed.pipelines.entry(object.to_owned()).or_default().push(pipeline);
        self
    }

    /// Adds a fault.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.seed.faults.push(fault);
        self
    }

    /// Longest request body in bytes; longer ones are answered 413. 10 MiB unless set.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Whether answers are compressed; never unless set. Compressed requests are always understood.
    #[must_use]
    pub fn gzip(mut self, gzip: Gzip) -> Self {
        self.gzip = gzip;
        self
    }

    /// How many bytes of request bodies the log keeps; 64 MiB unless set.
    #[must_use]
    pub fn keep_bodies(mut self, bytes: usize) -> Self {
        self.body_room = Some(bytes);
        self
    }

    /// Keeps neither requests nor the history of writes nor events, only counters: for runs of millions of records.
    #[must_use]
    pub fn light(mut self) -> Self {
        self.body_room = None;
        self.history = false;
        self
    }

    /// Starts the sandbox.
    ///
    /// # Panics
    ///
    /// When the port is taken or the account cannot be; [`Builder::try_start`] gives both back.
    #[must_use]
    pub fn start(self) -> Sandbox {
        match self.try_start() {
            Ok(sandbox) => sandbox,
            Err(error) => panic!("the sandbox could not be started: {error}"),
        }
    }

    /// Starts the sandbox.
    ///
    /// # Errors
    ///
    /// When it cannot listen, the certificate cannot be used, or the account cannot be.
    pub fn try_start(self) -> Result<Sandbox, StartError> {
        let start = Start {
            seed: self.seed,
            random_seed: self.random_seed,
            history: self.history,
            default_token: self.default_token,
        };
        let begun = start.begin()?;
        let default_token = begun.default_token.clone();
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::new(Shared {
            world: Mutex::new(begun.world),
            faults: Mutex::new(begun.faults),
            timing: Mutex::new(begun.timing),
            start: Start { default_token: Some(begun.default_token), ..start },
            snapshots: Mutex::default(),
            log: Arc::new(RequestLog::new(self.body_room)),
            pages: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            control: self.control,
            body_limit: self.body_limit,
            gzip: self.gzip,
            wire: self.wire,
            stop: stopped,
        });
        let server = Server::start(self.address, Arc::clone(&shared), stop)?;
        Ok(Sandbox::new(server, shared, default_token))
    }
}
