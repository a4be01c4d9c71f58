//! The sandbox over real HTTP: its rules, its faults, and its likeness to recorded answers.

mod account;
mod auth;
mod create_update;
mod faults;
mod fidelity;
mod fidelity_cases;
mod limits;
mod log;
mod properties;
mod read_search;
mod support;
mod upsert;
