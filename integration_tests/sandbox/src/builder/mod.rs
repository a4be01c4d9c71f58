//! Setting a sandbox up.

mod families;
mod wire;

use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use crate::account::{Account, AccountType};
use crate::auth::{Bearer, MalformedTokens, OAuthApp, Rotation, Scopes, TokenKind};
use crate::catalog::{CustomObject, PropertyDef};
use crate::faults::{Fault, FaultEngine};
use crate::http::{Gzip, Server, Shared, Timing, Wire};
use crate::limits::RateLimit;
use crate::log::RequestLog;
use crate::random::Random;
use crate::sandbox::Sandbox;
use crate::world::{EchoTraceIds, Owner, UpdateByEmail, World};

/// Bytes of request bodies the log keeps unless told otherwise.
const BODY_ROOM: usize = 64 * 1024 * 1024;
/// Longest request body taken unless told otherwise.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// Options of a sandbox to be started.
#[derive(Clone, Debug)]
pub struct Builder {
    seed: u64,
    port: u16,
    latency: Duration,
    jitter: Duration,
    rate_limit: Option<RateLimit>,
    daily_limit: u64,
    search_limit: RateLimit,
    search_delay: Duration,
    search_lag: u64,
    default_token: Option<String>,
    tokens: Vec<(String, Scopes)>,
    apps: Vec<(String, String, String, Scopes)>,
    access_token_lifetime: Duration,
    told_lifetime: Option<Value>,
    malformed_tokens: MalformedTokens,
    rotation: Rotation,
    account: Account,
    echo: EchoTraceIds,
    update_by_email: UpdateByEmail,
    owners: Vec<Owner>,
    custom_objects: Vec<CustomObject>,
    properties: Vec<(String, PropertyDef)>,
    faults: Vec<Fault>,
    body_limit: usize,
    body_room: Option<usize>,
    history: bool,
    gzip: Gzip,
    wire: Wire,
    families: families::Families,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            seed: 1,
            port: 0,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            rate_limit: None,
            daily_limit: 1_000_000,
            search_limit: RateLimit::new(5, Duration::from_secs(1)),
            search_delay: Duration::ZERO,
            search_lag: 0,
            default_token: None,
            tokens: Vec::new(),
            apps: Vec::new(),
            access_token_lifetime: Duration::from_secs(1800),
            told_lifetime: None,
            malformed_tokens: MalformedTokens::default(),
            rotation: Rotation::Keep,
            account: Account::default(),
            echo: EchoTraceIds::default(),
            update_by_email: UpdateByEmail::default(),
            owners: vec![
                owner(41_629_779, 1_000_001, "ada@sandbox.example.com", "Ada", "Owner"),
                owner(41_629_780, 1_000_002, "ben@sandbox.example.com", "Ben", "Owner"),
            ],
            custom_objects: Vec::new(),
            properties: Vec::new(),
            faults: Vec::new(),
            body_limit: BODY_LIMIT,
            body_room: Some(BODY_ROOM),
            history: true,
            gzip: Gzip::default(),
            wire: Wire::default(),
            families: families::Families::default(),
        }
    }
}

fn owner(id: u64, user_id: u64, email: &str, first_name: &str, last_name: &str) -> Owner {
    Owner {
        id,
        user_id,
        email: email.to_owned(),
        first_name: first_name.to_owned(),
        last_name: last_name.to_owned(),
    }
}

