//! How many requests the account takes: rolling windows per token, windows of their own for
//! some calls, and the daily quotas.
//!
//! Source: <https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>.

mod budgets;
mod daily;
mod window;

pub use budgets::AssociationBudget;
pub(crate) use budgets::{Budgets, Meter};
pub use window::RateLimit;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Refusal;

/// The limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LimitPolicy {
    /// `SECONDLY`: the limit of a second, which search has.
    Secondly,
    /// `TEN_SECONDLY_ROLLING`: the burst window.
    TenSecondlyRolling,
    /// `DAILY`: the account's quota until its next midnight.
    Daily,
}

impl LimitPolicy {
    /// The body of a 429, with the words of each policy.
    pub(crate) fn refusal(self) -> Refusal {
        let (name, words) = match self {
            Self::Secondly => ("SECONDLY", "secondly limit"),
            Self::TenSecondlyRolling => ("TEN_SECONDLY_ROLLING", "ten_secondly_rolling limit"),
            Self::Daily => ("DAILY", "daily limit"),
        };
        let mut refusal = Refusal::plain(429, format!("You have reached your {words}."));
        refusal.body.error_type = Some("RATE_LIMIT");
        refusal.body.policy_name = Some(name);
        if self == Self::TenSecondlyRolling {
            refusal.body.group_name = Some("publicapi:private_app-api-calls-ten-secondly");
        }
        refusal
    }

    /// The body search gives above its limit: a category, and neither policy nor error type.
    pub(crate) fn search_refusal() -> Refusal {
        Refusal::new(429, "RATE_LIMITS", "You have reached your secondly limit.")
    }
}
