//! The types and labels between two object types.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associations-schema/guide>.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Ends;
use crate::associations::{AssociationCategory, MAX_LABELS, TypeDef};
use crate::endpoints::Call;
use crate::error::Refusal;
use crate::http::Answer;
use crate::switches::PrimaryLabels;
use crate::world::World;

fn type_json(known: &TypeDef) -> Value {
    json!({ "category": known.own.category.spelled(), "typeId": known.own.id, "label": known.label })
}

/// `GET .../labels`.
pub(super) fn list(world: &mut World, ends: Ends) -> Answer {
    let shown = world.switches.primary_labels;
    let types = world.types_between(ends.from, ends.to).iter();
    let is_primary = |known: &TypeDef| {
        known.own.category == AssociationCategory::HubspotDefined && known.label.as_deref() == Some("Primary")
    };
    let results: Vec<Value> = types
        .filter(|known| shown != PrimaryLabels::Unlisted || !is_primary(known))
        .map(|known| {
            let mut json = type_json(known);
            if shown == PrimaryLabels::Unnamed && is_primary(known) {
                json["label"] = Value::Null;
            }
            json
        })
        .collect();
    Answer::json(200, &json!({ "results": results }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewLabel {
    #[serde(rename = "name")]
    _name: String,
    label: String,
    #[serde(default)]
    inverse_label: Option<String>,
}

/// `POST .../labels`: both directions are made and told.
pub(super) fn create(world: &mut World, call: &Call<'_>, ends: Ends) -> Result<Answer, Refusal> {
    let new: NewLabel = serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    let known = world.types_between(ends.from, ends.to);
    if known.iter().any(|known| known.label.as_deref() == Some(new.label.as_str())) {
        return Err(Refusal::invalid(format!("The label {} already exists.", new.label)));
    }
    let own = known
        .iter()
        .filter(|known| known.label.is_some() && known.own.category == AssociationCategory::UserDefined)
        .count();
    if own >= MAX_LABELS {
        return Err(Refusal::invalid(format!(
            "At most {MAX_LABELS} labels can be made between two objects."
        )));
    }
    let made = world.add_label(ends.from, ends.to, &new.label, new.inverse_label.as_deref(), None);
    let mut results = vec![type_json(&made.0)];
    if made.0 != made.1 {
        results.push(type_json(&made.1));
    }
    Ok(Answer::json(200, &json!({ "results": results })))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LabelChange {
    association_type_id: u32,
    label: String,
    #[serde(default)]
    inverse_label: Option<String>,
}

/// `PUT .../labels`.
pub(super) fn update(world: &mut World, call: &Call<'_>, ends: Ends) -> Result<Answer, Refusal> {
    let change: LabelChange = serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    let known = world.types_between(ends.from, ends.to);
    let found = known.iter().find(|known| known.own.id == change.association_type_id);
    let inverse = found.map(|known| known.inverse.id).ok_or_else(Refusal::not_found)?;
    let ((from, to), types) = (
        ((ends.from, world.catalog.get(ends.from)), (ends.to, world.catalog.get(ends.to))),
        &mut world.associations.types,
    );
    if !types.rename(from, to, change.association_type_id, &change.label) {
        return Err(Refusal::invalid("Only labels of the account's own can be changed."));
    }
    if let Some(label) = &change.inverse_label {
        types.rename(to, from, inverse, label);
    }
    Ok(Answer::empty(204))
}

/// `DELETE .../labels/{associationTypeId}`: associations lose the label and stay.
pub(super) fn delete(world: &mut World, call: &Call<'_>, ends: Ends) -> Result<Answer, Refusal> {
    let id = call.route.item.as_deref().unwrap_or_default();
    let id = id.parse().map_err(|_| Refusal::invalid(format!("{id} is not a valid association type id.")))?;
    let from = (ends.from, world.catalog.get(ends.from));
    let to = (ends.to, world.catalog.get(ends.to));
    let gone = world.associations.types.remove(from, to, id).ok_or_else(Refusal::not_found)?;
    world.associations.links.drop_label(ends.from, ends.to, &gone);
    Ok(Answer::empty(204))
}
