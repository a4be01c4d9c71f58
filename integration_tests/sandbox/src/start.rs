//! The beginning of an account: what a sandbox starts with, and what a reset goes back to.

use crate::auth::{Bearer, Scopes, TokenKind};
use crate::faults::{FaultEngine, FaultSnapshot};
use crate::http::{Shared, Timing, lock};
use crate::limits::RateLimit;
use crate::seed::{Seed, SeedError};
use crate::world::World;

/// What an account begins with.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) seed: Seed,
    /// Seed of everything random.
    pub(crate) random_seed: u64,
    /// Whether writes, events and changes of members are kept.
    pub(crate) history: bool,
    /// The token with every scope; made from the seed of what is random unless given.
    pub(crate) default_token: Option<String>,
}

/// An account that has just begun.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) world: World,
    pub(crate) faults: FaultEngine,
    pub(crate) timing: Timing,
    pub(crate) default_token: String,
}

impl Start {
    /// Begins.
    pub(crate) fn begin(&self) -> Result<Begun, SeedError> {
        let mut world = World::new(self.random_seed, self.history);
        if let Some(account) = &self.seed.account {
            world.account = account.clone();
        }
        let made = format!("pat-{}-{}", world.account.region, world.random.uuid());
        let default_token = self.default_token.clone().unwrap_or(made);
        let budget = world.budgets.open(RateLimit::per_ten_seconds(190));
        let bearer = Bearer { kind: TokenKind::Private, scopes: Scopes::all(), budget, expires: None };
        world.tokens.insert(&default_token, bearer);
        world.sow(&self.seed)?;
        let mut faults = FaultEngine::new(self.random_seed);
        for fault in &self.seed.faults {
            faults.add(fault.clone());
        }
        let mut timing = Timing::new(self.random_seed);
        timing.set(&self.seed.delays);
        Ok(Begun { world, faults, timing, default_token })
    }
}

/// A whole account as it was at some moment.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    world: World,
    faults: FaultSnapshot,
    timing: Timing,
}

impl Shared {
    /// Begins anew with another description of the account; the request log is forgotten.
    pub(crate) fn begin_anew(&self, seed: &Seed) -> Result<(), SeedError> {
        let begun = Start { seed: seed.clone(), ..self.start.clone() }.begin()?;
        self.replace(begun.world, &begun.faults.snapshot(), begun.timing);
        self.log.forget();
        Ok(())
    }

    /// Adds what a seed describes; nothing of it after an error.
    pub(crate) fn add(&self, seed: &Seed) -> Result<(), SeedError> {
        {
            let world = &mut *lock(&self.world);
            let mut changed = world.clone();
            changed.sow(seed)?;
            *world = changed;
        }
        lock(&self.timing).set(&seed.delays);
        let faults = &mut *lock(&self.faults);
        seed.faults.iter().for_each(|fault| {
            faults.add(fault.clone());
        });
        Ok(())
    }

    /// The present state as a seed.
    pub(crate) fn seed(&self) -> Seed {
        let mut seed = lock(&self.world).seed(self.start.default_token.as_deref().unwrap_or_default());
        lock(&self.timing).tell(&mut seed.delays);
        seed.faults = lock(&self.faults).states().into_iter().map(|state| state.fault).collect();
        seed
    }

    /// The account as it is, but for the request log.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let world = lock(&self.world).clone();
        let faults = lock(&self.faults).snapshot();
        let timing = lock(&self.timing).clone();
        Snapshot { world, faults, timing }
    }

    /// Makes the account what it was.
    pub(crate) fn restore(&self, snapshot: Snapshot) {
        self.replace(snapshot.world, &snapshot.faults, snapshot.timing);
    }

    fn replace(&self, world: World, faults: &FaultSnapshot, timing: Timing) {
        *lock(&self.world) = world;
        lock(&self.faults).restore(faults);
        *lock(&self.timing) = timing;
    }
}
