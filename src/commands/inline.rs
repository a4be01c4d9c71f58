//! Associations made with the records of a stream of objects: what their plans need to know, and what check says of
//! them.

use super::footing::Footing;
use super::prepare::{self, Knowledge};
use crate::config::{AssociationSettings, StreamSettings};
use crate::crm::object::ObjectType;
use crate::crm::scopes::Task;
use crate::engine::operation::MatchedBy;
use crate::error::{Failure, Kind};
use crate::plan::inline::{InlineGround, InlinePlan};
use crate::plan::object::ObjectName;
use crate::plan::target::TargetName;

/// The plans of a stream's associations, in their order.
///
/// # Errors
/// As [`plan`].
pub async fn plans(
    associations: &[AssociationSettings],
    near: &ObjectType,
    knowledge: &mut Knowledge<'_>,
) -> Result<Vec<InlinePlan>, Failure> {
    let mut plans = Vec::new();
    for association in associations {
        plans.push(plan(association, near, knowledge).await?);
    }
    Ok(plans)
}

/// The plan of one association.
///
/// # Errors
/// A failure when there is no such object, the two cannot be associated, HubSpot has no such label between them, or no
/// record can be found by the key.
pub async fn plan(
    association: &AssociationSettings,
    near: &ObjectType,
    knowledge: &mut Knowledge<'_>,
) -> Result<InlinePlan, Failure> {
    let far = prepare::object_type(ObjectName::Given(&association.object), knowledge).await?;
    let labels = knowledge.association_labels(near, &far).await?;
    let key = association.key.as_deref().map(str::trim);
    let is_missing = |name: &&str| *name != "hs_object_id";
    if let Some(key) = key.filter(is_missing)
        && !knowledge.properties(&far).await?.iter().any(|property| property.name == key)
    {
        knowledge.add_sensitive(&far).await?;
    }
    let properties = knowledge.properties(&far).await?;
    InlinePlan::new(InlineGround { settings: association, far: &far, properties, labels: &labels })
}

/// Why associations may be refused, in sentences: the token is known to lack the scope that HubSpot asks for at the far
/// end.
#[must_use]
pub fn scope_problems(plans: &[InlinePlan], footing: &Footing) -> Vec<String> {
    let problem = |plan: &InlinePlan| {
        let problem = footing.problem(Task::WriteRecords(&plan.far.object))?;
        Some(format!("the association by \"{}\" may be refused. {}", plan.column, problem.message))
    };
    plans.iter().filter_map(problem).collect()
}

/// An association that works, in a sentence.
#[must_use]
pub fn described(plan: &InlinePlan, near: &ObjectType) -> String {
    let far = &plan.far;
    let found = if matches!(far.matched_by, MatchedBy::Search(_)) { ", found by search" } else { "" };
    format!(
        "{} is associated with {} by \"{}\" ({}{found}).",
        near.name,
        far.object.name,
        plan.column,
        far.rule.property()
    )
}

/// Refuses associations of streams whose rows are no records of objects.
///
/// # Errors
/// A configuration failure.
pub fn refuse_where_there_is_no_record(
    target: TargetName<'_>,
    settings: Option<&StreamSettings>,
) -> Result<(), Failure> {
    let asks = settings.is_some_and(|settings| !settings.associations.is_empty());
    if !asks || matches!(target, TargetName::Object(_)) {
        return Ok(());
    }
    let message = "\"associations\" is for streams that write records of an object; this one goes to a list, an audience, \
                   an event or to associations. Leave the setting out.";
    Err(Failure::new(Kind::Configuration, message))
}
