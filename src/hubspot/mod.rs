//! The way to HubSpot: one HTTP client, one place for tokens, and the calls the commands make.
//!
//! This is IO and nothing else: what an answer means is decided in `api` and `engine`.

pub mod account;
pub mod auth;
pub mod client;
pub mod contact;
pub mod events;
pub mod explain;
pub mod fresh;
pub mod lists;
pub mod making;
mod pages;
pub mod patient;
mod room;
pub mod token;
pub mod toll;
pub mod write;
