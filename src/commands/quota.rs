//! What `check` says of the daily quota.

use super::findings::Findings;
use super::footing::Footing;
use super::prepare::Knowledge;
use crate::api::RateHeaders;
use crate::crm::account::DailyUsage;
use crate::crm::day_end::DayEnd;
use crate::engine::reserve;
use crate::hubspot::token;

/// Adds how much of the day's calls is left, and a warning where a sync would stop for that. HubSpot is asked for the
/// numbers only where no answer has told them yet, and for the time of the reset where it matters.
pub async fn left(knowledge: &mut Knowledge<'_>, reserve_percent: u8, findings: &mut Findings) {
    let told = knowledge.client().daily_quota();
    let touched = |quota: &RateHeaders| reserve::touched(quota, reserve_percent);
    let is_enough = told.is_some_and(|quota| touched(&quota).is_none());
    let usage = if is_enough { None } else { token::daily_usage(knowledge.client()).await };
    if let Some(resets_at) = usage.as_ref().and_then(|usage| usage.resets_at.as_deref()) {
        let mut footing = knowledge.footing().clone();
        let offset = footing.account.as_ref().and_then(|account| account.utc_offset_milliseconds);
        footing.resets = DayEnd::told(resets_at, offset.unwrap_or(0));
        knowledge.stand_on(footing);
    }
    let Some(quota) = told.or_else(|| usage.as_ref().and_then(as_headers)) else { return };
    match touched(&quota) {
        Some(failure) => {
            let text = Footing::naming_the_reset(knowledge.footing(), failure).message;
            findings.warn(format!("{text} Until then syncs stop as soon as they begin."));
        }
        None => {
            if let (Some(daily), Some(remaining)) = (quota.daily, quota.daily_remaining) {
                findings.note(format!("{remaining} of {daily} API calls are left today."));
            }
        }
    }
}

/// The same numbers as the headers of an answer would tell them.
fn as_headers(usage: &DailyUsage) -> Option<RateHeaders> {
    let (limit, used) = (usage.usage_limit?, usage.current_usage?);
    let remaining = Some(limit.saturating_sub(used));
    Some(RateHeaders { daily: Some(limit), daily_remaining: remaining, ..RateHeaders::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_told_as_headers_tell_it() {
        let usage = |limit, used| DailyUsage { usage_limit: limit, current_usage: used, resets_at: None };
        let headers = as_headers(&usage(Some(1000), Some(990))).unwrap();
        assert_eq!((headers.daily, headers.daily_remaining), (Some(1000), Some(10)));
        assert_eq!(as_headers(&usage(Some(10), Some(11))).unwrap().daily_remaining, Some(0));
        assert_eq!(as_headers(&usage(None, Some(1))), None);
        assert_eq!(as_headers(&usage(Some(1), None)), None);
    }
}
