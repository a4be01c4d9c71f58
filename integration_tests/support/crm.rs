//! What the tests of planning share: an account in which every CRM object can be matched by something.

use std::time::Duration;

use hubspot_sandbox::{Builder, PropertyDef, RateLimit, Sandbox};

/// The unique property of companies, deals and tickets, which have none of their own that people know.
pub(crate) const KEY: &str = "warehouse_id";

/// An account whose companies, deals and tickets have a [`KEY`], and whose rate window no test waits for.
pub(crate) fn account() -> Builder {
    let window = RateLimit { max: 1_000_000, interval: Duration::from_millis(100), enforced: false };
    ["companies", "deals", "tickets"]
        .into_iter()
        .fold(Sandbox::builder().rate_limit(window), |builder, object| {
            builder.property(object, PropertyDef::string(KEY).unique())
        })
}
