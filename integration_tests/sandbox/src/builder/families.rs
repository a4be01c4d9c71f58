//! Options about lists, associations, events and definitions.

use crate::associations::{AssociationErrors, AssociationLabel, PrimaryLabels};
use crate::builder::Builder;
use crate::catalog::UniqueValues;
use crate::events::{EventDef, EventUuids};
use crate::limits::{AssociationBudget, RateLimit};
use crate::lists::{AddedSpelling, CallLimit, EmptyArrays, ListDef, ListNames, Oversize};
use crate::rules::{Demand, Required};
use crate::world::{SearchQuotes, World};

/// What was chosen.
#[derive(Clone, Debug, Default)]
pub(super) struct Families {
    lists: Vec<ListDef>,
    spelling: AddedSpelling,
    empty: EmptyArrays,
    list_limit: Option<CallLimit>,
    list_names: ListNames,
    primary_labels: PrimaryLabels,
    pair_limit: Option<CallLimit>,
    labels: Vec<AssociationLabel>,
    association_errors: AssociationErrors,
    association_budget: Option<AssociationBudget>,
    events: Vec<EventDef>,
    event_uuids: EventUuids,
    event_limit: Option<RateLimit>,
    property_lag: u64,
    required: Required,
    demands: Vec<(String, String, Demand)>,
    ended: Vec<String>,
    search_quotes: SearchQuotes,
    record_limits: Vec<(String, u64)>,
    unique_values: UniqueValues,
}

impl Families {
    /// Gives the account what was chosen.
    pub(super) fn apply(&self, world: &mut World) {
        world.lists.spelling = self.spelling;
        world.lists.empty = self.empty;
        world.lists.call_limit = self.list_limit;
        world.lists.names = self.list_names;
        world.associations.primary_labels = self.primary_labels;
        world.associations.call_limit = self.pair_limit;
        for list in &self.lists {
            world.put_list(list);
        }
        world.associations.errors = self.association_errors;
        for label in &self.labels {
            world.put_label(label);
        }
        world.events.occurrences.uuids = self.event_uuids;
        if let Some(limit) = self.event_limit {
            world.budgets.events.limit = limit;
        }
        world.property_lag = self.property_lag;
        if self.required == Required::Lenient {
            world.catalog.require_nothing();
        }
        for (object, property, demand) in &self.demands {
            let kind = world.known(object);
            world.catalog.get_mut(kind).demands.push((property.clone(), demand.clone()));
        }
        world.ended.clone_from(&self.ended);
        world.search_quotes = self.search_quotes;
        for (object, limit) in &self.record_limits {
            let kind = world.known(object);
            world.record_limits.insert(kind, *limit);
        }
        for event in &self.events {
            world.put_event(event);
        }
        world.catalog.compare_unique_values(self.unique_values);
    }

    /// What associations count against: what was chosen, else nothing if no request is to be refused for its rate.
    pub(super) fn association_budget(&self, rate_limit: Option<RateLimit>) -> AssociationBudget {
        self.association_budget.unwrap_or_else(|| match rate_limit {
            Some(limit) if !limit.enforced => AssociationBudget::Own(limit),
            _ => AssociationBudget::default(),
        })
    }
}

impl Builder {
    /// How values of identifying properties are compared, in every object type.
    #[must_use]
    pub fn unique_values(mut self, compared: UniqueValues) -> Self {
        self.families.unique_values = compared;
        self
    }

    /// Adds a list. An object type that does not exist makes [`Builder::start`] panic.
    #[must_use]
    pub fn list(mut self, list: ListDef) -> Self {
        self.families.lists.push(list);
        self
    }

    /// What answers to changes of members call the records added.
    #[must_use]
    pub fn added_spelling(mut self, spelling: AddedSpelling) -> Self {
        self.families.spelling = spelling;
        self
    }

    /// Whether answers to changes of members show empty arrays.
    #[must_use]
    pub fn empty_arrays(mut self, empty: EmptyArrays) -> Self {
        self.families.empty = empty;
        self
    }

