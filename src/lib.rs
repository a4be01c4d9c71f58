//! An Airbyte destination that writes warehouse records into HubSpot, each one confirmed or rejected with a
//! reason.
//!
//! Data flows one way: stdin, parse, plan, coerce, batch, HubSpot, settle, checkpoint, stdout.
//! `ARCHITECTURE.md` draws the map. Modules in reading order, pure ones first:
//!
//! | module | what it knows |
//! |---|---|
//! | [`protocol`] | the Airbyte wire |
//! | [`api`] | HubSpot's wire |
//! | [`crm`] | what an account holds |
//! | [`config`] | what the user chose |
//! | [`coerce`] | values and names HubSpot takes |
//! | [`plan`] | what happens to each stream |
//! | [`engine`] | every decision of a sync |
//! | [`rejected`] | how rejected records are shown and laid out |
//! | [`registry`] | what an Airbyte platform has to be told of this connector |
//! | [`net`] | why another machine is not reached |
//! | [`hubspot`] | the HTTP client |
//! | [`stdio`] | standard input and output, waited for |
//! | [`output`] | stdout |
//! | [`storage`] | where rejected records are stored |
//! | [`pipeline`] | stdin to HubSpot to stdout |
//! | [`commands`] | `spec`, `check`, `discover`, `write`, `registry` |
//! | [`cli`] | the command line |
//! | [`error`], [`json`], [`bound`], [`secrets`] | leaves that any module may use |

pub mod api;
pub mod bound;
pub mod cli;
pub mod coerce;
pub mod commands;
pub mod config;
pub mod crm;
pub mod engine;
pub mod error;
pub mod hubspot;
pub mod json;
pub mod net;
pub mod output;
pub mod pipeline;
pub mod plan;
pub mod protocol;
pub mod registry;
pub mod rejected;
pub mod secrets;
pub mod stdio;
pub mod storage;
