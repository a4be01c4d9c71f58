//! `/account-info/v3/details`, the private apps' daily usage, and the limits of records and definitions.
//!
//! Sources: <https://developers.hubspot.com/docs/api-reference/latest/account/account-information/guide>,
//! <https://developers.hubspot.com/docs/api-reference/crm-limits-tracking-v3/guide>.

use serde_json::{Value, json};

use super::Call;
use crate::catalog::{ObjectType, TypeIndex};
use crate::error::Refusal;
use crate::http::{Answer, Endpoint, Known, documented};
use crate::world::World;

/// Limits of an Enterprise account: records of a type, custom objects, custom properties of a type and in all.
const MAX_RECORDS: u64 = 15_000_000;
const MAX_CUSTOM_TYPES: u64 = 10;
const MAX_PROPERTIES: (u64, u64) = (1_000, 10_000);

/// The calls of the family.
pub(super) const CALLS: &[Known] = &[
    documented("GET", "/crm/v3/limits/records", Endpoint::LimitRecords),
    documented("GET", "/crm/v3/limits/custom-properties", Endpoint::LimitProperties),
    documented("GET", "/crm/v3/limits/custom-object-types", Endpoint::LimitObjectTypes),
    documented("GET", "/account-info/v3/details", Endpoint::AccountDetails),
    documented("GET", "/account-info/v3/api-usage/daily/private-apps", Endpoint::AccountUsage),
];

/// Answers a call of the family; any token may make them.
pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    match call.route.endpoint {
        Endpoint::AccountUsage => Ok(usage(world)),
        Endpoint::LimitRecords => Ok(records(world)),
        Endpoint::LimitProperties => Ok(properties(world)),
        Endpoint::LimitObjectTypes => {
            let custom = world.catalog.types().iter().filter(|kind| kind.custom).count() as u64;
            let (limit, percentage) = (MAX_CUSTOM_TYPES, percent(custom, MAX_CUSTOM_TYPES));
            let body = json!({ "limit": limit, "usage": custom, "percentage": percentage });
            Ok(Answer::json(200, &body))
        }
        _ => Ok(details(world)),
    }
}

fn details(world: &World) -> Answer {
    let account = &world.account;
    Answer::json(
        200,
        &json!({
            "portalId": account.portal_id,
            "accountType": account.kind,
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

fn percent(usage: u64, limit: u64) -> f64 {
    // Far below 2^52, so nothing is lost.
    if limit == 0 { 100.0 } else { 100.0 * usage as f64 / limit as f64 }
}

fn line(kind: &ObjectType, usage: u64, limit: u64) -> Value {
    json!({
        "objectTypeId": kind.id,
        "singularLabel": kind.label_singular,
        "pluralLabel": kind.label_plural,
        "limit": limit,
        "usage": usage,
        "percentage": percent(usage, limit),
    })
}

fn records(world: &World) -> Answer {
    let types = || world.catalog.types().iter().zip(0..).map(|(kind, index)| (kind, TypeIndex(index)));
    let usage = |index: TypeIndex| {
        let (_, store) = world.kind_and_store(index);
        store.live().count() as u64
    };
    let limit = |index: TypeIndex| world.record_limits.get(&index).copied().unwrap_or(MAX_RECORDS);
    let own: Vec<Value> = types()
        .filter(|(kind, _)| !kind.custom)
        .map(|(kind, index)| line(kind, usage(index), limit(index)))
        .collect();
    let custom: Vec<(&ObjectType, u64)> =
        types().filter(|(kind, _)| kind.custom).map(|(kind, index)| (kind, usage(index))).collect();
    let overall: u64 = custom.iter().map(|(_, usage)| usage).sum();
    let by_type: Vec<Value> = custom
        .iter()
        .map(|(kind, usage)| {
            json!({
                "objectTypeId": kind.id,
                "singularLabel": kind.label_singular,
                "pluralLabel": kind.label_plural,
                "usage": usage,
            })
        })
        .collect();
    Answer::json(
        200,
        &json!({
            "hubspotDefinedObjectTypes": own,
            "customObjectTypes": {
                "overallLimit": MAX_RECORDS,
                "overallUsage": overall,
                "overallPercentage": percent(overall, MAX_RECORDS),
                "byObjectType": by_type,
            },
        }),
    )
}

fn properties(world: &World) -> Answer {
    let (each, all) = MAX_PROPERTIES;
    let usage = |kind: &ObjectType| {
        let live = kind.all_properties().iter().filter(|known| !known.built_in && known.archived.is_none());
        live.count() as u64
    };
    let overall: u64 = world.catalog.types().iter().map(usage).sum();
    let by_type: Vec<Value> =
        world.catalog.types().iter().map(|kind| line(kind, usage(kind), each)).collect();
    Answer::json(
        200,
        &json!({
            "overallLimit": all,
            "overallUsage": overall,
            "overallPercentage": percent(overall, all),
            "byObjectType": by_type,
        }),
    )
}
