//! `/account-info/v3/details` and the private apps' daily usage.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/account/account-information/guide>.

use serde_json::json;

use super::Call;
use crate::error::Refusal;
use crate::http::{Answer, Endpoint, Place, dated};
use crate::world::World;

/// The paths of the family.
pub(super) fn place(segments: &[&str]) -> Option<Place> {
    match dated(segments, "account-info")? {
        ["details"] => Some(Place::new(&[("GET", Endpoint::AccountDetails)])),
        ["api-usage", "daily", "private-apps"] => Some(Place::new(&[("GET", Endpoint::AccountUsage)])),
        _ => None,
    }
}

/// Answers a call of the family; any token may make them.
pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    match call.route.endpoint {
        Endpoint::AccountUsage => Ok(usage(world)),
        _ => Ok(details(world)),
    }
}

fn details(world: &World) -> Answer {
    let account = &world.account;
    Answer::json(
        200,
        &json!({
            "portalId": account.portal_id,
            "accountType": account.kind.spelled(),
            "timeZone": account.time_zone,
            "companyCurrency": "USD",
            "additionalCurrencies": [],
            "utcOffset": account.utc_offset(),
            "utcOffsetMilliseconds": account.offset_millis(),
            "uiDomain": account.ui_domain(),
            "dataHostingLocation": account.region,
        }),
    )
}

fn usage(world: &mut World) -> Answer {
    let now = world.clock.now();
    let day = world.account.day(now);
    let used = world.budgets.daily.used_on(day);
    Answer::json(
        200,
        &json!({
            "results": [{
                "name": "private-apps-api-calls-daily",
                "usageLimit": world.budgets.daily.limit,
                "currentUsage": used,
                "collectedAt": now.iso(),
                "fetchStatus": "SUCCESS",
                "resetsAt": world.account.next_midnight(now).iso(),
            }]
        }),
    )
}
