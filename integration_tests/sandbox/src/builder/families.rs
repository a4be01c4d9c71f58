//! Options about lists, associations, events and definitions.

use crate::associations::AssociationLabel;
use crate::builder::Builder;
use crate::consent::ConsentSeed;
use crate::events::EventDef;
use crate::limits::{AssociationBudget, RateLimit};
use crate::lists::{CallLimit, ListDef, Oversize};
use crate::rules::Demand;
use crate::seed::DemandSeed;

impl Builder {
    /// Adds a list. An object type that does not exist keeps it from starting.
    #[must_use]
    pub fn list(mut self, list: ListDef) -> Self {
        self.seed.lists.push(list);
        self
    }

    /// Most pairs of one call that associates without a label, dissociates or takes labels off, and how more are refused;
    /// 2,000 unless set. Of these calls HubSpot publishes no number.
    #[must_use]
    pub fn pairs_per_call(mut self, ids: usize, refusal: Oversize) -> Self {
        self.seed.limits.pairs = Some(CallLimit { ids, refusal });
        self
    }

    /// Makes the account demand a property of new records of an object type, whatever HubSpot's table says.
    #[must_use]
    pub fn demand(mut self, object: &str, property: &str, demand: Demand) -> Self {
        let (object, property) = (object.to_owned(), property.to_owned());
        self.seed.demands.push(DemandSeed { object, property, demand });
        self
    }

    /// Adds an association label. An object type that does not exist keeps it from starting.
    #[must_use]
    pub fn association_label(mut self, label: AssociationLabel) -> Self {
        self.seed.labels.push(label);
        self
    }

    /// What calls about associations count against; unless set, a window of 100 per 10 s of their own, or none with
    /// [`Builder::no_rate_limit`].
    #[must_use]
    pub fn association_budget(mut self, budget: AssociationBudget) -> Self {
        self.seed.limits.associations = Some(budget);
        self
    }

    /// Adds an event definition. A name that is taken keeps it from starting.
    #[must_use]
    pub fn event_definition(mut self, event: EventDef) -> Self {
        self.seed.events.push(event);
        self
    }

    /// Ends a family of paths: what begins with this prefix is an unknown path, with a page and not with HubSpot's error
    /// body. Versions of HubSpot's API end on announced dates, such as `/crm/v4/associations` on 2027-03-30 (HubSpot's
    /// changelog); of the dated paths of events its specification has one and its guide another.
    #[must_use]
    pub fn without_path(mut self, prefix: &str) -> Self {
        self.seed.ended.push(prefix.to_owned());
        self
    }

    /// Says who wants which mails.
    #[must_use]
    pub fn consent(mut self, consent: ConsentSeed) -> Self {
        self.seed.consent = consent;
        self
    }

    /// Window of calls that send events, which all tokens share; 1,250 per second unless set.
    #[must_use]
    pub fn event_limit(mut self, limit: RateLimit) -> Self {
        self.seed.limits.events = Some(limit);
        self
    }

    /// How many writes to an object type do not see a property that a call has just made, and say that it does not
    /// exist; none unless set. The calls about properties show it at once.
    #[must_use]
    pub fn property_lag(mut self, writes: u64) -> Self {
        self.seed.delays.property_writes = Some(writes);
        self
    }

    /// Most records of an object type as `/crm/v3/limits/records` announces it; 15,000,000 unless set. It is not
    /// enforced, since nobody has told how HubSpot refuses a record too many.
    #[must_use]
    pub fn record_limit(mut self, object: &str, limit: u64) -> Self {
        self.seed.limits.records.insert(object.to_owned(), limit);
        self
    }

    /// Most record ids of one change of members, and how more are refused; any number unless set.
    #[must_use]
    pub fn list_ids_per_call(mut self, ids: usize, refusal: Oversize) -> Self {
        self.seed.limits.list_ids = Some(CallLimit { ids, refusal });
        self
    }
}
