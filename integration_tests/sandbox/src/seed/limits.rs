//! What an account takes, and how long things take in it.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::millis;
use crate::limits::{AssociationBudget, RateLimit};
use crate::lists::CallLimit;

/// What the account takes; what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Limits {
    /// Window of every token; at first 190 per 10 s for private tokens and 110 for OAuth apps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<RateLimit>,
    /// Daily quota that private tokens share; at first 1,000,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily: Option<u64>,
    /// How much of today's quota is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_used: Option<u64>,
    /// Window of search, which all tokens share; at first 5 per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<RateLimit>,
    /// Window of calls that send events, which all tokens share; at first 1,250 per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<RateLimit>,
    /// What calls about associations count against; at first a window of 100 per 10 s of their own, or none where `calls`
    /// are not limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub associations: Option<AssociationBudget>,
    /// Most record ids of one change of a list's members, and how more are refused; at first any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_ids: Option<CallLimit>,
    /// Most pairs of one call that associates without a label, dissociates or takes labels off, and how more are refused; at
    /// first 2,000. Of these calls HubSpot publishes no number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pairs: Option<CallLimit>,
    /// Most records by object type as `/crm/v3/limits/records` announces them; at first 15,000,000. They are not enforced,
    /// since nobody has told how HubSpot refuses a record too many.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub records: BTreeMap<String, u64>,
}

/// How long things take; what is left out stays as it is. All are nothing at first, but for the access tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Delays {
    /// Milliseconds that every request takes before it has its effect.
    #[serde(rename = "latencyMs", with = "millis::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u64>")]
    pub latency: Option<Duration>,
    /// At most so many milliseconds on top of the latency, drawn anew for every request.
    #[serde(rename = "jitterMs", with = "millis::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u64>")]
    pub jitter: Option<Duration>,
    /// Milliseconds by the sandbox's clock during which search does not see a new record.
    #[serde(rename = "searchIndexMs", with = "millis::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u64>")]
    pub search_index: Option<Duration>,
    /// How many searches of the account do not see a new record yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_index_searches: Option<u64>,
    /// How many writes to an object type do not see a property that a call has just made, and say that it does not exist.
    /// The calls about properties show it at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property_writes: Option<u64>,
    /// Milliseconds that OAuth access tokens live; at first half an hour.
    #[serde(rename = "accessTokenMs", with = "millis::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u64>")]
    pub access_token: Option<Duration>,
    /// What a token's grant says of its life (`expires_in`) where that is not the truth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_told: Option<Value>,
}
