//! The state of the account behind the HTTP surface. It only holds the parts together; what each part does is in
//! its own module.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::associations::{Associations, TypeDef};
use crate::auth::{Apps, Tokens};
use crate::catalog::{Catalog, CustomObject, ObjectType, TypeIndex};
use crate::clock::Clock;
use crate::consent::Consent;
use crate::error::Refusal;
use crate::events::Events;
use crate::limits::Budgets;
use crate::lists::Lists;
use crate::random::Random;
use crate::records::{History, RecordStore, SearchIndex};
use crate::switches::Switches;

/// An owner of records, a user of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Owner {
    /// The id that owner properties hold.
    pub id: u64,
    /// The user's id, which owner properties refuse.
    pub user_id: u64,
    /// The user's address.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
}

/// The owners that every account has.
fn owners() -> Vec<Owner> {
    let owner = |id, user_id, email: &str, first_name: &str| Owner {
        id,
        user_id,
        email: email.to_owned(),
        first_name: first_name.to_owned(),
        last_name: "Owner".to_owned(),
    };
    vec![
        owner(41_629_779, 1_000_001, "ada@sandbox.example.com", "Ada"),
        owner(41_629_780, 1_000_002, "ben@sandbox.example.com", "Ben"),
    ]
}

/// An inline association made when a record was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlineAssociation {
    /// `objectTypeId` of the new record.
    pub from_type: String,
    /// Id of the new record.
    pub from_id: String,
    /// `objectTypeId` of the other record, where the association type is one HubSpot defines.
    pub to_type: Option<String>,
    /// Id of the other record.
    pub to_id: String,
    /// `associationTypeId`.
    pub type_id: u32,
}

/// The account's state.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) account: Account,
    pub(crate) catalog: Catalog,
    pub(crate) stores: Vec<RecordStore>,
    pub(crate) history: History,
    pub(crate) owners: Vec<Owner>,
    pub(crate) inline: Vec<InlineAssociation>,
    pub(crate) associations: Associations,
    pub(crate) lists: Lists,
    pub(crate) events: Events,
    pub(crate) consent: Consent,
    pub(crate) tokens: Tokens,
    pub(crate) apps: Apps,
    pub(crate) budgets: Budgets,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) switches: Switches,
    pub(crate) index: SearchIndex,
    /// How many writes do not see a property made by a call.
    pub(crate) property_lag: u64,
    /// Prefixes of paths that have ended.
    pub(crate) ended: Vec<String>,
    /// Announced limits of records, where they are not the usual one.
    pub(crate) record_limits: HashMap<TypeIndex, u64>,
}

impl World {
    /// An account with HubSpot's own object types, two owners and nothing else.
    pub(crate) fn new(seed: u64, recording: bool) -> Self {
        let catalog = Catalog::new();
        let stores = catalog.types().iter().map(|_| RecordStore::default()).collect();
        Self {
            account: Account::default(),
            catalog,
            stores,
            history: History::new(recording),
            owners: owners(),
            inline: Vec::new(),
            associations: Associations::default(),
            lists: Lists::new(recording),
            events: Events::new(recording),
            consent: Consent::default(),
            tokens: Tokens::default(),
            apps: Apps::new(),
            budgets: Budgets::default(),
            clock: Clock::new(),
            random: Random::new(seed),
            ended: Vec::new(),
            switches: Switches::default(),
            index: SearchIndex::default(),
            property_lag: 0,
            record_limits: HashMap::new(),
        }
    }

    /// The association types between two object types, the unlabelled one first.
    pub(crate) fn types_between(&mut self, from: TypeIndex, to: TypeIndex) -> &[TypeDef] {
        let (one, other) = (self.catalog.get(from), self.catalog.get(to));
        self.associations.types.between((from, one), (to, other))
    }

    /// Makes an association label and gives both directions of it.
    pub(crate) fn add_label(
        &mut self,
        from: TypeIndex,
        to: TypeIndex,
        label: &str,
        inverse: Option<&str>,
        ids: Option<(u32, u32)>,
    ) -> (TypeDef, TypeDef) {
        let (one, other) = (self.catalog.get(from), self.catalog.get(to));
        self.associations.types.add_label((from, one), (to, other), label, inverse, ids)
    }

    /// Adds a custom object type with an empty store.
    pub(crate) fn add_custom(&mut self, object: CustomObject) -> TypeIndex {
        let number = self.random.number(3_000_000..60_000_000);
        let now = self.clock.now();
        let index = self.catalog.add_custom(object, self.account.portal_id, number, now);
        self.stores.push(RecordStore::default());
        index
    }

    /// The type a path names, or HubSpot's refusal.
    pub(crate) fn resolve(&mut self, name: &str) -> Result<TypeIndex, Refusal> {
        self.catalog
            .resolve(name)
            .ok_or_else(|| Refusal::invalid(format!("Unable to infer object type from: {name}")))
    }

    /// A type with its records.
    pub(crate) fn kind_and_store(&self, index: TypeIndex) -> (&ObjectType, &RecordStore) {
        (self.catalog.get(index), &self.stores[index.0])
    }

    /// A type with its records, to change these.
    pub(crate) fn kind_and_store_mut(&mut self, index: TypeIndex) -> (&ObjectType, &mut RecordStore) {
        (self.catalog.get(index), &mut self.stores[index.0])
    }

    /// Ids that owner properties accept.
    pub(crate) fn owner_ids(&self) -> Vec<u64> {
        self.owners.iter().map(|owner| owner.id).collect()
    }
}
