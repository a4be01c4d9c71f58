//! The request budgets of the account's tokens and apps.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::daily::DailyQuota;
use super::window::{RateLimit, Window};
use crate::auth::BudgetId;

/// What calls about associations count against.
///
/// HubSpot's guide gives them limits of their own; a recorded answer shows the numbers of the common window.
/// Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AssociationBudget {
    /// A window of their own for each token, and a daily quota of their own.
    Own(RateLimit),
    /// The same window and quota as other calls.
    Shared,
}

impl Default for AssociationBudget {
    /// The smallest window that the guide names.
    fn default() -> Self {
        Self::Own(RateLimit::per_ten_seconds(100))
    }
}

/// Which limits a call is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meter {
    /// The common ones.
    Calls,
    /// Those of associations.
    Associations,
    /// Search's window, which the whole account shares.
    Search,
    /// The window of occurrences, which the whole account shares. They count against nothing else.
    Events,
}

#[derive(Clone, Debug)]
struct Budget {
    calls: Window,
    associations: Window,
}

/// All budgets.
#[derive(Clone, Debug)]
pub(crate) struct Budgets {
    tokens: Vec<Budget>,
    /// What somebody chose for every token.
    chosen: Option<RateLimit>,
    associations: AssociationBudget,
    association_daily: DailyQuota,
    pub(crate) daily: DailyQuota,
    pub(crate) search: Window,
    pub(crate) events: Window,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            tokens: Vec::new(),
            chosen: None,
            associations: AssociationBudget::default(),
            // What the guide gives to the Professional and Enterprise plans.
            association_daily: DailyQuota::new(500_000),
            daily: DailyQuota::new(1_000_000),
            search: Window::new(RateLimit::new(5, Duration::from_secs(1))),
            events: Window::new(RateLimit::new(1_250, Duration::from_secs(1))),
        }
    }
}

impl Budgets {
    /// Opens a budget, with the limit that is usual unless another was chosen for all.
    pub(crate) fn open(&mut self, usual: RateLimit) -> BudgetId {
        let associations = Window::new(self.association_limit());
        let limit = self.chosen.unwrap_or(usual);
        self.tokens.push(Budget { calls: Window::new(limit), associations });
        BudgetId(self.tokens.len() - 1)
    }

    /// Sets the common limit of every budget, now and later; what was counted stays counted.
    pub(crate) fn set_limits(&mut self, limit: RateLimit) {
        self.chosen = Some(limit);
        for budget in &mut self.tokens {
            budget.calls.limit = limit;
        }
    }

    /// Sets what calls about associations count against.
    pub(crate) fn set_associations(&mut self, budget: AssociationBudget) {
        self.associations = budget;
        let limit = self.association_limit();
        for budget in &mut self.tokens {
            budget.associations.limit = limit;
        }
    }

    fn association_limit(&self) -> RateLimit {
        match self.associations {
            AssociationBudget::Own(limit) => limit,
            AssociationBudget::Shared => RateLimit::none(),
        }
    }

    /// What calls about associations count against.
    pub(crate) fn associations(&self) -> AssociationBudget {
        self.associations
    }

    /// The common limit of the account's first token.
    pub(crate) fn first_limit(&self) -> RateLimit {
        self.tokens.first().map_or(RateLimit::none(), |budget| budget.calls.limit)
    }

    /// The window and, if any, the daily quota a call counts against.
    pub(crate) fn of(&mut self, id: BudgetId, meter: Meter) -> (&mut Window, Option<&mut DailyQuota>) {
        let budget = &mut self.tokens[id.0];
        match (meter, self.associations) {
            (Meter::Search, _) => (&mut self.search, Some(&mut self.daily)),
            (Meter::Associations, AssociationBudget::Own(_)) => {
                (&mut budget.associations, Some(&mut self.association_daily))
            }
            (Meter::Associations, AssociationBudget::Shared) | (Meter::Calls, _) => {
                (&mut budget.calls, Some(&mut self.daily))
            }
            (Meter::Events, _) => (&mut self.events, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn associations_have_room_of_their_own_unless_shared() {
        let mut budgets = Budgets::default();
        budgets.set_associations(AssociationBudget::Own(RateLimit::per_ten_seconds(1)));
        let id = budgets.open(RateLimit::per_ten_seconds(1));
        let now = Duration::ZERO;
        assert!(budgets.of(id, Meter::Calls).0.admit(now));
        assert!(budgets.of(id, Meter::Associations).0.admit(now));
        assert!(!budgets.of(id, Meter::Associations).0.admit(now));
        assert!(budgets.of(id, Meter::Associations).1.unwrap().admit(1));
        assert_eq!(budgets.daily.used_on(1), 0);
        budgets.set_associations(AssociationBudget::Shared);
        assert!(!budgets.of(id, Meter::Associations).0.admit(now), "the common window is full");
    }
}
