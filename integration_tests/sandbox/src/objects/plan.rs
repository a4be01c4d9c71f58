//! Working out what a write would do, without doing it: a batch that is refused as a whole changes nothing.

use std::collections::HashMap;

use super::associations;
use super::input::WriteInput;
use super::keys::Key;
use super::problem::Problem;
use crate::catalog::{Slot, TypeIndex, lifecycle_position};
use crate::records::{Change, Edit, Record, Resolved};
use crate::rules::create;
use crate::rules::values::{self, Setting};
use crate::rules::violation::Violation;
use crate::switches::{ErasedAddresses, ForeignStages, Required};
use crate::world::World;

/// How a write finds its records.
#[derive(Clone, Debug)]
pub(crate) enum Mode {
    /// Every input makes a record.
    Create,
    /// Inputs change the records with these record ids.
    UpdateById,
    /// Inputs change the records that hold the key's value.
    UpdateByKey(Key),
    /// Inputs change the record that holds the key's value, or make it.
    Upsert(Key),
}

impl Mode {
    /// The identifying property, if there is one.
    pub(crate) fn key(&self) -> Option<&Key> {
        match self {
            Self::UpdateByKey(key) | Self::Upsert(key) => Some(key),
            Self::Create | Self::UpdateById => None,
        }
    }
}

/// What one input will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) id: u64,
    pub(crate) new: bool,
    pub(crate) edits: Vec<Edit>,
}

/// Plans the inputs of one request, each aware of the ones before it.
pub(crate) struct Planner<'w> {
    world: &'w mut World,
    kind: TypeIndex,
    owners: Vec<u64>,
    /// Unique values that earlier inputs of the request will set.
    claims: HashMap<(Slot, Box<str>), u64>,
}

impl<'w> Planner<'w> {
    /// A planner for one request.
    pub(crate) fn new(world: &'w mut World, kind: TypeIndex) -> Self {
        let owners = world.owner_ids();
        Self { world, kind, owners, claims: HashMap::new() }
    }

    /// The record an input would reach, none for one that makes its own.
    pub(crate) fn target(&self, mode: &Mode, id: &str) -> Result<Option<u64>, Problem> {
        let (_, store) = self.world.kind_and_store(self.kind);
        match mode {
            Mode::Create => Ok(None),
            Mode::Upsert(key) => Ok(store.holder(key.slot, &key.stored_form(id))),
            Mode::UpdateByKey(key) => {
                store.holder(key.slot, &key.stored_form(id)).map(Some).ok_or(Problem::NotFound)
            }
            Mode::UpdateById => match store.resolve(id) {
                Resolved::Live(id) => Ok(Some(id)),
                Resolved::Merged(_) => Err(Problem::MergedAway),
                Resolved::Archived(_) | Resolved::Unknown => Err(Problem::NotFound),
            },
        }
    }

    /// Plans one input.
    pub(crate) fn plan(&mut self, mode: &Mode, input: &WriteInput<'_>) -> Result<Plan, Problem> {
        let target = self.target(mode, input.id.text().unwrap_or_default())?;
        self.plan_for(target, mode.key(), input)
    }

    /// Plans one input whose record is known, `None` for a new one.
    pub(crate) fn plan_for(
        &mut self,
        target: Option<u64>,
        key: Option<&Key>,
        input: &WriteInput<'_>,
    ) -> Result<Plan, Problem> {
        let mut edits = self.edits(target, key, input)?;
        let (kind, store) = self.world.kind_and_store(self.kind);
        if target.is_none() {
            let missing = create::missing(kind, &edits);
            let holds = kind.custom || self.world.switches.required == Required::Strict;
            if holds && !missing.is_empty() {
                return Err(Problem::Incomplete(missing));
            }
            let demanded = create::demanded(kind, &edits);
            if !demanded.is_empty() {
                return Err(Problem::Invalid(demanded));
            }
            create::fill_in(kind, &mut edits);
            if let Some(place) = associations::dangling(self.world, self.kind, input) {
                return Err(Problem::BadAssociation(place));
            }
        }
        if let Some(record) = target.and_then(|id| store.get(id)) {
            edits.retain(|edit| !self.is_ignored(record, edit));
        }
        self.check_stage(target, &edits)?;
        let claimed = self.check_unique(target, &edits)?;
        let id = target.unwrap_or_else(|| self.world.random.record_id());
        for (slot, value) in claimed {
            self.claims.insert((slot, value), id);
        }
        Ok(Plan { id, new: target.is_none(), edits })
    }

