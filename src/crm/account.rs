//! The account a token belongs to.

use serde::Deserialize;

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
