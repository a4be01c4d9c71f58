//! The quota of a day, which the private tokens of the account share.

/// The quota of a day.
#[derive(Clone, Debug)]
pub(crate) struct DailyQuota {
    pub(crate) limit: u64,
    used: u64,
    day: i64,
}

impl DailyQuota {
    /// An untouched quota.
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, used: 0, day: i64::MIN }
    }

    /// Counts a request of the given day if some of the quota is left.
    pub(crate) fn admit(&mut self, day: i64) -> bool {
        let used = self.used_on(day);
        if used >= self.limit {
            return false;
        }
        self.used += 1;
        true
    }

    /// Requests counted on the given day.
    pub(crate) fn used_on(&mut self, day: i64) -> u64 {
        if day != self.day {
            self.day = day;
            self.used = 0;
        }
        self.used
    }

    /// What is left of the given day's quota.
    pub(crate) fn remaining(&mut self, day: i64) -> u64 {
        self.limit.saturating_sub(self.used_on(day))
    }

    /// Makes it as if `used` requests had been counted on the given day.
    pub(crate) fn set_used(&mut self, day: i64, used: u64) {
        self.day = day;
        self.used = used;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_day_brings_a_new_quota() {
        let mut quota = DailyQuota::new(2);
        assert!(quota.admit(1) && quota.admit(1));
        assert!(!quota.admit(1));
        assert_eq!(quota.remaining(1), 0);
        assert!(quota.admit(2));
        assert_eq!(quota.remaining(2), 1);
    }
}
