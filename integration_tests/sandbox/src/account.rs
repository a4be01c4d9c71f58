//! Settings of the account itself: what `GET /account-info/v3/details` reports.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/account/account-information/guide>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Millis;

/// `accountType` of the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are HubSpot's own and say all there is to say")]
pub enum AccountType {
    Standard,
    #[default]
    DeveloperTest,
    Sandbox,
    AppDeveloper,
}

/// The account's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Account {
    /// Its number.
    pub portal_id: u64,
    /// `dataHostingLocation`: `na1`, `eu1` ... It also starts the default token and the UI's host.
    pub region: String,
    /// Name of its time zone.
    pub time_zone: String,
    /// The time zone's offset from UTC in minutes.
    pub utc_offset_minutes: i32,
    /// `accountType`.
    #[serde(rename = "accountType")]
    pub kind: AccountType,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            portal_id: 8_675_309,
            region: "na1".to_owned(),
            time_zone: "US/Eastern".to_owned(),
            utc_offset_minutes: -300,
            kind: AccountType::default(),
        }
    }
}

/// Milliseconds in a day.
const DAY: i64 = 86_400_000;

impl Account {
    /// Host of the account's user interface.
    pub(crate) fn ui_domain(&self) -> String {
        if self.region == "na1" {
            "app.hubspot.com".to_owned()
        } else {
            format!("app-{}.hubspot.com", self.region)
        }
    }

    /// The account's offset from UTC as `-05:00`.
    pub(crate) fn utc_offset(&self) -> String {
        let sign = if self.utc_offset_minutes < 0 { '-' } else { '+' };
        let minutes = self.utc_offset_minutes.unsigned_abs();
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// Number of the account's day that `now` is in; the daily quota starts again when it changes.
    pub(crate) fn day(&self, now: Millis) -> i64 {
        (now.0 + self.offset_millis()).div_euclid(DAY)
    }

    /// The account's next midnight.
    pub(crate) fn next_midnight(&self, now: Millis) -> Millis {
        Millis((self.day(now) + 1) * DAY - self.offset_millis())
    }

    /// Offset from UTC in milliseconds.
    pub(crate) fn offset_millis(&self) -> i64 {
        i64::from(self.utc_offset_minutes) * 60_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_ends_at_midnight_in_the_accounts_zone() {
        let account = Account::default();
        // 2026-06-24T03:30:00Z is still the 23rd in New York's winter offset.
        let now = Millis(1_782_271_800_000);
        assert_eq!(account.next_midnight(now).iso(), "2026-06-24T05:00:00.000Z");
        assert_eq!(account.day(now) + 1, account.day(account.next_midnight(now)));
    }

    #[test]
    fn writes_offset_and_domain_as_hubspot_does() {
        let mut account = Account::default();
        assert_eq!(
            (account.utc_offset().as_str(), account.ui_domain().as_str()),
            ("-05:00", "app.hubspot.com")
        );
        account.region = "eu1".to_owned();
        account.utc_offset_minutes = 330;
        assert_eq!(
            (account.utc_offset().as_str(), account.ui_domain().as_str()),
            ("+05:30", "app-eu1.hubspot.com")
        );
    }
}