    /// Whether the call that finds a list by its name minds letter case.
    #[must_use]
    pub fn list_names(mut self, names: ListNames) -> Self {
        self.families.list_names = names;
        self
    }

    /// How the list of labels shows the types that HubSpot defines as primary.
    #[must_use]
    pub fn primary_labels(mut self, labels: PrimaryLabels) -> Self {
        self.families.primary_labels = labels;
        self
    }

    /// Most pairs of one call that associates without a label, dissociates or takes labels off, and how more are refused;
    /// 2,000 unless set. Of these calls HubSpot publishes no number.
    #[must_use]
    pub fn pairs_per_call(mut self, ids: usize, refusal: Oversize) -> Self {
        self.families.pair_limit = Some(CallLimit { ids, refusal });
        self
    }

    /// Adds an association label. An object type that does not exist makes [`Builder::start`] panic.
    #[must_use]
    pub fn association_label(mut self, label: AssociationLabel) -> Self {
        self.families.labels.push(label);
        self
    }

    /// How batches about associations tell of inputs they refuse.
    #[must_use]
    pub fn association_errors(mut self, errors: AssociationErrors) -> Self {
        self.families.association_errors = errors;
        self
    }

    /// What calls about associations count against; unless set, a window of 100 per 10 s of their own, or none with
    /// [`Builder::no_rate_limit`].
    #[must_use]
    pub fn association_budget(mut self, budget: AssociationBudget) -> Self {
        self.families.association_budget = Some(budget);
        self
    }

    /// Adds an event definition. A name that is taken makes [`Builder::start`] panic.
    #[must_use]
    pub fn event_definition(mut self, event: EventDef) -> Self {
        self.families.events.push(event);
        self
    }

    /// How a second occurrence with the same `uuid` is rejected.
    #[must_use]
    pub fn event_uuids(mut self, uuids: EventUuids) -> Self {
        self.families.event_uuids = uuids;
        self
    }

    /// Window of calls that send events, which all tokens share; 1,250 per second unless set.
    #[must_use]
    pub fn event_limit(mut self, limit: RateLimit) -> Self {
        self.families.event_limit = Some(limit);
        self
    }

    /// How many writes to an object type do not see a property that a call has just made, and say that it does not
    /// exist; none unless set. The calls about properties show it at once.
    #[must_use]
    pub fn property_lag(mut self, writes: u64) -> Self {
        self.families.property_lag = writes;
        self
    }

    /// Whether HubSpot's table of required properties holds.
    #[must_use]
    pub fn required(mut self, required: Required) -> Self {
        self.families.required = required;
        self
    }

    /// Makes the account demand a property of new records of an object type, whatever HubSpot's table says.
    #[must_use]
    pub fn demand(mut self, object: &str, property: &str, demand: Demand) -> Self {
        self.families.demands.push((object.to_owned(), property.to_owned(), demand));
        self
    }

    /// Ends a family of paths: what begins with this prefix is an unknown path, with a page and not with HubSpot's error
    /// body. Versions of HubSpot's API end on announced dates, such as `/crm/v4/associations` on 2027-03-30 (HubSpot's
    /// changelog); of the dated paths of events its specification has one and its guide another.
    #[must_use]
    pub fn without_path(mut self, prefix: &str) -> Self {
        self.families.ended.push(prefix.to_owned());
        self
    }

    /// What search does with a value that has a quotation mark without its fellow.
    #[must_use]
    pub fn search_quotes(mut self, quotes: SearchQuotes) -> Self {
        self.families.search_quotes = quotes;
        self
    }

    /// Most records of an object type as `/crm/v3/limits/records` announces it; 15,000,000 unless set. It is not
    /// enforced, since nobody has told how HubSpot refuses a record too many.
    #[must_use]
    pub fn record_limit(mut self, object: &str, limit: u64) -> Self {
        self.families.record_limits.push((object.to_owned(), limit));
        self
    }

    /// Most record ids of one change of members, and how more are refused; any number unless set.
    #[must_use]
    pub fn list_ids_per_call(mut self, ids: usize, refusal: Oversize) -> Self {
        self.families.list_limit = Some(CallLimit { ids, refusal });
        self
    }
}
