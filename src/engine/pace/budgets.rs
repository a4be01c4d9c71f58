//! HubSpot's separate budgets of calls, each with a pace of its own.
//!
//! Search counts by itself: five calls a second for the whole account, and its answers carry no rate headers.
//! Associations and events have limits of their own too; whether their answers count in the general window as
//! well is not documented. Each is paced by the headers of its own answers, and what the others take of a shared
//! window shows in the remaining count like any other app's calls. Source: HubSpot's usage guidelines and the
//! guides of the associations and custom events APIs.

use std::time::Duration;

use super::Pace;

/// Which budget a call counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// Everything that has none of its own.
    General,
    /// The search endpoints.
    Search,
    /// The associations API.
    Associations,
    /// Sending custom events.
    Events,
}

/// Search calls a second, for the whole account.
const SEARCHES: (u64, Duration) = (5, Duration::from_secs(1));
/// Event calls a second.
const EVENTS: (u64, Duration) = (1250, Duration::from_secs(1));

/// The paces of a sync.
#[derive(Debug)]
pub struct Budgets {
    general: Pace,
    search: Pace,
    associations: Pace,
    events: Pace,
}

impl Budgets {
    /// All budgets, of each of which `share_percent` (1 to 100) may be used.
    #[must_use]
    pub fn new(share_percent: u8) -> Self {
        Self {
            general: Pace::new(share_percent),
            search: Pace::documented(share_percent, SEARCHES),
            associations: Pace::new(share_percent),
            events: Pace::documented(share_percent, EVENTS),
        }
    }

    /// The pace of one budget.
    #[must_use]
    pub fn of(&self, budget: Budget) -> &Pace {
        match budget {
            Budget::General => &self.general,
            Budget::Search => &self.search,
            Budget::Associations => &self.associations,
            Budget::Events => &self.events,
        }
    }

    /// The pace of one budget, to tell it what happened.
    pub fn of_mut(&mut self, budget: Budget) -> &mut Pace {
        match budget {
            Budget::General => &mut self.general,
            Budget::Search => &mut self.search,
            Budget::Associations => &mut self.associations,
            Budget::Events => &mut self.events,
        }
    }
}