impl Builder {
    /// Seed of ids, shuffles, tokens, jitter and probabilities; 1 unless set.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Port on 127.0.0.1; 0, the default, takes a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Time every request takes before it has its effect; none unless set.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// At most so much time on top of the latency, drawn anew for every request.
    #[must_use]
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }

    /// Window of every token; unless set 190 per 10 s for private tokens and 110 for OAuth apps.
    #[must_use]
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = Some(limit);
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
        self.daily_limit = limit;
        self
    }

    /// Window of search, which all tokens share; 5 per second unless set.
    #[must_use]
    pub fn search_limit(mut self, limit: RateLimit) -> Self {
        self.search_limit = limit;
        self
    }

    /// How many searches of the account do not see a new record yet; none unless set.
    #[must_use]
    pub fn search_index_lag(mut self, searches: u64) -> Self {
        self.search_lag = searches;
        self
    }

    /// Time by the sandbox's clock during which search does not see a new record; none unless set. A long one with
    /// [`Sandbox::advance_clock`] needs no waiting.
    #[must_use]
    pub fn search_index_delay(mut self, delay: Duration) -> Self {
        self.search_delay = delay;
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
        self.tokens.push((token.to_owned(), scopes));
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
        self.apps.push((client_id.to_owned(), client_secret.to_owned(), refresh_token.to_owned(), scopes));
        self
    }

    /// How long access tokens live; 30 minutes unless set.
    #[must_use]
    pub fn access_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.access_token_lifetime = lifetime;
        self
    }

    /// What a token's grant says of its life (`expires_in`), whatever it is really: HubSpot documents 1800, and nothing
    /// keeps a broken answer from saying anything else.
    #[must_use]
    pub fn told_lifetime(mut self, told: Value) -> Self {
        self.told_lifetime = Some(told);
        self
    }

    /// What becomes of calls with tokens of no known shape.
    #[must_use]
    pub fn malformed_tokens(mut self, rule: MalformedTokens) -> Self {
        self.malformed_tokens = rule;
        self
    }

    /// Makes every refresh give another refresh token and the old one invalid.
    #[must_use]
    pub fn rotate_refresh_tokens(mut self) -> Self {
        self.rotation = Rotation::Replace;
        self
    }

    /// The account's number.
    #[must_use]
    pub fn portal_id(mut self, portal_id: u64) -> Self {
        self.account.portal_id = portal_id;
        self
    }

    /// `dataHostingLocation`; `na1` unless set. It also starts the default token and the UI's host.
    #[must_use]
    pub fn region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.account.region);
        self
    }

    /// Name of the account's time zone and its offset from UTC in minutes; `US/Eastern`, -300 unless set.
    #[must_use]
    pub fn time_zone(mut self, name: &str, utc_offset_minutes: i32) -> Self {
        name.clone_into(&mut self.account.time_zone);
        self.account.utc_offset_minutes = utc_offset_minutes;
        self
    }

    /// The account's type; a developer test account unless set.
    #[must_use]
    pub fn account_type(mut self, kind: AccountType) -> Self {
        self.account.kind = kind;
        self
    }

    /// Whether batch results repeat trace ids.
    #[must_use]
    pub fn echo_trace_ids(mut self, echo: EchoTraceIds) -> Self {
        self.echo = echo;
        self
    }

    /// Whether batch/update takes a contact's `email` as `idProperty`.
    #[must_use]
    pub fn update_by_email(mut self, rule: UpdateByEmail) -> Self {
        self.update_by_email = rule;
        self
    }

    /// Adds an owner to the two every sandbox has.
    #[must_use]
    pub fn owner(mut self, owner: Owner) -> Self {
        self.owners.push(owner);
        self
    }

    /// Adds a custom object type.
    #[must_use]
    pub fn custom_object(mut self, object: CustomObject) -> Self {
        self.custom_objects.push(object);
        self
    }

    /// Adds a property to an object type, or replaces the one of that name. An object type that does not exist
    /// makes [`Builder::start`] panic.
    #[must_use]
    pub fn property(mut self, object: &str, property: PropertyDef) -> Self {
        self.properties.push((object.to_owned(), property));
        self
    }

    /// Adds a fault.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
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
    /// When the port is taken or the options contradict each other; [`Builder::try_start`] gives the former back.
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
    /// When it cannot listen on the port, or the certificate cannot be used.
    ///
    /// # Panics
    ///
    /// When a property was given for an object type that does not exist.
    pub fn try_start(self) -> io::Result<Sandbox> {
        let port = self.port;
        let (world, default_token) = self.world();
        let mut faults = FaultEngine::new(self.seed);
        for fault in self.faults {
            faults.add(fault);
        }
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            faults: Mutex::new(faults),
            timing: Mutex::new(Timing {
                latency: self.latency,
                jitter: self.jitter,
                random: Random::new(self.seed ^ 0x7177),
            }),
            log: Arc::new(RequestLog::new(self.body_room)),
            pages: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            body_limit: self.body_limit,
            gzip: self.gzip,
            wire: self.wire,
            stop: stopped,
        });
        let server = Server::start(port, Arc::clone(&shared), stop)?;
        Ok(Sandbox::new(server, shared, default_token))
    }

    fn world(&self) -> (World, String) {
        let mut world = World::new(self.seed, self.history);
        world.account = self.account.clone();
        world.owners.clone_from(&self.owners);
        world.echo = self.echo;
        world.update_by_email = self.update_by_email;
        world.index.delay = self.search_delay;
        world.index.lag = self.search_lag;
        world.budgets.search.limit = self.search_limit;
        world.budgets.daily.limit = self.daily_limit;
        world.budgets.set_associations(self.families.association_budget(self.rate_limit));
        world.apps.access_token_lifetime = self.access_token_lifetime;
        world.apps.told_lifetime.clone_from(&self.told_lifetime);
        world.apps.rotation = self.rotation;
        world.tokens.malformed = self.malformed_tokens;
        let made = format!("pat-{}-{}", world.account.region, world.random.uuid());
        let default_token = self.default_token.clone().unwrap_or(made);
        let all = [(default_token.clone(), Scopes::all())];
        for (text, scopes) in all.iter().chain(&self.tokens) {
            let budget = world.budgets.add(self.rate_limit.unwrap_or(RateLimit::per_ten_seconds(190)));
            let bearer = Bearer { kind: TokenKind::Private, scopes: scopes.clone(), budget, expires: None };
            world.tokens.insert(text, bearer);
        }
        for (client_id, client_secret, refresh_token, scopes) in self.apps.iter().cloned() {
            let budget = world.budgets.add(self.rate_limit.unwrap_or(RateLimit::per_ten_seconds(110)));
            world.apps.install(OAuthApp { client_id, client_secret, refresh_token, scopes, budget });
        }
        for object in &self.custom_objects {
            world.add_custom(object.clone());
        }
        for (object, property) in &self.properties {
            world.put_property(object, property.clone());
        }
        world.events.occurrences.counted_only = !self.history;
        world.lists.forgetful = !self.history;
        self.families.apply(&mut world);
        (world, default_token)
    }
}
