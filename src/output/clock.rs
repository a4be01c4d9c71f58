//! The wall clock, for the times that messages carry.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
#[must_use]
pub fn now_ms() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Milliseconds fit a double exactly for the next 280,000 years.
    since.as_millis() as f64
}