    fn edits(
        &self,
        target: Option<u64>,
        key: Option<&Key>,
        input: &WriteInput<'_>,
    ) -> Result<Vec<Edit>, Problem> {
        let setting = Setting {
            kind: self.world.catalog.get(self.kind),
            portal_id: self.world.account.portal_id,
            owners: &self.owners,
        };
        // A new record gets the id it is upserted by, unless the properties say otherwise.
        let by_id = key
            .filter(|key| target.is_none() && input.properties.value(&key.name).is_none())
            .map(|key| (key.name.as_str(), input.id.text()));
        let mut edits = Vec::with_capacity(input.properties.0.len() + 2);
        let mut violations = Vec::new();
        for (name, value) in by_id.into_iter().chain(input.properties.iter()) {
            match values::edit(setting, name, value) {
                Ok(edit) => edits.extend(edit),
                Err(violation) => violations.push(violation),
            }
        }
        if self.world.switches.erased_addresses == ErasedAddresses::Refused {
            violations.extend(self.erased(&edits));
        }
        if violations.is_empty() { Ok(edits) } else { Err(Problem::Invalid(violations)) }
    }

    /// The address among the edits that was erased, as a refusal.
    fn erased(&self, edits: &[Edit]) -> Option<Violation> {
        let kind = self.world.catalog.get(self.kind);
        edits.iter().find_map(|edit| {
            let property = kind.in_slot(edit.slot);
            let Change::Set(address) = &edit.change else { return None };
            let erased = kind.is_email(property) && self.world.consent.is_erased(address);
            erased.then(|| values::refused_address(property, address))
        })
    }

    /// Edits HubSpot takes and does not carry out: a life-cycle stage that would go back, and an address that the
    /// contact already has as an additional one.
    fn is_ignored(&self, record: &Record, edit: &Edit) -> bool {
        let (kind, store) = self.world.kind_and_store(self.kind);
        let property = kind.in_slot(edit.slot);
        let Change::Set(value) = &edit.change else { return false };
        if property.name == "lifecyclestage" {
            let now = record.value(edit.slot).and_then(lifecycle_position);
            return matches!((now, lifecycle_position(value)), (Some(now), Some(then)) if then < now);
        }
        kind.is_email(property)
            && record.value(edit.slot) != Some(value)
            && store.holder(edit.slot, value) == Some(record.id)
    }

    /// Whether the stage that the edits lead to is one of the pipeline that they lead to.
    fn check_stage(&self, target: Option<u64>, edits: &[Edit]) -> Result<(), Problem> {
        let (kind, store) = self.world.kind_and_store(self.kind);
        if kind.pipelines().is_empty() || self.world.switches.foreign_stages == ForeignStages::Accepted {
            return Ok(());
        }
        let record = target.and_then(|id| store.get(id));
        let value = |slot: Slot| {
            let edited = edits.iter().rev().find(|edit| edit.slot == slot).map(|edit| match &edit.change {
                Change::Set(value) => Some(&**value),
                _ => None,
            });
            edited.unwrap_or_else(|| record.and_then(|record| record.value(slot)))
        };
        let (pipeline, stage) = kind.pipeline_properties();
        let (Some((pipeline, _)), Some((slot, property))) = (kind.property(pipeline), kind.property(stage))
        else {
            return Ok(());
        };
        let written = edits.iter().any(|edit| edit.slot == slot || edit.slot == pipeline);
        let found = value(pipeline).and_then(|id| kind.pipeline(id)).zip(value(slot));
        match found.filter(|_| written) {
            Some((pipeline, stage)) if !pipeline.stages.iter().any(|known| known.id == stage) => {
                let allowed = pipeline.stages.iter().map(|known| known.id.as_str());
                Err(Problem::Invalid(vec![values::not_an_option(property, stage, allowed, stage)]))
            }
            _ => Ok(()),
        }
    }

    /// The unique values the edits set, or the record in their way.
    fn check_unique(&self, target: Option<u64>, edits: &[Edit]) -> Result<Vec<(Slot, Box<str>)>, Problem> {
        let (kind, store) = self.world.kind_and_store(self.kind);
        let mut claimed = Vec::new();
        for edit in edits {
            let property = kind.in_slot(edit.slot);
            let Change::Set(value) = &edit.change else { continue };
            if !kind.is_identifier(property) {
                continue;
            }
            let claim = (edit.slot, kind.compared(value));
            let holder = self.claims.get(&claim).copied().or_else(|| store.holder(edit.slot, &claim.1));
            match holder {
                Some(holder) if Some(holder) != target => {
                    return Err(if kind.is_email(property) {
                        Problem::ContactExists { existing: holder }
                    } else {
                        Problem::ValueTaken {
                            property: property.name.clone(),
                            value: value.to_string(),
                            on: target,
                            holder,
                        }
                    });
                }
                _ => claimed.push(claim),
            }
        }
        Ok(claimed)
    }
}
