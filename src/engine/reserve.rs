//! The part of HubSpot's daily quota that is left to others (`daily_reserve_percent`).

use crate::api::RateHeaders;
use crate::error::{Failure, Kind};

/// Why nothing more is sent when the headers of an answer tell that less than `percent` of the day's calls are left.
/// `None` where enough is left, or nothing is told. When the quota comes back is for others to add: the account's time
/// zone is not known here.
#[must_use]
pub fn touched(headers: &RateHeaders, percent: u8) -> Option<Failure> {
    let (daily, remaining) = (headers.daily?, headers.daily_remaining?);
    let reserve = u64::from(percent);
    (remaining.saturating_mul(100) < daily.saturating_mul(reserve)).then(|| {
        let message = format!(
            "Of HubSpot's {daily} API calls a day, {remaining} are left: less than the {reserve}% that this \
             destination leaves to other apps (daily_reserve_percent)."
        );
        Failure::new(Kind::QuotaSpent, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_touched_below_its_last_call() {
        for (daily, remaining, percent, is_touched) in [
            (Some(1000), Some(50), 5, false),
            (Some(1000), Some(49), 5, true),
            (Some(1000), Some(0), 0, false),
            (Some(1000), Some(999), 100, true),
            (Some(1000), Some(1000), 100, false),
            (Some(u64::MAX), Some(1), 5, true),
            (Some(1000), None, 5, false),
            (None, Some(1), 5, false),
        ] {
            let headers = RateHeaders { daily, daily_remaining: remaining, ..RateHeaders::default() };
            assert_eq!(touched(&headers, percent).is_some(), is_touched, "{daily:?} {remaining:?} {percent}");
        }
    }
}
