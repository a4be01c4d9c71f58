//! The way to another machine: why there is none, which proxy it leads through, how names become addresses.
//!
//! HubSpot and the object stores are reached by the same HTTP client, and fail for the same reasons.

pub mod names;
pub mod obstacle;
pub mod proxy;

#[cfg(test)]
mod loopback;
