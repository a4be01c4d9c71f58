//! The sandbox over real HTTP: its rules, its faults, and its likeness to recorded answers.
//!
//! The attributes tell the linter that helpers outside of test functions are tests too.

#[cfg(test)]
mod account;
#[cfg(test)]
mod associations;
#[cfg(test)]
mod auth;
#[cfg(test)]
mod consent;
#[cfg(test)]
mod control;
#[cfg(test)]
mod create_update;
#[cfg(test)]
mod events;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fidelity;
#[cfg(test)]
mod fidelity_cases;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod log;
#[cfg(test)]
mod page;
#[cfg(test)]
mod pipelines;
#[cfg(test)]
mod program;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod read_search;
#[cfg(test)]
mod support;
#[cfg(test)]
mod upsert;
