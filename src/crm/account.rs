//! The account a token belongs to.

use serde::Deserialize;

use super::day_end::DayEnd;

/// Answer of `GET /account-info/v3/details` (HubSpot's account information guide).
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AccountDetails {
    /// Hub id, also called portal id.
    pub portal_id: u64,
    /// `STANDARD`, `DEVELOPER_TEST`, `SANDBOX`, `APP_DEVELOPER`.
    #[serde(default)]
    pub account_type: Option<String>,
    /// The zone at whose midnight the daily quota comes back.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Offset of that zone from UTC now, in milliseconds.
    #[serde(default)]
    pub utc_offset_milliseconds: Option<i64>,
    /// Data hosting location such as `na1` or `eu1`.
    #[serde(default)]
    pub data_hosting_location: Option<String>,
}

impl AccountDetails {
    /// When the account's day ends that `now_ms` (milliseconds since 1970) is in, where HubSpot tells its offset.
    #[must_use]
    pub fn day_end(&self, now_ms: i64) -> Option<DayEnd> {
        DayEnd::after(now_ms, self.utc_offset_milliseconds?)
    }
}

/// One line of `GET /account-info/{version}/api-usage/daily/private-apps`: what private apps have used of a day's calls.
///
/// Source: HubSpot's account information guide.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct DailyUsage {
    /// Calls allowed in the account's day.
    #[serde(default)]
    pub usage_limit: Option<u64>,
    /// Calls made in it.
    #[serde(default)]
    pub current_usage: Option<u64>,
    /// When the count starts again, in ISO 8601.
    #[serde(default)]
    pub resets_at: Option<String>,
}
