//! A HubSpot stand-in for tests, demonstrations and people: real HTTP on loopback, state in memory.
//!
//! It follows what HubSpot documents and what was recorded from it, down to the answers that make clients fail, so
//! that a client which passes here passes there. Everything random comes from one seed.
//!
//! ```no_run
//! use hubspot_sandbox::{Endpoint, Fault, Sandbox};
//!
//! let sandbox = Sandbox::builder().seed(7).start();
//! let fault = sandbox.add_fault(Fault::on(Endpoint::Upsert).first(1).status(503));
//! // ... run a client against `sandbox.url()` with `sandbox.default_token()` ...
//! assert_eq!(sandbox.fault_fired(fault), 1);
//! assert_eq!(sandbox.records("contacts").len(), 100);
//! ```
//!
//! # Layout
//!
//! * `http`: listener, connections, routes, and the way of a request from arrival to answer;
//! * `endpoints`: one module for each family of calls; a new family is a new module there;
//! * `objects`: what the calls about records do;
//! * `rules`: which values and definitions HubSpot takes;
//! * `lists`, `associations`, `events`: the account's lists, what its records are associated with, what happened;
//! * `catalog`, `records`, `auth`, `limits`, `account`: the parts of the account's state, held together by `world`;
//! * `faults`, `log`: trouble on demand, and what happened;
//! * `switches`: which reading of HubSpot's texts the account follows;
//! * `seed`: the one description of all of it, which the builder fills and files hold; `start`: where an account begins;
//! * `control`, `inspect`: changing and looking from Rust; `remote`: the same over HTTP;
//! * `page`: all of it in a browser.

mod account;
mod associations;
mod auth;
mod builder;
mod catalog;
mod clock;
mod consent;
mod control;
mod endpoints;
mod error;
mod events;
mod faults;
mod http;
mod inspect;
mod limits;
mod lists;
mod log;
mod objects;
mod page;
mod random;
mod records;
mod remote;
mod rules;
mod sandbox;
mod seed;
mod start;
mod switches;
mod tables;
mod world;

pub use account::{Account, AccountType};
pub use associations::{AssociationCategory, AssociationLabel};
pub use auth::Scopes;
pub use builder::{Builder, StartError};
pub use catalog::{
    CustomObject, FieldType, Pipeline, PropertyDef, PropertyOption, PropertyType, Sensitivity, Stage,
};
pub use clock::Millis;
pub use consent::{ConsentSeed, ConsentStatus, Subscription, SubscriptionStatus};
pub use events::{EventDef, StoredEvent};
pub use faults::{
    BatchRefusal, Fault, FaultAnswer, FaultBody, FaultId, FaultTarget, InputMatch, NextPage, When, Writing,
};
pub use http::{CallInfo, Certificate, Endpoint, EndpointFamily, Gzip, Truth, calls};
pub use inspect::{StoredAssociation, StoredList, StoredRecord};
pub use limits::{AssociationBudget, LimitPolicy, RateLimit};
pub use lists::{CallLimit, ListDef, MemberChange, Membership, Oversize, ProcessingType};
pub use log::{RequestRecord, Totals};
pub use records::{StoreCounts, WriteEvent, WriteKind};
pub use remote::{Control, openapi};
pub use rules::Demand;
pub use sandbox::Sandbox;
pub use seed::{
    AppSeed, AssociationSeed, Delays, DemandSeed, EndSeed, Limits, RecordSeed, Seed, SeedError,
    SeedFileError, TokenSeed,
};
pub use switches::{
    AddedSpelling, AssociationErrors, EchoTraceIds, EmptyArrays, ErasedAddresses, EventUuids, ForeignStages,
    LegalBases, ListNames, MalformedTokens, MergeIds, OptOuts, PipelineOptions, PrimaryLabels, Readings,
    RefreshTokens, Required, SearchQuotes, SwitchInfo, UniqueValues, UpdateByEmail, switches,
};
pub use tables::{coverage_table, switch_table};
pub use world::{InlineAssociation, Owner};
